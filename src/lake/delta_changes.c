/* What happened between two versions, and the history of a table: from the commits alone.
 *
 * Only actions with dataChange count, so that the rows of `added` less those of `removed` are exactly what entered less
 * what left; compaction moves rows between files and counts nowhere. For each file (path and deletion vector) adds and
 * removes cancel out; one that is removed first and there in the end is told as both. Actions without dataChange are
 * followed all the same: an add of a file that is there already adds nothing, but where compaction took the file away in
 * between and a RESTORE brings it back, its rows entered twice (and the compacted file left). */
#include "lake/delta_action.h"
#include "lake/delta_listing.h"
#include "lake/key_index.h"

#include <stdio.h>
#include <stdlib.h>

#define SELF_APP "ingot/self"

struct changed_file {
    int64_t adds, removes;      /* that changed data */
    bool first_is_remove;       /* of them */
    bool live;                  /* by whatever was said last */
    int64_t seen;               /* the commit that said it, -1 before the first */
    struct delta_file add;      /* the last */
    struct delta_remove remove; /* the first */
};
struct span {
    struct arena *arena;
    struct key_index index;
    struct changed_file *files;
    size_t n_files;
};

static void release_json(void *p)
{
    json_decref(p);
}

/* commitInfo is free-form: what is not as expected is left out. */
static void take_info(struct arena *a, struct delta_commit_info *c, const char *json)
{
    c->info = json_loads(json, 0, NULL);
    if (!c->info) return;
    arena_defer(a, release_json, c->info);
    const json_t *time = json_object_get(c->info, "inCommitTimestamp");
    if (!json_is_integer(time)) time = json_object_get(c->info, "timestamp");
    if (json_is_integer(time)) c->timestamp_ms = json_integer_value(time);
    c->operation = json_string_value(json_object_get(c->info, "operation"));
    c->engine = json_string_value(json_object_get(c->info, "engineInfo"));
}

static void count_change(struct changed_file *f, const struct action *action)
{
    bool add = action->kind == ACTION_ADD;
    if (add) f->add = action->add;
    if (f->seen >= 0 && f->live == add) return; /* so it is already */
    if (f->adds + f->removes == 0) f->first_is_remove = !add;
    if (!add && f->removes == 0) f->remove = action->remove;
    if (add) f->adds++;
    else f->removes++;
}

static enum rc take_file(struct span *s, const struct action *action, int64_t version, const struct action_reader *at,
                         struct err *e)
{
    bool add = action->kind == ACTION_ADD, is_new;
    const char *path = add ? action->add.path : action->remove.path;
    size_t i = key_index_at(&s->index, path, add ? action->add.dv_id : action->remove.dv_id, &is_new);
    if (is_new) *ARENA_PUSH(s->arena, s->files, s->n_files) = (struct changed_file){.seen = -1};
    struct changed_file *f = &s->files[i];
    if (f->seen == version)
        return err_set(e, RC_DATA, "%s:%zu: the file '%.200s' is named twice in one commit; the log is damaged",
                       at->what, at->line, path);
    if (add ? action->add.data_change : action->remove.data_change) count_change(f, action);
    f->seen = version;
    f->live = add;
    return RC_OK;
}

/* Goes through one commit; `s` (may be NULL) collects its files. */
static enum rc read_commit(struct arena *a, struct str text, const char *what, struct delta_commit_info *c,
                           struct span *s, struct err *e)
{
    struct action_reader reader = {.arena = a, .rest = text, .what = what};
    struct action action;
    bool more = true;
    if (str_trim(text).n == 0) return err_set(e, RC_DATA, "%s:1: the commit is empty; the log is damaged", what);
    for (;;) {
        enum rc rc = action_next(&reader, &action, &more, e);
        if (rc != RC_OK) return rc;
        if (!more) break;
        bool file = action.kind == ACTION_ADD || action.kind == ACTION_REMOVE;
        bool change = file && (action.kind == ACTION_ADD ? action.add.data_change : action.remove.data_change);
        if (change) c->data_change = true;
        if (file && s) rc = take_file(s, &action, c->version, &reader, e);
        if (rc != RC_OK) return rc;
        if (action.kind == ACTION_METADATA) c->metadata_change = true;
        if (action.kind == ACTION_PROTOCOL) c->protocol_change = true;
        if (action.kind == ACTION_TXN && strcmp(action.txn.app_id, SELF_APP) == 0) c->self = action.txn.version;
        if (action.kind == ACTION_INFO) take_info(a, c, action.json);
    }
    c->foreign = (c->data_change || c->metadata_change || c->protocol_change) && c->self != c->version;
    return RC_OK;
}

