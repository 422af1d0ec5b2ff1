/* Files to rows: every kind of bad input, drift, formats; nothing is lost and nothing comes twice. */
#include "fixture.h"

#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>
#include <zlib.h>

static void good_rows_load_and_malformed_ones_are_kept(void **state)
{
    struct fixture *f = *state;
    put(f, "raw/a.csv",
        "id,name\n1,\"x \"\"y\"\" and more of "
        "it\"\n2\n\n3,\"two\nlines\"\n4,\"open\n5,fine\n6,\xE9\n7,\0\n8,a,b\n");
    load(f, "raw/*.csv");
    assert_string_equal(rows_of(f, "id, name, _file, _row, _load, _loaded_at"),
                        "1|x \"y\" and more of it|raw/a.csv|1|1|2023-11-14 22:13:20+00\n"
                        "3|two\nlines|raw/a.csv|3|1|2023-11-14 22:13:20+00\n"
                        "5|fine|raw/a.csv|5|1|2023-11-14 22:13:20+00\n");
    assert_string_equal(refusals(f),
                        "raw/a.csv|2|3|expected 2 fields, found 1|2\n"
                        "raw/a.csv|4|7|unclosed quote: the value that it opens does not end (only this line was taken "
                        "out)|4,\"open\n"
                        "raw/a.csv|6|9|invalid UTF-8 (if the file is in another encoding, say `encoding:`)|6,\\xE9\n"
                        "raw/a.csv|7|10|a NUL byte|7,\\x00\n"
                        "raw/a.csv|8|11|expected 2 fields, found 3|8,a,b\n");
    assert_int_equal(f->staged->records, 8);
    assert_int_equal(f->staged->rows, 3);
    assert_int_equal(f->staged->malformed, 5);
}

static void put_gzip(struct fixture *f, const char *name, const char *text, size_t cut, int flip)
{
    unsigned char out[4096];
    z_stream z = {.next_in = (Bytef *)arena_strdup(f->a, text),
                  .avail_in = (uInt)strlen(text),
                  .next_out = out,
                  .avail_out = sizeof out};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t n = z.total_out;
    deflateEnd(&z);
    if (flip >= 0) out[flip] ^= 1;
    put_bytes(f, name, (char *)out, n - cut);
}

static void whole_files_are_refused_and_the_others_load(void **state)
{
    struct fixture *f = *state;
    put(f, "raw/good.csv", "a,b\n1,2\n");
    put(f, "raw/empty.csv", "");
    put(f, "raw/header_only.csv", "a,b\n");
    put(f, "raw/twice.csv", "a,b,a\n1,2,3\n");
    put(f, "raw/case.csv", "a,b,A\n1,2,3\n");
    put(f, "raw/no_name.csv", "a,,b\n1,2,3\n");
    put(f, "raw/ours.csv", "a,_row\n1,2\n");
    put(f, "raw/bad_header.csv", "a,\xE9\n1,2\n");
    put(f, "raw/what.foo", "a,b\n1,2\n");
    put(f, "raw/broken.parquet", "PAR1 nothing PAR1");
    put(f, "raw/cut.json", "[{\"a\":1},{\"a\":");
    put_gzip(f, "raw/whole.csv.gz", "a,b\n3,4\n", 0, -1);
    put_gzip(f, "raw/cut.csv.gz", "a,b\n3,4\n5,6\n7,8\n", 4, -1);
    put_gzip(f, "raw/flipped.csv.gz", "a,b\n3,4\n5,6\n7,8\n", 0, 12);
    put(f, "raw/fake.csv.zst", "a,b\n1,2\n");
    put(f, "raw/_hidden.csv", "a,b\n1,2\n");
    put(f, "raw/x.csv.tmp", "a,b\n1,2\n");
    assert_ok(f, os_mkdirs(in_folder(f, "raw/folder.csv"), &f->e));
    load(f, "raw/*");
    assert_string_equal(rows_of(f, "a, b, _file"), "1|2|raw/good.csv\n3|4|raw/whole.csv.gz\n");
    assert_problem(f, "raw/empty.csv", "empty (0 bytes)");
    assert_string_equal(problem_of(f, "raw/header_only.csv"), "");
    assert_problem(f, "raw/twice.csv", "two columns have the name 'a'");
    assert_problem(f, "raw/case.csv", "differ only by case: 'a' and 'A'");
    assert_problem(f, "raw/no_name.csv", "column 2 has no name");
    assert_problem(f, "raw/ours.csv", "'_row' is one that ingot adds itself");
    assert_problem(f, "raw/bad_header.csv", "its header is not valid UTF-8 text");
    assert_problem(f, "raw/what.foo", "`format: csv`");
    assert_problem(f, "raw/broken.parquet", "cannot be read as Parquet");
    assert_problem(f, "raw/cut.json", "ends in the middle of a record");
    assert_problem(f, "raw/cut.csv.gz", "truncated gzip");
    assert_problem(f, "raw/flipped.csv.gz", "damaged gzip");
    assert_problem(f, "raw/fake.csv.zst", "damaged zstd");
    assert_problem(f, "raw/folder.csv", "is a directory");
    assert_null(ledger_find(&f->ledger, "raw/_hidden.csv"));
    assert_null(ledger_find(&f->ledger, "raw/x.csv.tmp"));
    assert_int_equal(f->staged->refused_whole, 13);
    assert_string_equal(refusals(f), "");
    put(f, "raw/empty.csv", "b,a\n9,8\n"); /* mended: it loads on the next run, and the good ones not again */
    load(f, "raw/*");
    assert_string_equal(rows_of(f, "a, b, _file"), "8|9|raw/empty.csv\n");
}

