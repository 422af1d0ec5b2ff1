/* What is claimed of statements, against the engine: on small random tables, where an occurrence distributes, the
 * statement over all rows is the statement over the old rows and over the added ones; a guarded statement gives what the
 * plain one gives, row by row, and names what failed. */
#include "engine/engine.h"
#include "sql/statement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static const char *const tables[][2] = {
    {"bronze.a", "i int, k int, v int"}, {"bronze.b", "i int, k int, w int"}, {"bronze.c", "k int, z int"}};

/* What is left out here is left to the engine's mood: samples, ties of LIMIT. */
static const char *const statements[] = {
    "select i, k, v from bronze.a where v > 1",
    "select a.i, b.w from bronze.a join bronze.b on a.i = b.i",
    "select a.i, b.w, c.z from bronze.a left join bronze.b on a.i = b.i join bronze.c on c.k = a.k",
    "select a.i from bronze.a semi join bronze.b on a.i = b.i",
    "select a.i from bronze.a anti join bronze.b on a.i = b.i",
    "select a.i, b.w from bronze.a right join bronze.b on a.i = b.i",
    "select a.i, b.w from bronze.a full join bronze.b on a.i = b.i",
    "select a.i, b.w from bronze.a, bronze.b",
    "select i, k from bronze.a union all select k, w from bronze.b",
    "select i from bronze.a union all (select k from bronze.b union all select z from bronze.c limit 1)",
    "select i from bronze.a union all select count(*) from bronze.b",
    "select i from bronze.a union select k from bronze.b",
    "select i from bronze.a except all select k from bronze.b",
    "with s as (select i, k from bronze.a where v > 0), t as (select s.i, b.w from s join bronze.b b on s.k "
    "= b.k) "
    "select t.*, c.z from t left join bronze.c c on c.k = t.w",
    "with s as (select * from bronze.a) select x.i, y.v from s x join s y on x.i = y.v",
    "with s as (select i from bronze.a union all select k from bronze.b) select s.i, c.z from s join "
    "bronze.c c on c.k = s.i",
    "with u as (select * from bronze.b) select i from bronze.a",
    "select i, (select max(b.w) from bronze.b b where b.i = a.i) m from bronze.a a",
    "select (select sum(a.v)) m from bronze.a a",
    "select (select sum(a.v) from bronze.b b) m from bronze.a a",
    "select i from bronze.a a where exists (select 1 from bronze.b b where b.i = a.i)",
    "select i from bronze.a a where i not in (select b.i from bronze.b b)",
    "select i from bronze.a a where v > (select avg(b.w) from bronze.b b)",
    "select distinct i from bronze.a",
    "select i, count(*) n from bronze.a group by i",
    "select count(*) n from bronze.a",
    "select i, rank() over (order by v) r from bronze.a",
    "select i from bronze.a qualify v = max(v) over ()",
    "select a.i, u.u from bronze.a, unnest([a.i, a.v]) as u(u)",
    "select a.i, l.m from bronze.a, lateral (select max(b.w) m from bronze.b b where b.i = a.i) l",
    "select a.i, l.w from bronze.a, lateral (select b.w from bronze.b b where b.i = a.i) l",
    "select unnest([i, k]) u from bronze.a",
    "select a.i, g.g from bronze.a, range(3) g(g) where g.g < a.i",
    "select i from bronze.a union all by name select i, w from bronze.b",
    "with recursive r as (select i from bronze.a union select i + 1 from r where i < 3) select * from r",
    "select * from bronze.a natural join bronze.c",
    "select t.i, a.v from (values (1), (2)) t(i) left join bronze.a a on t.i = a.i",
    "select a.i, b.w from bronze.a inner join (select i, sum(w) w from bronze.b group by i) b using (i)",
};

struct bench {
    struct arena *arena;
    struct engine *engine;
    struct session *session;
    uint64_t random;
};

static uint64_t pick(struct bench *b, uint64_t n)
{
    b->random = b->random * 6364136223846793005u + 1442695040888963407u;
    return (b->random >> 33) % n;
}

static void run(struct bench *b, const char *sql)
{
    struct err e = {0};
    if (session_exec(b->session, sql, &e) != RC_OK) fail_msg("%s\n%s", sql, e.message);
}

static int setup(void **state)
{
    struct arena *a = arena_new();
    struct bench *b = ARENA_NEW(a, struct bench);
    struct engine_config config = {.threads = 1, .memory_bytes = 1 << 28};
    struct err e = {0};
    const char *root = getenv("INGOT_SOURCE_ROOT");
    *b = (struct bench){.arena = a, .random = 7};
    if (root) setenv("INGOT_DUCKDB", arena_printf(a, "%s/.deps/duckdb/libduckdb.so", root), 0);
    if (engine_open(&config, &b->engine, &e) != RC_OK || session_open(b->engine, &b->session, &e) != RC_OK) {
        fprintf(stderr, "%s\n", e.message);
        return 1;
    }
    run(b, "create schema bronze; create schema old; create schema added");
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;
    session_close(b->session);
    engine_close(b->engine);
    arena_free(b->arena);
    return 0;
}

