/* sql/: what a model's SELECT means, read from the engine's parsed statement (json_serialize_sql), never from text.
 *
 * Inputs, output columns, the flow of rows, what is volatile, a canonical form for the fingerprint; and rewriting of the
 * parsed statement. Pure: the engine turns text to JSON and back (engine/parse.h), this folder works on the JSON. */
#ifndef SQL_STATEMENT_H
#define SQL_STATEMENT_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/json.h"

/* Raised when the meaning of models changes between versions of ingot, so that tables are built anew. */
#define STATEMENT_SEMANTICS 1

/* Where in the text: a byte offset into the model's sql, -1 unknown. */
struct construct {
    const char *what; /* "DISTINCT", "window function row_number()", … */
    int64_t offset;
};

struct cut; /* private */

/* One mention of a table (a self-join has two). */
struct occurrence {
    const char *table; /* "bronze.orders" as written, lower case */
    const char *alias; /* how its columns are qualified in the outermost FROM, or NULL if it is deeper down */
    int64_t offset;
    /* Adding rows to this occurrence, all other inputs unchanged, only adds statement(added rows) to the output. */
    bool distributes;
    struct construct why_not; /* the first construct in the way */
    /* The same, once the other branches of each UNION ALL around it are emptied (statement_branch): running the whole
     * statement over the added rows would give their rows again. True where `distributes` is. */
    bool distributes_in_branch;
    const struct cut *cuts; /* for statement_branch; NULL when it came from the cache */
    /* Each of its rows gives at most one output row, provided that every table of `unique` is unique on those
     * columns (joined dimensions). */
    bool at_most_one;
    struct unique_need {
        const char *table;
        const char **columns;
        size_t n_columns;
    } * unique;
    size_t n_unique;
};

struct output_column {
    const char *name; /* NULL if only the engine knows (unnamed expression is named by its text: give that) */
    bool star;        /* stands for all columns of `star_table` (or of everything, NULL) */
    const char *star_table;
    /* direct copy of a column of an occurrence: index and name; else -1 */
    int from_occurrence;
    const char *from_column;
};

struct statement {
    struct occurrence *occurrences;
    size_t n_occurrences;
    struct output_column *columns;
    size_t n_columns;
    /* Projection, filters and row expressions over exactly one occurrence in one plain SELECT: each input row gives at
     * most one output row, and rows do not see each other. Such a statement can be rewritten by statement_carry. */
    bool row_by_row;
    struct construct why_not_row_by_row;
    /* A column that an input gets may change what the statement means: `*`, NATURAL, a name that is an alias now … */
    bool open_names;
    const char *input; /* row_by_row: the one table */
    bool filters;      /* some construct may leave out rows of the driving input (WHERE, inner or semi join …) */
    struct construct *volatiles; /* now(), random(), current_date … */
    size_t n_volatiles;
    const char **variables; /* getvariable('x') */
    size_t n_variables;
    const char **functions; /* distinct names, sorted */
    size_t n_functions;
    struct hash canonical; /* of the canonical form: no positions, no letter case in names, no formatting */
    json_t *node;          /* the serialized statement; NULL when it came from the cache (parse again to rewrite) */
};

/* `serialized` is the JSON of json_serialize_sql for the model's text. What cannot be a model is RC_PROJECT with the
 * byte offset in *ret_offset (-1 unknown): a syntax error, more than one statement, something else than a SELECT, a
 * table function that reads files (read_csv …: belongs into bronze), a table without a layer. */
enum rc statement_analyze(struct arena *a, const char *serialized, const char *sql, struct statement **ret,
                          int64_t *ret_offset, struct err *e) MUST_CHECK;

/* The statement (row_by_row only; node present) with more output columns, as serialized JSON for the engine:
 *  - every name of `carry`, each a column of its input, is appended as "__in_<name>";
 *  - with `guard`, each output expression e becomes TRY(e) in the sense that a row on which some output expression or
 *    the WHERE clause raises an error comes out with NULL there and the name of the first such output column in a
 *    further column "__error" (NULL on good rows; "where" for the WHERE clause), instead of ending the query. Rows on
 *    which WHERE is false or NULL are left out as before. `*` is kept as it is; ORDER BY is dropped.
 * Without `guard` an ORDER BY stays. With it the statement must run with STATEMENT_GUARD_SETTING: DuckDB 1.5.5 moves
 * common subexpressions out of TRY. random(), uuid() and error() cannot be guarded, because TRY refuses them; an output
 * expression without a name cannot either (RC_PROJECT). */
enum rc statement_carry(struct arena *a, const struct statement *s, const char *const *carry, size_t n_carry,
                        bool guard, char **ret_json, struct err *e) MUST_CHECK;
#define STATEMENT_GUARD_SETTING "set disabled_optimizers = 'common_subexpressions'"
#define STATEMENT_GUARD_RESET "reset disabled_optimizers"

/* The statement as serialized JSON with the branches of UNION ALL beside this occurrence emptied (LIMIT 0), so that over
 * its added rows it gives what they add (distributes_in_branch). Node present. */
enum rc statement_branch(struct arena *a, const struct statement *s, size_t occurrence, char **ret_json,
                         struct err *e) MUST_CHECK;

/* Line and column (1-based, in characters of the line) of a byte offset; *ret_line = 0 for offset -1. */
void statement_position(const char *sql, int64_t offset, int *ret_line, int *ret_column);

/* To and from the cache (cache.c draws the format). A statement as one record of bytes, added to `out`. */
void statement_print(struct buf *out, const struct statement *s);
/* The statement without node and cuts. It points into `record`, which must last as long. Any bytes are safe; what is
 * damaged is RC_DATA. */
enum rc statement_parse_cached(struct arena *a, struct str record, struct statement **ret, struct err *e) MUST_CHECK;

/* All statements of a project in one file, found by the hash of their text. */
struct statement_cache {
    struct str file;
    size_t n; /* statements in it */
};
/* A file of another format or of other semantics, and a damaged one, is an empty cache. */
void statement_cache_open(struct str file, struct statement_cache *ret);
/* NULL: it is not there, or damaged. The statement points into the file. O(log n) and in proportion to the record. */
struct statement *statement_cache_find(struct arena *a, const struct statement_cache *c, const struct hash *key);
/* The file, in `out` alone: statements[i] under keys[i]; NULL ones are left out. */
void statement_cache_print(struct buf *out, const struct hash *keys, struct statement *const *statements, size_t n);

#endif
