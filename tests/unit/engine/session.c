#include "fixture.h"

#include <pthread.h>
#include <string.h>

static void test_version(void **state)
{
    (void)state;
    assert_string_equal(engine_version(), "v1.5.5");
}

static void test_pinned_settings(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(
        table_text(f, "select current_setting('TimeZone'), current_setting('threads'),"
                      " current_setting('preserve_insertion_order'), current_setting('default_null_order'),"
                      " current_setting('autoinstall_known_extensions'),"
                      " current_setting('autoload_known_extensions')"),
        "UTC|2|false|NULLS_LAST|false|false");
    struct session *other = NULL;
    int64_t n = 0;
    assert_ok(f, session_open(f->g, &other, &f->e));
    assert_ok(f, session_query_int(other, &n, &f->e, "select (current_setting('TimeZone') = '%s')::int", "UTC"));
    assert_int_equal(n, 1);
    session_close(other);
}

static void test_time_zone(void **state)
{
    struct fixture *f = *state;
    struct engine *g = NULL;
    struct session *s = NULL;
    struct rows *rows = NULL;
    struct engine_config config = {
        .threads = 1, .timezone = "Europe/Berlin", .temp_directory = path_join(f->a, f->folder, "x/y")};
    assert_ok(f, engine_open(&config, &g, &f->e));
    assert_ok(f, session_open(g, &s, &f->e));
    assert_ok(f, session_query(f->a, s, "select timestamptz '2020-07-01 00:00:00+00'", &rows, &f->e));
    assert_string_equal(rows->cells[0], "2020-07-01 02:00:00+02");
    assert_string_equal(rows->types[0], "TIMESTAMP WITH TIME ZONE");
    session_close(s);
    engine_close(g);
    config.timezone = "Mars/Olympus";
    assert_int_equal(engine_open(&config, &g, &f->e), RC_PROJECT);
    assert_non_null(strstr(f->e.message, "Mars/Olympus"));
}

static void test_cells(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(table_text(f, "select 1, 'a', NULL, true, -5::hugeint, 18446744073709551615::ubigint,"
                                      " '-170141183460469231731687303715884105728'::hugeint"),
                        "1|a|~|true|-5|18446744073709551615|-170141183460469231731687303715884105728");
    assert_string_equal(table_text(f, "select 1.5::decimal(5,2), date '2020-01-01', {'a': 1}, [1, 2], map {'k': 'v'},"
                                      " 'x'::enum('x', 'y'), 0.1::double, interval 3 day, 'ab'::blob;"),
                        "1.50|2020-01-01|{'a': 1}|[1, 2]|{k=v}|x|0.1|3 days|ab");
    assert_string_equal(table_text(f, "select i, i / 2 from range(3000) t(i) where i >= 2998 order by i desc -- end"),
                        "2999|1499.5\n2998|1499.0");
    assert_string_equal(table_text(f, "select 1 where false"), "");
}

static void test_names_and_types(void **state)
{
    struct fixture *f = *state;
    struct rows *rows = NULL;
    assert_ok(f, session_query(f->a, f->s,
                               "select 1.5::decimal(12,2) as a, 2 as a, {'x y': 1, 'b': [1]} as \"b\"\"c\", "
                               "map {'a': 1}, '{}'::json, [1, 2]::int[2]",
                               &rows, &f->e));
    assert_int_equal(rows->n_columns, 6);
    assert_string_equal(rows->names[0], "a");
    assert_string_equal(rows->names[1], "a");
    assert_string_equal(rows->names[2], "b\"c");
    assert_string_equal(rows->types[0], "DECIMAL(12,2)");
    assert_string_equal(rows->types[2], "STRUCT(\"x y\" INTEGER, \"b\" INTEGER[])");
    assert_string_equal(rows->types[3], "MAP(VARCHAR, INTEGER)");
    assert_string_equal(rows->types[4], "JSON");
    assert_string_equal(rows->types[5], "INTEGER[2]");
}

static void test_other_statements(void **state)
{
    struct fixture *f = *state;
    assert_ok(f, session_exec(f->s, "create table t(a int, b varchar); insert into t values (1, 'x')", &f->e));
    assert_string_equal(table_text(f, "show tables"), "t");
    assert_string_equal(table_text(f, "describe t"), "a|INTEGER|YES|~|~|~\nb|VARCHAR|YES|~|~|~");
    assert_string_equal(table_text(f, "insert into t values (2, 'y')"), "1");
    assert_string_equal(table_text(f, "from t order by all desc"), "2|y\n1|x");
    assert_string_equal(table_text(f, "with c as (select 1.5 as d) select * from c"), "1.5");
    assert_non_null(strstr(table_text(f, "summarize t"), "INTEGER"));
    assert_non_null(strstr(table_text(f, "explain select 1"), "PROJECTION"));
    int64_t n = 7;
    assert_ok(f, session_query_int(f->s, &n, &f->e, "select sum(a) from t where false"));
    assert_int_equal(n, 0);
    assert_ok(f, session_query_int(f->s, &n, &f->e, "select sum(a) from %s", "t"));
    assert_int_equal(n, 3);
    assert_int_equal(session_query_int(f->s, &n, &f->e, "select 'x'"), RC_INTERNAL);
}

