/* Builds a snapshot from the objects of a log, oldest first. Inner to lake/. */
#ifndef LAKE_DELTA_REPLAY_H
#define LAKE_DELTA_REPLAY_H

#include "lake/delta_action.h"
#include "lake/key_index.h"

struct replay_entry;
struct replay {
    struct arena *arena;
    struct delta_snapshot *snapshot;
    struct key_index files, apps; /* (path, dv id) -> entry; (app id, "") -> snapshot->txns */
    struct replay_entry *entries;
    size_t n_entries;
    unsigned *txn_seen; /* beside snapshot->txns: the object that said it last */
    size_t n_txn_seen;
    unsigned object;                             /* number of the object that is being read */
    const char *protocol_place, *metadata_place; /* "file:line" of what was read and not yet taken over */
    unsigned protocol_seen, metadata_seen;
};

void replay_begin(struct replay *r, struct arena *a, struct delta_snapshot *snapshot);
/* One commit, or a checkpoint whole. */
enum rc replay_apply(struct replay *r, struct str ndjson, const char *what, struct err *e) MUST_CHECK;
/* Checks protocol and schema, and puts files, txns and tombstones into the snapshot. */
enum rc replay_finish(struct replay *r, const char *what, struct err *e) MUST_CHECK;

#endif
