#include "quality/cast.h"

#include "quality/parse.h"
#include "quality/vector.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

/* What a function knows: the scale of a decimal, and a locale for strtod. */
struct cast_context {
    int scale;
    locale_t c_locale;
};

/* One loop for each type: texts in, values out, NULL where the text is NULL or not a plain literal. */
#define CAST_FUNCTION(name, type, parse)                                                                               \
    static void name(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output)                         \
    {                                                                                                                  \
        const struct cast_context *context = duckdb_scalar_function_get_extra_info(info);                              \
        (void)context;                                                                                                 \
        idx_t n = duckdb_data_chunk_get_size(input);                                                                   \
        duckdb_vector texts = duckdb_data_chunk_get_vector(input, 0);                                                  \
        duckdb_string_t *data = duckdb_vector_get_data(texts);                                                         \
        uint64_t *valid = duckdb_vector_get_validity(texts), *out_valid = NULL;                                        \
        type *out = duckdb_vector_get_data(output);                                                                    \
        for (idx_t i = 0; i < n; i++) {                                                                                \
            if (vector_is_valid(valid, i)) {                                                                           \
                struct str t = vector_text(&data[i]);                                                                  \
                type *value = &out[i];                                                                                 \
                if (parse) continue;                                                                                   \
            }                                                                                                          \
            vector_set_null(output, &out_valid, i);                                                                    \
        }                                                                                                              \
    }

static inline bool parse_in_range(struct str t, int64_t min, int64_t max, int64_t *ret)
{
    return parse_integer(t.p, t.n, min, max, ret);
}

#define NARROW_INTEGER(name, type, min, max)                                                                           \
    static inline bool name(struct str t, type *ret)                                                                   \
    {                                                                                                                  \
        int64_t wide;                                                                                                  \
        if (!parse_in_range(t, min, max, &wide)) return false;                                                         \
        *ret = (type)wide;                                                                                             \
        return true;                                                                                                   \
    }
NARROW_INTEGER(narrow_int32, int32_t, INT32_MIN, INT32_MAX)
NARROW_INTEGER(narrow_int16, int16_t, INT16_MIN, INT16_MAX)
NARROW_INTEGER(narrow_int8, int8_t, INT8_MIN, INT8_MAX)

static inline duckdb_hugeint hugeint_of(int128 v)
{
    return (duckdb_hugeint){(uint64_t)v, (int64_t)(v >> 64)};
}

static inline bool wide_decimal(struct str t, int scale, duckdb_hugeint *ret)
{
    int128 v;
    if (!parse_decimal128(t.p, t.n, scale, &v)) return false;
    *ret = hugeint_of(v);
    return true;
}

/* The engine keeps a UUID as a signed number that orders as the text does: the top bit is flipped. */
static inline bool uuid_value(struct str t, duckdb_hugeint *ret)
{
    int128 v;
    if (!parse_uuid(t.p, t.n, &v)) return false;
    *ret = hugeint_of(v);
    ret->upper = (int64_t)((uint64_t)ret->upper ^ (uint64_t)1 << 63);
    return true;
}

CAST_FUNCTION(to_bigint, int64_t, parse_integer(t.p, t.n, INT64_MIN, INT64_MAX, value))
CAST_FUNCTION(to_integer, int32_t, narrow_int32(t, value))
CAST_FUNCTION(to_smallint, int16_t, narrow_int16(t, value))
CAST_FUNCTION(to_tinyint, int8_t, narrow_int8(t, value))
CAST_FUNCTION(to_boolean, bool, parse_boolean(t.p, t.n, value))
CAST_FUNCTION(to_double, double, parse_double(t.p, t.n, context->c_locale, value))
CAST_FUNCTION(to_real, float, parse_real(t.p, t.n, context->c_locale, value))
CAST_FUNCTION(to_decimal, int64_t, parse_decimal64(t.p, t.n, context->scale, value))
CAST_FUNCTION(to_wide_decimal, duckdb_hugeint, wide_decimal(t, context->scale, value))
CAST_FUNCTION(to_date, int32_t, parse_date(t.p, t.n, value))
CAST_FUNCTION(to_timestamp, int64_t, parse_timestamp(t.p, t.n, value))
CAST_FUNCTION(to_timestamptz, int64_t, parse_timestamptz(t.p, t.n, value))
CAST_FUNCTION(to_time, int64_t, parse_time(t.p, t.n, value))
CAST_FUNCTION(to_uuid, duckdb_hugeint, uuid_value(t, value))

