/* The Delta log of one table: reading it into a snapshot, the changes between two versions, and writing commits.
 * Follows PROTOCOL.md of delta-io/delta. On disk:
 *
 *     <table>/_delta_log/00000000000000000000.json               one JSON action a line
 *     <table>/_delta_log/00000000000000000010.checkpoint.parquet  (read also: .checkpoint.PPPP.QQQQ.parquet, v1)
 *     <table>/_delta_log/_last_checkpoint                         a hint
 *     <table>/part-<uuid>.parquet                                 data, found only through the log
 */
#ifndef LAKE_DELTA_H
#define LAKE_DELTA_H

#include "base/arena.h"
#include "base/json.h"
#include "lake/storage.h"

#define DELTA_LOG_OBJECT_MAX ((size_t)1 << 30)
#define DELTA_VERSION_MAX ((int64_t)1 << 53) /* versions, sizes and counts beyond it are refused as damage */

struct pair {
    const char *key, *value; /* value may be NULL */
};

/* A column as the log's schema says it. type: "long", "string", "decimal(12,2)", "timestamp_ntz" …, or for nested
 * types the JSON text of the type. */
struct delta_column {
    const char *name, *type;
    bool nullable;
    const char *comment; /* or NULL */
    bool nested;
};

struct delta_file {
    const char *path; /* decoded, relative to the table; absolute URLs of foreign files are kept as they are */
    int64_t size, mtime_ms;
    int64_t records;             /* numRecords, -1 if the stats do not say; without rows deleted by a deletion vector */
    int64_t deleted;             /* cardinality of the deletion vector, 0 without one */
    const char *stats;           /* JSON text, or NULL */
    const char *deletion_vector; /* JSON text, or NULL */
    const char *dv_id;           /* its unique id (storage type, path or inline data, offset); "" or NULL without one */
    struct pair *partition;
    size_t n_partition;
    bool data_change;
    const char *json; /* the whole inner add object, for checkpoints; NULL for a file that is not in a log yet */
};

struct delta_remove {
    const char *path;
    int64_t deletion_ms;
    bool data_change;
    const char *json; /* inner remove object */
    /* What the action says beyond its path (extendedFileMetadata), for reading the rows that left. */
    int64_t size;                /* -1 if not said */
    int64_t records;             /* without rows deleted by the deletion vector; -1 if not said */
    const char *deletion_vector; /* JSON text, or NULL */
    const char *dv_id;           /* "" without a deletion vector */
    struct pair *partition;
    size_t n_partition;
};

struct delta_txn {
    const char *app_id;
    int64_t version, updated_ms;
};

struct delta_snapshot {
    int64_t version;
    int min_reader, min_writer;
    const char **reader_features, **writer_features;
    size_t n_reader_features, n_writer_features;
    const char *table_id, *name, *description;
    struct delta_column *columns;
    size_t n_columns;
    const char *schema_string;
    const char **partition_columns;
    size_t n_partition_columns;
    struct pair *configuration;
    size_t n_configuration;
    int64_t created_ms;
    struct delta_file *files; /* live files, ordered by path */
    size_t n_files;
    struct delta_txn *txns;
    size_t n_txns;
    struct delta_remove *removes; /* tombstones, for checkpoints and vacuum */
    size_t n_removes;
    int64_t checkpoint_version; /* -1 without */
    const char *metadata_json, *protocol_json;
};

/* Turns Parquet checkpoint objects into NDJSON of actions ({"add":{…}} …). The engine implements it; lake/ does not
 * know the engine. */
struct checkpoint_codec {
    enum rc (*read)(void *data, struct arena *a, struct storage *s, const char *const *keys, size_t n,
                    struct str *ret_ndjson, struct err *e);
    /* Writes NDJSON of actions as one classic checkpoint object under `key`; *ret_size in bytes. */
    enum rc (*write)(void *data, struct storage *s, const char *key, struct str ndjson, int64_t *ret_size,
                     struct err *e);
    void *data;
};

/* The newest version (*ret = -1: no table there). One LIST, from `at_least` on (a version known to exist, or -1). */
enum rc delta_newest_version(struct storage *s, const char *table, int64_t at_least, int64_t *ret,
                             struct err *e) MUST_CHECK;
/* The table at `version` (-1: the newest). No table: *ret = NULL. A gap in the log, a truncated or hostile action, an
 * unknown reader feature (named), are RC_DATA with file and line of the log. `codec` may be NULL if no checkpoint is
 * expected (then one is an error that says so). */
enum rc delta_load(struct arena *a, struct storage *s, const char *table, int64_t version,
                   const struct checkpoint_codec *codec, struct delta_snapshot **ret, struct err *e) MUST_CHECK;
/* Applies the lines of one commit or checkpoint (`what` names it) to a snapshot; pure, for tests and fuzzing. A zeroed
 * snapshot is the empty table. After an error the snapshot is not to be used any more. The newest action for each path
 * and deletion vector wins; the same object may not say two things about one file, transaction or the table. */
enum rc delta_replay(struct arena *a, struct delta_snapshot *snapshot, struct str ndjson, const char *what,
                     struct err *e) MUST_CHECK;
