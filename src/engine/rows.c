/* Results as text. Types whose text is plain (strings, integers) are read from the vectors as they come, so that any
 * statement that yields them will do; if there are others, the engine casts: SELECT CAST(COLUMNS(*) AS VARCHAR) around the
 * statement. */
#include "base/text.h"
#include "engine/session.h"
#include "engine/types.h"
#include "engine/vector.h"

#include <stdlib.h>

static bool is_plain(duckdb_type type)
{
    switch (type) {
    case DUCKDB_TYPE_VARCHAR:
    case DUCKDB_TYPE_BOOLEAN:
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_HUGEINT: return true;
    default: return false;
    }
}

/* Prepares the last of the statements in `sql` and runs those before it. *ret is the caller's also after an error. */
static enum rc prepare(struct session *s, const char *sql, duckdb_prepared_statement *ret, struct err *e)
{
    enum rc rc = RC_OK;
    duckdb_extracted_statements statements = NULL;
    idx_t n = duckdb_extract_statements(s->connection, sql, &statements);
    if (n == 0) {
        const char *message = duckdb_extract_statements_error(statements);
        rc = message && *message ? session_failed(s, DUCKDB_ERROR_INVALID, message, e)
                                 : err_set(e, RC_PROJECT, "there is no statement in the query");
    }
    for (idx_t i = 0; i < n && rc == RC_OK; i++) {
        duckdb_destroy_prepare(ret);
        if (duckdb_prepare_extracted_statement(s->connection, statements, i, ret) != DuckDBSuccess)
            rc = session_failed(s, DUCKDB_ERROR_INVALID, duckdb_prepare_error(*ret), e);
        if (i + 1 == n || rc != RC_OK) break;
        duckdb_result result = {0};
        if (duckdb_execute_prepared(*ret, &result) != DuckDBSuccess)
            rc = session_failed(s, duckdb_result_error_type(&result), duckdb_result_error(&result), e);
        duckdb_destroy_result(&result);
    }
    duckdb_destroy_extracted(&statements);
    return rc;
}

static void name_columns(struct arena *a, struct rows *rows, duckdb_result *result)
{
    rows->n_columns = duckdb_column_count(result);
    rows->names = ARENA_ARRAY(a, const char *, rows->n_columns + 1);
    rows->types = ARENA_ARRAY(a, const char *, rows->n_columns + 1);
    for (idx_t c = 0; c < rows->n_columns; c++) {
        duckdb_logical_type type = duckdb_column_logical_type(result, c);
        rows->names[c] = arena_strdup(a, duckdb_column_name(result, c));
        rows->types[c] = engine_type_text(a, type);
        duckdb_destroy_logical_type(&type);
    }
}

static const char *cell_text(struct arena *a, struct buf *scratch, duckdb_vector v, duckdb_type type, idx_t row)
{
    if (vector_is_null(v, row)) return NULL;
    if (type == DUCKDB_TYPE_VARCHAR) {
        struct str s = vector_string(v, row);
        return arena_strndup(a, s.p, s.n);
    }
    buf_clear(scratch);
    vector_int_text(scratch, v, type, row);
    return arena_strndup(a, scratch->p, scratch->n);
}

static void read_cells(struct arena *a, struct rows *rows, duckdb_result *result)
{
    struct buf scratch;
    size_t n_cells = 0, capacity = 0;
    const char **cells = NULL;
    buf_init(&scratch, BUF_DEFAULT_MAX);
    duckdb_data_chunk chunk;
    while ((chunk = duckdb_fetch_chunk(*result))) {
        idx_t n = duckdb_data_chunk_get_size(chunk);
        while (n_cells + n * rows->n_columns > capacity) {
            capacity = capacity ? capacity * 2 : 64;
            cells = realloc(cells, capacity * sizeof *cells);
            if (!cells) abort();
        }
        for (idx_t c = 0; c < rows->n_columns; c++) {
            duckdb_vector v = duckdb_data_chunk_get_vector(chunk, c);
            for (idx_t r = 0; r < n; r++)
                cells[n_cells + r * rows->n_columns + c] = cell_text(a, &scratch, v, duckdb_column_type(result, c), r);
        }
        rows->n_rows += n;
        n_cells += n * rows->n_columns;
        duckdb_destroy_data_chunk(&chunk);
    }
    rows->cells = ARENA_ARRAY(a, const char *, n_cells + 1);
    if (n_cells) memcpy(rows->cells, cells, n_cells * sizeof *cells);
    free(cells);
    buf_release(&scratch);
}

static char *wrap_in_casts(struct arena *a, const char *sql)
{
    size_t n = strlen(sql);
    while (n && (is_space(sql[n - 1]) || sql[n - 1] == ';')) n--;
    return arena_printf(a, "SELECT CAST(COLUMNS(*) AS VARCHAR) FROM (%.*s\n)", (int)n, sql);
}

static bool all_plain(duckdb_prepared_statement p)
{
    for (idx_t i = 0, n = duckdb_prepared_statement_column_count(p); i < n; i++)
        if (!is_plain(duckdb_prepared_statement_column_type(p, i))) return false;
    return true;
}

