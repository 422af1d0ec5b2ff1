/* Column names to numbers; letter case makes no difference (ASCII), as in the engine and in Delta. */
#ifndef SOURCE_NAME_INDEX_H
#define SOURCE_NAME_INDEX_H

#include "base/arena.h"
#include "base/buf.h"

struct name_index;

struct name_index *name_index_new(struct arena *a, size_t expected);
/* The first number given to a name stays. */
void name_index_add(struct name_index *x, const char *name, int number);
int name_index_find(const struct name_index *x, struct str name); /* -1: none */

#endif
