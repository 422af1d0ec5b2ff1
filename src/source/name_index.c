#include "source/name_index.h"

#include "base/text.h"

#include <strings.h>

struct slot {
    const char *name;
    int number;
};

struct name_index {
    struct slot *slots;
    size_t mask;
};

static size_t hash(struct str name)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < name.n; i++) h = (h ^ (unsigned char)to_lower(name.p[i])) * 1099511628211u;
    return (size_t)(h ^ h >> 29);
}

struct name_index *name_index_new(struct arena *a, size_t expected)
{
    struct name_index *x = ARENA_NEW(a, struct name_index);
    size_t n = 16;
    while (n < expected * 2) n *= 2;
    x->slots = ARENA_ARRAY(a, struct slot, n);
    x->mask = n - 1;
    return x;
}

static struct slot *find(const struct name_index *x, struct str name)
{
    for (size_t i = hash(name);; i++) {
        struct slot *s = &x->slots[i & x->mask];
        if (!s->name || (strlen(s->name) == name.n && strncasecmp(s->name, name.p, name.n) == 0)) return s;
    }
}

void name_index_add(struct name_index *x, const char *name, int number)
{
    struct slot *s = find(x, str_of(name));
    if (!s->name) *s = (struct slot){name, number};
}

int name_index_find(const struct name_index *x, struct str name)
{
    const struct slot *s = find(x, name);
    return s->name ? s->number : -1;
}