/* Names and types of what a prepared statement will yield, before a wrapping makes all of them VARCHAR. */
static void describe_prepared(struct arena *a, duckdb_prepared_statement p, struct rows *rows)
{
    rows->n_columns = duckdb_prepared_statement_column_count(p);
    rows->names = ARENA_ARRAY(a, const char *, rows->n_columns + 1);
    rows->types = ARENA_ARRAY(a, const char *, rows->n_columns + 1);
    for (idx_t c = 0; c < rows->n_columns; c++) {
        const char *name = duckdb_prepared_statement_column_name(p, c);
        duckdb_logical_type type = duckdb_prepared_statement_column_logical_type(p, c);
        rows->names[c] = arena_strdup(a, name ? name : "");
        rows->types[c] = engine_type_text(a, type);
        duckdb_free((void *)(uintptr_t)name);
        duckdb_destroy_logical_type(&type);
    }
}

static enum rc execute(struct session *s, duckdb_prepared_statement p, duckdb_result *ret, struct err *e)
{
    if (duckdb_execute_prepared(p, ret) == DuckDBSuccess) return RC_OK;
    return session_failed(s, duckdb_result_error_type(ret), duckdb_result_error(ret), e);
}

enum rc session_query(struct arena *a, struct session *s, const char *sql, struct rows **ret, struct err *e)
{
    duckdb_prepared_statement p = NULL;
    duckdb_result result = {0};
    struct rows *rows = ARENA_NEW(a, struct rows), described = {0};
    enum rc rc = session_enter(s, e);
    if (rc != RC_OK) return rc;
    TRY(prepare(s, sql, &p, e));
    bool wrapped = !all_plain(p);
    if (wrapped) {
        describe_prepared(a, p, &described);
        TRY(prepare(s, wrap_in_casts(a, sql), &p, e));
    }
    TRY(execute(s, p, &result, e));
    name_columns(a, rows, &result);
    for (size_t c = 0; c < rows->n_columns; c++) /* a statement may turn out other than it was prepared */
        if (!is_plain(duckdb_column_type(&result, c)))
            TRY(err_set(e, RC_INTERNAL, "the column %s of type %s of this statement has no text", rows->names[c],
                        rows->types[c]));
    read_cells(a, rows, &result);
    if (wrapped && described.n_columns == rows->n_columns) {
        rows->names = described.names;
        rows->types = described.types;
    }
    *ret = rows;
out:
    duckdb_destroy_result(&result);
    duckdb_destroy_prepare(&p);
    session_leave(s);
    return rc;
}

enum rc session_queryf(struct arena *a, struct session *s, struct rows **ret, struct err *e, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    enum rc rc = session_query(a, s, arena_vprintf(a, format, ap), ret, e);
    va_end(ap);
    return rc;
}

static int64_t first_integer(duckdb_result *result, duckdb_type type, bool *ret_ok)
{
    int64_t n = 0;
    duckdb_data_chunk chunk = duckdb_fetch_chunk(*result);
    duckdb_vector v = chunk && duckdb_data_chunk_get_size(chunk) ? duckdb_data_chunk_get_vector(chunk, 0) : NULL;
    *ret_ok = !v || vector_is_null(v, 0) || vector_int(v, type, 0, &n);
    duckdb_destroy_data_chunk(&chunk);
    return n;
}

enum rc session_query_int(struct session *s, int64_t *ret, struct err *e, const char *format, ...)
{
    struct arena *a = arena_new();
    duckdb_result result = {0};
    enum rc rc;
    va_list ap;
    va_start(ap, format);
    char *sql = arena_vprintf(a, format, ap);
    va_end(ap);
    TRY(session_run(s, sql, &result, e));
    bool ok;
    int64_t n = first_integer(&result, duckdb_column_type(&result, 0), &ok);
    if (ok) *ret = n;
    else rc = err_set(e, RC_INTERNAL, "a query for one integer yields something else: %.200s", sql);
    duckdb_destroy_result(&result);
out:
    arena_free(a);
    return rc;
}

enum rc session_describe(struct arena *a, struct session *s, const char *select_sql, struct described_column **ret,
                         size_t *ret_n, struct err *e)
{
    duckdb_prepared_statement p = NULL;
    struct rows described = {0};
    enum rc rc = session_enter(s, e);
    if (rc != RC_OK) return rc;
    TRY(prepare(s, select_sql, &p, e));
    describe_prepared(a, p, &described);
    struct described_column *columns = ARENA_ARRAY(a, struct described_column, described.n_columns + 1);
    for (size_t i = 0; i < described.n_columns; i++) {
        rc = engine_delta_type(a, described.types[i], &columns[i], e);
        if (rc != RC_OK) {
            err_context(e, "column %s", described.names[i]);
            goto out;
        }
        columns[i].name = described.names[i];
    }
    *ret = columns;
    *ret_n = described.n_columns;
out:
    duckdb_destroy_prepare(&p);
    session_leave(s);
    return rc;
}
