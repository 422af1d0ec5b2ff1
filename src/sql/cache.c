/* The cache of parsed statements.
 *
 * The file (numbers of 4 bytes, little-endian):
 *
 *      0  "ingotsql"
 *      8  format | semantics                    what reads it, what it means
 *     16  hash of all bytes behind it           32 hexadecimal characters
 *     48  n                                     how many statements
 *     52  n times: key | begin | length         ordered by key, the hash of the statement's text; begin counts from 0
 *         the records
 *
 * A record is a sequence of numbers (7 bits in a byte, lowest first, the highest bit says that more follow) and texts (a
 * number, 0 for none, else the length + 1; then the bytes and a NUL). Offsets and indices, which are -1 for none, are
 * written plus 1, lists as their length and then their members:
 *
 *     canonical hash (32 characters) | flags | input | why not row by row | variables | functions | volatiles |
 *     occurrences (table, alias, offset, flags, why not, needs (table, columns)) |
 *     columns (star, from occurrence, name, table of the star, from column)
 *
 * Nothing is copied when it is read: texts point into the record. */
#include "sql/analysis.h"

#include <stdlib.h>

#define CACHE_FORMAT 2
#define MAGIC "ingotsql"
#define MAGIC_SIZE ((size_t)8)
#define KEY_SIZE ((size_t)32)
#define HASH_AT ((size_t)16)
#define HASHED_FROM ((size_t)48)
#define INDEX_AT ((size_t)52)
#define ENTRY_SIZE (KEY_SIZE + 8)

enum { ROW_BY_ROW = 1, FILTERS = 2, OPEN_NAMES = 4 };
enum { DISTRIBUTES = 1, IN_BRANCH = 2, AT_MOST_ONE = 4 };

/* --- writing ----------------------------------------------------------------------------------------------------- */

static void add_number(struct buf *b, uint64_t v)
{
    char bytes[10];
    size_t n = 0;
    for (; v >= 0x80; v >>= 7) bytes[n++] = (char)(unsigned char)(v | 0x80);
    bytes[n++] = (char)v;
    buf_add(b, bytes, n);
}

static void add_text(struct buf *b, const char *s)
{
    size_t n = s ? strlen(s) + 1 : 0;
    add_number(b, n);
    buf_add(b, s, n);
}

static void add_construct(struct buf *b, const struct construct *c)
{
    add_text(b, c->what);
    add_number(b, (uint64_t)c->offset + 1);
}

static void add_texts(struct buf *b, const char *const *items, size_t n)
{
    add_number(b, n);
    for (size_t i = 0; i < n; i++) add_text(b, items[i]);
}

static void add_occurrence(struct buf *b, const struct occurrence *o)
{
    add_text(b, o->table);
    add_text(b, o->alias);
    add_number(b, (uint64_t)o->offset + 1);
    add_number(b, (o->distributes ? DISTRIBUTES : 0u) | (o->distributes_in_branch ? IN_BRANCH : 0u) |
                      (o->at_most_one ? AT_MOST_ONE : 0u));
    add_construct(b, &o->why_not);
    add_number(b, o->n_unique);
    for (size_t i = 0; i < o->n_unique; i++) {
        add_text(b, o->unique[i].table);
        add_texts(b, o->unique[i].columns, o->unique[i].n_columns);
    }
}

static void add_column(struct buf *b, const struct output_column *c)
{
    add_number(b, c->star);
    add_number(b, (uint64_t)c->from_occurrence + 1);
    add_text(b, c->name);
    add_text(b, c->star_table);
    add_text(b, c->from_column);
}

void statement_print(struct buf *out, const struct statement *s)
{
    buf_add(out, s->canonical.hex, KEY_SIZE);
    add_number(out,
               (s->row_by_row ? ROW_BY_ROW : 0u) | (s->filters ? FILTERS : 0u) | (s->open_names ? OPEN_NAMES : 0u));
    add_text(out, s->input);
    add_construct(out, &s->why_not_row_by_row);
    add_texts(out, s->variables, s->n_variables);
    add_texts(out, s->functions, s->n_functions);
    add_number(out, s->n_volatiles);
    for (size_t i = 0; i < s->n_volatiles; i++) add_construct(out, &s->volatiles[i]);
    add_number(out, s->n_occurrences);
    for (size_t i = 0; i < s->n_occurrences; i++) add_occurrence(out, &s->occurrences[i]);
    add_number(out, s->n_columns);
    for (size_t i = 0; i < s->n_columns; i++) add_column(out, &s->columns[i]);
}

struct entry {
    const struct hash *key;
    const struct statement *statement;
};

static int by_key(const void *a, const void *b)
{
    return memcmp(((const struct entry *)a)->key->hex, ((const struct entry *)b)->key->hex, KEY_SIZE);
}

