#include "run/lake.h"

#include <stdio.h>
#include <stdlib.h>

char *table_dir(struct arena *a, const char *name)
{
    char *dir = arena_strdup(a, name);
    char *dot = strchr(dir, '.');
    if (dot) *dot = '/';
    return dir;
}

struct pinned *lake_table(const struct lake *l, const char *name)
{
    for (size_t i = 0; i < l->n_tables; i++)
        if (strcmp(l->tables[i].name, name) == 0) return &l->tables[i];
    return NULL;
}

int64_t table_watermark(const struct table_version *v, const char *input)
{
    for (size_t i = 0; i < v->n_inputs; i++)
        if (strcmp(v->inputs[i].table, input) == 0) return v->inputs[i].version;
    return -1;
}

enum rc lake_snapshot(struct lake *l, struct pinned *t, struct delta_snapshot **ret, struct err *e)
{
    enum rc rc = RC_OK;
    pthread_mutex_lock(&l->lock);
    if (!t->now.snapshot && t->now.version >= 0)
        rc = delta_load(l->arena, l->storage, t->dir, t->now.version, &l->codec, &t->now.snapshot, e);
    *ret = t->now.snapshot;
    pthread_mutex_unlock(&l->lock);
    return rc;
}

static void from_marker(struct pinned *t, const struct marked_table *m)
{
    t->now = (struct table_version){.version = m->version,
                                    .id = m->id,
                                    .model = m->model,
                                    .side = m->side,
                                    .inputs = m->inputs,
                                    .n_inputs = m->n_inputs};
    t->held = m->held;
}

static int by_id(const void *left, const void *right)
{
    const struct pinned *const *a = left, *const *b = right;
    int c = strcmp((*a)->now.id, (*b)->now.id);
    return c ? c : (*a > *b) - (*a < *b);
}

/* The tables that exist, ordered by their Delta ids; tables of one id (a folder was copied) in their own order. */
static struct pinned **sorted_by_id(struct lake *l, size_t *ret_n)
{
    struct pinned **sorted = ARENA_ARRAY(l->arena, struct pinned *, l->n_tables);
    size_t n = 0;
    for (size_t i = 0; i < l->n_tables; i++)
        if (l->tables[i].now.id) sorted[n++] = &l->tables[i];
    if (n > 1) qsort(sorted, n, sizeof *sorted, by_id);
    *ret_n = n;
    return sorted;
}

/* The log names inputs by their Delta ids; the graph knows them by name. */
static void watermarks_from_txns(struct lake *l, struct table_version *v, struct pinned *const *sorted, size_t n)
{
    const struct delta_snapshot *s = v->snapshot;
    for (size_t i = 0; i < s->n_txns; i++) {
        const char *id = s->txns[i].app_id;
        if (strncmp(id, "ingot/", 6) != 0) continue;
        size_t low = 0, high = n;
        while (low < high) { /* the first that is not less */
            size_t middle = low + (high - low) / 2;
            if (strcmp(sorted[middle]->now.id, id + 6) < 0) low = middle + 1;
            else high = middle;
        }
        for (; low < n && strcmp(sorted[low]->now.id, id + 6) == 0; low++) {
            struct watermark *w = ARENA_PUSH(l->arena, v->inputs, v->n_inputs);
            *w = (struct watermark){.table = sorted[low]->name, .version = s->txns[i].version};
        }
    }
}

static enum rc find_foreign(struct lake *l, struct pinned *t, struct err *e)
{
    int64_t own = delta_txn_version(t->now.snapshot, "ingot/self");
    if (own >= t->now.version) return RC_OK;
    struct delta_changes *changes;
    enum rc rc = delta_changes(l->arena, l->storage, t->dir, own, t->now.version, &changes, e);
    if (rc != RC_OK) return rc;
    t->foreign = changes->gap ? own + 1 : changes->foreign;
    for (size_t i = 0; i < changes->n_commits; i++) {
        const struct delta_commit_info *c = &changes->commits[i];
        if (!c->foreign || !c->operation) continue;
        const json_t *parameters = c->info ? json_object_get(c->info, "operationParameters") : NULL;
        const char *mode = parameters ? json_string_value(json_object_get(parameters, "mode")) : NULL;
        if (strcmp(c->operation, "RESTORE") == 0 || (mode && strcasecmp(mode, "Overwrite") == 0))
            t->foreign_overwrite = true;
    }
    return RC_OK;
}

