/* engine/: the SQL engine (DuckDB through its C API, loaded on first use), behind what the rest needs of it.
 *
 * One struct engine for a process: an in-memory database with the limits of the target. One struct session for a thread:
 * a connection. Sessions are pinned: time zone of the target (UTC), no auto-installed extensions, no insertion order.
 * engine/duckdb_api.h is for the folders below that register functions of their own (source/, quality/). */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "base/arena.h"
#include "base/buf.h"
#include "lake/delta.h"

struct engine;
struct session;

struct engine_config {
    int64_t memory_bytes;            /* 0: three quarters of what machine and cgroup allow */
    int threads;                     /* 0: cores */
    const char *temp_directory;      /* for spilling; made if needed and removed with the engine */
    const char *timezone;            /* NULL: "UTC" */
    const char *extension_directory; /* where LOAD finds extensions; NULL: the engine's own place */
};

/* Loads libduckdb.so on first use: $INGOT_DUCKDB, next to the program, ../lib, ../lib/ingot, the loader's path; its
 * version must be the one that ingot was built against. */
enum rc engine_open(const struct engine_config *config, struct engine **ret, struct err *e) MUST_CHECK;
void engine_close(struct engine *g); /* NULL is fine; all sessions are closed before */
/* Ends whatever runs in any session, now and from now on: calls return RC_INTERRUPTED. Safe from any thread that runs no
 * statement itself (not from a signal handler). Returns when all have stopped, or after two seconds. */
void engine_interrupt(struct engine *g);
const char *engine_version(void); /* "v1.5.5"; loads the library, NULL if it cannot */
/* A folder of the engine for temporary files, removed with it. */
const char *engine_temp_directory(const struct engine *g);

enum rc session_open(struct engine *g, struct session **ret, struct err *e) MUST_CHECK;
void session_close(struct session *s);
struct engine *session_engine(struct session *s);
/* The duckdb_connection, for folders that register functions of their own (it is a pointer to this struct). */
struct _duckdb_connection *session_connection(struct session *s);

/* Runs one or more statements and drops their results. Errors: interrupted -> RC_INTERRUPTED; disk full, I/O ->
 * RC_UNREACHABLE; memory limit, conversion, constraint -> RC_DATA; a statement that does not parse or bind -> RC_PROJECT;
 * a missing extension -> RC_USAGE; the engine's own defects -> RC_INTERNAL. The message is the engine's first line, with
 * its hint and a short line with caret, without its stack. */
enum rc session_exec(struct session *s, const char *sql, struct err *e) MUST_CHECK;
enum rc session_execf(struct session *s, struct err *e, const char *format, ...) MUST_CHECK PRINTF_LIKE(3, 4);

/* The small result of one statement as text (the engine's own casts to VARCHAR), NULL for NULL. */
struct rows {
    size_t n_rows, n_columns;
    const char **names;
    const char **types; /* the engine's type names, upper case: "BIGINT", "DECIMAL(12,2)", "STRUCT(…)" */
    const char **cells; /* row-major; cells[r * n_columns + c] */
};
enum rc session_query(struct arena *a, struct session *s, const char *sql, struct rows **ret, struct err *e) MUST_CHECK;
enum rc session_queryf(struct arena *a, struct session *s, struct rows **ret, struct err *e, const char *format,
                       ...) MUST_CHECK PRINTF_LIKE(5, 6);
/* The one integer that a query yields (NULL counts as 0). */
enum rc session_query_int(struct session *s, int64_t *ret, struct err *e, const char *format, ...) MUST_CHECK
    PRINTF_LIKE(4, 5);
/* Lets session_progress know: off by default, because the engine then adds up its pipelines before each task, which
 * costs a tenth of a large query and more. */
enum rc session_watch_progress(struct session *s, struct err *e) MUST_CHECK;
/* Percentage of the running statement of this session (-1 unknown); safe from another thread. */
double session_progress(struct session *s);
/* The same for a session that its own thread may be closing meanwhile: then -1. */
double engine_progress(struct engine *g, const struct session *s);
/* The engine says "what is wrong\nLINE 7: an excerpt\n        ^". Gives what is wrong alone; *line and *column (1-based; of
 * the SQL that it was given) are left as they are if it does not say. */
