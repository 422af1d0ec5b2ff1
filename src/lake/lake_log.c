/* Reading and publishing markers (RULES.md A 3, A 9). */
#include "lake/lake_log.h"

#include "base/os.h"
#include "base/text.h"
#include "lake/delta.h"

#include <stdio.h>
#include <stdlib.h>

#define PREFIX "_ingot/log/"
#define MARKER_MAX ((size_t)64 << 20)
#define PUBLISH_ATTEMPTS 200

static const char *marker_key(struct arena *a, int64_t number)
{
    return arena_printf(a, PREFIX "%020lld.json", (long long)number);
}

struct entry {
    int64_t number;
    const struct object *object;
};

/* The markers that are there, oldest first. */
static enum rc list_markers(struct arena *a, struct storage *s, struct entry **ret, size_t *ret_n, struct err *e)
{
    struct object *objects = NULL;
    size_t n = 0;
    *ret = NULL;
    *ret_n = 0;
    enum rc rc = s->ops->list(s, a, PREFIX, NULL, &objects, &n, e);
    for (size_t i = 0; i < n && rc == RC_OK; i++) {
        const char *name = objects[i].key + sizeof PREFIX - 1;
        if (strlen(name) != 25 || strspn(name, "0123456789") != 20 || strcmp(name + 20, ".json") != 0) continue;
        int64_t number = strtoll(name, NULL, 10);
        if (number > DELTA_VERSION_MAX)
            return err_set(e, RC_DATA, "%s: a number that cannot be; the lake log is damaged", objects[i].key);
        *ARENA_PUSH(a, *ret, *ret_n) = (struct entry){.number = number, .object = &objects[i]};
    }
    return rc;
}

/* Reads marker `number`; *ret = NULL if it is not there. */
static enum rc get_marker(struct arena *a, struct storage *s, int64_t number, struct marker **ret, struct err *e)
{
    const char *key = marker_key(a, number);
    struct str text = {0};
    bool exists = false;
    *ret = NULL;
    enum rc rc = s->ops->get(s, a, key, MARKER_MAX, &text, &exists, e);
    if (rc != RC_OK || !exists) return rc;
    struct marker *m = NULL;
    rc = marker_parse(a, text, key, &m, e);
    if (rc != RC_OK) return rc;
    m->number = number;
    *ret = m;
    return RC_OK;
}

enum rc lake_log_newest(struct arena *a, struct storage *s, struct marker **ret, struct err *e)
{
    struct entry *entries;
    size_t n;
    enum rc rc = list_markers(a, s, &entries, &n, e);
    if (rc != RC_OK) return rc;
    if (n == 0) {
        *ret = ARENA_NEW(a, struct marker);
        (*ret)->number = -1;
        return RC_OK;
    }
    struct marker *m = NULL;
    rc = get_marker(a, s, entries[n - 1].number, &m, e);
    if (rc == RC_OK && !m)
        rc = err_set(e, RC_DATA, "%s was removed while it was to be read; try again",
                     marker_key(a, entries[n - 1].number));
    if (rc == RC_OK) *ret = m;
    return rc;
}

/* The times of markers never fall, so the last one at or before at_ms is found by halving. */
static enum rc read_as_of(struct arena *a, struct storage *s, int64_t at_ms, struct marker **ret, struct err *e)
{
    struct entry *entries;
    size_t n, low = 0;
    *ret = NULL;
    enum rc rc = list_markers(a, s, &entries, &n, e);
    while (rc == RC_OK && low < n) {
        size_t middle = low + (n - low) / 2;
        struct marker *m = NULL;
        rc = get_marker(a, s, entries[middle].number, &m, e);
        if (rc != RC_OK) break;
        if (m && m->time_ms > at_ms) {
            n = middle;
        } else {
            low = middle + 1; /* a marker that is gone was old */
            if (m) *ret = m;
        }
    }
    return rc;
}

enum rc lake_log_read(struct arena *a, struct storage *s, int64_t number, int64_t at_ms, struct marker **ret,
                      struct err *e)
{
    return number >= 0 ? get_marker(a, s, number, ret, e) : read_as_of(a, s, at_ms, ret, e);
}

/* A watermark counts versions of one table: when that is gone, or another one has its name, it says nothing any more,
 * and the next run finds in the logs what was read. */
static void forget_input(struct arena *a, struct marker *m, const char *name)
{
    for (size_t i = 0; i < m->n_tables; i++) {
        struct marked_table *t = &m->tables[i];
        if (marked_input(t, name) < 0) continue;
        struct watermark *kept = ARENA_ARRAY(a, struct watermark, t->n_inputs);
        size_t n = 0;
        for (size_t k = 0; k < t->n_inputs; k++)
            if (strcmp(t->inputs[k].table, name) != 0) kept[n++] = t->inputs[k];
        t->inputs = kept;
        t->n_inputs = n;
    }
}

/* The previous marker's tables, without `gone`. */
static void keep_tables(struct arena *a, struct marker *next, const struct marker *previous, const char *const *gone,
                        size_t n_gone)
{
    for (size_t i = 0; i < previous->n_tables; i++) {
        bool kept = true;
        for (size_t j = 0; j < n_gone; j++) kept = kept && strcmp(previous->tables[i].name, gone[j]) != 0;
        if (kept) *ARENA_PUSH(a, next->tables, next->n_tables) = previous->tables[i];
    }
    for (size_t j = 0; j < n_gone; j++) forget_input(a, next, gone[j]);
}

