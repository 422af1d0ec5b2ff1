/* ingot completion: scripts for shells, from the tables of commands and options. */
#include "cmd/commands.h"
#include "cmd/output.h"
#include "project/project.h"

static const struct option options[] = {
    {"tables", 0, OPTION_FLAG, NULL, "the names of the project's tables, which the scripts ask for"},
};

static enum rc print_tables(struct invocation *inv, struct err *e)
{
    enum rc rc;
    char *dir;
    struct project *project;
    struct problems problems = {.arena = inv->arena};
    TRY(project_find(inv->arena, ".", &dir, e));
    TRY(project_load(inv->arena, dir, &problems, &project, e));
    for (size_t i = 0; i < project->n_tables; i++) print(inv, "%s\n", project->tables[i].name);
out:
    return rc;
}

static void add_words(struct buf *out, const struct option *o, size_t n, const char *before)
{
    for (size_t i = 0; i < n; i++) buf_printf(out, "%s--%s", i ? " " : before, o[i].name);
}

static void add_choices(struct buf *out, const char *choices)
{
    for (; *choices; choices++) buf_add_char(out, *choices == '|' ? ' ' : *choices);
}

/* In single quotes of a shell. */
static void add_quoted(struct buf *out, const char *text)
{
    buf_add_char(out, '\'');
    for (; *text; text++) {
        if (*text == '\'') buf_add_str(out, "'\\''");
        else buf_add_char(out, *text);
    }
    buf_add_char(out, '\'');
}

/* --- bash --------------------------------------------------------------------------------------------------------- */

static void bash_values(struct buf *out, const struct option *o, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (o[i].type == OPTION_FLAG) continue;
        if (o[i].letter) buf_printf(out, "    -%c | ", o[i].letter);
        buf_printf(out, "%s--%s) ", o[i].letter ? "" : "    ", o[i].name);
        if (o[i].type == OPTION_CHOICE) {
            buf_add_str(out, "COMPREPLY=($(compgen -W '");
            add_choices(out, o[i].value);
            buf_add_str(out, "' -- \"$word\"))");
        } else if (o[i].type == OPTION_FOLDER) {
            buf_add_str(out, "COMPREPLY=($(compgen -d -- \"$word\"))");
        } else if (o[i].type == OPTION_FILE) {
            buf_add_str(out, "COMPREPLY=($(compgen -f -- \"$word\"))");
        } else {
            buf_add_char(out, ':');
        }
        buf_add_str(out, "; return ;;\n");
    }
}

static const char *const bash_words[] = {
    [ARGUMENTS_NONE] = "",
    [ARGUMENTS_TABLES] = "$(ingot \"${folder[@]}\" completion --tables 2>/dev/null)",
    [ARGUMENTS_FOLDER] = "",
    [ARGUMENTS_COMMANDS] = "$commands",
    [ARGUMENTS_SHELLS] = "bash zsh fish",
};

static void add_bash(struct buf *out)
{
    buf_add_str(out, "# Completion of ingot for bash.\n_ingot() {\n"
                     "    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
                     "    local command='' options='' words='' i folder=()\n    local commands='");
    for (size_t i = 0; i < n_commands; i++) buf_printf(out, "%s%s", i ? " " : "", commands[i]->name);
    buf_add_str(out, "'\n    for ((i = 1; i < COMP_CWORD; i++)); do\n        case ${COMP_WORDS[i]} in\n"
                     "        -C | --directory) folder=(-C \"${COMP_WORDS[i + 1]}\"); ((i++)) ;;\n        -t "
                     "| --target) ((i++)) ;;\n"
                     "        -*) ;;\n        *) command=${COMP_WORDS[i]}; break ;;\n        esac\n    "
                     "done\n    COMPREPLY=()\n"
                     "    case $previous in\n");
    bash_values(out, common_options, n_common_options);
    buf_add_str(out, "    esac\n    case $command in\n");
    for (size_t i = 0; i < n_commands; i++) {
        const struct command *c = commands[i];
        buf_printf(out, "    %s)\n", c->name);
        buf_add_str(out, "        case $previous in\n");
        bash_values(out, c->options, c->n_options);
        buf_add_str(out, "        esac\n        options='");
        add_words(out, c->options, c->n_options, "");
        buf_add_str(out, "'\n");
        if (c->arguments == ARGUMENTS_FOLDER)
            buf_add_str(out, "        [[ $word == -* ]] || COMPREPLY=($(compgen -d -- \"$word\"))\n");
        else if (*bash_words[c->arguments])
            buf_printf(out, "        [[ $word == -* ]] || words=\"%s\"\n", bash_words[c->arguments]);
        buf_add_str(out, "        ;;\n");
    }
    buf_add_str(out, "    '') words=$commands ;;\n    esac\n    if [[ $word == -* ]]; then\n        words=\"$options");
    add_words(out, common_options, n_common_options, " ");
    buf_add_str(out, "\"\n    fi\n    [[ -z $words ]] || COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\n"
                     "complete -F _ingot ingot\n");
}

