/* Staging a bronze table: finds files, compares them with the ledger, loads what is new, replaces what changed. */
#include "base/log.h"
#include "base/os.h"
#include "base/text.h"
#include "run/merge.h"
#include "run/step.h"

#include <stdlib.h>

struct source_work {
    struct step *s;
    struct delta_snapshot *before;
    struct file_decision *files, *todo;
    size_t n_files, n_todo, n_new, n_changed, n_retry, n_vanished;
    bool anew; /* nothing of the table as it is stays */
    struct session *session;
    struct refused_sink *refused;
    struct source_staged *staged;
    char *directory;
    struct buf *forgotten; /* SQL literals: files that a foreign restore took out of the ledger, or NULL */
};

static void note(void *data, const char *message)
{
    step_note(data, "%s", message);
}

/* --- what is there ------------------------------------------------------------------------------------------------ */

static enum rc find_files(struct source_work *w, struct err *e)
{
    enum rc rc;
    struct step *s = w->s;
    const char *pattern;
    TRY(setting_expand(s->arena, &s->table->source->files, "from.files", &pattern, e));
    struct found_file *found;
    size_t n_found;
    TRY(source_find(s->arena, s->runner->compiled->project->dir, s->table->source, pattern, &found, &n_found, e));
    TRY(source_compare(s->arena, s->ledger, found, n_found, &w->files, &w->n_files, e));
    for (size_t i = 0; i < w->n_files; i++) {
        w->n_new += w->files[i].fate == FILE_NEW;
        w->n_changed += w->files[i].fate == FILE_CHANGED;
        w->n_retry += w->files[i].fate == FILE_RETRY;
        w->n_vanished += w->files[i].fate == FILE_VANISHED;
    }
out:
    return rc;
}

static void choose_files(struct source_work *w)
{
    struct step *s = w->s;
    bool all = s->table->load == LOAD_REPLACE || s->decision.strategy == STRATEGY_FULL;
    w->todo = ARENA_ARRAY(s->arena, struct file_decision, w->n_files + 1);
    for (size_t i = 0; i < w->n_files; i++)
        if (w->files[i].fate != FILE_VANISHED && (all || w->files[i].fate != FILE_SAME))
            w->todo[w->n_todo++] = w->files[i];
}

static char *count_files(struct step *s, size_t n, const char *what)
{
    return arena_printf(s->arena, "%zu %s file%s", n, what, n == 1 ? "" : "s");
}

/* A bronze table appends unless something must leave it. */
static void decide_source(struct source_work *w)
{
    struct step *s = w->s;
    struct decision *d = &s->decision;
    const char *what = "";
    if (w->n_new) what = count_files(s, w->n_new, "new");
    if (w->n_changed)
        what = arena_printf(s->arena, "%s%s%s", what, *what ? ", " : "", count_files(s, w->n_changed, "changed"));
    if (w->n_retry)
        what = arena_printf(s->arena, "%s%s%s", what, *what ? ", " : "", count_files(s, w->n_retry, "refused"));
    bool exists = s->pinned->now.version >= 0, vanished = s->table->load == LOAD_REPLACE && w->n_vanished > 0;
    if (s->pinned->held)
        *d = (struct decision){STRATEGY_HELD, .reason = arena_strdup(s->arena, "held after a rollback")};
    else if (exists && (s->runner->options.full || s->runner->options.rebuild))
        *d = (struct decision){STRATEGY_FULL, .reason = arena_strdup(s->arena, "asked for")};
    else if (exists && s->pinned->now.model &&
             strcmp(s->pinned->now.model, s->runner->compiled->fingerprints[s->node].hex) != 0)
        *d = (struct decision){STRATEGY_FULL,
                               .reason = arena_strdup(s->arena, "load, key or latest of the source changed")};
    else if (!*what && !vanished && !w->forgotten)
        *d = (struct decision){STRATEGY_SKIP,
                               .reason = arena_strdup(s->arena, w->n_files ? "no new files" : "no files")};
    else if (!exists) *d = (struct decision){STRATEGY_FULL, .reason = arena_printf(s->arena, "first load: %s", what)};
    else if (s->table->load == LOAD_REPLACE)
        *d = (struct decision){
            STRATEGY_FULL, .reason = arena_printf(s->arena, "load: replace, %s", vanished ? "files vanished" : what)};
    else if (!*what)
        *d = (struct decision){STRATEGY_APPEND,
                               .reason = arena_strdup(s->arena, "its ledger is what another tool left")};
    else if (w->n_changed || s->table->load == LOAD_UPSERT)
        *d = (struct decision){STRATEGY_MERGE, .reason = arena_strdup(s->arena, what)};
    else *d = (struct decision){STRATEGY_APPEND, .reason = arena_strdup(s->arena, what)};
}

