/* Pinning: from the marker where a table stands there, else from its log; foreign commits; watermarks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "run/lake.h"

static const char *const names[] = {"bronze.orders", "gold.sales", "silver.orders"};
enum { BRONZE, GOLD, SILVER, N_TABLES };

struct fixture {
    struct arena *a;
    struct storage *s, *counted;
    int lists, gets, others;
    struct err e;
};

static bool count(void *data, const char *operation, const char *key)
{
    struct fixture *f = data;
    (void)key;
    if (strcmp(operation, "list") == 0) f->lists++;
    else if (strcmp(operation, "get") == 0) f->gets++;
    else f->others++;
    return true;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f) return -1;
    f->a = arena_new();
    f->s = storage_memory_new();
    f->counted = storage_memory_share(f->s, (struct storage_faults){.before = count, .data = f});
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    storage_close(f->counted);
    storage_close(f->s);
    arena_free(f->a);
    free(f);
    return 0;
}

static const struct delta_column columns[] = {{.name = "row", .type = "string", .nullable = true}};

static void begin(struct fixture *f, struct delta_commit *c, const char *operation, const char *mode)
{
    delta_commit_begin(f->a, c);
    delta_commit_info(c, operation, mode, NULL, false);
}

static void end(struct fixture *f, struct delta_commit *c, int table, int64_t version)
{
    bool won;
    const char *key = delta_commit_key(f->a, table_dir(f->a, names[table]), version);
    assert_int_equal(storage_put_settled(f->s, key, buf_str(&c->lines), c->id, &won, &f->e), RC_OK);
    assert_true(won);
}

static void add_file(struct fixture *f, struct delta_commit *c, bool data_change)
{
    static int n;
    struct delta_file file = {
        .path = arena_printf(f->a, "part-%d.parquet", n++), .size = 10, .records = 1, .data_change = data_change};
    delta_commit_add(c, &file);
}

/* One of ours: the Delta id of a table is "id-<its number>". */
static void own_commit(struct fixture *f, int table, int64_t version, int64_t side, int input, int64_t watermark)
{
    struct delta_commit c;
    begin(f, &c, "WRITE", "Append");
    if (version == 0) {
        struct pair model = {"ingot.model", "m1"};
        struct delta_metadata m = {.table_id = arena_printf(f->a, "id-%d", table),
                                   .columns = columns,
                                   .n_columns = 1,
                                   .configuration = &model,
                                   .n_configuration = 1};
        delta_commit_protocol(&c, columns, 1);
        delta_commit_metadata(&c, &m);
    }
    add_file(f, &c, true);
    if (input >= 0) delta_commit_txn(&c, arena_printf(f->a, "ingot/id-%d", input), watermark);
    if (side >= 0) delta_commit_txn(&c, "ingot/side", side);
    delta_commit_txn(&c, "ingot/self", version);
    end(f, &c, table, version);
}

static void foreign_commit(struct fixture *f, int table, int64_t version, const char *operation, const char *mode,
                           bool data_change)
{
    struct delta_commit c;
    begin(f, &c, operation, mode);
    add_file(f, &c, data_change);
    end(f, &c, table, version);
}

/* Marks tables[i] at versions[i]; silver has read bronze, gold silver. */
static void mark(struct fixture *f, int64_t bronze, int64_t silver, int64_t gold, bool held)
{
    const int64_t versions[] = {[BRONZE] = bronze, [SILVER] = silver, [GOLD] = gold};
    static struct watermark of_silver = {.table = "bronze.orders", .version = 0},
                            of_gold = {.table = "silver.orders", .version = 0};
    struct marked_table mine[N_TABLES];
    size_t n = 0;
    struct marker *m;
    for (int i = 0; i < N_TABLES; i++) {
        if (versions[i] < 0) continue;
        mine[n] = (struct marked_table){.name = names[i],
                                        .id = arena_printf(f->a, "id-%d", i),
                                        .model = "m1",
                                        .version = versions[i],
                                        .side = i == BRONZE ? 3 : -1,
                                        .held = held && i == SILVER};
        if (i != BRONZE) mine[n].inputs = i == SILVER ? &of_silver : &of_gold;
        mine[n].n_inputs = i != BRONZE;
        n++;
    }
    assert_int_equal(lake_log_publish(f->a, f->s, "run", mine, n, NULL, 0, &m, &f->e), RC_OK);
}

static struct lake *pin(struct fixture *f, bool bronze, bool silver, bool gold)
{
    const bool selected[] = {[BRONZE] = bronze, [SILVER] = silver, [GOLD] = gold};
    struct lake *l;
    f->lists = f->gets = f->others = 0;
    if (lake_pin(f->a, f->counted, NULL, names, selected, N_TABLES, &l, &f->e) != RC_OK) fail_msg("%s", f->e.message);
    return l;
}

static void three_tables(struct fixture *f)
{
    own_commit(f, BRONZE, 0, 3, -1, -1);
    own_commit(f, SILVER, 0, -1, BRONZE, 0);
    own_commit(f, GOLD, 0, -1, SILVER, 0);
}

