/* ingot check: everything that can be found out without writing. Types are bound by the engine over empty tables with
 * the columns that are known: of sources from the lake, of models from their SELECT and contract. */
#include "cmd/commands.h"
#include "cmd/open.h"
#include "cmd/output.h"

#include "base/log.h"
#include "quality/refuse.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

static const struct option options[] = {
    {"all-targets", 0, OPTION_FLAG, NULL, "also whether the environment variables of every target are set"},
};

struct checker {
    struct invocation *inv;
    struct workspace *workspace;
    struct session *session;
    struct problems problems;
    const char **unknown; /* by node: why its columns are not known; NULL: they are */
    size_t checked;
};

/* --- where a problem is ------------------------------------------------------------------------------------------- */

/* "file:line:column: message", as the contract gives it. */
static bool located(const struct table *t, const char *message, struct pos *pos, const char **rest)
{
    size_t n = strlen(t->file);
    int line, column, used = 0;
    if (strncmp(message, t->file, n) != 0) return false;
    if (sscanf(message + n, ":%d:%d: %n", &line, &column, &used) != 2 || used == 0) return false;
    *pos = (struct pos){t->file, line, column};
    *rest = message + n + used;
    return true;
}

static const char *engine_place(struct arena *a, const char *message, struct pos *pos)
{
    return engine_error_place(a, message, &pos->line, &pos->column);
}

static void add_problem(struct checker *c, const struct table *t, struct pos pos, bool whole_file, const struct err *e)
{
    const char *message = e->message;
    struct pos found;
    if (located(t, message, &found, &message)) pos = found;
    else message = engine_place(c->inv->arena, message, whole_file ? &pos : &found);
    problem_add(&c->problems, pos, false, "%s", message);
}

/* Errors that say something about the project are collected; others end the check. */
static enum rc collect(struct checker *c, const struct table *t, struct pos pos, bool whole_file, enum rc rc,
                       struct err *e)
{
    if (rc != RC_PROJECT && rc != RC_DATA && rc != RC_USAGE) return rc;
    add_problem(c, t, pos, whole_file, e);
    *e = (struct err){0};
    return RC_OK;
}

/* --- empty tables ------------------------------------------------------------------------------------------------- */

static char *qualified(struct arena *a, const char *table)
{
    const char *dot = strchr(table, '.');
    return arena_printf(a, "%s.%s", sql_name(a, arena_strndup(a, table, (size_t)(dot - table))), sql_name(a, dot + 1));
}

static enum rc empty_table(struct checker *c, const char *name, const struct delta_column *columns, size_t n,
                           struct err *e)
{
    struct arena *a = c->inv->arena;
    struct buf *sql = buf_new(a, BUF_DEFAULT_MAX);
    buf_printf(sql, "CREATE OR REPLACE TABLE %s (", qualified(a, name));
    for (size_t i = 0; i < n; i++)
        buf_printf(sql, "%s%s %s", i ? ", " : "", sql_name(a, columns[i].name),
                   engine_type_of_delta(a, columns[i].type));
    buf_add_char(sql, ')');
    return session_exec(c->session, sql->p, e);
}

static enum rc check_source(struct checker *c, size_t node, struct err *e)
{
    enum rc rc;
    struct arena *a = c->inv->arena;
    const struct table *t = c->workspace->compiled->dag->nodes[node].table;
    struct checkpoint_codec codec = engine_checkpoint_codec(&c->workspace->engine);
    struct delta_snapshot *s;
    TRY(delta_load(a, c->workspace->storage, table_dir(a, t->name), -1, &codec, &s, e));
    if (s) TRY(empty_table(c, t->name, s->columns, s->n_columns, e));
    else c->unknown[node] = arena_printf(a, "%s was never loaded, so its columns are not known", t->name);
out:
    return rc;
}

/* --- models ------------------------------------------------------------------------------------------------------- */

static enum rc bind(struct checker *c, const struct table *t, struct pos pos, struct err *e, const char *format, ...)
    PRINTF_LIKE(5, 6);

static enum rc bind(struct checker *c, const struct table *t, struct pos pos, struct err *e, const char *format, ...)
{
    struct described_column *columns;
    size_t n;
    va_list ap;
    va_start(ap, format);
    char *sql = arena_vprintf(c->inv->arena, format, ap);
    va_end(ap);
    enum rc rc = session_describe(c->inv->arena, c->session, sql, &columns, &n, e);
    return collect(c, t, pos, false, rc, e);
}

