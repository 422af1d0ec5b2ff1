/* The graph: names to nodes, edges both ways, what is wrong with it, and a stable topological order. */
#include "plan/graph.h"

#include "base/text.h"

#include <stdlib.h>

/* --- names ------------------------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    const struct name_entry *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static int find_by_name(const void *name, const void *entry)
{
    return strcmp(name, ((const struct name_entry *)entry)->name);
}

static void sort_names(struct graph *g)
{
    g->names = ARENA_ARRAY(g->arena, struct name_entry, g->n);
    for (size_t i = 0; i < g->n; i++)
        g->names[i] = (struct name_entry){lower_case(g->arena, g->project->tables[i].name), i};
    qsort(g->names, g->n, sizeof *g->names, by_name);
}

size_t graph_find(const struct graph *g, const char *name)
{
    const struct name_entry *found = bsearch(name, g->names, g->n, sizeof *g->names, find_by_name);
    return found ? found->index : NO_NODE;
}

const char *graph_suggest(const struct graph *g, const char *name)
{
    if (g->problems->n_errors >= 200) return NULL; /* not shown any more, and each costs a walk over all names */
    const char **candidates = ARENA_ARRAY(g->arena, const char *, g->n);
    for (size_t i = 0; i < g->n; i++) candidates[i] = g->project->tables[i].name;
    return did_you_mean(name, candidates, g->n);
}

/* --- edges ------------------------------------------------------------------------------------------------------- */

/* A set of nodes as an ascending array. */
static void add_distinct(struct arena *a, size_t **set, size_t *n, size_t node)
{
    size_t low = 0, high = *n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if ((*set)[middle] == node) return;
        if ((*set)[middle] < node) low = middle + 1;
        else high = middle;
    }
    (void)ARENA_PUSH(a, *set, *n);
    memmove(*set + low + 1, *set + low, (*n - 1 - low) * sizeof **set);
    (*set)[low] = node;
}

struct pos graph_position(const struct table *t, int64_t offset)
{
    int line, column;
    statement_position(t->sql, offset, &line, &column);
    return line ? (struct pos){t->file, line, column} : t->pos;
}

/* Rule of layers: what may be read by whom. */
static bool may_read(enum layer reader, enum layer read)
{
    if (reader == LAYER_BRONZE) return false;
    return reader == LAYER_SILVER ? read != LAYER_GOLD : read != LAYER_BRONZE;
}

static void layer_problem(struct graph *g, const struct table *t, struct pos pos, const struct table *read)
{
    static const char *const rules[] = {"bronze reads sources only", "silver reads bronze and silver",
                                        "gold reads silver and gold"};
    problem_add(g->problems, pos, false, "%s (%s) reads %s (%s), but %s", t->name, t->file, read->name, read->file,
                rules[t->layer]);
}

static bool has_layer(const char *name)
{
    for (size_t i = 0; i < 3; i++) {
        size_t n = strlen(layer_names[i]);
        if (strncmp(name, layer_names[i], n) == 0 && name[n] == '.') return true;
    }
    return false;
}

static void unknown_table(struct graph *g, struct pos pos, const char *name)
{
    const char *near = graph_suggest(g, name);
    if (near) problem_add(g->problems, pos, false, "there is no table %s; did you mean %s?", name, near);
    else if (!has_layer(name))
        problem_add(g->problems, pos, false, "there is no table %s; tables are in bronze, silver or gold", name);
    else problem_add(g->problems, pos, false, "there is no table %s", name);
}

static void add_inputs(struct graph *g, size_t index)
{
    struct node *node = &g->dag->nodes[index];
    const struct statement *s = node->statement;
    for (size_t i = 0; s && i < s->n_occurrences; i++) {
        const struct occurrence *o = &s->occurrences[i];
        struct pos pos = graph_position(node->table, o->offset);
        size_t read = graph_find(g, o->table);
        if (read == NO_NODE) {
            unknown_table(g, pos, o->table);
        } else if (read == index) {
            problem_add(g->problems, pos, false, "%s reads itself", node->table->name);
        } else if (!may_read(node->table->layer, g->project->tables[read].layer)) {
            layer_problem(g, node->table, pos, &g->project->tables[read]);
        } else {
            add_distinct(g->arena, &node->inputs, &node->n_inputs, read);
        }
    }
}

/* --- references -------------------------------------------------------------------------------------------------- */

/* Whether a table is known to have or not to have a column: by its contract, or by a SELECT without a star. */
static bool lacks_column(const struct node *node, const char *column)
{
    const struct table *t = node->table;
    for (size_t i = 0; i < t->n_columns; i++)
        if (compare_names(t->columns[i].name, column) == 0) return false;
    if (!node->statement) return false;
    for (size_t i = 0; i < node->statement->n_columns; i++) {
        const struct output_column *c = &node->statement->columns[i];
        if (c->star || !c->name || compare_names(c->name, column) == 0) return false;
    }
    return true;
}

