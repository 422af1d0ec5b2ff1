/* Which columns a bronze table has, and what a load does to them (drift). */
#ifndef SOURCE_LAYOUT_H
#define SOURCE_LAYOUT_H

#include "source/files.h"

struct layout {
    struct delta_column *columns; /* of the table after the load */
    size_t n_columns;
    bool creating;
    enum drift drift;
    struct name_index *index;
    struct arena *arena;
};

void layout_init(struct arena *a, struct layout *l, const struct source_input *in);
int layout_find(const struct layout *l, struct str name); /* -1: none */
bool is_added_column(const char *name);                   /* _file, _row, _load, _loaded_at, _rescued */
/* Puts a column behind the data columns (a table that is being made) or at the end. */
void layout_add(struct layout *l, const char *name, const char *type, bool nested);
/* May files of this load add columns? The first load of a table takes them all. */
bool layout_takes_new(const struct layout *l);

#endif
