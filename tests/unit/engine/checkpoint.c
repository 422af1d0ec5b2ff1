#include "fixture.h"

#include "base/json.h"
#include "lake/storage.h"

#include <string.h>

#define ACTIONS                                                                                                        \
    "{\"protocol\":{\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":[\"timestampNtz\"],"              \
    "\"writerFeatures\":"                                                                                              \
    "[\"timestampNtz\",\"appendOnly\"]}}\n"                                                                            \
    "{\"metaData\":{\"id\":\"u\",\"name\":\"n\",\"format\":{\"provider\":\"parquet\",\"options\":{}},"                 \
    "\"schemaString\":"                                                                                                \
    "\"{\\\"type\\\":\\\"struct\\\"}\",\"partitionColumns\":[\"p\"],\"configuration\":{\"ingot.model\":"               \
    "\"x\\ny\"},"                                                                                                      \
    "\"createdTime\":1700000000000}}\n"                                                                                \
    "{\"txn\":{\"appId\":\"ingot/self\",\"version\":9007199254740993,\"lastUpdated\":5}}\n"                            \
    "{\"add\":{\"path\":\"p=a/"                                                                                        \
    "part-\xc3\xbc.parquet\",\"partitionValues\":{\"p\":null},\"size\":5,\"modificationTime\":6,"                      \
    "\"dataChange\":false,\"stats\":\"{\\\"numRecords\\\":3}\",\"tags\":{\"k\":\"v\"},\"deletionVector\":{"            \
    "\"storageType\":"                                                                                                 \
    "\"u\",\"pathOrInlineDv\":\"ab\",\"offset\":1,\"sizeInBytes\":34,\"cardinality\":2}}}\n"                           \
    "{\"remove\":{\"path\":\"gone.parquet\",\"deletionTimestamp\":7,\"dataChange\":true,"                              \
    "\"extendedFileMetadata\":true,"                                                                                   \
    "\"partitionValues\":{\"p\":\"a\"},\"size\":8}}\n"
#define KEY "silver/t/_delta_log/00000000000000000003.checkpoint.parquet"

static void same_actions(struct fixture *f, struct str found, const char *expected)
{
    struct str wanted = str_of(expected);
    while (wanted.n) {
        const char *end = memchr(wanted.p, '\n', wanted.n),
                   *found_end = found.n ? memchr(found.p, '\n', found.n) : NULL;
        json_t *x = NULL, *y = NULL;
        assert_non_null(found_end);
        assert_ok(f, json_read(f->a, (struct str){wanted.p, (size_t)(end - wanted.p)}, "expected", &x, &f->e));
        assert_ok(f, json_read(f->a, (struct str){found.p, (size_t)(found_end - found.p)}, "found", &y, &f->e));
        if (!json_equal(x, y)) fail_msg("%s\n%s", json_text(f->a, x), json_text(f->a, y));
        wanted.n -= (size_t)(end + 1 - wanted.p);
        wanted.p = end + 1;
        found.n -= (size_t)(found_end + 1 - found.p);
        found.p = found_end + 1;
    }
    assert_int_equal(found.n, 0);
}

static void round_trip(struct fixture *f, struct storage *s, const char *actions)
{
    struct lazy_engine lazy = {.config = {.threads = 2}};
    struct checkpoint_codec codec = engine_checkpoint_codec(&lazy);
    const char *keys[] = {KEY, KEY};
    struct str ndjson = {0};
    int64_t size = 0;
    assert_ok(f, codec.write(codec.data, s, KEY, str_of(actions), &size, &f->e));
    assert_true(size > 0);
    assert_ok(f, codec.read(codec.data, f->a, s, keys, 1, &ndjson, &f->e));
    same_actions(f, ndjson, actions);
    assert_ok(f, codec.read(codec.data, f->a, s, keys, 2, &ndjson, &f->e));
    same_actions(f, ndjson, arena_printf(f->a, "%s%s", actions, actions));
    lazy_engine_release(&lazy);
}

static void test_in_a_folder(void **state)
{
    struct fixture *f = *state;
    struct storage *s = NULL;
    assert_ok(f, storage_local_open(f->folder, &s, &f->e));
    round_trip(f, s, ACTIONS);
    char **names;
    size_t n = 0;
    assert_ok(f, os_list(f->a, arena_printf(f->a, "%s/silver/t/_delta_log", f->folder), &names, &n, &f->e));
    assert_int_equal(n, 1); /* no temporary file beside it */
    storage_close(s);
}

static void test_in_another_store(void **state)
{
    struct storage *s = storage_memory_new();
    round_trip(*state, s,
               ACTIONS "{\"domainMetadata\":{\"domain\":\"d\",\"configuration\":\"{}\",\"removed\":false}}\n");
    storage_close(s);
}

static void test_long_line(void **state)
{
    struct fixture *f = *state;
    struct storage *s = storage_memory_new();
    struct buf *b = buf_new(f->a, (size_t)1 << 26);
    buf_add_str(b, ACTIONS "{\"txn\":{\"appId\":\"");
    for (int i = 0; i < 2200000; i++) buf_add_str(b, "0123456789");
    buf_add_str(b, "\",\"version\":1}}\n");
    round_trip(f, s, b->p);
    storage_close(s);
}

/* What other writers' checkpoints look like: columns missing, parsed statistics, unknown columns. */
static void test_foreign(void **state)
{
    struct fixture *f = *state;
    struct storage *s = NULL;
    struct lazy_engine lazy = {.config = {.threads = 1}};
    struct checkpoint_codec codec = engine_checkpoint_codec(&lazy);
    const char *keys[] = {KEY};
    struct str ndjson = {0};
    struct err e = {0};
    assert_ok(f, storage_local_open(f->folder, &s, &f->e));
    assert_ok(f, os_mkdirs(arena_printf(f->a, "%s/silver/t/_delta_log", f->folder), &f->e));
    assert_ok(f, session_execf(f->s, &f->e,
                               "copy (select {'path': 'x', 'size': 3::bigint, 'stats_parsed': {'numRecords': 1, "
                               "'minValues': {'d': date '2020-01-01'}}, 'partitionValues': map([]::varchar[], "
                               "[]::varchar[])} as add,"
                               " {'a': 1} as checkpointMetadata) to '%s/%s' (format parquet)",
                               f->folder, KEY));
    assert_ok(f, codec.read(codec.data, f->a, s, keys, 1, &ndjson, &f->e));
    assert_string_equal(ndjson.p, "{\"add\":{\"path\":\"x\",\"size\":3,\"partitionValues\":{}}}\n");
    assert_ok(f, session_execf(f->s, &f->e, "copy (select 1 a) to '%s/%s' (format parquet)", f->folder, KEY));
    assert_int_equal(codec.read(codec.data, f->a, s, keys, 1, &ndjson, &e), RC_DATA);
    assert_non_null(strstr(e.message, KEY));
    assert_ok(f, os_write_file(arena_printf(f->a, "%s/%s", f->folder, KEY), STR("PAR1 not at all"), &f->e));
    assert_int_equal(codec.read(codec.data, f->a, s, keys, 1, &ndjson, &e), RC_DATA);
    assert_ok(f, os_remove(arena_printf(f->a, "%s/%s", f->folder, KEY), &f->e));
    assert_int_equal(codec.read(codec.data, f->a, s, keys, 1, &ndjson, &e), RC_DATA);
    assert_non_null(strstr(e.message, "gone"));
    lazy_engine_release(&lazy);
    storage_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_in_a_folder),
        FIXTURE_TEST(test_in_another_store),
        FIXTURE_TEST(test_long_line),
        FIXTURE_TEST(test_foreign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
