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
                                       json_string_value(json_object_get(fixture, "sql")), &s, NULL, &e),
                     RC_OK);
    return s;
}

static void hashes_see_meaning_only(void **state)
{
    static const char *const others[] = {"hash_other_constant",
                                         "hash_other_type",
                                         "hash_other_text",
                                         "hash_other_operator",
                                         "hash_other_alias",
                                         "hash_other_order",
                                         "hash_other_order_desc",
                                         "hash_other_nulls",
                                         "hash_distinct",
                                         "hash_true",
                                         "hash_false",
                                         "hash_null",
                                         "hash_empty",
                                         "hash_zero",
                                         "hash_inner",
                                         "hash_left",
                                         "hash_1",
                                         "plain"};
    struct arena *a = arena_new();
    json_t *all = fixtures_read(a);
    (void)state;
    assert_string_equal(analyzed(a, all, "hash_1")->canonical.hex, analyzed(a, all, "hash_2")->canonical.hex);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(analyzed(a, all, others[i])->canonical.hex,
                                    analyzed(a, all, others[k])->canonical.hex);
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

/* All fixtures that can be models, with the hashes of their texts. */
static struct statement **models(struct arena *a, struct hash **ret_keys, size_t *ret_n)
{
    json_t *all = fixtures_read(a), *fixture;
    const char *name;
    struct statement **statements = NULL;
    struct hash *keys = NULL;
    size_t n = 0, n_keys = 0;
    json_object_foreach(all, name, fixture)
    {
        struct err e = {0};
        struct statement *s;
        if (statement_analyze(a, json_string_value(json_object_get(fixture, "serialized")), "", &s, NULL, &e) != RC_OK)
            continue;
        *ARENA_PUSH(a, statements, n) = s;
        *ARENA_PUSH(a, keys, n_keys) = hash_bytes(name, strlen(name));
    }
    json_decref(all);
    assert_true(n > 50);
    *ret_keys = keys;
    *ret_n = n;
    return statements;
}

static struct str record(struct arena *a, const struct statement *s)
{
    struct buf *b = buf_new(a, BUF_DEFAULT_MAX);
    statement_print(b, s);
    return buf_str(b);
}

static void the_cache_gives_back_what_it_got(void **state)
{
    struct arena *a = arena_new();
    struct hash *keys;
    size_t n;
    struct statement **all = models(a, &keys, &n);
    (void)state;
    for (size_t i = 0; i < n; i++) {
        struct err e = {0};
        struct statement *again = NULL;
        struct str printed = record(a, all[i]);
        assert_int_equal(statement_parse_cached(a, printed, &again, &e), RC_OK);
        assert_true(str_eq(record(a, again), printed));
        assert_string_equal(describe(a, again), describe(a, all[i]));
        assert_string_equal(again->canonical.hex, all[i]->canonical.hex);
        assert_null(again->node);
    }
    arena_free(a);
}

/* Each byte changed and each end cut off: an error, or something that prints and reads back the same; never a crash. */
static void a_damaged_record_does_no_harm(void **state)
{
    struct arena *a = arena_new();
    struct hash *keys;
    size_t n;
    struct statement **all = models(a, &keys, &n);
    (void)state;
    for (size_t i = 0; i < n; i++) {
        struct str good = record(a, all[i]);
        for (size_t k = 0; k < good.n; k++) {
            struct arena *one = arena_new();
            struct err e = {0};
            struct statement *s;
            char *cut = malloc(k ? k : 1), *bytes = malloc(good.n); /* so that the sanitizer sees the ends */
            assert_true(cut && bytes);
            memcpy(cut, good.p, k);
            memcpy(bytes, good.p, good.n);
            assert_int_equal(statement_parse_cached(one, (struct str){cut, k}, &s, &e), RC_DATA);
            assert_true(e.message[0] != 0);
            for (int bit = 0; bit < 8; bit++) {
                bytes[k] = (char)(good.p[k] ^ 1 << bit);
                if (statement_parse_cached(one, (struct str){bytes, good.n}, &s, &e) == RC_OK) (void)describe(one, s);
            }
            arena_free(one);
            free(bytes);
            free(cut);
        }
    }
    arena_free(a);
}

static void the_cache_file_finds_by_key(void **state)
{
    struct arena *a = arena_new();
    struct hash *keys, other = hash_bytes("another", 7);
    size_t n;
    struct statement **all = models(a, &keys, &n), *s;
    struct statement_cache cache;
    struct buf *file = buf_new(a, BUF_DEFAULT_MAX);
    (void)state;
    struct statement *left_out = all[1];
    all[1] = NULL;
    statement_cache_print(file, keys, all, n);
    statement_cache_open(buf_str(file), &cache);
    assert_int_equal(cache.n, n - 1);
    for (size_t i = 0; i < n; i++) {
        s = statement_cache_find(a, &cache, &keys[i]);
        if (i == 1) assert_null(s);
        else assert_string_equal(describe(a, s), describe(a, all[i]));
    }
    assert_null(statement_cache_find(a, &cache, &other));
    all[0] = all[1] = left_out;
    keys[1] = keys[0]; /* the same text twice */
    statement_cache_print(file, keys, all, n);
    statement_cache_open(buf_str(file), &cache);
    assert_int_equal(cache.n, n);
    assert_string_equal(describe(a, statement_cache_find(a, &cache, &keys[0])), describe(a, left_out));
    statement_cache_print(file, NULL, NULL, 0);
    statement_cache_open(buf_str(file), &cache);
    assert_int_equal(cache.n, 0);
    assert_null(statement_cache_find(a, &cache, &other));
    arena_free(a);
}

static void a_damaged_cache_file_is_empty(void **state)
{
    struct arena *a = arena_new();
    struct hash *keys;
    size_t n;
    struct statement **all = models(a, &keys, &n);
    struct statement_cache cache;
    struct buf *file = buf_new(a, BUF_DEFAULT_MAX);
    (void)state;
    statement_cache_print(file, keys, all, 4);
    for (size_t i = 0; i < file->n; i++) {
        statement_cache_open((struct str){file->p, i}, &cache);
        assert_int_equal(cache.n, 0);
        file->p[i] ^= 1;
        statement_cache_open(buf_str(file), &cache);
        assert_int_equal(cache.n, 0);
        file->p[i] ^= 1;
    }
    statement_cache_open(buf_str(file), &cache);
    assert_int_equal(cache.n, 4);
    statement_cache_open(STR("{\"ingot\":1,\"semantics\":1}\n"), &cache);
    assert_int_equal(cache.n, 0);
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
    static const char *const texts[] = {"",
                                        "{",
                                        "null",
                                        "[]",
                                        "{}",
                                        "{\"statements\":[]}",
                                        "{\"statements\":[{}]}",
                                        "{\"statements\":[{\"node\":3}]}",
                                        "{\"statements\":[{\"node\":{\"type\":\"SELECT_NODE\"}}]}",
                                        "{\"error\":true}",
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
        cmocka_unit_test(a_damaged_record_does_no_harm),
        cmocka_unit_test(the_cache_file_finds_by_key),
        cmocka_unit_test(a_damaged_cache_file_is_empty),
        cmocka_unit_test(deep_nesting_is_an_error),
        cmocka_unit_test(nonsense_is_an_error),
        cmocka_unit_test(positions_count_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
