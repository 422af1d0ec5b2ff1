/* The engine's types and the lake's, both ways. Type texts are parsed by recursive descent:
 *
 *     type    = ( scalar | "STRUCT(" name type {"," name type} ")" | "MAP(" type "," type ")" ) { "[" [number] "]" }
 *     scalar  = words [ "(" anything ")" ]                        DECIMAL(12,2), TIMESTAMP WITH TIME ZONE, ENUM('a')
 *     name    = word | '"' … '"' */
#include "base/json.h"
#include "base/text.h"
#include "engine/types.h"

#include <stdlib.h>

#define DEPTH_MAX 64

/* Several names for one type: the engine's own, and the words that a contract may use. `cast`: what Parquet gets
 * instead, NULL if the type goes as it is. */
static const struct {
    const char *engine, *delta, *cast;
} scalars[] = {
    {"BOOLEAN", "boolean", NULL},
    {"TINYINT", "byte", NULL},
    {"SMALLINT", "short", NULL},
    {"INTEGER", "integer", NULL},
    {"BIGINT", "long", NULL},
    {"FLOAT", "float", NULL},
    {"DOUBLE", "double", NULL},
    {"VARCHAR", "string", NULL},
    {"BLOB", "binary", NULL},
    {"DATE", "date", NULL},
    {"TIMESTAMP", "timestamp_ntz", NULL},
    {"TIMESTAMP WITH TIME ZONE", "timestamp", NULL},
    /* other names of the above; delta to engine finds the first row of a type */
    {"BOOL", "boolean", NULL},
    {"LOGICAL", "boolean", NULL},
    {"INT1", "byte", NULL},
    {"INT2", "short", NULL},
    {"INT16", "short", NULL},
    {"SHORT", "short", NULL},
    {"INT", "integer", NULL},
    {"INT4", "integer", NULL},
    {"INT32", "integer", NULL},
    {"SIGNED", "integer", NULL},
    {"INT8", "long", NULL},
    {"INT64", "long", NULL},
    {"LONG", "long", NULL},
    {"OID", "long", NULL},
    {"FLOAT4", "float", NULL},
    {"REAL", "float", NULL},
    {"FLOAT8", "double", NULL},
    {"DOUBLE PRECISION", "double", NULL},
    {"TEXT", "string", NULL},
    {"STRING", "string", NULL},
    {"CHAR", "string", NULL},
    {"BPCHAR", "string", NULL},
    {"CHARACTER VARYING", "string", NULL},
    {"NVARCHAR", "string", NULL},
    {"BYTEA", "binary", NULL},
    {"BINARY", "binary", NULL},
    {"VARBINARY", "binary", NULL},
    {"DATETIME", "timestamp_ntz", NULL},
    {"TIMESTAMP WITHOUT TIME ZONE", "timestamp_ntz", NULL},
    {"TIMESTAMP_US", "timestamp_ntz", NULL},
    {"TIMESTAMPTZ", "timestamp", NULL},
    /* types that the lake has not */
    {"UTINYINT", "short", "SMALLINT"},
    {"UINT8", "short", "SMALLINT"},
    {"USMALLINT", "integer", "INTEGER"},
    {"UINT16", "integer", "INTEGER"},
    {"UINTEGER", "long", "BIGINT"},
    {"UINT32", "long", "BIGINT"},
    {"UBIGINT", "decimal(20,0)", "DECIMAL(20,0)"},
    {"UINT64", "decimal(20,0)", "DECIMAL(20,0)"},
    {"HUGEINT", "decimal(38,0)", "DECIMAL(38,0)"},
    {"INT128", "decimal(38,0)", "DECIMAL(38,0)"},
    {"UHUGEINT", "decimal(38,0)", "DECIMAL(38,0)"},
    {"UINT128", "decimal(38,0)", "DECIMAL(38,0)"},
    {"TIMESTAMP_S", "timestamp_ntz", "TIMESTAMP"},
    {"TIMESTAMP_MS", "timestamp_ntz", "TIMESTAMP"},
    {"TIMESTAMP_NS", "timestamp_ntz", "TIMESTAMP"},
    {"TIME", "string", "VARCHAR"},
    {"TIME_NS", "string", "VARCHAR"},
    {"TIME WITH TIME ZONE", "string", "VARCHAR"},
    {"TIMETZ", "string", "VARCHAR"},
    {"INTERVAL", "string", "VARCHAR"},
    {"UUID", "string", "VARCHAR"},
    {"GUID", "string", "VARCHAR"},
    {"JSON", "string", "VARCHAR"},
    {"BIT", "string", "VARCHAR"},
    {"BITSTRING", "string", "VARCHAR"},
    {"BIGNUM", "string", "VARCHAR"},
    {"VARINT", "string", "VARCHAR"},
    {"ENUM", "string", "VARCHAR"},
    {"UNION", "string", "VARCHAR"},
    {"VARIANT", "string", "VARCHAR"},
    {"GEOMETRY", "string", "VARCHAR"},
    {"NULL", "string", "VARCHAR"},
};
#define N_SCALARS (sizeof scalars / sizeof *scalars)

