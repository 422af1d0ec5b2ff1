#include "run/runner.h"

#include "base/log.h"
#include "base/os.h"
#include "run/lineage.h"

#include <unistd.h>

static void release_engine(void *w)
{
    lazy_engine_release(&((struct workspace *)w)->engine);
}

static void close_storage(void *s)
{
    storage_close(s);
}

static enum rc open_lake(struct workspace *w, struct err *e)
{
    enum rc rc;
    const char *lake;
    TRY(setting_expand(w->arena, &w->target->lake, "lake", &lake, e));
    if (strstr(lake, "://"))
        return err_set(e, RC_PROJECT,
                       "%s:%d:%d: lake: %s is not a folder; this version of ingot keeps lakes in folders only",
                       w->target->lake.pos.file, w->target->lake.pos.line, w->target->lake.pos.column, lake);
    while (strncmp(lake, "./", 2) == 0) lake += 2;
    w->lake_root = path_join(w->arena, w->compiled->project->dir, lake);
    TRY(storage_local_open(w->lake_root, &w->storage, e));
    arena_defer(w->arena, close_storage, w->storage);
out:
    return rc;
}

/* The message of an expansion begins with the place, which the problem has of its own. */
static void add_unset(struct workspace *w, struct problems *p, struct pos pos, const struct err *e)
{
    const char *place = arena_printf(w->arena, "%s:%d:%d: ", pos.file, pos.line, pos.column), *message = e->message;
    if (strncmp(message, place, strlen(place)) == 0) message += strlen(place);
    problem_add(p, pos, false, "%s", message);
}

static void check_source(struct workspace *w, const struct table *t, struct problems *p)
{
    const char *value;
    struct err e = {0};
    if (t->source && setting_expand(w->arena, &t->source->files, "from.files", &value, &e) != RC_OK)
        add_unset(w, p, t->source->files.pos, &e);
}

/* Environment variables that the target needs are named all at once; if some are missing, those of the sources too. */
static void check_target(struct workspace *w, struct problems *p)
{
    const char *value;
    struct err e = {0};
    const struct target *t = w->target;
    if (setting_expand(w->arena, &t->lake, "lake", &value, &e) != RC_OK) add_unset(w, p, t->lake.pos, &e);
    for (size_t i = 0; i < t->n_vars; i++)
        if (variable_expand(w->arena, &t->vars[i], &value, &e) != RC_OK) add_unset(w, p, t->vars[i].pos, &e);
    for (size_t i = 0; p->n_errors > 0 && i < w->compiled->project->n_tables; i++)
        check_source(w, &w->compiled->project->tables[i], p);
}

/* Nothing is done if a source that was asked for cannot say where its files are. */
static enum rc check_sources(struct workspace *w, const bool *selected, struct err *e)
{
    struct problems p = {.arena = w->arena};
    for (size_t i = 0; i < w->compiled->dag->n_nodes; i++)
        if (selected[i]) check_source(w, w->compiled->dag->nodes[i].table, &p);
    if (p.n_errors == 0) return RC_OK;
    struct buf *lines = buf_new(w->arena, BUF_DEFAULT_MAX);
    for (size_t i = 0; i < p.n_items; i++)
        buf_printf(lines, "%s%s:%d:%d: %s", i ? "\n" : "", p.items[i].pos.file, p.items[i].pos.line,
                   p.items[i].pos.column, p.items[i].message);
    return err_set(e, RC_PROJECT, "%s", lines->p);
}

static void engine_settings(struct workspace *w, const struct target *t)
{
    w->engine.config = (struct engine_config){.memory_bytes = t->memory_bytes,
                                              .threads = t->threads,
                                              .temp_directory = t->temp_directory,
                                              .timezone = t->timezone};
}

static enum rc first_problem(const struct problems *p, struct err *e)
{
    for (size_t i = 0; i < p->n_items; i++)
        if (!p->items[i].warning)
            return err_set(e, RC_PROJECT, "%s:%d:%d: %s", p->items[i].pos.file, p->items[i].pos.line,
                           p->items[i].pos.column, p->items[i].message);
    return err_set(e, RC_PROJECT, "the project has errors");
}

enum rc workspace_open(struct arena *a, const char *dir, const char *target, struct problems *p, struct workspace **ret,
                       struct err *e)
{
    enum rc rc;
    struct workspace *w = ARENA_NEW(a, struct workspace);
    *ret = w;
    w->arena = a;
    w->stop = ARENA_NEW(a, bool);
    arena_defer(a, release_engine, w);
    char *project_dir;
    TRY(project_find(a, dir, &project_dir, e));
    TRY(compile(a, project_dir, &w->engine, p, &w->compiled, e));
    problems_sort(p);
    if (p->n_errors > 0) return first_problem(p, e);
    w->target = project_target(w->compiled->project, target);
    if (!w->target) return err_set(e, RC_USAGE, "there is no target %s in ingot.yml", target ? target : "(default)");
    check_target(w, p);
    problems_sort(p);
    if (p->n_errors > 0) return first_problem(p, e);
    TRY(compiled_fingerprints(a, w->compiled, w->target, e));
    lazy_engine_release(&w->engine); /* what parsed new statements knew nothing of the target's limits and time zone */
    engine_settings(w, w->target);
    TRY(open_lake(w, e));
out:
    return rc;
}

