/* Coroutines: one thread, several stacks, so that a test decides who goes on and where another one stops. */
#ifndef TEST_RUN_FIBER_H
#define TEST_RUN_FIBER_H

#include <stdbool.h>

struct fiber;

struct fiber *fiber_new(void (*main)(void *), void *data);
/* Lets it go on until it yields or ends; false: it has ended. */
bool fiber_resume(struct fiber *f);
/* Inside a fiber: back to who resumed it. */
void fiber_yield(void);
/* Of one that has ended, or was never resumed. NULL is fine. */
void fiber_free(struct fiber *f);

#endif
