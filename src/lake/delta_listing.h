/* What lies in a table's _delta_log folder, told by the names alone. Inner to lake/. */
#ifndef LAKE_DELTA_LISTING_H
#define LAKE_DELTA_LISTING_H

#include "lake/delta.h"

struct log_entry {
    int64_t version;
    enum { LOG_COMMIT, LOG_CHECKPOINT, LOG_CHECKPOINT_PART, LOG_CHECKPOINT_V2, LOG_CHECKSUM } kind;
    int part, parts; /* LOG_CHECKPOINT_PART: 1 … parts */
    const struct object *object;
};
struct log_listing {
    struct log_entry *entries; /* ordered by version, commits of a version after its checkpoints or before: by name */
    size_t n;
};

/* Lists the log, of versions >= from (0: all). Other names are left out; a version beyond DELTA_VERSION_MAX
 * is RC_DATA. */
enum rc log_list(struct arena *a, struct storage *s, const char *table, int64_t from, struct log_listing *ret,
                 struct err *e) MUST_CHECK;
/* The highest version with a commit or a complete classic checkpoint, -1 if there is none. */
int64_t log_newest(const struct log_listing *l);
/* The newest complete classic checkpoint at or before `version` (single before parts), -1 if there is none;
 * *ret_keys are its objects in order. */
int64_t log_checkpoint(struct arena *a, const struct log_listing *l, int64_t version, const char ***ret_keys,
                       size_t *ret_n);
/* The commit of a version, or NULL. */
const struct log_entry *log_commit(const struct log_listing *l, int64_t version);

#endif
