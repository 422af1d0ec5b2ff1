#include "run/model_sql.h"

#include "base/log.h"
#include "base/os.h"
#include "quality/check.h"
#include "run/merge.h"

/* --- the catalog -------------------------------------------------------------------------------------------------- */

static enum rc make_catalog(struct model_work *w, const char *catalog, struct err *e)
{
    return session_execf(w->session, e,
                         "ATTACH ':memory:' AS %s; CREATE SCHEMA %s.bronze; CREATE SCHEMA %s.silver; CREATE "
                         "SCHEMA %s.gold; CREATE SCHEMA %s.__parents; USE %s",
                         catalog, catalog, catalog, catalog, catalog, catalog);
}

static enum rc view_over(struct model_work *w, const char *name, size_t node, const struct delta_file *files, size_t n,
                         struct err *e)
{
    enum rc rc;
    struct step *s = w->s;
    struct delta_snapshot *input;
    TRY(step_input_snapshot(s, node, &input, e));
    char *relation;
    TRY(step_relation(s, s->lake->tables[node].dir, files, n, input->columns, input->n_columns, false, &relation, e));
    TRY(session_execf(w->session, e, "CREATE OR REPLACE VIEW %s AS %s", name, relation));
out:
    if (rc != RC_OK) err_context(e, "reading %s", s->lake->tables[node].name);
    return rc;
}

static char *view_name(struct arena *a, const char *table)
{
    const char *dot = strchr(table, '.');
    return arena_printf(a, "%s.%s", sql_name(a, arena_strndup(a, table, (size_t)(dot - table))), sql_name(a, dot + 1));
}

static char *parent_view(struct arena *a, const char *table)
{
    return arena_printf(a, "__parents.%s", sql_name(a, table));
}

/* Only what entered is read where the strategy works on added rows. */
static bool reads_added_only(const struct step *s, const struct input_span *span)
{
    return (s->decision.strategy == STRATEGY_APPEND || s->decision.strategy == STRATEGY_MERGE) &&
           span->change == CHANGE_GREW;
}

static enum rc input_view(struct model_work *w, const struct input_span *span, struct err *e)
{
    struct delta_snapshot *input;
    enum rc rc = step_input_snapshot(w->s, span->node, &input, e);
    if (rc != RC_OK) return rc;
    const struct delta_file *files = input->files;
    size_t n = input->n_files;
    if (reads_added_only(w->s, span)) files = span->added, n = span->n_added;
    return view_over(w, view_name(w->s->arena, span->table), span->node, files, n, e);
}

static enum rc set_variables(struct model_work *w, struct err *e)
{
    enum rc rc = RC_OK;
    const struct target *t = w->s->runner->target;
    for (size_t i = 0; t && i < t->n_vars; i++) {
        const struct variable *v = &t->vars[i];
        static const char *const types[] = {[VARIABLE_TEXT] = "VARCHAR",
                                            [VARIABLE_INTEGER] = "BIGINT",
                                            [VARIABLE_FLOAT] = "DOUBLE",
                                            [VARIABLE_BOOL] = "BOOLEAN",
                                            [VARIABLE_NULL] = "VARCHAR"};
        const char *value;
        TRY(variable_expand(w->s->arena, v, &value, e));
        value = v->type == VARIABLE_NULL ? "NULL" : sql_string(w->s->arena, value);
        TRY(session_execf(w->session, e, "SET VARIABLE %s = CAST(%s AS %s)", sql_name(w->s->arena, v->name), value,
                          types[v->type]));
    }
out:
    return rc;
}

enum rc model_open_inputs(struct model_work *w, struct err *e)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; i < w->s->n_inputs; i++) TRY(input_view(w, &w->s->spans[i], e));
out:
    return rc;
}

