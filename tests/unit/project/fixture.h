/* Projects and models from texts, for the tests of src/project. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/os.h"
#include "project/project_file.h"

struct fixture {
    struct arena *arena;
    struct problems problems;
    char *dir; /* of the project */
    struct project *project;
    struct table table; /* of model_text and source_text */
};

static inline struct fixture fixture_new(void)
{
    struct arena *a = arena_new();
    return (struct fixture){.arena = a, .problems = {.arena = a}};
}

/* The problems as they are printed, sorted. */
static inline const char *problems_text(struct fixture *f)
{
    struct buf *b = buf_new(f->arena, 1 << 20);
    problems_sort(&f->problems);
    problems_print(&f->problems, b);
    return b->p;
}

static inline struct fixture model_bytes(const char *text, size_t n)
{
    struct fixture f = fixture_new();
    struct reader r = {.arena = f.arena, .problems = &f.problems, .file = "silver/m.sql"};
    struct named_checks checks = {0};
    read_model_file(&r, (struct str){arena_strndup(f.arena, text, n), n}, &checks, &f.table);
    return f;
}

static inline struct fixture model_text(const char *text)
{
    return model_bytes(text, strlen(text));
}

static inline struct fixture source_text(const char *text)
{
    struct fixture f = fixture_new();
    struct reader r = {.arena = f.arena, .problems = &f.problems, .file = "bronze/s.yml"};
    read_source_file(&r, str_of(text), &f.table);
    return f;
}

static inline void put_bytes(struct fixture *f, const char *name, const void *bytes, size_t n)
{
    struct err e = {0};
    char *path = path_join(f->arena, f->dir, name), *folder = arena_strdup(f->arena, path);
    *strrchr(folder, '/') = 0;
    assert_int_equal(os_mkdirs(folder, &e), RC_OK);
    assert_int_equal(os_write_file(path, (struct str){bytes, n}, &e), RC_OK);
}

static inline void put(struct fixture *f, const char *name, const char *text)
{
    put_bytes(f, name, text, strlen(text));
}

/* An empty project in a temporary folder, which goes with the arena. */
static inline struct fixture project_new(const char *ingot_yml)
{
    struct fixture f = fixture_new();
    struct err e = {0};
    assert_int_equal(os_temp_dir(f.arena, NULL, &f.dir, &e), RC_OK);
    put(&f, "ingot.yml", ingot_yml);
    return f;
}

static inline const char *load(struct fixture *f)
{
    struct err e = {0};
    assert_int_equal(project_load(f->arena, f->dir, &f->problems, &f->project, &e), RC_OK);
    return problems_text(f);
}

static inline void assert_contains(const char *text, const char *part)
{
    if (text && strstr(text, part)) return;
    fail_msg("no \"%s\" in:\n%s", part, text ? text : "nothing");
}

#endif
