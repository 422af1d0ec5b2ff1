/* ingot history: the versions of a table, who made them, and what went in and out. */
#include "cmd/commands.h"
#include "cmd/open.h"
#include "cmd/output.h"

static const struct option options[] = {
    {"limit", 'n', OPTION_COUNT, "N", "at most so many versions (default: 20)"},
};

struct version {
    const struct delta_commit_info *commit;
    int64_t marker; /* the first publish that shows this version, -1: none (yet) */
    const char *run, *strategy, *reason;
    int64_t read, inserted, replacing, quarantined, rows;
};

static int64_t count_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : -1;
}

static void read_details(struct version *v)
{
    const json_t *ingot = json_object_get(v->commit->info, "ingot"), *rows = json_object_get(ingot, "rows");
    v->run = json_string_value(json_object_get(ingot, "run"));
    v->strategy = json_string_value(json_object_get(ingot, "strategy"));
    v->reason = json_string_value(json_object_get(ingot, "reason"));
    v->read = -1;
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(rows, "read"), key, value)
    {
        if (json_is_integer(value)) v->read = (v->read < 0 ? 0 : v->read) + json_integer_value(value);
    }
    v->inserted = count_of(rows, "inserted");
    v->replacing = count_of(rows, "replacing");
    v->quarantined = count_of(rows, "quarantined");
    v->rows = count_of(rows, "rows_after");
}

/* Goes back through the markers as far as the versions reach. */
static enum rc find_markers(struct invocation *inv, struct workspace *w, const struct marker *m, const char *name,
                            struct version *v, size_t n, struct err *e)
{
    struct marker *at = NULL;
    for (int64_t number = m->number; number >= 0 && n > 0; number--) {
        enum rc rc = lake_log_read(inv->arena, w->storage, number, -1, &at, e);
        if (rc != RC_OK) return rc;
        const struct marked_table *t = at ? marker_table(at, name) : NULL;
        if (!at || (t && t->version < v[n - 1].commit->version)) break;
        for (size_t i = 0; t && i < n; i++)
            if (v[i].commit->version == t->version) v[i].marker = number;
    }
    return RC_OK;
}

static const char *number_or_blank(struct arena *a, int64_t n)
{
    return n < 0 ? "" : count_text(a, n);
}

static void print_people(struct invocation *inv, const struct version *v, size_t n)
{
    static const struct grid_column columns[] = {
        {"version", true}, {"time (UTC)", false}, {"operation", false}, {"by", false},     {"publish", true},
        {"read", true},    {"wrote", true},       {"updated", true},    {"refused", true}, {"rows", true}};
    struct buf *out = buf_new(inv->arena, BUF_DEFAULT_MAX);
    const size_t width = N_OPTIONS(columns);
    struct grid grid = {.columns = columns, .n_columns = width, .n_rows = n};
    grid.cells = ARENA_ARRAY(inv->arena, const char *, n *width + 1);
    for (size_t i = 0; i < n; i++) {
        const char **cell = &grid.cells[i * width];
        const struct delta_commit_info *c = v[i].commit;
        cell[0] = arena_printf(inv->arena, "%lld", (long long)c->version);
        cell[1] = time_text(inv->arena, c->timestamp_ms);
        cell[2] = c->operation ? c->operation : "";
        cell[3] = v[i].strategy ? arena_printf(inv->arena, "ingot: %s", v[i].strategy)
                  : c->engine   ? c->engine
                                : "unknown";
        cell[4] = v[i].marker < 0 ? "" : arena_printf(inv->arena, "%lld", (long long)v[i].marker);
        cell[5] = number_or_blank(inv->arena, v[i].read);
        cell[6] = number_or_blank(inv->arena, v[i].inserted);
        cell[7] = number_or_blank(inv->arena, v[i].replacing);
        cell[8] = number_or_blank(inv->arena, v[i].quarantined);
        cell[9] = number_or_blank(inv->arena, v[i].rows);
    }
    grid_print(inv->arena, out, &grid, &inv->out);
    print(inv, "%s", out->p);
}

static void print_json(struct invocation *inv, const char *name, const struct version *v, size_t n)
{
    struct buf *out = buf_new(inv->arena, BUF_DEFAULT_MAX);
    buf_add_char(out, '{');
    json_text_value(out, "table", name);
    json_key(out, "versions");
    buf_add_char(out, '[');
    for (size_t i = 0; i < n; i++) {
        const struct delta_commit_info *c = v[i].commit;
        buf_add_str(out, i ? ",{" : "{");
        json_count(out, "version", c->version);
        json_count(out, "time_ms", c->timestamp_ms);
        json_text_value(out, "operation", c->operation);
        json_text_value(out, "engine", c->engine);
        json_text_value(out, "run", v[i].run);
        json_text_value(out, "strategy", v[i].strategy);
        json_text_value(out, "reason", v[i].reason);
        json_flag(out, "foreign", c->foreign);
        json_key(out, "publish");
        if (v[i].marker < 0) buf_add_str(out, "null");
        else buf_printf(out, "%lld", (long long)v[i].marker);
        json_key(out, "rows");
        const json_t *rows = json_object_get(json_object_get(c->info, "ingot"), "rows");
        buf_add_str(out, rows ? json_text(inv->arena, rows) : "null");
        buf_add_char(out, '}');
    }
    buf_add_str(out, "]}\n");
    print(inv, "%s", out->p);
}

static enum rc run(struct invocation *inv, struct err *e)
{
    enum rc rc;
    struct workspace *w;
    struct marker *m;
    struct delta_commit_info *commits;
    size_t n;
    TRY(open_workspace(inv, &w, e));
    TRY(lake_log_newest(inv->arena, w->storage, &m, e));
    const char *name = find_table(inv->arena, w, m, inv->arguments[0]);
    if (!name) return unknown_table(w, m, inv->arguments[0], e);
    TRY(delta_history(inv->arena, w->storage, table_dir(inv->arena, name), (size_t)option_count(inv, "limit", 20),
                      &commits, &n, e));
    if (n == 0) return err_set(e, RC_USAGE, "%s is not on the lake yet; `ingot run +%s` builds it", name, name);
    struct version *versions = ARENA_ARRAY(inv->arena, struct version, n);
    for (size_t i = 0; i < n; i++) {
        versions[i] = (struct version){.commit = &commits[i], .marker = -1};
        read_details(&versions[i]);
    }
    TRY(find_markers(inv, w, m, name, versions, n, e));
    if (inv->json) print_json(inv, name, versions, n);
    else print_people(inv, versions, n);
out:
    return rc;
}

const struct command history_entry = {
    .name = "history",
    .usage = "TABLE",
    .summary = "versions of a table: when, by whom, rows in and out",
    .help = "Newest first, as the table's own log tells. `publish` is the number of the first publish of the "
            "lake\n"
            "that shows the version: `ingot show TABLE --as-of NUMBER` reads all tables at that state. Versions\n"
            "that another tool wrote are named by that tool.",
    .options = options,
    .n_options = N_OPTIONS(options),
    .arguments = ARGUMENTS_TABLES,
    .least_arguments = 1,
    .most_arguments = 1,
    .run = run,
};
