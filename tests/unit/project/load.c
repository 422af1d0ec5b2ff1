/* A project on disk: what is found, ordered and refused. */
#include "fixture.h"

#include <sys/stat.h>
#include <unistd.h>

static const char small[] = "name: shop\ntargets:\n  dev: {lake: ./lake}\n";

static void expect(struct fixture *f, const char *problems)
{
    assert_string_equal(load(f), problems);
    arena_free(f->arena);
}

static void expect_part(struct fixture *f, const char *part)
{
    assert_contains(load(f), part);
    arena_free(f->arena);
}

static void a_whole_project(void **state)
{
    (void)state;
    struct fixture f = project_new("name: shop\n"
                                   "target: prod\n"
                                   "targets:\n"
                                   "  dev:  {lake: ./lake, vars: {since: 3}, timezone: Europe/Berlin}\n"
                                   "  prod:\n"
                                   "    lake: \"${LAKE}\"\n"
                                   "    engine: {memory: 50%}\n"
                                   "    s3: {region: eu-west-1, url_style: path, anonymous: true}\n"
                                   "    warehouse: {type: postgres, url: \"${NOT_SET}\"}\n"
                                   "engine: {memory: 4GiB, threads: 4, temp_directory: /scratch}\n"
                                   "vars: {since: 1, word: \"a\", flag: true, none: null, pi: 3.14}\n");
    put(&f, "bronze/orders.yml",
        "from:\n  files: data/*.csv\n  csv: {delimiter: \";\", header: true, quote: \"\", skip: 2}\ndrift: "
        "rescue\nload: upsert\nkey: id\n");
    put(&f, "bronze/deep/er/items.yaml",
        "from: {files: x.json, format: json, records: $.data, hive: false, identity: content}\nname: "
        "things\ntags: raw\n");
    put(&f, "silver/Orders.sql", "/* ingot\nkey: id\nchecks:\n  - no_orphans\n*/\nselect 1");
    put(&f, "gold/daily.sql", "select 1");
    put(&f, "checks/no_orphans.sql", "select 1 where false");
    put(&f, "notes/readme.txt", "\xFF");
    put(&f, "silver/.hidden.sql", "\xFF");
    put(&f, "silver/notes.md", "\xFF");
    assert_string_equal(load(&f), "");
    const struct project *p = f.project;
    assert_string_equal(p->name, "shop");
    assert_string_equal(p->default_target, "prod");
    const struct target *dev = project_target(p, "dev"), *prod = project_target(p, NULL);
    assert_string_equal(prod->name, "prod");
    assert_null(project_target(p, "test"));
    assert_string_equal(dev->lake.text, "./lake");
    assert_int_equal(dev->memory_bytes, (int64_t)4 << 30);
    assert_int_equal(prod->memory_bytes, 0);
    assert_true(prod->memory_percent == 50);
    assert_int_equal(prod->threads, 4);
    assert_string_equal(prod->temp_directory, "/scratch");
    assert_string_equal(dev->timezone, "Europe/Berlin");
    assert_string_equal(prod->timezone, "UTC");
    assert_int_equal(dev->n_vars, 5);
    assert_string_equal(dev->vars[0].value, "3");
    assert_string_equal(prod->vars[0].value, "1");
    assert_int_equal(prod->vars[0].type, VARIABLE_INTEGER);
    assert_int_equal(prod->vars[3].type, VARIABLE_NULL);
    assert_true(prod->s3.given && prod->s3.anonymous && prod->s3.url_style == S3_URL_PATH && !dev->s3.given);
    assert_int_equal(prod->warehouse.type, WAREHOUSE_POSTGRES);
    static const char *const names[] = {"bronze.orders", "bronze.things", "silver.Orders", "gold.daily"};
    assert_int_equal(p->n_tables, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(p->tables[i].name, names[i]);
        assert_ptr_equal(project_table(p, names[i]), &p->tables[i]);
    }
    assert_ptr_equal(project_table(p, "SILVER.orders"), &p->tables[2]);
    assert_null(project_table(p, "silver.order"));
    assert_null(project_table(p, "orders"));
    assert_null(project_table(p, "zinc.orders"));
    assert_null(project_table(p, ""));
    const struct source *s = p->tables[0].source;
    assert_true(s->csv.delimiter == ';' && s->csv.header == 1 && s->csv.quote_none && s->csv.skip == 2 && s->hive);
    assert_int_equal(p->tables[0].drift, DRIFT_RESCUE);
    assert_int_equal(p->tables[0].load, LOAD_UPSERT);
    s = p->tables[1].source;
    assert_true(!s->hive && s->identity_content && s->csv.header == -1);
    assert_string_equal(s->records, "$.data");
    assert_string_equal(p->tables[1].tags[0], "raw");
    assert_string_equal(p->tables[1].file, "bronze/deep/er/items.yaml");
    assert_string_equal(p->tables[2].checks[0].sql, "select 1 where false");
    assert_string_equal(p->tables[2].checks[0].name, "no_orphans");
    arena_free(f.arena);
}

