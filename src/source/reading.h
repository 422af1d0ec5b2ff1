/* Text files as a table of the engine: SELECT … FROM ingot_read(handle), one thread for each block of records.
 *
 * A struct reading says which files and which columns; malformed records go to its sink. What goes wrong with a file as
 * a whole (damage found in its middle, a key that no column was made for) is found for all files before the query fails,
 * so that the caller knows at once what to leave out or to add when it asks again. */
#ifndef SOURCE_READING_H
#define SOURCE_READING_H

#include "engine/engine.h"
#include "source/refused.h"
#include "source/text_file.h"

enum read_kind { READ_DATA, READ_RESCUED, READ_FILE, READ_ROW };
struct read_column {
    const char *name;
    enum read_kind kind;
};

/* What to do with a column that a record or a header has and the table has not. */
enum unknown { UNKNOWN_ADD, UNKNOWN_RESCUE, UNKNOWN_REFUSE };

struct reading_file {
    struct text_file *text;
    const char *
        *hive; /* for each column of the reading: the folder's value where the file has none, or NULL; may be NULL */
    int *map;  /* CSV: the reading's column for each of the file's, -1: none */
};

struct reading {
    struct read_column *columns;
    size_t n_columns;
    struct reading_file *files;
    size_t n_files;
    enum unknown unknown;
    struct refused_sink *refused; /* NULL: malformed records are only counted */
    int64_t load;
    volatile bool *stop; /* or NULL */

    /* while it runs; under `lock` */
    pthread_mutex_t lock;
    size_t next;            /* first file that nobody has taken */
    _Atomic bool abandoned; /* rows are of no use any more: only look for what else is wrong */
    struct arena *arena;    /* for new_columns */
    const char **new_columns;
    size_t n_new_columns;
    _Atomic int64_t delivered; /* rows handed to the engine */
    struct name_index *index;  /* of columns, for JSON keys */
};

/* Makes a reading known under a number, and unknown again. */
int64_t reading_open(struct reading *r);
void reading_close(int64_t handle);
/* Registers ingot_read with the database of a session, once. */
enum rc reading_register(struct session *s, struct err *e) MUST_CHECK;

#endif
