/* The literals by themselves: boundaries, and random texts against independent readings of the same rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <locale.h>
#include <math.h>
#include <regex.h>
#include <time.h>

#include "quality/parse.h"

static locale_t c_locale;

/* --- random texts ------------------------------------------------------------------------------------------------ */

static uint64_t state = 88172645463325252;
static unsigned random_below(unsigned n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 33) % n;
}

/* A text near `pattern`: 'd' is any digit; now and then a character is changed, left out or doubled. */
static void near_text(char *out, const char *pattern, const char *alphabet)
{
    for (; *pattern; pattern++) {
        char c = *pattern == 'd' ? (char)('0' + random_below(10)) : *pattern;
        unsigned luck = random_below(40);
        if (luck == 0) continue;
        if (luck == 1) c = alphabet[random_below((unsigned)strlen(alphabet))];
        *out++ = c;
        if (luck == 2) *out++ = c;
    }
    *out = 0;
}

static bool matches(const char *pattern, const char *text)
{
    static struct {
        const char *pattern;
        regex_t compiled;
    } cache[16];
    size_t i = 0;
    while (cache[i].pattern && cache[i].pattern != pattern) i++;
    if (!cache[i].pattern) {
        cache[i].pattern = pattern;
        assert_int_equal(regcomp(&cache[i].compiled, pattern, REG_EXTENDED | REG_NOSUB), 0);
    }
    return regexec(&cache[i].compiled, text, 0, NULL, 0) == 0;
}

/* --- numbers ----------------------------------------------------------------------------------------------------- */

static bool integer(const char *t, int64_t *v)
{
    return parse_integer(t, strlen(t), INT64_MIN, INT64_MAX, v);
}

static void test_integers(void **s)
{
    (void)s;
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"+7", true, 7},
        {"007", true, 7},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"18446744073709551616", false, 0},
        {"99999999999999999999999", false, 0},
        {"0000000000000000000000000000001", true, 1},
        {"", false, 0},
        {"-", false, 0},
        {"+", false, 0},
        {"--1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"1.0", false, 0},
        {"1e3", false, 0},
        {"1_000", false, 0},
        {"1,000", false, 0},
        {"0x10", false, 0},
        {"1-", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t v = 0;
        if (integer(cases[i].text, &v) != cases[i].ok) fail_msg("'%s'", cases[i].text);
        if (cases[i].ok) assert_int_equal(v, cases[i].value);
    }
    int64_t v;
    for (int i = -70000; i <= 70000; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        assert_int_equal(parse_integer(text, strlen(text), INT16_MIN, INT16_MAX, &v), i >= INT16_MIN && i <= INT16_MAX);
        assert_int_equal(parse_integer(text, strlen(text), INT8_MIN, INT8_MAX, &v), i >= INT8_MIN && i <= INT8_MAX);
        if (i >= INT16_MIN && i <= INT16_MAX && parse_integer(text, strlen(text), INT16_MIN, INT16_MAX, &v))
            assert_int_equal(v, i);
    }
}

/* By shifting the point in the text, not in a number. */
static bool decimal_oracle(const char *text, int width, int scale, long double *ret)
{
    if (!matches("^[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)$", text)) return false;
    char digits[128] = "";
    const char *p = text + (*text == '-' || *text == '+');
    const char *point = strchr(p, '.');
    size_t whole = point ? (size_t)(point - p) : strlen(p), fraction = point ? strlen(point + 1) : 0;
    while (whole > 1 && *p == '0') p++, whole--;
    if (whole == 1 && *p == '0') p++, whole = 0;
    for (size_t i = (size_t)scale; i < fraction; i++)
        if (point[1 + i] != '0') return false;
    if (whole > (size_t)(width - scale)) return false;
    memcpy(digits, p, whole);
    for (int i = 0; i < scale; i++) digits[whole + (size_t)i] = (size_t)i < fraction ? point[1 + i] : '0';
    *ret = strtold(*digits ? digits : "0", NULL) * (*text == '-' ? -1 : 1);
    return true;
}

