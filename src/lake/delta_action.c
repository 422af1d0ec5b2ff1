#include "lake/delta_action.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

static enum rc wrong(struct err *e, const char *what, const char *key, const char *expected)
{
    return err_set(e, RC_DATA, "%s: '%s' is not %s; the log is damaged", what, key, expected);
}

enum rc action_string(struct arena *a, const json_t *object, const char *key, const char *what, bool required,
                      const char **ret, struct err *e)
{
    const json_t *value = json_object_get(object, key);
    if (!value || json_is_null(value))
        return required ? err_set(e, RC_DATA, "%s: '%s' is missing; the log is damaged", what, key) : RC_OK;
    if (!json_is_string(value)) return wrong(e, what, key, "a string");
    *ret = arena_strndup(a, json_string_value(value), json_string_length(value));
    return RC_OK;
}

enum rc action_count(const json_t *object, const char *key, const char *what, int64_t *ret, struct err *e)
{
    const json_t *value = json_object_get(object, key);
    if (!value || json_is_null(value)) return RC_OK;
    if (!json_is_integer(value)) return wrong(e, what, key, "a whole number");
    int64_t n = json_integer_value(value);
    if (n < 0 || n > DELTA_VERSION_MAX)
        return err_set(e, RC_DATA, "%s: '%s' is %lld, which cannot be; the log is damaged", what, key, (long long)n);
    *ret = n;
    return RC_OK;
}

static enum rc action_bool(const json_t *object, const char *key, const char *what, bool *ret, struct err *e)
{
    const json_t *value = json_object_get(object, key);
    if (!value || json_is_null(value)) return RC_OK;
    if (!json_is_boolean(value)) return wrong(e, what, key, "true or false");
    *ret = json_is_true(value);
    return RC_OK;
}

enum rc action_strings(struct arena *a, const json_t *object, const char *key, const char *what, const char ***ret,
                       size_t *ret_n, struct err *e)
{
    const json_t *value = json_object_get(object, key);
    const char **strings = NULL;
    size_t n = 0;
    if (value && !json_is_null(value)) {
        if (!json_is_array(value)) return wrong(e, what, key, "a list of strings");
        for (size_t i = 0; i < json_array_size(value); i++) {
            const json_t *item = json_array_get(value, i);
            if (!json_is_string(item)) return wrong(e, what, key, "a list of strings");
            *ARENA_PUSH(a, strings, n) = arena_strndup(a, json_string_value(item), json_string_length(item));
        }
    }
    *ret = strings;
    *ret_n = n;
    return RC_OK;
}

enum rc action_pairs(struct arena *a, const json_t *object, const char *key, const char *what, struct pair **ret,
                     size_t *ret_n, struct err *e)
{
    const json_t *value = json_object_get(object, key);
    struct pair *pairs = NULL;
    size_t n = 0;
    if (value && !json_is_null(value)) {
        if (!json_is_object(value)) return wrong(e, what, key, "an object of strings");
        void *at = json_object_iter((json_t *)(uintptr_t)value);
        for (; at; at = json_object_iter_next((json_t *)(uintptr_t)value, at)) {
            const json_t *item = json_object_iter_value(at);
            if (!json_is_string(item) && !json_is_null(item)) return wrong(e, what, key, "an object of strings");
            *ARENA_PUSH(a, pairs, n) =
                (struct pair){.key = arena_strdup(a, json_object_iter_key(at)),
                              .value = json_is_null(item) ? NULL : arena_strdup(a, json_string_value(item))};
        }
    }
    *ret = pairs;
    *ret_n = n;
    return RC_OK;
}

bool action_path_absolute(const char *path)
{
    const char *p = path;
    if (*p == '/') return true;
    while (is_name_char(*p) || *p == '+' || *p == '-' || *p == '.') p++;
    return p != path && p[0] == ':' && p[1] == '/';
}

static bool has_dotdot(const char *path)
{
    for (const char *p = path; (p = strstr(p, "..")); p += 2)
        if ((p == path || p[-1] == '/') && (p[2] == 0 || p[2] == '/')) return true;
    return false;
}

/* A path of an add or remove: decoded, and never one that leads out of the table's folder or into its log. */
static enum rc read_path(struct arena *a, const json_t *object, const char *what, const char **ret, struct err *e)
{
    const char *raw = NULL;
    enum rc rc = action_string(a, object, "path", what, true, &raw, e);
    if (rc != RC_OK) return rc;
    const char *path = action_path_absolute(raw) ? raw : percent_decode(a, raw);
    size_t n = strlen(path);
    if (n == 0 || path[n - 1] == '/' || strstr(raw, "%00") || has_dotdot(path) || has_dotdot(percent_decode(a, path)) ||
        (path != raw && action_path_absolute(path)) || strncmp(path, "_delta_log/", 11) == 0)
        return err_set(e, RC_DATA, "%s: the path '%.200s' is not that of a data file of this table; it is refused",
                       what, raw);
    *ret = path;
    return RC_OK;
}