static void an_empty_lake(void **state)
{
    struct lake *l = pin(*state, true, true, true);
    assert_int_equal(l->marker->number, -1);
    for (int i = 0; i < N_TABLES; i++) {
        struct delta_snapshot *s;
        assert_int_equal(l->tables[i].now.version, -1);
        assert_int_equal(l->tables[i].now.side, -1);
        assert_int_equal(l->tables[i].foreign, -1);
        assert_null(l->tables[i].now.id);
        assert_int_equal(lake_snapshot(l, &l->tables[i], &s, NULL), RC_OK);
        assert_null(s);
    }
}

/* RULES.md A 5: one LIST and one GET for the marker and one LIST for each table. */
static void a_quiet_lake_is_known_from_the_marker(void **state)
{
    struct fixture *f = *state;
    three_tables(f);
    mark(f, 0, 0, 0, false);
    struct lake *l = pin(f, true, true, true);
    assert_int_equal(f->lists, 1 + N_TABLES);
    assert_int_equal(f->gets, 1);
    assert_int_equal(f->others, 0);
    const struct pinned *silver = lake_table(l, "silver.orders"), *bronze = lake_table(l, "bronze.orders");
    assert_string_equal(silver->now.id, "id-2");
    assert_string_equal(silver->now.model, "m1");
    assert_string_equal(silver->dir, "silver/orders");
    assert_false(silver->unmarked);
    assert_int_equal(table_watermark(&silver->now, "bronze.orders"), 0);
    assert_int_equal(table_watermark(&silver->now, "gold.sales"), -1);
    assert_int_equal(bronze->now.side, 3);
    assert_null(lake_table(l, "silver.order"));
    pin(f, false, true, false);
    assert_int_equal(f->lists, 2);
}

static void the_snapshot_is_read_once_and_at_the_pinned_version(void **state)
{
    struct fixture *f = *state;
    struct delta_snapshot *s, *again;
    three_tables(f);
    mark(f, 0, 0, 0, false);
    struct lake *l = pin(f, false, false, false);
    own_commit(f, BRONZE, 1, 4, -1, -1);
    assert_int_equal(lake_snapshot(l, &l->tables[BRONZE], &s, &f->e), RC_OK);
    assert_int_equal(s->version, 0);
    assert_int_equal(lake_snapshot(l, &l->tables[BRONZE], &again, &f->e), RC_OK);
    assert_ptr_equal(s, again);
}

/* A run died before its marker: selected tables stand where their logs say, others where the marker says. */
static void a_table_beyond_the_marker_is_read_from_its_log(void **state)
{
    struct fixture *f = *state;
    three_tables(f);
    mark(f, 0, 0, 0, false);
    own_commit(f, BRONZE, 1, 7, -1, -1);
    own_commit(f, SILVER, 1, -1, BRONZE, 1);
    struct lake *l = pin(f, false, true, true);
    const struct pinned *bronze = &l->tables[BRONZE], *silver = &l->tables[SILVER], *gold = &l->tables[GOLD];
    assert_int_equal(bronze->now.version, 0);
    assert_int_equal(bronze->now.side, 3);
    assert_int_equal(silver->now.version, 1);
    assert_true(silver->unmarked);
    assert_string_equal(silver->now.model, "m1");
    assert_int_equal(table_watermark(&silver->now, "bronze.orders"), 1); /* beyond what this run reads */
    assert_int_equal(silver->foreign, -1);
    assert_int_equal(gold->now.version, 0);
    assert_false(gold->unmarked);
    l = pin(f, true, true, true);
    assert_int_equal(l->tables[BRONZE].now.version, 1);
    assert_int_equal(l->tables[BRONZE].now.side, 7);
}

/* Watermarks of tables that come later in the list, and whose ids are known from logs alone. */
static void a_lake_without_a_marker_is_read_from_its_logs(void **state)
{
    struct fixture *f = *state;
    three_tables(f);
    struct lake *l = pin(f, true, true, true);
    assert_int_equal(table_watermark(&l->tables[GOLD].now, "silver.orders"), 0);
    assert_int_equal(table_watermark(&l->tables[SILVER].now, "bronze.orders"), 0);
    l = pin(f, false, true, true); /* bronze was never published */
    assert_int_equal(l->tables[BRONZE].now.version, -1);
    assert_int_equal(table_watermark(&l->tables[SILVER].now, "bronze.orders"), -1);
    assert_int_equal(table_watermark(&l->tables[GOLD].now, "silver.orders"), 0);
}