void workspace_interrupt(struct workspace *w)
{
    __atomic_store_n(w->stop, true, __ATOMIC_RELEASE);
    struct engine *g = __atomic_load_n(&w->engine.engine, __ATOMIC_ACQUIRE);
    if (g) engine_interrupt(g);
}

/* --- staging ------------------------------------------------------------------------------------------------------ */

struct running {
    struct runner runner;
    struct workspace *w;
    const struct run_request *request;
    pthread_mutex_t lock;
};

static void tell(struct running *r, enum run_event event, const struct step *s)
{
    if (!r->request->on_event) return;
    pthread_mutex_lock(&r->lock);
    r->request->on_event(r->request->on_event_data, event, s);
    pthread_mutex_unlock(&r->lock);
}

static void free_arena(void *a)
{
    arena_free(a);
}

/* Called before the threads start: each step gets an arena of its own. */
static enum rc begin_attempt(void *data, struct lake *l, int attempt, struct err *e)
{
    struct running *r = data;
    (void)e;
    r->runner.steps = ARENA_ARRAY(l->arena, struct step *, l->n_tables);
    for (size_t i = 0; i < l->n_tables; i++) {
        if (!l->tables[i].selected) continue;
        struct arena *a = arena_new();
        arena_defer(l->arena, free_arena, a);
        struct step *s = ARENA_NEW(a, struct step);
        *s = (struct step){.arena = a, .runner = &r->runner, .lake = l, .node = i, .pinned = &l->tables[i], .side = -1};
        s->table = r->runner.compiled->dag->nodes[i].table;
        s->statement = r->runner.compiled->statements[i];
        r->runner.steps[i] = s;
    }
    tell(r, attempt == 0 ? RUN_EVENT_PINNED : RUN_EVENT_AGAIN, NULL);
    return RC_OK;
}

/* A table that a dead run left committed but not marked: its quarantine may lag behind. */
static enum rc repair_mirror(struct step *s, struct err *e)
{
    enum rc rc;
    if (!s->pinned->unmarked || s->pinned->now.side < 0 || s->runner->plan_only) return RC_OK;
    bool same_side =
        s->staged_all[s->node].outcome == OUTCOME_STAGED && s->side < 0; /* its commit will not bring it up to date */
    if (s->staged_all[s->node].outcome != OUTCOME_UP_TO_DATE && !same_side) return RC_OK;
    if (s->chain_length == 0) TRY(step_read_side(s, e));
    TRY(quarantine_mirror(s->arena, s->lake->storage, &s->lake->codec, s->table->name, s->pinned->now.id, s->quarantine,
                          s->n_quarantine, s->pinned->now.side, e));
    return RC_OK;
out:
    return rc;
}

/* What failed belongs to the table, unless nothing can go on. */
static enum rc settle(struct step *s, enum rc rc, struct err *e)
{
    if (rc == RC_OK) return RC_OK;
    if (rc == RC_INTERRUPTED || rc == RC_UNREACHABLE || rc == RC_CONFLICT) return rc;
    struct staged *staged = &s->staged_all[s->node];
    staged->outcome = OUTCOME_FAILED;
    staged->next = s->pinned->now;
    staged->error = *e;
    e->rc = RC_OK;
    return RC_OK;
}

static enum rc stage_step(void *data, struct lake *l, struct staged *staged, size_t table, struct err *e)
{
    struct running *r = data;
    struct step *s = r->runner.steps[table];
    (void)l;
    s->staged_all = staged;
    staged[table].detail = s;
    s->started_us = os_monotonic_us();
    tell(r, RUN_EVENT_STEP_STARTED, s);
    enum rc rc;
    if (s->pinned->damage) rc = err_set(e, s->pinned->damage->rc, "%s", s->pinned->damage->message);
    else rc = s->table->source ? stage_source(s, e) : stage_model(s, e);
    if (rc == RC_OK) rc = repair_mirror(s, e);
    if (rc != RC_OK && __atomic_load_n(r->w->stop, __ATOMIC_ACQUIRE))
        rc = err_set(e, RC_INTERRUPTED, "interrupted; nothing of this run was published");
    rc = settle(s, rc, e);
    s->took_us = os_monotonic_us() - s->started_us;
    tell(r, RUN_EVENT_STEP_STAGED, s);
    return rc;
}

