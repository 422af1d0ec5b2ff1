/* Contract lines, rules and checks of the front matter. */
#include "fixture.h"

#include "project/contract.h"

/* The table of a model with one block of front matter. */
static struct fixture block(const char *key, const char *lines)
{
    char text[8192];
    snprintf(text, sizeof text, "/* ingot\n%s:\n%s\n*/\nselect 1\n", key, lines);
    return model_text(text);
}

static void good_type(const char *written, const char *expected)
{
    char line[256];
    snprintf(line, sizeof line, "  c: %s", written);
    struct fixture f = block("columns", line);
    assert_string_equal(problems_text(&f), "");
    assert_string_equal(f.table.columns[0].type, expected);
    arena_free(f.arena);
}

static void bad_line(const char *key, const char *line, const char *problem)
{
    struct fixture f = block(key, line);
    assert_contains(problems_text(&f), problem);
    arena_free(f.arena);
}

static void types_are_normalised(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"bigint", "bigint"},
        {"INT8", "bigint"},
        {"long", "bigint"},
        {"int", "integer"},
        {"int4", "integer"},
        {"int2", "smallint"},
        {"tinyint", "tinyint"},
        {"bool", "boolean"},
        {"double", "double"},
        {"Double  Precision", "double"},
        {"float8", "double"},
        {"float", "real"},
        {"float4", "real"},
        {"decimal", "decimal(18,3)"},
        {"numeric(12, 2)", "decimal(12,2)"},
        {"decimal(5)", "decimal(5,0)"},
        {"decimal(38,38)", "decimal(38,38)"},
        {"text", "varchar"},
        {"string", "varchar"},
        {"varchar(20)", "varchar(20)"},
        {"char(3)", "varchar(3)"},
        {"date", "date"},
        {"timestamp", "timestamp"},
        {"timestamp without time zone", "timestamp"},
        {"timestamp with time zone", "timestamptz"},
        {"timestamptz", "timestamptz"},
        {"time", "time"},
        {"uuid", "uuid"},
        {"bytea", "blob"},
        {"binary", "blob"},
        {"json", "json"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) good_type(pairs[i][0], pairs[i][1]);
}

static void bad_types_are_refused(void **state)
{
    (void)state;
    bad_line("columns", "  c: bigit", "silver/m.sql:3:6: error: unknown type 'bigit'; did you mean 'bigint'?");
    bad_line("columns", "  c: money", "unknown type 'money'; the types are");
    bad_line("columns", "  c:", "the type is missing");
    bad_line("columns", "  c: decimal(39,2)", "decimal(39,2): the precision is 1 to 38");
    bad_line("columns", "  c: decimal(0)", "the precision is 1 to 38");
    bad_line("columns", "  c: decimal(3,4)", "the scale is not greater");
    bad_line("columns", "  c: decimal(3,4,5)", "expected whole numbers in brackets");
    bad_line("columns", "  c: decimal(1e2)", "expected whole numbers in brackets");
    bad_line("columns", "  c: decimal(-1)", "expected whole numbers in brackets");
    bad_line("columns", "  c: decimal(99999999999999999999)", "expected whole numbers in brackets");
    bad_line("columns", "  c: varchar(0)", "takes one length");
    bad_line("columns", "  c: date(3)", "takes no numbers");
    bad_line("columns", "  c: integer[]", "unexpected '['");
    bad_line("columns", "  c: time with time zone", "unexpected 'with'");
}

static void parts_come_in_any_order(void **state)
{
    (void)state;
    struct fixture f =
        block("columns", "  \"odd \"\"name\"\"\":  int lenient references silver.parent(\"Id\") check (a = ')' or "
                         "\"b)\" > $$)$$ -- )\n     and [1] = case when x then (2) end) not null -- what it is");
    assert_string_equal(problems_text(&f), "");
    const struct column_contract *c = &f.table.columns[0];
    assert_string_equal(c->name, "odd \"name\"");
    assert_true(c->lenient && c->not_null);
    assert_string_equal(c->check, "a = ')' or \"b)\" > $$)$$\nand [1] = case when x then (2) end");
    assert_string_equal(c->description, "what it is");
    assert_int_equal(f.table.n_references, 1);
    assert_string_equal(f.table.references[0].table, "silver.parent");
    assert_string_equal(f.table.references[0].parent_columns[0], "Id");
    assert_string_equal(f.table.references[0].columns[0], "odd \"name\"");
    arena_free(f.arena);
}

