/* Entries are lines of JSON, first in memory and then in a temporary file, which the same reader as for raw files turns
 * into Parquet. Forgetting a file leaves its lines where they are: they carry a number, and those up to the number at
 * which their file was forgotten do not count. */
#include "source/refused.h"

#include "base/hash.h"
#include "base/os.h"
#include "source/name_index.h"
#include "source/reading.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define MEMORY_MAX ((size_t)16 << 20)

const struct delta_column quarantine_columns[] = {
    {.name = "_table", .type = "string", .nullable = true},
    {.name = "_run", .type = "string", .nullable = true},
    {.name = "_refused_at", .type = "timestamp", .nullable = true},
    {.name = "rule", .type = "string", .nullable = true},
    {.name = "reason", .type = "string", .nullable = true},
    {.name = "reasons", .type = "string", .nullable = true},
    {.name = "column_name", .type = "string", .nullable = true},
    {.name = "value", .type = "string", .nullable = true},
    {.name = "_file", .type = "string", .nullable = true},
    {.name = "_row", .type = "long", .nullable = true},
    {.name = "_line", .type = "long", .nullable = true},
    {.name = "_load", .type = "long", .nullable = true},
    {.name = "row", .type = "string", .nullable = true},
    {.name = "raw", .type = "string", .nullable = true},
};
const size_t n_quarantine_columns = sizeof quarantine_columns / sizeof *quarantine_columns;

struct count {
    char *file, *rule; /* file "" stands for none */
    int64_t n;
};
struct forgotten {
    char *file;
    int64_t until;
};

struct refused_sink {
    struct arena *arena;
    pthread_mutex_t lock;
    const char *table, *run, *path; /* path: of the temporary file */
    int64_t at_us, sequence;
    struct buf lines;
    int fd;     /* -1: everything is in memory */
    int failed; /* errno of a write that failed */
    struct count *counts;
    size_t n_counts;
    struct count **slots; /* hash table of counts, twice their number at least */
    size_t n_slots;
    struct forgotten *forgotten;
    size_t n_forgotten;
};

static void release(void *data)
{
    struct refused_sink *s = data;
    if (s->fd >= 0) close(s->fd);
    if (s->fd >= 0) unlink(s->path);
    buf_release(&s->lines);
    free(s->counts);
    free(s->slots);
    pthread_mutex_destroy(&s->lock);
    arena_free(s->arena);
    free(s);
}

struct refused_sink *refused_new(struct arena *a, const char *temp_dir, const char *table, const char *run,
                                 int64_t at_us)
{
    struct refused_sink *s = calloc(1, sizeof *s);
    char uuid[37];
    if (!s) abort();
    os_uuid(uuid);
    s->arena = arena_new();
    s->table = arena_strdup(s->arena, table);
    s->run = run ? arena_strdup(s->arena, run) : NULL;
    s->path = path_join(s->arena, temp_dir, arena_printf(s->arena, "refused-%s.ndjson", uuid));
    s->at_us = at_us;
    s->fd = -1;
    buf_init(&s->lines, BUF_DEFAULT_MAX);
    pthread_mutex_init(&s->lock, NULL);
    arena_defer(a, release, s);
    return s;
}

/* --- counts by file and rule --- */

static size_t hash_text(size_t h, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)p[i]) * 1099511628211u;
    return h ^ h >> 31;
}

static bool text_is(const char *text, struct str s)
{
    return strlen(text) == s.n && (s.n == 0 || memcmp(text, s.p, s.n) == 0);
}

static struct count **find_slot(struct refused_sink *s, struct str file, struct str rule)
{
    size_t h = hash_text(hash_text(14695981039346656037u, file.p, file.n), rule.p, rule.n);
    for (;; h++) {
        struct count **slot = &s->slots[h & (s->n_slots - 1)];
        if (!*slot || (text_is((*slot)->file, file) && text_is((*slot)->rule, rule))) return slot;
    }
}

