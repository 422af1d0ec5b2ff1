/* Statements in the cache of parsed models: printed as one JSON object and read back with every type checked. */
#include "sql/analysis.h"

#include <inttypes.h>

#define CACHE_FORMAT 1

static void add_text(struct buf *b, const char *key, const char *s)
{
    if (!s) return;
    buf_printf(b, ",\"%s\":", key);
    buf_add_json_string(b, s, strlen(s));
}

static void add_flag(struct buf *b, const char *key, bool v)
{
    if (v) buf_printf(b, ",\"%s\":true", key);
}

static void add_construct(struct buf *b, const char *key, const struct construct *c)
{
    if (!c->what) return;
    buf_printf(b, ",\"%s\":{\"offset\":%" PRId64, key, c->offset);
    add_text(b, "what", c->what);
    buf_add_char(b, '}');
}

static void add_texts(struct buf *b, const char *key, const char *const *items, size_t n)
{
    if (n == 0) return;
    buf_printf(b, ",\"%s\":[", key);
    for (size_t i = 0; i < n; i++) {
        if (i) buf_add_char(b, ',');
        buf_add_json_string(b, items[i], strlen(items[i]));
    }
    buf_add_char(b, ']');
}

static void print_occurrence(struct buf *b, const struct occurrence *o)
{
    buf_printf(b, "{\"offset\":%" PRId64, o->offset);
    add_text(b, "table", o->table);
    add_text(b, "alias", o->alias);
    add_flag(b, "distributes", o->distributes);
    add_flag(b, "in_branch", o->distributes_in_branch);
    add_flag(b, "at_most_one", o->at_most_one);
    add_construct(b, "why_not", &o->why_not);
    if (o->n_unique) buf_add_str(b, ",\"unique\":[");
    for (size_t i = 0; i < o->n_unique; i++) {
        buf_add_str(b, i ? ",{\"at\":0" : "{\"at\":0");
        add_text(b, "table", o->unique[i].table);
        add_texts(b, "columns", o->unique[i].columns, o->unique[i].n_columns);
        buf_add_char(b, '}');
    }
    buf_add_str(b, o->n_unique ? "]}" : "}");
}

static void print_column(struct buf *b, const struct output_column *c)
{
    buf_printf(b, "{\"from\":%d", c->from_occurrence);
    add_text(b, "name", c->name);
    add_flag(b, "star", c->star);
    add_text(b, "star_table", c->star_table);
    add_text(b, "column", c->from_column);
    buf_add_char(b, '}');
}

char *statement_print(struct arena *a, const struct statement *s)
{
    struct buf *b = buf_new(a, BUF_DEFAULT_MAX);
    buf_printf(b, "{\"format\":%d,\"semantics\":%d,\"canonical\":\"%s\"", CACHE_FORMAT, STATEMENT_SEMANTICS, s->canonical.hex);
    add_flag(b, "row_by_row", s->row_by_row);
    add_flag(b, "filters", s->filters);
    add_flag(b, "open_names", s->open_names);
    add_text(b, "input", s->input);
    add_construct(b, "why_not_row_by_row", &s->why_not_row_by_row);
    add_texts(b, "variables", s->variables, s->n_variables);
    add_texts(b, "functions", s->functions, s->n_functions);
    buf_add_str(b, ",\"volatiles\":[");
    for (size_t i = 0; i < s->n_volatiles; i++) {
        buf_printf(b, "%s{\"offset\":%" PRId64, i ? "," : "", s->volatiles[i].offset);
        add_text(b, "what", s->volatiles[i].what);
        buf_add_char(b, '}');
    }
    buf_add_str(b, "],\"occurrences\":[");
    for (size_t i = 0; i < s->n_occurrences; i++) {
        if (i) buf_add_char(b, ',');
        print_occurrence(b, &s->occurrences[i]);
    }
    buf_add_str(b, "],\"columns\":[");
    for (size_t i = 0; i < s->n_columns; i++) {
        if (i) buf_add_char(b, ',');
        print_column(b, &s->columns[i]);
    }
    buf_add_str(b, "]}");
    return b->p;
}

/* --- reading ----------------------------------------------------------------------------------------------------- */

#define WHAT "cached statement"

static enum rc damaged(struct err *e, const char *key)
{
    return err_set(e, RC_DATA, WHAT ": \"%s\" is missing or not what it should be", key);
}

static enum rc read_text(struct arena *a, const json_t *v, const char *key, bool needed, const char **ret, struct err *e)
{
    const char *s = NULL;
    enum rc rc = json_get_string(v, key, WHAT, &s, e);
    if (rc != RC_OK) return rc;
    if (!s && needed) return damaged(e, key);
    *ret = s ? arena_strdup(a, s) : NULL;
    return RC_OK;
}

static enum rc read_construct(struct arena *a, const json_t *v, bool needed, struct construct *ret, struct err *e)
{
    *ret = (struct construct){NULL, -1};
    if (!v && !needed) return RC_OK;
    enum rc rc = read_text(a, v, "what", true, &ret->what, e);
    if (rc == RC_OK) rc = json_get_int(v, "offset", WHAT, &ret->offset, e);
    return rc == RC_OK && ret->offset < -1 ? damaged(e, "offset") : rc;
}

/* An optional array; *ret is NULL where there is none. */
static enum rc read_list(const json_t *v, const char *key, const json_t **ret, struct err *e)
{
    *ret = json_object_get(v, key);
    return *ret && !json_is_array(*ret) ? damaged(e, key) : RC_OK;
}

