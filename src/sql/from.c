/* FROM: occurrences of tables, and how their rows get through joins. */
#include "sql/analysis.h"

#include "base/text.h"

char *table_name(struct arena *a, const json_t *base_table)
{
    char *name =
        arena_printf(a, "%s.%s", node_string(base_table, "schema_name"), node_string(base_table, "table_name"));
    for (char *p = name; *p; p++) *p = to_lower(*p);
    return name;
}

static void add_needs(struct walk *w, struct occurrence *o, const struct need *needs)
{
    for (; needs; needs = needs->next) *ARENA_PUSH(w->arena, o->unique, o->n_unique) = needs->need;
}

static enum rc refuse_table(struct walk *w, const json_t *ref)
{
    const char *name = node_string(ref, "table_name");
    int64_t offset = node_offset(ref);
    if (strpbrk(name, "./:*\\"))
        return refuse(w, offset,
                      "'%s' is a file; files are read by a source in bronze/, and a model reads tables: "
                      "write bronze.orders",
                      name);
    return refuse(w, offset, "table %s has no layer; write bronze.%s, silver.%s or gold.%s", name, name, name, name);
}

static enum rc walk_table(struct walk *w, const json_t *ref, struct flow flow, const struct scope *scope)
{
    const char *schema = node_string(ref, "schema_name"), *name = node_string(ref, "table_name");
    int64_t offset = node_offset(ref);
    if (json_is_object(json_object_get(ref, "sample"))) {
        note(&flow.blocker, "SAMPLE", offset);
        note_filter(w, &flow);
    }
    if (*node_string(ref, "catalog_name"))
        return refuse(w, offset, "%s.%s.%s has three parts; a table is layer and name: write bronze.orders",
                      node_string(ref, "catalog_name"), schema, name);
    if (!*schema) {
        struct cte *c = scope_find(scope, name);
        if (!c) return refuse_table(w, ref);
        if (c->self) return RC_OK;
        flow.outermost = false;
        if (c->reads++ == 0) c->flow = flow;
        return RC_OK;
    }
    if (json_is_object(json_object_get(ref, "at_clause")))
        return refuse(w, offset, "AT is not understood in a model: it reads its inputs at the versions of the run");
    struct occurrence *o = ARENA_PUSH(w->arena, w->s->occurrences, w->s->n_occurrences);
    const char *alias = node_string(ref, "alias");
    *o = (struct occurrence){
        .table = table_name(w->arena, ref), .offset = offset, .why_not = flow.blocker, .cuts = flow.cuts};
    if (flow.outermost) o->alias = lower_case(w->arena, *alias ? alias : name);
    o->distributes_in_branch = !flow.blocker.what;
    o->distributes = o->distributes_in_branch && !flow.cuts;
    if (o->distributes_in_branch && flow.cuts) o->why_not = (struct construct){"UNION ALL", flow.union_offset};
    if (o->distributes) o->why_not.offset = -1;
    o->at_most_one = !flow.many;
    if (o->at_most_one) add_needs(w, o, flow.needs);
    return RC_OK;
}

/* --- equality joins ---------------------------------------------------------------------------------------------- */

/* The column if v is one of the table known as `alias` ("d.k", "silver.d.k"), else NULL. */
static const char *column_of(const json_t *v, const json_t *table)
{
    if (!node_is(v, "class", "COLUMN_REF")) return NULL;
    const json_t *names = json_object_get(v, "column_names");
    const char *part[3] = {"", "", ""};
    size_t n = json_array_size(names);
    if (n < 2 || n > 3) return NULL;
    for (size_t i = 0; i < n; i++) {
        part[i] = json_string_value(json_array_get(names, i));
        if (!part[i]) return NULL;
    }
    const char *alias = node_string(table, "alias"), *name = node_string(table, "table_name");
    if (n == 2) return compare_names(part[0], *alias ? alias : name) == 0 ? part[1] : NULL;
    return !*alias && compare_names(part[0], node_string(table, "schema_name")) == 0 &&
                   compare_names(part[1], name) == 0
               ? part[2]
               : NULL;
}

