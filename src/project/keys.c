#include "project/keys.h"

#include "base/text.h"
#include "project/project.h"
#include "project/project_file.h"

#include <string.h>

#define INTO(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)
#define LIST(type, member) .offset = offsetof(type, member), .count_offset = offsetof(type, n_##member)
#define TABLE(items_) .items = (items_), .n = sizeof(items_) / sizeof((items_)[0])

/* A key a line, however long. */
// clang-format off

/* --- ingot.yml --------------------------------------------------------------------------------------------------- */

static const struct key engine_items[] = {
    {.name = "memory", .type = KEY_SIZE, .fallback = "80% of the machine, at most 4GiB", .help = "How much memory the engine may use before it spills to disk: a size, or a part of what the machine or its cgroup has."},
    {.name = "threads", .type = KEY_COUNT, .fallback = "as many as cores", .help = "How many threads the engine uses.", INTO(struct target, threads)},
    {.name = "temp_directory", .type = KEY_TEXT, .fallback = "`$TMPDIR` or `/tmp`", .help = "The folder for what does not fit into memory.", INTO(struct target, temp_directory)},
};
const struct keys engine_keys = {"engine", "`engine` in `ingot.yml`", "For all targets at the top of the file, for one within the target.", TABLE(engine_items)};

static const struct choice url_styles[] = {{.name = "auto"}, {.name = "path"}, {.name = "vhost"}, {0}};
static const struct key s3_items[] = {
    {.name = "region", .type = KEY_SETTING, .help = "The region of the bucket.", INTO(struct s3_settings, region)},
    {.name = "endpoint", .type = KEY_SETTING, .help = "Another server that speaks S3.", INTO(struct s3_settings, endpoint)},
    {.name = "url_style", .type = KEY_CHOICE, .choices = url_styles, .fallback = "auto", .help = "Whether the bucket stands in the path or in the host name.", INTO(struct s3_settings, url_style)},
    {.name = "profile", .type = KEY_SETTING, .help = "The profile of the AWS configuration.", INTO(struct s3_settings, profile)},
    {.name = "anonymous", .type = KEY_BOOL, .fallback = "false", .help = "Requests are not signed.", INTO(struct s3_settings, anonymous)},
    {.name = "requester_pays", .type = KEY_BOOL, .fallback = "false", .help = "The reader pays for the requests.", INTO(struct s3_settings, requester_pays)},
    {.name = "sse", .type = KEY_SETTING, .help = "Server-side encryption of what is written: `AES256` or `aws:kms`.", INTO(struct s3_settings, sse)},
    {.name = "kms_key", .type = KEY_SETTING, .help = "The key for `sse: aws:kms`.", INTO(struct s3_settings, kms_key)},
};
const struct keys s3_keys = {"s3", "`s3` of a target", "Credentials come from the standard AWS chain, never from this file. Accepted and checked; lakes on S3 are not supported by this version.", TABLE(s3_items)};

static const struct choice warehouse_types[] = {{.name = "redshift"}, {.name = "postgres"}, {0}};
static const struct key warehouse_items[] = {
    {.name = "type", .type = KEY_CHOICE, .status = KEY_REQUIRED, .choices = warehouse_types, .help = "What kind of warehouse it is.", INTO(struct warehouse_settings, type)},
    {.name = "url", .type = KEY_SETTING, .status = KEY_REQUIRED, .help = "Where it is; usually `${NAME}`.", INTO(struct warehouse_settings, url)},
    {.name = "iam_role", .type = KEY_SETTING, .help = "The role with which Redshift reads from S3.", INTO(struct warehouse_settings, iam_role)},
    {.name = "schema", .type = KEY_TEXT, .fallback = "`gold`", .help = "The schema that takes the tables.", INTO(struct warehouse_settings, schema)},
};
const struct keys warehouse_keys = {"warehouse", "`warehouse` of a target", "Accepted and checked; publishing to a warehouse is not supported by this version.", TABLE(warehouse_items)};

