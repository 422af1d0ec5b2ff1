#include "project/scan.h"

#include "base/text.h"

static bool is_word_start(char c)
{
    return (is_name_char(c) && !is_digit(c)) || (unsigned char)c >= 0x80;
}

static const char *line_end(const char *p, const char *end)
{
    const char *newline = memchr(p, '\n', (size_t)(end - p));
    return newline ? newline : end;
}

/* Behind a comment that nests, or NULL if it does not end. */
static const char *skip_block_comment(const char *p, const char *end)
{
    int depth = 0;
    while (end - p >= 2) {
        if (p[0] == '/' && p[1] == '*') {
            depth++;
            p += 2;
        } else if (p[0] == '*' && p[1] == '/') {
            p += 2;
            if (--depth == 0) return p;
        } else {
            p++;
        }
    }
    return NULL;
}

/* Behind blanks and comments. A line that begins with '#' and a blank is a comment as well, as in YAML. */
static const char *skip_gap(struct scanner *s, struct token *t)
{
    const char *p = s->p, *end = s->end;
    while (p < end) {
        if (is_space(*p)) {
            t->after_newline |= *p == '\n';
            p++;
        } else if (end - p >= 2 && p[0] == '-' && p[1] == '-') {
            const char *stop = line_end(p, end);
            t->comment = str_trim((struct str){p + 2, (size_t)(stop - p - 2)});
            p = stop;
        } else if (t->after_newline && *p == '#' && (end - p == 1 || is_space(p[1]) || p[1] == '#')) {
            p = line_end(p, end);
        } else if (end - p >= 2 && p[0] == '/' && p[1] == '*') {
            const char *stop = skip_block_comment(p, end);
            if (!stop) break;
            p = stop;
        } else {
            break;
        }
    }
    t->after_gap = p > s->p;
    return p;
}

/* Behind the closing quote, or NULL. A doubled quote stands for itself; with `backslash`, \' too. */
static const char *skip_quoted(const char *p, const char *end, bool backslash)
{
    char quote = *p++;
    for (; p < end; p++) {
        if (backslash && *p == '\\' && end - p > 1) p++;
        else if (*p == quote && end - p > 1 && p[1] == quote) p++;
        else if (*p == quote) return p + 1;
    }
    return NULL;
}

/* $$text$$ or $tag$text$tag$ at p: *ret_end behind it, NULL if it does not end. False if it is something
 * else. */
static bool dollar_quoted(const char *p, const char *end, const char **ret_end)
{
    const char *tag = p + 1;
    if (tag < end && is_digit(*tag)) return false;
    while (tag < end && is_name_char(*tag)) tag++;
    if (tag >= end || *tag != '$') return false;
    size_t n = (size_t)(tag + 1 - p);
    const char *found = memmem(tag + 1, (size_t)(end - tag - 1), p, n);
    *ret_end = found ? found + n : NULL;
    return true;
}

struct token scan_token(struct scanner *s)
{
    struct token t = {.kind = TOKEN_END};
    const char *p = skip_gap(s, &t), *end = s->end, *stop = p + 1;
    t.p = p;
    if (p >= end) {
        s->p = t.p = end;
        return t;
    }
    if (end - p >= 2 && p[0] == '/' && p[1] == '*') {
        t.kind = TOKEN_BAD;
    } else if ((*p == 'e' || *p == 'E') && end - p >= 2 && p[1] == '\'') {
        stop = skip_quoted(p + 1, end, true);
        t.kind = stop ? TOKEN_STRING : TOKEN_BAD;
    } else if (is_word_start(*p)) {
        while (stop < end && (is_word_start(*stop) || is_digit(*stop))) stop++;
        t.kind = TOKEN_WORD;
    } else if (is_digit(*p)) {
        while (stop < end && (is_name_char(*stop) || *stop == '.')) stop++;
        t.kind = TOKEN_NUMBER;
    } else if (*p == '\'' || *p == '"') {
        stop = skip_quoted(p, end, false);
        t.kind = !stop ? TOKEN_BAD : *p == '"' ? TOKEN_NAME : TOKEN_STRING;
    } else if (*p == '$' && dollar_quoted(p, end, &stop)) {
        t.kind = stop ? TOKEN_STRING : TOKEN_BAD;
    } else {
        t.kind = TOKEN_SYMBOL;
    }
    s->p = t.kind == TOKEN_BAD ? end : stop;
    t.n = (size_t)(s->p - p);
    return t;
}

struct pos scan_position(const struct scanner *s, const char *p)
{
    struct pos pos = {s->file, s->line, 1};
    const char *start = s->line_start;
    for (const char *newline; start < p && (newline = memchr(start, '\n', (size_t)(p - start))); pos.line++)
        start = newline + 1;
    for (; start < p; start++) pos.column += ((unsigned char)*start & 0xC0) != 0x80;
    return pos;
}

bool token_is(const struct token *t, const char *word)
{
    if (t->kind != TOKEN_WORD || t->n != strlen(word)) return false;
    for (size_t i = 0; i < t->n; i++)
        if (to_lower(t->p[i]) != word[i]) return false;
    return true;
}

char *token_name(struct arena *a, const struct token *t)
{
    if (t->kind == TOKEN_WORD) return arena_strndup(a, t->p, t->n);
    if (t->kind != TOKEN_NAME) return NULL;
    char *name = arena_alloc(a, t->n), *to = name;
    for (size_t i = 1; i + 1 < t->n; i++) {
        *to++ = t->p[i];
        if (t->p[i] == '"') i++;
    }
    *to = 0;
    return name;
}

char *scan_text(struct arena *a, const char *from, const char *to)
{
    struct scanner s = {.p = from, .end = to};
    char *text = arena_alloc(a, (size_t)(to - from) + 1), *out = text;
    for (struct token t = scan_token(&s); t.kind != TOKEN_END; t = scan_token(&s)) {
        if (out > text && t.after_gap) *out++ = t.after_newline ? '\n' : ' ';
        memcpy(out, t.p, t.n);
        out += t.n;
    }
    *out = 0;
    return text;
}

const char *nest_token(struct nest *nest, const struct token *t)
{
    unsigned char open = 0, close = 0;
    if (t->kind == TOKEN_BAD) {
        if (*t->p == '/') return "this comment does not end";
        return *t->p == '$' ? "this $-quoted text does not end" : "this quote does not end";
    }
    if (t->kind == TOKEN_SYMBOL) {
        char c = *t->p;
        if (c == '(' || c == '[' || c == '{') open = (unsigned char)c;
        if (c == ')' || c == ']' || c == '}') close = c == ')' ? '(' : c == ']' ? '[' : '{';
        if (c == ';') return "';' cannot stand in an expression";
    } else if (token_is(t, "case")) {
        open = 'c';
    } else if (token_is(t, "end") && nest->depth && nest->open[nest->depth - 1] == 'c') {
        close = 'c';
    }
    if (close) {
        if (!nest->depth) return "this bracket closes nothing";
        if (nest->open[nest->depth - 1] != close)
            return "this bracket closes another kind of bracket, or a CASE without END";
        nest->depth--;
    }
    if (open) {
        if (nest->depth == NEST_MAX) return "brackets are nested too deep";
        nest->open[nest->depth++] = open;
    }
    return NULL;
}

const char *nest_end(const struct nest *nest)
{
    if (!nest->depth) return NULL;
    switch (nest->open[nest->depth - 1]) {
    case 'c': return "CASE without END";
    case '(': return "a '(' is not closed";
    case '[': return "a '[' is not closed";
    default: return "a '{' is not closed";
    }
}
