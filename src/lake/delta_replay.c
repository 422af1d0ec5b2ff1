/* Replay (PROTOCOL.md, "Action Reconciliation"): a logical file is a path and the id of its deletion vector,
 * and the newest add or remove of it wins. Within one object nothing may be said twice: which of the two
 * counts would be up to the reader, so such a log is refused. */
#include "lake/delta_replay.h"

#include "lake/delta_schema.h"

#include <stdlib.h>

struct replay_entry {
    unsigned object; /* that said it */
    bool live;       /* file, else tombstone */
    union {
        struct delta_file file;
        struct delta_remove tombstone;
    };
};

/* The entry of a file; its `object` is still that of the last mention (0: none). */
static struct replay_entry *entry_of(struct replay *r, const char *path, const char *dv_id)
{
    bool is_new;
    size_t i = key_index_at(&r->files, path, dv_id ? dv_id : "", &is_new);
    if (is_new) *ARENA_PUSH(r->arena, r->entries, r->n_entries) = (struct replay_entry){0};
    return &r->entries[i];
}

static void set_txn(struct replay *r, const struct delta_txn *t, bool *ret_twice)
{
    struct delta_snapshot *s = r->snapshot;
    bool is_new;
    size_t i = key_index_at(&r->apps, t->app_id, "", &is_new);
    if (is_new) {
        if (i >= s->n_txns) *ARENA_PUSH(r->arena, s->txns, s->n_txns) = *t;
        *ARENA_PUSH(r->arena, r->txn_seen, r->n_txn_seen) = 0;
    }
    *ret_twice = r->object && r->txn_seen[i] == r->object;
    s->txns[i] = *t;
    r->txn_seen[i] = r->object;
}

void replay_begin(struct replay *r, struct arena *a, struct delta_snapshot *s)
{
    bool ignored;
    *r = (struct replay){.arena = a, .snapshot = s, .files = {.arena = a}, .apps = {.arena = a}};
    for (size_t i = 0; i < s->n_files; i++) {
        struct replay_entry *x = entry_of(r, s->files[i].path, s->files[i].dv_id);
        x->live = true;
        x->file = s->files[i];
    }
    for (size_t i = 0; i < s->n_removes; i++)
        entry_of(r, s->removes[i].path, s->removes[i].dv_id)->tombstone = s->removes[i];
    struct delta_txn *txns = s->txns;
    size_t n = s->n_txns;
    s->txns = NULL;
    s->n_txns = 0;
    for (size_t i = 0; i < n; i++) set_txn(r, &txns[i], &ignored);
}

static enum rc said_twice(const struct action_reader *at, const char *subject, struct err *e)
{
    return err_set(e, RC_DATA, "%s:%zu: %s twice in one object; the log is damaged", at->what, at->line, subject);
}

static enum rc apply_file(struct replay *r, const struct action *action, const struct action_reader *at, struct err *e)
{
    bool live = action->kind == ACTION_ADD;
    const char *path = live ? action->add.path : action->remove.path;
    struct replay_entry *x = entry_of(r, path, live ? action->add.dv_id : action->remove.dv_id);
    if (x->object == r->object) return said_twice(at, arena_printf(r->arena, "the file '%.200s' is named", path), e);
    x->object = r->object;
    x->live = live;
    if (live) x->file = action->add;
    else x->tombstone = action->remove;
    return RC_OK;
}

static enum rc apply_action(struct replay *r, const struct action *action, const struct action_reader *at,
                            struct err *e)
{
    bool twice = false;
    switch (action->kind) {
    case ACTION_ADD:
    case ACTION_REMOVE: return apply_file(r, action, at, e);
    case ACTION_TXN:
        set_txn(r, &action->txn, &twice);
        return twice ? said_twice(at, arena_printf(r->arena, "txn '%.200s' is set", action->txn.app_id), e) : RC_OK;
    case ACTION_METADATA:
        if (r->metadata_seen == r->object) return said_twice(at, "metaData is set", e);
        r->metadata_seen = r->object;
        r->metadata_place = arena_printf(r->arena, "%s:%zu", at->what, at->line);
        r->snapshot->metadata_json = action->json;
        return RC_OK;
    case ACTION_PROTOCOL:
        if (r->protocol_seen == r->object) return said_twice(at, "protocol is set", e);
        r->protocol_seen = r->object;
        r->protocol_place = arena_printf(r->arena, "%s:%zu", at->what, at->line);
        r->snapshot->protocol_json = action->json;
        return RC_OK;
    default: return RC_OK;
    }
}

