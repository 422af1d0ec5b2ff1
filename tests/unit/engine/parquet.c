#include "fixture.h"

#include "base/json.h"

#include <pthread.h>
#include <string.h>

static const struct delta_column two[] = {{.name = "id", .type = "long"}, {.name = "s", .type = "string"}};

static struct parquet_options options(struct fixture *f, const struct delta_column *columns, size_t n)
{
    return (struct parquet_options){
        .directory = arena_printf(f->a, "%s/t/", f->folder), .columns = columns, .n_columns = n};
}

static size_t count_files(struct fixture *f, const char *folder)
{
    char **names;
    size_t n = 0;
    assert_ok(f, os_list(f->a, folder, &names, &n, &f->e));
    return n;
}

/* What was written as the log would name it. */
static struct delta_file *as_log(struct fixture *f, const struct parquet_file *files, size_t n, const char ***ret_urls)
{
    struct delta_file *log = ARENA_ARRAY(f->a, struct delta_file, n + 1);
    *ret_urls = ARENA_ARRAY(f->a, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        log[i] = (struct delta_file){.path = path_base(files[i].url),
                                     .records = files[i].records,
                                     .size = files[i].size,
                                     .partition = files[i].partition,
                                     .n_partition = files[i].n_partition};
        (*ret_urls)[i] = files[i].url;
    }
    return log;
}

static const struct delta_column all_kinds[] = {
    {.name = "l", .type = "long"},
    {.name = "s", .type = "string"},
    {.name = "st",
     .nested = true,
     .type = "{\"type\":\"struct\",\"fields\":[{\"name\":\"x.y\",\"type\":\"integer\"},{\"name\":\"in\","
             "\"type\":{\"type\":\"struct\",\"fields\":[{\"name\":\"d\",\"type\":\"date\"}]}},{\"name\":"
             "\"li\",\"type\":"
             "{\"type\":\"array\",\"elementType\":\"long\",\"containsNull\":true}}]}"},
    {.name = "arr", .nested = true, .type = "{\"type\":\"array\",\"elementType\":\"string\",\"containsNull\":true}"},
    {.name = "mp",
     .nested = true,
     .type = "{\"type\":\"map\",\"keyType\":\"string\",\"valueType\":\"long\",\"valueContainsNull\":true}"},
    {.name = "d", .type = "double"},
    {.name = "nan", .type = "double"},
    {.name = "zero", .type = "float"},
    {.name = "dec", .type = "decimal(12,2)"},
    {.name = "da", .type = "date"},
    {.name = "ntz", .type = "timestamp_ntz"},
    {.name = "tz", .type = "timestamp"},
    {.name = "b", .type = "boolean"},
    {.name = "bin", .type = "binary"},
    {.name = "q\"u.o", .type = "byte"},
    {.name = "nothing", .type = "short"},
};
#define N_KINDS (sizeof all_kinds / sizeof *all_kinds)
#define ALL_KINDS                                                                                                      \
    "select i - 1 as l, case i when 0 then 'a' when 1 then repeat('z', 40) end as s,"                                  \
    " {'x.y': i, 'in': {'d': date '2020-01-01'}, 'li': [i]} as st, ['e'] as arr, map {'k': i} as mp,"                  \
    " i + 0.5 as d, 'nan'::double as nan, 0 as zero, i * 1.25 as dec, date '2020-01-01' + i::int as da,"               \
    " timestamp '2020-01-01 00:00:00.0001' as ntz, timestamptz '2020-01-01 00:00:00.0001+00' as tz,"                   \
    " i = 1 as b, 'x'::blob as bin, i as \"q\"\"u.o\", NULL as nothing from range(3) t(i)"

