#include "fixture.h"

#include "base/os.h"
#include "lake/lake_log.h"

static int64_t clock_us;
static int64_t fake_clock(void *data)
{
    (void)data;
    return clock_us;
}

static struct marker *parse(struct fixture *f, const char *text)
{
    struct marker *m = NULL;
    if (marker_parse(f->a, str_of(text), "m", &m, &f->e) != RC_OK) fail_msg("%s", f->e.message);
    return m;
}

#define MARKER(tables) "{\"format\":1,\"id\":\"i\",\"run\":\"r\",\"time\":5,\"tables\":{" tables "}}\n"

static void a_marker_reads_as_it_was_printed(void **state)
{
    struct fixture *f = *state;
    const char *text = MARKER("\"bronze.orders\":{\"id\":\"b\",\"version\":4,\"model\":\"f\",\"side\":3,\"inputs\":{}},"
                              "\"silver.orders\":{\"id\":\"s\",\"version\":2,\"model\":\"g\",\"side\":-1,\"held\":true,"
                              "\"inputs\":{\"bronze.orders\":4,\"x\":-1}}");
    struct marker *m = parse(f, text);
    assert_string_equal(marker_print(f->a, m), text);
    assert_int_equal(m->n_tables, 2);
    assert_int_equal(m->time_ms, 5);
    assert_string_equal(m->run, "r");
    assert_true(marker_table(m, "silver.orders")->held);
    assert_int_equal(marked_input(marker_table(m, "silver.orders"), "bronze.orders"), 4);
    assert_int_equal(marked_input(marker_table(m, "silver.orders"), "none"), -1);
    assert_null(marker_table(m, "gold.x"));
    assert_int_equal(marker_table(m, "bronze.orders")->side, 3);
    m = parse(f, "{\"format\":1,\"id\":\"i\",\"tables\":{\"z\":{\"id\":\"1\",\"version\":0,\"new\":1},\"a\":{"
                 "\"id\":\"2\",\"version\":1}},\"more\":[]}");
    assert_string_equal(m->tables[0].name, "a");
    assert_int_equal(m->tables[1].side, -1);
    assert_string_equal(m->tables[1].model, "");
}

static void damaged_markers_are_refused(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"", "m:"},
        {"{", "m:1:1"},
        {"[]", "a JSON object"},
        {"null", "m:"},
        {"{}", "'format' is missing"},
        {"{\"format\":2,\"anything\":{}}", "m has format 2, and this ingot knows formats up to 1"},
        {"{\"format\":0}", "'format' is missing"},
        {"{\"format\":\"1\"}", "'format' is not a whole number"},
        {"{\"format\":1}", "'id' is missing"},
        {"{\"format\":1,\"id\":7}", "'id' is not a string"},
        {"{\"format\":1,\"id\":\"i\"}", "'tables' is not an object"},
        {"{\"format\":1,\"id\":\"i\",\"time\":-3,\"tables\":{}}", "'time' is -3"},
        {MARKER("\"a\":7"), "table 'a' is not an object"},
        {MARKER("\"a\":{}"), "'id' is missing"},
        {MARKER("\"a\":{\"id\":\"i\"}"), "'version' is missing"},
        {MARKER("\"a\":{\"id\":\"i\",\"version\":-1}"), "'version' is -1"},
        {MARKER("\"a\":{\"id\":\"i\",\"version\":9007199254740993}"), "which cannot be"},
        {MARKER("\"a\":{\"id\":\"i\",\"version\":1,\"side\":-2}"), "'side' is -2"},
        {MARKER("\"a\":{\"id\":\"i\",\"version\":1,\"held\":1}"), "held"},
        {MARKER("\"a\":{\"id\":\"i\",\"version\":1,\"inputs\":[]}"), "'inputs' is not an object"},
        {MARKER("\"a\":{\"id\":\"i\",\"version\":1,\"inputs\":{\"b\":\"x\"}}"), "'b' is not a whole number"},
        {MARKER("\"a\":{\"id\":\"i\",\"version\":1},\"a\":{\"id\":\"i\",\"version\":2}"), "duplicate"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct marker *m = NULL;
        assert_int_equal(marker_parse(f->a, str_of(bad[i].text), "m", &m, &f->e), RC_DATA);
        assert_message(&f->e, bad[i].message);
        assert_null(m);
    }
}

