#include "quality/contract.h"

#include "base/text.h"
#include "quality/cast.h"
#include "quality/expression.h"

#include <string.h>

/* One contract on its way to a judgement. */
struct judge {
    struct arena *a;
    const struct table *table;
    const struct parent_relation *parents;
    size_t n_parents;
    const char **names; /* output columns */
    struct judgement *j;
    int n_warnings;
    struct err *e;
};

#define PROBLEM(j, at, ...) problem((j), (at), arena_printf((j)->a, __VA_ARGS__))
static enum rc problem(const struct judge *j, struct pos at, const char *why)
{
    if (!at.file) at = j->table->pos;
    return err_set(j->e, RC_PROJECT, "%s:%d:%d: %s: %s", at.file ? at.file : j->table->name, at.line, at.column,
                   j->table->name, why);
}

static struct judged_column *find_column(const struct judgement *j, const char *name)
{
    for (size_t i = 0; i < j->n_columns; i++)
        if (compare_names(j->columns[i].name, name) == 0) return &j->columns[i];
    return NULL;
}

static const struct column_contract *find_contract(const struct table *t, const char *name)
{
    for (size_t i = 0; i < t->n_columns; i++)
        if (compare_names(t->columns[i].name, name) == 0) return &t->columns[i];
    return NULL;
}

static enum rc no_such_column(const struct judge *j, struct pos at, const char *what, const char *name)
{
    const char *near = did_you_mean(name, j->names, j->j->n_columns);
    return near ? PROBLEM(j, at, "%s '%s' is not among the columns that the SELECT yields; did you mean '%s'?", what,
                          name, near)
                : PROBLEM(j, at, "%s '%s' is not among the columns that the SELECT yields", what, name);
}

/* --- columns
 * ----------------------------------------------------------------------------------------------------- */

static enum rc type_contracted(struct judge *j, const struct column_contract *c, const struct described_column *d,
                               const char *raw, struct judged_column *out)
{
    struct contract_type type;
    struct err reason = {0};
    if (contract_type_parse(j->a, c->type, &type, &reason) != RC_OK)
        return PROBLEM(j, c->pos, "column %s: %s", c->name, reason.message);
    char *source = arena_printf(j->a, "m.%s", sql_name(j->a, d->name));
    struct cast cast = cast_to(j->a, &type, d->type, source, c->lenient);
    out->contracted = true;
    out->typed = cast.expression;
    out->type = type.engine;
    out->raw = strcmp(cast.expression, source) == 0 ? NULL : raw;
    out->stored = type.stored;
    out->delta.type = type.delta;
    out->delta.nullable = !c->not_null;
    out->delta.comment = c->description;
    return RC_OK;
}

static enum rc add_column(struct judge *j, const struct described_column *d)
{
    struct judged_column *out = ARENA_PUSH(j->a, j->j->columns, j->j->n_columns);
    const char *raw = arena_printf(j->a, "__raw_%zu", j->j->n_columns);
    const struct column_contract *c = find_contract(j->table, d->name);
    out->name = d->name;
    out->delta = (struct delta_column){.name = d->name, .type = d->delta_type, .nullable = true, .nested = d->nested};
    out->typed = arena_printf(j->a, "m.%s", sql_name(j->a, d->name));
    out->type = d->type;
    out->stored = d->cast_to;
    enum rc rc = c ? type_contracted(j, c, d, raw, out) : RC_OK;
    out->expression = out->stored ? arena_printf(j->a, "CAST(%s AS %s)", out->typed, out->stored) : out->typed;
    return rc;
}

static bool is_carried(const char *name)
{
    return strncmp(name, "__in_", 5) == 0;
}

static enum rc add_columns(struct judge *j, const struct described_column *described, size_t n)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(described[i].name, "__error") == 0) j->j->guarded = true;
        if (is_carried(described[i].name) || strcmp(described[i].name, "__error") == 0) continue;
        if (find_column(j->j, described[i].name))
            return PROBLEM(j, j->table->pos, "the SELECT yields two columns called '%s'; give one another name with AS",
                           described[i].name);
        TRY(add_column(j, &described[i]));
    }
    if (!j->j->n_columns) return PROBLEM(j, j->table->pos, "the SELECT yields no columns");
    j->names = ARENA_ARRAY(j->a, const char *, j->j->n_columns);
    for (size_t i = 0; i < j->j->n_columns; i++) j->names[i] = j->j->columns[i].name;
    for (size_t i = 0; i < j->table->n_columns; i++)
        if (!find_column(j->j, j->table->columns[i].name))
            return no_such_column(j, j->table->columns[i].pos, "contracted column", j->table->columns[i].name);
