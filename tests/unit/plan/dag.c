#include "make.h"

#include "base/os.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* "silver.a: bronze.x silver.b; gold.c: silver.a ^silver.b" in the order of the project; ^ is a reference. */
struct made {
    struct arena *arena;
    struct project project;
    struct statement **statements;
    struct problems problems;
    struct dag *dag;
};

static void add_word(struct made *m, struct table *t, const char **inputs, size_t *n, const char *word)
{
    if (*word != '^') {
        inputs[(*n)++] = word;
        return;
    }
    struct reference *r = ARENA_PUSH(m->arena, t->references, t->n_references);
    *r = (struct reference){.table = word + 1, .pos = {t->file, 9, 5}};
    *ARENA_PUSH(m->arena, r->columns, r->n_columns) = "k";
}

static void make(struct made *m, const char *text)
{
    *m = (struct made){.arena = arena_new()};
    size_t n_statements = 0;
    char *save = NULL, *copy = arena_strdup(m->arena, text);
    m->problems.arena = m->arena;
    for (char *part = strtok_r(copy, ";", &save); part; part = strtok_r(NULL, ";", &save)) {
        const char *inputs[32];
        size_t n = 0;
        char *inner = NULL, *name = strtok_r(part, " :", &inner);
        struct table t = make_table(m->arena, name);
        *ARENA_PUSH(m->arena, t.key, t.n_key) = "k";
        for (char *w = strtok_r(NULL, " :", &inner); w; w = strtok_r(NULL, " :", &inner))
            add_word(m, &t, inputs, &n, w);
        *ARENA_PUSH(m->arena, m->project.tables, m->project.n_tables) = t;
        *ARENA_PUSH(m->arena, m->statements, n_statements) =
            t.layer == LAYER_BRONZE && n == 0 ? NULL : make_statement(m->arena, inputs, n);
    }
    struct err e = {0};
    assert_int_equal(dag_build(m->arena, &m->project, m->statements, &m->problems, &m->dag, &e), RC_OK);
}

static char *order_of(struct made *m)
{
    struct buf *b = buf_new(m->arena, BUF_DEFAULT_MAX);
    for (size_t i = 0; i < m->dag->n_nodes; i++)
        buf_printf(b, "%s%s", i ? " " : "", m->dag->nodes[m->dag->order[i]].table->name);
    return b->p;
}

