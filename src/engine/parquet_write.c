/* Writing the rows of a SELECT as Parquet files, with the statistics that the log wants. */
#include "base/os.h"
#include "base/text.h"
#include "engine/parquet_stats.h"
#include "engine/session.h"
#include "engine/vector.h"

/* The names of the result of COPY … (RETURN_STATS). */
enum {
    COLUMN_FILENAME,
    COLUMN_COUNT,
    COLUMN_SIZE,
    COLUMN_FOOTER,
    COLUMN_STATISTICS,
    COLUMN_PARTITION,
    N_STATS_COLUMNS
};

static void add_casts(struct arena *a, struct buf *sql, const struct parquet_options *o)
{
    for (size_t i = 0; i < o->n_columns; i++) {
        if (i) buf_add_str(sql, ", ");
        buf_add_str(sql, "CAST(");
        buf_add_sql_name(sql, o->columns[i].name);
        buf_printf(sql, " AS %s) AS ", engine_type_of_delta(a, o->columns[i].type));
        buf_add_sql_name(sql, o->columns[i].name);
    }
}

/* `stem` begins the name of every file of this call, so that they can be found again after a failure. */
static char *copy_statement(struct arena *a, const char *select_sql, const struct parquet_options *o, const char *stem)
{
    struct buf *sql = buf_new(a, BUF_DEFAULT_MAX);
    bool into_folder = o->n_partition_by || (o->file_size_bytes && !o->order_by);
    buf_add_str(sql, "COPY (SELECT ");
    add_casts(a, sql, o);
    buf_printf(sql, " FROM (%s\n)", select_sql);
    if (o->order_by) buf_printf(sql, " ORDER BY %s", o->order_by);
    buf_add_str(sql, ") TO ");
    /* into a folder without the slash at its end, or else the engine's names hold two */
    buf_add_sql_string(sql, into_folder ? arena_strndup(a, o->directory, strlen(o->directory) - 1)
                                        : arena_printf(a, "%s%s.parquet", o->directory, stem));
    buf_add_str(sql,
                " (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 1000, RETURN_STATS");
    if (into_folder) buf_printf(sql, ", APPEND, FILENAME_PATTERN '%s-{uuidv4}'", stem);
    if (into_folder && o->file_size_bytes) buf_printf(sql, ", FILE_SIZE_BYTES %lld", (long long)o->file_size_bytes);
    for (size_t i = 0; i < o->n_partition_by; i++) {
        buf_add_str(sql, i ? ", " : ", PARTITION_BY (");
        buf_add_sql_name(sql, o->partition_by[i]);
    }
    buf_add_str(sql, o->n_partition_by ? "))" : ")");
    return sql->p;
}

static const char *text_at(struct arena *a, duckdb_vector v, idx_t row)
{
    if (vector_is_null(v, row)) return NULL;
    struct str s = vector_string(v, row);
    return memchr(s.p, 0, s.n) ? NULL : arena_strndup(a, s.p, s.n);
}

static struct leaf_stats read_leaf(struct arena *a, struct map_entries m, idx_t at)
{
    struct leaf_stats leaf = {.path = text_at(a, m.keys, at)};
    struct map_entries facts = vector_map(m.values, at);
    for (idx_t i = facts.from; i < facts.from + facts.n; i++) {
        const char *key = text_at(a, facts.keys, i), *value = text_at(a, facts.values, i);
        if (!key) continue;
        else if (strcmp(key, "min") == 0) leaf.min = value;
        else if (strcmp(key, "max") == 0) leaf.max = value;
        else if (strcmp(key, "null_count") == 0) leaf.null_count = value;
        else if (strcmp(key, "has_nan") == 0) leaf.has_nan = !value || strcmp(value, "false") != 0;
    }
    if (!leaf.path) leaf.path = "";
    return leaf;
}

static const char *column_type(const struct parquet_options *o, const char *name)
{
    for (size_t i = 0; i < o->n_columns; i++)
        if (compare_names(o->columns[i].name, name) == 0) return o->columns[i].type;
    return "";
}

/* Delta wants instants as 1970-01-01T00:00:00.123456Z; the engine writes 1970-01-01 00:00:00.123456+00. */
static const char *partition_value(struct arena *a, const char *type, const char *value)
{
    size_t n = value ? strlen(value) : 0;
    if (!value || strcmp(type, "timestamp") != 0 || n < 14 || strcmp(value + n - 3, "+00") != 0) return value;
    char *s = arena_printf(a, "%.*sZ", (int)(n - 3), value);
    if (s[10] == ' ') s[10] = 'T';
    return s;
}

/* In Delta the empty text is NULL as a partition value: such rows would come back as others than they went. */
static bool has_empty_value(const struct parquet_file *f)
{
    for (size_t i = 0; i < f->n_partition; i++)
        if (f->partition[i].value && !*f->partition[i].value) return true;
    return false;
}

static void read_partition(struct arena *a, const struct parquet_options *o, duckdb_vector v, idx_t row,
                           struct parquet_file *f)
{
    if (!o->n_partition_by || vector_is_null(v, row)) return;
    struct map_entries m = vector_map(v, row);
    f->partition = ARENA_ARRAY(a, struct pair, m.n + 1);
    for (idx_t i = 0; i < m.n; i++) {
        const char *key = text_at(a, m.keys, m.from + i);
        f->partition[i].key = key ? key : "";
        f->partition[i].value =
            partition_value(a, column_type(o, f->partition[i].key), text_at(a, m.values, m.from + i));
    }
    f->n_partition = m.n;
}

