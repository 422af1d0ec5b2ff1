#include "fixture.h"

#define DV(data)                                                                                                       \
    "\"deletionVector\":{\"storageType\":\"u\",\"pathOrInlineDv\":\"" data                                             \
    "\",\"offset\":1,\"sizeInBytes\":4,\"cardinality\":2}"
#define ADD_DV(path, data)                                                                                             \
    "{\"add\":{\"path\":\"" path "\",\"partitionValues\":{},\"size\":10,\"modificationTime\":5,\"dataChange\":true,"   \
    "\"stats\":\"{\\\"numRecords\\\":5}\"," DV(data) "}}\n"
#define REMOVE_DV(path, data) "{\"remove\":{\"path\":\"" path "\",\"dataChange\":true," DV(data) "}}\n"
#define START PROTOCOL METADATA

static struct delta_snapshot *load(struct fixture *f, int64_t version)
{
    struct delta_snapshot *s = NULL;
    enum rc rc = delta_load(f->a, f->s, "t", version, &plain_codec, &s, &f->e);
    if (rc != RC_OK) fail_msg("%s", f->e.message);
    return s;
}

static void load_fails(struct fixture *f, int64_t version, const char *part)
{
    struct delta_snapshot *s = NULL;
    assert_int_equal(delta_load(f->a, f->s, "t", version, &plain_codec, &s, &f->e), RC_DATA);
    assert_message(&f->e, part);
    assert_null(s);
}

static int64_t newest(struct fixture *f, int64_t at_least)
{
    int64_t version = -2;
    assert_int_equal(delta_newest_version(f->s, "t", at_least, &version, &f->e), RC_OK);
    return version;
}

static void no_table(void **state)
{
    struct fixture *f = *state;
    struct delta_snapshot *s = (struct delta_snapshot *)f;
    assert_int_equal(newest(f, -1), -1);
    assert_int_equal(delta_load(f->a, f->s, "t", -1, NULL, &s, &f->e), RC_OK);
    assert_null(s);
}

static void commits_are_replayed(void **state)
{
    struct fixture *f = *state;
    put_commit(f, 0, INFO("WRITE") START ADD("b.parquet", "3") ADD("a%20x.parquet", "4") TXN("ingot/self", "0"));
    put_commit(f, 1,
               "\n" REMOVE("b.parquet") ADD("c.parquet", "10") TXN("ingot/self", "1") TXN("spark", "-7") "  \r\n");
    put_commit(f, 2, "{\"unknown\":{\"x\":1}}\n" ADD("d.parquet", "1"));
    assert_int_equal(newest(f, -1), 2);
    assert_int_equal(newest(f, 1), 2);
    assert_int_equal(newest(f, 2), 2);
    struct delta_snapshot *s = load(f, -1);
    assert_int_equal(s->version, 2);
    assert_int_equal(s->checkpoint_version, -1);
    assert_int_equal(s->n_files, 3);
    assert_string_equal(s->files[0].path, "a x.parquet");
    assert_string_equal(s->files[0].stats, "{\"numRecords\":4}");
    assert_string_equal(s->files[2].path, "d.parquet");
    assert_int_equal(delta_rows(s), 15);
    assert_int_equal(s->n_removes, 1);
    assert_int_equal(s->removes[0].deletion_ms, 7);
    assert_int_equal(delta_txn_version(s, "ingot/self"), 1);
    assert_int_equal(delta_txn_version(s, "spark"), -7);
    assert_int_equal(delta_txn_version(s, "none"), -1);
    assert_string_equal(delta_configuration(s, "ingot.model"), "m1");
    assert_string_equal(s->table_id, "id-1");
    assert_int_equal(s->n_columns, 1);
    assert_string_equal(s->columns[0].type, "long");
    assert_int_equal(s->min_reader, 1);
    assert_int_equal(load(f, 0)->n_files, 2);
    assert_int_equal(delta_rows(load(f, 0)), 7);
    load_fails(f, 3, "t has no version 3; the newest is 2");
}

