/* A project folder with raw files in it, an engine, and one staging after the other as a run would do them. */
#ifndef TESTS_UNIT_SOURCE_FIXTURE_H
#define TESTS_UNIT_SOURCE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/os.h"
#include "engine/engine.h"
#include "source/files.h"

#include <stdlib.h>

struct fixture {
    struct arena *a;
    struct engine *g;
    struct session *s;
    char *folder; /* the project, fresh */
    struct source source;
    struct table table;
    struct ledger ledger;
    struct delta_column *columns;
    size_t n_columns;
    struct refused_sink *refused;
    struct source_staged *staged;
    struct buf *notes;
    int64_t load;
    struct err e;
};

static inline int fixture_setup(void **state)
{
    struct arena *a = arena_new();
    struct fixture *f = ARENA_NEW(a, struct fixture);
    struct engine_config config = {.memory_bytes = 1 << 30, .threads = 2};
    const char *root = getenv("INGOT_SOURCE_ROOT");
    f->a = a;
    *state = f;
    if (!getenv("INGOT_DUCKDB") && root)
        setenv("INGOT_DUCKDB", arena_printf(a, "%s/.deps/duckdb/libduckdb.so", root), 1);
    if (os_temp_dir(a, NULL, &f->folder, &f->e) != RC_OK) return -1;
    if (engine_open(&config, &f->g, &f->e) != RC_OK || session_open(f->g, &f->s, &f->e) != RC_OK) {
        print_error("%s\n", f->e.message);
        return -1;
    }
    f->source = (struct source){.csv = {.header = -1}, .hive = true};
    f->table = (struct table){.name = "bronze.t", .source = &f->source};
    f->notes = buf_new(a, 1 << 20);
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

static inline char *in_folder(struct fixture *f, const char *name)
{
    return path_join(f->a, f->folder, name);
}

static inline void put_bytes(struct fixture *f, const char *name, const char *p, size_t n)
{
    char *path = in_folder(f, name), *slash = arena_strdup(f->a, path);
    *strrchr(slash, '/') = 0;
    assert_ok(f, os_mkdirs(slash, &f->e));
    assert_ok(f, os_write_file(path, (struct str){p, n}, &f->e));
}
#define put(f, name, literal) put_bytes((f), (name), (literal), sizeof(literal) - 1)

static inline void take_note(void *data, const char *message)
{
    struct buf *b = data;
    buf_add_str(b, message);
    buf_add_char(b, '\n');
}

/* Finds, compares and stages what the pattern matches; the result is the state for the next call. */
static inline void load(struct fixture *f, const char *pattern)
{
    struct found_file *found;
    struct file_decision *all, *wanted;
    size_t n_found, n_all, n = 0;
    assert_ok(f, source_find(f->a, f->folder, &f->source, pattern, &found, &n_found, &f->e));
    assert_ok(f, source_compare(f->a, &f->ledger, found, n_found, &all, &n_all, &f->e));
    wanted = ARENA_ARRAY(f->a, struct file_decision, n_all + 1);
    for (size_t i = 0; i < n_all; i++)
        if (all[i].fate == FILE_NEW || all[i].fate == FILE_CHANGED || all[i].fate == FILE_RETRY) wanted[n++] = all[i];
    assert_ok(f, os_mkdirs(in_folder(f, "out"), &f->e));
    buf_clear(f->notes);
    f->refused = refused_new(f->a, f->folder, "bronze.t", "run", 1000000);
    struct source_input in = {.table = &f->table,
                              .files = wanted,
                              .n_files = n,
                              .ledger = &f->ledger,
                              .existing = f->columns,
                              .n_existing = f->n_columns,
                              .load = ++f->load,
                              .loaded_at_us = 1700000000000000,
                              .directory = in_folder(f, "out/"),
                              .temp_dir = f->folder,
                              .refused = f->refused,
                              .note = take_note,
                              .note_data = f->notes};
    assert_ok(f, source_stage(f->a, f->s, &in, &f->staged, &f->e));
    f->columns = f->staged->columns;
    f->n_columns = f->staged->n_columns;
    struct buf *lines = buf_new(f->a, 1 << 24);
    for (size_t i = 0; i < f->ledger.n_files; i++) ledger_print_file(lines, &f->ledger.files[i]);
    for (size_t i = 0; i < f->staged->n_files; i++) ledger_print_file(lines, &f->staged->files[i]);
    struct str part = buf_str(lines);
    struct ledger *next;
    assert_ok(f, ledger_read(f->a, &part, 1, &next, &f->e));
    f->ledger = *next;
}

/* The rows of the last load as lines "a|b|…", NULL as ~, of the columns in `select`. */
static inline const char *rows_of(struct fixture *f, const char *select)
{
    struct buf *b = buf_new(f->a, 1 << 24);
    for (size_t i = 0; i < f->staged->n_data; i++) {
        struct rows *r;
        assert_ok(f, session_queryf(f->a, f->s, &r, &f->e, "select %s from read_parquet('%s') order by _file, _row",
                                    select, f->staged->data[i].url));
        for (size_t k = 0; k < r->n_rows * r->n_columns; k++) {
            buf_add_str(b, r->cells[k] ? r->cells[k] : "~");
            buf_add_char(b, (k + 1) % r->n_columns ? '|' : '\n');
        }
    }
    return arena_strdup(f->a, b->p);
}

/* What quarantine got: "file|row|line|reason|raw" lines. */
static inline const char *refusals(struct fixture *f)
{
    struct parquet_file *q;
    size_t n;
    struct buf *b = buf_new(f->a, 1 << 24);
    assert_ok(f, os_mkdirs(in_folder(f, "quarantine"), &f->e));
    assert_ok(f, refused_write(f->a, f->refused, f->s, in_folder(f, "quarantine/"), &q, &n, &f->e));
    for (size_t i = 0; i < n; i++) {
        struct rows *r;
        assert_ok(f, session_queryf(f->a, f->s, &r, &f->e,
                                    "select _file, _row, _line, reason, raw[:200] from read_parquet('%s')", q[i].url));
        for (size_t k = 0; k < r->n_rows * r->n_columns; k++) {
            buf_add_str(b, r->cells[k] ? r->cells[k] : "~");
            buf_add_char(b, (k + 1) % r->n_columns ? '|' : '\n');
        }
    }
    return arena_strdup(f->a, b->p);
}

static inline const char *problem_of(struct fixture *f, const char *name)
{
    const struct ledger_file *x = ledger_find(&f->ledger, name);
    if (!x) fail_msg("%s is not in the ledger", name);
    return x->problem ? x->problem : "";
}

#define assert_problem(f, name, words)                                                                                 \
    do {                                                                                                               \
        if (!strstr(problem_of((f), (name)), (words)))                                                                 \
            fail_msg("%s: \"%s\" does not say \"%s\"", (name), problem_of((f), (name)), (words));                      \
    } while (0)

#endif
