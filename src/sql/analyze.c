/* statement_analyze: the checks of a whole statement, its output columns, and whether it works row by row. */
#include "sql/analysis.h"

#include "base/text.h"

#include <stdlib.h>

enum rc refuse(struct walk *w, int64_t offset, const char *format, ...)
{
    char message[1024];
    va_list ap;
    va_start(ap, format);
    vsnprintf(message, sizeof message, format, ap);
    va_end(ap);
    w->offset = offset;
    return err_set(w->err, RC_PROJECT, "%s", message);
}

enum rc enter(struct walk *w, const json_t *node)
{
    if (!json_is_object(node) && !json_is_array(node)) return refuse(w, -1, "the parsed statement is not understood");
    if (++w->depth > STATEMENT_MAX_DEPTH)
        return refuse(w, first_offset(node, 0), "the statement is nested too deeply (more than %d levels)",
                      STATEMENT_MAX_DEPTH);
    return RC_OK;
}

int64_t keyword_before(const struct walk *w, const char *keyword, int64_t before)
{
    size_t n = strlen(keyword);
    if (before < 0 || (size_t)before > w->sql_length) return before;
    for (int64_t i = before - (int64_t)n, stop = i - 200; i >= 0 && i >= stop; i--) {
        size_t k = 0;
        while (k < n && to_lower(w->sql[i + (int64_t)k]) == keyword[k]) k++;
        if (k == n && (i == 0 || !is_name_char(w->sql[i - 1])) && !is_name_char(w->sql[i + (int64_t)n])) return i;
    }
    return before;
}

void statement_position(const char *sql, int64_t offset, int *ret_line, int *ret_column)
{
    *ret_line = offset < 0 || !sql ? 0 : 1;
    *ret_column = *ret_line;
    if (!*ret_line) return;
    for (const char *p = sql; *p && p < sql + offset; p++) {
        if (*p == '\n') ++*ret_line, *ret_column = 1;
        else if ((*p & 0xC0) != 0x80) ++*ret_column;
    }
}

/* What the engine said about a text that is no SELECT. */
static enum rc refused_by_engine(struct walk *w, const json_t *root)
{
    const char *message = node_string(root, "error_message"), *position = node_string(root, "position");
    int64_t offset = is_digit(*position) ? (int64_t)strtoll(position, NULL, 10) : -1;
    if (strstr(message, "Only SELECT statements"))
        return refuse(w, offset, "a model is one SELECT (a PIVOT needs its values: ON column IN (…))");
    return refuse(w, offset, "%s", *message ? message : "the statement cannot be parsed");
}

/* --- output columns ---------------------------------------------------------------------------------------------- */

/* The occurrence that a column belongs to, or -1 where only the engine knows. */
static int column_source(const struct statement *s, const json_t *from, const char *qualifier)
{
    int found = -1;
    if (!qualifier && !node_is(from, "type", "BASE_TABLE")) return -1;
    for (size_t i = 0; i < s->n_occurrences; i++) {
        const char *alias = s->occurrences[i].alias;
        if (!alias || (qualifier && compare_names(alias, qualifier) != 0)) continue;
        if (found >= 0) return -1;
        found = (int)i;
    }
    return found;
}

/* Whether a table of this FROM renames its columns. */
static bool renames_columns(const json_t *ref, int depth)
{
    if (!json_is_object(ref) || depth > STATEMENT_MAX_DEPTH) return false;
    return json_array_size(json_object_get(ref, "column_name_alias")) > 0 ||
           renames_columns(json_object_get(ref, "left"), depth + 1) ||
           renames_columns(json_object_get(ref, "right"), depth + 1);
}

static struct output_column output_column(struct walk *w, const json_t *item, const json_t *from)
{
    struct output_column c = {.from_occurrence = -1};
    const char *alias = node_string(item, "alias");
    if (node_is(item, "class", "STAR")) {
        const char *relation = node_string(item, "relation_name");
        c.star = true;
        if (*relation) c.star_table = lower_case(w->arena, relation);
        return c;
    }
    if (*alias) c.name = arena_strdup(w->arena, alias);
    if (!node_is(item, "class", "COLUMN_REF")) return c;
    const json_t *names = json_object_get(item, "column_names");
    size_t n = json_array_size(names);
    const char *last = n ? json_string_value(json_array_get(names, n - 1)) : NULL;
    const char *first = json_string_value(json_array_get(names, 0));
    if (!last || !first) return c;
    if (!*alias) c.name = arena_strdup(w->arena, last);
    if (n > 2 || !from || renames_columns(from, 0) || (n == 1 && is_clock_name(first))) return c;
    c.from_occurrence = column_source(w->s, from, n == 2 ? first : NULL);
    if (c.from_occurrence >= 0) c.from_column = lower_case(w->arena, last);
    return c;
}

static void output_columns(struct walk *w, const json_t *node)
{
    size_t i;
    json_t *item;
    bool plain = node_is(node, "type", "SELECT_NODE");
    while (!node_is(node, "type", "SELECT_NODE") && json_is_object(json_object_get(node, "left")))
        node = json_object_get(node, "left");
    const json_t *from = plain ? json_object_get(node, "from_table") : NULL;
    json_array_foreach(json_object_get(node, "select_list"), i, item)
    {
        struct output_column *c = ARENA_PUSH(w->arena, w->s->columns, w->s->n_columns);
        *c = output_column(w, item, from);
    }
}

/* --- row by row -------------------------------------------------------------------------------------------------- */

