/* Parquet files: read by the engine, one SELECT for each file, several of them in one COPY. A file whose damage shows
 * only while its pages are read is found by staging the files of a failed COPY one by one. */
#include "base/text.h"
#include "source/file_hash.h"
#include "source/name_index.h"
#include "source/stage.h"

#include <stdlib.h>

#define FILES_IN_ONE_COPY 64

/* The engine takes a path for a glob; a character in brackets stands for itself. */
static void add_path(struct arena *a, struct buf *sql, const char *path)
{
    struct buf *b = buf_new(a, 64 * 1024);
    for (; *path; path++) {
        if (strchr("*?[", *path)) buf_printf(b, "[%c]", *path);
        else buf_add_char(b, *path);
    }
    buf_add_sql_string(sql, b->p);
}

static void add_reader(struct arena *a, struct buf *sql, const struct staged_file *f)
{
    buf_add_str(sql, "read_parquet(");
    add_path(a, sql, f->text.full_path);
    buf_add_str(sql, ", hive_partitioning=false)");
}

/* --- what a file is --- */

static bool is_of_the_file(enum rc rc)
{
    return rc != RC_OK && rc != RC_INTERRUPTED && rc != RC_INTERNAL;
}

static void refuse(struct staged_file *f, const struct err *e)
{
    text_file_fail(&f->text, "cannot be read as Parquet: %.300s", e->message);
}

static void check_columns(struct staging *s, struct staged_file *f)
{
    struct name_index *x = name_index_new(s->a, f->n_typed_columns);
    for (size_t i = 0; i < f->n_typed_columns; i++) {
        const char *name = f->typed_columns[i].name;
        if (!*name) text_file_fail(&f->text, "column %zu has no name", i + 1);
        else if (is_added_column(name))
            text_file_fail(&f->text, "the column name '%s' is one that ingot adds itself; rename it in the file", name);
        else if (name_index_find(x, str_of(name)) >= 0)
            text_file_fail(&f->text, "two columns have the name '%s' (letter case makes no difference)", name);
        name_index_add(x, name, (int)i);
    }
}

/* Looks whether the file is one at all before the engine does, for the sake of the message. */
static bool look_at(struct staged_file *f, struct err *e)
{
    bool exists = false;
    struct hash h;
    if (os_stat(f->text.full_path, &f->text.status, &exists, e) != RC_OK) text_file_fail(&f->text, "%s", e->message);
    else if (!exists) text_file_fail(&f->text, "it is gone");
    else if (f->text.status.is_dir) text_file_fail(&f->text, "is a directory, not a file");
    else if (!f->text.status.is_regular)
        text_file_fail(&f->text, "is not a regular file (a pipe, a socket or a device)");
    else if (f->text.status.size == 0) text_file_fail(&f->text, "is empty (0 bytes)");
    else if (!file_hash(f->text.full_path, &h)) text_file_fail(&f->text, "cannot be read");
    else f->text.hash = h;
    *e = (struct err){0};
    return !f->text.problem[0];
}

enum rc probe_parquet(struct staging *s, struct staged_file *f, struct err *e)
{
    if (!look_at(f, e)) return RC_OK;
    struct buf *sql = buf_new(s->a, 1 << 20), *count = buf_new(s->a, 1 << 20);
    buf_add_str(sql, "select * from ");
    add_reader(s->a, sql, f);
    enum rc rc = session_describe(s->a, s->session, sql->p, &f->typed_columns, &f->n_typed_columns, e);
    if (rc == RC_OK) {
        add_path(s->a, count, f->text.full_path);
        rc = session_query_int(s->session, &f->typed_rows, e,
                               "select sum(num_rows)::bigint from parquet_file_metadata(%s)", count->p);
    }
    if (rc == RC_OK) {
        check_columns(s, f);
        f->entry->hash = arena_strdup(s->a, f->text.hash.hex);
        f->entry->size = f->text.status.size;
        f->entry->mtime_us = f->text.status.mtime_us;
    }
    if (!is_of_the_file(rc)) return rc;
    refuse(f, e);
    *e = (struct err){0};
    return RC_OK;
}

/* --- SELECT --- */

static const struct described_column *find_column(const struct staged_file *f, const char *name)
{
    for (size_t i = 0; i < f->n_typed_columns; i++)
        if (compare_names(f->typed_columns[i].name, name) == 0) return &f->typed_columns[i];
    return NULL;
}

static const char *hive_value(const struct staged_file *f, const char *name)
{
    const struct found_file *found = f->decision->found;
    for (size_t i = 0; i < found->n_hive; i++)
        if (compare_names(found->hive[i].key, name) == 0) return found->hive[i].value;
    return NULL;
}

/* Columns that the table does not have, as the text of a JSON object. */
static void add_rescued(struct staging *s, struct buf *sql, const struct staged_file *f)
{
    bool any = false;
    for (size_t i = 0; i < f->n_typed_columns; i++) {
        if (layout_find(&s->layout, str_of(f->typed_columns[i].name)) >= 0) continue;
        buf_add_str(sql, any ? ", " : "to_json({");
        buf_add_sql_string(sql, f->typed_columns[i].name);
        buf_add_str(sql, ": ");
        buf_add_sql_name(sql, f->typed_columns[i].name);
        any = true;
    }
    buf_add_str(sql, any ? "})" : "NULL");
}