enum rc model_open_catalog(struct model_work *w, struct err *e)
{
    enum rc rc;
    struct step *s = w->s;
    w->catalog = arena_printf(s->arena, "step_%zu", s->node);
    TRY(make_catalog(w, w->catalog, e));
    TRY(model_open_inputs(w, e));
    for (size_t i = s->n_inputs; i < s->n_spans; i++) {
        struct delta_snapshot *parent;
        TRY(step_input_snapshot(s, s->spans[i].node, &parent, e));
        TRY(view_over(w, parent_view(s->arena, s->spans[i].table), s->spans[i].node, parent->files, parent->n_files,
                      e));
    }
    TRY(set_variables(w, e));
out:
    return rc;
}

void model_close(struct model_work *w)
{
    if (w->session && w->catalog) {
        struct err ignored = {0};
        if (w->guarded && session_exec(w->session, STATEMENT_GUARD_RESET, &ignored) != RC_OK)
            log_debug("%s: %s", w->s->table->name, ignored.message);
        if (session_execf(w->session, &ignored, "USE memory; DETACH DATABASE IF EXISTS %s", w->catalog) != RC_OK)
            log_debug("%s: %s", w->s->table->name, ignored.message);
    }
    session_close(w->session);
    w->session = NULL;
}

/* --- the model ---------------------------------------------------------------------------------------------------- */

/* Row by row, refused rows keep their input row: the view carries all columns of the input. */
static enum rc carried_columns(struct model_work *w, const char ***ret, size_t *ret_n, struct err *e)
{
    struct delta_snapshot *input;
    enum rc rc = step_input_snapshot(w->s, w->s->spans[0].node, &input, e);
    if (rc != RC_OK) return rc;
    const char **names = ARENA_ARRAY(w->s->arena, const char *, input->n_columns + 1);
    w->carry = ARENA_ARRAY(w->s->arena, const char *, input->n_columns + 1);
    w->n_carry = 0;
    for (size_t i = 0; i < input->n_columns; i++) {
        names[i] = input->columns[i].name;
        w->carry[w->n_carry++] = arena_printf(w->s->arena, "__in_%s", names[i]);
    }
    *ret = names;
    *ret_n = input->n_columns;
    return RC_OK;
}

static bool judges_rows(const struct table *t)
{
    return t->n_columns > 0 || t->n_rules > 0 || t->n_references > 0 || t->n_key > 0;
}

/* The statement with its parse tree, which the cache does not keep. */
static enum rc parse_again(struct model_work *w, struct statement **ret, struct err *e)
{
    const char *texts[] = {w->s->table->sql}, **json;
    int64_t offset;
    enum rc rc = engine_parse(w->s->arena, w->session, texts, 1, &json, e);
    return rc == RC_OK ? statement_analyze(w->s->arena, json[0], w->s->table->sql, ret, &offset, e) : rc;
}

static enum rc rewritten(struct model_work *w, bool guard, const char **ret, struct err *e)
{
    enum rc rc;
    struct step *s = w->s;
    const char **names;
    size_t n;
    char *json, *sql;
    struct statement *parsed;
    TRY(parse_again(w, &parsed, e));
    if (s->decision.branch) {
        TRY(statement_branch(s->arena, parsed, (size_t)s->decision.occurrence, &json, e));
    } else {
        TRY(carried_columns(w, &names, &n, e));
        TRY(statement_carry(s->arena, parsed, names, n, guard, &json, e));
    }
    TRY(engine_unparse(s->arena, w->session, json, &sql, e));
    *ret = sql;
out:
    return rc;
}

/* An error of the engine in words that name the model's own line, not the statement around it. */
static void place_error(struct step *s, const char *view, bool as_written, struct err *e)
{
    int line = 0, column = 0;
    const char *message = engine_error_place(s->arena, e->message, &line, &column);
    if (line == 1 && (size_t)column > strlen(view)) column -= (int)strlen(view);
    if (line > 0 && as_written) err_set(e, e->rc, "%s:%d:%d: %s", s->table->file, line, column, message);
    else err_set(e, e->rc, "%s: %s", s->table->file, message);
}

