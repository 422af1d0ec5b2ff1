/* Topological order: Kahn's algorithm with a heap of the ready nodes, so that among them the one that stands first in
 * the project (layer, then name) comes first. What is left over lies on or behind a cycle. */
#include "plan/graph.h"

#include "base/text.h"

struct heap {
    size_t *items;
    size_t n;
};

static void heap_push(struct heap *h, size_t v)
{
    size_t i = h->n++;
    for (; i > 0 && h->items[(i - 1) / 2] > v; i = (i - 1) / 2) h->items[i] = h->items[(i - 1) / 2];
    h->items[i] = v;
}

static size_t heap_pop(struct heap *h)
{
    size_t top = h->items[0], last = h->items[--h->n], i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= h->n) break;
        if (child + 1 < h->n && h->items[child + 1] < h->items[child]) child++;
        if (h->items[child] >= last) break;
        h->items[i] = h->items[child];
        i = child;
    }
    h->items[i] = last;
    return top;
}

/* Inputs and parents as one list; a node that is both counts twice, here as in the counting below. */
static size_t edge(const struct node *n, size_t i)
{
    return i < n->n_inputs ? n->inputs[i] : n->parents[i - n->n_inputs];
}

static struct pos edge_position(const struct node *n, const struct node *to)
{
    for (size_t i = 0; n->statement && i < n->statement->n_occurrences; i++)
        if (compare_names(n->statement->occurrences[i].table, to->table->name) == 0)
            return graph_position(n->table, n->statement->occurrences[i].offset);
    for (size_t i = 0; i < n->table->n_references; i++)
        if (compare_names(n->table->references[i].table, to->table->name) == 0) return n->table->references[i].pos;
    return n->table->pos;
}

/* cycle[0] reads cycle[1] … reads cycle[0]; the first is the one that stands first in the project. */
static void report_cycle(struct graph *g, const size_t *cycle, size_t n)
{
    struct buf *text = buf_new(g->arena, ERR_MESSAGE_MAX);
    size_t first = 0;
    for (size_t i = 1; i < n; i++)
        if (cycle[i] < cycle[first]) first = i;
    for (size_t i = 0; i < n; i++) {
        const struct node *from = &g->dag->nodes[cycle[(first + i) % n]],
                          *to = &g->dag->nodes[cycle[(first + i + 1) % n]];
        struct pos pos = edge_position(from, to);
        buf_printf(text, "%s%s reads %s (%s:%d:%d)", i ? ", " : "", from->table->name, to->table->name, pos.file,
                   pos.line, pos.column);
        if (i >= 19 && i + 1 < n) {
            buf_printf(text, " … %zu more", n - i - 1);
            break;
        }
    }
    const struct node *from = &g->dag->nodes[cycle[first]], *to = &g->dag->nodes[cycle[(first + 1) % n]];
    problem_add(g->problems, edge_position(from, to), false, "tables depend on each other in a cycle: %s", text->p);
}

/* Follows, from each node that is left, one edge after the other to nodes that are left, until a node comes again. Each
 * node is followed once, so this is linear; every cycle that hangs on another one shows once the first is resolved. */
static void report_cycles(struct graph *g, const bool *done)
{
    size_t *seen = ARENA_ARRAY(g->arena, size_t, g->n), *path = ARENA_ARRAY(g->arena, size_t, g->n);
    for (size_t start = 0; start < g->n; start++) {
        size_t n = 0, at = start;
        if (done[start]) continue;
        while (!seen[at]) {
            const struct node *node = &g->dag->nodes[at];
            seen[at] = start + 1;
            path[n++] = at;
            size_t i = 0;
            while (done[edge(node, i)]) i++; /* a node is left because one of its edges is */
            at = edge(node, i);
        }
        if (seen[at] != start + 1) continue;
        size_t begin = 0;
        while (path[begin] != at) begin++;
        report_cycle(g, path + begin, n - begin);
    }
}

void graph_order(struct graph *g)
{
    struct dag *dag = g->dag;
    size_t *waiting = ARENA_ARRAY(g->arena, size_t, g->n), n = 0;
    bool *done = ARENA_ARRAY(g->arena, bool, g->n);
    struct heap ready = {ARENA_ARRAY(g->arena, size_t, g->n), 0};
    for (size_t i = 0; i < g->n; i++)
        for (size_t k = 0; k < dag->nodes[i].n_outputs; k++) waiting[dag->nodes[i].outputs[k]]++;
    for (size_t i = 0; i < g->n; i++)
        if (waiting[i] == 0) heap_push(&ready, i);
    while (ready.n) {
        size_t at = heap_pop(&ready);
        dag->order[n++] = at;
        done[at] = true;
        for (size_t k = 0; k < dag->nodes[at].n_outputs; k++)
            if (--waiting[dag->nodes[at].outputs[k]] == 0) heap_push(&ready, dag->nodes[at].outputs[k]);
    }
    if (n == g->n) return;
    report_cycles(g, done);
    for (size_t i = 0; i < g->n; i++)
        if (!done[i]) dag->order[n++] = i;
}