/* Damage that shows only behind rows that were handed over already: none of them stays, nor does a refusal. */
static void damage_far_into_a_file_takes_all_of_it_back(void **state)
{
    struct fixture *f = *state;
    gzFile z = gzopen(in_folder(f, "late.csv.gz"), "wb1");
    gzputs(z, "a,b\nmalformed\n");
    unsigned seed = 7;
    for (int i = 0; i < 600000; i++) gzprintf(z, "%d,%d\n", i, rand_r(&seed));
    gzclose(z);
    struct stat s;
    assert_int_equal(stat(in_folder(f, "late.csv.gz"), &s), 0);
    assert_int_equal(truncate(in_folder(f, "late.csv.gz"), s.st_size - 100), 0);
    put(f, "z.csv", "a,b\n1,2\nalone\n");
    load(f, "*.csv*");
    assert_string_equal(rows_of(f, "a, b, _file"), "1|2|z.csv\n");
    assert_problem(f, "late.csv.gz", "truncated gzip");
    assert_string_equal(refusals(f), "z.csv|2|3|expected 2 fields, found 1|alone\n");
    put(f, "zz.csv", "a,b\n3,4\n"); /* the damaged file is tried again, and does not hold up the new one */
    load(f, "*.csv*");
    assert_string_equal(rows_of(f, "a, b, _file"), "3|4|zz.csv\n");
    assert_problem(f, "late.csv.gz", "truncated gzip");
}

static void encodings(void **state)
{
    struct fixture *f = *state;
    put(f, "bom.csv",
        "\xEF\xBB\xBF"
        "a,b\r\n1,\xC3\xA9\r\n");
    put(f, "le.csv",
        "\xFF\xFE"
        "a\0,\0b\0\n\0"
        "2\0,\0\xAC\x20\n\0");
    put(f, "be.csv",
        "\xFE\xFF"
        "\0a\0,\0b\0\n\0"
        "3\0,\x20\xAC\0\n");
    load(f, "*.csv");
    assert_string_equal(rows_of(f, "a, b, _file"), "3|€|be.csv\n1|é|bom.csv\n2|€|le.csv\n");
    put(f, "latin/l.csv", "a,b\n1,\xE9\n");
    f->source.encoding = "latin1";
    load(f, "latin/*.csv");
    assert_string_equal(rows_of(f, "a, b"), "1|é\n");
    put(f, "no/x.csv", "a,b\n1,2\n");
    f->source.encoding = "klingon";
    load(f, "no/*.csv");
    assert_problem(f, "no/x.csv", "encoding 'klingon' is not known");
    put(f, "sj/x.csv", "a,b\n1,\x83\x65\n2,\xFD\n3,ok\n");
    f->source.encoding = "SHIFT_JIS";
    load(f, "sj/*.csv");
    assert_string_equal(rows_of(f, "a, b"), "1|テ\n3|ok\n");
    assert_non_null(strstr(refusals(f), "sj/x.csv|2|3|bytes that the encoding does not allow"));
}

