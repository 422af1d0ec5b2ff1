#include "cmd/open.h"

#include "base/log.h"
#include "base/text.h"
#include "cmd/output.h"
#include "cmd/signals.h"
#include "quality/parse.h"

#include <stdio.h>
#include <stdlib.h>

static void print_problems(struct invocation *inv, struct problems *p)
{
    struct buf *out = buf_new(inv->arena, BUF_DEFAULT_MAX);
    if (p->n_items == 0 || (inv->quiet && p->n_errors == 0)) return;
    problems_sort(p);
    problems_print(p, out);
    fflush(stdout);
    fputs(redact(inv->arena, out->p), stderr);
}

enum rc open_workspace(struct invocation *inv, struct workspace **ret, struct err *e)
{
    struct problems *p = ARENA_NEW(inv->arena, struct problems);
    p->arena = inv->arena;
    enum rc rc = workspace_open(inv->arena, ".", inv->target, p, ret, e);
    print_problems(inv, p);
    if (rc != RC_OK && p->n_errors > 0)
        return err_set(e, rc, "%s in the project; nothing was done",
                       counted(inv->arena, (int64_t)p->n_errors, "error"));
    if (rc == RC_OK) signals_watch(inv->signals, *ret);
    return rc;
}

static bool parse_time_text(const char *text, int64_t *ret_ms)
{
    size_t n = strlen(text);
    int32_t days;
    int64_t us;
    if (parse_date(text, n, &days)) {
        *ret_ms = (int64_t)days * 86400000;
        return true;
    }
    if (!parse_timestamp(text, n, &us) && !parse_timestamptz(text, n, &us)) return false;
    *ret_ms = us / 1000;
    return true;
}

enum rc open_marker(struct invocation *inv, struct workspace *w, struct marker **ret, struct err *e)
{
    const char *as_of = option_text(inv, "as-of");
    int64_t number = -1, at_ms = -1;
    if (!as_of) return lake_log_newest(inv->arena, w->storage, ret, e);
    if (strspn(as_of, "0123456789") == strlen(as_of) && strlen(as_of) < 16) number = strtoll(as_of, NULL, 10);
    else if (!parse_time_text(as_of, &at_ms))
        return err_set(e, RC_USAGE,
                       "--as-of takes the number of a publish or a time such as 2026-11-23T18:30:00Z, not '%s'", as_of);
    *ret = NULL;
    enum rc rc = lake_log_read(inv->arena, w->storage, number, at_ms, ret, e);
    if (rc != RC_OK || *ret) return rc;
    if (number >= 0)
        return err_set(e, RC_USAGE,
                       "there is no publish number %lld in the lake log; `ingot history TABLE` shows the numbers",
                       (long long)number);
    return err_set(e, RC_USAGE, "nothing had been published yet at %s, or the lake log no longer reaches back to it",
                   as_of);
}

static void close_session(void *s)
{
    session_close(s);
}

/* The arena holds the workspace as well, whose engine was deferred before: sessions are closed first. */
enum rc open_session(struct invocation *inv, struct workspace *w, struct session **ret, struct err *e)
{
    struct engine *engine;
    enum rc rc = lazy_engine_get(&w->engine, &engine, e);
    if (rc == RC_OK) rc = session_open(engine, ret, e);
    if (rc == RC_OK) arena_defer(inv->arena, close_session, *ret);
    return rc;
}

bool workspace_stopped(const struct workspace *w)
{
    return w->stop && __atomic_load_n(w->stop, __ATOMIC_ACQUIRE);
}

static const char **all_names(struct arena *a, const struct workspace *w, const struct marker *m, size_t *ret_n)
{
    const struct project *p = w->compiled->project;
    const char **names = ARENA_ARRAY(a, const char *, p->n_tables + (m ? m->n_tables : 0) + 1);
    size_t n = 0;
    for (size_t i = 0; i < p->n_tables; i++) names[n++] = p->tables[i].name;
    for (size_t i = 0; m && i < m->n_tables; i++)
        if (!project_table(p, m->tables[i].name)) names[n++] = m->tables[i].name;
    *ret_n = n;
    return names;
}

const char *find_table(struct arena *a, const struct workspace *w, const struct marker *m, const char *name)
{
    size_t n, matches = 0;
    const char **names = all_names(a, w, m, &n), *match = NULL;
    for (size_t i = 0; i < n; i++)
        if (compare_names(names[i], name) == 0) return names[i];
    for (size_t i = 0; i < n; i++) {
        const char *dot = strchr(names[i], '.');
        if (!dot || compare_names(dot + 1, name) != 0) continue;
        match = names[i];
        matches++;
    }
    return matches == 1 ? match : NULL;
}

enum rc unknown_table(const struct workspace *w, const struct marker *m, const char *name, struct err *e)
{
    size_t n;
    const char **names = all_names(w->arena, w, m, &n), *near = did_you_mean(name, names, n);
    struct buf *same = buf_new(w->arena, BUF_DEFAULT_MAX);
    for (size_t i = 0; i < n; i++) {
        const char *dot = strchr(names[i], '.');
        if (dot && compare_names(dot + 1, name) == 0) buf_printf(same, "%s%s", same->n ? ", " : "", names[i]);
    }
    if (same->n) return err_set(e, RC_USAGE, "'%s' can be %s: say which", name, same->p);
    if (near) return err_set(e, RC_USAGE, "there is no table '%s'; did you mean '%s'?", name, near);
    return err_set(e, RC_USAGE, "there is no table '%s'; `ingot plan` lists the tables", name);
}

enum rc select_tables(struct invocation *inv, struct workspace *w, bool **ret, struct err *e)
{
    return dag_select(inv->arena, w->compiled->dag, inv->arguments, inv->n_arguments, ret, e);
}
