/* The choice of a strategy. Each question below either settles it or passes on to the next. */
#include "plan/decide.h"

#include <stdio.h>

const char *const strategy_names[] = {"skip", "append", "merge", "full", "held", "blocked"};

struct question {
    struct arena *arena;
    const struct node *node;
    const struct table_state *state;
    struct decision *answer;
};

static bool settle(struct question *q, enum strategy strategy, char *reason)
{
    q->answer->strategy = strategy;
    q->answer->reason = reason;
    return true;
}

static bool is_kept_from_running(struct question *q)
{
    const struct table_state *s = q->state;
    const struct table *t = q->node->table;
    if (s->exists && s->held)
        return settle(q, STRATEGY_HELD,
                      arena_printf(q->arena, "%s is held since its rollback until it is released", t->name));
    if (!t->source && !q->node->statement)
        return settle(q, STRATEGY_BLOCKED, arena_printf(q->arena, "the SELECT of %s could not be understood", t->name));
    for (size_t i = 0; i < s->n_inputs; i++)
        if (s->inputs[i].missing)
            return settle(q, STRATEGY_BLOCKED,
                          arena_printf(q->arena, "%s, which it reads, has not been built", s->inputs[i].table));
    for (size_t i = 0; i < s->n_parents; i++)
        if (s->parents[i].missing)
            return settle(q, STRATEGY_BLOCKED,
                          arena_printf(q->arena, "%s, which is referenced, has not been built", s->parents[i].table));
    if (s->exists && !t->source && s->foreign >= 0 && !t->foreign_keep && !s->rebuild_asked)
        return settle(q, STRATEGY_BLOCKED,
                      arena_printf(q->arena,
                                   "%s was changed by another tool at version %lld; run with --rebuild to "
                                   "replace its rows, or write "
                                   "'foreign: keep' in %s to let them stay",
                                   t->name, (long long)s->foreign, t->file));
    return false;
}

static bool is_built_anew(struct question *q)
{
    const struct table_state *s = q->state;
    const struct statement *statement = q->node->statement;
    if (!s->exists) return settle(q, STRATEGY_FULL, arena_strdup(q->arena, "first build"));
    if (s->rebuild_asked) return settle(q, STRATEGY_FULL, arena_strdup(q->arena, "--rebuild"));
    if (s->full_asked) return settle(q, STRATEGY_FULL, arena_strdup(q->arena, "--full"));
    if (s->model_changed)
        return settle(q, STRATEGY_FULL,
                      arena_strdup(q->arena, s->what_changed ? s->what_changed : "the model changed"));
    if (s->clock_due && q->node->table->refresh != REFRESH_ON_CHANGE)
        return settle(
            q, STRATEGY_FULL,
            arena_printf(q->arena, "%s may give another value on each run",
                         statement && statement->n_volatiles ? statement->volatiles[0].what : "now() in a rule"));
    for (size_t i = 0; i < s->n_parents; i++)
        if (s->parents[i].change != CHANGE_NONE || s->parents[i].schema_changed)
            return settle(q, STRATEGY_FULL,
                          arena_printf(q->arena, "%s, which is referenced, changed", s->parents[i].table));
    return false;
}

static const char *change_text(struct question *q, const struct input_state *input)
{
    if (input->change == CHANGE_GREW) return arena_printf(q->arena, "%s grew", input->table);
    if (input->change == CHANGE_CHANGED)
        return arena_printf(q->arena, "rows of %s left or were replaced", input->table);
    return input->why ? input->why : arena_printf(q->arena, "%s is another table now", input->table);
}

/* A bronze table: its source knows what is new. */
static void settle_source(struct question *q)
{
    static const struct {
        enum strategy strategy;
        const char *reason;
    } loads[] = {[LOAD_APPEND] = {STRATEGY_APPEND, "what is new in its source"},
                 [LOAD_REPLACE] = {STRATEGY_FULL, "load: replace"},
                 [LOAD_UPSERT] = {STRATEGY_MERGE, "what is new in its source"}};
    settle(q, loads[q->node->table->load].strategy, arena_strdup(q->arena, loads[q->node->table->load].reason));
}

/* All rows are needed because of a construct of the statement. */
static void settle_construct(struct question *q, const struct input_state *input, const struct construct *c)
{
    const struct table *t = q->node->table;
    int line, column;
    statement_position(t->sql, c->offset, &line, &column);
    const char *what = c->what ? c->what : "the statement";
    const char *place = line ? arena_printf(q->arena, " at %s:%d:%d", t->file, line, column) : "";
    if (t->refresh == REFRESH_INCREMENTAL) {
        q->answer->blocked_by = arena_printf(q->arena, "%s%s", what, place);
        settle(q, STRATEGY_BLOCKED,
               arena_printf(q->arena, "'refresh: incremental' cannot be kept: %s, and %s%s needs all rows",
                            change_text(q, input), what, place));
        return;
    }
    settle(q, STRATEGY_FULL, arena_printf(q->arena, "%s, and %s%s needs all rows", change_text(q, input), what, place));
}

