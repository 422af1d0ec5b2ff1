#include "fixture.h"

#define DV(data) "\"deletionVector\":{\"storageType\":\"u\",\"pathOrInlineDv\":\"" data "\",\"cardinality\":1}"
#define ADD_DV(path, data)                                                                                             \
    "{\"add\":{\"path\":\"" path "\",\"partitionValues\":{\"p\":\"1\"},\"size\":10,\"dataChange\":true,"               \
    "\"stats\":\"{\\\"numRecords\\\":5}\"," DV(data) "}}\n"
#define REMOVE_DV(path, data)                                                                                          \
    "{\"remove\":{\"path\":\"" path                                                                                    \
    "\",\"dataChange\":true,\"size\":10,\"partitionValues\":{\"p\":\"1\"}," DV(data) "}}\n"

static struct delta_changes *changes(struct fixture *f, int64_t from, int64_t to)
{
    struct delta_changes *c = NULL;
    if (delta_changes(f->a, f->s, "t", from, to, &c, &f->e) != RC_OK) fail_msg("%s", f->e.message);
    return c;
}

/* "+added… -removed…" */
static const char *told(struct fixture *f, int64_t from, int64_t to)
{
    struct delta_changes *c = changes(f, from, to);
    struct buf *b = buf_new(f->a, 10000);
    for (size_t i = 0; i < c->n_added; i++) buf_printf(b, "+%s%s ", c->added[i].path, c->added[i].dv_id);
    for (size_t i = 0; i < c->n_removed; i++) buf_printf(b, "-%s%s ", c->removed[i].path, c->removed[i].dv_id);
    return b->p;
}

static void net_changes(void **state)
{
    struct fixture *f = *state;
    put_commit(f, 0, PROTOCOL METADATA ADD("a", "1") TXN("ingot/self", "0"));
    put_commit(f, 1, ADD("c", "1") ADD("b", "1"));
    put_commit(f, 2, REMOVE("b") REMOVE("a"));
    put_commit(f, 3, ADD("b", "1"));
    assert_string_equal(told(f, -1, 0), "+a ");
    assert_string_equal(told(f, 0, 1), "+b +c ");
    assert_string_equal(told(f, 0, 2), "+c -a "); /* b came and went */
    assert_string_equal(told(f, 1, 2), "-a -b ");
    assert_string_equal(told(f, 1, 3), "+b -a -b "); /* b left and came: both */
    assert_string_equal(told(f, 0, 3), "+b +c -a ");
    assert_string_equal(told(f, 3, 3), "");
    assert_false(changes(f, 3, 3)->data_change);
    assert_int_equal(changes(f, 0, 3)->n_commits, 3);
    assert_int_equal(changes(f, 0, 3)->commits[0].version, 1);
}

static void vectors_are_both(void **state)
{
    struct fixture *f = *state;
    put_commit(f, 0, PROTOCOL METADATA ADD("a", "5"));
    put_commit(f, 1, REMOVE("a") ADD_DV("a", "v1"));
    put_commit(f, 2, ADD_DV("a", "v2") REMOVE_DV("a", "v1"));
    assert_string_equal(told(f, 0, 1), "+auv1 -a ");
    assert_string_equal(told(f, 1, 2), "+auv2 -auv1 ");
    assert_string_equal(told(f, 0, 2), "+auv2 -a ");
    assert_string_equal(told(f, -1, 2), "+auv2 ");
    struct delta_changes *c = changes(f, 1, 2);
    assert_int_equal(c->added[0].records, 4);
    assert_int_equal(c->added[0].deleted, 1);
    assert_int_equal(c->removed[0].size, 10);
    assert_int_equal(c->removed[0].n_partition, 1);
    assert_non_null(strstr(c->removed[0].deletion_vector, "v1"));
}

/* Compaction changes no data; what it made and later leaves is counted, so that the sums stay right. */
static void compaction_is_no_change(void **state)
{
    struct fixture *f = *state;
    put_commit(f, 0, PROTOCOL METADATA ADD("old", "1"));
    put_commit(f, 1, ADD("new", "1"));
    put_commit(f, 2, INFO("OPTIMIZE") REMOVE_MOVED("old") REMOVE_MOVED("new") ADD_MOVED("both"));
    put_commit(f, 3, REMOVE("both") ADD("rest", "1"));
    assert_string_equal(told(f, 1, 2), "");
    assert_false(changes(f, 1, 2)->data_change);
    assert_int_equal(changes(f, 1, 2)->foreign, -1);
    assert_string_equal(changes(f, 1, 2)->commits[0].operation, "OPTIMIZE");
    assert_string_equal(told(f, 0, 2), "+new ");
    assert_string_equal(told(f, 0, 3), "+new +rest -both "); /* old + new + rest - (old + new) */
}

/* RESTORE to before a compaction: rows that entered, were moved, and entered again as those of the moved file left. */
static void a_restored_file_enters_again(void **state)
{
    struct fixture *f = *state;
    put_commit(f, 0, PROTOCOL METADATA ADD("old", "1"));
    put_commit(f, 1, ADD("new", "1"));
    put_commit(f, 2, INFO("OPTIMIZE") REMOVE_MOVED("old") REMOVE_MOVED("new") ADD_MOVED("both"));
    put_commit(f, 3, INFO("RESTORE") REMOVE("both") ADD("old", "1") ADD("new", "1"));
    put_commit(f, 4, INFO("DELETE") REMOVE("new"));
    assert_string_equal(told(f, 1, 3), "+new +old -both ");
    assert_string_equal(told(f, 0, 3), "+new +new +old -both "); /* 1 + 3 - 2 = 2 rows */
    assert_string_equal(told(f, 0, 4), "+new +old -both ");      /* 1 + 2 - 2 = 1 row */
    assert_string_equal(told(f, 2, 4), "+old -both ");
}

