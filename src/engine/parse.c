/* Statements to JSON and back, through json_serialize_sql. All texts go in one query, because a query costs more than a
 * text (10,000 texts: 0.5 s; one by one: 3 s). Should one of them make the query itself fail, halves are tried until that
 * one is alone, and it gets an error object of ours. */
#include "base/text.h"
#include "engine/session.h"
#include "engine/vector.h"

static const char *error_object(struct arena *a, const char *type, const char *message)
{
    struct buf *b = buf_new(a, BUF_DEFAULT_MAX);
    buf_printf(b, "{\"error\":true,\"error_type\":\"%s\",\"error_message\":", type);
    buf_add_json_string(b, message, strlen(message));
    buf_add_char(b, '}');
    return b->p;
}

static void read_chunk(struct arena *a, duckdb_data_chunk chunk, const char **ret, size_t n)
{
    duckdb_vector numbers = duckdb_data_chunk_get_vector(chunk, 0), texts = duckdb_data_chunk_get_vector(chunk, 1);
    for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk); row++) {
        int64_t i = -1;
        if (vector_is_null(texts, row) || !vector_int(numbers, DUCKDB_TYPE_INTEGER, row, &i) || i < 0 || (size_t)i >= n)
            continue;
        struct str s = vector_string(texts, row);
        ret[i] = arena_strndup(a, s.p, s.n);
    }
}

/* One query for texts[0 … n-1]; those with an answer already are left out. */
static enum rc parse_batch(struct arena *a, struct session *s, const char *const *texts, size_t n, const char **ret,
                           struct err *e)
{
    duckdb_result result = {0};
    duckdb_data_chunk chunk;
    struct buf sql;
    bool any = false;
    buf_init(&sql, BUF_DEFAULT_MAX);
    buf_add_str(&sql, "SELECT i, json_serialize_sql(t) FROM (VALUES ");
    for (size_t i = 0; i < n; i++) {
        if (ret[i]) continue;
        buf_printf(&sql, "%s(%d,", any ? "," : "", (int)i);
        buf_add_sql_string(&sql, texts[i]);
        buf_add_char(&sql, ')');
        any = true;
    }
    buf_add_str(&sql, ") v(i, t)");
    enum rc rc = !any           ? RC_OK
                 : sql.overflow ? err_set(e, RC_PROJECT, "the statements are too long")
                                : session_run(s, sql.p, &result, e);
    if (rc == RC_OK && any)
        while ((chunk = duckdb_fetch_chunk(result))) {
            read_chunk(a, chunk, ret, n);
            duckdb_destroy_data_chunk(&chunk);
        }
    duckdb_destroy_result(&result);
    buf_release(&sql);
    return rc;
}

static enum rc parse_or_halve(struct arena *a, struct session *s, const char *const *texts, size_t n, const char **ret,
                              struct err *e)
{
    struct err local = {0};
    enum rc rc = n ? parse_batch(a, s, texts, n, ret, &local) : RC_OK;
    if (rc == RC_OK) return rc;
    if (rc == RC_INTERRUPTED) return err_set(e, rc, "%s", local.message);
    if (n == 1) {
        ret[0] = error_object(a, "engine", local.message);
        return RC_OK;
    }
    rc = parse_or_halve(a, s, texts, n / 2, ret, e);
    return rc == RC_OK ? parse_or_halve(a, s, texts + n / 2, n - n / 2, ret + n / 2, e) : rc;
}

enum rc engine_parse(struct arena *a, struct session *s, const char *const *texts, size_t n, const char ***ret,
                     struct err *e)
{
    const char **answers = ARENA_ARRAY(a, const char *, n + 1);
    for (size_t i = 0; i < n; i++)
        if (!utf8_valid(texts[i], strlen(texts[i])))
            answers[i] = error_object(a, "parser", "the statement is not valid UTF-8");
    enum rc rc = parse_or_halve(a, s, texts, n, answers, e);
    if (rc != RC_OK) return rc;
    for (size_t i = 0; i < n; i++)
        if (!answers[i]) answers[i] = error_object(a, "engine", "the engine gives no answer for this statement");
    *ret = answers;
    return RC_OK;
}

enum rc engine_unparse(struct arena *a, struct session *s, const char *json, char **ret, struct err *e)
{
    duckdb_result result = {0};
    duckdb_data_chunk chunk = NULL;
    struct arena *scratch = arena_new();
    enum rc rc;
    TRY(session_run(s, arena_printf(scratch, "SELECT json_deserialize_sql(%s)", sql_string(scratch, json)), &result,
                    e));
    chunk = duckdb_fetch_chunk(result);
    if (!chunk || duckdb_data_chunk_get_size(chunk) != 1 || vector_is_null(duckdb_data_chunk_get_vector(chunk, 0), 0))
        TRY(err_set(e, RC_INTERNAL, "a parsed statement does not turn back into text"));
    struct str text = vector_string(duckdb_data_chunk_get_vector(chunk, 0), 0);
    *ret = arena_strndup(a, text.p, text.n);
out:
    duckdb_destroy_data_chunk(&chunk);
    duckdb_destroy_result(&result);
    arena_free(scratch);
    return rc;
}
