/* From the statement and the class of change of each input to a strategy, with the reason. Pure functions: `ingot plan`
 * asks them with what is known before (the worst case), the run asks them again when the inputs are staged. */
#ifndef PLAN_DECIDE_H
#define PLAN_DECIDE_H

#include "plan/dag.h"

enum strategy { STRATEGY_SKIP, STRATEGY_APPEND, STRATEGY_MERGE, STRATEGY_FULL, STRATEGY_HELD, STRATEGY_BLOCKED };
extern const char *const strategy_names[]; /* "skip", "append", "merge", "full", "held", "blocked" */

enum change {
    CHANGE_NONE,
    CHANGE_GREW,    /* rows were only added */
    CHANGE_CHANGED, /* rows left or were replaced */
    CHANGE_UNKNOWN, /* the log does not say any more, the table is another one, or is built anew */
};

struct input_state {
    const char *table;
    enum change change;
    bool schema_changed; /* columns came or went (where a type changed, say CHANGE_UNKNOWN) */
    bool missing;        /* not on the lake and not built by this run */
    const char *why;     /* for UNKNOWN: "the log of bronze.orders no longer reaches back to version 3" */
};
struct table_state {
    bool exists;
    bool held;
    bool model_changed;       /* another fingerprint than the table was built with */
    const char *what_changed; /* "the model changed", "ingot 2 reads models differently" … */
    int64_t foreign;          /* version of the first foreign change not accepted, or -1 */
    bool full_asked;          /* --full */
    bool rebuild_asked;       /* --rebuild */
    bool clock_due;           /* volatile functions: refreshed on each run */
    bool branches; /* the caller runs statement_branch where `branch` is set; without it such a table is full */
    struct input_state *inputs; /* one for each distinct input table */
    size_t n_inputs;
    struct input_state *parents; /* referenced tables */
    size_t n_parents;
};
struct decision {
    enum strategy strategy;
    char *reason;        /* "2 new files in bronze.orders", "the model changed", … */
    int occurrence;      /* APPEND, MERGE: the occurrence whose rows changed; else -1 */
    bool branch;         /* APPEND: it stands in a UNION ALL, run statement_branch over its added rows */
    const char *driving; /* table whose rows flow through, where the statement proves it; or NULL */
    /* MERGE: what speaks for the keys of added rows is the whole input, since the table does not know what was
     * deleted. */
    bool recompute_keys;
    const char *blocked_by; /* construct and position if refresh: incremental cannot be kept */
};

/* In this order: held, inputs not there, changes by others, first build, --rebuild and --full, the model, the clock,
 * references, inputs. With a key and no `latest` rows are appended only if the statement is row by row and there is no
 * `deleted`; the run checks the added keys against the table. `refresh: incremental` blocks where a construct of the
 * statement asks for all rows, not where the data or the model do (first build, two inputs changed, rows left).
 * Never fails: an unproven construct is full. `unique_key` answers whether a table is unique on given columns. */
struct decision decide(struct arena *a, const struct node *node, const struct table_state *state,
                       bool (*unique_on)(const void *data, const char *table, const char *const *columns, size_t n),
                       const void *data);
/* The occurrence each of whose rows gives at most one output row, proven; or -1. */
int driving_occurrence(const struct statement *s,
                       bool (*unique_on)(const void *, const char *, const char *const *, size_t), const void *data);

#endif
