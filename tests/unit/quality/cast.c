/* The casts inside the engine: each type of a contract from text and from other types, against the engine's own cast of
 * texts that are plain, and never a value that says something else than its input. */
#include "fixture.h"

#include "quality/cast.h"

/* In place of source/refused.c. */
void refused_add(struct refused_sink *s, const struct refused *r)
{
    (void)s;
    (void)r;
}

static const char *typed(struct fixture *f, const char *type, const char *from, const char *value, bool lenient)
{
    struct contract_type t;
    OK(f, contract_type_parse(f->a, type, &t, &f->e));
    struct cast c = cast_to(f->a, &t, from, "x", lenient);
    char *sql =
        arena_printf(f->a, "SELECT CAST(%s AS VARCHAR) FROM (SELECT CAST(%s AS %s) AS x)", c.expression, value, from);
    const char *text = fixture_text(f, sql);
    if (strcmp(text, "NULL") == 0 && !c.may_fail) fail_msg("%s from %s may fail", type, from);
    return text;
}

static void test_from_text(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *type, *text, *strict, *lenient;
    } cases[] = {
        {"bigint", "12.7", "NULL", "13"},
        {"bigint", "-9223372036854775808", "-9223372036854775808", "-9223372036854775808"},
        {"integer", "2147483648", "NULL", "NULL"},
        {"smallint", "-32768", "-32768", "-32768"},
        {"tinyint", "128", "NULL", "NULL"},
        {"boolean", "yes", "NULL", "true"},
        {"boolean", "True", "true", "true"},
        {"double", "1e3", "1000.0", "1000.0"},
        {"double", "NaN", "NULL", "nan"},
        {"real", "0.1", "0.1", "0.1"},
        {"decimal(12,2)", "1.005", "NULL", "1.01"},
        {"decimal(12,2)", "1.5000", "1.50", "1.50"},
        {"decimal(12,2)", " 1", "NULL", "1.00"},
        {"decimal(4,1)", "999.9", "999.9", "999.9"},
        {"decimal(4,1)", "1000.0", "NULL", "NULL"},
        {"decimal(18,0)", "-999999999999999999", "-999999999999999999", "-999999999999999999"},
        {"decimal(38,4)", "-1234567890123456789012345678901234.5678", "-1234567890123456789012345678901234.5678",
         "-1234567890123456789012345678901234.5678"},
        {"decimal(20,2)", "1000000000000000000", "NULL", "NULL"},
        {"decimal(20,2)", "999999999999999999.99", "999999999999999999.99", "999999999999999999.99"},
        {"varchar(3)", "abcd", "abcd", "abcd"},
        {"blob", "\\x41", "\\x5Cx41", "\\x5Cx41"},
        {"date", "2024-02-29", "2024-02-29", "2024-02-29"},
        {"date", "2023-02-29", "NULL", "NULL"},
        {"date", "2024/02/03", "NULL", "2024-02-03"},
        {"timestamp", "2026-01-02T03:04", "2026-01-02 03:04:00", "2026-01-02 03:04:00"},
        {"timestamp", "2026-01-02 03:04:05.1234567", "NULL", "2026-01-02 03:04:05.123456"},
        {"timestamp", "2026-01-02", "2026-01-02 00:00:00", "2026-01-02 00:00:00"},
        {"timestamp", "2026-01-02 03:04:05Z", "NULL", "2026-01-02 03:04:05"},
        {"timestamptz", "2026-01-02 03:04:05+02", "2026-01-02 01:04:05+00", "2026-01-02 01:04:05+00"},
        {"timestamptz", "2026-01-02 03:04:05", "2026-01-02 03:04:05+00", "2026-01-02 03:04:05+00"},
        {"time", "23:59:59.999999", "23:59:59.999999", "23:59:59.999999"},
        {"time", "24:00", "NULL", "24:00:00"},
        {"uuid", "00112233-4455-6677-8899-AABBCCDDEEFF", "00112233-4455-6677-8899-aabbccddeeff",
         "00112233-4455-6677-8899-aabbccddeeff"},
        {"uuid", "00112233445566778899aabbccddeeff", "NULL", "00112233-4455-6677-8899-aabbccddeeff"},
        {"json", "{\"a\":[1]}", "{\"a\":[1]}", "{\"a\":[1]}"},
        {"json", "{a:1}", "NULL", "NULL"},
        {"bigint", "", "NULL", "NULL"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *value = sql_string(f->a, cases[i].text);
        const char *strict = typed(f, cases[i].type, "VARCHAR", value, false);
        if (strcmp(strict, cases[i].strict) != 0)
            fail_msg("%s '%s': %s, not %s", cases[i].type, cases[i].text, strict, cases[i].strict);
        const char *lenient = typed(f, cases[i].type, "VARCHAR", value, true);
        if (strcmp(lenient, cases[i].lenient) != 0)
            fail_msg("%s lenient '%s': %s, not %s", cases[i].type, cases[i].text, lenient, cases[i].lenient);
    }
    fixture_exec(f, "SET TimeZone = 'Europe/Berlin'"); /* no offset: the session's zone */
    assert_string_equal(typed(f, "timestamptz", "VARCHAR", "'2026-07-02 03:04:05'", false), "2026-07-02 03:04:05+02");
    fixture_exec(f, "SET TimeZone = 'UTC'");
}