/* --- loading ------------------------------------------------------------------------------------------------------ */

static enum rc read_files(struct source_work *w, const struct file_decision *files, size_t n,
                          const struct delta_column *existing, size_t n_existing, struct source_staged **ret,
                          struct err *e)
{
    struct step *s = w->s;
    struct source_input in = {
        .table = s->table,
        .files = files,
        .n_files = n,
        .ledger = s->ledger,
        .existing = existing,
        .n_existing = n_existing,
        .load = s->side,
        .loaded_at_us = s->lake->now_us,
        .directory = w->directory,
        .temp_dir = s->runner->temp_dir,
        .refused = w->refused,
        .stop = s->runner->stop,
        .note = note,
        .note_data = s,
    };
    return source_stage(s->arena, w->session, &in, ret, e);
}

/* Its rows are to leave the table, because they came in anew. */
static bool is_replaced(const struct source_work *w, size_t i)
{
    return w->todo[i].known && !w->staged->files[i].problem;
}

static bool replaces_rows(const struct source_work *w)
{
    for (size_t i = 0; i < w->n_todo; i++)
        if (is_replaced(w, i) && w->todo[i].known->rows > 0) return true;
    return false;
}

/* load: upsert, and a file changed: rows of other files that had lost to its old ones may win now, and the table does not
 * hold them any more. So the other files are read again too; their rows keep the load that brought them (known_loads). */
static enum rc read_others_again(struct source_work *w, struct err *e)
{
    enum rc rc;
    struct step *s = w->s;
    struct source_staged *first = w->staged, *again;
    struct file_decision *others = ARENA_ARRAY(s->arena, struct file_decision, w->n_files + 1);
    size_t n = 0;
    for (size_t i = 0; i < w->n_files; i++)
        if (w->files[i].fate == FILE_SAME) others[n++] = w->files[i];
    if (n == 0) return RC_OK;
    TRY(read_files(w, others, n, first->columns, first->n_columns, &again, e));
    struct source_staged *all = ARENA_NEW(s->arena, struct source_staged);
    *all = *again;
    all->records += first->records;
    all->rows += first->rows;
    all->malformed += first->malformed;
    all->refused_whole += first->refused_whole;
    all->n_data += first->n_data;
    all->data = ARENA_ARRAY(s->arena, struct parquet_file, all->n_data + 1);
    for (size_t i = 0; i < all->n_data; i++)
        all->data[i] = i < first->n_data ? first->data[i] : again->data[i - first->n_data];
    all->n_files += first->n_files;
    all->files = ARENA_ARRAY(s->arena, struct ledger_file, all->n_files + 1);
    for (size_t i = 0; i < all->n_files; i++)
        all->files[i] = i < first->n_files ? first->files[i] : again->files[i - first->n_files];
    for (size_t i = first->n_files; i < all->n_files; i++) {
        w->todo[w->n_todo] = others[i - first->n_files];
        all->files[i].load = w->todo[w->n_todo].known->load;
        all->files[i].loaded_at_us = w->todo[w->n_todo++].known->loaded_at_us;
    }
    w->staged = all;
    step_note(s, "a file changed that others are merged with: %zu other%s read again", n, n == 1 ? " was" : "s were");
out:
    return rc;
}

/* Rows whose `_file` the ledger does not know: another tool wrote them. */
static enum rc count_foreign_rows(struct source_work *w, int64_t *ret, struct err *e)
{
    enum rc rc;
    struct step *s = w->s;
    char *relation;
    struct rows *rows;
    *ret = 0;
    TRY(step_relation(s, s->pinned->dir, w->before->files, w->before->n_files, w->before->columns, w->before->n_columns,
                      false, &relation, e));
    TRY(session_queryf(s->arena, w->session, &rows, e, "SELECT \"_file\", count(*) FROM (%s) GROUP BY 1", relation));
    for (size_t i = 0; i < rows->n_rows; i++)
        if (!rows->cells[2 * i] || !ledger_find(s->ledger, rows->cells[2 * i]))
            *ret += strtoll(rows->cells[2 * i + 1], NULL, 10);
out:
    return rc;
}

