/* Side entries: what must move with a table's rows but is not in them (RULES.md A 8).
 *
 *     <table>/_ingot/<n>.json      {"format":1,"id":"<uuid>","parent":2,"run":"…","part":"<n>-<uuid>.ndjson"}
 *     <table>/_ingot/<part>        NDJSON, written before the table's commit; a line is one change of the state:
 *        {"file":{"path":"raw/a.csv","size":…,"mtime":…,"hash":"…", …}}      a source file is now in this state
 *        {"forget":"raw/a.csv"}                                             and is no longer in the ledger
 *        {"quarantine":{"path":"part-….parquet","size":…,"records":…, …}}   a quarantine part counts from now on
 *        {"unquarantine":"part-….parquet"}                                  and no longer does
 *        {"value":{"key":"…","json":…}}                                     anything else (hidden counts, cursors)
 *
 * Number n is claimed by put-if-absent before the rows are staged (it is the rows' _load); the table's commit names n in
 * `txn ingot/side`. Only the chain of parents from the committed n is live; gaps are harmless. An entry without parent
 * (-1) starts from nothing, which is how a chain is folded. */
#ifndef LAKE_SIDE_H
#define LAKE_SIDE_H

#include "lake/storage.h"

#define SIDE_FOLD_LENGTH 24

struct side_claim {
    int64_t number, parent;
    const char *part_key; /* where to put the part (put_new), before the table's commit */
};
/* Claims the next free number. `parent` is the committed one (-1: none, or folding). */
enum rc side_claim(struct arena *a, struct storage *s, const char *table, int64_t parent, const char *run,
                   struct side_claim *ret, struct err *e) MUST_CHECK;
/* The parts of the chain that ends in the committed `number` (-1: none), oldest first, each whole. A missing entry or
 * part is RC_DATA naming it. *ret_length counts entries, to decide about folding. */
enum rc side_chain(struct arena *a, struct storage *s, const char *table, int64_t number, struct str **ret_parts,
                   size_t *ret_length, struct err *e) MUST_CHECK;

#endif
