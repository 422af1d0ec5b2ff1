/* run/: brings tables up to date. Pins what is on the lake, asks plan/ what must be done, stages it, publishes it.
 *
 * lake.h: the lake as one run sees it: the newest marker, and for each table of the graph the version that the run reads
 * (RULES.md A 4), with as little reading as possible: a table that stands where the marker says is known from it. */
#ifndef RUN_LAKE_H
#define RUN_LAKE_H

#include "lake/delta.h"
#include "lake/lake_log.h"
#include "lake/side.h"
#include "plan/decide.h"

#include <pthread.h>

/* What a table is at one version, pinned or staged. */
struct table_version {
    int64_t version;          /* -1: the table does not exist */
    const char *id;           /* Delta table id, NULL if it does not exist */
    const char *model;        /* fingerprint in the log, or NULL (a table that ingot did not make) */
    int64_t side;             /* committed side entry, -1 none */
    struct watermark *inputs; /* by the inputs' names */
    size_t n_inputs;
    struct delta_snapshot *snapshot; /* NULL until somebody needs it: lake_snapshot() */
};

struct pinned {
    const char *name; /* "silver.orders" */
    const char *dir;  /* "silver/orders" */
    bool selected, held;
    struct table_version now;
    int64_t foreign; /* first foreign commit after our last one, -1 none; looked up by lake_pin for selected tables */
    bool foreign_overwrite; /* one of them replaced or restored the whole table */
    struct err *
        damage; /* its newest log cannot be read: the table fails, others go on; `now` is what the marker says; NULL: fine */
    bool unmarked; /* its newest version is not the marker's: a run died there, or another tool wrote */
};

struct lake {
    struct arena *arena;
    struct storage *storage;
    struct checkpoint_codec codec;
    struct marker *marker;
    struct pinned *tables; /* tables[i] belongs to dag->nodes[i] */
    size_t n_tables;
    int64_t now_us;       /* the run's clock: one instant for the whole attempt */
    pthread_mutex_t lock; /* guards snapshots read on demand, and the arena meanwhile */
};

char *table_dir(struct arena *a, const char *name); /* "silver.orders" -> "silver/orders" */
/* Reads the newest marker and pins every table: selected ones at their newest version, others as published. */
enum rc lake_pin(struct arena *a, struct storage *s, const struct checkpoint_codec *codec, const char *const *names,
                 const bool *selected, size_t n, struct lake **ret, struct err *e) MUST_CHECK;
/* The snapshot of the pinned version, read once; thread-safe. No table: *ret = NULL. */
enum rc lake_snapshot(struct lake *l, struct pinned *t, struct delta_snapshot **ret, struct err *e) MUST_CHECK;
struct pinned *lake_table(const struct lake *l, const char *name);         /* or NULL */
int64_t table_watermark(const struct table_version *v, const char *input); /* or -1 */

#endif
