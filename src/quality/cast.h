/* Strict casts: scalar functions of ours in the engine, and the SQL that types a column with them.
 *
 * ingot_to_<type>(VARCHAR) yields the value of a plain literal (parse.h) and NULL for NULL and for everything
 * else, so "does not cast" is: the text is not NULL and the result is. Decimals are parsed at width 18 or 38
 * for each scale (ingot_to_decimal_2, ingot_to_wide_decimal_2) and narrowed by the engine. */
#ifndef QUALITY_CAST_H
#define QUALITY_CAST_H

#include "engine/duckdb_api.h"
#include "quality/type.h"

/* Registers the functions; doing so again is harmless. */
enum rc cast_register(duckdb_connection c, struct err *e) MUST_CHECK;

struct cast {
    const char *expression; /* SQL that yields the typed value */
    bool may_fail;          /* it may yield NULL where the input is not NULL */
};
/* `from` is the engine type of `input`, an SQL expression without side effects (a column). Text goes through
 * our functions, or TRY_CAST if `lenient`; other types must come back unchanged from the cast, unless
 * `lenient`. */
struct cast cast_to(struct arena *a, const struct contract_type *type, const char *from, const char *input,
                    bool lenient);
/* A text in the engine's words: VARCHAR, JSON or an ENUM. */
bool is_text_type(const char *engine_type);

#endif