static void an_empty_project_has_defaults(void **state)
{
    (void)state;
    struct fixture f = project_new("");
    assert_string_equal(load(&f), "");
    assert_string_equal(project_target(f.project, NULL)->lake.text, "./lake");
    assert_string_equal(f.project->name, path_base(f.dir));
    assert_null(project_table(f.project, "silver.orders"));
    arena_free(f.arena);
}

static void ingot_yml_is_checked(void **state)
{
    (void)state;
    static const struct {
        const char *text, *problem;
    } cases[] = {
        {"nam: x\n", "ingot.yml:1:1: error: unknown key 'nam'; did you mean 'name'?\n"},
        {"name: [x]\n", "ingot.yml:1:7: error: 'name' must be a text, not a list\n"},
        {"target: prd\ntargets: {prod: {lake: x}}\n",
         "ingot.yml:1:9: error: there is no target 'prd'; did you mean 'prod'?\n"},
        {"targets: {}\n", "ingot.yml:1:10: error: 'targets' is empty\n"},
        {"targets: {a: {lake: x}, b: {lake: y}}\n", "ingot.yml:1:1: error: there are several targets; say "
                                                    "which one is the default, as in `target: a`\n"},
        {"targets: {dev: ./lake}\n",
         "ingot.yml:1:11: error: the target 'dev' must have keys of its own, such as `lake: ./lake`\n"},
        {"targets: {dev: {lke: x}}\n",
         "ingot.yml:1:16: error: the key 'lake' is missing in a target in `ingot.yml`\ningot.yml:1:17: "
         "error: unknown key 'lke'; did you mean 'lake'?\n"},
        {"engine: {memory: 4Gi}\n",
         "ingot.yml:1:18: error: 'memory' must be a size such as 4GiB, 500MB or 80%, not '4Gi'\n"},
        {"engine: {threads: many}\n", "ingot.yml:1:19: error: 'threads' must be a whole number, not 'many'\n"},
        {"engine: {threads: -1}\n", "ingot.yml:1:19: error: 'threads' must be a whole number, -1 is out of range\n"},
        {"engine: fast\n", "ingot.yml:1:9: error: 'engine' must be keys of its own, not 'fast'\n"},
        {"vars: {a: [1]}\n", "ingot.yml:1:11: error: variable 'a' must be a single value, not a list\n"},
        {"targets: {d: {lake: x, warehouse: {type: oracle}}}\n",
         "ingot.yml:1:35: error: the key 'url' is missing in `warehouse` of a target\ningot.yml:1:42: error: "
         "'type' cannot be 'oracle'; it is redshift or postgres\n"},
        {"lake: x\n", "ingot.yml:1:1: error: unknown key 'lake' here; it is a key of a target in `ingot.yml`\n"},
        {"- a\n", "ingot.yml:1:1: error: expected keys with values (`key: value`), this is a list\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f = project_new(cases[i].text);
        expect(&f, cases[i].problem);
    }
    struct fixture f = project_new("name: 'x\n");
    expect_part(&f, "ingot.yml:");
}

static void sources_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *text, *problem;
    } cases[] = {
        {"", "bronze/s.yml:1:1: error: the key 'from' is missing in a source (`bronze/<name>.yml`)\n"},
        {"from: x.csv\n", "bronze/s.yml:1:7: error: 'from' must be keys of its own, not 'x.csv'\n"},
        {"from: {format: csv}\n", "bronze/s.yml:1:7: error: the key 'files' is missing in `from` of a source\n"},
        {"from: {files: x, csv: {delimiter: ab}}\n",
         "bronze/s.yml:1:35: error: 'delimiter' must be one ASCII character, not 'ab'\n"},
        {"from: {files: x, csv: {header: yes}}\n",
         "bronze/s.yml:1:32: error: 'header' must be true or false, not 'yes'\n"},
        {"from: {files: x, csv: {delimiter: '\"'}}\n",
         "bronze/s.yml:1:35: error: 'delimiter' and 'quote' are the same character\n"},
        {"from: {files: x, format: json, csv: {}}\n",
         "bronze/s.yml:1:37: error: 'csv' does not go with 'format: json'\n"},
        {"from: {files: x, format: csv, records: $.a}\n",
         "bronze/s.yml:1:40: error: 'records' goes with 'format: json' only\n"},
        {"from: {files: x, records: data}\n",
         "bronze/s.yml:1:27: error: 'records' must be a path such as $.data, not 'data'\n"},
        {"from: {files: x, encoding: utf-9}\n",
         "bronze/s.yml:1:28: error: 'encoding': there is no encoding 'utf-9'; `iconv -l` lists them\n"},
        {"from: {files: x}\nload: upsert\n", "bronze/s.yml:2:7: error: 'load: upsert' needs 'key'\n"},
        {"from: {files: x}\nkey: a\n", "bronze/s.yml:2:6: error: 'key' goes with 'load: upsert' only\n"},
        {"from: {files: x}\ndrift: evolv\n", "bronze/s.yml:2:8: error: 'drift' cannot be 'evolv'; did you "
                                             "mean 'evolve'? (evolve, freeze or rescue)\n"},
        {"from: {files: x}\nformat: csv\n",
         "bronze/s.yml:2:1: error: unknown key 'format' here; it is a key of `from` of a source\n"},
        {"from: {files: 's3://b/x'}\n", "bronze/s.yml:1:15: error: files on S3 are not supported by this "
                                        "version of ingot; give a local path\n"},
        {"from: {api: x, auth: y}\n", "bronze/s.yml:1:8: error: 'api' is not supported by this version of ingot\n"},
        {"from: {delta: x}\nload: mirror\n",
         "bronze/s.yml:1:8: error: 'delta' is not supported by this version of ingot\nbronze/s.yml:2:7: "
         "error: 'load: mirror' is not supported by this version of ingot\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f = source_text(cases[i].text);
        assert_string_equal(problems_text(&f), cases[i].problem);
        arena_free(f.arena);
    }
    static const char *const kinds[] = {"database: x, table: y, cursor: z", "iceberg: x", "python: f.py, function: f",
                                        "exec: [a, b], format: ndjson"};
    for (size_t i = 0; i < 4; i++) {
        char text[128];
        snprintf(text, sizeof text, "from: {%s}\n", kinds[i]);
        struct fixture f = source_text(text);
        assert_int_equal(f.problems.n_errors, 1);
        assert_contains(problems_text(&f), "is not supported by this version of ingot");
        arena_free(f.arena);
    }
}