const char *engine_error_place(struct arena *a, const char *message, int *line, int *column);
/* Was the last error of this session one of the values in single rows: a cast, a range, a parse of a text? May be true
 * for an error that guarding the expressions does not cure, never false for one that it does. */
bool session_failed_on_value(const struct session *s);

/* A column of a query as the engine types it, and how it goes to the lake. */
struct described_column {
    const char *name;
    const char *type;       /* engine type */
    const char *delta_type; /* as in struct delta_column; nested types as JSON */
    bool nested;
    const char *cast_to; /* engine type to cast to so that Parquet and delta_type agree; NULL if it already does
                               (unsigned, hugeint, time, uuid, enum, interval, json, bit … need one) */
};
enum rc session_describe(struct arena *a, struct session *s, const char *select_sql, struct described_column **ret,
                         size_t *ret_n, struct err *e) MUST_CHECK;
/* "DECIMAL(12,2)" -> delta type and the cast, as above, for types that come from a contract. */
enum rc engine_delta_type(struct arena *a, const char *engine_type, struct described_column *ret,
                          struct err *e) MUST_CHECK;
/* The engine type that reads back a Delta column. */
char *engine_type_of_delta(struct arena *a, const char *delta_type);

/* One Parquet file that was written. */
struct parquet_file {
    const char *url; /* as given to the engine */
    int64_t size, records;
    const char *stats; /* Delta stats JSON: numRecords, minValues, maxValues, nullCount for the first 32 leaf columns;
                          strings cut to 32 characters (max rounded up), no bounds where NaN or too long; timestamps
                          truncated/rounded to ms */
    struct pair *partition;
    size_t n_partition;
};
struct parquet_options {
    const char *directory; /* url of the table's folder, ends in '/'; files are part-<uuid>.parquet in it */
    const struct delta_column *columns; /* what the SELECT yields, in order; the written schema is compared with it */
    size_t n_columns;
    int64_t file_size_bytes;         /* a new file beyond this; 0, or with order_by and no partitions: one file */
    const char *const *partition_by; /* Delta partition columns: Hive folders, values in parquet_file.partition */
    size_t n_partition_by;
    const char *order_by; /* SQL, or NULL */
};
/* COPY (select) TO Parquet: zstd level 1, dictionary_size_limit 1000. An empty result writes no file (ret_n = 0). On
 * failure or interruption what was written is removed as far as possible; a leftover is invisible in any case. */
enum rc session_copy_parquet(struct arena *a, struct session *s, const char *select_sql,
                             const struct parquet_options *o, struct parquet_file **ret, size_t *ret_n,
                             struct err *e) MUST_CHECK;
/* A SELECT over Parquet files by name, with `columns` in order and type (a column that a file lacks is NULL; partition
 * columns from the values), `files` never a glob. Files with deletion vectors are refused by the caller before.
 * With `row_id`: also "__file" (index into files, INTEGER) and "__row" (BIGINT, position in the file). No files: a SELECT that yields no rows. */
char *parquet_select(struct arena *a, const char *const *urls, const struct delta_file *files, size_t n_files,
                     const struct delta_column *columns, size_t n_columns, bool row_id);

/* Text of statements to json_serialize_sql's JSON, all in one query; a statement that does not parse yields the error
 * object that the function yields. texts[i] -> ret[i]. */
enum rc engine_parse(struct arena *a, struct session *s, const char *const *texts, size_t n, const char ***ret,
                     struct err *e) MUST_CHECK;
/* Serialized JSON back to SQL text. */
enum rc engine_unparse(struct arena *a, struct session *s, const char *json, char **ret, struct err *e) MUST_CHECK;

/* Checkpoints through the engine, for lake/. The engine is opened on first use by `open`. */
struct lazy_engine {
    struct engine_config config;
    struct engine *engine; /* NULL until needed */
};
enum rc lazy_engine_get(struct lazy_engine *l, struct engine **ret, struct err *e) MUST_CHECK; /* thread-safe */
void lazy_engine_release(struct lazy_engine *l);
struct checkpoint_codec engine_checkpoint_codec(struct lazy_engine *l);

#endif
