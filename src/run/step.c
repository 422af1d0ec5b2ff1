/* What every step needs: where files are, and the commit made out of what was staged. */
#include "run/step.h"

#include "base/log.h"
#include "base/os.h"

void step_note(struct step *s, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    const char **place = ARENA_PUSH(s->arena, s->notes, s->n_notes);
    *place = arena_vprintf(s->arena, format, ap);
    va_end(ap);
}

enum rc step_open_session(struct step *s, struct session **ret, struct err *e)
{
    enum rc rc;
    struct engine *engine;
    TRY(lazy_engine_get(s->runner->engine, &engine, e));
    TRY(session_open(engine, ret, e));
    if (s->runner->watch_progress) TRY(session_watch_progress(*ret, e));
    s->session = *ret;
out:
    return rc;
}

enum rc step_directory(struct step *s, const char *dir, char **ret, struct err *e)
{
    return storage_directory_url(s->lake->storage, s->arena, dir, ret, e);
}

enum rc files_relation(struct arena *a, struct storage *storage, const char *dir, const struct delta_file *files,
                       size_t n, const struct delta_column *columns, size_t n_columns, bool row_id, char **ret,
                       struct err *e)
{
    char *directory = NULL;
    if (n > 0) {
        enum rc rc = storage_directory_url(storage, a, dir, &directory, e);
        if (rc != RC_OK) return rc;
    }
    const char **urls = ARENA_ARRAY(a, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        if (files[i].deletion_vector)
            return err_set(
                e, RC_DATA,
                "%s: file %s carries a deletion vector, which this version of ingot does not read; rewrite "
                "the table "
                "without (in Spark: REORG TABLE … APPLY (PURGE)) and set delta.enableDeletionVectors = false",
                dir, files[i].path);
        urls[i] = files[i].path[0] == '/' || strstr(files[i].path, "://")
                      ? files[i].path
                      : arena_printf(a, "%s%s", directory, files[i].path);
    }
    *ret = parquet_select(a, urls, files, n, columns, n_columns, row_id);
    return RC_OK;
}

enum rc step_relation(struct step *s, const char *dir, const struct delta_file *files, size_t n,
                      const struct delta_column *columns, size_t n_columns, bool row_id, char **ret, struct err *e)
{
    return files_relation(s->arena, s->lake->storage, dir, files, n, columns, n_columns, row_id, ret, e);
}

void step_discard(struct step *s, const char *directory)
{
    for (size_t i = 0; directory && i < s->n_added; i++) {
        struct err ignored = {0};
        if (os_remove(arena_printf(s->arena, "%s%s", directory, s->added[i].path), &ignored) != RC_OK)
            log_debug("%s", ignored.message);
    }
    s->n_added = 0;
}

enum rc step_check_tolerance(struct step *s, struct err *e)
{
    const struct tolerate *t = &s->table->tolerate;
    const struct account *acc = &s->account;
    if (!t->given) return RC_OK;
    double allowed = t->percent ? t->value * (double)acc->yielded / 100.0 : t->value;
    if ((double)acc->quarantined <= allowed) return RC_OK;
    struct buf *line = buf_new(s->arena, BUF_DEFAULT_MAX);
    account_print_line(line, acc);
    return err_set(e, RC_DATA, "%s: %lld rows were refused, more than it tolerates (tolerate: %g%s); %s",
                   s->table->name, (long long)acc->quarantined, t->value, t->percent ? "%" : "", line->p);
}

/* --- the commit --------------------------------------------------------------------------------------------------- */

static enum rc sync_files(struct step *s, struct err *e)
{
    struct storage *storage = s->lake->storage;
    if (!storage->ops->sync || s->n_added == 0) return RC_OK;
    const char **keys = ARENA_ARRAY(s->arena, const char *, s->n_added);
    for (size_t i = 0; i < s->n_added; i++) keys[i] = arena_printf(s->arena, "%s/%s", s->pinned->dir, s->added[i].path);
    return storage->ops->sync(storage, keys, s->n_added, e);
}

