/* A judgement as SQL: nested SELECTs, so that each value is computed once for a row. */
#include "quality/contract.h"

#include "quality/refuse.h"

#include <string.h>

/* Rows with typed and raw columns: level "t". */
static void add_typed(struct buf *out, struct arena *a, const struct judgement *j, const char *relation,
                      const char *const *carry, size_t n_carry)
{
    buf_add_str(out, "SELECT ");
    for (size_t i = 0; i < j->n_columns; i++) {
        const struct judged_column *c = &j->columns[i];
        buf_printf(out, "%s%s AS %s", i ? ", " : "", c->typed, sql_name(a, c->name));
        if (c->raw) buf_printf(out, ", m.%s AS \"%s\"", sql_name(a, c->name), c->raw);
    }
    for (size_t i = 0; i < n_carry; i++) buf_printf(out, ", m.%s", sql_name(a, carry[i]));
    bool error_carried = false;
    for (size_t i = 0; i < n_carry; i++) error_carried |= strcmp(carry[i], "__error") == 0;
    if (j->guarded && !error_carried) buf_add_str(out, ", m.\"__error\"");
    if (j->uses_clock) {
        buf_printf(out, ", %s AS \"__clock\"", j->clock);
        buf_printf(out,
                   ", CASE WHEN current_setting('TimeZone') = 'UTC' THEN make_timestamp(epoch_us(%s)) "
                   "ELSE CAST(%s AS TIMESTAMP) END AS \"__clock_local\"",
                   j->clock, j->clock);
    }
    buf_printf(out, " FROM %s AS m", relation);
}

static void add_parents(struct buf *out, const struct judgement *j, const char *typed)
{
    if (!j->n_parents) {
        buf_add_str(out, typed);
        return;
    }
    buf_add_str(out, "SELECT t.*");
    for (size_t i = 0; i < j->n_parents; i++) buf_printf(out, ", %s AS \"__parent_%zu\"", j->parents[i], i);
    buf_printf(out, " FROM (%s) AS t", typed);
}

static void add_fate(struct buf *out, const struct judgement *j)
{
    size_t n = 0;
    buf_add_str(out, "CAST(");
    for (size_t i = 0; i < j->n_tests; i++)
        if (j->tests[i].action != RULE_WARN)
            buf_printf(out, "%s WHEN %s THEN %zu", n++ ? "" : "CASE", j->tests[i].fails, i + 1);
    buf_printf(out, "%s AS INTEGER) AS \"__fate\", CAST(0", n ? " ELSE 0 END" : "0");
    for (size_t i = 0; i < j->n_tests; i++)
        if (j->tests[i].warning >= 0)
            buf_printf(out, " + CASE WHEN %s THEN %lld ELSE 0 END", j->tests[i].fails, 1LL << j->tests[i].warning);
    buf_add_str(out, " AS BIGINT) AS \"__warned\"");
}

/* Level "t" with "__fate" and "__warned". */
static char *fated(struct arena *a, const struct judgement *j, const char *relation, const char *const *carry,
                   size_t n_carry)
{
    struct buf *typed = buf_new(a, BUF_DEFAULT_MAX), *out = buf_new(a, BUF_DEFAULT_MAX);
    add_typed(typed, a, j, relation, carry, n_carry);
    buf_add_str(out, "SELECT t.*, ");
    add_fate(out, j);
    buf_add_str(out, " FROM (");
    add_parents(out, j, typed->p);
    buf_add_str(out, ") AS t");
    return out->p;
}

static void add_written(struct buf *out, struct arena *a, const struct judgement *j)
{
    for (size_t i = 0; i < j->n_columns; i++) {
        const struct judged_column *c = &j->columns[i];
        const char *name = sql_name(a, c->name);
        if (c->stored) buf_printf(out, "%sCAST(t.%s AS %s) AS %s", i ? ", " : "", name, c->stored, name);
        else buf_printf(out, "%st.%s", i ? ", " : "", name);
    }
}

char *judged_select(struct arena *a, const struct judgement *j, const char *relation, const char *const *carry,
                    size_t n_carry)
{
    struct buf *out = buf_new(a, BUF_DEFAULT_MAX);
    buf_add_str(out, "SELECT ");
    add_written(out, a, j);
    buf_add_str(out, ", t.\"__fate\", t.\"__warned\"");
    for (size_t i = 0; i < n_carry; i++) buf_printf(out, ", t.%s", sql_name(a, carry[i]));
    buf_printf(out, " FROM (%s) AS t", fated(a, j, relation, carry, n_carry));
    return out->p;
}

/* --- refusing in the same pass
 * ----------------------------------------------------------------------------------- */

static bool is_origin(const char *carried)
{
    static const char *const names[] = {"__in__file", "__in__row", "__in__load", "__in__loaded_at"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(carried, names[i]) == 0) return true;
    return false;
}

/* The input row as JSON: "__in_row" if that is all that was carried of it, else an object of the carried
 * columns, else of m's own columns. */
