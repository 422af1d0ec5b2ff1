/* Errors: what went wrong, of which class, in words good enough to print.
 *
 * A function that can fail returns `enum rc` and takes `struct err *` last. The class alone decides the exit code
 * and whether a retry may help. The message says what was tried, on which object, why it failed and what to do. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>

enum rc {
    RC_OK = 0,
    RC_USAGE,       /* the command line is wrong; exit 2 */
    RC_PROJECT,     /* the project is wrong; exit 2 */
    RC_DATA,        /* a step or a check failed, a file is damaged; exit 1 */
    RC_UNREACHABLE, /* the lake or a source cannot be reached, a retry may help; exit 3 */
    RC_CONFLICT,    /* another writer won, a retry will help; exit 4 */
    RC_INTERNAL,    /* a defect of ingot; exit 1 */
    RC_INTERRUPTED, /* SIGINT or SIGTERM; exit 130 */
};

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

#define ERR_MESSAGE_MAX 4096

struct err {
    enum rc rc;
    char message[ERR_MESSAGE_MAX]; /* UTF-8, no trailing newline; empty while rc is RC_OK */
};

/* Sets *e (which may be NULL) and returns rc. */
enum rc err_set(struct err *e, enum rc rc, const char *format, ...) PRINTF_LIKE(3, 4);
/* Like err_set, with ": " and the text of errno_value appended; ENOSPC, EROFS, EACCES get advice. */
enum rc err_set_errno(struct err *e, enum rc rc, int errno_value, const char *format, ...) PRINTF_LIKE(4, 5);
/* Puts "context: " before the message that is there; returns e's class. */
enum rc err_context(struct err *e, const char *format, ...) PRINTF_LIKE(2, 3);
/* The exit code of the design for a class. */
int rc_exit_code(enum rc rc);
/* "usage", "project", "data", "unreachable", "conflict", "internal", "interrupted", "ok": as in JSON events. */
const char *rc_name(enum rc rc);

/* The usual way on: leave through `out` when a call failed. Needs `enum rc rc` and a label `out`. */
#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        rc = (call);                                                                                                   \
        if (rc != RC_OK) goto out;                                                                                     \
    } while (0)

#endif
