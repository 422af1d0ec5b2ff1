/* The parts of staging bronze files: what stage.c (the order of things), stage_text.c and stage_parquet.c share. */
#ifndef SOURCE_STAGE_H
#define SOURCE_STAGE_H

#include "source/files.h"
#include "source/layout.h"
#include "source/text_file.h"

struct staged_file {
    const struct file_decision *decision;
    struct text_file text; /* text files, once they were probed; .path, .full_path and .problem for all */
    bool typed;
    bool left_out; /* the same content is there already */
    struct ledger_file *entry;
    struct described_column *typed_columns; /* Parquet */
    size_t n_typed_columns;
    int64_t typed_rows;
};

struct staging {
    struct arena *a;
    struct session *session;
    const struct source_input *in;
    struct staged_file *files;
    size_t n_files;
    struct layout layout;
    struct source_staged *out;
};

bool is_loadable(const struct staged_file *f); /* no problem so far, and not left out */
void stage_note(const struct staging *s, const char *format, ...) PRINTF_LIKE(2, 3);
bool stage_stopped(const struct staging *s);
void stage_add_data(struct staging *s, const struct parquet_file *files, size_t n);
/* What the columns of a file mean for the layout: adds, notes, or refuses the file. `complete`: `names` are all that the
 * file has (so that missing ones are known). */
void stage_columns(struct staging *s, struct staged_file *f, const char *const *names, const char *const *types,
                   size_t n, bool complete);

enum rc stage_text(struct staging *s, struct err *e) MUST_CHECK;
enum rc stage_parquet(struct staging *s, struct err *e) MUST_CHECK;
/* Reads the schema and the row count of a Parquet file, or sets its problem. */
enum rc probe_parquet(struct staging *s, struct staged_file *f, struct err *e) MUST_CHECK;

#endif
