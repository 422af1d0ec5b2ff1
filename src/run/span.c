/* What changed in the inputs of a table since it last read them. */
#include "quality/expression.h"
#include "run/step.h"

#include <stdlib.h>

static const struct step *staged_step(const struct step *s, size_t node)
{
    return s->staged_all[node].outcome == OUTCOME_STAGED ? s->runner->steps[node] : NULL;
}

enum rc step_input_snapshot(struct step *s, size_t node, struct delta_snapshot **ret, struct err *e)
{
    const struct step *input = staged_step(s, node);
    if (input) {
        *ret = input->after;
        return RC_OK;
    }
    return lake_snapshot(s->lake, &s->lake->tables[node], ret, e);
}

static void append_files(struct step *s, struct input_span *span, const struct delta_file *files, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct delta_file *f = ARENA_PUSH(s->arena, span->added, span->n_added);
        *f = files[i];
    }
}

static int by_path(const void *left, const void *right)
{
    const struct delta_file *const *a = left, *const *b = right;
    return strcmp((*a)->path, (*b)->path);
}

static int compare_path(const void *path, const void *file)
{
    return strcmp(path, (*(const struct delta_file *const *)file)->path);
}

/* Files to be looked up by path. */
static const struct delta_file **sorted_files(struct arena *a, const struct delta_file *files, size_t n)
{
    const struct delta_file **sorted = ARENA_ARRAY(a, const struct delta_file *, n);
    for (size_t i = 0; i < n; i++) sorted[i] = &files[i];
    if (n > 1) qsort(sorted, n, sizeof *sorted, by_path);
    return sorted;
}

static bool has_path(const struct delta_file *const *sorted, size_t n, const char *path)
{
    return n && bsearch(path, sorted, n, sizeof *sorted, compare_path);
}

/* Files that this run's own stage of the input takes out again do not count as added. */
static void subtract_removed(struct step *s, struct input_span *span, const struct step *input)
{
    const struct delta_file **removed = sorted_files(s->arena, input->removed, input->n_removed);
    size_t kept = 0;
    for (size_t i = 0; i < span->n_added; i++)
        if (!has_path(removed, input->n_removed, span->added[i].path)) span->added[kept++] = span->added[i];
    size_t cancelled = span->n_added - kept;
    span->n_added = kept;
    span->n_removed += input->n_removed - cancelled;
}

static enum rc span_from_log(struct step *s, struct input_span *span, const struct pinned *input, struct err *e)
{
    if (input->now.version <= span->from) return RC_OK;
    struct delta_changes *changes;
    enum rc rc = delta_changes(s->arena, s->lake->storage, input->dir, span->from, input->now.version, &changes, e);
    if (rc != RC_OK) return rc;
    if (changes->gap) {
        span->change = CHANGE_UNKNOWN;
        span->why = arena_printf(s->arena, "the log of %s no longer reaches back to version %lld", span->table,
                                 (long long)span->from);
        return RC_OK;
    }
    append_files(s, span, changes->added, changes->n_added);
    span->n_removed += changes->n_removed;
    span->schema_changed = changes->metadata_change;
    return RC_OK;
}

/* A plan does not stage: what an input will turn out to be is taken at its worst. */
static void span_from_plan(struct step *s, struct input_span *span)
{
    const struct step *input = s->runner->steps ? s->runner->steps[span->node] : NULL;
    if (!s->runner->plan_only || !input) return;
    if (input->decision.strategy == STRATEGY_APPEND) span->change = CHANGE_GREW;
    if (input->decision.strategy == STRATEGY_MERGE) span->change = CHANGE_CHANGED;
    if (input->decision.strategy == STRATEGY_FULL) {
        span->change = span->from < 0 ? CHANGE_UNKNOWN : CHANGE_CHANGED;
        if (!span->why) span->why = arena_printf(s->arena, "%s is built anew", span->table);
    }
    if (input->decision.strategy != STRATEGY_SKIP) span->missing = false;
}

/* Rows that entered and were compacted since stand in files together with older ones: they cannot be read apart. */
static enum rc check_added_apart(struct step *s, struct input_span *span, struct err *e)
{
    if (span->change != CHANGE_GREW || s->runner->plan_only) return RC_OK;
    struct delta_snapshot *input;
    enum rc rc = step_input_snapshot(s, span->node, &input, e);
    if (rc != RC_OK) return rc;
    const struct delta_file **live = sorted_files(s->arena, input->files, input->n_files);
    for (size_t i = 0; i < span->n_added; i++) {
        if (has_path(live, input->n_files, span->added[i].path)) continue;
        span->change = CHANGE_UNKNOWN;
        span->why =
            arena_printf(s->arena, "files of %s were compacted since version %lld", span->table, (long long)span->from);
        return RC_OK;
    }
    return RC_OK;
}

static enum rc make_span(struct step *s, size_t node, struct input_span *span, struct err *e)
{
    const struct pinned *input = &s->lake->tables[node];
    const struct table_version *version = &s->staged_all[node].next;
    const struct step *staged = staged_step(s, node);
    *span = (struct input_span){.table = input->name, .node = node, .to = version->version};
    span->from = table_watermark(&s->pinned->now, input->name);
    span->missing = version->version < 0;
    if (span->from < 0 && s->pinned->now.version >= 0) {
        span->change = CHANGE_UNKNOWN;
        span->why = arena_printf(s->arena, "%s has not read %s as it is now", s->table->name, span->table);
    } else if (span->from >= 0) {
        enum rc rc = span_from_log(s, span, input, e);
        if (rc != RC_OK) return rc;
        if (staged && span->change != CHANGE_UNKNOWN) {
            subtract_removed(s, span, staged);
            append_files(s, span, staged->added, staged->n_added);
            span->schema_changed = span->schema_changed || staged->schema_changes;
        }
        if (span->change != CHANGE_UNKNOWN)
            span->change = span->n_removed > 0 ? CHANGE_CHANGED : span->n_added > 0 ? CHANGE_GREW : CHANGE_NONE;
    }
    span_from_plan(s, span);
    return check_added_apart(s, span, e);
}

