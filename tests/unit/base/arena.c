#include "base/arena.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void memory_is_zero_and_aligned(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    static const size_t sizes[] = {0, 1, 15, 16, 17, 4095, 4096, 4097, 65536, 1000000};
    for (int round = 0; round < 20; round++) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            unsigned char *p = arena_alloc(a, sizes[i]);
            assert_int_equal((uintptr_t)p % 16, 0);
            for (size_t k = 0; k < sizes[i]; k++)
                if (p[k]) fail();
            memset(p, 0xAA, sizes[i]); /* the next piece must not see this */
        }
    }
    arena_free(a);
    arena_free(NULL);
}

static void strings(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    assert_string_equal(arena_strndup(a, "abcdef", 3), "abc");
    assert_string_equal(arena_strndup(a, NULL, 0), "");
    assert_string_equal(arena_printf(a, "%d-%s", 7, "x"), "7-x");
    char *large = arena_printf(a, "%0100000d", 1);
    assert_int_equal(strlen(large), 100000);
    arena_free(a);
}

static void push_keeps_what_is_there(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct pair {
        size_t x, y;
    } *items = NULL;
    size_t n = 0;
    for (size_t i = 0; i < 5000; i++) {
        struct pair *p = ARENA_PUSH(a, items, n);
        assert_int_equal(p->y, 0);
        *p = (struct pair){i, i + 1};
        assert_int_equal(n, i + 1);
    }
    for (size_t i = 0; i < n; i++) assert_true(items[i].x == i && items[i].y == i + 1);
    arena_free(a);
}

static char order[8];
static void note(void *p)
{
    strcat(order, p);
}

static void deferred_calls_run_backwards(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    order[0] = 0;
    arena_defer(a, note, arena_strdup(a, "1"));
    arena_defer(a, note, arena_strdup(a, "2"));
    arena_defer(a, note, arena_strdup(a, "3"));
    assert_string_equal(order, "");
    arena_free(a);
    assert_string_equal(order, "321");
}

static void errors(void **state)
{
    (void)state;
    struct err e = {0};
    assert_int_equal(err_set(&e, RC_DATA, "table %s", "orders"), RC_DATA);
    assert_int_equal(err_context(&e, "step %d", 3), RC_DATA);
    assert_string_equal(e.message, "step 3: table orders");
    assert_int_equal(err_set(&e, RC_CONFLICT, "again: %s", e.message), RC_CONFLICT); /* its own message as argument */
    assert_string_equal(e.message, "again: step 3: table orders");
    assert_int_equal(err_set(NULL, RC_USAGE, "x"), RC_USAGE);
    for (int rc = RC_OK; rc <= RC_INTERRUPTED; rc++) assert_true(*rc_name((enum rc)rc) != 0);
    assert_int_equal(rc_exit_code(RC_UNREACHABLE), 3);

    /* Cut texts are still UTF-8, whatever the offset at which they are cut. */
    struct arena *a = arena_new();
    struct buf *b = buf_new(a, BUF_DEFAULT_MAX);
    for (int i = 0; i < 3000; i++) buf_add_str(b, i % 2 ? "\xE2\x82\xAC" : "\xF0\x9F\x98\x80");
    for (int shift = 0; shift < 8; shift++) {
        err_set(&e, RC_DATA, "%.*s%s", shift, "12345678", b->p);
        struct buf *quoted = buf_new(a, BUF_DEFAULT_MAX);
        buf_add_json_string(quoted, e.message, strlen(e.message));
        assert_null(strstr(quoted->p, "\xEF\xBF\xBD"));
        assert_true(strlen(e.message) > ERR_MESSAGE_MAX - 8);
        err_context(&e, "%s", b->p);
        buf_clear(quoted);
        buf_add_json_string(quoted, e.message, strlen(e.message));
        assert_null(strstr(quoted->p, "\xEF\xBF\xBD"));
    }
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zero_and_aligned),
        cmocka_unit_test(strings),
        cmocka_unit_test(push_keeps_what_is_there),
        cmocka_unit_test(deferred_calls_run_backwards),
        cmocka_unit_test(errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