/* deletionVector: its text, its unique id (PROTOCOL.md, "Deletion Vector Descriptor Schema") and how many
 * rows it holds. */
static enum rc read_vector(struct arena *a, const json_t *object, const char *what, const char **ret_text,
                           const char **ret_id, int64_t *ret_deleted, struct err *e)
{
    const json_t *vector = json_object_get(object, "deletionVector");
    const char *type = NULL, *data = NULL;
    int64_t offset = -1, cardinality = -1;
    enum rc rc = RC_OK;
    *ret_id = "";
    if (!vector || json_is_null(vector)) return RC_OK;
    if (!json_is_object(vector)) return wrong(e, what, "deletionVector", "an object");
    TRY(action_string(a, vector, "storageType", what, true, &type, e));
    TRY(action_string(a, vector, "pathOrInlineDv", what, true, &data, e));
    TRY(action_count(vector, "offset", what, &offset, e));
    TRY(action_count(vector, "cardinality", what, &cardinality, e));
    if (cardinality < 0) return wrong(e, what, "deletionVector.cardinality", "there");
    if (strcmp(type, "u") != 0 && strcmp(type, "p") != 0 && strcmp(type, "i") != 0)
        return wrong(e, what, "deletionVector.storageType", "one of u, p, i");
    *ret_text = json_text(a, vector);
    *ret_id =
        offset < 0 ? arena_printf(a, "%s%s", type, data) : arena_printf(a, "%s%s@%lld", type, data, (long long)offset);
    *ret_deleted = cardinality;
out:
    return rc;
}

/* numRecords of stats. Writers put it first, which spares parsing all the bounds; -1 where the stats do not
 * say. */
static enum rc count_records(const json_t *object, const char *stats, const char *what, int64_t *ret, struct err *e)
{
    static const char first[] = "{\"numRecords\":";
    enum rc rc = RC_OK;
    if (!stats) {
        const json_t *parsed = json_object_get(object, "stats_parsed");
        return json_is_object(parsed) ? action_count(parsed, "numRecords", what, ret, e) : RC_OK;
    }
    if (strncmp(stats, first, sizeof first - 1) == 0 && is_digit(stats[sizeof first - 1])) {
        char *end;
        const long long n = strtoll(stats + sizeof first - 1, &end, 10);
        if ((*end == ',' || *end == '}') && n <= DELTA_VERSION_MAX) {
            *ret = n;
            return RC_OK;
        }
    }
    json_t *root = json_loads(stats, JSON_ALLOW_NUL, NULL);
    if (json_is_object(root)) rc = action_count(root, "numRecords", what, ret, e);
    json_decref(root);
    return rc;
}

static enum rc rows_left(const char *what, int64_t deleted, int64_t *records, struct err *e)
{
    if (*records < 0) return RC_OK;
    if (deleted > *records)
        return err_set(e, RC_DATA, "%s: the deletion vector removes %lld of %lld rows; the log is damaged", what,
                       (long long)deleted, (long long)*records);
    *records -= deleted;
    return RC_OK;
}

static enum rc read_add(struct arena *a, const json_t *o, const char *what, struct delta_file *f, struct err *e)
{
    enum rc rc;
    *f = (struct delta_file){.size = -1, .records = -1, .data_change = true};
    TRY(read_path(a, o, what, &f->path, e));
    TRY(action_count(o, "size", what, &f->size, e));
    if (f->size < 0) return wrong(e, what, "size", "there");
    TRY(action_count(o, "modificationTime", what, &f->mtime_ms, e));
    TRY(action_bool(o, "dataChange", what, &f->data_change, e));
    TRY(action_pairs(a, o, "partitionValues", what, &f->partition, &f->n_partition, e));
    TRY(action_string(a, o, "stats", what, false, &f->stats, e));
    TRY(read_vector(a, o, what, &f->deletion_vector, &f->dv_id, &f->deleted, e));
    TRY(count_records(o, f->stats, what, &f->records, e));
    TRY(rows_left(what, f->deleted, &f->records, e));
out:
    return rc;
}

static enum rc read_remove(struct arena *a, const json_t *o, const char *what, struct delta_remove *r, struct err *e)
{
    int64_t deleted = 0;
    const char *stats = NULL;
    enum rc rc;
    *r = (struct delta_remove){.size = -1, .records = -1, .data_change = true};
    TRY(read_path(a, o, what, &r->path, e));
    TRY(action_count(o, "size", what, &r->size, e));
    TRY(action_count(o, "deletionTimestamp", what, &r->deletion_ms, e));
    TRY(action_bool(o, "dataChange", what, &r->data_change, e));
    TRY(action_pairs(a, o, "partitionValues", what, &r->partition, &r->n_partition, e));
    TRY(action_string(a, o, "stats", what, false, &stats, e));
    TRY(read_vector(a, o, what, &r->deletion_vector, &r->dv_id, &deleted, e));
    TRY(count_records(o, stats, what, &r->records, e));
    TRY(rows_left(what, deleted, &r->records, e));
out:
    return rc;
}

