/* source/: what feeds bronze. files.h: raw files on this machine, found, compared with the ledger, read, checked, staged. */
#ifndef SOURCE_FILES_H
#define SOURCE_FILES_H

#include "engine/engine.h"
#include "project/project.h"
#include "source/refused.h"

/* One source file as the ledger has it. Encoded as the "file" lines of a side part (lake/side.h). */
struct ledger_file {
    const char *path; /* as in _file: relative to the project if below it, else absolute */
    int64_t size, mtime_us;
    const char *hash; /* XXH3-128 of the bytes on disk (compressed as they are) */
    int64_t loaded_at_us;
    int64_t load;                     /* number of the load that brought its rows (_load) */
    int64_t records, rows, malformed; /* records = rows + malformed */
    const char *problem;              /* refused whole: why; NULL: loaded. A refused file is tried again on each run */
    const char *same_as;              /* identity: content: the path that was loaded instead; no rows */
    const char **columns;             /* header as found, for drift notes; may be none */
    size_t n_columns;
};
struct ledger {
    struct ledger_file *files; /* ordered by path */
    size_t n_files;
};
/* From the parts of a side chain, oldest first; and the line for one file. Hostile parts are RC_DATA. O(n log n). */
enum rc ledger_read(struct arena *a, const struct str *parts, size_t n_parts, struct ledger **ret,
                    struct err *e) MUST_CHECK;
void ledger_print_file(struct buf *out, const struct ledger_file *f);
const struct ledger_file *ledger_find(const struct ledger *l, const char *path);

struct found_file {
    const char *path;      /* as in _file */
    const char *full_path; /* to open */
    int64_t size, mtime_us;
    struct pair *hive; /* key=value folders below the fixed part of the glob */
    size_t n_hive;
};
/* Files of `source` in path order; hidden files and temporary ones (".x", "_x", "*.tmp", "*.crdownload") are left out. A
 * pattern without a match is fine (a note); a fixed path or folder that is not there is RC_DATA. `pattern`: the expanded
 * from.files. Nothing of the content is read. 200 files in well under 2 ms. */
enum rc source_find(struct arena *a, const char *project_dir, const struct source *source, const char *pattern,
                    struct found_file **ret, size_t *ret_n, struct err *e) MUST_CHECK;

enum file_fate { FILE_SAME, FILE_NEW, FILE_CHANGED, FILE_RETRY, FILE_VANISHED };
struct file_decision {
    enum file_fate fate;
    const struct found_file *found;  /* NULL: vanished (its rows stay) */
    const struct ledger_file *known; /* NULL: new */
};
/* RULES.md B 1: size and time equal (and time not within 2 s of its load) -> same without reading; else hash. */
enum rc source_compare(struct arena *a, const struct ledger *ledger, const struct found_file *found, size_t n_found,
                       struct file_decision **ret, size_t *ret_n, struct err *e) MUST_CHECK;

/* --- staging ------------------------------------------------------------------------------------------------------ */

struct source_input {
    const struct table *table;
    const struct file_decision *files; /* those to load now: NEW, CHANGED, RETRY (load: replace: all) */
    size_t n_files;
    const struct ledger *ledger;
    const struct delta_column *existing; /* columns of the bronze table so far; n = 0: it does not exist */
    size_t n_existing;
    int64_t load, loaded_at_us; /* values of _load and _loaded_at */
    const char *directory;      /* url of the table's folder for data files, ends in '/' */
    const char *temp_dir;
    struct refused_sink *refused;
    bool *stop;                                    /* set by another thread when the run is to end */
    void (*note)(void *data, const char *message); /* drift, changed files, content twice … for people */
    void *note_data;
};
struct source_staged {
    struct delta_column *columns; /* of the table after this load: existing ones first, then new, then _file _row _load
                                     _loaded_at (and _rescued where drift asks for it) in that order on creation */
    size_t n_columns;
    struct parquet_file *data;
    size_t n_data;
    struct ledger_file *files; /* the new state of every file given, in order */
    size_t n_files;
    int64_t records, rows, malformed;
    size_t refused_whole; /* files with .problem */
};
/* Reads, checks and stages files as Parquet (RULES.md B 2 and 3). The records that each file holds are counted apart
 * from what was loaded, and must agree: else RC_INTERNAL and nothing is staged. A damaged file never fails the load: it
 * is named in its ledger entry (problem), and none of its rows or refusals stay. `drift: freeze` refuses a file with other columns whole. */
enum rc source_stage(struct arena *a, struct session *s, const struct source_input *in, struct source_staged **ret,
                     struct err *e) MUST_CHECK;

#endif
