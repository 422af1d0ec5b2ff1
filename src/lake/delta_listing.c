#include "lake/delta_listing.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

#define VERSION_DIGITS 20
#define CHECKPOINT_PARTS_MAX 100000

/* `n` digits at p as a number; -1 if there is something else. Beyond DELTA_VERSION_MAX: DELTA_VERSION_MAX
 * + 1. */
static int64_t digits(const char *p, size_t n)
{
    int64_t value = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_digit(p[i])) return -1;
        value = value * 10 + (p[i] - '0');
        if (value > DELTA_VERSION_MAX) value = DELTA_VERSION_MAX + 1;
    }
    return value;
}

/* Names as in PROTOCOL.md, "Delta Log Entries" and "Checkpoints". */
static bool parse_name(const char *name, struct log_entry *ret)
{
    if (strlen(name) < VERSION_DIGITS + 4) return false;
    const char *rest = name + VERSION_DIGITS;
    ret->version = digits(name, VERSION_DIGITS);
    if (ret->version < 0 || *rest != '.') return false;
    if (strcmp(rest, ".json") == 0) {
        ret->kind = LOG_COMMIT;
    } else if (strcmp(rest, ".checkpoint.parquet") == 0) {
        ret->kind = LOG_CHECKPOINT;
    } else if (strcmp(rest, ".crc") == 0) {
        ret->kind = LOG_CHECKSUM;
    } else if (strncmp(rest, ".checkpoint.", 12) == 0) {
        rest += 12;
        ret->kind = LOG_CHECKPOINT_V2; /* N.checkpoint.<uuid>.json|parquet */
        if (strlen(rest) == 29 && rest[10] == '.' && strcmp(rest + 21, ".parquet") == 0) {
            int64_t part = digits(rest, 10), parts = digits(rest + 11, 10);
            if (part < 1 || parts < part || parts > CHECKPOINT_PARTS_MAX) return false;
            ret->kind = LOG_CHECKPOINT_PART;
            ret->part = (int)part;
            ret->parts = (int)parts;
        }
    } else {
        return false;
    }
    return true;
}

enum rc log_list(struct arena *a, struct storage *s, const char *table, int64_t from, struct log_listing *ret,
                 struct err *e)
{
    struct object *objects = NULL;
    size_t n = 0;
    char *prefix = arena_printf(a, "%s/_delta_log/", table);
    char *start_after = from > 0 ? arena_printf(a, "%s%020lld", prefix, (long long)from) : NULL;
    *ret = (struct log_listing){0};
    enum rc rc = s->ops->list(s, a, prefix, start_after, &objects, &n, e);
    if (rc != RC_OK) return rc;
    for (size_t i = 0; i < n; i++) {
        struct log_entry x = {.object = &objects[i]};
        if (!parse_name(objects[i].key + strlen(prefix), &x)) continue;
        if (x.version > DELTA_VERSION_MAX)
            return err_set(e, RC_DATA, "%s: a version that cannot be; the log is damaged", objects[i].key);
        *ARENA_PUSH(a, ret->entries, ret->n) = x;
    }
    return RC_OK;
}

static size_t first_of(const struct log_listing *l, int64_t version)
{
    size_t low = 0, high = l->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (l->entries[middle].version < version) low = middle + 1;
        else high = middle;
    }
    return low;
}

const struct log_entry *log_commit(const struct log_listing *l, int64_t version)
{
    for (size_t i = first_of(l, version); i < l->n && l->entries[i].version == version; i++)
        if (l->entries[i].kind == LOG_COMMIT) return &l->entries[i];
    return NULL;
}

/* The keys of the parts of a set of `parts` at the entries [from, to), which are ordered by name; false
 * unless complete. */
static bool complete_set(struct arena *a, const struct log_listing *l, size_t from, size_t to, int parts,
                         const char ***ret_keys, size_t *ret_n)
{
    size_t found = 0;
    const char **keys = ARENA_ARRAY(a, const char *, parts);
    for (size_t i = from; i < to; i++) {
        const struct log_entry *x = &l->entries[i];
        if (x->kind != LOG_CHECKPOINT_PART || x->parts != parts || keys[x->part - 1]) continue;
        keys[x->part - 1] = x->object->key;
        found++;
    }
    *ret_keys = keys;
    *ret_n = (size_t)parts;
    return found == (size_t)parts;
}

static bool checkpoint_at(struct arena *a, const struct log_listing *l, size_t from, size_t to, const char ***ret_keys,
                          size_t *ret_n)
{
    for (size_t i = from; i < to; i++) {
        if (l->entries[i].kind != LOG_CHECKPOINT) continue;
        *ret_keys = ARENA_ARRAY(a, const char *, 1);
        (*ret_keys)[0] = l->entries[i].object->key;
        *ret_n = 1;
        return true;
    }
    for (size_t i = from; i < to; i++) /* a complete set has its part 1 */
        if (l->entries[i].kind == LOG_CHECKPOINT_PART && l->entries[i].part == 1 &&
            (size_t)l->entries[i].parts <= to - from &&
            complete_set(a, l, from, to, l->entries[i].parts, ret_keys, ret_n))
            return true;
    return false;
}

int64_t log_checkpoint(struct arena *a, const struct log_listing *l, int64_t version, const char ***ret_keys,
                       size_t *ret_n)
{
    size_t to = first_of(l, version + 1);
    while (to > 0) {
        int64_t at = l->entries[to - 1].version;
        size_t from = first_of(l, at);
        if (checkpoint_at(a, l, from, to, ret_keys, ret_n)) return at;
        to = from;
    }
    return -1;
}

int64_t log_newest(const struct log_listing *l)
{
    struct arena *a = arena_new();
    const char **keys;
    size_t n;
    int64_t newest = log_checkpoint(a, l, DELTA_VERSION_MAX, &keys, &n);
    for (size_t i = l->n; i > 0; i--)
        if (l->entries[i - 1].kind == LOG_COMMIT) {
            if (l->entries[i - 1].version > newest) newest = l->entries[i - 1].version;
            break;
        }
    arena_free(a);
    return newest;
}
