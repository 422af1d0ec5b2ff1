/* Real files: what our writer commits is read by deltalake, and what deltalake commits is read by us. Skipped
 * where the Python of the tests (.venv, tests/requirements.txt) is not there. */
#include "fixture.h"

#include "base/os.h"

#include <unistd.h>

static bool run_python(struct fixture *f, const char *verb, const char *folder, char *output, size_t size)
{
    const char *root = getenv("INGOT_SOURCE_ROOT");
    if (!root) return false;
    char *python = arena_printf(f->a, "%s/.venv/bin/python", root);
    if (access(python, X_OK) != 0) return false;
    char *imports = arena_printf(f->a, "'%s' -c 'import deltalake, pyarrow' 2>/dev/null", python);
    if (system(imports) != 0) return false;
    char *command = arena_printf(f->a, "'%s' '%s/tests/unit/lake/readers.py' %s '%s'", python, root, verb, folder);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    output[fread(output, 1, size - 1, pipe)] = 0;
    assert_int_equal(pclose(pipe), 0);
    return true;
}

static const struct delta_column columns[] = {
    {.name = "id", .type = "long", .nullable = true},
    {.name = "name", .type = "string", .nullable = true},
};

static void commit(struct fixture *f, struct storage *s, int64_t version, const char *path, int64_t size,
                   int64_t records)
{
    struct delta_commit c;
    struct pair configuration[] = {{"ingot.model", "m"}};
    bool won = false;
    delta_commit_begin(f->a, &c);
    delta_commit_info(&c, "WRITE", "Append", "{\"run\":\"r\"}", true);
    if (version == 0) {
        delta_commit_protocol(&c, columns, 2);
        delta_commit_metadata(&c, &(struct delta_metadata){.table_id = c.id,
                                                           .columns = columns,
                                                           .n_columns = 2,
                                                           .configuration = configuration,
                                                           .n_configuration = 1,
                                                           .created_ms = os_now_us() / 1000});
    }
    delta_commit_add(&c, &(struct delta_file){.path = path,
                                              .size = size,
                                              .mtime_ms = os_now_us() / 1000,
                                              .stats = arena_printf(f->a, "{\"numRecords\":%lld}", (long long)records),
                                              .data_change = true});
    delta_commit_txn(&c, "ingot/self", version);
    assert_int_equal(storage_put_settled(s, delta_commit_key(f->a, "t", version), buf_str(&c.lines), c.id, &won, &f->e),
                     RC_OK);
    assert_true(won);
}

static void others_read_us_and_we_read_them(void **state)
{
    struct fixture *f = *state;
    struct storage *s = NULL;
    char *folder = NULL, output[256];
    long long one = 0, two = 0;
    assert_int_equal(os_temp_dir(f->a, NULL, &folder, &f->e), RC_OK);
    assert_int_equal(storage_local_open(folder, &s, &f->e), RC_OK);
    char *table = arena_printf(f->a, "%s/t", folder);
    assert_int_equal(os_mkdirs(table, &f->e), RC_OK);
    if (!run_python(f, "files", table, output, sizeof output)) {
        storage_close(s);
        skip();
    }
    assert_int_equal(sscanf(output, "%lld %lld", &one, &two), 2);
    commit(f, s, 0, "one é%.parquet", one, 10);
    commit(f, s, 1, "two.parquet", two, 5);
    assert_true(run_python(f, "check", table, output, sizeof output));

    struct delta_snapshot *snapshot = NULL;
    struct delta_changes *c = NULL;
    struct file_status status;
    bool exists = false;
    if (delta_load(f->a, s, "t", -1, NULL, &snapshot, &f->e) != RC_OK) fail_msg("%s", f->e.message);
    assert_int_equal(snapshot->version, 4);
    assert_int_equal(delta_rows(snapshot), 13);
    for (size_t i = 0; i < snapshot->n_files; i++) {
        char *path = path_join(f->a, table, snapshot->files[i].path);
        assert_int_equal(os_stat(path, &status, &exists, &f->e), RC_OK);
        assert_true(exists);
        assert_int_equal(status.size, snapshot->files[i].size);
    }
    assert_int_equal(delta_check_writable(snapshot, "t", &f->e), RC_OK);
    if (delta_changes(f->a, s, "t", 1, 4, &c, &f->e) != RC_OK) fail_msg("%s", f->e.message);
    assert_int_equal(c->foreign, 2);
    assert_int_equal(c->n_removed, 1);
    assert_string_equal(c->removed[0].path, "one é%.parquet");
    assert_int_equal(c->n_added, 2); /* the append, and what the delete left of one.parquet */
    assert_false(c->commits[2].data_change);
    assert_string_equal(c->commits[2].operation, "OPTIMIZE");
    storage_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(others_read_us_and_we_read_them)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
