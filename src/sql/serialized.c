/* The engine's JSON in and out.
 *
 * json_serialize_sql writes 2^64-1 for "no location" and unsigned halves of huge integers, which jansson refuses. Such
 * numbers become strings behind MARK on the way in and numbers again on the way out. */
#include "sql/analysis.h"

#include <inttypes.h>
#include <stdio.h>

/* The engine escapes control characters in strings, so this cannot be the beginning of another value but U+0001
 * itself, which is doubled. */
#define MARK "\\u0001"
#define LOWEST_DIGITS 19 /* numbers of fewer digits always fit */

static const char *skip_string(const char *p)
{
    for (p++; *p && *p != '"'; p++)
        if (*p == '\\' && p[1]) p++;
    return *p ? p + 1 : p;
}

/* Copies text, with integers that are beyond int64 as marked strings. */
static void mark_integers(struct buf *out, const char *text)
{
    const char *from = text, *p = text;
    while (*p) {
        if (*p == '"') {
            const char *end = skip_string(p);
            if (strncmp(p + 1, MARK, 6) == 0) { /* double it */
                buf_add(out, from, (size_t)(p + 1 - from));
                buf_add_str(out, MARK);
                from = p + 1;
            }
            p = end;
        } else if (*p >= '0' && *p <= '9') {
            const char *begin = p > text && p[-1] == '-' ? p - 1 : p;
            while (*p >= '0' && *p <= '9') p++;
            size_t digits = (size_t)(p - begin) - (*begin == '-');
            bool real = *p == '.' || *p == 'e' || *p == 'E';
            if (real) {
                while ((*p >= '0' && *p <= '9') || *p == '.' || *p == 'e' || *p == 'E' || *p == '+' || *p == '-') p++;
            } else if (digits > LOWEST_DIGITS ||
                       (digits == LOWEST_DIGITS && strncmp(p - digits, "9223372036854775807", LOWEST_DIGITS) > 0)) {
                buf_add(out, from, (size_t)(begin - from));
                buf_add_str(out, "\"" MARK);
                buf_add(out, begin, (size_t)(p - begin));
                buf_add_char(out, '"');
                from = p;
            }
        } else {
            p++;
        }
    }
    buf_add(out, from, (size_t)(p - from));
}

enum rc serialized_read(struct arena *a, const char *text, json_t **ret, struct err *e)
{
    struct buf marked;
    buf_init(&marked, BUF_DEFAULT_MAX);
    mark_integers(&marked, text);
    enum rc rc = marked.overflow ? err_set(e, RC_PROJECT, "the statement is too large")
                                 : json_read(a, buf_str(&marked), "parsed statement", ret, e);
    buf_release(&marked);
    if (rc == RC_DATA && e && strstr(e->message, "depth"))
        return err_set(e, RC_PROJECT, "the statement is nested too deeply (more than %d levels)", STATEMENT_MAX_DEPTH);
    return rc;
}

static void write_value(struct buf *out, const json_t *v, const struct cut *cuts);

static void write_string(struct buf *out, const json_t *v)
{
    const char *s = json_string_value(v);
    size_t n = json_string_length(v);
    if (n > 1 && s[0] == 1 && s[1] != 1) {
        buf_add(out, s + 1, n - 1);
        return;
    }
    if (n > 1 && s[0] == 1) s++, n--;
    buf_add_json_string(out, s, n);
}

static bool is_cut(const json_t *v, const struct cut *cuts)
{
    for (; cuts; cuts = cuts->next)
        if (cuts->node == v) return true;
    return false;
}

static const char limit_0[] =
    "{\"type\":\"LIMIT_MODIFIER\",\"limit\":{\"class\":\"CONSTANT\",\"type\":\"VALUE_CONSTANT\",\"alias\":"
    "\"\",\"value\":"
    "{\"type\":{\"id\":\"INTEGER\",\"type_info\":null},\"is_null\":false,\"value\":0}},\"offset\":null}";

/* Writes a value; with `key`, that member of it is the text `replacement` instead. */
void serialized_value(struct buf *out, const json_t *v, const char *key, const char *replacement)
{
    bool first = true, found = false;
    if (!key) {
        write_value(out, v, NULL);
        return;
    }
    buf_add_char(out, '{');
    for (void *it = json_object_iter((json_t *)(uintptr_t)v); it;
         it = json_object_iter_next((json_t *)(uintptr_t)v, it)) {
        const char *name = json_object_iter_key(it);
        bool this = strcmp(name, key) == 0;
        found = found || this;
        buf_add_str(out, first ? "" : ",");
        first = false;
        buf_add_json_string(out, name, strlen(name));
        buf_add_char(out, ':');
        if (this) buf_add_json_string(out, replacement, strlen(replacement));
        else write_value(out, json_object_iter_value(it), NULL);
    }
    if (!found) {
        buf_add_str(out, first ? "" : ",");
        buf_add_json_string(out, key, strlen(key));
        buf_add_char(out, ':');
        buf_add_json_string(out, replacement, strlen(replacement));
    }
    buf_add_char(out, '}');
}