static void a_vector_makes_another_file(void **state)
{
    struct fixture *f = *state;
    put_commit(f, 0, START ADD("a.parquet", "5"));
    put_commit(f, 1, ADD_DV("a.parquet", "v1") REMOVE("a.parquet"));
    struct delta_snapshot *s = load(f, -1);
    assert_int_equal(s->n_files, 1);
    assert_int_equal(s->files[0].deleted, 2);
    assert_int_equal(s->files[0].records, 3);
    assert_string_equal(s->files[0].dv_id, "uv1@1");
    assert_non_null(strstr(s->files[0].deletion_vector, "\"cardinality\":2"));
    put_commit(f, 2, REMOVE_DV("a.parquet", "v1") ADD_DV("a.parquet", "v2"));
    s = load(f, -1);
    assert_int_equal(s->n_files, 1);
    assert_string_equal(s->files[0].dv_id, "uv2@1");
    assert_int_equal(s->n_removes, 2);
    put_commit(f, 3, ADD_DV("a.parquet", "v3"));
    load_fails(f, -1, "with two deletion vectors at once");
}

static void a_replay_goes_on_from_a_snapshot(void **state)
{
    struct fixture *f = *state;
    struct delta_snapshot s = {0};
    assert_int_equal(delta_replay(f->a, &s, STR(START ADD("a", "1") TXN("x", "1")), "one", &f->e), RC_OK);
    assert_int_equal(delta_replay(f->a, &s, STR(REMOVE("a") ADD("b", "2") TXN("x", "2") TXN("y", "1")), "two", &f->e),
                     RC_OK);
    assert_int_equal(delta_replay(f->a, &s, STR(ADD("a", "1")), "three", &f->e), RC_OK);
    assert_int_equal(s.n_files, 2);
    assert_int_equal(s.n_removes, 0);
    assert_int_equal(s.n_txns, 2);
    assert_int_equal(delta_txn_version(&s, "x"), 2);
    assert_int_equal(s.n_columns, 1);
}

static void many_files(void **state)
{
    struct fixture *f = *state;
    struct buf *b = buf_new(f->a, BUF_DEFAULT_MAX);
    struct delta_snapshot s = {0};
    for (int i = 0; i < 20000; i++)
        buf_printf(b,
                   "{\"add\":{\"path\":\"p%d\",\"partitionValues\":{\"x\":\"%d\",\"y\":null},\"size\":1,"
                   "\"modificationTime\":1,\"dataChange\":true}}\n",
                   i, i);
    assert_int_equal(delta_replay(f->a, &s, buf_str(b), "one", &f->e), RC_OK);
    buf_clear(b);
    for (int i = 0; i < 20000; i += 2)
        buf_printf(b,
                   "{\"remove\":{\"path\":\"p%d\",\"dataChange\":true}}\n{\"txn\":{\"appId\":\"%d\","
                   "\"version\":%d}}\n",
                   i, i, i);
    assert_int_equal(delta_replay(f->a, &s, buf_str(b), "two", &f->e), RC_OK);
    assert_int_equal(s.n_files, 10000);
    assert_int_equal(s.n_removes, 10000);
    assert_int_equal(s.n_txns, 10000);
    assert_int_equal(s.files[0].n_partition, 2);
    assert_int_equal(delta_rows(&s), -1);
    assert_int_equal(delta_txn_version(&s, "19998"), 19998);
}

static void checkpoint(struct fixture *f, int64_t version, const char *suffix, const char *text)
{
    put_object(f, arena_printf(f->a, "t/_delta_log/%020lld.checkpoint%s", (long long)version, suffix), text);
}

