#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A text that was cut to fit must not end in half a UTF-8 sequence. */
static void drop_cut_character(char *s, size_t size)
{
    size_t n = strlen(s), start = n;
    if (n + 1 < size) return; /* nothing was cut */
    while (start && n - start < 3 && ((unsigned char)s[start - 1] & 0xC0) == 0x80) start--;
    if (start && (unsigned char)s[start - 1] >= 0xC0) {
        unsigned char lead = (unsigned char)s[start - 1];
        size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        if (n - (start - 1) < length) s[start - 1] = 0;
    }
}

enum rc err_set(struct err *e, enum rc rc, const char *format, ...)
{
    if (!e) return rc;
    char message[ERR_MESSAGE_MAX]; /* the arguments may point into e->message */
    va_list ap;
    va_start(ap, format);
    vsnprintf(message, sizeof message, format, ap);
    va_end(ap);
    drop_cut_character(message, sizeof message);
    e->rc = rc;
    memcpy(e->message, message, strlen(message) + 1);
    return rc;
}

static const char *advice(int errno_value)
{
    switch (errno_value) {
    case ENOSPC: return " (free some space and run again; nothing half-written was published)";
    case EROFS: return " (the file system is mounted read-only)";
    case EACCES:
    case EPERM: return " (check the permissions of the file and of the folders above it)";
    case EMFILE: return " (raise the limit of open files: ulimit -n)";
    default: return "";
    }
}

enum rc err_set_errno(struct err *e, enum rc rc, int errno_value, const char *format, ...)
{
    if (!e) return rc;
    char what[ERR_MESSAGE_MAX / 2];
    va_list ap;
    va_start(ap, format);
    vsnprintf(what, sizeof what, format, ap);
    va_end(ap);
    drop_cut_character(what, sizeof what);
    e->rc = rc;
    snprintf(e->message, sizeof e->message, "%s: %s%s", what, strerror(errno_value), advice(errno_value));
    return rc;
}

enum rc err_context(struct err *e, const char *format, ...)
{
    if (!e) return RC_INTERNAL;
    char old[ERR_MESSAGE_MAX], context[ERR_MESSAGE_MAX / 2];
    memcpy(old, e->message, sizeof old);
    va_list ap;
    va_start(ap, format);
    vsnprintf(context, sizeof context, format, ap);
    va_end(ap);
    drop_cut_character(context, sizeof context);
    snprintf(e->message, sizeof e->message, "%s: %s", context, old);
    drop_cut_character(e->message, sizeof e->message);
    return e->rc;
}

static const struct {
    const char *name;
    int exit_code;
} classes[] = {
    [RC_OK] = {"ok", 0},
    [RC_USAGE] = {"usage", 2},
    [RC_PROJECT] = {"project", 2},
    [RC_DATA] = {"data", 1},
    [RC_UNREACHABLE] = {"unreachable", 3},
    [RC_CONFLICT] = {"conflict", 4},
    [RC_INTERNAL] = {"internal", 1},
    [RC_INTERRUPTED] = {"interrupted", 130},
};

int rc_exit_code(enum rc rc)
{
    return classes[rc].exit_code;
}

const char *rc_name(enum rc rc)
{
    return classes[rc].name;
}