/* The modifiers of a branch that is to give nothing: a limit of 0 instead of its own limit. */
static void write_modifiers(struct buf *out, const json_t *modifiers)
{
    size_t i;
    json_t *m;
    buf_add_char(out, '[');
    json_array_foreach(modifiers, i, m)
    {
        if (strncmp(node_string(m, "type"), "LIMIT", 5) == 0) continue;
        write_value(out, m, NULL);
        buf_add_char(out, ',');
    }
    buf_add_str(out, limit_0);
    buf_add_char(out, ']');
}

static void write_object(struct buf *out, const json_t *v, const struct cut *cuts)
{
    bool cut = is_cut(v, cuts), first = true;
    void *it = json_object_iter((json_t *)(uintptr_t)v);
    buf_add_char(out, '{');
    for (; it; it = json_object_iter_next((json_t *)(uintptr_t)v, it)) {
        const char *key = json_object_iter_key(it);
        if (!first) buf_add_char(out, ',');
        first = false;
        buf_add_json_string(out, key, strlen(key));
        buf_add_char(out, ':');
        if (cut && strcmp(key, "modifiers") == 0) write_modifiers(out, json_object_iter_value(it));
        else write_value(out, json_object_iter_value(it), cuts);
    }
    buf_add_char(out, '}');
}

static void write_value(struct buf *out, const json_t *v, const struct cut *cuts)
{
    size_t i;
    json_t *item;
    switch (json_typeof(v)) {
    case JSON_OBJECT: write_object(out, v, cuts); break;
    case JSON_ARRAY:
        buf_add_char(out, '[');
        json_array_foreach(v, i, item)
        {
            if (i) buf_add_char(out, ',');
            write_value(out, item, cuts);
        }
        buf_add_char(out, ']');
        break;
    case JSON_STRING: write_string(out, v); break;
    case JSON_INTEGER: buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(v)); break;
    case JSON_REAL: {
        char text[40];
        snprintf(text, sizeof text, "%.17g", json_real_value(v));
        buf_add_str(out, text);
        if (!strpbrk(text, ".en")) buf_add_str(out, ".0");
        break;
    }
    case JSON_TRUE: buf_add_str(out, "true"); break;
    case JSON_FALSE: buf_add_str(out, "false"); break;
    case JSON_NULL: buf_add_str(out, "null"); break;
    }
}

char *serialized_write(struct arena *a, const json_t *node, const struct cut *cuts)
{
    struct buf *out = buf_new(a, BUF_DEFAULT_MAX);
    buf_add_str(out, "{\"error\":false,\"statements\":[{\"node\":");
    write_value(out, node, cuts);
    buf_add_str(out, ",\"named_param_map\":[]}]}");
    return out->overflow ? NULL : out->p;
}

const char *node_string(const json_t *node, const char *key)
{
    const char *s = json_string_value(json_object_get(node, key));
    return s ? s : "";
}

const char *node_string_at(const json_t *list, size_t i)
{
    const char *s = json_string_value(json_array_get(list, i));
    return s ? s : "";
}

bool node_bool(const json_t *node, const char *key)
{
    return json_is_true(json_object_get(node, key));
}

bool node_is(const json_t *node, const char *key, const char *value)
{
    return strcmp(node_string(node, key), value) == 0;
}

const json_t *node_list(const json_t *node, const char *key)
{
    const json_t *v = json_object_get(node, key);
    return json_is_array(v) ? v : NULL;
}

int64_t node_offset(const json_t *node)
{
    const json_t *v = json_object_get(node, "query_location");
    return json_is_integer(v) ? json_integer_value(v) : -1;
}

int64_t first_offset(const json_t *v, int depth)
{
    if (depth > 50) return -1;
    if (json_is_object(v)) {
        int64_t best = node_offset(v);
        for (void *it = json_object_iter((json_t *)(uintptr_t)v); it;
             it = json_object_iter_next((json_t *)(uintptr_t)v, it)) {
            int64_t o = first_offset(json_object_iter_value(it), depth + 1);
            if (o >= 0 && (best < 0 || o < best)) best = o;
        }
        return best;
    }
    size_t i;
    json_t *item;
    if (json_is_array(v)) json_array_foreach(v, i, item)
        {
            int64_t o = first_offset(item, depth + 1);
            if (o >= 0) return o;
        }
    return -1;
}