static enum rc read_txn(struct arena *a, const json_t *o, const char *what, struct delta_txn *t, struct err *e)
{
    enum rc rc;
    *t = (struct delta_txn){.version = -1};
    TRY(action_string(a, o, "appId", what, true, &t->app_id, e));
    const json_t *version = json_object_get(o, "version");
    if (!json_is_integer(version)) return wrong(e, what, "txn.version", "a whole number");
    t->version = json_integer_value(version); /* other writers number as they like */
    TRY(action_count(o, "lastUpdated", what, &t->updated_ms, e));
out:
    return rc;
}

/* The inner object as it stands in the line where that is all there is, else printed anew. */
static const char *inner_text(struct arena *a, struct str line, const char *name, const json_t *root,
                              const json_t *body)
{
    size_t n = strlen(name) + 4; /* {"name": */
    line = str_trim(line);
    if (json_object_size(root) == 1 && line.n > n && line.p[n - 1] == ':' && line.p[n - 2] == '"') {
        struct str inner = str_trim((struct str){line.p + n, line.n - n - 1});
        return arena_strndup(a, inner.p, inner.n);
    }
    return json_text(a, body);
}

static const struct {
    const char *name;
    enum action_kind kind;
} kinds[] = {
    {"add", ACTION_ADD},           {"remove", ACTION_REMOVE}, {"metaData", ACTION_METADATA},
    {"protocol", ACTION_PROTOCOL}, {"txn", ACTION_TXN},       {"commitInfo", ACTION_INFO},
};

static enum rc read_body(struct arena *a, enum action_kind kind, const json_t *body, const char *text, const char *what,
                         struct action *ret, struct err *e)
{
    switch (kind) {
    case ACTION_ADD: ret->add.json = text; return RC_OK;
    case ACTION_REMOVE: ret->remove.json = text; return RC_OK;
    case ACTION_TXN: return read_txn(a, body, what, &ret->txn, e);
    default: ret->json = text; return RC_OK;
    }
}

static enum rc read_line(struct action_reader *r, struct str line, const json_t *root, const char *what,
                         struct action *ret, struct err *e)
{
    ret->kind = ACTION_OTHER;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const json_t *body = json_object_get(root, kinds[i].name);
        if (!body || json_is_null(body)) continue;
        if (!json_is_object(body)) return wrong(e, what, kinds[i].name, "an object");
        if (ret->kind != ACTION_OTHER)
            return err_set(e, RC_DATA, "%s: two actions in one line; the log is damaged", what);
        ret->kind = kinds[i].kind;
        enum rc rc = RC_OK;
        if (ret->kind == ACTION_ADD) rc = read_add(r->arena, body, what, &ret->add, e);
        if (ret->kind == ACTION_REMOVE) rc = read_remove(r->arena, body, what, &ret->remove, e);
        if (rc != RC_OK) return rc;
        const char *text = ret->kind == ACTION_TXN ? NULL : inner_text(r->arena, line, kinds[i].name, root, body);
        rc = read_body(r->arena, ret->kind, body, text, what, ret, e);
        if (rc != RC_OK) return rc;
    }
    return RC_OK;
}

enum rc action_next(struct action_reader *r, struct action *ret, bool *ret_more, struct err *e)
{
    struct str line = {0};
    *ret_more = false;
    while (r->rest.n && str_trim(line).n == 0) {
        const char *end = memchr(r->rest.p, '\n', r->rest.n);
        line = (struct str){r->rest.p, end ? (size_t)(end - r->rest.p) : r->rest.n};
        size_t used = line.n + (end ? 1 : 0);
        r->rest = (struct str){r->rest.p + used, r->rest.n - used};
        r->line++;
    }
    if (str_trim(line).n == 0) return RC_OK;
    json_error_t error;
    char what[1024];
    snprintf(what, sizeof what, "%s:%zu", r->what, r->line);
    json_t *root = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, &error);
    if (!root) return err_set(e, RC_DATA, "%s: not a whole JSON action (%s); the log is damaged", what, error.text);
    enum rc rc = RC_OK;
    if (json_is_object(root)) rc = read_line(r, line, root, what, ret, e);
    else rc = err_set(e, RC_DATA, "%s: an action is a JSON object; the log is damaged", what);
    json_decref(root);
    *ret_more = rc == RC_OK;
    return rc;
}
