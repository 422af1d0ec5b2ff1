#include "source/text_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define BLOCK_SIZE ((size_t)4 << 20)
#define SAMPLE_SIZE ((size_t)64 << 10)
#define SAMPLE_MAX ((size_t)16 << 20)
#define KEPT_CAPACITY ((size_t)16 << 20) /* a block that grew beyond it is given back */

enum file_format format_of(const char *path)
{
    static const struct {
        const char *extension;
        enum file_format format;
    } formats[] = {{".csv", FORMAT_CSV},        {".tsv", FORMAT_CSV},       {".txt", FORMAT_CSV},
                   {".json", FORMAT_JSON},      {".ndjson", FORMAT_NDJSON}, {".jsonl", FORMAT_NDJSON},
                   {".parquet", FORMAT_PARQUET}};
    size_t n = strlen(path);
    enum compression c = compression_of(path);
    n -= c == COMPRESSION_GZIP ? 3 : c == COMPRESSION_ZSTD ? 4 : 0;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        size_t m = strlen(formats[i].extension);
        if (n > m && strncasecmp(path + n - m, formats[i].extension, m) == 0) return formats[i].format;
    }
    return FORMAT_AUTO;
}

void text_file_fail(struct text_file *f, const char *format, ...)
{
    va_list ap;
    if (f->problem[0]) return;
    va_start(ap, format);
    vsnprintf(f->problem, sizeof f->problem, format, ap);
    va_end(ap);
}

/* --- blocks --- */

void block_release(struct block *b)
{
    free(b->p);
    *b = (struct block){0};
}

static void block_reserve(struct block *b, size_t capacity)
{
    if (b->capacity > KEPT_CAPACITY && capacity < b->capacity && capacity <= BLOCK_SIZE) block_release(b);
    if (b->capacity >= capacity) return;
    b->p = realloc(b->p, capacity + BLOCK_PADDING);
    if (!b->p) abort();
    b->capacity = capacity;
}

static struct index_result index_block(struct text_file *f, const char *p, size_t n, enum index_end end)
{
    if (f->format == FORMAT_CSV) return csv_index(&f->dialect, p, n, end);
    if (f->format == FORMAT_NDJSON) return ndjson_index(p, n, end);
    return json_split(f->splitter, p, n, end);
}

static void keep_carry(struct text_file *f, const char *p, size_t n)
{
    if (n > f->carry_capacity || f->carry_capacity > KEPT_CAPACITY) {
        free(f->carry);
        f->carry_capacity = n < SAMPLE_SIZE ? SAMPLE_SIZE : n;
        f->carry = malloc(f->carry_capacity);
        if (!f->carry) abort();
    }
    if (n) memcpy(f->carry, p, n);
    f->n_carry = n;
}

static void fill(struct text_file *f, struct block *b)
{
    size_t got = 1;
    while (got && b->n < b->capacity && !stream_at_end(f->stream)) {
        got = stream_read(f->stream, b->p + b->n, b->capacity - b->n);
        b->n += got;
    }
}

static void finish(struct text_file *f)
{
    f->done = true;
    f->hash = stream_finish(f->stream);
    if (stream_problem(f->stream)) text_file_fail(f, "%s", stream_problem(f->stream));
    if (f->splitter && json_splitter_problem(f->splitter)) text_file_fail(f, "%s", json_splitter_problem(f->splitter));
    stream_close(f->stream);
    f->stream = NULL;
}

static bool same_status(struct file_status a, struct file_status b)
{
    return a.size == b.size && a.mtime_us == b.mtime_us && a.inode == b.inode && a.device == b.device;
}

static void open_to_read(struct text_file *f)
{
    f->stream = stream_open(f->full_path, f->compression, f->source->encoding);
    if (f->format == FORMAT_JSON) f->splitter = json_splitter_new(f->source->records);
    f->started = true;
    f->next_row = 1;
    f->next_line = f->data_line;
    if (!stream_problem(f->stream) && f->status.size && !same_status(stream_status(f->stream), f->status))
        text_file_fail(f, "changed while it was read; it is tried again on the next run");
}

