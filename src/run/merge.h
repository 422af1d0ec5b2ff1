/* Rows that take the place of others: by predicate, and by key with `latest` and `deleted`.
 *
 * The old and the new rows of the keys in question are put side by side; the greatest wins, ties going to the row that is
 * there already. Files that lose rows are rewritten without them. */
#ifndef RUN_MERGE_H
#define RUN_MERGE_H

#include "run/step.h"

/* Adds what was written / removes what is no longer true, with the account's rows_added and rows_removed. */
void step_add_files(struct step *s, const char *directory, const struct parquet_file *files, size_t n);
void step_remove_file(struct step *s, const struct delta_file *file);

/* Takes the rows for which `predicate` holds out of the table's files; untouched files stay as they are. */
enum rc remove_rows(struct step *s, struct session *session, const struct delta_snapshot *before, const char *predicate,
                    const char *directory, struct err *e) MUST_CHECK;

struct merge {
    const char *const *key;
    size_t n_key;
    const char *latest;     /* SQL expressions that order rows of one key, without DESC; "" for none */
    const char *deleted;    /* SQL over the columns, or NULL */
    const char *candidates; /* relation of new accepted rows: s->columns, nothing else */
    const char *older; /* relation of the rows that speak for what is there, where the table itself does not know them
                               (tombstones); NULL: the table's own rows */
};
/* Counts inserted, replacing, unchanged, deduplicated and deleted into the account; adds and removes files. */
enum rc merge_rows(struct step *s, struct session *session, const struct delta_snapshot *before, const struct merge *m,
                   const char *directory, struct err *e) MUST_CHECK;
/* load: upsert of a source: `data` are files staged for this load, which are replaced by the merged ones; `left`: the table
 * without what this step took out already; `known_loads`: VALUES (path, load, time) of files whose rows came before, or NULL. */
enum rc upsert_source(struct step *s, struct session *session, const struct delta_snapshot *left,
                      const struct parquet_file *data, size_t n_data, const char *known_loads, const char *directory,
                      struct err *e) MUST_CHECK;

/* Lists of quoted names, for SQL. */
char *name_list(struct arena *a, const char *prefix, const char *const *names, size_t n);
char *column_list(struct arena *a, const char *prefix, const struct delta_column *columns, size_t n);
/* "ORDER BY" terms that put the winner first: latest, then the whole row. */
char *winner_order(struct arena *a, const char *latest, const struct delta_column *columns, size_t n);
/* x.k1 = y.k1 AND x.k2 = y.k2 */
char *key_equality(struct arena *a, const char *x, const char *y, const char *const *key, size_t n_key);

#endif
