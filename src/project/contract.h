/* The lines below `columns`, `rules` and `checks`: a contract in the words of CREATE TABLE, and SQL
 * expressions. */
#ifndef PROJECT_CONTRACT_H
#define PROJECT_CONTRACT_H

#include "project/front_matter.h"
#include "project/project_file.h"

/* A line below `columns`: fills table->columns and table->references. */
void contract_column(struct reader *r, struct table *table, const struct raw_item *item);
/* A line below `rules`: an expression with its ending, or references of several columns. */
void contract_rule(struct reader *r, struct table *table, const struct raw_item *item);
/* A line below `checks`. */
void contract_check(struct reader *r, struct table *table, struct named_checks *named, const struct raw_item *item);
/* A line `… references layer.table(columns)`: the scanner stands behind the word. */
bool contract_reference(struct reader *r, struct scanner *s, struct token *next, struct reference *reference);

/* The type at *t in its normal form ("decimal(12,2)"); *t becomes the token behind it. NULL after a problem.
 */
const char *contract_type(struct reader *r, struct scanner *s, struct token *t);
/* Whether values of a type have an order that `latest` can use. */
bool contract_type_orders(const char *type);

#endif
