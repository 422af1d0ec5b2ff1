/* The SQL side of staging a model: a catalog of its own with the inputs as views, the model as a view over them, the
 * judgement, and the split by key.
 *
 * Each step attaches an empty in-memory catalog of its own, in which bronze.orders and so on are views over the exact
 * files of the pinned or staged version (only the added ones where the strategy needs no more). So the model's SQL runs as
 * it is written, and two steps never see each other's views. */
#ifndef RUN_MODEL_SQL_H
#define RUN_MODEL_SQL_H

#include "quality/contract.h"
#include "run/step.h"

struct model_work {
    struct step *s;
    struct delta_snapshot *before; /* NULL: the table is new */
    struct session *session;
    char *directory;
    char *catalog;
    const char *sql; /* of __model */
    bool guarded, failed_on_value;
    const char **carry; /* "__in_…" columns that the model view carries from its input */
    size_t n_carry;
    struct judgement *judgement;
    struct refused_sink *refused;
    const char *leave_out; /* SQL: accepted rows that are deleted ones, in the present pass; or NULL */
    struct described_column *described;
    size_t n_described;
};

/* Attaches the catalog and makes the inputs' views, parents' views and variables. */
enum rc model_open_catalog(struct model_work *w, struct err *e) MUST_CHECK;
/* The inputs' views once more: the strategy is another one now. */
enum rc model_open_inputs(struct model_work *w, struct err *e) MUST_CHECK;
void model_close(struct model_work *w);
/* __model: the model's rows, with carried columns if it is row by row; guarded as statement_carry says. */
enum rc model_create_view(struct model_work *w, bool guard, struct err *e) MUST_CHECK;
/* Describes __model and judges it by the contract; sets the table's columns. */
enum rc model_judge(struct model_work *w, struct err *e) MUST_CHECK;
/* Makes __model a temporary table if evaluating it again would repeat joins or aggregates. */
enum rc model_materialize(struct model_work *w, struct err *e) MUST_CHECK;
/* __once and __often: the rows of __model whose key occurs once, and the others. */
enum rc model_split_by_key(struct model_work *w, struct err *e) MUST_CHECK;
/* __older_model: the model over those rows of its input that were there before, for the keys of __candidates. */
enum rc model_open_older(struct model_work *w, struct err *e) MUST_CHECK;
/* A view of the table itself as staged, for checks. */
enum rc model_create_own_view(struct model_work *w, struct err *e) MUST_CHECK;
enum rc model_check(struct model_work *w, const struct check *check, struct err *e) MUST_CHECK;
/* account.read: rows of each input as read by this strategy, from the log where it says. */
enum rc model_count_read(struct model_work *w, struct err *e) MUST_CHECK;

#endif
