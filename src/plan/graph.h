/* The graph while it is built; for the files of this folder only. */
#ifndef PLAN_GRAPH_H
#define PLAN_GRAPH_H

#include "plan/dag.h"

#include <stdint.h>

#define NO_NODE SIZE_MAX

struct name_entry {
    const char *name; /* lower case */
    size_t index;
};
struct graph {
    struct arena *arena;
    const struct project *project;
    struct problems *problems;
    struct dag *dag;
    struct name_entry *names; /* sorted */
    size_t n;
};

size_t graph_find(const struct graph *g, const char *name); /* lower case; or NO_NODE */
const char *graph_suggest(const struct graph *g, const char *name);
/* The place of an offset in a model, or the table's own. */
struct pos graph_position(const struct table *t, int64_t offset);
/* Fills dag->order; each cycle becomes one problem. Tables on and behind a cycle come last. */
void graph_order(struct graph *g);

#endif