static void add_row(struct buf *out, struct arena *a, const struct judgement *j, const char *const *carry,
                    size_t n_carry)
{
    size_t n = 0;
    bool whole = false;
    for (size_t i = 0; i < n_carry; i++) {
        if (strncmp(carry[i], "__in_", 5) != 0 || is_origin(carry[i])) continue;
        n++;
        whole = strcmp(carry[i], "__in_row") == 0;
    }
    if (n == 1 && whole) {
        buf_add_str(out, "CAST(t.\"__in_row\" AS VARCHAR)");
        return;
    }
    const char *comma = "";
    buf_add_str(out, "TRY(CAST(to_json(struct_pack(");
    for (size_t i = 0; n && i < n_carry; i++) {
        if (strncmp(carry[i], "__in_", 5) != 0 || is_origin(carry[i])) continue;
        buf_printf(out, "%s%s := t.%s", comma, sql_name(a, carry[i] + 5), sql_name(a, carry[i]));
        comma = ", ";
    }
    for (size_t i = 0; !n && i < j->n_columns; i++) {
        const struct judged_column *c = &j->columns[i];
        buf_printf(out, "%s%s := t.%s", comma, sql_name(a, c->name), sql_name(a, c->raw ? c->raw : c->name));
        comma = ", ";
    }
    buf_add_str(out, ")) AS VARCHAR))");
}

static void add_origin(struct buf *out, const char *name, const char *type, const char *const *carry, size_t n_carry)
{
    for (size_t i = 0; i < n_carry; i++) {
        if (strcmp(carry[i], name) != 0) continue;
        buf_printf(out, ", TRY_CAST(t.\"%s\" AS %s)", name, type);
        return;
    }
    buf_printf(out, ", CAST(NULL AS %s)", type);
}

/* Reasons (NULL where a test passes) and values, one for each test. */
static void add_reasons(struct buf *out, const struct judgement *j)
{
    buf_add_str(out, "[");
    for (size_t i = 0; i < j->n_tests; i++) {
        const struct judged_test *t = &j->tests[i];
        buf_add_str(out, i ? ", " : "");
        if (t->action == RULE_WARN) buf_add_str(out, "CAST(NULL AS VARCHAR)");
        else buf_printf(out, "CASE WHEN %s THEN %s END", t->fails, t->reason);
    }
    buf_add_str(out, "], [");
    for (size_t i = 0; i < j->n_tests; i++) {
        const struct judged_test *t = &j->tests[i];
        bool shown = t->value && t->action != RULE_WARN;
        buf_printf(out, "%s%s", i ? ", " : "", shown ? t->value : "CAST(NULL AS VARCHAR)");
    }
    buf_add_str(out, "], ");
}

/* "__accepted": true without any call for rows that pass everything. Rows that are only counted are told apart
 * from those whose reasons and input row are needed. The calls are volatile, and the filter on the column stays
 * above them. */
static void add_accepted(struct buf *out, struct arena *a, const struct judgement *j, const char *const *carry,
                         size_t n_carry, int64_t handle, const char *leave_out)
{
    const char *left = leave_out ? arena_printf(a, "coalesce((%s), false)", leave_out) : "false";
    buf_printf(out, "CASE WHEN t.\"__fate\" = 0 AND t.\"__warned\" = 0 AND NOT %s THEN true WHEN t.\"__fate\" IN (0",
               left);
    for (size_t i = 0; i < j->n_tests; i++)
        if (j->tests[i].action == RULE_DROP) buf_printf(out, ", %zu", i + 1);
    buf_printf(out, ") THEN " INGOT_COUNT "(CAST(%lld AS BIGINT), t.\"__fate\", t.\"__warned\", %s) ",
               (long long)handle, left);
    buf_printf(out, "ELSE " INGOT_REFUSE "(CAST(%lld AS BIGINT), t.\"__fate\", t.\"__warned\", ", (long long)handle);
    add_reasons(out, j);
    add_row(out, a, j, carry, n_carry);
    add_origin(out, "__in__file", "VARCHAR", carry, n_carry);
    add_origin(out, "__in__row", "BIGINT", carry, n_carry);
    add_origin(out, "__in__load", "BIGINT", carry, n_carry);
    buf_add_str(out, ") END AS \"__accepted\"");
}

char *judged_keep_select(struct arena *a, const struct judgement *j, const char *relation, const char *const *carry,
                         size_t n_carry, int64_t sink_handle, const char *leave_out)
{
    struct buf *out = buf_new(a, BUF_DEFAULT_MAX);
    buf_add_str(out, "SELECT ");
    add_written(out, a, j);
    for (size_t i = 0; i < n_carry; i++) buf_printf(out, ", t.%s", sql_name(a, carry[i]));
    if (!j->n_tests && !leave_out) {
        struct buf *typed = buf_new(a, BUF_DEFAULT_MAX);
        add_typed(typed, a, j, relation, carry, n_carry);
        buf_printf(out, " FROM (%s) AS t", typed->p);
        return out->p;
    }
    buf_add_str(out, " FROM (SELECT t.*, ");
    add_accepted(out, a, j, carry, n_carry, sink_handle, leave_out);
    buf_printf(out, " FROM (%s) AS t) AS t WHERE t.\"__accepted\"", fated(a, j, relation, carry, n_carry));
    return out->p;
}

char *judged_accept_select(struct arena *a, const struct judgement *j, const char *relation, const char *const *carry,
                           size_t n_carry, int64_t sink_handle)
{
    return judged_keep_select(a, j, relation, carry, n_carry, sink_handle, NULL);
}