/* Does nothing of the table as it is stay? A file that vanished keeps its rows (RULES.md B 1), and so do rows that
 * another tool wrote, also when all files that are there are read again. */
static enum rc builds_anew(struct source_work *w, bool *ret, struct err *e)
{
    struct step *s = w->s;
    int64_t foreign;
    *ret = true;
    if (!w->before) return RC_OK;
    *ret = s->decision.strategy == STRATEGY_FULL;
    if (!*ret || s->table->load == LOAD_REPLACE || s->runner->options.rebuild) return RC_OK;
    enum rc rc = count_foreign_rows(w, &foreign, e);
    if (rc != RC_OK) return rc;
    size_t gone = 0;
    for (size_t i = 0; i < w->n_files; i++) gone += w->files[i].fate == FILE_VANISHED && w->files[i].known->rows > 0;
    *ret = s->table->load == LOAD_UPSERT && !s->runner->options.full; /* their rows are not unique by another key */
    const char *fate = *ret ? "could not be kept under the changed key" : "stay";
    if (gone > 0)
        step_note(s, "%zu file%s no longer there; %s rows %s", gone, gone == 1 ? " is" : "s are",
                  gone == 1 ? "its" : "their", fate);
    if (foreign > 0) step_note(s, "%lld rows that another tool wrote %s", (long long)foreign, fate);
    if (gone == 0 && foreign == 0) *ret = true;
    return RC_OK;
}

/* Where all is read anew, rows of a file that cannot be read now would be lost. */
static enum rc check_nothing_lost(struct source_work *w, struct err *e)
{
    struct step *s = w->s;
    if (!w->anew || s->table->load == LOAD_REPLACE || s->runner->options.rebuild) return RC_OK;
    for (size_t i = 0; i < w->n_todo; i++)
        if (w->todo[i].known && w->todo[i].known->rows > 0 && w->staged->files[i].problem)
            return err_set(e, RC_DATA,
                           "%s: %s, which was loaded before, cannot be read now (%s), so its rows would be "
                           "lost; restore it, or use --rebuild",
                           s->table->name, w->staged->files[i].path, w->staged->files[i].problem);
    return RC_OK;
}

static enum rc load_files(struct source_work *w, struct err *e)
{
    enum rc rc;
    struct step *s = w->s;
    TRY(builds_anew(w, &w->anew, e));
    bool anew = w->anew;
    TRY(step_claim_side(s, anew, e));
    TRY(step_directory(s, s->pinned->dir, &w->directory, e));
    w->refused = refused_new(s->arena, s->runner->temp_dir, s->table->name, s->runner->run, s->lake->now_us);
    TRY(read_files(w, w->todo, w->n_todo, anew ? NULL : w->before->columns, anew ? 0 : w->before->n_columns, &w->staged,
                   e));
    if (s->decision.strategy == STRATEGY_MERGE && s->table->load == LOAD_UPSERT && replaces_rows(w))
        TRY(read_others_again(w, e));
    TRY(check_nothing_lost(w, e));
    if (w->before && w->staged->refused_whole == w->n_todo) { /* no file says which columns there are */
        w->staged->columns = w->before->columns;
        w->staged->n_columns = w->before->n_columns;
    }
    for (size_t i = 0; i < w->staged->n_files; i++) {
        struct ledger_file *f = &w->staged->files[i];
        if (f->problem && !anew && w->todo[i].known) f->rows = w->todo[i].known->rows; /* they stay */
        ledger_print_file(s->side_part, f);
    }
out:
    return rc;
}

static struct delta_file file_of(const struct parquet_file *p, const char *directory, int64_t now_ms)
{
    size_t n = strlen(directory);
    const char *path = strncmp(p->url, directory, n) == 0 ? p->url + n : path_base(p->url);
    return (struct delta_file){.path = path,
                               .size = p->size,
                               .mtime_ms = now_ms,
                               .records = p->records,
                               .stats = p->stats,
                               .partition = p->partition,
                               .n_partition = p->n_partition,
                               .data_change = true};
}

