#include "project/contract.h"

#include "base/text.h"

struct column_line {
    struct reader *r;
    struct table *table;
    struct scanner s;
    struct token t; /* the next one */
    struct column_contract column;
    struct reference reference;
    bool refers;
};

static bool bad_at(struct column_line *l, const char *p, const char *what)
{
    problem_add(l->r->problems, scan_position(&l->s, p), false, "%s: %s", l->column.name, what);
    return false;
}

/* On to the next token. A comment before it describes the column. */
static void advance(struct column_line *l)
{
    l->t = scan_token(&l->s);
    if (!l->t.comment.p || !l->t.comment.n) return;
    char *text = arena_strndup(l->r->arena, l->t.comment.p, l->t.comment.n);
    const char *before = l->column.description;
    l->column.description = before ? arena_printf(l->r->arena, "%s %s", before, text) : text;
}

/* (expr): everything between the brackets. */
static bool read_check(struct column_line *l)
{
    if (l->column.check) return bad_at(l, l->t.p, "'check' is given twice; join them with 'and'");
    advance(l);
    if (!token_is_symbol(&l->t, '('))
        return bad_at(l, l->t.p, "'check' needs an expression in brackets, as in `check (amount >= 0)`");
    const char *open = l->t.p;
    struct nest nest = {.depth = 0};
    const char *bad = nest_token(&nest, &l->t);
    while (!bad && nest.depth) {
        l->t = scan_token(&l->s); /* comments within are not the column's */
        if (l->t.kind == TOKEN_END) return bad_at(l, open, nest_end(&nest));
        bad = nest_token(&nest, &l->t);
    }
    if (bad) return bad_at(l, l->t.p, bad);
    l->column.check = scan_text(l->r->arena, open + 1, l->t.p);
    if (!*l->column.check) return bad_at(l, open, "the brackets of 'check' are empty");
    advance(l);
    return true;
}

/* layer.table, the words of which stand at *next. */
static bool reference_table(struct reader *r, struct scanner *s, struct token *next, struct reference *reference)
{
    struct pos pos = scan_position(s, next->p);
    char *layer = token_name(r->arena, next), *stem = NULL;
    if (layer) {
        *next = scan_token(s);
        if (token_is_symbol(next, '.')) {
            *next = scan_token(s);
            stem = token_name(r->arena, next);
            if (stem) *next = scan_token(s);
        }
    }
    if (!stem) {
        problem_add(r->problems, pos, false,
                    "'references' needs a table with its layer, as in `references silver.customers`");
        return false;
    }
    layer = lower_case(r->arena, layer);
    for (size_t i = 0; i < 3; i++) {
        if (strcmp(layer, layer_names[i]) != 0) continue;
        reference->table = arena_printf(r->arena, "%s.%s", layer, stem);
        reference->pos = pos;
        return true;
    }
    const char *near = read_suggest(r, layer, layer_names, 3);
    problem_add(r->problems, pos, false, "there is no layer '%s'; %s%s%s", layer,
                near ? "did you mean '" : "the layers are bronze, silver and gold", near ? near : "", near ? "'?" : "");
    return false;
}

/* (a, b): the token '(' is at *next. A name that comes twice is refused. */
static bool read_names(struct reader *r, struct scanner *s, struct token *next, const char ***ret, size_t *ret_n)
{
    const char **names = NULL;
    size_t n = 0;
    do {
        *next = scan_token(s);
        const char *name = token_name(r->arena, next);
        if (!name || !*name || n > 100) goto bad;
        for (size_t i = 0; i < n; i++)
            if (compare_names(names[i], name) == 0) goto bad;
        *ARENA_PUSH(r->arena, names, n) = name;
        *next = scan_token(s);
    } while (token_is_symbol(next, ','));
    if (!token_is_symbol(next, ')')) goto bad;
    *next = scan_token(s);
    *ret = names;
    *ret_n = n;
    return true;
bad:
    problem_add(r->problems, scan_position(s, next->p), false,
                "expected different columns in brackets, as in `references silver.prices(day, currency)`");
    return false;
}

