/* From a contract to its tests: names, order, actions, and what is wrong with a contract. */
#include "fixture.h"

#include "quality/check.h"

/* In place of source/refused.c. */
void refused_add(struct refused_sink *s, const struct refused *r)
{
    (void)s;
    (void)r;
}

static struct pos at(int line)
{
    return (struct pos){"silver/t.sql", line, 1};
}

static const struct described_column described[] = {
    {.name = "a", .type = "VARCHAR", .delta_type = "string"},
    {.name = "B", .type = "DOUBLE", .delta_type = "double"},
    {.name = "day", .type = "DATE", .delta_type = "date"},
    {.name = "at", .type = "TIME", .delta_type = "string", .cast_to = "VARCHAR"},
    {.name = "__in__file", .type = "VARCHAR", .delta_type = "string"},
};
#define N_DESCRIBED (sizeof described / sizeof *described)

static enum rc judge(struct fixture *f, const struct table *t, struct judgement **ret)
{
    static const char *parent_key[] = {"x", "y"};
    static const struct parent_relation parents[] = {{"silver.parents", "parents", parent_key, 2}};
    return contract_judge(f->a, t, described, N_DESCRIBED, parents, 1, NULL, ret, &f->e);
}

static void expect_problem(struct fixture *f, const struct table *t, const char *message)
{
    struct judgement *j;
    assert_int_equal(judge(f, t, &j), RC_PROJECT);
    if (!strstr(f->e.message, message)) fail_msg("%s", f->e.message);
}

static void test_order(void **state)
{
    struct fixture *f = *state;
    static const char *key[] = {"DAY", "a"}, *b[] = {"b"}, *pair[] = {"a", "b"}, *x[] = {"x"};
    struct column_contract columns[] = {
        {.name = "b", .type = "bigint", .check = "b > 0", .not_null = true, .pos = at(3)},
        {.name = "a", .type = "varchar(3)", .not_null = true, .description = "an a", .pos = at(4)}};
    struct reference references[] = {{"silver.parents", b, 1, x, 1, "b", at(3)},
                                     {"silver.parents", pair, 2, NULL, 0, "pair", at(8)}};
    struct rule rules[] = {{"first", "day < today()", RULE_DROP, at(7)},
                           {"last", "a <> 'x'", RULE_WARN, at(9)},
                           {"stop", "b <> 3", RULE_FAIL, at(10)}};
    struct table t = {.name = "silver.t",
                      .pos = at(1),
                      .key = key,
                      .n_key = 2,
                      .columns = columns,
                      .n_columns = 2,
                      .references = references,
                      .n_references = 2,
                      .rules = rules,
                      .n_rules = 3};
    struct judgement *j;
    OK(f, judge(f, &t, &j));
    static const char *const order[] = {"B: bigint",     "B: not null", "B: check",      "B: references silver.parents",
                                        "a: varchar(3)", "a: not null", "key: not null", "first",
                                        "pair",          "last",        "stop"};
    assert_int_equal(j->n_tests, sizeof order / sizeof *order);
    for (size_t i = 0; i < j->n_tests; i++) assert_string_equal(j->tests[i].rule, order[i]);
    assert_string_equal(j->tests[6].column, "day");
    assert_int_equal(j->tests[7].action, RULE_DROP);
    assert_int_equal(j->tests[9].warning, 0);
    assert_int_equal(j->n_columns, 4);
    assert_string_equal(j->columns[1].delta.type, "long");
    assert_false(j->columns[1].delta.nullable);
    assert_string_equal(j->columns[0].delta.comment, "an a");
    assert_string_equal(j->columns[3].expression, "CAST(m.\"at\" AS VARCHAR)");
    assert_true(j->uses_clock);

    fixture_exec(f, "CREATE OR REPLACE TABLE parents AS SELECT 5.0::DOUBLE AS x, 5 AS y, 'abc' AS z");
    fixture_exec(f, "CREATE OR REPLACE TABLE m AS SELECT a, b AS \"B\", day::DATE AS day, TIME '01:02:03' AS "
                    "at, 'f' AS __in__file FROM (VALUES "
                    "('abc', 5::DOUBLE, '2020-01-01'), ('abcd', 5, '2020-01-01'), ('abc', 5.5, "
                    "'2020-01-01'), ('abc', 6, '2020-01-01'), "
                    "(NULL, 5, '2020-01-01'), ('abc', 5, NULL), ('abc', 5, '2999-01-01'), ('x', 5, "
                    "'2020-01-01'), ('abc', -1, '2020-01-01')) v(a, b, day)");
    references[1].parent_columns = (const char *[]){"z", "y"};
    references[1].n_parent_columns = 2;
    OK(f, judge(f, &t, &j));
    OK(f, contract_bind(f->a, f->s, &t, j, &f->e));
    const char *fates =
        fixture_text(f, arena_printf(f->a,
                                     "SELECT string_agg(__fate || '/' || __warned, ' ' ORDER BY r) FROM "
                                     "(SELECT *, row_number() OVER () AS r FROM (%s))",
                                     judged_select(f->a, j, "m", NULL, 0)));
    assert_string_equal(fates, "0/0 5/0 1/0 4/0 6/0 7/0 8/0 9/1 3/0");
}

