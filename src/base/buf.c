#include "base/buf.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

struct str str_trim(struct str s)
{
    while (s.n && is_space(s.p[0])) s.p++, s.n--;
    while (s.n && is_space(s.p[s.n - 1])) s.n--;
    return s;
}

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max};
    b->capacity = 64;
    b->p = malloc(b->capacity);
    if (!b->p) abort();
    b->p[0] = 0;
}

void buf_release(struct buf *b)
{
    free(b->p);
    *b = (struct buf){0};
}

static void release(void *b)
{
    buf_release(b);
}

struct buf *buf_new(struct arena *a, size_t max)
{
    struct buf *b = ARENA_NEW(a, struct buf);
    buf_init(b, max);
    arena_defer(a, release, b);
    return b;
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    b->overflow = false;
    if (b->p) b->p[0] = 0;
}

static bool make_room(struct buf *b, size_t n)
{
    if (b->overflow || n > b->max - b->n) {
        b->overflow = true;
        return false;
    }
    if (b->n + n + 1 > b->capacity) {
        size_t capacity = b->capacity ? b->capacity : 64;
        while (capacity < b->n + n + 1) capacity *= 2;
        char *p = realloc(b->p, capacity);
        if (!p) abort();
        b->p = p;
        b->capacity = capacity;
    }
    return true;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
    if (n == 0 || !make_room(b, n)) return;
    memcpy(b->p + b->n, p, n);
    b->n += n;
    b->p[b->n] = 0;
}

void buf_add_str(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_add_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list ap, again;
    va_start(ap, format);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, format, ap);
    va_end(ap);
    if (n > 0 && make_room(b, (size_t)n)) {
        vsnprintf(b->p + b->n, (size_t)n + 1, format, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

static void add_doubled(struct buf *b, const char *s, char quote)
{
    buf_add_char(b, quote);
    for (const char *from = s;;) {
        const char *q = strchr(from, quote);
        if (!q) {
            buf_add_str(b, from);
            break;
        }
        buf_add(b, from, (size_t)(q - from + 1));
        buf_add_char(b, quote);
        from = q + 1;
    }
    buf_add_char(b, quote);
}

void buf_add_sql_name(struct buf *b, const char *name)
{
    add_doubled(b, name, '"');
}

void buf_add_sql_string(struct buf *b, const char *value)
{
    if (value) add_doubled(b, value, '\'');
    else buf_add_str(b, "NULL");
}

char *sql_name(struct arena *a, const char *name)
{
    struct buf b;
    buf_init(&b, BUF_DEFAULT_MAX);
    buf_add_sql_name(&b, name);
    char *s = arena_strndup(a, b.p, b.n);
    buf_release(&b);
    return s;
}

char *sql_string(struct arena *a, const char *value)
{
    struct buf b;
    buf_init(&b, BUF_DEFAULT_MAX);
    buf_add_sql_string(&b, value);
    char *s = arena_strndup(a, b.p, b.n);
    buf_release(&b);
    return s;
}

void buf_add_json_string(struct buf *b, const char *s, size_t n)
{
    buf_add_char(b, '"');
    for (size_t i = 0; i < n;) {
        unsigned char c = (unsigned char)s[i];
        size_t length = utf8_sequence(s + i, n - i);
        if (length == 0) {
            buf_add_str(b, "\xEF\xBF\xBD");
            i++;
        } else if (c == '"' || c == '\\') {
            buf_add_char(b, '\\');
            buf_add_char(b, (char)c);
            i++;
        } else if (c < 0x20 || c == 0x7f) {
            if (c == '\n') buf_add_str(b, "\\n");
            else if (c == '\t') buf_add_str(b, "\\t");
            else if (c == '\r') buf_add_str(b, "\\r");
            else buf_printf(b, "\\u%04x", c);
            i++;
        } else {
            buf_add(b, s + i, length);
            i += length;
        }
    }
    buf_add_char(b, '"');
}