out:
    return rc;
}

/* --- tests
 * ------------------------------------------------------------------------------------------------------- */

static char *literal(const struct judge *j, const char *text)
{
    return sql_string(j->a, text);
}

/* How a value looks in a reason: texts in quotes, cut at 100 characters. */
static char *shown(const struct judge *j, const char *sql, bool text)
{
    char *value = arena_printf(j->a, "CAST(%s AS VARCHAR)", sql);
    char *cut =
        arena_printf(j->a, "CASE WHEN length(%s) > 100 THEN left(%s, 100) || '…' ELSE %s END", value, value, value);
    return text ? arena_printf(j->a, "'''' || %s || ''''", cut) : arena_printf(j->a, "coalesce(%s, 'NULL')", cut);
}

static char *value_text(const struct judge *j, const char *sql)
{
    return arena_printf(j->a, "left(CAST(%s AS VARCHAR), 1000)", sql);
}

static struct judged_test *add_test(struct judge *j, const char *rule, const char *column, const char *fails)
{
    struct judged_test *t = ARENA_PUSH(j->a, j->j->tests, j->j->n_tests);
    *t = (struct judged_test){.rule = rule, .column = column, .fails = fails, .action = RULE_QUARANTINE, .warning = -1};
    return t;
}

static void test_error(struct judge *j)
{
    struct judged_test *t = add_test(j, "expression error", NULL, "t.\"__error\" IS NOT NULL");
    t->value = "t.\"__error\"";
    t->value_is_column = true;
    t->reason = "t.\"__error\" || ': its expression raises an error for this row'";
}

/* The raw column at level t. */
static char *raw_of(const struct judge *j, const struct judged_column *c)
{
    return arena_printf(j->a, "t.%s", sql_name(j->a, c->raw ? c->raw : c->name));
}

static void test_cast(struct judge *j, const struct judged_column *c, const struct described_column *d,
                      const struct column_contract *contract)
{
    struct contract_type type;
    if (contract_type_parse(j->a, contract->type, &type, NULL) != RC_OK) return;
    char *raw = raw_of(j, c), *typed = arena_printf(j->a, "t.%s", sql_name(j->a, c->name));
    bool may_fail = cast_to(j->a, &type, d->type, "x", contract->lenient).may_fail;
    if (!may_fail && !type.length) return;
    char *fails = may_fail ? arena_printf(j->a, "(%s IS NOT NULL AND %s IS NULL)", raw, typed)
                           : arena_printf(j->a, "coalesce(length(%s) > %d, false)", typed, type.length);
    struct judged_test *t = add_test(j, arena_printf(j->a, "%s: %s", c->name, type.name), c->name, fails);
    t->value = value_text(j, raw);
    char *tail = may_fail ? literal(j, arena_printf(j->a, " is not %s", type.name))
                          : arena_printf(j->a, "' is longer than %d characters'", type.length);
    t->reason = arena_printf(j->a, "%s || %s || %s", literal(j, arena_printf(j->a, "%s: ", c->name)),
                             shown(j, raw, is_text_type(d->type)), tail);
}

static void test_not_null(struct judge *j, const struct judged_column *c, const char *rule, const char *prefix)
{
    struct judged_test *t = add_test(j, rule, c->name, arena_printf(j->a, "(%s IS NULL)", raw_of(j, c)));
    t->reason = literal(j, arena_printf(j->a, "%s%s is null", prefix, c->name));
}

/* The user's boolean over one row; now() becomes the clock. TIMESTAMP columns are compared with a TIMESTAMP:
 * a comparison across the two kinds costs a calendar computation for each row. */
