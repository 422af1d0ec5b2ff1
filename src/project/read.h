/* Reads a YAML map by its table of keys into a struct; what is wrong goes to the problems. */
#ifndef PROJECT_READ_H
#define PROJECT_READ_H

#include "base/yaml.h"
#include "project/keys.h"
#include "project/project.h"

struct reader {
    struct arena *arena;
    struct problems *problems;
    const char *file;             /* relative to the project */
    const struct keys *others[4]; /* tables that are searched for a key which stands in the wrong place */
};

/* Parses the text; a syntax error becomes a problem and gives NULL, as does anything but a map. */
struct yaml *read_yaml(struct reader *r, struct str text, int first_line);
/* Fills *object, which holds the defaults, from the map. Returns false if something was refused. */
bool read_keys(struct reader *r, const struct yaml *map, const struct keys *keys, void *object);
/* Where the value of a key stands; the map itself if the key is not there. */
struct pos read_position(const struct reader *r, const struct yaml *map, const char *key);
/* did_you_mean, while problems are still kept: a file with a million wrong lines needs no million
 * suggestions. */
const char *read_suggest(const struct reader *r, const char *name, const char *const *candidates, size_t n);
/* Turns an error "file:line:column: text" (or without position) into a problem of the file. */
void read_problem(struct reader *r, const struct err *e);
/* A key's number of rows or per cent: `100`, `1%`. */
bool read_tolerate(const char *text, struct tolerate *ret);
/* "4GiB", "1.5 GB", "80%": bytes or per cent. False if it is none. */
bool read_size(const char *text, int64_t *ret_bytes, double *ret_percent);

#endif