static void test_from_other_types(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *type, *from, *value, *strict, *lenient;
    } cases[] = {
        {"bigint", "DOUBLE", "12.7", "NULL", "13"},
        {"bigint", "DOUBLE", "12", "12", "12"},
        {"bigint", "DOUBLE", "9.3e18", "NULL", "NULL"},
        {"bigint", "INTEGER", "7", "7", "7"},
        {"tinyint", "BIGINT", "128", "NULL", "NULL"},
        {"double", "BIGINT", "9007199254740993", "NULL", "9007199254740992.0"},
        {"decimal(12,2)", "DECIMAL(18,4)", "1.2500", "1.25", "1.25"},
        {"decimal(12,2)", "DECIMAL(18,4)", "1.2550", "NULL", "1.26"},
        {"decimal(12,2)", "DOUBLE", "0.125", "NULL", "0.13"},
        {"date", "TIMESTAMP", "'2026-01-02 00:00:00'", "2026-01-02", "2026-01-02"},
        {"date", "TIMESTAMP", "'2026-01-02 00:00:01'", "NULL", "2026-01-02"},
        {"timestamp", "DATE", "'2026-01-02'", "2026-01-02 00:00:00", "2026-01-02 00:00:00"},
        {"real", "DOUBLE", "0.1", "NULL", "0.1"},
        {"double", "DOUBLE", "'nan'", "nan", "nan"},
        {"varchar", "INTEGER", "5", "5", "5"},
        {"boolean", "INTEGER", "2", "NULL", "true"},
        {"json", "INTEGER[]", "[1, 2]", "[1,2]", "[1,2]"},
        {"bigint", "JSON", "'7'", "7", "7"},
        {"bigint", "HUGEINT", "9223372036854775808", "NULL", "NULL"},
        {"time", "TIMESTAMP", "'1970-01-01 03:04:05'", "NULL", "03:04:05"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (strcmp(typed(f, cases[i].type, cases[i].from, cases[i].value, false), cases[i].strict) != 0)
            fail_msg("%s from %s %s: not %s", cases[i].type, cases[i].from, cases[i].value, cases[i].strict);
        if (strcmp(typed(f, cases[i].type, cases[i].from, cases[i].value, true), cases[i].lenient) != 0)
            fail_msg("%s lenient from %s %s: not %s", cases[i].type, cases[i].from, cases[i].value, cases[i].lenient);
    }
}

/* Random texts in the engine: ours must be what the engine reads where a regular expression says the text is plain (and
 * the engine's result is not rounded), and NULL elsewhere. */