static void put_u32(char *p, size_t v)
{
    for (int i = 0; i < 4; i++) p[i] = (char)(unsigned char)(v >> 8 * i);
}

void statement_cache_print(struct buf *out, const struct hash *keys, struct statement *const *statements, size_t n)
{
    struct arena *a = arena_new();
    struct entry *entries = ARENA_ARRAY(a, struct entry, n);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (statements[i]) entries[kept++] = (struct entry){&keys[i], statements[i]};
    if (kept > 1) qsort(entries, kept, sizeof *entries, by_key);
    size_t index_size = kept * ENTRY_SIZE;
    char *head = arena_alloc(a, INDEX_AT + index_size);
    buf_clear(out);
    buf_add(out, head, INDEX_AT + index_size); /* filled in below, when all lengths are known */
    for (size_t i = 0; i < kept; i++) {
        char *at = head + INDEX_AT + i * ENTRY_SIZE;
        size_t begin = out->n;
        statement_print(out, entries[i].statement);
        memcpy(at, entries[i].key->hex, KEY_SIZE);
        put_u32(at + KEY_SIZE, begin);
        put_u32(at + KEY_SIZE + 4, out->n - begin);
    }
    if (!out->overflow) {
        memcpy(head, MAGIC, MAGIC_SIZE);
        put_u32(head + 8, CACHE_FORMAT);
        put_u32(head + 12, STATEMENT_SEMANTICS);
        put_u32(head + HASHED_FROM, kept);
        memcpy(out->p, head, INDEX_AT + index_size);
        memcpy(out->p + HASH_AT, hash_bytes(out->p + HASHED_FROM, out->n - HASHED_FROM).hex, KEY_SIZE);
    }
    arena_free(a);
}

/* --- reading ----------------------------------------------------------------------------------------------------- */

/* What is left of a record. After damage nothing is left and all that is read is 0 and NULL. */
struct input {
    const char *p, *end;
    bool damaged;
};

static uint64_t damage(struct input *in)
{
    in->damaged = true;
    in->p = in->end;
    return 0;
}

static uint64_t read_number(struct input *in)
{
    uint64_t v = 0;
    for (unsigned shift = 0; in->p < in->end && shift < 63; shift += 7) {
        unsigned char c = (unsigned char)*in->p++;
        v |= (uint64_t)(c & 0x7f) << shift;
        if (c < 0x80) return v;
    }
    return damage(in);
}

/* A number that is written plus 1. */
static int64_t read_or_none(struct input *in)
{
    return (int64_t)read_number(in) - 1;
}

/* The length of a list whose members take up `least` bytes or more: what it allocates is in proportion to the record. */
static size_t read_length(struct input *in, size_t least)
{
    uint64_t n = read_number(in);
    return n <= (size_t)(in->end - in->p) / least ? (size_t)n : (size_t)damage(in);
}

static const char *read_text(struct input *in)
{
    const char *s = in->p;
    size_t n = read_length(in, 1);
    if (n == 0) return NULL;
    s = in->p;
    if (memchr(s, 0, n) != s + n - 1) {
        damage(in);
        return NULL;
    }
    in->p += n;
    return s;
}

static const char *read_needed_text(struct input *in)
{
    const char *s = read_text(in);
    if (!s) damage(in);
    return s;
}

static struct construct read_construct(struct input *in, bool needed)
{
    struct construct c;
    c.what = needed ? read_needed_text(in) : read_text(in);
    c.offset = read_or_none(in);
    return c;
}

static const char **read_texts(struct arena *a, struct input *in, size_t *ret_n)
{
    size_t n = read_length(in, 1);
    const char **items = n ? ARENA_ARRAY(a, const char *, n) : NULL;
    for (size_t i = 0; i < n; i++) items[i] = read_needed_text(in);
    *ret_n = n;
    return items;
}

static void read_unique(struct arena *a, struct input *in, struct occurrence *o)
{
    o->n_unique = read_length(in, 2);
    if (o->n_unique) o->unique = ARENA_ARRAY(a, struct unique_need, o->n_unique);
    for (size_t i = 0; i < o->n_unique; i++) {
        struct unique_need *u = &o->unique[i];
        u->table = read_needed_text(in);
        u->columns = read_texts(a, in, &u->n_columns);
        if (u->n_columns == 0) damage(in);
    }
}

static void read_occurrence(struct arena *a, struct input *in, struct occurrence *o)
{
    o->table = read_needed_text(in);
    o->alias = read_text(in);
    o->offset = read_or_none(in);
    uint64_t flags = read_number(in);
    o->distributes = flags & DISTRIBUTES;
    o->distributes_in_branch = flags & IN_BRANCH;
    o->at_most_one = flags & AT_MOST_ONE;
    o->why_not = read_construct(in, !o->distributes);
    read_unique(a, in, o);
    if (o->distributes && !o->distributes_in_branch) damage(in);
}

