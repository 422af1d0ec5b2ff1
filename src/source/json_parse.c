/* A strict JSON tokenizer (RFC 8259) over bytes in memory: objects into members, everything else kept as raw text. */
#include "source/records.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

#define DEPTH_MAX 512

struct tokenizer {
    const char *p;
    size_t n, at;
    const char *problem;
};

static bool fail(struct tokenizer *t, const char *problem)
{
    if (!t->problem) t->problem = problem;
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_blanks(struct tokenizer *t)
{
    while (t->at < t->n && is_blank(t->p[t->at])) t->at++;
}

static char peek(const struct tokenizer *t)
{
    return t->at < t->n ? t->p[t->at] : 0;
}

static bool is_hex(char c)
{
    c = to_lower(c);
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

static bool read_escape(struct tokenizer *t)
{
    char c = t->at + 1 < t->n ? t->p[t->at + 1] : 0;
    if (c == 'u') {
        for (size_t i = 2; i < 6; i++)
            if (t->at + i >= t->n || !is_hex(t->p[t->at + i]))
                return fail(t, "a \\u escape without four hexadecimal digits");
        t->at += 6;
        return true;
    }
    if (!c || !strchr("\"\\/bfnrt", c)) return fail(t, "an unknown escape in a string");
    t->at += 2;
    return true;
}

/* At the opening quote; afterwards behind the closing one. */
static bool read_string(struct tokenizer *t, bool *ret_escaped)
{
    bool escaped = false;
    t->at++;
    while (t->at < t->n) {
        unsigned char c = (unsigned char)t->p[t->at];
        if (c == '"') {
            t->at++;
            *ret_escaped = escaped;
            return true;
        }
        if (c == '\\') {
            escaped = true;
            if (!read_escape(t)) return false;
        } else if (c < 0x20) {
            return fail(t, "a control character in a string");
        } else {
            t->at++;
        }
    }
    return fail(t, "a string that does not end");
}

static bool read_digits(struct tokenizer *t)
{
    size_t from = t->at;
    while (t->at < t->n && is_digit(t->p[t->at])) t->at++;
    return t->at > from;
}

static bool read_number(struct tokenizer *t)
{
    if (peek(t) == '-') t->at++;
    if (peek(t) == '0') t->at++;
    else if (!read_digits(t)) return fail(t, "a value was expected");
    if (peek(t) == '.') {
        t->at++;
        if (!read_digits(t)) return fail(t, "a number without digits after its point");
    }
    if (peek(t) == 'e' || peek(t) == 'E') {
        t->at++;
        if (peek(t) == '+' || peek(t) == '-') t->at++;
        if (!read_digits(t)) return fail(t, "a number without digits in its exponent");
    }
    return true;
}

static bool read_word(struct tokenizer *t, const char *word)
{
    size_t n = strlen(word);
    if (t->n - t->at < n || memcmp(t->p + t->at, word, n) != 0) return fail(t, "a value was expected");
    t->at += n;
    return true;
}

static bool read_scalar(struct tokenizer *t)
{
    bool escaped;
    switch (peek(t)) {
    case '"': return read_string(t, &escaped);
    case 't': return read_word(t, "true");
    case 'f': return read_word(t, "false");
    case 'n': return read_word(t, "null");
    default: return read_number(t);
    }
}

static bool read_key(struct tokenizer *t)
{
    bool escaped;
    skip_blanks(t);
    if (peek(t) != '"') return fail(t, "a key in quotes was expected");
    if (!read_string(t, &escaped)) return false;
    skip_blanks(t);
    if (peek(t) != ':') return fail(t, "a colon was expected after a key");
    t->at++;
    return true;
}

/* Any value, checked; nesting is kept as one bit a level (1: object), so that depth costs no stack. */
static bool read_value(struct tokenizer *t)
{
    uint64_t levels[DEPTH_MAX / 64] = {0};
    size_t depth = 0;
    for (;;) {
        skip_blanks(t);
        char c = peek(t);
        if (c == '{' || c == '[') {
            if (depth == DEPTH_MAX) return fail(t, "nested deeper than 512 levels");
            uint64_t bit = (uint64_t)1 << (depth & 63);
            levels[depth >> 6] = c == '{' ? levels[depth >> 6] | bit : levels[depth >> 6] & ~bit;
            depth++;
            t->at++;
            skip_blanks(t);
            if (peek(t) != (c == '{' ? '}' : ']')) {
                if (c == '{' && !read_key(t)) return false;
                continue;
            }
        } else if (!read_scalar(t)) {
            return false;
        } else {
            goto value_done;
        }
        depth--;
        t->at++; /* an empty object or list */
    value_done:
        while (depth) {
            skip_blanks(t);
            bool object = levels[(depth - 1) >> 6] >> ((depth - 1) & 63) & 1;
            c = peek(t);
            if (c == ',') {
                t->at++;
                if (object && !read_key(t)) return false;
                break;
            }
            if (c != (object ? '}' : ']'))
                return fail(t, object ? "a comma or } was expected" : "a comma or ] was expected");
            t->at++;
            depth--;
        }
        if (!depth) return true;
    }
}

static bool at_the_end(struct tokenizer *t)
{
    skip_blanks(t);
    return t->at == t->n || fail(t, "more text after the end of the value");
}

static bool is_number_start(char c)
{
    return c == '-' || is_digit(c);
}

static bool read_member(struct tokenizer *t, char *text, struct json_member *m)
{
    bool escaped = false;
    skip_blanks(t);
    if (peek(t) != '"') return fail(t, "a key in quotes was expected");
    size_t from = t->at + 1;
    if (!read_string(t, &escaped)) return false;
    struct field key = {text + from, (uint32_t)(t->at - 1 - from), escaped ? FIELD_JSON_ESCAPED : FIELD_PLAIN};
    skip_blanks(t);
    if (peek(t) != ':') return fail(t, "a colon was expected after a key");
    t->at++;
    skip_blanks(t);
    from = t->at;
    escaped = false;
    char c = peek(t);
    if (c == '"') {
        if (!read_string(t, &escaped)) return false;
        m->value =
            (struct field){text + from + 1, (uint32_t)(t->at - from - 2), escaped ? FIELD_JSON_ESCAPED : FIELD_PLAIN};
    } else {
        if (!(is_number_start(c) ? read_number(t) : read_value(t))) return false;
        m->value = (struct field){text + from, (uint32_t)(t->at - from), c == 'n' ? FIELD_NULL : FIELD_PLAIN};
    }
    if (!field_text(&key, NULL)) return fail(t, "a key with a NUL character or half a surrogate pair");
    m->key = (struct str){key.p, key.n};
    return true;
}

static struct json_member *next_member(struct json_parser *j)
{
    if (j->n_members == j->capacity) {
        j->capacity = j->capacity ? 2 * j->capacity : 64;
        j->members = realloc(j->members, j->capacity * sizeof *j->members);
        if (!j->members) abort();
    }
    return &j->members[j->n_members];
}

static bool read_members(struct json_parser *j, struct tokenizer *t, char *text)
{
    skip_blanks(t);
    if (peek(t) != '{') return fail(t, "the record is not an object");
    t->at++;
    skip_blanks(t);
    if (peek(t) == '}') {
        t->at++;
        return at_the_end(t);
    }
    for (;;) {
        if (!read_member(t, text, next_member(j))) return false;
        j->n_members++;
        skip_blanks(t);
        char c = peek(t);
        if (c != ',' && c != '}') return fail(t, "a comma or } was expected");
        t->at++;
        if (c == '}') return at_the_end(t);
    }
}

const char *json_take_apart(struct json_parser *j, char *p, size_t n)
{
    struct tokenizer t = {.p = p, .n = n};
    j->n_members = 0;
    if (read_members(j, &t, p)) return NULL;
    snprintf(j->problem, sizeof j->problem, "invalid JSON at byte %zu: %s", t.at + 1, t.problem);
    return j->problem;
}

void json_parser_release(struct json_parser *j)
{
    free(j->members);
    *j = (struct json_parser){0};
}

const char *json_check(const char *p, size_t n, size_t *ret_at)
{
    struct tokenizer t = {.p = p, .n = n};
    bool ok = read_value(&t) && at_the_end(&t);
    *ret_at = t.at;
    return ok ? NULL : t.problem;
}
