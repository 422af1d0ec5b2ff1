#include "quality/check.h"

#include "quality/expression.h"

#include <string.h>

const char *check_name(const struct check *c)
{
    return c->name ? c->name : c->expression;
}

enum rc check_sql(struct arena *a, const struct check *c, const char *relation, char **ret, struct err *e)
{
    struct pos pos = c->pos;
    if (!pos.file) pos.file = "check";
    if (!c->expression) {
        struct str sql = statement_text(c->sql ? c->sql : "");
        if (!sql.n)
            return err_set(e, RC_PROJECT, "%s:%d:%d: check %s is empty", pos.file, pos.line, pos.column, c->name);
        *ret = arena_printf(a, "SELECT * FROM (%.*s) AS t LIMIT %d", (int)sql.n, sql.p, CHECK_ROWS_SHOWN + 1);
        return RC_OK;
    }
    struct expression x;
    enum rc rc = expression_read(a, c->expression, pos, "check", false, NULL, &x, e);
    if (rc != RC_OK) return rc;
    *ret = arena_printf(a, "SELECT coalesce((%s), true) FROM %s AS t", x.sql, relation);
    return RC_OK;
}

static char *describe_rows(struct arena *a, const struct check *c, const struct rows *rows)
{
    struct buf *b = buf_new(a, ERR_MESSAGE_MAX / 2);
    buf_printf(b, "check %s finds rows that should not be there: ", c->name);
    for (size_t r = 0; r < rows->n_rows && r < CHECK_ROWS_SHOWN; r++) {
        buf_add_str(b, r ? "; " : "");
        for (size_t i = 0; i < rows->n_columns; i++) {
            const char *cell = rows->cells[r * rows->n_columns + i];
            buf_printf(b, "%s%s=%.60s", i ? ", " : "", rows->names[i], cell ? cell : "NULL");
        }
    }
    if (rows->n_rows > CHECK_ROWS_SHOWN) buf_add_str(b, "; and more");
    return b->p;
}

enum rc check_run(struct arena *a, struct session *s, const struct check *c, const char *relation, char **ret_failure,
                  struct err *e)
{
    enum rc rc = RC_OK;
    char *sql, *failure = NULL;
    struct rows *rows;
    TRY(check_sql(a, c, relation, &sql, e));
    rc = session_query(a, s, sql, &rows, e);
    if (rc != RC_OK) {
        err_context(e, "check %s", check_name(c));
        goto out;
    }
    if (!c->expression) {
        if (rows->n_rows) failure = describe_rows(a, c, rows);
    } else if (rows->n_columns != 1 || strcmp(rows->types[0], "BOOLEAN") != 0 || rows->n_rows != 1) {
        rc = err_set(e, RC_PROJECT,
                     "%s:%d:%d: check %s does not yield one boolean for the whole table; use aggregates: "
                     "bool_and(amount >= 0)",
                     c->pos.file ? c->pos.file : "check", c->pos.line, c->pos.column, c->expression);
        goto out;
    } else if (strcmp(rows->cells[0], "true") != 0) {
        failure = arena_printf(a, "check %s fails", c->expression);
    }
    *ret_failure = failure;
out:
    return rc;
}