static void test_decimals(void **s)
{
    (void)s;
    static const char *const patterns[] = {"d.dd",
                                           "-ddd.d",
                                           "+dddddd.dd",
                                           "dddddddddddd.dddddd",
                                           "d.ddd00",
                                           ".dd",
                                           "d.",
                                           "0000000000ddd.d",
                                           "dddddddddddddddddd",
                                           "ddddddddddddddddddd",
                                           "-dddddddd.dddddddddd",
                                           "ddd.dd0000000000000000000000"};
    for (int round = 0; round < 300000; round++) {
        char text[128];
        near_text(text, patterns[random_below(sizeof patterns / sizeof *patterns)], ".-+e0 _,");
        int scale = (int)random_below(19);
        int64_t v = 0;
        int128 w = 0;
        long double expected = 0;
        bool ok = decimal_oracle(text, 18, scale, &expected);
        if (parse_decimal64(text, strlen(text), scale, &v) != ok) fail_msg("'%s' at scale %d", text, scale);
        if (ok && (long double)v != expected) fail_msg("'%s' at scale %d: %lld", text, scale, (long long)v);
        ok = decimal_oracle(text, 38, scale, &expected);
        if (parse_decimal128(text, strlen(text), scale, &w) != ok) fail_msg("'%s' at scale %d, wide", text, scale);
        if (ok && fabsl((long double)w - expected) > fabsl(expected) * 1e-18L)
            fail_msg("'%s' at scale %d, wide", text, scale);
    }
    int128 w;
    const char *most = "99999999999999999999999999999999999999";
    assert_true(parse_decimal128(most, 38, 0, &w));
    assert_true(w % 1000000000 == 999999999);
    assert_false(parse_decimal128("100000000000000000000000000000000000000", 39, 0, &w));
    assert_true(parse_decimal128("-0.99999999999999999999999999999999999999", 41, 38, &w));
    assert_false(parse_decimal128("1", 1, 38, &w));
    assert_true(parse_decimal128("0", 1, 38, &w));
}

