/* A lake in a folder of this machine.
 *
 * Keys are paths below the root. Objects appear whole: link(2) of a synced temporary file for put_new,
 * rename(2) for put. What is called .tmp-* is such a file in the making, or one that a killed process left;
 * it is never listed. */
#include "base/os.h"
#include "lake/storage.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define FOLDER_DEPTH_MAX 64

struct local {
    struct storage base;
    char *root; /* absolute, without a '/' at its end */
};

static enum rc path_of(struct storage *s, const char *key, char path[PATH_MAX], struct err *e)
{
    if (!storage_key_valid(key))
        return err_set(e, RC_DATA, "'%s' is not a valid name of an object in the lake %s", key, s->root);
    int n = snprintf(path, PATH_MAX, "%s/%s", ((struct local *)s)->root, key);
    if (n < 0 || n >= PATH_MAX)
        return err_set(e, RC_DATA, "%s/%.200s…: the path is longer than the system allows", s->root, key);
    return RC_OK;
}

/* Makes the folder of `path`, durably: every folder on the way that is new is synced into its parent. */
static enum rc make_parents(const char *path, struct err *e)
{
    char folder[PATH_MAX];
    struct file_status status;
    bool exists = false;
    size_t made[FOLDER_DEPTH_MAX], n_made = 0;
    snprintf(folder, sizeof folder, "%s", path);
    for (char *slash = strrchr(folder, '/'); slash && slash != folder; slash = strrchr(folder, '/')) {
        *slash = 0;
        enum rc rc = os_stat(folder, &status, &exists, e);
        if (rc != RC_OK) return rc;
        if (exists) break;
        if (n_made == FOLDER_DEPTH_MAX) return err_set(e, RC_DATA, "%s: too many folders in one another", path);
        made[n_made++] = (size_t)(slash - folder);
    }
    if (n_made == 0) return RC_OK;
    snprintf(folder, sizeof folder, "%s", path);
    folder[made[0]] = 0;
    enum rc rc = os_mkdirs(folder, e);
    for (size_t i = 0; i < n_made && rc == RC_OK; i++) {
        folder[made[i]] = 0;
        char *slash = strrchr(folder, '/');
        if (!slash || slash == folder) break;
        *slash = 0;
        rc = os_fsync(folder, e);
    }
    return rc;
}

static enum rc local_put_new(struct storage *s, const char *key, struct str bytes, enum put_result *ret, struct err *e)
{
    char path[PATH_MAX];
    bool created = false, exists = false;
    struct file_status status;
    enum rc rc;
    TRY(path_of(s, key, path, e));
    TRY(make_parents(path, e));
    rc = os_create_new(path, bytes, &created, e);
    if (rc == RC_OK) *ret = created ? PUT_WON : PUT_TAKEN;
    /* It failed, but something is there (the sync of the folder failed, or somebody was first): not for us to
     * guess. */
    if (rc != RC_OK && os_stat(path, &status, &exists, NULL) == RC_OK && exists) {
        *ret = PUT_UNCLEAR;
        rc = RC_OK;
    }
out:
    return rc;
}

static enum rc local_put(struct storage *s, const char *key, struct str bytes, struct err *e)
{
    char path[PATH_MAX];
    enum rc rc;
    TRY(path_of(s, key, path, e));
    TRY(make_parents(path, e));
    TRY(os_write_file(path, bytes, e));
out:
    return rc;
}

static enum rc local_get(struct storage *s, struct arena *a, const char *key, size_t max, struct str *ret,
                         bool *ret_exists, struct err *e)
{
    char path[PATH_MAX];
    enum rc rc = path_of(s, key, path, e);
    return rc == RC_OK ? os_read_file(a, path, max, ret, ret_exists, e) : rc;
}

struct walk {
    struct arena *a;
    const char *root, *start_after;
    struct object *objects;
    size_t n;
};

/* Neither the file `key` nor anything in a folder of that name comes after `start_after`, which is greater
 * than key. */
static bool all_before(const char *key, const char *start_after)
{
    size_t n = strlen(key);
    return strncmp(key, start_after, n) != 0 || start_after[n] > '/';
}

