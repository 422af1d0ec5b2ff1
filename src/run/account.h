/* The row account of one table and run (RULES.md D): every row read has a name for where it went. */
#ifndef RUN_ACCOUNT_H
#define RUN_ACCOUNT_H

#include "base/arena.h"
#include "base/buf.h"

struct account_line {
    const char *rule;
    enum { ACCOUNT_QUARANTINED, ACCOUNT_DROPPED, ACCOUNT_WARNED } what;
    int64_t rows;
};
struct account_read {
    const char *table; /* input, or NULL for source files */
    int64_t rows;
};
struct account {
    struct account_read *read;
    size_t n_read;
    /* input each of whose rows gives at most one output row, or NULL: then filtered is not known */
    const char *driving;
    bool may_filter; /* the statement leaves out rows of the driving input */
    int64_t yielded; /* rows that the statement gave (or records that the files held) */
    int64_t inserted, replacing, unchanged, quarantined, dropped, deduplicated, deleted, warned;
    int64_t filtered;           /* driving only: read - yielded */
    struct account_line *lines; /* by rule */
    size_t n_lines;
    int64_t rows_before, rows_after;                    /* of the table, from the log; -1 unknown */
    int64_t rows_added, rows_removed;                   /* as written: records of files added and removed */
    int64_t files_loaded, files_refused, files_changed; /* bronze */
};

/* Checks D 1 to 3; RC_INTERNAL with the terms that do not agree. */
enum rc account_reconcile(struct account *acc, const char *table, struct err *e) MUST_CHECK;
/* As a JSON object: for commitInfo.ingot, events and --json. */
void account_print_json(struct buf *out, const struct account *acc);
/* One line for people: "read 1,200 · wrote 1,150 · quarantined 40 (amount: decimal 38, …) · deduplicated 10". */
void account_print_line(struct buf *out, const struct account *acc);
void buf_add_count(struct buf *out, int64_t n); /* 1,234,567 */

#endif
