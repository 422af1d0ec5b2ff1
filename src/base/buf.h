/* Slices of bytes, and buffers that grow up to a stated maximum. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/arena.h"

#include <stdint.h>
#include <string.h>

/* Bytes that somebody else owns; not NUL-terminated. */
struct str {
    const char *p;
    size_t n;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})
static inline struct str str_of(const char *s)
{
    return (struct str){s, s ? strlen(s) : 0};
}
static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
struct str str_trim(struct str s); /* without ASCII white space at both ends */

/* A growing byte string, always NUL-terminated (p is "" at first after buf_init). Beyond `max` bytes nothing is added
 * and `overflow` is set; whoever reads the buffer checks it. */
struct buf {
    char *p;
    size_t n, capacity, max;
    bool overflow;
};

#define BUF_DEFAULT_MAX ((size_t)1 << 30)
void buf_init(struct buf *b, size_t max);
void buf_release(struct buf *b); /* safe on a zeroed buffer */
/* A buffer that is released with the arena. */
struct buf *buf_new(struct arena *a, size_t max);
void buf_clear(struct buf *b);
void buf_add(struct buf *b, const void *p, size_t n);
void buf_add_str(struct buf *b, const char *s);
void buf_add_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);
static inline struct str buf_str(const struct buf *b)
{
    return (struct str){b->p, b->n};
}

/* Quoting: the only way in which names and values get into SQL and JSON. */
void buf_add_sql_name(struct buf *b, const char *name);    /* "na""me" */
void buf_add_sql_string(struct buf *b, const char *value); /* 'val''ue'; NULL becomes NULL */
void buf_add_json_string(struct buf *b, const char *s,
                         size_t n); /* with quotes; bytes that are not UTF-8 become U+FFFD */
char *sql_name(struct arena *a, const char *name);
char *sql_string(struct arena *a, const char *value);

#endif