void step_add_files(struct step *s, const char *directory, const struct parquet_file *files, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct delta_file *f = ARENA_PUSH(s->arena, s->added, s->n_added);
        *f = file_of(&files[i], directory, s->lake->now_us / 1000);
        s->account.rows_added += files[i].records;
    }
}

void step_remove_file(struct step *s, const struct delta_file *file)
{
    for (size_t i = 0; i < s->n_added; i++) { /* a file of this step's own was never there */
        if (strcmp(s->added[i].path, file->path) != 0) continue;
        s->account.rows_added -= file->records;
        s->added[i] = s->added[--s->n_added];
        return;
    }
    struct delta_file *f = ARENA_PUSH(s->arena, s->removed, s->n_removed);
    *f = *file;
    s->account.rows_removed += file->records - file->deleted;
}

/* "_file" IN ('raw/a.csv', …) for the changed files that loaded; NULL if there is none. Those that could not be read keep
 * the rows that they have. */
static char *changed_predicate(struct source_work *w)
{
    struct buf *p = buf_new(w->s->arena, BUF_DEFAULT_MAX);
    for (size_t i = 0; i < w->n_todo; i++) {
        if (!is_replaced(w, i)) continue;
        buf_add_str(p, p->n ? ", " : "\"_file\" IN (");
        buf_add_sql_string(p, w->todo[i].found->path);
    }
    if (p->n == 0) return NULL;
    buf_add_char(p, ')');
    return p->p;
}

static enum rc remove_changed_rows(struct source_work *w, struct err *e)
{
    enum rc rc = RC_OK;
    struct step *s = w->s;
    char *predicate = changed_predicate(w);
    if (!predicate || !w->before) return RC_OK;
    TRY(step_remove_quarantine(s, w->session, predicate, e));
    TRY(remove_rows(s, w->session, w->before, predicate, w->directory, e));
out:
    return rc;
}

/* Files that were read again because of others: (path, load, time) as VALUES; NULL if there is none. */
static char *known_loads(struct source_work *w)
{
    struct buf *b = buf_new(w->s->arena, BUF_DEFAULT_MAX);
    for (size_t i = 0; i < w->n_todo; i++) {
        if (w->todo[i].fate != FILE_SAME || w->s->decision.strategy == STRATEGY_FULL) continue;
        buf_add_str(b, b->n ? ", (" : "(");
        buf_add_sql_string(b, w->todo[i].known->path);
        buf_printf(b, ", %lld, TIMESTAMPTZ '%s')", (long long)w->todo[i].known->load,
                   os_format_time(w->s->arena, w->todo[i].known->loaded_at_us));
    }
    return b->n ? b->p : NULL;
}

/* A file that was refused whole stands in quarantine too, once, until it loads. */
static enum rc quarantine_refused_files(struct source_work *w, struct err *e)
{
    enum rc rc = RC_OK;
    struct step *s = w->s;
    for (size_t i = 0; i < w->staged->n_files; i++) {
        const struct ledger_file *now = &w->staged->files[i], *known = w->todo[i].known;
        if (!now->problem) continue;
        bool stands = !w->anew && known && known->problem;
        if (stands && strcmp(known->problem, now->problem) == 0) continue;
        if (stands)
            TRY(step_remove_quarantine(
                s, w->session,
                arena_printf(s->arena, "\"_file\" = %s AND \"rule\" = 'file refused'", sql_string(s->arena, now->path)),
                e));
        const struct refused r = {.file = str_of(now->path),
                                  .row = -1,
                                  .line = -1,
                                  .load = s->side,
                                  .rule = STR("file refused"),
                                  .reason = str_of(now->problem)};
        refused_add(w->refused, &r);
    }
out:
    return rc;
}