static void dialects(void **state)
{
    struct fixture *f = *state;
    put(f, "s.csv", "a;b\n1,5;2\n\"x;y\";3\n");
    put(f, "t.tsv", "a\tb\n1\t2,3\n");
    put(f, "p.txt", "a|b\n1|2\n");
    load(f, "*.{csv,tsv,txt}");
    assert_string_equal(rows_of(f, "a, b, _file"), "1|2|p.txt\n1,5|2|s.csv\nx;y|3|s.csv\n1|2,3|t.tsv\n");
    put(f, "h/x.csv", "1,2026-01-01\n2,2026-01-02\n");
    f->n_columns = 0;
    load(f, "h/x.csv");
    assert_string_equal(rows_of(f, "column1, column2, _row"), "1|2026-01-01|1\n2|2026-01-02|2\n");
    f->n_columns = 0;
    f->source.csv = (struct csv_options){.delimiter = '~', .header = 1, .skip = 2, .comment = "%", .null_text = "-"};
    put(f, "o/x.csv", "made by\n\"someone\na~b\n%no\n1~-\n2~'\n");
    load(f, "o/x.csv");
    assert_string_equal(rows_of(f, "a, b, _row"), "1|~|1\n2|'|2\n");
}

static void a_line_of_100_megabytes_loads_and_a_longer_one_is_refused(void **state)
{
    struct fixture *f = *state;
    size_t n = 150 * 1000 * 1000;
    char *text = malloc(n);
    assert_non_null(text);
    memset(text, 'x', n);
    memcpy(text, "a,b\n1,", 6);
    memcpy(text + 100 * 1000 * 1000, "\n2,y\n", 5);
    put_bytes(f, "long.csv", text, 100 * 1000 * 1000 + 5);
    memset(text + 100 * 1000 * 1000, 'x', 5);
    memcpy(text + n - 5, "\n2,y\n", 5);
    put_bytes(f, "longer.csv", text, n);
    free(text);
    load(f, "*.csv");
    assert_string_equal(rows_of(f, "a, strlen(b), _file, _row"),
                        "1|99999994|long.csv|1\n2|1|long.csv|2\n2|1|longer.csv|2\n");
    assert_int_equal(f->staged->malformed, 1);
    assert_non_null(strstr(refusals(f), "longer.csv|1|2|longer than 128 MiB"));
}

static void json_in_its_forms(void **state)
{
    struct fixture *f = *state;
    put(f, "array.json",
        "[{\"a\":1,\"b\":\"x\\u00e9\\n and twelve\"},\n {\"a\":1.50,\"c\":{\"d\":[1, "
        "2]}},\n{\"a\":true,\"b\":null},{\"a\":}]\n");
    put(f, "lines.ndjson", "{\"a\":\"1\"}\n\n{\"A\":2}\n{\"a\":1,\"A\":2}\n[]\n{\"a\":\"\\ud800\"}\nno\n{\"z\":1}");
    put(f, "object.json", "{\"a\":7}");
    put(f, "objects.json", "{\"a\":8}\n{\"a\":9}\n{\"a\":\n");
    load(f, "*json");
    assert_string_equal(rows_of(f, "a, b, c, z, _file, _row"), "1|xé\n and twelve|~|~|array.json|1\n"
                                                               "1.50|~|{\"d\":[1, 2]}|~|array.json|2\n"
                                                               "true|~|~|~|array.json|3\n"
                                                               "1|~|~|~|lines.ndjson|1\n"
                                                               "2|~|~|~|lines.ndjson|2\n"
                                                               "~|~|~|1|lines.ndjson|7\n"
                                                               "7|~|~|~|object.json|1\n"
                                                               "8|~|~|~|objects.json|1\n"
                                                               "9|~|~|~|objects.json|2\n");
    assert_int_equal(f->staged->malformed, 6);
    f->source.records = "$.data.items";
    put(f, "deep/x.json", "{\"n\":[{\"a\":0}],\"data\":{\"items\":[{\"a\":1},{\"a\":2}],\"next\":null}}");
    put(f, "deep/y.json", "{\"data\":[]}");
    put(f, "deep/z.json", "{\"data\":{\"items\":[{\"a\":1}], nonsense}}");
    load(f, "deep/*.json");
    assert_string_equal(rows_of(f, "a, _file, _row"), "1|deep/x.json|1\n2|deep/x.json|2\n");
    assert_problem(f, "deep/y.json", "no array at `records: $.data.items`");
    assert_problem(f, "deep/z.json", "not valid JSON outside of its records");
}