static enum rc walk_folder(struct walk *w, const char *prefix, int depth, struct err *e)
{
    char **names = NULL;
    size_t n = 0;
    if (depth > FOLDER_DEPTH_MAX)
        return err_set(e, RC_DATA, "%s/%s: folders are nested too deeply (a link to itself?)", w->root, prefix);
    enum rc rc = os_list(w->a, arena_printf(w->a, "%s/%s", w->root, prefix), &names, &n, e);
    for (size_t i = 0; i < n && rc == RC_OK; i++) {
        if (strncmp(names[i], ".tmp-", 5) == 0) continue;
        char *key = arena_printf(w->a, "%s%s", prefix, names[i]);
        /* Most names of a long log lie before start_after: leave them without asking the system about each.
         */
        if (w->start_after && strcmp(key, w->start_after) < 0 && all_before(key, w->start_after)) continue;
        struct file_status status;
        bool exists = false;
        rc = os_stat(arena_printf(w->a, "%s/%s", w->root, key), &status, &exists, e);
        if (rc != RC_OK || !exists) continue; /* gone meanwhile */
        if (status.is_dir) rc = walk_folder(w, arena_printf(w->a, "%s/", key), depth + 1, e);
        else if (status.is_regular && (!w->start_after || strcmp(key, w->start_after) > 0))
            *ARENA_PUSH(w->a, w->objects, w->n) =
                (struct object){.key = key, .size = status.size, .mtime_us = status.mtime_us};
    }
    return rc;
}

static int by_key(const void *left, const void *right)
{
    return strcmp(((const struct object *)left)->key, ((const struct object *)right)->key);
}

static enum rc local_list(struct storage *s, struct arena *a, const char *prefix, const char *start_after,
                          struct object **ret, size_t *ret_n, struct err *e)
{
    struct walk w = {.a = a, .root = ((struct local *)s)->root, .start_after = start_after};
    size_t n = strlen(prefix);
    char *folder = arena_strndup(a, prefix, n && prefix[n - 1] == '/' ? n - 1 : n);
    if (n && !storage_key_valid(folder))
        return err_set(e, RC_DATA, "'%s' is not a valid folder of the lake %s", prefix, s->root);
    enum rc rc = walk_folder(&w, prefix, 0, e);
    if (rc != RC_OK) return rc;
    if (w.n > 1) qsort(w.objects, w.n, sizeof *w.objects, by_key);
    *ret = w.objects;
    *ret_n = w.n;
    return RC_OK;
}

static enum rc local_remove(struct storage *s, const char *key, struct err *e)
{
    char path[PATH_MAX];
    enum rc rc = path_of(s, key, path, e);
    return rc == RC_OK ? os_remove(path, e) : rc;
}

/* Files first, then each folder once (keys of one table come together). */
static enum rc local_sync(struct storage *s, const char *const *keys, size_t n, struct err *e)
{
    char path[PATH_MAX], folder[PATH_MAX] = "";
    enum rc rc = RC_OK;
    for (size_t i = 0; i < n; i++) {
        TRY(path_of(s, keys[i], path, e));
        TRY(os_fsync(path, e));
    }
    for (size_t i = 0; i < n; i++) {
        TRY(path_of(s, keys[i], path, e));
        *strrchr(path, '/') = 0;
        if (strcmp(path, folder) == 0) continue;
        TRY(os_fsync(path, e));
        memcpy(folder, path, sizeof folder);
    }
out:
    return rc;
}

static enum rc local_url(struct storage *s, struct arena *a, const char *key, char **ret, struct err *e)
{
    char path[PATH_MAX];
    enum rc rc;
    TRY(path_of(s, key, path, e));
    TRY(make_parents(path, e));
    *ret = arena_strdup(a, path);
out:
    return rc;
}

static void local_release(struct storage *s)
{
    free(((struct local *)s)->root);
    free(s);
}

static const struct storage_ops local_ops = {
    .name = "local",
    .put_new = local_put_new,
    .put = local_put,
    .get = local_get,
    .list = local_list,
    .remove = local_remove,
    .sync = local_sync,
    .url = local_url,
    .release = local_release,
};

enum rc storage_local_open(const char *root, struct storage **ret, struct err *e)
{
    size_t n = strlen(root);
    if (root[0] != '/') return err_set(e, RC_INTERNAL, "the lake's folder '%s' is not an absolute path", root);
    while (n > 1 && root[n - 1] == '/') n--;
    if (n == 1) return err_set(e, RC_PROJECT, "the lake cannot be the root of the file system");
    struct file_status status;
    bool exists = false;
    enum rc rc = os_stat(root, &status, &exists, e);
    if (rc != RC_OK) return rc;
    if (exists && !status.is_dir) return err_set(e, RC_PROJECT, "the lake %s is a file, not a folder", root);
    struct local *l = calloc(1, sizeof *l);
    char *copy = strndup(root, n);
    if (!l || !copy) abort();
    l->root = copy;
    l->base = (struct storage){.ops = &local_ops, .root = copy};
    *ret = &l->base;
    return RC_OK;
}
