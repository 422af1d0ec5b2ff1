#include "engine/parquet_stats.h"

#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LEAVES_MAX 32
#define STRING_MAX 32 /* characters (code points) of a bound */

/* JSON has no inf and nan; zeros are widened, because readers may order -0.0 below 0.0 or take them for equal. */
static char *double_bound(struct arena *a, const char *text, bool upper)
{
    char *end;
    double d = strtod(text, &end);
    if (end == text || *end || !isfinite(d)) return NULL;
    if (d == 0) return arena_strdup(a, upper ? "0.0" : "-0.0");
    return arena_strdup(a, text);
}

static char *number_bound(struct arena *a, const char *text)
{
    const char *p = text;
    if (*p == '-') p++;
    if (!is_digit(*p)) return NULL;
    while (is_digit(*p)) p++;
    if (*p == '.') {
        if (!is_digit(*++p)) return NULL;
        while (is_digit(*p)) p++;
    }
    return *p ? NULL : arena_strdup(a, text);
}

/* "2020-01-01" with four digits of year only. */
static bool is_date(const char *s, size_t n)
{
    static const char shape[] = "dddd-dd-dd";
    if (n != sizeof shape - 1) return false;
    for (size_t i = 0; i < n; i++)
        if (shape[i] == 'd' ? !is_digit(s[i]) : s[i] != shape[i]) return false;
    return true;
}

/* "2020-01-01 12:34:56[.123456][+00]" to milliseconds, cut down or rounded up. */
static char *timestamp_bound(struct arena *a, const char *text, bool upper, bool zone)
{
    struct tm t = {0};
    int used = 0;
    if (strlen(text) < 19 || !is_date(text, 10) || text[10] != ' ' ||
        sscanf(text, "%4d-%2d-%2d %2d:%2d:%2d%n", &t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour, &t.tm_min, &t.tm_sec,
               &used) != 6)
        return NULL;
    const char *p = text + used;
    int us = 0, scale = 100000;
    if (*p == '.')
        for (p++; is_digit(*p); p++, scale /= 10) us += (*p - '0') * scale;
    if (strcmp(p, zone ? "+00" : "") != 0) return NULL;
    t.tm_year -= 1900;
    t.tm_mon -= 1;
    int64_t ms = (int64_t)timegm(&t) * 1000 + us / 1000 + (upper && us % 1000 ? 1 : 0);
    time_t seconds = (time_t)((ms - ((ms % 1000) + 1000) % 1000) / 1000);
    if (!gmtime_r(&seconds, &t) || t.tm_year + 1900 > 9999) return NULL;
    return arena_printf(a, "\"%04d-%02d-%02dT%02d:%02d:%02d.%03d%s\"", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
                        t.tm_hour, t.tm_min, t.tm_sec, (int)(((ms % 1000) + 1000) % 1000), zone ? "Z" : "");
}

static uint32_t decode(const char *s, size_t n)
{
    const unsigned char *u = (const unsigned char *)s;
    switch (n) {
    case 1: return u[0];
    case 2: return (u[0] & 0x1Fu) << 6 | (u[1] & 0x3Fu);
    case 3: return (u[0] & 0x0Fu) << 12 | (u[1] & 0x3Fu) << 6 | (u[2] & 0x3Fu);
    default: return (u[0] & 0x07u) << 18 | (u[1] & 0x3Fu) << 12 | (u[2] & 0x3Fu) << 6 | (u[3] & 0x3Fu);
    }
}

static size_t encode(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

/* The first 32 characters; an upper bound gets the next greater text of at most that length, if there is one. */
static char *string_bound(struct arena *a, const char *text, bool upper)
{
    size_t n = strlen(text), cut = 0, starts[STRING_MAX];
    int characters = 0;
    while (cut < n && characters < STRING_MAX) {
        size_t length = utf8_sequence(text + cut, n - cut);
        if (length == 0) return NULL;
        starts[characters++] = cut;
        cut += length;
    }
    char *s = arena_alloc(a, cut + 8);
    memcpy(s, text, cut);
    for (bool done = cut == n || !upper; !done; characters--) {
        if (characters == 0) return NULL;
        size_t at = starts[characters - 1];
        uint32_t c = decode(s + at, cut - at) + 1;
        if (c == 0xD800) c = 0xE000; /* surrogates are no characters */
        done = c <= 0x10FFFF;
        cut = done ? at + encode(s + at, c) : at;
    }
    struct buf *b = buf_new(a, BUF_DEFAULT_MAX);
    buf_add_json_string(b, s, cut);
    return b->p;
}

char *stats_bound(struct arena *a, const char *type, const char *text, bool upper)
{
    static const char *const integers[] = {"byte", "short", "integer", "long"};
    if (!text) return NULL;
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++)
        if (strcmp(type, integers[i]) == 0) return number_bound(a, text);
    if (strncmp(type, "decimal", 7) == 0) return number_bound(a, text);
    if (strcmp(type, "float") == 0 || strcmp(type, "double") == 0) return double_bound(a, text, upper);
    if (strcmp(type, "string") == 0) return string_bound(a, text, upper);
    if (strcmp(type, "date") == 0) return is_date(text, strlen(text)) ? arena_printf(a, "\"%s\"", text) : NULL;
    if (strcmp(type, "timestamp") == 0) return timestamp_bound(a, text, upper, true);
    if (strcmp(type, "timestamp_ntz") == 0) return timestamp_bound(a, text, upper, false);
    return NULL; /* boolean, binary */
}