static enum rc read_texts(struct arena *a, const json_t *v, const char *key, const char ***ret, size_t *ret_n, struct err *e)
{
    const json_t *list;
    json_t *item;
    size_t i;
    enum rc rc = read_list(v, key, &list, e);
    if (rc != RC_OK) return rc;
    json_array_foreach(list, i, item)
    {
        const char *s = json_string_value(item);
        if (!s || strlen(s) != json_string_length(item)) return damaged(e, key);
        *ARENA_PUSH(a, *ret, *ret_n) = arena_strdup(a, s);
    }
    return RC_OK;
}

static enum rc read_unique(struct arena *a, const json_t *v, struct occurrence *o, struct err *e)
{
    const json_t *list;
    json_t *item;
    size_t i;
    enum rc rc;
    TRY(read_list(v, "unique", &list, e));
    json_array_foreach(list, i, item)
    {
        struct unique_need *u = ARENA_PUSH(a, o->unique, o->n_unique);
        *u = (struct unique_need){0};
        TRY(read_text(a, item, "table", true, &u->table, e));
        TRY(read_texts(a, item, "columns", &u->columns, &u->n_columns, e));
        if (u->n_columns == 0) rc = damaged(e, "columns");
        if (rc != RC_OK) goto out;
    }
out:
    return rc;
}

static enum rc read_occurrence(struct arena *a, const json_t *v, struct occurrence *o, struct err *e)
{
    enum rc rc;
    *o = (struct occurrence){.offset = -1};
    TRY(read_text(a, v, "table", true, &o->table, e));
    TRY(read_text(a, v, "alias", false, &o->alias, e));
    TRY(json_get_int(v, "offset", WHAT, &o->offset, e));
    TRY(json_get_bool(v, "distributes", WHAT, &o->distributes, e));
    TRY(json_get_bool(v, "in_branch", WHAT, &o->distributes_in_branch, e));
    TRY(json_get_bool(v, "at_most_one", WHAT, &o->at_most_one, e));
    TRY(read_construct(a, json_object_get(v, "why_not"), !o->distributes, &o->why_not, e));
    TRY(read_unique(a, v, o, e));
    if (o->distributes && !o->distributes_in_branch) rc = damaged(e, "in_branch");
out:
    return rc;
}

static enum rc read_column(struct arena *a, const json_t *v, size_t n_occurrences, struct output_column *c, struct err *e)
{
    enum rc rc;
    int64_t from = -2;
    *c = (struct output_column){.from_occurrence = -1};
    TRY(json_get_int(v, "from", WHAT, &from, e));
    TRY(read_text(a, v, "name", false, &c->name, e));
    TRY(json_get_bool(v, "star", WHAT, &c->star, e));
    TRY(read_text(a, v, "star_table", false, &c->star_table, e));
    TRY(read_text(a, v, "column", from >= 0, &c->from_column, e));
    if (from < -1 || from >= (int64_t)n_occurrences) rc = damaged(e, "from");
    c->from_occurrence = (int)from;
out:
    return rc;
}

static enum rc read_lists(struct arena *a, const json_t *cached, struct statement *s, struct err *e)
{
    const json_t *volatiles, *occurrences, *columns;
    json_t *item;
    size_t i;
    enum rc rc;
    TRY(read_list(cached, "volatiles", &volatiles, e));
    TRY(read_list(cached, "occurrences", &occurrences, e));
    TRY(read_list(cached, "columns", &columns, e));
    if (!volatiles || !occurrences || !columns) return damaged(e, "columns");
    json_array_foreach(volatiles, i, item) TRY(read_construct(a, item, true, ARENA_PUSH(a, s->volatiles, s->n_volatiles), e));
    json_array_foreach(occurrences, i, item) TRY(read_occurrence(a, item, ARENA_PUSH(a, s->occurrences, s->n_occurrences), e));
    json_array_foreach(columns, i, item) TRY(read_column(a, item, s->n_occurrences, ARENA_PUSH(a, s->columns, s->n_columns), e));
out:
    return rc;
}

static bool is_hash(const char *s)
{
    return s && strlen(s) == 32 && strspn(s, "0123456789abcdef") == 32;
}

enum rc statement_parse_cached(struct arena *a, const json_t *cached, struct statement **ret, struct err *e)
{
    struct statement *s = ARENA_NEW(a, struct statement);
    int64_t format = 0, semantics = 0;
    const char *canonical = NULL;
    enum rc rc;
    TRY(json_get_int(cached, "format", WHAT, &format, e));
    TRY(json_get_int(cached, "semantics", WHAT, &semantics, e));
    if (format != CACHE_FORMAT || semantics != STATEMENT_SEMANTICS) return damaged(e, "format");
    TRY(read_text(a, cached, "canonical", true, &canonical, e));
    if (!is_hash(canonical)) return damaged(e, "canonical");
    memcpy(s->canonical.hex, canonical, sizeof s->canonical.hex);
    TRY(json_get_bool(cached, "row_by_row", WHAT, &s->row_by_row, e));
    TRY(json_get_bool(cached, "filters", WHAT, &s->filters, e));
    TRY(json_get_bool(cached, "open_names", WHAT, &s->open_names, e));
    TRY(read_text(a, cached, "input", s->row_by_row, &s->input, e));
    TRY(read_construct(a, json_object_get(cached, "why_not_row_by_row"), !s->row_by_row, &s->why_not_row_by_row, e));
    TRY(read_texts(a, cached, "variables", &s->variables, &s->n_variables, e));
    TRY(read_texts(a, cached, "functions", &s->functions, &s->n_functions, e));
    TRY(read_lists(a, cached, s, e));
    if (s->row_by_row && s->n_occurrences != 1) return damaged(e, "row_by_row");
    *ret = s;
out:
    return rc;
}
