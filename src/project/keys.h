/* The keys of the project's files as const tables: what a key is called, what it holds, what it means and
 * where its value goes. Validation, defaults, suggestions, the JSON Schema and docs/reference.md all come
 * from these tables. */
#ifndef PROJECT_KEYS_H
#define PROJECT_KEYS_H

#include <stdbool.h>
#include <stddef.h>

enum key_type {
    KEY_TEXT,      /* const char * */
    KEY_NAME,      /* const char *: a plain name (letters, digits, _) */
    KEY_COLUMN,    /* const char *: a column's name */
    KEY_SQL,       /* const char *: an SQL expression */
    KEY_CHOICE,    /* index into choices, in an enum, int or bool */
    KEY_BOOL,      /* true or false, in a bool or int */
    KEY_COUNT,     /* a whole number >= 0, in an int or int64_t */
    KEY_SIZE,      /* 4GiB, 500MB, 80%: struct target's memory_bytes or memory_percent */
    KEY_CHARACTER, /* char: one ASCII character */
    KEY_QUOTE,     /* the same, or "": struct csv_options' quote and quote_none */
    KEY_SETTING,   /* struct setting: may hold ${NAME} */
    KEY_NAMES,     /* a column or a list of columns: const char ** and count */
    KEY_WORDS,     /* a text or a list of texts: const char ** and count */
    KEY_TOLERATE,  /* struct tolerate: 0, 100, 1% */
    KEY_VARS,      /* struct target's vars */
    KEY_MAP,       /* the keys of another table; offset 0: in the same struct */
    KEY_TARGETS,   /* names, each with target_keys; read by read_project_file */
    KEY_FROM,      /* from_keys; read by read_source_file */
    KEY_COLUMNS,   /* raw blocks of the front matter */
    KEY_RULES,
    KEY_CHECKS,
    KEY_ANY, /* taken as it is */
};

enum key_status {
    KEY_OPTIONAL,
    KEY_REQUIRED,
    KEY_UNSUPPORTED, /* known, and an error: not supported by this version */
    KEY_IGNORED,     /* known, and a warning: not supported by this version */
};

struct choice {
    const char *name; /* NULL ends the list */
    bool unsupported;
};

struct keys;
struct key {
    const char *name;
    enum key_type type;
    enum key_status status;
    const struct choice *choices;
    const struct keys *keys; /* KEY_MAP, KEY_TARGETS, KEY_FROM */
    const char *fallback;    /* the default as the reference prints it, or NULL */
    const char *help;        /* one line of Markdown without '|' */
    size_t offset, size;     /* of the member that takes the value */
    size_t count_offset;     /* KEY_NAMES, KEY_WORDS: of the member that counts */
};

struct keys {
    const char *name;  /* in the JSON Schema: "project" */
    const char *title; /* in messages and, with a capital, in the reference: "a target in `ingot.yml`" */
    const char *intro; /* a sentence below the title */
    const struct key *items;
    size_t n;
};

extern const struct keys project_keys, target_keys, engine_keys, s3_keys, warehouse_keys;
extern const struct keys source_keys, from_keys, csv_keys;
extern const struct keys model_keys;
/* All of them in the order of the reference. */
extern const struct keys *const all_keys[];
extern const size_t n_all_keys;

/* NULL: there is no such key. */
const struct key *key_find(const struct keys *keys, const char *name);
/* The nearest name, or NULL. */
const char *key_suggest(const struct keys *keys, const char *name);
/* "a size such as 4GiB" …: what a key holds, for messages and the reference. */
const char *key_type_name(const struct key *key);

#define N_KEYS_MAX 32 /* in one table */

#endif
