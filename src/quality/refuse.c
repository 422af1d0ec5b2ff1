#include "quality/refuse.h"

#include "quality/cast.h"
#include "quality/vector.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* One open handle. Everything in it is guarded by its lock; rows that fail are few. */
struct refusal {
    int64_t handle;
    struct refusal *next;
    pthread_mutex_t lock;
    struct refused_sink *sink;
    const struct judgement *judgement;
    int64_t *by_test;
    int64_t quarantined, dropped, failed, left_out;
    char *first_failure;
};

/* SQL can only name a number, so there is one table of handles for the process. */
static struct {
    pthread_mutex_t lock;
    struct refusal *first;
    int64_t last_handle;
} registry = {.lock = PTHREAD_MUTEX_INITIALIZER};

int64_t refusal_open(struct arena *a, struct refused_sink *sink, const struct judgement *j)
{
    struct refusal *r = ARENA_NEW(a, struct refusal);
    pthread_mutex_init(&r->lock, NULL);
    r->sink = sink;
    r->judgement = j;
    r->by_test = ARENA_ARRAY(a, int64_t, j->n_tests + 1);
    pthread_mutex_lock(&registry.lock);
    r->handle = ++registry.last_handle;
    r->next = registry.first;
    registry.first = r;
    pthread_mutex_unlock(&registry.lock);
    return r->handle;
}

void refusal_close(int64_t handle, struct arena *a, struct refusal_counts *ret)
{
    pthread_mutex_lock(&registry.lock);
    struct refusal **link = &registry.first;
    while (*link && (*link)->handle != handle) link = &(*link)->next;
    struct refusal *r = *link;
    if (r) *link = r->next;
    pthread_mutex_unlock(&registry.lock);
    if (!r) return;
    if (ret) {
        *ret = (struct refusal_counts){
            .quarantined = r->quarantined, .dropped = r->dropped, .failed = r->failed, .left_out = r->left_out};
        ret->by_test = ARENA_ARRAY(a, int64_t, r->judgement->n_tests + 1);
        memcpy(ret->by_test, r->by_test, sizeof *r->by_test * r->judgement->n_tests);
        if (r->first_failure) ret->first_failure = arena_strdup(a, r->first_failure);
    }
    free(r->first_failure);
    pthread_mutex_destroy(&r->lock);
}

static struct refusal *find_refusal(int64_t handle)
{
    pthread_mutex_lock(&registry.lock);
    struct refusal *r = registry.first;
    while (r && r->handle != handle) r = r->next;
    pthread_mutex_unlock(&registry.lock);
    return r;
}

/* --- arguments
 * --------------------------------------------------------------------------------------------------- */

struct column {
    void *data;
    uint64_t *valid;
};

static struct column column_of(duckdb_vector v)
{
    return (struct column){duckdb_vector_get_data(v), duckdb_vector_get_validity(v)};
}

static struct column argument(duckdb_data_chunk input, idx_t i)
{
    return column_of(duckdb_data_chunk_get_vector(input, i));
}

static int64_t bigint_at(struct column c, idx_t row, int64_t null_value)
{
    return vector_is_valid(c.valid, row) ? ((int64_t *)c.data)[row] : null_value;
}

/* p == NULL: NULL. */
static struct str text_at(struct column c, idx_t row)
{
    if (!vector_is_valid(c.valid, row)) return (struct str){NULL, 0};
    return vector_text(&((duckdb_string_t *)c.data)[row]);
}

struct text_list {
    struct column lists, items;
};

static struct text_list text_list_of(duckdb_data_chunk input, idx_t i)
{
    duckdb_vector v = duckdb_data_chunk_get_vector(input, i);
    return (struct text_list){column_of(v), column_of(duckdb_list_vector_get_child(v))};
}

static struct str list_text_at(const struct text_list *l, idx_t row, size_t item)
{
    duckdb_list_entry entry = ((duckdb_list_entry *)l->lists.data)[row];
    if (!vector_is_valid(l->lists.valid, row) || item >= entry.length) return (struct str){NULL, 0};
    return text_at(l->items, entry.offset + item);
}

/* The refusal that all rows of a call name; reports an unknown one to the engine. */
static struct refusal *called_refusal(duckdb_function_info info, struct column handles, idx_t n)
{
    struct refusal *r = n ? find_refusal(bigint_at(handles, 0, -1)) : NULL;
    if (n && !r) duckdb_scalar_function_set_error(info, "rows are judged under a handle that is not open");
    return r;
}

