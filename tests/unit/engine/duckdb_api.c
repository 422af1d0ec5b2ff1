#include "fixture.h"

#include "engine/duckdb_api.h"

#include <string.h>

static void test_lookup(void **state)
{
    struct arena *a = *state;
    struct err e = {0};
    use_library_of_source_tree(a);
    const char *library = getenv("INGOT_DUCKDB");
    if (!library) skip();
    char *good = arena_strdup(a, library);

    setenv("INGOT_DUCKDB", "/nonexistent/libduckdb.so", 1);
    assert_int_equal(duckdb_api_load(&e), RC_USAGE);
    assert_non_null(strstr(e.message, "/nonexistent/libduckdb.so"));
    assert_non_null(strstr(e.message, "INGOT_DUCKDB is set"));
    assert_null(engine_version());

    setenv("INGOT_DUCKDB", "libm.so.6", 1); /* some other library */
    assert_int_equal(duckdb_api_load(&e), RC_USAGE);
    assert_non_null(strstr(e.message, "not DuckDB"));

    unsetenv("INGOT_DUCKDB"); /* beside the program: there is none in a build folder, so all places are told */
    if (duckdb_api_load(&e) != RC_OK) assert_non_null(strstr(e.message, "../lib/ingot/libduckdb.so"));

    setenv("INGOT_DUCKDB", good, 1);
    assert_int_equal(duckdb_api_load(&e), RC_OK);
    assert_string_equal(duckdb_library_version(), DUCKDB_VERSION_WANTED);
    assert_int_equal(duckdb_api_load(&e), RC_OK);
}

static int setup(void **state)
{
    *state = arena_new();
    return 0;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_lookup, setup, teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
