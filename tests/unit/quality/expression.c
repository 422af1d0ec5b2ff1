/* Rules as text: what is refused where, what the clock replaces, and that a rule cannot leave its brackets. */
#include "fixture.h"

#include "quality/expression.h"

static struct arena *a;
static struct err e;

static const char *read_rule(const char *text, bool row)
{
    static const char *const columns[] = {"current_date", "amount"};
    struct expression_clock clock = {"CLOCK", "LOCAL", columns, 2};
    struct expression x;
    struct pos pos = {"silver/orders.sql", 7, 5};
    return expression_read(a, text, pos, "rule r", row, &clock, &x, &e) == RC_OK ? x.sql : NULL;
}

static void test_clock(void **state)
{
    (void)state;
    static const struct {
        const char *text, *sql;
    } cases[] = {
        {"ordered_at <= now()", "ordered_at <= CLOCK"},
        {"a < NOW ( )", "a < CLOCK"},
        {"a < current_timestamp", "a < CLOCK"},
        {"d = today()", "d = CAST(LOCAL AS DATE)"},
        {"d = current_date()", "d = CAST(LOCAL AS DATE)"},
        {"d = current_date", "d = current_date"}, /* a column of that name */
        {"d < localtimestamp", "d < LOCAL"},
        {"t < current_time", "t < CAST(LOCAL AS TIME)"},
        {"x.now > 1 and \"now\" = 'now()'", "x.now > 1 and \"now\" = 'now()'"},
        {"now > 1", "now > 1"},
        {"a = $$now()$$ -- now()\n or b", "a = $$now()$$ or b"},
        {"a /* now() /* ) */ */ = 1", "a = 1"},
        {"E'it\\'s ;(' = a", "E'it\\'s ;(' = a"},
        {"  amount>=1e-6  ", "amount>=1e-6"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *sql = read_rule(cases[i].text, true);
        if (!sql) fail_msg("%s: %s", cases[i].text, e.message);
        assert_string_equal(sql, cases[i].sql);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
        bool also_in_checks;
    } cases[] = {
        {"amount > avg (amount)",
         "silver/orders.sql:7:14: rule r judges one row at a time and cannot have the aggregate avg()", false},
        {"id in (select id from x)", "7:11: rule r judges one row at a time and cannot have a subquery", false},
        {"exists(from x)", "cannot have a subquery", false},
        {"coalesce(sum(x) over (), 1)", "cannot have the aggregate sum()", false},
        {"abs(x) over w", "cannot have a window function", false},
        {"row_number() > 1", "cannot have the window function row_number()", false},
        {"random() < 1", "cannot have the volatile function random()", false},
        {"unnest([1]) = 1", "cannot have the table function unnest()", false},
        {"a > 1) or (true", "7:10: rule r closes a bracket that is not open: ')'", true},
        {"(a > 1", "does not close '('", true},
        {"(a > [1)", "closes a bracket that is not open: ')'", true},
        {"a = 'x", "7:9: rule r does not end what opens here", true},
        {"a /* b", "does not end what opens here", true},
        {"true; drop table x", "';' ends it", true},
        {"a = ?", "parameter", true},
        {"a = $1", "parameter", true},
        {"", "is empty", true},
        {" -- only\n", "is empty", true},
        {"a =\n  (b", "silver/orders.sql:8:5", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (read_rule(cases[i].text, true)) fail_msg("'%s' was taken", cases[i].text);
        if (!strstr(e.message, cases[i].message)) fail_msg("'%s': %s", cases[i].text, e.message);
        assert_int_equal(e.rc, RC_PROJECT);
        if ((read_rule(cases[i].text, false) == NULL) != cases[i].also_in_checks)
            fail_msg("'%s' as a check", cases[i].text);
    }
}

static void test_mentions(void **state)
{
    (void)state;
    assert_true(expression_mentions(a, "Amount > 1", "amount"));
    assert_true(expression_mentions(a, "t.\"amount\" > 1", "amount"));
    assert_false(expression_mentions(a, "amounts > 'amount' -- amount", "amount"));
}

int main(void)
{
    a = arena_new();
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_clock), cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_mentions)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(a);
    return failed;
}
