/* cmd/: what the user types. A command is a value: one file, one exported const struct with its name, usage, options and
 * function. Options are rows of a table, from which parsing, --help, docs/commands.md and shell completion come. */
#ifndef CMD_COMMAND_H
#define CMD_COMMAND_H

#include "base/arena.h"
#include "cmd/terminal.h"

#include <stdint.h>

enum option_type {
    OPTION_FLAG, /* takes no value */
    OPTION_TEXT,
    OPTION_COUNT, /* a whole number, not negative */
    OPTION_AGE,   /* 90s, 15m, 12h, 7d */
    OPTION_FILE,
    OPTION_FOLDER,
    OPTION_CHOICE, /* one of the words of `value`, which are separated by '|' */
};

struct option {
    const char *name;
    char letter; /* 0: none */
    enum option_type type;
    const char *value; /* its name in the help: "DIR"; NULL for a flag */
    const char *help;
};

/* What the words of a command that are not options stand for: for completion. */
enum arguments { ARGUMENTS_NONE, ARGUMENTS_TABLES, ARGUMENTS_FOLDER, ARGUMENTS_COMMANDS, ARGUMENTS_SHELLS };

struct invocation;
struct command {
    const char *name;
    const char *usage;   /* what follows the name: "[SELECT…]" */
    const char *summary; /* one line */
    const char *help;    /* a paragraph or more, with examples */
    const struct option *options;
    size_t n_options;
    enum arguments arguments;
    size_t least_arguments, most_arguments;
    enum rc (*run)(struct invocation *, struct err *);
};

extern const struct command *const commands[];
extern const size_t n_commands;
extern const struct option common_options[]; /* understood by every command */
extern const size_t n_common_options;
const struct command *command_find(const char *name); /* or NULL */
/* `name` is unknown: RC_USAGE, with the nearest command. */
enum rc command_unknown(const char *name, struct err *e);

struct signals;
/* One call of the program. */
struct invocation {
    struct arena *arena;
    const struct command *command; /* NULL if none was named */
    const char **arguments;
    size_t n_arguments;
    const char **values; /* by option: the common ones, then the command's own; NULL: not given */
    const char *dir, *target;
    bool json, quiet, verbose;
    struct terminal out, err; /* standard output and standard error */
    struct signals *signals;
};

/* Reads the command line. Unknown commands and options are RC_USAGE with a suggestion. `-x value`, `-xvalue`,
 * `--opt value`, `--opt=value`; `--` ends the options; common options may stand before the command. */
enum rc invocation_parse(struct invocation *inv, int argc, char *const *argv, struct err *e) MUST_CHECK;
/* Options by their long name, as the tables have them. */
bool option_given(const struct invocation *inv, const char *name);
const char *option_text(const struct invocation *inv, const char *name); /* or NULL */
int64_t option_count(const struct invocation *inv, const char *name, int64_t otherwise);
int64_t option_age_ms(const struct invocation *inv, const char *name, int64_t otherwise);

/* Help from the tables: of everything, of a command, and as Markdown (docs/commands.md). */
void help_overview(struct buf *out);
void help_command(struct buf *out, const struct command *c);
void help_markdown(struct buf *out);

#define N_OPTIONS(array) (sizeof(array) / sizeof((array)[0]))

#endif
