/* The publish protocol under a scheduler that decides who goes on at every storage operation (RULES.md A).
 *
 *     SCHEDULES=5000 SEED=17 test_run_publish_schedules
 *
 * Several runs with varying selections, other engines that append and compact, kills at any operation, lost answers,
 * failing tables, interrupts. After each marker, and at the end, the invariants are checked (world_check.c). Then the same
 * with the protocol done wrongly, which must be noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/os.h"
#include "world.h"

#define SCHEDULES 1200
#define PROCESSES 6

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *value = getenv(name);
    return value && *value ? strtoull(value, NULL, 10) : otherwise;
}

struct totals {
    long schedules, runs, again, conflicts, kills, lost_answers, files, markers, operations;
};

static void start(struct world *w, struct process **processes, int *n)
{
    uint64_t r = world_random(w, 1000);
    if (r < 30) w->landed++;
    if (*n == PROCESSES) return;
    if (r < 60) processes[(*n)++] = process_new(w, RUN);
    else if (r < 75) processes[(*n)++] = process_new(w, FOREIGN);
    else if (r < 80) processes[(*n)++] = process_new(w, COMPACTION);
}

static void end(struct process **processes, int *n, int i, struct totals *totals)
{
    totals->operations += processes[i]->operations;
    process_free(processes[i]);
    processes[i] = processes[--*n];
}

/* One of them goes on a little: one operation, or some. */
static void step(struct world *w, struct process **processes, int *n, struct totals *totals)
{
    if (*n == 0) return;
    int i = (int)world_random(w, (uint64_t)*n);
    struct process *p = processes[i];
    if (world_random(w, 100) == 0) {
        process_kill(p);
        end(processes, n, i, totals);
        return;
    }
    if (world_random(w, 400) == 0) p->stop = true; /* Ctrl-C */
    uint64_t burst = world_random(w, 8) ? 1 : 1 + world_random(w, 20);
    bool alive = true;
    while (alive && burst-- > 0) {
        alive = process_step(p);
        if (!w->marker_written) continue;
        w->marker_written = false;
        check_markers(w, false);
    }
    if (!alive) end(processes, n, i, totals);
}

/* A run that nobody disturbs; how much it wrote. */
static int quiet_run(struct world *w, struct totals *totals)
{
    struct process *p = process_new(w, RUN);
    process_finish(p);
    if (p->result != RC_OK) world_fail(w, "an undisturbed run ended with %s: %s", rc_name(p->result), p->error.message);
    int writes = p->writes, n = 1;
    end(&p, &n, 0, totals);
    return writes;
}

static void finish(struct world *w, struct process **processes, int *n, struct totals *totals)
{
    int writes = 1;
    w->faults = false;
    for (int i = 0; i < 3; i++) writes = quiet_run(w, totals);
    if (writes) world_fail(w, "not quiet: a third undisturbed run wrote %d objects", writes);
    check_markers(w, false);
    check_end(w, "after the last run");
    while (*n > 0) { /* those that slept through all of it wake up, one after another or by turns */
        int i = (int)world_random(w, (uint64_t)*n);
        if (!process_step(processes[i])) end(processes, n, i, totals);
    }
    check_markers(w, false);
    quiet_run(w, totals);
    check_markers(w, true);
    check_end(w, "after late wake-ups");
}

