/* Hostile JSON in the place of a parsed statement (libFuzzer): no crash, no leak, an error with text or a statement that
 * goes into the cache and can be rewritten. */
#include "sql/statement.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parsed(struct arena *a, const char *text)
{
    static const char *const carry[] = {"_file", "_row"};
    struct err e = {0};
    struct statement *s;
    int64_t offset;
    char *json;
    if (statement_analyze(a, text, text, &s, &offset, &e) != RC_OK) {
        if (!e.message[0]) abort();
        return;
    }
    struct buf *record = buf_new(a, BUF_DEFAULT_MAX);
    struct statement *again;
    statement_print(record, s);
    if (statement_parse_cached(a, buf_str(record), &again, &e) != RC_OK && !e.message[0]) abort();
    for (int guard = 0; guard < 2; guard++)
        if (statement_carry(a, s, carry, 2, guard, &json, &e) != RC_OK && !e.message[0]) abort();
    for (size_t i = 0; i < s->n_occurrences; i++)
        if (statement_branch(a, s, i, &json, &e) != RC_OK && !e.message[0]) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    char *text = arena_strndup(a, (const char *)data, size);
    parsed(a, text);
    arena_free(a);
    return 0;
}
