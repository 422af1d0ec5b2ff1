#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* Encodes a code point without any check. */
static size_t encode(unsigned c, size_t length, char *out)
{
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = length - 1; i > 0; i--, c >>= 6) out[i] = (char)(unsigned char)(0x80 | (c & 0x3F));
    out[0] = (char)(unsigned char)(lead[length] | c);
    return length;
}

static void every_code_point(void **state)
{
    (void)state;
    static const unsigned end[] = {0, 0x80, 0x800, 0x10000, 0x110000};
    for (size_t length = 2; length <= 4; length++) {
        for (unsigned c = 0; c < (length == 2 ? 0x800u : length == 3 ? 0x10000u : 0x200000u); c++) {
            char s[4];
            encode(c, length, s);
            bool good = c >= end[length - 1] && c < end[length] && !(c >= 0xD800 && c < 0xE000);
            if (utf8_sequence(s, length) != (good ? length : 0)) fail_msg("U+%04X in %zu bytes", c, length);
            if (utf8_sequence(s, length - 1) != 0) fail_msg("U+%04X cut", c);
        }
    }
    for (int c = 0; c < 256; c++) {
        char s[1] = {(char)(unsigned char)c};
        assert_int_equal(utf8_sequence(s, 1), c < 0x80);
    }
    assert_int_equal(utf8_sequence("", 0), 0);
    assert_true(utf8_valid("na\xC3\xAFve", 6));
    assert_false(utf8_valid("na\xC3", 3));
}