static void account_for(struct source_work *w)
{
    struct account *acc = &w->s->account;
    acc->read = ARENA_NEW(w->s->arena, struct account_read);
    acc->read[0].rows = w->staged->records;
    acc->n_read = 1;
    acc->yielded = w->staged->records;
    acc->inserted = w->staged->rows;
    acc->quarantined = w->staged->malformed;
    struct rule_count *rules;
    size_t n;
    refused_by_rule(w->s->arena, w->refused, &rules, &n);
    acc->lines = ARENA_ARRAY(w->s->arena, struct account_line, n + 1);
    for (size_t i = 0; i < n; i++)
        acc->lines[acc->n_lines++] =
            (struct account_line){.rule = rules[i].rule, .what = ACCOUNT_QUARANTINED, .rows = rules[i].n};
    for (size_t i = 0; i < w->n_todo; i++) {
        acc->files_loaded += !w->staged->files[i].problem;
        acc->files_changed += w->todo[i].fate == FILE_CHANGED && !w->staged->files[i].problem;
    }
    acc->files_refused = (int64_t)w->staged->refused_whole;
}

static void warn_about_refused(struct source_work *w)
{
    for (size_t i = 0; i < w->staged->n_files; i++)
        if (w->staged->files[i].problem)
            step_note(w->s, "%s was refused whole: %s", w->staged->files[i].path, w->staged->files[i].problem);
    w->s->partly_failed = w->staged->refused_whole > 0;
}

/* A file that could not be read to its end has no hash. */
static bool same_bytes(const struct ledger_file *x, const struct ledger_file *y)
{
    if (!x->hash || !y->hash) return !x->hash && !y->hash && x->size == y->size && x->mtime_us == y->mtime_us;
    return strcmp(x->hash, y->hash) == 0;
}

/* The same files refused for the same reasons as before, and nothing else: the lake has nothing to learn. */
static bool nothing_learned(const struct source_work *w)
{
    if (w->forgotten || w->staged->refused_whole != w->n_todo || !w->before) return false;
    if (w->anew && (w->n_vanished > 0 || w->n_todo == 0)) return false; /* rows leave */
    for (size_t i = 0; i < w->n_todo; i++) {
        const struct ledger_file *known = w->todo[i].known, *now = &w->staged->files[i];
        if (!known || !known->problem || !now->problem || strcmp(known->problem, now->problem) != 0 ||
            !same_bytes(known, now))
            return false;
    }
    return true;
}

static bool same_columns(const struct delta_snapshot *before, const struct source_staged *staged)
{
    if (!before || before->n_columns != staged->n_columns) return false;
    for (size_t i = 0; i < staged->n_columns; i++)
        if (strcmp(before->columns[i].name, staged->columns[i].name) != 0 ||
            strcmp(before->columns[i].type, staged->columns[i].type) != 0)
            return false;
    return true;
}

static enum rc take_over(struct source_work *w, struct err *e)
{
    enum rc rc = RC_OK;
    struct step *s = w->s;
    struct delta_snapshot *before = w->before;
    s->columns = w->staged->columns;
    s->n_columns = w->staged->n_columns;
    s->creates = !before;
    s->schema_changes = !same_columns(before, w->staged);
    account_for(w);
    if (w->anew)
        for (size_t i = 0; before && i < before->n_files; i++) step_remove_file(s, &before->files[i]);
    else TRY(remove_changed_rows(w, e));
    if (w->forgotten && !w->anew)
        TRY(step_remove_quarantine(s, w->session, arena_printf(s->arena, "\"_file\" IN (%s)", w->forgotten->p), e));
    if (s->table->load == LOAD_UPSERT) {
        step_make_after(s, before); /* what is left without what was read again */
        TRY(upsert_source(s, w->session, s->after, w->staged->data, w->staged->n_data, known_loads(w), w->directory,
                          e));
    } else {
        step_add_files(s, w->directory, w->staged->data, w->staged->n_data);
    }
    TRY(step_check_tolerance(s, e));
    TRY(quarantine_refused_files(w, e));
    TRY(step_add_quarantine(s, w->session, w->refused, e));
    s->account.rows_before = before ? delta_rows(before) : 0;
    step_make_after(s, before);
    s->account.rows_after = delta_rows(s->after);
out:
    return rc;
}

/* Files of a load that failed; those of an upsert may be gone already. */
static void discard(struct source_work *w)
{
    step_discard(w->s, w->directory);
    for (size_t i = 0; w->staged && i < w->staged->n_data; i++)
        if (os_remove(w->staged->data[i].url, NULL) != RC_OK) continue;
}

