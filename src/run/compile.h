/* The project, understood: loaded, its statements analysed, its graph built. Statements come from a cache keyed by the
 * statement's text (<project>/.ingot/statements); only what changed is parsed by the engine, in large batches. */
#ifndef RUN_COMPILE_H
#define RUN_COMPILE_H

#include "engine/engine.h"
#include "plan/dag.h"

struct compiled {
    struct project *project;
    struct statement **statements; /* one for each table of the project; NULL for sources */
    struct dag *dag;               /* NULL if there are errors */
    const char **names;            /* of the tables */
    struct hash *fingerprints;     /* what a table is built by: "ingot.model" (RULES.md C 6) */
    size_t parsed;                 /* statements that the cache did not have */
};
/* Problems go to `p`; with errors there, *ret may lack the graph. */
enum rc compile(struct arena *a, const char *project_dir, struct lazy_engine *engine, struct problems *p,
                struct compiled **ret, struct err *e) MUST_CHECK;

/* Fills in the fingerprints for a target: its time zone and the variables that a model reads count. An environment variable
 * that is needed and not set is RC_PROJECT. */
enum rc compiled_fingerprints(struct arena *a, struct compiled *c, const struct target *target,
                              struct err *e) MUST_CHECK;

#endif
