/* The events of `run --json` and `plan --json`: one JSON object a line on standard output. */
#ifndef CMD_RUN_JSON_H
#define CMD_RUN_JSON_H

#include "cmd/command.h"
#include "run/runner.h"

void run_json_started(struct invocation *inv, const struct workspace *w, const char *const *selectors, size_t n);
void run_json_step_started(struct invocation *inv, const struct step *s);
/* One "table" event for each selected table, then "run_finished". `r` may be of a run that ended early. */
void run_json_finished(struct invocation *inv, const struct workspace *w, const struct run_result *r, enum rc rc,
                       const struct err *e);
/* The exit class of a run as a whole: `rc`, or RC_DATA where single tables failed. */
enum rc run_exit(enum rc rc, const struct run_result *r);

#endif
