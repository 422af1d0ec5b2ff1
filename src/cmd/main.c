/* The program: reads the command line, runs one command, tells its error and ends with the code of its class. */
#include "base/log.h"
#include "cmd/commands.h"
#include "cmd/output.h"
#include "cmd/signals.h"

#include <stdio.h>
#include <unistd.h>

static enum rc run_command(struct invocation *inv, struct err *e)
{
    enum rc rc;
    struct buf *out = buf_new(inv->arena, BUF_DEFAULT_MAX);
    if (option_given(inv, "version")) {
        print(inv, "ingot %s\n", INGOT_VERSION);
        return RC_OK;
    }
    if (!inv->command || option_given(inv, "help")) {
        if (inv->command) help_command(out, inv->command);
        else help_overview(out);
        print_text(inv, buf_str(out));
        return RC_OK;
    }
    if (inv->verbose) log_set_level(LOG_DEBUG);
    if (inv->quiet) log_set_level(LOG_ERROR);
    rc = signals_start(&inv->signals, e);
    if (rc == RC_OK && inv->dir && chdir(inv->dir) != 0)
        rc = err_set(e, RC_USAGE, "-C %s: there is no such folder", inv->dir);
    if (rc == RC_OK) rc = inv->command->run(inv, e);
    signals_watch(inv->signals, NULL);
    return rc;
}

/* With an empty message the command has told its failure itself. */
static void tell_error(struct invocation *inv, const struct err *e)
{
    if (!*e->message) return;
    struct buf *line = buf_new(inv->arena, BUF_DEFAULT_MAX);
    add_styled(line, &inv->err, STYLE_RED, "error:");
    buf_printf(line, " %s\n", redact(inv->arena, e->message));
    fflush(stdout);
    fwrite(line->p, 1, line->n, stderr);
}

int main(int argc, char **argv)
{
    struct arena *a = arena_new();
    struct invocation inv = {.arena = a, .out = terminal_of(STDOUT_FILENO), .err = terminal_of(STDERR_FILENO)};
    struct err e = {0}, write_error = {0};
    enum rc rc = invocation_parse(&inv, argc, argv, &e);
    if (rc == RC_OK) rc = run_command(&inv, &e);
    if (rc != RC_OK) tell_error(&inv, &e);
    enum rc written = output_finish(&write_error);
    if (rc == RC_OK && written != RC_OK) {
        rc = written;
        tell_error(&inv, &write_error);
    }
    arena_free(a);
    return rc_exit_code(rc);
}
