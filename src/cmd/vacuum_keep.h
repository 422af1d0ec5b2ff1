/* What vacuum must not touch. Everything that anybody may still read goes into a set of names; whatever cannot be told
 * for certain is an error, and then nothing of that table is removed. */
#ifndef CMD_VACUUM_KEEP_H
#define CMD_VACUUM_KEEP_H

#include "run/runner.h"

struct retention {
    int64_t now_ms;
    int64_t older_than_ms; /* files and tombstones younger than this are spared */
    int64_t keep_ms;       /* markers younger than this keep the files of the versions that they name … */
    int64_t keep_count;    /* … and so do this many of the newest */
};

/* A set of paths relative to a table's folder. */
struct keep {
    struct arena *arena;
    const char **names;
    size_t n;
    bool sorted;
};
void keep_add(struct keep *k, const char *name);
bool keep_has(struct keep *k, const char *name);

/* The lake as all its tables' logs and the retained markers tell it, read once. */
struct lake_state {
    struct arena *arena;
    struct workspace *workspace;
    struct retention retention;
    struct marker **markers; /* retained, newest first */
    size_t n_markers;
    const char **names;             /* every table of project and markers */
    struct delta_snapshot **newest; /* by name; NULL: not on the lake */
    size_t n_tables;
};
enum rc lake_state_read(struct arena *a, struct workspace *w, const struct retention *r, struct lake_state **ret,
                        struct err *e) MUST_CHECK;
const struct delta_snapshot *lake_state_table(const struct lake_state *s, const char *name); /* or NULL */
/* The lowest version of `name` up to which a table downstream has read it, -1: nobody has. */
int64_t lowest_watermark(const struct lake_state *s, const char *name);

/* Files of the table itself: live in the newest version, in a marked one or at a downstream's watermark, added or removed
 * since the lowest watermark, or removed only lately. *ret_lost counts marked versions that the log no longer tells. */
enum rc keep_table_files(struct lake_state *s, const char *name, struct keep *k, size_t *ret_lost,
                         struct err *e) MUST_CHECK;
/* Files of quarantine/<name>: by its own log, and by every live side entry. *ret_lowest: the lowest number of a live side
 * entry (0: none may go). */
enum rc keep_quarantine_files(struct lake_state *s, const char *name, struct keep *k, int64_t *ret_lowest,
                              struct err *e) MUST_CHECK;

#endif
