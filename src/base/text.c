#include "base/text.h"

#include <stdlib.h>

size_t utf8_sequence(const char *s, size_t n)
{
    if (n == 0) return 0;
    const unsigned char *u = (const unsigned char *)s;
    unsigned char c = u[0];
    if (c < 0x80) return 1;
    if (c < 0xC2 || c > 0xF4) return 0;
    size_t length = c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    if (length > n) return 0;
    /* The second byte excludes overlong forms, surrogates and code points beyond U+10FFFF. */
    unsigned char low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
    unsigned char high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
    if (u[1] < low || u[1] > high) return 0;
    for (size_t i = 2; i < length; i++)
        if ((u[i] & 0xC0) != 0x80) return 0;
    return length;
}

bool utf8_valid(const char *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t length = utf8_sequence(s + i, n - i);
        if (length == 0) return false;
        i += length;
    }
    return true;
}

int compare_names(const char *a, const char *b)
{
    while (*a && to_lower(*a) == to_lower(*b)) a++, b++;
    return (unsigned char)to_lower(*a) - (unsigned char)to_lower(*b);
}

char *lower_case(struct arena *a, const char *s)
{
    char *out = arena_strdup(a, s);
    for (char *p = out; *p; p++) *p = to_lower(*p);
    return out;
}

bool is_plain_name(const char *s)
{
    if (!is_name_char(s[0]) || is_digit(s[0])) return false;
    size_t n = 1;
    while (is_name_char(s[n]))
        if (++n > 128) return false;
    return s[n] == 0;
}

static bool kept_in_path(char c)
{
    return is_name_char(c) || (c && strchr("-.!~*'()/=", c));
}

char *percent_encode_path(struct arena *a, const char *path)
{
    static const char hex[] = "0123456789ABCDEF";
    char *out = arena_alloc(a, strlen(path) * 3 + 1), *to = out;
    for (const char *p = path; *p; p++) {
        if (kept_in_path(*p)) {
            *to++ = *p;
        } else {
            *to++ = '%';
            *to++ = hex[(unsigned char)*p >> 4];
            *to++ = hex[(unsigned char)*p & 15];
        }
    }
    *to = 0;
    return out;
}

static int hex_value(char c)
{
    if (is_digit(c)) return c - '0';
    c = to_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *percent_decode(struct arena *a, const char *s)
{
    char *out = arena_alloc(a, strlen(s) + 1), *to = out;
    while (*s) {
        int high = *s == '%' ? hex_value(s[1]) : -1;
        int low = high >= 0 ? hex_value(s[2]) : -1;
        if (low >= 0 && high * 16 + low != 0) { /* a NUL would cut the text short: stays %00 */
            *to++ = (char)(unsigned char)(high * 16 + low);
            s += 3;
        } else {
            *to++ = *s++;
        }
    }
    *to = 0;
    return out;
}

#define SUGGEST_MAX 128

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Damerau-Levenshtein distance (adjacent swaps count as one) of names in lower case, both shorter than SUGGEST_MAX. */
static size_t edit_distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t rows[3][SUGGEST_MAX], *two = rows[0], *previous = rows[1], *now = rows[2];
    for (size_t j = 0; j <= m; j++) previous[j] = two[j] = j;
    for (size_t i = 1; i <= n; i++) {
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            char x = to_lower(a[i - 1]), y = to_lower(b[j - 1]);
            now[j] = min3(previous[j] + 1, now[j - 1] + 1, previous[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == to_lower(b[j - 2]) && y == to_lower(a[i - 2]) && two[j - 2] + 1 < now[j])
                now[j] = two[j - 2] + 1;
        }
        size_t *oldest = two;
        two = previous;
        previous = now;
        now = oldest;
    }
    return previous[m];
}

const char *did_you_mean(const char *name, const char *const *candidates, size_t n)
{
    size_t length = strlen(name);
    if (length == 0 || length >= SUGGEST_MAX) return NULL;
    size_t limit = length / 3 > 1 ? length / 3 : 1, best = limit + 1;
    const char *found = NULL;
    for (size_t i = 0; i < n; i++) {
        size_t m = candidates[i] ? strlen(candidates[i]) : 0;
        if (m == 0 || m >= SUGGEST_MAX || m > length + limit || length > m + limit) continue;
        size_t distance = edit_distance(name, length, candidates[i], m);
        if (distance < best && distance < length) {
            best = distance;
            found = candidates[i];
        }
    }
    return found;
}

