#include "make.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* A situation in words, and what is decided. The table is silver.orders over bronze.orders (and silver.d). */
enum {
    ABSENT = 1 << 0,
    HELD = 1 << 1,
    MODEL = 1 << 2,
    FULL = 1 << 3,
    REBUILD = 1 << 4,
    CLOCK = 1 << 5,
    FOREIGN = 1 << 6,
    KEEP = 1 << 7,
    KEY = 1 << 8,
    LATEST = 1 << 9,
    DELETED = 1 << 10,
    PARENT = 1 << 11,
    SCHEMA = 1 << 12,
    OPEN = 1 << 13,
    BLOCKING = 1 << 14,
    JOIN = 1 << 15,
    SECOND = 1 << 16,
    GONE = 1 << 17,
    BRANCH = 1 << 18,
    BRANCHES = 1 << 19,
    ON_CHANGE = 1 << 20,
    INCREMENTAL = 1 << 21,
    ALWAYS_FULL = 1 << 22,
    NOT_UNDERSTOOD = 1 << 23,
    PARENT_GONE = 1 << 24,
};

static const struct situation {
    unsigned flags;
    enum change change;
    enum strategy strategy;
    const char *reason; /* part of it */
    bool recompute;
} situations[] = {
    {0, CHANGE_NONE, STRATEGY_SKIP, "up to date", false},
    {ABSENT, CHANGE_GREW, STRATEGY_FULL, "first build", false},
    {ABSENT | HELD, CHANGE_GREW, STRATEGY_FULL, "first build", false},
    {ABSENT | GONE, CHANGE_NONE, STRATEGY_BLOCKED, "bronze.orders, which it reads, has not been built", false},
    {GONE, CHANGE_NONE, STRATEGY_BLOCKED, "has not been built", false},
    {PARENT_GONE, CHANGE_NONE, STRATEGY_BLOCKED, "silver.customers, which is referenced, has not been built", false},
    {FULL, CHANGE_NONE, STRATEGY_FULL, "--full", false},
    {REBUILD, CHANGE_NONE, STRATEGY_FULL, "--rebuild", false},
    {HELD, CHANGE_GREW, STRATEGY_HELD, "is held", false},
    {HELD | FULL, CHANGE_GREW, STRATEGY_HELD, "is held", false},
    {FOREIGN, CHANGE_NONE, STRATEGY_BLOCKED, "silver.orders was changed by another tool at version 7", false},
    {FOREIGN | FULL, CHANGE_NONE, STRATEGY_BLOCKED, "--rebuild", false},
    {FOREIGN | REBUILD, CHANGE_NONE, STRATEGY_FULL, "--rebuild", false},
    {FOREIGN | KEEP, CHANGE_NONE, STRATEGY_SKIP, "up to date", false},
    {FOREIGN | KEEP, CHANGE_GREW, STRATEGY_APPEND, "bronze.orders grew", false},
    {MODEL, CHANGE_NONE, STRATEGY_FULL, "ingot 2 reads models differently", false},
    {CLOCK, CHANGE_NONE, STRATEGY_FULL, "now() may give another value on each run", false},
    {CLOCK | ON_CHANGE, CHANGE_NONE, STRATEGY_SKIP, "up to date", false},
    {CLOCK | ON_CHANGE, CHANGE_GREW, STRATEGY_APPEND, "bronze.orders grew", false},
    {PARENT, CHANGE_NONE, STRATEGY_FULL, "silver.customers, which is referenced, changed", false},
    {NOT_UNDERSTOOD, CHANGE_GREW, STRATEGY_BLOCKED, "could not be understood", false},
    /* one input */
    {0, CHANGE_GREW, STRATEGY_APPEND, "bronze.orders grew", false},
    {0, CHANGE_CHANGED, STRATEGY_FULL, "rows of bronze.orders left or were replaced", false},
    {0, CHANGE_UNKNOWN, STRATEGY_FULL, "the log of bronze.orders no longer reaches back", false},
    {BLOCKING, CHANGE_GREW, STRATEGY_FULL, "bronze.orders grew, and DISTINCT at silver.orders.sql:1:8 needs all rows",
     false},
    {BLOCKING | INCREMENTAL, CHANGE_GREW, STRATEGY_BLOCKED, "'refresh: incremental' cannot be kept", false},
    {BLOCKING | INCREMENTAL, CHANGE_NONE, STRATEGY_SKIP, "up to date", false},
    {BLOCKING | INCREMENTAL | ABSENT, CHANGE_NONE, STRATEGY_FULL, "first build", false},
    {ALWAYS_FULL, CHANGE_GREW, STRATEGY_FULL, "refresh: full", false},
    {ALWAYS_FULL, CHANGE_NONE, STRATEGY_SKIP, "up to date", false},
    {JOIN, CHANGE_GREW, STRATEGY_APPEND, "bronze.orders grew", false},
    {JOIN | SECOND, CHANGE_GREW, STRATEGY_FULL, "bronze.orders and silver.d both changed", false},
    {JOIN | SECOND, CHANGE_NONE, STRATEGY_APPEND, "silver.d grew", false},
    {SCHEMA, CHANGE_NONE, STRATEGY_SKIP, "up to date", false},
    {SCHEMA, CHANGE_GREW, STRATEGY_APPEND, "bronze.orders grew", false},
    {SCHEMA | OPEN, CHANGE_GREW, STRATEGY_FULL, "the columns of bronze.orders changed", false},
    {SCHEMA | OPEN, CHANGE_NONE, STRATEGY_FULL, "the columns of bronze.orders changed", false},
    {OPEN, CHANGE_GREW, STRATEGY_APPEND, "bronze.orders grew", false},
    {BRANCH, CHANGE_GREW, STRATEGY_FULL, "UNION ALL", false},
    {BRANCH | BRANCHES, CHANGE_GREW, STRATEGY_APPEND, "bronze.orders grew", false},
    /* a key */
    {KEY, CHANGE_GREW, STRATEGY_APPEND, "bronze.orders grew", false},
    {KEY, CHANGE_CHANGED, STRATEGY_FULL, "rows of bronze.orders left", false},
    {KEY | JOIN, CHANGE_GREW, STRATEGY_FULL, "join at silver.orders.sql:1:3 needs all rows", false},
    {KEY | DELETED, CHANGE_GREW, STRATEGY_FULL, "deleted without latest", false},
    {KEY | LATEST, CHANGE_GREW, STRATEGY_MERGE, "bronze.orders grew", false},
    {KEY | LATEST | DELETED, CHANGE_GREW, STRATEGY_MERGE, "bronze.orders grew", true},
    {KEY | LATEST, CHANGE_CHANGED, STRATEGY_FULL, "rows of bronze.orders left or were replaced", false},
    {KEY | LATEST | DELETED, CHANGE_CHANGED, STRATEGY_FULL, "rows of bronze.orders left", false},
    {KEY | LATEST | JOIN, CHANGE_GREW, STRATEGY_FULL, "join at silver.orders.sql:1:3", false},
    {KEY | LATEST | JOIN | INCREMENTAL, CHANGE_GREW, STRATEGY_BLOCKED, "join at silver.orders.sql:1:3", false},
    {KEY | LATEST | BLOCKING, CHANGE_GREW, STRATEGY_FULL, "DISTINCT at silver.orders.sql:1:8", false},
    {KEY | LATEST, CHANGE_UNKNOWN, STRATEGY_FULL, "no longer reaches back", false},
};

