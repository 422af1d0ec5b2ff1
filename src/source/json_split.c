/* Splits JSON into records: NDJSON by lines, a document by the elements of one array (or by the objects at its top).
 *
 * A document's records are found by brackets and strings alone; what is between them is checked by the parser, record
 * by record. What surrounds them, the head up to "[" and the tail from "]" on, must together be one valid document. */
#include "source/records.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int64_t count_lines(const char *p, size_t n)
{
    int64_t lines = 0;
    for (const char *q = p; (q = memchr(q, '\n', n - (size_t)(q - p))); q++) lines++;
    return lines;
}

/* --- NDJSON --- */

struct index_result ndjson_index(const char *p, size_t n, enum index_end end)
{
    struct index_result r = {0};
    size_t at = 0;
    while (at < n) {
        const char *lf = memchr(p + at, '\n', n - at);
        if (!lf && end != INDEX_LAST) break;
        size_t stop = lf ? (size_t)(lf - p) : n;
        size_t i = at;
        while (i < stop && is_blank(p[i])) i++;
        r.records += i < stop;
        r.lines++;
        at = lf ? stop + 1 : n;
    }
    r.consumed = at;
    return r;
}

/* --- documents --- */

enum place { PLACE_HEAD, PLACE_ARRAY, PLACE_OBJECTS, PLACE_TAIL };

struct json_splitter {
    char *path; /* "data.items", or "" */
    enum place place;
    bool after_element; /* in the array: a comma or the end comes next */
    bool first;         /* no element yet */
    struct buf outside; /* head, and then head and tail */
    char problem[200];
};

struct json_splitter *json_splitter_new(const char *path)
{
    struct json_splitter *s = calloc(1, sizeof *s);
    if (!s) abort();
    if (path && *path == '$') path++;
    if (path && *path == '.') path++;
    s->path = strdup(path ? path : "");
    if (!s->path) abort();
    s->first = true;
    buf_init(&s->outside, RECORD_MAX);
    return s;
}

void json_splitter_free(struct json_splitter *s)
{
    if (!s) return;
    free(s->path);
    buf_release(&s->outside);
    free(s);
}

const char *json_splitter_problem(const struct json_splitter *s)
{
    return s->problem[0] ? s->problem : NULL;
}

static void fail(struct json_splitter *s, const char *format, ...) PRINTF_LIKE(2, 3);
static void fail(struct json_splitter *s, const char *format, ...)
{
    if (s->problem[0]) return;
    va_list ap;
    va_start(ap, format);
    vsnprintf(s->problem, sizeof s->problem, format, ap);
    va_end(ap);
}

/* Past the string that opens at `at`, or n + 1 if it does not end in these bytes. */
static size_t skip_string(const char *p, size_t n, size_t at)
{
    for (at++; at < n; at++) {
        if (p[at] == '\\') at++;
        else if (p[at] == '"') return at + 1;
    }
    return n + 1;
}

/* Past the value that starts at `at`, by brackets and strings only; n + 1 if it does not end in these bytes. A scalar
 * ends before a comma, a bracket or a blank. */
static size_t skip_value(const char *p, size_t n, size_t at, bool last)
{
    size_t depth = 0;
    while (at < n) {
        char c = p[at];
        if (c == '"') {
            at = skip_string(p, n, at);
        } else if (c == '{' || c == '[') {
            depth++;
            at++;
        } else if (c == '}' || c == ']') {
            if (!depth) return at;
            depth--;
            at++;
        } else if (!depth) {
            while (at < n && !is_blank(p[at]) && !strchr(",]}[{\"", p[at] ? p[at] : 'x')) at++;
            return at < n || last ? at : n + 1;
        } else {
            at++;
        }
        if (!depth) return at;
    }
    return n + 1;
}

/* Where the array that the path names opens: the index behind its "[". 0: not in these bytes (or at all). */
static size_t find_array(const struct json_splitter *s, const char *p, size_t n)
{
    size_t at = 0;
    const char *step = s->path;
    for (;;) {
        while (at < n && is_blank(p[at])) at++;
        if (at >= n) return 0;
        if (!*step) return p[at] == '[' ? at + 1 : 0;
        if (p[at] != '{') return 0;
        at++;
        size_t length = strcspn(step, ".");
        for (;;) { /* the members of this object, until the step's key */
            while (at < n && (is_blank(p[at]) || p[at] == ',')) at++;
            if (at >= n || p[at] != '"') return 0;
            size_t key = at + 1;
            at = skip_string(p, n, at);
            if (at > n) return 0;
            bool wanted = at - 1 - key == length && memcmp(p + key, step, length) == 0;
            while (at < n && is_blank(p[at])) at++;
            if (at >= n || p[at] != ':') return 0;
            at++;
            while (at < n && is_blank(p[at])) at++;
            if (wanted) break;
            at = skip_value(p, n, at, false);
            if (at > n) return 0;
        }
        step += length + (step[length] == '.');
    }
}

