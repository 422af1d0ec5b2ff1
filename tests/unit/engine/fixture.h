/* One engine with one session and an arena, for the tests of engine/. The library is that of the source tree, unless
 * INGOT_DUCKDB names one. */
#ifndef TESTS_UNIT_ENGINE_FIXTURE_H
#define TESTS_UNIT_ENGINE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/os.h"
#include "engine/engine.h"

#include <stdlib.h>

struct fixture {
    struct arena *a;
    struct engine *g;
    struct session *s;
    char *folder; /* fresh, removed afterwards */
    struct err e;
};

static inline void use_library_of_source_tree(struct arena *a)
{
    const char *root = getenv("INGOT_SOURCE_ROOT");
    if (!getenv("INGOT_DUCKDB") && root)
        setenv("INGOT_DUCKDB", arena_printf(a, "%s/.deps/duckdb/libduckdb.so", root), 1);
}

static inline int fixture_setup(void **state)
{
    struct arena *a = arena_new();
    struct fixture *f = ARENA_NEW(a, struct fixture);
    struct engine_config config = {.memory_bytes = 1 << 30, .threads = 2};
    f->a = a;
    use_library_of_source_tree(a);
    *state = f;
    if (os_temp_dir(a, NULL, &f->folder, &f->e) != RC_OK) return -1;
    if (engine_open(&config, &f->g, &f->e) != RC_OK || session_open(f->g, &f->s, &f->e) != RC_OK) {
        print_error("%s\n", f->e.message);
        return -1;
    }
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    session_close(f->s);
    engine_close(f->g);
    arena_free(f->a);
    return 0;
}

#define assert_ok(f, call)                                                                                             \
    do {                                                                                                               \
        if ((call) != RC_OK) fail_msg("%s", (f)->e.message);                                                           \
    } while (0)

/* The cells of a query, columns by '|', rows by '\n', NULL as '~'. */
static inline char *table_text(struct fixture *f, const char *sql)
{
    struct rows *rows = NULL;
    struct buf *b = buf_new(f->a, BUF_DEFAULT_MAX);
    assert_ok(f, session_query(f->a, f->s, sql, &rows, &f->e));
    for (size_t i = 0; i < rows->n_rows * rows->n_columns; i++) {
        if (i) buf_add_char(b, i % rows->n_columns ? '|' : '\n');
        buf_add_str(b, rows->cells[i] ? rows->cells[i] : "~");
    }
    return b->p;
}

#define FIXTURE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

#endif