static void add_metadata(struct step *s, struct delta_commit *c, const struct delta_snapshot *before)
{
    const struct table *t = s->table;
    struct pair *configuration = ARENA_ARRAY(s->arena, struct pair, (before ? before->n_configuration : 0) + 1);
    size_t n = 0;
    for (size_t i = 0; before && i < before->n_configuration; i++)
        if (strcmp(before->configuration[i].key, "ingot.model") != 0) configuration[n++] = before->configuration[i];
    configuration[n++] = (struct pair){"ingot.model", s->staged_all[s->node].next.model};
    struct delta_metadata metadata = {.table_id = s->table_id,
                                      .name = t->stem,
                                      .description = t->description,
                                      .columns = s->columns,
                                      .n_columns = s->n_columns,
                                      .partition_columns = t->partition_by,
                                      .n_partition_columns = t->n_partition_by,
                                      .configuration = configuration,
                                      .n_configuration = n,
                                      .created_ms = before ? before->created_ms : s->lake->now_us / 1000};
    delta_commit_metadata(c, &metadata);
}

static bool needs_ntz(const struct delta_column *columns, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strstr(columns[i].type, "timestamp_ntz")) return true;
    return false;
}

static void add_watermarks(struct step *s, struct delta_commit *c)
{
    struct table_version *next = &s->staged_all[s->node].next;
    next->inputs = ARENA_ARRAY(s->arena, struct watermark, s->n_spans + 1);
    next->n_inputs = 0;
    for (size_t i = 0; i < s->n_spans; i++) {
        const struct input_span *span = &s->spans[i];
        const char *id = s->staged_all[span->node].next.id;
        bool seen = false; /* a table can be input and parent */
        for (size_t k = 0; k < i; k++) seen = seen || s->spans[k].node == span->node;
        if (!id || seen) continue;
        delta_commit_txn(c, arena_printf(s->arena, "ingot/%s", id), span->to);
        next->inputs[next->n_inputs++] = (struct watermark){.table = span->table, .version = span->to};
    }
}

static char *commit_details(struct step *s)
{
    struct buf *out = buf_new(s->arena, BUF_DEFAULT_MAX);
    buf_add_str(out, "{\"run\":");
    buf_add_json_string(out, s->runner->run, strlen(s->runner->run));
    buf_printf(out, ",\"strategy\":\"%s\",\"reason\":", strategy_names[s->decision.strategy]);
    buf_add_json_string(out, s->decision.reason, strlen(s->decision.reason));
    buf_add_str(out, ",\"rows\":");
    account_print_json(out, &s->account);
    buf_add_char(out, '}');
    return out->p;
}

static void on_which_staged(struct step *s, struct staged *staged)
{
    staged->on = ARENA_ARRAY(s->arena, size_t, s->n_spans + 1);
    for (size_t i = 0; i < s->n_spans; i++)
        if (s->staged_all[s->spans[i].node].outcome == OUTCOME_STAGED) staged->on[staged->n_on++] = s->spans[i].node;
}

/* The table as it will stand: what is left of it plus what was added. */
static struct delta_snapshot *snapshot_after(struct step *s, const struct delta_snapshot *before, int64_t version)
{
    struct delta_snapshot *after = ARENA_NEW(s->arena, struct delta_snapshot);
    if (before) *after = *before;
    after->version = version;
    after->table_id = s->table_id;
    after->columns = s->columns;
    after->n_columns = s->n_columns;
    after->files = ARENA_ARRAY(s->arena, struct delta_file, (before ? before->n_files : 0) + s->n_added + 1);
    after->n_files = 0;
    for (size_t i = 0, k = 0; before && i < before->n_files; i++) {
        bool removed = false;
        for (k = 0; k < s->n_removed && !removed; k++) removed = strcmp(before->files[i].path, s->removed[k].path) == 0;
        if (!removed) after->files[after->n_files++] = before->files[i];
    }
    for (size_t i = 0; i < s->n_added; i++) after->files[after->n_files++] = s->added[i];
    return after;
}

void step_make_after(struct step *s, const struct delta_snapshot *before)
{
    s->after = snapshot_after(s, before, s->pinned->now.version + 1);
}

static enum rc mirror(void *data, struct storage *storage, struct err *e)
{
    struct step *s = data;
    return quarantine_mirror(s->arena, storage, &s->lake->codec, s->table->name, s->table_id, s->quarantine,
                             s->n_quarantine, s->side, e);
}

