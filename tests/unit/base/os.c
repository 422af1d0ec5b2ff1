#include "base/os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

struct place {
    struct arena *a;
    char *dir;
};

static int set_up(void **state)
{
    struct arena *a = arena_new();
    struct place *p = ARENA_NEW(a, struct place);
    p->a = a;
    *state = p;
    return os_temp_dir(a, NULL, &p->dir, NULL) == RC_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    char dir[4096];
    snprintf(dir, sizeof dir, "%s", p->dir);
    arena_free(p->a);
    return access(dir, F_OK) == 0 ? -1 : 0;
}

static size_t count(struct place *p, const char *dir)
{
    char **names;
    size_t n;
    assert_int_equal(os_list(p->a, dir, &names, &n, NULL), RC_OK);
    return n;
}

static void assert_holds(struct place *p, const char *path, const char *text)
{
    struct str s;
    struct err e = {0};
    if (os_read_file(p->a, path, 1 << 20, &s, NULL, &e) != RC_OK) fail_msg("%s", e.message);
    assert_string_equal(s.p, text);
    assert_int_equal(s.n, strlen(text));
}

static int64_t fake_clock(void *data)
{
    return *(int64_t *)data;
}

static void time_and_its_names(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    assert_string_equal(os_format_time(a, 0), "1970-01-01T00:00:00.000000Z");
    assert_string_equal(os_format_time(a, 1795458600123456), "2026-11-23T18:30:00.123456Z");
    assert_string_equal(os_format_time_name(a, 1795458600123456), "20261123T183000Z");
    assert_string_equal(os_format_time(a, -1), "1969-12-31T23:59:59.999999Z");
    os_format_time(a, INT64_MAX);
    os_format_time(a, INT64_MIN);
    int64_t now = 5;
    os_set_clock(fake_clock, &now);
    assert_int_equal(os_now_us(), 5);
    os_set_clock(NULL, NULL);
    assert_true(os_now_us() > 1600000000000000);
    int64_t t = os_monotonic_us();
    assert_true(os_monotonic_us() >= t);
    arena_free(a);
}

static int compare_uuids(const void *x, const void *y)
{
    return strcmp(x, y);
}

static void uuids(void **state)
{
    (void)state;
    enum { N = 20000 };
    char(*all)[37] = malloc(N * sizeof *all);
    for (size_t i = 0; i < N; i++) {
        os_uuid(all[i]);
        assert_int_equal(strlen(all[i]), 36);
        assert_true(all[i][14] == '4' && strchr("89ab", all[i][19]));
    }
    qsort(all, N, sizeof *all, compare_uuids);
    for (size_t i = 1; i < N; i++) assert_string_not_equal(all[i - 1], all[i]);
    free(all);
    unsigned char large[5000] = {0};
    os_random(large, sizeof large);
    size_t zeros = 0;
    for (size_t i = 0; i < sizeof large; i++) zeros += large[i] == 0;
    assert_true(zeros < 100);
}

/* A child process must not repeat the numbers that its parent is going to use. */
static void random_after_fork(void **state)
{
    (void)state;
    char mine[37], childs[37] = "";
    os_uuid(mine); /* fills the pool */
    int pipe_fds[2];
    assert_int_equal(pipe(pipe_fds), 0);
    pid_t child = fork();
    if (child == 0) {
        os_uuid(childs);
        _exit(write(pipe_fds[1], childs, sizeof childs) == (ssize_t)sizeof childs ? 0 : 1);
    }
    assert_true(child > 0);
    assert_int_equal(read(pipe_fds[0], childs, sizeof childs), sizeof childs);
    waitpid(child, NULL, 0);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    os_uuid(mine);
    assert_int_equal(strlen(childs), 36);
    assert_string_not_equal(mine, childs);
}