/* Glob matching runs the pattern as a nondeterministic automaton: a set of positions moves over the path one
 * character at a time, so that time is bounded by pattern length times path length whatever the pattern holds. */
enum glob_kind {
    GLOB_END,
    GLOB_LITERAL,     /* the character p[0..n) */
    GLOB_ONE,         /* ? */
    GLOB_STAR,        /* * */
    GLOB_DEEP,        /* ** that is not a whole segment */
    GLOB_DEEP_ENTER,  /* "**" and "/" at the start of a segment: no segment at all, or … */
    GLOB_DEEP_INSIDE, /* … some, up to a '/' */
    GLOB_CLASS,       /* [p[0..n)] */
    GLOB_OPEN,        /* { */
    GLOB_COMMA,       /* , between alternatives */
    GLOB_CLOSE,       /* } */
};

struct glob_token {
    enum glob_kind kind;
    const char *p;
    size_t n;
    size_t next;  /* OPEN, COMMA: the next COMMA of the same braces, or 0 */
    size_t close; /* OPEN, COMMA: their CLOSE */
};

/* Length of one character: a UTF-8 sequence, or a single byte that is none. */
static size_t character(const char *s)
{
    size_t n = utf8_sequence(s, strnlen(s, 4));
    return n ? n : 1;
}

/* The end of a class that starts after '[', or NULL: "[]a]" holds ']' and "[!a]" negates. */
static const char *class_end(const char *p)
{
    if (*p == '!' || *p == '^') p++;
    if (*p == ']') p++;
    while (*p && *p != ']' && *p != '/') p++;
    return *p == ']' ? p : NULL;
}

/* Whether the '{' before p is closed somewhere. */
static bool braces_close(const char *p)
{
    int depth = 1;
    for (; *p; p++) {
        if (*p == '\\' && p[1]) p++;
        else if (*p == '{') depth++;
        else if (*p == '}' && --depth == 0) return true;
    }
    return false;
}

/* One token of the pattern that is not about braces; returns how many tokens it made. */
static size_t glob_plain_token(const char **pattern, bool segment_start, struct glob_token *t)
{
    const char *p = *pattern, *end;
    if (p[0] == '*' && p[1] == '*') {
        while (*p == '*') p++;
        if (segment_start && *p == '/') {
            t[0] = (struct glob_token){.kind = GLOB_DEEP_ENTER};
            t[1] = (struct glob_token){.kind = GLOB_DEEP_INSIDE};
            *pattern = p + 1;
            return 2;
        }
        t[0] = (struct glob_token){.kind = GLOB_DEEP};
    } else if (*p == '*' || *p == '?') {
        t[0] = (struct glob_token){.kind = *p == '*' ? GLOB_STAR : GLOB_ONE};
        p++;
    } else if (*p == '[' && (end = class_end(p + 1))) {
        t[0] = (struct glob_token){.kind = GLOB_CLASS, .p = p + 1, .n = (size_t)(end - p - 1)};
        p = end + 1;
    } else {
        if (*p == '\\' && p[1]) p++;
        t[0] = (struct glob_token){.kind = GLOB_LITERAL, .p = p, .n = character(p)};
        p += t[0].n;
    }
    *pattern = p;
    return 1;
}

/* Splits a pattern into tokens; `t` has room for one per byte and the end, `open` for one per byte. */
static size_t glob_parse(const char *pattern, struct glob_token *t, size_t *open)
{
    size_t n = 0, depth = 0;
    bool segment_start = true;
    for (const char *p = pattern; *p;) {
        char c = *p;
        if (c == '{' && braces_close(p + 1)) {
            t[n] = (struct glob_token){.kind = GLOB_OPEN};
            open[depth++] = n++;
            p++;
        } else if (depth && (c == ',' || c == '}')) {
            t[n] = (struct glob_token){.kind = c == ',' ? GLOB_COMMA : GLOB_CLOSE};
            size_t last = open[depth - 1];
            while (t[last].next) last = t[last].next;
            if (c == ',') {
                t[last].next = n;
            } else {
                depth--;
                t[open[depth]].close = n;
                for (size_t i = t[open[depth]].next; i; i = t[i].next) t[i].close = n;
            }
            n++;
            p++;
        } else {
            n += glob_plain_token(&p, segment_start, t + n);
        }
        segment_start = c == '/' || c == '{' || (c == ',' && depth) || (p > pattern && p[-1] == '/');
    }
    t[n] = (struct glob_token){.kind = GLOB_END};
    return n;
}

