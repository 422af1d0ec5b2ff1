/* quality/: contract, rules, checks and what becomes of rows that fail them.
 *
 * contract.h turns a table's contract and rules into SQL over the relation `m` (the model's own output,
 * perhaps with carried columns "__in_…"): how each output column is typed, and an ordered list of tests.
 * Casts are strict and are done by functions of ours (cast.h), which parse and validate at once. */
#ifndef QUALITY_CONTRACT_H
#define QUALITY_CONTRACT_H

#include "engine/engine.h"
#include "project/project.h"

/* The SELECTs below are nested, each level computed once for a row:
 *     m     the model's output
 *     "t"   typed columns under their names; raw ones as "__raw_<i>" where they were cast; "__clock"; carried
 * columns (and, where there are references, a level with "__parent_<i>": is there such a parent) then
 * "__fate" and "__warned", then the rows that are accepted, as they are written. */
struct judged_column {
    const char *name;
    const char *expression; /* the value that is written, over m: ingot_to_decimal_2(m."amount") … */
    struct delta_column delta;
    bool contracted;
    const char *typed;  /* the value that checks and rules see, over m */
    const char *type;   /* its engine type */
    const char *raw;    /* "__raw_3" where `typed` is not m's column itself, else NULL */
    const char *stored; /* engine type to cast to when it is written, or NULL */
};
/* In declared order: for each contracted column cast, not null, check, reference; then key not null; then
 * rules, and the references on rule lines, as declared. A row's fate is the first test it fails. In a guarded
 * run (m has "__error") the first test of all is "expression error". */
struct judged_test {
    const char *rule;   /* name in account and quarantine: "amount: decimal(12,2)", "amount: not null", "amount:
                         check", "not_from_the_future", "customer_id: references silver.customers", "key: not
                         null", "expression error" */
    const char *column; /* or NULL */
    const char *fails;  /* SQL boolean, never NULL, true where the row fails; over the columns of level "t" */
    const char *reason; /* SQL text expression, for the failing row: 'amount: ''n/a'' is not decimal(12,2)' */
    const char *value;  /* SQL text expression of the offending value, or NULL */
    enum rule_action action;
    bool value_is_column; /* `value` yields the name of the column ("expression error") */
    int warning;          /* bit in "__warned", -1: not a warning */
};
struct judgement {
    struct judged_column *columns;
    size_t n_columns;
    struct judged_test *tests;
    size_t n_tests;
    bool uses_clock;      /* a rule says now() */
    bool guarded;         /* m has "__error" */
    const char **parents; /* SQL booleans over level "t", named "__parent_<i>" */
    size_t n_parents;
    const char *clock; /* SQL over m, of type TIMESTAMP WITH TIME ZONE */
};
#define JUDGEMENT_WARNINGS_MAX 62
struct parent_relation {
    const char *table;    /* "silver.customers" */
    const char *relation; /* SQL that can stand after FROM: a view's name */
    const char **key;     /* its key columns, for references without columns */
    size_t n_key;
};
/* `described`: the columns of m as the engine sees them (carried ones, "__in_…", and "__error" may be among
 * them and are no output columns). A contracted column that m lacks, a key column that is not there,
 * duplicate names and types that cannot be are RC_PROJECT with position, and so is a check or rule that does
 * not judge a single row. now() in a rule is judged as `clock` (SQL: m."__in__loaded_at" where it is carried,
 * else a timestamp literal of the run). */
enum rc contract_judge(struct arena *a, const struct table *table, const struct described_column *described,
                       size_t n_described, const struct parent_relation *parents, size_t n_parents, const char *clock,
                       struct judgement **ret, struct err *e) MUST_CHECK;

/* Lets the engine bind every check and rule by itself over NULLs of the columns' types: what does not bind,
 * or is not a boolean, is RC_PROJECT with position. For `check`, and to explain a run's statement that does
 * not bind. */
enum rc contract_bind(struct arena *a, struct session *s, const struct table *table, const struct judgement *j,
                      struct err *e) MUST_CHECK;

/* The SELECT that yields every row of `relation` (SQL after FROM, will be named m) with: the typed columns
 * under their names, "__fate" INTEGER (0: accepted; k: fails tests[k-1] with action quarantine, drop or fail;
 * warnings do not count),
 * "__warned" BIGINT (bit i: fails the i-th warn rule), and every column of `carry` as it is. Reasons and
 * values are not computed here. `relation` stands once in the text. */
char *judged_select(struct arena *a, const struct judgement *j, const char *relation, const char *const *carry,
                    size_t n_carry);
/* The SELECT that yields only accepted rows (typed columns and `carry`), and hands every other row to `sink`
 * in the same pass: quarantined rows with all their reasons, the input row as JSON (columns "__in_row" if
 * carried, else the raw output row), _file/_row/_load if carried; dropped, warned and failing rows are
 * counted. See refuse.h.
 *
 * The engine moves filters of an outer query below this one, even below volatile functions: a row that an
 * outer WHERE, inner or semi join, LIMIT would leave out might then never be judged. So let nothing stand
 * above it but COPY, CREATE TABLE AS, projections, windows (without a filter on their result's partition
 * columns) and aggregates, and never name it twice through a CTE that is not MATERIALIZED. What was accepted
 * and what was refused must add up to m. */
char *judged_accept_select(struct arena *a, const struct judgement *j, const char *relation, const char *const *carry,
                           size_t n_carry, int64_t sink_handle);

/* The same, and rows that pass but satisfy `leave_out` (SQL boolean over the typed columns, or NULL: what a table calls
 * `deleted`) are left out and counted in refusal_counts.left_out. This, not a WHERE around the SELECT, is how accepted
 * rows are left out: see above. */
char *judged_keep_select(struct arena *a, const struct judgement *j, const char *relation, const char *const *carry,
                         size_t n_carry, int64_t sink_handle, const char *leave_out);

#endif
