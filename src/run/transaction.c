/* The run as a transaction: pin, stage in dependency order, publish, marker; again where another writer won. */
#include "run/publish.h"

#include "base/log.h"
#include "base/os.h"

#include <pthread.h>

#define ATTEMPTS 8

/* Tables whose inputs are done are handed to threads; one lock guards the outcomes. */
struct board {
    const struct transaction *t;
    struct lake *lake;
    struct staged *staged;
    size_t *waiting_for; /* inputs of each table that are not done */
    size_t *ready;
    size_t n_ready, left;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum rc rc;
    struct err *error;
};

static bool failed(enum table_outcome o)
{
    return o == OUTCOME_FAILED || o == OUTCOME_UPSTREAM;
}

static bool upstream_failed(const struct board *b, size_t table)
{
    const struct node *node = &b->t->dag->nodes[table];
    for (size_t i = 0; i < node->n_inputs; i++)
        if (failed(b->staged[node->inputs[i]].outcome)) return true;
    for (size_t i = 0; i < node->n_parents; i++)
        if (failed(b->staged[node->parents[i]].outcome)) return true;
    return false;
}

static bool stopped(const struct transaction *t)
{
    return t->stop && __atomic_load_n(t->stop, __ATOMIC_ACQUIRE);
}

/* Called with the lock held; the stager runs without it. */
static void stage_one(struct board *b, size_t table)
{
    struct staged *s = &b->staged[table];
    if (b->t->selected[table]) {
        if (upstream_failed(b, table)) {
            s->outcome = OUTCOME_UPSTREAM;
        } else if (b->rc == RC_OK && !stopped(b->t)) {
            struct err error = {0};
            pthread_mutex_unlock(&b->lock);
            enum rc rc = b->t->stager.stage(b->t->stager.data, b->lake, b->staged, table, &error);
            pthread_mutex_lock(&b->lock);
            if (rc != RC_OK && b->rc == RC_OK) {
                b->rc = rc;
                *b->error = error;
            }
        }
    }
    b->left--;
    const struct node *node = &b->t->dag->nodes[table];
    for (size_t i = 0; i < node->n_outputs; i++)
        if (--b->waiting_for[node->outputs[i]] == 0) b->ready[b->n_ready++] = node->outputs[i];
    pthread_cond_broadcast(&b->changed);
}

static void *work(void *data)
{
    struct board *b = data;
    pthread_mutex_lock(&b->lock);
    for (;;) {
        while (b->n_ready == 0 && b->left > 0) pthread_cond_wait(&b->changed, &b->lock);
        if (b->left == 0) break;
        /* The one that came first: keeps the order of the graph where it is free. */
        size_t table = b->ready[0];
        b->n_ready--;
        memmove(b->ready, b->ready + 1, b->n_ready * sizeof b->ready[0]);
        stage_one(b, table);
    }
    pthread_mutex_unlock(&b->lock);
    return NULL;
}

static size_t distinct_edges(const struct node *node)
{
    size_t n = node->n_inputs;
    for (size_t i = 0; i < node->n_parents; i++) {
        bool also_input = false;
        for (size_t k = 0; k < node->n_inputs; k++) also_input = also_input || node->inputs[k] == node->parents[i];
        n += !also_input;
    }
    return n;
}

static enum rc stage_all(const struct transaction *t, struct lake *l, struct staged *staged, struct err *e)
{
    size_t n = t->dag->n_nodes;
    struct board b = {.t = t, .lake = l, .staged = staged, .left = n, .error = e};
    b.waiting_for = ARENA_ARRAY(l->arena, size_t, n);
    b.ready = ARENA_ARRAY(l->arena, size_t, n);
    pthread_mutex_init(&b.lock, NULL);
    pthread_cond_init(&b.changed, NULL);
    for (size_t i = 0; i < n; i++) {
        size_t table = t->dag->order[i];
        b.waiting_for[table] = distinct_edges(&t->dag->nodes[table]);
        if (b.waiting_for[table] == 0) b.ready[b.n_ready++] = table;
    }
    pthread_t threads[64];
    int started = 0;
    for (; started < t->threads - 1 && started < 64; started++)
        if (pthread_create(&threads[started], NULL, work, &b) != 0) break;
    work(&b);
    for (int i = 0; i < started; i++) pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&b.lock);
    pthread_cond_destroy(&b.changed);
    return b.rc;
}

static enum rc attempt(struct arena *a, const struct transaction *t, int number, struct lake **ret_lake,
                       struct staged **ret_staged, size_t *ret_lost, struct err *e)
{
    enum rc rc;
    size_t n = t->dag->n_nodes;
    struct lake *l;
    TRY(lake_pin(a, t->storage, &t->codec, t->names, t->selected, n, &l, e));
    l->now_us = os_now_us();
    struct staged *staged = ARENA_ARRAY(a, struct staged, n);
    for (size_t i = 0; i < n; i++) staged[i].next = l->tables[i].now;
    *ret_lake = l;
    *ret_staged = staged;
    if (t->stager.attempt) TRY(t->stager.attempt(t->stager.data, l, number, e));
    rc = stage_all(t, l, staged, e);
    if (rc != RC_OK && rc != RC_INTERRUPTED && number == 0) {
        struct err cause = *e;
        rc = err_set(e, rc, "%s; nothing of this run was published", cause.message);
    }
    if (rc != RC_OK && rc != RC_INTERRUPTED) goto out;
    if (rc == RC_INTERRUPTED || stopped(t)) {
        rc = err_set(e, RC_INTERRUPTED,
                     number == 0 ? "interrupted; nothing of this run was published"
                                 : "interrupted; readers see the lake as before, and the next run goes on "
                                   "from what is committed");
        goto out;
    }
    TRY(publish_commits(l, staged, t->dag->order, n, ret_lost, e));
    if (*ret_lost == 0) TRY(publish_marker(l, t->run, staged, e));
out:
    return rc;
}

enum rc transaction_run(struct arena *a, const struct transaction *t, struct lake **ret_lake,
                        struct staged **ret_staged, struct err *e)
{
    for (int i = 0; i < ATTEMPTS; i++) {
        size_t lost = 0;
        enum rc rc = attempt(a, t, i, ret_lake, ret_staged, &lost, e);
        if (rc != RC_OK || lost == 0) return rc;
        log_info("another writer was faster on %zu table%s; planning again", lost, lost == 1 ? "" : "s");
    }
    return err_set(
        e, RC_CONFLICT,
        "other writers were faster %d times in a row; run again, or let fewer runs work on this lake at once",
        ATTEMPTS);
}
