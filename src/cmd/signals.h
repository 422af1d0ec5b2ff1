/* SIGINT and SIGTERM end the work cleanly; the second one ends the program at once. */
#ifndef CMD_SIGNALS_H
#define CMD_SIGNALS_H

#include "base/err.h"

struct workspace;
struct signals;

/* Blocks the signals in this and all later threads and starts the thread that waits for them. Ignores SIGPIPE. */
enum rc signals_start(struct signals **ret, struct err *e) MUST_CHECK;
/* What a signal interrupts from now on; without one (NULL, at first) the program ends, as nothing was begun. */
void signals_watch(struct signals *s, struct workspace *w);

#endif
