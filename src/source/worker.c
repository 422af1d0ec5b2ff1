#include "source/worker.h"

#include "base/text.h"
#include "source/name_index.h"

#include <strings.h>

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
        if (w->file->text->problem[0]) r->abandoned = true;
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
             "%s: %lld records were counted from line %lld on, but %lld rows and %lld malformed ones came out (a defect of ingot)",
             w->file->text->path, (long long)w->block.records, (long long)w->block.line, (long long)w->rows, (long long)w->malformed);
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
    else if (r->raw.n > RAW_MAX) text = arena_printf(a, "%s (of %zu bytes the first 64 KiB are kept)", reason, r->raw.n);
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
    return w->file->text->source->encoding ? "bytes that the encoding does not allow" : "invalid UTF-8 (if the file is in another encoding, say `encoding:`)";
}

/* --- values --- */

static inline void set_null(struct column_out *o, size_t row)
{
    o->validity[row >> 6] &= ~((uint64_t)1 << (row & 63));
}

static inline void set_valid(struct column_out *o, size_t row)
{
    o->validity[row >> 6] |= (uint64_t)1 << (row & 63);
}

/* Strings of up to 12 bytes stand in the vector itself; longer ones stay where they are, in the block, which lives until
 * the chunk has been consumed (the engine copies what it keeps). */
static inline void set_string(struct column_out *o, size_t row, char *p, uint32_t n)
{
    duckdb_string_t *s = &o->strings[row];
    set_valid(o, row);
    s->value.inlined.length = n;
    if (n <= 12) {
        memset(s->value.inlined.inlined, 0, sizeof s->value.inlined.inlined);
        memcpy(s->value.inlined.inlined, p, n);
    } else {
        memcpy(s->value.pointer.prefix, p, 4);
        s->value.pointer.ptr = p;
    }
}

/* A text that is not in the block: long ones are copied by the engine. */
static void set_constant(struct column_out *o, size_t row, const char *text)
{
    set_valid(o, row);
    duckdb_unsafe_vector_assign_string_element_len(o->vector, row, text, strlen(text));
}

static inline bool set_field(struct worker *w, struct column_out *o, size_t row, struct field *f)
{
    if (f->kind == FIELD_NULL) {
        set_null(o, row);
        return true;
    }
    if (f->kind != FIELD_PLAIN && !field_text(f, &w->csv.dialect)) return false;
    set_string(o, row, f->p, f->n);
    return true;
}

/* --- columns that the table does not have --- */

static void rescue_start(struct worker *w)
{
    buf_clear(&w->rescued);
}

static void rescue(struct worker *w, struct str name, struct field *f, bool raw_json)
{
    buf_add_char(&w->rescued, w->rescued.n ? ',' : '{');
    buf_add_json_string(&w->rescued, name.p, name.n);
    buf_add_char(&w->rescued, ':');
    if (f->kind == FIELD_NULL) buf_add_str(&w->rescued, "null");
    else if (raw_json) buf_add(&w->rescued, f->p, f->n);
    else buf_add_json_string(&w->rescued, f->p, f->n);
}

static void rescue_end(struct worker *w, size_t row)
{
    if (w->rescue_column < 0) return;
    struct column_out *o = &w->out[w->rescue_column];
    if (!w->rescued.n) {
        set_null(o, row);
        return;
    }
    buf_add_char(&w->rescued, '}');
    set_valid(o, row);
    duckdb_unsafe_vector_assign_string_element_len(o->vector, row, w->rescued.p, w->rescued.n);
}

static void new_column(struct worker *w, struct str key)
{
    struct reading *r = w->reading;
    if (r->unknown == UNKNOWN_REFUSE) {
        pthread_mutex_lock(&w->file->text->lock);
        text_file_fail(w->file->text, "has the column '%.*s', which the table does not have (drift: freeze)", (int)key.n, key.p);
        pthread_mutex_unlock(&w->file->text->lock);
    } else {
        pthread_mutex_lock(&r->lock);
        bool known = false;
        char *name = arena_strndup(r->arena, key.p, key.n);
        for (size_t i = 0; i < r->n_new_columns && !known; i++) known = compare_names(r->new_columns[i], name) == 0;
        if (!known) *ARENA_PUSH(r->arena, r->new_columns, r->n_new_columns) = name;
        pthread_mutex_unlock(&r->lock);
    }
    r->abandoned = true;
}

/* --- records --- */

static bool put_csv(struct worker *w, struct record *r, size_t row)
{
    const int *map = w->file->map;
    bool rescued = false;
    for (size_t i = 0; i < r->n_fields; i++) {
        struct field *f = &r->fields[i];
        if (map[i] >= 0) {
            set_field(w, &w->out[map[i]], row, f);
            continue;
        }
        if (!rescued) rescue_start(w);
        rescued = true;
        field_text(f, &w->csv.dialect);
        if (f->kind != FIELD_NULL) rescue(w, str_of(w->file->text->columns[i]), f, false);
    }
    if (rescued) rescue_end(w, row);
    return true;
}

