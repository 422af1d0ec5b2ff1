/* Any text as a model: read, or refused with problems that stand within the file; and what plain_yaml takes,
 * yaml_read reads to the same tree. */
#include "base/text.h"
#include "project/plain_yaml.h"
#include "project/project_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool equal(const struct yaml *a, const struct yaml *b)
{
    bool scalar = a->kind != YAML_MAP && a->kind != YAML_LIST;
    if (a->kind != b->kind || a->n != b->n || (scalar && strcmp(a->text, b->text) != 0)) return false;
    if ((scalar || a->n) && (a->line != b->line || a->column != b->column)) return false;
    for (size_t i = 0; i < a->n; i++)
        if (!equal(a->items[i], b->items[i]) || (a->kind == YAML_MAP && !equal(a->keys[i], b->keys[i]))) return false;
    return true;
}

static void compare_yaml(struct str text)
{
    struct arena *a = arena_new();
    struct err e = {0};
    struct yaml *theirs = NULL, *mine = plain_yaml(a, text, 1);
    if (mine && (yaml_read(a, text, "fuzz", 1, &theirs, &e) != RC_OK || !equal(mine, theirs))) __builtin_trap();
    arena_free(a);
}

static void check_problems(const struct problems *p, struct str text)
{
    int lines = 1;
    for (size_t i = 0; i < text.n; i++) lines += text.p[i] == '\n';
    for (size_t i = 0; i < p->n_items; i++) {
        struct pos pos = p->items[i].pos;
        if (pos.line < 1 || pos.line > lines + 1 || pos.column < 1 || (size_t)pos.column > text.n + 2 ||
            !p->items[i].message[0])
            __builtin_trap();
    }
}

static void read_model(struct str text)
{
    struct arena *a = arena_new();
    struct problems p = {.arena = a};
    struct reader r = {.arena = a, .problems = &p, .file = "silver/m.sql"};
    struct named_checks checks = {0};
    struct table table = {.file = r.file};
    struct str copy = {arena_strndup(a, text.p, text.n), text.n};
    read_model_file(&r, copy, &checks, &table);
    if (table.sql) {
        if (strlen(table.sql) != text.n) __builtin_trap();
        for (size_t i = 0; i < text.n; i++)
            if (table.sql[i] != text.p[i] && (table.sql[i] != ' ' || text.p[i] == '\n')) __builtin_trap();
    } else if (!p.n_errors) {
        __builtin_trap();
    }
    if (!p.n_errors && table.latest && !table.n_key) __builtin_trap();
    check_problems(&p, text);
    arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    /* read_text_file refuses the rest. */
    if (!size || memchr(data, 0, size) || !utf8_valid(text.p, text.n)) return 0;
    compare_yaml(text);
    read_model(text);
    return 0;
}