static void test_problems(void **state)
{
    struct fixture *f = *state;
    static const char *key[] = {"aa"}, *day[] = {"day"};
    struct table t = {.name = "silver.t", .pos = at(1), .key = key, .n_key = 1};
    expect_problem(f, &t,
                   "silver/t.sql:1:1: silver.t: key column 'aa' is not among the columns that the SELECT "
                   "yields; did you mean 'a'?");
    t.n_key = 0;
    struct column_contract column = {.name = "zzz", .type = "bigint", .pos = at(5)};
    t.columns = &column;
    t.n_columns = 1;
    expect_problem(f, &t, "silver/t.sql:5:1: silver.t: contracted column 'zzz' is not among");
    column = (struct column_contract){.name = "a", .type = "decimal(50,2)", .pos = at(5)};
    expect_problem(f, &t, "silver/t.sql:5:1: silver.t: column a: decimal(50,2) cannot be");
    column = (struct column_contract){.name = "a", .type = "json", .pos = at(5)};
    t.latest = "a";
    expect_problem(f, &t, "latest: a is json, which has no order");
    t.latest = "day";
    expect_problem(f, &t, "latest: day needs a type");
    t.latest = NULL;
    struct reference r = {"silver.parents", day, 1, NULL, 0, NULL, at(6)};
    t.references = &r;
    t.n_references = 1;
    expect_problem(f, &t, "silver/t.sql:6:1: silver.t: 1 column cannot reference 2 columns of silver.parents");
    r.table = "silver.nobody";
    expect_problem(f, &t, "which is not a table of the project");
    t.n_references = 0;
    struct rule rule = {"most", "sum(b) > 1", RULE_QUARANTINE, at(7)};
    t.rules = &rule;
    t.n_rules = 1;
    expect_problem(f, &t, "silver/t.sql:7:1: rule most judges one row at a time and cannot have the aggregate sum()");
}

static void expect_unbound(struct fixture *f, const struct table *t, const char *message)
{
    struct judgement *j;
    OK(f, judge(f, t, &j));
    assert_int_equal(contract_bind(f->a, f->s, t, j, &f->e), RC_PROJECT);
    if (!strstr(f->e.message, message)) fail_msg("%s", f->e.message);
}

static void test_bind(void **state)
{
    struct fixture *f = *state;
    struct rule rule = {"r", "b + 1", RULE_QUARANTINE, at(7)};
    struct table t = {.name = "silver.t", .pos = at(1), .rules = &rule, .n_rules = 1};
    expect_unbound(f, &t, "silver/t.sql:7:1: rule r: b + 1 yields DOUBLE; it must say true or false");
    rule.expression = "nothing > 1";
    expect_unbound(f, &t, "silver/t.sql:7:1: rule r: nothing > 1:");
    struct check check = {.expression = "count(*) + 1", .pos = at(9)};
    t.n_rules = 0;
    t.checks = &check;
    t.n_checks = 1;
    expect_unbound(f, &t, "silver/t.sql:9:1: check: count(*) + 1 yields");
}

static char *check_failure(struct fixture *f, struct check c)
{
    char *failure;
    OK(f, check_run(f->a, f->s, &c, "staged", &failure, &f->e));
    return failure;
}

static void test_checks(void **state)
{
    struct fixture *f = *state;
    fixture_exec(f, "CREATE OR REPLACE TABLE staged AS SELECT i AS id FROM range(5) x(i)");
    assert_null(check_failure(f, (struct check){.expression = "count(*) > 0 and bool_and(id >= 0) -- all"}));
    assert_null(check_failure(f, (struct check){.expression = "max(id) filter (id > 100) < 5"})); /* NULL passes */
    assert_string_equal(check_failure(f, (struct check){.expression = "max(id) < 4"}), "check max(id) < 4 fails");
    assert_null(check_failure(f, (struct check){.name = "none", .sql = "select * from staged where id > 10; -- no"}));
    assert_string_equal(
        check_failure(f, (struct check){.name = "small",
                                        .sql = "select id, NULL as n from staged where id < 4 order by id -- x\n;\n"}),
        "check small finds rows that should not be there: id=0, n=NULL; id=1, n=NULL; id=2, n=NULL; and "
        "more");
    char *failure;
    struct check rowwise = {.expression = "id >= 0", .pos = at(9)};
    assert_int_equal(check_run(f->a, f->s, &rowwise, "staged", &failure, &f->e), RC_PROJECT);
    assert_non_null(strstr(f->e.message, "does not yield one boolean"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order), cmocka_unit_test(test_problems),
                                       cmocka_unit_test(test_bind), cmocka_unit_test(test_checks)};
    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