static void is_json(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output)
{
    (void)info;
    idx_t n = duckdb_data_chunk_get_size(input);
    duckdb_vector texts = duckdb_data_chunk_get_vector(input, 0);
    duckdb_string_t *data = duckdb_vector_get_data(texts);
    uint64_t *valid = duckdb_vector_get_validity(texts);
    bool *out = duckdb_vector_get_data(output);
    for (idx_t i = 0; i < n; i++) {
        struct str t = vector_is_valid(valid, i) ? vector_text(&data[i]) : (struct str){"", 0};
        out[i] = t.n > 0 && parse_json(t.p, t.n);
    }
}

/* --- registration
 * ------------------------------------------------------------------------------------------------ */

static const struct cast_function {
    const char *name;
    duckdb_scalar_function_t function;
    duckdb_type type;
} functions[] = {
    {"ingot_to_bigint", to_bigint, DUCKDB_TYPE_BIGINT},
    {"ingot_to_integer", to_integer, DUCKDB_TYPE_INTEGER},
    {"ingot_to_smallint", to_smallint, DUCKDB_TYPE_SMALLINT},
    {"ingot_to_tinyint", to_tinyint, DUCKDB_TYPE_TINYINT},
    {"ingot_to_boolean", to_boolean, DUCKDB_TYPE_BOOLEAN},
    {"ingot_to_double", to_double, DUCKDB_TYPE_DOUBLE},
    {"ingot_to_real", to_real, DUCKDB_TYPE_FLOAT},
    {"ingot_to_date", to_date, DUCKDB_TYPE_DATE},
    {"ingot_to_timestamp", to_timestamp, DUCKDB_TYPE_TIMESTAMP},
    {"ingot_to_timestamptz", to_timestamptz, DUCKDB_TYPE_TIMESTAMP_TZ},
    {"ingot_to_time", to_time, DUCKDB_TYPE_TIME},
    {"ingot_to_uuid", to_uuid, DUCKDB_TYPE_UUID},
    {"ingot_is_json", is_json, DUCKDB_TYPE_BOOLEAN},
};

static void context_free(void *p)
{
    struct cast_context *context = p;
    if (context->c_locale) freelocale(context->c_locale);
    duckdb_free(context);
}

/* Takes `result`. */
static enum rc register_cast(duckdb_connection c, const char *name, duckdb_scalar_function_t function,
                             duckdb_logical_type result, int scale, struct err *e)
{
    struct cast_context *context = duckdb_malloc(sizeof *context);
    bool floating = function == to_double || function == to_real;
    *context = (struct cast_context){scale, floating ? newlocale(LC_ALL_MASK, "C", (locale_t)0) : (locale_t)0};
    duckdb_logical_type text = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
    duckdb_scalar_function f = duckdb_create_scalar_function();
    duckdb_scalar_function_set_name(f, name);
    duckdb_scalar_function_add_parameter(f, text);
    duckdb_scalar_function_set_return_type(f, result);
    duckdb_scalar_function_set_special_handling(f);
    duckdb_scalar_function_set_extra_info(f, context, context_free);
    duckdb_scalar_function_set_function(f, function);
    duckdb_state state = duckdb_register_scalar_function(c, f);
    duckdb_destroy_scalar_function(&f);
    duckdb_destroy_logical_type(&text);
    duckdb_destroy_logical_type(&result);
    return state == DuckDBSuccess ? RC_OK : err_set(e, RC_INTERNAL, "the engine does not take the function %s", name);
}

static enum rc register_decimals(duckdb_connection c, int width, const char *prefix, duckdb_scalar_function_t function,
                                 struct err *e)
{
    for (int scale = 0; scale <= width; scale++) {
        char name[64];
        snprintf(name, sizeof name, "%s%d", prefix, scale);
        duckdb_logical_type type = duckdb_create_decimal_type((uint8_t)width, (uint8_t)scale);
        enum rc rc = register_cast(c, name, function, type, scale, e);
        if (rc != RC_OK) return rc;
    }
    return RC_OK;
}

enum rc cast_register(duckdb_connection c, struct err *e)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        TRY(register_cast(c, functions[i].name, functions[i].function, duckdb_create_logical_type(functions[i].type), 0,
                          e));
    TRY(register_decimals(c, 18, "ingot_to_decimal_", to_decimal, e));
    TRY(register_decimals(c, 38, "ingot_to_wide_decimal_", to_wide_decimal, e));
out:
    return rc;
}