static void a_key_that_comes_late_becomes_a_column(void **state)
{
    struct fixture *f = *state;
    struct buf *b = buf_new(f->a, 1 << 26);
    for (int i = 0; i < 200000; i++) buf_printf(b, "{\"a\":%d}\n", i);
    buf_add_str(b, "{\"a\":1,\"late\":2}\n");
    put_bytes(f, "x.ndjson", b->p, b->n);
    load(f, "x.ndjson");
    assert_int_equal(f->staged->rows, 200001);
    struct rows *r;
    assert_ok(f, session_queryf(f->a, f->s, &r, &f->e,
                                "select count(*), max(late), count(late), max(_row) from read_parquet('%s')",
                                f->staged->data[0].url));
    assert_string_equal(r->cells[0], "200001");
    assert_string_equal(r->cells[1], "2");
    assert_string_equal(r->cells[2], "1");
    assert_string_equal(r->cells[3], "200001");
}

static void drift(void **state)
{
    struct fixture *f = *state;
    put(f, "1/a.csv", "a,b\n1,2\n");
    load(f, "1/*");
    put(f, "2/a.csv", "B,new,A\n4,5,3\n");
    load(f, "2/*");
    assert_string_equal(rows_of(f, "*exclude(_loaded_at)"),
                        "3|4|2/a.csv|1|2|5\n"); /* by name; the new column at the end */
    assert_non_null(strstr(f->notes->p, "new column new"));
    put(f, "3/a.csv", "a\n6\n");
    load(f, "3/*");
    assert_string_equal(rows_of(f, "a, b, new"), "6|~|~\n");
    assert_non_null(strstr(f->notes->p, "lacks the column b"));
    f->table.drift = DRIFT_FREEZE;
    put(f, "4/a.csv", "a,b,new,newer\n1,2,3,4\n");
    put(f, "4/b.csv", "a\n1\n");
    put(f, "4/c.csv", "new,b,a\n1,2,3\n");
    put(f, "4/d.ndjson", "{\"a\":1}\n{\"q\":1}\n");
    load(f, "4/*");
    assert_string_equal(rows_of(f, "a, _file"), "3|4/c.csv\n");
    assert_problem(f, "4/a.csv", "has the column 'newer'");
    assert_problem(f, "4/b.csv", "lacks the column 'b'");
    assert_problem(f, "4/d.ndjson", "has the column 'q'");
    f->table.drift = DRIFT_RESCUE;
    put(f, "5/a.csv", "a,b,new,newer,newest\n1,2,3,4,\n");
    put(f, "5/b.ndjson", "{\"a\":1,\"x\":{\"y\":1.0},\"s\":\"q\\\"\",\"n\":null}\n{\"a\":2}\n");
    load(f, "5/*");
    assert_string_equal(rows_of(f, "a, new, _rescued"),
                        "1|3|{\"newer\":\"4\"}\n1|~|{\"x\":{\"y\":1.0},\"s\":\"q\\\"\",\"n\":null}\n2|~|~\n");
}