static struct marked_table table(const char *name, int64_t version)
{
    return (struct marked_table){.name = name, .id = name, .model = "m", .version = version, .side = -1};
}
static struct marked_table from(struct fixture *f, const char *name, int64_t version, const char *input,
                                int64_t watermark)
{
    struct marked_table t = table(name, version);
    t.inputs = ARENA_NEW(f->a, struct watermark);
    t.inputs[0] = (struct watermark){input, watermark};
    t.n_inputs = 1;
    return t;
}

static struct marker *publish(struct fixture *f, const struct marked_table *mine, size_t n)
{
    struct marker *m = NULL;
    if (lake_log_publish(f->a, f->s, "run", mine, n, NULL, 0, &m, &f->e) != RC_OK) fail_msg("%s", f->e.message);
    return m;
}
static int64_t version_of(const struct marker *m, const char *name)
{
    const struct marked_table *t = marker_table(m, name);
    return t ? t->version : -1;
}

static void publishing_advances_and_never_goes_back(void **state)
{
    struct fixture *f = *state;
    struct marker *m = NULL;
    assert_int_equal(lake_log_newest(f->a, f->s, &m, &f->e), RC_OK);
    assert_int_equal(m->number, -1);
    assert_int_equal(m->n_tables, 0);
    assert_int_equal(publish(f, NULL, 0)->number, -1); /* nothing new: nothing is written */
    struct marked_table mine[] = {table("b", 3), table("a", 2)};
    m = publish(f, mine, 2);
    assert_int_equal(m->number, 0);
    assert_int_equal(publish(f, mine, 2)->number, 0);
    mine[0].version = 2;
    mine[1].version = 5;
    m = publish(f, mine, 2);
    assert_int_equal(m->number, 1);
    assert_int_equal(version_of(m, "b"), 3);
    assert_int_equal(version_of(m, "a"), 5);
    struct marked_table other[] = {table("c", 0)};
    m = publish(f, other, 1);
    assert_int_equal(m->n_tables, 3);
    assert_int_equal(version_of(m, "a"), 5);
    assert_int_equal(lake_log_read(f->a, f->s, 1, 0, &m, &f->e), RC_OK);
    assert_int_equal(m->number, 1);
    assert_int_equal(m->n_tables, 2);
    assert_int_equal(lake_log_read(f->a, f->s, 9, 0, &m, &f->e), RC_OK);
    assert_null(m);
}

static void a_table_is_never_ahead_of_its_input(void **state)
{
    struct fixture *f = *state;
    struct marked_table base[] = {table("b", 1)};
    publish(f, base, 1);
    struct marked_table ahead[] = {from(f, "s", 1, "b", 2)};
    assert_int_equal(publish(f, ahead, 1)->number, 0);
    /* Together with its input, in whatever order. */
    struct marked_table both[] = {from(f, "g", 1, "s", 1), from(f, "s", 1, "b", 2), table("b", 2)};
    struct marker *m = publish(f, both, 3);
    assert_int_equal(version_of(m, "g"), 1);
    assert_int_equal(version_of(m, "s"), 1);
    struct marked_table unknown[] = {from(f, "x", 0, "nobody", 0)};
    assert_null(marker_table(publish(f, unknown, 1), "x"));
    struct marked_table none[] = {from(f, "x", 0, "nobody", -1)};
    assert_non_null(marker_table(publish(f, none, 1), "x"));
}

