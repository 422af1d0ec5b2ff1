#include "source/reading.h"

#include "source/worker.h"

#include <stdlib.h>

/* --- numbers for readings --- */

#define READINGS_MAX 4096

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct reading *registry[READINGS_MAX];

int64_t reading_open(struct reading *r)
{
    int64_t handle = -1;
    pthread_mutex_init(&r->lock, NULL);
    pthread_mutex_lock(&registry_lock);
    for (int64_t i = 0; i < READINGS_MAX && handle < 0; i++) {
        if (registry[i]) continue;
        registry[i] = r;
        handle = i;
    }
    pthread_mutex_unlock(&registry_lock);
    if (handle < 0) abort(); /* thousands of tables staged at the same time: not possible */
    return handle;
}

void reading_close(int64_t handle)
{
    pthread_mutex_lock(&registry_lock);
    registry[handle] = NULL;
    pthread_mutex_unlock(&registry_lock);
}

static struct reading *reading_find(int64_t handle)
{
    pthread_mutex_lock(&registry_lock);
    struct reading *r = handle >= 0 && handle < READINGS_MAX ? registry[handle] : NULL;
    pthread_mutex_unlock(&registry_lock);
    return r;
}

/* --- the table function --- */

static void bind(duckdb_bind_info info)
{
    duckdb_value v = duckdb_bind_get_parameter(info, 0);
    struct reading *r = reading_find(duckdb_get_int64(v));
    duckdb_destroy_value(&v);
    if (!r) {
        duckdb_bind_set_error(info, "ingot_read: no such reading");
        return;
    }
    duckdb_logical_type text = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR),
                        number = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
    for (size_t i = 0; i < r->n_columns; i++)
        duckdb_bind_add_result_column(info, r->columns[i].name, r->columns[i].kind == READ_ROW ? number : text);
    duckdb_destroy_logical_type(&text);
    duckdb_destroy_logical_type(&number);
    duckdb_bind_set_bind_data(info, r, NULL);
}

static void init(duckdb_init_info info)
{
    duckdb_init_set_max_threads(info, 1024); /* as many as the engine has */
}

static void init_local(duckdb_init_info info)
{
    duckdb_init_set_init_data(info, worker_new(duckdb_init_get_bind_data(info)), worker_free);
}

static void read_chunk(duckdb_function_info info, duckdb_data_chunk chunk)
{
    struct worker *w = duckdb_function_get_local_init_data(info);
    if (!worker_fill(w, chunk)) duckdb_function_set_error(info, w->problem);
}

enum rc reading_register(struct session *s, struct err *e)
{
    static pthread_mutex_t register_lock = PTHREAD_MUTEX_INITIALIZER;
    int64_t known = 0;
    pthread_mutex_lock(&register_lock);
    enum rc rc =
        session_query_int(s, &known, e, "select count(*) from duckdb_functions() where function_name = 'ingot_read'");
    if (rc != RC_OK || known) goto out;
    duckdb_table_function f = duckdb_create_table_function();
    duckdb_logical_type number = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
    duckdb_table_function_set_name(f, "ingot_read");
    duckdb_table_function_add_parameter(f, number);
    duckdb_table_function_set_bind(f, bind);
    duckdb_table_function_set_init(f, init);
    duckdb_table_function_set_local_init(f, init_local);
    duckdb_table_function_set_function(f, read_chunk);
    if (duckdb_register_table_function(session_connection(s), f) != DuckDBSuccess)
        rc = err_set(e, RC_INTERNAL, "the engine does not take the function ingot_read");
    duckdb_destroy_logical_type(&number);
    duckdb_destroy_table_function(&f);
out:
    pthread_mutex_unlock(&register_lock);
    return rc;
}