/* The three objects in the making; each is nested like the schema. */
enum { MIN, MAX, NULLS, N_OBJECTS };
struct stats {
    struct arena *arena;
    const struct leaf_stats *leaves;
    size_t n_leaves;
    int room; /* leaf columns that may still be told */
};

static void add_member(struct buf *b, const char *name, const char *value)
{
    if (!value) return;
    if (b->n) buf_add_char(b, ',');
    buf_add_json_string(b, name, strlen(name));
    buf_add_char(b, ':');
    buf_add_str(b, value);
}

static const struct leaf_stats *find_leaf(const struct stats *s, const char *path)
{
    for (size_t i = 0; i < s->n_leaves; i++)
        if (strcmp(s->leaves[i].path, path) == 0) return &s->leaves[i];
    return NULL;
}

static void add_leaf(struct stats *s, struct buf *objects[N_OBJECTS], const char *name, const char *type,
                     const char *path)
{
    if (s->room-- <= 0) return;
    const struct leaf_stats *leaf = find_leaf(s, path);
    if (!leaf) return;
    if (!leaf->has_nan) {
        add_member(objects[MIN], name, stats_bound(s->arena, type, leaf->min, false));
        add_member(objects[MAX], name, stats_bound(s->arena, type, leaf->max, true));
    }
    add_member(objects[NULLS], name, leaf->null_count ? number_bound(s->arena, leaf->null_count) : NULL);
}

static void add_fields(struct stats *s, struct buf *objects[N_OBJECTS], const char *name, const json_t *type,
                       const char *path)
{
    struct buf *inner[N_OBJECTS];
    size_t i;
    json_t *field;
    for (int k = 0; k < N_OBJECTS; k++) inner[k] = buf_new(s->arena, BUF_DEFAULT_MAX);
    json_array_foreach(json_object_get(type, "fields"), i, field)
    {
        const char *field_name = json_string_value(json_object_get(field, "name"));
        const json_t *field_type = json_object_get(field, "type");
        if (!field_name) continue;
        const char *below = arena_printf(s->arena, "%s.%s", path, sql_name(s->arena, field_name));
        if (json_is_string(field_type)) add_leaf(s, inner, field_name, json_string_value(field_type), below);
        else add_fields(s, inner, field_name, field_type, below);
    }
    for (int k = 0; k < N_OBJECTS; k++)
        if (inner[k]->n) add_member(objects[k], name, arena_printf(s->arena, "{%s}", inner[k]->p));
}

char *delta_stats(struct arena *a, int64_t records, const struct delta_column *columns, size_t n_columns,
                  const struct leaf_stats *leaves, size_t n_leaves)
{
    struct stats s = {a, leaves, n_leaves, LEAVES_MAX};
    struct buf *objects[N_OBJECTS];
    for (int k = 0; k < N_OBJECTS; k++) objects[k] = buf_new(a, BUF_DEFAULT_MAX);
    for (size_t i = 0; i < n_columns; i++) {
        const char *path = sql_name(a, columns[i].name);
        json_t *type = NULL;
        if (!columns[i].nested) add_leaf(&s, objects, columns[i].name, columns[i].type, path);
        else if (json_read(a, str_of(columns[i].type), columns[i].name, &type, NULL) == RC_OK)
            add_fields(&s, objects, columns[i].name, type, path);
    }
    return arena_printf(a, "{\"numRecords\":%lld,\"minValues\":{%s},\"maxValues\":{%s},\"nullCount\":{%s}}",
                        (long long)records, objects[MIN]->p, objects[MAX]->p, objects[NULLS]->p);
}
