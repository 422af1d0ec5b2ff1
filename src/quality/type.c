#include "quality/type.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct type_row {
    const char *name, *engine, *delta, *stored;
    enum contract_kind kind;
    bool unordered;
};

static const struct type_row types[] = {
    {"bigint", "BIGINT", "long", NULL, TYPE_BIGINT, false},
    {"integer", "INTEGER", "integer", NULL, TYPE_INTEGER, false},
    {"smallint", "SMALLINT", "short", NULL, TYPE_SMALLINT, false},
    {"tinyint", "TINYINT", "byte", NULL, TYPE_TINYINT, false},
    {"boolean", "BOOLEAN", "boolean", NULL, TYPE_BOOLEAN, false},
    {"double", "DOUBLE", "double", NULL, TYPE_DOUBLE, false},
    {"real", "FLOAT", "float", NULL, TYPE_REAL, false},
    {"decimal", NULL, NULL, NULL, TYPE_DECIMAL, false},
    {"varchar", "VARCHAR", "string", NULL, TYPE_VARCHAR, false},
    {"date", "DATE", "date", NULL, TYPE_DATE, false},
    {"timestamp", "TIMESTAMP", "timestamp_ntz", NULL, TYPE_TIMESTAMP, false},
    {"timestamptz", "TIMESTAMP WITH TIME ZONE", "timestamp", NULL, TYPE_TIMESTAMPTZ, false},
    {"time", "TIME", "string", "VARCHAR", TYPE_TIME, false},
    {"uuid", "UUID", "string", "VARCHAR", TYPE_UUID, true},
    {"blob", "BLOB", "binary", NULL, TYPE_BLOB, true},
    {"json", "VARCHAR", "string", NULL, TYPE_JSON, true},
};
#define N_TYPES (sizeof types / sizeof *types)

static const struct type_row *find_type(const char *name)
{
    for (size_t i = 0; i < N_TYPES; i++)
        if (strcmp(types[i].name, name) == 0) return &types[i];
    return NULL;
}

static enum rc unknown_type(const char *text, const char *name, struct err *e)
{
    const char *names[N_TYPES];
    for (size_t i = 0; i < N_TYPES; i++) names[i] = types[i].name;
    const char *near = did_you_mean(name, names, N_TYPES);
    return near ? err_set(e, RC_PROJECT, "unknown type '%s'; did you mean '%s'?", text, near)
                : err_set(e, RC_PROJECT,
                          "unknown type '%s'; a contract knows bigint, integer, smallint, tinyint, boolean, "
                          "double, "
                          "real, decimal(p,s), varchar, varchar(n), date, timestamp, timestamptz, time, "
                          "uuid, blob, json",
                          text);
}

/* "(12,2)": at most two numbers. Returns how many, -1 if it is not that. */
static int read_arguments(const char *p, int arguments[2])
{
    int n = 0;
    if (!*p) return 0;
    if (*p++ != '(') return -1;
    do {
        char *end;
        if (n == 2 || !is_digit(*p)) return -1;
        long value = strtol(p, &end, 10);
        if (value > 1000000000 || end - p > 10) return -1;
        arguments[n++] = (int)value;
        p = end;
    } while (*p++ == ',');
    return p[-1] == ')' && !*p ? n : -1;
}

static enum rc set_decimal(struct arena *a, struct contract_type *t, const int arguments[2], int n, struct err *e)
{
    t->width = n > 0 ? arguments[0] : 18;
    t->scale = n > 1 ? arguments[1] : n == 1 ? 0 : 3;
    if (t->width < 1 || t->width > 38 || t->scale > t->width)
        return err_set(e, RC_PROJECT,
                       "decimal(%d,%d) cannot be: 1 to 38 digits, of which at most all stand after the point", t->width,
                       t->scale);
    t->name = arena_printf(a, "decimal(%d,%d)", t->width, t->scale);
    t->engine = arena_printf(a, "DECIMAL(%d,%d)", t->width, t->scale);
    t->delta = t->name;
    return RC_OK;
}

enum rc contract_type_parse(struct arena *a, const char *text, struct contract_type *ret, struct err *e)
{
    char *plain = arena_strdup(a, text), *to = plain;
    for (const char *p = text; *p; p++)
        if (!is_space(*p)) *to++ = to_lower(*p);
    *to = 0;
    size_t length = strcspn(plain, "(");
    char *name = arena_strndup(a, plain, length);
    const struct type_row *row = find_type(name);
    if (!row) return unknown_type(text, name, e);

    int arguments[2] = {0, 0};
    int n = read_arguments(plain + length, arguments);
    int n_max = row->kind == TYPE_DECIMAL ? 2 : row->kind == TYPE_VARCHAR ? 1 : 0;
    if (n < 0 || n > n_max)
        return err_set(e, RC_PROJECT, "'%s' is not a type: %s", text,
                       n_max == 2   ? "decimal(12,2) is"
                       : n_max == 1 ? "varchar(20) is"
                                    : "it takes nothing in brackets");
    struct contract_type t = {.kind = row->kind,
                              .engine = row->engine,
                              .delta = row->delta,
                              .stored = row->stored,
                              .ordered = !row->unordered,
                              .name = row->name};
    if (t.kind == TYPE_DECIMAL) {
        enum rc rc = set_decimal(a, &t, arguments, n, e);
        if (rc != RC_OK) return rc;
    }
    if (n == 1 && t.kind == TYPE_VARCHAR) {
        if (arguments[0] < 1) return err_set(e, RC_PROJECT, "'%s' has no room for any text", text);
        t.length = arguments[0];
        t.name = arena_printf(a, "varchar(%d)", t.length);
    }
    *ret = t;
    return RC_OK;
}