static void test_stats(void **state)
{
    struct fixture *f = *state;
    struct parquet_options o = options(f, all_kinds, N_KINDS);
    struct parquet_file *files = NULL;
    size_t n = 0;
    assert_ok(f, session_copy_parquet(f->a, f->s, ALL_KINDS, &o, &files, &n, &f->e));
    assert_int_equal(n, 1);
    assert_int_equal(files[0].records, 3);
    struct file_status status;
    bool exists = false;
    assert_ok(f, os_stat(files[0].url, &status, &exists, &f->e));
    assert_true(exists);
    assert_int_equal(status.size, files[0].size);
    assert_string_equal(
        files[0].stats,
        "{\"numRecords\":3,\"minValues\":{\"l\":-1,\"s\":\"a\",\"st\":{\"x.y\":0,\"in\":{\"d\":\"2020-01-"
        "01\"}},\"d\":0.5,"
        "\"zero\":-0.0,\"dec\":0.00,\"da\":\"2020-01-01\",\"ntz\":\"2020-01-01T00:00:00.000\","
        "\"tz\":\"2020-01-01T00:00:00.000Z\",\"q\\\"u.o\":0},"
        "\"maxValues\":{\"l\":1,\"s\":\"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz{\",\"st\":{\"x.y\":2,\"in\":{\"d\":"
        "\"2020-01-01\"}},"
        "\"d\":2.5,\"zero\":0.0,\"dec\":2.50,\"da\":\"2020-01-03\",\"ntz\":\"2020-01-01T00:00:00.001\","
        "\"tz\":\"2020-01-01T00:00:00.001Z\",\"q\\\"u.o\":2},"
        "\"nullCount\":{\"l\":0,\"s\":1,\"st\":{\"x.y\":0,\"in\":{\"d\":0}},\"d\":0,\"nan\":0,\"zero\":0,"
        "\"dec\":0,\"da\":0,"
        "\"ntz\":0,\"tz\":0,\"b\":0,\"bin\":0,\"q\\\"u.o\":0,\"nothing\":3}}");
    json_t *json = NULL;
    assert_ok(f, json_read(f->a, str_of(files[0].stats), "stats", &json, &f->e));
}

/* Every kind of column reads back as it was written. */
static void test_round_trip(void **state)
{
    struct fixture *f = *state;
    struct parquet_options o = options(f, all_kinds, N_KINDS);
    struct parquet_file *files = NULL;
    const char **urls;
    size_t n = 0;
    assert_ok(f, session_copy_parquet(f->a, f->s, ALL_KINDS, &o, &files, &n, &f->e));
    struct delta_file *log = as_log(f, files, n, &urls);
    char *select = parquet_select(f->a, urls, log, n, all_kinds, N_KINDS, false);
    assert_string_equal(
        table_text(f, arena_printf(f->a, "select * from (%s) order by l", select)),
        table_text(f, "select l, s, st, arr, mp, d, nan, zero::float, dec::decimal(12,2), da, ntz, tz, b, bin,"
                      " \"q\"\"u.o\", nothing from (" ALL_KINDS ") order by l"));
    struct described_column *columns = NULL;
    assert_ok(f, session_describe(f->a, f->s, select, &columns, &n, &f->e));
    assert_int_equal(n, N_KINDS);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(columns[i].name, all_kinds[i].name);
        assert_null(columns[i].cast_to);
        assert_string_equal(columns[i].type, engine_type_of_delta(f->a, all_kinds[i].type));
    }
}

static void test_empty_and_failing(void **state)
{
    struct fixture *f = *state;
    struct parquet_options o = options(f, two, 2);
    struct parquet_file *files = NULL;
    size_t n = 9;
    const char *parts[] = {"id"};
    for (int folders = 0; folders < 3; folders++) {
        o.file_size_bytes = folders == 1 ? 100000 : 0;
        o.n_partition_by = folders == 2;
        o.partition_by = parts;
        assert_ok(f, session_copy_parquet(f->a, f->s, "select 1 id, 'a' s where false", &o, &files, &n, &f->e));
        assert_int_equal(n, 0);
        assert_int_equal(count_files(f, o.directory), 0);
        n = 9;
        assert_int_equal(
            session_copy_parquet(f->a, f->s,
                                 "select i % 3 as id, case when i = 2000000 then error('stop') else hash(i)::varchar"
                                 " end as s from range(2000001) t(i)",
                                 &o, &files, &n, &f->e),
            RC_DATA);
        assert_string_equal(f->e.message, "stop");
        assert_int_equal(n, 9);
        struct rows *rows = NULL;
        assert_ok(f, session_queryf(f->a, f->s, &rows, &f->e, "select * from glob('%s**')", o.directory));
        for (size_t i = 0; i < rows->n_rows; i++) fail_msg("left: %s", rows->cells[i]);
        if (folders == 2) assert_ok(f, os_remove_tree(o.directory, &f->e)); /* empty Hive folders may stay */
    }
    o.n_partition_by = 0;
    assert_int_equal(session_copy_parquet(f->a, f->s, "select 1 as id", &o, &files, &n, &f->e), RC_PROJECT);
    assert_int_equal(session_copy_parquet(f->a, f->s, "select 'x' as id, 1 as s", &o, &files, &n, &f->e), RC_DATA);
}

