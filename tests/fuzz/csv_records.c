/* Any bytes as CSV: cut into blocks anywhere, index and parser must count the same records, lines and bytes; and however
 * the bytes are cut, the same records come out. */
#include "source/records.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    int64_t records, lines;
    uint64_t hash;
};

static uint64_t mix(uint64_t h, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)p[i]) * 1099511628211u;
    return (h ^ n) * 1099511628211u;
}

static void parse(const struct csv_dialect *d, const char *p, size_t n, const struct index_result *x, struct outcome *o)
{
    struct field fields[64];
    char *block = malloc(n + BLOCK_PADDING);
    struct csv_parser c = {.dialect = *d, .fields = fields, .capacity = 64};
    struct record r;
    int64_t records = 0;
    if (!block) abort();
    memcpy(block, p, n);
    csv_start(&c, block, n, o->records + 1, o->lines + 1);
    while (csv_next(&c, &r)) {
        records++;
        if (r.row != o->records + records) __builtin_trap();
        o->hash = mix(o->hash ^ (uint64_t)r.line ^ (r.problem != NULL) << 20, r.raw.p, r.raw.n);
        for (size_t i = 0; i < r.n_fields && i < 64 && !r.problem; i++) {
            field_text(&fields[i], d);
            o->hash = mix(o->hash, fields[i].p, fields[i].kind == FIELD_NULL ? 0 : fields[i].n);
        }
    }
    if (records != x->records || c.at != n) __builtin_trap();
    if (c.line != o->lines + 1 + x->lines) __builtin_trap();
    free(block);
}

/* Reads the bytes as if they came in pieces of `step`. */
static struct outcome read_all(const struct csv_dialect *d, const char *p, size_t n, size_t step)
{
    struct outcome o = {0};
    for (size_t from = 0, seen = 0; from < n;) {
        seen = seen + step < n ? seen + step : n;
        struct index_result x = csv_index(d, p + from, seen - from, seen == n ? INDEX_LAST : INDEX_MORE);
        if (x.consumed > seen - from || (seen == n && x.consumed != n - from)) __builtin_trap();
        parse(d, p + from, x.consumed, &x, &o);
        o.records += x.records;
        o.lines += x.lines;
        from += x.consumed;
    }
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char quotes[] = {'"', '"', '\'', 0};
    if (size < 2) return 0;
    unsigned options = data[0];
    struct csv_dialect d = {
        .delimiter = ',', .quote = quotes[options & 3], .one_column = options & 4, .comment = options & 8 ? "#" : NULL};
    d.escape = options & 16 ? '\\' : d.quote;
    size_t step = (size_t)data[1] + 1, n = size - 2;
    char *p = malloc(n + 1); /* exactly as long as it is said to be, for the sanitizer */
    if (!p) abort();
    memcpy(p, data + 2, n);
    struct outcome whole = read_all(&d, p, n, n + 1), pieces = read_all(&d, p, n, step);
    if (whole.records != pieces.records || whole.lines != pieces.lines || whole.hash != pieces.hash) __builtin_trap();
    free(p);
    return 0;
}
