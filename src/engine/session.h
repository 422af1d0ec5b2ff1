/* Inside engine/ (and for folders that register functions of their own): what engine and session are made of, and how a
 * statement is run and its error told. */
#ifndef ENGINE_SESSION_H
#define ENGINE_SESSION_H

#include "engine/duckdb_api.h"
#include "engine/engine.h"

#include <pthread.h>
#include <stdatomic.h>

struct engine {
    duckdb_database database;
    struct arena *arena; /* holds the folder for spilling */
    const char *temp_directory;
    atomic_bool interrupted; /* stays set */
    pthread_mutex_t lock;    /* the list of sessions and their `running` */
    pthread_cond_t stopped;  /* some session's `running` went down */
    struct session *sessions;
};

struct session {
    struct engine *engine;
    struct session *next, *previous;
    duckdb_connection connection;
    bool running; /* under the engine's lock */
    duckdb_error_type last_error;
};

/* Between these two a statement may run. RC_INTERRUPTED if the engine was interrupted. */
enum rc session_enter(struct session *s, struct err *e) MUST_CHECK;
void session_leave(struct session *s);

/* Runs statements; the last one's result is the caller's, to be destroyed, when RC_OK was returned. */
enum rc session_run(struct session *s, const char *sql, duckdb_result *ret, struct err *e) MUST_CHECK;
/* Turns an error of the engine into ours. `message` may be NULL. DUCKDB_ERROR_INVALID: the class is read off the
 * message's beginning. */
enum rc session_failed(struct session *s, duckdb_error_type type, const char *message, struct err *e) MUST_CHECK;

/* Three quarters of the memory of the machine or of the control group, whichever is less. */
int64_t default_memory(void);

#endif
