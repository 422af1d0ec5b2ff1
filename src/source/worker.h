/* One thread's part in a reading: takes blocks, parses them, writes values into the engine's vectors. */
#ifndef SOURCE_WORKER_H
#define SOURCE_WORKER_H

#include "source/reading.h"

#include "engine/duckdb_api.h"

struct column_out {
    duckdb_vector vector;
    duckdb_string_t *strings; /* NULL where the column is constant in this file */
    int64_t *numbers;
    uint64_t *validity;
};

struct worker {
    struct reading *reading;
    struct reading_file *file; /* that the block is of */
    struct block block;
    bool has_block;
    int64_t rows, malformed; /* of this block */
    struct csv_parser csv;
    struct json_parser json;
    struct json_cursor cursor;
    bool clean;                    /* the whole block is text */
    int rescue_column, row_column; /* -1: the table has none */
    uint64_t *seen;                /* JSON: the row (+1) in which a column was last set */
    uint64_t record;               /* counts records, for `seen` */
    int *guess;                    /* JSON: column of the i-th member of the last record */
    size_t n_guess;
    struct column_out *out;
    duckdb_value *constants; /* for the present file: NULL where a column has values of its own */
    struct buf rescued;
    char problem[300];
};

void *worker_new(struct reading *r);
void worker_free(void *w);
/* Fills a chunk with rows of one file; 0 rows: the end. False: the reading failed. */
bool worker_fill(struct worker *w, duckdb_data_chunk chunk);

/* --- put.c: one record into one row of the chunk --- */

void worker_put_csv(struct worker *w, struct record *r, size_t row);
/* NULL, or why the record is malformed (then the row does not count). */
const char *worker_put_json(struct worker *w, struct record *r, size_t row);
/* Only notes the columns that the records of the block have and the reading has not. */
void worker_look_for_keys(struct worker *w);

#endif