static enum rc read_judging(struct judge *j, const char *text, struct pos pos, const char *what, const char **ret)
{
    struct expression_clock clock = {"t.\"__clock\"", "t.\"__clock_local\"", j->names, j->j->n_columns};
    bool zoned = false, plain = false;
    for (size_t i = 0; i < j->j->n_columns; i++) {
        const struct judged_column *c = &j->j->columns[i];
        if (strcmp(c->type, "TIMESTAMP WITH TIME ZONE") != 0 && strcmp(c->type, "TIMESTAMP") != 0) continue;
        if (!expression_mentions(j->a, text, c->name)) continue;
        if (strcmp(c->type, "TIMESTAMP") == 0) plain = true;
        else zoned = true;
    }
    if (plain && !zoned) clock.timestamp = clock.local;
    struct expression x;
    if (!pos.file) pos = j->table->pos;
    if (!pos.file) pos.file = j->table->name;
    enum rc rc = expression_read(j->a, text, pos, what, true, &clock, &x, j->e);
    if (rc != RC_OK) return rc;
    if (x.uses_clock) j->j->uses_clock = true;
    /* NULL passes; TRY turns an error into NULL, which then fails. */
    *ret = arena_printf(j->a, "TRY(coalesce((%s), true))", x.sql);
    return RC_OK;
}

/* reason: "<head> fails<tail>", or "<head> raises an error<tail>". */
static void set_judging(const struct judge *j, struct judged_test *t, const char *judging, const char *head,
                        const char *tail)
{
    t->fails = arena_printf(j->a, "(%s IS NOT TRUE)", judging);
    t->reason = arena_printf(j->a, "%s || CASE WHEN %s IS NULL THEN ' raises an error' ELSE ' fails' END%s",
                             literal(j, head), judging, tail);
}

static enum rc test_check(struct judge *j, const struct judged_column *c, const struct column_contract *contract)
{
    const char *judging;
    enum rc rc =
        read_judging(j, contract->check, contract->pos, arena_printf(j->a, "check of column %s", c->name), &judging);
    if (rc != RC_OK) return rc;
    char *typed = arena_printf(j->a, "t.%s", sql_name(j->a, c->name));
    struct judged_test *t = add_test(j, arena_printf(j->a, "%s: check", c->name), c->name, NULL);
    set_judging(j, t, judging, arena_printf(j->a, "%s: check (%s)", c->name, contract->check),
                arena_printf(j->a, " || ' for ' || %s", shown(j, typed, false)));
    if (is_text_type(c->type))
        set_judging(j, t, judging, arena_printf(j->a, "%s: check (%s)", c->name, contract->check),
                    arena_printf(j->a, " || ' for ' || coalesce(%s, 'NULL')", shown(j, typed, true)));
    t->value = value_text(j, typed);
    return RC_OK;
}

static enum rc test_rule(struct judge *j, const struct rule *r)
{
    const char *judging;
    enum rc rc = read_judging(j, r->expression, r->pos, arena_printf(j->a, "rule %s", r->name), &judging);
    if (rc != RC_OK) return rc;
    struct judged_test *t = add_test(j, r->name, NULL, NULL);
    set_judging(j, t, judging, arena_printf(j->a, "%s: %s", r->name, r->expression), "");
    t->action = r->action;
    if (r->action == RULE_WARN) {
        if (j->n_warnings == JUDGEMENT_WARNINGS_MAX)
            return PROBLEM(j, r->pos, "more than %d rules that warn", JUDGEMENT_WARNINGS_MAX);
        t->warning = j->n_warnings++;
    }
    const struct judged_column *only = NULL;
    int mentioned = 0;
    for (size_t i = 0; i < j->j->n_columns; i++) {
        if (!expression_mentions(j->a, r->expression, j->j->columns[i].name)) continue;
        only = &j->j->columns[i];
        mentioned++;
    }
    if (mentioned == 1) {
        t->column = only->name;
        t->value = value_text(j, arena_printf(j->a, "t.%s", sql_name(j->a, only->name)));
    }
    return RC_OK;
}

/* --- references
 * -------------------------------------------------------------------------------------------------- */

