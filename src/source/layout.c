#include "source/layout.h"

#include "base/text.h"
#include "source/name_index.h"

bool is_added_column(const char *name)
{
    static const char *const names[] = {"_file", "_row", "_load", "_loaded_at", "_rescued"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (compare_names(name, names[i]) == 0) return true;
    return false;
}

static void make_index(struct layout *l)
{
    l->index = name_index_new(l->arena, l->n_columns);
    for (size_t i = 0; i < l->n_columns; i++) name_index_add(l->index, l->columns[i].name, (int)i);
}

static void append(struct layout *l, const char *name, const char *type)
{
    if (layout_find(l, str_of(name)) >= 0) return;
    *ARENA_PUSH(l->arena, l->columns, l->n_columns) =
        (struct delta_column){.name = name, .type = type, .nullable = true};
    make_index(l);
}

void layout_init(struct arena *a, struct layout *l, const struct source_input *in)
{
    *l = (struct layout){.creating = in->n_existing == 0, .drift = in->table->drift, .arena = a};
    for (size_t i = 0; i < in->n_existing; i++) *ARENA_PUSH(a, l->columns, l->n_columns) = in->existing[i];
    make_index(l);
    append(l, "_file", "string");
    append(l, "_row", "long");
    append(l, "_load", "long");
    append(l, "_loaded_at", "timestamp");
    if (l->drift == DRIFT_RESCUE) append(l, "_rescued", "string");
}

int layout_find(const struct layout *l, struct str name)
{
    return name_index_find(l->index, name);
}

void layout_add(struct layout *l, const char *name, const char *type, bool nested)
{
    struct delta_column c = {.name = arena_strdup(l->arena, name), .type = type, .nullable = true, .nested = nested};
    (void)ARENA_PUSH(l->arena, l->columns, l->n_columns);
    size_t at = l->n_columns - 1;
    while (l->creating && at && is_added_column(l->columns[at - 1].name)) {
        l->columns[at] = l->columns[at - 1];
        at--;
    }
    l->columns[at] = c;
    make_index(l);
}

bool layout_takes_new(const struct layout *l)
{
    return l->creating || l->drift == DRIFT_EVOLVE;
}
