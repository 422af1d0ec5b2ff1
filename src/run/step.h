/* One table in one attempt of a run: what its inputs became, what is decided, what is staged. */
#ifndef RUN_STEP_H
#define RUN_STEP_H

#include "run/account.h"
#include "run/compile.h"
#include "run/publish.h"
#include "source/files.h"

/* What a run was asked to do, and what all its steps share. */
struct run_options {
    bool full, rebuild; /* of the selected tables */
};
struct step;
struct runner {
    struct arena *arena;
    const struct compiled *compiled;
    const struct target *target;
    struct storage *storage;
    struct lazy_engine *engine;
    const char *run;      /* id, a UUID */
    const char *temp_dir; /* for spools and spilled refusals */
    struct run_options options;
    bool watch_progress; /* sessions of steps know how far they are */
    bool plan_only;      /* decide, but stage nothing: inputs that will change are taken at their worst */
    bool *stop;
    /* Progress and events; called from any thread. */
    void (*on_step)(void *data, const struct step *s, const char *event); /* "start", "done" */
    void *on_step_data;
    struct step **steps; /* of the present attempt, by node */
};

/* The files that entered and left an input between the version that a table has read and the one it reads now. */
struct input_span {
    const char *table;
    size_t node;
    int64_t from, to;
    enum change change;
    bool schema_changed, missing;
    const char *why;
    struct delta_file *added;
    size_t n_added;
    size_t n_removed;
};

/* A quarantine part as side entries list it. */
struct quarantine_part {
    const char *path; /* in quarantine/<table>/ */
    int64_t size, records;
    const char *stats;
};

struct step {
    struct arena *arena; /* the step's own */
    struct runner *runner;
    struct lake *lake;
    struct staged *staged_all;
    size_t node;
    const struct table *table;
    const struct statement *statement;
    struct pinned *pinned;

    struct input_span *spans; /* distinct inputs, then distinct parents */
    size_t n_inputs, n_spans;
    struct decision decision;
    struct account account;
    const char **notes;
    size_t n_notes;
    int64_t started_us, took_us;
    struct session *volatile session; /* while it works: progress */
    bool partly_failed;               /* bronze: files were refused whole */

    /* What it stages. */
    struct delta_column *columns;
    size_t n_columns;
    bool schema_changes, creates;
    const char *table_id;
    struct delta_file *added, *removed;
    size_t n_added, n_removed;
    struct delta_snapshot *after; /* columns and files as staged */
    struct ledger *ledger;
    struct quarantine_part *quarantine; /* live parts after this step */
    size_t n_quarantine;
    size_t chain_length;
    int64_t side; /* claimed, -1: none */
    const char *side_part_key;
    struct buf *side_part;
    bool fresh_side; /* the new entry starts from nothing */
};

void step_note(struct step *s, const char *format, ...) PRINTF_LIKE(2, 3);
/* Spans of inputs and parents, from the log and from what this run staged. */
enum rc step_spans(struct step *s, struct err *e) MUST_CHECK;
/* Fills s->decision for a model. */
void step_decide(struct step *s);

/* A session for the work of the step, which others may ask for its progress while s->session names it. */
enum rc step_open_session(struct step *s, struct session **ret, struct err *e) MUST_CHECK;
/* The folder of a table's data files as the engine sees it, with '/' at its end. */
enum rc step_directory(struct step *s, const char *dir, char **ret, struct err *e) MUST_CHECK;
/* A SELECT over files of a table on a lake; those with deletion vectors are refused by name. */
enum rc files_relation(struct arena *a, struct storage *storage, const char *dir, const struct delta_file *files,
                       size_t n, const struct delta_column *columns, size_t n_columns, bool row_id, char **ret,
                       struct err *e) MUST_CHECK;
/* A SELECT over files of a table. Deletion vectors are refused by name. */
enum rc step_relation(struct step *s, const char *dir, const struct delta_file *files, size_t n,
                      const struct delta_column *columns, size_t n_columns, bool row_id, char **ret,
                      struct err *e) MUST_CHECK;
/* The version of another table that this step reads: staged by this run, or pinned. NULL: no table. */
enum rc step_input_snapshot(struct step *s, size_t node, struct delta_snapshot **ret, struct err *e) MUST_CHECK;

/* Side state of the table as committed: ledger and quarantine parts. */
enum rc step_read_side(struct step *s, struct err *e) MUST_CHECK;
/* Claims a side entry once; `fresh` starts a new chain (everything that counts is then written anew). */
enum rc step_claim_side(struct step *s, bool fresh, struct err *e) MUST_CHECK;
/* Writes refusals as a quarantine part and notes it in the side part. */
enum rc step_add_quarantine(struct step *s, struct session *session, struct refused_sink *sink,
                            struct err *e) MUST_CHECK;
/* Takes rows out of the live quarantine parts: those for which `predicate` (SQL over the quarantine's columns) holds. */
enum rc step_remove_quarantine(struct step *s, struct session *session, const char *predicate,
                               struct err *e) MUST_CHECK;
/* s->after from `before` (NULL: the table is new) and what was added and removed; for checks before step_finish. */
void step_make_after(struct step *s, const struct delta_snapshot *before);
/* Removes the data files that the step wrote and that will never be committed; what cannot be removed, vacuum finds. */
void step_discard(struct step *s, const char *directory);
/* RC_DATA if more rows were refused than `tolerate` says. */
enum rc step_check_tolerance(struct step *s, struct err *e) MUST_CHECK;
/* Reconciles the account and makes the commit out of what the step staged. */
enum rc step_finish(struct step *s, const char *operation, struct err *e) MUST_CHECK;
/* Brings quarantine/<table>'s own log up to date with the live parts of side entry `side`. */
enum rc quarantine_mirror(struct arena *a, struct storage *storage, const struct checkpoint_codec *codec,
                          const char *table, const char *table_id, const struct quarantine_part *parts, size_t n,
                          int64_t side, struct err *e) MUST_CHECK;

enum rc stage_source(struct step *s, struct err *e) MUST_CHECK;
enum rc stage_model(struct step *s, struct err *e) MUST_CHECK;

#endif
