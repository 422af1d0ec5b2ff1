#include "run/merge.h"

#include "base/os.h"

#include <stdlib.h>

char *name_list(struct arena *a, const char *prefix, const char *const *names, size_t n)
{
    struct buf *b = buf_new(a, BUF_DEFAULT_MAX);
    for (size_t i = 0; i < n; i++) {
        if (i) buf_add_str(b, ", ");
        buf_add_str(b, prefix);
        buf_add_sql_name(b, names[i]);
    }
    return b->p;
}

char *column_list(struct arena *a, const char *prefix, const struct delta_column *columns, size_t n)
{
    const char **names = ARENA_ARRAY(a, const char *, n + 1);
    for (size_t i = 0; i < n; i++) names[i] = columns[i].name;
    return name_list(a, prefix, names, n);
}

char *winner_order(struct arena *a, const char *latest, const struct delta_column *columns, size_t n)
{
    struct buf *b = buf_new(a, BUF_DEFAULT_MAX);
    if (*latest) buf_printf(b, "%s DESC NULLS LAST", latest);
    for (size_t i = 0; i < n; i++) {
        if (b->n) buf_add_str(b, ", ");
        buf_add_sql_name(b, columns[i].name);
        buf_add_str(b, " DESC NULLS LAST");
    }
    return b->p;
}

char *key_equality(struct arena *a, const char *x, const char *y, const char *const *key, size_t n_key)
{
    struct buf *b = buf_new(a, BUF_DEFAULT_MAX);
    for (size_t i = 0; i < n_key; i++) {
        char *name = sql_name(a, key[i]);
        buf_printf(b, "%s%s.%s = %s.%s", i ? " AND " : "", x, name, y, name);
    }
    return b->p;
}

static const struct delta_file *live_files(struct step *s, const struct delta_snapshot *before, size_t *ret_n)
{
    struct delta_file *live = ARENA_ARRAY(s->arena, struct delta_file, before->n_files + 1);
    size_t n = 0;
    for (size_t i = 0; i < before->n_files; i++) {
        bool removed = false;
        for (size_t k = 0; k < s->n_removed && !removed; k++)
            removed = strcmp(before->files[i].path, s->removed[k].path) == 0;
        if (!removed) live[n++] = before->files[i];
    }
    *ret_n = n;
    return live;
}

static struct parquet_options copy_options(struct step *s, const char *directory)
{
    return (struct parquet_options){.directory = directory,
                                    .columns = s->columns,
                                    .n_columns = s->n_columns,
                                    .partition_by = s->table->partition_by,
                                    .n_partition_by = s->table->n_partition_by};
}

static enum rc copy_into(struct step *s, struct session *session, const char *select, const char *directory,
                         struct err *e)
{
    struct parquet_options options = copy_options(s, directory);
    struct parquet_file *files;
    size_t n;
    enum rc rc = session_copy_parquet(s->arena, session, select, &options, &files, &n, e);
    if (rc == RC_OK) step_add_files(s, directory, files, n);
    return rc;
}

/* Rewrites the files named by `hits` (rows: __file, number of rows that leave) without the rows of `keep_out`, an anti-join
 * or predicate over the relation t with __file and __row. */
static enum rc rewrite_files(struct step *s, struct session *session, const struct delta_file *files,
                             const struct rows *hits, const char *keep, const char *directory, struct err *e)
{
    enum rc rc = RC_OK;
    struct delta_file *rest = ARENA_ARRAY(s->arena, struct delta_file, hits->n_rows + 1);
    struct buf *numbers = buf_new(s->arena, BUF_DEFAULT_MAX); /* CASE from the index in `rest` to the one in `files` */
    size_t n_rest = 0;
    for (size_t r = 0; r < hits->n_rows; r++) {
        size_t file = strtoul(hits->cells[r * 2], NULL, 10);
        int64_t leaving = strtoll(hits->cells[r * 2 + 1], NULL, 10);
        step_remove_file(s, &files[file]);
        if (leaving == files[file].records) continue;
        buf_printf(numbers, "%s%zu", n_rest ? "," : "", file);
        rest[n_rest++] = files[file];
    }
    if (n_rest == 0) return RC_OK;
    char *relation;
    TRY(step_relation(s, s->pinned->dir, rest, n_rest, s->columns, s->n_columns, true, &relation, e));
    char *columns = column_list(s->arena, "", s->columns, s->n_columns);
    char *select = arena_printf(
        s->arena, "SELECT %s FROM (SELECT * REPLACE ([%s][__file + 1]::INTEGER AS __file) FROM (%s)) t WHERE %s",
        columns, numbers->p, relation, keep);
    TRY(copy_into(s, session, select, directory, e));
out:
    return rc;
}