static struct statement *analyze(struct bench *b, struct arena *a, const char *sql)
{
    struct err e = {0};
    const char **json;
    struct statement *s = NULL;
    if (engine_parse(a, b->session, &sql, 1, &json, &e) != RC_OK ||
        statement_analyze(a, json[0], sql, &s, NULL, &e) != RC_OK)
        fail_msg("%s\n%s", sql, e.message);
    return s;
}

static char *unparse(struct bench *b, struct arena *a, const char *json)
{
    struct err e = {0};
    char *sql = NULL;
    if (engine_unparse(a, b->session, json, &sql, &e) != RC_OK) fail_msg("%s\n%s", e.message, json);
    return sql;
}

/* Random rows into old.* and added.*, with the columns of each table. */
static void fill(struct bench *b, struct arena *a)
{
    for (size_t t = 0; t < 3; t++) {
        const char *name = strchr(tables[t][0], '.') + 1;
        struct buf *sql = buf_new(a, BUF_DEFAULT_MAX);
        for (int part = 0; part < 2; part++) {
            const char *schema = part ? "added" : "old";
            buf_printf(sql, "create or replace table %s.%s (%s);", schema, name, tables[t][1]);
            for (uint64_t n = part + pick(b, part ? 3 : 6); n > 0; n--) {
                buf_printf(sql, "insert into %s.%s values (", schema, name);
                for (int c = 0; c < (t == 2 ? 2 : 3); c++)
                    buf_printf(sql, "%s%s", c ? "," : "", ((const char *[]){"null", "0", "1", "2", "3"})[pick(b, 5)]);
                buf_add_str(sql, ");");
            }
        }
        run(b, sql->p);
    }
}

/* bronze.* are the old rows; `grown` has the added ones too, or only them. */
static void place(struct bench *b, struct arena *a, const char *grown, const char *what)
{
    for (size_t t = 0; t < 3; t++) {
        const char *name = strchr(tables[t][0], '.') + 1;
        bool this = grown && strcmp(grown, tables[t][0]) == 0;
        if (!this) run(b, arena_printf(a, "create or replace view bronze.%s as from old.%s", name, name));
        else if (strcmp(what, "all") == 0)
            run(b, arena_printf(a, "create or replace view bronze.%s as from old.%s union all from added.%s", name,
                                name, name));
        else run(b, arena_printf(a, "create or replace view bronze.%s as from added.%s", name, name));
    }
}

static void check_occurrence(struct bench *b, struct arena *a, const struct statement *s, size_t index, const char *sql)
{
    const struct occurrence *o = &s->occurrences[index];
    struct err e = {0};
    struct rows *rows;
    char *json = NULL;
    const char *part = sql;
    if (!o->distributes_in_branch) return;
    if (!o->distributes) {
        assert_int_equal(statement_branch(a, s, index, &json, &e), RC_OK);
        part = unparse(b, a, json);
    }
    place(b, a, NULL, "");
    run(b, arena_printf(a, "create or replace table before as select * from (%s)", sql));
    place(b, a, o->table, "added");
    run(b, arena_printf(a, "insert into before select * from (%s)", part));
    place(b, a, o->table, "all");
    run(b, arena_printf(a, "create or replace table after as select * from (%s)", sql));
    assert_int_equal(session_query(a, b->session,
                                   "select (select count(*) from (from before except all from after)) + "
                                   "(select count(*) from (from after except all from before))",
                                   &rows, &e),
                     RC_OK);
    if (strcmp(rows->cells[0], "0") != 0)
        fail_msg("%s does not distribute in %s (over the added rows: %s)", o->table, sql, part);
}

static void what_distributes_distributes(void **state)
{
    struct bench *b = *state;
    for (int round = 0; round < 8; round++)
        for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
            struct arena *a = arena_new();
            struct statement *s = analyze(b, a, statements[i]);
            fill(b, a);
            for (size_t k = 0; k < s->n_occurrences; k++) check_occurrence(b, a, s, k, statements[i]);
            arena_free(a);
        }
    run(b, "drop view bronze.a; drop view bronze.b; drop view bronze.c");
}

/* --- guards ------------------------------------------------------------------------------------------------------ */

