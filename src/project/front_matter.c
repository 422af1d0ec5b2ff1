#include "project/front_matter.h"

#include "base/text.h"

/* One line of the file without its line end. */
struct line {
    const char *p, *end; /* without "\n" and "\r\n" and trailing blanks */
    const char *next;    /* where the next line begins, or the end of the text */
    int number;
    size_t indent;       /* leading blanks and tabs */
    bool empty, comment; /* nothing, or '#' first */
};

struct cutter {
    struct reader *r;
    struct front_matter *f;
    char *yaml;  /* written so far: f->yaml.p + n */
    size_t base; /* indentation of the keys */
    bool base_known;
    struct raw_block *block; /* that is being read, or NULL */
    enum raw_kind kind;
    size_t item_indent; /* of the block's items */
    bool item_good;     /* lines that continue belong to the last item */
    bool tab_reported;
};

static const struct {
    const char *key;
    size_t n;
} raw_keys[] = {[RAW_COLUMNS] = {"columns", 7}, [RAW_RULES] = {"rules", 5}, [RAW_CHECKS] = {"checks", 6}};

static struct line line_at(const char *p, const char *end, int number)
{
    const char *newline = memchr(p, '\n', (size_t)(end - p));
    struct line l = {.p = p, .end = newline ? newline : end, .next = newline ? newline + 1 : end, .number = number};
    while (l.end > l.p && (l.end[-1] == ' ' || l.end[-1] == '\t' || l.end[-1] == '\r')) l.end--;
    while (p < l.end && (*p == ' ' || *p == '\t')) p++;
    l.indent = (size_t)(p - l.p);
    l.empty = p == l.end;
    l.comment = !l.empty && *p == '#' && (l.end - p == 1 || is_space(p[1]) || p[1] == '#');
    return l;
}

static struct pos line_position(const struct cutter *c, const struct line *l, const char *p)
{
    struct scanner s = {.file = c->r->file, .line_start = l->p, .line = l->number};
    return scan_position(&s, p);
}

/* The first line that is only the end of a comment; `p` is at the beginning of a line. */
static const char *find_terminator(const char *p, const char *end)
{
    while (end - p >= 2) {
        if (p[0] == '*' && p[1] == '/') {
            struct line l = line_at(p, end, 0);
            if (l.end - l.p == 2) return p;
        }
        p = memchr(p, '\n', (size_t)(end - p));
        if (!p) return NULL;
        p++;
    }
    return NULL;
}

/* Whether the line is `columns:`, `rules:` or `checks:` at the indentation of the keys. */
static bool opens_block(const struct cutter *c, const struct line *l, enum raw_kind *ret)
{
    const char *p = l->p + l->indent;
    if (l->indent != c->base) return false;
    for (size_t i = 0; i < 3; i++) {
        size_t n = raw_keys[i].n;
        if ((size_t)(l->end - p) <= n || memcmp(p, raw_keys[i].key, n) != 0) continue;
        const char *after = p + n;
        while (after < l->end && *after == ' ') after++;
        if (after == l->end || *after != ':') return false;
        after++;
        while (after < l->end && is_space(*after)) after++;
        if (after < l->end && *after != '#') return false; /* a value: the YAML part says what is wrong with it */
        *ret = (enum raw_kind)i;
        return true;
    }
    return false;
}

static void open_block(struct cutter *c, const struct line *l, enum raw_kind kind)
{
    struct raw_block *b = &c->f->blocks[kind];
    struct pos pos = line_position(c, l, l->p + l->indent);
    if (b->pos.line)
        problem_add(c->r->problems, pos, false, "the key '%s' is given twice, first on line %d", raw_keys[kind].key,
                    b->pos.line);
    else b->pos = pos;
    c->block = b;
    c->kind = kind;
    c->item_indent = 0;
    c->item_good = false;
}

