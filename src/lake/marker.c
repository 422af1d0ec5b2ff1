/* A marker as text and back (lake_log.h draws it). */
#include "base/json.h"
#include "lake/delta_action.h"
#include "lake/lake_log.h"

#include <stdio.h>
#include <stdlib.h>

const struct marked_table *marker_table(const struct marker *m, const char *name)
{
    size_t low = 0, high = m->n_tables;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int c = strcmp(m->tables[middle].name, name);
        if (c == 0) return &m->tables[middle];
        if (c < 0) low = middle + 1;
        else high = middle;
    }
    return NULL;
}

int64_t marked_input(const struct marked_table *t, const char *input)
{
    for (size_t i = 0; i < t->n_inputs; i++)
        if (strcmp(t->inputs[i].table, input) == 0) return t->inputs[i].version;
    return -1;
}

/* A number of at least -1, where -1 says "none". */
static enum rc number_or_none(const json_t *object, const char *key, const char *what, int64_t *ret, struct err *e)
{
    const json_t *value = json_object_get(object, key);
    if (json_is_integer(value) && json_integer_value(value) == -1) {
        *ret = -1;
        return RC_OK;
    }
    return action_count(object, key, what, ret, e);
}

static int by_input(const void *left, const void *right)
{
    return strcmp(((const struct watermark *)left)->table, ((const struct watermark *)right)->table);
}
static int by_name(const void *left, const void *right)
{
    return strcmp(((const struct marked_table *)left)->name, ((const struct marked_table *)right)->name);
}

static enum rc parse_inputs(struct arena *a, json_t *inputs, const char *what, struct marked_table *t, struct err *e)
{
    const char *key;
    json_t *ignored;
    if (!inputs || json_is_null(inputs)) return RC_OK;
    if (!json_is_object(inputs))
        return err_set(e, RC_DATA, "%s: 'inputs' is not an object; the lake log is damaged", what);
    json_object_foreach(inputs, key, ignored)
    {
        struct watermark *w = ARENA_PUSH(a, t->inputs, t->n_inputs);
        *w = (struct watermark){.table = arena_strdup(a, key), .version = -1};
        enum rc rc = number_or_none(inputs, key, what, &w->version, e);
        if (rc != RC_OK) return rc;
    }
    if (t->n_inputs > 1) qsort(t->inputs, t->n_inputs, sizeof *t->inputs, by_input);
    return RC_OK;
}

static enum rc parse_table(struct arena *a, const char *name, const json_t *o, const char *what, struct marked_table *t,
                           struct err *e)
{
    char place[1024];
    snprintf(place, sizeof place, "%s: table '%.200s'", what, name);
    enum rc rc;
    *t = (struct marked_table){.name = arena_strdup(a, name), .model = "", .version = -1, .side = -1};
    if (!json_is_object(o)) return err_set(e, RC_DATA, "%s is not an object; the lake log is damaged", place);
    TRY(action_string(a, o, "id", place, true, &t->id, e));
    TRY(action_string(a, o, "model", place, false, &t->model, e));
    TRY(action_count(o, "version", place, &t->version, e));
    TRY(number_or_none(o, "side", place, &t->side, e));
    TRY(json_get_bool(o, "held", place, &t->held, e));
    if (t->version < 0) return err_set(e, RC_DATA, "%s: 'version' is missing; the lake log is damaged", place);
    TRY(parse_inputs(a, json_object_get(o, "inputs"), place, t, e));
out:
    return rc;
}

static enum rc parse_root(struct arena *a, const json_t *root, const char *what, struct marker *m, struct err *e)
{
    int64_t format = -1;
    const char *key;
    json_t *value;
    enum rc rc = RC_OK;
    if (!json_is_object(root))
        return err_set(e, RC_DATA, "%s: a marker is a JSON object; the lake log is damaged", what);
    TRY(action_count(root, "format", what, &format, e));
    if (format < 1) return err_set(e, RC_DATA, "%s: 'format' is missing; the lake log is damaged", what);
    if (format > LAKE_LOG_FORMAT)
        return err_set(e, RC_DATA, "%s has format %lld, and this ingot knows formats up to %d: use a newer ingot", what,
                       (long long)format, LAKE_LOG_FORMAT);
    TRY(action_string(a, root, "id", what, true, &m->id, e));
    TRY(action_string(a, root, "run", what, false, &m->run, e));
    TRY(action_count(root, "time", what, &m->time_ms, e));
    json_t *tables = json_object_get(root, "tables");
    if (!json_is_object(tables))
        return err_set(e, RC_DATA, "%s: 'tables' is not an object; the lake log is damaged", what);
    json_object_foreach(tables, key, value)
        TRY(parse_table(a, key, value, what, ARENA_PUSH(a, m->tables, m->n_tables), e));
    if (m->n_tables > 1) qsort(m->tables, m->n_tables, sizeof *m->tables, by_name);
out:
    return rc;
}

enum rc marker_parse(struct arena *a, struct str text, const char *what, struct marker **ret, struct err *e)
{
    json_error_t error;
    struct marker *m = ARENA_NEW(a, struct marker);
    *m = (struct marker){.number = -1, .run = ""};
    json_t *root = json_loadb(text.p ? text.p : "", text.n, JSON_REJECT_DUPLICATES, &error);
    if (!root)
        return err_set(e, RC_DATA, "%s:%d:%d: %s; the lake log is damaged", what, error.line, error.column, error.text);
    enum rc rc = parse_root(a, root, what, m, e);
    json_decref(root);
    if (rc == RC_OK) *ret = m;
    return rc;
}

static void add_string(struct buf *b, const char *s)
{
    buf_add_json_string(b, s ? s : "", s ? strlen(s) : 0);
}

static void print_table(struct buf *b, const struct marked_table *t)
{
    add_string(b, t->name);
    buf_add_str(b, ":{\"id\":");
    add_string(b, t->id);
    buf_printf(b, ",\"version\":%lld,\"model\":", (long long)t->version);
    add_string(b, t->model);
    buf_printf(b, ",\"side\":%lld%s,\"inputs\":{", (long long)t->side, t->held ? ",\"held\":true" : "");
    for (size_t i = 0; i < t->n_inputs; i++) {
        if (i) buf_add_char(b, ',');
        add_string(b, t->inputs[i].table);
        buf_printf(b, ":%lld", (long long)t->inputs[i].version);
    }
    buf_add_str(b, "}}");
}

char *marker_print(struct arena *a, const struct marker *m)
{
    struct buf b;
    buf_init(&b, BUF_DEFAULT_MAX);
    buf_printf(&b, "{\"format\":%d,\"id\":", LAKE_LOG_FORMAT);
    add_string(&b, m->id);
    buf_add_str(&b, ",\"run\":");
    add_string(&b, m->run);
    buf_printf(&b, ",\"time\":%lld,\"tables\":{", (long long)m->time_ms);
    for (size_t i = 0; i < m->n_tables; i++) {
        if (i) buf_add_char(&b, ',');
        print_table(&b, &m->tables[i]);
    }
    buf_add_str(&b, "}}\n");
    char *text = arena_strndup(a, b.p, b.n);
    buf_release(&b);
    return text;
}