static struct statement *statement_of(struct arena *a, unsigned flags)
{
    static const char *const inputs[] = {"bronze.orders", "silver.d"};
    struct statement *s = make_statement(a, inputs, flags & JOIN ? 2 : 1);
    s->row_by_row = !(flags & (JOIN | BLOCKING | BRANCH));
    s->why_not_row_by_row = flags & BLOCKING ? (struct construct){"DISTINCT", 7} : (struct construct){"join", 2};
    s->open_names = (flags & OPEN) != 0;
    if (flags & (BLOCKING | BRANCH)) s->occurrences[0].distributes = false;
    if (flags & BLOCKING) s->occurrences[0].distributes_in_branch = s->occurrences[0].at_most_one = false;
    s->occurrences[0].why_not = flags & BRANCH ? (struct construct){"UNION ALL", 7} : (struct construct){"DISTINCT", 7};
    if (flags & CLOCK) *ARENA_PUSH(a, s->volatiles, s->n_volatiles) = (struct construct){"now()", 7};
    return s;
}

static struct decision decided(struct arena *a, const struct situation *c)
{
    struct table t = make_table(a, "silver.orders");
    struct node node = {.table = &t, .statement = c->flags & NOT_UNDERSTOOD ? NULL : statement_of(a, c->flags)};
    struct input_state inputs[2] = {
        {.table = "bronze.orders",
         .change = c->change,
         .schema_changed = c->flags & SCHEMA,
         .missing = c->flags & GONE,
         .why = c->change == CHANGE_UNKNOWN ? "the log of bronze.orders no longer reaches back to version 3" : NULL},
        {.table = "silver.d", .change = c->flags & SECOND ? CHANGE_GREW : CHANGE_NONE}};
    struct input_state parent = {.table = "silver.customers",
                                 .change = c->flags & PARENT ? CHANGE_GREW : CHANGE_NONE,
                                 .missing = c->flags & PARENT_GONE};
    struct table_state state = {.exists = !(c->flags & ABSENT),
                                .held = c->flags & HELD,
                                .model_changed = c->flags & MODEL,
                                .what_changed = "ingot 2 reads models differently",
                                .foreign = c->flags & FOREIGN ? 7 : -1,
                                .full_asked = c->flags & FULL,
                                .rebuild_asked = c->flags & REBUILD,
                                .clock_due = c->flags & CLOCK,
                                .branches = c->flags & BRANCHES,
                                .inputs = inputs,
                                .n_inputs = c->flags & JOIN ? 2 : 1,
                                .parents = &parent,
                                .n_parents = c->flags & (PARENT | PARENT_GONE) ? 1 : 0};
    static const char *key[] = {"order_id"};
    t.key = key;
    t.n_key = c->flags & KEY ? 1 : 0;
    t.latest = c->flags & LATEST ? "updated_at" : NULL;
    t.deleted = c->flags & DELETED ? "op = 'D'" : NULL;
    t.foreign_keep = c->flags & KEEP;
    t.refresh = c->flags & ON_CHANGE     ? REFRESH_ON_CHANGE
                : c->flags & INCREMENTAL ? REFRESH_INCREMENTAL
                : c->flags & ALWAYS_FULL ? REFRESH_FULL
                                         : REFRESH_AUTO;
    return decide(a, &node, &state, NULL, NULL);
}

