/* Front matter: the leading comment of a model, cut into YAML and the raw lines below columns, rules and
 * checks.
 *
 * It begins with the words "ingot" in a comment, the first thing in the file, and ends at the first line that
 * is exactly the end of a comment. Below the three raw keys stand indented lines `name: text` (`- text` for
 * checks); lines that are indented further continue the one before. Everything else is YAML. */
#ifndef PROJECT_FRONT_MATTER_H
#define PROJECT_FRONT_MATTER_H

#include "project/read.h"
#include "project/scan.h"

enum raw_kind { RAW_COLUMNS, RAW_RULES, RAW_CHECKS };
struct raw_item {
    const char *name;    /* NULL below checks */
    struct pos pos;      /* of the name, or of the text below checks */
    struct scanner text; /* what follows, within the file's own bytes */
};
struct raw_block {
    struct pos pos; /* of the key; line 0: not given */
    struct raw_item *items;
    size_t n_items;
};
struct front_matter {
    size_t end;                 /* bytes of the file up to and with the terminator; 0: there is none */
    int first_line;             /* on which `yaml` begins */
    struct str yaml;            /* a copy in which the raw lines are empty */
    struct raw_block blocks[3]; /* by raw_kind */
};

/* False after a problem that leaves nothing to go on with (a missing terminator). */
bool front_matter_cut(struct reader *r, struct str text, struct front_matter *ret);

#endif