static const struct key target_items[] = {
    {.name = "lake", .type = KEY_SETTING, .status = KEY_REQUIRED, .help = "The folder that holds the tables, absolute or relative to the project.", INTO(struct target, lake)},
    {.name = "vars", .type = KEY_VARS, .help = "Values that SQL reads with `getvariable('name')`; they override those at the top of the file."},
    {.name = "engine", .type = KEY_MAP, .keys = &engine_keys, .help = "What the engine may use; overrides the top of the file."},
    {.name = "timezone", .type = KEY_TEXT, .fallback = "UTC", .help = "The time zone in which SQL sees times.", INTO(struct target, timezone)},
    {.name = "s3", .type = KEY_MAP, .keys = &s3_keys, .help = "How the lake on S3 is reached.", INTO(struct target, s3)},
    {.name = "warehouse", .type = KEY_MAP, .keys = &warehouse_keys, .help = "Where gold tables are published.", INTO(struct target, warehouse)},
};
const struct keys target_keys = {"target", "a target in `ingot.yml`", "A place to build the tables in, such as `dev` and `prod`.", TABLE(target_items)};

static const struct key project_items[] = {
    {.name = "name", .type = KEY_TEXT, .fallback = "the folder's name", .help = "The project's name.", INTO(struct project_file, name)},
    {.name = "target", .type = KEY_NAME, .fallback = "the only target, or `dev`", .help = "The target that is used unless the command line names another one.", INTO(struct project_file, target)},
    {.name = "targets", .type = KEY_TARGETS, .keys = &target_keys, .fallback = "`dev: {lake: ./lake}`", .help = "The targets by name.", INTO(struct project_file, targets)},
    {.name = "engine", .type = KEY_MAP, .keys = &engine_keys, .help = "What the engine may use, in all targets.", .offset = offsetof(struct project_file, defaults)},
    {.name = "timezone", .type = KEY_TEXT, .fallback = "UTC", .help = "The time zone in which SQL sees times, in all targets.", INTO(struct project_file, defaults.timezone)},
    {.name = "vars", .type = KEY_VARS, .help = "Values that SQL reads with `getvariable('name')`, in all targets.", .offset = offsetof(struct project_file, defaults)},
};
const struct keys project_keys = {"project", "`ingot.yml`", "The project's file, at its root.", TABLE(project_items)};

/* --- bronze/<name>.yml ------------------------------------------------------------------------------------------- */

static const struct key csv_items[] = {
    {.name = "delimiter", .type = KEY_CHARACTER, .fallback = "detected", .help = "The character between two fields; `\\t` is a tab.", INTO(struct csv_options, delimiter)},
    {.name = "quote", .type = KEY_QUOTE, .fallback = "`\"`", .help = "The character around a field; an empty text: there is none."},
    {.name = "escape", .type = KEY_CHARACTER, .fallback = "the quote", .help = "The character before a quote within a field.", INTO(struct csv_options, escape)},
    {.name = "header", .type = KEY_BOOL, .fallback = "detected", .help = "Whether the first record holds the names of the columns.", INTO(struct csv_options, header)},
    {.name = "skip", .type = KEY_COUNT, .fallback = "0", .help = "Lines before the header that are passed over.", INTO(struct csv_options, skip)},
    {.name = "null_text", .type = KEY_TEXT, .fallback = "nothing between two delimiters", .help = "A text that stands for NULL too.", INTO(struct csv_options, null_text)},
    {.name = "comment", .type = KEY_TEXT, .help = "Lines that start with it are not records.", INTO(struct csv_options, comment)},
};
const struct keys csv_keys = {"csv", "`csv` of `from`", "Only what detection gets wrong.", TABLE(csv_items)};

static const struct choice formats[] = {{.name = "auto"}, {.name = "csv"}, {.name = "json"}, {.name = "ndjson"}, {.name = "parquet"}, {0}};
static const struct choice identities[] = {{.name = "path"}, {.name = "content"}, {0}};
static const struct key from_items[] = {
    {.name = "files", .type = KEY_SETTING, .help = "A file, a folder, or a pattern with `*`, `**`, `?`, `[ab]` and `{a,b}`, relative to the project; `.gz` and `.zst` are unpacked.", INTO(struct source, files)},
    {.name = "format", .type = KEY_CHOICE, .choices = formats, .fallback = "auto", .help = "What the files hold; `auto` goes by their names.", INTO(struct source, format)},
    {.name = "csv", .type = KEY_MAP, .keys = &csv_keys, .help = "How CSV files are written.", INTO(struct source, csv)},
    {.name = "encoding", .type = KEY_TEXT, .fallback = "by byte order mark, else UTF-8", .help = "The encoding of text files, by a name that `iconv -l` lists.", INTO(struct source, encoding)},
    {.name = "records", .type = KEY_TEXT, .fallback = "the document, or its items", .help = "Where in a JSON document the list of records is: `$.data`.", INTO(struct source, records)},
    {.name = "hive", .type = KEY_BOOL, .fallback = "true", .help = "Folders named `key=value` become columns.", INTO(struct source, hive)},
    {.name = "identity", .type = KEY_CHOICE, .choices = identities, .fallback = "path", .help = "What makes a file a new one: its path, or its content (the same content under another path is skipped).", INTO(struct source, identity_content)},
    {.name = "api", .type = KEY_ANY, .status = KEY_UNSUPPORTED, .help = "An HTTP API."},
    {.name = "database", .type = KEY_ANY, .status = KEY_UNSUPPORTED, .help = "A table or a query of a database."},
    {.name = "delta", .type = KEY_ANY, .status = KEY_UNSUPPORTED, .help = "Another Delta Lake table."},
    {.name = "iceberg", .type = KEY_ANY, .status = KEY_UNSUPPORTED, .help = "An Iceberg table."},
    {.name = "python", .type = KEY_ANY, .status = KEY_UNSUPPORTED, .help = "A Python function."},
    {.name = "exec", .type = KEY_ANY, .status = KEY_UNSUPPORTED, .help = "The output of a program."},
};
const struct keys from_keys = {"from", "`from` of a source", "Where the data comes from.", TABLE(from_items)};

