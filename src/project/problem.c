#include "project/project.h"

#include <stdlib.h>
#include <string.h>

#define WARNINGS_KEPT 100 /* so that warnings leave room for errors */

void problem_add(struct problems *p, struct pos pos, bool warning, const char *format, ...)
{
    size_t seen = warning ? p->n_warnings++ : p->n_errors++;
    if (p->n_items >= PROBLEMS_KEPT || (warning && seen >= WARNINGS_KEPT)) return;
    va_list ap;
    va_start(ap, format);
    char *message = arena_vprintf(p->arena, format, ap);
    va_end(ap);
    for (char *c = message; *c; c++) /* one line each: an engine's message may quote several of a file */
        if (*c == '\n' || *c == '\r' || *c == '\t') *c = ' ';
    if (pos.file) pos.file = arena_strdup(p->arena, pos.file);
    struct problem *item = ARENA_PUSH(p->arena, p->items, p->n_items);
    *item = (struct problem){pos, warning, message};
}

static int compare_problems(const struct problem *a, const struct problem *b)
{
    int c = strcmp(a->pos.file ? a->pos.file : "", b->pos.file ? b->pos.file : "");
    if (c) return c;
    if (a->pos.line != b->pos.line) return a->pos.line < b->pos.line ? -1 : 1;
    if (a->pos.column != b->pos.column) return a->pos.column < b->pos.column ? -1 : 1;
    return (int)a->warning - (int)b->warning;
}

/* By insertion, which keeps the order of equals; there are at most PROBLEMS_KEPT. */
void problems_sort(struct problems *p)
{
    for (size_t i = 1; i < p->n_items; i++) {
        struct problem item = p->items[i];
        size_t j = i;
        for (; j > 0 && compare_problems(&p->items[j - 1], &item) > 0; j--) p->items[j] = p->items[j - 1];
        p->items[j] = item;
    }
}

void problems_print(const struct problems *p, struct buf *out)
{
    for (size_t i = 0; i < p->n_items; i++) {
        const struct problem *item = &p->items[i];
        if (item->pos.file) buf_printf(out, "%s:", item->pos.file);
        if (item->pos.line > 0) buf_printf(out, "%d:%d:", item->pos.line, item->pos.column);
        buf_printf(out, "%s%s: %s\n", item->pos.file ? " " : "", item->warning ? "warning" : "error", item->message);
    }
    size_t more = p->n_errors + p->n_warnings - p->n_items;
    if (more) buf_printf(out, "and %zu more\n", more);
}