static void holding_dropping_and_making_anew(void **state)
{
    struct fixture *f = *state;
    struct marked_table mine[] = {table("a", 7), table("b", 1)};
    struct marker *m = publish(f, mine, 2);
    mine[0].version = 8;
    mine[0].held = true;
    assert_true(marker_table(publish(f, mine, 1), "a")->held);
    mine[0].held = false;
    m = publish(f, mine, 1);
    assert_int_equal(m->number, 2);
    assert_false(marker_table(m, "a")->held);
    const char *gone[] = {"b", "never"};
    assert_int_equal(lake_log_publish(f->a, f->s, "drop", NULL, 0, gone, 2, &m, &f->e), RC_OK);
    assert_int_equal(m->number, 3);
    assert_null(marker_table(m, "b"));
    assert_int_equal(lake_log_publish(f->a, f->s, "drop", NULL, 0, gone, 2, &m, &f->e), RC_OK);
    assert_int_equal(m->number, 3);
    mine[0].id = "another";
    mine[0].version = 0;
    assert_int_equal(version_of(publish(f, mine, 1), "a"), 0);
}

/* A run that pinned before the rollback publishes after it. */
static void a_late_run_does_not_end_a_hold(void **state)
{
    struct fixture *f = *state;
    struct marked_table mine[] = {table("a", 7)};
    publish(f, mine, 1);
    mine[0].version = 8;
    mine[0].held = true;
    struct marker *m = publish(f, mine, 1);
    mine[0].version = 9;
    mine[0].held = false;
    assert_int_equal(publish(f, mine, 1)->number, m->number);
    mine[0].held = true; /* rolled back once more */
    assert_int_equal(version_of(publish(f, mine, 1), "a"), 9);
    mine[0].held = false; /* released */
    assert_false(marker_table(publish(f, mine, 1), "a")->held);
    mine[0].version = 10;
    assert_int_equal(version_of(publish(f, mine, 1), "a"), 10);
}

/* Version 7 of the table that is gone is not version 7 of the one that has its name now. */
static void watermarks_end_with_their_table(void **state)
{
    struct fixture *f = *state;
    struct watermark inputs[] = {{"a", 7}, {"b", 1}};
    struct marked_table mine[] = {table("a", 7), table("b", 1), table("c", 3)}, anew[] = {table("a", 0)};
    mine[2].inputs = inputs;
    mine[2].n_inputs = 2;
    struct marker *m = publish(f, mine, 3);
    assert_int_equal(marked_input(marker_table(m, "c"), "a"), 7);
    anew[0].id = "another";
    m = publish(f, anew, 1);
    assert_int_equal(version_of(m, "c"), 3);
    assert_int_equal(marked_input(marker_table(m, "c"), "a"), -1);
    assert_int_equal(marked_input(marker_table(m, "c"), "b"), 1);
    const char *gone[] = {"b"};
    assert_int_equal(lake_log_publish(f->a, f->s, "drop", NULL, 0, gone, 1, &m, &f->e), RC_OK);
    assert_int_equal(marker_table(m, "c")->n_inputs, 0);
    assert_int_equal(lake_log_newest(f->a, f->s, &m, &f->e), RC_OK);
    assert_int_equal(marker_table(m, "c")->n_inputs, 0);
}

/* A run that pinned before a drop publishes after it, also when the table was made anew meanwhile. */
static void a_late_run_does_not_undo_a_drop(void **state)
{
    struct fixture *f = *state;
    struct marked_table late[] = {table("a", 7)}, anew[] = {table("a", 0)};
    const char *gone[] = {"a"};
    struct marker *m;
    publish(f, late, 1);
    late[0].seen = late[0].id;
    late[0].version = 8;
    assert_int_equal(version_of(publish(f, late, 1), "a"), 8);
    assert_int_equal(lake_log_publish(f->a, f->s, "drop", NULL, 0, gone, 1, &m, &f->e), RC_OK);
    late[0].version = 9;
    assert_null(marker_table(publish(f, late, 1), "a"));
    anew[0].id = "another";
    assert_int_equal(version_of(publish(f, anew, 1), "a"), 0);
    assert_int_equal(version_of(publish(f, late, 1), "a"), 0);
    anew[0].id = "a third"; /* made anew by a run that knew of the second */
    anew[0].seen = "another";
    assert_string_equal(marker_table(publish(f, anew, 1), "a")->id, "a third");
}

