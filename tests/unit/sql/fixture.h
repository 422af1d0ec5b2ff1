/* Statements as the engine parsed them: fixtures/statements.json, made by make_fixtures.py from statements.sql. */
#ifndef TEST_SQL_FIXTURE_H
#define TEST_SQL_FIXTURE_H

#include "base/os.h"
#include "sql/statement.h"

#include <inttypes.h>
#include <stdlib.h>

static inline json_t *fixtures_read(struct arena *a)
{
    const char *root = getenv("INGOT_SOURCE_ROOT");
    json_error_t error;
    json_t *all =
        json_load_file(arena_printf(a, "%s/tests/unit/sql/fixtures/statements.json", root ? root : "."), 0, &error);
    if (!all) fprintf(stderr, "%s:%d: %s\n", error.source, error.line, error.text);
    return all;
}

/* What was found out about a statement, in one line. */
static inline char *describe(struct arena *a, const struct statement *s)
{
    struct buf *b = buf_new(a, BUF_DEFAULT_MAX);
    for (size_t i = 0; i < s->n_occurrences; i++) {
        const struct occurrence *o = &s->occurrences[i];
        buf_printf(b, "%s", o->table);
        if (o->alias) buf_printf(b, " %s", o->alias);
        buf_printf(b, "@%" PRId64, o->offset);
        if (o->distributes) buf_add_str(b, " distributes");
        else if (o->distributes_in_branch) buf_add_str(b, " in-branch");
        else buf_printf(b, " not: %s@%" PRId64, o->why_not.what, o->why_not.offset);
        if (o->at_most_one) buf_add_str(b, " one");
        for (size_t k = 0; k < o->n_unique; k++) {
            buf_printf(b, " if %s(", o->unique[k].table);
            for (size_t m = 0; m < o->unique[k].n_columns; m++)
                buf_printf(b, "%s%s", m ? "," : "", o->unique[k].columns[m]);
            buf_add_char(b, ')');
        }
        buf_add_str(b, "; ");
    }
    if (s->row_by_row) buf_printf(b, "row by row %s", s->input);
    else buf_printf(b, "not row by row: %s@%" PRId64, s->why_not_row_by_row.what, s->why_not_row_by_row.offset);
    if (s->filters) buf_add_str(b, "; filters");
    if (s->open_names) buf_add_str(b, "; open");
    buf_add_str(b, "; columns");
    for (size_t i = 0; i < s->n_columns; i++) {
        const struct output_column *c = &s->columns[i];
        buf_printf(b, "%s%s", i ? ", " : " ", c->star ? "*" : c->name ? c->name : "?");
        if (c->star_table) buf_printf(b, " of %s", c->star_table);
        if (c->from_occurrence >= 0) buf_printf(b, "=%d.%s", c->from_occurrence, c->from_column);
    }
    for (size_t i = 0; i < s->n_volatiles; i++)
        buf_printf(b, "%s%s@%" PRId64, i ? ", " : "; volatile ", s->volatiles[i].what, s->volatiles[i].offset);
    for (size_t i = 0; i < s->n_variables; i++) buf_printf(b, "%s%s", i ? ", " : "; variables ", s->variables[i]);
    for (size_t i = 0; i < s->n_functions; i++) buf_printf(b, "%s%s", i ? ", " : "; functions ", s->functions[i]);
    return b->p;
}

#endif
