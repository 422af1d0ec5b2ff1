/* How statement_analyze is put together; for the files of this folder only.
 *
 *     analyze.c      what cannot be a model; output columns; row by row; putting it together
 *     query.c        query nodes, CTEs and their scopes
 *     from.c         tables, joins, table functions: occurrences and how their rows flow
 *     expression.c   expressions: functions, windows, subqueries
 *     functions.c    what is known of the engine's functions
 *     serialized.c   reading and writing of the engine's JSON
 *     canonical.c    the canonical form
 *     carry.c        rewriting
 *     cache.c        to and from the cache */
#ifndef SQL_ANALYSIS_H
#define SQL_ANALYSIS_H

#include "sql/statement.h"

/* Deeper statements are refused, so that nobody's stack overflows. */
#define STATEMENT_MAX_DEPTH 1000

/* What the expressions of one SELECT hold; `what` is NULL where there is none. */
struct facts {
    struct construct aggregate, window, unnest, unknown, subquery, columns;
};

/* One SELECT, while its expressions are walked. */
struct select {
    struct facts facts;
    struct select *outer; /* whose expression this one stands in: its aggregates may belong there */
    const json_t *from;   /* to know which names are its own */
    const json_t *list;   /* its select list */
    size_t item;          /* of it that is walked; beyond its end in other clauses */
};

/* A table of a UNION ALL branch: the nodes beside it. */
struct cut {
    const json_t *node;
    const struct cut *next;
};
struct need {
    struct unique_need need;
    const struct need *next;
};

/* How rows flow from a place in the statement to its output. */
struct flow {
    struct construct blocker; /* why added rows would do more than add */
    bool many;                /* a row may give more than one output row, or other inputs yield rows too */
    const struct need *needs; /* what must be unique so that it does not */
    const struct cut *cuts;   /* branches of UNION ALL beside it */
    int64_t union_offset;
    bool outermost; /* in the FROM of the statement itself */
    bool quiet;     /* inside an expression: filters there leave out no rows */
};

struct cte {
    const char *name;
    const json_t *body;
    bool self; /* inside a recursive CTE: itself */
    size_t reads;
    struct flow flow;
};
struct scope {
    const struct scope *parent;
    struct cte *ctes;
    size_t visible;
};

struct walk {
    struct arena *arena;
    const char *sql;
    size_t sql_length;
    struct statement *s;
    struct facts top; /* of the outermost SELECT */
    int depth;
    int64_t offset; /* of the error */
    struct err *err;
};

enum rc walk_query(struct walk *w, const json_t *node, struct flow flow, const struct scope *scope,
                   struct select *outer) MUST_CHECK;
enum rc walk_from(struct walk *w, const json_t *ref, struct flow flow, const struct scope *scope,
                  struct select *in) MUST_CHECK;
/* Any value below an expression; query nodes and tables that turn up there count as subqueries. */
enum rc walk_expression(struct walk *w, const json_t *v, const struct scope *scope, struct select *in) MUST_CHECK;
/* RC_PROJECT at a place. */
enum rc refuse(struct walk *w, int64_t offset, const char *format, ...) PRINTF_LIKE(3, 4);
enum rc enter(struct walk *w, const json_t *node) MUST_CHECK; /* counts depth; leave() goes back */
static inline void leave(struct walk *w)
{
    w->depth--;
}
static inline void note(struct construct *c, const char *what, int64_t offset)
{
    if (!c->what) *c = (struct construct){what, offset};
}
struct cte *scope_find(const struct scope *scope, const char *name);
void note_filter(struct walk *w, const struct flow *f);
/* The last place of a keyword before `before` in the text, or `before` where it is not found nearby. */
int64_t keyword_before(const struct walk *w, const char *keyword, int64_t before);
bool facts_any(const struct facts *f, struct construct *ret);

/* Members of serialized nodes; a missing one is "" / false / -1 / NULL. */
const char *node_string(const json_t *node, const char *key);
const char *node_string_at(const json_t *list, size_t i);
bool node_bool(const json_t *node, const char *key);
int64_t node_offset(const json_t *node);
const json_t *node_list(const json_t *node, const char *key); /* NULL if it is not an array */
bool node_is(const json_t *node, const char *key, const char *value);
/* The first offset found in a value, depth first. */
int64_t first_offset(const json_t *v, int depth);
/* "bronze.orders", lower case. */
char *table_name(struct arena *a, const json_t *base_table);

/* serialized.c: integers beyond int64 (query_location of nothing is 2^64-1) come as strings behind a mark and are
 * written as they were. */
enum rc serialized_read(struct arena *a, const char *text, json_t **ret, struct err *e) MUST_CHECK;
/* A node of `cuts` is written with LIMIT 0. */
void serialized_value(struct buf *out, const json_t *v, const char *key, const char *replacement);
char *serialized_write(struct arena *a, const json_t *node, const struct cut *cuts);

/* functions.c */
enum function_kind {
    FUNCTION_UNKNOWN,
    FUNCTION_SCALAR,
    FUNCTION_AGGREGATE,
    FUNCTION_CLOCK,   /* another value in another run */
    FUNCTION_RANDOM,  /* another value for each row: TRY does not take it */
    FUNCTION_UNNEST,  /* several rows from one */
    FUNCTION_REFUSED, /* reads outside or changes state */
};
enum function_kind function_kind(const char *name);
enum table_function { TABLE_FUNCTION_ALLOWED, TABLE_FUNCTION_READER, TABLE_FUNCTION_UNKNOWN };
enum table_function table_function_kind(const char *name);
/* now without brackets: current_date and the like arrive as column names. */
bool is_clock_name(const char *name);

struct hash canonical_hash(struct arena *a, const json_t *node);
bool has_random(const json_t *expression, int depth);

#endif
