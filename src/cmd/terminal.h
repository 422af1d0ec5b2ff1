/* What standard output or standard error is connected to, and how text looks there. */
#ifndef CMD_TERMINAL_H
#define CMD_TERMINAL_H

#include "base/buf.h"

struct terminal {
    bool interactive; /* a terminal that understands cursor movement */
    bool colours;     /* interactive, and NO_COLOR is not set */
    int width;        /* columns; 0: not a terminal, so unbounded */
};
struct terminal terminal_of(int fd);

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_RED, STYLE_GREEN, STYLE_YELLOW };
void add_styled(struct buf *out, const struct terminal *t, enum style style, const char *text);

/* Columns that UTF-8 text takes on a terminal: none for combining marks, two for wide characters. */
int text_width(const char *s);
/* The text cut to `width` columns (the last one is then "…"), or as it is. Control characters, which could steer the
 * terminal, become visible escapes. In the arena. */
char *text_visible(struct arena *a, const char *s);
char *text_cut(struct arena *a, const char *s, int width);

/* Rows and columns of text, aligned. */
struct grid_column {
    const char *title;
    bool right;
};
struct grid {
    const struct grid_column *columns;
    size_t n_columns;
    const char **cells; /* row-major; NULL shows as NULL, dim */
    size_t n_rows;
    bool no_titles;
};
/* Fits a terminal's width by cutting the widest columns and, if that is not enough, leaving columns out, which
 * it says; elsewhere nothing is cut. */
void grid_print(struct arena *a, struct buf *out, const struct grid *g, const struct terminal *t);

#endif
