#include "run/account.h"

#include <stdio.h>

static enum rc disagree(struct err *e, const char *table, const char *rule, int64_t left, int64_t right)
{
    return err_set(e, RC_INTERNAL,
                   "the row account of %s does not reconcile: %s (%lld against %lld); nothing of it was "
                   "published. This is a "
                   "defect of ingot: please report it",
                   table, rule, (long long)left, (long long)right);
}

static int64_t driving_rows(const struct account *acc)
{
    for (size_t i = 0; i < acc->n_read; i++)
        if (acc->driving && acc->read[i].table && strcmp(acc->read[i].table, acc->driving) == 0)
            return acc->read[i].rows;
    return -1;
}

enum rc account_reconcile(struct account *acc, const char *table, struct err *e)
{
    int64_t read = driving_rows(acc);
    if (acc->driving && read >= 0) {
        acc->filtered = read - acc->yielded;
        if (acc->filtered < 0 || (acc->filtered > 0 && !acc->may_filter))
            return disagree(e, table, "rows read less rows yielded must be what was filtered", read, acc->yielded);
    }
    int64_t gone = acc->inserted + acc->replacing + acc->unchanged + acc->quarantined + acc->dropped +
                   acc->deduplicated + acc->deleted;
    if (acc->yielded != gone)
        return disagree(e, table, "every row yielded must be counted where it went", acc->yielded, gone);
    if (acc->rows_before >= 0 && acc->rows_after >= 0 &&
        acc->rows_after != acc->rows_before + acc->rows_added - acc->rows_removed)
        return disagree(e, table, "rows before and changes must make the rows after",
                        acc->rows_before + acc->rows_added - acc->rows_removed, acc->rows_after);
    int64_t quarantined = 0, dropped = 0;
    for (size_t i = 0; i < acc->n_lines; i++) {
        if (acc->lines[i].what == ACCOUNT_QUARANTINED) quarantined += acc->lines[i].rows;
        if (acc->lines[i].what == ACCOUNT_DROPPED) dropped += acc->lines[i].rows;
    }
    if (quarantined != acc->quarantined)
        return disagree(e, table, "quarantined rows by rule must add up", quarantined, acc->quarantined);
    if (dropped != acc->dropped) return disagree(e, table, "dropped rows by rule must add up", dropped, acc->dropped);
    return RC_OK;
}

static const char *const line_names[] = {
    [ACCOUNT_QUARANTINED] = "quarantined", [ACCOUNT_DROPPED] = "dropped", [ACCOUNT_WARNED] = "warned"};

static void add_by_rule_json(struct buf *out, const struct account *acc, int what)
{
    bool first = true;
    buf_printf(out, ",\"%s_by_rule\":{", line_names[what]);
    for (size_t i = 0; i < acc->n_lines; i++) {
        if ((int)acc->lines[i].what != what || acc->lines[i].rows == 0) continue;
        if (!first) buf_add_char(out, ',');
        first = false;
        buf_add_json_string(out, acc->lines[i].rule, strlen(acc->lines[i].rule));
        buf_printf(out, ":%lld", (long long)acc->lines[i].rows);
    }
    buf_add_char(out, '}');
}

void account_print_json(struct buf *out, const struct account *acc)
{
    buf_add_str(out, "{\"read\":{");
    for (size_t i = 0; i < acc->n_read; i++) {
        if (i) buf_add_char(out, ',');
        const char *name = acc->read[i].table ? acc->read[i].table : "files";
        buf_add_json_string(out, name, strlen(name));
        buf_printf(out, ":%lld", (long long)acc->read[i].rows);
    }
    buf_add_str(out, "},\"driving\":");
    if (acc->driving) buf_add_json_string(out, acc->driving, strlen(acc->driving));
    else buf_add_str(out, "null");
    const struct {
        const char *name;
        int64_t rows;
    } terms[] = {{"yielded", acc->yielded},
                 {"inserted", acc->inserted},
                 {"replacing", acc->replacing},
                 {"unchanged", acc->unchanged},
                 {"quarantined", acc->quarantined},
                 {"dropped", acc->dropped},
                 {"deduplicated", acc->deduplicated},
                 {"deleted", acc->deleted},
                 {"warned", acc->warned},
                 {"rows_before", acc->rows_before},
                 {"rows_after", acc->rows_after},
                 {"rows_added", acc->rows_added},
                 {"rows_removed", acc->rows_removed},
                 {"files_loaded", acc->files_loaded},
                 {"files_refused", acc->files_refused},
                 {"files_changed", acc->files_changed}};
    for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++)
        buf_printf(out, ",\"%s\":%lld", terms[i].name, (long long)terms[i].rows);
    if (acc->driving) buf_printf(out, ",\"filtered\":%lld", (long long)acc->filtered);
    for (int what = ACCOUNT_QUARANTINED; what <= ACCOUNT_WARNED; what++) add_by_rule_json(out, acc, what);
    buf_add_char(out, '}');
}

void buf_add_count(struct buf *out, int64_t n)
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)(n < 0 ? -n : n));
    if (n < 0) buf_add_char(out, '-');
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0) buf_add_char(out, ',');
        buf_add_char(out, digits[i]);
    }
}

static void add_term(struct buf *out, const char *name, int64_t rows)
{
    if (rows == 0) return;
    if (out->n) buf_add_str(out, " · ");
    buf_printf(out, "%s ", name);
    buf_add_count(out, rows);
}

static void add_rules(struct buf *out, const struct account *acc, int what)
{
    size_t shown = 0, all = 0;
    for (size_t i = 0; i < acc->n_lines; i++) all += (int)acc->lines[i].what == what && acc->lines[i].rows > 0;
    for (size_t i = 0; i < acc->n_lines && shown < 3; i++) {
        if ((int)acc->lines[i].what != what || acc->lines[i].rows == 0) continue;
        buf_add_str(out, shown ? ", " : " (");
        buf_printf(out, "%s: ", acc->lines[i].rule);
        buf_add_count(out, acc->lines[i].rows);
        shown++;
    }
    if (all > shown) buf_printf(out, ", %zu more", all - shown);
    if (shown) buf_add_char(out, ')');
}

void account_print_line(struct buf *out, const struct account *acc)
{
    struct buf line;
    buf_init(&line, BUF_DEFAULT_MAX);
    for (size_t i = 0; i < acc->n_read; i++) {
        if (acc->n_read == 1) {
            add_term(&line, "read", acc->read[i].rows);
            continue;
        }
        if (line.n) buf_add_str(&line, " · ");
        buf_printf(&line, "read %s ", acc->read[i].table);
        buf_add_count(&line, acc->read[i].rows);
    }
    if (!acc->driving && acc->n_read > 0 && acc->read[0].table) add_term(&line, "yielded", acc->yielded);
    add_term(&line, "wrote", acc->inserted);
    add_term(&line, "updated", acc->replacing);
    add_term(&line, "unchanged", acc->unchanged);
    add_term(&line, "filtered", acc->driving ? acc->filtered : 0);
    add_term(&line, "quarantined", acc->quarantined);
    add_rules(&line, acc, ACCOUNT_QUARANTINED);
    add_term(&line, "dropped", acc->dropped);
    add_rules(&line, acc, ACCOUNT_DROPPED);
    add_term(&line, "deduplicated", acc->deduplicated);
    add_term(&line, "deleted", acc->deleted);
    add_term(&line, "warned", acc->warned);
    if (line.n == 0) buf_add_str(&line, "no rows");
    buf_add(out, line.p, line.n);
    buf_release(&line);
}
