/* A SELECT over Parquet files. read_parquet gets the schema told by name (its parameter `schema`): no footer is opened to
 * bind the statement, a file may lack columns, have more, or have them in other order and type, and the number of rows
 * comes from the log (`explicit_cardinality`), so that joins are ordered well. 200 files bind in 4 ms; union_by_name takes
 * 5 locally, and a request for each file over a network. */
#include "base/text.h"
#include "engine/engine.h"

/* Partition columns are constants of a file. Up to so many different combinations are branches of a UNION ALL, of which
 * the engine drops those that a filter excludes; more are joined to the files by number. */
#define BRANCHES_MAX 64

struct reading {
    struct arena *arena;
    struct buf *sql;
    const char *const *urls;
    const struct delta_file *files;
    size_t n_files;
    const struct delta_column *columns;
    const char **types; /* engine types of the columns */
    bool *partition;    /* is a partition column of these files */
    size_t n_columns;
    bool row_id;
};

static const struct pair *partition_pair(const struct delta_file *f, const char *column)
{
    for (size_t i = 0; i < f->n_partition; i++)
        if (compare_names(f->partition[i].key, column) == 0) return &f->partition[i];
    return NULL;
}

/* In Delta the empty string is NULL too. */
static const char *partition_value(const struct delta_file *f, const char *column)
{
    const struct pair *p = partition_pair(f, column);
    return p && p->value && *p->value ? p->value : NULL;
}

static void find_partition_columns(struct reading *r)
{
    for (size_t c = 0; c < r->n_columns; c++) {
        r->types[c] = engine_type_of_delta(r->arena, r->columns[c].type);
        for (size_t i = 0; i < r->n_files && !r->partition[c]; i++)
            r->partition[c] = partition_pair(&r->files[i], r->columns[c].name) != NULL;
    }
}

/* A column's name within read_parquet: those of its virtual columns are out of the way. */
static const char *inner_name(struct reading *r, size_t c)
{
    static const char *const virtual[] = {"file_index", "file_row_number", "filename", "rowid"};
    const char *name = r->columns[c].name;
    for (size_t i = 0; i < sizeof virtual / sizeof *virtual; i++)
        if (compare_names(name, virtual[i]) == 0) return arena_printf(r->arena, "__%s", name);
    return name;
}

/* A file's name is never a pattern: [*] matches a star only. */
static void add_url(struct reading *r, const char *url)
{
    struct buf *plain = buf_new(r->arena, BUF_DEFAULT_MAX);
    for (const char *p = url; *p; p++) buf_printf(plain, strchr("*?[", *p) ? "[%c]" : "%c", *p);
    buf_add_sql_string(r->sql, plain->p);
}

static void add_typed(struct buf *sql, const char *value, const char *type)
{
    buf_add_str(sql, "CAST(");
    buf_add_sql_string(sql, value);
    buf_printf(sql, " AS %s)", type);
}

/* read_parquet([…], …) of the files in `chosen`. */
static void add_source(struct reading *r, const size_t *chosen, size_t n)
{
    struct buf *sql = r->sql;
    int64_t rows = 0;
    bool all_known = true, first = true;
    buf_add_str(sql, "read_parquet([");
    for (size_t i = 0; i < n; i++) {
        const struct delta_file *f = &r->files[chosen[i]];
        if (i) buf_add_char(sql, ',');
        add_url(r, r->urls[chosen[i]]);
        if (f->records < 0) all_known = false;
        rows += f->records;
    }
    buf_add_str(sql, "], hive_partitioning=false");
    for (size_t c = 0; c < r->n_columns; c++) {
        if (r->partition[c]) continue;
        buf_add_str(sql, first ? ", schema=MAP{" : ", ");
        first = false;
        buf_add_sql_string(sql, r->columns[c].name);
        buf_add_str(sql, ": {name: ");
        buf_add_sql_string(sql, inner_name(r, c));
        buf_add_str(sql, ", type: ");
        buf_add_sql_string(sql, r->types[c]);
        buf_add_str(sql, ", default_value: NULL}");
    }
    if (!first) buf_add_char(sql, '}');
    if (all_known && rows > 0) buf_printf(sql, ", explicit_cardinality=%lld", (long long)rows);
    buf_add_str(sql, ") \"__f\"");
}

static void add_column(struct reading *r, size_t c)
{
    buf_add_str(r->sql, "\"__f\".");
    buf_add_sql_name(r->sql, inner_name(r, c));
    buf_add_str(r->sql, " AS ");
    buf_add_sql_name(r->sql, r->columns[c].name);
}

static void add_row_id(struct reading *r)
{
    if (r->row_id)
        buf_printf(r->sql, "%sCAST(\"__f\".file_index AS INTEGER) AS \"__file\", \"__f\".file_row_number AS \"__row\"",
                   r->n_columns ? ", " : "");
}

