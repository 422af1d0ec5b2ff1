#include "run/compile.h"

#include "base/log.h"
#include "base/os.h"
#include "base/text.h"

#define CACHE_MAX ((size_t)512 << 20)
#define BATCH 1000 /* statements parsed by one query: what the engine holds for them is bounded */

/* --- the cache ---------------------------------------------------------------------------------------------------- */

static char *cache_path(struct arena *a, const char *project_dir)
{
    return path_join(a, project_dir, ".ingot/statements");
}

/* A cache that cannot be read is no cache. */
static void cache_read(struct arena *a, const char *project_dir, struct statement_cache *cache)
{
    struct str text;
    bool exists = false;
    if (os_read_file(a, cache_path(a, project_dir), CACHE_MAX, &text, &exists, NULL) != RC_OK || !exists)
        text = STR("");
    statement_cache_open(text, cache);
}

static void cache_write(struct arena *a, const char *project_dir, const struct compiled *c, const struct hash *keys)
{
    struct buf out;
    struct err e = {0};
    buf_init(&out, CACHE_MAX);
    statement_cache_print(&out, keys, c->statements, c->project->n_tables);
    if (!out.overflow && (os_mkdirs(path_join(a, project_dir, ".ingot"), &e) != RC_OK ||
                          os_write_file(cache_path(a, project_dir), buf_str(&out), &e) != RC_OK))
        log_debug("the cache of parsed statements could not be written: %s", e.message);
    buf_release(&out);
}

/* --- statements --------------------------------------------------------------------------------------------------- */

static struct pos position_of(const struct table *t, int64_t offset)
{
    struct pos pos = {.file = t->file, .line = 1, .column = 1};
    for (int64_t i = 0; offset > 0 && i < offset && t->sql[i]; i++) {
        if (t->sql[i] == '\n') pos.line++, pos.column = 1;
        else pos.column++;
    }
    return pos;
}

/* The engine's JSON and its tree are many times larger than what is found out from them, so this happens in an arena of
 * its own; what stays is the statement as the cache would give it. */
static enum rc analyze(struct arena *a, const struct table *t, const char *json, struct statement **ret,
                       struct problems *p, struct err *e)
{
    struct arena *scratch = arena_new();
    struct err error = {0};
    struct statement *s;
    int64_t offset = -1;
    enum rc rc = RC_OK;
    if (statement_analyze(scratch, json, t->sql, &s, &offset, &error) != RC_OK) {
        problem_add(p, position_of(t, offset), false, "%s", error.message);
    } else {
        struct buf *record = buf_new(scratch, BUF_DEFAULT_MAX);
        statement_print(record, s);
        rc = statement_parse_cached(a, (struct str){arena_strndup(a, record->p, record->n), record->n}, ret, e);
    }
    arena_free(scratch);
    return rc;
}

static enum rc parse_batch(struct arena *a, struct compiled *c, struct session *s, const size_t *which,
                           const char *const *texts, size_t n, struct problems *p, struct err *e)
{
    struct arena *scratch = arena_new();
    const char **json;
    enum rc rc;
    TRY(engine_parse(scratch, s, texts, n, &json, e));
    for (size_t i = 0; i < n; i++)
        TRY(analyze(a, &c->project->tables[which[i]], json[i], &c->statements[which[i]], p, e));
out:
    arena_free(scratch);
    return rc;
}

static enum rc parse_missing(struct arena *a, struct compiled *c, struct lazy_engine *engine, struct problems *p,
                             struct err *e)
{
    enum rc rc;
    size_t n = 0, n_tables = c->project->n_tables;
    size_t *which = ARENA_ARRAY(a, size_t, n_tables);
    const char **texts = ARENA_ARRAY(a, const char *, n_tables);
    for (size_t i = 0; i < n_tables; i++) {
        const struct table *t = &c->project->tables[i];
        if (t->source || c->statements[i] || !t->sql) continue;
        which[n] = i;
        texts[n++] = t->sql;
    }
    c->parsed = n;
    if (n == 0) return RC_OK;
    struct engine *g;
    struct session *s = NULL;
    TRY(lazy_engine_get(engine, &g, e));
    TRY(session_open(g, &s, e));
    for (size_t i = 0; i < n; i += BATCH)
        TRY(parse_batch(a, c, s, which + i, texts + i, n - i < BATCH ? n - i : BATCH, p, e));
out:
    session_close(s);
    return rc;
}

/* --- fingerprints (RULES.md C 6) ---------------------------------------------------------------------------------- */

static void add_field(struct hash_state *h, const char *name, const char *value)
{
    hash_update(h, name, strlen(name) + 1);
    if (value) hash_update(h, value, strlen(value) + 1);
    else hash_update(h, "\1", 1);
}

static void add_number(struct hash_state *h, const char *name, int64_t value)
{
    hash_update(h, name, strlen(name) + 1);
    hash_update(h, &value, sizeof value);
}