/* Each expression on its own, so that a problem is told where it stands. */
static enum rc check_expressions(struct checker *c, const struct table *t, struct err *e)
{
    enum rc rc = RC_OK;
    const char *from = qualified(c->inv->arena, t->name);
    for (size_t i = 0; i < t->n_columns; i++)
        if (t->columns[i].check)
            TRY(bind(c, t, t->columns[i].pos, e, "SELECT CAST((%s) AS BOOLEAN) FROM %s", t->columns[i].check, from));
    for (size_t i = 0; i < t->n_rules; i++)
        TRY(bind(c, t, t->rules[i].pos, e, "SELECT CAST((%s) AS BOOLEAN) FROM %s", t->rules[i].expression, from));
    if (t->deleted) TRY(bind(c, t, t->deleted_pos, e, "SELECT CAST((%s) AS BOOLEAN) FROM %s", t->deleted, from));
    if (t->latest)
        TRY(bind(c, t, t->latest_pos, e, "SELECT %s FROM %s ORDER BY 1", sql_name(c->inv->arena, t->latest), from));
    for (size_t i = 0; i < t->n_checks; i++) {
        const struct check *check = &t->checks[i];
        if (check->expression)
            TRY(bind(c, t, check->pos, e, "SELECT CAST((%s) AS BOOLEAN) FROM %s", check->expression, from));
        else if (check->sql) TRY(bind(c, t, check->pos, e, "%s", check->sql));
    }
out:
    return rc;
}

static void find_parents(struct checker *c, const struct table *t, struct parent_relation **ret, size_t *ret_n)
{
    struct arena *a = c->inv->arena;
    struct parent_relation *parents = NULL;
    size_t n = 0;
    for (size_t i = 0; i < t->n_references; i++) {
        const struct table *parent = project_table(c->workspace->compiled->project, t->references[i].table);
        bool seen = false;
        for (size_t k = 0; k < n; k++) seen = seen || strcmp(parents[k].table, t->references[i].table) == 0;
        if (seen || !parent) continue;
        *ARENA_PUSH(a, parents, n) =
            (struct parent_relation){parent->name, qualified(a, parent->name), parent->key, parent->n_key};
    }
    *ret = parents;
    *ret_n = n;
}

/* Contract and casts; then the table as it will be, for its rules and for models downstream. */
static enum rc check_contract(struct checker *c, const struct table *t, const struct described_column *described,
                              size_t n, struct err *e)
{
    enum rc rc;
    struct arena *a = c->inv->arena;
    struct parent_relation *parents;
    struct judgement *j;
    size_t n_parents;
    find_parents(c, t, &parents, &n_parents);
    TRY(contract_judge(a, t, described, n, parents, n_parents, "TIMESTAMP '2000-01-01 00:00:00'", &j, e));
    struct delta_column *columns = ARENA_ARRAY(a, struct delta_column, j->n_columns + 1);
    for (size_t i = 0; i < j->n_columns; i++) columns[i] = j->columns[i].delta;
    TRY(empty_table(c, t->name, columns, j->n_columns, e));
    size_t before = c->problems.n_errors;
    TRY(check_expressions(c, t, e));
    if (c->problems.n_errors > before) return RC_OK;
    char *relation = arena_printf(a, "(%s\n)", t->sql);
    TRY(bind(c, t, t->pos, e, "%s", judged_select(a, j, relation, NULL, 0)));
out:
    return rc;
}

static const char *missing_input(const struct checker *c, const struct node *node)
{
    for (size_t i = 0; i < node->n_inputs; i++)
        if (c->unknown[node->inputs[i]]) return c->unknown[node->inputs[i]];
    for (size_t i = 0; i < node->n_parents; i++)
        if (c->unknown[node->parents[i]]) return c->unknown[node->parents[i]];
    return NULL;
}