static enum rc find_parent(const struct judge *j, const struct reference *r, const struct parent_relation **ret,
                           const char *const **ret_columns)
{
    for (size_t i = 0; i < j->n_parents; i++) {
        if (compare_names(j->parents[i].table, r->table) != 0) continue;
        const struct parent_relation *p = &j->parents[i];
        size_t n = r->n_parent_columns ? r->n_parent_columns : p->n_key;
        if (n == 0)
            return PROBLEM(j, r->pos, "references %s, which has no key; name its columns: references %s(…)", r->table,
                           r->table);
        if (n != r->n_columns)
            return PROBLEM(j, r->pos, "%zu column%s cannot reference %zu column%s of %s", r->n_columns,
                           r->n_columns == 1 ? "" : "s", n, n == 1 ? "" : "s", r->table);
        *ret = p;
        *ret_columns = r->n_parent_columns ? r->parent_columns : p->key;
        return RC_OK;
    }
    return PROBLEM(j, r->pos, "references %s, which is not a table of the project", r->table);
}

/* "(t.a IS NULL OR (t.a, t.b) IN (SELECT x, y FROM parent))": one hash join that marks rows. */
static char *parent_exists(const struct judge *j, const struct reference *r, const struct parent_relation *p,
                           const char *const *parent_columns)
{
    struct buf *nulls = buf_new(j->a, BUF_DEFAULT_MAX), *mine = buf_new(j->a, BUF_DEFAULT_MAX),
               *theirs = buf_new(j->a, BUF_DEFAULT_MAX), *there = buf_new(j->a, BUF_DEFAULT_MAX);
    for (size_t i = 0; i < r->n_columns; i++) {
        const char *column = sql_name(j->a, find_column(j->j, r->columns[i])->name);
        const char *parent = sql_name(j->a, parent_columns[i]);
        buf_printf(nulls, "t.%s IS NULL OR ", column);
        buf_printf(mine, "%st.%s", i ? ", " : "", column);
        buf_printf(theirs, "%sp.%s", i ? ", " : "", parent);
        buf_printf(there, "%sp.%s IS NOT NULL", i ? " AND " : "", parent);
    }
    return arena_printf(j->a, "(%s(%s) IN (SELECT %s FROM %s AS p WHERE %s))", nulls->p, mine->p, theirs->p,
                        p->relation, there->p);
}

static enum rc test_reference(struct judge *j, const struct reference *r)
{
    const struct parent_relation *p = NULL;
    const char *const *parent_columns = NULL;
    enum rc rc = find_parent(j, r, &p, &parent_columns);
    if (rc != RC_OK) return rc;
    struct buf *names = buf_new(j->a, BUF_DEFAULT_MAX), *with = buf_new(j->a, BUF_DEFAULT_MAX);
    for (size_t i = 0; i < r->n_columns; i++) {
        const struct judged_column *c = find_column(j->j, r->columns[i]);
        if (!c) return no_such_column(j, r->pos, "referencing column", r->columns[i]);
        buf_printf(names, "%s%s", i ? ", " : "", c->name);
        buf_printf(with, " || %s || %s", literal(j, arena_printf(j->a, "%s%s = ", i ? ", " : "", parent_columns[i])),
                   shown(j, arena_printf(j->a, "t.%s", sql_name(j->a, c->name)), is_text_type(c->type)));
    }
    size_t index = j->j->n_parents;
    const char **sql = ARENA_PUSH(j->a, j->j->parents, j->j->n_parents);
    *sql = parent_exists(j, r, p, parent_columns);
    bool own_name = r->rule && *r->rule && find_column(j->j, r->rule) == NULL;
    const char *rule = own_name ? r->rule : arena_printf(j->a, "%s: references %s", names->p, r->table);
    const char *column = r->n_columns == 1 ? find_column(j->j, r->columns[0])->name : NULL;
    struct judged_test *t = add_test(j, rule, column, arena_printf(j->a, "(t.\"__parent_%zu\" IS FALSE)", index));
    if (column) t->value = value_text(j, arena_printf(j->a, "t.%s", sql_name(j->a, column)));
    t->reason =
        arena_printf(j->a, "%s%s", literal(j, arena_printf(j->a, "%s: no %s with ", names->p, r->table)), with->p);
    return RC_OK;
}