struct parser {
    struct arena *arena;
    const char *p;
    int depth;
    bool changed; /* some part needs a cast */
};
/* What a type is in the log (JSON: with quotes if a string) and in the engine after the cast. */
struct parsed {
    char *json, *engine;
    bool nested;
};

static bool parse_type(struct parser *p, struct parsed *ret);

static void skip_spaces(struct parser *p)
{
    while (is_space(*p->p)) p->p++;
}

static bool accept(struct parser *p, char c)
{
    skip_spaces(p);
    if (*p->p != c) return false;
    p->p++;
    return true;
}

/* A field's name, unquoted. */
static char *parse_name(struct parser *p)
{
    struct buf *b = buf_new(p->arena, BUF_DEFAULT_MAX);
    skip_spaces(p);
    if (*p->p == '"') {
        for (p->p++; *p->p && (*p->p != '"' || p->p[1] == '"'); p->p++) {
            if (*p->p == '"') p->p++;
            buf_add_char(b, *p->p);
        }
        if (*p->p) p->p++;
    } else {
        while (is_name_char(*p->p) || (unsigned char)*p->p >= 0x80) buf_add_char(b, *p->p++);
    }
    return b->p;
}

/* Behind '(': everything up to the ')' that closes it; quotes are respected. NULL if nothing closes it. */
static char *parse_arguments(struct parser *p)
{
    const char *from = p->p;
    int open = 1;
    for (char quote = 0; *p->p; p->p++) {
        if (quote) {
            if (*p->p == quote) quote = 0;
        } else if (*p->p == '\'' || *p->p == '"') {
            quote = *p->p;
        } else if (*p->p == '(') {
            open++;
        } else if (*p->p == ')' && --open == 0) {
            break;
        }
    }
    if (!*p->p) return NULL;
    return arena_strndup(p->arena, from, (size_t)(p->p++ - from));
}

static bool parse_decimal(struct parser *p, const char *arguments, struct parsed *ret)
{
    long precision = 18, scale = 3; /* the engine's own for a plain DECIMAL */
    if (arguments) {
        char *end;
        precision = strtol(arguments, &end, 10);
        while (is_space(*end)) end++;
        scale = *end == ',' ? strtol(end + 1, &end, 10) : 0;
        while (is_space(*end)) end++;
        if (*end) return false;
    }
    if (precision < 1 || precision > 38 || scale < 0 || scale > precision) return false;
    ret->json = arena_printf(p->arena, "\"decimal(%ld,%ld)\"", precision, scale);
    ret->engine = arena_printf(p->arena, "DECIMAL(%ld,%ld)", precision, scale);
    return true;
}

/* One or more words, upper-cased, with one space between. */
static char *parse_words(struct parser *p)
{
    struct buf *b = buf_new(p->arena, BUF_DEFAULT_MAX);
    if (accept(p, '"')) { /* the engine writes "NULL" so */
        while (is_name_char(*p->p)) buf_add_char(b, *p->p++);
        return accept(p, '"') ? b->p : b->p + b->n;
    }
    for (skip_spaces(p); is_name_char(*p->p); skip_spaces(p)) {
        if (b->n) buf_add_char(b, ' ');
        for (; is_name_char(*p->p); p->p++) buf_add_char(b, *p->p >= 'a' && *p->p <= 'z' ? (char)(*p->p - 32) : *p->p);
    }
    return b->p;
}

