/* Publishing what was staged: Delta commits in topological order, each only at its planned version, then one marker
 * (RULES.md A 1 to 3). Knows storage only, so that tests drive it through every interleaving. */
#ifndef RUN_PUBLISH_H
#define RUN_PUBLISH_H

#include "run/lake.h"

enum table_outcome {
    OUTCOME_NONE,       /* not selected, or not looked at yet */
    OUTCOME_UP_TO_DATE, /* looked at; nothing to do */
    OUTCOME_STAGED,     /* has a commit to make */
    OUTCOME_PUBLISHED,  /* its commit stands */
    OUTCOME_LOST,       /* another writer holds the slot, or a table it was staged on was lost */
    OUTCOME_FAILED,     /* keeps its last good version */
    OUTCOME_UPSTREAM,   /* not looked at because something upstream failed */
    OUTCOME_HELD,
};

/* What a stager made of one table. */
struct staged {
    enum table_outcome outcome;
    struct table_version next; /* version = pinned + 1 (staged), or the pinned one (up to date) */
    struct str commit;         /* the log entry's bytes; empty unless staged */
    char id[37];               /* contained in it */
    size_t *on;                /* indices of tables of this run whose staged version it read */
    size_t n_on;
    struct err error; /* of a failed one */
    /* After the commit and before the marker: brings the quarantine table's own log up to date. May be NULL; repeated
     * by later runs until it succeeded. */
    enum rc (*after_commit)(void *data, struct storage *s, struct err *e);
    void *after_data;
    void *detail; /* the stager's own (strategy, account …) */
};

/* Makes the commits of all staged tables, in the given topological order; sets PUBLISHED or LOST. RC_UNREACHABLE ends it
 * at once (what is committed stands). *ret_lost counts lost ones. */
enum rc publish_commits(struct lake *l, struct staged *staged, const size_t *order, size_t n, size_t *ret_lost,
                        struct err *e) MUST_CHECK;
/* Writes the marker for the tables of `selected` that are published or up to date; `gone` (may be NULL) flags none. */
enum rc publish_marker(struct lake *l, const char *run, const struct staged *staged, struct err *e) MUST_CHECK;

/* One attempt after another until nothing is lost, at most 8 times, then RC_CONFLICT (RULES.md A 1). */
struct stager {
    void *data;
    /* Called for each selected table in an order in which inputs come first; `staged` holds what the inputs became.
     * Fills staged[table]; returns an error only if the whole run must end. May be called from several threads for
     * tables that do not depend on each other if `threads` > 1. */
    enum rc (*stage)(void *data, struct lake *l, struct staged *staged, size_t table, struct err *e);
    /* Called at the start of each attempt, after pinning. May be NULL. */
    enum rc (*attempt)(void *data, struct lake *l, int attempt, struct err *e);
};
struct transaction {
    struct storage *storage;
    struct checkpoint_codec codec;
    const struct dag *dag;
    const char *const *names; /* of the nodes */
    const bool *selected;
    const char *run; /* id */
    struct stager stager;
    int threads;      /* tables staged side by side; 1: in the caller's thread */
    const bool *stop; /* set from outside: end with RC_INTERRUPTED before anything more is committed */
};
/* *ret_staged: one for each node, of the last attempt, in `a`. A failed table does not fail the transaction: the caller
 * reads the outcomes. */
enum rc transaction_run(struct arena *a, const struct transaction *t, struct lake **ret_lake,
                        struct staged **ret_staged, struct err *e) MUST_CHECK;

#endif
