#include "cmd/rows_out.h"

#include "base/os.h"
#include "cmd/output.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static const char *format_of(const struct invocation *inv)
{
    const char *format = option_text(inv, "format");
    return format ? format : inv->json ? "json" : "table";
}

static int64_t limit_of(const struct invocation *inv, bool table)
{
    if (option_given(inv, "all")) return -1;
    return option_count(inv, "limit", table ? ROWS_LIMIT : -1);
}

static char *limited(struct arena *a, const struct rows_out *r, int64_t limit)
{
    if (limit < 0) return arena_printf(a, "SELECT * FROM (%s\n)%s", r->sql, r->order ? r->order : "");
    return arena_printf(a, "SELECT * FROM (%s\n)%s LIMIT %lld", r->sql, r->order ? r->order : "", (long long)limit);
}

/* --- for people --------------------------------------------------------------------------------------------------- */

static bool is_number(const char *type)
{
    static const char *const types[] = {"BIGINT", "INTEGER", "SMALLINT", "TINYINT",   "HUGEINT",  "DOUBLE",
                                        "FLOAT",  "UBIGINT", "UINTEGER", "USMALLINT", "UTINYINT", "UHUGEINT"};
    if (strncmp(type, "DECIMAL(", 8) == 0 && !strchr(type, '[')) return true;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(type, types[i]) == 0) return true;
    return false;
}

static void add_more(struct invocation *inv, const struct rows_out *r, size_t shown, bool more)
{
    if (more && r->total >= 0)
        tell(inv, "%s of %s rows; -n N shows more, --all all of them\n", count_text(inv->arena, (int64_t)shown),
             count_text(inv->arena, r->total));
    else if (more)
        tell(inv, "the first %s; -n N shows more, --all all of them\n", counted(inv->arena, (int64_t)shown, "row"));
    else tell(inv, "%s\n", counted(inv->arena, (int64_t)shown, "row"));
}

static enum rc print_table(struct invocation *inv, struct session *s, const struct rows_out *r, int64_t limit,
                           struct err *e)
{
    struct rows *rows;
    enum rc rc = session_query(inv->arena, s, limited(inv->arena, r, limit < 0 ? -1 : limit + 1), &rows, e);
    if (rc != RC_OK) return rc;
    struct grid_column *columns = ARENA_ARRAY(inv->arena, struct grid_column, rows->n_columns + 1);
    for (size_t i = 0; i < rows->n_columns; i++)
        columns[i] = (struct grid_column){rows->names[i], is_number(rows->types[i])};
    bool more = limit >= 0 && rows->n_rows > (size_t)limit;
    size_t shown = more ? (size_t)limit : rows->n_rows;
    struct grid grid = {.columns = columns, .n_columns = rows->n_columns, .cells = rows->cells, .n_rows = shown};
    struct buf *out = buf_new(inv->arena, BUF_DEFAULT_MAX);
    grid_print(inv->arena, out, &grid, &inv->out);
    print_text(inv, buf_str(out));
    add_more(inv, r, shown, more);
    return RC_OK;
}

/* --- for programs ------------------------------------------------------------------------------------------------- */

static const char *copy_options(const char *format)
{
    if (strcmp(format, "csv") == 0) return "FORMAT csv, HEADER true";
    if (strcmp(format, "json") == 0) return "FORMAT json, ARRAY true";
    if (strcmp(format, "ndjson") == 0) return "FORMAT json, ARRAY false";
    return "FORMAT parquet, COMPRESSION zstd";
}

static enum rc stream_file(const char *path, struct err *e)
{
    char bytes[65536];
    size_t n;
    FILE *file = fopen(path, "rb");
    if (!file) return err_set_errno(e, RC_DATA, errno, "reading back %s", path);
    while ((n = fread(bytes, 1, sizeof bytes, file)) > 0)
        if (fwrite(bytes, 1, n, stdout) < n) break; /* output_finish tells why */
    fclose(file);
    return RC_OK;
}

static void remove_quietly(const char *path)
{
    unlink(path);
}

/* The engine writes beside the goal; what is there in the end was written whole. */
static enum rc write_file(struct invocation *inv, struct session *s, const char *sql, const char *format,
                          const char *goal, struct err *e)
{
    enum rc rc;
    char id[37];
    os_uuid(id);
    char *part = arena_printf(inv->arena, "%s.%s.tmp", path_absolute(inv->arena, goal), id);
    TRY(session_execf(s, e, "COPY (%s) TO %s (%s)", sql, sql_string(inv->arena, part), copy_options(format)));
    TRY(os_fsync(part, e));
    if (rename(part, goal) != 0) rc = err_set_errno(e, RC_DATA, errno, "%s cannot be written", goal);
out:
    if (rc != RC_OK) remove_quietly(part);
    return rc;
}

static enum rc write_stdout(struct invocation *inv, struct session *s, const char *sql, const char *format,
                            struct err *e)
{
    enum rc rc;
    char *directory;
    TRY(os_temp_dir(inv->arena, engine_temp_directory(session_engine(s)), &directory, e));
    char *path = path_join(inv->arena, directory, "rows");
    TRY(session_execf(s, e, "COPY (%s) TO %s (%s)", sql, sql_string(inv->arena, path), copy_options(format)));
    TRY(stream_file(path, e));
out:
    return rc;
}

enum rc rows_print(struct invocation *inv, struct session *s, const struct rows_out *r, struct err *e)
{
    const char *format = format_of(inv), *output = option_text(inv, "output");
    bool table = strcmp(format, "table") == 0;
    int64_t limit = limit_of(inv, table);
    if (table && !output) return print_table(inv, s, r, limit, e);
    if (table) return err_set(e, RC_USAGE, "-o needs a format for the file: --format csv, json, ndjson or parquet");
    if (strcmp(format, "parquet") == 0 && !output)
        return err_set(e, RC_USAGE, "--format parquet needs a file: -o FILE");
    char *sql = limited(inv->arena, r, limit);
    return output ? write_file(inv, s, sql, format, output, e) : write_stdout(inv, s, sql, format, e);
}
