#include "run/compile.h"

#include "base/json.h"
#include "base/log.h"
#include "base/os.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>

#define CACHE_FORMAT 1
#define CACHE_MAX ((size_t)512 << 20)

/* --- the cache: one JSON line for each statement, keyed by the hash of the SQL text ------------------------------- */

struct cached {
    char key[33];
    json_t *statement;
};
struct cache {
    struct cached *items;
    size_t n;
};

static char *cache_path(struct arena *a, const char *project_dir)
{
    return path_join(a, project_dir, ".ingot/statements.ndjson");
}

static int compare_cached(const void *a, const void *b)
{
    return strcmp(((const struct cached *)a)->key, ((const struct cached *)b)->key);
}

/* A cache that cannot be read is no cache. */
static void cache_read(struct arena *a, const char *project_dir, struct cache *cache)
{
    *cache = (struct cache){0};
    struct str text;
    bool exists;
    if (os_read_file(a, cache_path(a, project_dir), CACHE_MAX, &text, &exists, NULL) != RC_OK || !exists) return;
    char header[64];
    snprintf(header, sizeof header, "{\"ingot\":%d,\"semantics\":%d}\n", CACHE_FORMAT, STATEMENT_SEMANTICS);
    size_t header_length = strlen(header);
    if (text.n < header_length || memcmp(text.p, header, header_length) != 0) return;
    for (const char *line = text.p + header_length, *end = text.p + text.n; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        if (!stop || stop - line < 34) return;
        struct cached *c = ARENA_PUSH(a, cache->items, cache->n);
        memcpy(c->key, line, 32);
        c->key[32] = 0;
        if (json_read(a, (struct str){line + 33, (size_t)(stop - line - 33)}, "cache", &c->statement, NULL) != RC_OK) cache->n--;
        line = stop + 1;
    }
    qsort(cache->items, cache->n, sizeof cache->items[0], compare_cached);
}

static struct statement *cache_find(struct arena *a, const struct cache *cache, struct hash key)
{
    struct cached wanted;
    memcpy(wanted.key, key.hex, sizeof wanted.key);
    const struct cached *c = cache->n ? bsearch(&wanted, cache->items, cache->n, sizeof wanted, compare_cached) : NULL;
    struct statement *s;
    return c && statement_parse_cached(a, c->statement, &s, NULL) == RC_OK ? s : NULL;
}

static void cache_write(struct arena *a, const char *project_dir, const struct compiled *c, const struct hash *keys)
{
    struct buf out;
    buf_init(&out, CACHE_MAX);
    buf_printf(&out, "{\"ingot\":%d,\"semantics\":%d}\n", CACHE_FORMAT, STATEMENT_SEMANTICS);
    for (size_t i = 0; i < c->project->n_tables; i++)
        if (c->statements[i]) buf_printf(&out, "%s %s\n", keys[i].hex, statement_print(a, c->statements[i]));
    struct err e = {0};
    const char *path = cache_path(a, project_dir);
    if (os_mkdirs(path_join(a, project_dir, ".ingot"), &e) != RC_OK || os_write_file(path, buf_str(&out), &e) != RC_OK)
        log_debug("the cache of parsed statements could not be written: %s", e.message);
    buf_release(&out);
}

/* --- statements --------------------------------------------------------------------------------------------------- */

static struct pos position_of(const struct table *t, int64_t offset)
{
    struct pos pos = {.file = t->file, .line = 1, .column = 1};
    for (int64_t i = 0; offset > 0 && i < offset && t->sql[i]; i++) {
        if (t->sql[i] == '\n')
            pos.line++, pos.column = 1;
        else
            pos.column++;
    }
    return pos;
}

static enum rc parse_missing(struct arena *a, struct compiled *c, struct lazy_engine *engine, struct problems *p, struct err *e)
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
    const char **json;
    TRY(engine_parse(a, s, texts, n, &json, e));
    for (size_t k = 0; k < n; k++) {
        const struct table *t = &c->project->tables[which[k]];
        struct err error = {0};
        int64_t offset = -1;
        if (statement_analyze(a, json[k], t->sql, &c->statements[which[k]], &offset, &error) != RC_OK) {
            c->statements[which[k]] = NULL;
            problem_add(p, position_of(t, offset), false, "%s", error.message);
        }
    }
out:
    session_close(s);
    return rc;
}

/* --- fingerprints (RULES.md C 6) ---------------------------------------------------------------------------------- */

static void add_field(struct hash_state *h, const char *name, const char *value)
{
    hash_update(h, name, strlen(name) + 1);
    if (value)
        hash_update(h, value, strlen(value) + 1);
    else
        hash_update(h, "\1", 1);
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

static struct hash fingerprint(const struct table *t, const struct statement *s, const struct target *target)
{
    struct hash_state *h = hash_new();
    add_number(h, "semantics", STATEMENT_SEMANTICS);
    add_names(h, "key", t->key, t->n_key);
    add_field(h, "latest", t->latest);
    add_field(h, "deleted", t->deleted);
    add_names(h, "partition_by", t->partition_by, t->n_partition_by);
    add_contract(h, t);
    if (t->source) {
        add_number(h, "load", t->load);
    }
    if (s) {
        add_field(h, "statement", s->canonical.hex);
        add_field(h, "timezone", target && target->timezone ? target->timezone : "UTC");
        for (size_t i = 0; i < s->n_variables; i++)
            for (size_t k = 0; target && k < target->n_vars; k++)
                if (strcmp(target->vars[k].name, s->variables[i]) == 0) {
                    add_field(h, s->variables[i], target->vars[k].value);
                    add_number(h, "type", target->vars[k].type);
                }
    }
    return hash_finish(h);
}

void compiled_fingerprints(struct compiled *c, const struct target *target)
{
    for (size_t i = 0; i < c->project->n_tables; i++)
        c->fingerprints[i] = fingerprint(&c->project->tables[i], c->statements[i], target);
}

enum rc compile(struct arena *a, const char *project_dir, struct lazy_engine *engine, struct problems *p, struct compiled **ret,
                struct err *e)
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
    struct cache cache;
    cache_read(a, project_dir, &cache);
    size_t models = 0;
    for (size_t i = 0; i < n; i++) {
        const struct table *t = &c->project->tables[i];
        c->names[i] = t->name;
        if (t->source || !t->sql) continue;
        models++;
        keys[i] = hash_bytes(t->sql, strlen(t->sql));
        c->statements[i] = cache_find(a, &cache, keys[i]);
    }
    TRY(parse_missing(a, c, engine, p, e));
    if (c->parsed > 0 || cache.n != models) cache_write(a, project_dir, c, keys);
    size_t before = p->n_errors;
    TRY(dag_build(a, c->project, c->statements, p, &c->dag, e));
    if (p->n_errors > before) c->dag = NULL;
out:
    return rc;
}
