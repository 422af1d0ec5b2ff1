/* project/: what the user wrote, read into one struct with a position for every error.
 *
 *     ingot.yml          name, targets, defaults       -> struct project, struct target
 *     bronze/NAME.yml    a source                      -> struct table with source
 *     silver/NAME.sql    front matter and a SELECT     -> struct table with model
 *
 * Nothing is read from the lake and the engine is not needed. All errors of a project are collected and
 * reported together. The keys that are understood stand in const tables (keys.h), from which validation,
 * suggestions, the JSON Schema and the reference documentation come. */
#ifndef PROJECT_PROJECT_H
#define PROJECT_PROJECT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"

struct pos {
    const char *file; /* relative to the project */
    int line, column; /* 1-based */
};

enum layer { LAYER_BRONZE, LAYER_SILVER, LAYER_GOLD };
extern const char *const layer_names[3]; /* "bronze" … */

/* Problems found, in order of file and position; more than PROBLEMS_KEPT are counted, not kept. */
struct problem {
    struct pos pos;
    bool warning;
    const char *message; /* with a suggestion where there is one */
};
#define PROBLEMS_KEPT 200
struct problems {
    struct arena *arena;
    struct problem *items;
    size_t n_items, n_errors, n_warnings; /* the last two count also what is not kept */
};
void problem_add(struct problems *p, struct pos pos, bool warning, const char *format, ...) PRINTF_LIKE(4, 5);
void problems_sort(struct problems *p);
/* "file:line:column: error: message" lines. */
void problems_print(const struct problems *p, struct buf *out);

/* A string from the project that may hold ${NAME}; expanded when it is needed. */
struct setting {
    const char *text; /* as written; NULL: not given */
    struct pos pos;
};
/* Expands ${NAME} from the environment ($${ stands for ${); values are registered as secrets. An unset
 * variable is RC_PROJECT "file:line:column: key: environment variable NAME is not set". Settings that are not
 * needed are never expanded. */
enum rc setting_expand(struct arena *a, const struct setting *s, const char *key, const char **ret,
                       struct err *e) MUST_CHECK;

struct variable {
    const char *name;
    const char *value; /* text of the YAML scalar; VARIABLE_TEXT may hold ${NAME}: see variable_expand */
    enum { VARIABLE_TEXT, VARIABLE_INTEGER, VARIABLE_FLOAT, VARIABLE_BOOL, VARIABLE_NULL } type;
    struct pos pos;
};

/* Like setting_expand, of a variable's text; other types give their text as it is. */
enum rc variable_expand(struct arena *a, const struct variable *v, const char **ret, struct err *e) MUST_CHECK;

/* How the lake on S3 is reached; credentials come from the standard AWS chain. */
struct s3_settings {
    bool given;
    struct pos pos;
    struct setting region, endpoint, profile, sse, kms_key;
    enum { S3_URL_AUTO, S3_URL_PATH, S3_URL_VHOST } url_style;
    bool anonymous, requester_pays;
};
struct warehouse_settings {
    bool given;
    struct pos pos;
    enum { WAREHOUSE_REDSHIFT, WAREHOUSE_POSTGRES } type;
    struct setting url, iam_role;
    const char *schema; /* or NULL */
};
struct target {
    const char *name;
    struct pos pos;
    struct setting lake;
    struct s3_settings s3;
    struct warehouse_settings warehouse;
    struct variable *vars;
    size_t n_vars;
    int64_t memory_bytes;       /* engine.memory; 0: default (80 % of what the machine or its cgroup has, at most 4
                              GiB …) */
    double memory_percent;      /* engine.memory: 80%, of what the machine or its cgroup has; 0: not given so */
    int threads;                /* 0: as many as cores */
    const char *temp_directory; /* NULL: $TMPDIR or /tmp */
    const char *timezone;       /* "UTC" */
};
/* Expands every setting of a target and throws the result away; what is not set goes to `p`. */
void target_check(struct arena *a, const struct target *t, struct problems *p);

/* --- contract, rules, checks
 * ------------------------------------------------------------------------------------- */

