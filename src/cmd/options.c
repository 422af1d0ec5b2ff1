/* The command line, read by the tables of options. */
#include "cmd/command.h"

#include "base/text.h"

#include <stdlib.h>

const struct option common_options[] = {
    {"directory", 'C', OPTION_FOLDER, "DIR", "work in this folder instead of the present one"},
    {"target", 't', OPTION_TEXT, "NAME", "the target of ingot.yml to use instead of its default"},
    {"json", 0, OPTION_FLAG, NULL, "results as JSON on standard output, everything for people on standard error"},
    {"quiet", 0, OPTION_FLAG, NULL, "only results and errors"},
    {"verbose", 'v', OPTION_FLAG, NULL, "more about what is done and why"},
    {"help", 'h', OPTION_FLAG, NULL, "what the command does, and its options"},
    {"version", 'V', OPTION_FLAG, NULL, "the version of ingot"},
};
const size_t n_common_options = N_OPTIONS(common_options);

struct line {
    struct invocation *inv;
    char *const *argv;
    int argc, at;
};

static const struct option *option_at(const struct invocation *inv, size_t i)
{
    return i < n_common_options ? &common_options[i] : &inv->command->options[i - n_common_options];
}

static size_t option_total(const struct invocation *inv)
{
    return n_common_options + (inv->command ? inv->command->n_options : 0);
}

static enum rc unknown_option(const struct invocation *inv, const char *name, struct err *e)
{
    const char *candidates[64];
    size_t n = 0;
    for (size_t i = 0; i < option_total(inv) && n < 64; i++) candidates[n++] = option_at(inv, i)->name;
    const char *near = did_you_mean(name, candidates, n), *command = inv->command ? inv->command->name : "";
    const char *blank = inv->command ? " " : "";
    if (near)
        return err_set(e, RC_USAGE, "there is no option --%s; did you mean --%s? (ingot%s%s --help)", name, near, blank,
                       command);
    return err_set(e, RC_USAGE, "there is no option --%s; `ingot%s%s --help` lists the options", name, blank, command);
}

static bool age_parse(const char *text, int64_t *ret_ms)
{
    static const struct {
        char unit;
        int64_t ms;
    } units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}, {'w', 604800000}};
    char *end;
    if (!is_digit(*text)) return false;
    long long n = strtoll(text, &end, 10);
    if (n > 1000000) return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (*end != units[i].unit || end[1]) continue;
        *ret_ms = n * units[i].ms;
        return true;
    }
    return false;
}

static bool choice_has(const char *choices, const char *value)
{
    size_t n = strlen(value);
    for (const char *p = choices; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL)
        if (n > 0 && strncmp(p, value, n) == 0 && (p[n] == '|' || !p[n])) return true;
    return false;
}

static enum rc check_value(const struct option *o, const char *value, struct err *e)
{
    int64_t ms;
    switch (o->type) {
    case OPTION_COUNT:
        if (!*value || strspn(value, "0123456789") != strlen(value) || strlen(value) > 15)
            return err_set(e, RC_USAGE, "--%s takes a whole number, not '%s'", o->name, value);
        break;
    case OPTION_AGE:
        if (!age_parse(value, &ms))
            return err_set(e, RC_USAGE, "--%s takes a time such as 90s, 15m, 12h or 7d, not '%s'", o->name, value);
        break;
    case OPTION_CHOICE:
        if (!choice_has(o->value, value))
            return err_set(e, RC_USAGE, "--%s takes %s, not '%s'", o->name, o->value, value);
        break;
    case OPTION_FLAG:
    case OPTION_TEXT:
    case OPTION_FILE:
    case OPTION_FOLDER:
        if (!*value && o->type != OPTION_FLAG) return err_set(e, RC_USAGE, "--%s needs a value: %s", o->name, o->value);
        break;
    }
    return RC_OK;
}

/* `attached`: the value that came with the option, or NULL. */
static enum rc take_option(struct line *l, size_t index, const char *attached, struct err *e)
{
    const struct option *o = option_at(l->inv, index);
    const char *value = attached;
    if (o->type == OPTION_FLAG) {
        if (attached) return err_set(e, RC_USAGE, "--%s takes no value", o->name);
        value = "";
    } else if (!value) {
        if (l->at >= l->argc) return err_set(e, RC_USAGE, "--%s needs a value: --%s %s", o->name, o->name, o->value);
        value = l->argv[l->at++];
    }
    l->inv->values[index] = value;
    return check_value(o, value, e);
}

