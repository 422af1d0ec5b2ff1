/* Tables as readers of the lake see them: at a marker. */
#include "base/log.h"
#include "run/runner.h"

#define CHECKPOINT_EVERY 10

static enum rc relation_of(struct workspace *w, const char *dir, const struct delta_snapshot *snapshot, char **ret,
                           struct err *e)
{
    return files_relation(w->arena, w->storage, dir, snapshot->files, snapshot->n_files, snapshot->columns,
                          snapshot->n_columns, false, ret, e);
}

enum rc workspace_table_sql(struct workspace *w, const struct marker *m, const char *name, char **ret_sql,
                            struct delta_snapshot **ret_snapshot, struct err *e)
{
    enum rc rc = RC_OK;
    struct checkpoint_codec codec = engine_checkpoint_codec(&w->engine);
    *ret_sql = NULL;
    *ret_snapshot = NULL;
    bool quarantine = strncmp(name, "quarantine.", 11) == 0;
    const struct marked_table *t = quarantine ? NULL : marker_table(m, name);
    if (!quarantine && !t) return RC_OK;
    /* quarantine/silver.orders has its own log; the marker's table names what counts */
    const char *dir = quarantine ? arena_printf(w->arena, "quarantine/%s", name + 11) : table_dir(w->arena, name);
    TRY(delta_load(w->arena, w->storage, dir, t ? t->version : -1, &codec, ret_snapshot, e));
    if (*ret_snapshot) TRY(relation_of(w, dir, *ret_snapshot, ret_sql, e));
out:
    return rc;
}

static enum rc make_view(struct workspace *w, const struct marker *m, struct session *s, const char *schema,
                         const char *member, const char *name, struct err *e)
{
    char *sql;
    struct delta_snapshot *snapshot;
    enum rc rc = workspace_table_sql(w, m, name, &sql, &snapshot, e);
    if (rc != RC_OK || !sql) return rc;
    return session_execf(s, e, "CREATE SCHEMA IF NOT EXISTS %s; CREATE OR REPLACE VIEW %s.%s AS %s", schema, schema,
                         sql_name(w->arena, member), sql);
}

enum rc workspace_views(struct workspace *w, const struct marker *m, struct session *s, struct err *e)
{
    for (size_t i = 0; i < m->n_tables; i++) {
        const char *name = m->tables[i].name, *dot = strchr(name, '.');
        if (!dot) continue;
        enum rc rc = make_view(w, m, s, arena_strndup(w->arena, name, (size_t)(dot - name)), dot + 1, name, e);
        if (rc == RC_OK && m->tables[i].side >= 0)
            rc = make_view(w, m, s, "quarantine", name, arena_printf(w->arena, "quarantine.%s", name), e);
        if (rc != RC_OK) return rc;
    }
    return RC_OK;
}

/* After the marker: a failure costs only speed. */
void write_checkpoints(struct workspace *w, const struct run_result *result)
{
    struct checkpoint_codec codec = engine_checkpoint_codec(&w->engine);
    for (size_t i = 0; i < result->n; i++) {
        const struct staged *s = &result->staged[i];
        if (s->outcome != OUTCOME_PUBLISHED || s->next.version == 0 || s->next.version % CHECKPOINT_EVERY != 0)
            continue;
        struct delta_snapshot *snapshot;
        struct err e = {0};
        const char *dir = result->lake->tables[i].dir;
        if (delta_load(w->arena, w->storage, dir, s->next.version, &codec, &snapshot, &e) != RC_OK ||
            delta_write_checkpoint(w->storage, dir, snapshot, &codec, &e) != RC_OK)
            log_warn("no checkpoint of %s: %s", result->lake->tables[i].name, e.message);
    }
}