/* The violation, or NULL; in `a`. */
static char *schedule(struct arena *a, uint64_t seed, enum mutation mutation, struct totals *totals)
{
    struct world *w = world_new(seed, mutation);
    struct process *processes[PROCESSES];
    int n = 0;
    if (world_random(w, 2)) { /* else the tables are made in the middle of it */
        w->faults = false;
        quiet_run(w, totals);
        w->faults = true;
    }
    check_markers(w, false);
    for (uint64_t steps = 50 + world_random(w, 550); steps > 0 && !w->violation[0]; steps--) {
        start(w, processes, &n);
        step(w, processes, &n, totals);
    }
    if (!w->violation[0]) finish(w, processes, &n, totals);
    while (n > 0) { /* after a violation */
        process_kill(processes[0]);
        end(processes, &n, 0, totals);
    }
    char *violation = w->violation[0] ? arena_strdup(a, w->violation) : NULL;
    totals->schedules++;
    totals->runs += w->runs;
    totals->again += w->again;
    totals->conflicts += w->conflicts;
    totals->kills += w->kills;
    totals->lost_answers += w->lost_answers;
    totals->files += w->landed;
    totals->markers += (long)w->markers_checked;
    world_free(w);
    return violation;
}

static void every_schedule_keeps_the_invariants(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct totals t = {0};
    uint64_t n = setting("SCHEDULES", SCHEDULES), first = setting("SEED", 1), failed = 0;
    clock_t started = clock();
    for (uint64_t seed = first; seed < first + n && failed < 3; seed++) {
        const char *violation = schedule(a, seed, AS_IT_IS, &t);
        if (!violation) continue;
        failed++;
        print_message("schedule %llu: %s\n  again: SEED=%llu SCHEDULES=1\n", (unsigned long long)seed, violation,
                      (unsigned long long)seed);
    }
    print_message("schedules from SEED=%llu: %ld with %ld runs, %ld second attempts, %ld conflicts, %ld "
                  "kills, %ld lost answers, %ld source files, "
                  "%ld markers, %ld storage operations, %.1f s of one core\n",
                  (unsigned long long)first, t.schedules, t.runs, t.again, t.conflicts, t.kills, t.lost_answers,
                  t.files, t.markers, t.operations, (double)(clock() - started) / CLOCKS_PER_SEC);
    arena_free(a);
    assert_int_equal(failed, 0);
}

static void is_noticed(enum mutation mutation, const char *name)
{
    struct arena *a = arena_new();
    struct totals t = {0};
    uint64_t first = setting("SEED", 1), seed = first, limit = 400;
    const char *violation = NULL;
    for (; seed < first + limit && !violation; seed++) violation = schedule(a, seed, mutation, &t);
    print_message("%s: %s (%ld schedules)\n", name, violation ? violation : "NOT NOTICED", t.schedules);
    bool noticed = violation != NULL;
    arena_free(a);
    assert_true(noticed);
}

#define NOTICED(name, mutation)                                                                                        \
    static void name(void **state)                                                                                     \
    {                                                                                                                  \
        (void)state;                                                                                                   \
        is_noticed(mutation, #name);                                                                                   \
    }
NOTICED(rebasing_is_noticed, REBASE)
NOTICED(guessing_an_unclear_answer_is_noticed, GUESS_WON)
NOTICED(a_marker_of_newest_versions_is_noticed, MARK_NEWEST)
NOTICED(a_ledger_apart_from_the_rows_is_noticed, LEDGER_APART)
NOTICED(a_commit_on_a_lost_one_is_noticed, IGNORE_LOST)
NOTICED(a_watermark_that_goes_back_is_noticed, WATERMARK_BACK)
NOTICED(a_watermark_beyond_what_was_read_is_noticed, WATERMARK_NEWEST)

static int64_t ticking;
static int64_t tick(void *data)
{
    (void)data;
    return ticking += 1000;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_schedule_keeps_the_invariants),
        cmocka_unit_test(rebasing_is_noticed),
        cmocka_unit_test(guessing_an_unclear_answer_is_noticed),
        cmocka_unit_test(a_marker_of_newest_versions_is_noticed),
        cmocka_unit_test(a_ledger_apart_from_the_rows_is_noticed),
        cmocka_unit_test(a_commit_on_a_lost_one_is_noticed),
        cmocka_unit_test(a_watermark_that_goes_back_is_noticed),
        cmocka_unit_test(a_watermark_beyond_what_was_read_is_noticed),
    };
    os_set_clock(tick, NULL);
    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
