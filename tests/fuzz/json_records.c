/* Any bytes as NDJSON, as a document and as one value: the counts of index and walker agree, and what jansson takes our
 * tokenizer takes too. */
#include "source/records.h"

#include <jansson.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t walk(char *p, size_t from, size_t n, bool lines)
{
    struct json_cursor c = {.p = p, .n = n, .at = from, .lines = lines, .row = 1, .line = 1};
    struct json_parser j = {0};
    struct record r;
    int64_t records = 0;
    while (json_next(&c, &r)) {
        records++;
        if (!text_is_clean(r.raw.p, r.raw.n) || json_take_apart(&j, p + (r.raw.p - p), r.raw.n)) continue;
        for (size_t i = 0; i < j.n_members; i++) field_text(&j.members[i].value, NULL);
    }
    json_parser_release(&j);
    return records;
}

static char *copy(const void *p, size_t n)
{
    char *out = malloc(n + BLOCK_PADDING);
    if (!out) abort();
    if (n) memcpy(out, p, n);
    return out;
}

static void as_document(const char *text, size_t n, size_t step, const char *path)
{
    struct json_splitter *s = json_splitter_new(path);
    for (size_t from = 0, seen = 0; from < n && !json_splitter_problem(s);) {
        seen = seen + step < n ? seen + step : n;
        struct index_result x = json_split(s, text + from, seen - from, seen == n ? INDEX_LAST : INDEX_MORE);
        if (x.consumed > seen - from || x.head > x.consumed) __builtin_trap();
        char *block = copy(text + from, x.consumed);
        if (!json_splitter_problem(s) && x.records && walk(block, x.head, x.consumed, false) != x.records)
            __builtin_trap();
        free(block);
        from += x.consumed;
        if (seen == n && from < n && !json_splitter_problem(s)) __builtin_trap();
    }
    json_splitter_free(s);
}

static void against_jansson(const char *text, size_t n)
{
    size_t at;
    bool ours = text_is_clean(text, n) && !json_check(text, n, &at);
    json_t *theirs = json_loadb(text, n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    /* jansson ends at a NUL, and its limit of depth is another one */
    if (theirs && !ours && n < 512 && !memchr(text, 0, n)) __builtin_trap();
    json_decref(theirs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    const char *text = (const char *)data + 1;
    size_t n = size - 1, step = (size_t)data[0] + 1;
    struct index_result x = ndjson_index(text, n, INDEX_LAST);
    char *block = copy(text, n);
    if (x.consumed != n || walk(block, 0, n, true) != x.records) __builtin_trap();
    free(block);
    as_document(text, n, step, NULL);
    as_document(text, n, step, "$.a.b");
    against_jansson(text, n);
    return 0;
}