/* --- counting and recording
 * -------------------------------------------------------------------------------------- */

/* Counts one row, with the lock held; returns its first failing test or NULL. */
static const struct judged_test *count_row(struct refusal *r, int64_t fate, int64_t warned)
{
    const struct judgement *j = r->judgement;
    for (size_t i = 0; warned && i < j->n_tests; i++)
        if (j->tests[i].warning >= 0 && (warned >> j->tests[i].warning & 1)) r->by_test[i]++;
    if (fate < 1 || (size_t)fate > j->n_tests) return NULL;
    const struct judged_test *t = &j->tests[fate - 1];
    r->by_test[fate - 1]++;
    switch (t->action) {
    case RULE_QUARANTINE: r->quarantined++; break;
    case RULE_DROP: r->dropped++; break;
    case RULE_FAIL: r->failed++; break;
    case RULE_WARN: break;
    }
    return t;
}

static void count_rows(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output)
{
    idx_t n = duckdb_data_chunk_get_size(input);
    struct column fates = argument(input, 1), warned = argument(input, 2), left_out = argument(input, 3);
    struct refusal *r = called_refusal(info, argument(input, 0), n);
    if (!r) return;
    bool *out = duckdb_vector_get_data(output);
    pthread_mutex_lock(&r->lock);
    for (idx_t i = 0; i < n; i++) {
        int32_t fate = ((int32_t *)fates.data)[i];
        count_row(r, fate, bigint_at(warned, i, 0));
        out[i] = fate == 0 && !((bool *)left_out.data)[i];
        r->left_out += fate == 0 && !out[i];
    }
    pthread_mutex_unlock(&r->lock);
}

static void add_json_member(struct buf *b, const char *name, struct str value)
{
    buf_printf(b, ",\"%s\":", name);
    if (value.p) buf_add_json_string(b, value.p, value.n);
    else buf_add_str(b, "null");
}

/* Where a test takes its column's name from the row, the value is that name. */
static void column_and_value(const struct judged_test *t, struct str from_row, struct str *ret_column,
                             struct str *ret_value)
{
    *ret_column = t->value_is_column ? from_row : str_of(t->column);
    *ret_value = t->value_is_column ? (struct str){NULL, 0} : from_row;
}

/* All reasons of a row as [{"rule":…,"column":…,"value":…,"reason":…}, …]; where an expression raised an
 * error what the other tests say about its row means nothing. */
static void add_reasons(struct buf *b, const struct judgement *j, const struct text_list *reasons,
                        const struct text_list *values, idx_t row)
{
    size_t n = j->n_tests;
    if (j->guarded && list_text_at(reasons, row, 0).p) n = 1;
    buf_add_char(b, '[');
    for (size_t i = 0; i < n; i++) {
        struct str reason = list_text_at(reasons, row, i), column, value;
        if (!reason.p) continue;
        column_and_value(&j->tests[i], list_text_at(values, row, i), &column, &value);
        buf_add_str(b, b->n > 1 ? ",{\"rule\":" : "{\"rule\":");
        buf_add_json_string(b, j->tests[i].rule, strlen(j->tests[i].rule));
        add_json_member(b, "column", column);
        add_json_member(b, "value", value);
        add_json_member(b, "reason", reason);
        buf_add_char(b, '}');
    }
    buf_add_char(b, ']');
}

struct refuse_arguments {
    struct column fates, warned, rows_json, files, rows, loads;
    struct text_list reasons, values;
};

static void refuse_row(struct refusal *r, const struct refuse_arguments *arg, idx_t i, struct buf *reasons)
{
    int32_t fate = ((int32_t *)arg->fates.data)[i];
    struct str reason = fate > 0 ? list_text_at(&arg->reasons, i, (size_t)fate - 1) : (struct str){NULL, 0};
    pthread_mutex_lock(&r->lock);
    const struct judged_test *t = count_row(r, fate, bigint_at(arg->warned, i, 0));
    if (t && t->action == RULE_FAIL && !r->first_failure)
        r->first_failure = strndup(reason.p ? reason.p : t->rule, reason.p ? reason.n : strlen(t->rule));
    pthread_mutex_unlock(&r->lock);
    if (!t || t->action != RULE_QUARANTINE || !r->sink) return;

    struct refused row = {.row = bigint_at(arg->rows, i, -1), .line = -1, .load = bigint_at(arg->loads, i, -1)};
    buf_clear(reasons);
    add_reasons(reasons, r->judgement, &arg->reasons, &arg->values, i);
    column_and_value(t, list_text_at(&arg->values, i, (size_t)fate - 1), &row.column, &row.value);
    row.file = text_at(arg->files, i);
    row.rule = str_of(t->rule);
    row.reason = reason;
    row.reasons = buf_str(reasons);
    row.row_json = text_at(arg->rows_json, i);
    refused_add(r->sink, &row);
}