static void names(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    assert_int_equal(compare_names("OrderID", "orderid"), 0);
    assert_true(compare_names("a", "b") < 0 && compare_names("b", "A") > 0 && compare_names("ab", "a") > 0);
    assert_true(compare_names("\xC3\x84", "\xC3\xA4") != 0); /* ASCII only */
    assert_string_equal(lower_case(a, "ABC_x\xC3\x84"), "abc_x\xC3\x84");
    char long_name[130];
    memset(long_name, 'a', sizeof long_name);
    long_name[129] = 0;
    assert_false(is_plain_name(long_name));
    long_name[128] = 0;
    assert_true(is_plain_name(long_name));
    assert_true(is_plain_name("_a1"));
    static const char *const bad[] = {"", "1a", "a-b", "a b", "a.b", "\xC3\xA4", "a\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(is_plain_name(bad[i]));
    arena_free(a);
}

static void percent(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    assert_string_equal(percent_encode_path(a, "d=2026-01-01/a b%c#?\xC3\xA4.parquet"),
                        "d=2026-01-01/a%20b%25c%23%3F%C3%A4.parquet");
    assert_string_equal(percent_decode(a, "a%20b%2f%C3%a4"), "a b/\xC3\xA4");
    assert_string_equal(percent_decode(a, "%"), "%");
    assert_string_equal(percent_decode(a, "%4"), "%4");
    assert_string_equal(percent_decode(a, "%zz%4g%%41"), "%zz%4g%A");
    assert_string_equal(percent_decode(a, "a%00b"), "a%00b");
    char all[256];
    for (int i = 1; i < 256; i++) all[i - 1] = (char)(unsigned char)i;
    all[255] = 0;
    assert_string_equal(percent_decode(a, percent_encode_path(a, all)), all);
    arena_free(a);
}

static void suggestions(void **state)
{
    (void)state;
    static const char *const keys[] = {"grain", "checks", "description", "watermark", "owner", "x"};
    static const char *const cases[][2] = {
        {"grian", "grain"},
        {"GRAIN", "grain"},
        {"check", "checks"},
        {"desciption", "description"},
        {"watremakr", "watermark"},
        {"ownner", "owner"},
        {"zzzzz", NULL},
        {"", NULL},
        {"y", NULL},
        {"grxxn", NULL},
        {"gr", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *found = did_you_mean(cases[i][0], keys, sizeof keys / sizeof *keys);
        if (cases[i][1]) {
            assert_non_null(found);
            assert_string_equal(found, cases[i][1]);
        } else {
            assert_null(found);
        }
    }
    static const char *const near[] = {"orders_b", "orders_c", "order_a"};
    assert_string_equal(did_you_mean("orders_a", near, 3), "orders_b"); /* the first of the best */
    char *huge = malloc(100001);
    memset(huge, 'a', 100000);
    huge[100000] = 0;
    const char *one[] = {huge};
    assert_null(did_you_mean(huge, one, 1));
    assert_null(did_you_mean("aaaa", one, 1));
    assert_null(did_you_mean("a", NULL, 0));
    free(huge);
}

static void globs(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *path;
        bool matches;
    } cases[] = {
        {"*.csv", "a.csv", true},
        {"*.csv", "a.csv.gz", false},
        {"*.csv", "d/a.csv", false},
        {"*", "", true},
        {"", "", true},
        {"", "a", false},
        {"a?c", "abc", true},
        {"a?c", "a/c", false},
        {"a?c",
         "a\xC3\xA4"
         "c",
         true},
        {"**/*.csv", "a.csv", true},
        {"**/*.csv", "x/y/a.csv", true},
        {"**/b", "ab", false},
        {"a/**/b", "a/b", true},
        {"a/**/b", "a/x/y/b", true},
        {"a/**/b", "axb", false},
        {"a/**", "a/x/y", true},
        {"a/**", "a", false},
        {"a/**/", "a/", true},
        {"a**b", "a/x/b", true},
        {"**", "a/b/c", true},
        {"**/**/b", "b", true},
        {"[abc].txt", "b.txt", true},
        {"[abc].txt", "d.txt", false},
        {"[!abc].txt", "d.txt", true},
        {"[a-c]x", "bx", true},
        {"[a-c]x", "dx", false},
        {"[]x]y", "]y", true},
        {"[a-]", "-", true},
        {"[!a]", "/", false},
        {"[ab", "[ab", true},
        {"[\xC3\xA0-\xC3\xBF]", "\xC3\xA4", true},
        {"[a-z]", "\xC3\xA4", false},
        {"{a,b}", "a", true},
        {"{a,b}", "b", true},
        {"{a,b}", "c", false},
        {"{a,b}", "a,b", false},
        {"x{,y}z", "xz", true},
        {"x{,y}z", "xyz", true},
        {"{a,{b,c}d}e", "cde", true},
        {"{a,{b,c}d}e", "ae", true},
        {"{a,{b,c}d}e", "ce", false},
        {"{*.csv,d/**}", "d/x/y", true},
        {"{**/a,q}", "x/a", true},
        {"{a,b", "{a,b", true},
        {"a}", "a}", true},
        {"a,b", "a,b", true},
        {"\\*", "*", true},
        {"\\*", "a", false},
        {"\\{a,b}", "{a,b}", true},
        {"a\\", "a\\", true},
        {"\xFF*",
         "\xFF"
         "a",
         true},
        {"{a,b}{c,d}", "bd", true},
        {"{a,b}{c,d}", "ab", false},
        {"***", "a/b", true},
        {"day=*/part-?.parquet", "day=2026-01-01/part-1.parquet", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (glob_match(cases[i].pattern, cases[i].path) != cases[i].matches)
            fail_msg("%s on %s", cases[i].pattern, cases[i].path);
}

/* Patterns that take exponential time where a matcher backtracks or expands braces. */
static void hostile_globs(void **state)
{
    (void)state;
    char path[2001], pattern[1001];
    memset(path, 'a', sizeof path - 1);
    path[2000] = 0;
    static const char *const pieces[] = {"*a", "**/a", "{a,a}", "{a,*}", "{{{{", "[a-"};
    for (size_t k = 0; k < sizeof pieces / sizeof *pieces; k++) {
        size_t n = strlen(pieces[k]);
        for (size_t i = 0; i < 999; i++) pattern[i] = i < 999 / n * n ? pieces[k][i % n] : 'a';
        strcpy(pattern + 999, "b");
        assert_false(glob_match(pattern, path));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point), cmocka_unit_test(names), cmocka_unit_test(percent),
        cmocka_unit_test(suggestions),      cmocka_unit_test(globs), cmocka_unit_test(hostile_globs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