static void as_of_reads_by_time(void **state)
{
    struct fixture *f = *state;
    struct marker *m = NULL;
    os_set_clock(fake_clock, NULL);
    for (int i = 0; i < 9; i++) {
        clock_us = (i == 5 ? 1 : 1000 + i * 10) * 1000; /* at 5 the clock fell back */
        struct marked_table t[] = {table("a", i)};
        publish(f, t, 1);
    }
    static const struct {
        int64_t at, number;
    } cases[] = {{999, -1}, {1000, 0}, {1009, 0}, {1010, 1}, {1039, 3},
                 {1040, 5}, {1059, 5}, {1060, 6}, {1080, 8}, {99999, 8}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(lake_log_read(f->a, f->s, -1, cases[i].at, &m, &f->e), RC_OK);
        assert_int_equal(m ? m->number : -1, cases[i].number);
    }
}

static void cleaning_keeps_the_young_and_the_last(void **state)
{
    struct fixture *f = *state;
    size_t removed = 0;
    struct marker *m = NULL;
    os_set_clock(fake_clock, NULL);
    for (int i = 0; i < 10; i++) {
        clock_us = i * 1000000;
        struct marked_table t[] = {table("a", i)};
        publish(f, t, 1);
    }
    assert_int_equal(lake_log_clean(f->s, 5000, 8, 10000, &removed, &f->e), RC_OK);
    assert_int_equal(removed, 2);
    assert_int_equal(lake_log_clean(f->s, 5000, 1, 10000, &removed, &f->e), RC_OK);
    assert_int_equal(removed, 3);
    assert_int_equal(lake_log_clean(f->s, 0, 0, 99999, &removed, &f->e), RC_OK);
    assert_int_equal(removed, 4);
    assert_int_equal(lake_log_newest(f->a, f->s, &m, &f->e), RC_OK);
    assert_int_equal(m->number, 9);
    assert_int_equal(lake_log_read(f->a, f->s, -1, 0, &m, &f->e), RC_OK);
    assert_null(m);
}

static void a_newer_format_and_odd_names(void **state)
{
    struct fixture *f = *state;
    struct marker *m = NULL;
    put_object(f, "_ingot/log/.hidden", "x");
    put_object(f, "_ingot/log/1.json", "x");
    put_object(f, "_ingot/log/00000000000000000001.json/deeper", "x");
    put_object(f, "_ingot/log/00000000000000000001.json", MARKER(""));
    assert_int_equal(lake_log_newest(f->a, f->s, &m, &f->e), RC_OK);
    assert_int_equal(m->number, 1);
    put_object(f, "_ingot/log/00000000000000000002.json", "{\"format\":7}");
    assert_int_equal(lake_log_newest(f->a, f->s, &m, &f->e), RC_DATA);
    assert_message(&f->e, "_ingot/log/00000000000000000002.json has format 7");
    put_object(f, "_ingot/log/99999999999999999999.json", MARKER(""));
    assert_int_equal(lake_log_newest(f->a, f->s, &m, &f->e), RC_DATA);
    assert_message(&f->e, "a number that cannot be");
}

/* ---- races: ahead of an operation another run may publish, answers get lost, callers die ---- */

struct race {
    struct fixture *f;
    struct arena *a;
    uint64_t seed;
    int depth;
    int64_t bronze, silver; /* the newest versions that anybody has committed */
};

static uint64_t next_random(struct race *r)
{
    r->seed ^= r->seed << 13;
    r->seed ^= r->seed >> 7;
    r->seed ^= r->seed << 17;
    return r->seed >> 11;
}

static void run_once(struct race *r);