static void read_column(struct input *in, size_t n_occurrences, struct output_column *c)
{
    c->star = read_number(in) != 0;
    int64_t from = read_or_none(in);
    if (from >= (int64_t)n_occurrences) damage(in);
    c->from_occurrence = (int)from;
    c->name = read_text(in);
    c->star_table = read_text(in);
    c->from_column = from >= 0 ? read_needed_text(in) : read_text(in);
}

static void read_lists(struct arena *a, struct input *in, struct statement *s)
{
    s->variables = read_texts(a, in, &s->n_variables);
    s->functions = read_texts(a, in, &s->n_functions);
    s->n_volatiles = read_length(in, 2);
    if (s->n_volatiles) s->volatiles = ARENA_ARRAY(a, struct construct, s->n_volatiles);
    for (size_t i = 0; i < s->n_volatiles; i++) s->volatiles[i] = read_construct(in, true);
    s->n_occurrences = read_length(in, 7);
    if (s->n_occurrences) s->occurrences = ARENA_ARRAY(a, struct occurrence, s->n_occurrences);
    for (size_t i = 0; i < s->n_occurrences; i++) read_occurrence(a, in, &s->occurrences[i]);
    s->n_columns = read_length(in, 5);
    if (s->n_columns) s->columns = ARENA_ARRAY(a, struct output_column, s->n_columns);
    for (size_t i = 0; i < s->n_columns; i++) read_column(in, s->n_occurrences, &s->columns[i]);
}

/* 32 lowercase hexadecimal characters. */
static void read_hash(struct input *in, struct hash *ret)
{
    if ((size_t)(in->end - in->p) < KEY_SIZE) {
        damage(in);
        return;
    }
    memcpy(ret->hex, in->p, KEY_SIZE);
    in->p += KEY_SIZE;
    if (strspn(ret->hex, "0123456789abcdef") != KEY_SIZE) damage(in);
}

enum rc statement_parse_cached(struct arena *a, struct str record, struct statement **ret, struct err *e)
{
    struct statement *s = ARENA_NEW(a, struct statement);
    struct input in = {record.p, record.p + record.n, false};
    read_hash(&in, &s->canonical);
    uint64_t flags = read_number(&in);
    s->row_by_row = flags & ROW_BY_ROW;
    s->filters = flags & FILTERS;
    s->open_names = flags & OPEN_NAMES;
    s->input = s->row_by_row ? read_needed_text(&in) : read_text(&in);
    s->why_not_row_by_row = read_construct(&in, !s->row_by_row);
    read_lists(a, &in, s);
    if (s->row_by_row && s->n_occurrences != 1) damage(&in);
    if (in.damaged || in.p != in.end) return err_set(e, RC_DATA, "a statement in the cache is damaged");
    *ret = s;
    return RC_OK;
}

static size_t get_u32(const char *p)
{
    size_t v = 0;
    for (int i = 3; i >= 0; i--) v = v << 8 | (unsigned char)p[i];
    return v;
}

void statement_cache_open(struct str file, struct statement_cache *ret)
{
    *ret = (struct statement_cache){.file = file};
    if (file.n < INDEX_AT || memcmp(file.p, MAGIC, MAGIC_SIZE) != 0) return;
    if (get_u32(file.p + 8) != CACHE_FORMAT || get_u32(file.p + 12) != STATEMENT_SEMANTICS) return;
    size_t n = get_u32(file.p + HASHED_FROM);
    if (n > (file.n - INDEX_AT) / ENTRY_SIZE) return;
    if (memcmp(file.p + HASH_AT, hash_bytes(file.p + HASHED_FROM, file.n - HASHED_FROM).hex, KEY_SIZE) != 0) return;
    ret->n = n;
}

static int compare_key(const void *key, const void *entry)
{
    return memcmp(key, entry, KEY_SIZE);
}

struct statement *statement_cache_find(struct arena *a, const struct statement_cache *c, const struct hash *key)
{
    struct statement *s;
    const char *entry = c->n ? bsearch(key->hex, c->file.p + INDEX_AT, c->n, ENTRY_SIZE, compare_key) : NULL;
    if (!entry) return NULL;
    size_t begin = get_u32(entry + KEY_SIZE), length = get_u32(entry + KEY_SIZE + 4);
    if (begin > c->file.n || length > c->file.n - begin) return NULL;
    struct str record = {c->file.p + begin, length};
    return statement_parse_cached(a, record, &s, NULL) == RC_OK ? s : NULL;
}
