#include "project/plain_yaml.h"

#include "base/text.h"

#define KEYS_MAX 32

struct plain {
    struct arena *arena;
    struct yaml *map;
    const char *p, *end; /* of the line, without trailing blanks */
    const char *start;
    int line;
};

static bool is_plain_char(char c)
{
    return is_name_char(c) || c == '.' || c == '-';
}

static struct yaml *node(struct plain *s, enum yaml_kind kind, const char *p)
{
    struct yaml *y = ARENA_NEW(s->arena, struct yaml);
    y->kind = kind;
    y->line = s->line;
    y->column = (int)(p - s->start) + 1;
    return y;
}

/* Words that the core schema types. */
static bool is_special(const char *p, size_t n)
{
    static const struct str words[] = {{"null", 4}, {"true", 4}, {"false", 5}};
    for (size_t i = 0; i < 3; i++) {
        if (words[i].n != n) continue;
        size_t k = 0;
        while (k < n && to_lower(p[k]) == words[i].p[k]) k++;
        if (k == n) return true;
    }
    return false;
}

/* A scalar from p to end: a word, words with single blanks between them, or a small number. NULL: something
 * else. */
static struct yaml *scalar(struct plain *s, const char *p, const char *end, bool blanks)
{
    size_t n = (size_t)(end - p);
    if (!n) return NULL;
    if (is_digit(*p)) {
        int64_t value = 0;
        if (n > 15 || (n > 1 && *p == '0')) return NULL;
        for (size_t i = 0; i < n; i++) {
            if (!is_digit(p[i])) return NULL;
            value = value * 10 + (p[i] - '0');
        }
        struct yaml *y = node(s, YAML_INT, p);
        y->text = arena_strndup(s->arena, p, n);
        y->integer = value;
        y->number = (double)value;
        return y;
    }
    if (!is_name_char(*p) || is_special(p, n)) return NULL;
    for (size_t i = 0; i < n; i++)
        if (!is_plain_char(p[i]) && !(blanks && p[i] == ' ')) return NULL;
    struct yaml *y = node(s, YAML_STRING, p);
    y->text = arena_strndup(s->arena, p, n);
    return y;
}

/* [a, b] */
static struct yaml *list(struct plain *s, const char *p)
{
    const char *end = s->end - 1;
    if (end <= p || *end != ']') return NULL;
    struct yaml *y = node(s, YAML_LIST, p);
    p++;
    for (;;) {
        while (p < end && *p == ' ') p++;
        const char *stop = p;
        while (stop < end && is_plain_char(*stop)) stop++;
        struct yaml *item = scalar(s, p, stop, false);
        if (!item) return NULL;
        *ARENA_PUSH(s->arena, y->items, y->n) = item;
        p = stop;
        while (p < end && *p == ' ') p++;
        if (p == end) return y;
        if (*p++ != ',') return NULL;
    }
}

/* `key: value` */
static bool pair(struct plain *s)
{
    const char *p = s->p;
    while (p < s->end && is_name_char(*p)) p++;
    size_t n = (size_t)(p - s->p);
    if (!n || is_digit(*s->p) || is_special(s->p, n) || s->end - p < 3 || p[0] != ':' || p[1] != ' ') return false;
    for (size_t i = 0; i < s->map->n; i++)
        if (strlen(s->map->keys[i]->text) == n && memcmp(s->map->keys[i]->text, s->p, n) == 0) return false;
    if (s->map->n == KEYS_MAX) return false;
    struct yaml *key = node(s, YAML_STRING, s->p), *value;
    key->text = arena_strndup(s->arena, s->p, n);
    for (p++; p < s->end && *p == ' '; p++) {}
    value = *p == '[' ? list(s, p) : scalar(s, p, s->end, true);
    if (!value) return false;
    s->map->keys[s->map->n] = key;
    s->map->items[s->map->n++] = value;
    return true;
}

struct yaml *plain_yaml(struct arena *a, struct str text, int first_line)
{
    struct plain s = {.arena = a, .start = text.p, .line = first_line};
    const char *text_end = text.p + text.n;
    s.map = node(&s, YAML_MAP, text.p);
    s.map->keys = ARENA_ARRAY(a, struct yaml *, KEYS_MAX);
    s.map->items = ARENA_ARRAY(a, struct yaml *, KEYS_MAX);
    for (const char *p = text.p; p < text_end; s.line++) {
        const char *newline = memchr(p, '\n', (size_t)(text_end - p));
        s.start = s.p = p;
        s.end = newline ? newline : text_end;
        p = newline ? newline + 1 : text_end;
        while (s.end > s.p && (s.end[-1] == ' ' || (s.end[-1] == '\r' && newline))) s.end--;
        if (s.p == s.end) continue;
        if (!pair(&s)) return NULL;
    }
    if (s.map->n) {
        s.map->line = s.map->keys[0]->line;
        s.map->column = s.map->keys[0]->column;
    }
    return s.map;
}
