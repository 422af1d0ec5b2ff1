#include "cmd/vacuum_keep.h"

#include "base/json.h"

#include <stdlib.h>

/* --- a set of names ----------------------------------------------------------------------------------------------- */

void keep_add(struct keep *k, const char *name)
{
    *ARENA_PUSH(k->arena, k->names, k->n) = arena_strdup(k->arena, name);
    k->sorted = false;
}

static int compare(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

bool keep_has(struct keep *k, const char *name)
{
    if (k->n == 0) return false;
    if (!k->sorted) qsort(k->names, k->n, sizeof *k->names, compare);
    k->sorted = true;
    return bsearch(&name, k->names, k->n, sizeof *k->names, compare) != NULL;
}

/* --- the lake ----------------------------------------------------------------------------------------------------- */

static enum rc read_markers(struct lake_state *s, struct err *e)
{
    struct marker *m;
    enum rc rc = lake_log_newest(s->arena, s->workspace->storage, &m, e);
    int64_t newest = rc == RC_OK ? m->number : -1;
    for (int64_t number = newest; number >= 0 && rc == RC_OK; number--) {
        rc = lake_log_read(s->arena, s->workspace->storage, number, -1, &m, e);
        if (rc != RC_OK || !m) break; /* older ones were cleaned up */
        if (newest - number >= s->retention.keep_count && m->time_ms < s->retention.now_ms - s->retention.keep_ms)
            break;
        *ARENA_PUSH(s->arena, s->markers, s->n_markers) = m;
    }
    return rc;
}

static void add_name(struct lake_state *s, const char *name)
{
    for (size_t i = 0; i < s->n_tables; i++)
        if (strcmp(s->names[i], name) == 0) return;
    *ARENA_PUSH(s->arena, s->names, s->n_tables) = name;
}

enum rc lake_state_read(struct arena *a, struct workspace *w, const struct retention *r, struct lake_state **ret,
                        struct err *e)
{
    enum rc rc;
    struct lake_state *s = ARENA_NEW(a, struct lake_state);
    struct checkpoint_codec codec = engine_checkpoint_codec(&w->engine);
    *s = (struct lake_state){.arena = a, .workspace = w, .retention = *r};
    TRY(read_markers(s, e));
    for (size_t i = 0; i < w->compiled->project->n_tables; i++) add_name(s, w->compiled->names[i]);
    for (size_t m = 0; m < s->n_markers; m++)
        for (size_t i = 0; i < s->markers[m]->n_tables; i++) add_name(s, s->markers[m]->tables[i].name);
    s->newest = ARENA_ARRAY(a, struct delta_snapshot *, s->n_tables + 1);
    for (size_t i = 0; i < s->n_tables; i++)
        TRY(delta_load(a, w->storage, table_dir(a, s->names[i]), -1, &codec, &s->newest[i], e));
    *ret = s;
out:
    return rc;
}

const struct delta_snapshot *lake_state_table(const struct lake_state *s, const char *name)
{
    for (size_t i = 0; i < s->n_tables; i++)
        if (strcmp(s->names[i], name) == 0) return s->newest[i];
    return NULL;
}

/* --- versions that somebody may read ------------------------------------------------------------------------------ */

struct versions {
    struct arena *arena;
    int64_t *items;
    size_t n;
};

static void add_version(struct versions *v, int64_t version)
{
    for (size_t i = 0; i < v->n; i++)
        if (v->items[i] == version) return;
    *ARENA_PUSH(v->arena, v->items, v->n) = version;
}

/* Up to which versions the tables downstream have read: by their own logs and by all retained markers (which a rollback
 * may bring back). */
static void add_watermarks(const struct lake_state *s, const char *name, struct versions *v)
{
    const struct delta_snapshot *table = lake_state_table(s, name);
    for (size_t i = 0; i < s->n_tables; i++) {
        for (size_t k = 0; s->newest[i] && k < s->newest[i]->n_txns; k++) {
            const struct delta_txn *t = &s->newest[i]->txns[k];
            if (strncmp(t->app_id, "ingot/", 6) == 0 && strcmp(t->app_id + 6, table->table_id) == 0)
                add_version(v, t->version);
        }
    }
    for (size_t m = 0; m < s->n_markers; m++) {
        const struct marked_table *marked = marker_table(s->markers[m], name);
        if (!marked || strcmp(marked->id, table->table_id) != 0) continue; /* a table of that name that was dropped */
        for (size_t i = 0; i < s->markers[m]->n_tables; i++) {
            int64_t w = marked_input(&s->markers[m]->tables[i], name);
            if (w >= 0) add_version(v, w);
        }
    }
}

int64_t lowest_watermark(const struct lake_state *s, const char *name)
{
    struct versions v = {.arena = s->arena};
    int64_t lowest = -1;
    if (lake_state_table(s, name)) add_watermarks(s, name, &v);
    for (size_t i = 0; i < v.n; i++)
        if (lowest < 0 || v.items[i] < lowest) lowest = v.items[i];
    return lowest;
}

static void add_marked(const struct lake_state *s, const char *name, const char *id, struct versions *v)
{
    for (size_t m = 0; m < s->n_markers; m++) {
        const struct marked_table *t = marker_table(s->markers[m], name);
        if (t && strcmp(t->id, id) == 0) add_version(v, t->version);
    }
}

static void keep_live(struct keep *k, const struct delta_snapshot *s)
{
    for (size_t i = 0; i < s->n_files; i++) keep_add(k, s->files[i].path);
}

static void keep_late_tombstones(struct keep *k, const struct delta_snapshot *s, const struct retention *r)
{
    for (size_t i = 0; i < s->n_removes; i++)
        if (s->removes[i].deletion_ms > r->now_ms - r->older_than_ms) keep_add(k, s->removes[i].path);
}

/* The oldest version that the log can still tell: 0 if its first commit is there, else the oldest checkpoint's. */
static enum rc oldest_version(struct lake_state *s, const char *dir, int64_t *ret, struct err *e)
{
    struct object *objects = NULL;
    size_t n = 0;
    const char *prefix = arena_printf(s->arena, "%s/_delta_log/", dir);
    enum rc rc = s->workspace->storage->ops->list(s->workspace->storage, s->arena, prefix, NULL, &objects, &n, e);
    int64_t oldest = -1;
    for (size_t i = 0; i < n && rc == RC_OK; i++) {
        const char *file = objects[i].key + strlen(prefix);
        size_t digits = strspn(file, "0123456789");
        if (digits != 20) continue;
        int64_t version = strtoll(file, NULL, 10);
        bool starts = (version == 0 && strcmp(file + digits, ".json") == 0) || strstr(file, ".checkpoint");
        if (starts && (oldest < 0 || version < oldest)) oldest = version;
    }
    *ret = oldest;
    return rc;
}

static enum rc keep_version(struct lake_state *s, const char *dir, int64_t version, int64_t oldest, struct keep *k,
                            size_t *lost, struct err *e)
{
    struct arena *a = arena_new();
    struct checkpoint_codec codec = engine_checkpoint_codec(&s->workspace->engine);
    struct delta_snapshot *snapshot = NULL;
    enum rc rc = RC_OK;
    if (version < oldest) ++*lost; /* no reader can read it any more */
    else rc = delta_load(a, s->workspace->storage, dir, version, &codec, &snapshot, e);
    if (rc == RC_OK && snapshot) keep_live(k, snapshot);
    arena_free(a);
    return rc;
}

/* What a table downstream would read as changes: also files that were compacted or removed since. *ret_any: there is
 * something that it has yet to read, or nobody knows. */
static enum rc keep_changes(struct lake_state *s, const char *dir, int64_t from, int64_t to, struct keep *k,
                            bool *ret_any, struct err *e)
{
    *ret_any = true;
    if (from > to) return RC_OK; /* of a table that stood higher once */
    struct arena *a = arena_new();
    struct delta_changes *changes;
    enum rc rc = delta_changes(a, s->workspace->storage, dir, from, to, &changes, e);
    for (size_t i = 0; rc == RC_OK && i < changes->n_added; i++) keep_add(k, changes->added[i].path);
    for (size_t i = 0; rc == RC_OK && i < changes->n_removed; i++) keep_add(k, changes->removed[i].path);
    if (rc == RC_OK)
        *ret_any =
            changes->data_change || changes->metadata_change || changes->gap || changes->n_added || changes->n_removed;
    arena_free(a);
    return rc;
}

/* A table downstream that has seen everything needs nothing old; another one the state it has seen, and what came since. */
static enum rc keep_for_downstream(struct lake_state *s, const char *dir, int64_t watermark, int64_t newest,
                                   int64_t oldest, struct keep *k, struct err *e)
{
    enum rc rc;
    bool any;
    size_t lost = 0;
    TRY(keep_changes(s, dir, watermark, newest, k, &any, e));
    if (any && watermark < newest) TRY(keep_version(s, dir, watermark, oldest, k, &lost, e));
out:
    return rc;
}

enum rc keep_table_files(struct lake_state *s, const char *name, struct keep *k, size_t *ret_lost, struct err *e)
{
    enum rc rc;
    const struct delta_snapshot *table = lake_state_table(s, name);
    const char *dir = table_dir(s->arena, name);
    struct versions v = {.arena = s->arena}, watermarks = {.arena = s->arena};
    int64_t oldest;
    size_t lost = 0;
    TRY(oldest_version(s, dir, &oldest, e));
    keep_live(k, table);
    keep_late_tombstones(k, table, &s->retention);
    add_marked(s, name, table->table_id, &v);
    add_watermarks(s, name, &watermarks);
    for (size_t i = 0; i < v.n; i++)
        if (v.items[i] != table->version) TRY(keep_version(s, dir, v.items[i], oldest, k, &lost, e));
    for (size_t i = 0; i < watermarks.n; i++)
        TRY(keep_for_downstream(s, dir, watermarks.items[i], table->version, oldest, k, e));
    *ret_lost = lost;
out:
    return rc;
}

/* --- quarantine --------------------------------------------------------------------------------------------------- */

static enum rc read_object(struct lake_state *s, struct arena *a, const char *key, struct str *ret, struct err *e)
{
    bool exists;
    enum rc rc = s->workspace->storage->ops->get(s->workspace->storage, a, key, BUF_DEFAULT_MAX, ret, &exists, e);
    if (rc == RC_OK && !exists) return err_set(e, RC_DATA, "%s is missing", key);
    return rc;
}

static enum rc keep_parts(struct arena *a, struct keep *k, struct str part, const char *what, struct err *e)
{
    for (const char *line = part.p, *end = part.p + part.n; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        size_t n = stop ? (size_t)(stop - line) : (size_t)(end - line);
        if (n > 13 && memcmp(line, "{\"quarantine\"", 13) == 0) {
            json_t *object;
            enum rc rc = json_read(a, (struct str){line, n}, what, &object, e);
            if (rc != RC_OK) return rc;
            const char *path = json_string_value(json_object_get(json_object_get(object, "quarantine"), "path"));
            if (path) keep_add(k, path);
        }
        line += n + 1;
    }
    return RC_OK;
}

/* Along the chain of parents from a committed entry. */
static enum rc keep_chain(struct lake_state *s, const char *dir, int64_t number, struct keep *k, int64_t *lowest,
                          struct err *e)
{
    enum rc rc = RC_OK;
    struct arena *a = arena_new();
    while (number >= 0) {
        struct str text, part;
        json_t *entry;
        const char *name = NULL, *key = arena_printf(a, "%s/_ingot/%lld.json", dir, (long long)number);
        int64_t parent = number;
        TRY(read_object(s, a, key, &text, e));
        TRY(json_read(a, text, key, &entry, e));
        TRY(json_get_string(entry, "part", key, &name, e));
        TRY(json_get_int(entry, "parent", key, &parent, e));
        if (!name || parent >= number) {
            rc = err_set(e, RC_DATA, "%s: the entry is damaged", key);
            goto out;
        }
        TRY(read_object(s, a, arena_printf(a, "%s/_ingot/%s", dir, name), &part, e));
        TRY(keep_parts(a, k, part, key, e));
        if (number < *lowest) *lowest = number;
        number = parent;
    }
out:
    arena_free(a);
    return rc;
}

enum rc keep_quarantine_files(struct lake_state *s, const char *name, struct keep *k, int64_t *ret_lowest,
                              struct err *e)
{
    enum rc rc;
    const struct delta_snapshot *table = lake_state_table(s, name);
    const char *dir = table_dir(s->arena, name);
    struct delta_snapshot *quarantine;
    struct checkpoint_codec codec = engine_checkpoint_codec(&s->workspace->engine);
    struct versions sides = {.arena = s->arena};
    int64_t own = delta_txn_version(table, "ingot/side"), lowest = INT64_MAX;
    TRY(delta_load(s->arena, s->workspace->storage, arena_printf(s->arena, "quarantine/%s", name), -1, &codec,
                   &quarantine, e));
    if (quarantine) {
        keep_live(k, quarantine);
        keep_late_tombstones(k, quarantine, &s->retention);
    }
    if (own >= 0) add_version(&sides, own);
    for (size_t m = 0; m < s->n_markers; m++) {
        const struct marked_table *t = marker_table(s->markers[m], name);
        if (t && t->side >= 0 && strcmp(t->id, table->table_id) == 0) add_version(&sides, t->side);
    }
    for (size_t i = 0; i < sides.n; i++) TRY(keep_chain(s, dir, sides.items[i], k, &lowest, e));
    *ret_lowest = lowest == INT64_MAX ? 0 : lowest;
out:
    return rc;
}
