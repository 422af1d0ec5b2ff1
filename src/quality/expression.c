#include "quality/expression.h"

#include "base/text.h"

#include <string.h>

enum token_kind {
    TOKEN_END,
    TOKEN_BLANK,
    TOKEN_NAME,
    TOKEN_QUOTED_NAME,
    TOKEN_STRING,
    TOKEN_NUMBER,
    TOKEN_SIGN,
    TOKEN_OPEN_QUOTE
};

struct token {
    enum token_kind kind;
    struct str text;
};

/* --- tokens
 * ------------------------------------------------------------------------------------------------------ */

static size_t quoted_length(const char *p, char quote, bool backslash)
{
    size_t i = 1;
    for (; p[i]; i++) {
        if (backslash && p[i] == '\\' && p[i + 1]) {
            i++;
        } else if (p[i] == quote) {
            if (p[i + 1] != quote) return i + 1;
            i++;
        }
    }
    return 0; /* open */
}

/* "-- …" to the end of the line, or a block, which nests. 0: no comment, or an open one. */
static size_t comment_length(const char *p)
{
    if (p[0] == '-' && p[1] == '-') return strcspn(p, "\n");
    if (p[0] != '/' || p[1] != '*') return 0;
    int depth = 0;
    for (size_t i = 0; p[i]; i++) {
        if (p[i] == '/' && p[i + 1] == '*') {
            depth++;
            i++;
        } else if (p[i] == '*' && p[i + 1] == '/') {
            i++;
            if (--depth == 0) return i + 1;
        }
    }
    return 0;
}

/* $tag$ … $tag$ */
static size_t dollar_length(const char *p)
{
    size_t tag = 1;
    while (is_name_char(p[tag])) tag++;
    if (p[tag] != '$' || is_digit(p[1])) return 0;
    tag++;
    for (const char *q = p + tag; *q; q++)
        if (*q == '$' && strncmp(q, p, tag) == 0) return (size_t)(q - p) + tag;
    return 0;
}

static bool is_name_start(char c)
{
    return (is_name_char(c) && !is_digit(c)) || (unsigned char)c >= 0x80;
}

static struct token take_quoted(const char *p, size_t prefix, char quote, bool backslash)
{
    size_t n = quoted_length(p + prefix, quote, backslash);
    if (!n) return (struct token){TOKEN_OPEN_QUOTE, {p, strlen(p)}};
    return (struct token){quote == '"' ? TOKEN_QUOTED_NAME : TOKEN_STRING, {p, prefix + n}};
}

static size_t number_length(const char *p)
{
    size_t n = 0;
    while (is_name_char(p[n]) || p[n] == '.' ||
           ((p[n] == '-' || p[n] == '+') && n && to_lower(p[n - 1]) == 'e' && is_digit(p[n + 1])))
        n++;
    return n;
}

static struct token next_token(const char *p)
{
    size_t n = 0;
    if (!*p) return (struct token){TOKEN_END, {p, 0}};
    while (is_space(p[n])) n++;
    if (n) return (struct token){TOKEN_BLANK, {p, n}};
    if ((n = comment_length(p)) > 0) return (struct token){TOKEN_BLANK, {p, n}};
    if (p[0] == '/' && p[1] == '*') return (struct token){TOKEN_OPEN_QUOTE, {p, strlen(p)}};
    if (*p == '\'' || *p == '"') return take_quoted(p, 0, *p, false);
    if ((*p == 'e' || *p == 'E' || *p == 'x' || *p == 'X') && p[1] == '\'')
        return take_quoted(p, 1, '\'', to_lower(*p) == 'e');
    if (*p == '$' && (n = dollar_length(p)) > 0) return (struct token){TOKEN_STRING, {p, n}};
    if (is_name_start(*p)) {
        while (is_name_start(p[n]) || is_digit(p[n]) || p[n] == '$') n++;
        return (struct token){TOKEN_NAME, {p, n}};
    }
    if (is_digit(*p) || (*p == '.' && is_digit(p[1]))) return (struct token){TOKEN_NUMBER, {p, number_length(p)}};
    return (struct token){TOKEN_SIGN, {p, 1}};
}