static void refuse_rows(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output)
{
    idx_t n = duckdb_data_chunk_get_size(input);
    struct refusal *r = called_refusal(info, argument(input, 0), n);
    if (!r) return;
    struct refuse_arguments arg = {argument(input, 1),     argument(input, 2),    argument(input, 5),
                                   argument(input, 6),     argument(input, 7),    argument(input, 8),
                                   text_list_of(input, 3), text_list_of(input, 4)};
    bool *out = duckdb_vector_get_data(output);
    struct buf reasons;
    buf_init(&reasons, BUF_DEFAULT_MAX);
    for (idx_t i = 0; i < n; i++) {
        refuse_row(r, &arg, i, &reasons);
        out[i] = false;
    }
    buf_release(&reasons);
}

/* --- registration
 * ------------------------------------------------------------------------------------------------ */

static enum rc register_judge(duckdb_connection c, const char *name, const duckdb_type *types, size_t n,
                              duckdb_scalar_function_t function, struct err *e)
{
    duckdb_scalar_function f = duckdb_create_scalar_function();
    duckdb_scalar_function_set_name(f, name);
    for (size_t i = 0; i < n; i++) {
        duckdb_logical_type item =
            duckdb_create_logical_type(types[i] == DUCKDB_TYPE_LIST ? DUCKDB_TYPE_VARCHAR : types[i]);
        duckdb_logical_type list = types[i] == DUCKDB_TYPE_LIST ? duckdb_create_list_type(item) : NULL;
        duckdb_scalar_function_add_parameter(f, list ? list : item);
        if (list) duckdb_destroy_logical_type(&list);
        duckdb_destroy_logical_type(&item);
    }
    duckdb_logical_type result = duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN);
    duckdb_scalar_function_set_return_type(f, result);
    duckdb_destroy_logical_type(&result);
    duckdb_scalar_function_set_special_handling(f);
    duckdb_scalar_function_set_volatile(f);
    duckdb_scalar_function_set_function(f, function);
    duckdb_state state = duckdb_register_scalar_function(c, f);
    duckdb_destroy_scalar_function(&f);
    return state == DuckDBSuccess ? RC_OK : err_set(e, RC_INTERNAL, "the engine does not take the function %s", name);
}

enum rc quality_register_connection(duckdb_connection c, struct err *e)
{
    static const duckdb_type count[] = {DUCKDB_TYPE_BIGINT, DUCKDB_TYPE_INTEGER, DUCKDB_TYPE_BIGINT,
                                        DUCKDB_TYPE_BOOLEAN};
    static const duckdb_type refuse[] = {DUCKDB_TYPE_BIGINT,  DUCKDB_TYPE_INTEGER, DUCKDB_TYPE_BIGINT,
                                         DUCKDB_TYPE_LIST,    DUCKDB_TYPE_LIST,    DUCKDB_TYPE_VARCHAR,
                                         DUCKDB_TYPE_VARCHAR, DUCKDB_TYPE_BIGINT,  DUCKDB_TYPE_BIGINT};
    static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER; /* the catalog knows write conflicts */
    enum rc rc = RC_OK;
    pthread_mutex_lock(&one_at_a_time);
    TRY(cast_register(c, e));
    TRY(register_judge(c, INGOT_COUNT, count, sizeof count / sizeof *count, count_rows, e));
    TRY(register_judge(c, INGOT_REFUSE, refuse, sizeof refuse / sizeof *refuse, refuse_rows, e));
out:
    pthread_mutex_unlock(&one_at_a_time);
    return rc;
}

enum rc quality_register(struct session *s, struct err *e)
{
    return quality_register_connection(session_connection(s), e);
}
