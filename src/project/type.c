#include "project/contract.h"

#include "base/text.h"

enum parameters { NO_PARAMETERS, LENGTH, PRECISION_AND_SCALE };
static const struct {
    const char *word, *type;
    enum parameters parameters;
} types[] = {
    {"bigint", "bigint", 0},
    {"int8", "bigint", 0},
    {"long", "bigint", 0},
    {"integer", "integer", 0},
    {"int", "integer", 0},
    {"int4", "integer", 0},
    {"signed", "integer", 0},
    {"smallint", "smallint", 0},
    {"int2", "smallint", 0},
    {"short", "smallint", 0},
    {"tinyint", "tinyint", 0},
    {"int1", "tinyint", 0},
    {"boolean", "boolean", 0},
    {"bool", "boolean", 0},
    {"logical", "boolean", 0},
    {"double", "double", 0},
    {"float8", "double", 0},
    {"real", "real", 0},
    {"float", "real", 0},
    {"float4", "real", 0},
    {"decimal", "decimal", PRECISION_AND_SCALE},
    {"numeric", "decimal", PRECISION_AND_SCALE},
    {"varchar", "varchar", LENGTH},
    {"text", "varchar", LENGTH},
    {"string", "varchar", LENGTH},
    {"char", "varchar", LENGTH},
    {"bpchar", "varchar", LENGTH},
    {"date", "date", 0},
    {"timestamp", "timestamp", 0},
    {"datetime", "timestamp", 0},
    {"timestamptz", "timestamptz", 0},
    {"time", "time", 0},
    {"uuid", "uuid", 0},
    {"blob", "blob", 0},
    {"bytea", "blob", 0},
    {"binary", "blob", 0},
    {"varbinary", "blob", 0},
    {"json", "json", 0},
};
#define N_TYPES (sizeof types / sizeof types[0])

bool contract_type_orders(const char *type)
{
    return strcmp(type, "json") != 0 && strcmp(type, "blob") != 0 && strcmp(type, "boolean") != 0;
}

static const char *unknown_type(struct reader *r, const struct scanner *s, const struct token *t)
{
    const char *names[N_TYPES];
    for (size_t i = 0; i < N_TYPES; i++) names[i] = types[i].word;
    struct pos pos = scan_position(s, t->p);
    if (t->kind == TOKEN_END) {
        problem_add(r->problems, pos, false, "the type is missing, as in `amount: decimal(12,2) not null`");
        return NULL;
    }
    char *word = arena_strndup(r->arena, t->p, t->n);
    const char *near = read_suggest(r, word, names, N_TYPES);
    if (near) problem_add(r->problems, pos, false, "unknown type '%s'; did you mean '%s'?", word, near);
    else
        problem_add(r->problems, pos, false,
                    "unknown type '%s'; the types are bigint, integer, smallint, tinyint, boolean, double, "
                    "real, decimal(p,s), varchar, date, timestamp, timestamptz, time, uuid, blob and json",
                    word);
    return NULL;
}

/* "(12,2)" behind a type. Returns how many numbers there are, 0 if there is no bracket, -1 after a problem.
 */
static int read_parameters(struct reader *r, struct scanner *s, struct token *t, int numbers[2])
{
    int n = 0;
    if (!token_is_symbol(t, '(')) return 0;
    do {
        *t = scan_token(s);
        if (t->kind != TOKEN_NUMBER || t->n > 9 || n == 2) goto bad;
        numbers[n] = 0;
        for (size_t i = 0; i < t->n; i++) {
            if (!is_digit(t->p[i])) goto bad;
            numbers[n] = numbers[n] * 10 + (t->p[i] - '0');
        }
        n++;
        *t = scan_token(s);
    } while (token_is_symbol(t, ','));
    if (!token_is_symbol(t, ')')) goto bad;
    *t = scan_token(s);
    return n;
bad:
    problem_add(r->problems, scan_position(s, t->p), false,
                "expected whole numbers in brackets behind the type, as in decimal(12,2)");
    return -1;
}

/* "timestamp with time zone" and "… without time zone": *t is behind them. */
static bool read_time_zone(struct scanner *s, struct token *t, bool *ret_with)
{
    struct scanner ahead = *s;
    bool with = token_is(t, "with");
    if (!with && !token_is(t, "without")) return false;
    struct token time = scan_token(&ahead), zone = scan_token(&ahead);
    if (!token_is(&time, "time") || !token_is(&zone, "zone")) return false;
    *t = scan_token(&ahead);
    *s = ahead;
    *ret_with = with;
    return true;
}

static const char *decimal_type(struct reader *r, struct pos pos, int n, const int *numbers)
{
    int precision = n > 0 ? numbers[0] : 18, scale = n == 2 ? numbers[1] : n == 1 ? 0 : 3;
    if (precision >= 1 && precision <= 38 && scale <= precision)
        return arena_printf(r->arena, "decimal(%d,%d)", precision, scale);
    problem_add(r->problems, pos, false, "decimal(%d,%d): the precision is 1 to 38, and the scale is not greater",
                precision, scale);
    return NULL;
}

const char *contract_type(struct reader *r, struct scanner *s, struct token *t)
{
    size_t i = 0;
    while (i < N_TYPES && !token_is(t, types[i].word)) i++;
    if (i == N_TYPES) return unknown_type(r, s, t);
    struct pos pos = scan_position(s, t->p);
    const char *type = types[i].type;
    int numbers[2] = {0, 0};
    bool with = false;
    *t = scan_token(s);
    if (strcmp(types[i].word, "double") == 0 && token_is(t, "precision")) *t = scan_token(s);
    int n = read_parameters(r, s, t, numbers);
    if (n < 0) return NULL;
    if (strcmp(type, "timestamp") == 0 && n == 0 && read_time_zone(s, t, &with)) return with ? "timestamptz" : type;
    if (types[i].parameters == PRECISION_AND_SCALE) return decimal_type(r, pos, n, numbers);
    if (n == 0) return type;
    if (types[i].parameters == LENGTH && n == 1 && numbers[0] >= 1)
        return arena_printf(r->arena, "%s(%d)", type, numbers[0]);
    problem_add(r->problems, pos, false,
                types[i].parameters == LENGTH ? "'%s' takes one length of at least 1"
                                              : "'%s' takes no numbers in brackets",
                types[i].word);
    return NULL;
}
