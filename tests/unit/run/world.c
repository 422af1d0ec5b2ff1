/* Processes, and the graph that they work on. */
#include "world.h"

#include "base/os.h"

#include <stdio.h>
#include <stdlib.h>

const char *const table_names[N_TABLES] = {"bronze.orders", "silver.left", "silver.right", "gold.both"};
const char *const table_dirs[N_TABLES] = {"bronze/orders", "silver/left", "silver/right", "gold/both"};
const int table_inputs[N_TABLES][3] = {{-1}, {BRONZE, -1}, {BRONZE, -1}, {LEFT, RIGHT, -1}};

uint64_t world_random(struct world *w, uint64_t below)
{
    uint64_t z = (w->rng += 0x9e3779b97f4a7c15U); /* splitmix64 */
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return (z ^ (z >> 31)) % below;
}

void world_fail(struct world *w, const char *format, ...)
{
    va_list ap;
    if (w->violation[0]) return;
    va_start(ap, format);
    vsnprintf(w->violation, sizeof w->violation, format, ap);
    va_end(ap);
}

/* The nodes stand in any order, as tables are pinned in the order of the nodes. */
static void make_graph(struct world *w)
{
    for (int i = 0; i < N_TABLES; i++) w->kind[i] = i;
    for (int i = N_TABLES - 1; i > 0; i--) {
        int k = (int)world_random(w, (uint64_t)i + 1), swap = w->kind[i];
        w->kind[i] = w->kind[k];
        w->kind[k] = swap;
    }
    for (int i = 0; i < N_TABLES; i++) {
        w->node[w->kind[i]] = i;
        w->names[i] = table_names[w->kind[i]];
    }
    for (int t = 0; t < N_TABLES; t++) {
        struct node *node = &w->nodes[w->node[t]];
        node->inputs = w->edges[t];
        node->outputs = w->outputs[t];
        w->order[t] = (size_t)w->node[t];
        for (const int *input = table_inputs[t]; *input >= 0; input++) {
            struct node *above = &w->nodes[w->node[*input]];
            node->inputs[node->n_inputs++] = (size_t)w->node[*input];
            above->outputs[above->n_outputs++] = (size_t)w->node[t];
        }
    }
    w->dag = (struct dag){.nodes = w->nodes, .n_nodes = N_TABLES, .order = w->order};
}

struct world *world_new(uint64_t seed, enum mutation mutation)
{
    struct world *w = calloc(1, sizeof *w);
    if (!w) abort();
    w->rng = seed * 0x2545f4914f6cdd1dU;
    w->mutation = mutation;
    w->arena = arena_new();
    w->base = storage_memory_new();
    w->faults = true;
    make_graph(w);
    return w;
}

void world_free(struct world *w)
{
    storage_close(w->base);
    arena_free(w->arena);
    free(w);
}

/* --- the seam ------------------------------------------------------------------------------------------------------ */

static bool before(void *data, const char *operation, const char *key)
{
    struct process *p = data;
    (void)key;
    if (!p->killed) fiber_yield();
    if (p->killed) return false;
    p->operations++;
    if (strcmp(operation, "put_new") == 0 || strcmp(operation, "put") == 0 || strcmp(operation, "remove") == 0)
        p->writes++;
    return true;
}

static enum storage_answer unclear(void *data, const char *key)
{
    struct world *w = ((struct process *)data)->world;
    if (strncmp(key, "_ingot/log/", 11) == 0) w->marker_written = true;
    if (!w->faults || world_random(w, 10) != 0) return ANSWER_CLEAR;
    w->lost_answers++;
    return world_random(w, 2) ? ANSWER_LOST_AFTER_WRITE : ANSWER_LOST_BEFORE_WRITE;
}

/* --- what processes do --------------------------------------------------------------------------------------------- */

static enum rc begin_attempt(void *data, struct lake *l, int attempt, struct err *e)
{
    (void)l, (void)e;
    if (attempt > 0) ((struct process *)data)->world->again++;
    return RC_OK;
}

static enum rc run(struct process *p)
{
    struct world *w = p->world;
    struct transaction t = {.storage = p->storage,
                            .dag = &w->dag,
                            .names = w->names,
                            .selected = p->selected,
                            .run = "a-run",
                            .stager = {.data = p, .stage = world_stage, .attempt = begin_attempt},
                            .threads = 1,
                            .stop = &p->stop};
    struct lake *l;
    struct staged *staged;
    return transaction_run(p->arena, &t, &l, &staged, &p->error);
}