static void test_against_the_engine(void **state)
{
    struct fixture *f = *state;
    fixture_exec(f, "SELECT setseed(0.25)");
    fixture_exec(f,
                 "CREATE OR REPLACE TABLE texts AS SELECT CASE (random() * 8)::INT "
                 "WHEN 0 THEN ((random() - 0.5) * 1e12)::DECIMAL(18,3)::VARCHAR WHEN 1 THEN (random() * "
                 "1e5)::INT::VARCHAR "
                 "WHEN 2 THEN (DATE '1990-01-01' + (random() * 20000)::INT)::VARCHAR "
                 "WHEN 3 THEN '20' || lpad((random() * 99)::INT::VARCHAR, 2, '0') || '-' || lpad((random() * "
                 "15)::INT::VARCHAR, 2, '0') || '-' || lpad((random() * 35)::INT::VARCHAR, 2, '0') "
                 "WHEN 4 THEN (random() * 1e9)::VARCHAR WHEN 5 THEN left(md5(random()::VARCHAR), (random() * 6)::INT) "
                 "WHEN 6 THEN (TIMESTAMP '2000-01-01' + to_microseconds((random() * 1e15)::BIGINT))::VARCHAR "
                 "WHEN 7 THEN (random() * 1000)::INT || CASE WHEN random() < 0.5 THEN '.' ELSE 'e' END || (random() * "
                 "1000)::INT "
                 "END AS x FROM range(200000)");
    static const struct {
        const char *ours, *plain, *engine;
    } cases[] = {
        {"ingot_to_bigint(x)", "[+-]?[0-9]+", "BIGINT"},
        {"ingot_to_integer(x)", "[+-]?[0-9]+", "INTEGER"},
        {"TRY_CAST(ingot_to_decimal_2(x) AS DECIMAL(12,2))", "[+-]?([0-9]+\\.?[0-9]{0,2}|\\.[0-9]{1,2})0*",
         "DECIMAL(12,2)"},
        {"ingot_to_double(x)", "[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?", "DOUBLE"},
        {"ingot_to_date(x)", "[0-9]{4}-[0-9]{2}-[0-9]{2}", "DATE"},
        {"ingot_to_timestamp(x)", "[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,6})?)?)?",
         "TIMESTAMP"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *expected = arena_printf(
            f->a, "CASE WHEN regexp_full_match(x, '%s') THEN nullif(TRY_CAST(x AS %s)::VARCHAR, 'inf') END",
            cases[i].plain, cases[i].engine);
        const char *sql = arena_printf(f->a,
                                       "SELECT coalesce(min(x || ': ' || coalesce(%s::VARCHAR, 'NULL') || ', "
                                       "not ' || coalesce(%s, 'NULL')), '') FROM texts "
                                       "WHERE %s::VARCHAR IS DISTINCT FROM %s",
                                       cases[i].ours, expected, cases[i].ours, expected);
        assert_string_equal(fixture_text(f, sql), "");
        assert_true(fixture_int(f, arena_printf(f->a, "SELECT count(%s) FROM texts", cases[i].ours)) > 10000);
    }
}

static void test_type_names(void **state)
{
    struct fixture *f = *state;
    struct contract_type t;
    OK(f, contract_type_parse(f->a, " DECIMAL ( 12 , 2 ) ", &t, &f->e));
    assert_string_equal(t.name, "decimal(12,2)");
    assert_string_equal(t.engine, "DECIMAL(12,2)");
    OK(f, contract_type_parse(f->a, "timestamptz", &t, &f->e));
    assert_string_equal(t.delta, "timestamp");
    OK(f, contract_type_parse(f->a, "timestamp", &t, &f->e));
    assert_string_equal(t.delta, "timestamp_ntz");
    OK(f, contract_type_parse(f->a, "time", &t, &f->e));
    assert_string_equal(t.delta, "string");
    static const char *const bad[] = {"bigin",
                                      "decimal(39,2)",
                                      "decimal(2,3)",
                                      "decimal(0)",
                                      "varchar(0)",
                                      "varchar(-1)",
                                      "decimal(1,2,3)",
                                      "date(1)",
                                      "decimal(12,2",
                                      "decimal(12,2)x",
                                      "",
                                      "varchar()",
                                      "decimal(99999999999999,2)"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (contract_type_parse(f->a, bad[i], &t, &f->e) == RC_OK) fail_msg("'%s'", bad[i]);
    assert_int_equal(contract_type_parse(f->a, "bigin", &t, &f->e), RC_PROJECT);
    assert_non_null(strstr(f->e.message, "did you mean 'bigint'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_type_names),
        cmocka_unit_test(test_from_text),
        cmocka_unit_test(test_from_other_types),
        cmocka_unit_test(test_against_the_engine),
    };
    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