static void test_rows_in_order(void **state)
{
    struct fixture *f = *state;
    struct parquet_options o = options(f, two, 2);
    struct parquet_file *files = NULL;
    size_t n = 0;
    o.file_size_bytes = 1000000; /* several files would each hold rows from all over */
    o.order_by = "id";
    assert_ok(f, session_copy_parquet(f->a, f->s,
                                      "select (i * 7919) % 600000 as id, hash(i)::varchar as s from range(600000) t(i)",
                                      &o, &files, &n, &f->e));
    assert_int_equal(n, 1);
    assert_int_equal(count_files(f, o.directory), n);
    int64_t total = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t wrong = -1;
        total += files[i].records;
        assert_ok(f,
                  session_query_int(f->s, &wrong, &f->e,
                                    "select count(*) from (select id - lag(id) over (order by file_row_number) d from "
                                    "read_parquet('%s')) where d <> 1",
                                    files[i].url));
        assert_int_equal(wrong, 0);
    }
    assert_int_equal(total, 600000);
}

static void test_several_files(void **state)
{
    struct fixture *f = *state;
    struct parquet_options o = options(f, two, 2);
    struct parquet_file *files = NULL;
    size_t n = 0;
    o.file_size_bytes = 1000000;
    assert_ok(f, session_copy_parquet(f->a, f->s, "select i as id, hash(i)::varchar as s from range(600000) t(i)", &o,
                                      &files, &n, &f->e));
    assert_true(n > 1);
    assert_int_equal(count_files(f, o.directory), n);
    int64_t total = 0;
    for (size_t i = 0; i < n; i++) total += files[i].records;
    assert_int_equal(total, 600000);
    for (size_t i = 0; i < n; i++) assert_null(strstr(files[i].url, "//part"));
}

static void test_partitions(void **state)
{
    struct fixture *f = *state;
    static const struct delta_column columns[] = {{.name = "id", .type = "long"},
                                                  {.name = "p", .type = "string"},
                                                  {.name = "t", .type = "timestamp"},
                                                  {.name = "s", .type = "string"}};
    static const char *const by[] = {"p", "t"};
    const char *select =
        "select i id, case i % 3 when 0 then 'a/b=c d' when 1 then 'ü''' end p,"
        " timestamptz '2020-01-01 00:00:00.5+00' + interval (i % 2) hour t, 'x' || i s from range(6) r(i)";
    struct parquet_options o = options(f, columns, 4);
    struct parquet_file *files = NULL;
    const char **urls;
    size_t n = 0;
    o.partition_by = by;
    o.n_partition_by = 2;
    assert_ok(f, session_copy_parquet(f->a, f->s, select, &o, &files, &n, &f->e));
    assert_int_equal(n, 6);
    bool null_seen = false;
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(files[i].n_partition, 2);
        assert_int_equal(files[i].records, 1);
        for (size_t k = 0; k < 2; k++) {
            const struct pair *p = &files[i].partition[k];
            if (strcmp(p->key, "t") == 0) {
                assert_int_equal(strlen(p->value), strlen("2020-01-01T00:00:00.5Z"));
                assert_non_null(strstr(p->value, ":00:00.5Z"));
            } else if (!p->value) {
                null_seen = true;
            } else {
                assert_true(strcmp(p->value, "a/b=c d") == 0 || strcmp(p->value, "ü'") == 0);
            }
        }
        assert_null(strstr(files[i].stats, "\"p\""));
    }
    assert_true(null_seen);
    struct delta_file *log = as_log(f, files, n, &urls);
    const char *expected = table_text(f, arena_printf(f->a, "select * from (%s) order by id", select));
    for (int row_id = 0; row_id < 2; row_id++) {
        char *back = parquet_select(f->a, urls, log, n, columns, 4, row_id);
        assert_string_equal(table_text(f, arena_printf(f->a, "select id, p, t, s from (%s) order by id", back)),
                            expected);
        if (row_id)
            assert_string_equal(
                table_text(
                    f, arena_printf(f->a, "select count(distinct __file), max(__file), max(__row) from (%s)", back)),
                "6|5|0");
    }
}

