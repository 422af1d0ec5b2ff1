/* ingot quarantine: what was refused and why; and judging it again after a fix. */
#include "cmd/commands.h"
#include "cmd/open.h"
#include "cmd/output.h"
#include "cmd/rows_out.h"
#include "cmd/run_view.h"

static const struct option options[] = {
    {"rule", 0, OPTION_TEXT, "TEXT", "only entries whose rule contains this"},
    {"file", 0, OPTION_TEXT, "TEXT", "only entries whose source file contains this"},
    {"run", 0, OPTION_TEXT, "ID", "only entries of this run (the beginning of its id is enough)"},
    ROWS_OPTIONS,
};

struct refusing {
    const char *table; /* "silver.orders" */
    const char *sql;   /* its quarantine */
    int64_t rows;
};

/* The tables that have a quarantine, in the order of their names. */
static enum rc find_refusing(struct invocation *inv, struct workspace *w, struct refusing **ret, size_t *ret_n,
                             struct err *e)
{
    enum rc rc;
    struct marker *m;
    *ret = NULL;
    *ret_n = 0;
    TRY(lake_log_newest(inv->arena, w->storage, &m, e));
    for (size_t i = 0; i < m->n_tables; i++) {
        if (m->tables[i].side < 0) continue; /* it never refused anything */
        char *sql;
        struct delta_snapshot *snapshot;
        TRY(workspace_table_sql(w, m, arena_printf(inv->arena, "quarantine.%s", m->tables[i].name), &sql, &snapshot,
                                e));
        if (!sql || delta_rows(snapshot) == 0) continue;
        *ARENA_PUSH(inv->arena, *ret, *ret_n) = (struct refusing){m->tables[i].name, sql, delta_rows(snapshot)};
    }
out:
    return rc;
}

static void add_filter(struct invocation *inv, struct buf *where, const char *option, const char *column,
                       bool beginning)
{
    const char *value = option_text(inv, option);
    if (!value) return;
    buf_printf(where, "%s%s(%s, %s)", where->n ? " AND " : " WHERE ", beginning ? "starts_with" : "contains", column,
               sql_string(inv->arena, value));
}

static char *filters(struct invocation *inv)
{
    struct buf *where = buf_new(inv->arena, BUF_DEFAULT_MAX);
    add_filter(inv, where, "rule", "rule", false);
    add_filter(inv, where, "file", "_file", false);
    add_filter(inv, where, "run", "_run", true);
    return where->p;
}

static bool for_people(const struct invocation *inv)
{
    const char *format = option_text(inv, "format");
    return !inv->json && (!format || strcmp(format, "table") == 0);
}

static enum rc show_summary(struct invocation *inv, struct workspace *w, const struct refusing *r, size_t n,
                            struct err *e)
{
    enum rc rc;
    struct session *s;
    struct buf *sql = buf_new(inv->arena, BUF_DEFAULT_MAX);
    TRY(open_session(inv, w, &s, e));
    const char *last = for_people(inv) ? "strftime(max(_refused_at), '%Y-%m-%d %H:%M:%S') AS \"last refused\""
                                       : "max(_refused_at) AS last_refused";
    buf_printf(sql, "SELECT _table AS \"table\", rule, count(*) AS \"rows\", %s, min(reason) AS example FROM (", last);
    for (size_t i = 0; i < n; i++)
        buf_printf(sql, "%s(SELECT _table, _run, _refused_at, rule, reason, _file FROM (%s))", i ? " UNION ALL " : "",
                   r[i].sql);
    buf_printf(sql, ")%s GROUP BY ALL", filters(inv));
    struct rows_out out = {.sql = sql->p, .order = " ORDER BY \"table\", \"rows\" DESC, rule", .total = -1};
    TRY(rows_print(inv, s, &out, e));
out:
    return rc;
}

static enum rc show_entries(struct invocation *inv, struct workspace *w, const struct refusing *r, struct err *e)
{
    enum rc rc;
    struct session *s;
    bool people = for_people(inv);
    TRY(open_session(inv, w, &s, e));
    /* people see what fits; programs get every column */
    const char *columns = people ? "strftime(_refused_at, '%Y-%m-%d %H:%M:%S') AS refused_at, _file, _row, "
                                   "rule, reason, coalesce(raw, \"row\") AS \"row\""
                                 : "*";
    char *where = filters(inv);
    struct rows_out out = {
        .sql = arena_printf(inv->arena, "SELECT %s FROM (SELECT * FROM (%s)%s)", columns, r->sql, where),
        .order = people ? " ORDER BY refused_at DESC, _file, _row" : " ORDER BY _refused_at DESC, _file, _row",
        .total = *where ? -1 : r->rows};
    TRY(rows_print(inv, s, &out, e));
out:
    return rc;
}

/* --- replay ------------------------------------------------------------------------------------------------------- */

static int64_t count_rows(const struct refusing *r, size_t n, const bool *wanted)
{
    int64_t rows = 0;
    for (size_t i = 0; i < n; i++)
        if (!wanted || wanted[i]) rows += r[i].rows;
    return rows;
}

static bool asked_for(const struct invocation *inv, const char *const *names, const char *table)
{
    for (size_t i = 1; i < inv->n_arguments; i++)
        if (strcmp(names[i], table) == 0) return true;
    return inv->n_arguments == 1;
}

