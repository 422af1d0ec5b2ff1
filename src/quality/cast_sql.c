/* The SQL that types a column. */
#include "quality/cast.h"

#include "base/text.h"

#include <string.h>

static const char *const parsers[] = {
    [TYPE_BIGINT] = "ingot_to_bigint",   [TYPE_INTEGER] = "ingot_to_integer", [TYPE_SMALLINT] = "ingot_to_smallint",
    [TYPE_TINYINT] = "ingot_to_tinyint", [TYPE_BOOLEAN] = "ingot_to_boolean", [TYPE_DOUBLE] = "ingot_to_double",
    [TYPE_REAL] = "ingot_to_real",       [TYPE_DATE] = "ingot_to_date",       [TYPE_TIMESTAMP] = "ingot_to_timestamp",
    [TYPE_TIME] = "ingot_to_time",       [TYPE_UUID] = "ingot_to_uuid",
};

/* Every value of the first type is one of the second. */
static const struct {
    const char *from, *to;
} widenings[] = {
    {"TINYINT", "SMALLINT"}, {"TINYINT", "INTEGER"},   {"TINYINT", "BIGINT"},    {"SMALLINT", "INTEGER"},
    {"SMALLINT", "BIGINT"},  {"INTEGER", "BIGINT"},    {"UTINYINT", "SMALLINT"}, {"UTINYINT", "INTEGER"},
    {"UTINYINT", "BIGINT"},  {"USMALLINT", "INTEGER"}, {"USMALLINT", "BIGINT"},  {"UINTEGER", "BIGINT"},
    {"TINYINT", "DOUBLE"},   {"SMALLINT", "DOUBLE"},   {"INTEGER", "DOUBLE"},    {"UINTEGER", "DOUBLE"},
    {"FLOAT", "DOUBLE"},     {"DATE", "TIMESTAMP"},
};

static bool widens(const char *from, const char *to)
{
    for (size_t i = 0; i < sizeof widenings / sizeof *widenings; i++)
        if (strcmp(widenings[i].from, from) == 0 && strcmp(widenings[i].to, to) == 0) return true;
    return false;
}

bool is_text_type(const char *engine_type)
{
    return strcmp(engine_type, "VARCHAR") == 0 || strcmp(engine_type, "JSON") == 0 ||
           strncmp(engine_type, "ENUM(", 5) == 0;
}

static struct cast cast_text(struct arena *a, const struct contract_type *t, const char *input)
{
    switch (t->kind) {
    case TYPE_VARCHAR: return (struct cast){input, false};
    case TYPE_BLOB: return (struct cast){arena_printf(a, "encode(%s)", input), false};
    case TYPE_JSON:
        return (struct cast){arena_printf(a, "CASE WHEN ingot_is_json(%s) THEN %s END", input, input), true};
    case TYPE_TIMESTAMPTZ: /* without an offset: a time in the session's zone, by the engine's calendar */
        return (struct cast){arena_printf(a, "coalesce(ingot_to_timestamptz(%s), CAST(ingot_to_timestamp(%s) AS %s))",
                                          input, input, t->engine),
                             true};
    case TYPE_DECIMAL: {
        bool wide = t->width > 18;
        char *call = arena_printf(a, "ingot_to_%sdecimal_%d(%s)", wide ? "wide_" : "", t->scale, input);
        bool narrower = t->width != 18 && t->width != 38;
        return (struct cast){narrower ? arena_printf(a, "TRY_CAST(%s AS %s)", call, t->engine) : call, true};
    }
    default: return (struct cast){arena_printf(a, "%s(%s)", parsers[t->kind], input), true};
    }
}

static struct cast cast_value(struct arena *a, const struct contract_type *t, const char *from, const char *input,
                              bool lenient)
{
    if (t->kind == TYPE_JSON) return (struct cast){arena_printf(a, "CAST(to_json(%s) AS VARCHAR)", input), false};
    if (t->kind == TYPE_VARCHAR || widens(from, t->engine))
        return (struct cast){arena_printf(a, "CAST(%s AS %s)", input, t->engine), false};
    char *to = arena_printf(a, "TRY_CAST(%s AS %s)", input, t->engine);
    if (lenient) return (struct cast){to, true};
    return (struct cast){
        arena_printf(a, "CASE WHEN TRY_CAST(%s AS %s) IS NOT DISTINCT FROM %s THEN %s END", to, from, input, to), true};
}

struct cast cast_to(struct arena *a, const struct contract_type *type, const char *from, const char *input,
                    bool lenient)
{
    bool text = is_text_type(from);
    if (text && strcmp(from, "VARCHAR") != 0) input = arena_printf(a, "CAST(%s AS VARCHAR)", input);
    if (text && !(lenient && type->kind != TYPE_VARCHAR && type->kind != TYPE_JSON && type->kind != TYPE_BLOB))
        return cast_text(a, type, input);
    if (text) return (struct cast){arena_printf(a, "TRY_CAST(%s AS %s)", input, type->engine), true};
    if (strcmp(from, type->engine) == 0) return (struct cast){input, false};
    return cast_value(a, type, from, input, lenient);
}
