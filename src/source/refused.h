/* Rows that were refused, as they are collected from any thread, and the quarantine they end in.
 *
 * Quarantine parts are Parquet files in quarantine/<table>/ with the columns below; the list of the parts that count
 * stands in the table's side entries (lake/side.h), and quarantine/<table>/_delta_log mirrors it for other readers. */
#ifndef SOURCE_REFUSED_H
#define SOURCE_REFUSED_H

#include "engine/engine.h"

/* Columns: _table, _run, _refused_at, rule, reason, reasons (JSON list of {rule, column, value, reason}), column_name,
 * value, _file, _row, _line, _load, row (JSON of the input row), raw (text of a record that could not be read). */
extern const struct delta_column quarantine_columns[];
extern const size_t n_quarantine_columns;

struct refused {
    struct str file;   /* source file as in _file; n = 0: NULL */
    int64_t row, line; /* record ordinal and physical line, -1: NULL */
    int64_t load;      /* -1: NULL */
    struct str rule;   /* "malformed", "amount: decimal(12,2)", "not_from_the_future" … as in the account */
    struct str column, value;
    struct str reason;        /* "amount: 'n/a' is not decimal(12,2)" */
    struct str reasons;       /* JSON list, or n = 0 */
    struct str row_json, raw; /* raw is cut at 64 KiB with its length noted in the reason */
};

struct refused_sink;
/* Entries go to memory and beyond 16 MiB to a file in temp_dir. Released with the arena. */
struct refused_sink *refused_new(struct arena *a, const char *temp_dir, const char *table, const char *run,
                                 int64_t at_us);
/* Thread-safe. A failure to write is kept and returned by refused_write. */
void refused_add(struct refused_sink *s, const struct refused *r);
int64_t refused_count(struct refused_sink *s);
struct rule_count {
    const char *rule;
    int64_t n;
};
/* By rule, in order of first appearance. */
void refused_by_rule(struct arena *a, struct refused_sink *s, struct rule_count **ret, size_t *ret_n);
/* Takes out entries of one source file again (it was refused whole, or is read again). */
void refused_forget_file(struct refused_sink *s, struct str file);
/* Writes everything as Parquet into `directory` (url of quarantine/<table>/, ends in '/'); none: ret_n = 0. */
enum rc refused_write(struct arena *a, struct refused_sink *s, struct session *session, const char *directory,
                      struct parquet_file **ret, size_t *ret_n, struct err *e) MUST_CHECK;

#endif