/* The record in b is longer than RECORD_MAX: keeps its beginning, and reads on to the end of its line. */
static void pass_long_line(struct text_file *f, struct block *b)
{
    size_t from = RAW_MAX;
    for (;;) {
        const char *p = b->p + from, *lf = memchr(p, '\n', b->n - from);
        const char *cr = f->format == FORMAT_CSV ? memchr(p, '\r', (lf ? (size_t)(lf - p) : b->n - from)) : NULL;
        if (cr && !(cr + 1 == lf)) lf = cr;
        if (lf) {
            keep_carry(f, lf + 1, b->n - (size_t)(lf + 1 - b->p));
            break;
        }
        b->n = from;
        fill(f, b);
        if (b->n == from) {
            keep_carry(f, NULL, 0);
            break;
        }
    }
    b->n = RAW_MAX;
    b->too_long = true;
    b->records = 1;
    f->next_line++;
}

/* Whole records into b; false: more bytes are needed than there is room for, and the room was made. */
static bool cut_records(struct text_file *f, struct block *b)
{
    bool last = stream_at_end(f->stream), full = b->n >= RECORD_MAX;
    struct index_result r = index_block(f, b->p + b->from, b->n - b->from,
                                        last   ? INDEX_LAST
                                        : full ? INDEX_FULL
                                               : INDEX_MORE);
    if (f->splitter && json_splitter_problem(f->splitter)) {
        text_file_fail(f, "%s", json_splitter_problem(f->splitter));
        return true;
    }
    if (!r.consumed && !last && !full) {
        block_reserve(b, b->capacity * 4 < RECORD_MAX ? b->capacity * 4 : RECORD_MAX);
        return false;
    }
    if (!r.consumed && !last) {
        if (f->format == FORMAT_JSON) text_file_fail(f, "holds a record of more than 128 MiB");
        else pass_long_line(f, b);
    } else {
        keep_carry(f, b->p + b->from + r.consumed, b->n - b->from - r.consumed);
        b->n = b->from + r.consumed;
        b->from += r.head;
        b->records = r.records;
        f->next_line += r.lines;
    }
    f->next_row += b->records;
    f->records += b->records;
    return true;
}

static void next_block(struct text_file *f, struct block *b)
{
    block_reserve(b, f->n_carry > BLOCK_SIZE / 2 ? f->n_carry * 2 : BLOCK_SIZE);
    b->from = b->n = 0;
    b->records = 0;
    b->too_long = false;
    if (f->n_carry) memcpy(b->p, f->carry, f->n_carry);
    b->n = f->n_carry;
    if (!f->started) {
        open_to_read(f);
        b->from = f->data_offset;
        if (b->from + SAMPLE_SIZE > b->capacity) block_reserve(b, b->from + BLOCK_SIZE);
    }
    b->row = f->next_row;
    b->line = f->next_line;
    do {
        if (!f->problem[0]) fill(f, b);
        if (f->problem[0] || stream_problem(f->stream)) break;
        if (b->from > b->n) text_file_fail(f, "changed while it was read; it is tried again on the next run");
    } while (!f->problem[0] && !cut_records(f, b));
    bool last = stream_at_end(f->stream) && !f->n_carry;
    if (last || f->problem[0] || stream_problem(f->stream)) finish(f);
}

/* Lines before the records of a block are part of its line count: the head of a JSON document. */
static int64_t lines_in(const char *p, size_t n)
{
    int64_t lines = 0;
    for (const char *q = p; (q = memchr(q, '\n', n - (size_t)(q - p))); q++) lines++;
    return lines;
}

bool text_file_next(struct text_file *f, struct block *b)
{
    pthread_mutex_lock(&f->lock);
    do {
        if (!f->done) next_block(f, b);
        else b->n = 0;
    } while (!f->done && !b->records);
    bool ok = !f->problem[0] && b->n > 0 && b->records > 0;
    pthread_mutex_unlock(&f->lock);
    if (ok && f->format == FORMAT_JSON && !b->too_long) b->line += lines_in(b->p, b->from);
    return ok;
}

