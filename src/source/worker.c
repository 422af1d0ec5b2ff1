#include "source/worker.h"

#include <stdio.h>
#include <stdlib.h>

#define FIELDS_SPARE 16

static void *allocate(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);
    if (!p) abort();
    return p;
}

void *worker_new(struct reading *r)
{
    struct worker *w = allocate(1, sizeof *w);
    size_t widest = r->n_columns;
    for (size_t i = 0; i < r->n_files; i++)
        if (r->files[i].text->n_columns > widest) widest = r->files[i].text->n_columns;
    w->reading = r;
    w->csv.capacity = widest + FIELDS_SPARE;
    w->csv.fields = allocate(w->csv.capacity, sizeof *w->csv.fields);
    w->seen = allocate(r->n_columns, sizeof *w->seen);
    w->out = allocate(r->n_columns, sizeof *w->out);
    w->constants = allocate(r->n_columns, sizeof *w->constants);
    buf_init(&w->rescued, RECORD_MAX);
    w->rescue_column = w->row_column = -1;
    for (size_t i = 0; i < r->n_columns; i++) {
        if (r->columns[i].kind == READ_RESCUED) w->rescue_column = (int)i;
        if (r->columns[i].kind == READ_ROW) w->row_column = (int)i;
    }
    return w;
}

static void drop_constants(struct worker *w)
{
    for (size_t i = 0; i < w->reading->n_columns; i++)
        if (w->constants[i]) duckdb_destroy_value(&w->constants[i]);
}

void worker_free(void *data)
{
    struct worker *w = data;
    drop_constants(w);
    block_release(&w->block);
    json_parser_release(&w->json);
    buf_release(&w->rescued);
    free(w->csv.fields);
    free(w->seen);
    free(w->guess);
    free(w->out);
    free(w->constants);
    free(w);
}

/* --- blocks --- */

static bool has_problem(struct text_file *f)
{
    pthread_mutex_lock(&f->lock);
    bool problem = f->problem[0] != 0;
    pthread_mutex_unlock(&f->lock);
    return problem;
}

/* The next file for this thread: one that nobody has taken yet, or one that another thread is still reading. */
static bool next_block(struct worker *w)
{
    struct reading *r = w->reading;
    if (w->file && text_file_next(w->file->text, &w->block)) return true;
    for (;;) {
        pthread_mutex_lock(&r->lock);
        size_t i = r->next < r->n_files ? r->next++ : r->n_files;
        pthread_mutex_unlock(&r->lock);
        if (i == r->n_files) break;
        w->file = &r->files[i];
        if (text_file_next(w->file->text, &w->block)) return true;
        if (has_problem(w->file->text)) r->abandoned = true;
    }
    for (size_t i = 0; i < r->n_files; i++) {
        struct text_file *f = r->files[i].text;
        pthread_mutex_lock(&f->lock);
        bool done = f->done;
        pthread_mutex_unlock(&f->lock);
        if (done) continue;
        w->file = &r->files[i];
        if (text_file_next(f, &w->block)) return true;
    }
    return false;
}

/* Which columns have one value for the whole file: its path, its folders, columns that it does not have. */
static void find_constants(struct worker *w)
{
    const struct reading *r = w->reading;
    const struct text_file *f = w->file->text;
    bool csv = f->format == FORMAT_CSV, rescue = !csv;
    drop_constants(w);
    for (size_t i = 0; csv && i < f->n_columns; i++) {
        if (w->file->map[i] >= 0) w->seen[w->file->map[i]] = w->record + 1;
        else rescue = true;
    }
    w->record++;
    for (size_t i = 0; i < r->n_columns; i++) {
        enum read_kind kind = r->columns[i].kind;
        const char *hive = w->file->hive ? w->file->hive[i] : NULL;
        if (kind == READ_FILE) w->constants[i] = duckdb_create_varchar_length(f->path, strlen(f->path));
        else if (kind == READ_RESCUED && !rescue) w->constants[i] = duckdb_create_null_value();
        else if (kind == READ_DATA && csv && w->seen[i] != w->record)
            w->constants[i] = hive ? duckdb_create_varchar_length(hive, strlen(hive)) : duckdb_create_null_value();
    }
}

static void start_block(struct worker *w)
{
    struct block *b = &w->block;
    struct text_file *f = w->file->text;
    w->has_block = true;
    w->rows = w->malformed = 0;
    w->clean = text_is_clean(b->p + b->from, b->n - b->from);
    find_constants(w);
    if (f->format == FORMAT_CSV) {
        w->csv.dialect = f->dialect;
        w->csv.n_columns = f->n_columns;
        csv_start(&w->csv, b->p + b->from, b->n - b->from, b->row, b->line);
    } else {
        w->cursor = (struct json_cursor){
            .p = b->p, .n = b->n, .at = b->from, .lines = f->format == FORMAT_NDJSON, .row = b->row, .line = b->line};
    }
}

/* The parser's count of a block against the index's. */
static bool end_block(struct worker *w)
{
    w->has_block = false;
    w->file->text->rows += w->rows;
    w->file->text->malformed += w->malformed;
    w->reading->delivered += w->rows;
    if (w->rows + w->malformed == w->block.records || w->reading->abandoned) return true;
    snprintf(w->problem, sizeof w->problem,
             "%s: %lld records were counted from line %lld on, but %lld rows and %lld malformed ones came "
             "out (a defect of ingot)",
             w->file->text->path, (long long)w->block.records, (long long)w->block.line, (long long)w->rows,
             (long long)w->malformed);
    return false;
}

