/* lake/: the lake as objects under one root, and Delta tables, side entries and the lake log made of them.
 *
 * storage.h is the seam to the object store. Keys are relative to the lake's root, with '/' between parts, without a
 * leading one ("silver/orders/_delta_log/00000000000000000003.json"). An object is seen whole or not at all, and is
 * never changed by put_new. Implementations: storage_local.c (a folder), storage_memory.c (tests, with a hook before
 * and an unclear answer after each operation). */
#ifndef LAKE_STORAGE_H
#define LAKE_STORAGE_H

#include "base/arena.h"
#include "base/buf.h"

enum put_result {
    PUT_WON,     /* the object is there and these bytes are it */
    PUT_TAKEN,   /* somebody else's object was there first */
    PUT_UNCLEAR, /* it may or may not have been written: storage_put_settled reads and puts again */
};

struct object {
    const char *key;
    int64_t size;
    int64_t mtime_us;
};

struct storage;
struct storage_ops {
    const char *name;
    /* Creates an object only if its key is free (local: link(2) of a synced file; S3: If-None-Match: *). RC_OK sets
     * *ret; another rc means: clearly not written. Required. */
    enum rc (*put_new)(struct storage *s, const char *key, struct str bytes, enum put_result *ret, struct err *e);
    /* Writes or replaces an object, whole (for hints such as _last_checkpoint only). Required. */
    enum rc (*put)(struct storage *s, const char *key, struct str bytes, struct err *e);
    /* Reads an object of at most `max` bytes into `a`. Missing: RC_OK and *ret_exists = false. Required. */
    enum rc (*get)(struct storage *s, struct arena *a, const char *key, size_t max, struct str *ret, bool *ret_exists,
                   struct err *e);
    /* All objects whose key starts with `prefix` (which ends in '/') and is greater than `start_after` (NULL: all),
     * sorted bytewise, folders below included. Missing folder: none. Required. */
    enum rc (*list)(struct storage *s, struct arena *a, const char *prefix, const char *start_after,
                    struct object **ret, size_t *ret_n, struct err *e);
    /* Removes an object; a missing one is fine. Required. */
    enum rc (*remove)(struct storage *s, const char *key, struct err *e);
    /* Makes sure that data files which the engine wrote under these keys are durable (local: fsync; S3: nothing).
     * May be NULL. */
    enum rc (*sync)(struct storage *s, const char *const *keys, size_t n, struct err *e);
    /* What the engine is given to read or write `key` ("/abs/lake/silver/…", "s3://bucket/prefix/…"); parents exist
     * after the call. Required. */
    enum rc (*url)(struct storage *s, struct arena *a, const char *key, char **ret, struct err *e);
    void (*release)(struct storage *s); /* required */
    /* Called by storage_put_settled between two attempts (1, 2, …) at a key whose answer was unclear: a store behind a
     * network waits a little here, boundedly. May be NULL. */
    void (*pause)(struct storage *s, int attempt);
};
struct storage {
    const struct storage_ops *ops;
    const char *root; /* as in the project, for messages */
};

/* A folder on this machine, made on the first write. `root` is absolute. */
enum rc storage_local_open(const char *root, struct storage **ret, struct err *e) MUST_CHECK;

/* In memory, for tests: `before` is called ahead of every operation (a scheduler may switch there; false = the caller
 * dies: the operation returns RC_INTERRUPTED and has no effect); `unclear` decides after a put_new whether its answer
 * gets lost, with or without the write having taken effect. Both may be NULL. */
enum storage_answer { ANSWER_CLEAR, ANSWER_LOST_AFTER_WRITE, ANSWER_LOST_BEFORE_WRITE };
struct storage_faults {
    bool (*before)(void *data, const char *operation, const char *key); /* operation: the name of the callback */
    enum storage_answer (*unclear)(void *data, const char *key);
    void *data;
};
struct storage *storage_memory_new(void);
/* A second handle on the same objects, with faults of its own (one for each simulated process). */
struct storage *storage_memory_share(struct storage *memory, struct storage_faults faults);

void storage_close(struct storage *s); /* NULL is fine */
/* What the engine is given as the folder `dir` ("silver/orders"), with '/' at its end; it exists after the call. */
enum rc storage_directory_url(struct storage *s, struct arena *a, const char *dir, char **ret,
                              struct err *e) MUST_CHECK;

/* No part of a key is empty, "." or "..": what every store checks before it touches anything. */
bool storage_key_valid(const char *key);

/* put_new until the answer is clear, always with the same bytes, never guessing (RULES.md A 2): after an unclear answer
 * or a taken slot the object is read back; it is ours if it holds `id` (a unique string contained in `bytes`).
 * *ret_won says whose object stands there. If the lake stays unreachable: RC_UNREACHABLE and the message
 * "<key> may or may not have been written; the next run looks". */
enum rc storage_put_settled(struct storage *s, const char *key, struct str bytes, const char *id, bool *ret_won,
                            struct err *e) MUST_CHECK;

#endif