static bool race_before(void *data, const char *operation, const char *key)
{
    struct race *r = data;
    (void)operation;
    (void)key;
    if (r->depth < 4 && next_random(r) % 4 == 0) run_once(r);
    return next_random(r) % 25 != 0;
}
static enum storage_answer race_answer(void *data, const char *key)
{
    struct race *r = data;
    (void)key;
    uint64_t n = next_random(r) % 10;
    return n == 0 ? ANSWER_LOST_AFTER_WRITE : n == 1 ? ANSWER_LOST_BEFORE_WRITE : ANSWER_CLEAR;
}

static void run_once(struct race *r)
{
    struct storage *s = storage_memory_share(r->f->s, (struct storage_faults){race_before, race_answer, r});
    struct watermark input = {"bronze", 0};
    struct marked_table mine[] = {table("silver", 0), table("bronze", 0)};
    struct marker *m = NULL;
    r->depth++;
    if (next_random(r) % 2) r->bronze++;
    if (next_random(r) % 2) r->silver++;
    mine[0].version = r->silver;
    mine[0].inputs = &input;
    mine[0].n_inputs = 1;
    mine[1].version = input.version = r->bronze;
    size_t first = next_random(r) % 2, n = 1 + next_random(r) % (2 - first);
    enum rc rc = lake_log_publish(r->a, s, "run", mine + first, n, NULL, 0, &m, &r->f->e);
    if (rc == RC_OK)
        for (size_t i = first; i < first + n; i++) {
            bool reached = i == 1 || version_of(m, "bronze") >= input.version;
            if (reached) assert_true(version_of(m, mine[i].name) >= mine[i].version);
        }
    else assert_true(rc == RC_INTERRUPTED || rc == RC_UNREACHABLE);
    r->depth--;
    storage_close(s);
}

static void every_marker_of_a_race_is_consistent(void **state)
{
    struct fixture *f = *state;
    int64_t markers = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        storage_close(f->s);
        f->s = storage_memory_new();
        struct race r = {.f = f, .a = arena_new(), .seed = seed * 0x9E3779B97F4A7C15u};
        for (int i = 0; i < 12; i++) run_once(&r);
        int64_t bronze = -1, silver = -1;
        struct marker *last = NULL, *m = NULL;
        assert_int_equal(lake_log_newest(r.a, f->s, &last, &f->e), RC_OK);
        for (int64_t i = 0; i <= last->number; i++) {
            assert_int_equal(lake_log_read(r.a, f->s, i, 0, &m, &f->e), RC_OK);
            assert_non_null(m);
            assert_true(version_of(m, "bronze") >= bronze && version_of(m, "silver") >= silver);
            bronze = version_of(m, "bronze");
            silver = version_of(m, "silver");
            const struct marked_table *t = marker_table(m, "silver");
            if (t) assert_true(marked_input(t, "bronze") <= bronze);
        }
        markers += last->number + 1;
        arena_free(r.a);
    }
    assert_true(markers > 400); /* the races did happen */
}

static int lake_log_setup(void **state)
{
    os_set_clock(NULL, NULL);
    return fixture_setup(state);
}
#define LOG_TEST(name) cmocka_unit_test_setup_teardown(name, lake_log_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(a_marker_reads_as_it_was_printed),
        LOG_TEST(damaged_markers_are_refused),
        LOG_TEST(publishing_advances_and_never_goes_back),
        LOG_TEST(a_table_is_never_ahead_of_its_input),
        LOG_TEST(holding_dropping_and_making_anew),
        LOG_TEST(a_late_run_does_not_end_a_hold),
        LOG_TEST(watermarks_end_with_their_table),
        LOG_TEST(a_late_run_does_not_undo_a_drop),
        LOG_TEST(as_of_reads_by_time),
        LOG_TEST(cleaning_keeps_the_young_and_the_last),
        LOG_TEST(a_newer_format_and_odd_names),
        LOG_TEST(every_marker_of_a_race_is_consistent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
