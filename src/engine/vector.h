/* Reading the engine's vectors. */
#ifndef ENGINE_VECTOR_H
#define ENGINE_VECTOR_H

#include "engine/duckdb_api.h"
#include "engine/engine.h"

bool vector_is_null(duckdb_vector v, idx_t row);
/* VARCHAR and BLOB; valid as long as the chunk. */
struct str vector_string(duckdb_vector v, idx_t row);
/* BIGINT, INTEGER … UBIGINT, BOOLEAN; false for other types. */
bool vector_int(duckdb_vector v, duckdb_type type, idx_t row, int64_t *ret);
/* The same as text, HUGEINT and UBIGINT included, as the engine's own cast writes it; false for other types. */
bool vector_int_text(struct buf *b, duckdb_vector v, duckdb_type type, idx_t row);
/* A value as JSON: structs without their NULL fields and without fields named *_parsed, maps as objects, lists as
 * arrays; types that actions of a Delta log do not have become null. */
void vector_json(struct buf *b, duckdb_vector v, idx_t row);

/* A MAP(VARCHAR, …) at a row: keys and values are child vectors, entries lie at from … from + n - 1. */
struct map_entries {
    duckdb_vector keys, values;
    idx_t from, n;
};
struct map_entries vector_map(duckdb_vector v, idx_t row);

#endif
