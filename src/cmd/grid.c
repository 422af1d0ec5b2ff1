/* Aligned rows on a terminal. */
#include "cmd/terminal.h"

#include "base/text.h"

#define GAP 2
#define NARROWEST 8

struct layout {
    const char **cells; /* as they are printed */
    int *widths;
    size_t shown; /* the first columns that fit */
};

static int least(int a, int b)
{
    return a < b ? a : b;
}

static void measure(struct arena *a, struct layout *l, const struct grid *g)
{
    l->cells = ARENA_ARRAY(a, const char *, g->n_rows * g->n_columns + 1);
    l->widths = ARENA_ARRAY(a, int, g->n_columns + 1);
    for (size_t c = 0; c < g->n_columns; c++) {
        int width = g->no_titles ? 0 : text_width(text_visible(a, g->columns[c].title));
        for (size_t r = 0; r < g->n_rows; r++) {
            const char *cell = g->cells[r * g->n_columns + c];
            l->cells[r * g->n_columns + c] = cell ? text_visible(a, cell) : "NULL";
            int w = text_width(l->cells[r * g->n_columns + c]);
            if (w > width) width = w;
        }
        l->widths[c] = width;
    }
    l->shown = g->n_columns;
}

static int total(const struct layout *l, size_t n)
{
    int sum = 0;
    for (size_t c = 0; c < n; c++) sum += l->widths[c] + (c ? GAP : 0);
    return sum;
}

static void fit(struct layout *l, const struct grid *g, int width)
{
    if (width <= 0) return;
    while (total(l, g->n_columns) > width) {
        size_t widest = 0;
        for (size_t c = 1; c < g->n_columns; c++)
            if (l->widths[c] > l->widths[widest]) widest = c;
        if (l->widths[widest] <= NARROWEST) break;
        int over = total(l, g->n_columns) - width, next = NARROWEST;
        for (size_t c = 0; c < g->n_columns; c++) /* down to the next widest, so that equal ones shrink alike */
            if (l->widths[c] < l->widths[widest] && l->widths[c] > next) next = l->widths[c];
        int step = least(over, l->widths[widest] - next);
        l->widths[widest] -= step > 0 ? step : 1;
    }
    while (l->shown > 1 && total(l, l->shown) > width) l->shown--;
}

static void pad(struct buf *out, int n)
{
    for (int i = 0; i < n; i++) buf_add_char(out, ' ');
}

static void add_cell(struct arena *a, struct buf *out, const struct terminal *t, const char *text, int width,
                     bool right, bool last, enum style style)
{
    char *cut = text_cut(a, text, width);
    int space = width - text_width(cut);
    if (right) pad(out, space);
    add_styled(out, t, style, cut);
    if (!right && !last) pad(out, space);
    if (!last) pad(out, GAP);
}

void grid_print(struct arena *a, struct buf *out, const struct grid *g, const struct terminal *t)
{
    struct layout l;
    if (g->n_columns == 0) return;
    measure(a, &l, g);
    fit(&l, g, t->width);
    for (size_t c = 0; c < l.shown && !g->no_titles; c++)
        add_cell(a, out, t, text_visible(a, g->columns[c].title), l.widths[c], g->columns[c].right, c + 1 == l.shown,
                 STYLE_BOLD);
    if (!g->no_titles) buf_add_char(out, '\n');
    for (size_t r = 0; r < g->n_rows; r++) {
        for (size_t c = 0; c < l.shown; c++) {
            bool null = !g->cells[r * g->n_columns + c];
            add_cell(a, out, t, l.cells[r * g->n_columns + c], l.widths[c], g->columns[c].right, c + 1 == l.shown,
                     null ? STYLE_DIM : STYLE_PLAIN);
        }
        buf_add_char(out, '\n');
    }
    if (l.shown < g->n_columns)
        buf_printf(out, "… and %zu more columns, for which the terminal is too narrow\n", g->n_columns - l.shown);
}