/* Files that share their partition values (or have none). */
static void add_branch(struct reading *r, const size_t *chosen, size_t n)
{
    buf_add_str(r->sql, "SELECT ");
    for (size_t c = 0; c < r->n_columns; c++) {
        if (c) buf_add_str(r->sql, ", ");
        if (r->partition[c]) {
            add_typed(r->sql, partition_value(&r->files[chosen[0]], r->columns[c].name), r->types[c]);
            buf_add_str(r->sql, " AS ");
            buf_add_sql_name(r->sql, r->columns[c].name);
        } else {
            add_column(r, c);
        }
    }
    add_row_id(r);
    if (!r->n_columns && !r->row_id) buf_add_str(r->sql, "1");
    buf_add_str(r->sql, " FROM ");
    add_source(r, chosen, n);
}

/* All files, their partition values joined by number. */
static void add_joined(struct reading *r, const size_t *all)
{
    buf_add_str(r->sql, "SELECT ");
    for (size_t c = 0; c < r->n_columns; c++) {
        if (c) buf_add_str(r->sql, ", ");
        if (r->partition[c]) {
            buf_printf(r->sql, "CAST(\"__p\".\"%zu\" AS %s) AS ", c, r->types[c]);
            buf_add_sql_name(r->sql, r->columns[c].name);
        } else {
            add_column(r, c);
        }
    }
    add_row_id(r);
    buf_add_str(r->sql, " FROM ");
    add_source(r, all, r->n_files);
    buf_add_str(r->sql, " JOIN (VALUES ");
    for (size_t i = 0; i < r->n_files; i++) {
        buf_printf(r->sql, "%s(%zu", i ? ", " : "", i);
        for (size_t c = 0; c < r->n_columns; c++)
            if (r->partition[c]) {
                buf_add_str(r->sql, ", ");
                add_typed(r->sql, partition_value(&r->files[i], r->columns[c].name), "VARCHAR");
            }
        buf_add_char(r->sql, ')');
    }
    buf_add_str(r->sql, ") \"__p\"(\"__i\"");
    for (size_t c = 0; c < r->n_columns; c++)
        if (r->partition[c]) buf_printf(r->sql, ", \"%zu\"", c);
    buf_add_str(r->sql, ") ON \"__f\".file_index = \"__p\".\"__i\"");
}

static void add_nothing(struct reading *r)
{
    buf_add_str(r->sql, "SELECT ");
    for (size_t c = 0; c < r->n_columns; c++) {
        buf_printf(r->sql, "%sCAST(NULL AS %s) AS ", c ? ", " : "", r->types[c]);
        buf_add_sql_name(r->sql, r->columns[c].name);
    }
    if (r->row_id)
        buf_printf(r->sql, "%sCAST(NULL AS INTEGER) AS \"__file\", CAST(NULL AS BIGINT) AS \"__row\"",
                   r->n_columns ? ", " : "");
    if (!r->n_columns && !r->row_id) buf_add_str(r->sql, "1");
    buf_add_str(r->sql, " WHERE false");
}

static bool same_partition(const struct reading *r, size_t i, size_t k)
{
    for (size_t c = 0; c < r->n_columns; c++) {
        if (!r->partition[c]) continue;
        const char *x = partition_value(&r->files[i], r->columns[c].name),
                   *y = partition_value(&r->files[k], r->columns[c].name);
        if (!x || !y ? x != y : strcmp(x, y) != 0) return false;
    }
    return true;
}

/* Numbers the files by combination; false if there are more than BRANCHES_MAX. */
static bool group_files(const struct reading *r, size_t *group, size_t *ret_n)
{
    size_t first_of[BRANCHES_MAX], n = 0;
    for (size_t i = 0; i < r->n_files; i++) {
        size_t g = 0;
        while (g < n && !same_partition(r, first_of[g], i)) g++;
        if (g == BRANCHES_MAX) return false;
        if (g == n) first_of[n++] = i;
        group[i] = g;
    }
    *ret_n = n;
    return true;
}

static void add_files(struct reading *r)
{
    size_t *group = ARENA_ARRAY(r->arena, size_t, r->n_files), *chosen = ARENA_ARRAY(r->arena, size_t, r->n_files),
           n_groups;
    if (!group_files(r, group, &n_groups) || (r->row_id && n_groups > 1)) {
        for (size_t i = 0; i < r->n_files; i++) chosen[i] = i;
        add_joined(r, chosen);
        return;
    }
    for (size_t g = 0; g < n_groups; g++) {
        size_t n = 0;
        for (size_t i = 0; i < r->n_files; i++)
            if (group[i] == g) chosen[n++] = i;
        if (g) buf_add_str(r->sql, " UNION ALL ");
        add_branch(r, chosen, n);
    }
}

char *parquet_select(struct arena *a, const char *const *urls, const struct delta_file *files, size_t n_files,
                     const struct delta_column *columns, size_t n_columns, bool row_id)
{
    struct reading r = {a,
                        buf_new(a, BUF_DEFAULT_MAX),
                        urls,
                        files,
                        n_files,
                        columns,
                        ARENA_ARRAY(a, const char *, n_columns + 1),
                        ARENA_ARRAY(a, bool, n_columns + 1),
                        n_columns,
                        row_id};
    find_partition_columns(&r);
    if (n_files) add_files(&r);
    else add_nothing(&r);
    return r.sql->p;
}