/* The name before the ':' at p; *ret_text is set behind it. NULL after a problem. */
static const char *item_name(struct cutter *c, const struct line *l, const char *p, const char **ret_text)
{
    struct pos pos = line_position(c, l, p);
    const char *what = c->kind == RAW_RULES ? "rule" : "column";
    const char *name = NULL, *after = p;
    if (*p == '"') {
        struct scanner s = {.p = p, .end = l->end};
        struct token t = scan_token(&s);
        name = token_name(c->r->arena, &t);
        after = s.p;
        while (after < l->end && *after == ' ') after++;
    } else {
        const char *colon = memchr(p, ':', (size_t)(l->end - p));
        after = colon ? colon : l->end;
        struct str s = str_trim((struct str){p, (size_t)(after - p)});
        name = arena_strndup(c->r->arena, s.p, s.n);
    }
    if (!name || after >= l->end || *after != ':') {
        problem_add(c->r->problems, pos, false,
                    "expected `name: %s`; each %s is a line of its own, and lines that continue it are "
                    "indented further",
                    c->kind == RAW_RULES ? "expression" : "type", what);
        return NULL;
    }
    bool bad = !*name || (*p != '"' && strpbrk(name, " \t()'\",;"));
    if (bad || (c->kind == RAW_RULES && !is_plain_name(name))) {
        problem_add(c->r->problems, pos, false,
                    c->kind == RAW_RULES ? "'%s' cannot be the name of a rule: letters, digits and _"
                                         : "'%s' cannot be the name of a column; write it in double quotes",
                    name);
        return NULL;
    }
    *ret_text = after + 1;
    return name;
}

static void add_item(struct cutter *c, const struct line *l)
{
    const char *p = l->p + l->indent, *text = p + 1, *name = NULL;
    c->item_good = false;
    if (c->kind == RAW_CHECKS) {
        if (*p != '-' || (text < l->end && !is_space(*text))) {
            problem_add(c->r->problems, line_position(c, l, p), false, "expected `- expression` or `- name`");
            return;
        }
        while (text < l->end && is_space(*text)) text++;
    } else if (!(name = item_name(c, l, p, &text))) {
        return;
    }
    c->item_good = true;
    struct raw_item *item = ARENA_PUSH(c->r->arena, c->block->items, c->block->n_items);
    *item = (struct raw_item){
        .name = name,
        .pos = line_position(c, l, name ? p : text),
        .text = {.p = text, .end = l->end, .file = c->r->file, .line_start = l->p, .line = l->number},
    };
}

/* A line below a raw key; false if the block ends before it. */
static bool block_line(struct cutter *c, const struct line *l)
{
    bool dash = c->kind == RAW_CHECKS && l->indent == c->base && l->p[l->indent] == '-';
    if (l->indent <= c->base && !dash) return false;
    if (memchr(l->p, '\t', l->indent)) {
        if (!c->tab_reported)
            problem_add(c->r->problems, line_position(c, l, l->p), false,
                        "a tab stands where the indentation must be spaces");
        c->tab_reported = true;
        return true;
    }
    if (l->comment) return true;
    if (c->item_indent == 0) c->item_indent = l->indent + 1; /* 1 more, so that 0 means none yet */
    size_t indent = l->indent + 1;
    if (indent == c->item_indent) {
        add_item(c, l);
    } else if (indent < c->item_indent) {
        problem_add(c->r->problems, line_position(c, l, l->p + l->indent), false,
                    "this line is indented less than the first one below '%s:'", raw_keys[c->kind].key);
    } else if (c->item_good) {
        c->block->items[c->block->n_items - 1].text.end = l->end;
    }
    return true;
}

static void add_yaml(struct cutter *c, const char *p, const char *end)
{
    memcpy(c->yaml, p, (size_t)(end - p));
    c->yaml += end - p;
}