static void the_newest_whole_checkpoint_counts(void **state)
{
    struct fixture *f = *state;
    put_commit(f, 0, START ADD("lost", "1"));
    put_commit(f, 1, ADD("also", "1"));
    put_commit(f, 2, ADD("c", "1"));
    checkpoint(f, 1, ".parquet",
               START "{\"add\":{\"path\":\"cp1\",\"size\":1,\"stats\":null},\"remove\":null,\"txn\":null}\n");
    checkpoint(f, 2, ".0000000001.0000000003.parquet", START);
    checkpoint(f, 2, ".0000000003.0000000003.parquet", TXN("x", "1"));
    struct delta_snapshot *s = load(f, -1);
    assert_int_equal(s->checkpoint_version, 1);
    assert_int_equal(s->n_files, 2);
    assert_string_equal(s->files[1].path, "cp1");
    checkpoint(f, 2, ".0000000002.0000000003.parquet",
               "{\"add\":{\"path\":\"m\",\"size\":1,\"stats_parsed\":{\"numRecords\":9}}}\n");
    s = load(f, -1);
    assert_int_equal(s->checkpoint_version, 2);
    assert_int_equal(s->n_files, 1);
    assert_int_equal(s->files[0].records, 9);
    assert_int_equal(load(f, 1)->checkpoint_version, 1);
    assert_int_equal(load(f, 0)->checkpoint_version, -1);
    assert_string_equal(load(f, 0)->files[0].path, "lost");
    struct delta_snapshot *ignored;
    assert_int_equal(delta_load(f->a, f->s, "t", -1, NULL, &ignored, &f->e), RC_DATA);
    assert_message(&f->e, "nothing here can read Parquet");
}

static void a_cleaned_log_is_read_from_its_checkpoint(void **state)
{
    struct fixture *f = *state;
    checkpoint(f, 7, ".parquet", START ADD("a", "1"));
    assert_int_equal(newest(f, -1), 7);
    assert_int_equal(load(f, -1)->version, 7);
    put_commit(f, 7, INFO("WRITE"));
    put_commit(f, 8, ADD("b", "1"));
    assert_int_equal(newest(f, 3), 8);
    assert_int_equal(load(f, -1)->n_files, 2);
    load_fails(f, 5, "00000000000000000000.json is missing and no checkpoint stands for it");
}

static void the_hint_is_only_a_hint(void **state)
{
    struct fixture *f = *state;
    static const char *const hints[] = {
        "{\"version\":2}",
        "{\"version\":1}",
        "{\"version\":0}",
        "{\"version\":99}",
        "{\"version\":-1}",
        "{\"version\":9007199254740993}",
        "{\"version\":\"x\"}",
        "[",
        "",
        "null",
        "{\"version\":2,\"parts\":1000000}",
        "{}",
    };
    put_commit(f, 0, START ADD("a", "1"));
    put_commit(f, 1, ADD("b", "1"));
    put_commit(f, 2, ADD("c", "1"));
    put_commit(f, 3, ADD("d", "1"));
    checkpoint(f, 2, ".parquet", START ADD("a", "1") ADD("b", "1") ADD("c", "1"));
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
        put_object(f, "t/_delta_log/_last_checkpoint", hints[i]);
        assert_int_equal(load(f, -1)->n_files, 4);
        assert_int_equal(load(f, -1)->checkpoint_version, 2);
        assert_int_equal(load(f, 1)->n_files, 2);
        assert_int_equal(load(f, 3)->n_files, 4);
        load_fails(f, 4, "has no version 4");
    }
}

static void gaps_are_found(void **state)
{
    struct fixture *f = *state;
    put_commit(f, 1, START);
    load_fails(f, -1, "t/_delta_log/00000000000000000000.json is missing and no checkpoint");
    put_commit(f, 0, START);
    put_commit(f, 1, INFO("WRITE"));
    put_commit(f, 3, INFO("WRITE"));
    checkpoint(f, 1, ".parquet", START);
    load_fails(f, -1, "t/_delta_log/00000000000000000002.json is missing although there are later versions");
    assert_int_equal(load(f, 1)->version, 1);
    put_commit(f, (int64_t)1 << 53, INFO("WRITE"));
    load_fails(f, -1, "00000000000000000002.json is missing");
    put_object(f, "t/_delta_log/99999999999999999999.json", "{}");
    load_fails(f, -1, "99999999999999999999.json: a version that cannot be");
}