/* The same file said once more, for other statistics, brings no rows. */
static void a_file_that_is_there_is_not_added_again(void **state)
{
    struct fixture *f = *state;
    put_commit(f, 0, PROTOCOL METADATA);
    put_commit(f, 1, ADD("a", "1"));
    put_commit(f, 2, ADD("a", "1") ADD_MOVED("b"));
    put_commit(f, 3, ADD("b", "1"));
    assert_string_equal(told(f, 0, 2), "+a ");
    assert_string_equal(told(f, 1, 3), "+a "); /* what was there before is not known here */
}

static void foreign_is_what_changes_without_its_own_number(void **state)
{
    struct fixture *f = *state;
    put_commit(f, 0, PROTOCOL METADATA TXN("ingot/self", "0"));
    put_commit(f, 1, INFO("WRITE") ADD("a", "1") TXN("ingot/self", "1"));
    put_commit(f, 2, INFO("OPTIMIZE") REMOVE_MOVED("a") ADD_MOVED("b"));
    put_commit(f, 3, TXN("ingot/x", "1"));
    assert_int_equal(changes(f, -1, 3)->foreign, -1);
    put_commit(f, 4, METADATA TXN("ingot/self", "3"));
    put_commit(f, 5, INFO("DELETE") REMOVE("b"));
    put_commit(f, 6, PROTOCOL);
    struct delta_changes *c = changes(f, -1, 6);
    assert_int_equal(c->foreign, 4);
    assert_true(c->data_change);
    assert_true(c->metadata_change);
    assert_false(c->commits[1].foreign);
    assert_int_equal(c->commits[1].self, 1);
    assert_int_equal(c->commits[2].self, -1);
    assert_true(c->commits[4].metadata_change);
    assert_true(c->commits[5].foreign);
    assert_true(c->commits[6].foreign);
    assert_true(c->commits[6].protocol_change);
    assert_int_equal(changes(f, 4, 5)->foreign, 5);
    assert_false(changes(f, 4, 5)->metadata_change);
}

static void gaps_are_told(void **state)
{
    struct fixture *f = *state;
    put_commit(f, 3, ADD("a", "1"));
    put_commit(f, 5, ADD("b", "1"));
    assert_true(changes(f, 1, 3)->gap);
    assert_true(changes(f, 3, 5)->gap);
    assert_int_equal(changes(f, 3, 5)->foreign, 5);
    assert_false(changes(f, 2, 3)->gap);
}

static void damage_is_refused(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"", ":1: the commit is empty"},
        {ADD("a", "1") "{\"remove\":{\"path\":\"", ":2: not a whole JSON action"},
        {ADD("a", "1") ADD("a", "1"), ":2: the file 'a' is named twice"},
        {REMOVE("a") ADD("a", "1"), ":2: the file 'a' is named twice"},
        {ADD("../a", "1"), ":1: the path '../a'"},
        {"{\"remove\":{\"path\":\"a\",\"size\":-4}}", ":1: 'size' is -4"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct delta_changes *c = NULL;
        put_commit(f, 1, bad[i].text);
        assert_int_equal(delta_changes(f->a, f->s, "t", 0, 1, &c, &f->e), RC_DATA);
        assert_message(&f->e, "t/_delta_log/00000000000000000001.json:");
        assert_message(&f->e, bad[i].message);
    }
}

static void history_is_newest_first(void **state)
{
    struct fixture *f = *state;
    struct delta_commit_info *h = NULL;
    size_t n = 9;
    assert_int_equal(delta_history(f->a, f->s, "t", 10, &h, &n, &f->e), RC_OK);
    assert_int_equal(n, 0);
    put_commit(f, 4, INFO("WRITE") ADD("a", "1"));
    put_commit(f, 5,
               "{\"commitInfo\":{\"timestamp\":\"odd\",\"operation\":7,\"inCommitTimestamp\":77}}\n" ADD("b", "1"));
    put_commit(f, 6, ADD("c", "1"));
    put_object(f, "t/_delta_log/00000000000000000005.checkpoint.parquet", "");
    assert_int_equal(delta_history(f->a, f->s, "t", 10, &h, &n, &f->e), RC_OK);
    assert_int_equal(n, 3);
    assert_int_equal(h[0].version, 6);
    assert_true(h[0].timestamp_ms > 1000);
    assert_null(h[0].info);
    assert_int_equal(h[1].timestamp_ms, 77);
    assert_null(h[1].operation);
    assert_int_equal(h[2].timestamp_ms, 1000);
    assert_string_equal(h[2].operation, "WRITE");
    assert_string_equal(h[2].engine, "x/1");
    assert_int_equal(delta_history(f->a, f->s, "t", 2, &h, &n, &f->e), RC_OK);
    assert_int_equal(n, 2);
    assert_int_equal(h[1].version, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(net_changes),
        TEST(vectors_are_both),
        TEST(compaction_is_no_change),
        TEST(a_restored_file_enters_again),
        TEST(a_file_that_is_there_is_not_added_again),
        TEST(foreign_is_what_changes_without_its_own_number),
        TEST(gaps_are_told),
        TEST(damage_is_refused),
        TEST(history_is_newest_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
