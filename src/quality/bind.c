/* Checks and rules as the engine understands them, before any row is judged. */
#include "quality/contract.h"

#include "quality/expression.h"

#include <string.h>

struct bound {
    const char *what, *text;
    struct pos pos;
    bool rule;
};

static void collect(struct arena *a, const struct table *t, struct bound **ret, size_t *ret_n)
{
    struct bound *list = NULL;
    size_t n = 0;
    for (size_t i = 0; i < t->n_columns; i++)
        if (t->columns[i].check)
            *ARENA_PUSH(a, list, n) = (struct bound){arena_printf(a, "check of column %s", t->columns[i].name),
                                                     t->columns[i].check, t->columns[i].pos, true};
    for (size_t i = 0; i < t->n_rules; i++)
        *ARENA_PUSH(a, list, n) =
            (struct bound){arena_printf(a, "rule %s", t->rules[i].name), t->rules[i].expression, t->rules[i].pos, true};
    for (size_t i = 0; i < t->n_checks; i++)
        if (t->checks[i].expression)
            *ARENA_PUSH(a, list, n) = (struct bound){"check", t->checks[i].expression, t->checks[i].pos, false};
    *ret = list;
    *ret_n = n;
}

static enum rc bind_one(struct arena *a, struct session *s, const struct table *t, const struct bound *b,
                        const char *sample, struct err *e)
{
    struct expression x;
    struct rows *rows;
    struct err reason = {0};
    struct pos pos = b->pos.file ? b->pos : t->pos;
    const char *file = pos.file ? pos.file : t->name;
    enum rc rc = expression_read(a, b->text, (struct pos){file, pos.line, pos.column}, b->what, b->rule, NULL, &x, e);
    if (rc != RC_OK) return rc;
    rc =
        session_query(a, s, arena_printf(a, "SELECT %s%s%s FROM (%s) AS t", b->rule ? "TRY(" : "(", x.sql, ")", sample),
                      &rows, &reason);
    if (rc == RC_INTERRUPTED || rc == RC_UNREACHABLE) {
        if (e) *e = reason;
        return rc;
    }
    if (rc != RC_OK)
        return err_set(e, RC_PROJECT, "%s:%d:%d: %s: %s: %s", file, pos.line, pos.column, b->what, b->text,
                       reason.message);
    if (rows->n_columns != 1 || rows->n_rows > 1 || strcmp(rows->types[0], "BOOLEAN") != 0)
        return err_set(e, RC_PROJECT, "%s:%d:%d: %s: %s yields %s; it must say true or false", file, pos.line,
                       pos.column, b->what, b->text, rows->types[0]);
    return RC_OK;
}

enum rc contract_bind(struct arena *a, struct session *s, const struct table *table, const struct judgement *j,
                      struct err *e)
{
    struct bound *list;
    size_t n;
    collect(a, table, &list, &n);
    struct buf *sample = buf_new(a, BUF_DEFAULT_MAX);
    for (size_t i = 0; i < j->n_columns; i++)
        buf_printf(sample, "%sCAST(NULL AS %s) AS %s", i ? ", " : "SELECT ", j->columns[i].type,
                   sql_name(a, j->columns[i].name));
    for (size_t i = 0; i < n; i++) {
        enum rc rc = bind_one(a, s, table, &list[i], sample->p, e);
        if (rc != RC_OK) return rc;
    }
    return RC_OK;
}
