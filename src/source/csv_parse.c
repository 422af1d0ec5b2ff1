/* Takes CSV records apart, by the rules at the top of csv_index.c. */
#include "source/bytes64.h"
#include "source/records.h"

#include <stdio.h>

void csv_start(struct csv_parser *c, char *p, size_t n, int64_t row, int64_t line)
{
    c->p = p;
    c->n = n;
    c->at = 0;
    c->row = row;
    c->line = line;
    p[n] = '\n'; /* so that every search ends */
    c->window = 0;
    c->mask = bytes64_ends(bytes64_load(p), c->dialect.delimiter);
}

/* The first delimiter or line end at or after `from` (at most p[n]). */
static inline size_t next_end(struct csv_parser *c, size_t from)
{
    if (from - c->window >= 64) {
        c->window = from;
        c->mask = bytes64_ends(bytes64_load(c->p + from), c->dialect.delimiter);
    }
    uint64_t mask = c->mask >> (from - c->window) << (from - c->window);
    while (!mask) {
        c->window += 64;
        mask = c->mask = bytes64_ends(bytes64_load(c->p + c->window), c->dialect.delimiter);
    }
    return c->window + (size_t)__builtin_ctzll(mask);
}

static inline bool is_line_end(char ch)
{
    return ch == '\n' || ch == '\r';
}

/* Past the line end at `at`. */
static inline size_t skip_line_end(const struct csv_parser *c, size_t at)
{
    if (at >= c->n) return c->n;
    return at + (c->p[at] == '\r' && at + 1 < c->n && c->p[at + 1] == '\n' ? 2 : 1);
}

/* Past the empty lines and comments before the next record. */
static void skip_no_records(struct csv_parser *c)
{
    const char *comment = c->dialect.comment;
    size_t comment_length = comment ? strlen(comment) : 0;
    for (; c->at < c->n; c->line++) {
        if (comment && c->n - c->at >= comment_length && memcmp(c->p + c->at, comment, comment_length) == 0) {
            while (c->at < c->n && !is_line_end(c->p[c->at])) c->at++;
        } else if (c->dialect.one_column || !is_line_end(c->p[c->at])) {
            return;
        }
        c->at = skip_line_end(c, c->at);
    }
}

static const char *problem(struct csv_parser *c, const char *format, ...) PRINTF_LIKE(2, 3);
static const char *problem(struct csv_parser *c, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(c->problem, sizeof c->problem, format, ap);
    va_end(ap);
    return c->problem;
}

/* The closing quote of the field that opens at `from`, or n. Counts the line ends inside and notes doubled quotes. */
static size_t close_quote(const struct csv_parser *c, size_t from, bool *ret_escaped, int64_t *lines)
{
    const char *p = c->p;
    char quote = c->dialect.quote, escape = c->dialect.escape;
    size_t i = from + 1;
    for (; i < c->n; i++) {
        char ch = p[i];
        if (ch == escape && i + 1 < c->n && (p[i + 1] == quote || (escape != quote && p[i + 1] == escape))) {
            *ret_escaped = true;
            i++;
        } else if (ch == quote) {
            break;
        } else if (ch == '\n' ? p[i - 1] != '\r' : ch == '\r') {
            ++*lines;
        }
    }
    return i;
}

static inline void add_field(struct csv_parser *c, size_t *count, size_t from, size_t to, enum field_kind kind)
{
    if (*count < c->capacity) c->fields[*count] = (struct field){c->p + from, (uint32_t)(to - from), kind};
    ++*count;
}

static inline enum field_kind bare_kind(const struct csv_parser *c, size_t from, size_t to)
{
    const char *null_text = c->dialect.null_text;
    if (from == to || (null_text && strlen(null_text) == to - from && memcmp(c->p + from, null_text, to - from) == 0))
        return FIELD_NULL;
    return FIELD_PLAIN;
}

/* The record is its first line alone: a quote in it does not close. */
static size_t first_line_only(struct csv_parser *c, size_t start, int64_t *lines, struct record *r)
{
    size_t at = start;
    while (at < c->n && !is_line_end(c->p[at])) at++;
    *lines = 0;
    r->problem = "unclosed quote: the value that it opens does not end (only this line was taken out)";
    return at;
}

/* Reads the fields of the record that starts at c->at; returns the index of its line end. */
static size_t read_fields(struct csv_parser *c, int64_t *lines, struct record *r)
{
    size_t start = c->at, at = start, count = 0;
    char quote = c->dialect.quote, delimiter = c->dialect.delimiter;
    for (;; at++) {
        size_t end;
        if (quote && c->p[at] == quote && at < c->n) {
            bool escaped = false;
            size_t close = close_quote(c, at, &escaped, lines);
            if (close >= c->n) return first_line_only(c, start, lines, r);
            end = close + 1;
            if (end < c->n && c->p[end] != delimiter && !is_line_end(c->p[end])) {
                if (*lines) return first_line_only(c, start, lines, r);
                if (!r->problem) r->problem = problem(c, "text after the closing quote of field %zu", count + 1);
                end = next_end(c, end);
            }
            add_field(c, &count, at + 1, close, escaped ? FIELD_CSV_QUOTED : FIELD_PLAIN);
        } else {
            end = next_end(c, at);
            add_field(c, &count, at, end, bare_kind(c, at, end));
        }
        at = end;
        if (at >= c->n || c->p[at] != delimiter) break;
    }
    r->n_fields = count;
    return at;
}

bool csv_next(struct csv_parser *c, struct record *ret)
{
    skip_no_records(c);
    if (c->at >= c->n) return false;
    size_t start = c->at;
    int64_t lines = 0;
    *ret = (struct record){.fields = c->fields, .row = c->row++, .line = c->line};
    size_t end = read_fields(c, &lines, ret);
    ret->raw = (struct str){c->p + start, end - start};
    if (!ret->problem && c->n_columns && ret->n_fields != c->n_columns)
        ret->problem = problem(c, "expected %zu fields, found %zu", c->n_columns, ret->n_fields);
    c->line += lines + 1;
    c->at = skip_line_end(c, end);
    return true;
}
