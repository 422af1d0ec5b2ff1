/* The canonical form: the serialized statement without positions, without members that say nothing (null, "", [],
 * false, which the engine writes or leaves out), members in the order of their names, and names of tables, columns and
 * functions in lower case. Aliases of expressions keep their case: they name output columns and fields of structs. */
#include "sql/analysis.h"

#include "base/text.h"

#include <stdio.h>

#define MAX_MEMBERS 64

struct member {
    const char *key;
    const json_t *value;
};

static bool says_nothing(const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_NULL:
    case JSON_FALSE: return true;
    case JSON_STRING: return json_string_length(v) == 0;
    case JSON_ARRAY: return json_array_size(v) == 0;
    default: return false;
    }
}

/* Members whose strings are names, which the engine compares without case. */
static bool is_name_key(const char *key, bool expression)
{
    static const char *const keys[] = {"column_names",  "table_name",   "schema_name",   "catalog_name",
                                       "function_name", "exclude_list", "using_columns", "column_name_alias",
                                       "relation_name", "cte_name",     "key",           "aliases",
                                       "schema",        "catalog",      "unpivot_names"};
    if (strcmp(key, "alias") == 0) return !expression;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (key[0] == keys[i][0] && strcmp(key, keys[i]) == 0) return true;
    return false;
}

static void add_bytes(struct buf *out, char tag, const char *p, size_t n, bool fold)
{
    char head[24];
    int head_length = snprintf(head, sizeof head, "%c%zu:", tag, n);
    buf_add(out, head, (size_t)head_length);
    size_t begin = out->n;
    buf_add(out, p, n);
    if (fold && out->n == begin + n)
        for (size_t i = begin; i < out->n; i++) out->p[i] = to_lower(out->p[i]);
}

static void add_value(struct buf *out, const json_t *v, bool fold);

static size_t sorted_members(const json_t *v, struct member *members)
{
    size_t n = 0;
    for (void *it = json_object_iter((json_t *)(uintptr_t)v); it;
         it = json_object_iter_next((json_t *)(uintptr_t)v, it)) {
        struct member m = {json_object_iter_key(it), json_object_iter_value(it)};
        if (says_nothing(m.value) || strcmp(m.key, "query_location") == 0) continue;
        if (n == MAX_MEMBERS) break; /* the engine's nodes have 20 at most */
        size_t i = n++;
        for (; i > 0 && strcmp(members[i - 1].key, m.key) > 0; i--) members[i] = members[i - 1];
        members[i] = m;
    }
    return n;
}

static void add_object(struct buf *out, const json_t *v)
{
    struct member members[MAX_MEMBERS];
    size_t n = sorted_members(v, members);
    bool expression = json_object_get(v, "class") != NULL;
    buf_add_char(out, '{');
    for (size_t i = 0; i < n; i++) {
        add_bytes(out, 'k', members[i].key, strlen(members[i].key), false);
        add_value(out, members[i].value, is_name_key(members[i].key, expression));
    }
    buf_add_char(out, '}');
}

static void add_value(struct buf *out, const json_t *v, bool fold)
{
    size_t i;
    json_t *item;
    char text[48];
    int n = 0;
    switch (json_typeof(v)) {
    case JSON_OBJECT: add_object(out, v); return;
    case JSON_ARRAY:
        buf_add_char(out, '[');
        json_array_foreach(v, i, item) add_value(out, item, fold);
        buf_add_char(out, ']');
        return;
    case JSON_STRING: add_bytes(out, 's', json_string_value(v), json_string_length(v), fold); return;
    case JSON_INTEGER: n = snprintf(text, sizeof text, "i%" JSON_INTEGER_FORMAT ";", json_integer_value(v)); break;
    case JSON_REAL: n = snprintf(text, sizeof text, "r%.17g;", json_real_value(v)); break;
    case JSON_TRUE: n = snprintf(text, sizeof text, "t"); break;
    case JSON_FALSE: n = snprintf(text, sizeof text, "f"); break;
    case JSON_NULL: n = snprintf(text, sizeof text, "n"); break;
    }
    buf_add(out, text, (size_t)n);
}

struct hash canonical_hash(struct arena *a, const json_t *node)
{
    (void)a;
    struct buf out;
    buf_init(&out, BUF_DEFAULT_MAX);
    buf_printf(&out, "ingot statement %d ", STATEMENT_SEMANTICS);
    add_value(&out, node, false);
    struct hash h = hash_bytes(out.p, out.n);
    buf_release(&out);
    return h;
}
