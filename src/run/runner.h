/* A whole run or plan of a project, from the folder to the outcome of each table: what the commands call. */
#ifndef RUN_RUNNER_H
#define RUN_RUNNER_H

#include "run/step.h"

/* A project opened for a target: what most commands need. */
struct workspace {
    struct arena *arena;
    struct compiled *compiled; /* graph and fingerprints are there */
    const struct target *target;
    const char *lake_root; /* expanded; absolute for a folder */
    struct storage *storage;
    struct lazy_engine engine; /* opened on first use */
    bool *stop;                /* set by a signal; watch with workspace_interrupt */
};
/* Finds, reads and compiles the project above `dir`. Problems are collected in `p`; if there are errors among them the
 * call is RC_PROJECT with the first one as message and *ret has no graph. Warnings do not fail it. `target` may be NULL.
 * An s3:// lake is refused as not supported by this version. Released with the arena. */
enum rc workspace_open(struct arena *a, const char *dir, const char *target, struct problems *p, struct workspace **ret,
                       struct err *e) MUST_CHECK;
/* Without looking at the tables' files: project, target and storage only (for commands that work on the lake alone). */
void workspace_interrupt(struct workspace *w); /* from any thread: ends engine work, sets *stop */

enum run_event { RUN_EVENT_PINNED, RUN_EVENT_STEP_STARTED, RUN_EVENT_STEP_STAGED, RUN_EVENT_AGAIN };

struct run_request {
    const char *const *selectors;
    size_t n_selectors;
    bool full, rebuild, plan_only;
    bool watch_progress; /* somebody draws step->session's progress */
    int tables_at_once;  /* 0: number of cores, at most 4 */
    /* Called from any thread, one call at a time. `s` is NULL for events of the whole run. May be NULL. */
    void (*on_event)(void *data, enum run_event event, const struct step *s);
    void *on_event_data;
};
struct run_result {
    const char *run; /* UUID */
    int64_t started_us, took_us;
    struct lake *lake;
    struct step **steps;   /* by node; NULL: not selected */
    struct staged *staged; /* by node: outcome and error */
    size_t n;
    bool any_failed;          /* a table failed, or a source file was refused whole: exit code 1 */
    const char *lineage_file; /* OpenLineage events of this run, relative to the lake; NULL if none were written */
};
/* RC_OK also when single tables failed (any_failed). RC_CONFLICT, RC_UNREACHABLE, RC_INTERRUPTED as in the design. With
 * plan_only nothing is staged or written, and steps hold the worst-case decisions. */
enum rc workspace_run(struct workspace *w, const struct run_request *request, struct run_result *ret,
                      struct err *e) MUST_CHECK;

/* The published version of a table (by the newest marker, or marker `as_of`), as a SELECT for a session; *ret_sql NULL if
 * there is no such table on the lake. Also "quarantine.silver.orders" style names through workspace_quarantine. */
enum rc workspace_table_sql(struct workspace *w, const struct marker *m, const char *name, char **ret_sql,
                            struct delta_snapshot **ret_snapshot, struct err *e) MUST_CHECK;
/* Views bronze.x, silver.y, gold.z for every published table of marker `m`, and quarantine."silver.y", in a session. */
enum rc workspace_views(struct workspace *w, const struct marker *m, struct session *s, struct err *e) MUST_CHECK;

/* Checkpoints of tables whose published version is due for one (every tenth). */
void write_checkpoints(struct workspace *w, const struct run_result *result);

#endif
