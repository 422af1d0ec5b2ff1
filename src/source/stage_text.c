/* Text files into Parquet: all files of a load in one COPY, so that few data files come out. What a file turns out to be
 * on the way (damaged, with other columns) ends the COPY; it is staged again without the file or with the columns. */
#include "source/name_index.h"
#include "source/reading.h"
#include "source/stage.h"

#include <stdlib.h>

#define FILE_SIZE ((int64_t)256 << 20)

static bool is_text(const struct staged_file *f)
{
    return !f->typed && is_loadable(f);
}

static const char **hive_values(struct staging *s, const struct staged_file *f, const struct reading *r)
{
    const struct found_file *found = f->decision->found;
    const char **values = NULL;
    for (size_t i = 0; i < found->n_hive; i++) {
        int c = name_index_find(r->index, str_of(found->hive[i].key));
        if (c < 0 || !found->hive[i].value) continue;
        if (!values) values = ARENA_ARRAY(s->a, const char *, r->n_columns);
        values[c] = found->hive[i].value;
    }
    return values;
}

static void add_file(struct staging *s, struct reading *r, struct staged_file *f)
{
    struct reading_file *x = &r->files[r->n_files++];
    x->text = &f->text;
    x->hive = hive_values(s, f, r);
    if (f->text.format != FORMAT_CSV) return;
    x->map = ARENA_ARRAY(s->a, int, f->text.n_columns + 1);
    for (size_t i = 0; i < f->text.n_columns; i++) x->map[i] = name_index_find(r->index, str_of(f->text.columns[i]));
}

/* The reading's columns are the table's, without _load and _loaded_at, which are the same for all rows. */
static struct reading *build_reading(struct staging *s)
{
    struct reading *r = ARENA_NEW(s->a, struct reading);
    r->columns = ARENA_ARRAY(s->a, struct read_column, s->layout.n_columns);
    r->index = name_index_new(s->a, s->layout.n_columns);
    for (size_t i = 0; i < s->layout.n_columns; i++) {
        const char *name = s->layout.columns[i].name;
        if (strcmp(name, "_load") == 0 || strcmp(name, "_loaded_at") == 0) continue;
        enum read_kind kind = strcmp(name, "_file") == 0      ? READ_FILE
                              : strcmp(name, "_row") == 0     ? READ_ROW
                              : strcmp(name, "_rescued") == 0 ? READ_RESCUED
                                                              : READ_DATA;
        if (kind == READ_DATA) name_index_add(r->index, name, (int)r->n_columns);
        r->columns[r->n_columns++] = (struct read_column){name, kind};
    }
    r->files = ARENA_ARRAY(s->a, struct reading_file, s->n_files);
    for (size_t i = 0; i < s->n_files; i++)
        if (is_text(&s->files[i])) add_file(s, r, &s->files[i]);
    r->unknown = layout_takes_new(&s->layout)      ? UNKNOWN_ADD
                 : s->layout.drift == DRIFT_RESCUE ? UNKNOWN_RESCUE
                                                   : UNKNOWN_REFUSE;
    r->refused = s->in->refused;
    r->load = s->in->load;
    r->stop = s->in->stop;
    r->arena = s->a;
    return r;
}

static char *build_select(struct staging *s, int64_t handle)
{
    struct buf *sql = buf_new(s->a, (size_t)64 << 20);
    buf_add_str(sql, "select ");
    for (size_t i = 0; i < s->layout.n_columns; i++) {
        const char *name = s->layout.columns[i].name;
        if (i) buf_add_str(sql, ", ");
        if (strcmp(name, "_load") == 0) buf_printf(sql, "%lld::bigint as ", (long long)s->in->load);
        if (strcmp(name, "_loaded_at") == 0)
            buf_printf(sql, "make_timestamp(%lld) at time zone 'UTC' as ", (long long)s->in->loaded_at_us);
        buf_add_sql_name(sql, name);
    }
    buf_printf(sql, " from ingot_read(%lld)", (long long)handle);
    return sql->p;
}

