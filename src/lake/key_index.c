#include "lake/key_index.h"

#include <string.h>
#include <xxhash.h>

struct index_key {
    const char *a, *b;
    uint64_t hash;
};

static void place(struct key_index *x, size_t number)
{
    size_t i = x->keys[number].hash & (x->n_slots - 1);
    while (x->slots[i]) i = (i + 1) & (x->n_slots - 1);
    x->slots[i] = (uint32_t)number + 1;
}

static void grow(struct key_index *x)
{
    x->n_slots = x->n_slots ? x->n_slots * 2 : 64;
    x->slots = ARENA_ARRAY(x->arena, uint32_t, x->n_slots);
    for (size_t i = 0; i < x->n; i++) place(x, i);
}

size_t key_index_at(struct key_index *x, const char *a, const char *b, bool *ret_new)
{
    if (x->n * 2 >= x->n_slots) grow(x);
    uint64_t hash = XXH3_64bits_withSeed(b, strlen(b), XXH3_64bits(a, strlen(a)));
    size_t i = hash & (x->n_slots - 1);
    for (; x->slots[i]; i = (i + 1) & (x->n_slots - 1)) {
        const struct index_key *k = &x->keys[x->slots[i] - 1];
        if (k->hash == hash && strcmp(k->a, a) == 0 && strcmp(k->b, b) == 0) {
            *ret_new = false;
            return x->slots[i] - 1;
        }
    }
    *ARENA_PUSH(x->arena, x->keys, x->n) = (struct index_key){.a = a, .b = b, .hash = hash};
    x->slots[i] = (uint32_t)x->n;
    *ret_new = true;
    return x->n - 1;
}
