#include "lake/side.h"

#include "base/os.h"
#include "base/text.h"
#include "lake/delta_action.h"

#include <stdio.h>
#include <stdlib.h>

#define SIDE_FORMAT 1
#define CLAIM_ATTEMPTS 200
#define ENTRY_MAX ((size_t)1 << 20)

static const char *entry_key(struct arena *a, const char *table, int64_t number)
{
    return arena_printf(a, "%s/_ingot/%lld.json", table, (long long)number);
}

/* The highest number that is claimed, -1 if none is. */
static enum rc newest_number(struct arena *a, struct storage *s, const char *table, int64_t *ret, struct err *e)
{
    struct object *objects = NULL;
    size_t n = 0;
    const char *prefix = arena_printf(a, "%s/_ingot/", table);
    *ret = -1;
    enum rc rc = s->ops->list(s, a, prefix, NULL, &objects, &n, e);
    for (size_t i = 0; i < n && rc == RC_OK; i++) {
        const char *name = objects[i].key + strlen(prefix);
        size_t digits = strspn(name, "0123456789");
        if (digits == 0 || digits > 16 || strcmp(name + digits, ".json") != 0) continue;
        int64_t number = strtoll(name, NULL, 10);
        if (number > *ret) *ret = number;
    }
    return rc;
}

static struct str print_entry(struct arena *a, const char *id, int64_t parent, const char *run, const char *part)
{
    struct buf *b = buf_new(a, ENTRY_MAX);
    buf_printf(b, "{\"format\":%d,\"id\":\"%s\",\"parent\":%lld,\"run\":", SIDE_FORMAT, id, (long long)parent);
    buf_add_json_string(b, run, strlen(run));
    buf_add_str(b, ",\"part\":");
    buf_add_json_string(b, part, strlen(part));
    buf_add_str(b, "}\n");
    return buf_str(b);
}

enum rc side_claim(struct arena *a, struct storage *s, const char *table, int64_t parent, const char *run,
                   struct side_claim *ret, struct err *e)
{
    for (int attempt = 0; attempt < CLAIM_ATTEMPTS; attempt++) {
        int64_t number = -1;
        bool won = false;
        char id[37];
        enum rc rc = newest_number(a, s, table, &number, e);
        if (rc != RC_OK) return rc;
        if (number < parent) number = parent;
        number++;
        os_uuid(id);
        const char *part = arena_printf(a, "%lld-%s.ndjson", (long long)number, id);
        rc = storage_put_settled(s, entry_key(a, table, number), print_entry(a, id, parent, run ? run : "", part), id,
                                 &won, e);
        if (rc != RC_OK) return rc;
        if (won) {
            *ret = (struct side_claim){
                .number = number, .parent = parent, .part_key = arena_printf(a, "%s/_ingot/%s", table, part)};
            return RC_OK;
        }
    }
    return err_set(e, RC_CONFLICT, "%s/_ingot: other runs were faster %d times in a row; try again", table,
                   CLAIM_ATTEMPTS);
}

static enum rc parse_entry(struct arena *a, struct str text, int64_t number, const char *key, int64_t *ret_parent,
                           const char **ret_part, struct err *e)
{
    json_error_t error;
    int64_t format = -1;
    enum rc rc = RC_OK;
    json_t *root = json_loadb(text.p ? text.p : "", text.n, JSON_REJECT_DUPLICATES, &error);
    const json_t *parent = json_object_get(root, "parent");
    if (!json_is_object(root)) {
        rc = err_set(e, RC_DATA, "%s: not a whole JSON object; the entry is damaged", key);
        goto out;
    }
    TRY(action_count(root, "format", key, &format, e));
    if (format != SIDE_FORMAT) {
        rc = err_set(e, RC_DATA, "%s has format %lld, and this ingot knows formats up to %d: use a newer ingot", key,
                     (long long)format, SIDE_FORMAT);
        goto out;
    }
    TRY(action_string(a, root, "part", key, true, ret_part, e));
    /* Parents are older, so a chain ends. */
    if (!json_is_integer(parent) || json_integer_value(parent) < -1 || json_integer_value(parent) >= number) {
        rc = err_set(e, RC_DATA, "%s: 'parent' is not an earlier entry; the entry is damaged", key);
        goto out;
    }
    if (strchr(*ret_part, '/') || !storage_key_valid(*ret_part)) {
        rc = err_set(e, RC_DATA, "%s: the part '%.200s' is not a name in its own folder; the entry is damaged", key,
                     *ret_part);
        goto out;
    }
    *ret_parent = json_integer_value(parent);
out:
    json_decref(root);
    return rc;
}

/* Reads an object that the committed chain names. */
static enum rc get_needed(struct arena *a, struct storage *s, const char *key, size_t max, int64_t number,
                          const char *table, struct str *ret, struct err *e)
{
    bool exists = false;
    enum rc rc = s->ops->get(s, a, key, max, ret, &exists, e);
    if (rc == RC_OK && !exists)
        return err_set(e, RC_DATA,
                       "%s is missing, and the state of %s needs it (side entry %lld); restore it from a "
                       "copy of the lake",
                       key, table, (long long)number);
    return rc;
}

enum rc side_chain(struct arena *a, struct storage *s, const char *table, int64_t number, struct str **ret_parts,
                   size_t *ret_length, struct err *e)
{
    struct str *parts = NULL;
    size_t n = 0;
    while (number >= 0) {
        struct str entry = {0}, part = {0};
        const char *name = NULL, *key = entry_key(a, table, number);
        int64_t parent = -1;
        enum rc rc = get_needed(a, s, key, ENTRY_MAX, number, table, &entry, e);
        if (rc == RC_OK) rc = parse_entry(a, entry, number, key, &parent, &name, e);
        if (rc == RC_OK)
            rc = get_needed(a, s, arena_printf(a, "%s/_ingot/%s", table, name), BUF_DEFAULT_MAX, number, table, &part,
                            e);
        if (rc != RC_OK) return rc;
        *ARENA_PUSH(a, parts, n) = part;
        number = parent;
    }
    for (size_t i = 0; i < n / 2; i++) {
        struct str swap = parts[i];
        parts[i] = parts[n - 1 - i];
        parts[n - 1 - i] = swap;
    }
    *ret_parts = parts;
    *ret_length = n;
    return RC_OK;
}
