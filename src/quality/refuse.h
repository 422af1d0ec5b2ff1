/* Refusing rows in the same pass as the data: volatile scalar functions of ours that a CASE calls only for
 * rows that failed a test, exactly once for each (see judged_accept_select).
 *
 *     ingot_count(handle, fate, warned, left out) -> kept?       counts a dropped, warned or left out row
 *     ingot_refuse(handle, fate, warned, reasons VARCHAR[], values VARCHAR[], row JSON, file, row, load) ->
 * false records the row in the sink, and counts it
 */
#ifndef QUALITY_REFUSE_H
#define QUALITY_REFUSE_H

#include "engine/duckdb_api.h"
#include "quality/contract.h"
#include "source/refused.h"

#define INGOT_COUNT "ingot_count"
#define INGOT_REFUSE "ingot_refuse"

/* Registers ingot_to_*() and ingot_refuse() with a session (cheap; once for each session). */
enum rc quality_register(struct session *s, struct err *e) MUST_CHECK;
enum rc quality_register_connection(duckdb_connection c, struct err *e) MUST_CHECK;

struct refusal_counts {
    int64_t *by_test; /* rows whose first failing test this is, one for each test; warn: rows that failed it,
                         whatever became of them */
    int64_t quarantined, dropped, failed;
    int64_t left_out;    /* passed, and satisfied leave_out of judged_keep_select */
    char *first_failure; /* reason of a row that failed a `fail` rule, or NULL */
};
/* A handle under which SQL finds sink and counts while a step runs; thread-safe. Without a sink (NULL) rows
 * are only counted. The judgement lives as long as the handle. */
int64_t refusal_open(struct arena *a, struct refused_sink *sink, const struct judgement *j);
/* After the last statement that names the handle has ended. */
void refusal_close(int64_t handle, struct arena *a, struct refusal_counts *ret);

#endif