static void orders_are_topological_and_stable(void **state)
{
    static const char *const cases[][2] = {
        {"bronze.a; silver.a: bronze.a silver.b; silver.b: bronze.a; gold.a: silver.a",
         "bronze.a silver.b silver.a gold.a"},
        {"bronze.b; bronze.c; silver.a: bronze.c; silver.b: bronze.b", "bronze.b bronze.c silver.a silver.b"},
        {"bronze.a; silver.a: bronze.a ^silver.z; silver.b: bronze.a; silver.z: bronze.a",
         "bronze.a silver.b silver.z silver.a"},
        {"bronze.a; silver.a: bronze.a bronze.a ^bronze.a", "bronze.a silver.a"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct made m;
        make(&m, cases[i][0]);
        if (m.problems.n_items) fail_msg("%s: %s", cases[i][0], m.problems.items[0].message);
        assert_string_equal(order_of(&m), cases[i][1]);
        arena_free(m.arena);
    }
}

static void problems_name_what_is_wrong(void **state)
{
    static const char *const cases[][3] = {
        {"bronze.orders; silver.a: bronze.order", "bronze.order; did you mean bronze.orders?", "silver.a.sql:1:1"},
        {"bronze.orders; silver.a: main.xyzzyplugh", "tables are in bronze, silver or gold", "silver.a.sql:1:1"},
        {"bronze.a; gold.x: bronze.a",
         "gold.x (gold.x.sql) reads bronze.a (bronze.a.sql), but gold reads silver and gold", "gold.x.sql:1:1"},
        {"silver.a: gold.x; gold.x: silver.b; silver.b", "silver reads bronze and silver", "silver.a.sql:1:1"},
        {"bronze.a: bronze.b; bronze.b", "bronze reads sources only", "bronze.a.sql:1:1"},
        {"silver.a: silver.a", "silver.a reads itself", "silver.a.sql:1:1"},
        {"silver.a: ^silver.a", "references itself", "silver.a.sql:9:5"},
        {"silver.a: ^silver.b; silver.b: ^silver.a", "reference each other", "silver.b.sql:9:5"},
        {"silver.a: ^silver.bb; silver.b: silver.a", "there is no table silver.bb; did you mean silver.b?",
         "silver.a.sql:9:5"},
        {"silver.a: ^gold.b; gold.b", "of a later layer", "silver.a.sql:9:5"},
        {"silver.a: silver.b; silver.b: silver.c; silver.c: silver.a",
         "silver.a reads silver.b (silver.a.sql:1:1), silver.b reads silver.c (silver.b.sql:1:1), silver.c "
         "reads silver.a (silver.c.sql:1:1)",
         "silver.a.sql:1:1"},
        {"silver.z: silver.x; silver.x: silver.y; silver.y: silver.x ", "in a cycle: silver.x reads silver.y",
         "silver.x.sql:1:1"},
        {"silver.a: silver.b; silver.b: ^silver.a",
         "in a cycle: silver.a reads silver.b (silver.a.sql:1:1), silver.b reads silver.a (silver.b.sql:9:5)",
         "silver.a.sql:1:1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct made m;
        make(&m, cases[i][0]);
        if (m.problems.n_items != 1)
            fail_msg("%s: %zu problems, the last: %s", cases[i][0], m.problems.n_items,
                     m.problems.n_items ? m.problems.items[m.problems.n_items - 1].message : "-");
        const struct problem *p = &m.problems.items[0];
        if (!strstr(p->message, cases[i][1])) fail_msg("%s\nlacks: %s", p->message, cases[i][1]);
        assert_string_equal(arena_printf(m.arena, "%s:%d:%d", p->pos.file, p->pos.line, p->pos.column), cases[i][2]);
        assert_int_equal(m.dag->n_nodes, m.project.n_tables); /* still a whole order */
        arena_free(m.arena);
    }
}

static void selections_unite(void **state)
{
    static const struct {
        const char *selectors[3];
        const char *expected; /* selected tables, or the message */
        enum rc rc;
    } cases[] = {
        {{NULL}, "bronze.a bronze.b silver.a silver.c gold.d gold.e", RC_OK},
        {{"silver.a"}, "silver.a", RC_OK},
        {{"c"}, "silver.c", RC_OK},
        {{"a"}, "'a' may be bronze.a or silver.a", RC_USAGE},
        {{"+gold.d"}, "bronze.a silver.a gold.d", RC_OK},
        {{"bronze.b+"}, "bronze.b silver.c gold.e", RC_OK},
        {{"+silver.c+"}, "bronze.b silver.c gold.e", RC_OK},
        {{"silver.*"}, "silver.a silver.c", RC_OK},
        {{"*.a"}, "bronze.a silver.a", RC_OK},
        {{"layer:gold", "bronze.a"}, "bronze.a gold.d gold.e", RC_OK},
        {{"+layer:gold"}, "bronze.a bronze.b silver.a silver.c gold.d gold.e", RC_OK},
        {{"tag:finance"}, "gold.e", RC_OK},
        {{"tag:finanz"}, "no table has tag:finanz; did you mean tag:finance?", RC_USAGE},
        {{"layer:golt"}, "did you mean layer:gold?", RC_USAGE},
        {{"silver.d"}, "there is no table silver.d; did you mean silver.a?", RC_USAGE},
        {{"+"}, "names no table", RC_USAGE},
        {{"++"}, "names no table", RC_USAGE},
        {{""}, "names no table", RC_USAGE},
    };
    struct made m;
    (void)state;
    make(&m, "bronze.a; bronze.b; silver.a: bronze.a; silver.c: bronze.b; gold.d: silver.a; gold.e: silver.c");
    *ARENA_PUSH(m.arena, m.project.tables[5].tags, m.project.tables[5].n_tags) = "finance";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = 0;
        bool *selected = NULL;
        struct err e = {0};
        while (n < 3 && cases[i].selectors[n]) n++;
        assert_int_equal(dag_select(m.arena, m.dag, cases[i].selectors, n, &selected, &e), cases[i].rc);
        struct buf *b = buf_new(m.arena, BUF_DEFAULT_MAX);
        for (size_t k = 0; cases[i].rc == RC_OK && k < m.dag->n_nodes; k++)
            if (selected[k]) buf_printf(b, "%s%s", b->n ? " " : "", m.dag->nodes[k].table->name);
        if (cases[i].rc == RC_OK) assert_string_equal(b->p, cases[i].expected);
        else if (!strstr(e.message, cases[i].expected)) fail_msg("%s\nlacks: %s", e.message, cases[i].expected);
    }
    arena_free(m.arena);
}

static void large_graphs_are_linear(void **state)
{
    enum { N = 10000 };
    struct arena *a = arena_new();
    struct project p = {.tables = ARENA_ARRAY(a, struct table, N), .n_tables = N};
    struct statement **s = ARENA_ARRAY(a, struct statement *, N);
    struct problems problems = {.arena = a};
    struct dag *dag;
    struct err e = {0};
    bool *selected;
    (void)state;
    for (size_t i = 0; i < N; i++) p.tables[i] = make_table(a, arena_printf(a, "silver.t%05zu", i));
    for (size_t i = 0; i < N; i++) {
        const char *inputs[2] = {p.tables[i ? i - 1 : 0].name, p.tables[i / 2].name};
        s[i] = make_statement(a, inputs, i ? 2 : 0);
    }
    int64_t begin = os_monotonic_us();
    assert_int_equal(dag_build(a, &p, s, &problems, &dag, &e), RC_OK);
    int64_t built = os_monotonic_us();
    const char *selector = "+silver.t09999";
    assert_int_equal(dag_select(a, dag, &selector, 1, &selected, &e), RC_OK);
    print_message("10,000 nodes: built in %lld us, selected in %lld us\n", (long long)(built - begin),
                  (long long)(os_monotonic_us() - built));
    assert_int_equal(problems.n_items, 0);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_are_topological_and_stable),
        cmocka_unit_test(problems_name_what_is_wrong),
        cmocka_unit_test(selections_unite),
        cmocka_unit_test(large_graphs_are_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