/* The column of the i-th member: most often the same as in the record before. */
static int find_column(struct worker *w, size_t i, struct str key)
{
    const struct reading *r = w->reading;
    if (i < w->n_guess && w->guess[i] >= 0) {
        const char *name = r->columns[w->guess[i]].name;
        if (strncmp(name, key.p, key.n) == 0 && !name[key.n]) return w->guess[i];
    }
    int found = name_index_find(r->index, key);
    if (i >= w->n_guess) {
        size_t n = i + 64;
        w->guess = realloc(w->guess, n * sizeof *w->guess);
        if (!w->guess) abort();
        for (size_t k = w->n_guess; k < n; k++) w->guess[k] = -1;
        w->n_guess = n;
    }
    w->guess[i] = found;
    return found;
}

static bool is_reserved_key(struct str key)
{
    static const char *const names[] = {"_file", "_row", "_load", "_loaded_at", "_rescued"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == key.n && strncasecmp(names[i], key.p, key.n) == 0) return true;
    return false;
}

static const char *key_problem(struct worker *w, struct str key)
{
    if (!key.n) return "a key that is empty";
    if (key.n > 255) return "a key longer than 255 bytes";
    if (is_reserved_key(key)) {
        snprintf(w->problem, sizeof w->problem, "the key '%.*s' is a column that ingot adds itself", (int)key.n, key.p);
        return w->problem;
    }
    return NULL;
}

/* Keys of the record that an earlier key of the same record equals, by the letter or but for case. */
static const char *duplicate_problem(struct worker *w, struct str key)
{
    snprintf(w->problem, sizeof w->problem, "invalid JSON: the key '%.*s' stands there twice (letter case makes no difference)", (int)key.n, key.p);
    return w->problem;
}

static const char *unknown_key(struct worker *w, size_t i, struct field *value, bool *rescued)
{
    struct str key = w->json.members[i].key;
    for (size_t k = 0; k < i; k++) {
        struct str other = w->json.members[k].key;
        if (other.n == key.n && strncasecmp(other.p, key.p, key.n) == 0) return duplicate_problem(w, key);
    }
    const char *problem = key_problem(w, key);
    if (problem) return problem;
    if (w->reading->unknown != UNKNOWN_RESCUE) {
        new_column(w, key);
        return NULL;
    }
    char before = value->kind == FIELD_NULL ? 0 : value->p[-1];
    if (!*rescued) rescue_start(w);
    *rescued = true;
    bool is_string = before == '"' && (value->kind == FIELD_JSON_ESCAPED || value->p[value->n] == '"');
    if (value->kind == FIELD_JSON_ESCAPED && !field_text(value, NULL)) return "a string with a NUL character or half a surrogate pair";
    rescue(w, key, value, !is_string);
    return NULL;
}

/* NULL, or why the record is malformed. */
static const char *put_json(struct worker *w, struct record *r, size_t row)
{
    const char *problem = json_take_apart(&w->json, w->cursor.p + (r->raw.p - w->cursor.p), r->raw.n);
    if (problem) return problem;
    w->record++;
    bool rescued = false;
    for (size_t i = 0; i < w->json.n_members; i++) {
        struct json_member *m = &w->json.members[i];
        int c = find_column(w, i, m->key);
        if (c < 0) {
            problem = unknown_key(w, i, &m->value, &rescued);
            if (problem) return problem;
            continue;
        }
        if (w->seen[c] == w->record) return duplicate_problem(w, m->key);
        w->seen[c] = w->record;
        if (!set_field(w, &w->out[c], row, &m->value)) return "a string with a NUL character or half a surrogate pair";
    }
    for (size_t c = 0; c < w->reading->n_columns; c++) {
        if (w->reading->columns[c].kind != READ_DATA || w->seen[c] == w->record) continue;
        const char *hive = w->file->hive ? w->file->hive[c] : NULL;
        if (hive) set_constant(&w->out[c], row, hive);
        else set_null(&w->out[c], row);
    }
    if (!rescued) rescue_start(w);
    rescue_end(w, row);
    return NULL;
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
        if (w->file->text->format == FORMAT_CSV) put_csv(w, &r, row);
        else problem = put_json(w, &r, row);
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
        if (r->files[i].text->problem[0]) r->abandoned = true;
    if (!r->abandoned) return true;
    snprintf(w->problem, sizeof w->problem, "ingot_read: the files must be read again without what was found");
    return false;
}

static void look_for_keys(struct worker *w)
{
    struct record r;
    while (json_next(&w->cursor, &r)) {
        if (!text_is_clean(r.raw.p, r.raw.n) || json_take_apart(&w->json, w->cursor.p + (r.raw.p - w->cursor.p), r.raw.n)) continue;
        bool rescued = false;
        for (size_t i = 0; i < w->json.n_members; i++)
            if (find_column(w, i, w->json.members[i].key) < 0) unknown_key(w, i, &w->json.members[i].value, &rescued);
    }
}

static bool wants_keys(const struct worker *w)
{
    return w->file->text->format != FORMAT_CSV && w->reading->unknown != UNKNOWN_RESCUE && !w->block.too_long;
}

/* The reading is abandoned: JSON records are still looked at for keys; all else only runs through the index. */
static bool look_through(struct worker *w)
{
    if (w->has_block && wants_keys(w)) look_for_keys(w);
    w->has_block = false;
    while (!(w->reading->stop && *w->reading->stop) && next_block(w)) {
        if (!wants_keys(w)) continue;
        start_block(w);
        look_for_keys(w);
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