/* Reads commit `version` if it is there. */
static enum rc get_commit(struct arena *a, struct storage *st, const char *table, int64_t version, struct span *s,
                          struct delta_commit_info *ret, bool *ret_exists, struct err *e)
{
    struct arena *scratch = arena_new();
    struct str text = {0};
    const char *key = delta_commit_key(scratch, table, version);
    *ret = (struct delta_commit_info){.version = version, .timestamp_ms = -1, .self = -1};
    enum rc rc = st->ops->get(st, scratch, key, DELTA_LOG_OBJECT_MAX, &text, ret_exists, e);
    if (rc == RC_OK && *ret_exists) rc = read_commit(a, text, key, ret, s, e);
    arena_free(scratch);
    return rc;
}

static int by_add(const void *left, const void *right)
{
    return strcmp(((const struct delta_file *)left)->path, ((const struct delta_file *)right)->path);
}
static int by_remove(const void *left, const void *right)
{
    return strcmp(((const struct delta_remove *)left)->path, ((const struct delta_remove *)right)->path);
}

static void settle(struct arena *a, const struct span *s, struct delta_changes *c)
{
    for (size_t i = 0; i < s->n_files; i++) {
        const struct changed_file *f = &s->files[i];
        int64_t net = f->adds - f->removes;
        int64_t removed = net < 0 ? -net : f->first_is_remove ? 1 : 0, added = net + removed;
        while (added-- > 0) *ARENA_PUSH(a, c->added, c->n_added) = f->add;
        while (removed-- > 0) *ARENA_PUSH(a, c->removed, c->n_removed) = f->remove;
    }
    if (c->n_added > 1) qsort(c->added, c->n_added, sizeof *c->added, by_add);
    if (c->n_removed > 1) qsort(c->removed, c->n_removed, sizeof *c->removed, by_remove);
}

enum rc delta_changes(struct arena *a, struct storage *st, const char *table, int64_t from, int64_t to,
                      struct delta_changes **ret, struct err *e)
{
    struct span s = {.arena = a, .index = {.arena = a}};
    struct delta_changes *c = ARENA_NEW(a, struct delta_changes);
    c->foreign = -1;
    for (int64_t v = from + 1; v <= to; v++) {
        struct delta_commit_info commit;
        bool exists = false;
        enum rc rc = get_commit(a, st, table, v, &s, &commit, &exists, e);
        if (rc != RC_OK) return rc;
        if (!exists) {
            c->gap = true;
            continue;
        }
        *ARENA_PUSH(a, c->commits, c->n_commits) = commit;
        c->data_change = c->data_change || commit.data_change;
        c->metadata_change = c->metadata_change || commit.metadata_change;
        if (commit.foreign && c->foreign < 0) c->foreign = v;
    }
    settle(a, &s, c);
    *ret = c;
    return RC_OK;
}

enum rc delta_history(struct arena *a, struct storage *st, const char *table, size_t limit,
                      struct delta_commit_info **ret, size_t *ret_n, struct err *e)
{
    struct arena *scratch = arena_new();
    struct log_listing listing;
    struct delta_commit_info *commits = NULL;
    size_t n = 0;
    enum rc rc;
    TRY(log_list(scratch, st, table, 0, &listing, e));
    for (size_t i = listing.n; i > 0 && n < limit; i--) {
        const struct log_entry *x = &listing.entries[i - 1];
        struct delta_commit_info commit;
        bool exists = false;
        if (x->kind != LOG_COMMIT) continue;
        TRY(get_commit(a, st, table, x->version, NULL, &commit, &exists, e));
        if (!exists) continue; /* cleaned up meanwhile */
        if (commit.timestamp_ms < 0) commit.timestamp_ms = x->object->mtime_us / 1000;
        *ARENA_PUSH(a, commits, n) = commit;
    }
    *ret = commits;
    *ret_n = n;
out:
    arena_free(scratch);
    return rc;
}