/* --- zsh ---------------------------------------------------------------------------------------------------------- */

static void zsh_option(struct buf *out, const struct option *o)
{
    struct arena *a = arena_new();
    struct buf *text = buf_new(a, BUF_DEFAULT_MAX);
    if (o->letter) buf_printf(text, "(-%c --%s)", o->letter, o->name);
    struct buf *tail = buf_new(a, BUF_DEFAULT_MAX);
    buf_add_char(tail, '[');
    for (const char *p = o->help; *p; p++) {
        if (strchr("[]:\\", *p)) buf_add_char(tail, '\\');
        buf_add_char(tail, *p);
    }
    buf_add_char(tail, ']');
    if (o->type == OPTION_CHOICE) {
        buf_printf(tail, ":%s:(", o->name);
        add_choices(tail, o->value);
        buf_add_char(tail, ')');
    } else if (o->type != OPTION_FLAG) {
        buf_printf(tail, ":%s:%s", o->value,
                   o->type == OPTION_FOLDER ? "_files -/"
                   : o->type == OPTION_FILE ? "_files"
                                            : "");
    }
    buf_add_str(out, " \\\n            ");
    add_quoted(out, arena_printf(a, "%s--%s%s", text->p, o->name, tail->p));
    if (o->letter) {
        buf_add_char(out, ' ');
        add_quoted(out, arena_printf(a, "%s-%c%s", text->p, o->letter, tail->p));
    }
    arena_free(a);
}

static const char *const zsh_words[] = {
    [ARGUMENTS_NONE] = NULL,
    [ARGUMENTS_TABLES] = "*:table:_ingot_tables",
    [ARGUMENTS_FOLDER] = "1:folder:_files -/",
    [ARGUMENTS_COMMANDS] = "1:command:_ingot_commands",
    [ARGUMENTS_SHELLS] = "1:shell:(bash zsh fish)",
};

static void add_zsh(struct buf *out)
{
    buf_add_str(out, "#compdef ingot\n# Completion of ingot for zsh.\n_ingot_tables() {\n    local -a tables\n"
                     "    tables=(${(f)\"$(ingot ${opt_args[-C]:+-C} ${opt_args[-C]} completion --tables "
                     "2>/dev/null)\"})\n"
                     "    compadd -a tables\n}\n_ingot_commands() {\n    local -a commands\n    commands=(");
    for (size_t i = 0; i < n_commands; i++) {
        struct arena *a = arena_new();
        buf_add_str(out, "\n        ");
        add_quoted(out, arena_printf(a, "%s:%s", commands[i]->name, commands[i]->summary));
        arena_free(a);
    }
    buf_add_str(out, ")\n    _describe command commands\n}\n_ingot() {\n    local curcontext=$curcontext "
                     "state line\n    typeset -A opt_args\n"
                     "    _arguments -C");
    for (size_t i = 0; i < n_common_options; i++) zsh_option(out, &common_options[i]);
    buf_add_str(out, " \\\n            '1:command:_ingot_commands' '*::argument:->arguments'\n    [[ $state "
                     "== arguments ]] || return\n"
                     "    case $line[1] in\n");
    for (size_t i = 0; i < n_commands; i++) {
        const struct command *c = commands[i];
        buf_printf(out, "    %s)\n        _arguments", c->name);
        for (size_t k = 0; k < n_common_options; k++) zsh_option(out, &common_options[k]);
        for (size_t k = 0; k < c->n_options; k++) zsh_option(out, &c->options[k]);
        if (zsh_words[c->arguments]) buf_printf(out, " \\\n            '%s'", zsh_words[c->arguments]);
        buf_add_str(out, "\n        ;;\n");
    }
    buf_add_str(out, "    esac\n}\n_ingot \"$@\"\n");
}