static void test_doubles(void **s)
{
    (void)s;
    static const char *const patterns[] = {"d.d",
                                           "-ddddd.ddddd",
                                           "d.dddddddddddddddd",
                                           "ddddddddddddddddddd",
                                           "dddddddddddddddddddddddd.d",
                                           "d.dddddddddddddddde+dd",
                                           "dde-dd",
                                           "d.ded",
                                           "d.dddddddddE-ddd",
                                           "+.dd",
                                           "d.",
                                           "0.000000000000ddddd",
                                           "de22",
                                           "ddddddddde-22"};
    for (int round = 0; round < 400000; round++) {
        char text[128];
        near_text(text, patterns[random_below(sizeof patterns / sizeof *patterns)], ".-+eE0 xn");
        bool ok = matches("^[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?$", text);
        double expected = ok ? strtod_l(text, NULL, c_locale) : 0, v = 0;
        float expected_real = ok ? strtof_l(text, NULL, c_locale) : 0, r = 0;
        if (parse_double(text, strlen(text), c_locale, &v) != (ok && isfinite(expected))) fail_msg("'%s'", text);
        if (ok && isfinite(expected) && memcmp(&v, &expected, sizeof v) != 0)
            fail_msg("'%s': %.17g, not %.17g", text, v, expected);
        if (parse_real(text, strlen(text), c_locale, &r) != (ok && isfinite(expected_real)))
            fail_msg("'%s' as real", text);
        if (ok && isfinite(expected_real) && memcmp(&r, &expected_real, sizeof r) != 0)
            fail_msg("'%s': %.9g, not %.9g", text, (double)r, (double)expected_real);
    }
    double v;
    static const char *const bad[] = {"",      "nan", "NaN", "inf", "-inf", "Infinity", "1e999", "-1e999",
                                      "0x1p3", "1e",  "1e+", ".",   "e5",   "1.2.3",    "1 ",    "\t1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (parse_double(bad[i], strlen(bad[i]), c_locale, &v)) fail_msg("'%s'", bad[i]);
    char longest[1002];
    memset(longest, '1', sizeof longest);
    longest[1] = '.';
    assert_true(parse_double(longest, 1000, c_locale, &v));
    assert_false(parse_double(longest, 1001, c_locale, &v));
}

static void test_booleans(void **s)
{
    (void)s;
    bool v;
    assert_true(parse_boolean("TRUE", 4, &v) && v);
    assert_true(parse_boolean("False", 5, &v) && !v);
    static const char *const bad[] = {"",   "t",     "f",   "1",     "0",       "yes",
                                      "no", "truE ", "tru", "falsy", "TRU\x05", "\x14rue"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (parse_boolean(bad[i], strlen(bad[i]), &v)) fail_msg("'%s'", bad[i]);
}

/* --- days and times ---------------------------------------------------------------------------------------------- */

/* Every day of the calendar, counted one by one. */
static void test_every_day(void **s)
{
    (void)s;
    int32_t expected = -719162, days;
    for (int year = 1; year <= 9999; year++)
        for (int month = 0; month <= 13; month++)
            for (int day = 0; day <= 32; day++) {
                static const int length[] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0};
                bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
                bool ok = day >= 1 && day <= length[month] + (month == 2 && leap);
                char text[24];
                snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
                if (parse_date(text, 10, &days) != ok) fail_msg("%s", text);
                if (ok && days != expected++) fail_msg("%s is %d", text, days);
            }
    assert_int_equal(expected, 2932897);
    static const char *const bad[] = {"",          "0000-01-01",  "2026-1-1",    "2026/01/01",
                                      "20260101",  "2026-01-01 ", "12026-01-01", "2026-01-0a",
                                      "-026-01-01"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (parse_date(bad[i], strlen(bad[i]), &days)) fail_msg("'%s'", bad[i]);
}

static bool time_oracle(const char *t, int64_t *us)
{
    if (!matches("^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,6}0*)?)?$", t)) return false;
    int h = 0, m = 0, sec = 0;
    char fraction[8] = "000000";
    sscanf(t, "%d:%d:%d", &h, &m, &sec);
    for (size_t i = 0; strlen(t) > 9 && i < 6 && t[9 + i]; i++) fraction[i] = t[9 + i];
    *us = (h * 3600LL + m * 60 + sec) * 1000000 + atoi(fraction);
    return true;
}

static bool timestamp_oracle(const char *t, int64_t *us)
{
    struct tm tm = {0};
    *us = 0;
    if (strlen(t) < 10 || t[4] != '-' || t[7] != '-' ||
        sscanf(t, "%4d-%2d-%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday) != 3)
        return false;
    for (int i = 0; i < 10; i++)
        if (i != 4 && i != 7 && (t[i] < '0' || t[i] > '9')) return false;
    struct tm same = {.tm_year = tm.tm_year - 1900, .tm_mon = tm.tm_mon - 1, .tm_mday = tm.tm_mday};
    struct tm kept = same;
    time_t seconds = timegm(&same);
    if (tm.tm_year < 1 || same.tm_mon != kept.tm_mon || same.tm_mday != kept.tm_mday) return false;
    if (t[10] && ((t[10] != ' ' && t[10] != 'T') || !time_oracle(t + 11, us))) return false;
    *us += (int64_t)seconds * 1000000;
    return true;
}

static void test_times(void **s)
{
    (void)s;
    static const char *const patterns[] = {"20dd-0d-0d",   "2026-0d-1d 0d:5d:3d", "20dd-1d-2dT1d:0d",     "1d:dd:dd",
                                           "2d:1d:0d.ddd", "0d:0d:0d.dddddd00",   "2026-02-2d 1d:2d:3d.d"};
    for (int round = 0; round < 300000; round++) {
        char text[64];
        near_text(text, patterns[random_below(sizeof patterns / sizeof *patterns)], "-: T.0129Z+");
        int64_t v = 0, expected = 0;
        bool ok = time_oracle(text, &expected);
        if (parse_time(text, strlen(text), &v) != ok || (ok && v != expected)) fail_msg("time '%s'", text);
        ok = timestamp_oracle(text, &expected);
        if (parse_timestamp(text, strlen(text), &v) != ok || (ok && v != expected)) fail_msg("timestamp '%s'", text);
    }
}

static void test_zones(void **s)
{
    (void)s;
    static const struct {
        const char *text;
        int64_t minutes; /* after 2026-01-02 03:04 UTC; -1: refused */
    } cases[] = {
        {"2026-01-02 03:04:00Z", 0},
        {"2026-01-02T03:04Z", 0},
        {"2026-01-02 03:04:00+00", 0},
        {"2026-01-02 05:04:00+02:00", 0},
        {"2026-01-02 03:04:00.000000-00:30", 30},
        {"2026-01-02 03:04-0030", 30},
        {"2026-01-01 23:04:00-05", 60},
        {"2026-01-02 03:04:00", -1},
        {"2026-01-02", -1},
        {"2026-01-02Z", -1},
        {"2026-01-02+02", -1},
        {"2026-01-02 03:04:00+2", -1},
        {"2026-01-02 03:04:00 +02", -1},
        {"2026-01-02 03:04:00z", -1},
        {"2026-01-02 03:04:00+16:00", -1},
        {"2026-01-02 03:04:00+02:60", -1},
        {"2026-01-02 03:04:00+02:0", -1},
        {"2026-01-02 03:04:00+02:00Z", -1},
        {"Z", -1},
        {"", -1},
        {"2026-01-02 03:04:00+02-00", -1},
        {"2026-01-02 03:04:00UTC", -1},
    };
    int64_t base, v;
    assert_true(parse_timestamp("2026-01-02 03:04", 16, &base));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool ok = parse_timestamptz(cases[i].text, strlen(cases[i].text), &v);
        if (ok != (cases[i].minutes >= 0)) fail_msg("'%s'", cases[i].text);
        if (ok && v != base + cases[i].minutes * 60000000)
            fail_msg("'%s': %lld", cases[i].text, (long long)((v - base) / 60000000));
    }
}

static void test_json(void **s)
{
    (void)s;
    static const char *const good[] = {"0",        "-1.5e+3", "null", "true",
                                       " [1, 2] ", "{}",      "[]",   "{\"a\":{\"b\":[{},[],\"\\u00e4\\n\"]}, \"a\":1}",
                                       "\"\"",     "[[[]]]"};
    static const char *const bad[] = {"",        " ",           "nul",  "NaN",        "Infinity", "01",      "1.",
                                      ".5",      "+1",          "[1,]", "{\"a\":1,}", "{a:1}",    "'x'",     "\"x",
                                      "\"\n\"",  "[1 2]",       "[",    "]",          "[}",       "{\"a\"}", "1 2",
                                      "\"\\x\"", "\"\\u12g4\"", "[,1]", "{,}",        "// c\n1",  "-",       "1e"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!parse_json(good[i], strlen(good[i]))) fail_msg("%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (parse_json(bad[i], strlen(bad[i]))) fail_msg("%s", bad[i]);
    char deep[2010];
    memset(deep, '[', 1001);
    memset(deep + 1001, ']', 1001);
    assert_false(parse_json(deep, 2002));
    assert_true(parse_json(deep + 1, 2000));
}

static void test_uuid(void **s)
{
    (void)s;
    int128 v;
    assert_true(parse_uuid("00112233-4455-6677-8899-AABBCCDDEEFF", 36, &v));
    assert_true((uint64_t)v == 0x8899aabbccddeeff && (uint64_t)((unsigned __int128)v >> 64) == 0x0011223344556677);
    static const char *const bad[] = {"", "00112233445566778899aabbccddeeff", "{0112233-4455-6677-8899-aabbccddeeff}",
                                      "00112233-4455-6677-8899-aabbccddeefg", "00112233-4455-6677-8899+aabbccddeeff"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (parse_uuid(bad[i], strlen(bad[i]), &v)) fail_msg("%s", bad[i]);
}

int main(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers), cmocka_unit_test(test_decimals),  cmocka_unit_test(test_doubles),
        cmocka_unit_test(test_booleans), cmocka_unit_test(test_every_day), cmocka_unit_test(test_times),
        cmocka_unit_test(test_zones),    cmocka_unit_test(test_json),      cmocka_unit_test(test_uuid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
