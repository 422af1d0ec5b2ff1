#include "project/project.h"

#include "base/os.h"
#include "base/text.h"
#include "project/scan.h"

#include <stdlib.h>

const char *const layer_names[3] = {"bronze", "silver", "gold"};

enum rc project_find(struct arena *a, const char *dir, char **ret, struct err *e)
{
    char *start = path_absolute(a, dir), *at = arena_strdup(a, start);
    const char *misnamed = NULL;
    for (;;) {
        static const char *const names[] = {"ingot.yml", "ingot.yaml"};
        for (int i = 0; i < 2; i++) {
            struct file_status status;
            bool exists = false;
            const char *path = path_join(a, *at ? at : "/", names[i]);
            enum rc rc = os_stat(path, &status, &exists, e);
            if (rc != RC_OK) return rc;
            if (exists && i == 0) {
                *ret = *at ? at : arena_strdup(a, "/");
                return RC_OK;
            }
            if (exists && !misnamed) misnamed = path;
        }
        char *slash = strrchr(at, '/');
        if (!slash || !*at) break;
        *slash = 0;
    }
    if (misnamed) return err_set(e, RC_PROJECT, "%s: the project's file is called ingot.yml; rename it", misnamed);
    return err_set(e, RC_PROJECT, "%s: there is no ingot.yml here or in a folder above; `ingot init` makes a project",
                   start);
}

const struct target *project_target(const struct project *p, const char *name)
{
    if (!name) name = p->default_target;
    for (size_t i = 0; name && i < p->n_targets; i++)
        if (strcmp(p->targets[i].name, name) == 0) return &p->targets[i];
    return NULL;
}

/* Tables are ordered by layer, then by name without regard to letter case. */
static int compare_to_table(const char *name, const struct table *t)
{
    static const size_t lengths[3] = {6, 6, 4};
    int layer = -1;
    for (int i = 0; i < 3; i++) {
        size_t n = 0;
        while (n < lengths[i] && to_lower(name[n]) == layer_names[i][n]) n++;
        if (n == lengths[i] && name[n] == '.') layer = i;
    }
    if (layer != (int)t->layer) return layer - (int)t->layer;
    return compare_names(name + lengths[layer] + 1, t->stem);
}

const struct table *project_table(const struct project *p, const char *name)
{
    size_t low = 0, high = p->n_tables;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int c = compare_to_table(name, &p->tables[middle]);
        if (c == 0) return &p->tables[middle];
        if (c < 0) high = middle;
        else low = middle + 1;
    }
    return NULL;
}

struct pos table_position(const struct table *t, int64_t offset)
{
    if (!t->sql) return (struct pos){t->file, 1, 1};
    struct scanner s = {.p = t->sql, .end = t->sql + strlen(t->sql), .file = t->file, .line_start = t->sql, .line = 1};
    if (offset < 0 || offset > s.end - s.p) {
        while (s.p < s.end && is_space(*s.p)) s.p++;
        offset = s.p - t->sql;
    }
    return scan_position(&s, t->sql + offset);
}