static void reading(void **state)
{
    struct place *p = *state;
    struct err e = {0};
    struct str s;
    bool exists = true;
    char *path = path_join(p->a, p->dir, "f");
    assert_int_equal(os_read_file(p->a, path, 10, &s, &exists, &e), RC_OK);
    assert_false(exists);
    assert_int_equal(os_read_file(p->a, path, 10, &s, NULL, &e), RC_DATA);
    assert_non_null(strstr(e.message, path));
    assert_int_equal(os_write_file(path, STR("0123456789"), &e), RC_OK);
    assert_int_equal(os_read_file(p->a, path, 10, &s, &exists, &e), RC_OK);
    assert_true(exists);
    assert_true(str_eq(s, STR("0123456789")) && s.p[10] == 0);
    assert_int_equal(os_read_file(p->a, path, 9, &s, NULL, &e), RC_DATA);
    assert_non_null(strstr(e.message, "larger than 9 bytes"));
    assert_int_equal(os_read_file(p->a, p->dir, 10, &s, &exists, &e), RC_DATA); /* a folder */
    assert_int_equal(os_read_file(p->a, "/proc/self/status", 1 << 20, &s, NULL, &e),
                     RC_OK); /* says that its size is 0 */
    assert_true(s.n > 100);
    assert_int_equal(os_read_file(p->a, "/proc/self/status", 20, &s, NULL, &e), RC_DATA);
    assert_int_equal(os_write_file(path, (struct str){NULL, 0}, &e), RC_OK);
    assert_holds(p, path, "");

    struct file_status st;
    assert_int_equal(os_stat(p->dir, &st, &exists, &e), RC_OK);
    assert_true(exists && st.is_dir && !st.is_regular);
    assert_int_equal(os_stat(path, &st, &exists, &e), RC_OK);
    assert_true(exists && st.is_regular && st.size == 0 && st.inode != 0 && st.mtime_us > 1600000000000000);
    assert_int_equal(os_stat(path_join(p->a, path, "below"), &st, &exists, &e), RC_OK);
    assert_false(exists);
}

static void whole_or_not_at_all(void **state)
{
    struct place *p = *state;
    struct err e = {0};
    char *path = path_join(p->a, p->dir, "f");
    assert_int_equal(os_write_file(path, STR("old"), &e), RC_OK);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(os_write_file(path, STR("new"), &e), RC_OK);
    assert_holds(p, path, "new");
    struct stat s;
    assert_int_equal(stat(path, &s), 0);
    assert_int_equal(s.st_mode & 0777, 0640);

    /* A write that fails half way leaves the old file and nothing else. */
    struct rlimit old, small = {.rlim_cur = 1000, .rlim_max = RLIM_INFINITY};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small.rlim_max = old.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    static const char large[5000];
    bool created = false;
    enum rc written = os_write_file(path, (struct str){large, sizeof large}, &e);
    enum rc fresh = os_create_new(path_join(p->a, p->dir, "g"), (struct str){large, sizeof large}, &created, &e);
    setrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(written, RC_UNREACHABLE);
    assert_int_equal(fresh, RC_UNREACHABLE);
    assert_false(created);
    assert_holds(p, path, "new");
    assert_int_equal(count(p, p->dir), 1);

    assert_int_equal(os_write_file(path_join(p->a, p->dir, "no/such"), STR("x"), &e), RC_UNREACHABLE);
    assert_int_equal(os_write_file(path_join(p->a, path, "below"), STR("x"), &e), RC_DATA); /* below a file */
    assert_int_equal(os_write_file(p->dir, STR("x"), &e), RC_DATA);                         /* a folder is there */
    assert_int_equal(os_write_file("/proc/ingot", STR("x"), &e), RC_UNREACHABLE);
    assert_int_equal(count(p, p->dir), 1);
}

static void only_one_creates(void **state)
{
    struct place *p = *state;
    struct err e = {0};
    bool created = false;
    char *path = path_join(p->a, p->dir, "00000.json");
    assert_int_equal(os_create_new(path, STR("first"), &created, &e), RC_OK);
    assert_true(created);
    assert_int_equal(os_create_new(path, STR("second"), &created, &e), RC_OK);
    assert_false(created);
    assert_holds(p, path, "first");
    char *link_path = path_join(p->a, p->dir, "link");
    assert_int_equal(symlink("nowhere", link_path), 0);
    assert_int_equal(os_create_new(link_path, STR("x"), &created, &e), RC_OK);
    assert_false(created);
    assert_int_equal(count(p, p->dir), 2);
    assert_int_equal(os_create_new(path_join(p->a, p->dir, "no/such"), STR("x"), &created, &e), RC_UNREACHABLE);
}

