/* Which files a pattern finds, and what the ledger says about them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/os.h"
#include "source/files.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    struct arena *a;
    char *folder;
    struct err e;
};

static int setup(void **state)
{
    struct arena *a = arena_new();
    struct place *p = ARENA_NEW(a, struct place);
    p->a = a;
    *state = p;
    return os_temp_dir(a, NULL, &p->folder, &p->e) == RC_OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct place *p = *state;
    arena_free(p->a);
    return 0;
}

static void put(struct place *p, const char *name, const char *text)
{
    char *path = path_join(p->a, p->folder, name), *dir = arena_strdup(p->a, path);
    *strrchr(dir, '/') = 0;
    assert_int_equal(os_mkdirs(dir, &p->e), RC_OK);
    assert_int_equal(os_write_file(path, str_of(text), &p->e), RC_OK);
}

static const char *find(struct place *p, const char *pattern)
{
    struct source source = {.hive = true};
    struct found_file *files;
    size_t n;
    struct buf *b = buf_new(p->a, 1 << 20);
    if (source_find(p->a, p->folder, &source, pattern, &files, &n, &p->e) != RC_OK) return "error";
    for (size_t i = 0; i < n; i++) {
        buf_printf(b, "%s", files[i].path);
        for (size_t k = 0; k < files[i].n_hive; k++)
            buf_printf(b, " %s=%s", files[i].hive[k].key, files[i].hive[k].value ? files[i].hive[k].value : "NULL");
        buf_add_char(b, '\n');
    }
    return b->p;
}

static void patterns(void **state)
{
    struct place *p = *state;
    static const char *const names[] = {"raw/b.csv",        "raw/a.csv",
                                        "raw/x/c.csv",      "raw/x/y/d.csv",
                                        "raw/d.json",       "raw/.hidden.csv",
                                        "raw/_SUCCESS",     "raw/.git/z.csv",
                                        "raw/part.csv.tmp", "raw/day=2026-11-01/k=__HIVE_DEFAULT_PARTITION__/e.csv",
                                        "raw/[1].csv"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) put(p, names[i], "a\n");
    assert_string_equal(find(p, "raw/a.csv"), "raw/a.csv\n");
    assert_string_equal(find(p, "raw/*.csv"), "raw/[1].csv\nraw/a.csv\nraw/b.csv\n");
    assert_string_equal(find(p, "./raw//[ab].csv"), "raw/a.csv\nraw/b.csv\n");
    assert_string_equal(find(p, "raw/[1].csv"), "raw/[1].csv\n");
    assert_string_equal(find(p, "raw/{a,d}.{csv,json}"), "raw/a.csv\nraw/d.json\n");
    assert_string_equal(find(p, "raw/*/*.csv"), "raw/x/c.csv\n");
    assert_string_equal(find(p, "raw/x/**"), "raw/x/c.csv\nraw/x/y/d.csv\n");
    assert_string_equal(find(p, "raw/x/"), "raw/x/c.csv\nraw/x/y/d.csv\n");
    assert_string_equal(find(p, "raw/**/e.csv"),
                        "raw/day=2026-11-01/k=__HIVE_DEFAULT_PARTITION__/e.csv day=2026-11-01 k=NULL\n");
    assert_string_equal(find(p, "raw/{x/y,x}/*.csv"), "raw/x/c.csv\nraw/x/y/d.csv\n");
    assert_string_equal(find(p, "none/*.csv"), "");
    assert_string_equal(find(p, "none.csv"), "error");
    assert_int_equal(p->e.rc, RC_DATA);
    assert_non_null(strstr(p->e.message, "none.csv"));
    const char *absolute = path_join(p->a, p->folder, "raw/a.csv");
    assert_string_equal(find(p, absolute), "raw/a.csv\n");
}

static void loops_of_links_and_odd_names(void **state)
{
    struct place *p = *state;
    put(p, "raw/a.csv", "a\n");
    put(p, "raw/caf\xE9.csv", "a\n");
    assert_int_equal(symlink("..", path_join(p->a, p->folder, "raw/up")), 0);
    assert_int_equal(symlink("a.csv", path_join(p->a, p->folder, "raw/link.csv")), 0);
    assert_string_equal(find(p, "raw/**/*.csv"), "raw/a.csv\nraw/caf\\xE9.csv\nraw/link.csv\n");
}

static void two_hundred_files_are_quick(void **state)
{
    struct place *p = *state;
    for (int i = 0; i < 200; i++) put(p, arena_printf(p->a, "raw/%d/x%d.csv", i % 7, i), "a\n");
    find(p, "raw/*/*.csv");
    int64_t start = os_monotonic_us();
    find(p, "raw/*/*.csv");
    print_message("200 files in %lld us\n", (long long)(os_monotonic_us() - start));
}

static enum file_fate compare(struct place *p, struct ledger_file known)
{
    struct source source = {0};
    struct found_file *files;
    struct file_decision *d;
    size_t n;
    struct ledger l = {.files = &known, .n_files = 1};
    assert_int_equal(source_find(p->a, p->folder, &source, "*.csv", &files, &n, &p->e), RC_OK);
    assert_int_equal(source_compare(p->a, &l, files, n, &d, &n, &p->e), RC_OK);
    for (size_t i = 0; i < n; i++)
        if (d[i].known) return d[i].fate;
    return FILE_NEW;
}

static void what_has_changed(void **state)
{
    struct place *p = *state;
    struct file_status s;
    bool exists;
    put(p, "a.csv", "a\n1\n");
    assert_int_equal(os_stat(path_join(p->a, p->folder, "a.csv"), &s, &exists, &p->e), RC_OK);
    struct hash h = hash_bytes("a\n1\n", 4), other = hash_bytes("x", 1);
    struct ledger_file f = {
        .path = "a.csv", .size = 4, .mtime_us = s.mtime_us, .loaded_at_us = s.mtime_us + 3000000, .hash = other.hex};
    assert_int_equal(compare(p, f), FILE_SAME); /* size and time say it: not read */
    f.loaded_at_us = s.mtime_us + 1000000;
    assert_int_equal(compare(p, f), FILE_CHANGED); /* too near to its load: read */
    f.hash = h.hex;
    assert_int_equal(compare(p, f), FILE_SAME);
    f.mtime_us -= 60000000;
    assert_int_equal(compare(p, f), FILE_SAME); /* touched only */
    f.hash = other.hex;
    assert_int_equal(compare(p, f), FILE_CHANGED);
    f.problem = "was damaged";
    assert_int_equal(compare(p, f), FILE_RETRY);
    f.path = "gone.csv";
    assert_int_equal(compare(p, f), FILE_VANISHED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(patterns, setup, teardown),
        cmocka_unit_test_setup_teardown(loops_of_links_and_odd_names, setup, teardown),
        cmocka_unit_test_setup_teardown(two_hundred_files_are_quick, setup, teardown),
        cmocka_unit_test_setup_teardown(what_has_changed, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
