#include "fixture.h"

#include "engine/parquet_stats.h"

#include <string.h>

#define X31 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void test_bounds(void **state)
{
    static const struct {
        const char *type, *text, *lower, *upper; /* NULL: no bound */
    } cases[] = {
        {"long", "9223372036854775807", "9223372036854775807", "9223372036854775807"},
        {"long", "-5", "-5", "-5"},
        {"decimal(12,2)", "-123.75", "-123.75", "-123.75"},
        {"decimal(12,2)", "1.", NULL, NULL},
        {"double", "1e+300", "1e+300", "1e+300"},
        {"double", "0.0", "-0.0", "0.0"},
        {"double", "-0.0", "-0.0", "0.0"},
        {"double", "inf", NULL, NULL},
        {"float", "nan", NULL, NULL},
        {"boolean", "1", NULL, NULL},
        {"binary", "6162", NULL, NULL},
        {"date", "2020-02-29", "\"2020-02-29\"", "\"2020-02-29\""},
        {"date", "infinity", NULL, NULL},
        {"date", "12020-02-29", NULL, NULL},
        {"date", "0044-03-15 (BC)", NULL, NULL},
        {"timestamp_ntz", "2020-01-01 00:00:00", "\"2020-01-01T00:00:00.000\"", "\"2020-01-01T00:00:00.000\""},
        {"timestamp_ntz", "2020-12-31 23:59:59.9991", "\"2020-12-31T23:59:59.999\"", "\"2021-01-01T00:00:00.000\""},
        {"timestamp_ntz", "1969-12-31 23:59:59.999999", "\"1969-12-31T23:59:59.999\"", "\"1970-01-01T00:00:00.000\""},
        {"timestamp_ntz", "1900-01-01 00:00:00.0005", "\"1900-01-01T00:00:00.000\"", "\"1900-01-01T00:00:00.001\""},
        {"timestamp_ntz", "9999-12-31 23:59:59.9999", "\"9999-12-31T23:59:59.999\"", NULL},
        {"timestamp_ntz", "infinity", NULL, NULL},
        {"timestamp", "2020-01-01 00:00:00.1239+00", "\"2020-01-01T00:00:00.123Z\"", "\"2020-01-01T00:00:00.124Z\""},
        {"timestamp", "2020-01-01 00:00:00+02", NULL, NULL},
        {"string", "it's \"x\"\n", "\"it's \\\"x\\\"\\n\"", "\"it's \\\"x\\\"\\n\""},
        {"string", "", "\"\"", "\"\""},
        {"string", X31 "b", "\"" X31 "b\"", "\"" X31 "b\""},
        {"string", X31 "bc", "\"" X31 "b\"", "\"" X31 "c\""},
        {"string", X31 "\xc3\xbf!", "\"" X31 "\xc3\xbf\"", "\"" X31 "\xc4\x80\""},
        {"string", X31 "\x7f!", "\"" X31 "\\u007f\"", "\"" X31 "\xc2\x80\""},
        {"string", X31 "\xed\x9f\xbf!", "\"" X31 "\xed\x9f\xbf\"", "\"" X31 "\xee\x80\x80\""}, /* over the surrogates */
        {"string", X31 "\xf4\x8f\xbf\xbf!", "\"" X31 "\xf4\x8f\xbf\xbf\"", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\""},
        {"string", "\xff", NULL, NULL},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *lower = stats_bound(f->a, cases[i].type, cases[i].text, false);
        char *upper = stats_bound(f->a, cases[i].type, cases[i].text, true);
        if (strcmp(lower ? lower : "", cases[i].lower ? cases[i].lower : "") != 0 ||
            strcmp(upper ? upper : "", cases[i].upper ? cases[i].upper : "") != 0)
            fail_msg("%s %s: %s %s", cases[i].type, cases[i].text, lower ? lower : "none", upper ? upper : "none");
    }
    struct buf *highest = buf_new(f->a, 1 << 10);
    for (int i = 0; i < 33; i++) buf_add_str(highest, "\xf4\x8f\xbf\xbf");
    assert_null(stats_bound(f->a, "string", highest->p, true));
    assert_non_null(stats_bound(f->a, "string", highest->p, false));
    assert_null(stats_bound(f->a, "string", NULL, true));
}

static void test_only_32_leaves(void **state)
{
    struct fixture *f = *state;
    struct delta_column columns[40] = {0};
    struct leaf_stats leaves[40] = {0};
    for (int i = 0; i < 40; i++) {
        columns[i].name = arena_printf(f->a, "c%d", i);
        columns[i].type = "long";
        leaves[i] = (struct leaf_stats){arena_printf(f->a, "\"c%d\"", i), "1", "2", "0", false};
    }
    char *stats = delta_stats(f->a, 3, columns, 40, leaves, 40);
    assert_non_null(strstr(stats, "\"c31\":1"));
    assert_null(strstr(stats, "\"c32\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_bounds),
        FIXTURE_TEST(test_only_32_leaves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