static enum rc check_model(struct checker *c, size_t i, struct err *e)
{
    const struct node *node = &c->workspace->compiled->dag->nodes[i];
    const struct table *t = node->table;
    struct described_column *columns;
    size_t n, before = c->problems.n_errors;
    c->unknown[i] = missing_input(c, node);
    if (c->unknown[i]) return RC_OK;
    c->checked++;
    enum rc rc = session_describe(c->inv->arena, c->session, t->sql, &columns, &n, e);
    if (rc == RC_OK) rc = check_contract(c, t, columns, n, e);
    rc = collect(c, t, table_position(t, -1), true, rc, e);
    if (c->problems.n_errors > before) c->unknown[i] = arena_printf(c->inv->arena, "%s has problems", t->name);
    return rc;
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

static enum rc prepare(struct checker *c, struct err *e)
{
    enum rc rc;
    static const char *const types[] = {"VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN", "VARCHAR"};
    const struct target *t = c->workspace->target;
    TRY(open_session(c->inv, c->workspace, &c->session, e));
    TRY(quality_register(c->session, e));
    TRY(session_exec(c->session, "CREATE SCHEMA bronze; CREATE SCHEMA silver; CREATE SCHEMA gold", e));
    for (size_t i = 0; i < t->n_vars; i++) {
        const char *value = NULL;
        if (t->vars[i].type != VARIABLE_NULL) TRY(variable_expand(c->inv->arena, &t->vars[i], &value, e));
        TRY(session_execf(c->session, e, "SET VARIABLE %s = CAST(%s AS %s)", sql_name(c->inv->arena, t->vars[i].name),
                          sql_string(c->inv->arena, value), types[t->vars[i].type]));
    }
out:
    return rc;
}

static enum rc check_tables(struct checker *c, struct err *e)
{
    const struct dag *dag = c->workspace->compiled->dag;
    enum rc rc = RC_OK;
    c->unknown = ARENA_ARRAY(c->inv->arena, const char *, dag->n_nodes + 1);
    for (size_t i = 0; i < dag->n_nodes && rc == RC_OK; i++) {
        size_t node = dag->order[i];
        if (workspace_stopped(c->workspace)) return err_set(e, RC_INTERRUPTED, "interrupted");
        rc = dag->nodes[node].table->source ? check_source(c, node, e) : check_model(c, node, e);
    }
    return rc;
}

static void print_json(struct checker *c)
{
    struct buf *out = buf_new(c->inv->arena, BUF_DEFAULT_MAX);
    const struct dag *dag = c->workspace->compiled->dag;
    buf_add_str(out, "{\"problems\":[");
    for (size_t i = 0; i < c->problems.n_items; i++) {
        const struct problem *p = &c->problems.items[i];
        buf_add_str(out, i ? ",{" : "{");
        json_text_value(out, "file", p->pos.file);
        json_count(out, "line", p->pos.line);
        json_count(out, "column", p->pos.column);
        json_text_value(out, "severity", p->warning ? "warning" : "error");
        json_text_value(out, "message", p->message);
        buf_add_char(out, '}');
    }
    buf_add_str(out, "],\"not_checked\":[");
    for (size_t i = 0, first = 1; i < dag->n_nodes; i++) {
        if (!c->unknown[i] || dag->nodes[i].table->source) continue;
        buf_add_str(out, first ? "{" : ",{");
        first = 0;
        json_text_value(out, "table", dag->nodes[i].table->name);
        json_text_value(out, "reason", c->unknown[i]);
        buf_add_char(out, '}');
    }
    buf_add_char(out, ']');
    json_count(out, "models_checked", (int64_t)c->checked);
    buf_add_str(out, "}\n");
    print(c->inv, "%s", out->p);
}

static void print_people(struct checker *c)
{
    struct arena *a = c->inv->arena;
    const struct dag *dag = c->workspace->compiled->dag;
    struct buf *out = buf_new(a, BUF_DEFAULT_MAX);
    size_t models = 0;
    problems_print(&c->problems, out);
    fflush(stdout);
    fputs(redact(a, out->p), stderr);
    for (size_t i = 0; i < dag->n_nodes; i++) {
        if (dag->nodes[i].table->source) continue;
        models++;
        if (c->unknown[i] && strstr(c->unknown[i], "never loaded"))
            tell(c->inv, "%s: types are not checked yet: %s\n", dag->nodes[i].table->name, c->unknown[i]);
    }
    if (c->checked == models)
        tell(c->inv, "%s checked, %s\n", counted(a, (int64_t)dag->n_nodes, "table"),
             counted(a, (int64_t)c->problems.n_errors, "error"));
    else
        tell(c->inv, "%s checked, the types of %zu of %s; %s\n", counted(a, (int64_t)dag->n_nodes, "table"), c->checked,
             counted(a, (int64_t)models, "model"), counted(a, (int64_t)c->problems.n_errors, "error"));
}

static enum rc run(struct invocation *inv, struct err *e)
{
    enum rc rc;
    struct checker c = {.inv = inv, .problems.arena = inv->arena};
    TRY(open_workspace(inv, &c.workspace, e));
    const struct project *p = c.workspace->compiled->project;
    if (option_given(inv, "all-targets"))
        for (size_t i = 0; i < p->n_targets; i++) target_check(inv->arena, &p->targets[i], &c.problems);
    TRY(prepare(&c, e));
    TRY(check_tables(&c, e));
    problems_sort(&c.problems);
    if (inv->json) print_json(&c);
    else print_people(&c);
    if (c.problems.n_errors > 0) { rc = err_set(e, RC_PROJECT, "%s", ""); /* they are told */ }
out:
    return rc;
}

const struct command check_entry = {
    .name = "check",
    .usage = "",
    .summary = "checks types, names, contracts and rules without writing anything",
    .help = "Reads the whole project and reports all problems with file:line:column. The SELECT, contract, "
            "rules and\n"
            "checks of each model are bound with types; a source that was never loaded has no known columns "
            "yet,\n"
            "so models that read it are checked by name only. Exit code 2 if there is an error.",
    .options = options,
    .n_options = N_OPTIONS(options),
    .run = run,
};