static void foreign_commits_are_found(void **state)
{
    struct fixture *f = *state;
    three_tables(f);
    mark(f, 0, 0, 0, false);
    foreign_commit(f, SILVER, 1, "OPTIMIZE", NULL, false);
    struct lake *l = pin(f, true, true, true);
    assert_int_equal(l->tables[SILVER].now.version, 1);
    assert_int_equal(l->tables[SILVER].foreign, -1); /* compaction changes no data */
    foreign_commit(f, SILVER, 2, "WRITE", "Append", true);
    foreign_commit(f, SILVER, 3, "WRITE", "Append", true);
    l = pin(f, true, true, true);
    assert_int_equal(l->tables[SILVER].foreign, 2);
    assert_false(l->tables[SILVER].foreign_overwrite);
    assert_int_equal(l->tables[BRONZE].foreign, -1);
    own_commit(f, SILVER, 4, -1, BRONZE, 0); /* built upon by ours: no longer foreign */
    l = pin(f, true, true, true);
    assert_int_equal(l->tables[SILVER].foreign, -1);
    foreign_commit(f, SILVER, 5, "WRITE", "Overwrite", true);
    l = pin(f, true, true, true);
    assert_int_equal(l->tables[SILVER].foreign, 5);
    assert_true(l->tables[SILVER].foreign_overwrite);
    foreign_commit(f, BRONZE, 1, "RESTORE", NULL, true);
    l = pin(f, true, false, false);
    assert_true(l->tables[BRONZE].foreign_overwrite);
}

/* A codec whose "Parquet" is the NDJSON itself. */
static enum rc plain_read(void *data, struct arena *a, struct storage *s, const char *const *keys, size_t n,
                          struct str *ret, struct err *e)
{
    bool exists;
    (void)data, (void)n;
    return s->ops->get(s, a, keys[0], BUF_DEFAULT_MAX, ret, &exists, e);
}

/* The commits in between are gone: whatever they were, the table is not as ours left it. */
static void a_gap_counts_as_foreign(void **state)
{
    struct fixture *f = *state;
    const struct checkpoint_codec codec = {.read = plain_read};
    const bool selected[N_TABLES] = {true, true, true};
    struct buf *checkpoint = buf_new(f->a, BUF_DEFAULT_MAX);
    struct lake *l;
    three_tables(f);
    foreign_commit(f, SILVER, 1, "WRITE", "Append", true);
    for (int64_t v = 0; v < 2; v++) {
        struct str text;
        bool exists;
        const char *key = delta_commit_key(f->a, "silver/orders", v);
        assert_int_equal(f->s->ops->get(f->s, f->a, key, BUF_DEFAULT_MAX, &text, &exists, &f->e), RC_OK);
        buf_add(checkpoint, text.p, text.n);
        assert_int_equal(f->s->ops->remove(f->s, key, &f->e), RC_OK);
    }
    const char *key = "silver/orders/_delta_log/00000000000000000001.checkpoint.parquet";
    assert_int_equal(f->s->ops->put(f->s, key, buf_str(checkpoint), &f->e), RC_OK);
    foreign_commit(f, SILVER, 2, "OPTIMIZE", NULL, false);
    if (lake_pin(f->a, f->s, &codec, names, selected, N_TABLES, &l, &f->e) != RC_OK) fail_msg("%s", f->e.message);
    assert_int_equal(l->tables[SILVER].now.version, 2);
    assert_int_equal(table_watermark(&l->tables[SILVER].now, "bronze.orders"), 0);
    assert_int_equal(l->tables[SILVER].foreign, 1);
}

static void a_hold_stays_with_the_table(void **state)
{
    struct fixture *f = *state;
    three_tables(f);
    mark(f, 0, 0, 0, true);
    struct lake *l = pin(f, true, true, true);
    assert_true(l->tables[SILVER].held);
    assert_false(l->tables[BRONZE].held);
    foreign_commit(f, SILVER, 1, "WRITE", "Append", true);
    l = pin(f, true, true, true);
    assert_true(l->tables[SILVER].held);
    assert_int_equal(l->tables[SILVER].now.version, 1);
}

static void a_damaged_log_is_named(void **state)
{
    struct fixture *f = *state;
    const bool selected[N_TABLES] = {true, true, true};
    struct lake *l;
    three_tables(f);
    own_commit(f, SILVER, 2, -1, BRONZE, 0); /* without 1 */
    assert_int_equal(lake_pin(f->a, f->s, NULL, names, selected, N_TABLES, &l, &f->e), RC_OK);
    assert_null(l->tables[BRONZE].damage);
    assert_non_null(l->tables[SILVER].damage); /* that table's failure, not the run's */
    assert_int_equal(l->tables[SILVER].damage->rc, RC_DATA);
    assert_non_null(strstr(l->tables[SILVER].damage->message, "silver/orders/_delta_log/00000000000000000001.json"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_lake),
        TEST(a_quiet_lake_is_known_from_the_marker),
        TEST(the_snapshot_is_read_once_and_at_the_pinned_version),
        TEST(a_table_beyond_the_marker_is_read_from_its_log),
        TEST(a_lake_without_a_marker_is_read_from_its_logs),
        TEST(foreign_commits_are_found),
        TEST(a_gap_counts_as_foreign),
        TEST(a_hold_stays_with_the_table),
        TEST(a_damaged_log_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
