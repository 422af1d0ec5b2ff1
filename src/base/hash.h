/* Content hashes: XXH3, 128 bits, as 32 lowercase hexadecimal characters. Not for secrets. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/buf.h"

struct hash {
    char hex[33];
};
struct hash_state;

struct hash hash_bytes(const void *p, size_t n);
/* Incremental: new, update…, finish (which also frees the state). */
struct hash_state *hash_new(void);
void hash_update(struct hash_state *s, const void *p, size_t n);
struct hash hash_finish(struct hash_state *s);

#endif
