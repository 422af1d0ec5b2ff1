#include "project/contract.h"

#include "base/text.h"

#include <stdlib.h>

static const char *const actions[] = {
    [RULE_QUARANTINE] = "quarantine", [RULE_DROP] = "drop", [RULE_WARN] = "warn", [RULE_FAIL] = "fail"};

struct expression {
    const char *text; /* without its ending */
    enum rule_action action;
    bool ending; /* it has one */
};

/* `else quarantine` at the end: the token `else` was read. */
static bool read_ending(struct reader *r, struct scanner *s, struct expression *ret)
{
    struct token t = scan_token(s);
    struct pos pos = scan_position(s, t.p);
    char *word = arena_strndup(r->arena, t.p, t.n);
    for (size_t i = 0; i < 4; i++) {
        if (!token_is(&t, actions[i])) continue;
        ret->action = (enum rule_action)i;
        ret->ending = true;
        t = scan_token(s);
        if (t.kind == TOKEN_END) return true;
        problem_add(r->problems, scan_position(s, t.p), false, "nothing can follow 'else %s'", actions[i]);
        return false;
    }
    const char *near = read_suggest(r, word, actions, 4);
    if (near) problem_add(r->problems, pos, false, "unknown ending 'else %s'; did you mean '%s'?", word, near);
    else
        problem_add(r->problems, pos, false, "unknown ending 'else %s'; it is else quarantine, drop, warn or fail",
                    word);
    return false;
}

static bool read_expression(struct reader *r, struct scanner *s, struct expression *ret)
{
    struct nest nest = {.depth = 0};
    const char *from = s->p, *bad = NULL;
    struct token t = scan_token(s);
    const char *first = t.p;
    for (; t.kind != TOKEN_END; t = scan_token(s)) {
        if (nest.depth == 0 && token_is(&t, "else")) break;
        bad = nest_token(&nest, &t);
        if (bad) break;
    }
    if (!bad) bad = nest_end(&nest);
    if (bad) {
        problem_add(r->problems, scan_position(s, t.kind == TOKEN_END ? first : t.p), false, "%s", bad);
        return false;
    }
    const char *to = t.p;
    if (t.kind != TOKEN_END && !read_ending(r, s, ret)) return false;
    ret->text = scan_text(r->arena, from, to);
    if (*ret->text) return true;
    problem_add(r->problems, scan_position(s, first), false, "the expression is missing");
    return false;
}

/* Reads `(a, b)` or `a` before the word `references`; false if the line is something else. */
static bool read_columns(struct reader *r, struct scanner *s, struct reference *reference)
{
    struct token t = scan_token(s);
    bool bracket = token_is_symbol(&t, '(');
    if (bracket) t = scan_token(s);
    for (;;) {
        if ((t.kind != TOKEN_WORD && t.kind != TOKEN_NAME) || reference->n_columns > 100) return false;
        *ARENA_PUSH(r->arena, reference->columns, reference->n_columns) = token_name(r->arena, &t);
        t = scan_token(s);
        if (!bracket || !token_is_symbol(&t, ',')) break;
        t = scan_token(s);
    }
    if (bracket) {
        if (!token_is_symbol(&t, ')')) return false;
        t = scan_token(s);
    }
    return token_is(&t, "references");
}

/* Looks for the word before anything is allocated: most rules are expressions. */
static bool has_references(const struct scanner *s)
{
    static const char word[] = "references";
    for (const char *p = s->p; s->end - p >= 10; p++) {
        size_t i = 0;
        while (i < 10 && to_lower(p[i]) == word[i]) i++;
        if (i == 10) return true;
    }
    return false;
}

/* True if the line is a reference, good or bad. */
static bool read_reference_rule(struct reader *r, struct table *table, const struct raw_item *item)
{
    struct scanner s = item->text;
    struct reference reference = {.rule = item->name, .pos = item->pos};
    struct token t;
    if (!has_references(&s) || !read_columns(r, &s, &reference)) return false;
    for (size_t i = 0; i < reference.n_columns; i++)
        for (size_t j = 0; j < i; j++)
            if (compare_names(reference.columns[i], reference.columns[j]) == 0) {
                problem_add(r->problems, item->pos, false, "%s: the column '%s' is named twice", item->name,
                            reference.columns[i]);
                return true;
            }
    if (!contract_reference(r, &s, &t, &reference)) return true;
    if (t.kind != TOKEN_END) {
        struct expression ending = {0};
        struct pos pos = scan_position(&s, t.p);
        if (!token_is(&t, "else")) {
            problem_add(r->problems, pos, false,
                        "%s: nothing but 'else quarantine' can follow the table of 'references'", item->name);
            return true;
        }
        if (!read_ending(r, &s, &ending)) return true;
        if (ending.action != RULE_QUARANTINE) {
            problem_add(r->problems, pos, false,
                        "%s: a row without its parent goes to quarantine; 'else %s' is not supported by this "
                        "version of ingot",
                        item->name, actions[ending.action]);
            return true;
        }
    }
    *ARENA_PUSH(r->arena, table->references, table->n_references) = reference;
    return true;
}

void contract_rule(struct reader *r, struct table *table, const struct raw_item *item)
{
    struct expression e = {.action = RULE_QUARANTINE};
    struct scanner s = item->text;
    if (read_reference_rule(r, table, item) || !read_expression(r, &s, &e)) return;
    *ARENA_PUSH(r->arena, table->rules, table->n_rules) = (struct rule){item->name, e.text, e.action, item->pos};
}

static int compare_named(const void *name, const void *item)
{
    return strcmp(name, ((const struct named_check *)item)->name);
}

/* checks/<name>.sql, read when it is first used. False after a problem. */
static bool use_named(struct reader *r, struct named_checks *named, struct check *check)
{
    struct named_check *found =
        named->n ? bsearch(check->name, named->items, named->n, sizeof *found, compare_named) : NULL;
    if (!found) {
        const char **names = ARENA_ARRAY(r->arena, const char *, named->n + 1);
        for (size_t i = 0; i < named->n; i++) names[i] = named->items[i].name;
        const char *near = read_suggest(r, check->name, names, named->n);
        problem_add(r->problems, check->pos, false, "there is no checks/%s.sql%s%s%s", check->name,
                    near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
        return false;
    }
    if (!found->sql) {
        struct reader other = *r;
        struct str text;
        other.file = found->file;
        found->sql = read_text_file(&other, named->dir, &text) ? text.p : "";
        struct str trimmed = str_trim(str_of(found->sql));
        if (found->sql[0] && !trimmed.n)
            problem_add(r->problems, (struct pos){found->file, 1, 1}, false, "the file holds no query");
    }
    check->sql = found->sql;
    return true;
}

void contract_check(struct reader *r, struct table *table, struct named_checks *named, const struct raw_item *item)
{
    struct expression e = {0};
    struct scanner s = item->text;
    if (!read_expression(r, &s, &e)) return;
    struct check check = {.pos = item->pos};
    if (e.ending) {
        problem_add(r->problems, item->pos, false,
                    "a check has no ending: where it does not hold, the table is not published");
        return;
    }
    if (is_plain_name(e.text) && compare_names(e.text, "true") != 0 && compare_names(e.text, "false") != 0) {
        check.name = e.text;
        if (!use_named(r, named, &check)) return;
    } else {
        check.expression = e.text;
    }
    *ARENA_PUSH(r->arena, table->checks, table->n_checks) = check;
}