/* Bounds and partition values are instants in UTC, whatever the time zone of the session. */
static void test_other_time_zone(void **state)
{
    struct fixture *f = *state;
    struct engine *g = NULL;
    struct session *s = NULL;
    struct engine_config config = {.threads = 1, .timezone = "Asia/Kolkata"};
    static const struct delta_column columns[] = {{.name = "t", .type = "timestamp"},
                                                  {.name = "u", .type = "timestamp"}};
    static const char *const by[] = {"t"};
    struct parquet_options o = options(f, columns, 2);
    struct parquet_file *files = NULL;
    size_t n = 0;
    o.partition_by = by;
    o.n_partition_by = 1;
    assert_ok(f, engine_open(&config, &g, &f->e));
    assert_ok(f, session_open(g, &s, &f->e));
    assert_ok(f, session_copy_parquet(f->a, s, "select timestamptz '2020-01-01 00:00:00.25+00' t, t u", &o, &files, &n,
                                      &f->e));
    assert_int_equal(n, 1);
    assert_non_null(strstr(files[0].stats, "\"minValues\":{\"u\":\"2020-01-01T00:00:00.250Z\"}"));
    assert_string_equal(files[0].partition[0].value, "2020-01-01T00:00:00.25Z");
    session_close(s);
    engine_close(g);
}

/* More combinations than branches: the values are joined. */
static void test_many_partitions(void **state)
{
    struct fixture *f = *state;
    static const struct delta_column columns[] = {{.name = "id", .type = "long"}, {.name = "p", .type = "integer"}};
    static const char *const by[] = {"p"};
    struct parquet_options o = options(f, columns, 2);
    struct parquet_file *files = NULL;
    const char **urls;
    size_t n = 0;
    o.partition_by = by;
    o.n_partition_by = 1;
    assert_ok(
        f, session_copy_parquet(f->a, f->s, "select i id, i % 200 p from range(400000) r(i)", &o, &files, &n, &f->e));
    int64_t total = 0;
    for (size_t i = 0; i < n; i++) total += files[i].records;
    assert_int_equal(total, 400000);
    struct delta_file *log = as_log(f, files, n, &urls);
    char *back = parquet_select(f->a, urls, log, n, columns, 2, false);
    assert_string_equal(
        table_text(f, arena_printf(f->a,
                                   "select count(*), sum(id), count(distinct p), sum((id %% 200 <> p)::int) from (%s)",
                                   back)),
        "400000|79999800000|200|0");
}

/* Files of different times: a column came, a type grew, names that read_parquet has itself, characters of patterns. */
static void test_evolution(void **state)
{
    struct fixture *f = *state;
    static const struct delta_column columns[] = {
        {.name = "ID", .type = "long"},
        {.name = "new", .type = "double"},
        {.name = "file_index", .type = "long"},
        {.name = "file_row_number", .type = "string"},
        {.name = "filename", .type = "string"},
        {.name = "st",
         .nested = true,
         .type = "{\"type\":\"struct\",\"fields\":"
                 "[{\"name\":\"a\",\"type\":\"long\"},{\"name\":\"b\",\"type\":\"string\"}]}"}};
    const char *urls[] = {arena_printf(f->a, "%s/o[1]d*?'.parquet", f->folder),
                          arena_printf(f->a, "%s/k=1/new.parquet", f->folder)};
    struct delta_file files[] = {{.path = "x", .records = 2}, {.path = "y", .records = -1}};
    assert_ok(f, os_mkdirs(arena_printf(f->a, "%s/k=1", f->folder), &f->e));
    assert_ok(f, session_execf(f->s, &f->e, "copy (select 7 st, 'decoy' id) to %s",
                               sql_string(f->a, arena_printf(f->a, "%s/o1dXY'.parquet", f->folder))));
    assert_ok(f, session_execf(f->s, &f->e,
                               "copy (select {'a': i::int} st, i::int id, 'gone' gone from range(2) t(i)) to %s",
                               sql_string(f->a, urls[0])));
    assert_ok(f, session_execf(
                     f->s, &f->e,
                     "copy (select 1.5::double as new, 2::bigint id, 8 file_index, 'r' file_row_number, 'fn' filename,"
                     " {'b': 'x', 'a': 5::bigint} st) to %s",
                     sql_string(f->a, urls[1])));
    char *select = parquet_select(f->a, urls, files, 2, columns, 6, true);
    assert_string_equal(table_text(f, arena_printf(f->a, "select * from (%s) order by id", select)),
                        "0|~|~|~|~|{'a': 0, 'b': NULL}|0|0\n1|~|~|~|~|{'a': 1, 'b': "
                        "NULL}|0|1\n2|1.5|8|r|fn|{'a': 5, 'b': x}|1|0");
    assert_string_equal(
        table_text(
            f, arena_printf(f->a, "select id from (%s) where new is null and file_index is null and id > 0", select)),
        "1");
    assert_string_equal(table_text(f, arena_printf(f->a, "select id from (%s) where new = 1.5", select)), "2");
    assert_string_equal(table_text(f, arena_printf(f->a, "select count(*) from (%s) where st.b is null", select)), "2");
    assert_string_equal(table_text(f, arena_printf(f->a, "select count(*), count(new) from (%s)", select)), "3|1");
    select = parquet_select(f->a, urls, files, 2, columns, 0, true);
    assert_string_equal(table_text(f, arena_printf(f->a, "select count(*) from (%s)", select)), "3");
    select = parquet_select(f->a, urls, files, 2, columns, 0, false);
    assert_string_equal(table_text(f, arena_printf(f->a, "select count(*) from (%s)", select)), "3");
    select = parquet_select(f->a, urls, files, 0, columns, 6, true);
    assert_string_equal(
        table_text(f, arena_printf(f->a, "select count(*), count(new), count(__row) from (%s)", select)), "0|0|0");
}

