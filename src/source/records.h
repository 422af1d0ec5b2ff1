/* Records: what a text file is split into. The index finds where records end and counts them, in one fast pass over the
 * bytes in order; the parsers, one for each thread, take whole blocks of records apart into fields.
 *
 * The two know nothing of each other's counts, which is what makes the comparison at the end worth something. */
#ifndef SOURCE_RECORDS_H
#define SOURCE_RECORDS_H

#include "base/arena.h"
#include "base/buf.h"

#define RECORD_MAX ((size_t)128 << 20) /* bytes; a longer record is refused with its beginning */
#define RAW_MAX ((size_t)64 << 10)     /* bytes of a refused record that quarantine keeps */
#define BLOCK_PADDING 64               /* bytes behind a block that may be read and written */

/* A value inside a block. Escaped values are unescaped in place by field_text once their record is known to be good. */
enum field_kind { FIELD_NULL, FIELD_PLAIN, FIELD_CSV_QUOTED, FIELD_JSON_ESCAPED };
struct field {
    char *p;
    uint32_t n;
    enum field_kind kind;
};

struct record {
    struct field *fields; /* CSV: in order of the file */
    size_t n_fields;      /* may exceed what the parser has room for: then the record is malformed */
    int64_t row, line;    /* ordinal and physical line in the file, from 1 */
    struct str raw;       /* without its line end */
    const char *problem;  /* NULL: a good record. Lives until the next record */
};

/* What the index says of the bytes that it was given. */
struct index_result {
    size_t consumed; /* bytes of whole records, from the first byte on */
    size_t head;     /* of these, bytes before the first record (JSON documents) */
    int64_t records, lines;
};

/* --- CSV ----------------------------------------------------------------------------------------------------------- */

struct csv_dialect {
    char delimiter, quote, escape; /* quote 0: none */
    bool one_column;               /* then an empty line is a record that holds NULL */
    const char *comment;           /* or NULL */
    const char *null_text;         /* or NULL */
};

/* How the bytes given to an index end: more follow; more follow, but they are RECORD_MAX already; nothing follows. */
enum index_end { INDEX_MORE, INDEX_FULL, INDEX_LAST };

struct index_result csv_index(const struct csv_dialect *d, const char *p, size_t n, enum index_end end);

struct csv_parser {
    struct csv_dialect dialect;
    struct field *fields;
    size_t capacity;  /* of fields */
    size_t n_columns; /* what a record must have; 0: any number */
    char *p;          /* the block, with BLOCK_PADDING behind it */
    size_t n, at;
    int64_t row, line; /* of the next record */
    size_t window;     /* base of `mask` */
    uint64_t mask;
    char problem[160];
};
/* `p` holds whole records only (as csv_index cut them) and p[n] may be overwritten. */
void csv_start(struct csv_parser *c, char *p, size_t n, int64_t row, int64_t line);
bool csv_next(struct csv_parser *c, struct record *ret);

/* --- JSON ---------------------------------------------------------------------------------------------------------- */

struct json_member {
    struct str key; /* unescaped */
    struct field value;
};
struct json_parser {
    struct json_member *members;
    size_t n_members, capacity;
    char problem[160];
};
/* Takes one object apart, strictly by RFC 8259, at most 512 levels deep. Unescapes keys in place. NULL, or the problem. */
const char *json_take_apart(struct json_parser *j, char *p, size_t n);
void json_parser_release(struct json_parser *j);
/* Is the text one valid JSON value, and nothing else? NULL, or the problem; *ret_at is where. */
const char *json_check(const char *p, size_t n, size_t *ret_at);

/* NDJSON: a line that holds more than white space is a record. */
struct index_result ndjson_index(const char *p, size_t n, enum index_end end);

/* One JSON document: which level its records stand at, and what surrounds them. Fed in order, as an index is. */
struct json_splitter;
/* `path`: "$.data.items" or NULL: the array at the top, or the objects at the top. */
struct json_splitter *json_splitter_new(const char *path);
void json_splitter_free(struct json_splitter *s);
/* As an index; the records of a block are found again by json_record_next. A problem with the document as a whole stays. */
struct index_result json_split(struct json_splitter *s, const char *p, size_t n, enum index_end end);
const char *json_splitter_problem(const struct json_splitter *s);

/* Walks the records of a block of NDJSON or of a document. */
struct json_cursor {
    char *p;
    size_t n, at;
    bool lines; /* NDJSON */
    int64_t row, line;
};
bool json_next(struct json_cursor *c, struct record *ret);

/* --- both ---------------------------------------------------------------------------------------------------------- */

/* The value's text, unescaped in place. False: it cannot be text (a NUL character, half a surrogate pair). */
bool field_text(struct field *f, const struct csv_dialect *d);
/* Bytes as text for quarantine: those that are not UTF-8, and NUL, as \xHH; cut at RAW_MAX. */
char *raw_text(struct arena *a, struct str raw);
/* Neither a NUL nor anything that is not UTF-8? Fast for ASCII. */
bool text_is_clean(const char *p, size_t n);

#endif
