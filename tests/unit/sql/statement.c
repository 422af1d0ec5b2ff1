/* What is found out about statements, against expected.txt: one line each, in the order of statements.sql. After a
 * change on purpose, `INGOT_RECORD=1` writes the lines anew; read the difference. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

static char *outcome(struct arena *a, const char *name, const json_t *fixture)
{
    struct err e = {0};
    struct statement *s = NULL;
    int64_t offset = -2;
    const char *sql = json_string_value(json_object_get(fixture, "sql"));
    enum rc rc = statement_analyze(a, json_string_value(json_object_get(fixture, "serialized")), sql, &s, &offset, &e);
    if (rc != RC_OK) return arena_printf(a, "%s: %s@%" PRId64 ": %s\n", name, rc_name(rc), offset, e.message);
    return arena_printf(a, "%s: %s\n", name, describe(a, s));
}

static void every_statement_is_understood(void **state)
{
    struct arena *a = arena_new();
    json_t *all = fixtures_read(a), *fixture;
    const char *name, *root = getenv("INGOT_SOURCE_ROOT");
    char *path = arena_printf(a, "%s/tests/unit/sql/expected.txt", root ? root : ".");
    (void)state;
    assert_non_null(all);
    struct buf *b = buf_new(a, BUF_DEFAULT_MAX);
    json_object_foreach(all, name, fixture) buf_add_str(b, outcome(a, name, fixture));
    FILE *f;
    if (getenv("INGOT_RECORD")) {
        f = fopen(path, "w");
        assert_non_null(f);
        fputs(b->p, f);
        fclose(f);
    }
    f = fopen(path, "r");
    assert_non_null(f);
    char *expected = arena_alloc(a, 1 << 20);
    assert_true(fread(expected, 1, (1 << 20) - 1, f) > 0);
    fclose(f);
    char *have = b->p, *line, *other, *save = NULL, *save2 = NULL;
    for (line = strtok_r(have, "\n", &save), other = strtok_r(expected, "\n", &save2); line && other;
         line = strtok_r(NULL, "\n", &save), other = strtok_r(NULL, "\n", &save2))
        assert_string_equal(line, other);
    assert_true(!line && !other);
    json_decref(all);
    arena_free(a);
}

static struct statement *analyzed(struct arena *a, const json_t *all, const char *name)
{
    struct err e = {0};
    struct statement *s = NULL;
    const json_t *fixture = json_object_get(all, name);
    assert_non_null(fixture);
    assert_int_equal(statement_analyze(a, json_string_value(json_object_get(fixture, "serialized")),
                                       json_string_value(json_object_get(fixture, "sql")), &s, NULL, &e), RC_OK);
    return s;
}

static void hashes_see_meaning_only(void **state)
{
    static const char *const others[] = {"hash_other_constant", "hash_other_type", "hash_other_text", "hash_other_operator", "hash_other_alias",
                                         "hash_other_order", "hash_other_order_desc", "hash_other_nulls", "hash_distinct", "hash_true", "hash_false",
                                         "hash_null", "hash_empty", "hash_zero", "hash_inner", "hash_left", "hash_1", "plain"};
    struct arena *a = arena_new();
    json_t *all = fixtures_read(a);
    (void)state;
    assert_string_equal(analyzed(a, all, "hash_1")->canonical.hex, analyzed(a, all, "hash_2")->canonical.hex);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(analyzed(a, all, others[i])->canonical.hex, analyzed(a, all, others[k])->canonical.hex);
    json_decref(all);
    arena_free(a);
}

/* The same document with the members of each object in reverse. */
static json_t *reversed(const json_t *v)
{
    size_t i;
    json_t *item;
    if (json_is_array(v)) {
        json_t *out = json_array();
        json_array_foreach(v, i, item) json_array_append_new(out, reversed(item));
        return out;
    }
    if (!json_is_object(v)) return json_deep_copy(v);
    json_t *out = json_object();
    const char *keys[64];
    size_t n = 0;
    const char *key;
    json_object_foreach((json_t *)(uintptr_t)v, key, item) keys[n++] = key;
    while (n) {
        n--;
        json_object_set_new(out, keys[n], reversed(json_object_get(v, keys[n])));
    }
    return out;
}

static void hashes_do_not_see_the_order_of_members(void **state)
{
    struct arena *a = arena_new();
    json_t *all = fixtures_read(a);
    struct statement *s = analyzed(a, all, "left_join"), *again = NULL;
    struct err e = {0};
    (void)state;
    json_t *root = json_pack("{s:b,s:[{s:o}]}", "error", 0, "statements", "node", reversed(s->node));
    char *text = json_text(a, root);
    /* marked integers (no location) come as text here, which the canonical form leaves out as well */
    assert_int_equal(statement_analyze(a, text, "", &again, NULL, &e), RC_OK);
    assert_string_equal(s->canonical.hex, again->canonical.hex);
    json_decref(root);
    json_decref(all);
    arena_free(a);
}