static void descriptions_follow_any_part(void **state)
{
    (void)state;
    static const char *const lines[] = {"int -- it's a",
                                        "int not null -- it's a",
                                        "int references silver.t -- it's a",
                                        "int references silver.t(x) -- it's a",
                                        "int check (x > 0) -- it's a",
                                        "decimal(1,1) -- it's a",
                                        "int lenient\n    -- it's a"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char line[256];
        snprintf(line, sizeof line, "  c: %s", lines[i]);
        struct fixture f = block("columns", line);
        assert_string_equal(problems_text(&f), "");
        assert_string_equal(f.table.columns[0].description, "it's a");
        arena_free(f.arena);
    }
}

static void bad_parts_are_refused(void **state)
{
    (void)state;
    bad_line("columns", "  c: int not nul", "'not' is followed by 'null'");
    bad_line("columns", "  c: int lenent", "silver/m.sql:3:10: error: c: unexpected 'lenent'; did you mean 'lenient'?");
    bad_line("columns", "  c: int primary key", "the key `key:`");
    bad_line("columns", "  c: int default 3", "coalesce");
    bad_line("columns", "  c: int check x > 0", "needs an expression in brackets");
    bad_line("columns", "  c: int check (x > 0", "silver/m.sql:3:16: error: c: a '(' is not closed");
    bad_line("columns", "  c: int check ((x] > 0)", "closes another kind of bracket");
    bad_line("columns", "  c: int check (case when x)", "CASE without END");
    bad_line("columns", "  c: int check ('x)", "this quote does not end");
    bad_line("columns", "  c: int check ($a$x$$)", "does not end");
    bad_line("columns", "  c: int check (x /* y)", "this comment does not end");
    bad_line("columns", "  c: int check (  )", "are empty");
    bad_line("columns", "  c: int check (a) check (b)", "'check' is given twice");
    bad_line("columns", "  c: int check (a; drop)", "';' cannot stand");
    bad_line("columns", "  c: int)", "closes nothing");
    bad_line("columns", "  c: int references customers", "needs a table with its layer");
    bad_line("columns", "  c: int references slver.customers", "there is no layer 'slver'; did you mean 'silver'?");
    bad_line("columns", "  c: int references silver.t(a, b)", "1 column cannot refer to 2 of silver.t");
    bad_line("columns", "  c: int references silver.t()", "expected different columns in brackets");
    bad_line("columns", "  a: int\n  b: int\n  A: text",
             "silver/m.sql:5:3: error: the column 'A' is given twice, first on line 3");
    bad_line("columns", "  a b: int", "cannot be the name of a column; write it in double quotes");
    bad_line("columns", "  a int", "expected `name: type`");
    bad_line("columns", "  : int", "cannot be the name of a column");
    bad_line("columns", "  \"a: int", "expected `name: type`");
}

