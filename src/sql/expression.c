/* Expressions: which functions, windows and subqueries they hold, and what that means for the rows of their SELECT. */
#include "sql/analysis.h"

#include "base/text.h"

static void add_function(struct walk *w, const char *name)
{
    struct statement *s = w->s;
    size_t low = 0, high = s->n_functions;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int c = strcmp(s->functions[middle], name);
        if (c == 0) return;
        if (c < 0) low = middle + 1;
        else high = middle;
    }
    ARENA_PUSH(w->arena, s->functions, s->n_functions);
    memmove(s->functions + low + 1, s->functions + low, (s->n_functions - 1 - low) * sizeof *s->functions);
    s->functions[low] = name;
}

static void add_volatile(struct walk *w, const char *name, int64_t offset)
{
    struct construct *c = ARENA_PUSH(w->arena, w->s->volatiles, w->s->n_volatiles);
    *c = (struct construct){arena_printf(w->arena, "%s()", name), offset};
}

static void add_variable(struct walk *w, const char *name)
{
    for (size_t i = 0; i < w->s->n_variables; i++)
        if (strcmp(w->s->variables[i], name) == 0) return;
    const char **v = ARENA_PUSH(w->arena, w->s->variables, w->s->n_variables);
    *v = arena_strdup(w->arena, name);
}

/* Whether some table in this FROM is known by the name. */
static bool from_has(const json_t *ref, const char *name, int depth)
{
    if (!ref || depth > STATEMENT_MAX_DEPTH) return false;
    const char *alias = node_string(ref, "alias");
    if (*alias ? compare_names(alias, name) == 0 : compare_names(node_string(ref, "table_name"), name) == 0)
        return true;
    return from_has(json_object_get(ref, "left"), name, depth + 1) ||
           from_has(json_object_get(ref, "right"), name, depth + 1);
}

/* Adds up what the arguments of an aggregate refer to: columns of the SELECT's own FROM for certain, or maybe others. */
static void argument_columns(const json_t *v, const json_t *from, bool *own, bool *other, int depth)
{
    if (depth > STATEMENT_MAX_DEPTH) {
        *other = true;
        return;
    }
    size_t i;
    json_t *item;
    if (json_is_array(v)) json_array_foreach(v, i, item) argument_columns(item, from, own, other, depth + 1);
    if (!json_is_object(v)) return;
    const json_t *names = node_list(v, "column_names");
    if (names) {
        const char *first = json_string_value(json_array_get(names, 0));
        if (json_array_size(names) > 1 && first && from_has(from, first, 0)) *own = true;
        else *other = true;
        return;
    }
    for (void *it = json_object_iter((json_t *)(uintptr_t)v); it;
         it = json_object_iter_next((json_t *)(uintptr_t)v, it))
        argument_columns(json_object_iter_value(it), from, own, other, depth + 1);
}

/* In a subquery an aggregate over the outer columns alone belongs to the outer SELECT, which it turns into one row. */
static void note_aggregate(const json_t *v, struct select *in, const char *what, int64_t offset)
{
    note(&in->facts.aggregate, what, offset);
    for (struct select *s = in; s->outer; s = s->outer) {
        bool own = false, other = false;
        argument_columns(json_object_get(v, "children"), s->from, &own, &other, 0);
        if (own || !other) return;
        note(&s->outer->facts.aggregate, what, offset);
    }
}

static enum rc note_function(struct walk *w, const json_t *v, struct select *in)
{
    const char *name = lower_case(w->arena, node_string(v, "function_name"));
    int64_t offset = node_offset(v);
    const json_t *arguments = json_object_get(v, "children");
    add_function(w, name);
    if (strcmp(name, "getvariable") == 0) {
        const json_t *constant = json_object_get(json_array_get(arguments, 0), "value");
        const char *variable = json_string_value(json_object_get(constant, "value"));
        if (variable) add_variable(w, variable);
        else return refuse(w, offset, "getvariable needs the variable's name as text: getvariable('name')");
        return RC_OK;
    }
    if (strcmp(name, "age") == 0 && json_array_size(arguments) == 1) {
        add_volatile(w, name, offset);
        return RC_OK;
    }
    switch (function_kind(name)) {
    case FUNCTION_SCALAR: break;
    case FUNCTION_AGGREGATE:
        note_aggregate(
            v, in, arena_printf(w->arena, "aggregate %s()", strcmp(name, "count_star") == 0 ? "count" : name), offset);
        break;
    case FUNCTION_CLOCK:
    case FUNCTION_RANDOM: add_volatile(w, name, offset); break;
    case FUNCTION_UNNEST: note(&in->facts.unnest, arena_printf(w->arena, "%s()", name), offset); break;
    case FUNCTION_REFUSED:
        return refuse(w, offset, "%s() cannot be used in a model: it reads or changes something besides its tables",
                      name);
    case FUNCTION_UNKNOWN:
        note(&in->facts.unknown, arena_printf(w->arena, "function %s(), which ingot does not know", name), offset);
        break;
    }
    return RC_OK;
}

static enum rc walk_members(struct walk *w, const json_t *v, const struct scope *scope, struct select *in)
{
    for (void *it = json_object_iter((json_t *)(uintptr_t)v); it;
         it = json_object_iter_next((json_t *)(uintptr_t)v, it)) {
        const json_t *item = json_object_iter_value(it);
        if (!json_is_object(item) && !json_is_array(item)) continue;
        if (strcmp(json_object_iter_key(it), "cast_type") == 0) continue;
        enum rc rc = walk_expression(w, item, scope, in);
        if (rc != RC_OK) return rc;
    }
    return RC_OK;
}

