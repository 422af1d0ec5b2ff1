#include "base/log.h"

#include "base/text.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static _Atomic int shown_level = LOG_INFO;

/* Every spelling of every secret, for the lifetime of the process. */
static struct {
    pthread_mutex_t mutex;
    char **forms;
    size_t n, capacity;
} secrets = {.mutex = PTHREAD_MUTEX_INITIALIZER};

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&shown_level, (int)level, memory_order_relaxed);
}

static void write_all(const char *p, size_t n)
{
    while (n) {
        ssize_t done = write(STDERR_FILENO, p, n);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return; /* there is nobody left to tell */
        p += done;
        n -= (size_t)done;
    }
}

void log_message(enum log_level level, const char *format, ...)
{
    static const char *const prefixes[] = {"error: ", "warning: ", "", "debug: "};
    if ((int)level > atomic_load_explicit(&shown_level, memory_order_relaxed)) return;
    int saved_errno = errno;
    struct arena *a = arena_new();
    va_list ap;
    va_start(ap, format);
    const char *message = arena_vprintf(a, format, ap);
    va_end(ap);
    char *line = arena_printf(a, "%s%s\n", prefixes[level], redact(a, message));
    /* What came from data must not steer a terminal. */
    for (char *p = line; *p; p++)
        if (((unsigned char)*p < 0x20 && *p != '\n' && *p != '\t') || *p == 0x7f) *p = '?';
    write_all(line, strlen(line));
    arena_free(a);
    errno = saved_errno;
}

/* The caller holds the mutex. */
static void add_form(const char *form)
{
    for (size_t i = 0; i < secrets.n; i++)
        if (strcmp(secrets.forms[i], form) == 0) return;
    if (secrets.n == secrets.capacity) {
        size_t capacity = secrets.capacity ? secrets.capacity * 2 : 16;
        char **forms = realloc(secrets.forms, capacity * sizeof *forms);
        if (!forms) abort();
        secrets.forms = forms;
        secrets.capacity = capacity;
    }
    char *copy = strdup(form);
    if (!copy) abort();
    secrets.forms[secrets.n++] = copy;
}

/* Percent-encoded with everything but `kept` and letters and digits escaped. */
static char *encoded(struct arena *a, const char *value, const char *kept, const char *format)
{
    struct buf *b = buf_new(a, BUF_DEFAULT_MAX);
    for (const char *p = value; *p; p++) {
        if (is_name_char(*p) || strchr(kept, *p)) {
            buf_add_char(b, *p);
        } else {
            char escape[4];
            escape[0] = '%';
            unsigned char c = (unsigned char)*p;
            escape[1] = format[c >> 4];
            escape[2] = format[c & 15];
            buf_add(b, escape, 3);
        }
    }
    return b->p;
}

void secret_register(const char *value)
{
    if (!value || strlen(value) < 4) return;
    static const char *const kept[] = {"-.~", "-.~/", "-.!~*'()", "-.!~*'()/", "-.!~*'()/="};
    struct arena *a = arena_new();
    struct buf *json = buf_new(a, BUF_DEFAULT_MAX);
    buf_add_json_string(json, value, strlen(value));
    char *sql = sql_string(a, value);
    pthread_mutex_lock(&secrets.mutex);
    add_form(value);
    /* Events are JSON and engine messages may quote SQL: a value with a quote in it is spelled differently there. */
    add_form(arena_strndup(a, json->p + 1, json->n - 2));
    add_form(arena_strndup(a, sql + 1, strlen(sql) - 2));
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        add_form(encoded(a, value, kept[i], "0123456789ABCDEF"));
        add_form(encoded(a, value, kept[i], "0123456789abcdef"));
    }
    pthread_mutex_unlock(&secrets.mutex);
    arena_free(a);
}

char *redact(struct arena *a, const char *text)
{
    size_t n = strlen(text);
    unsigned char *hidden = NULL; /* marks first, so that secrets which overlap leave nothing behind */
    pthread_mutex_lock(&secrets.mutex);
    for (size_t i = 0; i < secrets.n; i++) {
        size_t length = strlen(secrets.forms[i]), marked = 0;
        for (const char *p = text; (p = strstr(p, secrets.forms[i])); p++) {
            if (!hidden) hidden = arena_alloc(a, n + 1);
            size_t from = (size_t)(p - text), to = from + length;
            if (from < marked) from = marked;
            memset(hidden + from, 1, to - from);
            marked = to;
        }
    }
    pthread_mutex_unlock(&secrets.mutex);
    if (!hidden) return arena_strndup(a, text, n);
    struct buf b;
    buf_init(&b, BUF_DEFAULT_MAX);
    for (size_t i = 0; i < n; i++) {
        if (!hidden[i]) buf_add_char(&b, text[i]);
        else if (i == 0 || !hidden[i - 1]) buf_add_str(&b, "***");
    }
    char *out = arena_strndup(a, b.p, b.n);
    buf_release(&b);
    return out;
}