/* --- refusals --- */

static void refuse(struct worker *w, const struct record *r, const char *reason)
{
    w->malformed++;
    if (!w->reading->refused || w->reading->abandoned) return;
    struct arena *a = arena_new();
    struct str file = str_of(w->file->text->path);
    const char *text = reason;
    if (w->block.too_long) text = "longer than 128 MiB (its first 64 KiB are kept)";
    else if (r->raw.n > RAW_MAX)
        text = arena_printf(a, "%s (of %zu bytes the first 64 KiB are kept)", reason, r->raw.n);
    struct refused x = {.file = file,
                        .row = r->row,
                        .line = r->line,
                        .load = w->reading->load,
                        .rule = STR("malformed"),
                        .reason = str_of(text),
                        .raw = str_of(raw_text(a, r->raw))};
    refused_add(w->reading->refused, &x);
    arena_free(a);
}

static const char *unclean_reason(const struct worker *w, const struct record *r)
{
    if (memchr(r->raw.p, 0, r->raw.n)) return "a NUL byte";
    return w->file->text->source->encoding ? "bytes that the encoding does not allow"
                                           : "invalid UTF-8 (if the file is in another encoding, say `encoding:`)";
}

static bool next_record(struct worker *w, struct record *r)
{
    if (w->block.too_long) {
        if (w->rows + w->malformed) return false;
        *r = (struct record){.row = w->block.row,
                             .line = w->block.line,
                             .raw = {w->block.p + w->block.from, w->block.n - w->block.from},
                             .problem = "too long"};
        return true;
    }
    return w->file->text->format == FORMAT_CSV ? csv_next(&w->csv, r) : json_next(&w->cursor, r);
}

/* Reads one record into `row`; false: the block is at its end. *ret_put: a row came out. */
static bool put_record(struct worker *w, size_t row, bool *ret_put)
{
    struct record r;
    *ret_put = false;
    if (!next_record(w, &r)) return false;
    const char *problem = r.problem;
    if (!w->clean && !text_is_clean(r.raw.p, r.raw.n)) problem = unclean_reason(w, &r);
    if (!problem) {
        if (w->file->text->format == FORMAT_CSV) worker_put_csv(w, &r, row);
        else problem = worker_put_json(w, &r, row);
    }
    if (problem) {
        refuse(w, &r, problem);
        return true;
    }
    if (w->row_column >= 0) w->out[w->row_column].numbers[row] = r.row;
    w->rows++;
    *ret_put = true;
    return true;
}

/* --- chunks --- */

static void open_chunk(struct worker *w, duckdb_data_chunk chunk)
{
    const struct reading *r = w->reading;
    size_t words = (duckdb_vector_size() + 63) / 64;
    for (size_t i = 0; i < r->n_columns; i++) {
        struct column_out *o = &w->out[i];
        *o = (struct column_out){.vector = duckdb_data_chunk_get_vector(chunk, i)};
        if (w->constants[i]) continue;
        if (r->columns[i].kind == READ_ROW) {
            o->numbers = duckdb_vector_get_data(o->vector);
            continue;
        }
        o->strings = duckdb_vector_get_data(o->vector);
        duckdb_vector_ensure_validity_writable(o->vector);
        o->validity = duckdb_vector_get_validity(o->vector);
        memset(o->validity, 0xFF, words * sizeof *o->validity);
    }
}

static void close_chunk(struct worker *w, duckdb_data_chunk chunk, size_t rows)
{
    for (size_t i = 0; i < w->reading->n_columns; i++)
        if (w->constants[i]) duckdb_vector_reference_value(w->out[i].vector, w->constants[i]);
    duckdb_data_chunk_set_size(chunk, rows);
}

/* Nothing more to hand out. */
static bool the_end(struct worker *w)
{
    struct reading *r = w->reading;
    for (size_t i = 0; i < r->n_files; i++)
        if (has_problem(r->files[i].text)) r->abandoned = true;
    if (!r->abandoned) return true;
    snprintf(w->problem, sizeof w->problem, "ingot_read: the files must be read again without what was found");
    return false;
}

static bool wants_keys(const struct worker *w)
{
    return w->file->text->format != FORMAT_CSV && w->reading->unknown != UNKNOWN_RESCUE && !w->block.too_long;
}

/* The reading is abandoned: JSON records are still looked at for keys; all else only runs through the index. */
static bool look_through(struct worker *w)
{
    if (w->has_block && wants_keys(w)) worker_look_for_keys(w);
    w->has_block = false;
    while (!(w->reading->stop && *w->reading->stop) && next_block(w)) {
        if (!wants_keys(w)) continue;
        start_block(w);
        worker_look_for_keys(w);
        w->has_block = false;
    }
    return the_end(w);
}

bool worker_fill(struct worker *w, duckdb_data_chunk chunk)
{
    size_t rows = 0, room = duckdb_vector_size();
    while (rows == 0) {
        if (w->reading->stop && *w->reading->stop) {
            snprintf(w->problem, sizeof w->problem, "interrupted");
            return false;
        }
        if (w->reading->abandoned) return look_through(w);
        if (!w->has_block) {
            if (!next_block(w)) {
                duckdb_data_chunk_set_size(chunk, 0);
                return the_end(w);
            }
            start_block(w);
        }
        open_chunk(w, chunk);
        bool put = true, more = true;
        while (more && rows < room && !w->reading->abandoned) {
            more = put_record(w, rows, &put);
            rows += put;
        }
        if (!more && !end_block(w)) return false;
    }
    close_chunk(w, chunk, rows);
    return true;
}
