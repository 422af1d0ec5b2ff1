/* One SQL expression that a user wrote (a check, a rule), read token by token: made safe to stand inside
 * other SQL, constructs that cannot judge a single row found with their position, and the clock put in the
 * place of now().
 *
 * Tokens suffice, and no engine is needed: even the engine's parser sees current_date as a column at first.
 */
#ifndef QUALITY_EXPRESSION_H
#define QUALITY_EXPRESSION_H

#include "project/project.h"

struct expression_clock {
    const char *timestamp;      /* SQL that stands for now(), or NULL: the clock is left as it is */
    const char *local;          /* SQL of type TIMESTAMP, for localtimestamp, current_date and the like */
    const char *const *columns; /* columns that are called like the clock (current_date) are columns */
    size_t n_columns;
};
struct expression {
    const char *sql; /* balanced, without comments */
    bool uses_clock;
};
/* `row`: aggregates, window functions, subqueries, volatile functions and unnest are refused (RC_PROJECT),
 * since a rule sees one row. An unbalanced bracket, an open quote, a ';', a parameter or nothing at all is
 * refused in any case. `pos` is where the text begins, for errors; `what` is its name there: "rule
 * cheap_enough". */
enum rc expression_read(struct arena *a, const char *text, struct pos pos, const char *what, bool row,
                        const struct expression_clock *clock, struct expression *ret, struct err *e) MUST_CHECK;
/* Does the text mention the name outside quotes and comments (or as a quoted name)? Letter case does not
 * matter. */
bool expression_mentions(struct arena *a, const char *text, const char *name);

/* A whole statement without blanks, comments and semicolons at its end, so that it can stand in brackets. */
struct str statement_text(const char *sql);

#endif
