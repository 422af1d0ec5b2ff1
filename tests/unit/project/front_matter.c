/* Where front matter begins and ends, what is YAML and what is raw, and what the keys say together. */
#include "fixture.h"

#include "project/contract.h"
#include "project/plain_yaml.h"

static void good(const char *text)
{
    struct fixture f = model_text(text);
    assert_string_equal(problems_text(&f), "");
    arena_free(f.arena);
}

static void bad(const char *text, const char *problem)
{
    struct fixture f = model_text(text);
    assert_contains(problems_text(&f), problem);
    arena_free(f.arena);
}

static const char orders[] = "\n  /* ingot  \n"
                             "key: [order_id, line]\n"
                             "latest: updated_at\n"
                             "deleted: op = 'D'\n"
                             "columns:   # the contract\n"
                             "  order_id:    bigint not null\n"
                             "\n"
                             "  # money\n"
                             "  amount:      decimal(12,2)\n"
                             "                 not null -- größer\n"
                             "rules:\n"
                             "  cheap: amount < 1e6 else warn\n"
                             "tags: [a, b]\n"
                             "checks:\n"
                             "  - count(*) > 0\n"
                             "tolerate: 1.5%\n"
                             "foreign: keep\n"
                             "refresh: on_change\n"
                             "*/  \n"
                             "select 1\n";

static void the_example_is_read(void **state)
{
    (void)state;
    struct fixture f = model_text(orders);
    const struct table *t = &f.table;
    assert_string_equal(problems_text(&f), "");
    assert_int_equal(t->n_key, 2);
    assert_string_equal(t->key[1], "line");
    assert_string_equal(t->latest, "updated_at");
    assert_string_equal(t->deleted, "op = 'D'");
    assert_int_equal(t->latest_pos.line, 4);
    assert_int_equal(t->latest_pos.column, 9);
    assert_int_equal(t->n_columns, 2);
    assert_string_equal(t->columns[1].description, "größer");
    assert_true(t->columns[1].not_null);
    assert_int_equal(t->columns[1].pos.line, 10);
    assert_int_equal(t->n_rules, 1);
    assert_int_equal(t->n_tags, 2);
    assert_int_equal(t->n_checks, 1);
    assert_true(t->tolerate.given && t->tolerate.percent && t->tolerate.value == 1.5);
    assert_true(t->foreign_keep);
    assert_int_equal(t->refresh, REFRESH_ON_CHANGE);
    arena_free(f.arena);
}

static void the_sql_keeps_its_place(void **state)
{
    (void)state;
    struct fixture f = model_text(orders);
    size_t at = (size_t)(strstr(orders, "select") - orders);
    assert_int_equal(strlen(f.table.sql), strlen(orders));
    assert_string_equal(f.table.sql + at, orders + at);
    for (size_t i = 0; i < at; i++) assert_int_equal(f.table.sql[i], orders[i] == '\n' ? '\n' : ' ');
    f.table.file = "silver/m.sql";
    struct pos pos = table_position(&f.table, (int64_t)at + 7);
    assert_int_equal(pos.line, 21);
    assert_int_equal(pos.column, 8);
    assert_int_equal(table_position(&f.table, -1).line, 21);
    assert_int_equal(table_position(&f.table, 1 << 30).line, 21);
    arena_free(f.arena);
}

static void crlf_and_indentation_are_fine(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 1 << 20);
    for (const char *p = orders; *p; p++) buf_printf(&text, "%s%c", *p == '\n' ? "\r" : "", *p);
    struct fixture f = model_text(text.p);
    assert_string_equal(problems_text(&f), "");
    assert_string_equal(f.table.deleted, "op = 'D'");
    assert_string_equal(f.table.latest, "updated_at");
    assert_string_equal(f.table.rules[0].expression, "amount < 1e6");
    assert_string_equal(f.table.columns[1].description, "größer");
    assert_int_equal(f.table.latest_pos.line, 4);
    arena_free(f.arena);
    buf_release(&text);
    f = model_text(
        "/* ingot\n  key: a\n  columns:\n    a: int\n  checks:\n  - count(*) > 0\n  owner: me\n*/\nselect 1");
    assert_string_equal(problems_text(&f), "");
    assert_int_equal(f.table.n_columns, 1);
    assert_int_equal(f.table.n_checks, 1);
    assert_string_equal(f.table.owner, "me");
    arena_free(f.arena);
}

