#include "project/read.h"

#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct pos position(const struct reader *r, const struct yaml *y)
{
    return (struct pos){r->file, y->line, y->column};
}

struct pos read_position(const struct reader *r, const struct yaml *map, const char *key)
{
    const struct yaml *y = yaml_get(map, key);
    return position(r, y ? y : map);
}

const char *read_suggest(const struct reader *r, const char *name, const char *const *candidates, size_t n)
{
    return r->problems->n_errors < PROBLEMS_KEPT ? did_you_mean(name, candidates, n) : NULL;
}

void read_problem(struct reader *r, const struct err *e)
{
    struct pos pos = {r->file, 1, 1};
    const char *text = e->message;
    size_t n = strlen(r->file);
    if (strncmp(text, r->file, n) == 0 && text[n] == ':') {
        text += n + 1;
        char *end;
        long line = strtol(text, &end, 10), column = 0;
        if (*end == ':' && end > text) column = strtol(end + 1, &end, 10);
        if (*end == ':' && line > 0 && column > 0) {
            pos.line = (int)line;
            pos.column = (int)column;
            text = end + 1;
        }
        while (*text == ' ') text++;
    }
    problem_add(r->problems, pos, false, "%s", text);
}

struct yaml *read_yaml(struct reader *r, struct str text, int first_line)
{
    struct err e = {0};
    struct yaml *y = NULL;
    if (yaml_read(r->arena, text, r->file, first_line, &y, &e) != RC_OK) {
        read_problem(r, &e);
        return NULL;
    }
    if (y->kind != YAML_MAP) {
        problem_add(r->problems, position(r, y), false, "expected keys with values (`key: value`), this is %s",
                    yaml_kind_name(y->kind));
        return NULL;
    }
    return y;
}

static bool is_scalar(const struct yaml *y)
{
    return y->kind != YAML_LIST && y->kind != YAML_MAP && y->kind != YAML_NULL;
}

static void *member(void *object, size_t offset)
{
    return (char *)object + offset;
}

/* Puts a number into a bool, int, enum or int64_t. */
static void put_number(void *object, const struct key *key, int64_t value)
{
    void *to = member(object, key->offset);
    if (key->size == sizeof(bool)) *(bool *)to = value != 0;
    else if (key->size == sizeof(int)) *(int *)to = (int)value;
    else *(int64_t *)to = value;
}

static bool refuse(struct reader *r, const struct yaml *y, const struct key *key)
{
    if (is_scalar(y))
        problem_add(r->problems, position(r, y), false, "'%s' must be %s, not '%s'", key->name, key_type_name(key),
                    y->text);
    else
        problem_add(r->problems, position(r, y), false, "'%s' must be %s, not %s", key->name, key_type_name(key),
                    yaml_kind_name(y->kind));
    return false;
}

static bool unsupported(struct reader *r, struct pos pos, const char *key, const char *value)
{
    problem_add(r->problems, pos, false, "'%s%s%s' is not supported by this version of ingot", key, value ? ": " : "",
                value ? value : "");
    return false;
}

static bool read_choice(struct reader *r, const struct yaml *y, const struct key *key, void *object)
{
    const char *names[N_KEYS_MAX];
    size_t n = 0;
    if (!is_scalar(y)) return refuse(r, y, key);
    for (const struct choice *c = key->choices; c->name; c++) {
        if (strcmp(c->name, y->text) == 0) {
            if (c->unsupported) return unsupported(r, position(r, y), key->name, c->name);
            if (key->size) put_number(object, key, c - key->choices);
            return true;
        }
        if (!c->unsupported) names[n++] = c->name;
    }
    struct buf *list = buf_new(r->arena, 4096);
    for (size_t i = 0; i < n; i++) buf_printf(list, "%s%s", i == 0 ? "" : i + 1 == n ? " or " : ", ", names[i]);
    const char *near = read_suggest(r, y->text, names, n);
    if (near)
        problem_add(r->problems, position(r, y), false, "'%s' cannot be '%s'; did you mean '%s'? (%s)", key->name,
                    y->text, near, list->p);
    else problem_add(r->problems, position(r, y), false, "'%s' cannot be '%s'; it is %s", key->name, y->text, list->p);
    return false;
}

static bool read_count(struct reader *r, const struct yaml *y, const struct key *key, void *object)
{
    if (y->kind != YAML_INT) return refuse(r, y, key);
    if (y->integer < 0 || (key->size == sizeof(int) && y->integer > INT_MAX)) {
        problem_add(r->problems, position(r, y), false, "'%s' must be %s, %s is out of range", key->name,
                    key_type_name(key), y->text);
        return false;
    }
    put_number(object, key, y->integer);
    return true;
}