static void situations_are_decided(void **state)
{
    struct arena *a = arena_new();
    (void)state;
    for (size_t i = 0; i < sizeof situations / sizeof *situations; i++) {
        const struct situation *c = &situations[i];
        struct decision d = decided(a, c);
        if (d.strategy != c->strategy || !strstr(d.reason, c->reason) || d.recompute_keys != c->recompute)
            fail_msg("situation %zu: %s, %s%s\nexpected %s, %s", i, strategy_names[d.strategy], d.reason,
                     d.recompute_keys ? " (recompute)" : "", strategy_names[c->strategy], c->reason);
        assert_int_equal(d.blocked_by != NULL, d.strategy == STRATEGY_BLOCKED && (c->flags & INCREMENTAL) != 0);
        assert_int_equal(d.occurrence >= 0, d.strategy == STRATEGY_APPEND || d.strategy == STRATEGY_MERGE);
        assert_int_equal(d.branch, d.strategy == STRATEGY_APPEND && (c->flags & BRANCH) != 0);
    }
    arena_free(a);
}

static void a_source_says_itself(void **state)
{
    struct arena *a = arena_new();
    struct source source = {0};
    struct table t = make_table(a, "bronze.orders");
    struct node node = {.table = &t};
    struct table_state s = {.exists = true, .foreign = 3};
    (void)state;
    t.source = &source;
    assert_int_equal(decide(a, &node, &s, NULL, NULL).strategy, STRATEGY_APPEND); /* foreign rows in bronze stand */
    t.load = LOAD_REPLACE;
    assert_int_equal(decide(a, &node, &s, NULL, NULL).strategy, STRATEGY_FULL);
    s.exists = false;
    assert_string_equal(decide(a, &node, &s, NULL, NULL).reason, "first build");
    arena_free(a);
}

static bool unique_on_k(const void *data, const char *table, const char *const *columns, size_t n)
{
    (void)data;
    return strcmp(table, "silver.d") == 0 && n == 1 && strcmp(columns[0], "k") == 0;
}

static void driving_needs_unique_dimensions(void **state)
{
    static const char *const inputs[] = {"bronze.orders", "silver.d"};
    static const char *k[] = {"k"}, *l[] = {"l"};
    struct arena *a = arena_new();
    struct statement *s = make_statement(a, inputs, 2);
    struct unique_need need = {"silver.d", k, 1};
    (void)state;
    s->occurrences[1].at_most_one = false;
    assert_int_equal(driving_occurrence(s, NULL, NULL), 0);
    s->occurrences[0].unique = &need;
    s->occurrences[0].n_unique = 1;
    assert_int_equal(driving_occurrence(s, unique_on_k, NULL), 0);
    assert_int_equal(driving_occurrence(s, NULL, NULL), -1);
    need.columns = l;
    assert_int_equal(driving_occurrence(s, unique_on_k, NULL), -1);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(situations_are_decided),
        cmocka_unit_test(a_source_says_itself),
        cmocka_unit_test(driving_needs_unique_dimensions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
