/* Help, and the page docs/commands.md, from the tables of commands and options. */
#include "cmd/commands.h"
#include "cmd/output.h"

#include <stdio.h>

#define MARGIN 78

static char *option_head(struct arena *a, const struct option *o)
{
    char *letter = o->letter ? arena_printf(a, "-%c, ", o->letter) : arena_strdup(a, "    ");
    return arena_printf(a, "%s--%s%s%s", letter, o->name, o->value ? " " : "", o->value ? o->value : "");
}

static void add_options(struct buf *out, const struct option *options, size_t n)
{
    struct arena *a = arena_new();
    int width = 0;
    for (size_t i = 0; i < n; i++) {
        int w = text_width(option_head(a, &options[i]));
        if (w > width) width = w;
    }
    for (size_t i = 0; i < n; i++) {
        char *head = option_head(a, &options[i]);
        buf_printf(out, "  %s%*s  %s\n", head, width - text_width(head), "", options[i].help);
    }
    arena_free(a);
}

void help_overview(struct buf *out)
{
    buf_add_str(out, "ingot carries data from raw files through bronze, silver and gold, as Delta tables on a lake.\n\n"
                     "usage: ingot [OPTIONS] COMMAND [OPTIONS] [ARGUMENTS]\n\ncommands:\n");
    for (size_t i = 0; i < n_commands; i++) buf_printf(out, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
    buf_add_str(out, "\noptions of every command:\n");
    add_options(out, common_options, n_common_options);
    buf_add_str(out, "\n`ingot help COMMAND` tells more. Exit codes: 0 done; 1 a step or a check failed; 2 the project "
                     "or\n"
                     "the command line is wrong; 3 the lake or a source cannot be reached; 4 another writer won, try\n"
                     "again; 130 interrupted.\n");
}

void help_command(struct buf *out, const struct command *c)
{
    buf_printf(out, "ingot %s: %s\n\nusage: ingot %s%s%s%s\n\n%s\n", c->name, c->summary, c->name,
               c->n_options ? " [OPTIONS]" : "", *c->usage ? " " : "", c->usage, c->help);
    if (c->n_options) {
        buf_add_str(out, "\noptions:\n");
        add_options(out, c->options, c->n_options);
    }
    buf_add_str(out, "\noptions of every command:\n");
    add_options(out, common_options, n_common_options);
}

/* A '|' would end the cell of the table. */
static void add_cell(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '|') buf_add_char(out, '\\');
        buf_add_char(out, *text);
    }
}

static void markdown_options(struct buf *out, const struct option *options, size_t n)
{
    buf_add_str(out, "| option | what it does |\n|---|---|\n");
    for (size_t i = 0; i < n; i++) {
        const struct option *o = &options[i];
        buf_add_str(out, "| ");
        if (o->letter) buf_printf(out, "`-%c`, ", o->letter);
        buf_printf(out, "`--%s", o->name);
        if (o->value) {
            buf_add_char(out, ' ');
            add_cell(out, o->value);
        }
        buf_add_str(out, "` | ");
        add_cell(out, o->help);
        buf_add_str(out, " |\n");
    }
    buf_add_char(out, '\n');
}

void help_markdown(struct buf *out)
{
    buf_add_str(out, "# Commands\n\nThis page is made from the program's own tables: `ingot help --markdown`.\n\n"
                     "`ingot [OPTIONS] COMMAND [OPTIONS] [ARGUMENTS]`\n\n"
                     "Exit codes: 0 done; 1 a step or a check failed (everything else is published); 2 the project "
                     "or the command line is "
                     "wrong (nothing was done); 3 the lake or a source cannot be reached (a retry may help); 4 "
                     "another writer won and a "
                     "retry will help; 130 interrupted, nothing half-published.\n\n## Options of every command\n\n");
    markdown_options(out, common_options, n_common_options);
    for (size_t i = 0; i < n_commands; i++) {
        const struct command *c = commands[i];
        buf_printf(out, "## ingot %s\n\n`ingot %s%s%s`: %s.\n\n```text\n%s\n```\n\n", c->name, c->name,
                   *c->usage ? " " : "", c->usage, c->summary, c->help);
        if (c->n_options) markdown_options(out, c->options, c->n_options);
    }
    while (out->n > 1 && out->p[out->n - 1] == '\n' && out->p[out->n - 2] == '\n') out->p[--out->n] = '\0';
}

static const struct option options[] = {
    {"markdown", 0, OPTION_FLAG, NULL, "all commands as the page docs/commands.md"},
};

static enum rc run(struct invocation *inv, struct err *e)
{
    struct buf *out = buf_new(inv->arena, BUF_DEFAULT_MAX);
    if (option_given(inv, "markdown")) {
        help_markdown(out);
    } else if (inv->n_arguments == 0) {
        help_overview(out);
    } else {
        const struct command *c = command_find(inv->arguments[0]);
        if (!c) return command_unknown(inv->arguments[0], e);
        help_command(out, c);
    }
    print_text(inv, buf_str(out));
    return RC_OK;
}

const struct command help_entry = {
    .name = "help",
    .usage = "[COMMAND]",
    .summary = "tells what a command does",
    .help = "Without a command: what there is.",
    .options = options,
    .n_options = N_OPTIONS(options),
    .arguments = ARGUMENTS_COMMANDS,
    .most_arguments = 1,
    .run = run,
};