static void add_value(struct staging *s, struct buf *sql, const struct staged_file *f, const char *name)
{
    const struct described_column *c = find_column(f, name);
    if (strcmp(name, "_file") == 0) buf_add_sql_string(sql, f->text.path);
    else if (strcmp(name, "_row") == 0) buf_add_str(sql, "file_row_number + 1");
    else if (strcmp(name, "_load") == 0) buf_printf(sql, "%lld", (long long)s->in->load);
    else if (strcmp(name, "_loaded_at") == 0)
        buf_printf(sql, "make_timestamp(%lld) at time zone 'UTC'", (long long)s->in->loaded_at_us);
    else if (strcmp(name, "_rescued") == 0) add_rescued(s, sql, f);
    else if (!c) buf_add_sql_string(sql, hive_value(f, name));
    else if (c->cast_to) {
        buf_add_str(sql, "cast(");
        buf_add_sql_name(sql, c->name);
        buf_printf(sql, " as %s)", c->cast_to);
    } else {
        buf_add_sql_name(sql, c->name);
    }
}

static void add_select(struct staging *s, struct buf *sql, const struct staged_file *f)
{
    buf_add_str(sql, "select ");
    for (size_t i = 0; i < s->layout.n_columns; i++) {
        const struct delta_column *c = &s->layout.columns[i];
        buf_add_str(sql, i ? ", cast(" : "cast(");
        add_value(s, sql, f, c->name);
        buf_printf(sql, " as %s) as ", engine_type_of_delta(s->a, c->type));
        buf_add_sql_name(sql, c->name);
    }
    buf_add_str(sql, " from ");
    add_reader(s->a, sql, f);
}

static enum rc copy(struct staging *s, struct staged_file **files, size_t n, struct err *e)
{
    struct buf *sql = buf_new(s->a, (size_t)256 << 20);
    struct parquet_options o = {
        .directory = s->in->directory, .columns = s->layout.columns, .n_columns = s->layout.n_columns};
    struct parquet_file *written = NULL;
    size_t n_written = 0;
    int64_t expected = 0, rows = 0;
    for (size_t i = 0; i < n; i++) {
        if (i) buf_add_str(sql, "\nunion all ");
        add_select(s, sql, files[i]);
        expected += files[i]->typed_rows;
    }
    enum rc rc = session_copy_parquet(s->a, s->session, sql->p, &o, &written, &n_written, e);
    for (size_t i = 0; rc == RC_OK && i < n_written; i++) rows += written[i].records;
    if (rc == RC_OK && rows != expected)
        rc = err_set(e, RC_INTERNAL, "%s and %zu more files: they hold %lld rows, but %lld were written",
                     files[0]->text.path, n - 1, (long long)expected, (long long)rows);
    if (rc == RC_OK) stage_add_data(s, written, n_written);
    return rc;
}

/* --- the order of things --- */

static bool has_changed(const struct staged_file *f)
{
    struct file_status now = {0}, then = f->text.status;
    bool exists = false;
    return os_stat(f->text.full_path, &now, &exists, NULL) != RC_OK || !exists || now.size != then.size ||
           now.mtime_us != then.mtime_us || now.inode != then.inode;
}

/* The files of a COPY that failed, one by one: those that are at fault are refused. */
static enum rc copy_singly(struct staging *s, struct staged_file **files, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        *e = (struct err){0};
        enum rc rc = copy(s, &files[i], 1, e);
        if (rc == RC_OK) continue;
        if (!is_of_the_file(rc) || stage_stopped(s)) return rc;
        refuse(files[i], e);
        *e = (struct err){0};
    }
    return RC_OK;
}

static enum rc copy_group(struct staging *s, struct staged_file **files, size_t n, struct err *e)
{
    size_t before = s->out->n_data;
    enum rc rc = copy(s, files, n, e);
    if (is_of_the_file(rc) && !stage_stopped(s)) rc = copy_singly(s, files, n, e);
    for (size_t i = 0; rc == RC_OK && i < n; i++) {
        if (!is_loadable(files[i]) || !has_changed(files[i])) continue;
        text_file_fail(&files[i]->text, "changed while it was read; it is tried again on the next run");
        s->out->n_data = before; /* what was written of it does not count: once more without it */
        size_t left = 0;
        for (size_t k = 0; k < n; k++)
            if (is_loadable(files[k])) files[left++] = files[k];
        return left ? copy_group(s, files, left, e) : RC_OK;
    }
    return rc;
}

static void account(struct staging *s, struct staged_file *f)
{
    f->entry->records = f->entry->rows = f->typed_rows;
    f->entry->columns = ARENA_ARRAY(s->a, const char *, f->n_typed_columns + 1);
    f->entry->n_columns = f->n_typed_columns;
    for (size_t i = 0; i < f->n_typed_columns; i++) f->entry->columns[i] = f->typed_columns[i].name;
}

enum rc stage_parquet(struct staging *s, struct err *e)
{
    struct staged_file *group[FILES_IN_ONE_COPY];
    size_t n = 0;
    for (size_t i = 0; i < s->n_files; i++) {
        struct staged_file *f = &s->files[i];
        if (f->typed && is_loadable(f)) group[n++] = f;
        if (n == 0 || (n < FILES_IN_ONE_COPY && i + 1 < s->n_files)) continue;
        enum rc rc = copy_group(s, group, n, e);
        if (rc != RC_OK) return rc;
        n = 0;
    }
    for (size_t i = 0; i < s->n_files; i++)
        if (s->files[i].typed && is_loadable(&s->files[i])) account(s, &s->files[i]);
    return RC_OK;
}
