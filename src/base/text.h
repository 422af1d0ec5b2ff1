/* Text: UTF-8, ASCII classes, names in files and URLs, "did you mean". */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/arena.h"
#include "base/buf.h"

static inline bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}
static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static inline bool is_name_char(char c)
{
    return is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
static inline char to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Length in bytes of the valid UTF-8 sequence at s (1 to 4), or 0 (RFC 3629: no surrogates, no overlong forms). */
size_t utf8_sequence(const char *s, size_t n);
bool utf8_valid(const char *s, size_t n);
/* Letter case is folded for ASCII only, as the engine and Delta compare column names. */
int compare_names(const char *a, const char *b);
char *lower_case(struct arena *a, const char *s);
/* A name of a table, layer member or target: [A-Za-z_][A-Za-z0-9_]{0,127}. */
bool is_plain_name(const char *s);
/* RFC 2396 percent-encoding of a path (keeps '/', '=' and unreserved), and back. Decoding keeps a bad escape, and %00,
 * as it is. */
char *percent_encode_path(struct arena *a, const char *path);
char *percent_decode(struct arena *a, const char *s);
/* The candidate nearest to `name` by edit distance, or NULL if none is near enough to suggest. */
const char *did_you_mean(const char *name, const char *const *candidates, size_t n);
/* Glob match of a whole path: `*` and `?` within a segment, `**` across segments, [abc] classes, {a,b} alternatives,
 * `\` before a character that stands for itself. Time is bounded by the product of the lengths. */
bool glob_match(const char *pattern, const char *path);

#endif
