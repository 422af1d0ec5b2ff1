#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void grows_up_to_the_maximum(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 100);
    assert_string_equal(b.p, "");
    for (int i = 0; i < 100; i++) buf_add_char(&b, 'x');
    assert_false(b.overflow);
    buf_add_char(&b, 'y');
    assert_true(b.overflow);
    assert_int_equal(b.n, 100);
    assert_int_equal(strlen(b.p), 100);
    buf_clear(&b);
    assert_false(b.overflow);
    buf_printf(&b, "%s=%d", "n", 5);
    assert_string_equal(b.p, "n=5");
    buf_printf(&b, "%0200d", 5);
    assert_true(b.overflow);
    assert_string_equal(b.p, "n=5");
    buf_release(&b);
    buf_release(&b);
    assert_int_equal(str_trim(STR(" \t\n ")).n, 0);
    assert_true(str_eq(str_trim(STR("  a b\r\n")), STR("a b")));
    assert_false(str_eq(STR("a"), STR("b")));
    assert_true(str_eq(str_of(NULL), STR("")));
}

static void sql_quoting(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    static const char *const cases[][3] = {
        {"a", "\"a\"", "'a'"},
        {"", "\"\"", "''"},
        {"\"", "\"\"\"\"", "'\"'"},
        {"it's", "\"it's\"", "'it''s'"},
        {"'; drop table x; --", "\"'; drop table x; --\"", "'''; drop table x; --'"},
        {"a\\", "\"a\\\"", "'a\\'"},
        {"\"\"''", "\"\"\"\"\"''\"", "'\"\"'''''"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(sql_name(a, cases[i][0]), cases[i][1]);
        assert_string_equal(sql_string(a, cases[i][0]), cases[i][2]);
    }
    assert_string_equal(sql_string(a, NULL), "NULL");
    arena_free(a);
}

static void json_quoting(void **state)
{
    (void)state;
    static const struct {
        struct str in;
        const char *out;
    } cases[] = {
        {{"", 0}, "\"\""},
        {{"a\"b\\c", 5}, "\"a\\\"b\\\\c\""},
        {{"\n\t\r\x01\x7f", 5}, "\"\\n\\t\\r\\u0001\\u007f\""},
        {{"a\0b", 3}, "\"a\\u0000b\""},
        {{"\xC3\xA9", 2}, "\"\xC3\xA9\""},
        {{"\xC3", 1}, "\"\xEF\xBF\xBD\""},                                 /* cut */
        {{"\xED\xA0\x80", 3}, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""}, /* a surrogate */
        {{"\xFF"
          "a",
          2},
         "\"\xEF\xBF\xBD"
         "a\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b;
        buf_init(&b, 1000);
        buf_add_json_string(&b, cases[i].in.p, cases[i].in.n);
        assert_string_equal(b.p, cases[i].out);
        buf_release(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_up_to_the_maximum),
        cmocka_unit_test(sql_quoting),
        cmocka_unit_test(json_quoting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
