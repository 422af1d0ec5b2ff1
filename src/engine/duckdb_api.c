/* RTLD_LAZY: of 43 ms from nothing to the first result, binding all symbols at once would add 10 (measured: dlopen 15 ms
 * instead of 27, the first open 19 instead of 17). The library stays loaded until the process ends. */
#include "engine/duckdb_api.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/os.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

#define LIBRARY "libduckdb.so"

struct duckdb_api duckdb_api;

static pthread_mutex_t load_lock = PTHREAD_MUTEX_INITIALIZER;
static bool loaded;

static void *open_file(struct arena *a, struct buf *looked, const char *path)
{
    struct file_status status;
    bool exists = false;
    if (os_stat(path, &status, &exists, NULL) == RC_OK && exists && status.is_dir) path = path_join(a, path, LIBRARY);
    void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
    if (!library) buf_printf(looked, "\n  %s", dlerror());
    return library;
}

/* The library from the first place that has one; a variable that is set is the only place. */
static void *find_library(struct arena *a, struct buf *looked)
{
    const char *given = getenv("INGOT_DUCKDB");
    if (given && *given) {
        buf_add_str(looked, " (INGOT_DUCKDB is set)");
        return open_file(a, looked, given);
    }
    static const char *const beside[] = {LIBRARY, "../lib/" LIBRARY, "../lib/ingot/" LIBRARY};
    const char *program = os_program_dir(a);
    void *library = NULL;
    for (size_t i = 0; i < sizeof beside / sizeof *beside && !library; i++)
        library = open_file(a, looked, path_join(a, program, beside[i]));
    return library ? library : open_file(a, looked, LIBRARY);
}

/* A function's address as dlsym gives it; POSIX promises that a void * can hold it. */
static bool find_function(void *library, const char *name, void *place)
{
    void *address = dlsym(library, name);
    *(void **)place = address;
    return address != NULL;
}

static enum rc fill(void *library, struct err *e)
{
    struct duckdb_api api = {0};
    if (!find_function(library, "duckdb_library_version", &api.p_duckdb_library_version))
        return err_set(e, RC_USAGE, "%s: not DuckDB's library (it lacks duckdb_library_version)", LIBRARY);
    const char *version = api.p_duckdb_library_version();
    Dl_info where = {0};
    if (strcmp(version, DUCKDB_VERSION_WANTED) != 0)
        return err_set(e, RC_USAGE, "%s is DuckDB %s, ingot needs exactly %s; point INGOT_DUCKDB to that one",
                       dladdr(dlsym(library, "duckdb_library_version"), &where) ? where.dli_fname : LIBRARY, version,
                       DUCKDB_VERSION_WANTED);
#define F(name)                                                                                                        \
    if (!find_function(library, #name, &api.p_##name))                                                                 \
        return err_set(e, RC_USAGE, "%s lacks the function " #name, LIBRARY);
    DUCKDB_FUNCTIONS(F)
#undef F
    duckdb_api = api;
    return RC_OK;
}

static enum rc load(struct err *e)
{
    enum rc rc;
    struct arena *a = arena_new();
    struct buf *looked = buf_new(a, ERR_MESSAGE_MAX);
    void *library = find_library(a, looked);
    if (library) rc = fill(library, e);
    else
        rc = err_set(e, RC_USAGE,
                     "%s (DuckDB %s) cannot be loaded; put it beside ingot or name it with INGOT_DUCKDB. Tried:%s",
                     LIBRARY, DUCKDB_VERSION_WANTED, looked->p);
    loaded = rc == RC_OK;
    if (library && !loaded) dlclose(library);
    arena_free(a);
    return rc;
}

enum rc duckdb_api_load(struct err *e)
{
    pthread_mutex_lock(&load_lock);
    enum rc rc = loaded ? RC_OK : load(e);
    pthread_mutex_unlock(&load_lock);
    return rc;
}