static void check_columns(struct graph *g, const struct node *node, const struct reference *r,
                          const struct node *parent)
{
    size_t n_parent = r->n_parent_columns ? r->n_parent_columns : parent->table->n_key;
    for (size_t i = 0; i < r->n_columns; i++)
        if (lacks_column(node, r->columns[i]))
            problem_add(g->problems, r->pos, false, "%s has no column %s", node->table->name, r->columns[i]);
    for (size_t i = 0; i < r->n_parent_columns; i++)
        if (lacks_column(parent, r->parent_columns[i]))
            problem_add(g->problems, r->pos, false, "%s, which is referenced, has no column %s", parent->table->name,
                        r->parent_columns[i]);
    if (n_parent == 0)
        problem_add(g->problems, r->pos, false, "%s has no key; say which columns: references %s(…)", r->table,
                    r->table);
    else if (n_parent != r->n_columns)
        problem_add(g->problems, r->pos, false, "%zu column%s cannot reference %zu column%s of %s", r->n_columns,
                    r->n_columns == 1 ? "" : "s", n_parent, n_parent == 1 ? "" : "s", r->table);
}

static void add_parent(struct graph *g, size_t index, const struct reference *r)
{
    struct node *node = &g->dag->nodes[index];
    char *name = lower_case(g->arena, r->table);
    size_t parent = graph_find(g, name);
    if (parent == NO_NODE) {
        unknown_table(g, r->pos, r->table);
    } else if (parent == index) {
        problem_add(g->problems, r->pos, false,
                    "%s references itself, which is not supported; a check can say it: count(*) = 0 over the "
                    "rows without a match",
                    node->table->name);
    } else if (g->project->tables[parent].layer > node->table->layer) {
        problem_add(g->problems, r->pos, false, "%s (%s) references %s (%s) of a later layer", node->table->name,
                    node->table->file, g->project->tables[parent].name, g->project->tables[parent].file);
    } else {
        check_columns(g, node, r, &g->dag->nodes[parent]);
        add_distinct(g->arena, &node->parents, &node->n_parents, parent);
    }
}

static bool contains(const size_t *set, size_t n, size_t node)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (set[middle] == node) return true;
        if (set[middle] < node) low = middle + 1;
        else high = middle;
    }
    return false;
}

/* Mutual references get a better message than the cycle that they are, and are taken out of the graph. */
static void refuse_mutual(struct graph *g, size_t index)
{
    struct node *node = &g->dag->nodes[index];
    for (size_t i = 0; i < node->table->n_references; i++) {
        const struct reference *r = &node->table->references[i];
        size_t parent = graph_find(g, lower_case(g->arena, r->table));
        if (parent == NO_NODE || parent >= index) continue;
        struct node *other = &g->dag->nodes[parent];
        if (!contains(node->parents, node->n_parents, parent) || !contains(other->parents, other->n_parents, index))
            continue;
        problem_add(g->problems, r->pos, false,
                    "%s and %s reference each other, which is not supported; keep one of the references and "
                    "write the other as a check",
                    node->table->name, other->table->name);
        size_t k = 0;
        while (node->parents[k] != parent) k++;
        memmove(node->parents + k, node->parents + k + 1, (node->n_parents - 1 - k) * sizeof *node->parents);
        node->n_parents--;
    }
}

static void add_outputs(struct graph *g)
{
    for (size_t i = 0; i < g->n; i++) {
        struct node *n = &g->dag->nodes[i];
        for (size_t k = 0; k < n->n_inputs; k++) {
            struct node *from = &g->dag->nodes[n->inputs[k]];
            *ARENA_PUSH(g->arena, from->outputs, from->n_outputs) = i;
        }
        for (size_t k = 0; k < n->n_parents; k++) {
            struct node *from = &g->dag->nodes[n->parents[k]];
            if (from->n_outputs && from->outputs[from->n_outputs - 1] == i) continue; /* is an input as well */
            *ARENA_PUSH(g->arena, from->outputs, from->n_outputs) = i;
        }
    }
}

enum rc dag_build(struct arena *a, const struct project *project, struct statement *const *statements,
                  struct problems *p, struct dag **ret, struct err *e)
{
    (void)e;
    struct graph g = {
        .arena = a, .project = project, .problems = p, .n = project->n_tables, .dag = ARENA_NEW(a, struct dag)};
    g.dag->n_nodes = g.n;
    g.dag->nodes = ARENA_ARRAY(a, struct node, g.n);
    g.dag->order = ARENA_ARRAY(a, size_t, g.n);
    sort_names(&g);
    for (size_t i = 0; i < g.n; i++)
        g.dag->nodes[i] = (struct node){.table = &project->tables[i], .statement = statements ? statements[i] : NULL};
    for (size_t i = 0; i < g.n; i++) {
        add_inputs(&g, i);
        for (size_t k = 0; k < project->tables[i].n_references; k++)
            add_parent(&g, i, &project->tables[i].references[k]);
    }
    for (size_t i = 0; i < g.n; i++) refuse_mutual(&g, i);
    add_outputs(&g);
    graph_order(&g);
    *ret = g.dag;
    return RC_OK;
}
