/* Finds out what a CSV file looks like. docs/bronze.md tells users these rules:
 *  - the delimiter is the one of , ; tab | with which most of the first records have as many fields as the first one; on
 *    a tie the one that makes more fields; none makes two: the file has one column;
 *  - the first record is the header, unless one of its fields looks like a number or a date. */
#include "source/text_file.h"
#include "base/text.h"

#include <stdlib.h>

#define SAMPLE_RECORDS 1000
#define COLUMNS_MAX 16384

struct sample {
    const char *p;
    size_t n;
    bool last;
};

/* A copy that a parser may write to, cut to whole records. */
static char *cut_sample(const struct csv_dialect *d, const struct sample *s, size_t *ret_n)
{
    struct index_result r = csv_index(d, s->p, s->n, s->last ? INDEX_LAST : INDEX_MORE);
    char *copy = calloc(1, r.consumed + BLOCK_PADDING);
    if (!copy) abort();
    memcpy(copy, s->p, r.consumed);
    *ret_n = r.consumed;
    return copy;
}

/* Per mille of the records that have as many fields as the first; *ret_fields of the first. */
static size_t judge(const struct csv_dialect *d, const struct sample *s, size_t *ret_fields)
{
    size_t n, records = 0, same = 0;
    char *copy = cut_sample(d, s, &n);
    struct csv_parser c = {.dialect = *d};
    struct record r;
    *ret_fields = 0;
    csv_start(&c, copy, n, 1, 1);
    while (records < SAMPLE_RECORDS && csv_next(&c, &r)) {
        if (!records) *ret_fields = r.n_fields;
        records++;
        same += !r.problem && r.n_fields == *ret_fields;
    }
    free(copy);
    return records ? same * 1000 / records : 0;
}

static char find_delimiter(const struct csv_dialect *known, const struct sample *s)
{
    static const char candidates[] = ",;\t|";
    char best = 0;
    size_t best_share = 0, best_fields = 0;
    for (const char *c = candidates; *c; c++) {
        struct csv_dialect d = *known;
        size_t fields;
        d.delimiter = *c;
        size_t share = judge(&d, s, &fields);
        if (fields < 2 || share < best_share || (share == best_share && fields <= best_fields)) continue;
        best = *c;
        best_share = share;
        best_fields = fields;
    }
    return best;
}

/* Digits with signs, points, commas, dashes, slashes, colons, blanks; T, Z and e between: 12, -1.5e3, 2026-11-23T10:00Z. */
static bool looks_like_value(struct str s)
{
    size_t digits = 0;
    s = str_trim(s);
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (is_digit(c)) digits++;
        else if (!strchr("+-.,/: %$", c) && !((c == 'T' || c == 'Z' || c == 'e' || c == 'E') && i && digits))
            return false;
    }
    return digits > 0;
}

static bool is_header(const struct record *r)
{
    for (size_t i = 0; i < r->n_fields; i++)
        if (looks_like_value((struct str){r->fields[i].p, r->fields[i].n})) return false;
    return true;
}

/* Past the physical lines that `skip` leaves out. */
static bool skip_lines(const struct sample *s, int64_t lines, size_t *at)
{
    for (; lines > 0; lines--) {
        while (*at < s->n && s->p[*at] != '\n' && s->p[*at] != '\r') ++*at;
        if (*at + 1 >= s->n) {
            if (!s->last) return false;
            *at = s->n;
            return true;
        }
        *at += s->p[*at] == '\r' && s->p[*at + 1] == '\n' ? 2 : 1;
    }
    return true;
}

static void name_columns(struct arena *a, struct text_file *f, struct record *r, bool header)
{
    f->n_columns = r->n_fields;
    f->columns = ARENA_ARRAY(a, const char *, r->n_fields + 1);
    for (size_t i = 0; i < r->n_fields; i++) {
        if (header) {
            field_text(&r->fields[i], &f->dialect);
            struct str name = str_trim((struct str){r->fields[i].p, r->fields[i].n});
            f->columns[i] = arena_strndup(a, name.p, name.n);
        } else {
            f->columns[i] = arena_printf(a, "column%zu", i + 1);
        }
    }
}

static bool is_reserved(const char *name)
{
    static const char *const reserved[] = {"_file", "_row", "_load", "_loaded_at", "_rescued"};
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (compare_names(name, reserved[i]) == 0) return true;
    return false;
}

