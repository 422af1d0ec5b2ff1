/* Any bytes as a marker of the lake log: refused, or printed and read again as the same. */
#include "lake/lake_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct marker *m = NULL, *again = NULL;
    struct err e = {0};
    enum rc rc = marker_parse(a, (struct str){(const char *)data, size}, "fuzz", &m, &e);
    if (rc == RC_OK) {
        char *text = marker_print(a, m);
        if (marker_parse(a, str_of(text), "again", &again, &e) != RC_OK) __builtin_trap();
        if (strcmp(text, marker_print(a, again)) != 0) __builtin_trap();
    } else if (rc != RC_DATA || !e.message[0]) {
        __builtin_trap();
    }
    arena_free(a);
    return 0;
}