/* The token after blanks and comments. */
static struct token next_solid(const char *p)
{
    struct token t = next_token(p);
    while (t.kind == TOKEN_BLANK) t = next_token(t.text.p + t.text.n);
    return t;
}

static bool is_sign(struct token t, char c)
{
    return t.kind == TOKEN_SIGN && *t.text.p == c;
}

static bool is_word(struct token t, const char *word)
{
    if (t.kind != TOKEN_NAME || t.text.n != strlen(word)) return false;
    for (size_t i = 0; i < t.text.n; i++)
        if (to_lower(t.text.p[i]) != word[i]) return false;
    return true;
}

/* --- what a rule cannot have
 * ------------------------------------------------------------------------------------- */

static const char *const aggregates[] = {"any_value",
                                         "approx_count_distinct",
                                         "approx_quantile",
                                         "approx_top_k",
                                         "arbitrary",
                                         "arg_max",
                                         "arg_max_null",
                                         "arg_max_nulls_last",
                                         "arg_min",
                                         "arg_min_null",
                                         "arg_min_nulls_last",
                                         "argmax",
                                         "argmin",
                                         "array_agg",
                                         "avg",
                                         "bit_and",
                                         "bit_or",
                                         "bit_xor",
                                         "bitstring_agg",
                                         "bool_and",
                                         "bool_or",
                                         "corr",
                                         "count",
                                         "count_if",
                                         "count_star",
                                         "countif",
                                         "covar_pop",
                                         "covar_samp",
                                         "entropy",
                                         "favg",
                                         "first",
                                         "fsum",
                                         "group_concat",
                                         "histogram",
                                         "histogram_exact",
                                         "kahan_sum",
                                         "kurtosis",
                                         "kurtosis_pop",
                                         "last",
                                         "list",
                                         "listagg",
                                         "mad",
                                         "max",
                                         "max_by",
                                         "mean",
                                         "median",
                                         "min",
                                         "min_by",
                                         "mode",
                                         "product",
                                         "quantile",
                                         "quantile_cont",
                                         "quantile_disc",
                                         "regr_avgx",
                                         "regr_avgy",
                                         "regr_count",
                                         "regr_intercept",
                                         "regr_r2",
                                         "regr_slope",
                                         "regr_sxx",
                                         "regr_sxy",
                                         "regr_syy",
                                         "reservoir_quantile",
                                         "sem",
                                         "skewness",
                                         "stddev",
                                         "stddev_pop",
                                         "stddev_samp",
                                         "string_agg",
                                         "sum",
                                         "sum_no_overflow",
                                         "sumkahan",
                                         "var_pop",
                                         "var_samp",
                                         "variance"};
static const char *const windows[] = {"cume_dist",  "dense_rank", "fill",      "first_value", "lag",
                                      "last_value", "lead",       "nth_value", "ntile",       "percent_rank",
                                      "rank",       "rank_dense", "row_number"};
static const char *const volatiles[] = {"random",  "uuid",    "uuidv4", "uuidv7",   "gen_random_uuid", "nextval",
                                        "currval", "setseed", "error",  "sleep_ms", "write_log",       "stats"};
static const char *const several_rows[] = {"unnest", "generate_subscripts"};
static const char *const queries[] = {"select", "with",    "from",     "values", "table",
                                      "pivot",  "unpivot", "describe", "show",   "summarize"};

static const struct forbidden {
    const char *what;
    const char *const *words;
    size_t n;
} forbidden_calls[] = {
    {"the aggregate", aggregates, sizeof aggregates / sizeof *aggregates},
    {"the window function", windows, sizeof windows / sizeof *windows},
    {"the volatile function", volatiles, sizeof volatiles / sizeof *volatiles},
    {"the table function", several_rows, sizeof several_rows / sizeof *several_rows},
};

static bool is_one_of(struct token t, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (is_word(t, words[i])) return true;
    return false;
}

