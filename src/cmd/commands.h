/* The commands, one file each. */
#ifndef CMD_COMMANDS_H
#define CMD_COMMANDS_H

#include "cmd/command.h"

extern const struct command init_entry, run_entry, plan_entry, show_entry, check_entry, quarantine_entry, history_entry,
    drop_entry, doctor_entry, optimize_entry, vacuum_entry, schema_entry, completion_entry, help_entry;

#endif
