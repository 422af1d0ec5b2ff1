#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)64 * 1024)
#define ALIGN ((size_t)16)

struct block {
    struct block *next;
    size_t used, size;
    char data[] __attribute__((aligned(16)));
};

struct deferred {
    struct deferred *next;
    void (*release)(void *);
    void *p;
};

struct arena {
    struct block *blocks;
    struct deferred *deferred;
    size_t next_size;
};

static void *must(void *p)
{
    if (!p) {
        fputs("ingot: out of memory; nothing half-written was published\n", stderr);
        abort();
    }
    return p;
}

struct arena *arena_new(void)
{
    struct arena *a = must(calloc(1, sizeof *a));
    a->next_size = 4096;
    return a;
}

void arena_free(struct arena *a)
{
    if (!a) return;
    for (struct deferred *d = a->deferred; d; d = d->next) d->release(d->p);
    for (struct block *b = a->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(a);
}

void *arena_alloc(struct arena *a, size_t size)
{
    if (size > SIZE_MAX / 2) must(NULL);
    size = (size + ALIGN - 1) & ~(ALIGN - 1);
    if (size == 0) size = ALIGN;
    struct block *b = a->blocks;
    if (!b || b->size - b->used < size) {
        size_t want = a->next_size > size ? a->next_size : size;
        bool large = size > BLOCK_SIZE / 4 && b;
        if (large) want = size;
        struct block *fresh = must(calloc(1, sizeof *fresh + want));
        fresh->size = want;
        if (large) { /* keep filling the current block */
            fresh->used = size;
            fresh->next = b->next;
            b->next = fresh;
            return fresh->data;
        }
        if (a->next_size < BLOCK_SIZE) a->next_size *= 2;
        fresh->next = b;
        a->blocks = b = fresh;
    }
    void *p = b->data + b->used;
    b->used += size;
    return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    char *p = arena_alloc(a, n + 1);
    if (n) memcpy(p, s, n);
    return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return arena_strndup(a, s, strlen(s));
}

char *arena_vprintf(struct arena *a, const char *format, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, format, ap);
    if (n < 0) n = 0; /* beyond INT_MAX: what fits in nothing is nothing */
    char *p = arena_alloc(a, (size_t)n + 1);
    vsnprintf(p, (size_t)n + 1, format, again);
    va_end(again);
    return p;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    char *p = arena_vprintf(a, format, ap);
    va_end(ap);
    return p;
}

void arena_defer(struct arena *a, void (*release)(void *), void *p)
{
    struct deferred *d = ARENA_NEW(a, struct deferred);
    *d = (struct deferred){.next = a->deferred, .release = release, .p = p};
    a->deferred = d;
}

void *arena_push(struct arena *a, void *array_pointer, size_t *count, size_t element_size)
{
    char *array;
    memcpy(&array, array_pointer, sizeof array);
    size_t n = *count;
    if ((n & (n - 1)) == 0 && (n == 0 || n >= 4)) { /* full at 0, 4, 8, 16 … */
        char *grown = arena_alloc(a, (n ? n * 2 : 4) * element_size);
        if (n) memcpy(grown, array, n * element_size);
        memcpy(array_pointer, &grown, sizeof grown);
        array = grown;
    }
    *count = n + 1;
    return array + n * element_size;
}
