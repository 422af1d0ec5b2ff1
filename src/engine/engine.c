#include "base/os.h"
#include "engine/session.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

/* Settings that every session shares. What results depend on is pinned: the order of NULLs, the time zone. */
static enum rc configure(struct arena *a, const struct engine_config *c, const char *temp_directory,
                         duckdb_config config, struct err *e)
{
    int64_t memory = c->memory_bytes > 0 ? c->memory_bytes : default_memory();
    const struct {
        const char *name, *value; /* a NULL value leaves the engine's own */
    } settings[] = {
        {"memory_limit", arena_printf(a, "%lldB", (long long)memory)},
        {"threads", c->threads > 0 ? arena_printf(a, "%d", c->threads) : NULL},
        {"temp_directory", temp_directory},
        {"extension_directory", c->extension_directory},
        {"autoinstall_known_extensions", "false"},
        {"autoload_known_extensions", "false"},
        {"preserve_insertion_order", "false"},
        {"default_null_order", "nulls_last"},
        {"default_order", "asc"},
        {"custom_user_agent", "ingot"},
    };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (settings[i].value && duckdb_set_config(config, settings[i].name, settings[i].value) != DuckDBSuccess)
            return err_set(e, RC_USAGE, "the engine does not take %s = %s", settings[i].name, settings[i].value);
    return RC_OK;
}

static enum rc open_database(struct engine *g, const struct engine_config *c, struct err *e)
{
    enum rc rc;
    duckdb_config config = NULL;
    char *message = NULL;
    if (c->temp_directory) TRY(os_mkdirs(c->temp_directory, e));
    char *temp = NULL;
    TRY(os_temp_dir(g->arena, c->temp_directory, &temp, e));
    g->temp_directory = temp;
    if (duckdb_create_config(&config) != DuckDBSuccess)
        TRY(err_set(e, RC_INTERNAL, "the engine gives no configuration"));
    TRY(configure(g->arena, c, path_join(g->arena, temp, "spill"), config, e));
    if (duckdb_open_ext(":memory:", &g->database, config, &message) != DuckDBSuccess)
        TRY(err_set(e, RC_USAGE, "the engine does not open: %s", message ? message : "no reason given"));
out:
    if (message) duckdb_free(message);
    duckdb_destroy_config(&config);
    return rc;
}

/* Settings that only SQL takes; GLOBAL, so that every session opened later has them. */
static enum rc set_globals(struct engine *g, const char *timezone, struct err *e)
{
    struct session *s = NULL;
    enum rc rc;
    TRY(session_open(g, &s, e));
    char *zone = sql_string(g->arena, timezone ? timezone : "UTC");
    rc = session_execf(s, e, "SET GLOBAL TimeZone = %s", zone);
    if (rc == RC_PROJECT || rc == RC_DATA)
        rc = err_set(e, RC_PROJECT, "time zone %s: there is none of that name", zone);
out:
    session_close(s);
    return rc;
}

enum rc engine_open(const struct engine_config *config, struct engine **ret, struct err *e)
{
    enum rc rc;
    struct engine *g = NULL;
    TRY(duckdb_api_load(e));
    g = calloc(1, sizeof *g);
    if (!g) abort();
    g->arena = arena_new();
    pthread_mutex_init(&g->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&g->stopped, &monotonic);
    pthread_condattr_destroy(&monotonic);
    TRY(open_database(g, config, e));
    TRY(set_globals(g, config->timezone, e));
    *ret = g;
    g = NULL;
out:
    engine_close(g);
    return rc;
}

void engine_close(struct engine *g)
{
    if (!g) return;
    if (g->database) duckdb_close(&g->database);
    pthread_cond_destroy(&g->stopped);
    pthread_mutex_destroy(&g->lock);
    arena_free(g->arena);
    free(g);
}

const char *engine_version(void)
{
    return duckdb_api_load(NULL) == RC_OK ? duckdb_library_version() : NULL;
}

const char *engine_temp_directory(const struct engine *g)
{
    return g->temp_directory;
}

/* Interrupts what runs; false when nothing does. */
static bool interrupt_running(struct engine *g)
{
    bool any = false;
    for (struct session *s = g->sessions; s; s = s->next)
        if (s->running) {
            duckdb_interrupt(s->connection);
            any = true;
        }
    return any;
}

/* A statement that is just starting takes back an interrupt that came a moment too early, so it is sent again until
 * everybody has stopped. Whoever starts later sees the flag. */
void engine_interrupt(struct engine *g)
{
    const int64_t give_up = os_monotonic_us() + 2000000;
    atomic_store(&g->interrupted, true);
    pthread_mutex_lock(&g->lock);
    while (interrupt_running(g) && os_monotonic_us() < give_up) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += 5000000;
        if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
        pthread_cond_timedwait(&g->stopped, &g->lock, &until);
    }
    pthread_mutex_unlock(&g->lock);
}

enum rc lazy_engine_get(struct lazy_engine *l, struct engine **ret, struct err *e)
{
    static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;
    enum rc rc = RC_OK;
    pthread_mutex_lock(&opening);
    if (!l->engine) rc = engine_open(&l->config, &l->engine, e);
    if (rc == RC_OK) *ret = l->engine;
    pthread_mutex_unlock(&opening);
    return rc;
}

void lazy_engine_release(struct lazy_engine *l)
{
    engine_close(l->engine);
    l->engine = NULL;
}
