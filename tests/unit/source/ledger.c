/* The ledger: what is printed is read again; later lines win; hostile parts are refused; 200,000 files are quick. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/os.h"
#include "source/files.h"

static void what_is_printed_is_read_again(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct err e = {0};
    const char *columns[] = {"id", "a \"b\"", "\xC3\xA9\n"};
    struct ledger_file f = {.path = "raw/\"x\"\n.csv",
                            .size = 9007199254740993,
                            .mtime_us = -5,
                            .hash = "00ff",
                            .loaded_at_us = 7,
                            .load = 3,
                            .records = 5,
                            .rows = 4,
                            .malformed = 1,
                            .problem = "it's \\ bad",
                            .same_as = "y",
                            .columns = columns,
                            .n_columns = 3};
    struct buf *b = buf_new(a, 1 << 20);
    ledger_print_file(b, &f);
    struct str part = buf_str(b);
    struct ledger *l;
    assert_int_equal(ledger_read(a, &part, 1, &l, &e), RC_OK);
    const struct ledger_file *x = ledger_find(l, f.path);
    assert_non_null(x);
    assert_true(x->size == f.size && x->mtime_us == -5 && x->load == 3 && x->records == 5 && x->rows == 4 &&
                x->malformed == 1 && x->loaded_at_us == 7);
    assert_string_equal(x->hash, "00ff");
    assert_string_equal(x->problem, f.problem);
    assert_string_equal(x->same_as, "y");
    assert_int_equal(x->n_columns, 3);
    for (size_t i = 0; i < 3; i++) assert_string_equal(x->columns[i], columns[i]);
    arena_free(a);
}

static void later_lines_win(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct err e = {0};
    struct str parts[] = {STR("{\"file\":{\"path\":\"b\",\"size\":1}}\n{\"file\":{\"path\":\"a\",\"size\":1,"
                              "\"problem\":\"x\"}}\n"),
                          STR("{\"quarantine\":{\"path\":\"q\"}}\n{\"forget\":\"b\"}\n{\"file\":{\"path\":"
                              "\"a\",\"size\":2,\"new\":{}}}\n"),
                          STR("{\"file\":{\"path\":\"c\",\"size\":3}}\n")};
    struct ledger *l;
    assert_int_equal(ledger_read(a, parts, 3, &l, &e), RC_OK);
    assert_int_equal(l->n_files, 2);
    assert_string_equal(l->files[0].path, "a");
    assert_int_equal(l->files[0].size, 2);
    assert_null(l->files[0].problem);
    assert_null(ledger_find(l, "b"));
    assert_non_null(ledger_find(l, "c"));
    arena_free(a);
}

static void hostile_parts_are_refused(void **state)
{
    (void)state;
    static const char *const hostile[] = {"{\"file\":{\"path\":\"a\",\"size\":1}}",
                                          "x\n",
                                          "{}\n",
                                          "{\"file\":3}\n",
                                          "{\"file\":\"x\"}\n",
                                          "{\"file\":{}}\n",
                                          "{\"forget\":null}\n",
                                          "{\"file\":{\"path\":3}}\n",
                                          "{\"file\":{\"path\":\"a\",\"size\":\"1\"}}\n",
                                          "{\"file\":{\"path\":\"a\",\"size\":1e3}}\n",
                                          "{\"file\":{\"path\":\"a\",\"size\":99999999999999999999}}\n",
                                          "{\"file\":{\"path\":\"a\",\"rows\":-1}}\n",
                                          "{\"file\":{\"path\":\"a\",\"columns\":[1]}}\n",
                                          "{\"file\":{\"path\":\"a\",\"columns\":\"x\"}}\n",
                                          "{\"file\":{\"path\":\"\\u0000\"}}\n",
                                          "{\"file\":{\"path\":\"\xFF\"}}\n",
                                          "[[[[\n",
                                          "{\"file\":{\"path\":\"a\"}} {}\n"};
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        struct arena *a = arena_new();
        struct err e = {0};
        struct str part = str_of(hostile[i]);
        struct ledger *l;
        if (ledger_read(a, &part, 1, &l, &e) != RC_DATA) fail_msg("taken: %s", hostile[i]);
        assert_non_null(strstr(e.message, "part 1, line 1"));
        arena_free(a);
    }
}

static void many_files(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct err e = {0};
    struct buf *b = buf_new(a, 1 << 28);
    const char *columns[] = {"id", "name", "amount"};
    for (int i = 0; i < 200000; i++) {
        struct ledger_file f = {.path = arena_printf(a, "raw/2026/file-%06d.csv", i * 7919 % 200000),
                                .size = i,
                                .hash = "0123456789abcdef0123456789abcdef",
                                .columns = columns,
                                .n_columns = 3};
        ledger_print_file(b, &f);
    }
    struct str part = buf_str(b);
    struct ledger *l;
    int64_t start = os_monotonic_us();
    assert_int_equal(ledger_read(a, &part, 1, &l, &e), RC_OK);
    print_message("200,000 files in %lld ms\n", (long long)(os_monotonic_us() - start) / 1000);
    assert_int_equal(l->n_files, 200000);
    assert_string_equal(l->files[199999].path, "raw/2026/file-199999.csv");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_printed_is_read_again),
        cmocka_unit_test(later_lines_win),
        cmocka_unit_test(hostile_parts_are_refused),
        cmocka_unit_test(many_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
