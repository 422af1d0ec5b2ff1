/* Rows are refused exactly once, whatever stands around the SELECT, and the counts are those of an independent query. */
#include "fixture.h"

#include "base/os.h"

#include <pthread.h>

/* In place of source/refused.c: counts what it is given and keeps the first entries. */
#define KEPT 16
struct refused_sink {
    pthread_mutex_t lock;
    int64_t n, sum_of_rows;
    char *reasons[KEPT], *reason[KEPT], *rule[KEPT], *json[KEPT], *column[KEPT], *value[KEPT], *file[KEPT];
    int64_t row[KEPT], load[KEPT];
    unsigned char *seen; /* by _row: how often */
};

static char *copy(struct str s)
{
    return s.p ? strndup(s.p, s.n) : strdup("NULL");
}

void refused_add(struct refused_sink *s, const struct refused *r)
{
    pthread_mutex_lock(&s->lock);
    if (s->seen && r->row >= 0) s->seen[r->row]++;
    if (s->n < KEPT) {
        s->reasons[s->n] = copy(r->reasons);
        s->reason[s->n] = copy(r->reason);
        s->rule[s->n] = copy(r->rule);
        s->json[s->n] = copy(r->row_json);
        s->column[s->n] = copy(r->column);
        s->value[s->n] = copy(r->value);
        s->file[s->n] = copy(r->file);
        s->row[s->n] = r->row;
        s->load[s->n] = r->load;
    }
    s->n++;
    s->sum_of_rows += r->row;
    pthread_mutex_unlock(&s->lock);
}