enum rc replay_apply(struct replay *r, struct str ndjson, const char *what, struct err *e)
{
    struct action_reader reader = {.arena = r->arena, .rest = ndjson, .what = what};
    struct action action;
    bool more = true;
    r->object++;
    for (;;) {
        enum rc rc = action_next(&reader, &action, &more, e);
        if (rc != RC_OK || !more) return rc;
        rc = apply_action(r, &action, &reader, e);
        if (rc != RC_OK) return rc;
    }
}

static const char *const reader_features[] = {"timestampNtz", "deletionVectors"};

static enum rc check_readable(const struct delta_snapshot *s, const char *what, struct err *e)
{
    if (s->min_reader < 1 || s->min_reader > 3)
        return err_set(e, RC_DATA, "%s: the table needs Delta reader version %d; ingot reads 1 to 3", what,
                       s->min_reader);
    for (size_t i = 0; i < s->n_reader_features; i++) {
        bool known = false;
        for (size_t j = 0; j < sizeof reader_features / sizeof *reader_features; j++)
            known = known || strcmp(s->reader_features[i], reader_features[j]) == 0;
        if (!known)
            return err_set(e, RC_DATA,
                           "%s: the table needs the Delta reader feature '%.100s', which ingot does not have", what,
                           s->reader_features[i]);
    }
    return RC_OK;
}

static enum rc take_protocol(struct replay *r, struct err *e)
{
    struct delta_snapshot *s = r->snapshot;
    int64_t reader = -1, writer = -1;
    const char *what = r->protocol_place;
    enum rc rc = RC_OK;
    json_t *o = json_loads(s->protocol_json, 0, NULL);
    TRY(action_count(o, "minReaderVersion", what, &reader, e));
    TRY(action_count(o, "minWriterVersion", what, &writer, e));
    if (reader < 1 || writer < 1 || reader > INT32_MAX || writer > INT32_MAX) {
        rc = err_set(e, RC_DATA,
                     "%s: protocol without sensible minReaderVersion and minWriterVersion; the log is damaged", what);
        goto out;
    }
    s->min_reader = (int)reader;
    s->min_writer = (int)writer;
    TRY(action_strings(r->arena, o, "readerFeatures", what, &s->reader_features, &s->n_reader_features, e));
    TRY(action_strings(r->arena, o, "writerFeatures", what, &s->writer_features, &s->n_writer_features, e));
    if (reader == 3 && !json_is_array(json_object_get(o, "readerFeatures"))) {
        rc = err_set(e, RC_DATA, "%s: reader version 3 without readerFeatures; the log is damaged", what);
        goto out;
    }
    TRY(check_readable(s, what, e));
out:
    json_decref(o);
    return rc;
}

static enum rc check_metadata(const struct delta_snapshot *s, const json_t *o, const char *what, struct err *e)
{
    const char *provider = json_string_value(json_object_get(json_object_get(o, "format"), "provider"));
    if (provider && strcmp(provider, "parquet") != 0)
        return err_set(e, RC_DATA, "%s: data files of format '%.100s'; ingot reads parquet", what, provider);
    for (size_t i = 0; i < s->n_partition_columns; i++) {
        bool found = false;
        for (size_t j = 0; j < s->n_columns && !found; j++)
            found = strcmp(s->columns[j].name, s->partition_columns[i]) == 0;
        if (!found)
            return err_set(e, RC_DATA, "%s: the partition column '%.200s' is not in the schema; the log is damaged",
                           what, s->partition_columns[i]);
    }
    const char *mapping = delta_configuration(s, "delta.columnMapping.mode");
    if (mapping && strcmp(mapping, "none") != 0)
        return err_set(e, RC_DATA,
                       "%s: the table uses the Delta feature 'columnMapping' (mode %.50s), which ingot does not have",
                       what, mapping);
    return RC_OK;
}