static void parquet(void **state)
{
    struct fixture *f = *state;
    assert_ok(f, os_mkdirs(in_folder(f, "p/day=2026-11-01"), &f->e));
    assert_ok(f, session_execf(f->s, &f->e,
                               "copy (select i::integer as id, i * 1.5 as x, ['a', 'b'] as l, uuid() as u "
                               "from range(10) t(i)) to '%s/p/day=2026-11-01/[1].parquet'",
                               f->folder));
    load(f, "p/**/*.parquet");
    assert_string_equal(rows_of(f, "id, x, l, day, _row, _load"), "0|0.0|[a, b]|2026-11-01|1|1\n"
                                                                  "1|1.5|[a, b]|2026-11-01|2|1\n"
                                                                  "2|3.0|[a, b]|2026-11-01|3|1\n"
                                                                  "3|4.5|[a, b]|2026-11-01|4|1\n"
                                                                  "4|6.0|[a, b]|2026-11-01|5|1\n"
                                                                  "5|7.5|[a, b]|2026-11-01|6|1\n"
                                                                  "6|9.0|[a, b]|2026-11-01|7|1\n"
                                                                  "7|10.5|[a, b]|2026-11-01|8|1\n"
                                                                  "8|12.0|[a, b]|2026-11-01|9|1\n"
                                                                  "9|13.5|[a, b]|2026-11-01|10|1\n");
    assert_ok(f, session_execf(f->s, &f->e, "copy (select 1::tinyint as id, true as more) to '%s/p/narrow.parquet'",
                               f->folder));
    assert_ok(f, session_execf(f->s, &f->e, "copy (select 'x' as id) to '%s/p/text.parquet'", f->folder));
    put(f, "p/x.parquet", "");
    load(f, "p/**/*.parquet");
    assert_string_equal(rows_of(f, "id, more, x, _file"), "1|true|~|p/narrow.parquet\n");
    assert_problem(f, "p/text.parquet", "column id is integer in the table, but string in the file");
    assert_problem(f, "p/x.parquet", "empty (0 bytes)");
    put(f, "p/t.csv", "id\n1\n");
    load(f, "p/*.csv");
    assert_problem(f, "p/t.csv", "text file");
}

static void folders_become_columns(void **state)
{
    struct fixture *f = *state;
    put(f, "raw/day=2026-11-01/country=D%20E/a.csv", "a\n1\n");
    put(f, "raw/day=2026-11-02/b.ndjson", "{\"a\":2}\n{\"day\":\"mine\"}");
    load(f, "raw/**/*");
    assert_string_equal(rows_of(f, "a, day, country"), "1|2026-11-01|D E\n2|2026-11-02|~\n~|mine|~\n");
}

static void content_under_another_path(void **state)
{
    struct fixture *f = *state;
    put(f, "a.csv", "a\n1\n");
    load(f, "*.csv");
    put(f, "b.csv", "a\n1\n");
    load(f, "*.csv");
    assert_string_equal(rows_of(f, "a, _file"), "1|b.csv\n");
    assert_non_null(strstr(f->notes->p, "same content as a.csv"));
    f->source.identity_content = true;
    put(f, "c.csv", "a\n1\n");
    load(f, "*.csv");
    assert_int_equal(f->staged->n_data, 0);
    assert_string_equal(ledger_find(&f->ledger, "c.csv")->same_as, "a.csv");
}

static void a_file_that_cannot_be_read(void **state)
{
    struct fixture *f = *state;
    put(f, "a.csv", "a\n1\n");
    put(f, "b.csv", "a\n2\n");
    assert_int_equal(mkfifo(in_folder(f, "pipe.csv"), 0600), 0);
    assert_int_equal(symlink("nowhere", in_folder(f, "link.csv")), 0);
    chmod(in_folder(f, "b.csv"), 0);
    load(f, "*.csv");
    assert_problem(f, "pipe.csv", "not a regular file");
    assert_problem(f, "link.csv", "it is gone");
    if (geteuid() != 0) assert_problem(f, "b.csv", "cannot be read");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(good_rows_load_and_malformed_ones_are_kept),
        TEST(whole_files_are_refused_and_the_others_load),
        TEST(damage_far_into_a_file_takes_all_of_it_back),
        TEST(encodings),
        TEST(dialects),
        TEST(a_line_of_100_megabytes_loads_and_a_longer_one_is_refused),
        TEST(json_in_its_forms),
        TEST(a_key_that_comes_late_becomes_a_column),
        TEST(drift),
        TEST(parquet),
        TEST(folders_become_columns),
        TEST(content_under_another_path),
        TEST(a_file_that_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
