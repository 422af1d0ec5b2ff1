/* Any bytes as a commit of a Delta log: read, or refused with a message; twice over the same snapshot. */
#include "lake/delta.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct delta_snapshot snapshot = {0};
    struct err e = {0};
    struct str text = {(const char *)data, size};
    enum rc rc = delta_replay(a, &snapshot, text, "fuzz", &e);
    if (rc == RC_OK) {
        int64_t rows = delta_rows(&snapshot);
        if (snapshot.protocol_json && delta_check_writable(&snapshot, "fuzz", &e) == RC_OK && rows < -1)
            __builtin_trap();
        size_t n_files = snapshot.n_files;
        rc = delta_replay(a, &snapshot, text, "again", &e); /* the newest wins: the same again changes nothing */
        if (rc != RC_OK || snapshot.n_files != n_files) __builtin_trap();
    } else if (rc != RC_DATA || !e.message[0]) {
        __builtin_trap();
    }
    arena_free(a);
    return 0;
}
