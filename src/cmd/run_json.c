#include "cmd/run_json.h"

#include "base/log.h"
#include "base/os.h"
#include "cmd/output.h"
#include "cmd/run_view.h"

#include <stdio.h>

/* Events also come from worker threads, so their memory is their own. */
static struct buf event(const char *name)
{
    struct buf out;
    buf_init(&out, BUF_DEFAULT_MAX);
    buf_add_char(&out, '{');
    json_text_value(&out, "event", name);
    return out;
}

/* Whole lines, as a reader may follow them. */
static void send(struct invocation *inv, struct buf *out)
{
    buf_add_str(out, "}\n");
    print(inv, "%s", out->p);
    fflush(stdout);
    buf_release(out);
}

static void add_error(struct buf *out, enum rc rc, const char *message)
{
    json_key(out, "error");
    buf_add_char(out, '{');
    json_text_value(out, "class", rc_name(rc));
    json_text_value(out, "message", message);
    buf_add_char(out, '}');
}

void run_json_started(struct invocation *inv, const struct workspace *w, const char *const *selectors, size_t n)
{
    struct buf event_text = event("run_started"), *out = &event_text;
    json_text_value(out, "project", w->compiled->project->name);
    json_text_value(out, "target", w->target->name);
    json_text_value(out, "time", os_format_time(inv->arena, os_now_us()));
    json_key(out, "select");
    buf_add_char(out, '[');
    for (size_t i = 0; i < n; i++) {
        if (i) buf_add_char(out, ',');
        buf_add_json_string(out, selectors[i], strlen(selectors[i]));
    }
    buf_add_char(out, ']');
    send(inv, out);
}

void run_json_step_started(struct invocation *inv, const struct step *s)
{
    struct buf event_text = event("table_started"), *out = &event_text;
    json_text_value(out, "table", s->table->name);
    send(inv, out);
}

static void add_notes(struct buf *out, const struct step *s)
{
    json_key(out, "notes");
    buf_add_char(out, '[');
    for (size_t i = 0; s && i < s->n_notes; i++) {
        if (i) buf_add_char(out, ',');
        buf_add_json_string(out, s->notes[i], strlen(s->notes[i]));
    }
    buf_add_char(out, ']');
}

static void send_table(struct invocation *inv, const char *name, const struct staged *staged, const struct step *s)
{
    struct buf event_text = event("table"), *out = &event_text;
    bool worked =
        staged->outcome == OUTCOME_PUBLISHED || staged->outcome == OUTCOME_STAGED || staged->outcome == OUTCOME_LOST;
    json_text_value(out, "table", name);
    json_text_value(out, "outcome", outcome_name(staged->outcome));
    json_text_value(out, "strategy",
                    s->staged_all ? strategy_names[s->decision.strategy] : NULL); /* NULL: not reached */
    json_text_value(out, "reason", s->decision.reason);
    json_count(out, "version", staged->next.version);
    if (worked) {
        json_key(out, "rows");
        account_print_json(out, &s->account);
    }
    json_key(out, "seconds");
    buf_printf(out, "%.3f", (double)s->took_us / 1e6);
    add_notes(out, s);
    if (staged->outcome == OUTCOME_FAILED) add_error(out, staged->error.rc, staged->error.message);
    send(inv, out);
}

enum rc run_exit(enum rc rc, const struct run_result *r)
{
    return rc == RC_OK && r->any_failed ? RC_DATA : rc;
}

void run_json_finished(struct invocation *inv, const struct workspace *w, const struct run_result *r, enum rc rc,
                       const struct err *e)
{
    for (size_t i = 0; i < r->n && r->steps && r->staged; i++) {
        size_t node = w->compiled->dag->order[i];
        if (r->steps[node]) send_table(inv, w->compiled->names[node], &r->staged[node], r->steps[node]);
    }
    struct buf event_text = event("run_finished"), *out = &event_text;
    json_text_value(out, "run", r->run);
    json_count(out, "exit_code", rc_exit_code(run_exit(rc, r)));
    json_key(out, "seconds");
    buf_printf(out, "%.3f", (double)r->took_us / 1e6);
    if (rc != RC_OK) add_error(out, rc, e->message);
    send(inv, out);
}
