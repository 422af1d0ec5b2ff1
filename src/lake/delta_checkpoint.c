/* Writing classic checkpoints, and cleaning the log that they replace (PROTOCOL.md, "Checkpoints"). */
#include "base/os.h"
#include "base/text.h"
#include "lake/delta_listing.h"

#include <stdio.h>

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

/* "interval 7 days", "168 hours": one number and one unit. Anything else: 7 days. */
static int64_t retention_ms(const struct delta_snapshot *s)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"week", 7 * DAY_MS}, {"day", DAY_MS}, {"hour", DAY_MS / 24}, {"minute", 60000}, {"second", 1000}};
    const char *text = delta_configuration(s, "delta.deletedFileRetentionDuration");
    unsigned n = 0;
    char unit[16];
    int used = 0;
    if (!text) return 7 * DAY_MS;
    if (strncasecmp(text, "interval ", 9) == 0) text += 9;
    if (!is_digit(text[0])) return 7 * DAY_MS; /* scanf would take a sign */
    if (sscanf(text, "%6u %15[a-zA-Z] %n", &n, unit, &used) != 2 || used == 0 || text[used]) return 7 * DAY_MS;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t length = strlen(units[i].unit);
        if (strncasecmp(unit, units[i].unit, length) == 0 && (unit[length] == 0 || strcasecmp(unit + length, "s") == 0))
            return (int64_t)n * units[i].ms;
    }
    return 7 * DAY_MS;
}

static void add_line(struct buf *b, size_t *lines, const char *action, const char *json)
{
    buf_printf(b, "{\"%s\":", action);
    buf_add_str(b, json);
    buf_add_str(b, "}\n");
    ++*lines;
}

/* Protocol, metaData, transactions, live files and tombstones that have not expired; returns the number of
 * actions. */
static size_t print_actions(struct buf *b, const struct delta_snapshot *s)
{
    size_t lines = 0;
    int64_t expired = os_now_us() / 1000 - retention_ms(s);
    add_line(b, &lines, "protocol", s->protocol_json);
    add_line(b, &lines, "metaData", s->metadata_json);
    for (size_t i = 0; i < s->n_txns; i++) {
        buf_add_str(b, "{\"txn\":{\"appId\":");
        buf_add_json_string(b, s->txns[i].app_id, strlen(s->txns[i].app_id));
        buf_printf(b, ",\"version\":%lld,\"lastUpdated\":%lld}}\n", (long long)s->txns[i].version,
                   (long long)s->txns[i].updated_ms);
        lines++;
    }
    for (size_t i = 0; i < s->n_files; i++) add_line(b, &lines, "add", s->files[i].json);
    for (size_t i = 0; i < s->n_removes; i++)
        if (s->removes[i].deletion_ms > expired) add_line(b, &lines, "remove", s->removes[i].json);
    return lines;
}

static enum rc check_complete(const struct delta_snapshot *s, const char *table, struct err *e)
{
    bool whole = s->protocol_json && s->metadata_json;
    for (size_t i = 0; i < s->n_files; i++) whole = whole && s->files[i].json;
    for (size_t i = 0; i < s->n_removes; i++) whole = whole && s->removes[i].json;
    return whole ? RC_OK : err_set(e, RC_INTERNAL, "%s: a checkpoint is written from a loaded snapshot only", table);
}

enum rc delta_write_checkpoint(struct storage *s, const char *table, const struct delta_snapshot *snapshot,
                               const struct checkpoint_codec *codec, struct err *e)
{
    struct arena *a = arena_new();
    struct buf *text = buf_new(a, DELTA_LOG_OBJECT_MAX * 4);
    int64_t size = 0;
    enum rc rc;
    TRY(check_complete(snapshot, table, e));
    TRY(delta_check_writable(snapshot, table, e));
    size_t lines = print_actions(text, snapshot);
    const char *key = arena_printf(a, "%s/_delta_log/%020lld.checkpoint.parquet", table, (long long)snapshot->version);
    if (text->overflow) {
        rc = err_set(e, RC_DATA, "%s: the table has too many files for one checkpoint; run ingot optimize", key);
        goto out;
    }
    TRY(codec->write(codec->data, s, key, buf_str(text), &size, e));
    char *hint = arena_printf(a, "{\"version\":%lld,\"size\":%zu,\"sizeInBytes\":%lld,\"numOfAddFiles\":%zu}",
                              (long long)snapshot->version, lines, (long long)size, snapshot->n_files);
    TRY(s->ops->put(s, arena_printf(a, "%s/_delta_log/_last_checkpoint", table), str_of(hint), e));
out:
    arena_free(a);
    return rc;
}

/* The newest complete checkpoint whose commit is older than `before_us`, -1 if there is none. */
static int64_t old_checkpoint(struct arena *a, const struct log_listing *l, int64_t before_us)
{
    const char **keys;
    size_t n;
    int64_t version = DELTA_VERSION_MAX;
    while ((version = log_checkpoint(a, l, version, &keys, &n)) >= 0) {
        const struct log_entry *commit = log_commit(l, version);
        if (commit && commit->object->mtime_us < before_us) return version;
        version--;
    }
    return -1;
}

enum rc delta_clean_log(struct storage *s, const char *table, int64_t keep_ms, int64_t now_ms, size_t *ret_removed,
                        struct err *e)
{
    struct arena *a = arena_new();
    struct log_listing listing;
    enum rc rc;
    *ret_removed = 0;
    TRY(log_list(a, s, table, 0, &listing, e));
    int64_t keep = old_checkpoint(a, &listing, (now_ms - keep_ms) * 1000);
    for (size_t i = 0; i < listing.n && listing.entries[i].version < keep; i++) {
        TRY(s->ops->remove(s, listing.entries[i].object->key, e));
        ++*ret_removed;
    }
out:
    arena_free(a);
    return rc;
}
