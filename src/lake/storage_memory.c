/* A lake in memory: the honest twin of a real store, for tests.
 *
 * Several handles share one map of objects. A scheduler in `before` may switch to another simulated process,
 * so nothing about the map is remembered across that call. One thread only. */
#include "base/os.h"
#include "lake/storage.h"

#include <stdlib.h>

struct memory_object {
    char *key, *bytes;
    size_t n;
    int64_t mtime_us;
};
struct memory_map {
    struct memory_object *objects; /* ordered by key */
    size_t n, capacity, handles;
};
struct memory {
    struct storage base;
    struct memory_map *map;
    struct storage_faults faults;
};

static void *must(void *p)
{
    if (!p) abort();
    return p;
}

static enum rc enter(struct storage *s, const char *operation, const char *key, struct err *e)
{
    struct memory *m = (struct memory *)s;
    if (m->faults.before && !m->faults.before(m->faults.data, operation, key))
        return err_set(e, RC_INTERRUPTED, "%s %s: interrupted", operation, key);
    return RC_OK;
}

/* The place of a key, or where it would go. */
static size_t place_of(const struct memory_map *map, const char *key, bool *ret_found)
{
    size_t low = 0, high = map->n;
    *ret_found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int c = strcmp(map->objects[middle].key, key);
        if (c == 0) *ret_found = true;
        if (c < 0) low = middle + 1;
        else high = middle;
    }
    return low;
}

static void store(struct memory_map *map, const char *key, struct str bytes)
{
    bool found;
    size_t i = place_of(map, key, &found);
    if (!found) {
        if (map->n == map->capacity) {
            map->capacity = map->capacity ? map->capacity * 2 : 16;
            map->objects = must(realloc(map->objects, map->capacity * sizeof *map->objects));
        }
        memmove(map->objects + i + 1, map->objects + i, (map->n - i) * sizeof *map->objects);
        map->n++;
        map->objects[i] = (struct memory_object){.key = must(strdup(key))};
    }
    struct memory_object *o = &map->objects[i];
    free(o->bytes);
    o->bytes = must(malloc(bytes.n + 1));
    if (bytes.n) memcpy(o->bytes, bytes.p, bytes.n);
    o->bytes[bytes.n] = 0;
    o->n = bytes.n;
    o->mtime_us = os_now_us();
}

static enum rc memory_put_new(struct storage *s, const char *key, struct str bytes, enum put_result *ret, struct err *e)
{
    struct memory *m = (struct memory *)s;
    enum rc rc = enter(s, "put_new", key, e);
    if (rc != RC_OK) return rc;
    enum storage_answer answer = m->faults.unclear ? m->faults.unclear(m->faults.data, key) : ANSWER_CLEAR;
    bool taken;
    place_of(m->map, key, &taken);
    if (!taken && answer != ANSWER_LOST_BEFORE_WRITE) store(m->map, key, bytes);
    *ret = answer != ANSWER_CLEAR ? PUT_UNCLEAR : taken ? PUT_TAKEN : PUT_WON;
    return RC_OK;
}

static enum rc memory_put(struct storage *s, const char *key, struct str bytes, struct err *e)
{
    enum rc rc = enter(s, "put", key, e);
    if (rc == RC_OK) store(((struct memory *)s)->map, key, bytes);
    return rc;
}

static enum rc memory_get(struct storage *s, struct arena *a, const char *key, size_t max, struct str *ret,
                          bool *ret_exists, struct err *e)
{
    const struct memory_map *map = ((struct memory *)s)->map;
    enum rc rc = enter(s, "get", key, e);
    if (rc != RC_OK) return rc;
    size_t i = place_of(map, key, ret_exists);
    if (!*ret_exists) return RC_OK;
    const struct memory_object *o = &map->objects[i];
    if (o->n > max) return err_set(e, RC_DATA, "%s is larger than %zu bytes", key, max);
    *ret = (struct str){arena_strndup(a, o->bytes, o->n), o->n};
    return RC_OK;
}

static enum rc memory_list(struct storage *s, struct arena *a, const char *prefix, const char *start_after,
                           struct object **ret, size_t *ret_n, struct err *e)
{
    const struct memory_map *map = ((struct memory *)s)->map;
    enum rc rc = enter(s, "list", prefix, e);
    if (rc != RC_OK) return rc;
    bool found;
    size_t n = strlen(prefix);
    struct object *objects = NULL;
    size_t n_objects = 0;
    for (size_t i = place_of(map, prefix, &found); i < map->n; i++) {
        const struct memory_object *o = &map->objects[i];
        if (strncmp(o->key, prefix, n) != 0) break;
        if (start_after && strcmp(o->key, start_after) <= 0) continue;
        *ARENA_PUSH(a, objects, n_objects) =
            (struct object){.key = arena_strdup(a, o->key), .size = (int64_t)o->n, .mtime_us = o->mtime_us};
    }
    *ret = objects;
    *ret_n = n_objects;
    return RC_OK;
}

static enum rc memory_remove(struct storage *s, const char *key, struct err *e)
{
    struct memory_map *map = ((struct memory *)s)->map;
    enum rc rc = enter(s, "remove", key, e);
    if (rc != RC_OK) return rc;
    bool found;
    size_t i = place_of(map, key, &found);
    if (!found) return RC_OK;
    free(map->objects[i].key);
    free(map->objects[i].bytes);
    map->n--;
    memmove(map->objects + i, map->objects + i + 1, (map->n - i) * sizeof *map->objects);
    return RC_OK;
}

static enum rc memory_sync(struct storage *s, const char *const *keys, size_t n, struct err *e)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; i < n && rc == RC_OK; i++) rc = enter(s, "sync", keys[i], e);
    return rc;
}

static enum rc memory_url(struct storage *s, struct arena *a, const char *key, char **ret, struct err *e)
{
    enum rc rc = enter(s, "url", key, e);
    if (rc == RC_OK) *ret = arena_printf(a, "memory:/%s", key);
    return rc;
}

static void memory_release(struct storage *s)
{
    struct memory_map *map = ((struct memory *)s)->map;
    if (--map->handles == 0) {
        for (size_t i = 0; i < map->n; i++) {
            free(map->objects[i].key);
            free(map->objects[i].bytes);
        }
        free(map->objects);
        free(map);
    }
    free(s);
}

static const struct storage_ops memory_ops = {
    .name = "memory",
    .put_new = memory_put_new,
    .put = memory_put,
    .get = memory_get,
    .list = memory_list,
    .remove = memory_remove,
    .sync = memory_sync,
    .url = memory_url,
    .release = memory_release,
};

static struct storage *handle_on(struct memory_map *map, struct storage_faults faults)
{
    struct memory *m = must(calloc(1, sizeof *m));
    m->base = (struct storage){.ops = &memory_ops, .root = "memory:"};
    m->map = map;
    m->faults = faults;
    map->handles++;
    return &m->base;
}

struct storage *storage_memory_new(void)
{
    return handle_on(must(calloc(1, sizeof(struct memory_map))), (struct storage_faults){0});
}

struct storage *storage_memory_share(struct storage *memory, struct storage_faults faults)
{
    return handle_on(((struct memory *)memory)->map, faults);
}
