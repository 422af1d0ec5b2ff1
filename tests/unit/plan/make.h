/* Projects and statements made by hand, without parsing. */
#ifndef TEST_PLAN_MAKE_H
#define TEST_PLAN_MAKE_H

#include "plan/decide.h"

#include <stdarg.h>
#include <string.h>

/* A table from its name; the layer is taken from it. */
static inline struct table make_table(struct arena *a, const char *name)
{
    struct table t = {
        .name = name, .stem = strchr(name, '.') + 1, .file = arena_printf(a, "%s.sql", name), .sql = "select 1"};
    t.layer = name[0] == 'b' ? LAYER_BRONZE : name[0] == 's' ? LAYER_SILVER : LAYER_GOLD;
    t.pos = (struct pos){t.file, 1, 1};
    return t;
}

/* A statement that reads these tables, each at the offset of its number, and yields a column k. */
static inline struct statement *make_statement(struct arena *a, const char *const *inputs, size_t n)
{
    struct statement *s = ARENA_NEW(a, struct statement);
    for (size_t i = 0; i < n; i++)
        *ARENA_PUSH(a, s->occurrences, s->n_occurrences) = (struct occurrence){.table = inputs[i],
                                                                               .offset = (int64_t)i,
                                                                               .distributes = true,
                                                                               .distributes_in_branch = true,
                                                                               .at_most_one = true};
    *ARENA_PUSH(a, s->columns, s->n_columns) = (struct output_column){.name = "k", .from_occurrence = -1};
    return s;
}

#endif