static struct refused_sink *sink_new(size_t rows)
{
    struct refused_sink *s = calloc(1, sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    if (rows) s->seen = calloc(rows, 1);
    return s;
}

static void sink_free(struct refused_sink *s)
{
    for (int64_t i = 0; i < s->n && i < KEPT; i++) {
        free(s->reasons[i]);
        free(s->reason[i]);
        free(s->rule[i]);
        free(s->json[i]);
        free(s->column[i]);
        free(s->value[i]);
        free(s->file[i]);
    }
    free(s->seen);
    free(s);
}

/* --- the table under test ---------------------------------------------------------------------------------------- */

static const char *key[] = {"order_id"};
static const char *parent_key[] = {"customer_id"};
static const char *customer[] = {"customer_id"};
static struct column_contract columns[] = {
    {.name = "order_id", .type = "bigint", .not_null = true, .pos = {"silver/orders.sql", 2, 1}},
    {.name = "ordered_at", .type = "timestamp", .not_null = true, .pos = {"silver/orders.sql", 3, 1}},
    {.name = "customer_id", .type = "bigint", .pos = {"silver/orders.sql", 4, 1}},
    {.name = "amount", .type = "decimal(12,2)", .check = "amount >= 0", .pos = {"silver/orders.sql", 5, 1}},
};
static struct reference references[] = {
    {.table = "silver.customers", .columns = customer, .n_columns = 1, .pos = {"silver/orders.sql", 4, 1}}};
static struct rule rules[] = {
    {"not_from_the_future", "ordered_at <= now()", RULE_QUARANTINE, {"silver/orders.sql", 7, 3}},
    {"no_tests", "country <> 'XX'", RULE_DROP, {"silver/orders.sql", 8, 3}},
    {"cheap", "amount < 900", RULE_WARN, {"silver/orders.sql", 9, 3}},
    {"known_country", "country <> 'YY'", RULE_FAIL, {"silver/orders.sql", 10, 3}},
    {"divides",
     "1000 // (amount - 7)::int > -100000 and 'abc'::varchar < 'x' and "
     "(case when amount = 8 then country else '1' end)::int > 0",
     RULE_QUARANTINE,
     {"silver/orders.sql", 11, 3}},
};
static const struct table orders = {.name = "silver.orders",
                                    .stem = "orders",
                                    .layer = LAYER_SILVER,
                                    .file = "silver/orders.sql",
                                    .pos = {"silver/orders.sql", 1, 1},
                                    .key = key,
                                    .n_key = 1,
                                    .columns = columns,
                                    .n_columns = 4,
                                    .references = references,
                                    .n_references = 1,
                                    .rules = rules,
                                    .n_rules = 5};
static const struct parent_relation parents[] = {{"silver.customers", "customers", parent_key, 1}};
static const char *const carry[] = {"__in__file", "__in__row", "__in__load", "__in__loaded_at", "__in_amount"};

/* n rows with known defects. */
static void make_rows(struct fixture *f, int64_t n)
{
    fixture_exec(f, "CREATE OR REPLACE TABLE customers AS SELECT i::BIGINT AS customer_id FROM range(90) x(i)");
    char *sql = arena_printf(
        f->a,
        "CREATE OR REPLACE TABLE m AS SELECT CASE WHEN i %% 101 = 0 THEN NULL ELSE i::VARCHAR END AS "
        "order_id, "
        "CASE WHEN i %% 97 = 0 THEN '2026-02-30 00:00:00' WHEN i %% 89 = 0 THEN '2031-01-01' "
        "ELSE '2026-01-02 03:04:05' END AS ordered_at, (i %% 100)::VARCHAR AS customer_id, "
        "CASE WHEN i %% 11 = 0 THEN 'n/a' WHEN i %% 13 = 0 THEN '-3.00' ELSE (i %% 1000)::VARCHAR || '.50' "
        "END AS amount, "
        "CASE WHEN i %% 103 = 0 THEN 'XX' WHEN i = 5557 THEN 'YY' ELSE 'DE' END AS country, "
        "'orders-' || (i %% 3) || '.csv' AS __in__file, i AS __in__row, 7::BIGINT AS __in__load, "
        "TIMESTAMPTZ '2026-06-01 00:00:00+00' AS __in__loaded_at, 'raw ' || i AS __in_amount FROM "
        "range(%lld) x(i)",
        (long long)n);
    fixture_exec(f, sql);
}

static struct judgement *judge(struct fixture *f)
{
    struct described_column *described;
    size_t n;
    struct judgement *j;
    OK(f, session_describe(f->a, f->s, "SELECT * FROM m", &described, &n, &f->e));
    OK(f, contract_judge(f->a, &orders, described, n, parents, 1, "m.\"__in__loaded_at\"", &j, &f->e));
    return j;
}

/* The same fates by hand, with the engine's own casts (the data has none that they read differently). */
static const char *by_hand =
    "SELECT __in__row AS r, CASE WHEN order_id IS NULL THEN 'order_id: not null' "
    "WHEN try_cast(ordered_at AS TIMESTAMP) IS NULL THEN 'ordered_at: timestamp' "
    "WHEN customer_id::INT >= 90 THEN 'customer_id: references silver.customers' "
    "WHEN amount = 'n/a' THEN 'amount: decimal(12,2)' WHEN amount = '-3.00' THEN 'amount: check' "
    "WHEN ordered_at >= '2027' THEN 'not_from_the_future' WHEN country = 'XX' THEN 'no_tests' "
    "WHEN country = 'YY' THEN 'known_country' END AS rule, "
    "amount <> 'n/a' AND try_cast(amount AS DOUBLE) >= 900 AS warned FROM m";

static void check_counts(struct fixture *f, const struct judgement *j, const struct refusal_counts *c,
                         const struct refused_sink *sink)
{
    int64_t quarantined = 0;
    for (size_t i = 0; i < j->n_tests; i++) {
        const struct judged_test *t = &j->tests[i];
        const char *where = t->warning >= 0 ? "warned" : arena_printf(f->a, "rule = %s", sql_string(f->a, t->rule));
        int64_t expected = fixture_int(f, arena_printf(f->a, "SELECT count(*) FROM (%s) WHERE %s", by_hand, where));
        if (c->by_test[i] != expected)
            fail_msg("%s: %lld, not %lld", t->rule, (long long)c->by_test[i], (long long)expected);
        if (t->action == RULE_QUARANTINE) quarantined += expected;
    }
    assert_int_equal(c->quarantined, quarantined);
    assert_int_equal(sink->n, quarantined);
    assert_int_equal(c->dropped,
                     fixture_int(f, arena_printf(f->a, "SELECT count(*) FROM (%s) WHERE rule = 'no_tests'", by_hand)));
}

/* Runs `format` with the accepting SELECT in it; every row of m is accepted or refused, once. */
static void run_around(struct fixture *f, int64_t n, const char *format, bool whole)
{
    struct judgement *j = judge(f);
    struct refused_sink *sink = sink_new((size_t)n);
    int64_t handle = refusal_open(f->a, sink, j);
    char *select = judged_accept_select(f->a, j, "m", carry, 4, handle);
    const char *at = strstr(format, "{}");
    char *sql = arena_printf(f->a, "%.*s%s%s", (int)(at - format), format, select, at + 2);
    fixture_exec(f, sql);
    struct refusal_counts c;
    refusal_close(handle, f->a, &c);
    check_counts(f, j, &c, sink);
    for (int64_t i = 0; i < n; i++)
        if (sink->seen[i] > 1) fail_msg("row %lld was refused %d times", (long long)i, sink->seen[i]);
    if (whole) {
        assert_int_equal(fixture_int(f, "SELECT count(*) FROM o") + c.quarantined + c.dropped + c.failed, n);
        assert_int_equal(
            fixture_int(
                f, arena_printf(f->a, "SELECT count(*) FROM (%s) h JOIN o ON o.__in__row = h.r WHERE rule IS NOT NULL",
                                by_hand)),
            0);
    }
    sink_free(sink);
}

static void test_exactly_once(void **state)
{
    struct fixture *f = *state;
    const int64_t n = 1000000;
    make_rows(f, n);
    run_around(f, n, "CREATE OR REPLACE TABLE o AS {}", true);
    run_around(f, n, "CREATE OR REPLACE TABLE o AS SELECT * FROM ({}) ORDER BY amount", true);
    run_around(f, n,
               "CREATE OR REPLACE TABLE o AS SELECT * FROM ({}) QUALIFY row_number() OVER (PARTITION BY "
               "customer_id, __in__row ORDER BY ordered_at DESC) = 1",
               true);
    run_around(f, n,
               "CREATE OR REPLACE TABLE o AS SELECT x.*, c.customer_id AS known FROM ({}) x LEFT JOIN "
               "customers c USING (customer_id)",
               true);
    run_around(f, n, "CREATE OR REPLACE TABLE agg AS SELECT count(*) FROM ({})", false);
    run_around(f, n, "CREATE OR REPLACE TABLE agg AS SELECT customer_id, sum(amount) FROM ({}) GROUP BY ALL", false);
    char *dir;
    OK(f, os_temp_dir(f->a, NULL, &dir, &f->e));
    run_around(f, n, arena_printf(f->a, "COPY ({}) TO '%s/o.parquet' (FORMAT parquet)", dir), false);
    fixture_exec(f, arena_printf(f->a, "COPY m TO '%s/m' (FORMAT parquet, PER_THREAD_OUTPUT)", dir));
    fixture_exec(f, "SET threads = 2");
    run_around(f, n, "CREATE OR REPLACE TABLE o AS {}", true);
    fixture_exec(f, "SET threads = 4");
}

static void test_entries(void **state)
{
    struct fixture *f = *state;
    make_rows(f, 14);
    struct judgement *j = judge(f);
    struct refused_sink *sink = sink_new(0);
    int64_t handle = refusal_open(f->a, sink, j);
    fixture_exec(f, "DELETE FROM m WHERE __in__row NOT IN (11, 13)");
    fixture_exec(f, "UPDATE m SET customer_id = '99' WHERE __in__row = 11");
    fixture_exec(f, "SET threads = 1");
    fixture_exec(f,
                 arena_printf(f->a, "CREATE OR REPLACE TABLE o AS %s",
                              judged_accept_select(f->a, j, "(SELECT * FROM m ORDER BY __in__row)", carry, 5, handle)));
    refusal_close(handle, f->a, NULL);
    fixture_exec(f, "SET threads = 4");
    assert_int_equal(sink->n, 2);
    assert_string_equal(sink->rule[0], "customer_id: references silver.customers");
    assert_string_equal(sink->reason[0], "customer_id: no silver.customers with customer_id = 99");
    assert_string_equal(
        sink->reasons[0],
        "[{\"rule\":\"customer_id: references silver.customers\",\"column\":\"customer_id\",\"value\":\"99\","
        "\"reason\":\"customer_id: no silver.customers with customer_id = 99\"},"
        "{\"rule\":\"amount: decimal(12,2)\",\"column\":\"amount\",\"value\":\"n/a\","
        "\"reason\":\"amount: 'n/a' is not decimal(12,2)\"}]");
    assert_string_equal(sink->json[0], "{\"amount\":\"raw 11\"}");
    assert_string_equal(sink->file[0], "orders-2.csv");
    assert_int_equal(sink->row[0], 11);
    assert_int_equal(sink->load[0], 7);
    assert_string_equal(sink->reason[1], "amount: check (amount >= 0) fails for -3.00");
    assert_string_equal(sink->column[1], "amount");
    assert_string_equal(sink->value[1], "-3.00");
    sink_free(sink);
}

static void test_error_in_a_rule(void **state)
{
    struct fixture *f = *state;
    make_rows(f, 50);
    fixture_exec(f, "UPDATE m SET amount = '8.00', customer_id = '1', ordered_at = '2026-01-01' WHERE __in__row = 20");
    struct judgement *j = judge(f);
    struct refused_sink *sink = sink_new(0);
    int64_t handle = refusal_open(f->a, sink, j);
    fixture_exec(f, "DELETE FROM m WHERE __in__row NOT IN (20, 21)");
    fixture_exec(
        f, arena_printf(f->a, "CREATE OR REPLACE TABLE o AS %s", judged_accept_select(f->a, j, "m", carry, 4, handle)));
    refusal_close(handle, f->a, NULL);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM o"), 1);
    assert_int_equal(sink->n, 1);
    assert_string_equal(sink->rule[0], "divides");
    assert_non_null(strstr(sink->reason[0], "raises an error"));
    assert_string_equal(sink->json[0], "{\"order_id\":\"20\",\"ordered_at\":\"2026-01-01\",\"customer_id\":"
                                       "\"1\",\"amount\":\"8.00\",\"country\":\"DE\"}");
    sink_free(sink);
}

static void test_guarded(void **state)
{
    struct fixture *f = *state;
    make_rows(f, 50);
    fixture_exec(f, "CREATE OR REPLACE TABLE m AS SELECT *, CASE WHEN __in__row = 20 THEN 'country' END AS "
                    "__error FROM m WHERE __in__row IN (20, 21)");
    fixture_exec(f, "UPDATE m SET order_id = NULL, ordered_at = NULL WHERE __in__row = 20");
    struct judgement *j = judge(f);
    assert_true(j->guarded);
    assert_int_equal(j->n_columns, 5);
    struct refused_sink *sink = sink_new(0);
    int64_t handle = refusal_open(f->a, sink, j);
    fixture_exec(
        f, arena_printf(f->a, "CREATE OR REPLACE TABLE o AS %s", judged_accept_select(f->a, j, "m", carry, 4, handle)));
    refusal_close(handle, f->a, NULL);
    assert_int_equal(sink->n, 1);
    assert_string_equal(sink->rule[0], "expression error");
    assert_string_equal(sink->column[0], "country");
    assert_string_equal(sink->reasons[0], "[{\"rule\":\"expression error\",\"column\":\"country\",\"value\":null,"
                                          "\"reason\":\"country: its expression raises an error for this row\"}]");
    sink_free(sink);
}

static void test_first_failure_and_unknown_handle(void **state)
{
    struct fixture *f = *state;
    make_rows(f, 6000);
    struct judgement *j = judge(f);
    int64_t handle = refusal_open(f->a, NULL, j);
    char *sql =
        arena_printf(f->a, "CREATE OR REPLACE TABLE o AS %s", judged_accept_select(f->a, j, "m", carry, 4, handle));
    fixture_exec(f, sql);
    struct refusal_counts c;
    refusal_close(handle, f->a, &c);
    assert_int_equal(c.failed, 1);
    assert_string_equal(c.first_failure, "known_country: country <> 'YY' fails");
    assert_int_not_equal(session_exec(f->s, sql, &f->e), RC_OK);
    assert_non_null(strstr(f->e.message, "handle that is not open"));
}

/* Rows are left out only after they were judged: what would be left out and is bad is refused. */
static void test_left_out(void **state)
{
    struct fixture *f = *state;
    make_rows(f, 20000);
    struct judgement *j = judge(f);
    struct refused_sink *sink = sink_new(0);
    int64_t handle = refusal_open(f->a, sink, j);
    fixture_exec(f, arena_printf(f->a, "CREATE OR REPLACE TABLE o AS %s",
                                 judged_keep_select(f->a, j, "m", carry, 4, handle, "amount < 500")));
    struct refusal_counts c;
    refusal_close(handle, f->a, &c);
    check_counts(f, j, &c, sink);
    int64_t good = fixture_int(f, arena_printf(f->a, "SELECT count(*) FROM (%s) WHERE rule IS NULL", by_hand));
    int64_t kept = fixture_int(f, "SELECT count(*) FROM o WHERE amount >= 500");
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM o"), kept);
    assert_true(kept > 0 && c.left_out > 0);
    assert_int_equal(c.left_out + kept, good);
    sink_free(sink);
    struct table bare = {.name = "silver.bare", .pos = {"silver/bare.sql", 1, 1}}; /* no tests at all */
    struct described_column *described;
    size_t n;
    OK(f, session_describe(f->a, f->s, "SELECT * FROM m", &described, &n, &f->e));
    OK(f, contract_judge(f->a, &bare, described, n, NULL, 0, NULL, &j, &f->e));
    handle = refusal_open(f->a, NULL, j);
    fixture_exec(f, arena_printf(f->a, "CREATE OR REPLACE TABLE o AS %s",
                                 judged_keep_select(f->a, j, "m", NULL, 0, handle, "country = 'XX'")));
    refusal_close(handle, f->a, &c);
    assert_true(c.left_out > 0);
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM o") + c.left_out, 20000);
}

/* What is not judged in the same pass: the fates as columns. */
static void test_judged_select(void **state)
{
    struct fixture *f = *state;
    make_rows(f, 20000);
    struct judgement *j = judge(f);
    fixture_exec(f, arena_printf(f->a, "CREATE OR REPLACE TABLE o AS %s", judged_select(f->a, j, "m", carry, 4)));
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM o"), 20000);
    for (size_t i = 0; i < j->n_tests; i++) {
        if (j->tests[i].warning >= 0) continue;
        const char *rule = sql_string(f->a, j->tests[i].rule);
        assert_int_equal(
            fixture_int(f, arena_printf(f->a, "SELECT count(*) FROM o WHERE __fate = %zu", i + 1)),
            fixture_int(f, arena_printf(f->a, "SELECT count(*) FROM (%s) WHERE rule = %s", by_hand, rule)));
    }
    assert_int_equal(fixture_int(f, "SELECT count(*) FROM o WHERE __warned = 1"),
                     fixture_int(f, arena_printf(f->a, "SELECT count(*) FROM (%s) WHERE warned", by_hand)));
    /* registering once more, from another session, changes nothing */
    struct session *other;
    OK(f, session_open(f->engine, &other, &f->e));
    OK(f, quality_register(other, &f->e));
    OK(f, session_exec(other, judged_select(f->a, j, "m", carry, 4), &f->e));
    session_close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries),       cmocka_unit_test(test_error_in_a_rule),
        cmocka_unit_test(test_guarded),       cmocka_unit_test(test_first_failure_and_unknown_handle),
        cmocka_unit_test(test_judged_select), cmocka_unit_test(test_left_out),
        cmocka_unit_test(test_exactly_once),
    };
    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