enum rc model_create_view(struct model_work *w, bool guard, struct err *e)
{
    enum rc rc = RC_OK;
    struct step *s = w->s;
    const char *sql = s->table->sql;
    if (s->decision.branch || (s->statement->row_by_row && (guard || judges_rows(s->table))))
        TRY(rewritten(w, guard, &sql, e));
    w->sql = sql;
    w->guarded = guard;
    if (guard) TRY(session_exec(w->session, STATEMENT_GUARD_SETTING, e));
    const char *view = arena_printf(s->arena, "CREATE OR REPLACE VIEW %s.main.__model AS ", w->catalog);
    rc = session_execf(w->session, e, "%s%s", view, sql);
    if (rc != RC_OK) place_error(s, view, sql == s->table->sql, e);
out:
    return rc;
}

static bool is_hidden(const char *name)
{
    return strncmp(name, "__in_", 5) == 0;
}

static enum rc parents_of(struct model_work *w, struct parent_relation **ret, size_t *ret_n)
{
    struct step *s = w->s;
    struct parent_relation *parents = ARENA_ARRAY(s->arena, struct parent_relation, s->n_spans + 1);
    size_t n = 0;
    for (size_t i = s->n_inputs; i < s->n_spans; i++) {
        const struct table *t = s->runner->compiled->dag->nodes[s->spans[i].node].table;
        parents[n++] = (struct parent_relation){
            .table = t->name, .relation = parent_view(s->arena, t->name), .key = t->key, .n_key = t->n_key};
    }
    *ret = parents;
    *ret_n = n;
    return RC_OK;
}

static bool has_carried(const struct model_work *w, const char *name)
{
    for (size_t i = 0; i < w->n_carry; i++)
        if (strcmp(w->carry[i], name) == 0) return true;
    return false;
}

static bool same_columns(const struct delta_snapshot *before, const struct delta_column *columns, size_t n)
{
    if (before->n_columns != n) return false;
    for (size_t i = 0; i < n; i++)
        if (strcmp(before->columns[i].name, columns[i].name) != 0 ||
            strcmp(before->columns[i].type, columns[i].type) != 0)
            return false;
    return true;
}

static enum rc check_named_columns(struct step *s, const char *key, const char *const *names, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        bool found = false;
        for (size_t k = 0; k < s->n_columns && !found; k++) found = strcasecmp(s->columns[k].name, names[i]) == 0;
        if (!found)
            return err_set(e, RC_PROJECT, "%s:%d:%d: %s: %s has no column %s", s->table->pos.file, s->table->pos.line,
                           s->table->pos.column, key, s->table->name, names[i]);
    }
    return RC_OK;
}

enum rc model_judge(struct model_work *w, struct err *e)
{
    enum rc rc;
    struct step *s = w->s;
    struct described_column *all;
    size_t n_all, n_parents;
    TRY(session_describe(s->arena, w->session, "SELECT * FROM __model", &all, &n_all, e));
    w->described = ARENA_ARRAY(s->arena, struct described_column, n_all + 1);
    w->n_described = 0;
    for (size_t i = 0; i < n_all; i++)
        if (!is_hidden(all[i].name)) w->described[w->n_described++] = all[i];
    struct parent_relation *parents;
    TRY(parents_of(w, &parents, &n_parents));
    char *clock = has_carried(w, "__in__loaded_at")
                      ? arena_strdup(s->arena, "m.\"__in__loaded_at\"")
                      : arena_printf(s->arena, "TIMESTAMPTZ '%s'", os_format_time(s->arena, s->lake->now_us));
    TRY(contract_judge(s->arena, s->table, w->described, w->n_described, parents, n_parents, clock, &w->judgement, e));
    s->n_columns = w->judgement->n_columns;
    s->columns = ARENA_ARRAY(s->arena, struct delta_column, s->n_columns + 1);
    for (size_t i = 0; i < s->n_columns; i++) s->columns[i] = w->judgement->columns[i].delta;
    TRY(check_named_columns(s, "partition_by", s->table->partition_by, s->table->n_partition_by, e));
    TRY(check_named_columns(s, "cluster_by", s->table->cluster_by, s->table->n_cluster_by, e));
    s->schema_changes = !w->before || !same_columns(w->before, s->columns, s->n_columns);
out:
    return rc;
}