/* --- fish --------------------------------------------------------------------------------------------------------- */

static void fish_option(struct buf *out, const struct option *o, const char *condition)
{
    buf_printf(out, "complete -c ingot%s -l %s", condition, o->name);
    if (o->letter) buf_printf(out, " -s %c", o->letter);
    if (o->type == OPTION_CHOICE) {
        buf_add_str(out, " -x -a '");
        add_choices(out, o->value);
        buf_add_char(out, '\'');
    } else if (o->type == OPTION_FOLDER) {
        buf_add_str(out, " -x -a '(__fish_complete_directories)'");
    } else if (o->type != OPTION_FLAG) {
        buf_add_str(out, o->type == OPTION_FILE ? " -r -F" : " -x");
    }
    buf_add_str(out, " -d ");
    add_quoted(out, o->help);
    buf_add_char(out, '\n');
}

static const char *const fish_words[] = {
    [ARGUMENTS_NONE] = NULL,
    [ARGUMENTS_TABLES] = "(ingot completion --tables 2>/dev/null)",
    [ARGUMENTS_FOLDER] = "(__fish_complete_directories)",
    [ARGUMENTS_COMMANDS] = "$ingot_commands",
    [ARGUMENTS_SHELLS] = "bash zsh fish",
};

static void add_fish(struct buf *out)
{
    struct arena *a = arena_new();
    buf_add_str(out, "# Completion of ingot for fish.\nset -l ingot_commands");
    for (size_t i = 0; i < n_commands; i++) buf_printf(out, " %s", commands[i]->name);
    buf_add_str(out, "\ncomplete -c ingot -f\n");
    for (size_t i = 0; i < n_common_options; i++) fish_option(out, &common_options[i], "");
    for (size_t i = 0; i < n_commands; i++) {
        const struct command *c = commands[i];
        buf_printf(out, "complete -c ingot -n \"not __fish_seen_subcommand_from $ingot_commands\" -a %s -d ", c->name);
        add_quoted(out, c->summary);
        buf_add_char(out, '\n');
        const char *condition = arena_printf(a, " -n '__fish_seen_subcommand_from %s'", c->name);
        for (size_t k = 0; k < c->n_options; k++) fish_option(out, &c->options[k], condition);
        if (fish_words[c->arguments])
            buf_printf(out, "complete -c ingot%s -a \"%s\"\n", condition, fish_words[c->arguments]);
    }
    arena_free(a);
}

static enum rc run(struct invocation *inv, struct err *e)
{
    static const struct {
        const char *shell;
        void (*add)(struct buf *);
    } shells[] = {{"bash", add_bash}, {"zsh", add_zsh}, {"fish", add_fish}};
    if (option_given(inv, "tables")) return print_tables(inv, e);
    for (size_t i = 0; i < N_OPTIONS(shells) && inv->n_arguments; i++) {
        if (strcmp(inv->arguments[0], shells[i].shell) != 0) continue;
        struct buf *out = buf_new(inv->arena, BUF_DEFAULT_MAX);
        shells[i].add(out);
        print_text(inv, buf_str(out));
        return RC_OK;
    }
    return err_set(e, RC_USAGE, "for which shell? ingot completion bash, zsh or fish");
}

const struct command completion_entry = {
    .name = "completion",
    .usage = "bash | zsh | fish",
    .summary = "a script that completes commands, options and table names",
    .help = "    ingot completion bash >~/.local/share/bash-completion/completions/ingot\n"
            "    ingot completion zsh >~/.zfunc/_ingot            (in a folder of $fpath)\n"
            "    ingot completion fish >~/.config/fish/completions/ingot.fish",
    .options = options,
    .n_options = N_OPTIONS(options),
    .arguments = ARGUMENTS_SHELLS,
    .most_arguments = 1,
    .run = run,
};