static void rules_have_endings(void **state)
{
    (void)state;
    struct fixture f =
        block("rules", "  a: x > 0\n  b: y > 0 else warn\n  c: case when a then b else warn end ELSE Drop -- "
                       "why\n  d: e'it\\'s else' = z\n     or (1 else fail) else fail\n"
                       "  e: x = 'else drop' else quarantine");
    assert_string_equal(problems_text(&f), "");
    assert_int_equal(f.table.n_rules, 5);
    static const enum rule_action actions[] = {RULE_QUARANTINE, RULE_WARN, RULE_DROP, RULE_FAIL, RULE_QUARANTINE};
    for (size_t i = 0; i < 5; i++) assert_int_equal(f.table.rules[i].action, actions[i]);
    assert_string_equal(f.table.rules[0].expression, "x > 0");
    assert_string_equal(f.table.rules[2].expression, "case when a then b else warn end");
    assert_string_equal(f.table.rules[3].expression, "e'it\\'s else' = z\nor (1 else fail)");
    assert_int_equal(f.table.rules[3].pos.line, 6);
    assert_int_equal(f.table.rules[3].pos.column, 3);
    arena_free(f.arena);
    bad_line("rules", "  a: x > 0 else wrn",
             "silver/m.sql:3:17: error: unknown ending 'else wrn'; did you mean 'warn'?");
    bad_line("rules", "  a: x > 0 else", "unknown ending 'else '");
    bad_line("rules", "  a: x > 0 else drop now", "nothing can follow 'else drop'");
    bad_line("rules", "  a: else drop", "the expression is missing");
    bad_line("rules", "  a:", "the expression is missing");
    bad_line("rules", "  a: x\n  a: y", "the rule 'a' is given twice");
    bad_line("rules", "  not a name: x", "cannot be the name of a rule");
    bad_line("rules", "  a: (x", "a '(' is not closed");
}

static void rules_can_refer(void **state)
{
    (void)state;
    struct fixture f = block("rules", "  pair: (a, \"B\") references Silver.t(x, y) else quarantine\n  one: "
                                      "a references silver.u\n  plain: references_ok = 1");
    assert_string_equal(problems_text(&f), "");
    assert_int_equal(f.table.n_references, 2);
    assert_int_equal(f.table.n_rules, 1);
    assert_int_equal(f.table.references[0].n_columns, 2);
    assert_string_equal(f.table.references[0].columns[1], "B");
    assert_string_equal(f.table.references[0].table, "silver.t");
    assert_string_equal(f.table.references[0].rule, "pair");
    assert_int_equal(f.table.references[1].n_parent_columns, 0);
    arena_free(f.arena);
    bad_line("rules", "  p: (a, a) references silver.t", "named twice");
    bad_line("rules", "  p: (a, b) references silver.t(x)", "2 columns cannot refer to 1");
    bad_line("rules", "  p: (a, b) references silver.t(x, y) else drop", "not supported by this version");
    bad_line("rules", "  p: (a, b) references silver.t(x, y) and c", "nothing but 'else quarantine'");
}

static void checks_are_expressions(void **state)
{
    (void)state;
    struct fixture f = block("checks", "- count(*) > 0\n- sum(a)\n  = sum(b) -- equal\n\n# a comment\n- true");
    assert_string_equal(problems_text(&f), "");
    assert_int_equal(f.table.n_checks, 3);
    assert_string_equal(f.table.checks[0].expression, "count(*) > 0");
    assert_string_equal(f.table.checks[1].expression, "sum(a)\n= sum(b)");
    arena_free(f.arena);
    bad_line("checks", "  - ", "the expression is missing");
    bad_line("checks", "  -count(*)", "expected `- expression`");
    bad_line("checks", "  a: b", "expected `- expression`");
    bad_line("checks", "  - a > 0 else warn", "a check has no ending");
    bad_line("checks", "  - nothing", "there is no checks/nothing.sql");
}

static void deep_brackets_are_bounded(void **state)
{
    (void)state;
    char line[4096] = "  a: ";
    memset(line + 5, '(', 3000);
    bad_line("rules", line, "brackets are nested too deep");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_normalised),      cmocka_unit_test(bad_types_are_refused),
        cmocka_unit_test(parts_come_in_any_order),   cmocka_unit_test(descriptions_follow_any_part),
        cmocka_unit_test(bad_parts_are_refused),     cmocka_unit_test(rules_have_endings),
        cmocka_unit_test(rules_can_refer),           cmocka_unit_test(checks_are_expressions),
        cmocka_unit_test(deep_brackets_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
