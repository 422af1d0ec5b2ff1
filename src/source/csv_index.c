/* Where do CSV records end? The rules (docs/bronze.md says them for users):
 *  - a line ends with LF, CRLF or CR, in any mixture;
 *  - a quote opens only as the first character of a field; inside, a doubled quote (or the escape character before a quote
 *    or before itself) stands for a quote, and line ends belong to the value;
 *  - a quoted field that does not close before the end of the file, or before RECORD_MAX bytes, or whose closing quote is
 *    followed by more text in a record of several lines, was never meant to be open: the record is then its first line
 *    alone, which the parser refuses, and reading goes on after it;
 *  - an empty line is no record, unless the file has one column.
 * Sixty-four bytes at a time where there is no quote; quoted fields one by one. */
#include "source/bytes64.h"
#include "source/records.h"

struct scan {
    const struct csv_dialect *d;
    const char *p;
    size_t n;
    enum index_end end;
    size_t at;      /* bytes before it are dealt with */
    size_t record;  /* after the last line end outside of quotes: where the present record starts */
    int64_t inside; /* line ends within quotes of the present record, counted in result.lines already */
    struct index_result result;
    bool stop;
};

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

/* Line ends in p[from, to), CRLF counting once. */
static int64_t count_lines(const char *p, size_t from, size_t to)
{
    int64_t n = 0;
    for (size_t i = from; i < to; i++) n += p[i] == '\n' ? !(i > from && p[i - 1] == '\r') : p[i] == '\r';
    return n;
}

/* After the line end that is nearest to p[from], or n. */
static size_t after_line(const char *p, size_t n, size_t from)
{
    while (from < n && !is_line_end(p[from])) from++;
    if (from >= n) return n;
    return from + (p[from] == '\r' && from + 1 < n && p[from + 1] == '\n' ? 2 : 1);
}

/* The field that just opened never closes: its record is its first line. */
static void give_up_quote(struct scan *s)
{
    size_t next = after_line(s->p, s->n, s->record);
    if (s->end == INDEX_FULL) s->stop = true;         /* what follows has not been seen far enough yet */
    if (next == s->n && s->end == INDEX_FULL) return; /* even the line is too long */
    s->result.lines += 1 - s->inside;
    s->result.records++;
    s->inside = 0;
    s->record = s->at = next;
}

/* Where a quoted field that opens at `from` closes: the index of its closing quote, or n. */
static size_t closing_quote(const struct csv_dialect *d, const char *p, size_t n, size_t from)
{
    size_t i = from + 1;
    if (d->escape == d->quote) {
        for (;;) {
            const char *q = memchr(p + i, d->quote, n - i);
            if (!q) return n;
            i = (size_t)(q - p);
            if (i + 1 >= n || p[i + 1] != d->quote) return i;
            i += 2;
        }
    }
    for (; i < n; i++) {
        if (p[i] == d->escape && i + 1 < n && (p[i + 1] == d->quote || p[i + 1] == d->escape)) i++;
        else if (p[i] == d->quote) return i;
    }
    return n;
}

static void quoted_field(struct scan *s, size_t from)
{
    size_t close = closing_quote(s->d, s->p, s->n, from);
    if (close >= s->n || (close + 1 == s->n && s->end != INDEX_LAST)) {
        if (s->end == INDEX_MORE || (s->end == INDEX_FULL && s->record > 0)) s->stop = true;
        else give_up_quote(s);
        return;
    }
    int64_t lines = count_lines(s->p, from, close);
    char c = close + 1 < s->n ? s->p[close + 1] : '\n';
    if (c != s->d->delimiter && !is_line_end(c) && lines + s->inside > 0) {
        give_up_quote(s);
        return;
    }
    s->result.lines += lines;
    s->inside += lines;
    s->at = close + 1;
}

