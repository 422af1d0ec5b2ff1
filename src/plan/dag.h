/* plan/: the graph of tables and what has to be done to which of them, by pure functions. No I/O.
 *
 * dag.h: tables as nodes, inputs and references as edges; order, cycles, layers, selection. */
#ifndef PLAN_DAG_H
#define PLAN_DAG_H

#include "project/project.h"
#include "sql/statement.h"

struct node {
    const struct table *table;
    const struct statement *statement; /* NULL for a source, or if the model could not be understood */
    size_t *inputs;                    /* indices of nodes, distinct, ascending */
    size_t n_inputs;
    size_t *parents; /* referenced tables (also edges), distinct, not in inputs unless they are both */
    size_t n_parents;
    size_t *outputs; /* nodes that have this one as input or parent */
    size_t n_outputs;
};
struct dag {
    struct node *nodes; /* nodes[i] belongs to project->tables[i] */
    size_t n_nodes;
    size_t *order; /* topological, stable: by layer and name where free */
};

/* `statements[i]` belongs to project->tables[i]. Unknown tables (with suggestion), layer violations (naming both files),
 * references to unknown tables or columns, self and mutual references, cycles (all tables on it named) go to `p`, each
 * with its position in the model. O(nodes + edges). */
enum rc dag_build(struct arena *a, const struct project *project, struct statement *const *statements,
                  struct problems *p, struct dag **ret, struct err *e) MUST_CHECK;

/* `silver.orders`, `orders` if unique, `+x`, `x+`, `+x+`, `layer:gold`, `tag:finance`, `silver.*` globs; several are
 * united; none: everything. A selector that matches nothing is RC_USAGE with a suggestion. ret: one flag per node. */
enum rc dag_select(struct arena *a, const struct dag *dag, const char *const *selectors, size_t n, bool **ret,
                   struct err *e) MUST_CHECK;

#endif
