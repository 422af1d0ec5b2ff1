/* Any bytes as a part of the ledger: read, or refused with a message; what was read is printed and read again the same. */
#include "source/files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct str part = {(const char *)data, size};
    struct ledger *one, *two;
    struct err e = {0};
    enum rc rc = ledger_read(a, &part, 1, &one, &e);
    if (rc == RC_OK) {
        struct buf *b = buf_new(a, BUF_DEFAULT_MAX);
        for (size_t i = 0; i < one->n_files; i++) ledger_print_file(b, &one->files[i]);
        struct str again = buf_str(b);
        if (ledger_read(a, &again, 1, &two, &e) != RC_OK || one->n_files != two->n_files) __builtin_trap();
        for (size_t i = 0; i < one->n_files; i++)
            if (strcmp(one->files[i].path, two->files[i].path) != 0 ||
                ledger_find(two, one->files[i].path) != &two->files[i])
                __builtin_trap();
    } else if (rc != RC_DATA || !e.message[0]) {
        __builtin_trap();
    }
    arena_free(a);
    return 0;
}
