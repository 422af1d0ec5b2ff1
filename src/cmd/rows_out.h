/* Rows of a query for people and programs: aligned on the terminal, or as CSV, JSON, NDJSON or Parquet. */
#ifndef CMD_ROWS_OUT_H
#define CMD_ROWS_OUT_H

#include "cmd/command.h"
#include "engine/engine.h"

#define ROWS_FORMATS "table|csv|json|ndjson|parquet"
#define ROWS_LIMIT 20

struct rows_out {
    const char *sql;   /* the query */
    const char *order; /* " ORDER BY …" for the limited rows, or "" */
    int64_t total;     /* rows that there are, -1: not known */
};

/* As the options --format, -o/--output, -n/--limit, --all and --json of the command say: the table format shows
 * ROWS_LIMIT rows unless told otherwise, the others give all. A file is written whole or not at all. */
enum rc rows_print(struct invocation *inv, struct session *s, const struct rows_out *r, struct err *e) MUST_CHECK;

/* For the tables of options. */
#define ROWS_OPTIONS                                                                                                   \
    {"limit", 'n', OPTION_COUNT, "N",                                                                                  \
     "at most so many rows (default: 20 on the terminal, all with another --format)"},                                 \
        {"all", 'a', OPTION_FLAG, NULL, "all rows"},                                                                   \
        {"format", 'f', OPTION_CHOICE, ROWS_FORMATS, "how the rows are printed"},                                      \
    {                                                                                                                  \
        "output", 'o', OPTION_FILE, "FILE", "into this file instead of standard output"                                \
    }

#endif