struct reference {
    const char *table;    /* "silver.customers" */
    const char **columns; /* of this table */
    size_t n_columns;
    const char **parent_columns; /* of the parent; n = 0: the parent's key */
    size_t n_parent_columns;
    const char *rule; /* name in the account: "customer_id: no such silver.customers" is made from it */
    struct pos pos;
};
struct column_contract {
    const char *name;
    const char *type; /* normalised lower case without blanks inside brackets: "decimal(12,2)"; see quality/type.h */
    bool not_null, lenient;
    const char *check;       /* raw SQL between the brackets, or NULL */
    const char *description; /* from a trailing `-- text`, or NULL */
    struct pos pos;
};
enum rule_action { RULE_QUARANTINE, RULE_DROP, RULE_WARN, RULE_FAIL };
struct rule {
    const char *name;
    const char *expression; /* raw SQL */
    enum rule_action action;
    struct pos pos;
};
struct check {
    const char *expression; /* raw SQL: a boolean aggregate; or NULL */
    const char *name;       /* checks/<name>.sql; or NULL */
    const char *sql;        /* its text */
    struct pos pos;
};
struct tolerate {
    bool given;
    bool percent;
    double value; /* rows, or per cent of the rows yielded */
};

/* --- sources
 * ----------------------------------------------------------------------------------------------------- */

enum file_format { FORMAT_AUTO, FORMAT_CSV, FORMAT_JSON, FORMAT_NDJSON, FORMAT_PARQUET };
enum drift { DRIFT_EVOLVE, DRIFT_FREEZE, DRIFT_RESCUE };
enum load { LOAD_APPEND, LOAD_REPLACE, LOAD_UPSERT };

struct csv_options {
    char delimiter, quote, escape; /* 0: detect (delimiter) or default ('"', same as quote) */
    bool quote_none;               /* quote: "" */
    int header;                    /* -1 detect, 0 no, 1 yes */
    int64_t skip;                  /* physical lines before the header */
    const char *null_text;         /* text that stands for NULL besides nothing, or NULL */
    const char *comment;           /* lines that start with it are not records, or NULL */
};
struct source {
    struct setting files; /* glob, folder or file */
    enum file_format format;
    struct csv_options csv;
    const char *encoding;  /* NULL: detect by BOM, else UTF-8; any name that iconv(3) knows */
    bool identity_content; /* identity: content */
    bool hive;             /* key=value folders become columns (default true) */
    const char *records;   /* JSON: path to the array of records, "$.data"; or NULL */
};

/* --- tables
 * ------------------------------------------------------------------------------------------------------ */

struct table {
    const char *name; /* "silver.orders" */
    const char *stem; /* "orders" */
    enum layer layer;
    const char *file; /* relative to the project */
    struct pos pos;   /* of the name, or of the file */
    const char *description, *owner;
    const char **tags;
    size_t n_tags;

    const char **key; /* column names */
    size_t n_key;
    const char *latest;                          /* column name, or NULL */
    const char *deleted;                         /* raw SQL over the output columns, or NULL */
    struct pos key_pos, latest_pos, deleted_pos; /* where they stand, if they are given */
    struct column_contract *columns;
    size_t n_columns;
    struct reference *references; /* of columns and of rules */
    size_t n_references;
    struct rule *rules; /* in declared order */
    size_t n_rules;
    struct check *checks;
    size_t n_checks;
    struct tolerate tolerate;
    enum { REFRESH_AUTO, REFRESH_FULL, REFRESH_INCREMENTAL, REFRESH_ON_CHANGE } refresh;
    bool foreign_keep;
    const char **partition_by;
    size_t n_partition_by;
    const char **cluster_by;
    size_t n_cluster_by;

    /* bronze only */
    struct source *source; /* NULL for a model */
    enum drift drift;
    enum load load;

    /* models only */
    const char *sql;     /* the file without front matter: blanks and newlines stand in its place, so that byte
                        offsets and lines are the file's own */
    struct hash content; /* of the whole file */
};

struct project {
    const char *dir; /* absolute */
    const char *name;
    const char *default_target;
    struct target *targets;
    size_t n_targets;
    struct table *tables; /* ordered by layer, then name */
    size_t n_tables;
};

/* Finds the project: `dir` or the nearest folder above it with ingot.yml. */
enum rc project_find(struct arena *a, const char *dir, char **ret, struct err *e) MUST_CHECK;
/* Reads everything; problems go to `p`, and what could be understood is in *ret. Fails only if the folder
 * cannot be read at all. */
enum rc project_load(struct arena *a, const char *dir, struct problems *p, struct project **ret,
                     struct err *e) MUST_CHECK;
const struct target *project_target(const struct project *p, const char *name); /* NULL name: the default; or NULL */
const struct table *project_table(const struct project *p,
                                  const char *name); /* "silver.orders" in any letter case; or NULL; O(log n) */
/* Where a byte of table->sql stands in its file; an offset out of range (-1) gives the first byte of the SQL.
 */
struct pos table_position(const struct table *t, int64_t offset);
/* The reference documentation (Markdown) and the JSON Schema, both from the key tables. */
void project_reference(struct buf *out);
void project_schema(struct buf *out);

#endif