struct racer {
    const char *dir;
    int id, won, failed;
};

static void *race(void *data)
{
    struct racer *r = data;
    struct arena *a = arena_new();
    for (int i = 0; i < 50; i++) {
        bool created = false;
        char *text = arena_printf(a, "%d", r->id);
        if (os_create_new(arena_printf(a, "%s/%d", r->dir, i), str_of(text), &created, NULL) != RC_OK) r->failed++;
        r->won += created;
    }
    arena_free(a);
    return NULL;
}

static void writers_in_a_race(void **state)
{
    struct place *p = *state;
    struct racer racers[4];
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        racers[i] = (struct racer){.dir = p->dir, .id = i};
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    int won = 0, in_file[4] = {0};
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        won += racers[i].won;
        assert_int_equal(racers[i].failed, 0);
    }
    assert_int_equal(won, 50);
    assert_int_equal(count(p, p->dir), 50);
    for (int i = 0; i < 50; i++) {
        struct str s;
        assert_int_equal(os_read_file(p->a, arena_printf(p->a, "%s/%d", p->dir, i), 10, &s, NULL, NULL), RC_OK);
        assert_int_equal(s.n, 1);
        in_file[s.p[0] - '0']++;
    }
    for (int i = 0; i < 4; i++) assert_int_equal(in_file[i], racers[i].won);
}

static void folders(void **state)
{
    struct place *p = *state;
    struct err e = {0};
    char *deep = path_join(p->a, p->dir, "a/b//c/");
    assert_int_equal(os_mkdirs(deep, &e), RC_OK);
    assert_int_equal(os_mkdirs(deep, &e), RC_OK);
    assert_int_equal(os_fsync(deep, &e), RC_OK);
    assert_int_equal(os_fsync(path_join(p->a, deep, "no"), &e), RC_UNREACHABLE);
    char *file = path_join(p->a, p->dir, "file");
    assert_int_equal(os_write_file(file, STR("x"), &e), RC_OK);
    assert_int_equal(os_mkdirs(file, &e), RC_DATA);
    assert_int_equal(os_mkdirs(path_join(p->a, file, "below"), &e), RC_DATA);
    assert_int_equal(os_mkdirs("/proc/ingot/x", &e), RC_UNREACHABLE);

    char **names;
    size_t n = 7;
    assert_int_equal(os_list(p->a, path_join(p->a, p->dir, "missing"), &names, &n, &e), RC_OK);
    assert_int_equal(n, 0);
    assert_int_equal(os_list(p->a, file, &names, &n, &e), RC_DATA);
    static const char *const some[] = {"b", "B", "a10", "a9", ".hidden", "\xC3\xA4"};
    static const char *const sorted[] = {".hidden", "B", "a10", "a9", "b", "\xC3\xA4"};
    for (size_t i = 0; i < 6; i++) assert_int_equal(os_write_file(path_join(p->a, deep, some[i]), STR(""), &e), RC_OK);
    assert_int_equal(os_list(p->a, deep, &names, &n, &e), RC_OK);
    assert_int_equal(n, 6);
    for (size_t i = 0; i < 6; i++) assert_string_equal(names[i], sorted[i]);

    assert_int_equal(os_remove(file, &e), RC_OK);
    assert_int_equal(os_remove(file, &e), RC_OK);
    assert_int_equal(os_remove(deep, &e), RC_DATA);
}