static int tables_at_once(const struct run_request *request)
{
    if (request->plan_only) return 1;
    if (request->tables_at_once > 0) return request->tables_at_once;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    /* the engine uses every core for one table, too: more tables at once fill gaps, and each needs memory of its own */
    return cores < 4 ? 1 : cores > 8 ? 4 : (int)cores / 2;
}

/* The first input or parent that a run would leave as it is; NULL: none. */
static const char *stopped_by(const struct dag *dag, const struct staged *staged, size_t table)
{
    const struct node *node = &dag->nodes[table];
    for (size_t i = 0; i < node->n_inputs + node->n_parents; i++) {
        size_t up = i < node->n_inputs ? node->inputs[i] : node->parents[i - node->n_inputs];
        if (staged[up].outcome == OUTCOME_FAILED || staged[up].outcome == OUTCOME_UPSTREAM)
            return dag->nodes[up].table->name;
    }
    return NULL;
}

static enum rc plan_only(struct running *r, const struct transaction *t, struct run_result *ret, struct err *e)
{
    enum rc rc;
    struct arena *a = r->w->arena;
    size_t n = t->dag->n_nodes;
    TRY(lake_pin(a, t->storage, &t->codec, t->names, t->selected, n, &ret->lake, e));
    ret->lake->now_us = os_now_us();
    ret->staged = ARENA_ARRAY(a, struct staged, n);
    for (size_t i = 0; i < n; i++) ret->staged[i].next = ret->lake->tables[i].now;
    TRY(begin_attempt(r, ret->lake, 0, e));
    for (size_t i = 0; i < n; i++) {
        size_t table = t->dag->order[i];
        if (!t->selected[table]) continue;
        const char *stopped = stopped_by(t->dag, ret->staged, table);
        if (!stopped) {
            TRY(stage_step(r, ret->lake, ret->staged, table, e));
            continue;
        }
        ret->staged[table].outcome = OUTCOME_UPSTREAM;
        r->runner.steps[table]->decision = (struct decision){
            STRATEGY_BLOCKED,
            .reason = arena_printf(a, "stays at its last version, because %s cannot be brought up to date", stopped)};
    }
out:
    return rc;
}

static void sum_up(struct run_result *ret)
{
    for (size_t i = 0; i < ret->n; i++) {
        enum table_outcome o = ret->staged[i].outcome;
        ret->any_failed = ret->any_failed || o == OUTCOME_FAILED || o == OUTCOME_UPSTREAM ||
                          (ret->steps[i] && ret->steps[i]->partly_failed);
    }
}

enum rc workspace_run(struct workspace *w, const struct run_request *request, struct run_result *ret, struct err *e)
{
    enum rc rc;
    struct arena *a = w->arena;
    struct running *r = ARENA_NEW(a, struct running);
    char id[37];
    os_uuid(id);
    *ret = (struct run_result){.run = arena_strdup(a, id), .started_us = os_now_us(), .n = w->compiled->dag->n_nodes};
    int64_t start = os_monotonic_us();
    r->w = w;
    r->request = request;
    pthread_mutex_init(&r->lock, NULL);
    r->runner = (struct runner){.arena = a,
                                .compiled = w->compiled,
                                .target = w->target,
                                .storage = w->storage,
                                .engine = &w->engine,
                                .run = ret->run,
                                .watch_progress = request->watch_progress,
                                .plan_only = request->plan_only,
                                .stop = w->stop};
    r->runner.options = (struct run_options){.full = request->full, .rebuild = request->rebuild};
    char *temp_dir = NULL;
    bool *selected;
    TRY(dag_select(a, w->compiled->dag, request->selectors, request->n_selectors, &selected, e));
    TRY(check_sources(w, selected, e));
    if (!request->plan_only) TRY(os_temp_dir(a, w->target->temp_directory, &temp_dir, e));
    r->runner.temp_dir = temp_dir;
    struct transaction t = {.storage = w->storage,
                            .codec = engine_checkpoint_codec(&w->engine),
                            .dag = w->compiled->dag,
                            .names = w->compiled->names,
                            .selected = selected,
                            .run = ret->run,
                            .stop = w->stop,
                            .threads = tables_at_once(request),
                            .stager = {.data = r, .stage = stage_step, .attempt = begin_attempt}};
    if (request->plan_only) TRY(plan_only(r, &t, ret, e));
    else TRY(transaction_run(a, &t, &ret->lake, &ret->staged, e));
    ret->steps = r->runner.steps;
    sum_up(ret);
    if (!request->plan_only) write_checkpoints(w, ret);
out:
    ret->took_us = os_monotonic_us() - start;
    if (!request->plan_only && ret->lake) lineage_write(w, ret, rc, e);
    pthread_mutex_destroy(&r->lock);
    return rc;
}
