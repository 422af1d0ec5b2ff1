#include "run/lineage.h"

#include "base/log.h"
#include "base/os.h"

#define PRODUCER "urn:ingot:" INGOT_VERSION
#define SPEC "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
#define FACET(name, version)                                                                                           \
    "\"_producer\":\"" PRODUCER "\",\"_schemaURL\":\"https://openlineage.io/spec/facets/" version "/" name             \
    ".json#/$defs/" name "\""

struct event {
    struct workspace *w;
    const struct run_result *result;
    const struct step *step;
    const struct staged *staged;
    const char *type; /* START, COMPLETE, FAIL */
    char *run_id;     /* of the table's own run; the whole run is its parent */
    int64_t at_us;
};

static void add_string(struct buf *out, const char *s)
{
    buf_add_json_string(out, s, strlen(s));
}

static void add_dataset(struct buf *out, const struct event *v, const char *name)
{
    buf_add_str(out, "{\"namespace\":\"file\",\"name\":");
    add_string(out, arena_printf(v->step->arena, "%s/%s", v->w->lake_root, table_dir(v->step->arena, name)));
}

static void add_inputs(struct buf *out, const struct event *v)
{
    buf_add_str(out, ",\"inputs\":[");
    for (size_t i = 0; i < v->step->n_inputs; i++) {
        if (i) buf_add_char(out, ',');
        add_dataset(out, v, v->step->spans[i].table);
        buf_add_char(out, '}');
    }
    buf_add_char(out, ']');
}

static void add_outputs(struct buf *out, const struct event *v)
{
    buf_add_str(out, ",\"outputs\":[");
    add_dataset(out, v, v->step->table->name);
    if (strcmp(v->type, "COMPLETE") == 0) {
        int64_t size = 0;
        for (size_t i = 0; i < v->step->n_added; i++) size += v->step->added[i].size;
        buf_printf(
            out,
            ",\"outputFacets\":{\"outputStatistics\":{" FACET(
                "OutputStatisticsOutputDatasetFacet", "1-0-2") ",\"rowCount\":%lld,\"size\":%lld,\"fileCount\":%zu}}",
            (long long)v->step->account.rows_added, (long long)size, v->step->n_added);
    }
    buf_add_str(out, "}]");
}

static void add_run(struct buf *out, const struct event *v)
{
    buf_add_str(out, "\"run\":{\"runId\":");
    add_string(out, v->run_id);
    buf_add_str(out, ",\"facets\":{\"parent\":{" FACET("ParentRunFacet", "1-1-0") ",\"run\":{\"runId\":");
    add_string(out, v->result->run);
    buf_add_str(out, "},\"job\":{\"namespace\":\"ingot\",\"name\":");
    add_string(out, v->w->compiled->project->name);
    buf_add_str(out, "}}");
    if (strcmp(v->type, "FAIL") == 0) {
        buf_add_str(out, ",\"errorMessage\":{" FACET("ErrorMessageRunFacet", "1-0-1") ",\"message\":");
        add_string(out, redact(v->step->arena, v->staged->error.message));
        buf_add_str(out, ",\"programmingLanguage\":\"SQL\"}");
    }
    if (strcmp(v->type, "START") != 0) {
        buf_printf(out,
                   ",\"ingot_rows\":{\"_producer\":\"" PRODUCER "\",\"_schemaURL\":\"" PRODUCER
                   "/facets/ingot_rows.json\",\"strategy\":\"%s\",\"version\":%lld,\"rows\":",
                   strategy_names[v->step->decision.strategy], (long long)v->staged->next.version);
        account_print_json(out, &v->step->account);
        buf_add_char(out, '}');
    }
    buf_add_str(out, "}}");
}

static void add_event(struct buf *out, const struct event *v)
{
    buf_printf(out,
               "{\"eventType\":\"%s\",\"eventTime\":\"%s\",\"producer\":\"" PRODUCER "\",\"schemaURL\":\"" SPEC "\",",
               v->type, os_format_time(v->step->arena, v->at_us));
    add_run(out, v);
    buf_add_str(out, ",\"job\":{\"namespace\":\"ingot\",\"name\":");
    add_string(out, arena_printf(v->step->arena, "%s.%s", v->w->compiled->project->name, v->step->table->name));
    buf_add_char(out, '}');
    add_inputs(out, v);
    add_outputs(out, v);
    buf_add_str(out, "}\n");
}

static void add_table(struct buf *out, struct workspace *w, const struct run_result *result, size_t i)
{
    enum table_outcome outcome = result->staged[i].outcome;
    if (!result->steps[i] || (outcome != OUTCOME_PUBLISHED && outcome != OUTCOME_FAILED)) return;
    char id[37];
    os_uuid(id);
    struct event v = {.w = w,
                      .result = result,
                      .step = result->steps[i],
                      .staged = &result->staged[i],
                      .run_id = arena_strdup(w->arena, id)};
    v.type = "START";
    v.at_us = os_now_us() - (os_monotonic_us() - v.step->started_us);
    add_event(out, &v);
    v.type = outcome == OUTCOME_FAILED ? "FAIL" : "COMPLETE";
    v.at_us += v.step->took_us;
    add_event(out, &v);
}

static void run_event(struct buf *out, struct workspace *w, const struct run_result *result, const char *type,
                      int64_t at_us, const char *error)
{
    buf_printf(out,
               "{\"eventType\":\"%s\",\"eventTime\":\"%s\",\"producer\":\"" PRODUCER "\",\"schemaURL\":\"" SPEC
               "\",\"run\":{\"runId\":\"%s\",\"facets\":{",
               type, os_format_time(w->arena, at_us), result->run);
    if (error) {
        buf_add_str(out, "\"errorMessage\":{" FACET("ErrorMessageRunFacet", "1-0-1") ",\"message\":");
        add_string(out, error);
        buf_add_str(out, ",\"programmingLanguage\":\"C\"}");
    }
    buf_add_str(out, "}},\"job\":{\"namespace\":\"ingot\",\"name\":");
    add_string(out, w->compiled->project->name);
    buf_add_str(out, "},\"inputs\":[],\"outputs\":[]}\n");
}

void lineage_write(struct workspace *w, struct run_result *result, enum rc rc, const struct err *error)
{
    struct buf *tables = buf_new(w->arena, BUF_DEFAULT_MAX), *out = buf_new(w->arena, BUF_DEFAULT_MAX);
    for (size_t i = 0; result->steps && i < result->n; i++) add_table(tables, w, result, i);
    if (tables->n == 0 && rc == RC_OK) return;
    if (rc == RC_INTERRUPTED || rc == RC_UNREACHABLE) return; /* the lake may not take it, and the next run tells */
    bool failed = rc != RC_OK || result->any_failed;
    const char *message = rc != RC_OK ? redact(w->arena, error->message) : failed ? "a table failed" : NULL;
    run_event(out, w, result, "START", result->started_us, NULL);
    buf_add(out, tables->p, tables->n);
    run_event(out, w, result, failed ? "FAIL" : "COMPLETE", os_now_us(), message);

    char *day = arena_strndup(w->arena, os_format_time(w->arena, result->started_us), 10);
    char *key = arena_printf(w->arena, "_ingot/runs/%s/%s.ndjson", day, result->run);
    enum put_result put;
    struct err problem = {0};
    if (w->storage->ops->put_new(w->storage, key, buf_str(out), &put, &problem) != RC_OK)
        log_warn("the events of this run could not be written: %s", problem.message);
    else result->lineage_file = key;
}
