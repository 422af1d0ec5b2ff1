/* A hash map from two strings to a small number, for replaying logs: which entry is that file, that
 * transaction. */
#ifndef LAKE_KEY_INDEX_H
#define LAKE_KEY_INDEX_H

#include "base/arena.h"

#include <stdint.h>

struct index_key;
struct key_index {
    struct arena *arena;    /* set this one, the rest zero */
    struct index_key *keys; /* in order of first mention */
    size_t n;
    uint32_t *slots; /* number of a key + 1, 0 where free */
    size_t n_slots;  /* a power of two */
};

/* The number of the key (a, b): 0, 1, … in order of first mention. *ret_new if it was not there; then the
 * strings are kept, not copied. */
size_t key_index_at(struct key_index *x, const char *a, const char *b, bool *ret_new);

#endif
