/* ingot show: rows of a table or a query, as published. */
#include "base/text.h"
#include "cmd/commands.h"
#include "cmd/open.h"
#include "cmd/output.h"
#include "cmd/rows_out.h"

static const struct option options[] = {
    {"query", 'q', OPTION_TEXT, "SQL", "a SELECT over the tables of the lake, instead of TABLE"},
    {"as-of", 0, OPTION_TEXT, "WHEN",
     "the lake as it was: the number of a publish, or a time (UTC unless it says otherwise)"},
    ROWS_OPTIONS,
};

/* One statement that yields rows and changes nothing: what json_serialize_sql accepts. */
static enum rc check_parsed(const json_t *root, struct err *e)
{
    const char *message = json_string_value(json_object_get(root, "error_message"));
    if (!root || json_is_true(json_object_get(root, "error"))) {
        bool other = message && strstr(message, "Only SELECT");
        return err_set(e, RC_USAGE, "-q: %s",
                       other || !message ? "only a query that reads can be shown, such as SELECT …" : message);
    }
    size_t n = json_array_size(json_object_get(root, "statements"));
    return n == 1 ? RC_OK : err_set(e, RC_USAGE, "-q takes one statement, not %zu", n);
}

static enum rc check_query(struct invocation *inv, struct session *s, const char *sql, struct err *e)
{
    const char **parsed;
    json_error_t error;
    enum rc rc = engine_parse(inv->arena, s, &sql, 1, &parsed, e);
    if (rc != RC_OK) return rc;
    /* positions can be 2^64 - 1, which is no integer to the library */
    json_t *root = json_loads(parsed[0], JSON_DECODE_INT_AS_REAL, &error);
    rc = check_parsed(root, e);
    json_decref(root);
    return rc;
}

/* Without the semicolon and blanks at its end, so that it can stand in brackets. */
static char *trim_query(struct arena *a, const char *sql)
{
    size_t n = strlen(sql);
    while (n > 0 && (sql[n - 1] == ';' || sql[n - 1] == ' ' || sql[n - 1] == '\n' || sql[n - 1] == '\t')) n--;
    return arena_strndup(a, sql, n);
}

static enum rc show_query(struct invocation *inv, struct workspace *w, const struct marker *m, const char *query,
                          struct err *e)
{
    enum rc rc;
    struct session *s;
    struct described_column *columns;
    size_t n;
    query = trim_query(inv->arena, query);
    TRY(open_session(inv, w, &s, e));
    TRY(check_query(inv, s, query, e));
    TRY(workspace_views(w, m, s, e));
    struct rows_out out = {.sql = query, .total = -1};
    rc = session_describe(inv->arena, s, query, &columns, &n, e); /* alone, so that positions are the query's */
    if (rc == RC_OK) rc = rows_print(inv, s, &out, e);
    if (rc == RC_PROJECT) rc = e->rc = RC_USAGE; /* the statement is the command line's */
out:
    return rc;
}

static enum rc not_there(struct invocation *inv, struct workspace *w, const struct marker *m, const char *name,
                         struct err *e)
{
    if (strncmp(name, "quarantine.", 11) == 0)
        return err_set(e, RC_USAGE, "nothing of %s was ever refused, so there is no table %s", name + 11, name);
    if (!find_table(inv->arena, w, m, name)) return unknown_table(w, m, name, e);
    if (option_given(inv, "as-of")) return err_set(e, RC_USAGE, "%s had not been published yet at that time", name);
    return err_set(e, RC_USAGE, "%s has not been published yet; `ingot run +%s` builds it", name, name);
}

/* Small enough a table is shown in the order of its key, the same each time. */
static const char *key_order(struct invocation *inv, struct workspace *w, const char *name,
                             const struct delta_snapshot *snapshot)
{
    const struct table *t = project_table(w->compiled->project, name);
    struct buf *order = buf_new(inv->arena, BUF_DEFAULT_MAX);
    int64_t rows = delta_rows(snapshot);
    if (!t || rows < 0 || rows > 1000000) return "";
    for (size_t i = 0; i < t->n_key; i++) {
        bool there = false;
        for (size_t c = 0; c < snapshot->n_columns; c++)
            there = there || compare_names(snapshot->columns[c].name, t->key[i]) == 0;
        if (!there) return "";
        buf_add_str(order, i ? ", " : " ORDER BY ");
        buf_add_sql_name(order, t->key[i]);
    }
    return order->p;
}

static enum rc show_table(struct invocation *inv, struct workspace *w, const struct marker *m, const char *given,
                          struct err *e)
{
    enum rc rc;
    struct session *s;
    struct delta_snapshot *snapshot;
    char *sql;
    const char *name = find_table(inv->arena, w, m, given);
    if (!name) name = given;
    TRY(workspace_table_sql(w, m, name, &sql, &snapshot, e));
    if (!sql) return not_there(inv, w, m, name, e);
    TRY(open_session(inv, w, &s, e));
    struct rows_out out = {.sql = sql, .order = key_order(inv, w, name, snapshot), .total = delta_rows(snapshot)};
    TRY(rows_print(inv, s, &out, e));
out:
    return rc;
}

static enum rc run(struct invocation *inv, struct err *e)
{
    enum rc rc;
    struct workspace *w;
    struct marker *m;
    const char *query = option_text(inv, "query");
    if (query && inv->n_arguments > 0) return err_set(e, RC_USAGE, "either a table or -q SQL, not both");
    if (!query && inv->n_arguments == 0)
        return err_set(e, RC_USAGE, "which table? ingot show TABLE, or ingot show -q SQL");
    TRY(open_workspace(inv, &w, e));
    TRY(open_marker(inv, w, &m, e));
    if (query) TRY(show_query(inv, w, m, query, e));
    else TRY(show_table(inv, w, m, inv->arguments[0], e));
out:
    return rc;
}

const struct command show_entry = {
    .name = "show",
    .usage = "TABLE | -q SQL",
    .summary = "rows of a table or a query",
    .help = "Shows what was published last, all tables at one consistent state. TABLE may also be what a table\n"
            "refused: quarantine.silver.orders (in SQL: quarantine.\"silver.orders\"). A query can only read.\n"
            "\n"
            "    ingot show gold.daily_sales\n"
            "    ingot show -q 'select country, sum(revenue) from gold.daily_sales group by all'\n"
            "    ingot show silver.orders --format parquet -o orders.parquet\n"
            "    ingot show silver.orders --as-of 2026-11-23",
    .options = options,
    .n_options = N_OPTIONS(options),
    .arguments = ARGUMENTS_TABLES,
    .most_arguments = 1,
    .run = run,
};