static bool parse_scalar(struct parser *p, const char *words, struct parsed *ret)
{
    const char *arguments = NULL;
    if (accept(p, '(') && !(arguments = parse_arguments(p))) return false;
    if (strcmp(words, "DECIMAL") == 0 || strcmp(words, "NUMERIC") == 0 || strcmp(words, "DEC") == 0)
        return parse_decimal(p, arguments, ret);
    const char *more = parse_words(p); /* TIMESTAMP(6) WITH TIME ZONE */
    if (*more) words = arena_printf(p->arena, "%s %s", words, more);
    for (size_t i = 0; i < N_SCALARS; i++) {
        if (strcmp(words, scalars[i].engine) != 0) continue;
        bool other_name = false;
        for (size_t k = 0; k < i && !other_name; k++)
            if (strcmp(scalars[k].delta, scalars[i].delta) == 0) {
                ret->engine = arena_strdup(p->arena, scalars[k].engine);
                other_name = true;
            }
        if (scalars[i].cast) {
            p->changed = true;
            ret->engine = arena_strdup(p->arena, scalars[i].cast);
        } else if (!other_name) {
            ret->engine = arena_strdup(p->arena, scalars[i].engine);
        }
        ret->json = arena_printf(p->arena, "\"%s\"", scalars[i].delta);
        return true;
    }
    return false;
}

static bool parse_struct(struct parser *p, struct parsed *ret)
{
    struct buf *json = buf_new(p->arena, BUF_DEFAULT_MAX), *engine = buf_new(p->arena, BUF_DEFAULT_MAX);
    buf_add_str(json, "{\"type\":\"struct\",\"fields\":[");
    buf_add_str(engine, "STRUCT(");
    bool first = true;
    do {
        const char *name = parse_name(p);
        struct parsed field = {0};
        if (!*name || !parse_type(p, &field)) return false;
        if (!first) buf_add_str(json, ","), buf_add_str(engine, ", ");
        first = false;
        buf_add_str(json, "{\"name\":");
        buf_add_json_string(json, name, strlen(name));
        buf_printf(json, ",\"type\":%s,\"nullable\":true,\"metadata\":{}}", field.json);
        buf_add_sql_name(engine, name);
        buf_printf(engine, " %s", field.engine);
    } while (accept(p, ','));
    buf_add_str(json, "]}");
    buf_add_char(engine, ')');
    *ret = (struct parsed){json->p, engine->p, true};
    return accept(p, ')');
}

static bool parse_map(struct parser *p, struct parsed *ret)
{
    struct parsed key = {0}, value = {0};
    if (!parse_type(p, &key) || !accept(p, ',') || !parse_type(p, &value) || !accept(p, ')')) return false;
    ret->json = arena_printf(p->arena, "{\"type\":\"map\",\"keyType\":%s,\"valueType\":%s,\"valueContainsNull\":true}",
                             key.json, value.json);
    ret->engine = arena_printf(p->arena, "MAP(%s, %s)", key.engine, value.engine);
    ret->nested = true;
    return true;
}

static bool parse_type(struct parser *p, struct parsed *ret)
{
    if (++p->depth > DEPTH_MAX) return false;
    const char *words = parse_words(p);
    bool ok;
    if (strcmp(words, "STRUCT") == 0 || strcmp(words, "ROW") == 0) ok = accept(p, '(') && parse_struct(p, ret);
    else if (strcmp(words, "MAP") == 0) ok = accept(p, '(') && parse_map(p, ret);
    else ok = *words && parse_scalar(p, words, ret);
    while (ok && accept(p, '[')) {
        skip_spaces(p);
        if (is_digit(*p->p)) p->changed = true; /* Parquet has no arrays of fixed length */
        while (is_digit(*p->p)) p->p++;
        ok = accept(p, ']');
        ret->json = arena_printf(p->arena, "{\"type\":\"array\",\"elementType\":%s,\"containsNull\":true}", ret->json);
        ret->engine = arena_printf(p->arena, "%s[]", ret->engine);
        ret->nested = true;
    }
    p->depth--;
    return ok;
}

