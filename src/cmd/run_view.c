#include "cmd/run_view.h"

#include "base/log.h"
#include "base/os.h"
#include "cmd/output.h"
#include "cmd/run_json.h"

#include <stdio.h>

struct run_view {
    struct invocation *inv;
    struct workspace *workspace;
    struct arena *arena;
    struct progress *progress; /* on a terminal */
    int name_width;
    bool *told; /* by node: its line was printed */
    bool ended;
};

const char *outcome_name(enum table_outcome outcome)
{
    static const char *const names[] = {[OUTCOME_NONE] = "not_reached",  [OUTCOME_UP_TO_DATE] = "up_to_date",
                                        [OUTCOME_STAGED] = "staged",     [OUTCOME_PUBLISHED] = "published",
                                        [OUTCOME_LOST] = "lost",         [OUTCOME_FAILED] = "failed",
                                        [OUTCOME_UPSTREAM] = "upstream", [OUTCOME_HELD] = "held"};
    return names[outcome];
}

static int name_width(const struct workspace *w)
{
    int width = 0;
    for (size_t i = 0; i < w->compiled->dag->n_nodes; i++) {
        int n = (int)strlen(w->compiled->names[i]);
        if (n > width) width = n;
    }
    return width > 40 ? 40 : width;
}

bool run_view_watches(const struct run_view *v)
{
    return v->progress != NULL;
}

struct run_view *run_view_begin(struct invocation *inv, struct workspace *w, const char *const *selectors, size_t n)
{
    struct run_view *v = ARENA_NEW(inv->arena, struct run_view);
    v->inv = inv;
    v->workspace = w;
    v->arena = arena_new();
    v->name_width = name_width(w);
    v->told = ARENA_ARRAY(inv->arena, bool, w->compiled->dag->n_nodes);
    if (inv->json) run_json_started(inv, w, selectors, n);
    if (!inv->json && !inv->quiet && inv->out.interactive) v->progress = progress_begin(inv->arena, &inv->out, w);
    return v;
}

/* --- a table's lines ---------------------------------------------------------------------------------------------- */

static void add_head(struct run_view *v, struct buf *out, const char *name, enum style style, const char *word)
{
    const struct terminal *t = people_terminal(v->inv);
    int width = (int)strlen(name);
    buf_add_str(out, name);
    for (; width < v->name_width; width++) buf_add_char(out, ' ');
    buf_add_str(out, "  ");
    add_styled(out, t, style, word);
    for (width = (int)strlen(word); width < 8; width++) buf_add_char(out, ' ');
}

static void add_below(struct run_view *v, struct buf *out, enum style style, const char *text)
{
    buf_add_str(out, "    ");
    add_styled(out, people_terminal(v->inv), style, text);
    buf_add_char(out, '\n');
}

static void add_notes(struct run_view *v, struct buf *out, const struct step *s)
{
    for (size_t i = 0; i < s->n_notes; i++) add_below(v, out, STYLE_DIM, s->notes[i]);
}

static void add_done(struct run_view *v, struct buf *out, const struct step *s)
{
    const struct account *acc = &s->account;
    add_head(v, out, s->table->name, STYLE_GREEN, strategy_names[s->decision.strategy]);
    char *rows = acc->rows_after >= 0 ? counted(v->arena, acc->rows_after, "row") : arena_strdup(v->arena, "");
    buf_printf(out, "%14s  %8s   ", rows, seconds_text(v->arena, s->took_us));
    account_print_line(out, acc);
    buf_add_char(out, '\n');
    if (v->inv->verbose && s->decision.reason) add_below(v, out, STYLE_DIM, s->decision.reason);
    add_notes(v, out, s);
}

/* The table's name stands above already. */
static const char *without_name(const char *message, const char *name)
{
    size_t n = strlen(name);
    return strncmp(message, name, n) == 0 && strncmp(message + n, ": ", 2) == 0 ? message + n + 2 : message;
}

static void add_failed(struct run_view *v, struct buf *out, const struct step *s, const struct err *e)
{
    add_head(v, out, s->table->name, STYLE_RED, "failed");
    buf_printf(out, "%14s  %8s\n", "", seconds_text(v->arena, s->took_us));
    add_below(v, out, STYLE_RED,
              *e->message ? without_name(e->message, s->table->name) : "it could not be brought up to date");
    add_notes(v, out, s);
}

static void add_idle(struct run_view *v, struct buf *out, const struct step *s, const char *word)
{
    if (!v->inv->verbose && s->n_notes == 0) return;
    add_head(v, out, s->table->name, STYLE_DIM, word);
    buf_add_char(out, '\n');
    add_notes(v, out, s);
}

static void add_step(struct run_view *v, struct buf *out, const struct step *s)
{
    const struct staged *staged = &s->staged_all[s->node];
    switch (staged->outcome) {
    case OUTCOME_STAGED:
    case OUTCOME_PUBLISHED: add_done(v, out, s); break;
    case OUTCOME_FAILED: add_failed(v, out, s, &staged->error); break;
    case OUTCOME_UP_TO_DATE: add_idle(v, out, s, "up to date"); break;
    default: return;
    }
    v->told[s->node] = true;
}

static void show(struct run_view *v, const struct buf *out)
{
    if (out->n == 0) return;
    if (v->progress && !v->ended) progress_print(v->progress, out->p);
    else tell(v->inv, "%s", out->p);
    if (!v->inv->json && !v->progress) fflush(stdout);
}

/* --- while it goes on --------------------------------------------------------------------------------------------- */

static void again(struct run_view *v, struct buf *out)
{
    memset(v->told, 0, sizeof *v->told * v->workspace->compiled->dag->n_nodes);
    if (v->progress) progress_forget(v->progress);
    buf_add_str(out, "another writer was faster on a table; what was staged on it is planned again\n");
}

