/* How a run looks while it goes on: lines with progress bars on a terminal, plain lines elsewhere, events with --json. */
#ifndef CMD_RUN_VIEW_H
#define CMD_RUN_VIEW_H

#include "cmd/command.h"
#include "run/runner.h"

struct run_view;

/* Starts the display. Everything it shows of finished tables goes to where people read; --json events to standard output.
 * Released with run_view_end, which may be called twice. */
struct run_view *run_view_begin(struct invocation *inv, struct workspace *w, const char *const *selectors, size_t n);
/* For run_request.on_event; data is the view. */
void run_view_event(void *data, enum run_event event, const struct step *s);
void run_view_end(struct run_view *v);
/* What remains to be told when the run is over: tables that were not reached, failures, the summary. `rc` and `e`: how the
 * run as a whole ended. */
void run_view_result(struct run_view *v, const struct run_result *r, enum rc rc, const struct err *e);

/* The table's outcome as events name it: "published", "up_to_date", "failed", … */
const char *outcome_name(enum table_outcome outcome);

/* Progress bars on a terminal; knows which tables are being worked on. Thread-safe. */
/* Whether bars will be drawn, so that the engine must say how far it is. */
bool run_view_watches(const struct run_view *v);

struct progress;
struct progress *progress_begin(struct arena *a, const struct terminal *t, struct workspace *w);
void progress_add(struct progress *p, const struct step *s);
void progress_remove(struct progress *p, const struct step *s);
void progress_forget(struct progress *p);
/* Prints whole lines above the bars. */
void progress_print(struct progress *p, const char *text);
void progress_end(struct progress *p);

#endif