static void names_are_unique_in_a_layer(void **state)
{
    (void)state;
    struct fixture f = project_new(small);
    put(&f, "silver/a/orders.sql", "select 1");
    put(&f, "silver/b/ORDERS.sql", "select 1");
    put(&f, "silver/c.sql", "/* ingot\nname: orders\n*/\nselect 1");
    put(&f, "gold/orders.sql", "select 1");
    expect(&f, "silver/b/ORDERS.sql:1:1: error: the table silver.ORDERS is also made by silver/a/orders.sql "
               "(letter case does not count); a name is unique in its layer\n"
               "silver/c.sql:2:7: error: the table silver.orders is also made by silver/b/ORDERS.sql (letter "
               "case does not count); a name is unique in its layer\n");
    f = project_new(small);
    put(&f, "silver/daily-sales.sql", "select 1");
    put(&f, "silver/daily.sales.sql", "/* ingot\nname: good\n*/\nselect 1");
    expect(&f, "silver/daily-sales.sql:1:1: error: 'daily-sales' cannot be the name of a table: letters, "
               "digits and _; rename the file, or give the table a 'name:'\n");
}

static void stray_files_are_named(void **state)
{
    (void)state;
    struct fixture f = project_new(small);
    put(&f, "bronze/x.sql", "select 1");
    put(&f, "silver/x.yml", "a: b");
    put(&f, "gold/X.SQL", "select 1");
    put(&f, "gold/dir.sql/a.sql", "select 1");
    put(&f, "gold/bak.sql~", "select 1");
    expect(&f, "bronze/x.sql:1:1: error: bronze holds sources (.yml); a SELECT belongs into silver or gold\n"
               "gold/X.SQL:1:1: error: the ending of the file's name must be in lower case\n"
               "gold/dir.sql: error: this is a folder with the name of a file; rename it\n"
               "silver/x.yml:1:1: error: silver holds models (.sql); a source belongs into bronze\n");
    f = project_new(small);
    put(&f, "silver", "a file");
    expect(&f, "silver: error: this must be a folder\n");
}

