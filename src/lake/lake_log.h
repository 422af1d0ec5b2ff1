/* The lake log: one small marker for each publish, which names the versions of the tables that belong together.
 *
 *     _ingot/log/00000000000000000007.json
 *     {"format":1,"id":"<uuid>","run":"<run id>","time":ms,"tables":{
 *        "bronze.orders":{"id":"<delta table id>","version":4,"model":"<fingerprint>","side":3,"inputs":{}},
 *        "silver.orders":{"id":"…","version":2,"model":"…","side":-1,"held":true,"inputs":{"bronze.orders":4}}}}
 *
 * A marker is a view: truth is each table's own log (RULES.md A). */
#ifndef LAKE_LAKE_LOG_H
#define LAKE_LAKE_LOG_H

#include "lake/storage.h"

#define LAKE_LOG_FORMAT 1

struct watermark {
    const char *table; /* the input's name, "bronze.orders" */
    int64_t version;
};
struct marked_table {
    const char *name, *id, *model;
    int64_t version, side;
    bool held; /* rolled back and not released: run skips it */
    struct watermark *inputs;
    size_t n_inputs;
    /* For lake_log_publish only: the Delta id in the marker that the run had read. NULL: none, or not known. */
    const char *seen;
};
struct marker {
    int64_t number; /* -1: there is none yet */
    const char *id, *run;
    int64_t time_ms;
    struct marked_table *tables; /* ordered by name */
    size_t n_tables;
};

/* The newest marker; none yet: *ret has number -1 and no tables. A newer `format` is refused by name (RC_DATA). */
enum rc lake_log_newest(struct arena *a, struct storage *s, struct marker **ret, struct err *e) MUST_CHECK;
/* Marker `number`, or (number -1) the newest one that was there at `at_ms`: its time is not after it. Missing: *ret =
 * NULL. Times never fall from one marker to the next, whatever the writers' clocks say. */
enum rc lake_log_read(struct arena *a, struct storage *s, int64_t number, int64_t at_ms, struct marker **ret,
                      struct err *e) MUST_CHECK;
enum rc marker_parse(struct arena *a, struct str text, const char *what, struct marker **ret, struct err *e) MUST_CHECK;
char *marker_print(struct arena *a, const struct marker *m);
const struct marked_table *marker_table(const struct marker *m, const char *name); /* or NULL */
int64_t marked_input(const struct marked_table *t, const char *input);             /* or -1 */

/* Publishes what a run brought or found up to date. For each of `mine` the new marker takes the newer of its version and
 * the previous marker's; never back; never a version whose watermark lies beyond the marker's version of that input
 * (RULES.md A 3); all other tables keep what the previous marker says; `gone` are taken out (drop). Beaten to the
 * number: read that marker, merge, next number. Nothing new: writes nothing. *ret is the marker that stands.
 * An entry at the same version replaces the previous one where it differs (that is how a hold is released), so a run
 * leaves tables that are held out of `mine`; a held table stays where it is, whatever version a run that did not know of
 * the hold has made of it. A table of another Delta id was dropped and made anew: `mine` stands, at whatever version, and
 * as with `gone` the other tables' watermarks on it are taken out. But a table that the run had `seen` and that is gone
 * since, or another one, was dropped behind its back: `mine` is left out. `mine` may be in any order. */
enum rc lake_log_publish(struct arena *a, struct storage *s, const char *run, const struct marked_table *mine,
                         size_t n_mine, const char *const *gone, size_t n_gone, struct marker **ret,
                         struct err *e) MUST_CHECK;
/* Removes markers older (by their object's mtime) than keep_ms, but never the newest `keep_count`, nor the very newest. */
enum rc lake_log_clean(struct storage *s, int64_t keep_ms, size_t keep_count, int64_t now_ms, size_t *ret_removed,
                       struct err *e) MUST_CHECK;

#endif
