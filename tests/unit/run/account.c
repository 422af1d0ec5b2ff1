/* The row account: what must add up, and how it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/json.h"
#include "run/account.h"

/* 100 rows read, 90 yielded: each of them went somewhere. */
static struct account_read read_orders[] = {{.table = "bronze.orders", .rows = 100}};
static struct account_line lines[] = {
    {.rule = "amount: decimal", .what = ACCOUNT_QUARANTINED, .rows = 5},
    {.rule = "late", .what = ACCOUNT_DROPPED, .rows = 2},
    {.rule = "cheap \"enough\"", .what = ACCOUNT_WARNED, .rows = 7},
    {.rule = "day: not null", .what = ACCOUNT_QUARANTINED, .rows = 1},
    {.rule = "unused", .what = ACCOUNT_QUARANTINED, .rows = 0},
};
static struct account good(void)
{
    return (struct account){.read = read_orders,
                            .n_read = 1,
                            .driving = "bronze.orders",
                            .may_filter = true,
                            .yielded = 90,
                            .inserted = 60,
                            .replacing = 10,
                            .unchanged = 4,
                            .quarantined = 6,
                            .dropped = 2,
                            .deduplicated = 5,
                            .deleted = 3,
                            .warned = 7,
                            .lines = lines,
                            .n_lines = 5,
                            .rows_before = 1000,
                            .rows_added = 70,
                            .rows_removed = 13,
                            .rows_after = 1057};
}

static void an_account_that_adds_up(void **state)
{
    (void)state;
    struct err e = {0};
    struct account acc = good();
    assert_int_equal(account_reconcile(&acc, "silver.orders", &e), RC_OK);
    assert_int_equal(acc.filtered, 10);
}

static void refused(struct account acc, const char *why)
{
    struct err e = {0};
    assert_int_equal(account_reconcile(&acc, "silver.orders", &e), RC_INTERNAL);
    if (!strstr(e.message, "silver.orders") || !strstr(e.message, why))
        fail_msg("the message is '%s', without '%s'", e.message, why);
}

static void every_term_counts(void **state)
{
    (void)state;
    static const size_t terms[] = {offsetof(struct account, inserted),    offsetof(struct account, replacing),
                                   offsetof(struct account, unchanged),   offsetof(struct account, dropped),
                                   offsetof(struct account, quarantined), offsetof(struct account, deduplicated),
                                   offsetof(struct account, deleted)};
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        struct account acc = good();
        ++*(int64_t *)(void *)((char *)&acc + terms[i]);
        refused(acc, "every row yielded must be counted where it went");
    }
}

static void rows_of_the_table_must_agree(void **state)
{
    (void)state;
    struct err e = {0};
    struct account acc = good();
    acc.rows_after--;
    refused(acc, "(1057 against 1056)");
    acc.rows_after = -1; /* the log does not say */
    assert_int_equal(account_reconcile(&acc, "silver.orders", &e), RC_OK);
}

static void rules_must_add_up(void **state)
{
    (void)state;
    struct account acc = good();
    acc.n_lines = 3;
    refused(acc, "quarantined rows by rule");
    acc = good();
    acc.dropped++;
    acc.inserted--;
    refused(acc, "dropped rows by rule");
}

static void filtered_is_known_only_with_a_driving_input(void **state)
{
    (void)state;
    struct err e = {0};
    struct account acc = good();
    acc.may_filter = false; /* nothing filters: 10 rows are missing */
    refused(acc, "what was filtered");
    acc = good();
    acc.read = &(struct account_read){.table = "bronze.orders", .rows = 89}; /* more rows than were read */
    refused(acc, "what was filtered");
    acc.driving = NULL;
    assert_int_equal(account_reconcile(&acc, "silver.orders", &e), RC_OK);
    assert_int_equal(acc.filtered, 0);
}