static void test_row_count_is_known_to_the_planner(void **state)
{
    struct fixture *f = *state;
    const char *urls[] = {arena_printf(f->a, "%s/not-there.parquet", f->folder)};
    struct delta_file files[] = {{.path = "x", .records = 123456}};
    char *select = parquet_select(f->a, urls, files, 1, two, 2, false);
    struct rows *rows = NULL;
    assert_int_equal(session_queryf(f->a, f->s, &rows, &f->e, "select * from (%s)", select), RC_DATA);
    assert_non_null(strstr(f->e.message, "not-there.parquet"));
    assert_ok(f, session_execf(f->s, &f->e, "copy (select 1::bigint id, 'a' s) to '%s'", urls[0]));
    assert_non_null(strstr(table_text(f, arena_printf(f->a, "explain %s", select)), "123,456"));
}

struct writer {
    struct fixture *f;
    struct session *s;
    struct arena *a;
    struct parquet_file *files;
    size_t n;
    enum rc rc;
    struct err e;
};

static void *write_some(void *p)
{
    struct writer *w = p;
    static const char *const by[] = {"s"};
    struct parquet_options o = {.directory = arena_printf(w->a, "%s/t/", w->f->folder),
                                .columns = two,
                                .n_columns = 2,
                                .partition_by = by,
                                .n_partition_by = 1};
    w->rc = session_copy_parquet(w->a, w->s, "select i as id, (i % 5)::varchar as s from range(50000) t(i)", &o,
                                 &w->files, &w->n, &w->e);
    return NULL;
}

static void test_side_by_side(void **state)
{
    struct fixture *f = *state;
    struct writer writers[3] = {0};
    pthread_t threads[3];
    size_t n = 0;
    for (int i = 0; i < 3; i++) {
        writers[i].f = f;
        writers[i].a = arena_new();
        assert_ok(f, session_open(f->g, &writers[i].s, &f->e));
        pthread_create(&threads[i], NULL, write_some, &writers[i]);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        if (writers[i].rc != RC_OK) fail_msg("%s", writers[i].e.message);
        n += writers[i].n;
        session_close(writers[i].s);
        arena_free(writers[i].a);
    }
    int64_t found = 0, rows = 0;
    assert_ok(f, session_query_int(f->s, &found, &f->e, "select count(*) from glob('%s/t/**/*.parquet')", f->folder));
    assert_ok(
        f, session_query_int(f->s, &rows, &f->e, "select count(*) from read_parquet('%s/t/**/*.parquet')", f->folder));
    assert_int_equal(found, n);
    assert_int_equal(rows, 150000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_stats),
        FIXTURE_TEST(test_round_trip),
        FIXTURE_TEST(test_empty_and_failing),
        FIXTURE_TEST(test_rows_in_order),
        FIXTURE_TEST(test_several_files),
        FIXTURE_TEST(test_partitions),
        FIXTURE_TEST(test_other_time_zone),
        FIXTURE_TEST(test_many_partitions),
        FIXTURE_TEST(test_evolution),
        FIXTURE_TEST(test_row_count_is_known_to_the_planner),
        FIXTURE_TEST(test_side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
