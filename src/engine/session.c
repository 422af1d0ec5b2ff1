/* Sessions: running statements, and telling their errors. */
#include "engine/session.h"

#include <stdio.h>
#include <stdlib.h>

enum rc session_open(struct engine *g, struct session **ret, struct err *e)
{
    struct session *s = calloc(1, sizeof *s);
    if (!s) abort();
    s->engine = g;
    if (duckdb_connect(g->database, &s->connection) != DuckDBSuccess) {
        free(s);
        return err_set(e, RC_INTERNAL, "the engine gives no further connection");
    }
    pthread_mutex_lock(&g->lock);
    s->next = g->sessions;
    if (s->next) s->next->previous = s;
    g->sessions = s;
    pthread_mutex_unlock(&g->lock);
    enum rc rc = session_enter(s, e); /* an interrupted engine gives no further ones */
    if (rc == RC_OK) {
        session_leave(s);
        *ret = s;
    } else {
        session_close(s);
    }
    return rc;
}

enum rc session_watch_progress(struct session *s, struct err *e)
{
    return session_exec(s, "SET enable_progress_bar = true; SET enable_progress_bar_print = false", e);
}

void session_close(struct session *s)
{
    if (!s) return;
    struct engine *g = s->engine;
    pthread_mutex_lock(&g->lock);
    if (s->next) s->next->previous = s->previous;
    *(s->previous ? &s->previous->next : &g->sessions) = s->next;
    pthread_mutex_unlock(&g->lock);
    duckdb_disconnect(&s->connection);
    free(s);
}

struct engine *session_engine(struct session *s)
{
    return s->engine;
}

struct _duckdb_connection *session_connection(struct session *s)
{
    return s->connection;
}

enum rc session_enter(struct session *s, struct err *e)
{
    struct engine *g = s->engine;
    s->last_error = DUCKDB_ERROR_INVALID;
    pthread_mutex_lock(&g->lock);
    bool interrupted = atomic_load(&g->interrupted);
    s->running = !interrupted;
    pthread_mutex_unlock(&g->lock);
    return interrupted ? err_set(e, RC_INTERRUPTED, "interrupted") : RC_OK;
}

void session_leave(struct session *s)
{
    pthread_mutex_lock(&s->engine->lock);
    s->running = false;
    pthread_cond_broadcast(&s->engine->stopped);
    pthread_mutex_unlock(&s->engine->lock);
}

double session_progress(struct session *s)
{
    double percentage = duckdb_query_progress(s->connection).percentage;
    return percentage < 0 ? -1 : percentage > 100 ? 100 : percentage;
}

/* A session is taken off the list, under the lock, before it is closed. */
double engine_progress(struct engine *g, const struct session *s)
{
    double percentage = -1;
    pthread_mutex_lock(&g->lock);
    for (struct session *x = g->sessions; x; x = x->next)
        if (x == s) percentage = session_progress(x);
    pthread_mutex_unlock(&g->lock);
    return percentage;
}

bool session_failed_on_value(const struct session *s)
{
    switch (s->last_error) {
    case DUCKDB_ERROR_CONVERSION:
    case DUCKDB_ERROR_OUT_OF_RANGE:
    case DUCKDB_ERROR_DECIMAL:
    case DUCKDB_ERROR_DIVIDE_BY_ZERO:
    case DUCKDB_ERROR_INVALID_INPUT: return true;
    default: return false;
    }
}

/* How the engine's messages begin, and the class of ours. What is not listed is RC_DATA. A file that is not there is no
 * fault of the way to it: see session_failed. */
static const struct {
    const char *beginning;
    duckdb_error_type type;
    enum rc rc;
} kinds[] = {
    {"INTERRUPT Error", DUCKDB_ERROR_INTERRUPT, RC_INTERRUPTED},
    {"IO Error", DUCKDB_ERROR_IO, RC_UNREACHABLE},
    {"HTTP Error", DUCKDB_ERROR_HTTP, RC_UNREACHABLE},
    {"Network Error", DUCKDB_ERROR_NETWORK, RC_UNREACHABLE},
    {"Connection Error", DUCKDB_ERROR_CONNECTION, RC_UNREACHABLE},
    {"Parser Error", DUCKDB_ERROR_PARSER, RC_PROJECT},
    {"Syntax Error", DUCKDB_ERROR_SYNTAX, RC_PROJECT},
    {"Binder Error", DUCKDB_ERROR_BINDER, RC_PROJECT},
    {"Catalog Error", DUCKDB_ERROR_CATALOG, RC_PROJECT},
    {"Parameter Not Resolved Error", DUCKDB_ERROR_PARAMETER_NOT_RESOLVED, RC_PROJECT},
    {"Parameter Not Allowed Error", DUCKDB_ERROR_PARAMETER_NOT_ALLOWED, RC_PROJECT},
    {"Not implemented Error", DUCKDB_ERROR_NOT_IMPLEMENTED, RC_PROJECT},
    {"Missing Extension Error", DUCKDB_ERROR_MISSING_EXTENSION, RC_USAGE},
    {"Extension Autoloading Error", DUCKDB_ERROR_AUTOLOAD, RC_USAGE},
    {"INTERNAL Error", DUCKDB_ERROR_INTERNAL, RC_INTERNAL},
    {"FATAL Error", DUCKDB_ERROR_FATAL, RC_INTERNAL},
    {"Serialization Error", DUCKDB_ERROR_SERIALIZATION, RC_INTERNAL},
    {"Optimizer Error", DUCKDB_ERROR_OPTIMIZER, RC_INTERNAL},
    {"Scheduler Error", DUCKDB_ERROR_SCHEDULER, RC_INTERNAL},
    {"Executor Error", DUCKDB_ERROR_EXECUTOR, RC_INTERNAL},
    {"Conversion Error", DUCKDB_ERROR_CONVERSION, RC_DATA},
    {"Invalid Input Error", DUCKDB_ERROR_INVALID_INPUT, RC_DATA},
    {"Out of Range Error", DUCKDB_ERROR_OUT_OF_RANGE, RC_DATA},
    {"Out of Memory Error", DUCKDB_ERROR_OUT_OF_MEMORY, RC_DATA},
    {"Constraint Error", DUCKDB_ERROR_CONSTRAINT, RC_DATA},
};
#define N_KINDS (sizeof kinds / sizeof *kinds)

