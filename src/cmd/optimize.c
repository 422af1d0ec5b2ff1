/* ingot optimize: many small files become few large ones; the rows stay the same. */
#include "cmd/commands.h"
#include "cmd/open.h"
#include "cmd/output.h"

#include "base/os.h"

#include <stdlib.h>

#define TARGET_BYTES (128LL << 20)
#define SMALL_BYTES (TARGET_BYTES / 4 * 3)

static const struct option options[] = {
    {"dry-run", 'n', OPTION_FLAG, NULL, "only tells what would be done"},
};

/* Small files of one partition whose rows go into one new file. */
struct group {
    struct delta_file *files; /* pointers' targets are the snapshot's, copied */
    size_t n;
    int64_t bytes, rows;
    struct delta_file written;
};
struct compaction {
    struct invocation *inv;
    struct workspace *workspace;
    const struct table *table;
    const struct marked_table *marked;
    const char *dir;
    struct delta_snapshot *snapshot;
    struct group *groups;
    size_t n_groups, n_files;
    struct session *session;
    const char *run;
};

/* --- which files belong together ---------------------------------------------------------------------------------- */

static int compare_partitions(const struct delta_file *x, const struct delta_file *y)
{
    for (size_t i = 0; i < x->n_partition && i < y->n_partition; i++) {
        int c = strcmp(x->partition[i].key, y->partition[i].key);
        if (c) return c;
        const char *a = x->partition[i].value, *b = y->partition[i].value;
        if (!a || !b) c = (a != NULL) - (b != NULL);
        if (a && b) c = strcmp(a, b);
        if (c) return c;
    }
    return (x->n_partition > y->n_partition) - (x->n_partition < y->n_partition);
}

static int by_partition_and_size(const void *x, const void *y)
{
    const struct delta_file *a = x, *b = y;
    int c = compare_partitions(a, b);
    if (c == 0) c = (a->size > b->size) - (a->size < b->size);
    return c ? c : strcmp(a->path, b->path);
}

/* Files whose rows or place we do not know for certain are left alone. */
static bool may_move(const struct delta_file *f)
{
    return f->size < SMALL_BYTES && f->records >= 0 && !f->deletion_vector && f->path[0] != '/' &&
           !strstr(f->path, "://");
}

static void close_group(struct compaction *c, struct group *g)
{
    if (g->n >= 2) {
        *ARENA_PUSH(c->inv->arena, c->groups, c->n_groups) = *g;
        c->n_files += g->n;
    }
    *g = (struct group){0};
}

