/* Memory by lifetime: an arena hands out zeroed memory that is freed all at once.
 *
 * There is one arena for the process, one for each run and one for each step. Handles of other libraries hang on an
 * arena with arena_defer and are released in reverse order. Out of memory ends the program with a message: nothing
 * that ingot does can go on sensibly, and the lake is safe at any instant. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/err.h"

#include <stddef.h>

struct arena;

struct arena *arena_new(void);
/* Runs the deferred calls in reverse order and frees everything; NULL is fine. */
void arena_free(struct arena *a);
/* Zeroed memory, aligned for any type. */
void *arena_alloc(struct arena *a, size_t size) __attribute__((malloc, returns_nonnull));
char *arena_strdup(struct arena *a, const char *s) __attribute__((returns_nonnull));
char *arena_strndup(struct arena *a, const char *s, size_t n) __attribute__((returns_nonnull));
char *arena_printf(struct arena *a, const char *format, ...) PRINTF_LIKE(2, 3);
char *arena_vprintf(struct arena *a, const char *format, va_list ap);
/* Calls release(p) when the arena is freed. */
void arena_defer(struct arena *a, void (*release)(void *), void *p);

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (size_t)(n)))

/* Makes room for one more element in a growing array that lives in an arena, and returns the place:
 *     struct x *e = ARENA_PUSH(a, s->items, s->n_items);
 * Capacity is derived from the count (powers of two), so that only pointer and count are stored. */
void *arena_push(struct arena *a, void *array_pointer, size_t *count, size_t element_size);
#define ARENA_PUSH(a, array, count) ((__typeof__(array))arena_push((a), &(array), &(count), sizeof *(array)))

#endif