/* Over n(x, c, r): ('1','a',1), ('x','b',2), (NULL,'c',3), ('4','d',4), ('5','7',5). Rows as r:columns:error. */
static const char *const guarded[][2] = {
    {"select x, c from bronze.n", "1:1,a: 2:x,b: 3:,c: 4:4,d: 5:5,7:"},
    {"select x::int as x, upper(c) as c from bronze.n o where c::int > 1 or x::int > 3",
     "1:1,A:where 2:,B:where 3:,C:where 4:4,D:where 5:5,7:"},
    {"select x::int + x::int as y, y * 2 as m from bronze.n where c <> 'd'", "1:2,4: 2:,:y 3:,: 5:10,20:"},
    {"select x::int as v from bronze.n where v > 1", "2::where 4:4: 5:5:"},
    {"select x::int as v, v + 1 as w from bronze.n where coalesce(w, 9) > 5", "2:,:where 3:,: 5:5,6:"},
    {"select upper(c) as c from bronze.n where c > 'b'", "3:C: 4:D:"},
    {"select x::int as x from bronze.n where x > '4'", "2::x 5:5:"},
    {"select * exclude (x, r), x::int as y, y + 1 as z from bronze.n", "1:a,1,2: 2:b,,:y 3:c,,: 4:d,4,5: 5:7,5,6:"},
    {"select * exclude (r) replace (x::int as x) from bronze.n", "1:1,a: 2:,b:x 3:,c: 4:4,d: 5:5,7:"},
    {"select * exclude (r) rename (x as y), c::int as k from bronze.n where r > 3", "4:4,d,:k 5:5,7,7:"},
    {"select c as x, x as c, c || x as b, b || 'z' as z from bronze.n where x is not null",
     "1:a,1,a1,a1z: 2:b,x,bx,bxz: 4:d,4,d4,d4z: 5:7,5,75,75z:"},
    {"select bronze.n.x::int as y, n.c as c from bronze.n order by y", "1:1,a: 2:,b:y 3:,c: 4:4,d: 5:5,7:"},
    {"select case when x = 'x' then null else x::int end as y from bronze.n", "1:1: 2:: 3:: 4:4: 5:5:"},
    {"select list_transform([x], lambda y: y::int) as y, y[1] as m from bronze.n",
     "1:[1],1: 2:,:y 3:[NULL],: 4:[4],4: 5:[5],5:"},
    {"select x.upper() as u, u.lower() as l from bronze.n where r = 2", "2:X,x:"},
    {"select 9223372036854775808 as a, 'é''\"' as t, x::int as y from bronze.n where random() >= 0 and r = 1",
     "1:9223372036854775808,é'\",1:"},
};

static char *result(struct arena *a, struct bench *b, const char *sql)
{
    struct err e = {0};
    struct rows *rows;
    struct buf *out = buf_new(a, BUF_DEFAULT_MAX);
    if (session_query(a, b->session, arena_printf(a, "select * from (%s) order by __in_r", sql), &rows, &e) != RC_OK)
        fail_msg("%s\n%s", sql, e.message);
    for (size_t r = 0; r < rows->n_rows; r++) {
        const char **cells = rows->cells + r * rows->n_columns;
        buf_printf(out, "%s%s:", r ? " " : "", cells[rows->n_columns - 2]);
        for (size_t c = 0; c + 2 < rows->n_columns; c++)
            buf_printf(out, "%s%s", c ? "," : "", cells[c] ? cells[c] : "");
        buf_printf(out, ":%s", cells[rows->n_columns - 1] ? cells[rows->n_columns - 1] : "");
    }
    return out->p;
}

static void guards_name_what_failed(void **state)
{
    struct bench *b = *state;
    static const char *const carry[] = {"r"};
    run(b, "create table bronze.n as from (values ('1','a',1), ('x','b',2), (NULL,'c',3), ('4','d',4), "
           "('5','7',5)) t(x, c, r)");
    run(b, STATEMENT_GUARD_SETTING);
    for (size_t i = 0; i < sizeof guarded / sizeof *guarded; i++) {
        struct arena *a = arena_new();
        struct err e = {0};
        char *json = NULL;
        struct statement *s = analyze(b, a, guarded[i][0]);
        if (!s->row_by_row) fail_msg("%s", guarded[i][0]);
        assert_int_equal(statement_carry(a, s, carry, 1, true, &json, &e), RC_OK);
        char *have = result(a, b, unparse(b, a, json));
        if (strcmp(have, guarded[i][1]) != 0) fail_msg("%s\n%s\nexpected %s", guarded[i][0], have, guarded[i][1]);
        assert_int_equal(statement_carry(a, s, carry, 1, false, &json, &e), RC_OK);
        assert_true(strstr(unparse(b, a, json), "__in_r") != NULL);
        arena_free(a);
    }
    run(b, STATEMENT_GUARD_RESET);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_distributes_distributes),
        cmocka_unit_test(guards_name_what_failed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