/* Whether an expression surely does not depend on the table: qualified columns of others and constants. */
static bool independent_of(const json_t *v, const json_t *table, int depth)
{
    size_t i;
    json_t *item;
    if (depth > STATEMENT_MAX_DEPTH) return false;
    if (json_is_array(v)) {
        json_array_foreach(v, i, item) if (!independent_of(item, table, depth + 1)) return false;
        return true;
    }
    if (!json_is_object(v)) return true;
    const char *class = node_string(v, "class");
    if (strcmp(class, "SUBQUERY") == 0 || strcmp(class, "STAR") == 0) return false;
    if (strcmp(class, "COLUMN_REF") == 0) {
        const json_t *names = json_object_get(v, "column_names");
        const char *first = json_string_value(json_array_get(names, 0));
        const char *alias = node_string(table, "alias"), *name = *alias ? alias : node_string(table, "table_name");
        bool schema = first && compare_names(first, node_string(table, "schema_name")) == 0;
        return json_array_size(names) > 1 && first && !schema && compare_names(first, name) != 0;
    }
    if (strcmp(class, "FUNCTION") == 0 && function_kind(node_string(v, "function_name")) != FUNCTION_SCALAR)
        return false;
    for (void *it = json_object_iter((json_t *)(uintptr_t)v); it;
         it = json_object_iter_next((json_t *)(uintptr_t)v, it))
        if (!independent_of(json_object_iter_value(it), table, depth + 1)) return false;
    return true;
}

static void equality_columns(struct walk *w, const json_t *condition, const json_t *table, struct unique_need *need,
                             int depth)
{
    size_t i;
    json_t *item;
    if (depth > STATEMENT_MAX_DEPTH) return;
    if (node_is(condition, "type", "CONJUNCTION_AND")) {
        json_array_foreach(json_object_get(condition, "children"), i, item)
            equality_columns(w, item, table, need, depth + 1);
        return;
    }
    if (!node_is(condition, "type", "COMPARE_EQUAL")) return;
    const json_t *left = json_object_get(condition, "left"), *right = json_object_get(condition, "right");
    const char *column = column_of(right, table);
    if (!column || !independent_of(left, table, 0)) {
        column = column_of(left, table);
        if (!column || !independent_of(right, table, 0)) return;
    }
    *ARENA_PUSH(w->arena, need->columns, need->n_columns) = lower_case(w->arena, column);
}

/* What must be unique so that a row of the other side meets at most one row of this one; NULL where nothing helps. */
static const struct need *join_need(struct walk *w, const json_t *join, const json_t *side, const struct scope *scope,
                                    const struct need *next)
{
    size_t i;
    json_t *item;
    if (!node_is(side, "type", "BASE_TABLE") ||
        (!*node_string(side, "schema_name") && scope_find(scope, node_string(side, "table_name"))))
        return NULL;
    if (!node_is(join, "ref_type", "REGULAR") || json_array_size(json_object_get(side, "column_name_alias")))
        return NULL;
    struct need *n = ARENA_NEW(w->arena, struct need);
    *n = (struct need){.need = {.table = table_name(w->arena, side)}, .next = next};
    json_array_foreach(json_object_get(join, "using_columns"), i, item) *
        ARENA_PUSH(w->arena, n->need.columns, n->need.n_columns) =
        lower_case(w->arena, json_string_value(item) ? json_string_value(item) : "");
    equality_columns(w, json_object_get(join, "condition"), side, &n->need, 0);
    return n->need.n_columns ? n : NULL;
}

/* --- joins ------------------------------------------------------------------------------------------------------- */

enum side { KEEPS, MEETS, BLOCKED };
/* What a kind of join does with the rows of its sides: keeps each of them (semi and anti joins may leave some out),
 * meets each with any number of rows of the other side, or is in the way. */
static const struct join_kind {
    const char *name;
    enum side left, right;
    bool filters;
} join_kinds[] = {
    {"INNER", MEETS, MEETS, true},      {"LEFT", MEETS, BLOCKED, false}, {"RIGHT", BLOCKED, MEETS, false},
    {"OUTER", BLOCKED, BLOCKED, false}, {"SEMI", KEEPS, BLOCKED, true},  {"ANTI", KEEPS, BLOCKED, true},
    {"SINGLE", MEETS, BLOCKED, false},
};
static const struct join_kind unknown_join = {"OUTER", BLOCKED, BLOCKED, true};

static const struct join_kind *join_kind(const json_t *join)
{
    if (node_is(join, "ref_type", "POSITIONAL")) return &unknown_join;
    for (size_t i = 0; i < sizeof join_kinds / sizeof *join_kinds; i++)
        if (node_is(join, "join_type", join_kinds[i].name)) return &join_kinds[i];
    return &unknown_join;
}

static void through_side(struct walk *w, const json_t *join, enum side side, const char *what, struct flow *flow,
                         const json_t *other, const struct scope *scope)
{
    if (side == KEEPS) return;
    if (side == BLOCKED) {
        note(&flow->blocker, what, node_offset(join));
        flow->many = true;
        return;
    }
    const struct need *need = join_need(w, join, other, scope, flow->needs);
    if (need) flow->needs = need;
    else flow->many = true;
}

