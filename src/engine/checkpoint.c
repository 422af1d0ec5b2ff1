/* Checkpoints of the Delta log through the engine: Parquet to NDJSON of actions and back. Objects that the engine cannot
 * open by a path (S3, the memory of tests) go through a temporary file; what is written always does, because only the
 * store knows how to put an object whole. */
#include "base/os.h"
#include "engine/session.h"
#include "engine/vector.h"

#define CHECKPOINT_MAX ((size_t)1 << 31)

/* Classic checkpoint, PROTOCOL.md "Checkpoint Schema". Fields that are not listed are dropped. */
static const struct {
    const char *action, *type;
} schema[] = {
    {"txn", "STRUCT(appId VARCHAR, version BIGINT, lastUpdated BIGINT)"},
    {"add", "STRUCT(path VARCHAR, partitionValues MAP(VARCHAR, VARCHAR), size BIGINT, modificationTime BIGINT,"
            " dataChange BOOLEAN, stats VARCHAR, tags MAP(VARCHAR, VARCHAR), deletionVector STRUCT(storageType "
            "VARCHAR,"
            " pathOrInlineDv VARCHAR, \"offset\" INTEGER, sizeInBytes INTEGER, cardinality BIGINT), baseRowId "
            "BIGINT,"
            " defaultRowCommitVersion BIGINT, clusteringProvider VARCHAR)"},
    {"remove", "STRUCT(path VARCHAR, deletionTimestamp BIGINT, dataChange BOOLEAN, extendedFileMetadata BOOLEAN,"
               " partitionValues MAP(VARCHAR, VARCHAR), size BIGINT, stats VARCHAR, tags MAP(VARCHAR, VARCHAR),"
               " deletionVector STRUCT(storageType VARCHAR, pathOrInlineDv VARCHAR, \"offset\" INTEGER,"
               " sizeInBytes INTEGER, cardinality BIGINT), baseRowId BIGINT, defaultRowCommitVersion BIGINT)"},
    {"metaData", "STRUCT(id VARCHAR, name VARCHAR, description VARCHAR, format STRUCT(provider VARCHAR,"
                 " options MAP(VARCHAR, VARCHAR)), schemaString VARCHAR, partitionColumns VARCHAR[],"
                 " configuration MAP(VARCHAR, VARCHAR), createdTime BIGINT)"},
    {"protocol", "STRUCT(minReaderVersion INTEGER, minWriterVersion INTEGER, readerFeatures VARCHAR[],"
                 " writerFeatures VARCHAR[])"},
    {"domainMetadata", "STRUCT(\"domain\" VARCHAR, configuration VARCHAR, removed BOOLEAN)"},
};
#define N_ACTIONS (sizeof schema / sizeof *schema)

/* A path that the engine can open for the object `key`, copied to `temp` if need be. */
static enum rc readable_path(struct arena *a, struct storage *s, const char *key, const char *temp, char **ret,
                             struct err *e)
{
    enum rc rc;
    char *url = NULL;
    struct str bytes;
    bool exists = false;
    TRY(s->ops->url(s, a, key, &url, e));
    struct file_status status;
    if (url[0] == '/' && os_stat(url, &status, &exists, NULL) == RC_OK && exists) {
        *ret = url;
        return RC_OK;
    }
    TRY(s->ops->get(s, a, key, CHECKPOINT_MAX, &bytes, &exists, e));
    if (!exists) TRY(err_set(e, RC_DATA, "%s: the checkpoint is gone", key));
    char uuid[37];
    os_uuid(uuid);
    char *path = arena_printf(a, "%s/%s.parquet", temp, uuid);
    TRY(os_write_file(path, bytes, e));
    *ret = path;
out:
    return rc;
}

/* One line for each action of a row: {"add":{…}}. */
static void add_lines(struct buf *b, duckdb_data_chunk chunk, const char *const *names)
{
    for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk); row++)
        for (idx_t c = 0; names[c]; c++) {
            duckdb_vector v = duckdb_data_chunk_get_vector(chunk, c);
            if (vector_is_null(v, row)) continue;
            buf_printf(b, "{\"%s\":", names[c]);
            vector_json(b, v, row);
            buf_add_str(b, "}\n");
        }
}

/* SELECT of those action columns that the file has. */
static enum rc select_actions(struct arena *a, struct session *session, const char *path, const char **names,
                              char **ret_sql, struct err *e)
{
    struct rows *rows = NULL;
    struct buf *sql = buf_new(a, BUF_DEFAULT_MAX);
    size_t n = 0;
    enum rc rc = session_queryf(
        a, session, &rows, e, "DESCRIBE SELECT * FROM read_parquet(%s, hive_partitioning=false)", sql_string(a, path));
    if (rc != RC_OK) return rc;
    buf_add_str(sql, "SELECT ");
    for (size_t i = 0; i < N_ACTIONS; i++)
        for (size_t r = 0; r < rows->n_rows; r++)
            if (strcmp(rows->cells[r * rows->n_columns], schema[i].action) == 0) {
                buf_printf(sql, "%s\"%s\"", n ? ", " : "", schema[i].action);
                names[n++] = schema[i].action;
            }
    if (n == 0) return err_set(e, RC_DATA, "it has no columns of a checkpoint");
    buf_printf(sql, " FROM read_parquet(%s, hive_partitioning=false)", sql_string(a, path));
    *ret_sql = sql->p;
    return RC_OK;
}