static void removing_a_tree(void **state)
{
    struct place *p = *state;
    struct err e = {0};
    char *outside = path_join(p->a, p->dir, "outside"), *tree = path_join(p->a, p->dir, "tree");
    assert_int_equal(os_mkdirs(outside, &e), RC_OK);
    assert_int_equal(os_write_file(path_join(p->a, outside, "kept"), STR("x"), &e), RC_OK);
    assert_int_equal(os_mkdirs(path_join(p->a, tree, "a/b/c"), &e), RC_OK);
    assert_int_equal(os_write_file(path_join(p->a, tree, "a/b/f"), STR("x"), &e), RC_OK);
    assert_int_equal(symlink("../outside", path_join(p->a, tree, "link")), 0);
    assert_int_equal(os_remove_tree(tree, &e), RC_OK);
    assert_int_equal(os_remove_tree(tree, &e), RC_OK);
    assert_int_equal(access(tree, F_OK), -1);
    assert_int_equal(symlink("outside", tree), 0); /* a link itself: the link goes, not what it names */
    assert_int_equal(os_remove_tree(tree, &e), RC_OK);
    assert_int_equal(os_remove_tree(path_join(p->a, p->dir, "outside/kept/x"), &e), RC_OK);
    assert_int_equal(count(p, outside), 1);

    struct arena *a = arena_new();
    char *temp;
    assert_int_equal(os_temp_dir(a, outside, &temp, &e), RC_OK);
    assert_memory_equal(path_base(temp), "ingot-", 6);
    assert_int_equal(strtol(path_base(temp) + 6, NULL, 10), getpid());
    assert_int_equal(os_mkdirs(path_join(a, temp, "x/y"), &e), RC_OK);
    assert_int_equal(count(p, outside), 3); /* the folder and its lock */
    arena_free(a);
    assert_int_equal(count(p, outside), 1);
}

#define LEFT "ingot-1-00000000-0000-4000-8000-000000000000"

/* What a killed process left goes when the next one makes a folder; what somebody works in stays. */
static void leftovers(void **state)
{
    struct place *p = *state;
    struct err e;
    char *parent = path_join(p->a, p->dir, "temp"), *left = path_join(p->a, parent, LEFT),
         *lock = path_join(p->a, parent, LEFT ".lock"), *fresh;
    const struct timeval old[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    assert_int_equal(os_mkdirs(path_join(p->a, left, "x"), &e), RC_OK);
    assert_int_equal(os_write_file(lock, STR(""), &e), RC_OK);
    struct arena *a = arena_new();
    assert_int_equal(os_temp_dir(a, parent, &fresh, &e), RC_OK);
    assert_int_equal(access(left, F_OK), 0); /* too young to tell */
    assert_int_equal(utimes(lock, old), 0);
    int fd = open(lock, O_RDWR);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(os_temp_dir(a, parent, &fresh, &e), RC_OK);
    assert_int_equal(access(left, F_OK), 0); /* somebody works in it */
    close(fd);
    assert_int_equal(os_temp_dir(a, parent, &fresh, &e), RC_OK);
    assert_int_equal(access(left, F_OK), -1);
    assert_int_equal(access(lock, F_OK), -1);
    arena_free(a);
    assert_int_equal(count(p, parent), 0);
}

static void paths(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    assert_string_equal(path_join(a, "a", "b"), "a/b");
    assert_string_equal(path_join(a, "a/", "b"), "a/b");
    assert_string_equal(path_join(a, "/", "b"), "/b");
    assert_string_equal(path_join(a, "", "b"), "b");
    assert_string_equal(path_join(a, "a", "/b"), "/b");
    assert_string_equal(path_base("/a/b.txt"), "b.txt");
    assert_string_equal(path_base("b.txt"), "b.txt");
    assert_string_equal(path_absolute(a, "/a/./b//c/../d/"), "/a/b/c/../d");
    assert_string_equal(path_absolute(a, "/"), "/");
    char here[4096];
    assert_non_null(getcwd(here, sizeof here));
    assert_string_equal(path_absolute(a, "."), here);
    assert_string_equal(path_absolute(a, "./x"), path_join(a, here, "x"));
    struct file_status s;
    bool exists = false;
    assert_int_equal(os_stat(os_program_dir(a), &s, &exists, NULL), RC_OK);
    assert_true(exists && s.is_dir);
    arena_free(a);
}

#define WITH_PLACE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_and_its_names),
        cmocka_unit_test(uuids),
        cmocka_unit_test(random_after_fork),
        WITH_PLACE(reading),
        WITH_PLACE(whole_or_not_at_all),
        WITH_PLACE(only_one_creates),
        WITH_PLACE(writers_in_a_race),
        WITH_PLACE(folders),
        WITH_PLACE(removing_a_tree),
        WITH_PLACE(leftovers),
        cmocka_unit_test(paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