static bool in_class(const struct glob_token *t, const char *c, size_t n)
{
    const char *p = t->p, *end = t->p + t->n;
    bool negated = *p == '!' || *p == '^';
    if (negated) p++;
    while (p < end) {
        size_t width = utf8_sequence(p, (size_t)(end - p));
        if (!width) width = 1;
        const char *from = p, *to = p;
        size_t to_width = width;
        p += width;
        if (end - p >= 2 && *p == '-') {
            to = p + 1;
            to_width = utf8_sequence(to, (size_t)(end - to));
            if (!to_width) to_width = 1;
            p = to + to_width;
        }
        /* The order of UTF-8 bytes is the order of code points. */
        bool at_least = n > width || (n == width && memcmp(c, from, n) >= 0);
        bool at_most = n < to_width || (n == to_width && memcmp(c, to, n) <= 0);
        if (at_least && at_most) return !negated;
    }
    return negated;
}

struct glob_set {
    unsigned char *has;
    size_t *list, n;
};

static void glob_insert(struct glob_set *s, size_t i)
{
    if (s->has[i]) return;
    s->has[i] = 1;
    s->list[s->n++] = i;
}

/* Adds the positions that are reached without a character. */
static void glob_close(const struct glob_token *t, struct glob_set *s)
{
    for (size_t k = 0; k < s->n; k++) {
        size_t i = s->list[k];
        switch (t[i].kind) {
        case GLOB_STAR:
        case GLOB_DEEP:
        case GLOB_CLOSE: glob_insert(s, i + 1); break;
        case GLOB_DEEP_ENTER:
            glob_insert(s, i + 1);
            glob_insert(s, i + 2);
            break;
        case GLOB_OPEN:
            glob_insert(s, i + 1);
            for (size_t c = t[i].next; c; c = t[c].next) glob_insert(s, c + 1);
            break;
        case GLOB_COMMA: glob_insert(s, t[i].close + 1); break;
        default: break;
        }
    }
}

static void glob_step(const struct glob_token *t, const struct glob_set *from, struct glob_set *to, const char *c,
                      size_t n)
{
    bool slash = *c == '/';
    for (size_t k = 0; k < from->n; k++) {
        size_t i = from->list[k];
        switch (t[i].kind) {
        case GLOB_LITERAL:
            if (t[i].n == n && memcmp(t[i].p, c, n) == 0) glob_insert(to, i + 1);
            break;
        case GLOB_ONE:
            if (!slash) glob_insert(to, i + 1);
            break;
        case GLOB_CLASS:
            if (!slash && in_class(&t[i], c, n)) glob_insert(to, i + 1);
            break;
        case GLOB_STAR:
            if (!slash) glob_insert(to, i);
            break;
        case GLOB_DEEP: glob_insert(to, i); break;
        case GLOB_DEEP_INSIDE:
            glob_insert(to, i);
            if (slash) glob_insert(to, i + 1);
            break;
        default: break;
        }
    }
}

bool glob_match(const char *pattern, const char *path)
{
    size_t room = strlen(pattern) + 1;
    char *memory = calloc(room, sizeof(struct glob_token) + 3 * sizeof(size_t) + 2);
    if (!memory) abort();
    struct glob_token *t = (struct glob_token *)(void *)memory;
    size_t *numbers = (size_t *)(void *)(t + room);
    unsigned char *flags = (unsigned char *)(numbers + 3 * room);
    size_t end = glob_parse(pattern, t, numbers);
    struct glob_set now = {flags, numbers + room, 0}, next = {flags + room, numbers + 2 * room, 0};
    glob_insert(&now, 0);
    glob_close(t, &now);
    while (*path && now.n) {
        size_t n = character(path);
        glob_step(t, &now, &next, path, n);
        glob_close(t, &next);
        for (size_t k = 0; k < now.n; k++) now.has[now.list[k]] = 0;
        now.n = 0;
        struct glob_set swap = now;
        now = next;
        next = swap;
        path += n;
    }
    bool matched = *path == 0 && now.has[end];
    free(memory);
    return matched;
}
