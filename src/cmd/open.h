/* Opening the project and its lake, for the commands. */
#ifndef CMD_OPEN_H
#define CMD_OPEN_H

#include "cmd/command.h"
#include "run/runner.h"

/* The project above the working folder (or -C) for the target of the command line. All its problems are printed. From
 * now on a signal interrupts the work there. */
enum rc open_workspace(struct invocation *inv, struct workspace **ret, struct err *e) MUST_CHECK;
/* The newest marker, or the one that --as-of names: a number, or the newest at that time. */
enum rc open_marker(struct invocation *inv, struct workspace *w, struct marker **ret, struct err *e) MUST_CHECK;
/* A session of the engine, closed with the arena. */
enum rc open_session(struct invocation *inv, struct workspace *w, struct session **ret, struct err *e) MUST_CHECK;
bool workspace_stopped(const struct workspace *w);

/* RC_USAGE: `name` is not among the published tables; with the nearest name. */
enum rc unknown_table(const struct workspace *w, const struct marker *m, const char *name, struct err *e);
/* The name as project or marker have it: any letter case, and without the layer where it is unique. *ret = NULL: none. */
const char *find_table(struct arena *a, const struct workspace *w, const struct marker *m, const char *name);
/* The nodes that the command's arguments select. */
enum rc select_tables(struct invocation *inv, struct workspace *w, bool **ret, struct err *e) MUST_CHECK;

#endif
