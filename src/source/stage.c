#include "source/stage.h"

#include "base/text.h"
#include "source/file_hash.h"

#include <stdio.h>
#include <stdlib.h>

bool is_loadable(const struct staged_file *f)
{
    return !f->text.problem[0] && !f->left_out;
}

void stage_note(const struct staging *s, const char *format, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    if (s->in->note) s->in->note(s->in->note_data, text);
}

bool stage_stopped(const struct staging *s)
{
    return s->in->stop && *(volatile bool *)s->in->stop;
}

void stage_add_data(struct staging *s, const struct parquet_file *files, size_t n)
{
    for (size_t i = 0; i < n; i++) *ARENA_PUSH(s->a, s->out->data, s->out->n_data) = files[i];
}

/* --- what each file is --- */

/* A file that was refused before is likely to be refused again: it is read to its end first, alone, so that its damage
 * does not cost the others a second staging on every run. */
static void try_alone(struct text_file *f)
{
    struct block b = {0};
    while (text_file_next(f, &b)) {}
    block_release(&b);
    text_file_rewind(f);
}

static enum rc probe(struct staging *s, struct staged_file *f, struct err *e)
{
    const struct source *source = s->in->table->source;
    enum file_format format = source->format != FORMAT_AUTO ? source->format : format_of(f->text.path);
    f->text.source = source;
    f->text.format = format;
    f->text.compression = compression_of(f->text.path);
    f->typed = format == FORMAT_PARQUET;
    if (format == FORMAT_AUTO)
        text_file_fail(
            &f->text, "its name does not say what it is; `format: csv`, json, ndjson or parquet under `from:` says it");
    else if (f->typed && f->text.compression != COMPRESSION_NONE)
        text_file_fail(&f->text, "Parquet files are compressed inside; %s around one is not read",
                       path_base(f->text.path));
    else if (f->typed) return probe_parquet(s, f, e);
    else text_file_probe(s->a, &f->text);
    if (f->decision->fate == FILE_RETRY && !f->typed && is_loadable(f)) try_alone(&f->text);
    return RC_OK;
}

/* Text and typed files in one table would make every value's type an accident. */
static void refuse_mixture(struct staging *s)
{
    bool known = s->in->n_existing > 0, typed = false;
    for (size_t i = 0; i < s->in->n_existing; i++)
        typed |= !is_added_column(s->in->existing[i].name) && strcmp(s->in->existing[i].type, "string") != 0;
    for (size_t i = 0; i < s->n_files; i++) {
        struct staged_file *f = &s->files[i];
        if (!is_loadable(f)) continue;
        bool only_text = !f->typed;
        for (size_t c = 0; c < f->n_typed_columns && !only_text; c++)
            only_text = strcmp(f->typed_columns[c].delta_type, "string") == 0 && c + 1 == f->n_typed_columns;
        if (!known) {
            known = true;
            typed = f->typed;
        } else if (typed && !f->typed) {
            text_file_fail(&f->text,
                           "is a text file, but the table's columns are typed; give text files a source of their own");
        } else if (!typed && f->typed && !only_text && s->in->n_existing == 0) {
            text_file_fail(&f->text, "is typed (Parquet), but the table's columns are text; give typed files "
                                     "a source of their own");
        }
    }
}

/* --- the same content twice --- */

struct content {
    const char *hash, *path;
    struct staged_file *file; /* NULL: in the ledger */
};

static int by_hash(const void *x, const void *y)
{
    const struct content *a = x, *b = y;
    int order = strcmp(a->hash, b->hash);
    if (order) return order;
    if (!a->file != !b->file) return a->file ? 1 : -1;
    return strcmp(a->path, b->path);
}

static const struct staged_file *staged_as(const struct staging *s, const char *path)
{
    for (size_t i = 0; i < s->n_files; i++)
        if (strcmp(s->files[i].text.path, path) == 0) return &s->files[i];
    return NULL;
}

/* All contents with rows that the table has or gets, ordered so that the one that stays comes first. */
static struct content *list_contents(struct staging *s, size_t *ret_n)
{
    const struct ledger *l = s->in->ledger;
    size_t n = 0, n_known = l ? l->n_files : 0;
    struct content *c = ARENA_ARRAY(s->a, struct content, n_known + s->n_files + 1);
    for (size_t i = 0; i < n_known; i++) {
        const struct ledger_file *f = &l->files[i];
        if (f->hash && !f->problem && !f->same_as && !staged_as(s, f->path))
            c[n++] = (struct content){f->hash, f->path, NULL};
    }
    for (size_t i = 0; i < s->n_files; i++)
        if (is_loadable(&s->files[i]) && s->files[i].entry->hash)
            c[n++] = (struct content){s->files[i].entry->hash, s->files[i].text.path, &s->files[i]};
    qsort(c, n, sizeof *c, by_hash);
    *ret_n = n;
    return c;
}

