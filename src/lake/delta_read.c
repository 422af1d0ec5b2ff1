/* Loading a table: the newest complete checkpoint at or before the version, then the commits in order. */
#include "lake/delta_listing.h"
#include "lake/delta_replay.h"

#include <stdio.h>

#define HINT_MAX ((size_t)1 << 20)

char *delta_commit_key(struct arena *a, const char *table, int64_t version)
{
    return arena_printf(a, "%s/_delta_log/%020lld.json", table, (long long)version);
}

const char *delta_configuration(const struct delta_snapshot *s, const char *key)
{
    for (size_t i = 0; i < s->n_configuration; i++)
        if (strcmp(s->configuration[i].key, key) == 0) return s->configuration[i].value;
    return NULL;
}

int64_t delta_txn_version(const struct delta_snapshot *s, const char *app_id)
{
    for (size_t i = 0; i < s->n_txns; i++)
        if (strcmp(s->txns[i].app_id, app_id) == 0) return s->txns[i].version;
    return -1;
}

int64_t delta_rows(const struct delta_snapshot *s)
{
    int64_t rows = 0;
    for (size_t i = 0; i < s->n_files; i++)
        if (s->files[i].records < 0 || __builtin_add_overflow(rows, s->files[i].records, &rows)) return -1;
    return rows;
}

bool delta_append_only(const struct delta_snapshot *s)
{
    const char *value = delta_configuration(s, "delta.appendOnly");
    return value && strcasecmp(value, "true") == 0;
}

enum rc delta_newest_version(struct storage *s, const char *table, int64_t at_least, int64_t *ret, struct err *e)
{
    struct arena *a = arena_new();
    struct log_listing listing;
    enum rc rc = log_list(a, s, table, at_least < 0 ? 0 : at_least, &listing, e);
    /* a version that is known to exist and is not there: somebody took the log, or a part of it, away */
    if (rc == RC_OK && log_newest(&listing) < at_least) rc = log_list(a, s, table, 0, &listing, e);
    if (rc == RC_OK) *ret = log_newest(&listing);
    arena_free(a);
    return rc;
}

/* The version that _last_checkpoint names, or -1. It may be missing, old or wrong: it only says where to
 * begin listing. */
static int64_t read_hint(struct arena *a, struct storage *s, const char *table)
{
    struct str text = {0};
    bool exists = false;
    int64_t version = -1;
    char *key = arena_printf(a, "%s/_delta_log/_last_checkpoint", table);
    if (s->ops->get(s, a, key, HINT_MAX, &text, &exists, NULL) != RC_OK || !exists) return -1;
    json_t *root = json_loadb(text.p, text.n, 0, NULL);
    const json_t *value = json_object_get(root, "version");
    if (json_is_integer(value)) version = json_integer_value(value);
    json_decref(root);
    return version > 0 && version <= DELTA_VERSION_MAX ? version : -1;
}

struct load {
    struct arena *a;
    struct storage *s;
    const char *table;
    struct log_listing listing;
    int64_t version, checkpoint;
    const char **keys; /* of the checkpoint */
    size_t n_keys;
};

/* Lists from the hint on if a complete checkpoint at or before the version is found there, else everything.
 */
static enum rc find_start(struct load *l, int64_t wanted, struct err *e)
{
    int64_t hint = read_hint(l->a, l->s, l->table);
    if (wanted >= 0 && hint > wanted) hint = -1;
    for (;;) {
        enum rc rc = log_list(l->a, l->s, l->table, hint, &l->listing, e);
        if (rc != RC_OK) return rc;
        int64_t newest = log_newest(&l->listing);
        l->version = wanted >= 0 ? wanted : newest;
        l->checkpoint = log_checkpoint(l->a, &l->listing, l->version, &l->keys, &l->n_keys);
        if (hint < 0 || (l->checkpoint >= 0 && newest >= l->version)) return RC_OK;
        hint = -1;
    }
}

static enum rc check_v2(const struct load *l, struct err *e)
{
    for (size_t i = 0; i < l->listing.n && l->checkpoint < 0; i++)
        if (l->listing.entries[i].kind == LOG_CHECKPOINT_V2)
            return err_set(e, RC_DATA,
                           "%s: the table needs the Delta reader feature 'v2Checkpoint', which ingot does not have",
                           l->listing.entries[i].object->key);
    return RC_OK;
}