void run_view_event(void *data, enum run_event event, const struct step *s)
{
    struct run_view *v = data;
    struct buf *out = buf_new(v->arena, BUF_DEFAULT_MAX);
    switch (event) {
    case RUN_EVENT_STEP_STARTED:
        if (v->inv->json) run_json_step_started(v->inv, s);
        if (v->progress) progress_add(v->progress, s);
        break;
    case RUN_EVENT_STEP_STAGED:
        if (v->progress) progress_remove(v->progress, s);
        add_step(v, out, s);
        break;
    case RUN_EVENT_AGAIN: again(v, out); break;
    case RUN_EVENT_PINNED: break;
    }
    show(v, out);
}

void run_view_end(struct run_view *v)
{
    if (v->ended) return;
    v->ended = true;
    if (v->progress) progress_end(v->progress);
}

/* --- when it is over ---------------------------------------------------------------------------------------------- */

/* The failed table that this one waits for. */
static const char *failed_above(const struct run_view *v, const struct run_result *r, size_t i, size_t depth)
{
    const struct node *node = &v->workspace->compiled->dag->nodes[i];
    for (size_t k = 0; k < node->n_inputs + node->n_parents && depth < 1000; k++) {
        size_t above = k < node->n_inputs ? node->inputs[k] : node->parents[k - node->n_inputs];
        if (r->staged[above].outcome == OUTCOME_FAILED) return v->workspace->compiled->names[above];
        if (r->staged[above].outcome == OUTCOME_UPSTREAM) return failed_above(v, r, above, depth + 1);
    }
    return NULL;
}

static void add_unreached(struct run_view *v, struct buf *out, const struct run_result *r, size_t i)
{
    const char *name = v->workspace->compiled->names[i];
    if (r->staged[i].outcome == OUTCOME_HELD) {
        add_head(v, out, name, STYLE_YELLOW, "held");
        buf_add_str(out, "it was rolled back, and is left as it is until it is released\n");
        return;
    }
    if (r->staged[i].outcome != OUTCOME_UPSTREAM) return;
    const char *failed = failed_above(v, r, i, 0);
    add_head(v, out, name, STYLE_YELLOW, "kept");
    buf_printf(out, "%s, because %s failed\n",
               r->staged[i].next.version >= 0 ? "stays at its last version" : "is not there yet",
               failed ? failed : "a table above it");
}

struct tally {
    int64_t done, current, failed, kept, held;
};

static struct tally tally(const struct run_result *r)
{
    struct tally t = {0};
    for (size_t i = 0; i < r->n; i++) {
        enum table_outcome o = r->staged[i].outcome;
        t.done += o == OUTCOME_PUBLISHED;
        t.current += o == OUTCOME_UP_TO_DATE;
        t.failed += o == OUTCOME_FAILED || o == OUTCOME_LOST;
        t.kept += o == OUTCOME_UPSTREAM;
        t.held += o == OUTCOME_HELD;
    }
    return t;
}

static void add_part(struct buf *out, int64_t n, const char *noun, const char *what)
{
    if (n == 0) return;
    if (out->n) buf_add_str(out, ", ");
    if (noun) add_counted(out, n, noun);
    else buf_add_count(out, n);
    buf_printf(out, " %s", what);
}

static char *summary(struct run_view *v, const struct run_result *r)
{
    struct buf *out = buf_new(v->inv->arena, BUF_DEFAULT_MAX);
    struct tally t = tally(r);
    add_part(out, t.done, "table", "brought up to date");
    add_part(out, t.current, out->n ? NULL : "table", out->n ? "up to date already" : "up to date");
    add_part(out, t.failed, out->n ? NULL : "table", "failed");
    add_part(out, t.kept, out->n ? NULL : "table", "kept at the last version");
    add_part(out, t.held, out->n ? NULL : "table", "held");
    if (out->n == 0) buf_add_str(out, "nothing to do: the project has no tables");
    buf_printf(out, " · %s", seconds_text(v->inv->arena, r->took_us));
    return out->p;
}

/* --quiet leaves errors. */
static void tell_failures(struct run_view *v, const struct run_result *r)
{
    for (size_t i = 0; i < r->n; i++) {
        const char *name = v->workspace->compiled->names[i], *message = r->staged[i].error.message;
        const struct step *s = r->steps[i];
        if (r->staged[i].outcome == OUTCOME_FAILED) log_message(LOG_ERROR, "%s: %s", name, without_name(message, name));
        else if (s && s->partly_failed)
            log_message(LOG_ERROR, "%s: source files were refused; `ingot quarantine %s` shows them", name, name);
    }
}

void run_view_result(struct run_view *v, const struct run_result *r, enum rc rc, const struct err *e)
{
    struct buf *out = buf_new(v->inv->arena, BUF_DEFAULT_MAX);
    run_view_end(v);
    if (rc == RC_OK) {
        for (size_t i = 0; i < r->n; i++) {
            const size_t node = v->workspace->compiled->dag->order[i];
            const struct step *s = r->steps ? r->steps[node] : NULL;
            if (s && !v->told[node] && s->staged_all) add_step(v, out, s);
            if (s && !v->told[node]) add_unreached(v, out, r, node);
        }
        buf_printf(out, "%s\n", summary(v, r));
    }
    show(v, out);
    if (v->inv->quiet && !v->inv->json && rc == RC_OK) tell_failures(v, r);
    if (v->inv->json) run_json_finished(v->inv, v->workspace, r, rc, e);
    arena_free(v->arena);
    v->arena = v->inv->arena;
}