/* A reference that stands in a column's contract is judged with that column, those on rule lines among the rules. */
static bool belongs_to(const struct reference *r, const struct column_contract *c)
{
    return r->n_columns == 1 && compare_names(r->columns[0], c->name) == 0 &&
           (!r->rule || compare_names(r->rule, c->name) == 0);
}

static bool is_column_reference(const struct judge *j, const struct reference *r)
{
    for (size_t i = 0; i < j->table->n_columns; i++)
        if (belongs_to(r, &j->table->columns[i])) return true;
    return false;
}

/* --- all tests, in order
 * ----------------------------------------------------------------------------------------- */

static const struct described_column *find_described(const struct described_column *d, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (compare_names(d[i].name, name) == 0) return &d[i];
    return NULL;
}

static enum rc test_columns(struct judge *j, const struct described_column *described, size_t n)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; i < j->table->n_columns; i++) {
        const struct column_contract *contract = &j->table->columns[i];
        const struct judged_column *c = find_column(j->j, contract->name);
        test_cast(j, c, find_described(described, n, contract->name), contract);
        if (contract->not_null) test_not_null(j, c, arena_printf(j->a, "%s: not null", c->name), "");
        if (contract->check) TRY(test_check(j, c, contract));
        for (size_t k = 0; k < j->table->n_references; k++)
            if (belongs_to(&j->table->references[k], contract)) TRY(test_reference(j, &j->table->references[k]));
    }
out:
    return rc;
}

static enum rc test_key(struct judge *j)
{
    for (size_t i = 0; i < j->table->n_key; i++) {
        const struct judged_column *c = find_column(j->j, j->table->key[i]);
        if (!c) return no_such_column(j, j->table->pos, "key column", j->table->key[i]);
        const struct column_contract *contract = find_contract(j->table, c->name);
        if (!contract || !contract->not_null) test_not_null(j, c, "key: not null", "key: ");
    }
    return RC_OK;
}

static enum rc check_latest(const struct judge *j)
{
    const char *latest = j->table->latest;
    if (!latest) return RC_OK;
    if (!find_column(j->j, latest)) return no_such_column(j, j->table->pos, "latest", latest);
    const struct column_contract *contract = find_contract(j->table, latest);
    if (!contract)
        return PROBLEM(j, j->table->pos, "latest: %s needs a type under columns, so that it is known how it orders",
                       latest);
    struct contract_type type;
    if (contract_type_parse(j->a, contract->type, &type, NULL) == RC_OK && !type.ordered)
        return PROBLEM(j, contract->pos, "latest: %s is %s, which has no order", latest, type.name);
    return RC_OK;
}

static enum rc test_rules(struct judge *j)
{
    enum rc rc = RC_OK;
    size_t next = 0; /* references on rule lines stand between the rules */
    for (size_t i = 0; i <= j->table->n_rules; i++) {
        for (; next < j->table->n_references; next++) {
            const struct reference *r = &j->table->references[next];
            if (is_column_reference(j, r)) continue;
            if (i < j->table->n_rules && r->pos.line > j->table->rules[i].pos.line) break;
            TRY(test_reference(j, r));
        }
        if (i < j->table->n_rules) TRY(test_rule(j, &j->table->rules[i]));
    }
out:
    return rc;
}

enum rc contract_judge(struct arena *a, const struct table *table, const struct described_column *described,
                       size_t n_described, const struct parent_relation *parents, size_t n_parents, const char *clock,
                       struct judgement **ret, struct err *e)
{
    enum rc rc = RC_OK;
    struct judge j = {.a = a, .table = table, .parents = parents, .n_parents = n_parents, .e = e};
    j.j = ARENA_NEW(a, struct judgement);
    j.j->clock = clock ? arena_printf(a, "CAST(%s AS TIMESTAMP WITH TIME ZONE)", clock) : "now()";
    TRY(add_columns(&j, described, n_described));
    TRY(check_latest(&j));
    if (j.j->guarded) test_error(&j);
    TRY(test_columns(&j, described, n_described));
    TRY(test_key(&j));
    TRY(test_rules(&j));
    *ret = j.j;
out:
    return rc;
}
