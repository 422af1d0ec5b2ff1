#include "fiber.h"

#include <stddef.h>
#include <stdlib.h>
#include <ucontext.h>

/* AddressSanitizer must be told when the stack changes. */
#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#ifdef HAS_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define FRESH(stack) __asan_unpoison_memory_region(stack, STACK_SIZE)
#define LEAVE(fake, bottom, size) __sanitizer_start_switch_fiber(fake, bottom, size)
#define ARRIVE(fake, bottom, size) __sanitizer_finish_switch_fiber(fake, bottom, size)
#else
#define FRESH(stack) ((void)(stack))
#define LEAVE(fake, bottom, size) ((void)(bottom), (void)(size))
#define ARRIVE(fake, bottom, size) ((void)(bottom), (void)(size))
#endif

#define STACK_SIZE ((size_t)256 * 1024)
#define SPARE_STACKS 16

struct fiber {
    ucontext_t context, back;
    void (*main)(void *);
    void *data;
    bool ended;
    char *stack;
    void *fake; /* the sanitizer's part of the stack while it waits */
};

static char *spare[SPARE_STACKS]; /* stacks of fibers that have ended, for the next ones */
static int n_spare;
static struct fiber *current;
static const void *outer_bottom; /* the stack of who resumes */
static size_t outer_size;

static void enter(void)
{
    struct fiber *f = current;
    ARRIVE(NULL, &outer_bottom, &outer_size);
    f->main(f->data);
    f->ended = true;
    LEAVE(NULL, outer_bottom, outer_size);
    setcontext(&f->back);
}

struct fiber *fiber_new(void (*main)(void *), void *data)
{
    struct fiber *f = calloc(1, sizeof *f);
    if (f) f->stack = n_spare > 0 ? spare[--n_spare] : malloc(STACK_SIZE);
    if (!f || !f->stack || getcontext(&f->context) != 0) abort();
    FRESH(f->stack);
    f->main = main;
    f->data = data;
    f->context.uc_stack.ss_sp = f->stack;
    f->context.uc_stack.ss_size = STACK_SIZE;
    f->context.uc_link = NULL;
    makecontext(&f->context, enter, 0);
    return f;
}

bool fiber_resume(struct fiber *f)
{
    void *fake = NULL;
    if (f->ended) return false;
    current = f;
    LEAVE(&fake, f->stack, STACK_SIZE);
    swapcontext(&f->back, &f->context);
    ARRIVE(fake, NULL, NULL);
    (void)fake;
    current = NULL;
    return !f->ended;
}

void fiber_yield(void)
{
    struct fiber *f = current;
    LEAVE(&f->fake, outer_bottom, outer_size);
    swapcontext(&f->context, &f->back);
    ARRIVE(f->fake, &outer_bottom, &outer_size);
}

void fiber_free(struct fiber *f)
{
    if (!f) return;
    if (n_spare < SPARE_STACKS) spare[n_spare++] = f->stack;
    else free(f->stack);
    free(f);
}
