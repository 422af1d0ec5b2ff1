#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* What one call wrote to standard error: a datagram socket keeps the borders between write(2) calls. */
static int saved_stderr, sockets[2];

static void capture(void)
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, sockets), 0);
    saved_stderr = dup(STDERR_FILENO);
    dup2(sockets[0], STDERR_FILENO);
}

static size_t captured(char *line, size_t size)
{
    ssize_t n = read(sockets[1], line, size - 1);
    line[n > 0 ? n : 0] = 0;
    return n > 0 ? (size_t)n : 0;
}

static void release(void)
{
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    close(sockets[0]);
    close(sockets[1]);
}

static void redacts(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    assert_string_equal(redact(a, "nothing secret"), "nothing secret");
    secret_register("hunter2!");
    secret_register("hunter2!");
    secret_register("abc"); /* too short to hide */
    secret_register(NULL);
    secret_register("p@ss/w rd");
    secret_register("abcdef");
    secret_register("defghi");
    secret_register("quo\"te'd");
    secret_register("aaaa");
    static const char *const cases[][2] = {
        {"hunter2!", "***"},
        {"x hunter2! y hunter2!", "x *** y ***"},
        {"hunter2", "hunter2"},
        {"abc", "abc"},
        {"u=p@ss/w rd;", "u=***;"},
        {"u=p%40ss%2Fw%20rd;", "u=***;"},
        {"u=p%40ss/w%20rd;", "u=***;"},
        {"u=p%40ss%2fw%20rd;", "u=***;"},
        {"hunter2%21", "***"},
        {"-abcdefghi-", "-***-"}, /* overlapping */
        {"{\"m\":\"quo\\\"te'd\"}", "{\"m\":\"***\"}"},
        {"PASSWORD 'quo\"te''d'", "PASSWORD '***'"},
        {"baaaaaaab", "b***b"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) assert_string_equal(redact(a, cases[i][0]), cases[i][1]);
    arena_free(a);
}

static void one_write_per_line(void **state)
{
    (void)state;
    char lines[8][300], huge[20000] = "";
    size_t n[8] = {0};
    secret_register("topsecret");
    capture();
    log_message(LOG_ERROR, "no %s", "luck");
    log_warn("token is %s", "topsecret");
    log_info("%d rows", 3);
    log_debug("hidden");
    log_set_level(LOG_DEBUG);
    log_debug("shown");
    log_set_level(LOG_ERROR);
    log_warn("hidden");
    log_set_level(LOG_INFO);
    log_info("%s", "a\x1b[31m\rb\tc\nd");
    for (size_t i = 0; i < 6; i++) n[i] = captured(lines[i], sizeof lines[i]);
    log_info("%015000d", 1);
    size_t huge_n = captured(huge, sizeof huge);
    release();
    assert_string_equal(lines[0], "error: no luck\n");
    assert_string_equal(lines[1], "warning: token is ***\n");
    assert_string_equal(lines[2], "3 rows\n");
    assert_string_equal(lines[3], "debug: shown\n");
    assert_string_equal(lines[4], "a?[31m?b\tc\nd\n");
    assert_int_equal(n[5], 0);
    assert_int_equal(huge_n, 15001);
}

static void *many_secrets(void *data)
{
    struct arena *a = arena_new();
    for (int i = 0; i < 100; i++) {
        char *secret = arena_printf(a, "secret-%d-%d-end", *(int *)data, i);
        secret_register(secret);
        if (strcmp(redact(a, arena_printf(a, "<%s>", secret)), "<***>") != 0) *(int *)data = -1;
    }
    arena_free(a);
    return NULL;
}

static void threads_share_the_list(void **state)
{
    (void)state;
    pthread_t threads[4];
    int ids[4] = {1, 2, 3, 4};
    for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&threads[i], NULL, many_secrets, &ids[i]), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(ids[i], i + 1);
    }
    struct arena *a = arena_new();
    assert_string_equal(redact(a, "secret-1-99-end secret-4-0-end"), "*** ***");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(redacts),
        cmocka_unit_test(one_write_per_line),
        cmocka_unit_test(threads_share_the_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
