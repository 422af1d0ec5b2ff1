/* The invariants of publishing (RULES.md A), from the objects alone: commits are read here once more, not by delta.h. */
#include "world.h"

#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>

struct seen_commit {
    const char **added, **removed; /* paths */
    size_t n_added, n_removed;
    struct delta_txn *txns;
    size_t n_txns;
};
struct seen {
    struct seen_commit *commits[N_TABLES];
    size_t n[N_TABLES];
    const char *id[N_TABLES];
};
struct rows {
    const char **row;
    size_t n;
};

static json_t *read_json(struct world *w, struct arena *a, const char *key)
{
    struct str text;
    bool exists = false;
    json_t *root = NULL;
    if (w->base->ops->get(w->base, a, key, BUF_DEFAULT_MAX, &text, &exists, NULL) != RC_OK || !exists) return NULL;
    if (json_read(a, text, key, &root, NULL) != RC_OK) world_fail(w, "%s is not JSON", key);
    return root;
}

static void see_line(struct world *w, int table, struct seen_commit *c, struct str line)
{
    struct arena *a = w->arena;
    json_t *root = json_loadb(line.p, line.n, 0, NULL);
    const char *add = json_string_value(json_object_get(json_object_get(root, "add"), "path"));
    const char *removed = json_string_value(json_object_get(json_object_get(root, "remove"), "path"));
    const char *id = json_string_value(json_object_get(json_object_get(root, "metaData"), "id"));
    const json_t *txn = json_object_get(root, "txn");
    if (add) *ARENA_PUSH(a, c->added, c->n_added) = arena_strdup(a, add);
    if (removed) *ARENA_PUSH(a, c->removed, c->n_removed) = arena_strdup(a, removed);
    if (id) w->seen->id[table] = arena_strdup(a, id);
    if (txn) {
        const char *app = json_string_value(json_object_get(txn, "appId"));
        *ARENA_PUSH(a, c->txns, c->n_txns) = (struct delta_txn){
            .app_id = arena_strdup(a, app), .version = json_integer_value(json_object_get(txn, "version"))};
    }
    json_decref(root);
}

/* Reads the commits of a table up to `version` (-1: all); how many there are. */
static int64_t see(struct world *w, int table, int64_t version)
{
    struct seen *seen = w->seen;
    while (version < 0 || (int64_t)seen->n[table] <= version) {
        struct arena *scratch = arena_new();
        struct str text;
        bool exists = false;
        const char *key = delta_commit_key(scratch, table_dirs[table], (int64_t)seen->n[table]);
        if (w->base->ops->get(w->base, scratch, key, BUF_DEFAULT_MAX, &text, &exists, NULL) != RC_OK) exists = false;
        if (exists) {
            struct seen_commit *c = ARENA_PUSH(w->arena, seen->commits[table], seen->n[table]);
            *c = (struct seen_commit){0};
            for (const char *line = text.p, *end = text.p + text.n; line < end;) {
                const char *stop = memchr(line, '\n', (size_t)(end - line));
                size_t n = stop ? (size_t)(stop - line) : (size_t)(end - line);
                see_line(w, table, c, (struct str){line, n});
                line += n + 1;
            }
        }
        arena_free(scratch);
        if (!exists) break;
    }
    return (int64_t)seen->n[table];
}

static int64_t txn_at(struct world *w, int table, int64_t version, const char *app)
{
    for (int64_t v = version; v >= 0; v--) {
        const struct seen_commit *c = &w->seen->commits[table][v];
        for (size_t i = 0; i < c->n_txns; i++)
            if (strcmp(c->txns[i].app_id, app) == 0) return c->txns[i].version;
    }
    return -1;
}

static int64_t watermark_at(struct world *w, struct arena *a, int table, int64_t version, int input)
{
    see(w, input, 0);
    if (!w->seen->id[input]) return -1;
    return txn_at(w, table, version, arena_printf(a, "ingot/%s", w->seen->id[input]));
}

