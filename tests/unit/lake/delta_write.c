#include "fixture.h"

#include "base/os.h"

static int64_t clock_us = 1700000000123456;
static int64_t fake_clock(void *data)
{
    (void)data;
    return clock_us;
}

static const struct delta_column columns[] = {
    {.name = "id", .type = "long"},
    {.name = "na\"me", .type = "string", .nullable = true, .comment = "who"},
    {.name = "tags",
     .type = "{\"type\":\"array\",\"elementType\":\"string\",\"containsNull\":true}",
     .nullable = true,
     .nested = true},
};

static void begin(struct fixture *f, struct delta_commit *c)
{
    os_set_clock(fake_clock, NULL);
    delta_commit_begin(f->a, c);
    assert_int_equal(strlen(c->id), 36);
    assert_int_equal(c->lines.n, 0);
}

static void lines_are_as_the_protocol_says(void **state)
{
    struct fixture *f = *state;
    struct delta_commit c;
    begin(f, &c);
    delta_commit_info(&c, "WRITE", "Append", "{\"run\":\"r1\"}", true);
    delta_commit_protocol(&c, columns, 3);
    struct pair configuration[] = {{"ingot.model", "m"}};
    const char *partitions[] = {"id"};
    delta_commit_metadata(&c, &(struct delta_metadata){.table_id = "i",
                                                       .name = "n",
                                                       .columns = columns,
                                                       .n_columns = 1,
                                                       .partition_columns = partitions,
                                                       .n_partition_columns = 1,
                                                       .configuration = configuration,
                                                       .n_configuration = 1,
                                                       .created_ms = 5});
    struct pair values[] = {{"id", "7"}, {"x", NULL}};
    struct delta_file file = {.path = "p=a b/é%.parquet",
                              .size = 3,
                              .mtime_ms = 4,
                              .stats = "{\"numRecords\":1}",
                              .partition = values,
                              .n_partition = 2,
                              .data_change = true};
    delta_commit_add(&c, &file);
    file.stats = NULL;
    file.deletion_vector = "{\"storageType\":\"u\"}";
    delta_commit_remove(&c, &file, false);
    delta_commit_txn(&c, "ingot/self", 3);
    char *want = arena_printf(
        f->a,
        "{\"commitInfo\":{\"timestamp\":1700000000123,\"operation\":\"WRITE\",\"operationParameters\":{"
        "\"mode\":\"Append\"},"
        "\"isBlindAppend\":true,\"txnId\":\"%s\",\"engineInfo\":\"ingot/"
        "0.1.0\",\"ingot\":{\"run\":\"r1\"}}}\n"
        "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":2}}\n"
        "{\"metaData\":{\"id\":\"i\",\"name\":\"n\",\"format\":{\"provider\":\"parquet\",\"options\":{}},"
        "\"schemaString\":"
        "\"{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":[{\\\"name\\\":\\\"id\\\",\\\"type\\\":\\\"long\\\","
        "\\\"nullable\\\":false,\\\"metadata\\\":{}}]}\","
        "\"partitionColumns\":[\"id\"],\"configuration\":{\"ingot.model\":\"m\"},\"createdTime\":5}}\n"
        "{\"add\":{\"path\":\"p=a%%20b/"
        "%%C3%%A9%%25.parquet\",\"partitionValues\":{\"id\":\"7\",\"x\":null},\"size\":3,"
        "\"modificationTime\":4,"
        "\"dataChange\":true,\"stats\":\"{\\\"numRecords\\\":1}\"}}\n"
        "{\"remove\":{\"path\":\"p=a%%20b/"
        "%%C3%%A9%%25.parquet\",\"deletionTimestamp\":1700000000123,\"dataChange\":false,"
        "\"extendedFileMetadata\":true,\"partitionValues\":{\"id\":\"7\",\"x\":null},\"size\":3,"
        "\"deletionVector\":{\"storageType\":\"u\"}}}\n"
        "{\"txn\":{\"appId\":\"ingot/self\",\"version\":3,\"lastUpdated\":1700000000123}}\n",
        c.id);
    /* '=' may be written either way: RFC 2396 reserves it, and readers decode. */
    char *got = arena_strndup(f->a, c.lines.p, c.lines.n);
    for (char *p; (p = strstr(got, "p%3Da"));) memmove(p + 2, p + 4, strlen(p + 4) + 1), p[1] = '=';
    assert_string_equal(got, want);
}

