/* One raw text file: what it is (probe), and its records in blocks that several threads take in turn (next). */
#ifndef SOURCE_TEXT_FILE_H
#define SOURCE_TEXT_FILE_H

#include "project/project.h"
#include "source/records.h"
#include "source/stream.h"

#include <pthread.h>

struct text_file {
    const char *path, *full_path; /* as in _file; to open */
    const struct source *source;
    enum file_format format; /* CSV, JSON, NDJSON: found by the probe */
    enum compression compression;
    struct csv_dialect dialect;
    const char **columns; /* CSV: header, in order of the file; JSON: keys of the first records */
    size_t n_columns;
    size_t data_offset; /* bytes of decoded text before the first record */
    int64_t data_line;  /* physical line of the first record */
    struct file_status status;

    /* while it is read; under `lock` */
    pthread_mutex_t lock;
    struct stream *stream;
    struct json_splitter *splitter;
    char *carry;
    size_t n_carry, carry_capacity;
    bool started, done;
    int64_t next_row, next_line;
    int64_t records; /* by the index */
    struct hash hash;
    char problem[400]; /* refused whole: why */

    _Atomic int64_t rows, malformed; /* by the parsers */
};

/* Whole records of one file. Belongs to one thread and is used again and again. */
struct block {
    char *p; /* BLOCK_PADDING bytes behind n may be written */
    size_t capacity;
    size_t from, n;    /* records are in p[from, n) */
    int64_t row, line; /* of the first record */
    int64_t records;   /* by the index */
    bool too_long;     /* one record that is longer than RECORD_MAX: p[from, n) is its beginning */
};
void block_release(struct block *b);

/* "x.csv.gz" -> CSV; FORMAT_AUTO: not known. */
enum file_format format_of(const char *path);
/* Opens the file, finds format, dialect and columns. What is wrong with it as a whole stands in f->problem. */
void text_file_probe(struct arena *a, struct text_file *f);
/* The next block, or false: end or problem. Thread-safe. With `check_only` nothing but the index looks at it. */
bool text_file_next(struct text_file *f, struct block *b);
/* Back to the state after the probe, for another reading. */
void text_file_rewind(struct text_file *f);
void text_file_fail(struct text_file *f, const char *format, ...) PRINTF_LIKE(2, 3);

/* --- dialect.c: what a CSV file looks like, from its first bytes --- */

/* Finds delimiter and header in `sample` (whole records, except at `last`), by what the project leaves open. Sets
 * dialect, columns, data_offset and data_line, or the problem. False: the header does not end within the sample. */
bool dialect_find(struct arena *a, struct text_file *f, const char *sample, size_t n, bool last);

#endif