static void read_file(struct arena *a, const struct parquet_options *o, duckdb_data_chunk chunk, idx_t row,
                      struct parquet_file *f)
{
    duckdb_vector statistics = duckdb_data_chunk_get_vector(chunk, COLUMN_STATISTICS);
    struct map_entries m = vector_is_null(statistics, row) ? (struct map_entries){0} : vector_map(statistics, row);
    struct leaf_stats *leaves = ARENA_ARRAY(a, struct leaf_stats, m.n + 1);
    for (idx_t i = 0; i < m.n; i++) leaves[i] = read_leaf(a, m, m.from + i);
    f->url = text_at(a, duckdb_data_chunk_get_vector(chunk, COLUMN_FILENAME), row);
    vector_int(duckdb_data_chunk_get_vector(chunk, COLUMN_COUNT), DUCKDB_TYPE_UBIGINT, row, &f->records);
    vector_int(duckdb_data_chunk_get_vector(chunk, COLUMN_SIZE), DUCKDB_TYPE_UBIGINT, row, &f->size);
    f->stats = delta_stats(a, f->records, o->columns, o->n_columns, leaves, m.n);
    read_partition(a, o, duckdb_data_chunk_get_vector(chunk, COLUMN_PARTITION), row, f);
}

static enum rc check_result(duckdb_result *result, struct err *e)
{
    static const struct {
        const char *name;
        duckdb_type type;
    } expected[N_STATS_COLUMNS] = {
        {"filename", DUCKDB_TYPE_VARCHAR},        {"count", DUCKDB_TYPE_UBIGINT},
        {"file_size_bytes", DUCKDB_TYPE_UBIGINT}, {"footer_size_bytes", DUCKDB_TYPE_UBIGINT},
        {"column_statistics", DUCKDB_TYPE_MAP},   {"partition_keys", DUCKDB_TYPE_MAP},
    };
    for (idx_t i = 0; i < N_STATS_COLUMNS; i++)
        if (i >= duckdb_column_count(result) || strcmp(duckdb_column_name(result, i), expected[i].name) != 0 ||
            duckdb_column_type(result, i) != expected[i].type)
            return err_set(e, RC_INTERNAL, "the engine's statistics have another shape: column %d is not %s", (int)i,
                           expected[i].name);
    return RC_OK;
}

/* The files of the result; those without rows are removed and left out. */
static void read_files(struct arena *a, const struct parquet_options *o, duckdb_result *result,
                       struct parquet_file **ret, size_t *ret_n)
{
    struct parquet_file *files = NULL;
    size_t n = 0;
    duckdb_data_chunk chunk;
    while ((chunk = duckdb_fetch_chunk(*result))) {
        for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk); row++) {
            struct parquet_file f = {0};
            read_file(a, o, chunk, row, &f);
            if (f.records > 0) *ARENA_PUSH(a, files, n) = f;
            else if (f.url && !strstr(f.url, "://") && os_remove(f.url, NULL) != RC_OK)
                continue; /* a leftover that no log names */
        }
        duckdb_destroy_data_chunk(&chunk);
    }
    *ret = files;
    *ret_n = n;
}

/* Removes local files whose names begin with `stem`, in the folder and in its Hive folders. */
static void remove_leftovers(struct arena *a, const char *folder, const char *stem, size_t depth)
{
    char **names;
    size_t n;
    if (strstr(folder, "://") || os_list(a, folder, &names, &n, NULL) != RC_OK) return;
    for (size_t i = 0; i < n; i++) {
        char *path = path_join(a, folder, names[i]);
        /* the engine writes a file that will be renamed as tmp_<name> */
        const char *name = strncmp(names[i], "tmp_", 4) == 0 ? names[i] + 4 : names[i];
        if (strncmp(name, stem, strlen(stem)) == 0) (void)!os_remove(path, NULL);
        else if (depth && strchr(names[i], '=')) remove_leftovers(a, path, stem, depth - 1);
    }
}

enum rc session_copy_parquet(struct arena *a, struct session *s, const char *select_sql,
                             const struct parquet_options *o, struct parquet_file **ret, size_t *ret_n, struct err *e)
{
    enum rc rc;
    duckdb_result result = {0};
    char uuid[37];
    os_uuid(uuid);
    char *stem = arena_printf(a, "part-%s", uuid);
    if (!strstr(o->directory, "://")) TRY(os_mkdirs(o->directory, e));
    /* The option is the whole engine's: copies beside this one may keep their order, too, which only costs time; and the
     * order of rows in files is a matter of speed. */
    if (o->order_by) TRY(session_exec(s, "SET preserve_insertion_order = true", e));
    rc = session_run(s, copy_statement(a, select_sql, o, stem), &result, e);
    if (o->order_by) {
        struct err ignored = {0};
        enum rc reset = session_exec(s, "SET preserve_insertion_order = false", rc == RC_OK ? e : &ignored);
        if (rc == RC_OK) rc = reset;
    }
    if (rc != RC_OK) goto out;
    TRY(check_result(&result, e));
    read_files(a, o, &result, ret, ret_n);
    for (size_t i = 0; i < *ret_n && rc == RC_OK; i++)
        if (has_empty_value(&(*ret)[i]))
            rc = err_set(e, RC_DATA,
                         "a column of partition_by holds empty text, which Delta cannot tell from NULL there; make it "
                         "NULL or another value, or partition by another column");
out:
    duckdb_destroy_result(&result);
    if (rc != RC_OK) remove_leftovers(a, o->directory, stem, o->n_partition_by);
    return rc;
}
