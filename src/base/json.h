/* JSON: jansson for reading, with typed access that reports what was expected where. Writing is done with
 * buf_printf and buf_add_json_string. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/arena.h"
#include "base/buf.h"

#include <jansson.h>

/* Parses one document; released with the arena. `what` names it in errors: "<what>:line:column: …". */
enum rc json_read(struct arena *a, struct str text, const char *what, json_t **ret, struct err *e) MUST_CHECK;
/* Members of an object, typed. Missing or null: *ret is left as it is. Another type is RC_DATA naming `what` and key. */
enum rc json_get_string(const json_t *object, const char *key, const char *what, const char **ret,
                        struct err *e) MUST_CHECK;
enum rc json_get_int(const json_t *object, const char *key, const char *what, int64_t *ret, struct err *e) MUST_CHECK;
enum rc json_get_bool(const json_t *object, const char *key, const char *what, bool *ret, struct err *e) MUST_CHECK;
/* The value as compact JSON text in the arena. */
char *json_text(struct arena *a, const json_t *value);

#endif