static void damaged_text_is_refused(void **state)
{
    (void)state;
    struct fixture f = project_new(small);
    put_bytes(&f, "silver/a_nul.sql", "select\n 1\0", 10);
    put(&f, "silver/b_latin.sql", "select 'a',\n '\xE4'");
    put_bytes(&f, "silver/c_utf16.sql", "\xFF\xFEs\0", 4);
    put(&f, "silver/d_bom.sql", "\xEF\xBB\xBF/* ingot\nkey: a\n*/\nselect 'ä'");
    put(&f, "silver/e_cut.sql", "select 1 \xE2\x82");
    put(&f, "bronze/f_bom.yml",
        "\xEF\xBB\xBF"
        "from: {files: x}\n");
    put(&f, "bronze/g_nul.yml", "from: {files: \"\\0\"}\n");
    size_t n = ((size_t)16 << 20) + 1;
    char *large = malloc(n);
    memset(large, ' ', n);
    put_bytes(&f, "silver/h_huge.sql", large, n);
    free(large);
    const char *text = load(&f);
    assert_contains(text, "silver/a_nul.sql:2:3: error: NUL byte");
    assert_contains(text, "silver/b_latin.sql:2:3: error: byte 0xE4 is not UTF-8");
    assert_contains(text, "silver/c_utf16.sql:1:1: error: the file is UTF-16; save it as UTF-8");
    assert_contains(text, "silver/e_cut.sql:1:10: error: byte 0xE2 is not UTF-8");
    assert_contains(text, "larger than 16777216 bytes");
    assert_contains(text, "bronze/g_nul.yml:1:");
    assert_null(strstr(text, "bom"));
    assert_string_equal(project_table(f.project, "silver.d_bom")->key[0], "a");
    assert_int_equal(f.problems.n_errors, 6);
    arena_free(f.arena);
}