static void the_cache_gives_back_what_it_got(void **state)
{
    struct arena *a = arena_new();
    json_t *all = fixtures_read(a), *fixture;
    const char *name;
    (void)state;
    json_object_foreach(all, name, fixture)
    {
        struct err e = {0};
        struct statement *s, *again = NULL;
        json_t *cached;
        if (statement_analyze(a, json_string_value(json_object_get(fixture, "serialized")), "", &s, NULL, &e) != RC_OK) continue;
        char *text = statement_print(a, s);
        assert_int_equal(json_read(a, str_of(text), "cache", &cached, &e), RC_OK);
        assert_int_equal(statement_parse_cached(a, cached, &again, &e), RC_OK);
        assert_string_equal(statement_print(a, again), text);
        assert_string_equal(describe(a, again), describe(a, s));
        assert_null(again->node);
    }
    json_decref(all);
    arena_free(a);
}

static void a_damaged_cache_is_an_error(void **state)
{
    static const char *const damaged[] = {
        "{}", "[]", "3", "{\"format\":1,\"semantics\":999}", "{\"format\":\"1\"}",
        "{\"format\":1,\"semantics\":1,\"canonical\":\"xyz\",\"volatiles\":[],\"occurrences\":[],\"columns\":[]}",
        "{\"format\":1,\"semantics\":1,\"canonical\":\"00000000000000000000000000000000\",\"row_by_row\":true,\"input\":\"a.b\",\"volatiles\":[],\"occurrences\":[],\"columns\":[]}",
        "{\"format\":1,\"semantics\":1,\"canonical\":\"00000000000000000000000000000000\",\"why_not_row_by_row\":{\"what\":\"x\",\"offset\":0},\"volatiles\":[],\"occurrences\":[],\"columns\":[{\"from\":0,\"column\":\"a\"}]}",
        "{\"format\":1,\"semantics\":1,\"canonical\":\"00000000000000000000000000000000\",\"why_not_row_by_row\":{\"what\":\"x\",\"offset\":0},\"volatiles\":[],\"occurrences\":[{\"offset\":1}],\"columns\":[]}",
        "{\"format\":1,\"semantics\":1,\"canonical\":\"00000000000000000000000000000000\",\"why_not_row_by_row\":{\"what\":\"x\",\"offset\":0},\"volatiles\":{},\"occurrences\":[],\"columns\":[]}",
    };
    struct arena *a = arena_new();
    (void)state;
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        struct err e = {0};
        struct statement *s = NULL;
        json_t *v;
        assert_int_equal(json_read(a, str_of(damaged[i]), "cache", &v, &e), RC_OK);
        assert_int_not_equal(statement_parse_cached(a, v, &s, &e), RC_OK);
        assert_true(e.message[0] != 0);
    }
    arena_free(a);
}

/* n times `before`, `middle`, n times `after`, as the only output column. */
static enum rc analyze_nested(int n, const char *before, const char *after, struct err *e)
{
    struct arena *a = arena_new();
    struct statement *s;
    struct buf *b = buf_new(a, BUF_DEFAULT_MAX);
    buf_add_str(b, "{\"error\":false,\"statements\":[{\"node\":{\"type\":\"SELECT_NODE\",\"select_list\":[");
    for (int i = 0; i < n; i++) buf_add_str(b, before);
    buf_add_str(b, "1");
    for (int i = 0; i < n; i++) buf_add_str(b, after);
    buf_add_str(b, "],\"from_table\":{\"type\":\"EMPTY\"}}}]}");
    enum rc rc = statement_analyze(a, b->p, "", &s, NULL, e);
    arena_free(a);
    return rc;
}

static void deep_nesting_is_an_error(void **state)
{
    static const char object[] = "{\"class\":\"OPERATOR\",\"type\":\"X\",\"children\":[";
    struct err e = {0};
    (void)state;
    assert_int_equal(analyze_nested(100, object, "]}", &e), RC_OK);
    static const int depths[] = {600, 1000, 10000, 100000};
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
        assert_int_equal(analyze_nested(depths[i], object, "]}", &e), RC_PROJECT);
        assert_non_null(strstr(e.message, "nested too deeply"));
        assert_int_equal(analyze_nested(depths[i] * 2, "[", "]", &e), RC_PROJECT);
    }
}

static void nonsense_is_an_error(void **state)
{
    static const char *const texts[] = {"", "{", "null", "[]", "{}", "{\"statements\":[]}", "{\"statements\":[{}]}", "{\"statements\":[{\"node\":3}]}",
                                        "{\"statements\":[{\"node\":{\"type\":\"SELECT_NODE\"}}]}", "{\"error\":true}",
                                        "{\"statements\":[{\"node\":{\"type\":\"SET_OPERATION_NODE\",\"left\":{}}}]}"};
    struct arena *a = arena_new();
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct err e = {0};
        struct statement *s;
        assert_int_not_equal(statement_analyze(a, texts[i], "", &s, NULL, &e), RC_OK);
        assert_true(e.message[0] != 0);
    }
    arena_free(a);
}

static void positions_count_characters(void **state)
{
    int line, column;
    (void)state;
    statement_position("a\nbé c", 6, &line, &column);
    assert_int_equal(line, 2);
    assert_int_equal(column, 4);
    statement_position("a", -1, &line, &column);
    assert_int_equal(line, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_statement_is_understood),
        cmocka_unit_test(hashes_see_meaning_only),
        cmocka_unit_test(hashes_do_not_see_the_order_of_members),
        cmocka_unit_test(the_cache_gives_back_what_it_got),
        cmocka_unit_test(a_damaged_cache_is_an_error),
        cmocka_unit_test(deep_nesting_is_an_error),
        cmocka_unit_test(nonsense_is_an_error),
        cmocka_unit_test(positions_count_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