/* A table that does not stand where the marker says: its own log tells. */
static enum rc from_log(struct lake *l, struct pinned *t, int64_t version, struct err *e)
{
    t->now = (struct table_version){.version = version, .side = -1};
    t->unmarked = true;
    enum rc rc = delta_load(l->arena, l->storage, t->dir, version, &l->codec, &t->now.snapshot, e);
    if (rc != RC_OK) return rc;
    struct delta_snapshot *s = t->now.snapshot;
    if (!s) {
        t->now.version = -1;
        return RC_OK;
    }
    t->now.id = s->table_id;
    t->now.model = delta_configuration(s, "ingot.model");
    t->now.side = delta_txn_version(s, "ingot/side");
    return find_foreign(l, t, e);
}

/* What is wrong with one table's log is that table's failure, not the run's. */
static enum rc from_log_or_damaged(struct lake *l, struct pinned *t, int64_t version, struct err *e)
{
    struct pinned marked = *t;
    struct err error = {0};
    enum rc rc;
    if (version >= 0 && version < marked.now.version)
        rc = err_set(&error, RC_DATA,
                     "%s/_delta_log ends at version %lld, and version %lld was published; restore the log, or remove "
                     "the table with ingot drop",
                     t->dir, (long long)version, (long long)marked.now.version);
    else rc = from_log(l, t, version, &error);
    if (rc == RC_DATA) {
        *t = marked;
        t->damage = ARENA_NEW(l->arena, struct err);
        *t->damage = error;
        return RC_OK;
    }
    if (rc != RC_OK) *e = error;
    return rc;
}

static void destroy_lock(void *lock)
{
    pthread_mutex_destroy(lock);
}

enum rc lake_pin(struct arena *a, struct storage *s, const struct checkpoint_codec *codec, const char *const *names,
                 const bool *selected, size_t n, struct lake **ret, struct err *e)
{
    enum rc rc;
    struct lake *l = ARENA_NEW(a, struct lake);
    *l = (struct lake){.arena = a, .storage = s, .n_tables = n};
    if (codec) l->codec = *codec;
    pthread_mutex_init(&l->lock, NULL);
    arena_defer(a, destroy_lock, &l->lock);
    l->tables = ARENA_ARRAY(a, struct pinned, n);
    TRY(lake_log_newest(a, s, &l->marker, e));
    struct pinned **read = ARENA_ARRAY(a, struct pinned *, n), **sorted = NULL;
    size_t n_read = 0, n_sorted = 0;
    for (size_t i = 0; i < n; i++) {
        struct pinned *t = &l->tables[i];
        *t = (struct pinned){.name = names[i], .dir = table_dir(a, names[i]), .selected = selected[i], .foreign = -1};
        t->now = (struct table_version){.version = -1, .side = -1};
        const struct marked_table *m = marker_table(l->marker, names[i]);
        if (m) from_marker(t, m);
        if (!selected[i]) continue;
        int64_t newest;
        TRY(delta_newest_version(s, t->dir, t->now.version, &newest, e));
        if (newest == t->now.version) continue;
        bool held = t->held;
        TRY(from_log_or_damaged(l, t, newest, e));
        t->held = held;
        if (t->now.snapshot) read[n_read++] = t;
    }
    if (n_read) sorted = sorted_by_id(l, &n_sorted); /* all ids are known now */
    for (size_t i = 0; i < n_read; i++) watermarks_from_txns(l, &read[i]->now, sorted, n_sorted);
    *ret = l;
out:
    return rc;
}
