/* Query nodes: what a SELECT, a UNION or a CTE does to the rows that come out of its FROM. */
#include "sql/analysis.h"

#include "base/text.h"

struct cte *scope_find(const struct scope *scope, const char *name)
{
    for (; scope; scope = scope->parent)
        for (size_t i = scope->visible; i > 0; i--)
            if (compare_names(scope->ctes[i - 1].name, name) == 0) return &scope->ctes[i - 1];
    return NULL;
}

void note_filter(struct walk *w, const struct flow *f)
{
    if (!f->quiet) w->s->filters = true;
}

bool facts_any(const struct facts *f, struct construct *ret)
{
    const struct construct *all[] = {&f->aggregate, &f->window, &f->unknown};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i]->what) {
            *ret = *all[i];
            return true;
        }
    return false;
}

static int64_t list_offset(const struct walk *w, const json_t *list, const char *keyword)
{
    return keyword_before(w, keyword, first_offset(list, 0));
}

/* LIMIT, DISTINCT and the like, of any query node. */
static void block_modifiers(struct walk *w, const json_t *node, struct flow *flow)
{
    size_t i;
    json_t *m;
    const json_t *modifiers = node_list(node, "modifiers");
    if (!modifiers) return;
    json_array_foreach(modifiers, i, m)
    {
        const char *type = node_string(m, "type");
        if (strcmp(type, "ORDER_MODIFIER") == 0) continue;
        note_filter(w, flow);
        if (strcmp(type, "DISTINCT_MODIFIER") == 0) {
            const json_t *list = json_object_get(node, "select_list");
            bool on = json_array_size(json_object_get(m, "distinct_on_targets")) > 0;
            note(&flow->blocker, on ? "DISTINCT ON" : "DISTINCT",
                 list_offset(w, on ? json_object_get(m, "distinct_on_targets") : list, "distinct"));
            flow->many = true;
        } else {
            bool limit = json_is_object(json_object_get(m, "limit"));
            note(&flow->blocker, limit ? "LIMIT" : "OFFSET", list_offset(w, m, limit ? "limit" : "offset"));
        }
    }
}

/* What the clauses of a SELECT mean for the rows of its FROM. */
static void block_select(struct walk *w, const json_t *node, const struct facts *facts, struct flow *flow)
{
    const json_t *group = node_list(node, "group_expressions"), *sets = node_list(node, "group_sets");
    const json_t *having = json_object_get(node, "having"), *qualify = json_object_get(node, "qualify");
    const json_t *sample = json_object_get(node, "sample"), *where = json_object_get(node, "where_clause");
    struct construct c;
    if (json_is_object(where) || json_is_object(qualify) || json_is_object(sample) || facts->unnest.what)
        note_filter(w, flow);
    block_modifiers(w, node, flow);
    if (json_array_size(group) > 0 || json_array_size(sets) > 0 ||
        !node_is(node, "aggregate_handling", "STANDARD_HANDLING")) {
        note(&flow->blocker, json_array_size(sets) > 1 ? "GROUPING SETS" : "GROUP BY",
             json_array_size(group)  ? list_offset(w, group, "group")
             : facts->aggregate.what ? facts->aggregate.offset
                                     : -1);
        flow->many = true;
        note_filter(w, flow);
    }
    if (facts->aggregate.what || json_is_object(having)) {
        note(&flow->blocker, facts->aggregate.what ? facts->aggregate.what : "HAVING",
             facts->aggregate.what ? facts->aggregate.offset : first_offset(having, 0));
        flow->many = true;
        note_filter(w, flow);
    }
    if (facts_any(facts, &c)) {
        note(&flow->blocker, c.what, c.offset);
        if (facts->unknown.what) flow->many = true;
    }
    if (json_is_object(qualify)) note(&flow->blocker, "QUALIFY", first_offset(qualify, 0));
    if (json_is_object(sample)) note(&flow->blocker, "SAMPLE", -1);
    if (facts->unnest.what) flow->many = true;
}

static enum rc walk_select(struct walk *w, const json_t *node, struct flow flow, const struct scope *scope,
                           struct select *outer)
{
    static const char *const clauses[] = {"where_clause", "group_expressions", "having", "qualify", "modifiers"};
    struct select in = {
        .outer = outer, .from = json_object_get(node, "from_table"), .list = json_object_get(node, "select_list")};
    enum rc rc = RC_OK;
    for (; rc == RC_OK && in.item < json_array_size(in.list); in.item++)
        rc = walk_expression(w, json_array_get(in.list, in.item), scope, &in);
    for (size_t i = 0; rc == RC_OK && i < sizeof clauses / sizeof *clauses; i++)
        rc = walk_expression(w, json_object_get(node, clauses[i]), scope, &in);
    if (rc != RC_OK) return rc;
    if (flow.outermost) w->top = in.facts;
    block_select(w, node, &in.facts, &flow);
    rc = walk_from(w, in.from, flow, scope, &in);
    return rc;
}