/* The name is unique, so whatever stands there is ours: the same bytes again until they do (RULES.md A 2). */
static enum rc put_part(struct step *s, struct err *e)
{
    struct storage *storage = s->lake->storage;
    struct str bytes = buf_str(s->side_part), there;
    for (int attempt = 0; attempt < 10; attempt++) {
        enum put_result put;
        bool exists;
        enum rc rc = storage->ops->put_new(storage, s->side_part_key, bytes, &put, e);
        if (rc != RC_OK || put == PUT_WON) return rc;
        rc = storage->ops->get(storage, s->arena, s->side_part_key, BUF_DEFAULT_MAX, &there, &exists, e);
        if (rc != RC_OK || (exists && str_eq(there, bytes))) return rc;
        if (storage->ops->pause) storage->ops->pause(storage, attempt);
    }
    return err_set(e, RC_UNREACHABLE, "%s could not be written", s->side_part_key);
}

static enum rc write_side_part(struct step *s, struct staged *staged, struct err *e)
{
    if (s->side < 0) return RC_OK;
    enum rc rc = put_part(s, e);
    if (rc != RC_OK) return rc;
    staged->next.side = s->side;
    staged->after_commit = mirror;
    staged->after_data = s;
    return RC_OK;
}

/* `foreign: keep`: that another tool has written here stays known until a full refresh replaces its rows, which is said.
 * 0 in the log: replaced. */
static enum rc remember_foreign(struct step *s, struct delta_commit *c, const struct delta_snapshot *before,
                                struct err *e)
{
    if (!before || !s->table->foreign_keep || s->table->source) return RC_OK;
    int64_t known = delta_txn_version(before, "ingot/foreign"), own = delta_txn_version(before, "ingot/self");
    if (own < before->version) {
        struct delta_changes *changes;
        enum rc rc = delta_changes(s->arena, s->lake->storage, s->pinned->dir, own, before->version, &changes, e);
        if (rc != RC_OK) return rc;
        if (changes->foreign > known) known = changes->foreign;
    }
    if (known <= 0) return RC_OK;
    bool replaced = s->decision.strategy == STRATEGY_FULL;
    if (replaced)
        step_note(s, "rows that another tool wrote at version %lld are replaced, because this refresh needs all rows",
                  (long long)known);
    delta_commit_txn(c, "ingot/foreign", replaced ? 0 : known);
    return RC_OK;
}

enum rc step_finish(struct step *s, const char *operation, struct err *e)
{
    enum rc rc;
    struct staged *staged = &s->staged_all[s->node];
    struct delta_snapshot *before;
    TRY(lake_snapshot(s->lake, s->pinned, &before, e));
    if (!s->after) step_make_after(s, before);
    if (!before && s->pinned->now.version >= 0)
        return err_set(e, RC_DATA, "%s stands at version %lld, and its log does not say what it is", s->table->name,
                       (long long)s->pinned->now.version);
    TRY(account_reconcile(&s->account, s->table->name, e));
    TRY(sync_files(s, e));
    staged->next.id = s->table_id;
    staged->next.model = s->runner->compiled->fingerprints[s->node].hex;
    staged->next.side = s->pinned->now.side;
    TRY(write_side_part(s, staged, e));

    struct delta_commit *c = ARENA_NEW(s->arena, struct delta_commit);
    delta_commit_begin(s->arena, c);
    bool append_only = s->n_removed == 0;
    delta_commit_info(c, operation, append_only ? "Append" : "Overwrite", commit_details(s),
                      append_only && s->n_spans == 0);
    bool model_changed = before && (!s->pinned->now.model || strcmp(s->pinned->now.model, staged->next.model) != 0);
    if (!before || (s->schema_changes && needs_ntz(s->columns, s->n_columns) && before->min_reader < 3))
        delta_commit_protocol(c, s->columns, s->n_columns);
    if (!before || s->schema_changes || model_changed) add_metadata(s, c, before);
    for (size_t i = 0; i < s->n_removed; i++) delta_commit_remove(c, &s->removed[i], true);
    for (size_t i = 0; i < s->n_added; i++) delta_commit_add(c, &s->added[i]);
    add_watermarks(s, c);
    TRY(remember_foreign(s, c, before, e));
    if (staged->next.side >= 0) delta_commit_txn(c, "ingot/side", staged->next.side);
    staged->next.version = s->pinned->now.version + 1;
    delta_commit_txn(c, "ingot/self", staged->next.version);
    if (c->lines.overflow)
        return err_set(e, RC_DATA, "the commit of %s is larger than %zu bytes", s->table->name, c->lines.max);

    staged->commit = buf_str(&c->lines);
    memcpy(staged->id, c->id, sizeof staged->id);
    staged->next.snapshot = s->after;
    on_which_staged(s, staged);
    staged->outcome = OUTCOME_STAGED;
out:
    return rc;
}
