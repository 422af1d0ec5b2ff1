/* Commits: one JSON action a line, commitInfo first, fields in the order in which the reference writers put
 * them. */
#include "base/os.h"
#include "base/text.h"
#include "lake/delta_action.h"

#include <stdio.h>

#ifndef INGOT_VERSION
#define INGOT_VERSION "0.1.0"
#endif

static void add_string(struct buf *b, const char *s)
{
    if (s) buf_add_json_string(b, s, strlen(s));
    else buf_add_str(b, "null");
}

static void add_member(struct buf *b, const char *key, const char *value)
{
    buf_printf(b, ",\"%s\":", key);
    add_string(b, value);
}

static void add_pairs(struct buf *b, const struct pair *pairs, size_t n)
{
    buf_add_char(b, '{');
    for (size_t i = 0; i < n; i++) {
        if (i) buf_add_char(b, ',');
        add_string(b, pairs[i].key);
        buf_add_char(b, ':');
        add_string(b, pairs[i].value);
    }
    buf_add_char(b, '}');
}

static int64_t now_ms(void)
{
    return os_now_us() / 1000;
}

void delta_commit_begin(struct arena *a, struct delta_commit *c)
{
    *c = (struct delta_commit){.arena = a, .out = buf_new(a, DELTA_LOG_OBJECT_MAX)};
    os_uuid(c->id);
    c->lines = *c->out;
}

void delta_commit_info(struct delta_commit *c, const char *operation, const char *mode, const char *ingot_json,
                       bool blind_append)
{
    struct buf *b = c->out;
    buf_printf(b, "{\"commitInfo\":{\"timestamp\":%lld,\"operation\":", (long long)now_ms());
    add_string(b, operation);
    buf_add_str(b, ",\"operationParameters\":{");
    if (mode) {
        buf_add_str(b, "\"mode\":");
        add_string(b, mode);
    }
    buf_printf(b, "},\"isBlindAppend\":%s,\"txnId\":\"%s\",\"engineInfo\":\"ingot/" INGOT_VERSION "\"",
               blind_append ? "true" : "false", c->id);
    if (ingot_json) {
        buf_add_str(b, ",\"ingot\":");
        buf_add_str(b, ingot_json);
    }
    buf_add_str(b, "}}\n");
    c->lines = *c->out;
}

void delta_commit_protocol(struct delta_commit *c, const struct delta_column *columns, size_t n)
{
    bool ntz = false;
    for (size_t i = 0; i < n; i++)
        ntz = ntz || (columns[i].nested ? strstr(columns[i].type, "\"timestamp_ntz\"") != NULL
                                        : strcmp(columns[i].type, "timestamp_ntz") == 0);
    buf_add_str(c->out, ntz ? "{\"protocol\":{\"minReaderVersion\":3,\"minWriterVersion\":7,"
                              "\"readerFeatures\":[\"timestampNtz\"],\"writerFeatures\":[\"timestampNtz\"]}}\n"
                            : "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":2}}\n");
    c->lines = *c->out;
}

void delta_commit_metadata(struct delta_commit *c, const struct delta_metadata *m)
{
    struct buf *b = c->out;
    buf_add_str(b, "{\"metaData\":{\"id\":");
    add_string(b, m->table_id);
    if (m->name) add_member(b, "name", m->name);
    if (m->description) add_member(b, "description", m->description);
    buf_add_str(b, ",\"format\":{\"provider\":\"parquet\",\"options\":{}}");
    add_member(b, "schemaString", delta_schema_string(c->arena, m->columns, m->n_columns));
    buf_add_str(b, ",\"partitionColumns\":[");
    for (size_t i = 0; i < m->n_partition_columns; i++) {
        if (i) buf_add_char(b, ',');
        add_string(b, m->partition_columns[i]);
    }
    buf_add_str(b, "],\"configuration\":");
    add_pairs(b, m->configuration, m->n_configuration);
    buf_printf(b, ",\"createdTime\":%lld}}\n", (long long)m->created_ms);
    c->lines = *c->out;
}

/* Relative paths are URI-encoded; absolute ones were never decoded. */
static void add_path(struct delta_commit *c, const char *path)
{
    add_string(c->out, action_path_absolute(path) ? path : percent_encode_path(c->arena, path));
}

/* What a file that is already in a log says beyond what ingot knows: tags, row ids, clustering. */
static void add_other_members(struct buf *b, const char *json)
{
    static const char *const known[] = {"path",       "partitionValues", "size",           "modificationTime",
                                        "dataChange", "stats",           "deletionVector", "stats_parsed"};
    json_t *root = json ? json_loads(json, 0, NULL) : NULL;
    const char *key;
    json_t *value;
    json_object_foreach(root, key, value)
    {
        bool skip = json_is_null(value);
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) skip = skip || strcmp(key, known[i]) == 0;
        char *text = skip ? NULL : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        if (!text) continue;
        buf_add_char(b, ',');
        add_string(b, key);
        buf_add_char(b, ':');
        buf_add_str(b, text);
        free(text);
    }
    json_decref(root);
}

static void add_vector(struct buf *b, const struct delta_file *f)
{
    if (!f->deletion_vector) return;
    buf_add_str(b, ",\"deletionVector\":");
    buf_add_str(b, f->deletion_vector);
}

void delta_commit_add(struct delta_commit *c, const struct delta_file *f)
{
    struct buf *b = c->out;
    buf_add_str(b, "{\"add\":{\"path\":");
    add_path(c, f->path);
    buf_add_str(b, ",\"partitionValues\":");
    add_pairs(b, f->partition, f->n_partition);
    buf_printf(b, ",\"size\":%lld,\"modificationTime\":%lld,\"dataChange\":%s", (long long)f->size,
               (long long)f->mtime_ms, f->data_change ? "true" : "false");
    if (f->stats) add_member(b, "stats", f->stats);
    add_vector(b, f);
    add_other_members(b, f->json);
    buf_add_str(b, "}}\n");
    c->lines = *c->out;
}

void delta_commit_remove(struct delta_commit *c, const struct delta_file *f, bool data_change)
{
    struct buf *b = c->out;
    buf_add_str(b, "{\"remove\":{\"path\":");
    add_path(c, f->path);
    buf_printf(b, ",\"deletionTimestamp\":%lld,\"dataChange\":%s,\"extendedFileMetadata\":true,\"partitionValues\":",
               (long long)now_ms(), data_change ? "true" : "false");
    add_pairs(b, f->partition, f->n_partition);
    buf_printf(b, ",\"size\":%lld", (long long)f->size);
    add_vector(b, f);
    buf_add_str(b, "}}\n");
    c->lines = *c->out;
}

void delta_commit_txn(struct delta_commit *c, const char *app_id, int64_t version)
{
    struct buf *b = c->out;
    buf_add_str(b, "{\"txn\":{\"appId\":");
    add_string(b, app_id);
    buf_printf(b, ",\"version\":%lld,\"lastUpdated\":%lld}}\n", (long long)version, (long long)now_ms());
    c->lines = *c->out;
}

void delta_commit_action(struct delta_commit *c, const char *action, const char *json)
{
    struct buf *b = c->out;
    buf_add_char(b, '{');
    add_string(b, action);
    buf_add_char(b, ':');
    buf_add_str(b, json);
    buf_add_str(b, "}\n");
    c->lines = *c->out;
}