enum rc engine_delta_type(struct arena *a, const char *engine_type, struct described_column *ret, struct err *e)
{
    struct parser p = {.arena = a, .p = engine_type};
    struct parsed t = {0};
    bool ok = parse_type(&p, &t);
    skip_spaces(&p);
    if (!ok || *p.p) return err_set(e, RC_PROJECT, "%s: the lake has no such type", engine_type);
    ret->nested = t.nested;
    ret->delta_type = t.nested ? t.json : arena_strndup(a, t.json + 1, strlen(t.json) - 2);
    ret->type = arena_strdup(a, engine_type);
    ret->cast_to = p.changed ? t.engine : NULL;
    return RC_OK;
}

static char *engine_type_of_json(struct arena *a, const json_t *type, int depth);

static char *engine_struct(struct arena *a, const json_t *fields, int depth)
{
    struct buf *b = buf_new(a, BUF_DEFAULT_MAX);
    size_t i;
    json_t *field;
    buf_add_str(b, "STRUCT(");
    json_array_foreach(fields, i, field)
    {
        const char *name = json_string_value(json_object_get(field, "name"));
        if (i) buf_add_str(b, ", ");
        buf_add_sql_name(b, name ? name : "");
        buf_printf(b, " %s", engine_type_of_json(a, json_object_get(field, "type"), depth));
    }
    buf_add_char(b, ')');
    return b->p;
}

static char *engine_type_of_json(struct arena *a, const json_t *type, int depth)
{
    if (json_is_string(type)) return engine_type_of_delta(a, json_string_value(type));
    const char *kind = json_string_value(json_object_get(type, "type"));
    if (!kind || depth > DEPTH_MAX) return arena_strdup(a, "VARCHAR");
    if (strcmp(kind, "struct") == 0) return engine_struct(a, json_object_get(type, "fields"), depth + 1);
    if (strcmp(kind, "array") == 0)
        return arena_printf(a, "%s[]", engine_type_of_json(a, json_object_get(type, "elementType"), depth + 1));
    if (strcmp(kind, "map") == 0)
        return arena_printf(a, "MAP(%s, %s)", engine_type_of_json(a, json_object_get(type, "keyType"), depth + 1),
                            engine_type_of_json(a, json_object_get(type, "valueType"), depth + 1));
    return arena_strdup(a, "VARCHAR");
}

char *engine_type_of_delta(struct arena *a, const char *delta_type)
{
    json_t *json = NULL;
    if (*delta_type == '{' && json_read(a, str_of(delta_type), "type", &json, NULL) == RC_OK)
        return engine_type_of_json(a, json, 0);
    if (strncmp(delta_type, "decimal(", 8) == 0) return arena_printf(a, "DECIMAL%s", delta_type + 7);
    for (size_t i = 0; i < N_SCALARS; i++)
        if (strcmp(delta_type, scalars[i].delta) == 0) return arena_strdup(a, scalars[i].engine);
    return arena_strdup(a, "VARCHAR");
}