static bool no_from(struct construct *why, const json_t *from)
{
    const char *type = node_string(from, "type");
    if (strcmp(type, "BASE_TABLE") != 0) {
        const char *what = strcmp(type, "JOIN") == 0       ? "join"
                           : strcmp(type, "SUBQUERY") == 0 ? "subquery in FROM"
                           : strcmp(type, "EMPTY") == 0    ? "no table in FROM"
                                                           : "FROM with something else than a table";
        note(why, what, first_offset(from, 0));
    } else if (json_array_size(json_object_get(from, "column_name_alias"))) {
        note(why, "column aliases of a table", node_offset(from));
    } else if (json_is_object(json_object_get(from, "sample"))) {
        note(why, "SAMPLE", node_offset(from));
    }
    return why->what != NULL;
}

static void row_by_row(struct walk *w, const json_t *node)
{
    struct statement *s = w->s;
    struct construct *why = &s->why_not_row_by_row;
    const struct facts *f = &w->top;
    size_t i, stars = 0;
    json_t *item;
    *why = (struct construct){NULL, -1};
    if (!node_is(node, "type", "SELECT_NODE")) note(why, "set operation", first_offset(node, 0));
    if (json_array_size(json_object_get(json_object_get(node, "cte_map"), "map")) > 0)
        note(why, "WITH", first_offset(json_object_get(node, "cte_map"), 0));
    if (why->what || no_from(why, json_object_get(node, "from_table"))) return;
    const struct construct all[] = {f->aggregate, f->window, f->unknown, f->unnest, f->subquery, f->columns};
    for (i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].what) note(why, all[i].what, all[i].offset);
    json_array_foreach(json_object_get(node, "select_list"), i, item) if (node_is(item, "class", "STAR") && ++stars > 1)
        note(why, "more than one *", node_offset(item));
    if (s->n_occurrences != 1) note(why, "no table in FROM", -1); /* a CTE's name cannot get here */
    if (!why->what && !s->occurrences[0].distributes) *why = s->occurrences[0].why_not;
    if (!why->what && !s->occurrences[0].at_most_one) note(why, "several rows from one", -1);
    if (why->what) return;
    s->row_by_row = true;
    s->input = s->occurrences[0].table;
}

/* --- all of it --------------------------------------------------------------------------------------------------- */

static int by_offset(const void *a, const void *b)
{
    const struct occurrence *x = a, *y = b;
    if (x->offset != y->offset) return x->offset < y->offset ? -1 : 1;
    return strcmp(x->table, y->table);
}

static int by_table(const void *a, const void *b)
{
    const struct occurrence *x = *(const struct occurrence *const *)a, *y = *(const struct occurrence *const *)b;
    int c = strcmp(x->table, y->table);
    return c ? c : (x->offset > y->offset) - (x->offset < y->offset);
}

static void block_again(struct walk *w, struct occurrence *o, int64_t offset)
{
    if (o->distributes_in_branch)
        o->why_not = (struct construct){arena_printf(w->arena, "%s, which is read more than once", o->table), offset};
    o->distributes = o->distributes_in_branch = o->at_most_one = false;
    o->n_unique = 0;
}

/* When rows are added to a table that is read twice, both mentions grow at once. */
static void block_repeated(struct walk *w)
{
    struct statement *s = w->s;
    size_t n = s->n_occurrences;
    if (n < 2) return;
    qsort(s->occurrences, n, sizeof *s->occurrences, by_offset);
    struct occurrence **sorted = ARENA_ARRAY(w->arena, struct occurrence *, n);
    for (size_t i = 0; i < n; i++) sorted[i] = &s->occurrences[i];
    qsort(sorted, n, sizeof *sorted, by_table);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(sorted[i - 1]->table, sorted[i]->table) != 0) continue;
        block_again(w, sorted[i - 1], sorted[i]->offset);
        block_again(w, sorted[i], sorted[i]->offset);
    }
}

static enum rc analyze(struct walk *w, const json_t *root)
{
    if (!json_is_object(root)) return refuse(w, -1, "the parsed statement is not understood");
    if (node_bool(root, "error")) return refused_by_engine(w, root);
    const json_t *statements = json_object_get(root, "statements");
    if (json_array_size(statements) == 0) return refuse(w, -1, "there is no statement; a model is one SELECT");
    if (json_array_size(statements) > 1)
        return refuse(w, first_offset(json_array_get(statements, 1), 0),
                      "a model is one SELECT, and this is the second");
    json_t *node = json_object_get(json_array_get(statements, 0), "node");
    w->s->node = node;
    struct flow flow = {.blocker = {NULL, -1}, .outermost = true, .union_offset = -1};
    enum rc rc = walk_query(w, node, flow, NULL, NULL);
    if (rc != RC_OK) return rc;
    block_repeated(w);
    output_columns(w, node);
    row_by_row(w, node);
    w->s->canonical = canonical_hash(w->arena, node);
    return RC_OK;
}

enum rc statement_analyze(struct arena *a, const char *serialized, const char *sql, struct statement **ret,
                          int64_t *ret_offset, struct err *e)
{
    json_t *root = NULL;
    struct walk w = {.arena = a, .sql = sql ? sql : "", .s = ARENA_NEW(a, struct statement), .offset = -1, .err = e};
    w.sql_length = strlen(w.sql);
    enum rc rc = serialized_read(a, serialized, &root, e);
    if (rc == RC_OK) rc = analyze(&w, root);
    if (ret_offset) *ret_offset = w.offset;
    if (rc == RC_OK) *ret = w.s;
    return rc;
}