static void test_errors(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *sql;
        enum rc rc;
        bool on_value;
        const char *message; /* a beginning */
    } cases[] = {
        {"select cast('x' as int)", RC_DATA, true,
         "Could not convert string 'x' to INT32\nLINE 1: select cast('x' as int)\n      "},
        {"select error('my own')", RC_DATA, true, "my own"},
        {"select strptime('x', '%Y')", RC_DATA, true, "Could not parse string"},
        {"select 200::tinyint + 100::tinyint", RC_DATA, true, ""},
        {"select foo from range(3) t(bar)", RC_PROJECT, false,
         "Referenced column \"foo\" not found in FROM clause!\nCandidate bindings: \"bar\""},
        {"selec 1", RC_PROJECT, false, "syntax error at or near \"selec\""},
        {"select * from nope", RC_PROJECT, false, "Table with name nope does not exist!"},
        {"copy (select 1) to '/nonexistent/x.parquet'", RC_UNREACHABLE, false, "Cannot open file"},
        {"load nothing_of_that_name", RC_UNREACHABLE, false, "Extension"},
        {"select * from read_csv('s3://b/x.csv')", RC_USAGE, false, ""},
        {"create table p(a int primary key); insert into p values (1), (1)", RC_DATA, false, "PRIMARY KEY"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        f->e = (struct err){0};
        enum rc rc = session_exec(f->s, cases[i].sql, &f->e);
        if (rc != cases[i].rc || strncmp(f->e.message, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("%s: %s: %s", cases[i].sql, rc_name(rc), f->e.message);
        assert_int_equal(session_failed_on_value(f->s), cases[i].on_value);
    }
    struct rows *rows = NULL;
    assert_int_equal(session_query(f->a, f->s, "select foo", &rows, &f->e), RC_PROJECT);
    assert_int_equal(session_query(f->a, f->s, "selec", &rows, &f->e), RC_PROJECT);
    assert_int_equal(session_query(f->a, f->s, "", &rows, &f->e), RC_PROJECT);
    assert_int_equal(session_query(f->a, f->s, "select cast('x' as int)", &rows, &f->e), RC_DATA);
    assert_true(session_failed_on_value(f->s));
    assert_null(rows);
}

static void test_out_of_memory(void **state)
{
    struct fixture *f = *state;
    assert_ok(f, session_exec(f->s, "set memory_limit = '20MB'; set max_temp_directory_size = '1MB'", &f->e));
    assert_int_equal(
        session_exec(f->s, "create table big as select range i, hash(range) h from range(20000000)", &f->e), RC_DATA);
    assert_false(session_failed_on_value(f->s));
}

#define LONG_QUERY "select count(*) from range(1000000) a(i), range(1000000) b(j) where hash(i + j) % 7 = 1"

static void *run_long_query(void *p)
{
    struct fixture *f = p;
    return (void *)(intptr_t)session_exec(f->s, LONG_QUERY, &f->e);
}

static void test_interrupt(void **state)
{
    struct fixture *f = *state;
    pthread_t thread;
    void *rc;
    struct session *other = NULL;
    assert_ok(f, session_open(f->g, &other, &f->e));
    assert_ok(f, session_watch_progress(f->s, &f->e));
    assert_int_equal(pthread_create(&thread, NULL, run_long_query, f), 0);
    while (session_progress(f->s) < 0) /* until it runs */
        ;
    engine_interrupt(f->g);
    pthread_join(thread, &rc);
    assert_int_equal((intptr_t)rc, RC_INTERRUPTED);
    assert_int_equal(session_exec(other, "select 1", &f->e), RC_INTERRUPTED);
    struct session *third = NULL;
    assert_int_equal(session_open(f->g, &third, &f->e), RC_INTERRUPTED);
    assert_null(third);
    session_close(other);
}

/* An interrupt at any moment of a beginning statement must not get lost. */
static void test_interrupt_at_the_start(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        void *inner;
        pthread_t thread;
        void *rc;
        assert_int_equal(fixture_setup(&inner), 0);
        struct fixture *f = inner;
        assert_int_equal(pthread_create(&thread, NULL, run_long_query, f), 0);
        for (int64_t until = os_monotonic_us() + i * 150; os_monotonic_us() < until;)
            ;
        engine_interrupt(f->g);
        pthread_join(thread, &rc);
        assert_int_equal((intptr_t)rc, RC_INTERRUPTED);
        fixture_teardown(&inner);
    }
}

static void test_spill_folder_is_removed(void **state)
{
    struct fixture *f = *state;
    struct engine *g = NULL;
    char *folder = path_join(f->a, f->folder, "spill"), **names;
    size_t n = 9;
    struct engine_config config = {.threads = 1, .temp_directory = folder};
    assert_ok(f, engine_open(&config, &g, &f->e));
    assert_ok(f, os_list(f->a, folder, &names, &n, &f->e));
    assert_int_equal(n, 2); /* the folder and its lock */
    engine_close(g);
    assert_ok(f, os_list(f->a, folder, &names, &n, &f->e));
    assert_int_equal(n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_version),
        FIXTURE_TEST(test_pinned_settings),
        FIXTURE_TEST(test_time_zone),
        FIXTURE_TEST(test_cells),
        FIXTURE_TEST(test_names_and_types),
        FIXTURE_TEST(test_other_statements),
        FIXTURE_TEST(test_errors),
        FIXTURE_TEST(test_out_of_memory),
        FIXTURE_TEST(test_interrupt),
        cmocka_unit_test(test_interrupt_at_the_start),
        FIXTURE_TEST(test_spill_folder_is_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
