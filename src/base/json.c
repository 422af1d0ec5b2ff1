#include "base/json.h"

#include <stdlib.h>

static void release(void *json)
{
    json_decref(json);
}

enum rc json_read(struct arena *a, struct str text, const char *what, json_t **ret, struct err *e)
{
    json_error_t error;
    /* Nesting is bounded by jansson (2,048 levels), which is what keeps hostile input from using up the stack. */
    json_t *root = json_loadb(text.n ? text.p : "", text.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (!root)
        return err_set(e, RC_DATA, "%s:%d:%d: %s", what, error.line > 0 ? error.line : 1,
                       error.column > 0 ? error.column : 1, error.text);
    arena_defer(a, release, root);
    *ret = root;
    return RC_OK;
}

static const char *type_name(const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT: return "an object";
    case JSON_ARRAY: return "an array";
    case JSON_STRING: return "a string";
    case JSON_INTEGER: return "an integer";
    case JSON_REAL: return "a number with a fraction";
    case JSON_TRUE:
    case JSON_FALSE: return "a boolean";
    case JSON_NULL: break;
    }
    return "null";
}

/* Sets *ret to the member, or to NULL if it is missing or null. */
static enum rc member(const json_t *object, const char *key, const char *what, const json_t **ret, struct err *e)
{
    if (!json_is_object(object))
        return err_set(e, RC_DATA, "%s: expected an object with the member \"%s\", found %s", what, key,
                       object ? type_name(object) : "nothing");
    const json_t *v = json_object_get(object, key);
    *ret = v && !json_is_null(v) ? v : NULL;
    return RC_OK;
}

static enum rc wrong_type(const json_t *v, const char *key, const char *what, const char *expected, struct err *e)
{
    return err_set(e, RC_DATA, "%s: \"%s\" must be %s, but is %s", what, key, expected, type_name(v));
}

enum rc json_get_string(const json_t *object, const char *key, const char *what, const char **ret, struct err *e)
{
    const json_t *v;
    enum rc rc = member(object, key, what, &v, e);
    if (rc != RC_OK || !v) return rc;
    if (!json_is_string(v)) return wrong_type(v, key, what, "a string", e);
    const char *s = json_string_value(v);
    if (strlen(s) != json_string_length(v))
        return err_set(e, RC_DATA, "%s: \"%s\" holds the character U+0000, which is not supported here", what, key);
    *ret = s;
    return RC_OK;
}

enum rc json_get_int(const json_t *object, const char *key, const char *what, int64_t *ret, struct err *e)
{
    const json_t *v;
    enum rc rc = member(object, key, what, &v, e);
    if (rc != RC_OK || !v) return rc;
    if (!json_is_integer(v)) return wrong_type(v, key, what, "an integer", e);
    *ret = json_integer_value(v);
    return RC_OK;
}

enum rc json_get_bool(const json_t *object, const char *key, const char *what, bool *ret, struct err *e)
{
    const json_t *v;
    enum rc rc = member(object, key, what, &v, e);
    if (rc != RC_OK || !v) return rc;
    if (!json_is_boolean(v)) return wrong_type(v, key, what, "true or false", e);
    *ret = json_is_true(v);
    return RC_OK;
}

char *json_text(struct arena *a, const json_t *value)
{
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    if (!text) return arena_strdup(a, "null");
    char *out = arena_strdup(a, text);
    free(text);
    return out;
}
