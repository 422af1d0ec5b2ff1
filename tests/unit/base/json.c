#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static enum rc read_text(struct arena *a, const char *text, json_t **ret, struct err *e)
{
    return json_read(a, str_of(text), "log", ret, e);
}

static void typed_members(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct err e = {0};
    json_t *o = NULL;
    assert_int_equal(
        read_text(a, "{\"s\":\"x\",\"i\":-5,\"b\":true,\"z\":null,\"r\":1.5,\"n\":\"a\\u0000b\",\"s\":\"y\"}", &o, &e),
        RC_OK);
    const char *s = "kept";
    int64_t i = 42;
    bool b = false;
    assert_int_equal(json_get_string(o, "s", "log", &s, &e), RC_OK);
    assert_string_equal(s, "y"); /* the last of two counts */
    s = "kept";
    assert_int_equal(json_get_string(o, "missing", "log", &s, &e), RC_OK);
    assert_int_equal(json_get_string(o, "z", "log", &s, &e), RC_OK);
    assert_string_equal(s, "kept");
    assert_int_equal(json_get_int(o, "z", "log", &i, &e), RC_OK);
    assert_int_equal(i, 42);
    assert_int_equal(json_get_int(o, "i", "log", &i, &e), RC_OK);
    assert_int_equal(i, -5);
    assert_int_equal(json_get_bool(o, "b", "log", &b, &e), RC_OK);
    assert_true(b);

    assert_int_equal(json_get_string(o, "i", "log", &s, &e), RC_DATA);
    assert_string_equal(e.message, "log: \"i\" must be a string, but is an integer");
    assert_int_equal(json_get_int(o, "r", "log", &i, &e), RC_DATA);
    assert_int_equal(json_get_bool(o, "s", "log", &b, &e), RC_DATA);
    assert_int_equal(json_get_string(o, "n", "log", &s, &e), RC_DATA);
    assert_int_equal(json_get_string(NULL, "n", "log", &s, &e), RC_DATA);
    assert_int_equal(json_get_string(json_object_get(o, "b"), "n", "log", &s, &e), RC_DATA);
    assert_non_null(strstr(e.message, "a boolean"));
    arena_free(a);
}

static void damaged_text(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", "log:1:"},     {"{\n\"a\":}", "log:2:"}, {"{\"a\":1}x", "log:1:"},
        {"[1,]", "log:1:"}, {"{\"a\" 1}", "log:1:"},  {"\"\xFF\"", "log:1:"},
        {"nul", "log:1:"},  {"[1", "log:1:"},         {"99999999999999999999999", "log:1:"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *a = arena_new();
        struct err e = {0};
        json_t *o = NULL;
        assert_int_equal(read_text(a, cases[i][0], &o, &e), RC_DATA);
        assert_memory_equal(e.message, cases[i][1], strlen(cases[i][1]));
        assert_null(o);
        arena_free(a);
    }
}

static void hostile_depth(void **state)
{
    (void)state;
    size_t n = 5000000;
    char *text = malloc(n);
    for (int object = 0; object < 2; object++) {
        struct arena *a = arena_new();
        struct err e = {0};
        json_t *o = NULL;
        for (size_t i = 0; i < n; i++) text[i] = object ? "{\"a\":"[i % 5] : '[';
        assert_int_equal(json_read(a, (struct str){text, n}, "log", &o, &e), RC_DATA);
        arena_free(a);
    }
    free(text);
}

static void writes_compact_text(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct err e = {0};
    json_t *o = NULL;
    assert_int_equal(read_text(a, " { \"b\" : [ 1, 2.5, \"\\u00e4\" ], \"a\" : null } ", &o, &e), RC_OK);
    assert_string_equal(json_text(a, o), "{\"b\":[1,2.5,\"\xC3\xA4\"],\"a\":null}");
    assert_string_equal(json_text(a, json_object_get(o, "a")), "null");
    assert_string_equal(json_text(a, NULL), "null");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(typed_members),
        cmocka_unit_test(damaged_text),
        cmocka_unit_test(hostile_depth),
        cmocka_unit_test(writes_compact_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