static void grow_counts(struct refused_sink *s)
{
    if (s->n_counts * 2 < s->n_slots) return;
    s->n_slots = s->n_slots ? s->n_slots * 2 : 64;
    free(s->slots);
    s->slots = calloc(s->n_slots, sizeof(struct count *));
    s->counts = realloc(s->counts, (s->n_slots / 2 + 1) * sizeof *s->counts);
    if (!s->slots || !s->counts) abort();
    for (size_t i = 0; i < s->n_counts; i++)
        *find_slot(s, str_of(s->counts[i].file), str_of(s->counts[i].rule)) = &s->counts[i];
}

static void count(struct refused_sink *s, struct str file, struct str rule)
{
    grow_counts(s);
    struct count **slot = find_slot(s, file, rule);
    if (!*slot) {
        *slot = &s->counts[s->n_counts++];
        **slot = (struct count){arena_strndup(s->arena, file.n ? file.p : "", file.n),
                                arena_strndup(s->arena, rule.n ? rule.p : "", rule.n), 0};
    }
    (*slot)->n++;
}

int64_t refused_count(struct refused_sink *s)
{
    int64_t n = 0;
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->n_counts; i++) n += s->counts[i].n;
    pthread_mutex_unlock(&s->lock);
    return n;
}

void refused_by_rule(struct arena *a, struct refused_sink *s, struct rule_count **ret, size_t *ret_n)
{
    *ret = NULL;
    *ret_n = 0;
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->n_counts; i++) {
        size_t k = 0;
        if (!s->counts[i].n) continue;
        while (k < *ret_n && strcmp((*ret)[k].rule, s->counts[i].rule) != 0) k++;
        if (k == *ret_n) ARENA_PUSH(a, *ret, *ret_n)->rule = arena_strdup(a, s->counts[i].rule);
        (*ret)[k].n += s->counts[i].n;
    }
    pthread_mutex_unlock(&s->lock);
}

void refused_forget_file(struct refused_sink *s, struct str file)
{
    int64_t n = 0;
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->n_counts; i++) {
        if (!s->counts[i].n || !text_is(s->counts[i].file, file)) continue;
        n += s->counts[i].n;
        s->counts[i].n = 0;
    }
    if (n)
        *ARENA_PUSH(s->arena, s->forgotten, s->n_forgotten) =
            (struct forgotten){arena_strndup(s->arena, file.p, file.n), s->sequence};
    pthread_mutex_unlock(&s->lock);
}

/* --- entries --- */

static void add_text(struct buf *b, const char *key, struct str value)
{
    if (!value.n) return;
    buf_printf(b, ",\"%s\":", key);
    buf_add_json_string(b, value.p, value.n);
}

static void add_number(struct buf *b, const char *key, int64_t value)
{
    if (value >= 0) buf_printf(b, ",\"%s\":%lld", key, (long long)value);
}