/* The texts of types whose name alone says all. */
static const char *const type_names[] = {
    [DUCKDB_TYPE_BOOLEAN] = "BOOLEAN",
    [DUCKDB_TYPE_TINYINT] = "TINYINT",
    [DUCKDB_TYPE_SMALLINT] = "SMALLINT",
    [DUCKDB_TYPE_INTEGER] = "INTEGER",
    [DUCKDB_TYPE_BIGINT] = "BIGINT",
    [DUCKDB_TYPE_UTINYINT] = "UTINYINT",
    [DUCKDB_TYPE_USMALLINT] = "USMALLINT",
    [DUCKDB_TYPE_UINTEGER] = "UINTEGER",
    [DUCKDB_TYPE_UBIGINT] = "UBIGINT",
    [DUCKDB_TYPE_FLOAT] = "FLOAT",
    [DUCKDB_TYPE_DOUBLE] = "DOUBLE",
    [DUCKDB_TYPE_TIMESTAMP] = "TIMESTAMP",
    [DUCKDB_TYPE_DATE] = "DATE",
    [DUCKDB_TYPE_TIME] = "TIME",
    [DUCKDB_TYPE_INTERVAL] = "INTERVAL",
    [DUCKDB_TYPE_HUGEINT] = "HUGEINT",
    [DUCKDB_TYPE_UHUGEINT] = "UHUGEINT",
    [DUCKDB_TYPE_VARCHAR] = "VARCHAR",
    [DUCKDB_TYPE_BLOB] = "BLOB",
    [DUCKDB_TYPE_TIMESTAMP_S] = "TIMESTAMP_S",
    [DUCKDB_TYPE_TIMESTAMP_MS] = "TIMESTAMP_MS",
    [DUCKDB_TYPE_TIMESTAMP_NS] = "TIMESTAMP_NS",
    [DUCKDB_TYPE_UUID] = "UUID",
    [DUCKDB_TYPE_BIT] = "BIT",
    [DUCKDB_TYPE_TIME_TZ] = "TIME WITH TIME ZONE",
    [DUCKDB_TYPE_TIMESTAMP_TZ] = "TIMESTAMP WITH TIME ZONE",
    [DUCKDB_TYPE_BIGNUM] = "BIGNUM",
    [DUCKDB_TYPE_SQLNULL] = "NULL",
    [DUCKDB_TYPE_TIME_NS] = "TIME_NS",
    [DUCKDB_TYPE_ENUM] = "ENUM",
    [DUCKDB_TYPE_UNION] = "UNION",
};

static void add_type(struct buf *b, duckdb_logical_type type);

/* Adds the text of a part and gives the part back. */
static void add_part(struct buf *b, duckdb_logical_type part, const char *after)
{
    add_type(b, part);
    duckdb_destroy_logical_type(&part);
    buf_add_str(b, after);
}

static void add_struct(struct buf *b, duckdb_logical_type type)
{
    buf_add_str(b, "STRUCT(");
    for (idx_t i = 0, n = duckdb_struct_type_child_count(type); i < n; i++) {
        char *name = duckdb_struct_type_child_name(type, i);
        buf_add_sql_name(b, name);
        duckdb_free(name);
        buf_add_char(b, ' ');
        add_part(b, duckdb_struct_type_child_type(type, i), i + 1 < n ? ", " : "");
    }
    buf_add_char(b, ')');
}

static void add_type(struct buf *b, duckdb_logical_type type)
{
    duckdb_type id = duckdb_get_type_id(type);
    char *alias = duckdb_logical_type_get_alias(type);
    bool json = alias && strcmp(alias, "JSON") == 0; /* other aliases are what they stand for */
    if (alias) duckdb_free(alias);
    if (json) {
        buf_add_str(b, "JSON");
        return;
    }
    switch (id) {
    case DUCKDB_TYPE_DECIMAL:
        buf_printf(b, "DECIMAL(%d,%d)", duckdb_decimal_width(type), duckdb_decimal_scale(type));
        return;
    case DUCKDB_TYPE_LIST: add_part(b, duckdb_list_type_child_type(type), "[]"); return;
    case DUCKDB_TYPE_ARRAY:
        add_part(b, duckdb_array_type_child_type(type), "[");
        buf_printf(b, "%llu]", (unsigned long long)duckdb_array_type_array_size(type));
        return;
    case DUCKDB_TYPE_STRUCT: add_struct(b, type); return;
    case DUCKDB_TYPE_MAP:
        buf_add_str(b, "MAP(");
        add_part(b, duckdb_map_type_key_type(type), ", ");
        add_part(b, duckdb_map_type_value_type(type), ")");
        return;
    default: buf_add_str(b, id < sizeof type_names / sizeof *type_names && type_names[id] ? type_names[id] : "VARIANT");
    }
}

char *engine_type_text(struct arena *a, duckdb_logical_type type)
{
    struct buf *b = buf_new(a, BUF_DEFAULT_MAX);
    add_type(b, type);
    return b->p;
}
