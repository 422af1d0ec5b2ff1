/* Words, quotes and brackets of SQL, enough to find where an expression ends. Meaning is the engine's
 * business. */
#ifndef PROJECT_SCAN_H
#define PROJECT_SCAN_H

#include "project/project.h"

enum token_kind {
    TOKEN_END,
    TOKEN_WORD, /* letters, digits, _ */
    TOKEN_NUMBER,
    TOKEN_STRING, /* 'text', E'text', $$text$$ */
    TOKEN_NAME,   /* "name" */
    TOKEN_SYMBOL, /* any other character, one at a time */
    TOKEN_BAD,    /* a quote or comment that does not end */
};
struct token {
    enum token_kind kind;
    const char *p;
    size_t n;
    struct str comment; /* of the last `-- comment` before it; p NULL if there is none */
    bool after_gap;     /* blanks or comments stand before it */
    bool after_newline;
};
struct scanner {
    const char *p, *end;
    const char *file;
    const char *line_start; /* of the line on which the text begins, for positions */
    int line;
};

/* The next token; behind the last one TOKEN_END again and again. */
struct token scan_token(struct scanner *s);
/* Where p, which is within the scanner's text, stands in the file. O(distance from the text's first line). */
struct pos scan_position(const struct scanner *s, const char *p);
/* Whether it is this word in any letter case. */
bool token_is(const struct token *t, const char *word);
static inline bool token_is_symbol(const struct token *t, char c)
{
    return t->kind == TOKEN_SYMBOL && *t->p == c;
}
/* A word as it is, or a quoted name without its quotes; in the arena. NULL for other tokens. */
char *token_name(struct arena *a, const struct token *t);
/* The text from one byte to another without comments and with one blank or newline between tokens. */
char *scan_text(struct arena *a, const char *from, const char *to);

/* Open brackets and CASEs. */
#define NEST_MAX 200
struct nest {
    unsigned char open[NEST_MAX]; /* '(', '[', '{', or 'c' for CASE */
    size_t depth;
};
/* Takes one more token into account; returns what is wrong with it, or NULL. */
const char *nest_token(struct nest *nest, const struct token *t);
/* What is missing at the end, or NULL. */
const char *nest_end(const struct nest *nest);

#endif
