/* Messages to people on standard error, and secrets that never get there.
 *
 * A value that came from an environment variable or another secret place is registered once; every line that goes
 * through log, err printing or events passes redact(), which puts *** in its place. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/arena.h"
#include "base/buf.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
void log_set_level(enum log_level level);
void log_message(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);
#define log_warn(...) log_message(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_message(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_message(LOG_DEBUG, __VA_ARGS__)

/* Values shorter than 4 bytes are not registered (they would blank out everything). Thread-safe. */
void secret_register(const char *value);
/* `text` with every registered secret replaced by ***, also in its percent-encoded form; in the arena. */
char *redact(struct arena *a, const char *text);

#endif