/* The construct that token `t` begins, or NULL; `before` is the solid token before it. */
static const char *find_forbidden(struct arena *a, struct token before, struct token t)
{
    struct token after = next_solid(t.text.p + t.text.n);
    if (is_sign(t, '(') && is_one_of(after, queries, sizeof queries / sizeof *queries)) return "a subquery";
    if (t.kind != TOKEN_NAME) return NULL;
    if (is_word(t, "over") && is_sign(before, ')')) return "a window function";
    if (!is_sign(after, '(')) return NULL;
    for (size_t i = 0; i < sizeof forbidden_calls / sizeof *forbidden_calls; i++)
        if (is_one_of(t, forbidden_calls[i].words, forbidden_calls[i].n))
            return arena_printf(a, "%s %.*s()", forbidden_calls[i].what, (int)t.text.n, t.text.p);
    return NULL;
}

/* --- the clock
 * --------------------------------------------------------------------------------------------------- */

static const struct clock_word {
    const char *word;
    bool call; /* needs () */
    enum { CLOCK_INSTANT, CLOCK_LOCAL, CLOCK_DATE, CLOCK_TIME } kind;
} clock_words[] = {
    {"now", true, CLOCK_INSTANT},
    {"get_current_timestamp", true, CLOCK_INSTANT},
    {"transaction_timestamp", true, CLOCK_INSTANT},
    {"current_timestamp", false, CLOCK_INSTANT},
    {"localtimestamp", false, CLOCK_LOCAL},
    {"current_localtimestamp", true, CLOCK_LOCAL},
    {"today", true, CLOCK_DATE},
    {"current_date", false, CLOCK_DATE},
    {"current_time", false, CLOCK_TIME},
    {"get_current_time", true, CLOCK_TIME},
    {"localtime", false, CLOCK_TIME},
    {"current_localtime", true, CLOCK_TIME},
};

static bool is_column(const struct expression_clock *clock, const char *word)
{
    for (size_t i = 0; i < clock->n_columns; i++)
        if (compare_names(clock->columns[i], word) == 0) return true;
    return false;
}

/* If a word of the clock stands at `t`, returns what replaces it and where the text goes on. */
static const char *replace_clock(struct arena *a, const struct expression_clock *clock, struct token before,
                                 struct token t, const char **ret_next)
{
    if (t.kind != TOKEN_NAME || is_sign(before, '.')) return NULL;
    struct token open = next_solid(t.text.p + t.text.n);
    struct token close = is_sign(open, '(') ? next_solid(open.text.p + 1) : open;
    bool call = is_sign(open, '(') && is_sign(close, ')');
    for (size_t i = 0; i < sizeof clock_words / sizeof *clock_words; i++) {
        const struct clock_word *w = &clock_words[i];
        if (!is_word(t, w->word)) continue;
        if (!call && (w->call || is_sign(open, '(') || is_sign(open, '.') || is_column(clock, w->word))) return NULL;
        *ret_next = call ? close.text.p + 1 : t.text.p + t.text.n;
        switch (w->kind) {
        case CLOCK_INSTANT: return clock->timestamp;
        case CLOCK_LOCAL: return clock->local;
        case CLOCK_DATE: return arena_printf(a, "CAST(%s AS DATE)", clock->local);
        case CLOCK_TIME: return arena_printf(a, "CAST(%s AS TIME)", clock->local);
        }
    }
    return NULL;
}

/* --- reading
 * ----------------------------------------------------------------------------------------------------- */

struct reader {
    struct arena *a;
    const char *text, *what;
    struct pos pos;
    char open[64]; /* brackets */
    size_t depth;
    struct err *e;
};

static struct pos position_of(const struct reader *r, const char *p)
{
    struct pos at = r->pos;
    for (const char *q = r->text; q < p; q++) {
        at.column++;
        if (*q == '\n') {
            at.line++;
            at.column = 1;
        }
    }
    return at;
}