/* Counts the line ends among `bits` of the 64 bytes at s->at, all of them outside of quotes. */
static void count_ends(struct scan *s, uint64_t lf, uint64_t cr)
{
    uint64_t ends = lf | cr;
    if (!ends) return;
    char before = s->at ? s->p[s->at - 1] : 0;
    uint64_t second = lf & (cr << 1 | (before == '\r')); /* LF of a CRLF */
    uint64_t after_end = ends << 1 | (s->at == 0 || s->at == s->record);
    uint64_t of_records = s->d->one_column ? ends & ~second : ends & ~after_end;
    s->result.lines += __builtin_popcountll(ends & ~second);
    s->result.records += __builtin_popcountll(of_records);
    s->record = s->at + 64 - (size_t)__builtin_clzll(ends);
    s->inside = 0;
}

static uint64_t below(unsigned bit)
{
    return bit >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << bit) - 1;
}

/* Deals with the 64 bytes (or what is left) at s->at, or with those up to and including the first quoted field. */
static void window(struct scan *s)
{
    size_t left = s->n - s->at;
    char tail[64] = {0};
    const char *p = s->p + s->at;
    if (left < 64) p = memcpy(tail, p, left);
    uint64_t valid = below(left < 64 ? (unsigned)left : 64);
    struct bytes64 b = bytes64_load(p);
    uint64_t lf = bytes64_equal(b, '\n') & valid, cr = bytes64_equal(b, '\r') & valid;
    uint64_t quotes = s->d->quote ? bytes64_equal(b, s->d->quote) & valid : 0;
    for (; quotes; quotes &= quotes - 1) {
        unsigned bit = (unsigned)__builtin_ctzll(quotes);
        size_t i = s->at + bit;
        char before = i ? s->p[i - 1] : '\n';
        if (i != s->record && before != s->d->delimiter && !is_line_end(before)) continue; /* inside a bare field */
        count_ends(s, lf & below(bit), cr & below(bit));
        quoted_field(s, i);
        return;
    }
    count_ends(s, lf, cr);
    s->at += left < 64 ? left : 64;
}

/* With comments every line start must be looked at: record by record. Returns false at the end. */
static bool skip_comment(struct scan *s, size_t comment_length)
{
    if (s->at != s->record || s->n - s->at < comment_length || memcmp(s->p + s->at, s->d->comment, comment_length) != 0)
        return false;
    size_t next = after_line(s->p, s->n, s->at);
    bool whole = next > s->at && is_line_end(s->p[next - 1]);
    if (!whole && s->end != INDEX_LAST) {
        s->stop = true;
        return true;
    }
    s->result.lines++;
    s->at = s->record = next;
    return true;
}

static void line_by_line(struct scan *s)
{
    size_t comment_length = strlen(s->d->comment);
    while (s->at < s->n && !s->stop) {
        if (s->end != INDEX_LAST && s->at == s->record && s->n - s->at < comment_length) break;
        if (skip_comment(s, comment_length)) continue;
        char c = s->p[s->at];
        if (is_line_end(c)) {
            bool empty = s->at == s->record;
            s->at = s->record = after_line(s->p, s->n, s->at);
            s->result.lines++;
            s->inside = 0;
            if (!empty || s->d->one_column) s->result.records++;
        } else if (s->d->quote && c == s->d->quote && (s->at == s->record || s->p[s->at - 1] == s->d->delimiter)) {
            quoted_field(s, s->at);
        } else {
            s->at++;
        }
    }
}

struct index_result csv_index(const struct csv_dialect *d, const char *p, size_t n, enum index_end end)
{
    if (end != INDEX_LAST && n && p[n - 1] == '\r') n--; /* its LF may follow */
    struct scan s = {.d = d, .p = p, .n = n, .end = end};
    if (d->comment) line_by_line(&s);
    else
        while (s.at < n && !s.stop) window(&s);
    s.result.consumed = s.record;
    if (end == INDEX_LAST && s.record < n && !s.stop) { /* a last line without a line end */
        s.result.records++;
        s.result.lines++;
        s.result.consumed = n;
    } else {
        s.result.lines -= s.inside; /* of a record that is not whole yet */
    }
    return s.result;
}