/* `skip`: identity is content, so only the first counts. Otherwise both are loaded, with a warning. */
static void find_twins(struct staging *s, bool skip)
{
    size_t n;
    struct content *c = list_contents(s, &n);
    for (size_t i = 1, first = 0; i < n; i++) {
        if (strcmp(c[i].hash, c[first].hash) != 0) {
            first = i;
            continue;
        }
        if (!c[i].file) continue;
        if (skip) {
            c[i].file->left_out = true;
            c[i].file->entry->same_as = c[first].path;
            stage_note(s, "%s: has the same content as %s and is skipped (identity: content)", c[i].path,
                       c[first].path);
        } else {
            stage_note(s,
                       "%s: has the same content as %s; both are loaded (`identity: content` under `from:` "
                       "loads one)",
                       c[i].path, c[first].path);
        }
    }
}

static void hash_all(struct staging *s)
{
    struct hash h;
    for (size_t i = 0; i < s->n_files && !stage_stopped(s); i++)
        if (is_loadable(&s->files[i]) && file_hash(s->files[i].text.full_path, &h))
            s->files[i].entry->hash = arena_strdup(s->a, h.hex);
}

/* --- columns --- */

static void refuse_types(struct staging *s, struct staged_file *f, const char *name, const char *has, const char *gets)
{
    text_file_fail(&f->text, "column %s is %s in the table, but %s in the file", name, has, gets);
    (void)s;
}

/* Can every value of type `from` be one of type `to`? */
static bool is_lossless(const char *from, const char *to)
{
    static const char *const integers[] = {"byte", "short", "integer", "long"};
    int f = -1, t = -1;
    for (int i = 0; i < 4; i++) {
        if (strcmp(from, integers[i]) == 0) f = i;
        if (strcmp(to, integers[i]) == 0) t = i;
    }
    if (strcmp(from, to) == 0 || (f >= 0 && t >= f) || (f >= 0 && f < 3 && strcmp(to, "double") == 0)) return true;
    if (strcmp(from, "float") == 0 && strcmp(to, "double") == 0) return true;
    int fp, fs, tp, ts;
    if (sscanf(from, "decimal(%d,%d)", &fp, &fs) == 2 && sscanf(to, "decimal(%d,%d)", &tp, &ts) == 2)
        return ts >= fs && tp - ts >= fp - fs;
    return strcmp(to, "string") == 0 &&
           (f >= 0 || strcmp(from, "boolean") == 0 || strcmp(from, "date") == 0 || strncmp(from, "decimal", 7) == 0);
}

static bool has_name(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (compare_names(names[i], name) == 0) return true;
    return false;
}

static bool is_hive_column(const struct staged_file *f, const char *name)
{
    for (size_t i = 0; i < f->decision->found->n_hive; i++)
        if (compare_names(f->decision->found->hive[i].key, name) == 0) return true;
    return false;
}

/* With `freeze` nothing may be new or missing; types must fit in any case. */
static void judge_columns(struct staging *s, struct staged_file *f, const char *const *names, const char *const *types,
                          size_t n, bool complete)
{
    struct layout *l = &s->layout;
    for (size_t i = 0; i < n; i++) {
        int c = layout_find(l, str_of(names[i]));
        if (c >= 0 && !is_lossless(types[i], l->columns[c].type)) {
            refuse_types(s, f, names[i], l->columns[c].type, types[i]);
            return;
        }
        if (c < 0 && !layout_takes_new(l) && l->drift == DRIFT_FREEZE)
            text_file_fail(&f->text, "has the column '%s', which the table does not have (drift: freeze)", names[i]);
    }
    for (size_t c = 0; c < s->in->n_existing && complete; c++) {
        const char *name = s->in->existing[c].name;
        if (is_added_column(name) || has_name(names, n, name) || is_hive_column(f, name)) continue;
        if (l->drift == DRIFT_FREEZE)
            text_file_fail(&f->text, "lacks the column '%s', which the table has (drift: freeze)", name);
        else stage_note(s, "%s: lacks the column %s; its rows have NULL there", f->text.path, name);
    }
}