enum rc remove_rows(struct step *s, struct session *session, const struct delta_snapshot *before, const char *predicate,
                    const char *directory, struct err *e)
{
    enum rc rc;
    size_t n;
    const struct delta_file *files = live_files(s, before, &n);
    if (n == 0) return RC_OK;
    char *relation;
    TRY(step_relation(s, s->pinned->dir, files, n, before->columns, before->n_columns, true, &relation, e));
    struct rows *hits;
    TRY(session_queryf(s->arena, session, &hits, e, "SELECT __file, count(*) FROM (%s) WHERE %s GROUP BY 1 ORDER BY 1",
                       relation, predicate));
    TRY(rewrite_files(s, session, files, hits, arena_printf(s->arena, "(%s) IS NOT TRUE", predicate), directory, e));
out:
    return rc;
}

/* --- merge by key ------------------------------------------------------------------------------------------------- */

struct merging {
    struct step *s;
    struct session *session;
    const struct merge *m;
    const struct delta_file *files;
    size_t n_files;
    char *key, *columns, *order;
};

/* __hit: rows of the table whose key is among the candidates, with their place. */
static enum rc find_hits(struct merging *g, const struct delta_snapshot *before, struct err *e)
{
    enum rc rc;
    struct step *s = g->s;
    if (before) g->files = live_files(s, before, &g->n_files);
    char *relation;
    TRY(step_relation(s, s->pinned->dir, g->files, g->n_files, s->columns, s->n_columns, true, &relation, e));
    TRY(session_execf(g->session, e,
                      "CREATE OR REPLACE TEMP TABLE __hit AS SELECT * FROM (%s) e SEMI JOIN (SELECT DISTINCT "
                      "%s FROM %s) c ON %s",
                      relation, g->key, g->m->candidates, key_equality(s->arena, "e", "c", g->m->key, g->m->n_key)));
out:
    return rc;
}

/* __won: one row for each key, the greatest of old and new ones; __new says which it is; ties stay with the old. */
static enum rc find_winners(struct merging *g, struct err *e)
{
    const char *older = g->m->older ? g->m->older : "__hit";
    return session_execf(g->session, e,
                         "CREATE OR REPLACE TEMP TABLE __won AS SELECT * FROM (SELECT %s, true AS __new FROM "
                         "%s UNION ALL SELECT %s, false FROM %s) "
                         "QUALIFY row_number() OVER (PARTITION BY %s ORDER BY %s%s__new) = 1",
                         g->columns, g->m->candidates, g->columns, older, g->key, g->order, *g->order ? ", " : "");
}

static enum rc count_outcomes(struct merging *g, struct err *e)
{
    enum rc rc;
    struct step *s = g->s;
    struct account *acc = &s->account;
    struct rows *r;
    int64_t candidates, unchanged;
    const char *deleted = g->m->deleted ? g->m->deleted : "false";
    TRY(session_query_int(g->session, &candidates, e, "SELECT count(*) FROM %s", g->m->candidates));
    TRY(session_queryf(s->arena, g->session, &r, e,
                       "SELECT count(*) FILTER (__new AND NOT gone AND NOT hit), count(*) FILTER (__new AND "
                       "NOT gone AND hit), "
                       "count(*) FILTER (__new AND gone) FROM (SELECT __new, coalesce((%s), false) AS gone, "
                       "(%s) IN (SELECT %s FROM __hit) AS hit FROM __won)",
                       deleted, g->key, g->m->n_key == 1 ? g->key : arena_printf(s->arena, "(%s)", g->key)));
    acc->inserted += strtoll(r->cells[0], NULL, 10);
    acc->replacing += strtoll(r->cells[1], NULL, 10);
    int64_t deletions = strtoll(r->cells[2], NULL, 10);
    acc->deleted += deletions;
    /* new rows that are what is there already */
    TRY(session_query_int(g->session, &unchanged, e,
                          "SELECT count(*) FROM (SELECT %s FROM __won WHERE NOT __new INTERSECT SELECT %s FROM %s)",
                          g->columns, g->columns, g->m->candidates));
    acc->unchanged += unchanged;
    acc->deduplicated +=
        candidates - strtoll(r->cells[0], NULL, 10) - strtoll(r->cells[1], NULL, 10) - deletions - unchanged;
out:
    return rc;
}

