/* quality/: contract, rules, checks and what becomes of rows that fail them.
 *
 * contract.h turns a table's contract and rules into SQL over the relation `m` (the model's own output, perhaps with
 * carried columns "__in_…"): how each output column is typed, and an ordered list of tests. Casts are strict and are done
 * by functions of ours (cast.h), which parse and validate at once. */
#ifndef QUALITY_CONTRACT_H
#define QUALITY_CONTRACT_H

#include "engine/engine.h"
#include "project/project.h"

struct judged_column {
    const char *name;
    const char *expression; /* typed value, over m: ingot_to_decimal(m."amount", 12, 2) …; exactly what is written */
    struct delta_column delta;
    bool contracted;
};
/* In declared order: for each contracted column cast, not null, check; then key not null; then rules; references where
 * they are declared. A row's fate is the first test it fails. */
struct judged_test {
    const char *rule;    /* name in account and quarantine: "amount: decimal(12,2)", "amount: not null", "amount: check", "not_from_the_future", "customer_id: references silver.customers", "key: not null" */
    const char *column;  /* or NULL */
    const char *fails;   /* SQL boolean, never NULL, true where the row fails. Over the typed columns by their names in
                            relation t, and over the raw ones as m (see judged_sql) */
    const char *reason;  /* SQL text expression, for the failing row: 'amount: ''n/a'' is not decimal(12,2)' */
    const char *value;   /* SQL text expression of the offending value, or NULL */
    enum rule_action action;
};
struct judgement {
    struct judged_column *columns;
    size_t n_columns;
    struct judged_test *tests;
    size_t n_tests;
    bool uses_clock; /* a rule says now() */
};
struct parent_relation {
    const char *table;    /* "silver.customers" */
    const char *relation; /* SQL that can stand after FROM: a view's name */
    const char **key;     /* its key columns, for references without columns */
    size_t n_key;
};
/* `described`: the columns of m as the engine sees them (without carried ones). A contracted column that m lacks, a key
 * column that is not there, duplicate names and types that cannot be are RC_PROJECT with position. now() in a rule is
 * judged as `clock` (SQL: m."__in__loaded_at" where it is carried, else a timestamp literal of the run). */
enum rc contract_judge(struct arena *a, const struct table *table, const struct described_column *described, size_t n_described,
                       const struct parent_relation *parents, size_t n_parents, const char *clock, struct judgement **ret,
                       struct err *e) MUST_CHECK;

/* The SELECT that yields every row of `relation` (SQL after FROM, will be named m) with: the typed columns under their
 * names, "__fate" INTEGER (0: accepted; k: fails tests[k-1] with action quarantine, drop or fail; warnings do not count),
 * "__warned" BIGINT (bit i: fails the i-th warn rule), and every column of `carry` as it is. Reasons and values are not
 * computed here. */
char *judged_select(struct arena *a, const struct judgement *j, const char *relation, const char *const *carry, size_t n_carry);
/* The SELECT that yields only accepted rows (typed columns and `carry`), and hands every other row to `sink` in the same
 * pass: quarantined rows with all their reasons, the input row as JSON (columns "__in_row" if carried, else the raw
 * output row), _file/_row/_load if carried; dropped, warned and failing rows are counted. See refuse.h. */
char *judged_accept_select(struct arena *a, const struct judgement *j, const char *relation, const char *const *carry, size_t n_carry,
                           int64_t sink_handle);

#endif