static void add_names(struct hash_state *h, const char *name, const char *const *names, size_t n)
{
    add_number(h, name, (int64_t)n);
    for (size_t i = 0; i < n; i++) add_field(h, "", names[i]);
}

static void add_contract(struct hash_state *h, const struct table *t)
{
    for (size_t i = 0; i < t->n_columns; i++) {
        const struct column_contract *c = &t->columns[i];
        add_field(h, "column", c->name);
        add_field(h, "type", c->type);
        add_number(h, "flags", c->not_null + 2 * c->lenient);
        add_field(h, "check", c->check);
    }
    for (size_t i = 0; i < t->n_references; i++) {
        const struct reference *r = &t->references[i];
        add_field(h, "references", r->table);
        add_names(h, "columns", r->columns, r->n_columns);
        add_names(h, "parent", r->parent_columns, r->n_parent_columns);
    }
    for (size_t i = 0; i < t->n_rules; i++) {
        add_field(h, "rule", t->rules[i].name);
        add_field(h, "is", t->rules[i].expression);
        add_number(h, "action", t->rules[i].action);
    }
}

static bool mentions_variables(const char *sql)
{
    return sql && strcasestr(sql, "getvariable");
}

/* Does contract, rule or `deleted` read some variable? Which one is not asked: all of them count then. */
static bool judges_by_variables(const struct table *t)
{
    bool found = mentions_variables(t->deleted);
    for (size_t i = 0; i < t->n_columns && !found; i++) found = mentions_variables(t->columns[i].check);
    for (size_t i = 0; i < t->n_rules && !found; i++) found = mentions_variables(t->rules[i].expression);
    return found;
}

static bool reads_variable(const struct statement *s, const char *name)
{
    for (size_t i = 0; i < s->n_variables; i++)
        if (strcmp(s->variables[i], name) == 0) return true;
    return false;
}

/* The variables of the target that a model reads, by value. */
static enum rc add_variables(struct arena *a, struct hash_state *h, const struct table *t, const struct statement *s,
                             const struct target *target, struct err *e)
{
    bool all = judges_by_variables(t);
    for (size_t k = 0; target && k < target->n_vars; k++) {
        if (!all && !reads_variable(s, target->vars[k].name)) continue;
        const char *value;
        enum rc rc = variable_expand(a, &target->vars[k], &value, e);
        if (rc != RC_OK) return rc;
        add_field(h, target->vars[k].name, value);
        add_number(h, "type", target->vars[k].type);
    }
    return RC_OK;
}

static enum rc fingerprint(struct arena *a, const struct table *t, const struct statement *s,
                           const struct target *target, struct hash *ret, struct err *e)
{
    enum rc rc = RC_OK;
    struct hash_state *h = hash_new();
    add_number(h, "semantics", STATEMENT_SEMANTICS);
    add_names(h, "key", t->key, t->n_key);
    add_field(h, "latest", t->latest);
    add_field(h, "deleted", t->deleted);
    add_names(h, "partition_by", t->partition_by, t->n_partition_by);
    add_contract(h, t);
    if (t->source) add_number(h, "load", t->load);
    if (s) {
        add_field(h, "statement", s->canonical.hex);
        add_field(h, "timezone", target && target->timezone ? target->timezone : "UTC");
        rc = add_variables(a, h, t, s, target, e);
    }
    *ret = hash_finish(h);
    return rc;
}

enum rc compiled_fingerprints(struct arena *a, struct compiled *c, const struct target *target, struct err *e)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; i < c->project->n_tables; i++)
        TRY(fingerprint(a, &c->project->tables[i], c->statements[i], target, &c->fingerprints[i], e));
out:
    return rc;
}

enum rc compile(struct arena *a, const char *project_dir, struct lazy_engine *engine, struct problems *p,
                struct compiled **ret, struct err *e)
{
    enum rc rc;
    struct compiled *c = ARENA_NEW(a, struct compiled);
    *ret = c;
    TRY(project_load(a, project_dir, p, &c->project, e));
    size_t n = c->project->n_tables;
    c->statements = ARENA_ARRAY(a, struct statement *, n);
    c->names = ARENA_ARRAY(a, const char *, n);
    c->fingerprints = ARENA_ARRAY(a, struct hash, n);
    struct hash *keys = ARENA_ARRAY(a, struct hash, n);
    struct statement_cache cache;
    cache_read(a, project_dir, &cache);
    size_t models = 0;
    for (size_t i = 0; i < n; i++) {
        const struct table *t = &c->project->tables[i];
        c->names[i] = t->name;
        if (t->source || !t->sql) continue;
        models++;
        keys[i] = hash_bytes(t->sql, strlen(t->sql));
        c->statements[i] = statement_cache_find(a, &cache, &keys[i]);
    }
    TRY(parse_missing(a, c, engine, p, e));
    if (c->parsed > 0 || cache.n != models) cache_write(a, project_dir, c, keys);
    size_t before = p->n_errors;
    TRY(dag_build(a, c->project, c->statements, p, &c->dag, e));
    if (p->n_errors > before) c->dag = NULL;
out:
    return rc;
}
