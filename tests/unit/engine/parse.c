#include "fixture.h"

#include <string.h>

static void test_batch(void **state)
{
    struct fixture *f = *state;
    static const char *const texts[] = {
        "select a, 'it''s' from t -- c",
        "insert into t values (1)",
        "garbage in",
        "",
        "select 1; select 2",
        "pivot t on a using sum(b)",
        "select '\xff'",
        "with recursive r as (select 1 as i union all select i + 1 from r) from r",
        "select 'a' union",
        "/* only a comment */",
    };
    static const char *const contains[] = {
        "\"error\":false", "\"error\":true",  "\"error\":true",  "\"statements\":[]", "\"error\":false",
        "\"error\":true",  "not valid UTF-8", "\"error\":false", "\"error\":true",    "\"statements\":[]",
    };
    const size_t n = sizeof texts / sizeof *texts;
    const char **json = NULL;
    assert_ok(f, engine_parse(f->a, f->s, texts, n, &json, &f->e));
    for (size_t i = 0; i < n; i++)
        if (!strstr(json[i], contains[i])) fail_msg("%s: %s", texts[i], json[i]);
    assert_non_null(strstr(json[0], "it's"));
    assert_ok(f, engine_parse(f->a, f->s, texts, 0, &json, &f->e));
}

/* One text that makes the engine's function itself fail must not take the others with it. */
static void test_one_hostile_text(void **state)
{
    struct fixture *f = *state;
    struct buf *deep = buf_new(f->a, 1 << 22);
    buf_add_str(deep, "select ");
    for (int i = 0; i < 3000; i++) buf_add_char(deep, '(');
    buf_add_char(deep, '1');
    for (int i = 0; i < 3000; i++) buf_add_str(deep, ")+1");
    const char *texts[] = {"select 1", deep->p, "select 2", "select 3"};
    const char **json = NULL;
    assert_ok(f, engine_parse(f->a, f->s, texts, 4, &json, &f->e));
    assert_non_null(strstr(json[0], "\"error\":false"));
    assert_non_null(strstr(json[1], "\"error\""));
    assert_non_null(strstr(json[3], "\"error\":false"));
}

static void test_many(void **state)
{
    struct fixture *f = *state;
    const size_t n = 10000;
    const char **texts = ARENA_ARRAY(f->a, const char *, n), **json = NULL;
    for (size_t i = 0; i < n; i++)
        texts[i] =
            arena_printf(f->a,
                         "select o.order_id, upper(trim(country)) as c%zu, sum(amount) from bronze.orders o join "
                         "silver.customers c using (customer_id) where o.op <> 'D' group by all",
                         i);
    int64_t start = os_monotonic_us();
    assert_ok(f, engine_parse(f->a, f->s, texts, n, &json, &f->e));
    print_message("%zu statements: %.2f s\n", n, (double)(os_monotonic_us() - start) / 1e6);
    for (size_t i = 0; i < n; i++)
        if (!strstr(json[i], arena_printf(f->a, "\"c%zu\"", i))) fail_msg("%zu: %s", i, json[i]);
}

static void test_back_to_text(void **state)
{
    struct fixture *f = *state;
    const char *texts[] = {"select a + 1 as b, 'it''s' from s.t where x is not distinct from 3 order by 1"};
    const char **json = NULL;
    char *text = NULL;
    assert_ok(f, engine_parse(f->a, f->s, texts, 1, &json, &f->e));
    assert_ok(f, engine_unparse(f->a, f->s, json[0], &text, &f->e));
    assert_non_null(strstr(text, "'it''s'"));
    assert_non_null(strstr(text, "s.t"));
    assert_int_not_equal(engine_unparse(f->a, f->s, "{}", &text, &f->e), RC_OK);
    assert_int_not_equal(engine_unparse(f->a, f->s, "nonsense", &text, &f->e), RC_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_batch),
        FIXTURE_TEST(test_one_hostile_text),
        FIXTURE_TEST(test_many),
        FIXTURE_TEST(test_back_to_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
