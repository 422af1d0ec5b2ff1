#include "cmd/commands.h"

#include "base/text.h"

/* In the order in which a new user meets them. */
const struct command *const commands[] = {
    &init_entry, &run_entry,      &plan_entry,   &show_entry,   &check_entry,  &quarantine_entry, &history_entry,
    &drop_entry, &optimize_entry, &vacuum_entry, &doctor_entry, &schema_entry, &completion_entry, &help_entry,
};
const size_t n_commands = N_OPTIONS(commands);

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < n_commands; i++)
        if (strcmp(commands[i]->name, name) == 0) return commands[i];
    return NULL;
}

enum rc command_unknown(const char *name, struct err *e)
{
    const char *names[N_OPTIONS(commands)];
    for (size_t i = 0; i < n_commands; i++) names[i] = commands[i]->name;
    const char *near = did_you_mean(name, names, n_commands);
    if (near) return err_set(e, RC_USAGE, "there is no command '%s'; did you mean '%s'?", name, near);
    return err_set(e, RC_USAGE, "there is no command '%s'; `ingot help` lists them", name);
}