static enum rc walk_join(struct walk *w, const json_t *join, struct flow flow, const struct scope *scope,
                         struct select *in)
{
    const json_t *left = json_object_get(join, "left"), *right = json_object_get(join, "right");
    const struct join_kind *kind = join_kind(join);
    bool asof = node_is(join, "ref_type", "ASOF");
    const char *what = node_is(join, "ref_type", "POSITIONAL") ? "POSITIONAL JOIN"
                       : asof                                  ? "right side of an ASOF JOIN"
                                                               : NULL;
    if (!what && kind == &join_kinds[1]) what = "null-supplying side of a LEFT JOIN";
    if (!what && kind == &join_kinds[2]) what = "null-supplying side of a RIGHT JOIN";
    if (!what)
        what = arena_printf(w->arena, "%s JOIN",
                            *node_string(join, "join_type") == 'O' ? "FULL" : node_string(join, "join_type"));
    enum rc rc = walk_expression(w, json_object_get(join, "condition"), scope, in);
    if (rc != RC_OK) return rc;
    if (kind->filters) note_filter(w, &flow);
    if (node_is(join, "ref_type", "NATURAL")) w->s->open_names = true;
    struct flow left_flow = flow, right_flow = flow;
    through_side(w, join, kind->left, what, &left_flow, right, scope);
    through_side(w, join, asof ? BLOCKED : kind->right, what, &right_flow, left, scope);
    rc = walk_from(w, left, left_flow, scope, in);
    return rc == RC_OK ? walk_from(w, right, right_flow, scope, in) : rc;
}

static enum rc walk_table_function(struct walk *w, const json_t *ref, const struct scope *scope, struct select *in)
{
    const json_t *function = json_object_get(ref, "function");
    const char *name = lower_case(w->arena, node_string(function, "function_name"));
    int64_t offset = node_offset(function) >= 0 ? node_offset(function) : node_offset(ref);
    switch (table_function_kind(name)) {
    case TABLE_FUNCTION_ALLOWED: break;
    case TABLE_FUNCTION_READER:
        return refuse(w, offset,
                      "%s() cannot be used in a model: what is read from outside belongs into a source in bronze/",
                      name);
    case TABLE_FUNCTION_UNKNOWN: return refuse(w, offset, "table function %s() cannot be used in a model", name);
    }
    return walk_expression(w, json_object_get(function, "children"), scope, in);
}

static enum rc walk_pivot(struct walk *w, const json_t *ref, struct flow flow, const struct scope *scope,
                          struct select *in)
{
    const json_t *source = json_object_get(ref, "source");
    struct select apart = {.from = source};
    note(&flow.blocker, json_array_size(json_object_get(ref, "unpivot_names")) ? "UNPIVOT" : "PIVOT",
         first_offset(ref, 0));
    flow.many = true;
    w->s->open_names = true;
    note_filter(w, &flow);
    enum rc rc = walk_from(w, source, flow, scope, in);
    if (rc == RC_OK) rc = walk_expression(w, json_object_get(ref, "aggregates"), scope, &apart);
    return rc == RC_OK ? walk_expression(w, json_object_get(ref, "pivots"), scope, &apart) : rc;
}

static enum rc walk_ref(struct walk *w, const json_t *ref, struct flow flow, const struct scope *scope,
                        struct select *in)
{
    const char *type = node_string(ref, "type");
    if (strcmp(type, "BASE_TABLE") == 0) return walk_table(w, ref, flow, scope);
    if (strcmp(type, "JOIN") == 0) return walk_join(w, ref, flow, scope, in);
    if (json_is_object(json_object_get(ref, "sample"))) {
        note(&flow.blocker, "SAMPLE", node_offset(ref));
        note_filter(w, &flow);
    }
    flow.outermost = false;
    if (strcmp(type, "SUBQUERY") == 0) /* may be lateral: then it sees the tables beside it, not other rows of them */
        return walk_query(w, json_object_get(json_object_get(ref, "subquery"), "node"), flow, scope, in->outer);
    if (strcmp(type, "TABLE_FUNCTION") == 0) return walk_table_function(w, ref, scope, in);
    if (strcmp(type, "EXPRESSION_LIST") == 0) return walk_expression(w, json_object_get(ref, "values"), scope, in);
    if (strcmp(type, "EMPTY") == 0) return RC_OK;
    if (strcmp(type, "PIVOT") == 0) return walk_pivot(w, ref, flow, scope, in);
    if (strcmp(type, "SHOW_REF") == 0)
        return refuse(w, first_offset(ref, 0), "a model is one SELECT, not SHOW, DESCRIBE or SUMMARIZE");
    return refuse(w, node_offset(ref), "%s in FROM is not understood", *type ? type : "this");
}

enum rc walk_from(struct walk *w, const json_t *ref, struct flow flow, const struct scope *scope, struct select *in)
{
    enum rc rc = enter(w, ref);
    if (rc != RC_OK) return rc;
    rc = walk_ref(w, ref, flow, scope, in);
    leave(w);
    return rc;
}