enum rc merge_rows(struct step *s, struct session *session, const struct delta_snapshot *before, const struct merge *m,
                   const char *directory, struct err *e)
{
    enum rc rc;
    struct merging g = {.s = s, .session = session, .m = m};
    g.key = name_list(s->arena, "", m->key, m->n_key);
    g.columns = column_list(s->arena, "", s->columns, s->n_columns);
    g.order = winner_order(s->arena, m->latest, s->columns, s->n_columns);
    TRY(find_hits(&g, before, e));
    TRY(find_winners(&g, e));
    TRY(count_outcomes(&g, e));
    TRY(session_execf(session, e,
                      "CREATE OR REPLACE TEMP TABLE __leaving AS SELECT h.__file, h.__row FROM __hit h SEMI "
                      "JOIN (SELECT * FROM __won WHERE __new) w ON %s",
                      key_equality(s->arena, "h", "w", m->key, m->n_key)));
    struct rows *hits;
    TRY(session_query(s->arena, session, "SELECT __file, count(*) FROM __leaving GROUP BY 1 ORDER BY 1", &hits, e));
    TRY(rewrite_files(s, session, g.files, hits,
                      "NOT EXISTS (SELECT 1 FROM __leaving l WHERE l.__file = t.__file AND l.__row = t.__row)",
                      directory, e));
    char *select = arena_printf(s->arena, "SELECT %s FROM __won WHERE __new AND NOT coalesce((%s), false)", g.columns,
                                m->deleted ? m->deleted : "false");
    TRY(copy_into(s, session, select, directory, e));
out:
    return rc;
}

enum rc upsert_source(struct step *s, struct session *session, const struct delta_snapshot *left,
                      const struct parquet_file *data, size_t n_data, const char *known_loads, const char *directory,
                      struct err *e)
{
    enum rc rc;
    struct delta_file *files = ARENA_ARRAY(s->arena, struct delta_file, n_data + 1);
    for (size_t i = 0; i < n_data; i++)
        files[i] = (struct delta_file){.path = data[i].url,
                                       .size = data[i].size,
                                       .records = data[i].records,
                                       .partition = data[i].partition,
                                       .n_partition = data[i].n_partition};
    char *loaded;
    TRY(step_relation(s, s->pinned->dir, files, n_data, s->columns, s->n_columns, false, &loaded, e));
    if (known_loads)
        loaded = arena_printf(s->arena,
                              "SELECT l.* REPLACE (coalesce(k.__load, l.\"_load\") AS \"_load\", coalesce(k.__at, "
                              "l.\"_loaded_at\") AS \"_loaded_at\") "
                              "FROM (%s) l LEFT JOIN (VALUES %s) k(__path, __load, __at) ON k.__path = l.\"_file\"",
                              loaded, known_loads);
    char *key = name_list(s->arena, "", s->table->key, s->table->n_key);
    struct buf *no_key = buf_new(s->arena, BUF_DEFAULT_MAX);
    for (size_t i = 0; i < s->table->n_key; i++) {
        buf_add_str(no_key, i ? " OR " : "");
        buf_add_sql_name(no_key, s->table->key[i]);
        buf_add_str(no_key, " IS NULL");
    }
    int64_t without;
    TRY(session_query_int(session, &without, e, "SELECT count(*) FROM (%s) WHERE %s", loaded, no_key->p));
    if (without > 0)
        return err_set(e, RC_DATA,
                       "%s: %lld rows have no key (%s), so load: upsert cannot place them; use load: append "
                       "and judge the key in silver",
                       s->table->name, (long long)without, key);
    TRY(session_execf(session, e, "CREATE OR REPLACE TEMP VIEW __loaded AS SELECT * FROM (%s)", loaded));
    s->account.inserted = 0;
    char *latest =
        s->table->latest
            ? arena_printf(s->arena,
                           "%s DESC NULLS LAST, \"_load\" DESC NULLS LAST, \"_file\" DESC NULLS LAST, \"_row\"",
                           sql_name(s->arena, s->table->latest))
            : arena_strdup(s->arena, "\"_load\" DESC NULLS LAST, \"_file\" DESC NULLS LAST, \"_row\"");
    struct merge m = {.key = s->table->key, .n_key = s->table->n_key, .latest = latest, .candidates = "__loaded"};
    TRY(merge_rows(s, session, left, &m, directory, e));
    TRY(session_exec(session, "DROP VIEW __loaded", e));
    for (size_t i = 0; i < n_data; i++) TRY(os_remove(data[i].url, e));
out:
    return rc;
}