static void find_groups(struct compaction *c)
{
    struct arena *a = c->inv->arena;
    struct delta_file *small = ARENA_ARRAY(a, struct delta_file, c->snapshot->n_files + 1);
    size_t n = 0;
    for (size_t i = 0; i < c->snapshot->n_files; i++)
        if (may_move(&c->snapshot->files[i])) small[n++] = c->snapshot->files[i];
    qsort(small, n, sizeof *small, by_partition_and_size);
    struct group g = {0};
    for (size_t i = 0; i < n; i++) {
        if (g.n > 0 && (compare_partitions(&small[i], &g.files[0]) != 0 || g.bytes + small[i].size > TARGET_BYTES))
            close_group(c, &g);
        *ARENA_PUSH(a, g.files, g.n) = small[i];
        g.bytes += small[i].size;
        g.rows += small[i].records;
    }
    close_group(c, &g);
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static char *cluster_order(struct compaction *c)
{
    struct buf *order = buf_new(c->inv->arena, BUF_DEFAULT_MAX);
    for (size_t i = 0; i < c->table->n_cluster_by; i++) {
        if (i) buf_add_str(order, ", ");
        buf_add_sql_name(order, c->table->cluster_by[i]);
    }
    return order->n ? order->p : NULL;
}

static enum rc write_group(struct compaction *c, struct group *g, struct err *e)
{
    enum rc rc;
    struct arena *a = c->inv->arena;
    const struct delta_snapshot *s = c->snapshot;
    char *directory;
    struct parquet_file *written;
    size_t n;
    TRY(storage_directory_url(c->workspace->storage, a, c->dir, &directory, e));
    const char **urls = ARENA_ARRAY(a, const char *, g->n);
    for (size_t i = 0; i < g->n; i++) urls[i] = arena_printf(a, "%s%s", directory, g->files[i].path);
    struct parquet_options o = {.directory = directory,
                                .columns = s->columns,
                                .n_columns = s->n_columns,
                                .partition_by = s->partition_columns,
                                .n_partition_by = s->n_partition_columns,
                                .order_by = cluster_order(c)};
    char *select = parquet_select(a, urls, g->files, g->n, s->columns, s->n_columns, false);
    TRY(session_copy_parquet(a, c->session, select, &o, &written, &n, e));
    if (n != 1 || written[0].records != g->rows || strncmp(written[0].url, directory, strlen(directory)) != 0)
        return err_set(e, RC_INTERNAL,
                       "%s: compaction read %lld rows and wrote %lld; nothing was changed. This is a defect "
                       "of ingot: please report it",
                       c->table->name, (long long)g->rows, n == 1 ? (long long)written[0].records : -1LL);
    g->written = (struct delta_file){.path = written[0].url + strlen(directory),
                                     .size = written[0].size,
                                     .mtime_ms = os_now_us() / 1000,
                                     .records = written[0].records,
                                     .stats = written[0].stats,
                                     .partition = written[0].partition,
                                     .n_partition = written[0].n_partition};
out:
    return rc;
}

static char *details(struct compaction *c)
{
    struct buf *out = buf_new(c->inv->arena, BUF_DEFAULT_MAX);
    int64_t rows = 0;
    for (size_t i = 0; i < c->n_groups; i++) rows += c->groups[i].rows;
    buf_add_char(out, '{');
    json_text_value(out, "run", c->run);
    json_text_value(out, "strategy", "optimize");
    json_text_value(
        out, "reason",
        arena_printf(c->inv->arena, "%zu files into %zu, %lld rows", c->n_files, c->n_groups, (long long)rows));
    buf_add_char(out, '}');
    return out->p;
}

/* Removes and adds with dataChange = false: readers of changes pass over it, and so do the tables downstream. */
static enum rc commit(struct compaction *c, bool *ret_won, struct err *e)
{
    enum rc rc;
    struct arena *a = c->inv->arena;
    struct storage *storage = c->workspace->storage;
    struct delta_commit commit;
    int64_t version = c->snapshot->version + 1;
    const char **keys = ARENA_ARRAY(a, const char *, c->n_groups);
    for (size_t i = 0; i < c->n_groups; i++) keys[i] = arena_printf(a, "%s/%s", c->dir, c->groups[i].written.path);
    if (storage->ops->sync) TRY(storage->ops->sync(storage, keys, c->n_groups, e));
    delta_commit_begin(a, &commit);
    delta_commit_info(&commit, "OPTIMIZE", NULL, details(c), false);
    for (size_t i = 0; i < c->n_groups; i++)
        for (size_t k = 0; k < c->groups[i].n; k++) delta_commit_remove(&commit, &c->groups[i].files[k], false);
    for (size_t i = 0; i < c->n_groups; i++) {
        c->groups[i].written.data_change = false;
        delta_commit_add(&commit, &c->groups[i].written);
    }
    delta_commit_txn(&commit, "ingot/self", version);
    if (commit.lines.overflow) return err_set(e, RC_DATA, "the commit of %s is too large", c->table->name);
    TRY(storage_put_settled(storage, delta_commit_key(a, c->dir, version), buf_str(&commit.lines), commit.id, ret_won,
                            e));
    if (!*ret_won) /* nobody will ever name these files */
        for (size_t i = 0; i < c->n_groups; i++) TRY(storage->ops->remove(storage, keys[i], e));
out:
    return rc;
}

static enum rc publish(struct compaction *c, struct err *e)
{
    struct marked_table mine = *c->marked;
    struct marker *m;
    mine.version = c->snapshot->version + 1;
    return lake_log_publish(c->inv->arena, c->workspace->storage, c->run, &mine, 1, NULL, 0, &m, e);
}

/* --- a table ------------------------------------------------------------------------------------------------------ */

static void say(struct compaction *c, const char *text)
{
    tell(c->inv, "%-28s %s\n", c->table->name, text);
}

/* Only a table that stands as published: anything else is a run's to look at first, and a commit of ours on top would
 * hide what another tool did. */
static enum rc may_compact(struct compaction *c, bool *ret, struct err *e)
{
    enum rc rc;
    int64_t newest;
    *ret = false;
    if (!c->marked) return RC_OK;
    TRY(delta_newest_version(c->workspace->storage, c->dir, c->marked->version, &newest, e));
    if (c->marked->held) say(c, "is held after a rollback: skipped");
    else if (newest != c->marked->version)
        say(c, "has changes that no run has taken up yet: skipped; `ingot run` first");
    else *ret = true;
out:
    return rc;
}

static enum rc compact(struct compaction *c, struct err *e)
{
    enum rc rc = RC_OK;
    bool won = false;
    for (size_t i = 0; i < c->n_groups; i++) {
        if (workspace_stopped(c->workspace))
            return err_set(e, RC_INTERRUPTED, "interrupted; %s is as it was", c->table->name);
        TRY(write_group(c, &c->groups[i], e));
    }
    TRY(commit(c, &won, e));
    if (!won) {
        say(c, "was written by somebody else meanwhile: skipped");
        return RC_OK;
    }
    TRY(publish(c, e));
    say(c, arena_printf(c->inv->arena, "%zu files are now %zu", c->n_files, c->n_groups));
out:
    return rc;
}

static enum rc optimize(struct compaction *c, struct err *e)
{
    enum rc rc;
    bool may;
    struct checkpoint_codec codec = engine_checkpoint_codec(&c->workspace->engine);
    TRY(may_compact(c, &may, e));
    if (!may) return RC_OK;
    TRY(delta_load(c->inv->arena, c->workspace->storage, c->dir, c->marked->version, &codec, &c->snapshot, e));
    if (!c->snapshot) return RC_OK;
    TRY(delta_check_writable(c->snapshot, c->table->name, e));
    find_groups(c);
    if (c->n_groups == 0) {
        say(c, "has nothing to compact");
        return RC_OK;
    }
    if (option_given(c->inv, "dry-run")) {
        say(c, arena_printf(c->inv->arena, "%zu files would become %zu", c->n_files, c->n_groups));
        return RC_OK;
    }
    TRY(open_session(c->inv, c->workspace, &c->session, e));
    TRY(compact(c, e));
out:
    return rc;
}

static enum rc run(struct invocation *inv, struct err *e)
{
    enum rc rc;
    struct workspace *w;
    struct marker *m;
    bool *selected;
    char id[37];
    TRY(open_workspace(inv, &w, e));
    TRY(select_tables(inv, w, &selected, e));
    TRY(lake_log_newest(inv->arena, w->storage, &m, e));
    os_uuid(id);
    for (size_t i = 0; i < w->compiled->dag->n_nodes; i++) {
        if (!selected[i]) continue;
        const struct table *t = w->compiled->dag->nodes[i].table;
        struct compaction c = {.inv = inv, .workspace = w, .table = t, .marked = marker_table(m, t->name), .run = id};
        c.dir = table_dir(inv->arena, t->name);
        TRY(optimize(&c, e));
    }
out:
    return rc;
}

const struct command optimize_entry = {
    .name = "optimize",
    .usage = "[SELECT…]",
    .summary = "rewrites many small files of a table into few large ones",
    .help = "Files of less than 96 MiB of the same partition are put together into files of up to 128 MiB, "
            "ordered\n"
            "by cluster_by where the table has it. The rows stay the same, tables downstream stay up to "
            "date, and\n"
            "the old files stay until `ingot vacuum`. SELECT is as for `ingot run`.",
    .options = options,
    .n_options = N_OPTIONS(options),
    .arguments = ARGUMENTS_TABLES,
    .most_arguments = 10000,
    .run = run,
};
