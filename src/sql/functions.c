#include "sql/analysis.h"

#include "base/text.h"
#include "sql/function_names.h"

#include <stdlib.h>

/* What differs from the engine's own list: an entry here wins. Sorted by name. */
static const struct special {
    const char *name;
    enum function_kind kind;
} specials[] = {
    {"age", FUNCTION_SCALAR}, /* with one argument it reads the clock: see walk_function */
    {"ago", FUNCTION_CLOCK},
    {"current_connection_id", FUNCTION_CLOCK},
    {"current_date", FUNCTION_CLOCK},
    {"current_localtime", FUNCTION_CLOCK},
    {"current_localtimestamp", FUNCTION_CLOCK},
    {"current_query", FUNCTION_RANDOM},
    {"current_query_id", FUNCTION_RANDOM},
    {"current_time", FUNCTION_CLOCK},
    {"current_timestamp", FUNCTION_CLOCK},
    {"current_transaction_id", FUNCTION_RANDOM},
    {"currval", FUNCTION_REFUSED},
    {"error", FUNCTION_RANDOM}, /* no other value, but TRY does not take it */
    {"format_type", FUNCTION_REFUSED},
    {"gen_random_uuid", FUNCTION_RANDOM},
    {"generate_subscripts", FUNCTION_UNNEST},
    {"geomean", FUNCTION_AGGREGATE},
    {"geometric_mean", FUNCTION_AGGREGATE},
    {"get_block_size", FUNCTION_REFUSED},
    {"get_current_time", FUNCTION_CLOCK},
    {"get_current_timestamp", FUNCTION_CLOCK},
    {"getenv", FUNCTION_REFUSED},
    {"json_group_array", FUNCTION_AGGREGATE},
    {"json_group_object", FUNCTION_AGGREGATE},
    {"json_group_structure", FUNCTION_AGGREGATE},
    {"localtime", FUNCTION_CLOCK},
    {"localtimestamp", FUNCTION_CLOCK},
    {"nextval", FUNCTION_REFUSED},
    {"now", FUNCTION_CLOCK},
    {"pg_conf_load_time", FUNCTION_CLOCK},
    {"pg_get_constraintdef", FUNCTION_REFUSED},
    {"pg_get_viewdef", FUNCTION_REFUSED},
    {"pg_postmaster_start_time", FUNCTION_CLOCK},
    {"pg_sleep", FUNCTION_REFUSED},
    {"random", FUNCTION_RANDOM},
    {"read_blob", FUNCTION_REFUSED},
    {"read_text", FUNCTION_REFUSED},
    {"regexp_split_to_table", FUNCTION_UNNEST},
    {"setseed", FUNCTION_REFUSED},
    {"sleep_ms", FUNCTION_REFUSED},
    {"stats", FUNCTION_RANDOM},
    {"today", FUNCTION_CLOCK},
    {"transaction_timestamp", FUNCTION_CLOCK},
    {"txid_current", FUNCTION_CLOCK},
    {"unlist", FUNCTION_UNNEST},
    {"unnest", FUNCTION_UNNEST},
    {"uuid", FUNCTION_RANDOM},
    {"uuidv4", FUNCTION_RANDOM},
    {"uuidv7", FUNCTION_RANDOM},
    {"wavg", FUNCTION_AGGREGATE},
    {"weighted_avg", FUNCTION_AGGREGATE},
    {"write_log", FUNCTION_REFUSED},
};

static int compare_special(const void *name, const void *entry)
{
    return strcmp(name, ((const struct special *)entry)->name);
}

static int compare_name(const void *name, const void *entry)
{
    return strcmp(name, *(const char *const *)entry);
}

#define IN_LIST(name, list)                                                                                            \
    (bsearch((name), (list), sizeof(list) / sizeof *(list), sizeof *(list), compare_name) != NULL)

enum function_kind function_kind(const char *name)
{
    const struct special *s =
        bsearch(name, specials, sizeof specials / sizeof *specials, sizeof *specials, compare_special);
    if (s) return s->kind;
    if (IN_LIST(name, aggregate_names)) return FUNCTION_AGGREGATE;
    return IN_LIST(name, scalar_names) ? FUNCTION_SCALAR : FUNCTION_UNKNOWN;
}

/* Those that only turn their arguments into rows. Sorted. */
static const char *const row_functions[] = {"generate_series", "json_each",  "json_tree", "range",
                                            "repeat",          "repeat_row", "unlist",    "unnest"};
/* Refused with a better message than others that are not known. Beginnings of names. */
static const char *const readers[] = {"read_",       "parquet_", "glob",           "sniff_csv",
                                      "delta_",      "iceberg_", "postgres_",      "mysql_",
                                      "sqlite_",     "query",    "st_read",        "arrow_scan",
                                      "pandas_scan", "excel",    "from_substrait", "json_execute_serialized_sql"};

enum table_function table_function_kind(const char *name)
{
    if (IN_LIST(name, row_functions)) return TABLE_FUNCTION_ALLOWED;
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if (strncmp(name, readers[i], strlen(readers[i])) == 0) return TABLE_FUNCTION_READER;
    return TABLE_FUNCTION_UNKNOWN;
}

bool is_clock_name(const char *name)
{
    static const char *const names[] = {"current_date", "current_timestamp", "current_time", "localtime",
                                        "localtimestamp"};
    if ((name[0] | 32) != 'c' && (name[0] | 32) != 'l') return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (compare_names(name, names[i]) == 0) return true;
    return false;
}