/* Every commit from the checkpoint to the version is there. */
static enum rc check_whole(const struct load *l, struct err *e)
{
    int64_t newest = log_newest(&l->listing);
    if (newest < 0 && check_v2(l, e) != RC_OK) return RC_DATA;
    if (newest < 0)
        return err_set(e, RC_DATA, "%s/_delta_log has neither a commit nor a complete checkpoint; the log is damaged",
                       l->table);
    if (l->version > newest)
        return err_set(e, RC_DATA, "%s has no version %lld; the newest is %lld", l->table, (long long)l->version,
                       (long long)newest);
    for (int64_t v = l->checkpoint + 1; v <= l->version; v++) {
        if (log_commit(&l->listing, v)) continue;
        char *key = delta_commit_key(l->a, l->table, v);
        if (check_v2(l, e) != RC_OK) return RC_DATA;
        if (v == 0 || l->checkpoint < 0)
            return err_set(e, RC_DATA,
                           "%s is missing and no checkpoint stands for it, so version %lld of %s cannot be read", key,
                           (long long)l->version, l->table);
        return err_set(e, RC_DATA, "%s is missing although there are later versions; the log has a gap", key);
    }
    return RC_OK;
}

static enum rc apply_checkpoint(struct load *l, struct replay *r, const struct checkpoint_codec *codec, struct err *e)
{
    struct str text = {0};
    if (!codec || !codec->read)
        return err_set(e, RC_DATA, "%s: there is a checkpoint, and nothing here can read Parquet", l->keys[0]);
    struct arena *scratch = arena_new();
    enum rc rc = codec->read(codec->data, scratch, l->s, l->keys, l->n_keys, &text, e);
    if (rc == RC_OK) rc = replay_apply(r, text, l->keys[0], e);
    arena_free(scratch);
    return rc;
}

static enum rc apply_commit(struct load *l, struct replay *r, int64_t version, struct err *e)
{
    struct arena *scratch = arena_new();
    const char *key = delta_commit_key(l->a, l->table, version);
    struct str text = {0};
    bool exists = false;
    enum rc rc = l->s->ops->get(l->s, scratch, key, DELTA_LOG_OBJECT_MAX, &text, &exists, e);
    if (rc == RC_OK && !exists) rc = err_set(e, RC_DATA, "%s was removed while it was to be read; try again", key);
    if (rc == RC_OK && str_trim(text).n == 0)
        rc = err_set(e, RC_DATA, "%s:1: the commit is empty; the log is damaged", key);
    if (rc == RC_OK) rc = replay_apply(r, text, key, e);
    arena_free(scratch);
    return rc;
}

static enum rc replay_all(struct load *l, const struct checkpoint_codec *codec, struct delta_snapshot *s, struct err *e)
{
    struct replay r;
    enum rc rc = RC_OK;
    char *last = delta_commit_key(l->a, l->table, l->version);
    replay_begin(&r, l->a, s);
    if (l->checkpoint >= 0) TRY(apply_checkpoint(l, &r, codec, e));
    for (int64_t v = l->checkpoint + 1; v <= l->version; v++) TRY(apply_commit(l, &r, v, e));
    if (!s->protocol_json || !s->metadata_json) {
        const char *first = l->checkpoint >= 0 ? l->keys[0] : delta_commit_key(l->a, l->table, 0);
        rc = err_set(e, RC_DATA, "%s:1: there is no %s action; the log is damaged", first,
                     s->protocol_json ? "metaData" : "protocol");
        goto out;
    }
    TRY(replay_finish(&r, last, e));
out:
    return rc;
}

enum rc delta_load(struct arena *a, struct storage *s, const char *table, int64_t version,
                   const struct checkpoint_codec *codec, struct delta_snapshot **ret, struct err *e)
{
    struct load l = {.a = a, .s = s, .table = table};
    struct delta_snapshot *snapshot = ARENA_NEW(a, struct delta_snapshot);
    enum rc rc;
    TRY(find_start(&l, version, e));
    if (log_newest(&l.listing) < 0 && l.listing.n == 0) {
        *ret = NULL;
        return RC_OK;
    }
    TRY(check_whole(&l, e));
    snapshot->version = l.version;
    snapshot->checkpoint_version = l.checkpoint;
    TRY(replay_all(&l, codec, snapshot, e));
    *ret = snapshot;
out:
    return rc;
}
