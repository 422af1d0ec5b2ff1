#include "cmd/signals.h"

#include "run/runner.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define INTERRUPTED 130
#define PATIENCE_S 5 /* then the program ends by force, as the lake is safe at any instant */

struct signals {
    sigset_t set;
    pthread_mutex_t lock;
    struct workspace *workspace;
};

static void *interrupt(void *data)
{
    struct signals *s = data;
    pthread_mutex_lock(&s->lock);
    if (s->workspace) workspace_interrupt(s->workspace);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void *wait_for_signals(void *data)
{
    struct signals *s = data;
    int number;
    while (sigwait(&s->set, &number) != 0) {}
    pthread_mutex_lock(&s->lock);
    bool begun = s->workspace != NULL;
    pthread_mutex_unlock(&s->lock);
    /* Another thread interrupts, because that may take a moment and the second signal must be heard meanwhile. */
    pthread_t thread;
    if (!begun || pthread_create(&thread, NULL, interrupt, s) != 0) _exit(INTERRUPTED);
    pthread_detach(thread);
    sigtimedwait(&s->set, NULL, &(struct timespec){.tv_sec = PATIENCE_S});
    _exit(INTERRUPTED);
}

enum rc signals_start(struct signals **ret, struct err *e)
{
    struct signals *s = calloc(1, sizeof *s); /* lives as long as its thread: for ever */
    pthread_t thread;
    if (!s) abort();
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&s->set);
    sigaddset(&s->set, SIGINT);
    sigaddset(&s->set, SIGTERM);
    pthread_mutex_init(&s->lock, NULL);
    int failed = pthread_sigmask(SIG_BLOCK, &s->set, NULL);
    if (!failed) failed = pthread_create(&thread, NULL, wait_for_signals, s);
    if (failed) {
        free(s);
        return err_set_errno(e, RC_INTERNAL, failed, "no thread can be started to wait for signals");
    }
    pthread_detach(thread);
    *ret = s;
    return RC_OK;
}

void signals_watch(struct signals *s, struct workspace *w)
{
    if (!s) return;
    pthread_mutex_lock(&s->lock);
    s->workspace = w;
    pthread_mutex_unlock(&s->lock);
}
