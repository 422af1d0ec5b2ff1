/* The JSON tokenizer is as strict as RFC 8259. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "source/records.h"

static const char *check(const char *text)
{
    size_t at;
    return json_check(text, strlen(text), &at);
}

static void what_is_json(void **state)
{
    (void)state;
    static const char *const good[] = {"{}",
                                       "[]",
                                       " [ ] ",
                                       "0",
                                       "-0",
                                       "-1.5e+10",
                                       "1E2",
                                       "\"\"",
                                       "\"\\u00e9\\n\\/\"",
                                       "true",
                                       "null",
                                       "{\"a\":[{},[],{\"b\":[1,2,{\"c\":null}]}]}",
                                       "[[[[]]]]",
                                       "{ \"a\" : 1 , \"b\" : 2 }",
                                       "\"\x7f\""};
    static const char *const bad[] = {
        "",          " ",   "{",      "}",     "[1,]",  "[,1]", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "{\"a\":}",
        "01",        "1.",  ".5",     "+1",    "1e",    "tru",  "True",       "NaN",   "'a'",       "\"\\x\"",
        "\"\\u12\"", "\"a", "\"\t\"", "[1 2]", "{} {}", "[1}",  "{\"a\":1]",  "-",     "// x\n1"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (check(good[i])) fail_msg("refused: %s: %s", good[i], check(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (!check(bad[i])) fail_msg("taken: %s", bad[i]);
    char deep[1200];
    memset(deep, '[', 600);
    memset(deep + 600, ']', 600);
    size_t at;
    assert_string_equal(json_check(deep, 1200, &at), "nested deeper than 512 levels");
    assert_null(json_check(deep + 88, 1024, &at));
}

static void objects_come_apart(void **state)
{
    (void)state;
    char text[] = "{\"k\\u0065y\":\"v\\\"\\ud83d\\ude00\", \"n\":-1.50, \"o\":{ \"x\":[1] }, \"z\":null, "
                  "\"t\":true, \"e\":\"\"}";
    static const char *const expected[] = {
        "key", "v\"\xF0\x9F\x98\x80", "n", "-1.50", "o", "{ \"x\":[1] }", "z", NULL, "t", "true", "e", ""};
    struct json_parser j = {0};
    assert_null(json_take_apart(&j, text, strlen(text)));
    assert_int_equal(j.n_members, 6);
    for (size_t i = 0; i < 6; i++) {
        struct field *v = &j.members[i].value;
        assert_true(str_eq(j.members[i].key, str_of(expected[2 * i])));
        assert_true((v->kind == FIELD_NULL) == !expected[2 * i + 1]);
        assert_true(field_text(v, NULL));
        if (expected[2 * i + 1]) assert_true(str_eq((struct str){v->p, v->n}, str_of(expected[2 * i + 1])));
    }
    char half[] = "{\"a\":\"\\ud83d\"}", nul[] = "{\"a\":\"\\u0000\"}";
    assert_null(json_take_apart(&j, half, strlen(half)));
    assert_false(field_text(&j.members[0].value, NULL));
    assert_null(json_take_apart(&j, nul, strlen(nul)));
    assert_false(field_text(&j.members[0].value, NULL));
    json_parser_release(&j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_json),
        cmocka_unit_test(objects_come_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
