/* YAML as a tree with positions (libfyaml): core schema, string keys, duplicate keys refused.
 *
 * `on`, `no` and `yes` are strings; null, true, false, integers and floats are typed by the core schema and keep
 * their text. Aliases are expanded with a bound on the number of nodes (so no billion laughs). */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include "base/arena.h"
#include "base/buf.h"

enum yaml_kind { YAML_NULL, YAML_BOOL, YAML_INT, YAML_FLOAT, YAML_STRING, YAML_LIST, YAML_MAP };

struct yaml {
    enum yaml_kind kind;
    int line, column;    /* 1-based, of the value */
    const char *text;    /* scalars: as written, unescaped */
    int64_t integer;     /* YAML_INT (within int64) and YAML_BOOL */
    double number;       /* YAML_FLOAT, YAML_INT */
    size_t n;            /* items of a list, pairs of a map */
    struct yaml **items; /* values */
    struct yaml **keys;  /* YAML_MAP only; kind YAML_STRING */
};

/* Parses `text` (one document; empty gives an empty map). `file` names it in messages; `first_line` is the line of
 * the file on which the text begins (1 for a whole file), so that positions are the file's own.
 * Errors (RC_PROJECT) read "file:line:column: …". Everything lives in the arena. */
enum rc yaml_read(struct arena *a, struct str text, const char *file, int first_line, struct yaml **ret,
                  struct err *e) MUST_CHECK;
/* The value of a key, or NULL. */
struct yaml *yaml_get(const struct yaml *map, const char *key);
const char *yaml_kind_name(enum yaml_kind k); /* "a string", "a list", … */

#endif