static enum rc load_and_stage(struct source_work *w, struct err *e)
{
    enum rc rc;
    struct step *s = w->s;
    if (w->before) TRY(delta_check_writable(w->before, s->table->name, e));
    TRY(step_open_session(s, &w->session, e));
    choose_files(w);
    TRY(load_files(w, e));
    warn_about_refused(w);
    if (nothing_learned(w)) {
        s->side = -1;
        s->n_quarantine = s->chain_length = 0; /* what was committed is read again if it is asked for */
        s->staged_all[s->node].outcome = OUTCOME_UP_TO_DATE;
        goto out;
    }
    char id[37];
    os_uuid(id);
    s->table_id = w->before ? w->before->table_id : arena_strdup(s->arena, id);
    if (!w->before && w->staged->n_columns == 0) { /* nothing loaded yet, so no columns are known */
        s->staged_all[s->node].outcome = OUTCOME_FAILED;
        rc = err_set(e, RC_DATA, "%s: no file could be loaded; %s: %s", s->table->name, w->staged->files[0].path,
                     w->staged->files[0].problem);
        goto out;
    }
    TRY(take_over(w, e));
    TRY(step_finish(s, s->decision.strategy == STRATEGY_MERGE ? "MERGE" : "WRITE", e));
out:
    s->session = NULL;
    session_close(w->session);
    if (rc != RC_OK) discard(w);
    return rc;
}

/* RULES.md B 4: another tool put the whole table to another state, so the ledger is what is still there. */
static enum rc rebuild_ledger(struct source_work *w, struct err *e)
{
    enum rc rc;
    struct step *s = w->s;
    struct engine *engine;
    struct session *session = NULL;
    TRY(lazy_engine_get(s->runner->engine, &engine, e));
    TRY(session_open(engine, &session, e));
    char *relation;
    TRY(step_relation(s, s->pinned->dir, w->before->files, w->before->n_files, w->before->columns, w->before->n_columns,
                      false, &relation, e));
    struct rows *rows;
    TRY(session_queryf(s->arena, session, &rows, e, "SELECT DISTINCT \"_file\" FROM (%s) WHERE \"_file\" IS NOT NULL",
                       relation));
    size_t kept = 0, forgotten = 0;
    for (size_t i = 0; i < s->ledger->n_files; i++) {
        const struct ledger_file *f = &s->ledger->files[i];
        bool there = f->rows == 0;
        for (size_t r = 0; r < rows->n_rows && !there; r++) there = strcmp(rows->cells[r], f->path) == 0;
        if (there) s->ledger->files[kept++] = *f;
        else {
            if (!w->forgotten) w->forgotten = buf_new(s->arena, BUF_DEFAULT_MAX);
            if (forgotten++) buf_add_str(w->forgotten, ", ");
            buf_add_sql_string(w->forgotten, f->path);
        }
    }
    s->ledger->n_files = kept;
    if (s->chain_length > 0)
        s->chain_length = SIDE_FOLD_LENGTH; /* the next entry states the ledger anew, without those */
    step_note(s,
              "another tool restored or replaced the table: %zu file%s no longer there, to be loaded again "
              "if found",
              forgotten, forgotten == 1 ? " is" : "s are");
out:
    session_close(session);
    return rc;
}

enum rc stage_source(struct step *s, struct err *e)
{
    enum rc rc;
    struct staged *staged = &s->staged_all[s->node];
    struct source_work w = {.s = s};
    TRY(step_read_side(s, e));
    if (s->pinned->foreign_overwrite) {
        TRY(lake_snapshot(s->lake, s->pinned, &w.before, e));
        TRY(rebuild_ledger(&w, e));
    }
    TRY(find_files(&w, e));
    decide_source(&w);
    if (s->decision.strategy == STRATEGY_HELD) {
        staged->outcome = OUTCOME_HELD;
    } else if (s->decision.strategy == STRATEGY_SKIP) {
        staged->outcome = OUTCOME_UP_TO_DATE;
    } else if (!s->runner->plan_only) {
        TRY(lake_snapshot(s->lake, s->pinned, &w.before, e));
        TRY(load_and_stage(&w, e));
    }
out:
    return rc;
}