static enum rc long_option(struct line *l, const char *text, struct err *e)
{
    const char *equals = strchr(text, '=');
    size_t n = equals ? (size_t)(equals - text) : strlen(text);
    for (size_t i = 0; i < option_total(l->inv); i++) {
        const char *name = option_at(l->inv, i)->name;
        if (strlen(name) == n && strncmp(name, text, n) == 0) return take_option(l, i, equals ? equals + 1 : NULL, e);
    }
    return unknown_option(l->inv, arena_strndup(l->inv->arena, text, n), e);
}

/* One letter, or several flags in one word. */
static enum rc short_options(struct line *l, const char *text, struct err *e)
{
    for (; *text; text++) {
        size_t i = 0, n = option_total(l->inv);
        while (i < n && option_at(l->inv, i)->letter != *text) i++;
        if (i == n)
            return err_set(e, RC_USAGE, "there is no option -%c; `ingot%s%s --help` lists the options", *text,
                           l->inv->command ? " " : "", l->inv->command ? l->inv->command->name : "");
        bool flag = option_at(l->inv, i)->type == OPTION_FLAG;
        enum rc rc = take_option(l, i, !flag && text[1] ? text + 1 : NULL, e);
        if (rc != RC_OK || !flag) return rc;
    }
    return RC_OK;
}

static enum rc take_command(struct invocation *inv, const char *word, struct err *e)
{
    inv->command = command_find(word);
    return inv->command ? RC_OK : command_unknown(word, e);
}

static enum rc check_arguments(const struct invocation *inv, struct err *e)
{
    const struct command *c = inv->command;
    if (option_given(inv, "help") || option_given(inv, "version")) return RC_OK;
    if (c && inv->n_arguments > c->most_arguments)
        return err_set(e, RC_USAGE, "'%s' is one word too many: ingot %s %s", inv->arguments[c->most_arguments],
                       c->name, c->usage);
    if (c && inv->n_arguments < c->least_arguments)
        return err_set(e, RC_USAGE, "something is missing: ingot %s %s", c->name, c->usage);
    return RC_OK;
}

enum rc invocation_parse(struct invocation *inv, int argc, char *const *argv, struct err *e)
{
    struct line l = {.inv = inv, .argv = argv, .argc = argc, .at = 1};
    bool words_only = false;
    inv->values = ARENA_ARRAY(inv->arena, const char *, 64);
    while (l.at < argc) {
        const char *word = argv[l.at++];
        enum rc rc = RC_OK;
        if (!words_only && strcmp(word, "--") == 0) words_only = true;
        else if (!words_only && strncmp(word, "--", 2) == 0) rc = long_option(&l, word + 2, e);
        else if (!words_only && word[0] == '-' && word[1]) rc = short_options(&l, word + 1, e);
        else if (!inv->command) rc = take_command(inv, word, e);
        else *ARENA_PUSH(inv->arena, inv->arguments, inv->n_arguments) = word;
        if (rc != RC_OK) return rc;
    }
    inv->dir = option_text(inv, "directory");
    inv->target = option_text(inv, "target");
    inv->json = option_given(inv, "json");
    inv->quiet = option_given(inv, "quiet");
    inv->verbose = option_given(inv, "verbose");
    return check_arguments(inv, e);
}

const char *option_text(const struct invocation *inv, const char *name)
{
    for (size_t i = 0; i < option_total(inv); i++)
        if (strcmp(option_at(inv, i)->name, name) == 0) return inv->values[i];
    return NULL;
}

bool option_given(const struct invocation *inv, const char *name)
{
    return option_text(inv, name) != NULL;
}

int64_t option_count(const struct invocation *inv, const char *name, int64_t otherwise)
{
    const char *text = option_text(inv, name);
    return text ? strtoll(text, NULL, 10) : otherwise;
}

int64_t option_age_ms(const struct invocation *inv, const char *name, int64_t otherwise)
{
    const char *text = option_text(inv, name);
    int64_t ms;
    return text && age_parse(text, &ms) ? ms : otherwise;
}