static void an_absent_mode_and_ntz(void **state)
{
    struct fixture *f = *state;
    struct delta_commit c;
    static const struct delta_column flat[] = {{.name = "t", .type = "timestamp_ntz"}};
    static const struct delta_column deep[] = {
        {.name = "t", .type = "{\"type\":\"array\",\"elementType\":\"timestamp_ntz\"}", .nested = true}};
    for (int i = 0; i < 2; i++) {
        begin(f, &c);
        delta_commit_info(&c, "OPTIMIZE", NULL, NULL, false);
        delta_commit_protocol(&c, i ? deep : flat, 1);
        assert_non_null(strstr(c.lines.p, "\"operationParameters\":{},\"isBlindAppend\":false"));
        assert_non_null(strstr(c.lines.p, "\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":["
                                          "\"timestampNtz\"],\"writerFeatures\":[\"timestampNtz\"]"));
    }
}

/* What was written is read back as it was, also what others put into a file's action. */
static void a_round_trip(void **state)
{
    struct fixture *f = *state;
    struct delta_commit c;
    begin(f, &c);
    delta_commit_info(&c, "WRITE", "Overwrite", NULL, false);
    delta_commit_protocol(&c, columns, 3);
    delta_commit_metadata(&c, &(struct delta_metadata){.table_id = "i", .columns = columns, .n_columns = 3});
    struct delta_file file = {.path = "s3://b/x%20y",
                              .size = 3,
                              .data_change = true,
                              .json = "{\"path\":\"?\",\"tags\":{\"k\":\"v\"},\"size\":9,\"z\":null}"};
    delta_commit_add(&c, &file);
    delta_commit_add(&c, &(struct delta_file){.path = "ü .parquet",
                                              .size = 1,
                                              .stats = "{\"numRecords\":2,\"minValues\":{\"s\":\"\\u0000\"}}"});
    struct delta_snapshot s = {0};
    assert_int_equal(delta_replay(f->a, &s, buf_str(&c.lines), "x", &f->e), RC_OK);
    assert_int_equal(s.n_columns, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(s.columns[i].name, columns[i].name);
        assert_int_equal(s.columns[i].nullable, columns[i].nullable);
        assert_int_equal(s.columns[i].nested, columns[i].nested);
    }
    assert_string_equal(s.columns[1].comment, "who");
    assert_string_equal(s.files[0].path, "s3://b/x%20y");
    assert_non_null(strstr(s.files[0].json, "\"tags\":{\"k\":\"v\"}"));
    assert_null(strstr(s.files[0].json, "\"z\""));
    assert_string_equal(s.files[1].path, "ü .parquet");
    assert_int_equal(s.files[1].records, 2);
    assert_false(s.files[1].data_change);
    begin(f, &c);
    delta_commit_action(&c, "metaData", s.metadata_json);
    struct delta_snapshot again = {0};
    assert_int_equal(delta_replay(f->a, &again, buf_str(&c.lines), "x", &f->e), RC_OK);
    assert_string_equal(again.metadata_json, s.metadata_json);
    assert_int_equal(delta_check_writable(&s, "t", &f->e), RC_OK);
}

#define WRITER(version, features) "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":" version features "}}\n"
#define CONFIGURED(key, value)                                                                                         \
    "{\"metaData\":{\"id\":\"i\",\"schemaString\":\"" SCHEMA "\",\"configuration\":{\"" key "\":\"" value "\"}}}\n"
#define WITH_FIELD(metadata, type)                                                                                     \
    "{\"metaData\":{\"id\":\"i\",\"schemaString\":\"{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":[{"                    \
    "\\\"name\\\":\\\"a\\\",\\\"type\\\":" type ",\\\"metadata\\\":{" metadata "}}]}\"}}\n"
#define MARK(key) "\\\"" key "\\\":\\\"x\\\""

static void what_cannot_be_honoured_is_refused(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *log, *feature; /* NULL: fine */
    } cases[] = {
        {PROTOCOL METADATA, NULL},
        {WRITER("7", ",\"writerFeatures\":[\"timestampNtz\",\"appendOnly\",\"invariants\",\"deletionVectors\"]")
             METADATA,
         NULL},
        {WRITER("7", "") METADATA, NULL},
        {WRITER("7", ",\"writerFeatures\":[\"rowTracking\"]") METADATA, "'rowTracking'"},
        {WRITER("7", ",\"writerFeatures\":[\"domainMetadata\"]") METADATA, "'domainMetadata'"},
        {WRITER("3", "") METADATA, "'checkConstraints'"},
        {WRITER("4", "") METADATA, "generatedColumns"},
        {WRITER("5", "") METADATA, "'columnMapping'"},
        {WRITER("6", "") METADATA, "'identityColumns'"},
        {WRITER("8", "") METADATA, "minWriterVersion 8"},
        {PROTOCOL CONFIGURED("delta.appendOnly", "true"), NULL},
        {PROTOCOL CONFIGURED("delta.enableChangeDataFeed", "false"), NULL},
        {PROTOCOL CONFIGURED("delta.enableChangeDataFeed", "true"), "'changeDataFeed'"},
        {PROTOCOL CONFIGURED("delta.constraints.positive", "a > 0"), "delta.constraints.positive"},
        {PROTOCOL CONFIGURED("delta.enableRowTracking", "TRUE"), "'rowTracking'"},
        {PROTOCOL CONFIGURED("delta.checkpointPolicy", "v2"), "'v2Checkpoint'"},
        {PROTOCOL WITH_FIELD(MARK("delta.invariants"), "\\\"long\\\""), "'invariants' (column a)"},
        {PROTOCOL WITH_FIELD(MARK("delta.generationExpression"), "\\\"long\\\""), "'generatedColumns'"},
        {PROTOCOL WITH_FIELD(MARK("delta.identity.start"), "\\\"long\\\""), "'identityColumns'"},
        {PROTOCOL WITH_FIELD("", "{\\\"type\\\":\\\"array\\\",\\\"elementType\\\":{\\\"type\\\":\\\"struct\\\","
                                 "\\\"fields\\\":[{\\\"name\\\":\\\"deep\\\","
                                 "\\\"type\\\":\\\"long\\\",\\\"metadata\\\":{" MARK("delta.invariants") "}}]}}"),
         "column deep"},
        {PROTOCOL WITH_FIELD(MARK("comment"), "\\\"long\\\""), NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct delta_snapshot s = {0};
        assert_int_equal(delta_replay(f->a, &s, str_of(cases[i].log), "x", &f->e), RC_OK);
        enum rc rc = delta_check_writable(&s, "bronze.t", &f->e);
        if (rc != (cases[i].feature ? RC_DATA : RC_OK)) fail_msg("case %zu: %s", i, f->e.message);
        if (cases[i].feature) assert_message(&f->e, cases[i].feature);
        const char *append_only = delta_configuration(&s, "delta.appendOnly");
        assert_int_equal(delta_append_only(&s), append_only != NULL);
    }
}

static struct delta_snapshot *load(struct fixture *f)
{
    struct delta_snapshot *s = NULL;
    if (delta_load(f->a, f->s, "t", -1, &plain_codec, &s, &f->e) != RC_OK) fail_msg("%s", f->e.message);
    return s;
}

static bool exists(struct fixture *f, const char *key)
{
    struct str text;
    bool there = false;
    assert_int_equal(f->s->ops->get(f->s, f->a, key, 100000, &text, &there, &f->e), RC_OK);
    return there;
}

#define REMOVED_AT(path, ms) "{\"remove\":{\"path\":\"" path "\",\"deletionTimestamp\":" ms ",\"dataChange\":true}}\n"

static void a_checkpoint_says_the_same(void **state)
{
    struct fixture *f = *state;
    os_set_clock(fake_clock, NULL);
    put_commit(f, 0,
               PROTOCOL METADATA ADD("a", "1") ADD("b", "2") ADD("c", "3") TXN("ingot/self", "0") TXN("q\\\"", "-3"));
    put_commit(f, 1,
               REMOVED_AT("a", "1690000000000")
                   REMOVED_AT("b", "1699999000000") "{\"txn\":{\"appId\":\"z\",\"version\":4,\"lastUpdated\":5}}\n");
    struct delta_snapshot *before = load(f);
    assert_int_equal(delta_write_checkpoint(f->s, "t", before, &plain_codec, &f->e), RC_OK);
    struct str hint;
    bool there;
    assert_int_equal(f->s->ops->get(f->s, f->a, "t/_delta_log/_last_checkpoint", 1000, &hint, &there, &f->e), RC_OK);
    assert_non_null(strstr(hint.p, "{\"version\":1,\"size\":7,\"sizeInBytes\":"));
    assert_non_null(strstr(hint.p, "\"numOfAddFiles\":1}"));
    struct delta_snapshot *after = load(f);
    assert_int_equal(after->checkpoint_version, 1);
    assert_int_equal(after->n_files, 1);
    assert_string_equal(after->files[0].json, before->files[0].json);
    assert_int_equal(after->n_removes, 1); /* the older one has expired */
    assert_string_equal(after->removes[0].path, "b");
    assert_int_equal(after->n_txns, 3);
    assert_int_equal(delta_txn_version(after, "q\""), -3);
    assert_string_equal(after->metadata_json, before->metadata_json);
    assert_string_equal(after->protocol_json, before->protocol_json);
}

static void the_retention_is_the_tables_own(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *text;
        size_t kept;
    } cases[] = {{"interval 30 minutes", 1},
                 {"interval 1 week", 3},
                 {"2 days", 2},
                 {"interval 36 HOURS", 2},
                 {"interval 1 month", 3},
                 {"", 3},
                 {"interval -5 days", 3},
                 {"999999 weeks", 4},
                 {"interval 1 day 2 hours", 3},
                 {"0 seconds", 0}};
    os_set_clock(fake_clock, NULL); /* removed 10 minutes, 1, 5 and 200 days ago */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put_commit(f, 0,
                   arena_printf(f->a,
                                PROTOCOL "{\"metaData\":{\"id\":\"i\",\"schemaString\":\"%s\",\"configuration\":"
                                         "{\"delta.deletedFileRetentionDuration\":\"%s\"}}}\n" REMOVED_AT(
                                             "a", "1699999400000") REMOVED_AT("b", "1699913600000")
                                             REMOVED_AT("c", "1699568000000") REMOVED_AT("d", "1682720000000"),
                                SCHEMA, cases[i].text));
        f->s->ops->remove(f->s, "t/_delta_log/00000000000000000000.checkpoint.parquet", NULL);
        assert_int_equal(delta_write_checkpoint(f->s, "t", load(f), &plain_codec, &f->e), RC_OK);
        if (load(f)->n_removes != cases[i].kept) fail_msg("%s: kept %zu", cases[i].text, load(f)->n_removes);
    }
}

static void a_checkpoint_needs_a_loaded_writable_table(void **state)
{
    struct fixture *f = *state;
    struct delta_snapshot s = {0};
    assert_int_equal(delta_write_checkpoint(f->s, "t", &s, &plain_codec, &f->e), RC_INTERNAL);
    put_commit(f, 0, WRITER("4", "") METADATA);
    assert_int_equal(delta_write_checkpoint(f->s, "t", load(f), &plain_codec, &f->e), RC_DATA);
    assert_false(exists(f, "t/_delta_log/_last_checkpoint"));
}

static void cleaning_keeps_a_readable_log(void **state)
{
    struct fixture *f = *state;
    size_t removed = 9;
    os_set_clock(fake_clock, NULL);
    for (int v = 0; v < 10; v++) {
        put_commit(f, v, v ? ADD("x", "1") : PROTOCOL METADATA);
        if (v == 3 || v == 6 || v == 8)
            assert_int_equal(delta_write_checkpoint(f->s, "t", load(f), &plain_codec, &f->e), RC_OK);
        put_object(f, arena_printf(f->a, "t/_delta_log/%020d.crc", v), "{}");
        clock_us += 1000000;
    }
    put_object(f, "t/part-1.parquet", "rows");
    int64_t now_ms = clock_us / 1000;
    assert_int_equal(delta_clean_log(f->s, "t", 60000, now_ms, &removed, &f->e), RC_OK);
    assert_int_equal(removed, 0);
    assert_int_equal(delta_clean_log(f->s, "t", 2500, now_ms, &removed, &f->e),
                     RC_OK); /* 0 … 7 are older, 6 has a checkpoint */
    assert_int_equal(removed, 6 + 6 + 1);
    assert_false(exists(f, "t/_delta_log/00000000000000000005.json"));
    assert_false(exists(f, "t/_delta_log/00000000000000000003.checkpoint.parquet"));
    assert_true(exists(f, "t/_delta_log/00000000000000000006.json"));
    assert_true(exists(f, "t/part-1.parquet"));
    assert_int_equal(load(f)->version, 9);
    assert_int_equal(load(f)->n_files, 1);
    assert_int_equal(delta_clean_log(f->s, "t", 2500, now_ms, &removed, &f->e), RC_OK);
    assert_int_equal(removed, 0);
    assert_int_equal(delta_clean_log(f->s, "none", 0, now_ms, &removed, &f->e), RC_OK);
    assert_int_equal(removed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lines_are_as_the_protocol_says),
        TEST(an_absent_mode_and_ntz),
        TEST(a_round_trip),
        TEST(what_cannot_be_honoured_is_refused),
        TEST(a_checkpoint_says_the_same),
        TEST(the_retention_is_the_tables_own),
        TEST(a_checkpoint_needs_a_loaded_writable_table),
        TEST(cleaning_keeps_a_readable_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