static enum rc walk_branch(struct walk *w, const json_t *node, const json_t *beside, struct flow flow, bool all,
                           const struct scope *scope, struct select *outer)
{
    flow.many = true;
    flow.outermost = false;
    if (all && beside) {
        struct cut *cut = ARENA_NEW(w->arena, struct cut);
        *cut = (struct cut){beside, flow.cuts};
        flow.cuts = cut;
    }
    return walk_query(w, node, flow, scope, outer);
}

static enum rc walk_set_operation(struct walk *w, const json_t *node, struct flow flow, const struct scope *scope,
                                  struct select *outer)
{
    const json_t *left = json_object_get(node, "left"), *right = json_object_get(node, "right");
    const char *type = node_string(node, "setop_type");
    bool all = node_bool(node, "setop_all") && strncmp(type, "UNION", 5) == 0;
    if (!json_is_object(left) || !json_is_object(right))
        return refuse(w, first_offset(node, 0), "this set operation is not understood");
    struct select modifiers = {.outer = outer};
    enum rc rc = walk_expression(w, json_object_get(node, "modifiers"), scope, &modifiers);
    if (rc != RC_OK) return rc;
    block_modifiers(w, node, &flow);
    char *word = lower_case(w->arena, type);
    word[strcspn(word, "_")] = 0;
    int64_t offset = keyword_before(w, word, first_offset(right, 0));
    if (strstr(type, "BY_NAME")) w->s->open_names = true;
    if (all) {
        if (!flow.cuts) flow.union_offset = offset;
    } else {
        note_filter(w, &flow);
        note(&flow.blocker,
             arena_printf(w->arena, "%s%s", strncmp(type, "UNION", 5) == 0 ? "UNION" : type,
                          node_bool(node, "setop_all") ? " ALL" : ""),
             offset);
    }
    rc = walk_branch(w, left, right, flow, all, scope, outer);
    return rc == RC_OK ? walk_branch(w, right, left, flow, all, scope, outer) : rc;
}

static enum rc walk_recursive(struct walk *w, const json_t *node, struct flow flow, const struct scope *scope,
                              struct select *outer)
{
    struct cte self = {.name = node_string(node, "cte_name"), .self = true};
    struct scope inside = {scope, &self, 1};
    note(&flow.blocker, "recursive CTE", first_offset(node, 0));
    note_filter(w, &flow);
    flow.many = true;
    flow.outermost = false;
    enum rc rc = walk_query(w, json_object_get(node, "left"), flow, scope, outer);
    return rc == RC_OK ? walk_query(w, json_object_get(node, "right"), flow, &inside, outer) : rc;
}

static enum rc walk_body(struct walk *w, const json_t *node, struct flow flow, const struct scope *scope,
                         struct select *outer)
{
    const char *type = node_string(node, "type");
    if (strcmp(type, "SELECT_NODE") == 0) return walk_select(w, node, flow, scope, outer);
    if (strcmp(type, "SET_OPERATION_NODE") == 0) return walk_set_operation(w, node, flow, scope, outer);
    if (strcmp(type, "RECURSIVE_CTE_NODE") == 0) return walk_recursive(w, node, flow, scope, outer);
    return refuse(w, first_offset(node, 0), "a model is one SELECT%s%s", *type ? ", not " : "", type);
}

/* The bodies of CTEs, last first, so that all reads of one are known when its turn comes. */
static enum rc walk_ctes(struct walk *w, const struct scope *scope, struct select *outer)
{
    for (size_t i = scope->visible; i > 0; i--) {
        struct cte *c = &scope->ctes[i - 1];
        struct flow flow = c->flow;
        if (c->reads != 1) {
            flow = (struct flow){.blocker = {NULL, -1}, .many = true, .quiet = c->reads == 0};
            flow.blocker.what =
                arena_printf(w->arena, "CTE %s, which is %s", c->name, c->reads ? "read more than once" : "not used");
            flow.blocker.offset = first_offset(c->body, 0);
        }
        struct scope before = {scope->parent, scope->ctes, i - 1};
        enum rc rc = walk_query(w, c->body, flow, &before, outer);
        if (rc != RC_OK) return rc;
    }
    return RC_OK;
}

enum rc walk_query(struct walk *w, const json_t *node, struct flow flow, const struct scope *scope,
                   struct select *outer)
{
    const json_t *map = node_list(json_object_get(node, "cte_map"), "map");
    size_t n = json_array_size(map), i;
    json_t *item;
    enum rc rc = enter(w, node);
    if (rc != RC_OK) return rc;
    if (n == 0) {
        rc = walk_body(w, node, flow, scope, outer);
    } else {
        struct scope inside = {scope, ARENA_ARRAY(w->arena, struct cte, n), n};
        json_array_foreach(map, i, item)
        {
            const json_t *query = json_object_get(json_object_get(item, "value"), "query");
            inside.ctes[i] = (struct cte){.name = node_string(item, "key"), .body = json_object_get(query, "node")};
        }
        rc = walk_body(w, node, flow, &inside, outer);
        if (rc == RC_OK) rc = walk_ctes(w, &inside, outer);
    }
    leave(w);
    return rc;
}
