/* Staging a silver or gold table: the model's SELECT over the pinned inputs, contract and rules in the same pass, then key,
 * latest and deleted among the accepted rows, then checks on what is staged. */
#include "base/log.h"
#include "base/os.h"
#include "engine/duckdb_api.h"
#include "quality/refuse.h"
#include "run/merge.h"
#include "run/model_sql.h"

static enum rc open_scratch(struct model_work *w, struct err *e)
{
    enum rc rc;
    TRY(step_open_session(w->s, &w->session, e));
    TRY(quality_register(w->session, e));
    TRY(model_open_catalog(w, e));
out:
    return rc;
}

/* --- one pass over a relation of the model's rows ----------------------------------------------------------------- */

static void count_refusals(struct model_work *w, const struct refusal_counts *counts)
{
    struct account *acc = &w->s->account;
    acc->quarantined += counts->quarantined;
    acc->dropped += counts->dropped;
    for (size_t i = 0; i < w->judgement->n_tests; i++) {
        const struct judged_test *t = &w->judgement->tests[i];
        if (t->action == RULE_FAIL || counts->by_test[i] == 0) continue;
        struct account_line *line = NULL;
        for (size_t k = 0; k < acc->n_lines; k++)
            if (strcmp(acc->lines[k].rule, t->rule) == 0) line = &acc->lines[k];
        if (!line) {
            line = ARENA_PUSH(w->s->arena, acc->lines, acc->n_lines);
            *line = (struct account_line){.rule = t->rule};
        }
        line->what = t->action == RULE_WARN   ? ACCOUNT_WARNED
                     : t->action == RULE_DROP ? ACCOUNT_DROPPED
                                              : ACCOUNT_QUARANTINED;
        line->rows += counts->by_test[i];
        if (t->action == RULE_WARN) acc->warned += counts->by_test[i];
    }
}

/* Runs `consume` over the accepted rows of `relation`; refusals go to the sink and into the account. */
struct pass {
    const char *relation;
    bool silent; /* rows are judged again only to know the accepted ones: nothing is recorded */
    enum rc (*consume)(struct model_work *w, const char *select, struct err *e);
};

static enum rc run_pass(struct model_work *w, const struct pass *p, struct err *e)
{
    struct step *s = w->s;
    struct refused_sink *sink =
        p->silent ? refused_new(s->arena, s->runner->temp_dir, s->table->name, s->runner->run, s->lake->now_us)
                  : w->refused;
    int64_t handle = refusal_open(s->arena, sink, w->judgement);
    char *select = judged_keep_select(s->arena, w->judgement, p->relation, w->carry, w->n_carry, handle, w->leave_out);
    enum rc rc = p->consume(w, select, e);
    struct refusal_counts counts;
    refusal_close(handle, s->arena, &counts);
    if (rc != RC_OK || p->silent) return rc;
    if (counts.failed > 0)
        return err_set(e, RC_DATA, "%s: %lld row%s failed a rule that says fail; %s", s->table->name,
                       (long long)counts.failed, counts.failed == 1 ? "" : "s",
                       counts.first_failure ? counts.first_failure : "");
    count_refusals(w, &counts);
    s->account.deleted += counts.left_out;
    return RC_OK;
}

static enum rc write_rows(struct model_work *w, const char *select, struct err *e)
{
    struct step *s = w->s;
    struct parquet_options options = {
        .directory = w->directory,
        .columns = s->columns,
        .n_columns = s->n_columns,
        .partition_by = s->table->partition_by,
        .n_partition_by = s->table->n_partition_by,
        .order_by =
            s->table->n_cluster_by ? name_list(s->arena, "", s->table->cluster_by, s->table->n_cluster_by) : NULL};
    char *columns = column_list(s->arena, "", s->columns, s->n_columns);
    select = arena_printf(s->arena, "SELECT %s FROM (%s)", columns, select);
    struct parquet_file *files;
    size_t n;
    enum rc rc = session_copy_parquet(s->arena, w->session, select, &options, &files, &n, e);
    if (rc != RC_OK) return rc;
    for (size_t i = 0; i < n; i++) s->account.inserted += files[i].records;
    step_add_files(s, w->directory, files, n);
    return RC_OK;
}

static enum rc keep_candidates(struct model_work *w, const char *select, struct err *e)
{
    char *columns = column_list(w->s->arena, "", w->s->columns, w->s->n_columns);
    return session_execf(w->session, e, "CREATE OR REPLACE TEMP TABLE __candidates AS SELECT %s FROM (%s)", columns,
                         select);
}

static enum rc keep_older(struct model_work *w, const char *select, struct err *e)
{
    char *columns = column_list(w->s->arena, "", w->s->columns, w->s->n_columns);
    return session_execf(w->session, e, "CREATE OR REPLACE TEMP TABLE __older AS SELECT %s FROM (%s)", columns, select);
}

/* --- what is written, by the nature of the table ------------------------------------------------------------------ */

