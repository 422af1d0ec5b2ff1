/* Types inside engine/; what the rest uses is in engine.h. */
#ifndef ENGINE_TYPES_H
#define ENGINE_TYPES_H

#include "engine/duckdb_api.h"
#include "engine/engine.h"

/* "DECIMAL(12,2)", "STRUCT(\"a\" INTEGER)[]": a type as the engine writes it, which engine_delta_type reads. Of ENUM and
 * UNION only the word. */
char *engine_type_text(struct arena *a, duckdb_logical_type type);

#endif