static struct flow subquery_flow(int64_t offset)
{
    return (struct flow){.blocker = {"subquery in an expression", offset}, .many = true, .quiet = true};
}

static enum rc walk_subquery(struct walk *w, const json_t *v, const struct scope *scope, struct select *in)
{
    int64_t offset = node_offset(v);
    if (offset < 0) offset = first_offset(v, 0);
    note(&in->facts.subquery, "subquery in an expression", offset);
    const json_t *child = json_object_get(v, "child");
    enum rc rc = json_is_object(child) ? walk_expression(w, child, scope, in) : RC_OK;
    if (rc != RC_OK) return rc;
    return walk_query(w, json_object_get(json_object_get(v, "subquery"), "node"), subquery_flow(offset), scope, in);
}

/* What has no class is a part of an expression, or a query or table in an unexpected place. */
static enum rc walk_classless(struct walk *w, const json_t *v, const struct scope *scope, struct select *in)
{
    static const char *const tables[] = {"BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "PIVOT", "SHOW_REF"};
    const char *type = node_string(v, "type");
    size_t n = strlen(type);
    if (n > 5 && strcmp(type + n - 5, "_NODE") == 0)
        return walk_query(w, v, subquery_flow(first_offset(v, 0)), scope, in);
    for (size_t i = 0; *type && i < sizeof tables / sizeof *tables; i++)
        if (strcmp(type, tables[i]) == 0) return walk_from(w, v, subquery_flow(node_offset(v)), scope, in);
    return walk_members(w, v, scope, in);
}

/* A name without a qualifier means the column nearest to it, then an alias to the left, then a whole row. */
static void note_column(struct walk *w, const json_t *v, const struct select *in)
{
    const json_t *names = json_object_get(v, "column_names");
    const char *name = node_string_at(names, 0);
    size_t i;
    json_t *item;
    if (json_array_size(names) != 1) return;
    if (is_clock_name(name)) add_volatile(w, lower_case(w->arena, name), node_offset(v));
    if (w->s->open_names) return;
    if (in->outer || from_has(in->from, name, 0)) w->s->open_names = true;
    json_array_foreach(in->list, i, item)
    {
        if (i >= in->item) break;
        const char *alias = node_string(item, "alias");
        const json_t *copied = json_object_get(item, "column_names");
        if (*alias && compare_names(alias, name) == 0 &&
            compare_names(node_string_at(copied, json_array_size(copied) - 1), name) != 0)
            w->s->open_names = true;
    }
}

static enum rc walk_object(struct walk *w, const json_t *v, const struct scope *scope, struct select *in)
{
    const char *class = node_string(v, "class");
    if (!*class) return walk_classless(w, v, scope, in);
    if (strcmp(class, "CONSTANT") == 0) return RC_OK;
    if (strcmp(class, "COLUMN_REF") == 0) {
        note_column(w, v, in);
        return RC_OK;
    }
    if (strcmp(class, "FUNCTION") == 0) {
        enum rc rc = note_function(w, v, in);
        if (rc != RC_OK) return rc;
    } else if (strcmp(class, "WINDOW") == 0) {
        const char *name = lower_case(w->arena, node_string(v, "function_name"));
        add_function(w, name);
        if (function_kind(name) == FUNCTION_REFUSED)
            return refuse(w, node_offset(v), "%s() cannot be used in a model", name);
        note(&in->facts.window, arena_printf(w->arena, "window function %s()", name), node_offset(v));
    } else if (strcmp(class, "SUBQUERY") == 0) {
        return walk_subquery(w, v, scope, in);
    } else if (strcmp(class, "PARAMETER") == 0) {
        return refuse(w, node_offset(v), "the parameter $%s has no value in a model; write getvariable('name')",
                      node_string(v, "identifier"));
    } else if (strcmp(class, "STAR") == 0) {
        w->s->open_names = true;
        if (node_bool(v, "columns")) note(&in->facts.columns, "COLUMNS(…)", node_offset(v));
    }
    return walk_members(w, v, scope, in);
}

enum rc walk_expression(struct walk *w, const json_t *v, const struct scope *scope, struct select *in)
{
    size_t i;
    json_t *item;
    if (!json_is_object(v) && !json_is_array(v)) return RC_OK;
    enum rc rc = enter(w, v);
    if (rc != RC_OK) return rc;
    if (json_is_object(v)) rc = walk_object(w, v, scope, in);
    else json_array_foreach(v, i, item)
        {
            rc = walk_expression(w, item, scope, in);
            if (rc != RC_OK) break;
        }
    leave(w);
    return rc;
}

bool has_random(const json_t *v, int depth)
{
    size_t i;
    json_t *item;
    if (depth > STATEMENT_MAX_DEPTH) return true;
    if (json_is_array(v)) json_array_foreach(v, i, item) if (has_random(item, depth + 1)) return true;
    if (!json_is_object(v)) return false;
    const char *name = node_string(v, "function_name");
    if (*name) {
        enum function_kind kind = function_kind(name);
        if (kind == FUNCTION_RANDOM || kind == FUNCTION_UNKNOWN) return true;
    }
    for (void *it = json_object_iter((json_t *)(uintptr_t)v); it;
         it = json_object_iter_next((json_t *)(uintptr_t)v, it))
        if (has_random(json_object_iter_value(it), depth + 1)) return true;
    return false;
}