static void other_names_are_left_out(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {
        "0.json",
        "00000000000000000001.json.tmp",
        "0000000000000000000x.json",
        "00000000000000000001.crc",
        "_staged_commits/00000000000000000009.json",
        "00000000000000000005.checkpoint.0000000000.0000000000.parquet",
        "00000000000000000005.checkpoint.0000000002.0000000001.parquet",
        "00000000000000000005.checkpoint.0000000001.9999999999.parquet",
        "00000000000000000001.00000000000000000003.compacted.json",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        put_object(f, arena_printf(f->a, "t/_delta_log/%s", names[i]), "?");
    assert_int_equal(newest(f, -1), -1);
    put_commit(f, 0, START);
    assert_int_equal(newest(f, -1), 0);
    assert_int_equal(load(f, -1)->version, 0);
}

static void v2_checkpoints_are_refused(void **state)
{
    struct fixture *f = *state;
    checkpoint(f, 4, ".80a083e8-7026-4e79-81be-64bd76c43a11.json", "{}");
    load_fails(f, -1, "v2Checkpoint");
    put_commit(f, 5, INFO("WRITE"));
    load_fails(f, -1, "v2Checkpoint");
}

#define PROTO(reader, writer, rest)                                                                                    \
    "{\"protocol\":{\"minReaderVersion\":" reader ",\"minWriterVersion\":" writer rest "}}\n"
#define META(schema) "{\"metaData\":{\"id\":\"i\",\"schemaString\":\"" schema "\",\"partitionColumns\":[]}}\n"
#define META_TYPE(type)                                                                                                \
    META("{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":[{\\\"name\\\":\\\"a\\\",\\\"type\\\":" type "}]}")

/* Damaged and hostile commits: each is refused with the place and the reason. */
static void hostile_commits_are_refused(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"", ":1: the commit is empty"},
        {" \n \n", ":1: the commit is empty"},
        {START "{\"add\":{\"path\":\"a\"", ":3: not a whole JSON action"},
        {START "\n\n{\"add\":", ":5: not a whole JSON action"},
        {START "[]", ":3: an action is a JSON object"},
        {START "{\"add\":[]}", ":3: 'add' is not an object"},
        {START "{\"add\":{}}", ":3: 'path' is missing"},
        {START "{\"add\":{\"path\":7}}", ":3: 'path' is not a string"},
        {START "{\"add\":{\"path\":\"a\"}}", ":3: 'size' is not there"},
        {START "{\"add\":{\"path\":\"a\",\"size\":-1}}", ":3: 'size' is -1, which cannot be"},
        {START "{\"add\":{\"path\":\"a\",\"size\":9007199254740993}}", "which cannot be"},
        {START "{\"add\":{\"path\":\"a\",\"size\":99999999999999999999}}", ":3: not a whole JSON action"},
        {START "{\"add\":{\"path\":\"a\",\"size\":1.5}}", "'size' is not a whole number"},
        {START "{\"add\":{\"path\":\"a\",\"size\":1,\"dataChange\":\"yes\"}}", "'dataChange' is not true or false"},
        {START "{\"add\":{\"path\":\"a\",\"size\":1,\"partitionValues\":[]}}",
         "'partitionValues' is not an object of strings"},
        {START "{\"add\":{\"path\":\"a\",\"size\":1,\"partitionValues\":{\"x\":1}}}",
         "'partitionValues' is not an object of strings"},
        {START "{\"add\":{\"path\":\"a\",\"size\":1,\"stats\":{}}}", "'stats' is not a string"},
        {START "{\"add\":{\"path\":\"a\",\"size\":1,\"stats\":\"{\\\"numRecords\\\":-3}\"}}", "'numRecords' is -3"},
        {START "{\"add\":{\"path\":\"a\",\"path\":\"b\",\"size\":1}}", "duplicate object key"},
        {START "{\"add\":{\"path\":\"a\",\"size\":1,\"deletionVector\":7}}", "'deletionVector' is not an object"},
        {START "{\"add\":{\"path\":\"a\",\"size\":1,\"deletionVector\":{\"storageType\":\"u\","
               "\"pathOrInlineDv\":\"x\"}}}",
         "cardinality"},
        {START "{\"add\":{\"path\":\"a\",\"size\":1,\"deletionVector\":{\"storageType\":\"z\","
               "\"pathOrInlineDv\":\"x\",\"cardinality\":1}}}",
         "storageType"},
        {START "{\"add\":{\"path\":\"a\",\"size\":1,\"stats\":\"{\\\"numRecords\\\":1}\"," DV("x") "}}",
         "removes 2 of 1 rows"},
        {START ADD("../x", "1"), "'../x' is not that of a data file"},
        {START ADD("a/../../x", "1"), "is refused"},
        {START ADD("%2e%2e/x", "1"), "is refused"},
        {START ADD("%252e%252e/x", "1"), "is refused"},
        {START ADD("a/..", "1"), "is refused"},
        {START ADD("", "1"), "is refused"},
        {START ADD("a/", "1"), "is refused"},
        {START ADD("a%00b", "1"), "is refused"},
        {START ADD("%2Fetc%2Fpasswd", "1"), "is refused"},
        {START ADD("_delta_log/00000000000000000000.json", "1"), "is refused"},
        {START REMOVE("../x"), "is refused"},
        {START ADD("a", "1") ADD("a", "2"), ":4: the file 'a' is named twice"},
        {START ADD("a b", "1") ADD("a%20b", "2"), ":4: the file 'a b' is named twice"},
        {START ADD("a", "1") REMOVE("a"), ":4: the file 'a' is named twice"},
        {START METADATA, ":3: metaData is set twice"},
        {START PROTOCOL, ":3: protocol is set twice"},
        {START TXN("x", "1") TXN("x", "2"), ":4: txn 'x' is set twice"},
        {START "{\"txn\":{\"appId\":\"x\"}}", "txn.version"},
        {START "{\"txn\":{\"version\":1}}", "'appId' is missing"},
        {START "{\"add\":{\"path\":\"a\",\"size\":1},\"remove\":{\"path\":\"b\"}}", ":3: two actions in one line"},
        {PROTOCOL, "there is no metaData action"},
        {METADATA, "there is no protocol action"},
        {ADD("a", "1"), "there is no protocol action"},
        {PROTO("4", "7", "") METADATA, ":1: the table needs Delta reader version 4"},
        {PROTO("0", "2", "") METADATA, "without sensible"},
        {PROTO("-1", "2", "") METADATA, "which cannot be"},
        {PROTO("\"1\"", "2", "") METADATA, "'minReaderVersion' is not a whole number"},
        {PROTO("99999999999", "2", "") METADATA, "without sensible"},
        {PROTO("3", "7", "") METADATA, "reader version 3 without readerFeatures"},
        {PROTO("3", "7", ",\"readerFeatures\":[7]") METADATA, "'readerFeatures' is not a list of strings"},
        {PROTO("3", "7", ",\"readerFeatures\":[\"timestampNtz\",\"columnMapping\"]") METADATA,
         ":1: the table needs the Delta reader feature 'columnMapping'"},
        {PROTO("3", "7", ",\"readerFeatures\":[\"v2Checkpoint\"]") METADATA, "'v2Checkpoint'"},
        {PROTO("3", "7", ",\"readerFeatures\":[\"fromTheFuture\"]") METADATA, "'fromTheFuture'"},
        {PROTOCOL "{\"metaData\":{\"id\":\"i\"}}", ":2: 'schemaString' is missing"},
        {PROTOCOL "{\"metaData\":{\"schemaString\":\"\"}}", ":2: 'id' is missing"},
        {PROTOCOL META("not json"), ":2: schemaString is not valid JSON"},
        {PROTOCOL META(""), ":2: schemaString is not valid JSON"},
        {PROTOCOL META("{}"), "schemaString is not a struct"},
        {PROTOCOL META("[]"), "schemaString is not a struct"},
        {PROTOCOL META("{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":[7]}"), "has a column without a name"},
        {PROTOCOL META_TYPE("7"), "has no type for column 'a'"},
        {PROTOCOL META_TYPE("{\\\"type\\\":\\\"blob\\\"}"), "nested type of no known kind in column 'a'"},
        {PROTOCOL META_TYPE("\\\"decimal(39,2)\\\""), "'decimal(39,2)'"},
        {PROTOCOL META_TYPE("\\\"decimal(3,4)\\\""), "'decimal(3,4)'"},
        {PROTOCOL META_TYPE("\\\"long\\\"},{\\\"name\\\":\\\"A\\\",\\\"type\\\":\\\"long\\\""), "twice"},
        {PROTOCOL "{\"metaData\":{\"id\":\"i\",\"format\":{\"provider\":\"orc\"},\"schemaString\":\"" SCHEMA "\"}}",
         "format 'orc'"},
        {PROTOCOL "{\"metaData\":{\"id\":\"i\",\"schemaString\":\"" SCHEMA "\",\"partitionColumns\":[\"z\"]}}",
         "partition column 'z'"},
        {PROTOCOL "{\"metaData\":{\"id\":\"i\",\"schemaString\":\"" SCHEMA "\",\"partitionColumns\":\"a\"}}",
         "'partitionColumns'"},
        {PROTOCOL "{\"metaData\":{\"id\":\"i\",\"schemaString\":\"" SCHEMA
                  "\",\"configuration\":{\"delta.columnMapping.mode\":\"name\"}}}",
         "'columnMapping'"},
        {PROTOCOL "{\"metaData\":{\"id\":\"i\",\"schemaString\":\"" SCHEMA "\",\"createdTime\":-5}}",
         "'createdTime' is -5"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        put_commit(f, 0, bad[i].text);
        load_fails(f, -1, bad[i].message);
        assert_message(&f->e, "t/_delta_log/00000000000000000000.json:");
    }
}

static void every_prefix_of_a_commit_is_handled(void **state)
{
    struct fixture *f = *state;
    const char *text = INFO("WRITE") START ADD("a", "1") REMOVE("b") TXN("x", "1") ADD_DV("c", "v");
    for (size_t n = 0; n < strlen(text); n++) {
        struct arena *a = arena_new();
        struct delta_snapshot s = {0};
        char *copy = malloc(n ? n : 1); /* so that reading beyond it is seen */
        memcpy(copy, text, n);
        enum rc rc = delta_replay(a, &s, (struct str){copy, n}, "x", &f->e);
        assert_true(rc == RC_OK || rc == RC_DATA);
        free(copy);
        arena_free(a);
    }
}

static void absolute_paths_stay(void **state)
{
    struct fixture *f = *state;
    put_commit(f, 0, START ADD("s3://b/a%20b.parquet", "1") ADD("file:/x/y", "1") ADD("p=a%3A/b", "1"));
    struct delta_snapshot *s = NULL;
    assert_int_equal(delta_load(f->a, f->s, "t", -1, NULL, &s, &f->e), RC_OK);
    assert_string_equal(s->files[0].path, "file:/x/y");
    assert_string_equal(s->files[1].path, "p=a:/b");
    assert_string_equal(s->files[2].path, "s3://b/a%20b.parquet");
}

static void schemas_are_read(void **state)
{
    struct fixture *f = *state;
    put_commit(f, 0,
               PROTO("3", "7",
                     ",\"readerFeatures\":[\"timestampNtz\",\"deletionVectors\"],\"writerFeatures\":["
                     "\"timestampNtz\"]") "{\"metaData\":{\"id\":\"i\",\"name\":\"n\",\"description\":\"d\","
                                          "\"schemaString\":\"{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":["
                                          "{\\\"name\\\":\\\"a\\\",\\\"type\\\":\\\"decimal(12,2)\\\","
                                          "\\\"nullable\\\":false,\\\"metadata\\\":{\\\"comment\\\":\\\"money\\\"}},"
                                          "{\\\"name\\\":\\\"l\\\",\\\"type\\\":{\\\"type\\\":\\\"array\\\","
                                          "\\\"elementType\\\":\\\"string\\\",\\\"containsNull\\\":true},"
                                          "\\\"nullable\\\":true,\\\"metadata\\\":{}},"
                                          "{\\\"name\\\":\\\"t\\\",\\\"type\\\":\\\"timestamp_ntz\\\","
                                          "\\\"nullable\\\":true,\\\"metadata\\\":{}}]}\","
                                          "\"partitionColumns\":[\"a\"],\"configuration\":{\"k\":null},"
                                          "\"createdTime\":12}}\n");
    struct delta_snapshot *s = load(f, -1);
    assert_int_equal(s->n_columns, 3);
    assert_string_equal(s->columns[0].type, "decimal(12,2)");
    assert_string_equal(s->columns[0].comment, "money");
    assert_false(s->columns[0].nullable);
    assert_true(s->columns[1].nested);
    assert_non_null(strstr(s->columns[1].type, "\"elementType\":\"string\""));
    assert_string_equal(s->partition_columns[0], "a");
    assert_string_equal(s->name, "n");
    assert_string_equal(s->description, "d");
    assert_int_equal(s->created_ms, 12);
    assert_null(delta_configuration(s, "k"));
    assert_int_equal(s->n_reader_features, 2);
}

static void damage_in_the_stats_is_only_unknown(void **state)
{
    struct fixture *f = *state;
    put_commit(f, 0,
               START "{\"add\":{\"path\":\"a\",\"size\":1,\"stats\":\"{broken\"}}\n"
                     "{\"add\":{\"path\":\"b\",\"size\":1,\"stats\":\"{\\\"minValues\\\":{\\\"s\\\":"
                     "\\\"\\\\u0000\\\"},\\\"numRecords\\\":4}\"}}\n"
                     "{\"add\":{\"path\":\"c\",\"size\":1,\"stats\":\"{\\\"numRecords\\\":9007199254740993}\"}}\n");
    load_fails(f, -1, ":5: 'numRecords' is 9007199254740993");
    put_commit(f, 0,
               START "{\"add\":{\"path\":\"a\",\"size\":1,\"stats\":\"{broken\"}}\n"
                     "{\"add\":{\"path\":\"b\",\"size\":1,\"stats\":\"{\\\"minValues\\\":{\\\"s\\\":"
                     "\\\"\\\\u0000\\\"},\\\"numRecords\\\":4}\"}}\n");
    struct delta_snapshot *s = load(f, -1);
    assert_int_equal(s->files[0].records, -1);
    assert_int_equal(s->files[1].records, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_table),
        TEST(commits_are_replayed),
        TEST(a_vector_makes_another_file),
        TEST(a_replay_goes_on_from_a_snapshot),
        TEST(many_files),
        TEST(the_newest_whole_checkpoint_counts),
        TEST(a_cleaned_log_is_read_from_its_checkpoint),
        TEST(the_hint_is_only_a_hint),
        TEST(gaps_are_found),
        TEST(other_names_are_left_out),
        TEST(v2_checkpoints_are_refused),
        TEST(hostile_commits_are_refused),
        TEST(every_prefix_of_a_commit_is_handled),
        TEST(absolute_paths_stay),
        TEST(schemas_are_read),
        TEST(damage_in_the_stats_is_only_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