static enum rc known_names(struct invocation *inv, struct workspace *w, const char ***ret, struct err *e)
{
    const char **names = ARENA_ARRAY(inv->arena, const char *, inv->n_arguments + 1);
    for (size_t i = 1; i < inv->n_arguments; i++) {
        names[i] = find_table(inv->arena, w, NULL, inv->arguments[i]);
        if (!names[i]) return unknown_table(w, NULL, inv->arguments[i], e);
    }
    *ret = names;
    return RC_OK;
}

/* Those of the project, with everything downstream. */
static const char **selectors_of(struct invocation *inv, struct workspace *w, const char *const *names,
                                 const struct refusing *r, size_t n, int64_t *ret_rows, size_t *ret_n)
{
    const char **selectors = NULL;
    *ret_n = 0;
    *ret_rows = 0;
    for (size_t i = 0; i < n; i++) {
        if (!asked_for(inv, names, r[i].table) || !project_table(w->compiled->project, r[i].table)) continue;
        *ARENA_PUSH(inv->arena, selectors, *ret_n) = arena_printf(inv->arena, "%s+", r[i].table);
        *ret_rows += r[i].rows;
    }
    return selectors;
}

static enum rc count_left(struct invocation *inv, struct workspace *w, const char *const *names, int64_t *ret,
                          struct err *e)
{
    struct refusing *r;
    size_t n;
    enum rc rc = find_refusing(inv, w, &r, &n, e);
    if (rc != RC_OK) return rc;
    bool *wanted = ARENA_ARRAY(inv->arena, bool, n + 1);
    for (size_t i = 0; i < n; i++) wanted[i] = asked_for(inv, names, r[i].table);
    *ret = count_rows(r, n, wanted);
    return RC_OK;
}

static enum rc replay(struct invocation *inv, struct workspace *w, const struct refusing *r, size_t n, struct err *e)
{
    enum rc rc;
    int64_t before, after;
    size_t n_selectors;
    const char **names = NULL;
    TRY(known_names(inv, w, &names, e));
    const char **selectors = selectors_of(inv, w, names, r, n, &before, &n_selectors);
    if (n_selectors == 0) {
        tell(inv, "nothing is in quarantine\n");
        return RC_OK;
    }
    struct run_result result = {0};
    struct run_view *view = run_view_begin(inv, w, selectors, n_selectors);
    struct run_request request = {.selectors = selectors,
                                  .n_selectors = n_selectors,
                                  .full = true,
                                  .on_event = run_view_event,
                                  .on_event_data = view};
    rc = workspace_run(w, &request, &result, e);
    run_view_result(view, &result, rc, e);
    if (rc != RC_OK) return rc;
    TRY(count_left(inv, w, names, &after, e));
    tell(inv, "%s in quarantine before, %s now\n", counted(inv->arena, before, "row"), count_text(inv->arena, after));
    if (result.any_failed) {
        rc = RC_DATA; /* said already */
        e->message[0] = '\0';
    }
out:
    return rc;
}

static const struct refusing *find(const struct refusing *r, size_t n, const char *table)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(r[i].table, table) == 0) return &r[i];
    return NULL;
}

static enum rc show_one(struct invocation *inv, struct workspace *w, const struct refusing *r, size_t n, struct err *e)
{
    const char *given = inv->arguments[0];
    if (strncmp(given, "quarantine.", 11) == 0) given += 11;
    if (inv->n_arguments > 1) return err_set(e, RC_USAGE, "one table at a time; or ingot quarantine replay [TABLE…]");
    const char *name = find_table(inv->arena, w, NULL, given);
    const struct refusing *one = find(r, n, name ? name : given);
    if (one) return show_entries(inv, w, one, e);
    if (!name) return unknown_table(w, NULL, given, e);
    tell(inv, "nothing of %s is in quarantine\n", name);
    return RC_OK;
}

static enum rc run(struct invocation *inv, struct err *e)
{
    enum rc rc;
    struct workspace *w;
    struct refusing *r;
    size_t n;
    TRY(open_workspace(inv, &w, e));
    TRY(find_refusing(inv, w, &r, &n, e));
    if (inv->n_arguments > 0 && strcmp(inv->arguments[0], "replay") == 0) return replay(inv, w, r, n, e);
    if (inv->n_arguments > 0) return show_one(inv, w, r, n, e);
    if (n > 0) return show_summary(inv, w, r, n, e);
    if (inv->json) print(inv, "[]\n");
    tell(inv, "nothing is in quarantine\n");
out:
    return rc;
}

const struct command quarantine_entry = {
    .name = "quarantine",
    .usage = "[TABLE] | replay [TABLE…]",
    .summary = "rows that were refused, and why; replay judges them again",
    .help = "Without TABLE: how many rows each rule of each table refuses. With TABLE: the rows, newest first,\n"
            "with file, row, rule and reason. --format gives every column, among them the whole input row.\n"
            "\n"
            "replay runs tables again from all of their inputs, and what depends on them: after a rule or\n"
            "contract was corrected. Values are corrected at the source; a changed file is loaded again by "
            "itself.\n"
            "\n"
            "    ingot quarantine silver.orders --rule amount\n"
            "    ingot quarantine silver.orders --format csv -o refused.csv\n"
            "    ingot quarantine replay silver.orders",
    .options = options,
    .n_options = N_OPTIONS(options),
    .arguments = ARGUMENTS_TABLES,
    .most_arguments = 1000,
    .run = run,
};