enum rc model_materialize(struct model_work *w, struct err *e)
{
    if (w->s->statement->row_by_row) return RC_OK;
    return session_exec(w->session,
                        "CREATE OR REPLACE TEMP TABLE __rows AS SELECT * FROM __model; CREATE OR REPLACE "
                        "VIEW __model AS SELECT * FROM temp.__rows",
                        e);
}

static char *key_expressions(struct model_work *w)
{
    struct buf *b = buf_new(w->s->arena, BUF_DEFAULT_MAX);
    for (size_t k = 0; k < w->s->table->n_key; k++)
        for (size_t i = 0; i < w->judgement->n_columns; i++)
            if (strcasecmp(w->judgement->columns[i].name, w->s->table->key[k]) == 0)
                buf_printf(b, "%s%s", b->n ? ", " : "", w->judgement->columns[i].expression);
    return b->p;
}

enum rc model_split_by_key(struct model_work *w, struct err *e)
{
    enum rc rc;
    size_t n_key = w->s->table->n_key;
    char *key = key_expressions(w);
    struct buf *names = buf_new(w->s->arena, BUF_DEFAULT_MAX), *no_null = buf_new(w->s->arena, BUF_DEFAULT_MAX);
    for (size_t k = 0; k < n_key; k++) {
        buf_printf(names, "%sk%zu", k ? ", " : "", k);
        buf_printf(no_null, "%sk%zu IS NOT NULL", k ? " AND " : "", k);
    }
    TRY(session_execf(w->session, e,
                      "CREATE OR REPLACE TEMP TABLE __often_keys(%s) AS SELECT * FROM (SELECT %s FROM "
                      "__model m) t(%s) WHERE %s GROUP BY ALL HAVING count(*) > 1",
                      names->p, key, names->p, no_null->p));
    const char *often = arena_printf(w->s->arena, "(%s) IN (SELECT %s FROM __often_keys)", key,
                                     n_key == 1 ? names->p : arena_printf(w->s->arena, "(%s)", names->p));
    TRY(session_execf(w->session, e, "CREATE OR REPLACE TEMP VIEW __often AS SELECT * FROM __model m WHERE %s", often));
    TRY(session_execf(w->session, e,
                      "CREATE OR REPLACE TEMP VIEW __once AS SELECT * FROM __model m WHERE (%s) IS NOT TRUE", often));
out:
    return rc;
}

/* Files of the input at the version that the table has read: those of now, less the added ones. */
static enum rc older_view(struct model_work *w, const struct input_span *span, struct err *e)
{
    enum rc rc;
    struct delta_snapshot *input;
    TRY(step_input_snapshot(w->s, span->node, &input, e));
    struct delta_file *files = ARENA_ARRAY(w->s->arena, struct delta_file, input->n_files + 1);
    size_t n = 0;
    for (size_t i = 0; i < input->n_files; i++) {
        bool added = false;
        for (size_t k = 0; k < span->n_added && !added; k++)
            added = strcmp(input->files[i].path, span->added[k].path) == 0;
        if (!added) files[n++] = input->files[i];
    }
    TRY(view_over(w, view_name(w->s->arena, span->table), span->node, files, n, e));
out:
    return rc;
}