static enum rc check_unique(struct model_work *w, struct err *e)
{
    enum rc rc;
    struct step *s = w->s;
    const struct table *t = s->table;
    char *relation, *key = name_list(s->arena, "", t->key, t->n_key);
    struct delta_snapshot *before = s->decision.strategy == STRATEGY_APPEND ? w->before : NULL;
    size_t n = (before ? before->n_files : 0) + s->n_added;
    struct delta_file *files = ARENA_ARRAY(s->arena, struct delta_file, n + 1);
    for (size_t i = 0; i < s->n_added; i++) files[i] = s->added[i];
    for (size_t i = 0; before && i < before->n_files; i++) files[s->n_added + i] = before->files[i];
    TRY(step_relation(s, s->pinned->dir, files, n, s->columns, s->n_columns, false, &relation, e));
    struct rows *r;
    TRY(session_queryf(s->arena, w->session, &r, e,
                       "SELECT %s, count(*) FROM (%s) GROUP BY ALL HAVING count(*) > 1 ORDER BY ALL LIMIT 3", key,
                       relation));
    if (r->n_rows == 0) return RC_OK;
    struct buf *keys = buf_new(s->arena, BUF_DEFAULT_MAX);
    for (size_t i = 0; i < r->n_rows; i++) {
        buf_add_str(keys, i ? "; " : "");
        for (size_t c = 0; c + 1 < r->n_columns; c++)
            buf_printf(keys, "%s%s = %s", c ? ", " : "", t->key[c], r->cells[i * r->n_columns + c]);
        buf_printf(keys, " (%s rows)", r->cells[i * r->n_columns + r->n_columns - 1]);
    }
    rc = err_set(e, RC_DATA,
                 "%s: key is not unique: %s; make the SELECT give one row for each key, or say which wins "
                 "with latest:",
                 t->name, keys->p);
out:
    return rc;
}

static enum rc write_plain(struct model_work *w, struct err *e)
{
    enum rc rc;
    struct pass pass = {.relation = "__model", .consume = write_rows};
    TRY(run_pass(w, &pass, e));
    if (w->s->table->n_key > 0) TRY(check_unique(w, e));
out:
    return rc;
}

/* A full build of a keyed table with latest: keys that occur once go straight into the file, only the others are sorted. */
static enum rc write_latest(struct model_work *w, struct err *e)
{
    enum rc rc;
    struct step *s = w->s;
    const struct table *t = s->table;
    TRY(model_materialize(w, e));
    TRY(model_split_by_key(w, e)); /* __once, __often */
    w->leave_out = t->deleted;
    struct pass once = {.relation = "__once", .consume = write_rows};
    TRY(run_pass(w, &once, e));
    w->leave_out = NULL;
    struct pass often = {.relation = "__often", .consume = keep_candidates};
    TRY(run_pass(w, &often, e));
    struct merge m = {.key = t->key,
                      .n_key = t->n_key,
                      .latest = sql_name(s->arena, t->latest),
                      .deleted = t->deleted,
                      .candidates = "__candidates"};
    TRY(merge_rows(s, w->session, NULL, &m, w->directory, e));
out:
    return rc;
}

/* The new rows of the input against what the table holds; with `deleted` against all that the input ever said of their
 * keys, because the table does not remember what was deleted. */
static enum rc merge_latest(struct model_work *w, struct err *e)
{
    enum rc rc;
    struct step *s = w->s;
    const struct table *t = s->table;
    struct pass added = {.relation = "__model", .consume = keep_candidates};
    TRY(run_pass(w, &added, e));
    struct merge m = {.key = t->key,
                      .n_key = t->n_key,
                      .latest = sql_name(s->arena, t->latest),
                      .deleted = t->deleted,
                      .candidates = "__candidates"};
    if (s->decision.recompute_keys) {
        TRY(model_open_older(w, e)); /* __older_model: rows that the input held before, with these keys */
        struct pass older = {.relation = "__older_model", .silent = true, .consume = keep_older};
        TRY(run_pass(w, &older, e));
        m.older = "__older";
    }
    TRY(merge_rows(s, w->session, w->before, &m, w->directory, e));
out:
    return rc;
}

static enum rc write_table(struct model_work *w, struct err *e)
{
    if (w->s->decision.strategy == STRATEGY_MERGE) return merge_latest(w, e);
    if (w->s->table->latest) return write_latest(w, e);
    return write_plain(w, e);
}

/* A cast that fails in the middle of a row-by-row SELECT: once more, each output expression guarded. */
static void start_over(struct model_work *w)
{
    struct step *s = w->s;
    s->account = (struct account){0};
    step_discard(s, w->directory);
    s->n_removed = 0;
    w->leave_out = NULL;
    w->failed_on_value = false;
    w->refused = refused_new(s->arena, s->runner->temp_dir, s->table->name, s->runner->run, s->lake->now_us);
}

