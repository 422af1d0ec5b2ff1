/* Bars that are drawn again about ten times a second, by a thread of their own, below the lines of what is done. */
#include "base/log.h"
#include "base/os.h"
#include "cmd/output.h"
#include "cmd/run_view.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#define BAR 20
#define SHOWN 8
#define INTERVAL_NS 100000000L

struct progress {
    struct terminal terminal;
    struct workspace *workspace;
    FILE *to;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    pthread_t thread;
    bool threaded, end;
    const struct step *active[64];
    size_t n_active;
    int drawn; /* lines below which the cursor stands */
    int turn;
};

static void add_bar(struct buf *out, double percent, int turn)
{
    for (int i = 0; i < BAR; i++) {
        bool full = percent >= 0 ? i < (int)(percent / 100 * BAR + 0.5) : (i + BAR - turn % BAR) % BAR < 4;
        buf_add_str(out, full ? "█" : "░");
    }
    if (percent >= 0) buf_printf(out, " %3d %%", (int)percent);
    else buf_add_str(out, "      ");
}

static double percent_of(const struct progress *p, const struct step *s)
{
    struct engine *g = __atomic_load_n(&p->workspace->engine.engine, __ATOMIC_ACQUIRE);
    struct session *session = s->session;
    return g && session ? engine_progress(g, session) : -1;
}

static void add_line(struct arena *a, struct buf *out, const struct progress *p, const struct step *s)
{
    struct buf *line = buf_new(a, 4096);
    buf_printf(line, "%-24s ", s->table->name);
    add_bar(line, percent_of(p, s), p->turn);
    buf_printf(line, "  %s", seconds_text(a, os_monotonic_us() - s->started_us));
    buf_add_str(out, text_cut(a, line->p, p->terminal.width - 1));
    buf_add_char(out, '\n');
}

/* With the lock held: from the bars' first line on, everything is drawn again. */
static void redraw(struct progress *p, const char *above)
{
    struct arena *a = arena_new();
    struct buf *out = buf_new(a, BUF_DEFAULT_MAX);
    if (p->drawn > 0) buf_printf(out, "\r\033[%dA\033[J", p->drawn);
    if (above) buf_add_str(out, redact(a, above));
    p->drawn = 0;
    for (size_t i = 0; i < p->n_active && i < SHOWN && !p->end; i++, p->drawn++) add_line(a, out, p, p->active[i]);
    fwrite(out->p, 1, out->n, p->to);
    fflush(p->to);
    arena_free(a);
}

static void *draw(void *data)
{
    struct progress *p = data;
    pthread_mutex_lock(&p->lock);
    while (!p->end) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += INTERVAL_NS;
        if (until.tv_nsec >= 1000000000L) until.tv_sec++, until.tv_nsec -= 1000000000L;
        int waited = 0;
        while (!p->end && waited != ETIMEDOUT) waited = pthread_cond_timedwait(&p->ended, &p->lock, &until);
        p->turn++;
        if (!p->end && p->n_active > 0) redraw(p, NULL);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

struct progress *progress_begin(struct arena *a, const struct terminal *t, struct workspace *w)
{
    struct progress *p = ARENA_NEW(a, struct progress);
    p->terminal = *t;
    p->workspace = w;
    p->to = stdout;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&p->ended, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&p->lock, NULL);
    p->threaded = pthread_create(&p->thread, NULL, draw, p) == 0; /* without it there are no bars, and that is all */
    return p;
}

void progress_add(struct progress *p, const struct step *s)
{
    pthread_mutex_lock(&p->lock);
    if (p->n_active < sizeof p->active / sizeof p->active[0]) p->active[p->n_active++] = s;
    pthread_mutex_unlock(&p->lock);
}

void progress_remove(struct progress *p, const struct step *s)
{
    pthread_mutex_lock(&p->lock);
    size_t kept = 0;
    for (size_t i = 0; i < p->n_active; i++)
        if (p->active[i] != s) p->active[kept++] = p->active[i];
    p->n_active = kept;
    pthread_mutex_unlock(&p->lock);
}

void progress_forget(struct progress *p)
{
    pthread_mutex_lock(&p->lock);
    p->n_active = 0;
    pthread_mutex_unlock(&p->lock);
}

void progress_print(struct progress *p, const char *text)
{
    pthread_mutex_lock(&p->lock);
    redraw(p, text);
    pthread_mutex_unlock(&p->lock);
}

void progress_end(struct progress *p)
{
    pthread_mutex_lock(&p->lock);
    bool again = p->end;
    p->end = true;
    p->n_active = 0;
    if (!again && p->drawn > 0) redraw(p, NULL);
    pthread_cond_broadcast(&p->ended);
    pthread_mutex_unlock(&p->lock);
    if (again) return;
    if (p->threaded) pthread_join(p->thread, NULL);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->ended);
}
