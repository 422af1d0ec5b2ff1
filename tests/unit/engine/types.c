#include "fixture.h"

#include "lake/delta.h"

#include <string.h>

static void test_to_delta(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *engine, *delta, *cast;
    } cases[] = {
        {"BIGINT", "long", NULL},
        {"bigint", "long", NULL},
        {"int", "integer", NULL},
        {"text", "string", NULL},
        {"VARCHAR(10)", "string", NULL},
        {"double precision", "double", NULL},
        {"DECIMAL(12,2)", "decimal(12,2)", NULL},
        {"numeric( 12 , 2 )", "decimal(12,2)", NULL},
        {"numeric(5)", "decimal(5,0)", NULL},
        {"decimal", "decimal(18,3)", NULL},
        {"TIMESTAMP", "timestamp_ntz", NULL},
        {"timestamp(6)", "timestamp_ntz", NULL},
        {"timestamptz", "timestamp", NULL},
        {"TIMESTAMP  WITH TIME ZONE", "timestamp", NULL},
        {"TIMESTAMP_NS", "timestamp_ntz", "TIMESTAMP"},
        {"UBIGINT", "decimal(20,0)", "DECIMAL(20,0)"},
        {"HUGEINT", "decimal(38,0)", "DECIMAL(38,0)"},
        {"UTINYINT", "short", "SMALLINT"},
        {"TIME WITH TIME ZONE", "string", "VARCHAR"},
        {"UUID", "string", "VARCHAR"},
        {"JSON", "string", "VARCHAR"},
        {"\"NULL\"", "string", "VARCHAR"},
        {"ENUM('a)', 'b''c')", "string", "VARCHAR"},
        {"INTEGER[]", "{\"type\":\"array\",\"elementType\":\"integer\",\"containsNull\":true}", NULL},
        {"INTEGER[3]", "{\"type\":\"array\",\"elementType\":\"integer\",\"containsNull\":true}", "INTEGER[]"},
        {"MAP(VARCHAR, UUID)",
         "{\"type\":\"map\",\"keyType\":\"string\",\"valueType\":\"string\",\"valueContainsNull\":true}",
         "MAP(VARCHAR, VARCHAR)"},
        {"STRUCT(a INTEGER, \"b \"\"c\" DECIMAL(5,1)[])",
         "{\"type\":\"struct\",\"fields\":[{\"name\":\"a\",\"type\":\"integer\",\"nullable\":true,"
         "\"metadata\":{}},"
         "{\"name\":\"b "
         "\\\"c\",\"type\":{\"type\":\"array\",\"elementType\":\"decimal(5,1)\",\"containsNull\":true},"
         "\"nullable\":true,\"metadata\":{}}]}",
         NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct described_column c = {0};
        assert_ok(f, engine_delta_type(f->a, cases[i].engine, &c, &f->e));
        assert_string_equal(c.delta_type, cases[i].delta);
        assert_string_equal(c.cast_to ? c.cast_to : "", cases[i].cast ? cases[i].cast : "");
        assert_int_equal(c.nested, cases[i].delta[0] == '{');
    }
}

static void test_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {"",          "frob",       "DECIMAL(40,2)", "DECIMAL(2,3)", "DECIMAL(x)",
                                      "STRUCT",    "STRUCT()",   "STRUCT(a INT",  "MAP(INT)",     "INT[",
                                      "INT]",      "INT; drop",  "INTEGER x",     "\"NULL",       "[]",
                                      "STRUCT(a)", "DECIMAL(1,1"};
    struct described_column c = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (engine_delta_type(f->a, bad[i], &c, &f->e) != RC_PROJECT) fail_msg("%s passes", bad[i]);
    struct buf *deep = buf_new(f->a, 1 << 20);
    for (int i = 0; i < 10000; i++) buf_add_str(deep, "STRUCT(a ");
    assert_int_equal(engine_delta_type(f->a, deep->p, &c, &f->e), RC_PROJECT);
}

static void test_there_and_back(void **state)
{
    struct fixture *f = *state;
    static const char *const types[] = {
        "BOOLEAN",
        "TINYINT",
        "SMALLINT",
        "INTEGER",
        "BIGINT",
        "FLOAT",
        "DOUBLE",
        "VARCHAR",
        "BLOB",
        "DATE",
        "TIMESTAMP",
        "TIMESTAMP WITH TIME ZONE",
        "DECIMAL(38,10)",
        "INTEGER[][]",
        "MAP(VARCHAR, STRUCT(\"a b\" BIGINT))",
        "STRUCT(\"a\" MAP(INTEGER, DATE)[], \"x\"\"y\" DECIMAL(4,1))",
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct described_column c = {0};
        assert_ok(f, engine_delta_type(f->a, types[i], &c, &f->e));
        assert_string_equal(engine_type_of_delta(f->a, c.delta_type), types[i]);
    }
    assert_string_equal(engine_type_of_delta(f->a, "variant"), "VARCHAR");
    assert_string_equal(engine_type_of_delta(f->a, "{broken"), "VARCHAR");
}

static void test_describe(void **state)
{
    struct fixture *f = *state;
    struct described_column *c = NULL;
    size_t n = 0;
    assert_ok(f, session_describe(f->a, f->s,
                                  "select 1::bigint a, sum(i) s, uuid() u, {'x': 1::utinyint} st, NULL n, '{}'::json j,"
                                  " 'a'::enum('a') e, interval 1 day v, time '12:00' t from range(3) r(i) -- end",
                                  &c, &n, &f->e));
    assert_int_equal(n, 9);
    assert_string_equal(c[0].name, "a");
    assert_string_equal(c[0].type, "BIGINT");
    assert_null(c[0].cast_to);
    assert_string_equal(c[1].type, "HUGEINT");
    assert_string_equal(c[1].delta_type, "decimal(38,0)");
    assert_string_equal(c[2].cast_to, "VARCHAR");
    assert_string_equal(c[3].cast_to, "STRUCT(\"x\" SMALLINT)");
    assert_true(c[3].nested);
    for (int i = 5; i < 9; i++) assert_string_equal(c[i].cast_to, "VARCHAR");
    assert_int_equal(session_describe(f->a, f->s, "select nope", &c, &n, &f->e), RC_PROJECT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_to_delta),
        FIXTURE_TEST(test_refused),
        FIXTURE_TEST(test_there_and_back),
        FIXTURE_TEST(test_describe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