static const struct choice drifts[] = {{.name = "evolve"}, {.name = "freeze"}, {.name = "rescue"}, {0}};
static const struct choice loads[] = {{.name = "append"}, {.name = "replace"}, {.name = "upsert"},
                                      {.name = "mirror", .unsupported = true}, {.name = "changes", .unsupported = true}, {0}};
#define ABOUT_A_TABLE                                                                                                                  \
    {.name = "name", .type = KEY_NAME, .fallback = "the file's name", .help = "The table's name within its layer.", INTO(struct table, stem)}, \
    {.name = "description", .type = KEY_TEXT, .help = "What the table holds, for people.", INTO(struct table, description)},           \
    {.name = "owner", .type = KEY_TEXT, .help = "Who answers for it.", INTO(struct table, owner)},                                     \
    {.name = "tags", .type = KEY_WORDS, .help = "Words to select tables by: `ingot run tag:finance`.", LIST(struct table, tags)}

static const struct key source_items[] = {
    {.name = "from", .type = KEY_FROM, .status = KEY_REQUIRED, .keys = &from_keys, .help = "Where the data comes from."},
    {.name = "load", .type = KEY_CHOICE, .choices = loads, .fallback = "append", .help = "`append`: each file once; `replace`: the newest state; `upsert`: by `key`.", INTO(struct table, load)},
    {.name = "key", .type = KEY_NAMES, .help = "The columns that identify a row, for `load: upsert`.", LIST(struct table, key)},
    {.name = "latest", .type = KEY_COLUMN, .fallback = "the row that was loaded last", .help = "Of the rows with one key, the one with the greatest value here wins.", INTO(struct table, latest)},
    {.name = "drift", .type = KEY_CHOICE, .choices = drifts, .fallback = "evolve", .help = "What a new column does: `evolve` adds it, `freeze` refuses the file, `rescue` puts its values into `_rescued`.", INTO(struct table, drift)},
    {.name = "tolerate", .type = KEY_TOLERATE, .fallback = "any number", .help = "How many rows may go to quarantine before the run counts as failed: `0`, `100`, `1%`.", INTO(struct table, tolerate)},
    ABOUT_A_TABLE,
};
const struct keys source_keys = {"source", "a source (`bronze/<name>.yml`)", "Becomes the table `bronze.<name>`.", TABLE(source_items)};

/* --- front matter ------------------------------------------------------------------------------------------------ */