struct named {
    const char *name;
    size_t position;
};

static int by_name(const void *x, const void *y)
{
    const struct named *a = x, *b = y;
    int order = compare_names(a->name, b->name);
    return order ? order : (a->position > b->position) - (a->position < b->position);
}

static void check_names(struct arena *a, struct text_file *f)
{
    struct named *sorted = ARENA_ARRAY(a, struct named, f->n_columns + 1);
    for (size_t i = 0; i < f->n_columns; i++) {
        if (!*f->columns[i]) {
            text_file_fail(f, "column %zu has no name (if the file has no header, say `csv: {header: false}`)", i + 1);
            return;
        }
        if (is_reserved(f->columns[i])) {
            text_file_fail(f, "the column name '%s' is one that ingot adds itself; rename it in the file",
                           f->columns[i]);
            return;
        }
        sorted[i] = (struct named){f->columns[i], i};
    }
    qsort(sorted, f->n_columns, sizeof *sorted, by_name);
    for (size_t i = 1; i < f->n_columns; i++) {
        if (compare_names(sorted[i - 1].name, sorted[i].name) != 0) continue;
        const struct named *x = &sorted[i - 1], *y = &sorted[i];
        if (strcmp(x->name, y->name) == 0)
            text_file_fail(f, "two columns have the name '%s' (columns %zu and %zu)", x->name, x->position + 1,
                           y->position + 1);
        else
            text_file_fail(f, "two column names differ only by case: '%s' and '%s' (columns %zu and %zu)", x->name,
                           y->name, x->position + 1, y->position + 1);
        return;
    }
}

static bool read_header(struct arena *a, struct text_file *f, const struct sample *s, size_t skipped, int64_t line)
{
    struct field *fields = calloc(COLUMNS_MAX, sizeof *fields);
    size_t n;
    char *copy = cut_sample(&f->dialect, s, &n);
    if (!fields) abort();
    struct csv_parser c = {.dialect = f->dialect, .fields = fields, .capacity = COLUMNS_MAX};
    struct record r;
    csv_start(&c, copy, n, 1, line);
    bool found = csv_next(&c, &r);
    int wanted = f->source->csv.header;
    f->data_offset = skipped;
    f->data_line = line;
    if (found) {
        bool header = wanted == 1 || (wanted < 0 && (r.n_fields > COLUMNS_MAX || is_header(&r)));
        if (header) {
            f->data_offset = skipped + c.at;
            f->data_line = c.line;
        }
        if (header && !text_is_clean(r.raw.p, r.raw.n))
            text_file_fail(f, "its header is not valid %s text; `encoding:` says what the file is in",
                           stream_encoding(f->stream));
        else if (header && r.problem) text_file_fail(f, "its header cannot be read: %s", r.problem);
        else if (r.n_fields > COLUMNS_MAX)
            text_file_fail(f, "has %zu columns; at most %d are read", r.n_fields, COLUMNS_MAX);
        else name_columns(a, f, &r, header);
        f->dialect.one_column = r.n_fields == 1;
        if (header && !f->problem[0]) check_names(a, f);
    } else if (s->last) {
        text_file_fail(f, wanted == 0 ? "holds no record" : "holds no header and no record");
    }
    free(fields);
    free(copy);
    return found || s->last;
}

bool dialect_find(struct arena *a, struct text_file *f, const char *sample, size_t n, bool last)
{
    const struct csv_options *o = &f->source->csv;
    struct sample s = {sample, n, last};
    size_t skipped = 0;
    f->dialect = (struct csv_dialect){.delimiter = o->delimiter,
                                      .quote = o->quote_none ? 0
                                               : o->quote    ? o->quote
                                                             : '"',
                                      .comment = o->comment && *o->comment ? o->comment : NULL,
                                      .null_text = o->null_text};
    f->dialect.escape = o->escape ? o->escape : f->dialect.quote;
    if (!skip_lines(&s, o->skip, &skipped)) return false;
    s.p += skipped;
    s.n -= skipped;
    if (!f->dialect.delimiter) f->dialect.delimiter = find_delimiter(&f->dialect, &s);
    if (!f->dialect.delimiter) f->dialect.delimiter = ',';
    return read_header(a, f, &s, skipped, o->skip + 1);
}
