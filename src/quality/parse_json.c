/* Is a text one JSON value? (RFC 8259.) The engine's json_valid also takes NaN, infinities and trailing
 * commas. */
#include "quality/parse.h"

#include <string.h>

#define DEPTH_MAX 1000

struct json_scan {
    const char *p, *end;
    int depth;
    unsigned char is_object[DEPTH_MAX]; /* by depth */
};

static void skip_blanks(struct json_scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r')) s->p++;
}

static bool take(struct json_scan *s, char c)
{
    if (s->p == s->end || *s->p != c) return false;
    s->p++;
    return true;
}

static bool take_word(struct json_scan *s, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0) return false;
    s->p += n;
    return true;
}

static bool take_digits(struct json_scan *s)
{
    const char *first = s->p;
    while (s->p < s->end && *s->p >= '0' && *s->p <= '9') s->p++;
    return s->p > first;
}

static bool take_number(struct json_scan *s)
{
    take(s, '-');
    if (!take(s, '0') && !take_digits(s)) return false;
    if (take(s, '.') && !take_digits(s)) return false;
    if (take(s, 'e') || take(s, 'E')) {
        if (!take(s, '+')) take(s, '-');
        return take_digits(s);
    }
    return true;
}

static bool take_escape(struct json_scan *s)
{
    if (s->p == s->end) return false;
    char c = *s->p++;
    if (c != 'u') return c && strchr("\"\\/bfnrt", c);
    for (int i = 0; i < 4; i++, s->p++) {
        if (s->p == s->end) return false;
        char letter = (char)(*s->p | 0x20);
        if (!(*s->p >= '0' && *s->p <= '9') && (letter < 'a' || letter > 'f')) return false;
    }
    return true;
}

static bool take_string(struct json_scan *s)
{
    if (!take(s, '"')) return false;
    while (s->p < s->end) {
        unsigned char c = (unsigned char)*s->p++;
        if (c == '"') return true;
        if (c < 0x20 || (c == '\\' && !take_escape(s))) return false;
    }
    return false;
}

static bool take_name(struct json_scan *s)
{
    skip_blanks(s);
    if (!take_string(s)) return false;
    skip_blanks(s);
    return take(s, ':');
}

/* One value without what is nested in it: *ret_open says that a list or an object was entered. */
static bool take_value(struct json_scan *s, bool *ret_open)
{
    *ret_open = false;
    skip_blanks(s);
    if (s->p == s->end) return false;
    switch (*s->p) {
    case '{':
    case '[':
        if (s->depth == DEPTH_MAX) return false;
        s->is_object[s->depth++] = *s->p++ == '{';
        *ret_open = true;
        return true;
    case '"': return take_string(s);
    case 't': return take_word(s, "true");
    case 'f': return take_word(s, "false");
    case 'n': return take_word(s, "null");
    default: return take_number(s);
    }
}

/* After a value: closes what ends here. *ret_more: another value follows (the name before it is taken). */
static bool take_ends(struct json_scan *s, bool *ret_more)
{
    *ret_more = false;
    while (s->depth > 0) {
        skip_blanks(s);
        bool object = s->is_object[s->depth - 1];
        if (take(s, ',')) {
            *ret_more = true;
            return !object || take_name(s);
        }
        if (!take(s, object ? '}' : ']')) return false;
        s->depth--;
    }
    skip_blanks(s);
    return s->p == s->end;
}

bool parse_json(const char *p, size_t n)
{
    struct json_scan s;
    s.p = p;
    s.end = p + n;
    s.depth = 0;
    for (bool more = true; more;) {
        bool open;
        if (!take_value(&s, &open)) return false;
        if (open) {
            skip_blanks(&s);
            bool object = s.is_object[s.depth - 1];
            if (s.p < s.end && *s.p != (object ? '}' : ']')) {
                if (object && !take_name(&s)) return false;
                continue;
            }
        }
        if (!take_ends(&s, &more)) return false;
    }
    return true;
}
