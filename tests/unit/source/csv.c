/* The CSV index and parser: rules one by one, and random bytes cut into blocks anywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "source/records.h"

#include <stdlib.h>

static const struct csv_dialect usual = {.delimiter = ',', .quote = '"', .escape = '"'};

/* Parses a whole text and prints records as [a][b]~ … with line numbers of problems. */
static const char *read_text(struct arena *a, struct csv_dialect d, size_t n_columns, const char *text)
{
    size_t n = strlen(text);
    struct buf *b = buf_new(a, 1 << 20);
    struct field fields[32];
    struct csv_parser c = {.dialect = d, .fields = fields, .capacity = 32, .n_columns = n_columns};
    struct record r;
    char *block = arena_alloc(a, n + BLOCK_PADDING);
    int64_t records = 0;
    memcpy(block, text, n);
    struct index_result x = csv_index(&d, text, n, INDEX_LAST);
    assert_int_equal(x.consumed, n);
    csv_start(&c, block, n, 1, 1);
    while (csv_next(&c, &r)) {
        records++;
        if (r.problem) buf_printf(b, "!%lld:%.*s", (long long)r.line, (int)r.raw.n, r.raw.p);
        for (size_t i = 0; !r.problem && i < r.n_fields; i++) {
            field_text(&fields[i], &d);
            if (fields[i].kind == FIELD_NULL) buf_add_char(b, '~');
            else buf_printf(b, "[%.*s]", (int)fields[i].n, fields[i].p);
        }
        buf_add_char(b, ';');
    }
    assert_int_equal(records, x.records);
    assert_int_equal(c.line, x.lines + 1);
    return b->p;
}

struct rule {
    const char *text, *expected;
    size_t n_columns;
};

static void rules_of_quoting_and_line_ends(void **state)
{
    (void)state;
    static const struct rule rules[] = {
        {"a,b\nc,d\n", "[a][b];[c][d];", 2},
        {"a,b\r\nc,d\r\n", "[a][b];[c][d];", 2},
        {"a,b\rc,d\r", "[a][b];[c][d];", 2},
        {"a,b\r\nc,d\ne,f\rg,h", "[a][b];[c][d];[e][f];[g][h];", 2},
        {"a,\n,b\n,\n", "[a]~;~[b];~~;", 2},
        {"\"\",a\n", "[][a];", 2},
        {"\"a,b\",c\n", "[a,b][c];", 2},
        {"\"a\"\"b\",c\n", "[a\"b][c];", 2},
        {"\"a\nb\",c\nd,e\n", "[a\nb][c];[d][e];", 2},
        {"\"a\r\nb\",c\n", "[a\r\nb][c];", 2},
        {"a\"b\",c\n", "[a\"b\"][c];", 2}, /* a quote inside a bare field is a character */
        {" \"a\",c\n", "[ \"a\"][c];", 2},
        {"\n\na,b\n\n\nc,d\n\n", "[a][b];[c][d];", 2}, /* empty lines are no records */
        {"a,b,c\nd\n", "!1:a,b,c;!2:d;", 2},
        {"\"a\"x,b\nc,d\n", "!1:\"a\"x,b;[c][d];", 2},
        {"a,\"b\nc,d\ne,f\n", "!1:a,\"b;[c][d];[e][f];", 2},     /* unclosed to the end of the file */
        {"a,\"b\nc,d\ne,\"f\"\n", "!1:a,\"b;[c][d];[e][f];", 2}, /* unclosed: the next quote opens another field */
        {"a,\"b\n", "!1:a,\"b;", 2},
        {"\"\n", "!1:\";", 2},
        {"a,b", "[a][b];", 2},
        {"a,\"\"", "[a][];", 2},
        {"", "", 2},
        {"\n", "", 2},
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct arena *a = arena_new();
        assert_string_equal(read_text(a, usual, rules[i].n_columns, rules[i].text), rules[i].expected);
        arena_free(a);
    }
}

static void one_column_keeps_empty_lines(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct csv_dialect d = usual;
    d.one_column = true;
    assert_string_equal(read_text(a, d, 1, "a\n\r\n\nb"), "[a];~;~;[b];");
    arena_free(a);
}

