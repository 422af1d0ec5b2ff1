/* ingot run: brings the tables up to date. */
#include "cmd/commands.h"
#include "cmd/open.h"
#include "cmd/output.h"
#include "cmd/run_json.h"
#include "cmd/run_view.h"

static const struct option options[] = {
    {"full", 0, OPTION_FLAG, NULL, "computes the selected tables anew from all of their inputs"},
    {"rebuild", 0, OPTION_FLAG, NULL,
     "like --full, also where another tool has written to a table: its rows are replaced"},
    {"tables-at-once", 'j', OPTION_COUNT, "N",
     "how many tables are worked on side by side (default: half the cores, at most 4)"},
};

static enum rc run(struct invocation *inv, struct err *e)
{
    enum rc rc;
    struct workspace *w;
    struct run_result result = {0};
    TRY(open_workspace(inv, &w, e));
    int64_t at_once = option_count(inv, "tables-at-once", 0);
    if (at_once > 64 || (at_once == 0 && option_given(inv, "tables-at-once")))
        return err_set(e, RC_USAGE, "--tables-at-once takes a number from 1 to 64");
    struct run_view *view = run_view_begin(inv, w, inv->arguments, inv->n_arguments);
    struct run_request request = {.selectors = inv->arguments,
                                  .n_selectors = inv->n_arguments,
                                  .full = option_given(inv, "full"),
                                  .rebuild = option_given(inv, "rebuild"),
                                  .watch_progress = run_view_watches(view),
                                  .tables_at_once = (int)at_once,
                                  .on_event = run_view_event,
                                  .on_event_data = view};
    rc = workspace_run(w, &request, &result, e);
    run_view_result(view, &result, rc, e);
    if (rc == RC_OK && result.any_failed) {
        rc = RC_DATA; /* everything is said below the tables */
        e->message[0] = '\0';
    }
out:
    return rc;
}

const struct command run_entry = {
    .name = "run",
    .usage = "[SELECT…]",
    .summary = "brings tables up to date, doing only what must be done",
    .help = "Loads new and changed source files into bronze, then refreshes the silver and gold tables that\n"
            "depend on what changed. Without SELECT: everything. What succeeded is published together; a table\n"
            "that failed keeps its last version, and so does everything downstream of it.\n"
            "\n"
            "SELECT is a table (silver.orders, or orders if that is unique), with + before it for all upstream\n"
            "and + behind it for all downstream tables; a pattern (silver.*); layer:gold; or tag:finance.\n"
            "\n"
            "    ingot run                        everything\n"
            "    ingot run +gold.daily_sales      one table and what it needs\n"
            "    ingot run --full silver.orders+  one table and what depends on it, from the beginning",
    .options = options,
    .n_options = N_OPTIONS(options),
    .arguments = ARGUMENTS_TABLES,
    .most_arguments = 10000,
    .run = run,
};