static bool same_text(const char *left, const char *right)
{
    return strcmp(left ? left : "", right ? right : "") == 0;
}

static bool same_entry(const struct marked_table *l, const struct marked_table *r)
{
    if (l->version != r->version || l->side != r->side || l->held != r->held || l->n_inputs != r->n_inputs ||
        !same_text(l->id, r->id) || !same_text(l->model, r->model))
        return false;
    for (size_t i = 0; i < l->n_inputs; i++)
        if (marked_input(r, l->inputs[i].table) != l->inputs[i].version) return false;
    return true;
}

/* Would `mine` be news, and not go back? What a run that did not know of a hold, or
 * of a drop, made of the table is not. */
static bool is_newer(const struct marked_table *old, const struct marked_table *mine)
{
    if (!old || !same_text(old->id, mine->id)) return !mine->seen || (old && same_text(old->id, mine->seen));
    if (old->held && !mine->held && mine->version != old->version) return false;
    return mine->version > old->version || (mine->version == old->version && !same_entry(old, mine));
}

static bool inputs_reached(const struct marker *next, const struct marked_table *mine)
{
    for (size_t i = 0; i < mine->n_inputs; i++) {
        const struct marked_table *input = marker_table(next, mine->inputs[i].table);
        if (mine->inputs[i].version > (input ? input->version : -1)) return false;
    }
    return true;
}

static void set_table(struct arena *a, struct marker *m, const struct marked_table *t)
{
    size_t i = 0;
    while (i < m->n_tables && strcmp(m->tables[i].name, t->name) < 0) i++;
    bool there = i < m->n_tables && strcmp(m->tables[i].name, t->name) == 0;
    if (there && !same_text(m->tables[i].id, t->id)) forget_input(a, m, t->name);
    if (!there) {
        (void)ARENA_PUSH(a, m->tables, m->n_tables);
        memmove(m->tables + i + 1, m->tables + i, (m->n_tables - 1 - i) * sizeof *m->tables);
    }
    m->tables[i] = *t;
}

/* Takes over what of `mine` may advance, until nothing more can: a table follows once its inputs have. */
static bool advance(struct arena *a, struct marker *next, const struct marked_table *mine, size_t n)
{
    bool changed = false, *done = ARENA_ARRAY(a, bool, n);
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < n; i++) {
            if (done[i] || !is_newer(marker_table(next, mine[i].name), &mine[i]) || !inputs_reached(next, &mine[i]))
                continue;
            set_table(a, next, &mine[i]);
            done[i] = changed = again = true;
        }
    }
    return changed;
}

/* The marker after `previous`, or NULL if it would say nothing new. */
static struct marker *merge(struct arena *a, const struct marker *previous, const char *run,
                            const struct marked_table *mine, size_t n_mine, const char *const *gone, size_t n_gone)
{
    struct marker *next = ARENA_NEW(a, struct marker);
    char id[37];
    os_uuid(id);
    next->number = previous->number + 1;
    next->id = arena_strdup(a, id);
    next->run = run;
    next->time_ms = os_now_us() / 1000;
    if (next->time_ms < previous->time_ms) next->time_ms = previous->time_ms;
    keep_tables(a, next, previous, gone, n_gone);
    bool changed = next->n_tables != previous->n_tables;
    if (advance(a, next, mine, n_mine)) changed = true;
    return changed ? next : NULL;
}

enum rc lake_log_publish(struct arena *a, struct storage *s, const char *run, const struct marked_table *mine,
                         size_t n_mine, const char *const *gone, size_t n_gone, struct marker **ret, struct err *e)
{
    for (int attempt = 0; attempt < PUBLISH_ATTEMPTS; attempt++) {
        struct marker *previous = NULL;
        enum rc rc = lake_log_newest(a, s, &previous, e);
        if (rc != RC_OK) return rc;
        struct marker *next = merge(a, previous, run, mine, n_mine, gone, n_gone);
        if (!next) {
            *ret = previous;
            return RC_OK;
        }
        bool won = false;
        rc = storage_put_settled(s, marker_key(a, next->number), str_of(marker_print(a, next)), next->id, &won, e);
        if (rc != RC_OK) return rc;
        if (won) {
            *ret = next;
            return RC_OK;
        }
    }
    return err_set(e, RC_CONFLICT, "the lake log: other runs were faster %d times in a row; try again",
                   PUBLISH_ATTEMPTS);
}

enum rc lake_log_clean(struct storage *s, int64_t keep_ms, size_t keep_count, int64_t now_ms, size_t *ret_removed,
                       struct err *e)
{
    struct arena *a = arena_new();
    struct entry *entries;
    size_t n;
    enum rc rc;
    *ret_removed = 0;
    if (keep_count == 0) keep_count = 1;
    TRY(list_markers(a, s, &entries, &n, e));
    for (size_t i = 0; i + keep_count < n; i++) {
        if (entries[i].object->mtime_us >= (now_ms - keep_ms) * 1000) break; /* the rest is younger */
        TRY(s->ops->remove(s, entries[i].object->key, e));
        ++*ret_removed;
    }
out:
    arena_free(a);
    return rc;
}
