/* Refusing rows in the same pass as the data: a volatile scalar function of ours that a filter calls only for rows that
 * failed a test; it records the row in a sink and yields false. */
#ifndef QUALITY_REFUSE_H
#define QUALITY_REFUSE_H

#include "quality/contract.h"
#include "source/refused.h"

/* Registers ingot_to_*() and ingot_refuse() with a session (cheap; once for each session). */
enum rc quality_register(struct session *s, struct err *e) MUST_CHECK;

struct refusal_counts {
    int64_t *by_test; /* rows whose first failing test this is, one for each test; warn: rows that failed it */
    int64_t quarantined, dropped, failed;
    char *first_failure; /* reason of a row that failed a `fail` rule, or NULL */
};
/* A handle under which SQL finds sink and counts while a step runs; thread-safe. */
int64_t refusal_open(struct arena *a, struct refused_sink *sink, const struct judgement *j);
void refusal_close(int64_t handle, struct arena *a, struct refusal_counts *ret);

#endif