static void spill(struct refused_sink *s)
{
    if (s->fd < 0 && !s->failed) {
        s->fd = open(s->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (s->fd < 0) s->failed = errno;
    }
    for (size_t done = 0; done < s->lines.n && !s->failed;) {
        ssize_t n = write(s->fd, s->lines.p + done, s->lines.n - done);
        if (n < 0 && errno != EINTR) s->failed = errno;
        else if (n > 0) done += (size_t)n;
    }
    buf_clear(&s->lines);
}

/* A value that goes through JSON must not hold NUL, which the reader refuses: callers hand over text. */
void refused_add(struct refused_sink *s, const struct refused *r)
{
    pthread_mutex_lock(&s->lock);
    count(s, r->file, r->rule);
    struct buf *b = &s->lines;
    buf_printf(b, "{\"_seq\":%lld", (long long)++s->sequence);
    add_text(b, "rule", r->rule);
    add_text(b, "reason", r->reason);
    add_text(b, "reasons", r->reasons);
    add_text(b, "column_name", r->column);
    add_text(b, "value", r->value);
    add_text(b, "_file", r->file);
    add_number(b, "_row", r->row);
    add_number(b, "_line", r->line);
    add_number(b, "_load", r->load);
    add_text(b, "row", r->row_json);
    if (r->raw.p) {
        buf_add_str(b, ",\"raw\":");
        buf_add_json_string(b, r->raw.p, r->raw.n);
    }
    buf_add_str(b, "}\n");
    if (b->overflow) s->failed = ENOMEM;
    if (b->n >= MEMORY_MAX) spill(s);
    pthread_mutex_unlock(&s->lock);
}

/* --- writing --- */

static void build_select(struct refused_sink *s, int64_t handle, struct buf *sql)
{
    buf_add_str(sql, "select ");
    for (size_t i = 0; i < n_quarantine_columns; i++) {
        const struct delta_column *c = &quarantine_columns[i];
        if (i) buf_add_str(sql, ", ");
        if (strcmp(c->name, "_table") == 0) buf_add_sql_string(sql, s->table);
        else if (strcmp(c->name, "_run") == 0) buf_add_sql_string(sql, s->run);
        else if (strcmp(c->name, "_refused_at") == 0)
            buf_printf(sql, "make_timestamp(%lld) at time zone 'UTC'", (long long)s->at_us);
        else buf_add_sql_name(sql, c->name);
        if (strcmp(c->type, "long") == 0) buf_add_str(sql, "::bigint");
        else if (strcmp(c->type, "string") == 0) buf_add_str(sql, "::varchar");
        buf_add_str(sql, " as ");
        buf_add_sql_name(sql, c->name);
    }
    buf_printf(sql, " from ingot_read(%lld) r", (long long)handle);
    if (!s->n_forgotten) return;
    buf_add_str(sql, " where not exists (select 1 from (values ");
    for (size_t i = 0; i < s->n_forgotten; i++) {
        buf_add_str(sql, i ? ", (" : "(");
        buf_add_sql_string(sql, s->forgotten[i].file);
        buf_printf(sql, ", %lld)", (long long)s->forgotten[i].until);
    }
    buf_add_str(sql, ") f(file, until) where f.file = r._file and r._seq::bigint <= f.until)");
}

/* A reading of the temporary file: NDJSON with the columns of quarantine and the entry's number. */
static struct reading *open_lines(struct arena *a, struct refused_sink *s)
{
    struct source *source = ARENA_NEW(a, struct source);
    struct text_file *f = ARENA_NEW(a, struct text_file);
    struct reading *r = ARENA_NEW(a, struct reading);
    *f = (struct text_file){
        .path = s->path, .full_path = s->path, .source = source, .format = FORMAT_NDJSON, .data_line = 1};
    pthread_mutex_init(&f->lock, NULL);
    r->n_columns = n_quarantine_columns + 1;
    r->columns = ARENA_ARRAY(a, struct read_column, r->n_columns);
    r->index = name_index_new(a, r->n_columns);
    for (size_t i = 0; i < r->n_columns; i++) {
        r->columns[i].name = i < n_quarantine_columns ? quarantine_columns[i].name : "_seq";
        name_index_add(r->index, r->columns[i].name, (int)i);
    }
    r->files = ARENA_NEW(a, struct reading_file);
    r->files->text = f;
    r->n_files = 1;
    r->unknown = UNKNOWN_REFUSE;
    r->arena = a;
    return r;
}

enum rc refused_write(struct arena *a, struct refused_sink *s, struct session *session, const char *directory,
                      struct parquet_file **ret, size_t *ret_n, struct err *e)
{
    *ret = NULL;
    *ret_n = 0;
    if (refused_count(s) == 0) return RC_OK;
    spill(s);
    if (s->failed) return err_set_errno(e, RC_UNREACHABLE, s->failed, "cannot keep refused rows in %s", s->path);
    struct reading *r = open_lines(a, s);
    int64_t handle = reading_open(r), written = 0;
    struct buf sql;
    enum rc rc;
    buf_init(&sql, (size_t)64 << 20);
    TRY(reading_register(session, e));
    build_select(s, handle, &sql);
    struct parquet_options o = {.directory = directory,
                                .columns = quarantine_columns,
                                .n_columns = n_quarantine_columns,
                                .order_by = "_file, _row"};
    TRY(session_copy_parquet(a, session, sql.p, &o, ret, ret_n, e));
    for (size_t i = 0; i < *ret_n; i++) written += (*ret)[i].records;
    if (written != refused_count(s))
        rc = err_set(e, RC_INTERNAL, "%lld rows were refused, but quarantine holds %lld", (long long)refused_count(s),
                     (long long)written);
out:
    reading_close(handle);
    text_file_rewind(r->files->text);
    buf_release(&sql);
    return rc;
}
