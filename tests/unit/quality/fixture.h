/* An engine with our functions, for the tests of quality/: each test gets a session and an arena. */
#ifndef TESTS_QUALITY_FIXTURE_H
#define TESTS_QUALITY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/engine.h"
#include "quality/refuse.h"

struct fixture {
    struct arena *a;
    struct engine *engine;
    struct session *s;
    struct err e;
};

#define OK(f, call)                                                                                                    \
    do {                                                                                                               \
        if ((call) != RC_OK) fail_msg("%s: %s", #call, (f)->e.message);                                                \
    } while (0)

/* Points the loader at the pinned library where the environment does not. */
static inline void fixture_find_library(void)
{
    const char *root = getenv("INGOT_SOURCE_ROOT");
    if (getenv("INGOT_DUCKDB") || !root) return;
    char path[4096];
    snprintf(path, sizeof path, "%s/.deps/duckdb/libduckdb.so", root);
    if (access(path, R_OK) == 0) setenv("INGOT_DUCKDB", path, 1);
}

static inline int fixture_open(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    fixture_find_library();
    f->a = arena_new();
    struct engine_config config = {.memory_bytes = (int64_t)2 << 30, .threads = 4};
    OK(f, engine_open(&config, &f->engine, &f->e));
    OK(f, session_open(f->engine, &f->s, &f->e));
    OK(f, quality_register(f->s, &f->e));
    *state = f;
    return 0;
}

static inline int fixture_close(void **state)
{
    struct fixture *f = *state;
    session_close(f->s);
    engine_close(f->engine);
    arena_free(f->a);
    free(f);
    return 0;
}

static inline void fixture_exec(struct fixture *f, const char *sql)
{
    if (session_exec(f->s, sql, &f->e) != RC_OK) fail_msg("%s\n%s", f->e.message, sql);
}

static inline int64_t fixture_int(struct fixture *f, const char *sql)
{
    int64_t n = 0;
    if (session_query_int(f->s, &n, &f->e, "%s", sql) != RC_OK) fail_msg("%s\n%s", f->e.message, sql);
    return n;
}

/* One cell as text, "NULL" for NULL. */
static inline const char *fixture_text(struct fixture *f, const char *sql)
{
    struct rows *rows;
    if (session_query(f->a, f->s, sql, &rows, &f->e) != RC_OK) fail_msg("%s\n%s", f->e.message, sql);
    if (rows->n_rows != 1 || rows->n_columns != 1) fail_msg("%zu rows: %s", rows->n_rows, sql);
    return rows->cells[0] ? rows->cells[0] : "NULL";
}

#endif