enum rc step_spans(struct step *s, struct err *e)
{
    const struct node *node = &s->runner->compiled->dag->nodes[s->node];
    s->spans = ARENA_ARRAY(s->arena, struct input_span, node->n_inputs + node->n_parents + 1);
    for (size_t i = 0; i < node->n_inputs; i++) {
        enum rc rc = make_span(s, node->inputs[i], &s->spans[s->n_spans++], e);
        if (rc != RC_OK) return rc;
    }
    s->n_inputs = s->n_spans;
    for (size_t i = 0; i < node->n_parents; i++) {
        enum rc rc = make_span(s, node->parents[i], &s->spans[s->n_spans++], e);
        if (rc != RC_OK) return rc;
    }
    return RC_OK;
}

static struct input_state state_of(const struct input_span *span)
{
    return (struct input_state){.table = span->table,
                                .change = span->change,
                                .schema_changed = span->schema_changed,
                                .missing = span->missing,
                                .why = span->why};
}

/* Unique as it stands: a key that the model got since, and rows of another tool, prove nothing. */
static bool unique_on(const void *data, const char *name, const char *const *columns, size_t n)
{
    const struct step *s = data;
    const struct pinned *pinned = lake_table(s->lake, name);
    if (!pinned) return false;
    size_t node = (size_t)(pinned - s->lake->tables);
    const struct table *t = s->runner->compiled->dag->nodes[node].table;
    const char *model = s->staged_all[node].next.model;
    if (!model || strcmp(model, s->runner->compiled->fingerprints[node].hex) != 0 || pinned->foreign >= 0 ||
        t->foreign_keep)
        return false;
    if (t->n_key == 0) return false;
    for (size_t k = 0; k < t->n_key; k++) { /* every key column must be among the columns */
        bool found = false;
        for (size_t i = 0; i < n && !found; i++) found = strcasecmp(t->key[k], columns[i]) == 0;
        if (!found) return false;
    }
    return !t->source || t->load == LOAD_UPSERT;
}

static bool uses_clock(struct step *s, const char *text, struct pos pos)
{
    static const struct expression_clock any = {.timestamp = "now()", .local = "now()"};
    struct expression x = {0};
    struct err ignored = {0}; /* what is wrong with it is told where it is judged */
    return text && expression_read(s->arena, text, pos, "rule", true, &any, &x, &ignored) == RC_OK && x.uses_clock;
}

/* RULES.md C 7: now() in a rule is the time at which the row was loaded; where rows do not tell, they are judged again on
 * each run. */
static bool rules_ask_for_time(struct step *s)
{
    const struct table *t = s->table;
    bool asked = false;
    for (size_t i = 0; i < t->n_rules && !asked; i++) asked = uses_clock(s, t->rules[i].expression, t->rules[i].pos);
    for (size_t i = 0; i < t->n_columns && !asked; i++) asked = uses_clock(s, t->columns[i].check, t->columns[i].pos);
    if (!asked || !s->statement || !s->statement->row_by_row || s->n_inputs != 1) return asked;
    struct delta_snapshot *input = NULL;
    struct err ignored = {0};
    if (step_input_snapshot(s, s->spans[0].node, &input, &ignored) != RC_OK || !input) return true;
    for (size_t i = 0; i < input->n_columns; i++)
        if (strcmp(input->columns[i].name, "_loaded_at") == 0) return false;
    return true;
}

void step_decide(struct step *s)
{
    const struct table *t = s->table;
    struct table_state state = {.exists = s->pinned->now.version >= 0, .held = s->pinned->held, .foreign = -1};
    const char *fingerprint = s->runner->compiled->fingerprints[s->node].hex;
    state.model_changed = state.exists && (!s->pinned->now.model || strcmp(s->pinned->now.model, fingerprint) != 0);
    state.what_changed = s->pinned->now.model ? "the model changed" : "the table was not made by ingot";
    if (!t->foreign_keep && !s->runner->options.rebuild) state.foreign = s->pinned->foreign;
    state.full_asked = s->runner->options.full;
    state.rebuild_asked = s->runner->options.rebuild;
    state.branches = true;
    state.clock_due =
        t->refresh != REFRESH_ON_CHANGE && ((s->statement && s->statement->n_volatiles > 0) || rules_ask_for_time(s));
    state.inputs = ARENA_ARRAY(s->arena, struct input_state, s->n_spans + 1);
    for (size_t i = 0; i < s->n_spans; i++) state.inputs[i] = state_of(&s->spans[i]);
    state.n_inputs = s->n_inputs;
    state.parents = state.inputs + s->n_inputs;
    state.n_parents = s->n_spans - s->n_inputs;
    s->decision = decide(s->arena, &s->runner->compiled->dag->nodes[s->node], &state, unique_on, s);
    bool incremental = s->decision.strategy == STRATEGY_APPEND || s->decision.strategy == STRATEGY_MERGE;
    for (size_t i = 0; incremental && i < s->n_spans; i++) {
        if (s->spans[i].from <= s->spans[i].to) continue;
        s->decision.strategy = STRATEGY_FULL;
        s->decision.reason =
            arena_printf(s->arena, "%s is read at version %lld as published, and the table had read version %lld",
                         s->spans[i].table, (long long)s->spans[i].to, (long long)s->spans[i].from);
    }
}