static void as_json(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct buf *out = buf_new(a, BUF_DEFAULT_MAX);
    struct err e = {0};
    struct account acc = good();
    json_t *root;
    assert_int_equal(account_reconcile(&acc, "silver.orders", &e), RC_OK);
    account_print_json(out, &acc);
    assert_int_equal(json_read(a, buf_str(out), "the account", &root, &e), RC_OK);
    static const struct {
        const char *key;
        int64_t rows;
    } terms[] = {{"yielded", 90},    {"inserted", 60},    {"replacing", 10},     {"unchanged", 4},
                 {"quarantined", 6}, {"dropped", 2},      {"deduplicated", 5},   {"deleted", 3},
                 {"warned", 7},      {"filtered", 10},    {"rows_before", 1000}, {"rows_after", 1057},
                 {"rows_added", 70}, {"rows_removed", 13}};
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++)
        assert_int_equal(json_integer_value(json_object_get(root, terms[i].key)), terms[i].rows);
    assert_string_equal(json_text(a, json_object_get(root, "read")), "{\"bronze.orders\":100}");
    assert_string_equal(json_string_value(json_object_get(root, "driving")), "bronze.orders");
    assert_string_equal(json_text(a, json_object_get(root, "quarantined_by_rule")),
                        "{\"amount: decimal\":5,\"day: not null\":1}");
    assert_string_equal(json_text(a, json_object_get(root, "warned_by_rule")), "{\"cheap \\\"enough\\\"\":7}");
    arena_free(a);
}

static void as_json_without_a_driving_input(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct buf *out = buf_new(a, BUF_DEFAULT_MAX);
    struct account acc = {.read = &(struct account_read){.rows = 3}, .n_read = 1};
    json_t *root;
    account_print_json(out, &acc);
    assert_int_equal(json_read(a, buf_str(out), "the account", &root, NULL), RC_OK);
    assert_true(json_is_null(json_object_get(root, "driving")));
    assert_null(json_object_get(root, "filtered"));
    assert_string_equal(json_text(a, json_object_get(root, "read")), "{\"files\":3}");
    arena_free(a);
}

static void prints(struct account acc, const char *line)
{
    struct arena *a = arena_new();
    struct buf *out = buf_new(a, BUF_DEFAULT_MAX);
    account_print_line(out, &acc);
    assert_string_equal(out->p, line);
    arena_free(a);
}

static void as_a_line(void **state)
{
    (void)state;
    struct account acc = good();
    acc.filtered = 10;
    prints(acc, "read 100 · wrote 60 · updated 10 · unchanged 4 · filtered 10 · quarantined 6 (amount: "
                "decimal: 5, day: not null: 1) · "
                "dropped 2 (late: 2) · deduplicated 5 · deleted 3 · warned 7");
    prints((struct account){0}, "no rows");
    struct account_read two[] = {{.table = "silver.a", .rows = 1200}, {.table = "silver.b", .rows = 0}};
    prints((struct account){.read = two, .n_read = 2, .yielded = 7, .inserted = 7},
           "read silver.a 1,200 · read silver.b 0 · yielded 7 · wrote 7");
}

static void many_rules_are_counted(void **state)
{
    (void)state;
    struct account_line many[5];
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    for (int i = 0; i < 5; i++)
        many[i] = (struct account_line){.rule = names[i], .what = ACCOUNT_QUARANTINED, .rows = i + 1};
    prints((struct account){.quarantined = 15, .lines = many, .n_lines = 5},
           "quarantined 15 (a: 1, b: 2, c: 3, 2 more)");
}

static void counts_are_grouped(void **state)
{
    (void)state;
    static const struct {
        int64_t n;
        const char *text;
    } cases[] = {{0, "0"},
                 {999, "999"},
                 {1000, "1,000"},
                 {-1234567, "-1,234,567"},
                 {123456, "123,456"},
                 {INT64_MAX, "9,223,372,036,854,775,807"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b;
        buf_init(&b, 100);
        buf_add_count(&b, cases[i].n);
        assert_string_equal(b.p, cases[i].text);
        buf_release(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_account_that_adds_up),
        cmocka_unit_test(every_term_counts),
        cmocka_unit_test(rows_of_the_table_must_agree),
        cmocka_unit_test(rules_must_add_up),
        cmocka_unit_test(filtered_is_known_only_with_a_driving_input),
        cmocka_unit_test(as_json),
        cmocka_unit_test(as_json_without_a_driving_input),
        cmocka_unit_test(as_a_line),
        cmocka_unit_test(many_rules_are_counted),
        cmocka_unit_test(counts_are_grouped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