bool contract_reference(struct reader *r, struct scanner *s, struct token *next, struct reference *reference)
{
    *next = scan_token(s);
    if (!reference_table(r, s, next, reference)) return false;
    struct pos pos = scan_position(s, next->p);
    if (token_is_symbol(next, '(') && !read_names(r, s, next, &reference->parent_columns, &reference->n_parent_columns))
        return false;
    if (!reference->n_parent_columns || reference->n_parent_columns == reference->n_columns) return true;
    problem_add(r->problems, pos, false, "%zu column%s cannot refer to %zu of %s", reference->n_columns,
                reference->n_columns == 1 ? "" : "s", reference->n_parent_columns, reference->table);
    return false;
}

static bool read_references(struct column_line *l)
{
    if (l->refers) return bad_at(l, l->t.p, "'references' is given twice");
    l->refers = true;
    const char **columns = ARENA_NEW(l->r->arena, const char *);
    columns[0] = l->column.name;
    l->reference = (struct reference){.columns = columns, .n_columns = 1, .rule = l->column.name};
    if (!contract_reference(l->r, &l->s, &l->t, &l->reference)) return false;
    if (l->t.comment.n) { /* contract_reference read ahead with scan_token: the description may stand before
                             the next token */
        struct str c = l->t.comment;
        l->column.description = l->column.description
                                    ? arena_printf(l->r->arena, "%s %.*s", l->column.description, (int)c.n, c.p)
                                    : arena_strndup(l->r->arena, c.p, c.n);
    }
    return true;
}

static bool read_not_null(struct column_line *l)
{
    const char *p = l->t.p;
    advance(l);
    if (!token_is(&l->t, "null")) return bad_at(l, p, "'not' is followed by 'null'");
    if (l->column.not_null) return bad_at(l, p, "'not null' is given twice");
    l->column.not_null = true;
    advance(l);
    return true;
}

static bool read_lenient(struct column_line *l)
{
    if (l->column.lenient) return bad_at(l, l->t.p, "'lenient' is given twice");
    l->column.lenient = true;
    advance(l);
    return true;
}

static bool no_such_word(struct column_line *l)
{
    static const char *const words[] = {"not null", "check", "references", "lenient", "not"};
    static const struct {
        const char *word, *advice;
    } others[] = {
        {"primary", "'primary key' is said by the key `key:` of the front matter"},
        {"unique", "'unique' is said by the key `key:` of the front matter"},
        {"default", "there are no defaults; write coalesce(…) in the SELECT"},
        {"null", "a column may be null unless it says 'not null'"},
        {"else", "only rules have an ending; a row that fails the contract goes to quarantine"},
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (token_is(&l->t, others[i].word)) return bad_at(l, l->t.p, others[i].advice);
    struct nest nest = {.depth = 0};
    const char *bad = nest_token(&nest, &l->t);
    if (bad) return bad_at(l, l->t.p, bad);
    char *word = arena_strndup(l->r->arena, l->t.p, l->t.n);
    const char *near = read_suggest(l->r, word, words, 4);
    if (near)
        problem_add(l->r->problems, scan_position(&l->s, l->t.p), false, "%s: unexpected '%s'; did you mean '%s'?",
                    l->column.name, word, near);
    else
        problem_add(l->r->problems, scan_position(&l->s, l->t.p), false,
                    "%s: unexpected '%s' after the type; there can be: not null, check (…), references "
                    "layer.table, lenient, -- description",
                    l->column.name, word);
    return false;
}

void contract_column(struct reader *r, struct table *table, const struct raw_item *item)
{
    static const struct {
        const char *word;
        bool (*read)(struct column_line *);
    } parts[] = {
        {"not", read_not_null}, {"check", read_check}, {"references", read_references}, {"lenient", read_lenient}};
    struct column_line l = {.r = r, .table = table, .s = item->text, .column = {.name = item->name, .pos = item->pos}};
    bool good = true;
    advance(&l);
    l.column.type = contract_type(r, &l.s, &l.t);
    if (!l.column.type) return;
    if (l.t.comment.n) l.column.description = arena_strndup(r->arena, l.t.comment.p, l.t.comment.n);
    while (good && l.t.kind != TOKEN_END) {
        size_t i = 0;
        while (i < 4 && !token_is(&l.t, parts[i].word)) i++;
        good = i < 4 ? parts[i].read(&l) : no_such_word(&l);
    }
    if (good && l.refers) *ARENA_PUSH(r->arena, table->references, table->n_references) = l.reference;
    *ARENA_PUSH(r->arena, table->columns, table->n_columns) = l.column;
}