bool read_size(const char *text, int64_t *ret_bytes, double *ret_percent)
{
    static const struct {
        const char *unit;
        double factor;
    } units[] = {{"b", 1},        {"kb", 1e3},     {"mb", 1e6},     {"gb", 1e9},    {"tb", 1e12},
                 {"kib", 0x1p10}, {"mib", 0x1p20}, {"gib", 0x1p30}, {"tib", 0x1p40}};
    if (!is_digit(text[0])) return false;
    char *end;
    double number = strtod(text, &end);
    while (*end == ' ') end++;
    if (strcmp(end, "%") == 0) {
        if (!(number > 0 && number <= 100)) return false;
        *ret_percent = number;
        *ret_bytes = 0;
        return true;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (compare_names(end, units[i].unit) != 0) continue;
        double bytes = number * units[i].factor;
        if (!(bytes >= 1 && bytes < 0x1p62)) return false;
        *ret_bytes = (int64_t)bytes;
        *ret_percent = 0;
        return true;
    }
    return false;
}

static bool read_memory(struct reader *r, const struct yaml *y, const struct key *key, struct target *target)
{
    if (!is_scalar(y)) return refuse(r, y, key);
    if (read_size(y->text, &target->memory_bytes, &target->memory_percent)) return true;
    return refuse(r, y, key);
}

bool read_tolerate(const char *text, struct tolerate *ret)
{
    if (!is_digit(text[0])) return false;
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    while (*end == ' ') end++;
    bool percent = strcmp(end, "%") == 0;
    if (errno || !isfinite(value) || (!percent && *end) || (percent && value > 100) ||
        (!percent && value != floor(value)))
        return false;
    *ret = (struct tolerate){.given = true, .percent = percent, .value = value};
    return true;
}

static bool read_character(struct reader *r, const struct yaml *y, const struct key *key, char *to)
{
    if (!is_scalar(y)) return refuse(r, y, key);
    if (strcmp(y->text, "\\t") == 0) {
        *to = '\t';
        return true;
    }
    if (strlen(y->text) == 1 && (unsigned char)y->text[0] < 0x80 && y->text[0] != '\n' && y->text[0] != '\r') {
        *to = y->text[0];
        return true;
    }
    return refuse(r, y, key);
}

static bool read_quote(struct reader *r, const struct yaml *y, const struct key *key, struct csv_options *csv)
{
    if (y->kind == YAML_STRING && y->text[0] == 0) {
        csv->quote_none = true;
        return true;
    }
    return read_character(r, y, key, &csv->quote);
}

static bool read_text(struct reader *r, const struct yaml *y, const struct key *key, void *object)
{
    if (!is_scalar(y)) return refuse(r, y, key);
    bool needs_text = key->type != KEY_TEXT || strcmp(key->name, "comment") == 0;
    if (needs_text && y->text[0] == 0) {
        problem_add(r->problems, position(r, y), false, "'%s' is empty", key->name);
        return false;
    }
    if (key->type == KEY_NAME && !is_plain_name(y->text)) return refuse(r, y, key);
    if (key->type == KEY_SETTING)
        *(struct setting *)member(object, key->offset) = (struct setting){y->text, position(r, y)};
    else *(const char **)member(object, key->offset) = y->text;
    return true;
}

/* A list of columns has no two of the same name. Lists are short; long ones are not compared pairwise. */
#define LIST_MAX 1000

static bool read_list(struct reader *r, const struct yaml *y, const struct key *key, void *object)
{
    struct yaml *const one[] = {(struct yaml *)(uintptr_t)y};
    struct yaml *const *items = y->kind == YAML_LIST ? y->items : one;
    size_t n = y->kind == YAML_LIST ? y->n : 1;
    if (n == 0 || n > LIST_MAX) {
        problem_add(r->problems, position(r, y), false, n ? "'%s' has more than %d items" : "'%s' is an empty list",
                    key->name, LIST_MAX);
        return false;
    }
    const char **list = ARENA_ARRAY(r->arena, const char *, n);
    for (size_t i = 0; i < n; i++) {
        if (!is_scalar(items[i])) return refuse(r, items[i], key);
        list[i] = items[i]->text;
        if (list[i][0] == 0) {
            problem_add(r->problems, position(r, items[i]), false, "'%s' holds an empty name", key->name);
            return false;
        }
        for (size_t j = 0; j < i; j++) {
            if (compare_names(list[i], list[j]) != 0) continue;
            problem_add(r->problems, position(r, items[i]), false, "'%s' names '%s' twice", key->name, list[i]);
            return false;
        }
    }
    *(const char ***)member(object, key->offset) = list;
    *(size_t *)member(object, key->count_offset) = n;
    return true;
}

#define VARS_MAX 1000

