/* Any bytes as a record of the statement cache, and as the index and records of a whole file: read, or refused with a
 * message; what was read is printed and read again the same. */
#include "sql/statement.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_record(struct arena *a, struct str record)
{
    struct statement *one, *two;
    struct err e = {0};
    if (statement_parse_cached(a, record, &one, &e) != RC_OK) {
        if (!e.message[0]) abort();
        return;
    }
    struct buf *first = buf_new(a, BUF_DEFAULT_MAX), *second = buf_new(a, BUF_DEFAULT_MAX);
    statement_print(first, one);
    if (statement_parse_cached(a, buf_str(first), &two, &e) != RC_OK) abort();
    statement_print(second, two);
    if (!str_eq(buf_str(first), buf_str(second))) abort();
}

/* The frame with the number of entries and the hash that fit, so that what lies behind it is read. */
static void read_file(struct arena *a, struct str body)
{
    struct buf *file = buf_new(a, BUF_DEFAULT_MAX);
    struct statement_cache cache;
    struct hash key;
    statement_cache_print(file, NULL, NULL, 0);
    buf_add(file, body.p, body.n);
    file->p[48] = (char)(body.n / 40 < 3 ? body.n / 40 : 3);
    memcpy(file->p + 16, hash_bytes(file->p + 48, file->n - 48).hex, 32);
    statement_cache_open(buf_str(file), &cache);
    for (size_t i = 0; i < cache.n; i++) {
        memcpy(key.hex, body.p + i * 40, 32);
        key.hex[32] = 0;
        (void)statement_cache_find(a, &cache, &key);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct str bytes = {(const char *)data, size};
    read_record(a, bytes);
    read_file(a, bytes);
    arena_free(a);
    return 0;
}