static enum rc fill_older(struct model_work *w, const char *catalog, struct err *e)
{
    enum rc rc;
    struct step *s = w->s;
    char *names = name_list(s->arena, "", s->table->key, s->table->n_key);
    if (s->table->n_key > 1) names = arena_printf(s->arena, "(%s)", names);
    for (size_t i = 0; i < s->n_inputs; i++) TRY(older_view(w, &s->spans[i], e));
    TRY(session_execf(w->session, e, "CREATE VIEW %s.main.__model AS %s", catalog, w->sql));
    TRY(session_execf(w->session, e,
                      "CREATE OR REPLACE TEMP TABLE __older_model AS SELECT * FROM __model m WHERE (%s) IN "
                      "(SELECT %s FROM __candidates)",
                      key_expressions(w), names));
out:
    return rc;
}

enum rc model_open_older(struct model_work *w, struct err *e)
{
    char *catalog = arena_printf(w->s->arena, "older_%zu", w->s->node);
    struct err ignored = {0};
    enum rc rc = make_catalog(w, catalog, e);
    if (rc == RC_OK) rc = fill_older(w, catalog, e);
    w->failed_on_value = rc != RC_OK && session_failed_on_value(w->session);
    if (session_execf(w->session, rc == RC_OK ? e : &ignored, "USE %s; DETACH DATABASE IF EXISTS %s", w->catalog,
                      catalog) != RC_OK &&
        rc == RC_OK)
        rc = e->rc;
    return rc;
}

/* --- checks and counts -------------------------------------------------------------------------------------------- */

enum rc model_create_own_view(struct model_work *w, struct err *e)
{
    struct step *s = w->s;
    char *relation;
    enum rc rc = step_relation(s, s->pinned->dir, s->after->files, s->after->n_files, s->columns, s->n_columns, false,
                               &relation, e);
    if (rc != RC_OK) return rc;
    return session_execf(w->session, e, "CREATE OR REPLACE VIEW %s AS %s", view_name(s->arena, s->table->name),
                         relation);
}

enum rc model_check(struct model_work *w, const struct check *check, struct err *e)
{
    char *failure;
    enum rc rc = check_run(w->s->arena, w->session, check, view_name(w->s->arena, w->s->table->name), &failure, e);
    if (rc == RC_OK && failure)
        rc = err_set(e, RC_DATA, "%s: %s (%s:%d:%d)", w->s->table->name, failure, check->pos.file, check->pos.line,
                     check->pos.column);
    return rc;
}

static enum rc count_rows(struct model_work *w, size_t node, const struct delta_file *files, size_t n, int64_t *ret,
                          struct err *e)
{
    *ret = 0;
    bool known = true;
    for (size_t i = 0; i < n; i++) {
        known = known && files[i].records >= 0;
        *ret += files[i].records - files[i].deleted;
    }
    if (known) return RC_OK;
    struct delta_snapshot *input;
    char *relation;
    enum rc rc = step_input_snapshot(w->s, node, &input, e);
    if (rc == RC_OK)
        rc = step_relation(w->s, w->s->lake->tables[node].dir, files, n, input->columns, input->n_columns, false,
                           &relation, e);
    if (rc != RC_OK) return rc;
    return session_query_int(w->session, ret, e, "SELECT count(*) FROM (%s)", relation);
}

enum rc model_count_read(struct model_work *w, struct err *e)
{
    enum rc rc = RC_OK;
    struct step *s = w->s;
    struct account *acc = &s->account;
    acc->read = ARENA_ARRAY(s->arena, struct account_read, s->n_inputs + 1);
    for (size_t i = 0; i < s->n_inputs; i++) {
        const struct input_span *span = &s->spans[i];
        struct delta_snapshot *input;
        TRY(step_input_snapshot(s, span->node, &input, e));
        bool added = reads_added_only(s, span);
        acc->read[acc->n_read].table = span->table;
        TRY(count_rows(w, span->node, added ? span->added : input->files, added ? span->n_added : input->n_files,
                       &acc->read[acc->n_read++].rows, e));
    }
out:
    return rc;
}