static bool read_vars(struct reader *r, const struct yaml *y, const struct key *key, struct target *target)
{
    if (y->kind != YAML_MAP) return refuse(r, y, key);
    bool good = true;
    if (y->n > VARS_MAX) {
        problem_add(r->problems, position(r, y), false, "there are more than %d variables", VARS_MAX);
        return false;
    }
    for (size_t i = 0; i < y->n; i++) {
        const struct yaml *value = y->items[i];
        if (value->kind == YAML_LIST || value->kind == YAML_MAP) {
            problem_add(r->problems, position(r, value), false, "variable '%s' must be a single value, not %s",
                        y->keys[i]->text, yaml_kind_name(value->kind));
            good = false;
            continue;
        }
        struct variable v = {.name = y->keys[i]->text, .value = value->text, .pos = position(r, value)};
        v.type = value->kind == YAML_STRING  ? VARIABLE_TEXT
                 : value->kind == YAML_INT   ? VARIABLE_INTEGER
                 : value->kind == YAML_FLOAT ? VARIABLE_FLOAT
                 : value->kind == YAML_BOOL  ? VARIABLE_BOOL
                                             : VARIABLE_NULL;
        size_t at = 0;
        while (at < target->n_vars && compare_names(target->vars[at].name, v.name) != 0) at++;
        if (at < target->n_vars) target->vars[at] = v;
        else *ARENA_PUSH(r->arena, target->vars, target->n_vars) = v;
    }
    return good;
}

static bool read_value(struct reader *r, const struct yaml *y, const struct key *key, void *object)
{
    switch (key->type) {
    case KEY_TEXT:
    case KEY_NAME:
    case KEY_COLUMN:
    case KEY_SQL:
    case KEY_SETTING: return read_text(r, y, key, object);
    case KEY_CHOICE: return read_choice(r, y, key, object);
    case KEY_BOOL:
        if (y->kind != YAML_BOOL) return refuse(r, y, key);
        put_number(object, key, y->integer);
        return true;
    case KEY_COUNT: return read_count(r, y, key, object);
    case KEY_SIZE: return read_memory(r, y, key, member(object, key->offset));
    case KEY_CHARACTER: return read_character(r, y, key, member(object, key->offset));
    case KEY_QUOTE: return read_quote(r, y, key, member(object, key->offset));
    case KEY_NAMES:
    case KEY_WORDS: return read_list(r, y, key, object);
    case KEY_TOLERATE:
        if (is_scalar(y) && read_tolerate(y->text, member(object, key->offset))) return true;
        return refuse(r, y, key);
    case KEY_VARS: return read_vars(r, y, key, member(object, key->offset));
    case KEY_MAP:
        if (y->kind != YAML_MAP) return refuse(r, y, key);
        return read_keys(r, y, key->keys, member(object, key->offset));
    case KEY_FROM:
        if (y->kind != YAML_MAP) return refuse(r, y, key);
        return true;
    case KEY_TARGETS:
        if (y->kind != YAML_MAP) return refuse(r, y, key);
        *(const struct yaml **)member(object, key->offset) = y;
        return true;
    case KEY_COLUMNS:
    case KEY_RULES:
    case KEY_CHECKS:
        if (y->kind == YAML_NULL) return true;
        problem_add(r->problems, position(r, y), false, "'%s' is a block: %s, indented, below '%s:'", key->name,
                    key_type_name(key), key->name);
        return false;
    case KEY_ANY: return true;
    }
    return false;
}

static void unknown_key(struct reader *r, const struct yaml *name, const struct keys *keys)
{
    struct pos pos = position(r, name);
    for (size_t i = 0; i < sizeof r->others / sizeof r->others[0] && r->others[i]; i++) {
        if (r->others[i] == keys || !key_find(r->others[i], name->text)) continue;
        problem_add(r->problems, pos, false, "unknown key '%s' here; it is a key of %s", name->text,
                    r->others[i]->title);
        return;
    }
    const char *near = r->problems->n_errors < PROBLEMS_KEPT ? key_suggest(keys, name->text) : NULL;
    if (near) problem_add(r->problems, pos, false, "unknown key '%s'; did you mean '%s'?", name->text, near);
    else problem_add(r->problems, pos, false, "unknown key '%s' in %s", name->text, keys->title);
}

bool read_keys(struct reader *r, const struct yaml *map, const struct keys *keys, void *object)
{
    bool good = true, given[N_KEYS_MAX] = {false};
    /* One message is enough where a whole kind is missing: its other keys are not known either. */
    for (size_t i = 0; i < map->n; i++) {
        const struct key *key = key_find(keys, map->keys[i]->text);
        if (key && key->status == KEY_UNSUPPORTED) return unsupported(r, position(r, map->keys[i]), key->name, NULL);
    }
    for (size_t i = 0; i < map->n; i++) {
        const struct key *key = key_find(keys, map->keys[i]->text);
        if (!key) {
            unknown_key(r, map->keys[i], keys);
            good = false;
            continue;
        }
        given[key - keys->items] = true;
        if (key->status == KEY_IGNORED)
            problem_add(r->problems, position(r, map->keys[i]), true,
                        "'%s' is not supported by this version of ingot; it is ignored", key->name);
        if (!read_value(r, map->items[i], key, object)) good = false;
    }
    for (size_t i = 0; i < keys->n; i++) {
        if (keys->items[i].status != KEY_REQUIRED || given[i]) continue;
        problem_add(r->problems, position(r, map), false, "the key '%s' is missing in %s", keys->items[i].name,
                    keys->title);
        good = false;
    }
    return good;
}
