#include "lake/delta_schema.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

static enum rc bad(struct err *e, const char *what, const char *why)
{
    return err_set(e, RC_DATA, "%s: schemaString %s; the log is damaged", what, why);
}

/* "decimal(p,s)" with 1 <= p <= 38 and 0 <= s <= p. */
static bool decimal_valid(const char *type)
{
    unsigned p = 0, s = 0;
    int used = 0;
    if (sscanf(type, "decimal(%2u,%2u)%n", &p, &s, &used) != 2 || used == 0 || type[used]) return false;
    return p >= 1 && p <= 38 && s <= p;
}

static enum rc read_type(struct arena *a, const json_t *type, const char *what, struct delta_column *c, struct err *e)
{
    if (json_is_object(type)) {
        const char *kind = json_string_value(json_object_get(type, "type"));
        if (!kind || (strcmp(kind, "struct") != 0 && strcmp(kind, "array") != 0 && strcmp(kind, "map") != 0))
            return bad(e, what, arena_printf(a, "has a nested type of no known kind in column '%.200s'", c->name));
        c->type = json_text(a, type);
        c->nested = true;
        return RC_OK;
    }
    const char *name = json_string_value(type);
    if (!name || !*name) return bad(e, what, arena_printf(a, "has no type for column '%.200s'", c->name));
    if (strcmp(name, "decimal") == 0) name = "decimal(10,0)"; /* as Spark reads it */
    if (strncmp(name, "decimal(", 8) == 0 && !decimal_valid(name))
        return bad(e, what, arena_printf(a, "gives column '%.200s' the type '%.100s'", c->name, name));
    c->type = arena_strdup(a, name);
    return RC_OK;
}

static enum rc read_field(struct arena *a, const json_t *field, const char *what, struct delta_column *c, struct err *e)
{
    const json_t *name = json_object_get(field, "name"), *nullable = json_object_get(field, "nullable");
    if (!json_is_string(name) || json_string_length(name) == 0) return bad(e, what, "has a column without a name");
    if (nullable && !json_is_boolean(nullable)) return bad(e, what, "has a 'nullable' that is not true or false");
    *c = (struct delta_column){.name = arena_strdup(a, json_string_value(name)), .nullable = !json_is_false(nullable)};
    const char *comment = json_string_value(json_object_get(json_object_get(field, "metadata"), "comment"));
    if (comment) c->comment = arena_strdup(a, comment);
    return read_type(a, json_object_get(field, "type"), what, c, e);
}

static int by_name(const void *left, const void *right)
{
    return compare_names(*(const char *const *)left, *(const char *const *)right);
}

static enum rc check_names(struct arena *a, const struct delta_column *columns, size_t n, const char *what,
                           struct err *e)
{
    const char **names = ARENA_ARRAY(a, const char *, n);
    for (size_t i = 0; i < n; i++) names[i] = columns[i].name;
    if (n > 1) qsort(names, n, sizeof *names, by_name);
    for (size_t i = 1; i < n; i++)
        if (compare_names(names[i - 1], names[i]) == 0)
            return bad(e, what, arena_printf(a, "has the column '%.200s' twice", names[i]));
    return RC_OK;
}

enum rc schema_read(struct arena *a, const char *schema_string, const char *what, struct delta_column **ret,
                    size_t *ret_n, struct err *e)
{
    json_error_t error;
    struct delta_column *columns = NULL;
    size_t n = 0;
    enum rc rc = RC_OK;
    json_t *root = json_loads(schema_string, 0, &error);
    const json_t *fields = json_object_get(root, "fields");
    const char *type = json_string_value(json_object_get(root, "type"));
    if (!root) rc = bad(e, what, arena_printf(a, "is not valid JSON (%s)", error.text));
    else if (!type || strcmp(type, "struct") != 0 || !json_is_array(fields))
        rc = bad(e, what, "is not a struct with fields");
    for (size_t i = 0; rc == RC_OK && i < json_array_size(fields); i++)
        rc = read_field(a, json_array_get(fields, i), what, ARENA_PUSH(a, columns, n), e);
    json_decref(root);
    if (rc == RC_OK) rc = check_names(a, columns, n, what, e);
    if (rc != RC_OK) return rc;
    *ret = columns;
    *ret_n = n;
    return RC_OK;
}

static const struct {
    const char *key, *feature;
} column_features[] = {
    {"delta.invariants", "invariants"},
    {"delta.generationExpression", "generatedColumns"},
    {"delta.identity.start", "identityColumns"},
    {"delta.identity.step", "identityColumns"},
    {"delta.identity.allowExplicitInsert", "identityColumns"},
};

/* Looks at the fields of a struct, also inside arrays, maps and structs. */
static const char *find_feature(const json_t *type, const char **ret_column)
{
    const json_t *fields = json_object_get(type, "fields");
    for (size_t i = 0; i < json_array_size(fields); i++) {
        const json_t *field = json_array_get(fields, i);
        const json_t *metadata = json_object_get(field, "metadata");
        *ret_column = json_string_value(json_object_get(field, "name"));
        for (size_t j = 0; j < sizeof column_features / sizeof *column_features; j++)
            if (json_object_get(metadata, column_features[j].key)) return column_features[j].feature;
        const char *found = find_feature(json_object_get(field, "type"), ret_column);
        if (found) return found;
    }
    static const char *const inner[] = {"type", "elementType", "keyType", "valueType"};
    for (size_t i = 0; i < sizeof inner / sizeof *inner; i++) {
        const json_t *part = json_object_get(type, inner[i]);
        const char *found = json_is_object(part) ? find_feature(part, ret_column) : NULL;
        if (found) return found;
    }
    return NULL;
}

const char *schema_writer_feature(struct arena *a, const char *schema_string, const char **ret_column)
{
    json_t *root = json_loads(schema_string, 0, NULL);
    const char *column = NULL;
    const char *feature = find_feature(root, &column);
    *ret_column = feature && column ? arena_strdup(a, column) : "?";
    json_decref(root);
    return feature;
}

static void add_column(struct buf *b, const struct delta_column *c)
{
    buf_add_str(b, "{\"name\":");
    buf_add_json_string(b, c->name, strlen(c->name));
    buf_add_str(b, ",\"type\":");
    if (c->nested) buf_add_str(b, c->type);
    else buf_add_json_string(b, c->type, strlen(c->type));
    buf_printf(b, ",\"nullable\":%s,\"metadata\":{", c->nullable ? "true" : "false");
    if (c->comment) {
        buf_add_str(b, "\"comment\":");
        buf_add_json_string(b, c->comment, strlen(c->comment));
    }
    buf_add_str(b, "}}");
}

char *delta_schema_string(struct arena *a, const struct delta_column *columns, size_t n)
{
    struct buf b;
    buf_init(&b, BUF_DEFAULT_MAX);
    buf_add_str(&b, "{\"type\":\"struct\",\"fields\":[");
    for (size_t i = 0; i < n; i++) {
        if (i) buf_add_char(&b, ',');
        add_column(&b, &columns[i]);
    }
    buf_add_str(&b, "]}");
    char *text = arena_strndup(a, b.p, b.n);
    buf_release(&b);
    return text;
}