static const struct choice refreshes[] = {{.name = "auto"}, {.name = "full"}, {.name = "incremental"}, {.name = "on_change"}, {0}};
static const struct choice merges[] = {{.name = "rewrite"}, {.name = "deletion_vectors", .unsupported = true}, {0}};
static const struct choice keeps[] = {{.name = "current"}, {.name = "history", .unsupported = true}, {0}};
static const struct choice foreigns[] = {{.name = "stop"}, {.name = "keep"}, {0}};
static const struct choice engines[] = {{.name = "duckdb"}, {.name = "spark", .unsupported = true}, {0}};
static const struct key model_items[] = {
    {.name = "key", .type = KEY_NAMES, .help = "The columns that identify a row. Alone it asserts that there are no duplicates.", LIST(struct table, key)},
    {.name = "latest", .type = KEY_COLUMN, .help = "Of the rows with one key, the one with the greatest value here wins.", INTO(struct table, latest)},
    {.name = "deleted", .type = KEY_SQL, .help = "Where the winning row satisfies it, the key is absent.", INTO(struct table, deleted)},
    {.name = "columns", .type = KEY_COLUMNS, .help = "The contract: a line for each column, as in CREATE TABLE."},
    {.name = "rules", .type = KEY_RULES, .help = "What each row must satisfy: `name: expression`, with `else quarantine`, `drop`, `warn` or `fail`."},
    {.name = "checks", .type = KEY_CHECKS, .help = "What the whole table must satisfy before it is published: `- expression`, or `- name` of `checks/<name>.sql`."},
    {.name = "tolerate", .type = KEY_TOLERATE, .fallback = "any number", .help = "How many rows may go to quarantine before the run counts as failed: `0`, `100`, `1%`.", INTO(struct table, tolerate)},
    {.name = "refresh", .type = KEY_CHOICE, .choices = refreshes, .fallback = "auto", .help = "`full` forces a full refresh, `incremental` makes one an error, `on_change` ignores the clock.", INTO(struct table, refresh)},
    {.name = "foreign", .type = KEY_CHOICE, .choices = foreigns, .fallback = "stop", .help = "What a change by another tool does: `stop` holds the table, `keep` goes on with it.", INTO(struct table, foreign_keep)},
    {.name = "partition_by", .type = KEY_NAMES, .help = "The columns that become folders.", LIST(struct table, partition_by)},
    {.name = "cluster_by", .type = KEY_NAMES, .help = "The columns by which rows are kept together.", LIST(struct table, cluster_by)},
    {.name = "merge", .type = KEY_CHOICE, .choices = merges, .fallback = "rewrite", .help = "How rows are replaced: `rewrite` writes their files anew."},
    {.name = "keep", .type = KEY_CHOICE, .choices = keeps, .fallback = "current", .help = "Which versions of a row the table holds."},
    {.name = "engine", .type = KEY_CHOICE, .choices = engines, .fallback = "duckdb", .help = "What executes the SELECT."},
    {.name = "publish", .type = KEY_ANY, .status = KEY_IGNORED, .help = "Publishes the table to the target's warehouse."},
    ABOUT_A_TABLE,
};
const struct keys model_keys = {"model", "a model (front matter of `silver/<name>.sql`, `gold/<name>.sql`)", "Becomes the table `silver.<name>` or `gold.<name>`.", TABLE(model_items)};

// clang-format on

const struct keys *const all_keys[] = {&project_keys, &target_keys, &engine_keys, &s3_keys,   &warehouse_keys,
                                       &source_keys,  &from_keys,   &csv_keys,    &model_keys};
const size_t n_all_keys = sizeof all_keys / sizeof all_keys[0];

const struct key *key_find(const struct keys *keys, const char *name)
{
    for (size_t i = 0; i < keys->n; i++)
        if (strcmp(keys->items[i].name, name) == 0) return &keys->items[i];
    return NULL;
}

const char *key_suggest(const struct keys *keys, const char *name)
{
    const char *names[N_KEYS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < keys->n && n < N_KEYS_MAX; i++) names[n++] = keys->items[i].name;
    return did_you_mean(name, names, n);
}

const char *key_type_name(const struct key *key)
{
    static const char *const names[] = {
        [KEY_TEXT] = "a text",
        [KEY_NAME] = "a plain name (letters, digits, _)",
        [KEY_COLUMN] = "a column",
        [KEY_SQL] = "an SQL expression",
        [KEY_CHOICE] = "a choice",
        [KEY_BOOL] = "true or false",
        [KEY_COUNT] = "a whole number",
        [KEY_SIZE] = "a size such as 4GiB, 500MB or 80%",
        [KEY_CHARACTER] = "one ASCII character",
        [KEY_QUOTE] = "one ASCII character, or an empty text",
        [KEY_SETTING] = "a text; `${NAME}` is an environment variable",
        [KEY_NAMES] = "a column, or a list of columns",
        [KEY_WORDS] = "a text, or a list of texts",
        [KEY_TOLERATE] = "a number of rows, or a percentage such as 1%",
        [KEY_VARS] = "names with values",
        [KEY_MAP] = "keys of its own",
        [KEY_FROM] = "keys of its own",
        [KEY_TARGETS] = "names with keys of their own",
        [KEY_COLUMNS] = "lines `name: type …`",
        [KEY_RULES] = "lines `name: expression`",
        [KEY_CHECKS] = "lines `- expression`",
        [KEY_ANY] = "anything",
    };
    return names[key->type];
}
