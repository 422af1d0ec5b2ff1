/* Where commands write: results on standard output, remarks for people on standard error. Everything that is printed
 * through here has secrets replaced. */
#ifndef CMD_OUTPUT_H
#define CMD_OUTPUT_H

#include "cmd/command.h"

/* To standard output, as it comes. */
void print(struct invocation *inv, const char *format, ...) PRINTF_LIKE(2, 3);
void print_text(struct invocation *inv, struct str text);
/* For people: standard output, or standard error if --json keeps that for events; nothing with --quiet. */
void tell(struct invocation *inv, const char *format, ...) PRINTF_LIKE(2, 3);
/* For people, always on standard error; nothing with --quiet. */
void remark(struct invocation *inv, const char *format, ...) PRINTF_LIKE(2, 3);
/* Where `tell` writes. */
const struct terminal *people_terminal(const struct invocation *inv);
/* Flushes standard output. A reader that went away is fine (*ret_gone); anything else that was not written is RC_DATA. */
enum rc output_finish(struct err *e) MUST_CHECK;

/* `"key":` and a JSON value, with a comma before it unless it comes first in its object. */
void json_key(struct buf *out, const char *key);
void json_text_value(struct buf *out, const char *key, const char *value); /* NULL becomes null */
void json_count(struct buf *out, const char *key, int64_t value);
void json_flag(struct buf *out, const char *key, bool value);

/* "1 table", "2 tables" with thousands separated. */
void add_counted(struct buf *out, int64_t n, const char *noun);
char *counted(struct arena *a, int64_t n, const char *noun);
char *count_text(struct arena *a, int64_t n);     /* 1,234,567 */
char *seconds_text(struct arena *a, int64_t us);  /* "0.3 s", "2 min 5 s" */
char *bytes_text(struct arena *a, int64_t bytes); /* "12.3 MiB" */
char *time_text(struct arena *a, int64_t ms);     /* "2026-11-23 18:30:00" UTC */

#endif