void stage_columns(struct staging *s, struct staged_file *f, const char *const *names, const char *const *types,
                   size_t n, bool complete)
{
    struct layout *l = &s->layout;
    judge_columns(s, f, names, types, n, complete);
    for (size_t i = 0; i < n && !f->text.problem[0]; i++) {
        if (layout_find(l, str_of(names[i])) >= 0) continue;
        if (layout_takes_new(l)) layout_add(l, names[i], types[i], types[i][0] == '{' || types[i][0] == '"');
        if (l->creating) continue;
        if (l->drift == DRIFT_RESCUE) stage_note(s, "%s: the column %s is kept in _rescued", f->text.path, names[i]);
        else stage_note(s, "%s: new column %s", f->text.path, names[i]);
    }
}

static void place_columns(struct staging *s)
{
    for (size_t i = 0; i < s->n_files; i++) {
        struct staged_file *f = &s->files[i];
        if (!is_loadable(f)) continue;
        size_t n = f->typed ? f->n_typed_columns : f->text.n_columns;
        const char **names = ARENA_ARRAY(s->a, const char *, n + 1), **types = ARENA_ARRAY(s->a, const char *, n + 1);
        for (size_t k = 0; k < n; k++) {
            names[k] = f->typed ? f->typed_columns[k].name : f->text.columns[k];
            types[k] = f->typed ? f->typed_columns[k].delta_type : "string";
        }
        stage_columns(s, f, names, types, n, f->typed || f->text.format == FORMAT_CSV);
    }
    for (size_t i = 0; i < s->n_files; i++) { /* folders come after what the files hold */
        const struct found_file *found = s->files[i].decision->found;
        for (size_t k = 0; k < found->n_hive && is_loadable(&s->files[i]); k++) {
            if (is_added_column(found->hive[k].key))
                text_file_fail(&s->files[i].text, "its folder %s= has the name of a column that ingot adds itself",
                               found->hive[k].key);
            else if (layout_find(&s->layout, str_of(found->hive[k].key)) >= 0) continue;
            else if (layout_takes_new(&s->layout)) layout_add(&s->layout, found->hive[k].key, "string", false);
        }
    }
}

/* --- the order of things --- */

static void make_entry(struct staging *s, size_t i)
{
    struct staged_file *f = &s->files[i];
    const struct found_file *found = f->decision->found;
    f->text.path = found->path;
    f->text.full_path = found->full_path;
    f->entry = &s->out->files[i];
    *f->entry = (struct ledger_file){.path = found->path,
                                     .size = found->size,
                                     .mtime_us = found->mtime_us,
                                     .loaded_at_us = s->in->loaded_at_us,
                                     .load = s->in->load};
}

static void sum_up(struct staging *s)
{
    for (size_t i = 0; i < s->n_files; i++) {
        struct staged_file *f = &s->files[i];
        if (f->text.problem[0]) {
            f->entry->problem = arena_strdup(s->a, f->text.problem);
            f->entry->records = f->entry->rows = f->entry->malformed = 0;
            s->out->refused_whole++;
        }
        s->out->records += f->entry->records;
        s->out->rows += f->entry->rows;
        s->out->malformed += f->entry->malformed;
    }
    s->out->columns = s->layout.columns;
    s->out->n_columns = s->layout.n_columns;
}

enum rc source_stage(struct arena *a, struct session *session, const struct source_input *in,
                     struct source_staged **ret, struct err *e)
{
    struct staging s = {
        .a = a, .session = session, .in = in, .n_files = in->n_files, .out = ARENA_NEW(a, struct source_staged)};
    enum rc rc = RC_OK;
    s.files = ARENA_ARRAY(a, struct staged_file, in->n_files + 1);
    s.out->files = ARENA_ARRAY(a, struct ledger_file, in->n_files + 1);
    s.out->n_files = in->n_files;
    layout_init(a, &s.layout, in);
    for (size_t i = 0; i < s.n_files; i++) {
        s.files[i].decision = &in->files[i];
        make_entry(&s, i);
        TRY(probe(&s, &s.files[i], e));
    }
    refuse_mixture(&s);
    if (in->table->source->identity_content) {
        hash_all(&s);
        find_twins(&s, true);
    }
    place_columns(&s);
    TRY(stage_text(&s, e));
    TRY(stage_parquet(&s, e));
    if (!in->table->source->identity_content) find_twins(&s, false);
    sum_up(&s);
    *ret = s.out;
out:
    return rc;
}