static void front_matter_is_optional(void **state)
{
    (void)state;
    good("select 1");
    good("/* a comment */\nselect 1");
    good("/* ingots are heavy */ select 1");
    good("-- ingot\nselect 1");
    good("/* ingot\n*/\nselect 1");
    good("/* ingot\n# nothing\n*/\nselect 1");
    good("/*ingot\nkey: a\n*/ \nselect '\n*/'");
    bad("-- licence\n/* ingot\nkey: a\n*/\nselect 1", "silver/m.sql:2:1: error: front matter must be the first thing");
    bad("", "the file holds no SELECT");
    bad("/* ingot\nkey: a\n*/\n \n", "the file holds no SELECT");
}

static void its_end_is_a_line(void **state)
{
    (void)state;
    bad("/* ingot\nkey: a\nselect 1\n",
        "silver/m.sql:1:1: error: the front matter that begins here does not end; it ends at");
    bad("\n/* ingot\nkey: a */\nselect 1\n", "put the '*/' of line 3 at the beginning of a line of its own");
    bad("/* ingot\nkey: a\n */\nselect 1\n", "put the '*/' of line 3");
    bad("/* ingot key: a */\nselect 1",
        "silver/m.sql:1:10: error: the keys of the front matter begin on the line after");
    bad("/* ingot", "does not end");
    bad("/* ingot\nkey: a\n/* more\n*/\nselect 1", "silver/m.sql:3:1: error: '/*' within the front matter");
    /* Comments do not nest here: an expression may hold the characters. */
    good("/* ingot\nrules:\n  a: b = '/*'\n*/\nselect 1");
}

static void yaml_errors_have_places(void **state)
{
    (void)state;
    bad("/* ingot\nkey: a\nlatst: b\n*/\nselect 1",
        "silver/m.sql:3:1: error: unknown key 'latst'; did you mean 'latest'?");
    bad("/* ingot\ncolumns:\n  a: int\n\nkey: [a\n*/\nselect 1", "silver/m.sql:");
    bad("/* ingot\nkey: a\nkey: b\n*/\nselect 1", "silver/m.sql:3:1: error:");
    bad("/* ingot\ncolumns:\n  a: int\ncolumns:\n  b: int\n*/\nselect 1",
        "silver/m.sql:4:1: error: the key 'columns' is given twice, first on line 2");
    bad("/* ingot\ncolumns: {a: int}\n*/\nselect 1", "silver/m.sql:2:10: error: 'columns' is a block");
    bad("/* ingot\n- a\n*/\nselect 1", "expected keys with values");
    bad("/* ingot\ncolumns:\n\ta: int\n*/\nselect 1",
        "silver/m.sql:3:1: error: a tab stands where the indentation must be spaces");
    bad("/* ingot\ncolumns:\n    a: int\n  b: int\n*/\nselect 1",
        "silver/m.sql:4:3: error: this line is indented less");
    bad("/* ingot\nload: append\n*/\nselect 1", "unknown key 'load' here; it is a key of a source");
    bad("/* ingot\nkey: [a, A]\n*/\nselect 1", "'key' names 'A' twice");
    bad("/* ingot\nkey: []\n*/\nselect 1", "'key' is an empty list");
    bad("/* ingot\nkey:\n*/\nselect 1", "silver/m.sql:2:");
    bad("/* ingot\nrefresh: ful\n*/\nselect 1", "'refresh' cannot be 'ful'; did you mean 'full'?");
    bad("/* ingot\ntolerate: some\n*/\nselect 1",
        "'tolerate' must be a number of rows, or a percentage such as 1%, not 'some'");
    bad("/* ingot\ntolerate: 101%\n*/\nselect 1", "'tolerate' must be");
    bad("/* ingot\ntolerate: 1.5\n*/\nselect 1", "'tolerate' must be");
}