static void comments_escapes_and_null_text(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct csv_dialect d = usual;
    d.comment = "#";
    assert_string_equal(read_text(a, d, 2, "#x\na,#b\n#\"\nc,d\n#"), "[a][#b];[c][d];");
    d = usual;
    d.escape = '\\';
    assert_string_equal(read_text(a, d, 2, "\"a\\\"b\\\\\",c\n"), "[a\"b\\][c];");
    d = usual;
    d.quote = d.escape = 0;
    assert_string_equal(read_text(a, d, 2, "\"a,b\"\n"), "[\"a][b\"];");
    d = usual;
    d.null_text = "NA";
    assert_string_equal(read_text(a, d, 3, "NA,\"NA\",x\n"), "~[NA][x];");
    arena_free(a);
}

/* What came out of all blocks, as one number. */
static uint64_t read_pieces(struct csv_dialect d, const char *p, size_t n, size_t step)
{
    uint64_t hash = 1;
    int64_t row = 1, line = 1;
    struct field fields[16];
    for (size_t from = 0, seen = 0; from < n;) {
        seen = seen + step < n ? seen + step : n;
        struct index_result x = csv_index(&d, p + from, seen - from, seen == n ? INDEX_LAST : INDEX_MORE);
        char *block = malloc(x.consumed + BLOCK_PADDING);
        assert_non_null(block);
        memcpy(block, p + from, x.consumed);
        struct csv_parser c = {.dialect = d, .fields = fields, .capacity = 16};
        struct record r;
        csv_start(&c, block, x.consumed, row, line);
        while (csv_next(&c, &r)) {
            hash = hash * 31 + (uint64_t)r.line * 7 + r.raw.n * 3 + (r.problem != NULL);
            for (size_t i = 0; i < r.n_fields && i < 16 && !r.problem; i++) {
                field_text(&fields[i], &d);
                for (size_t k = 0; k < fields[i].n; k++) hash = hash * 131 + (unsigned char)fields[i].p[k];
                hash = hash * 31 + fields[i].kind;
            }
        }
        assert_int_equal(c.row, row + x.records);
        assert_int_equal(c.line, line + x.lines);
        row += x.records;
        line += x.lines;
        free(block);
        from += x.consumed;
    }
    return hash;
}

static void however_it_is_cut_the_same_comes_out(void **state)
{
    (void)state;
    static const char alphabet[] = "ab,,\"\"\"\n\n\r#\\";
    unsigned seed = 20261123;
    for (int round = 0; round < 20000; round++) {
        char text[160];
        size_t n = (size_t)rand_r(&seed) % sizeof text;
        for (size_t i = 0; i < n; i++) text[i] = alphabet[(size_t)rand_r(&seed) % (sizeof alphabet - 1)];
        struct csv_dialect d = usual;
        d.one_column = round % 3 == 0;
        if (round % 5 == 0) d.comment = "#";
        if (round % 7 == 0) d.escape = '\\';
        assert_int_equal(read_pieces(d, text, n, (size_t)rand_r(&seed) % 40 + 1), read_pieces(d, text, n, n + 1));
    }
}

static void text_that_is_none(void **state)
{
    (void)state;
    static const char long_text[] =
        "0123456789012345678901234567890123456789012345678901234567890123456789\xC3\xA9 more \xE2\x82\xAC";
    assert_true(text_is_clean(long_text, sizeof long_text - 1));
    assert_false(text_is_clean(long_text, sizeof long_text - 2));
    assert_false(text_is_clean(long_text, sizeof long_text));
    assert_false(text_is_clean("\xFF", 1));
    assert_true(text_is_clean("", 0));
    struct arena *a = arena_new();
    assert_string_equal(raw_text(a, (struct str){"a\xE9\0b", 4}), "a\\xE9\\x00b");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_of_quoting_and_line_ends),
        cmocka_unit_test(one_column_keeps_empty_lines),
        cmocka_unit_test(comments_escapes_and_null_text),
        cmocka_unit_test(however_it_is_cut_the_same_comes_out),
        cmocka_unit_test(text_that_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
