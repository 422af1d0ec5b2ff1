#include "lake/storage.h"

#include <stdio.h>

/* A handful of answers may get lost before the lake counts as unreachable. */
#define SETTLE_ATTEMPTS 10
#define SETTLED_OBJECT_MAX ((size_t)1 << 30)

void storage_close(struct storage *s)
{
    if (s) s->ops->release(s);
}

bool storage_key_valid(const char *key)
{
    for (const char *part = key;; part++) {
        size_t n = strcspn(part, "/");
        if (n == 0 || (n == 1 && part[0] == '.') || (n == 2 && part[0] == '.' && part[1] == '.')) return false;
        part += n;
        if (*part == 0) return true;
    }
}

/* Whose object stands under the key: *ret_exists, and *ret_ours if it holds the id. */
static enum rc read_back(struct storage *s, const char *key, const char *id, bool *ret_exists, bool *ret_ours,
                         struct err *e)
{
    struct arena *a = arena_new();
    struct str found = {0};
    enum rc rc = s->ops->get(s, a, key, SETTLED_OBJECT_MAX, &found, ret_exists, e);
    if (rc == RC_OK && *ret_exists) *ret_ours = found.n && memmem(found.p, found.n, id, strlen(id)) != NULL;
    arena_free(a);
    return rc;
}

/* One attempt. *ret_settled when the answer is clear; *ret_unclear stays set once the object may have been
 * written. */
static enum rc attempt(struct storage *s, const char *key, struct str bytes, const char *id, bool *ret_settled,
                       bool *ret_unclear, bool *ret_won, struct err *e)
{
    enum put_result put = PUT_UNCLEAR;
    enum rc rc = s->ops->put_new(s, key, bytes, &put, e);
    if (rc != RC_OK) return rc;
    if (put == PUT_WON) {
        *ret_settled = *ret_won = true;
        return RC_OK;
    }
    if (put == PUT_UNCLEAR) *ret_unclear = true;
    bool exists = false, ours = false;
    rc = read_back(s, key, id, &exists, &ours, e);
    if (rc != RC_OK) {
        *ret_unclear = true;
        return rc;
    }
    if (exists) {
        *ret_settled = true;
        *ret_won = ours;
    }
    return RC_OK;
}

enum rc storage_put_settled(struct storage *s, const char *key, struct str bytes, const char *id, bool *ret_won,
                            struct err *e)
{
    bool settled = false, unclear = false, won = false;
    enum rc rc = RC_OK;
    for (int i = 0; i < SETTLE_ATTEMPTS && !settled; i++) {
        if (i && s->ops->pause) s->ops->pause(s, i);
        rc = attempt(s, key, bytes, id, &settled, &unclear, &won, e);
        if (rc == RC_INTERRUPTED || (rc != RC_OK && !unclear)) return rc;
    }
    if (settled) {
        *ret_won = won;
        return RC_OK;
    }
    if (rc != RC_OK && e) {
        char why[ERR_MESSAGE_MAX / 2];
        snprintf(why, sizeof why, "%s", e->message);
        return err_set(e, RC_UNREACHABLE, "%s may or may not have been written; the next run looks (%s)", key, why);
    }
    return err_set(e, RC_UNREACHABLE, "%s may or may not have been written; the next run looks", key);
}

enum rc storage_directory_url(struct storage *s, struct arena *a, const char *dir, char **ret, struct err *e)
{
    char *url;
    enum rc rc = s->ops->url(s, a, arena_printf(a, "%s/_", dir), &url, e);
    if (rc != RC_OK) return rc;
    url[strlen(url) - 1] = 0;
    *ret = url;
    return RC_OK;
}