static void links_and_permissions(void **state)
{
    (void)state;
    struct fixture f = project_new(small);
    put(&f, "silver/a/b/m.sql", "select 1");
    put(&f, "elsewhere/n.sql", "select 1");
    assert_int_equal(symlink("..", path_join(f.arena, f.dir, "silver/a/b/up")), 0);
    assert_int_equal(symlink("../elsewhere", path_join(f.arena, f.dir, "silver/linked")), 0);
    assert_int_equal(symlink("nowhere", path_join(f.arena, f.dir, "silver/gone.sql")), 0);
    assert_int_equal(symlink("self", path_join(f.arena, f.dir, "silver/self")), 0);
    assert_int_equal(mkfifo(path_join(f.arena, f.dir, "silver/pipe.sql"), 0600), 0);
    put(&f, "gold/secret.sql", "select 1");
    assert_int_equal(chmod(path_join(f.arena, f.dir, "gold/secret.sql"), 0), 0);
    const char *text = load(&f);
    assert_contains(text, "silver/a/b/up: error: this link leads back to silver/a");
    assert_contains(text, "silver/gone.sql: error: this link leads nowhere");
    assert_contains(text, "silver/pipe.sql: error: this is not a regular file");
    assert_contains(text, "silver/self: error:");
    if (geteuid() != 0) assert_contains(text, "gold/secret.sql:1:1: error:");
    assert_non_null(project_table(f.project, "silver.m"));
    assert_non_null(project_table(f.project, "silver.n"));
    arena_free(f.arena);
    f = project_new(small);
    char deep[512] = "gold";
    for (int i = 0; i < 40; i++) strcat(deep, "/d");
    strcat(deep, "/m.sql");
    put(&f, deep, "select 1");
    expect_part(&f, "folders are nested deeper than 32");
}

static void many_problems_are_counted(void **state)
{
    (void)state;
    struct fixture f = project_new(small);
    struct buf *b = buf_new(f.arena, 1 << 20);
    buf_add_str(b, "/* ingot\ncolumns:\n");
    for (int i = 0; i < 1000; i++) buf_printf(b, "  c%d: nonsense\n", i);
    buf_add_str(b, "*/\nselect 1");
    put(&f, "silver/m.sql", b->p);
    const char *text = load(&f);
    assert_int_equal(f.problems.n_errors, 1000);
    assert_int_equal(f.problems.n_items, 200);
    assert_contains(text, "\nand 800 more\n");
    arena_free(f.arena);
}

static void the_project_is_found_from_below(void **state)
{
    (void)state;
    struct fixture f = project_new(small);
    struct err e = {0};
    char *found = NULL;
    put(&f, "silver/a/m.sql", "select 1");
    assert_int_equal(project_find(f.arena, path_join(f.arena, f.dir, "silver/a"), &found, &e), RC_OK);
    assert_string_equal(found, path_absolute(f.arena, f.dir));
    assert_int_equal(rename(path_join(f.arena, f.dir, "ingot.yml"), path_join(f.arena, f.dir, "ingot.yaml")), 0);
    assert_int_equal(project_find(f.arena, f.dir, &found, &e), RC_PROJECT);
    assert_contains(e.message, "ingot.yaml: the project's file is called ingot.yml");
    assert_int_equal(unlink(path_join(f.arena, f.dir, "ingot.yaml")), 0);
    assert_int_equal(project_find(f.arena, f.dir, &found, &e), RC_PROJECT);
    assert_contains(e.message, "`ingot init`");
    assert_int_equal(project_load(f.arena, f.dir, &f.problems, &f.project, &e), RC_PROJECT);
    arena_free(f.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_project),
        cmocka_unit_test(an_empty_project_has_defaults),
        cmocka_unit_test(ingot_yml_is_checked),
        cmocka_unit_test(sources_are_checked),
        cmocka_unit_test(names_are_unique_in_a_layer),
        cmocka_unit_test(stray_files_are_named),
        cmocka_unit_test(damaged_text_is_refused),
        cmocka_unit_test(links_and_permissions),
        cmocka_unit_test(many_problems_are_counted),
        cmocka_unit_test(the_project_is_found_from_below),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