static void forget_all(struct staging *s, const struct reading *r)
{
    for (size_t i = 0; i < r->n_files; i++) {
        text_file_rewind(r->files[i].text);
        refused_forget_file(s->in->refused, str_of(r->files[i].text->path));
    }
}

/* After a reading that was abandoned: did it bring something to light that the next one will do without? */
static bool learned(struct staging *s, const struct reading *r)
{
    bool any = r->n_new_columns > 0;
    for (size_t i = 0; i < r->n_new_columns; i++) {
        layout_add(&s->layout, r->new_columns[i], "string", false);
        if (!s->layout.creating) stage_note(s, "%s: new column %s", s->in->table->name, r->new_columns[i]);
    }
    for (size_t i = 0; i < r->n_files; i++) any |= r->files[i].text->problem[0] != 0;
    return any;
}

static enum rc copy_once(struct staging *s, struct reading *r, bool *ret_again, struct err *e)
{
    int64_t handle = reading_open(r);
    struct parquet_file *files = NULL;
    size_t n = 0;
    struct parquet_options o = {
        .directory = s->in->directory, .columns = s->layout.columns, .n_columns = s->layout.n_columns};
    int64_t bytes = 0;
    for (size_t i = 0; i < r->n_files; i++)
        bytes += r->files[i].text->status.size * (r->files[i].text->compression ? 8 : 1);
    if (bytes > 4 * FILE_SIZE) o.file_size_bytes = FILE_SIZE;
    enum rc rc = session_copy_parquet(s->a, s->session, build_select(s, handle), &o, &files, &n, e);
    reading_close(handle);
    *ret_again = rc != RC_OK && rc != RC_INTERRUPTED && !stage_stopped(s) && learned(s, r);
    if (*ret_again) rc = RC_OK;
    if (rc == RC_OK && !*ret_again) stage_add_data(s, files, n);
    return rc;
}

/* What went into each file's ledger entry, and whether the counts agree. */
static enum rc account(struct staging *s, const struct reading *r, struct err *e)
{
    for (size_t i = 0; i < s->n_files; i++) {
        struct staged_file *f = &s->files[i];
        if (!is_text(f)) continue;
        int64_t rows = f->text.rows, malformed = f->text.malformed;
        if (!f->text.done || f->text.records != rows + malformed)
            return err_set(e, RC_INTERNAL,
                           "%s: it holds %lld records, but %lld rows and %lld malformed records came out of it",
                           f->text.path, (long long)f->text.records, (long long)rows, (long long)malformed);
        f->entry->records = f->text.records;
        f->entry->rows = rows;
        f->entry->malformed = malformed;
        f->entry->hash = arena_strdup(s->a, f->text.hash.hex);
        f->entry->size = f->text.status.size;
        f->entry->mtime_us = f->text.status.mtime_us;
        f->entry->columns = f->text.columns;
        f->entry->n_columns = f->text.n_columns;
    }
    int64_t written = 0;
    for (size_t i = 0; i < s->out->n_data; i++) written += s->out->data[i].records;
    if (written != r->delivered)
        return err_set(e, RC_INTERNAL, "%s: %lld rows were read, but %lld were written", s->in->table->name,
                       (long long)r->delivered, (long long)written);
    return RC_OK;
}

enum rc stage_text(struct staging *s, struct err *e)
{
    enum rc rc = reading_register(s->session, e);
    for (bool again = true; rc == RC_OK && again;) {
        struct reading *r = build_reading(s);
        again = false;
        if (!r->n_files) break;
        forget_all(s, r); /* of an earlier attempt */
        rc = copy_once(s, r, &again, e);
        if (rc == RC_OK && !again) rc = account(s, r, e);
        if (rc != RC_OK || again) forget_all(s, r);
    }
    for (size_t i = 0; i < s->n_files; i++)
        if (!s->files[i].typed) text_file_rewind(&s->files[i].text);
    return rc;
}