/* May ingot write this table? RC_DATA naming the writer feature if not. */
enum rc delta_check_writable(const struct delta_snapshot *snapshot, const char *table, struct err *e) MUST_CHECK;
const char *delta_configuration(const struct delta_snapshot *s, const char *key); /* or NULL */
int64_t delta_txn_version(const struct delta_snapshot *s, const char *app_id);    /* or -1 */
/* Rows by the log: records less deleted ones; -1 if a file's stats do not say. */
int64_t delta_rows(const struct delta_snapshot *s);
bool delta_append_only(const struct delta_snapshot *s); /* delta.appendOnly: no remove may change data */

/* One commit as the log has it. */
struct delta_commit_info {
    int64_t version;
    int64_t timestamp_ms;
    bool data_change, metadata_change, protocol_change;
    int64_t self;          /* txn ingot/self of this commit, -1 if not ours */
    bool foreign;          /* changes data or metadata and self != version */
    const char *operation; /* "WRITE", "MERGE" … or NULL */
    const char *engine;    /* engineInfo or NULL */
    json_t *info;          /* the commitInfo object or NULL */
};
struct delta_changes {
    struct delta_commit_info *commits; /* from+1 .. to */
    size_t n_commits;
    /* Actions with dataChange only, so that rows(to) = rows(from) + rows of `added` - rows of `removed`. A file that the
     * span adds and removes again is in neither; one that is removed and added again is in both. Compaction is in
     * neither list, but a file it made, removed later in the span, is in `removed` as any other; and a file added in
     * the span and compacted since is in `added`, though no longer live at `to`; if a RESTORE then brings it back, it is
     * there twice. Both ordered by path. */
    struct delta_file *added;
    size_t n_added;
    struct delta_remove *removed;
    size_t n_removed;
    bool data_change; /* any of the commits changed data */
    bool metadata_change;
    int64_t foreign; /* first foreign version, or -1 */
    bool gap;        /* a commit of the span is no longer there: what changed is unknown */
};
/* What happened after version `from` up to and including `to`; reads the commits only (one GET each). A missing commit
 * sets `gap`; the others are still told. */
enum rc delta_changes(struct arena *a, struct storage *s, const char *table, int64_t from, int64_t to,
                      struct delta_changes **ret, struct err *e) MUST_CHECK;
/* Newest first, at most `limit` commits (for `history`); older ones that were cleaned up are left out. */
enum rc delta_history(struct arena *a, struct storage *s, const char *table, size_t limit,
                      struct delta_commit_info **ret, size_t *ret_n, struct err *e) MUST_CHECK;

/* A commit in the making: actions in log order; commitInfo first. */
struct delta_commit {
    char id[37];      /* also commitInfo.txnId: how an unclear answer is settled */
    struct buf lines; /* for reading only: what was written so far; whoever publishes checks lines.overflow */
    struct buf *out;  /* where the functions below write, in the arena */
    struct arena *arena;
};
void delta_commit_begin(struct arena *a, struct delta_commit *c); /* lines released with the arena */
/* `ingot_json`: the object for commitInfo.ingot in one line, or NULL. `mode` may be NULL. */
void delta_commit_info(struct delta_commit *c, const char *operation, const char *mode, const char *ingot_json,
                       bool blind_append);
/* Protocol 1/2, or 3/7 with timestampNtz if any column needs it. */
void delta_commit_protocol(struct delta_commit *c, const struct delta_column *columns, size_t n);
struct delta_metadata {
    const char *table_id, *name, *description;
    const struct delta_column *columns;
    size_t n_columns;
    const char *const *partition_columns;
    size_t n_partition_columns;
    const struct pair *configuration;
    size_t n_configuration;
    int64_t created_ms;
};
void delta_commit_metadata(struct delta_commit *c, const struct delta_metadata *m);
void delta_commit_add(struct delta_commit *c, const struct delta_file *f);
void delta_commit_remove(struct delta_commit *c, const struct delta_file *f, bool data_change);
void delta_commit_txn(struct delta_commit *c, const char *app_id, int64_t version);
/* Any other action as it stands, e.g. ("metaData", snapshot->metadata_json) to keep all that a foreign schema says. */
void delta_commit_action(struct delta_commit *c, const char *action, const char *json);
char *delta_schema_string(struct arena *a, const struct delta_column *columns, size_t n);
char *delta_commit_key(struct arena *a, const char *table, int64_t version); /* "<table>/_delta_log/%020d.json" */

/* Writes a classic checkpoint of `snapshot` and the _last_checkpoint hint; a failure only costs speed later. Tombstones
 * older than delta.deletedFileRetentionDuration (7 days if that is missing or not simple) are left out. */
enum rc delta_write_checkpoint(struct storage *s, const char *table, const struct delta_snapshot *snapshot,
                               const struct checkpoint_codec *codec, struct err *e) MUST_CHECK;
/* Removes commits and checkpoints before the newest checkpoint whose commit is older than `keep_ms`; keeps the JSON at
 * that checkpoint. Returns how many objects went. The age of a commit is that of its object (mtime). */
enum rc delta_clean_log(struct storage *s, const char *table, int64_t keep_ms, int64_t now_ms, size_t *ret_removed,
                        struct err *e) MUST_CHECK;

#endif