/* Rows of other columns or types cannot stand beside those that are there: a column of an input has another type now. */
static enum rc build_in_full(struct model_work *w, bool guard, struct err *e)
{
    enum rc rc;
    struct decision *d = &w->s->decision;
    d->strategy = STRATEGY_FULL;
    d->branch = d->recompute_keys = false;
    d->reason = arena_printf(w->s->arena, "%s, and the columns of the result changed", d->reason);
    TRY(model_open_inputs(w, e));
    TRY(model_create_view(w, guard, e));
    TRY(model_judge(w, e));
out:
    return rc;
}

static enum rc judge_and_write(struct model_work *w, bool guard, struct err *e)
{
    enum rc rc;
    TRY(model_create_view(w, guard, e));
    TRY(model_judge(w, e));
    if (w->s->decision.strategy != STRATEGY_FULL && w->s->schema_changes && !w->s->table->foreign_keep)
        TRY(build_in_full(w, guard, e));
    TRY(write_table(w, e));
out:
    return rc;
}

static enum rc build(struct model_work *w, struct err *e)
{
    w->refused =
        refused_new(w->s->arena, w->s->runner->temp_dir, w->s->table->name, w->s->runner->run, w->s->lake->now_us);
    enum rc rc = judge_and_write(w, false, e);
    if (rc != RC_OK && w->s->statement->row_by_row && (w->failed_on_value || session_failed_on_value(w->session))) {
        log_debug("%s: %s; judging row by row", w->s->table->name, e->message);
        start_over(w);
        rc = judge_and_write(w, true, e);
    }
    return rc;
}

/* --- around it ---------------------------------------------------------------------------------------------------- */

static enum rc run_checks(struct model_work *w, struct err *e)
{
    enum rc rc = RC_OK;
    struct step *s = w->s;
    if (s->table->n_checks == 0) return RC_OK;
    TRY(model_create_own_view(w, e));
    for (size_t i = 0; i < s->table->n_checks; i++) TRY(model_check(w, &s->table->checks[i], e));
out:
    return rc;
}

static enum rc account_for(struct model_work *w, struct err *e)
{
    struct step *s = w->s;
    struct account *acc = &s->account;
    enum rc rc = model_count_read(w, e);
    if (rc != RC_OK) return rc;
    acc->driving = s->decision.driving;
    acc->may_filter = s->statement->filters;
    acc->yielded = acc->inserted + acc->replacing + acc->unchanged + acc->quarantined + acc->dropped +
                   acc->deduplicated + acc->deleted;
    acc->rows_before = w->before ? delta_rows(w->before) : 0;
    acc->rows_after = delta_rows(s->after);
    return RC_OK;
}

static enum rc stage(struct model_work *w, struct err *e)
{
    enum rc rc;
    struct step *s = w->s;
    char id[37];
    os_uuid(id);
    s->table_id = w->before ? w->before->table_id : arena_strdup(s->arena, id);
    s->creates = !w->before;
    if (w->before) TRY(delta_check_writable(w->before, s->table->name, e));
    TRY(step_directory(s, s->pinned->dir, &w->directory, e));
    TRY(open_scratch(w, e));
    TRY(build(w, e));
    if (s->decision.strategy == STRATEGY_FULL) {
        for (size_t i = 0; w->before && i < w->before->n_files; i++) step_remove_file(s, &w->before->files[i]);
        bool remembers = s->pinned->now.side >= 0;
        if (remembers || refused_count(w->refused) > 0) TRY(step_claim_side(s, true, e));
    }
    step_make_after(s, w->before);
    TRY(account_for(w, e));
    TRY(step_check_tolerance(s, e));
    TRY(run_checks(w, e));
    TRY(step_add_quarantine(s, w->session, w->refused, e));
    TRY(step_finish(s, s->decision.strategy == STRATEGY_MERGE ? "MERGE" : "WRITE", e));
out:
    s->session = NULL;
    model_close(w);
    if (rc != RC_OK) step_discard(s, w->directory);
    return rc;
}

enum rc stage_model(struct step *s, struct err *e)
{
    enum rc rc;
    struct staged *staged = &s->staged_all[s->node];
    TRY(step_spans(s, e));
    step_decide(s);
    switch (s->decision.strategy) {
    case STRATEGY_HELD: staged->outcome = OUTCOME_HELD; return RC_OK;
    case STRATEGY_SKIP: staged->outcome = OUTCOME_UP_TO_DATE; return RC_OK;
    case STRATEGY_BLOCKED:
        staged->outcome = OUTCOME_FAILED;
        return s->runner->plan_only ? RC_OK : err_set(e, RC_DATA, "%s: %s", s->table->name, s->decision.reason);
    default: break;
    }
    if (s->runner->plan_only) return RC_OK;
    struct model_work w = {.s = s};
    TRY(step_read_side(s, e));
    TRY(lake_snapshot(s->lake, s->pinned, &w.before, e));
    TRY(stage(&w, e));
out:
    return rc;
}