static void keys_go_together(void **state)
{
    (void)state;
    bad("/* ingot\nlatest: a\n*/\nselect 1",
        "silver/m.sql:2:9: error: 'latest' picks one of the rows with the same key, so it needs 'key'");
    bad("/* ingot\nkey: a\ndeleted: b\n*/\nselect 1",
        "silver/m.sql:3:10: error: 'deleted' looks at the row that 'latest' picks");
    bad("/* ingot\nkey: a\nlatest: B\ncolumns:\n  b: json\n*/\nselect 1",
        "'latest' needs a type that orders; 'b' is json");
    bad("/* ingot\nkey: a\nlatest: b\ndeleted: (c\n*/\nselect 1", "'deleted': a '(' is not closed");
    good("/* ingot\nkey: a\nlatest: b\ncolumns:\n  b: varchar(3)\n*/\nselect 1");
}

static void later_features_are_named(void **state)
{
    (void)state;
    bad("/* ingot\nkeep: history\n*/\nselect 1",
        "silver/m.sql:2:7: error: 'keep: history' is not supported by this version of ingot");
    bad("/* ingot\nmerge: deletion_vectors\n*/\nselect 1", "'merge: deletion_vectors' is not supported");
    bad("/* ingot\nengine: spark\n*/\nselect 1", "'engine: spark' is not supported");
    struct fixture f = model_text("/* ingot\npublish: {schema: mart}\n*/\nselect 1");
    assert_string_equal(
        problems_text(&f),
        "silver/m.sql:2:1: warning: 'publish' is not supported by this version of ingot; it is ignored\n");
    assert_int_equal(f.problems.n_errors, 0);
    arena_free(f.arena);
}

static void equal_trees(const struct yaml *a, const struct yaml *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->n, b->n);
    if (a->text && a->kind != YAML_MAP && a->kind != YAML_LIST) assert_string_equal(a->text, b->text);
    if (a->kind == YAML_INT) assert_int_equal(a->integer, b->integer);
    if (a->n || a->kind != YAML_MAP) {
        assert_int_equal(a->line, b->line);
        assert_int_equal(a->column, b->column);
    }
    for (size_t i = 0; i < a->n; i++) {
        if (a->kind == YAML_MAP) equal_trees(a->keys[i], b->keys[i]);
        equal_trees(a->items[i], b->items[i]);
    }
}

static void plain_yaml_is_yaml(void **state)
{
    (void)state;
    static const char *const plain[] = {"",
                                        "\n\n",
                                        "key: a\n",
                                        "key: a",
                                        "\nkey: [a, b]\nlatest: c  \r\n",
                                        "a: one two  three\nb: 0\nc: 123\n",
                                        "a: yes\nb: No\nc: x.y-z\n",
                                        "a:   [ x ,y ]\n",
                                        "a: [1, b2]\nb:  k\n"};
    static const char *const other[] = {
        "a: 'x'\n",    "a: x: y\n",    "a: x # y\n", "a: null\n", "a: True\n", "a: 012\n",  "a: 1.5\n", "a:\n",
        "a: x\n  y\n", "a: x\na: y\n", "a: [x]]\n",  "a: [x\n",   "a: []\n",   "a: [x,]\n", "- a\n",    "a: -\n",
        "a:x\n",       "1: x\n",       "true: x\n",  "a: x\t\n",  "a: ~\n",    "---\n"};
    struct arena *a = arena_new();
    struct err e = {0};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        struct yaml *mine = plain_yaml(a, str_of(plain[i]), 3), *theirs = NULL;
        assert_non_null(mine);
        assert_int_equal(yaml_read(a, str_of(plain[i]), "f", 3, &theirs, &e), RC_OK);
        equal_trees(mine, theirs);
    }
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++)
        if (plain_yaml(a, str_of(other[i]), 1)) fail_msg("taken for plain: %s", other[i]);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_is_read),
        cmocka_unit_test(the_sql_keeps_its_place),
        cmocka_unit_test(crlf_and_indentation_are_fine),
        cmocka_unit_test(front_matter_is_optional),
        cmocka_unit_test(its_end_is_a_line),
        cmocka_unit_test(yaml_errors_have_places),
        cmocka_unit_test(keys_go_together),
        cmocka_unit_test(later_features_are_named),
        cmocka_unit_test(plain_yaml_is_yaml),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