/* The head: everything before the first record. Returns bytes consumed; 0 asks for more. */
static size_t read_head(struct json_splitter *s, const char *p, size_t n, enum index_end end)
{
    size_t at = 0;
    while (at < n && is_blank(p[at])) at++;
    if (at == n) {
        if (end == INDEX_LAST) fail(s, "holds no JSON value");
        return 0;
    }
    if (!*s->path && p[at] != '[') {
        s->place = PLACE_OBJECTS;
        return at;
    }
    at = find_array(s, p, n);
    if (at) {
        buf_add(&s->outside, p, at);
        s->place = PLACE_ARRAY;
    } else if (end != INDEX_MORE) {
        fail(s, "has no array at `records: $%s%s`", *s->path ? "." : "", s->path);
    }
    return at;
}

/* One step in the array: blanks, a comma, an element or the end. Returns false if more bytes are needed. */
static bool array_step(struct json_splitter *s, const char *p, size_t n, size_t *at, enum index_end end,
                       int64_t *records)
{
    char c = p[*at];
    if (is_blank(c)) {
        ++*at;
    } else if (c == ']') {
        if (!s->after_element && !s->first) fail(s, "has a comma before the end of its array");
        s->place = PLACE_TAIL;
    } else if (s->after_element) {
        if (c != ',') fail(s, "is not valid JSON: between two records of its array a comma was expected");
        s->after_element = false;
        ++*at;
    } else {
        size_t after = skip_value(p, n, *at, end == INDEX_LAST);
        if (after > n) {
            if (end == INDEX_LAST) fail(s, "ends in the middle of a record (truncated JSON)");
            return false;
        }
        if (after == *at) fail(s, "is not valid JSON: a record was expected, found '%c'", c);
        s->after_element = true;
        s->first = false;
        ++*records;
        *at = after;
    }
    return !s->problem[0];
}

static bool objects_step(struct json_splitter *s, const char *p, size_t n, size_t *at, enum index_end end,
                         int64_t *records)
{
    if (is_blank(p[*at])) {
        ++*at;
        return true;
    }
    size_t after = skip_value(p, n, *at, end == INDEX_LAST);
    if (after > n) {
        if (end == INDEX_LAST) fail(s, "ends in the middle of a record (truncated JSON)");
        return false;
    }
    if (after == *at) fail(s, "is not valid JSON: a record was expected, found '%c'", p[*at]);
    ++*records;
    *at = after;
    return !s->problem[0];
}

static void finish(struct json_splitter *s)
{
    size_t where;
    if (s->place == PLACE_ARRAY) fail(s, "ends in the middle of its array (truncated JSON)");
    if (s->place == PLACE_HEAD) fail(s, "holds no JSON value");
    if (s->place != PLACE_TAIL || s->problem[0]) return;
    if (s->outside.overflow) fail(s, "holds more than 128 MiB outside of its records");
    const char *problem = json_check(s->outside.p, s->outside.n, &where);
    if (problem) fail(s, "is not valid JSON outside of its records: %s", problem);
}

struct index_result json_split(struct json_splitter *s, const char *p, size_t n, enum index_end end)
{
    struct index_result r = {0};
    size_t at = 0;
    bool more = !s->problem[0];
    if (s->place == PLACE_HEAD) {
        at = r.head = read_head(s, p, n, end);
        more = s->place != PLACE_HEAD && !s->problem[0];
    }
    while (more && at < n && s->place == PLACE_ARRAY) more = array_step(s, p, n, &at, end, &r.records);
    while (more && at < n && s->place == PLACE_OBJECTS) more = objects_step(s, p, n, &at, end, &r.records);
    if (s->place == PLACE_TAIL && at < n) {
        buf_add(&s->outside, p + at, n - at);
        at = n;
    }
    if (end == INDEX_LAST) finish(s);
    r.consumed = at;
    r.lines = count_lines(p, at);
    return r;
}

/* --- walking --- */

static void next_line(struct json_cursor *c, struct record *r)
{
    const char *lf = memchr(c->p + c->at, '\n', c->n - c->at);
    size_t stop = lf ? (size_t)(lf - c->p) : c->n;
    while (c->at < stop && is_blank(c->p[c->at])) c->at++;
    r->raw = (struct str){c->p + c->at, stop - c->at};
    while (r->raw.n && is_blank(r->raw.p[r->raw.n - 1])) r->raw.n--;
    r->line = c->line++;
    c->at = lf ? stop + 1 : c->n;
}

bool json_next(struct json_cursor *c, struct record *ret)
{
    *ret = (struct record){.row = c->row};
    while (c->lines && c->at < c->n && !ret->raw.n) next_line(c, ret);
    if (!c->lines) {
        while (c->at < c->n && (is_blank(c->p[c->at]) || c->p[c->at] == ',')) c->line += c->p[c->at++] == '\n';
        if (c->at >= c->n || c->p[c->at] == ']') return false;
        size_t after = skip_value(c->p, c->n, c->at, true);
        if (after > c->n) after = c->n;
        ret->raw = (struct str){c->p + c->at, after - c->at};
        ret->line = c->line;
        c->line += count_lines(c->p + c->at, after - c->at);
        c->at = after;
    }
    c->row += ret->raw.n > 0;
    return ret->raw.n > 0;
}
