/* A lake in memory, and simulated processes that work on it at the same time: runs (the real transaction_run with a
 * stager that copies rows through the real side entries, change feed and commits), other engines that append a row, and
 * other engines that compact. Each process is a fiber that stops before every storage operation.
 *
 *     bronze.orders   one row for each source file, by a ledger in its side entries
 *     silver.left, silver.right   copies of bronze
 *     gold.both       left and right together (two inputs, each with a watermark)
 *
 * Rows are in the names of the data files: "part-7_f1_f2.parquet" holds the rows f1 and f2. A source row is "f<n>", a
 * foreign one "x<n>~<table>"; gold puts L or R before what it copies. */
#ifndef TEST_RUN_WORLD_H
#define TEST_RUN_WORLD_H

#include "fiber.h"

#include "run/publish.h"

enum { BRONZE, LEFT, RIGHT, GOLD, N_TABLES };

/* What can be done wrongly (RULES.md A says each of them rightly). */
enum mutation {
    AS_IT_IS,
    REBASE,           /* commits at the next free version where the planned one is taken */
    GUESS_WON,        /* an unclear answer counts as won */
    MARK_NEWEST,      /* the marker names the newest version of every table */
    LEDGER_APART,     /* a claimed side entry counts, not only a committed one */
    IGNORE_LOST,      /* what was staged on a lost table is committed all the same */
    WATERMARK_BACK,   /* an input that is older here than what was read before takes the watermark back */
    WATERMARK_NEWEST, /* the watermark is the newest version of the input, not the one that was read */
    N_MUTATIONS,
};

struct process {
    struct world *world;
    struct fiber *fiber;
    struct arena *arena;
    struct storage *inner, *storage; /* `storage` is `inner`, or around it for a mutation */
    enum { RUN, FOREIGN, COMPACTION } what;
    bool selected[N_TABLES]; /* by node */
    bool killed, stop;
    char row[24]; /* FOREIGN */
    int table;    /* FOREIGN, COMPACTION */
    int writes, operations;
    enum rc result;
    struct err error;
};

struct foreign_row {
    const char *row;
    int table;
    bool written; /* for sure: its writer was told so */
};

struct world {
    uint64_t rng;
    enum mutation mutation;
    struct arena *arena;
    struct storage *base; /* without faults */
    bool faults;
    int node[N_TABLES], kind[N_TABLES]; /* table -> node of the graph, and back */
    const char *names[N_TABLES];        /* by node */
    struct dag dag;
    size_t order[N_TABLES], edges[N_TABLES][2], outputs[N_TABLES][2];
    struct node nodes[N_TABLES];
    int landed, parts; /* source files; data files made */
    struct foreign_row *foreign;
    size_t n_foreign;
    bool marker_written;
    int64_t markers_checked;
    struct seen *seen; /* commits as the checks read them */
    char violation[2048];
    int runs, again, conflicts, kills, lost_answers;
};

struct world *world_new(uint64_t seed, enum mutation mutation);
void world_free(struct world *w);
uint64_t world_random(struct world *w, uint64_t below);
void world_fail(struct world *w, const char *format, ...) PRINTF_LIKE(2, 3); /* the first one counts */

extern const char *const table_names[N_TABLES], *const table_dirs[N_TABLES];
extern const int table_inputs[N_TABLES][3]; /* ended by -1 */

struct process *process_new(struct world *w, int what);
/* Goes on up to and including one storage operation; false: it has ended. */
bool process_step(struct process *p);
void process_finish(struct process *p); /* to its end */
void process_kill(struct process *p);   /* no operation has an effect any more; it ends */
void process_free(struct process *p);

/* The stager's answer to one table. */
enum rc world_stage(void *data, struct lake *l, struct staged *staged, size_t node, struct err *e);
/* `inner` with the mutation of the world in it. */
struct storage *mutant_storage(struct world *w, struct storage *inner);
/* The names of the rows in a data file's path. */
size_t rows_of_path(struct arena *a, const char *path, const char ***rows, size_t *n);
char *path_of_rows(struct arena *a, struct world *w, const char *const *rows, size_t n);

/* Every marker since the last call, or (from_start) all, read anew. */
void check_markers(struct world *w, bool from_start);
/* Every row exactly once at the newest versions. */
void check_end(struct world *w, const char *when);

#endif