static int by_text(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void sort_rows(struct rows *r)
{
    if (r->n > 1) qsort(r->row, r->n, sizeof *r->row, by_text);
}

static struct rows rows_at(struct world *w, struct arena *a, int table, int64_t version)
{
    const char **live = NULL;
    size_t n = 0;
    struct rows rows = {0};
    for (int64_t v = 0; v <= version; v++) {
        const struct seen_commit *c = &w->seen->commits[table][v];
        for (size_t i = 0; i < c->n_removed; i++)
            for (size_t k = 0; k < n; k++)
                if (strcmp(live[k], c->removed[i]) == 0) live[k] = "";
        for (size_t i = 0; i < c->n_added; i++) *ARENA_PUSH(a, live, n) = c->added[i];
    }
    for (size_t k = 0; k < n; k++)
        if (live[k][0]) rows_of_path(a, live[k], &rows.row, &rows.n);
    sort_rows(&rows);
    return rows;
}

static bool own_foreign(const char *row, int table)
{
    const char *sign = strchr(row, '~');
    return row[0] == 'x' && sign && atoi(sign + 1) == table;
}

/* What the rows must be, but for the table's own foreign ones. */
static struct rows rows_from_inputs(struct world *w, struct arena *a, int table, int64_t version)
{
    struct rows want = {0};
    for (const int *input = table_inputs[table]; *input >= 0; input++) {
        int64_t mark = watermark_at(w, a, table, version, *input);
        if (mark >= see(w, *input, mark < 0 ? 0 : mark)) {
            world_fail(w, "%s v%lld has read a version of %s that is not there", table_names[table], (long long)version,
                       table_names[*input]);
            continue;
        }
        struct rows above = rows_at(w, a, *input, mark);
        const char *tag = table != GOLD ? "" : *input == LEFT ? "L" : "R";
        for (size_t i = 0; i < above.n; i++)
            *ARENA_PUSH(a, want.row, want.n) = arena_printf(a, "%s%s", tag, above.row[i]);
    }
    return want;
}

/* The files of the chain of side entries that ends in `side`. */
static struct rows rows_from_ledger(struct world *w, struct arena *a, int64_t side)
{
    struct rows files = {0};
    while (side >= 0) {
        const json_t *entry =
            read_json(w, a, arena_printf(a, "%s/_ingot/%lld.json", table_dirs[BRONZE], (long long)side));
        const char *name = json_string_value(json_object_get(entry, "part"));
        struct str part = {0};
        bool exists = false;
        if (!name ||
            w->base->ops->get(w->base, a, arena_printf(a, "%s/_ingot/%s", table_dirs[BRONZE], name), BUF_DEFAULT_MAX,
                              &part, &exists, NULL) != RC_OK ||
            !exists) {
            world_fail(w, "side entry %lld is not whole", (long long)side);
            break;
        }
        for (const char *p = part.p; (p = strstr(p, "\"path\":\"")); p += 8)
            *ARENA_PUSH(a, files.row, files.n) = arena_strndup(a, p + 8, strcspn(p + 8, "\""));
        side = json_integer_value(json_object_get(entry, "parent"));
    }
    return files;
}

static char *list_rows(struct arena *a, const struct rows *r)
{
    struct buf *b = buf_new(a, 800);
    for (size_t i = 0; i < r->n && !b->overflow; i++) buf_printf(b, " %s", r->row[i]);
    return b->p;
}

static void compare(struct world *w, struct arena *a, const char *what, const struct rows *has, struct rows *want)
{
    sort_rows(want);
    bool same = has->n == want->n;
    for (size_t i = 0; i < has->n && same; i++) same = strcmp(has->row[i], want->row[i]) == 0;
    if (!same) world_fail(w, "%s: has%s, wants%s", what, list_rows(a, has), list_rows(a, want));
}

/* A table at a marker is exactly what its watermarks and its ledger say it was made from. */
static void check_content(struct world *w, struct arena *a, int64_t number, int table, int64_t version)
{
    struct rows all = rows_at(w, a, table, version), own = {0};
    for (size_t i = 0; i < all.n; i++)
        if (!own_foreign(all.row[i], table)) *ARENA_PUSH(a, own.row, own.n) = all.row[i];
    struct rows want = table == BRONZE ? rows_from_ledger(w, a, txn_at(w, table, version, "ingot/side"))
                                       : rows_from_inputs(w, a, table, version);
    compare(w, a,
            arena_printf(a, "marker %lld: %s v%lld is not what it says it was made from", (long long)number,
                         table_names[table], (long long)version),
            &own, &want);
}

static int64_t marked_version(const json_t *marker, int table)
{
    const json_t *version =
        json_object_get(json_object_get(json_object_get(marker, "tables"), table_names[table]), "version");
    return version ? json_integer_value(version) : -1;
}

/* What a marker says beside the version is what the table's log says there. */
static void check_entry(struct world *w, struct arena *a, const json_t *entry, int64_t number, int table,
                        int64_t version)
{
    const json_t *inputs = json_object_get(entry, "inputs"), *side = json_object_get(entry, "side");
    for (const int *input = table_inputs[table]; *input >= 0; input++)
        if (json_integer_value(json_object_get(inputs, table_names[*input])) !=
            watermark_at(w, a, table, version, *input))
            world_fail(w, "marker %lld: the inputs of %s are not those of its log", (long long)number,
                       table_names[table]);
    if (json_integer_value(side) != txn_at(w, table, version, "ingot/side"))
        world_fail(w, "marker %lld: the side entry of %s is not that of its log", (long long)number,
                   table_names[table]);
}

static void check_table(struct world *w, struct arena *a, const json_t *marker, const json_t *previous, int64_t number,
                        int table)
{
    int64_t version = marked_version(marker, table);
    const json_t *entry = json_object_get(json_object_get(marker, "tables"), table_names[table]);
    const char *name = table_names[table];
    long long n = (long long)number;
    if (version < marked_version(previous, table)) world_fail(w, "marker %lld goes back in %s", n, name);
    if (version < 0) return;
    if (version >= see(w, table, version)) {
        world_fail(w, "marker %lld names %s v%lld, which is not there", n, name, (long long)version);
        return;
    }
    for (const int *input = table_inputs[table]; *input >= 0; input++)
        if (watermark_at(w, a, table, version, *input) > marked_version(marker, *input))
            world_fail(w, "marker %lld: %s is ahead of %s", n, name, table_names[*input]);
    check_content(w, a, number, table, version);
    if (w->mutation == AS_IT_IS)
        check_entry(w, a, entry, number, table, version); /* the others are to fail in their rows */
}

static json_t *read_marker(struct world *w, struct arena *a, int64_t number)
{
    return number < 0 ? NULL : read_json(w, a, arena_printf(a, "_ingot/log/%020lld.json", (long long)number));
}

void check_markers(struct world *w, bool from_start)
{
    struct arena *a = arena_new();
    if (!w->seen || from_start) {
        w->seen = ARENA_NEW(w->arena, struct seen);
        w->markers_checked = 0;
    }
    const json_t *marker, *previous = read_marker(w, a, w->markers_checked - 1);
    for (; (marker = read_marker(w, a, w->markers_checked)) != NULL; previous = marker, w->markers_checked++)
        for (int t = 0; t < N_TABLES; t++) check_table(w, a, marker, previous, w->markers_checked, t);
    arena_free(a);
}

/* Foreign rows whose writer was told so must be there; of the others, those that are. */
static void add_foreign(struct world *w, struct arena *a, int table, const struct rows *has, struct rows *want)
{
    for (size_t i = 0; i < w->n_foreign; i++) {
        const struct foreign_row *f = &w->foreign[i];
        bool there = false;
        for (size_t k = 0; k < has->n; k++) there = there || strcmp(has->row[k], f->row) == 0;
        if (f->table == table && (there || f->written)) *ARENA_PUSH(a, want->row, want->n) = f->row;
    }
}

void check_end(struct world *w, const char *when)
{
    struct arena *a = arena_new();
    const json_t *marker = read_marker(w, a, w->markers_checked - 1);
    for (int t = 0; t < N_TABLES; t++) {
        int64_t n = see(w, t, -1);
        struct rows has = rows_at(w, a, t, n - 1), want = {0};
        for (int i = 0; t == BRONZE && i < w->landed; i++) *ARENA_PUSH(a, want.row, want.n) = arena_printf(a, "f%d", i);
        for (const int *input = table_inputs[t]; *input >= 0; input++) {
            struct rows above = rows_at(w, a, *input, see(w, *input, -1) - 1);
            const char *tag = t != GOLD ? "" : *input == LEFT ? "L" : "R";
            for (size_t i = 0; i < above.n; i++)
                *ARENA_PUSH(a, want.row, want.n) = arena_printf(a, "%s%s", tag, above.row[i]);
        }
        add_foreign(w, a, t, &has, &want);
        compare(w, a, arena_printf(a, "%s, %s", when, table_names[t]), &has, &want);
        if (marked_version(marker, t) != n - 1)
            world_fail(w, "%s: the marker names %s v%lld and not v%lld", when, table_names[t],
                       (long long)marked_version(marker, t), (long long)n - 1);
    }
    arena_free(a);
}
