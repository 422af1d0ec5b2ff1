/* The run history: OpenLineage events (spec 2-0-2) in <lake>/_ingot/runs/<day>/<run>.ndjson, read by `ui` and `history`. */
#ifndef RUN_LINEAGE_H
#define RUN_LINEAGE_H

#include "run/runner.h"

/* Writes the events of a run that published something or failed; a run with nothing to do writes nothing. A failure to
 * write is a warning: lineage never fails a run. Sets ret->lineage_file. */
void lineage_write(struct workspace *w, struct run_result *result, enum rc rc, const struct err *error);

#endif
