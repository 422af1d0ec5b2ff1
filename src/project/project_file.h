/* The parts of a project, a file each. Used by load.c. */
#ifndef PROJECT_PROJECT_FILE_H
#define PROJECT_PROJECT_FILE_H

#include "project/project.h"
#include "project/read.h"

/* What ingot.yml says before the targets are told apart. */
struct project_file {
    const char *name, *target;
    const struct yaml *targets;
    struct target defaults; /* engine, timezone and vars for all targets */
};

/* ingot.yml: name, targets and the default target of *project. */
void read_project_file(struct reader *r, struct str text, struct project *project);
/* bronze/<stem>.yml into *table, whose name, stem, layer, file and pos are set. */
void read_source_file(struct reader *r, struct str text, struct table *table);

/* checks/<name>.sql, sorted by name; each text is read when it is first used. */
struct named_check {
    const char *name, *file;
    const char *sql; /* NULL: not read yet */
};
struct named_checks {
    const char *dir; /* of the project, absolute */
    struct named_check *items;
    size_t n;
};
/* silver/<stem>.sql or gold/<stem>.sql into *table; the text must come from read_text_file, and becomes
 * table->sql. */
void read_model_file(struct reader *r, struct str text, struct named_checks *checks, struct table *table);

/* Reads a file of at most 16 MiB of UTF-8 without NUL bytes. A byte order mark becomes three blanks. What is
 * wrong becomes a problem, and false is returned. */
bool read_text_file(struct reader *r, const char *dir, struct str *ret);

#endif
