/* The tables of keys, and what is made from them; values and settings. */
#include "fixture.h"

#include "base/json.h"

static void tables_are_sound(void **state)
{
    (void)state;
    for (size_t t = 0; t < n_all_keys; t++) {
        const struct keys *keys = all_keys[t];
        assert_true(keys->n <= N_KEYS_MAX);
        for (size_t i = 0; i < keys->n; i++) {
            const struct key *k = &keys->items[i];
            assert_non_null(key_type_name(k));
            assert_null(strchr(k->help, '|'));
            assert_ptr_equal(key_find(keys, k->name), k);
            assert_true((k->type == KEY_CHOICE) == (k->choices != NULL));
            assert_true((k->type == KEY_MAP || k->type == KEY_TARGETS || k->type == KEY_FROM) == (k->keys != NULL));
        }
    }
    assert_null(key_find(&model_keys, "from"));
    assert_string_equal(key_suggest(&model_keys, "latst"), "latest");
    assert_null(key_suggest(&model_keys, "zzzzzz"));
}

static void the_reference_is_up_to_date(void **state)
{
    (void)state;
    const char *root = getenv("INGOT_SOURCE_ROOT");
    if (!root) skip();
    struct arena *a = arena_new();
    struct buf *b = buf_new(a, 1 << 20);
    struct str text;
    struct err e = {0};
    project_reference(b);
    assert_int_equal(os_read_file(a, path_join(a, root, "docs/reference.md"), 1 << 20, &text, NULL, &e), RC_OK);
    if (!str_eq(text, buf_str(b))) fail_msg("docs/reference.md is not what `ingot schema --reference` prints");
    arena_free(a);
}

static void the_schema_is_json(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct buf *b = buf_new(a, 1 << 20);
    json_t *schema = NULL;
    struct err e = {0};
    project_schema(b);
    assert_int_equal(json_read(a, buf_str(b), "schema", &schema, &e), RC_OK);
    const json_t *definitions = json_object_get(schema, "$defs");
    for (size_t t = 0; t < n_all_keys; t++) {
        const json_t *definition = json_object_get(definitions, all_keys[t]->name),
                     *properties = json_object_get(definition, "properties");
        if (all_keys[t] == &model_keys) continue;
        for (size_t i = 0; i < all_keys[t]->n; i++) {
            const struct key *k = &all_keys[t]->items[i];
            assert_true((json_object_get(properties, k->name) != NULL) == (k->status != KEY_UNSUPPORTED));
        }
    }
    arena_free(a);
}

static void sizes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t bytes;
        double percent;
    } good[] = {{"4GiB", (int64_t)4 << 30, 0},
                {"500MB", 500000000, 0},
                {"1.5 kib", 1536, 0},
                {"80%", 0, 80},
                {"0.5 %", 0, 0.5},
                {"10b", 10, 0}};
    static const char *const bad[] = {"",     "4",  "4G",    "4Gi",     "GiB",  "-4GiB", "0GiB",
                                      "101%", "0%", "4GiBs", "1e30TiB", "nan%", "infGB", "4GiB 5"};
    int64_t bytes;
    double percent;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(read_size(good[i].text, &bytes, &percent));
        assert_int_equal(bytes, good[i].bytes);
        assert_true(percent == good[i].percent);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (read_size(bad[i], &bytes, &percent)) fail_msg("%s", bad[i]);
}

static void settings_expand(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct err e = {0};
    const char *value = NULL;
    setenv("INGOT_TEST_A", "value", 1);
    setenv("INGOT_TEST_E", "", 1);
    unsetenv("INGOT_TEST_NONE");
    static const char *const good[][2] = {
        {"plain $x $ {y}", "plain $x $ {y}"},
        {"${INGOT_TEST_A}", "value"},
        {"<${INGOT_TEST_A}|${INGOT_TEST_A}${INGOT_TEST_E}>", "<value|value>"},
        {"$${INGOT_TEST_A}", "${INGOT_TEST_A}"},
        {"$$${INGOT_TEST_A}", "$${INGOT_TEST_A}"},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct setting s = {good[i][0], {"ingot.yml", 3, 5}};
        assert_int_equal(setting_expand(a, &s, "lake", &value, &e), RC_OK);
        assert_string_equal(value, good[i][1]);
    }
    struct setting missing = {"x${INGOT_TEST_NONE}", {"ingot.yml", 3, 5}};
    assert_int_equal(setting_expand(a, &missing, "lake", &value, &e), RC_PROJECT);
    assert_string_equal(e.message, "ingot.yml:3:5: lake: environment variable INGOT_TEST_NONE is not set");
    static const char *const bad[] = {"${", "${}", "${A", "${A B}", "${1}", "a${A-b}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct setting s = {bad[i], {"ingot.yml", 3, 5}};
        assert_int_equal(setting_expand(a, &s, "lake", &value, &e), RC_PROJECT);
    }
    struct setting none = {0};
    assert_int_equal(setting_expand(a, &none, "lake", &value, &e), RC_OK);
    assert_null(value);
    arena_free(a);
}

static void only_what_is_asked_for_is_expanded(void **state)
{
    (void)state;
    unsetenv("INGOT_TEST_NONE");
    struct fixture f = project_new("target: dev\ntargets:\n  dev: {lake: ./lake}\n  prod: {lake: x, warehouse: {type: "
                                   "redshift, url: \"${INGOT_TEST_NONE}\"}, vars: {v: \"${INGOT_TEST_NONE}\"}}\n");
    assert_string_equal(load(&f), "");
    target_check(f.arena, project_target(f.project, "dev"), &f.problems);
    assert_int_equal(f.problems.n_errors, 0);
    target_check(f.arena, project_target(f.project, "prod"), &f.problems);
    assert_int_equal(f.problems.n_errors, 2);
    assert_contains(problems_text(&f),
                    "ingot.yml:4:52: error: warehouse.url: environment variable INGOT_TEST_NONE is not set\n");
    arena_free(f.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_sound),   cmocka_unit_test(the_reference_is_up_to_date),
        cmocka_unit_test(the_schema_is_json), cmocka_unit_test(sizes),
        cmocka_unit_test(settings_expand),    cmocka_unit_test(only_what_is_asked_for_is_expanded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
