#include "cmd/terminal.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct terminal terminal_of(int fd)
{
    struct terminal t = {0};
    if (!isatty(fd)) return t;
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    struct winsize size;
    t.width = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
    t.interactive = term && *term && strcmp(term, "dumb") != 0;
    t.colours = t.interactive && !(no_color && *no_color);
    return t;
}

void add_styled(struct buf *out, const struct terminal *t, enum style style, const char *text)
{
    static const char *const codes[] = {
        [STYLE_BOLD] = "1", [STYLE_DIM] = "2", [STYLE_RED] = "31", [STYLE_GREEN] = "32", [STYLE_YELLOW] = "33"};
    if (!t->colours || style == STYLE_PLAIN) buf_add_str(out, text);
    else buf_printf(out, "\033[%sm%s\033[0m", codes[style], text);
}

static uint32_t code_point(const char *s, size_t n)
{
    const unsigned char *p = (const unsigned char *)s;
    if (n <= 1) return p[0];
    uint32_t c = p[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) c = c << 6 | (p[i] & 0x3f);
    return c;
}

struct range {
    uint32_t first, last;
};

static bool within(uint32_t c, const struct range *ranges, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (c >= ranges[i].first && c <= ranges[i].last) return true;
    return false;
}

/* The blocks that matter (Unicode, East Asian Width and general categories Mn and Cf), not every character. */
static int point_width(uint32_t c)
{
    static const struct range none[] = {{0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},    {0x610, 0x61a},
                                        {0x64b, 0x65f},   {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},  {0x200b, 0x200f},
                                        {0x202a, 0x202e}, {0x2060, 0x2064}, {0x20d0, 0x20ff},  {0xfe00, 0xfe0f},
                                        {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xe0100, 0xe01ef}};
    static const struct range wide[] = {{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0x33ff},  {0x3400, 0x4dbf},
                                        {0x4e00, 0x9fff},   {0xa000, 0xa4cf},   {0xac00, 0xd7a3},  {0xf900, 0xfaff},
                                        {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},  {0x1f300, 0x1f64f},
                                        {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};
    if (c < 0x300) return 1;
    if (within(c, none, sizeof none / sizeof none[0])) return 0;
    return within(c, wide, sizeof wide / sizeof wide[0]) ? 2 : 1;
}

int text_width(const char *s)
{
    int width = 0;
    for (size_t left = strlen(s); left > 0;) {
        size_t n = utf8_sequence(s, left);
        width += n ? point_width(code_point(s, n)) : 1;
        s += n ? n : 1;
        left -= n ? n : 1;
    }
    return width;
}

char *text_visible(struct arena *a, const char *s)
{
    struct buf *b = buf_new(a, BUF_DEFAULT_MAX);
    for (size_t left = strlen(s); left > 0;) {
        size_t n = utf8_sequence(s, left);
        unsigned char c = (unsigned char)*s;
        if (c == '\n' || c == '\r' || c == '\t') buf_add_str(b, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
        else if (c < 0x20 || c == 0x7f || n == 0) buf_printf(b, "\\x%02x", c);
        else if (n == 2 && c == 0xc2 && (unsigned char)s[1] < 0xa0) /* C1 controls steer terminals, too */
            buf_printf(b, "\\u%04x", (unsigned char)s[1]);
        else buf_add(b, s, n);
        s += n ? n : 1;
        left -= n ? n : 1;
    }
    return b->p;
}

char *text_cut(struct arena *a, const char *s, int width)
{
    if (width <= 0 || text_width(s) <= width) return arena_strdup(a, s);
    const char *p = s;
    for (int used = 0; *p;) {
        size_t n = utf8_sequence(p, strlen(p));
        int w = n ? point_width(code_point(p, n)) : 1;
        if (used + w > width - 1) break;
        used += w;
        p += n ? n : 1;
    }
    return arena_printf(a, "%.*s…", (int)(p - s), s);
}