/* The one occurrence of a table; where it has several none of them distributes, and any will do. */
static int occurrence_of(const struct statement *s, const char *table)
{
    for (size_t i = 0; i < s->n_occurrences; i++)
        if (strcmp(s->occurrences[i].table, table) == 0) return (int)i;
    return -1;
}

static bool settle_incremental(struct question *q, enum strategy strategy, const struct input_state *input,
                               int occurrence)
{
    q->answer->occurrence = occurrence;
    return settle(q, strategy, arena_strdup(q->arena, change_text(q, input)));
}

/* Exactly one input changed, by rows alone. */
static void settle_one(struct question *q, const struct input_state *input)
{
    const struct table *t = q->node->table;
    const struct statement *s = q->node->statement;
    int index = occurrence_of(s, input->table);
    if (index < 0) {
        settle(q, STRATEGY_FULL, arena_strdup(q->arena, change_text(q, input)));
        return;
    }
    const struct occurrence *o = &s->occurrences[index];
    bool grew = input->change == CHANGE_GREW;
    if (!grew) {
        settle(q, STRATEGY_FULL, arena_strdup(q->arena, change_text(q, input)));
    } else if (t->n_key && t->latest) {
        if (!s->row_by_row) {
            settle_construct(q, input, &s->why_not_row_by_row);
        } else {
            q->answer->recompute_keys = t->deleted != NULL;
            settle_incremental(q, STRATEGY_MERGE, input, index);
        }
    } else if (t->n_key && t->deleted) {
        settle(q, STRATEGY_FULL,
               arena_printf(q->arena, "%s, and the table has deleted without latest", change_text(q, input)));
    } else if (t->n_key && !s->row_by_row) {
        settle_construct(q, input, &s->why_not_row_by_row);
    } else if (!o->distributes && !(o->distributes_in_branch && q->state->branches)) {
        settle_construct(q, input, &o->why_not);
    } else {
        q->answer->branch = !o->distributes;
        settle_incremental(q, STRATEGY_APPEND, input, index);
    }
}

static void settle_inputs(struct question *q)
{
    const struct table_state *s = q->state;
    const struct input_state *first = NULL, *second = NULL;
    for (size_t i = 0; i < s->n_inputs; i++) {
        const struct input_state *input = &s->inputs[i];
        bool schema = input->schema_changed && q->node->statement->open_names;
        if (input->change == CHANGE_UNKNOWN) {
            settle(q, STRATEGY_FULL, arena_strdup(q->arena, change_text(q, input)));
            return;
        }
        if (schema) {
            settle(q, STRATEGY_FULL, arena_printf(q->arena, "the columns of %s changed", input->table));
            return;
        }
        if (input->change == CHANGE_NONE) continue;
        if (first) second = second ? second : input;
        else first = input;
    }
    if (!first) settle(q, STRATEGY_SKIP, arena_strdup(q->arena, "up to date"));
    else if (q->node->table->refresh == REFRESH_FULL)
        settle(q, STRATEGY_FULL,
               arena_printf(q->arena, "%s, and the model says 'refresh: full'", change_text(q, first)));
    else if (second)
        settle(q, STRATEGY_FULL, arena_printf(q->arena, "%s and %s both changed", first->table, second->table));
    else settle_one(q, first);
}

int driving_occurrence(const struct statement *s,
                       bool (*unique_on)(const void *, const char *, const char *const *, size_t), const void *data)
{
    for (size_t i = 0; i < s->n_occurrences; i++) {
        const struct occurrence *o = &s->occurrences[i];
        bool proven = o->at_most_one;
        for (size_t k = 0; proven && k < o->n_unique; k++)
            proven = unique_on && unique_on(data, o->unique[k].table, o->unique[k].columns, o->unique[k].n_columns);
        if (proven) return (int)i;
    }
    return -1;
}

struct decision decide(struct arena *a, const struct node *node, const struct table_state *state,
                       bool (*unique_on)(const void *data, const char *table, const char *const *columns, size_t n),
                       const void *data)
{
    struct decision d = {.occurrence = -1};
    struct question q = {a, node, state, &d};
    if (node->statement) {
        int driving = driving_occurrence(node->statement, unique_on, data);
        if (driving >= 0) d.driving = node->statement->occurrences[driving].table;
    }
    if (is_kept_from_running(&q) || is_built_anew(&q)) return d;
    if (node->table->source) settle_source(&q);
    else settle_inputs(&q);
    return d;
}
