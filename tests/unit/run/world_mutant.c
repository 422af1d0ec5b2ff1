/* A store around a store that turns the rightly made operations of a run into wrong ones. */
#include "world.h"

#include <stdlib.h>

struct mutant {
    struct storage base;
    struct storage *inner;
    struct world *world;
};

static struct mutant *of(struct storage *s)
{
    return (struct mutant *)s;
}

/* "<table>/_delta_log/<version>.json" -> the table's folder, or NULL. */
static char *table_of_commit(struct arena *a, const char *key)
{
    const char *log = strstr(key, "/_delta_log/");
    return log ? arena_strndup(a, key, (size_t)(log - key)) : NULL;
}

static enum rc rebase(struct mutant *m, struct arena *a, const char *table, struct str bytes, enum put_result *ret,
                      struct err *e)
{
    enum rc rc = RC_OK;
    while (rc == RC_OK && *ret == PUT_TAKEN) {
        int64_t newest = -1;
        rc = delta_newest_version(m->inner, table, -1, &newest, e);
        if (rc == RC_OK) rc = m->inner->ops->put_new(m->inner, delta_commit_key(a, table, newest + 1), bytes, ret, e);
    }
    return rc;
}

/* The marker that the run wants to write, with every table at its newest version. */
static enum rc mark_newest(struct mutant *m, struct arena *a, struct str *bytes, struct err *e)
{
    struct marker *marker;
    enum rc rc = marker_parse(a, *bytes, "a marker", &marker, e);
    for (size_t i = 0; i < marker->n_tables && rc == RC_OK; i++)
        rc = delta_newest_version(m->inner, table_dir(a, marker->tables[i].name), -1, &marker->tables[i].version, e);
    if (rc == RC_OK) *bytes = str_of(marker_print(a, marker));
    return rc;
}

static enum rc mutant_put_new(struct storage *s, const char *key, struct str bytes, enum put_result *ret, struct err *e)
{
    struct mutant *m = of(s);
    struct arena *a = arena_new();
    const char *table = table_of_commit(a, key);
    enum rc rc = RC_OK;
    if (m->world->mutation == MARK_NEWEST && strncmp(key, "_ingot/log/", 11) == 0) rc = mark_newest(m, a, &bytes, e);
    if (rc == RC_OK) rc = m->inner->ops->put_new(m->inner, key, bytes, ret, e);
    if (rc == RC_OK && table && m->world->mutation == REBASE) rc = rebase(m, a, table, bytes, ret, e);
    if (rc == RC_OK && table && m->world->mutation == GUESS_WON && *ret == PUT_UNCLEAR) *ret = PUT_WON;
    arena_free(a);
    return rc;
}

static enum rc mutant_put(struct storage *s, const char *key, struct str bytes, struct err *e)
{
    return of(s)->inner->ops->put(of(s)->inner, key, bytes, e);
}

static enum rc mutant_get(struct storage *s, struct arena *a, const char *key, size_t max, struct str *ret,
                          bool *ret_exists, struct err *e)
{
    return of(s)->inner->ops->get(of(s)->inner, a, key, max, ret, ret_exists, e);
}

static enum rc mutant_list(struct storage *s, struct arena *a, const char *prefix, const char *start_after,
                           struct object **ret, size_t *ret_n, struct err *e)
{
    return of(s)->inner->ops->list(of(s)->inner, a, prefix, start_after, ret, ret_n, e);
}

static enum rc mutant_remove(struct storage *s, const char *key, struct err *e)
{
    return of(s)->inner->ops->remove(of(s)->inner, key, e);
}

static enum rc mutant_url(struct storage *s, struct arena *a, const char *key, char **ret, struct err *e)
{
    return of(s)->inner->ops->url(of(s)->inner, a, key, ret, e);
}

static void mutant_release(struct storage *s)
{
    free(s);
}

struct storage *mutant_storage(struct world *w, struct storage *inner)
{
    static const struct storage_ops ops = {.name = "mutant",
                                           .put_new = mutant_put_new,
                                           .put = mutant_put,
                                           .get = mutant_get,
                                           .list = mutant_list,
                                           .remove = mutant_remove,
                                           .url = mutant_url,
                                           .release = mutant_release};
    struct mutant *m = calloc(1, sizeof *m);
    if (!m) abort();
    *m = (struct mutant){.base = {.ops = &ops, .root = "mutant:"}, .inner = inner, .world = w};
    return &m->base;
}