#define REFUSE(r, p, ...) refuse((r), (p), arena_printf((r)->a, __VA_ARGS__))
static enum rc refuse(const struct reader *r, const char *p, const char *why)
{
    struct pos at = position_of(r, p);
    return err_set(r->e, RC_PROJECT, "%s:%d:%d: %s %s", at.file, at.line, at.column, r->what, why);
}

static enum rc follow_brackets(struct reader *r, struct token t)
{
    char c = *t.text.p;
    if (c == ';') return REFUSE(r, t.text.p, "is more than one expression: ';' ends it");
    if (c == '?' || c == '$') return REFUSE(r, t.text.p, "has a parameter, which nobody sets; use getvariable('name')");
    if (c == '(' || c == '[' || c == '{') {
        if (r->depth == sizeof r->open) return REFUSE(r, t.text.p, "nests brackets too deep");
        r->open[r->depth++] = c;
    }
    if (c == ')' || c == ']' || c == '}') {
        char want = c == ')' ? '(' : (char)(c - 2);
        if (!r->depth || r->open[--r->depth] != want)
            return REFUSE(r, t.text.p, "closes a bracket that is not open: '%c'", c);
    }
    return RC_OK;
}

enum rc expression_read(struct arena *a, const char *text, struct pos pos, const char *what, bool row,
                        const struct expression_clock *clock, struct expression *ret, struct err *e)
{
    enum rc rc = RC_OK;
    struct reader r = {.a = a, .text = text, .what = what, .pos = pos, .e = e};
    struct buf *sql = buf_new(a, BUF_DEFAULT_MAX);
    struct token before = {TOKEN_END, {text, 0}};
    bool uses_clock = false;
    for (const char *p = text; *p;) {
        struct token t = next_token(p);
        p = t.text.p + t.text.n;
        if (t.kind == TOKEN_BLANK) {
            if (sql->n && sql->p[sql->n - 1] != ' ') buf_add_char(sql, ' ');
            continue;
        }
        if (t.kind == TOKEN_OPEN_QUOTE) return REFUSE(&r, t.text.p, "does not end what opens here");
        if (t.kind == TOKEN_SIGN) TRY(follow_brackets(&r, t));
        const char *forbidden = row ? find_forbidden(a, before, t) : NULL;
        if (forbidden)
            return REFUSE(&r, t.text.p,
                          "judges one row at a time and cannot have %s; make it a check on the table, or put "
                          "it into the SELECT",
                          forbidden);
        const char *instant = clock && clock->timestamp ? replace_clock(a, clock, before, t, &p) : NULL;
        if (instant) {
            uses_clock = true;
            buf_add_str(sql, instant);
        } else {
            buf_add(sql, t.text.p, t.text.n);
        }
        before = t;
    }
    if (r.depth) return REFUSE(&r, text + strlen(text), "does not close '%c'", r.open[r.depth - 1]);
    struct str trimmed = str_trim(buf_str(sql));
    if (!trimmed.n) return REFUSE(&r, text, "is empty");
    *ret = (struct expression){arena_strndup(a, trimmed.p, trimmed.n), uses_clock};
out:
    return rc;
}

bool expression_mentions(struct arena *a, const char *text, const char *name)
{
    struct token t;
    for (const char *p = text; (t = next_token(p)).kind != TOKEN_END; p = t.text.p + t.text.n) {
        if (t.kind == TOKEN_NAME && compare_names(arena_strndup(a, t.text.p, t.text.n), name) == 0) return true;
        if (t.kind == TOKEN_QUOTED_NAME && compare_names(arena_strndup(a, t.text.p, t.text.n), sql_name(a, name)) == 0)
            return true;
        if (t.kind == TOKEN_OPEN_QUOTE) return false;
    }
    return false;
}

struct str statement_text(const char *sql)
{
    const char *end = sql;
    struct token t;
    for (const char *p = sql; (t = next_solid(p)).kind != TOKEN_END; p = t.text.p + t.text.n)
        if (!is_sign(t, ';')) end = t.text.p + t.text.n;
    return str_trim((struct str){sql, (size_t)(end - sql)});
}
