/* Records into rows of the engine's vectors, by position (CSV) or by name (JSON). */
#include "source/name_index.h"
#include "source/worker.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

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
        text_file_fail(w->file->text, "has the column '%.*s', which the table does not have (drift: freeze)",
                       (int)key.n, key.p);
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

void worker_put_csv(struct worker *w, struct record *r, size_t row)
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
    snprintf(w->problem, sizeof w->problem,
             "invalid JSON: the key '%.*s' stands there twice (letter case makes no difference)", (int)key.n, key.p);
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
    if (value->kind == FIELD_JSON_ESCAPED && !field_text(value, NULL))
        return "a string with a NUL character or half a surrogate pair";
    rescue(w, key, value, !is_string);
    return NULL;
}

/* NULL, or why the record is malformed. */
const char *worker_put_json(struct worker *w, struct record *r, size_t row)
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

void worker_look_for_keys(struct worker *w)
{
    struct record r;
    while (json_next(&w->cursor, &r)) {
        if (!text_is_clean(r.raw.p, r.raw.n) ||
            json_take_apart(&w->json, w->cursor.p + (r.raw.p - w->cursor.p), r.raw.n))
            continue;
        bool rescued = false;
        for (size_t i = 0; i < w->json.n_members; i++)
            if (find_column(w, i, w->json.members[i].key) < 0) unknown_key(w, i, &w->json.members[i].value, &rescued);
    }
}
