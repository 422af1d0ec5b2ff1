/* Checks judge the whole staged table before it is published: a boolean aggregate that must not be false
 * (NULL passes, as in rules: max(amount) < 100 says nothing about an empty table), or a named query that must
 * return nothing. */
#ifndef QUALITY_CHECK_H
#define QUALITY_CHECK_H

#include "engine/engine.h"
#include "project/project.h"

#define CHECK_ROWS_SHOWN 3

/* The query for one check. `relation` (SQL after FROM) is the staged table, which an aggregate sees as its
 * only input; a named query finds its tables by their names, as the session knows them. What cannot be a
 * check is RC_PROJECT with position. The result: one row with one boolean, or at most CHECK_ROWS_SHOWN + 1
 * rows that should not be there. */
enum rc check_sql(struct arena *a, const struct check *c, const char *relation, char **ret, struct err *e) MUST_CHECK;
/* "count(*) > 0" or the name of its file. */
const char *check_name(const struct check *c);
/* Runs it. *ret_failure is NULL if the check holds, else a sentence: "check count(*) > 0 fails", or "check
 * no_orphans finds rows that should not be there: order_id=7, …". An error is one of the query itself. */
enum rc check_run(struct arena *a, struct session *s, const struct check *c, const char *relation, char **ret_failure,
                  struct err *e) MUST_CHECK;

#endif
