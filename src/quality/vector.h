/* Reading and writing the engine's flat vectors without a call for each value. */
#ifndef QUALITY_VECTOR_H
#define QUALITY_VECTOR_H

#include "base/buf.h"
#include "engine/duckdb_api.h"

/* A validity mask may be NULL: all are valid. */
static inline bool vector_is_valid(const uint64_t *mask, idx_t i)
{
    return !mask || (mask[i >> 6] >> (i & 63) & 1);
}

/* Texts of up to 12 bytes stand in the vector itself. */
static inline struct str vector_text(const duckdb_string_t *s)
{
    size_t n = s->value.inlined.length;
    return (struct str){n <= sizeof s->value.inlined.inlined ? s->value.inlined.inlined : s->value.pointer.ptr, n};
}

/* *mask is the vector's own mask, fetched with the first NULL. */
static inline void vector_set_null(duckdb_vector v, uint64_t **mask, idx_t i)
{
    if (!*mask) {
        duckdb_vector_ensure_validity_writable(v);
        *mask = duckdb_vector_get_validity(v);
    }
    (*mask)[i >> 6] &= ~((uint64_t)1 << (i & 63));
}

#endif