/* A line between the opening and the terminator. */
static void cut_line(struct cutter *c, const struct line *l)
{
    enum raw_kind kind;
    if (!l->empty && !l->comment && !c->base_known) {
        c->base = l->indent;
        c->base_known = true;
    }
    if (c->block && !l->empty && !(l->comment && l->indent <= c->base) && !block_line(c, l)) c->block = NULL;
    if (!c->block && !l->empty && !l->comment) {
        if (l->end - l->p >= (ptrdiff_t)l->indent + 2 && memcmp(l->p + l->indent, "/*", 2) == 0)
            problem_add(c->r->problems, line_position(c, l, l->p + l->indent), false,
                        "'/*' within the front matter, which begins on line %d and ends at a line that is "
                        "only '*/'; comments in it begin with '#'",
                        c->f->first_line - 1);
        else if (opens_block(c, l, &kind)) open_block(c, l, kind);
        else add_yaml(c, l->p, l->end);
    }
    *c->yaml++ = '\n';
}

/* A line that begins front matter, but further down where nobody reads it. */
static void look_for_misplaced(struct reader *r, struct str text)
{
    for (const char *p = text.p, *end = text.p + text.n; (p = memmem(p, (size_t)(end - p), "/* ingot", 8)); p += 8) {
        if (p > text.p && p[-1] != '\n') continue;
        struct scanner s = {.file = r->file, .line_start = text.p, .line = 1};
        struct line l = line_at(p, end, 0);
        if (l.end - l.p != 8) continue;
        problem_add(r->problems, scan_position(&s, p), false,
                    "front matter must be the first thing in the file; move it before everything else");
        return;
    }
}

/* Where the front matter was meant to end: the last line that ends in a terminator which is not alone on it.
 */
static bool no_terminator(struct reader *r, struct pos start, const char *p, const char *end, int number)
{
    for (; p < end; number++) {
        struct line l = line_at(p, end, number);
        if (l.end - l.p >= 2 && l.end[-2] == '*' && l.end[-1] == '/') {
            problem_add(r->problems, start, false,
                        "the front matter that begins here does not end; put the '*/' of line %d at the "
                        "beginning of a line of its own",
                        number);
            return false;
        }
        p = l.next;
    }
    problem_add(r->problems, start, false,
                "the front matter that begins here does not end; it ends at a line that is only '*/'");
    return false;
}

bool front_matter_cut(struct reader *r, struct str text, struct front_matter *ret)
{
    *ret = (struct front_matter){.first_line = 1};
    const char *p = text.p, *end = text.p + text.n;
    int number = 1;
    for (; p < end && is_space(*p); p++) number += *p == '\n';
    struct scanner whole = {.file = r->file, .line_start = text.p, .line = 1};
    bool comment = end - p > 2 && p[0] == '/' && p[1] == '*';
    const char *word = p + 2;
    while (comment && word < end && (*word == ' ' || *word == '\t')) word++;
    if (!comment || end - word < 5 || memcmp(word, "ingot", 5) != 0 || (word + 5 < end && !is_space(word[5]))) {
        look_for_misplaced(r, text);
        return true;
    }
    struct pos start = scan_position(&whole, p);
    struct line first = line_at(word + 5, end, number);
    if (!first.empty) {
        problem_add(r->problems, scan_position(&whole, first.p + first.indent), false,
                    "the keys of the front matter begin on the line after '/* ingot'");
        return false;
    }
    ret->first_line = number + 1;
    const char *terminator = find_terminator(first.next, end);
    if (!terminator) return no_terminator(r, start, first.next, end, ret->first_line);
    char *yaml = arena_alloc(r->arena, (size_t)(terminator - first.next) + 1);
    struct cutter c = {.r = r, .f = ret, .yaml = yaml};
    for (p = first.next; p < terminator;) {
        struct line l = line_at(p, terminator, ++number);
        cut_line(&c, &l);
        p = l.next;
    }
    ret->end = (size_t)(terminator + 2 - text.p);
    ret->yaml = (struct str){yaml, (size_t)(c.yaml - yaml)};
    return true;
}