void text_file_rewind(struct text_file *f)
{
    stream_close(f->stream);
    json_splitter_free(f->splitter);
    free(f->carry);
    f->stream = NULL;
    f->splitter = NULL;
    f->carry = NULL;
    f->n_carry = f->carry_capacity = 0;
    f->started = f->done = false;
    f->records = 0;
    f->rows = f->malformed = 0;
}

/* --- probe --- */

/* Is a .json file really one object a line? Its first line is a whole object, and the next starts another. */
static bool is_lines(const char *p, size_t n)
{
    size_t at = 0, where;
    while (at < n && strchr(" \t\r\n", p[at] ? p[at] : 'x')) at++;
    const char *lf = at < n ? memchr(p + at, '\n', n - at) : NULL;
    if (!lf || p[at] != '{' || json_check(p + at, (size_t)(lf - p) - at, &where)) return false;
    at = (size_t)(lf - p);
    while (at < n && strchr(" \t\r\n", p[at] ? p[at] : 'x')) at++;
    return at < n && p[at] == '{';
}

static void add_key(struct arena *a, struct text_file *f, struct str key)
{
    for (size_t i = 0; i < f->n_columns; i++)
        if (strlen(f->columns[i]) == key.n && strncasecmp(f->columns[i], key.p, key.n) == 0) return;
    *ARENA_PUSH(a, f->columns, f->n_columns) = arena_strndup(a, key.p, key.n);
}

/* Keys of the records at the start of the file. Those that come later are met while it is read. */
static void find_keys(struct arena *a, struct text_file *f, char *p, size_t n, bool last)
{
    struct json_parser j = {0};
    struct record r;
    f->data_line = 1;
    if (f->format == FORMAT_JSON) f->splitter = json_splitter_new(f->source->records);
    struct index_result x = index_block(f, p, n, last ? INDEX_LAST : INDEX_MORE);
    struct json_cursor c = {
        .p = p, .n = x.consumed, .at = x.head, .lines = f->format == FORMAT_NDJSON, .row = 1, .line = 1};
    for (size_t i = 0; i < 1000 && json_next(&c, &r); i++) {
        if (!text_is_clean(r.raw.p, r.raw.n) || json_take_apart(&j, c.p + (r.raw.p - c.p), r.raw.n)) continue;
        for (size_t k = 0; k < j.n_members; k++)
            if (j.members[k].key.n && j.members[k].key.n < 1024) add_key(a, f, j.members[k].key);
    }
    json_parser_release(&j);
    json_splitter_free(f->splitter);
    f->splitter = NULL;
}

static bool look_at(struct arena *a, struct text_file *f, char *p, size_t n, bool last)
{
    if (n == 0 && last) {
        text_file_fail(f, "holds nothing once it is decompressed and decoded");
        return true;
    }
    if (f->format == FORMAT_CSV) return dialect_find(a, f, p, n, last);
    if (f->format == FORMAT_JSON && !f->source->records && is_lines(p, n)) f->format = FORMAT_NDJSON;
    find_keys(a, f, p, n, last);
    return true;
}

static void probe_stream(struct arena *a, struct text_file *f)
{
    struct block b = {0};
    for (size_t size = SAMPLE_SIZE;; size *= 16) {
        block_reserve(&b, size);
        fill(f, &b);
        if (stream_problem(f->stream)) break;
        if (look_at(a, f, b.p, b.n, stream_at_end(f->stream))) break;
        if (size >= SAMPLE_MAX) {
            text_file_fail(f, "its header does not end within %zu MiB", SAMPLE_MAX >> 20);
            break;
        }
    }
    block_release(&b);
}

void text_file_probe(struct arena *a, struct text_file *f)
{
    pthread_mutex_init(&f->lock, NULL);
    f->stream = stream_open(f->full_path, f->compression, f->source->encoding);
    f->status = stream_status(f->stream);
    if (!stream_problem(f->stream)) probe_stream(a, f);
    if (stream_problem(f->stream)) text_file_fail(f, "%s", stream_problem(f->stream));
    stream_close(f->stream);
    f->stream = NULL;
}