static enum rc take_metadata(struct replay *r, struct err *e)
{
    struct delta_snapshot *s = r->snapshot;
    struct arena *a = r->arena;
    const char *what = r->metadata_place;
    enum rc rc = RC_OK;
    json_t *o = json_loads(s->metadata_json, 0, NULL);
    s->name = s->description = NULL;
    s->created_ms = 0;
    TRY(action_string(a, o, "id", what, true, &s->table_id, e));
    TRY(action_string(a, o, "name", what, false, &s->name, e));
    TRY(action_string(a, o, "description", what, false, &s->description, e));
    TRY(action_string(a, o, "schemaString", what, true, &s->schema_string, e));
    TRY(action_strings(a, o, "partitionColumns", what, &s->partition_columns, &s->n_partition_columns, e));
    TRY(action_pairs(a, o, "configuration", what, &s->configuration, &s->n_configuration, e));
    TRY(action_count(o, "createdTime", what, &s->created_ms, e));
    TRY(schema_read(a, s->schema_string, what, &s->columns, &s->n_columns, e));
    TRY(check_metadata(s, o, what, e));
out:
    json_decref(o);
    return rc;
}

static int compare_files(const char *left, const char *left_dv, const char *right, const char *right_dv)
{
    int c = strcmp(left, right);
    return c ? c : strcmp(left_dv ? left_dv : "", right_dv ? right_dv : "");
}
static int by_file(const void *left, const void *right)
{
    const struct delta_file *l = left, *r = right;
    return compare_files(l->path, l->dv_id, r->path, r->dv_id);
}
static int by_remove(const void *left, const void *right)
{
    const struct delta_remove *l = left, *r = right;
    return compare_files(l->path, l->dv_id, r->path, r->dv_id);
}

static enum rc take_files(struct replay *r, const char *what, struct err *e)
{
    struct delta_snapshot *s = r->snapshot;
    size_t n_live = 0, n_dead = 0;
    for (size_t i = 0; i < r->n_entries; i++) n_live += r->entries[i].live;
    s->n_files = n_live;
    s->n_removes = r->n_entries - n_live;
    s->files = ARENA_ARRAY(r->arena, struct delta_file, s->n_files);
    s->removes = ARENA_ARRAY(r->arena, struct delta_remove, s->n_removes);
    n_live = 0;
    for (size_t i = 0; i < r->n_entries; i++) {
        if (r->entries[i].live) s->files[n_live++] = r->entries[i].file;
        else s->removes[n_dead++] = r->entries[i].tombstone;
    }
    if (s->n_files > 1) qsort(s->files, s->n_files, sizeof *s->files, by_file);
    if (s->n_removes > 1) qsort(s->removes, s->n_removes, sizeof *s->removes, by_remove);
    for (size_t i = 1; i < s->n_files; i++)
        if (strcmp(s->files[i - 1].path, s->files[i].path) == 0)
            return err_set(
                e, RC_DATA,
                "%s: the file '%.200s' is in the table with two deletion vectors at once; the log is damaged", what,
                s->files[i].path);
    return RC_OK;
}

enum rc replay_finish(struct replay *r, const char *what, struct err *e)
{
    enum rc rc = RC_OK;
    if (r->protocol_place) TRY(take_protocol(r, e));
    if (r->metadata_place) TRY(take_metadata(r, e));
    TRY(take_files(r, what, e));
out:
    return rc;
}

enum rc delta_replay(struct arena *a, struct delta_snapshot *snapshot, struct str ndjson, const char *what,
                     struct err *e)
{
    struct replay r;
    enum rc rc;
    replay_begin(&r, a, snapshot);
    TRY(replay_apply(&r, ndjson, what, e));
    TRY(replay_finish(&r, what, e));
out:
    return rc;
}