/* Another engine appends one row by Delta's rules: at the next version, and again at the one after. */
static enum rc append(struct process *p)
{
    bool won = false;
    for (enum rc rc = RC_OK; !won;) {
        int64_t newest;
        rc = delta_newest_version(p->storage, table_dirs[p->table], -1, &newest, &p->error);
        if (rc != RC_OK) return rc;
        if (newest < 0) return RC_CONFLICT; /* there is no such table yet */
        const char *row = p->row;
        struct delta_file file = {
            .path = path_of_rows(p->arena, p->world, &row, 1), .size = 10, .records = 1, .data_change = true};
        struct delta_commit c;
        delta_commit_begin(p->arena, &c);
        delta_commit_info(&c, "WRITE", "Append", NULL, true);
        delta_commit_add(&c, &file);
        rc = storage_put_settled(p->storage, delta_commit_key(p->arena, table_dirs[p->table], newest + 1),
                                 buf_str(&c.lines), c.id, &won, &p->error);
        if (rc != RC_OK) return rc;
    }
    return RC_OK;
}

/* Another engine puts two files together; rows do not change. Gives up where somebody was faster. */
static enum rc compact(struct process *p)
{
    struct delta_snapshot *s;
    const char *dir = table_dirs[p->table], **rows = NULL;
    size_t n = 0;
    enum rc rc = delta_load(p->arena, p->storage, dir, -1, NULL, &s, &p->error);
    if (rc != RC_OK || !s || s->n_files < 2) return rc;
    size_t first = world_random(p->world, s->n_files - 1);
    struct delta_commit c;
    delta_commit_begin(p->arena, &c);
    delta_commit_info(&c, "OPTIMIZE", NULL, NULL, false);
    for (size_t i = first; i < first + 2; i++) {
        rows_of_path(p->arena, s->files[i].path, &rows, &n);
        delta_commit_remove(&c, &s->files[i], false);
    }
    if (n > 60) return RC_OK;
    struct delta_file file = {.path = path_of_rows(p->arena, p->world, rows, n), .size = 20, .records = (int64_t)n};
    delta_commit_add(&c, &file);
    bool won;
    return storage_put_settled(p->storage, delta_commit_key(p->arena, dir, s->version + 1), buf_str(&c.lines), c.id,
                               &won, &p->error);
}

static void process_main(void *data)
{
    struct process *p = data;
    struct world *w = p->world;
    p->result = p->what == RUN ? run(p) : p->what == FOREIGN ? append(p) : compact(p);
    if (p->what == RUN && p->result == RC_CONFLICT) w->conflicts++;
    bool fine =
        p->result == RC_OK || p->result == RC_CONFLICT || ((p->killed || p->stop) && p->result == RC_INTERRUPTED);
    if (!fine)
        world_fail(w, "a %s ended with %s: %s", p->what == RUN ? "run" : "foreign writer", rc_name(p->result),
                   p->error.message);
    for (size_t i = 0; p->what == FOREIGN && p->result == RC_OK && i < w->n_foreign; i++)
        if (strcmp(w->foreign[i].row, p->row) == 0) w->foreign[i].written = true;
}

static void choose_tables(struct world *w, struct process *p)
{
    static const unsigned sets[] = {15,
                                    15,
                                    15,
                                    15,
                                    1 << BRONZE,
                                    1 << LEFT,
                                    1 << RIGHT,
                                    1 << GOLD,
                                    1 << BRONZE | 1 << LEFT,
                                    1 << RIGHT | 1 << GOLD,
                                    1 << LEFT | 1 << RIGHT | 1 << GOLD};
    unsigned set = w->faults ? sets[world_random(w, sizeof sets / sizeof *sets)] : 15;
    for (int t = 0; t < N_TABLES; t++) p->selected[w->node[t]] = set >> t & 1;
}

struct process *process_new(struct world *w, int what)
{
    struct process *p = calloc(1, sizeof *p);
    if (!p) abort();
    p->world = w;
    p->what = what;
    p->arena = arena_new();
    p->inner = storage_memory_share(w->base, (struct storage_faults){.before = before, .unclear = unclear, .data = p});
    p->storage = what == RUN && w->mutation != AS_IT_IS ? mutant_storage(w, p->inner) : p->inner;
    if (what == RUN) choose_tables(w, p);
    if (what == RUN) w->runs++;
    if (what != RUN) p->table = (int)world_random(w, N_TABLES);
    if (what == FOREIGN) {
        snprintf(p->row, sizeof p->row, "x%zu~%d", w->n_foreign, p->table);
        struct foreign_row *row = ARENA_PUSH(w->arena, w->foreign, w->n_foreign);
        *row = (struct foreign_row){.row = arena_strdup(w->arena, p->row), .table = p->table};
    }
    p->fiber = fiber_new(process_main, p);
    return p;
}

bool process_step(struct process *p)
{
    return fiber_resume(p->fiber);
}

void process_finish(struct process *p)
{
    while (process_step(p)) {}
}

void process_kill(struct process *p)
{
    p->killed = true;
    p->world->kills++;
    process_finish(p);
}

void process_free(struct process *p)
{
    if (p->storage != p->inner) storage_close(p->storage);
    storage_close(p->inner);
    arena_free(p->arena);
    fiber_free(p->fiber);
    free(p);
}