static enum rc read_object(struct arena *a, struct session *session, const char *path, struct buf *ret, struct err *e)
{
    enum rc rc;
    duckdb_result result = {0};
    duckdb_data_chunk chunk;
    const char *names[N_ACTIONS + 1] = {0};
    char *sql = NULL;
    TRY(select_actions(a, session, path, names, &sql, e));
    TRY(session_run(session, sql, &result, e));
    while ((chunk = duckdb_fetch_chunk(result))) {
        add_lines(ret, chunk, names);
        duckdb_destroy_data_chunk(&chunk);
    }
    if (ret->overflow) rc = err_set(e, RC_DATA, "it holds more than %zu bytes of actions", ret->max);
out:
    duckdb_destroy_result(&result);
    return rc;
}

static enum rc codec_read(void *data, struct arena *a, struct storage *s, const char *const *keys, size_t n,
                          struct str *ret_ndjson, struct err *e)
{
    enum rc rc;
    struct engine *g = NULL;
    struct session *session = NULL;
    struct arena *scratch = arena_new();
    struct buf *b = buf_new(a, CHECKPOINT_MAX);
    char *temp = NULL;
    TRY(lazy_engine_get(data, &g, e));
    TRY(session_open(g, &session, e));
    TRY(os_temp_dir(scratch, engine_temp_directory(g), &temp, e));
    for (size_t i = 0; i < n; i++) {
        char *path = NULL;
        TRY(readable_path(scratch, s, keys[i], temp, &path, e));
        rc = read_object(scratch, session, path, b, e);
        if (rc != RC_OK) {
            err_context(e, "checkpoint %s", keys[i]);
            goto out;
        }
    }
    *ret_ndjson = buf_str(b);
out:
    session_close(session);
    arena_free(scratch);
    return rc;
}

static size_t longest_line(struct str s)
{
    size_t longest = 0;
    for (size_t i = 0, start = 0; i <= s.n; i++)
        if (i == s.n || s.p[i] == '\n') {
            if (i - start > longest) longest = i - start;
            start = i + 1;
        }
    return longest;
}

/* domainMetadata is a column only where there is one: readers that do not know it have nothing to stumble over. */
static char *write_statement(struct arena *a, const char *from, struct str ndjson, const char *to)
{
    struct buf *sql = buf_new(a, BUF_DEFAULT_MAX);
    bool domains = ndjson.n && memmem(ndjson.p, ndjson.n, "{\"domainMetadata\":", 18);
    size_t line = longest_line(ndjson) + 1024;
    buf_printf(sql,
               "COPY (SELECT * FROM read_json(%s, format='newline_delimited', compression='uncompressed', columns={",
               sql_string(a, from));
    for (size_t i = 0; i < N_ACTIONS - !domains; i++) {
        buf_printf(sql, "%s%s: ", i ? ", " : "", schema[i].action);
        buf_add_sql_string(sql, schema[i].type);
    }
    buf_printf(sql, "}, maximum_object_size=%zu)) TO %s (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)",
               line < ((size_t)16 << 20) ? (size_t)16 << 20 : line, sql_string(a, to));
    return sql->p;
}

static enum rc codec_write(void *data, struct storage *s, const char *key, struct str ndjson, int64_t *ret_size,
                           struct err *e)
{
    enum rc rc;
    struct engine *g = NULL;
    struct session *session = NULL;
    struct arena *scratch = arena_new();
    char *temp = NULL;
    struct str bytes;
    TRY(lazy_engine_get(data, &g, e));
    TRY(session_open(g, &session, e));
    TRY(os_temp_dir(scratch, engine_temp_directory(g), &temp, e));
    char *from = path_join(scratch, temp, "actions.ndjson"), *to = path_join(scratch, temp, "checkpoint.parquet");
    TRY(os_write_file(from, ndjson, e));
    rc = session_exec(session, write_statement(scratch, from, ndjson, to), e);
    if (rc != RC_OK) {
        err_context(e, "checkpoint %s", key);
        goto out;
    }
    TRY(os_read_file(scratch, to, CHECKPOINT_MAX, &bytes, NULL, e));
    TRY(s->ops->put(s, key, bytes, e));
    *ret_size = (int64_t)bytes.n;
out:
    session_close(session);
    arena_free(scratch);
    return rc;
}

struct checkpoint_codec engine_checkpoint_codec(struct lazy_engine *l)
{
    return (struct checkpoint_codec){.read = codec_read, .write = codec_write, .data = l};
}
