/* One line of a Delta log, checked and typed (PROTOCOL.md, "Actions"). Inner to lake/. */
#ifndef LAKE_DELTA_ACTION_H
#define LAKE_DELTA_ACTION_H

#include "lake/delta.h"

enum action_kind { ACTION_OTHER, ACTION_ADD, ACTION_REMOVE, ACTION_METADATA, ACTION_PROTOCOL, ACTION_TXN, ACTION_INFO };

struct action {
    enum action_kind kind; /* ACTION_OTHER: nothing that changes the table as ingot sees it */
    struct delta_file add;
    struct delta_remove remove;
    struct delta_txn txn;
    const char *json; /* ACTION_METADATA, ACTION_PROTOCOL, ACTION_INFO: the inner object */
};

/* Goes through the lines of one object. Strings of the actions are copied into the arena. */
struct action_reader {
    struct arena *arena;
    struct str rest;
    const char *what; /* "<table>/_delta_log/<file>" */
    size_t line;      /* of the action that was read last, from 1 */
};

/* The next action; *ret_more = false at the end. Errors are RC_DATA and begin with "<what>:<line>: ". */
enum rc action_next(struct action_reader *r, struct action *ret, bool *ret_more, struct err *e) MUST_CHECK;

/* "s3://…", "file:/…", "/…": not relative to the table, and kept as it is written. */
bool action_path_absolute(const char *path);

/* Lists and maps of strings inside an action; missing or null gives none. `what` begins the message. */
enum rc action_strings(struct arena *a, const json_t *object, const char *key, const char *what, const char ***ret,
                       size_t *ret_n, struct err *e) MUST_CHECK;
enum rc action_pairs(struct arena *a, const json_t *object, const char *key, const char *what, struct pair **ret,
                     size_t *ret_n, struct err *e) MUST_CHECK;
/* A count or version within 0 … DELTA_VERSION_MAX; missing leaves *ret. */
enum rc action_count(const json_t *object, const char *key, const char *what, int64_t *ret, struct err *e) MUST_CHECK;
/* A string copied into the arena; missing leaves *ret, unless it is required. */
enum rc action_string(struct arena *a, const json_t *object, const char *key, const char *what, bool required,
                      const char **ret, struct err *e) MUST_CHECK;

#endif