static size_t find_kind(duckdb_error_type type, const char *message)
{
    for (size_t i = 0; i < N_KINDS; i++)
        if (type == DUCKDB_ERROR_INVALID ? strncmp(message, kinds[i].beginning, strlen(kinds[i].beginning)) == 0
                                         : type == kinds[i].type)
            return i;
    return N_KINDS;
}

/* Lines longer than this are ours (a generated statement), not something that a person wants to see again. */
#define CARET_LINE_MAX 100

/* The message without its kind, its stack and blank lines; "LINE n: …" and the caret only if the line is short. */
static void clean_message(struct buf *b, const char *message, const char *kind)
{
    if (kind && strncmp(message, kind, strlen(kind)) == 0) {
        message += strlen(kind);
        if (*message == ':') message++;
        if (*message == ' ') message++;
    }
    bool skip_caret = false;
    for (const char *line = message; *line;) {
        size_t n = strcspn(line, "\n");
        bool caret = n > 0 && strspn(line, " ^") >= n;
        if (strncmp(line, "Stack Trace:", 12) == 0) break;
        if (strncmp(line, "LINE ", 5) == 0) skip_caret = n > CARET_LINE_MAX;
        bool drop = n == 0 || ((caret || strncmp(line, "LINE ", 5) == 0) && skip_caret);
        if (!drop) {
            if (b->n) buf_add_char(b, '\n');
            buf_add(b, line, n);
        }
        line += n + (line[n] == '\n');
    }
}

enum rc session_failed(struct session *s, duckdb_error_type type, const char *message, struct err *e)
{
    if (!message) message = "the engine gives no reason";
    size_t kind = find_kind(type, message);
    s->last_error = kind < N_KINDS && type == DUCKDB_ERROR_INVALID ? kinds[kind].type : type;
    enum rc rc = kind < N_KINDS ? kinds[kind].rc : RC_DATA;
    if (rc == RC_UNREACHABLE && strstr(message, "No files found that match")) rc = RC_DATA;
    if (rc == RC_INTERRUPTED) return err_set(e, rc, "interrupted");
    struct buf b;
    buf_init(&b, BUF_DEFAULT_MAX);
    clean_message(&b, message, kind < N_KINDS ? kinds[kind].beginning : NULL);
    rc = err_set(e, rc, "%s%s", rc == RC_INTERNAL ? "the engine failed: " : "", b.p);
    buf_release(&b);
    return rc;
}

enum rc session_run(struct session *s, const char *sql, duckdb_result *ret, struct err *e)
{
    enum rc rc = session_enter(s, e);
    if (rc != RC_OK) return rc;
    duckdb_result result = {0};
    if (duckdb_query(s->connection, sql, &result) == DuckDBSuccess) {
        *ret = result;
    } else {
        rc = session_failed(s, duckdb_result_error_type(&result), duckdb_result_error(&result), e);
        duckdb_destroy_result(&result);
    }
    session_leave(s);
    return rc;
}

enum rc session_exec(struct session *s, const char *sql, struct err *e)
{
    duckdb_result result;
    enum rc rc = session_run(s, sql, &result, e);
    if (rc == RC_OK) duckdb_destroy_result(&result);
    return rc;
}

enum rc session_execf(struct session *s, struct err *e, const char *format, ...)
{
    struct arena *a = arena_new();
    va_list ap;
    va_start(ap, format);
    enum rc rc = session_exec(s, arena_vprintf(a, format, ap), e);
    va_end(ap);
    arena_free(a);
    return rc;
}

/* The caret stands below the place unless the excerpt is cut at its start. */
const char *engine_error_place(struct arena *a, const char *message, int *line, int *column)
{
    const char *at = strstr(message, "\nLINE ");
    if (!at || at[6] < '0' || at[6] > '9') return message;
    const char *excerpt = strchr(at + 6, ':'), *end = strchr(at + 6, '\n');
    *line = atoi(at + 6);
    *column = 1;
    if (excerpt && end && strncmp(excerpt, ": ...", 5) != 0) {
        size_t before = (size_t)(excerpt + 2 - (at + 1)), caret = strspn(end + 1, " ");
        if (end[1 + caret] == '^' && caret >= before) *column = (int)(caret - before) + 1;
    }
    return arena_strndup(a, message, (size_t)(at - message));
}
