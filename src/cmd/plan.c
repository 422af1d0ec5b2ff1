/* ingot plan: what a run would do, and why. */
#include "cmd/commands.h"
#include "cmd/open.h"
#include "cmd/output.h"

static const struct option options[] = {
    {"full", 0, OPTION_FLAG, NULL, "as it would be with `run --full`"},
    {"rebuild", 0, OPTION_FLAG, NULL, "as it would be with `run --rebuild`"},
};

struct planned {
    struct workspace *workspace;
    const struct run_result *result;
    int64_t to_do, current;
    const char **gone; /* on the lake, and no longer in the project */
    size_t n_gone;
};

static bool works(enum strategy s)
{
    return s == STRATEGY_APPEND || s == STRATEGY_MERGE || s == STRATEGY_FULL;
}

/* What an input turns out to be is known only when it is staged: until then the plan is the worst case. */
static bool at_most(const struct planned *p, size_t node)
{
    const struct node *n = &p->workspace->compiled->dag->nodes[node];
    if (!works(p->result->steps[node]->decision.strategy)) return false;
    for (size_t i = 0; i < n->n_inputs + n->n_parents; i++) {
        const struct step *input = p->result->steps[i < n->n_inputs ? n->inputs[i] : n->parents[i - n->n_inputs]];
        if (input && works(input->decision.strategy)) return true;
    }
    return false;
}

static const char *how(const struct planned *p, struct arena *a, size_t node)
{
    enum strategy s = p->result->steps[node]->decision.strategy;
    if (p->result->staged[node].outcome == OUTCOME_FAILED && s != STRATEGY_BLOCKED) return "failed";
    if (s == STRATEGY_SKIP) return "up to date";
    return at_most(p, node) ? arena_printf(a, "at most %s", strategy_names[s]) : strategy_names[s];
}

static const char *why(const struct planned *p, size_t node)
{
    if (p->result->staged[node].outcome == OUTCOME_FAILED && *p->result->staged[node].error.message)
        return p->result->staged[node].error.message;
    const char *reason = p->result->steps[node]->decision.reason;
    return reason && strcmp(reason, "up to date") != 0 ? reason : "";
}

static void find_gone(struct planned *p, struct arena *a)
{
    const struct marker *m = p->result->lake->marker;
    for (size_t i = 0; i < m->n_tables; i++)
        if (!project_table(p->workspace->compiled->project, m->tables[i].name))
            *ARENA_PUSH(a, p->gone, p->n_gone) = m->tables[i].name;
}

static void print_people(struct invocation *inv, const struct planned *p)
{
    struct buf *out = buf_new(inv->arena, BUF_DEFAULT_MAX);
    static const struct grid_column columns[] = {{"table", false}, {"how", false}, {"why", false}};
    struct grid grid = {.columns = columns, .n_columns = 3};
    size_t n = 0;
    grid.cells = ARENA_ARRAY(inv->arena, const char *, p->result->n * 3 + 1);
    for (size_t i = 0; i < p->result->n; i++) {
        size_t node = p->workspace->compiled->dag->order[i];
        if (!p->result->steps[node]) continue;
        grid.cells[n++] = p->workspace->compiled->names[node];
        grid.cells[n++] = how(p, inv->arena, node);
        grid.cells[n++] = why(p, node);
    }
    grid.n_rows = n / 3;
    if (n > 0) grid_print(inv->arena, out, &grid, &inv->out);
    print(inv, "%s", out->p);
    for (size_t i = 0; i < p->n_gone; i++)
        tell(inv, "%s is no longer in the project; `ingot drop %s` removes it from the lake\n", p->gone[i], p->gone[i]);
    tell(inv, "%s to bring up to date, %s up to date\n", counted(inv->arena, p->to_do, "table"),
         count_text(inv->arena, p->current));
}

static void print_json(struct invocation *inv, const struct planned *p)
{
    struct buf *out = buf_new(inv->arena, BUF_DEFAULT_MAX);
    buf_add_str(out, "{\"tables\":[");
    for (size_t i = 0, first = 1; i < p->result->n; i++) {
        size_t node = p->workspace->compiled->dag->order[i];
        const struct step *s = p->result->steps[node];
        if (!s) continue;
        buf_add_str(out, first ? "{" : ",{");
        first = 0;
        json_text_value(out, "table", p->workspace->compiled->names[node]);
        json_text_value(out, "strategy", strategy_names[s->decision.strategy]);
        json_flag(out, "at_most", at_most(p, node));
        json_text_value(out, "reason", why(p, node));
        json_flag(out, "failed", p->result->staged[node].outcome == OUTCOME_FAILED);
        json_count(out, "version", s->pinned->now.version);
        buf_add_char(out, '}');
    }
    buf_add_str(out, "],\"gone\":[");
    for (size_t i = 0; i < p->n_gone; i++) {
        if (i) buf_add_char(out, ',');
        buf_add_json_string(out, p->gone[i], strlen(p->gone[i]));
    }
    buf_add_char(out, ']');
    json_count(out, "to_do", p->to_do);
    json_count(out, "up_to_date", p->current);
    buf_add_str(out, "}\n");
    print(inv, "%s", out->p);
}

static enum rc run(struct invocation *inv, struct err *e)
{
    enum rc rc;
    struct workspace *w;
    struct run_result result;
    TRY(open_workspace(inv, &w, e));
    struct run_request request = {.selectors = inv->arguments,
                                  .n_selectors = inv->n_arguments,
                                  .full = option_given(inv, "full"),
                                  .rebuild = option_given(inv, "rebuild"),
                                  .plan_only = true};
    TRY(workspace_run(w, &request, &result, e));
    struct planned p = {.workspace = w, .result = &result};
    for (size_t i = 0; i < result.n; i++) {
        if (!result.steps[i]) continue;
        p.to_do +=
            result.steps[i]->decision.strategy != STRATEGY_SKIP && result.steps[i]->decision.strategy != STRATEGY_HELD;
        p.current += result.steps[i]->decision.strategy == STRATEGY_SKIP;
    }
    find_gone(&p, inv->arena);
    if (inv->json) print_json(inv, &p);
    else print_people(inv, &p);
out:
    return rc;
}

const struct command plan_entry = {
    .name = "plan",
    .usage = "[SELECT…]",
    .summary = "tells what a run would do, and why",
    .help = "One line for each table: whether it is up to date, or how it would be refreshed (append, merge, "
            "full)\n"
            "and the reason. What becomes of an input is known only once it was refreshed itself, so downstream\n"
            "of a change the plan gives the worst case: \"at most merge\". Nothing is written.\n"
            "\n"
            "SELECT is as for `ingot run`.",
    .options = options,
    .n_options = N_OPTIONS(options),
    .arguments = ARGUMENTS_TABLES,
    .most_arguments = 10000,
    .run = run,
};
