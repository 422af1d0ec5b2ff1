/* What the tests of lake/ share: a store, objects put into it, expectations on errors. */
#ifndef TEST_LAKE_FIXTURE_H
#define TEST_LAKE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lake/delta.h"

struct fixture {
    struct arena *a;
    struct storage *s;
    struct err e;
};

static inline int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f) return -1;
    f->a = arena_new();
    f->s = storage_memory_new();
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    storage_close(f->s);
    arena_free(f->a);
    free(f);
    return 0;
}

static inline void put_object(struct fixture *f, const char *key, const char *text)
{
    assert_int_equal(f->s->ops->put(f->s, key, str_of(text), &f->e), RC_OK);
}

/* Commit `version` of table "t". */
static inline void put_commit(struct fixture *f, int64_t version, const char *text)
{
    put_object(f, delta_commit_key(f->a, "t", version), text);
}

#define PROTOCOL "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":2}}\n"
#define SCHEMA                                                                                                         \
    "{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":[{\\\"name\\\":\\\"a\\\",\\\"type\\\":\\\"long\\\","                  \
    "\\\"nullable\\\":true,\\\"metadata\\\":{}}]}"
#define METADATA                                                                                                       \
    "{\"metaData\":{\"id\":\"id-1\",\"format\":{\"provider\":\"parquet\",\"options\":{}},\"schemaString\":"            \
    "\"" SCHEMA "\",\"partitionColumns\":[],\"configuration\":{\"ingot.model\":\"m1\"},\"createdTime\":1}}\n"
#define ADD(path, rows)                                                                                                \
    "{\"add\":{\"path\":\"" path "\",\"partitionValues\":{},\"size\":10,\"modificationTime\":5,\"dataChange\":true,"   \
    "\"stats\":\"{\\\"numRecords\\\":" rows "}\"}}\n"
#define REMOVE(path)                                                                                                   \
    "{\"remove\":{\"path\":\"" path "\",\"deletionTimestamp\":7,\"dataChange\":true,\"extendedFileMetadata\":true,"    \
    "\"partitionValues\":{},\"size\":10}}\n"
#define ADD_MOVED(path)                                                                                                \
    "{\"add\":{\"path\":\"" path "\",\"partitionValues\":{},\"size\":10,\"modificationTime\":5,\"dataChange\":false}}" \
    "\n"
#define REMOVE_MOVED(path) "{\"remove\":{\"path\":\"" path "\",\"deletionTimestamp\":7,\"dataChange\":false}}\n"
#define TXN(app, version) "{\"txn\":{\"appId\":\"" app "\",\"version\":" version "}}\n"
#define INFO(operation) "{\"commitInfo\":{\"timestamp\":1000,\"operation\":\"" operation "\",\"engineInfo\":\"x/1\"}}\n"

static inline void assert_message(const struct err *e, const char *part)
{
    if (!strstr(e->message, part)) fail_msg("the message is '%s', without '%s'", e->message, part);
}

/* A codec whose "Parquet" is the NDJSON itself. */
static inline enum rc plain_read(void *data, struct arena *a, struct storage *s, const char *const *keys, size_t n,
                                 struct str *ret, struct err *e)
{
    struct buf *b = buf_new(a, BUF_DEFAULT_MAX);
    (void)data;
    for (size_t i = 0; i < n; i++) {
        struct str text = {0};
        bool exists = false;
        enum rc rc = s->ops->get(s, a, keys[i], BUF_DEFAULT_MAX, &text, &exists, e);
        if (rc != RC_OK) return rc;
        if (!exists) return err_set(e, RC_DATA, "%s is missing", keys[i]);
        buf_add(b, text.p, text.n);
    }
    *ret = buf_str(b);
    return RC_OK;
}
static inline enum rc plain_write(void *data, struct storage *s, const char *key, struct str ndjson, int64_t *ret_size,
                                  struct err *e)
{
    (void)data;
    *ret_size = (int64_t)ndjson.n;
    return s->ops->put(s, key, ndjson, e);
}
static const struct checkpoint_codec plain_codec = {.read = plain_read, .write = plain_write};

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

#endif
