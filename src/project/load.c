#include "base/os.h"
#include "base/text.h"
#include "project/project_file.h"
#include "project/scan.h"

#include <stdlib.h>

#define FILE_MAX ((size_t)16 << 20)
#define DEPTH_MAX 32      /* folders within a layer */
#define FILES_MAX 1000000 /* names looked at within a project */

struct loader {
    struct arena *arena;
    struct problems *problems;
    struct project *project;
    struct named_checks checks;
    size_t n_seen;
};

/* A folder on the way down, to notice a symbolic link that leads back up. */
struct folder {
    const char *path; /* relative to the project */
    const struct folder *above;
    uint64_t device, inode;
    int depth;
};

static bool has_suffix(const char *name, const char *suffix)
{
    size_t n = strlen(name), m = strlen(suffix);
    return n > m && compare_names(name + n - m, suffix) == 0;
}

/* Where the byte is that does not belong into a text file. */
static struct pos byte_position(const char *file, struct str text, size_t offset)
{
    struct scanner s = {.file = file, .line_start = text.p, .line = 1};
    return scan_position(&s, text.p + offset);
}

/* The first NUL, or byte that is not UTF-8; text.n if there is none. Plain ASCII is looked at 8 bytes at a
 * time. */
static size_t first_bad_byte(struct str text)
{
    size_t i = 0;
    while (i < text.n) {
        uint64_t eight;
        if (text.n - i >= sizeof eight) {
            memcpy(&eight, text.p + i, sizeof eight);
            bool has_zero = ((eight - 0x0101010101010101u) & ~eight & 0x8080808080808080u) != 0;
            if (!has_zero && !(eight & 0x8080808080808080u)) {
                i += sizeof eight;
                continue;
            }
        }
        size_t n = text.p[i] ? utf8_sequence(text.p + i, text.n - i) : 0;
        if (!n) return i;
        i += n;
    }
    return i;
}

static bool check_text(struct reader *r, struct str *text)
{
    struct pos start = {r->file, 1, 1};
    if (text->n >= 2 && (memcmp(text->p, "\xFF\xFE", 2) == 0 || memcmp(text->p, "\xFE\xFF", 2) == 0)) {
        problem_add(r->problems, start, false, "the file is UTF-16; save it as UTF-8");
        return false;
    }
    size_t bad = first_bad_byte(*text);
    if (bad < text->n) {
        unsigned byte = (unsigned char)text->p[bad];
        problem_add(r->problems, byte_position(r->file, *text, bad), false,
                    byte ? "byte 0x%02X is not UTF-8; save the file as UTF-8"
                         : "NUL byte (0x%02X); this is not a text file",
                    byte);
        return false;
    }
    if (text->n >= 3 && memcmp(text->p, "\xEF\xBB\xBF", 3) == 0) {
        char *copy = arena_strndup(r->arena, text->p, text->n);
        memset(copy, ' ', 3);
        text->p = copy;
    }
    return true;
}

bool read_text_file(struct reader *r, const char *dir, struct str *ret)
{
    struct err e = {0};
    char *path = path_join(r->arena, dir, r->file);
    if (os_read_file(r->arena, path, FILE_MAX, ret, NULL, &e) != RC_OK) {
        problem_add(r->problems, (struct pos){r->file, 1, 1}, false, "%s", e.message);
        return false;
    }
    return check_text(r, ret);
}

/* One file of a layer. */
static void load_table(struct loader *l, enum layer layer, const char *file)
{
    struct reader r = {.arena = l->arena, .problems = l->problems, .file = file};
    struct str text;
    const char *base = path_base(file);
    char *stem = arena_strndup(l->arena, base, (size_t)(strrchr(base, '.') - base));
    bool readable = read_text_file(&r, l->project->dir, &text);
    struct table *table = ARENA_PUSH(l->arena, l->project->tables, l->project->n_tables);
    *table = (struct table){.stem = stem, .layer = layer, .file = file, .pos = {file, 1, 1}};
    /* What cannot be read is a table all the same, so that it is not held against those who read it. */
    if (!readable) table->source = layer == LAYER_BRONZE ? ARENA_NEW(l->arena, struct source) : NULL;
    else if (layer == LAYER_BRONZE) read_source_file(&r, text, table);
    else read_model_file(&r, text, &l->checks, table);
    if (table->stem == stem && !is_plain_name(stem))
        problem_add(l->problems, table->pos, false,
                    "'%s' cannot be the name of a table: letters, digits and _; rename the file, or give the "
                    "table a 'name:'",
                    stem);
    table->name = arena_printf(l->arena, "%s.%s", layer_names[layer], table->stem);
}

/* What stands in the wrong place or under the wrong name. Other files (notes, data, scripts) are nobody's
 * business. */
static void stray_file(struct loader *l, enum layer layer, const char *file)
{
    struct pos pos = {file, 1, 1};
    bool yaml = has_suffix(file, ".yml") || has_suffix(file, ".yaml"), sql = has_suffix(file, ".sql");
    if (layer == LAYER_BRONZE && sql)
        problem_add(l->problems, pos, false, "bronze holds sources (.yml); a SELECT belongs into silver or gold");
    else if (layer != LAYER_BRONZE && yaml)
        problem_add(l->problems, pos, false, "%s holds models (.sql); a source belongs into bronze",
                    layer_names[layer]);
    else if (sql || yaml) problem_add(l->problems, pos, false, "the ending of the file's name must be in lower case");
}

static bool is_table_file(enum layer layer, const char *name)
{
    const char *dot = strrchr(name, '.');
    if (!dot || dot == name) return false;
    if (layer == LAYER_BRONZE) return strcmp(dot, ".yml") == 0 || strcmp(dot, ".yaml") == 0;
    return strcmp(dot, ".sql") == 0;
}

static void walk(struct loader *l, enum layer layer, const struct folder *folder);

static void walk_into(struct loader *l, enum layer layer, const struct folder *above, const char *path,
                      const struct file_status *status)
{
    struct folder folder = {path, above, status->device, status->inode, above ? above->depth + 1 : 0};
    struct pos pos = {path, 0, 0};
    for (const struct folder *f = above; f; f = f->above)
        if (f->device == folder.device && f->inode == folder.inode) {
            problem_add(l->problems, pos, false,
                        "this link leads back to %s, so its tables would be read again and again", f->path);
            return;
        }
    if (folder.depth > DEPTH_MAX) problem_add(l->problems, pos, false, "folders are nested deeper than %d", DEPTH_MAX);
    else walk(l, layer, &folder);
}

static void walk_entry(struct loader *l, enum layer layer, const struct folder *folder, const char *name)
{
    const char *path = arena_printf(l->arena, "%s/%s", folder->path, name);
    struct file_status status;
    bool exists = false;
    struct err e = {0};
    if (os_stat(path_join(l->arena, l->project->dir, path), &status, &exists, &e) != RC_OK)
        problem_add(l->problems, (struct pos){path, 0, 0}, false, "%s", e.message);
    else if (!exists && is_table_file(layer, name))
        problem_add(l->problems, (struct pos){path, 0, 0}, false, "this link leads nowhere");
    else if (exists && status.is_dir && is_table_file(layer, name))
        problem_add(l->problems, (struct pos){path, 0, 0}, false,
                    "this is a folder with the name of a file; rename it");
    else if (exists && status.is_dir) walk_into(l, layer, folder, path, &status);
    else if (exists && is_table_file(layer, name) && !status.is_regular)
        problem_add(l->problems, (struct pos){path, 0, 0}, false, "this is not a regular file");
    else if (exists && is_table_file(layer, name)) load_table(l, layer, path);
    else if (exists) stray_file(l, layer, path);
}

static void walk(struct loader *l, enum layer layer, const struct folder *folder)
{
    char **names;
    size_t n;
    struct err e = {0};
    if (os_list(l->arena, path_join(l->arena, l->project->dir, folder->path), &names, &n, &e) != RC_OK) {
        problem_add(l->problems, (struct pos){folder->path, 0, 0}, false, "%s", e.message);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (names[i][0] == '.') continue;
        if (l->n_seen++ == FILES_MAX)
            problem_add(l->problems, (struct pos){folder->path, 0, 0}, false,
                        "there are more than %d files here and before; the rest is not read", FILES_MAX);
        if (l->n_seen > FILES_MAX) return;
        walk_entry(l, layer, folder, names[i]);
    }
}

static void load_layer(struct loader *l, enum layer layer)
{
    struct file_status status;
    bool exists = false;
    struct err e = {0};
    const char *path = layer_names[layer];
    if (os_stat(path_join(l->arena, l->project->dir, path), &status, &exists, &e) != RC_OK)
        problem_add(l->problems, (struct pos){path, 0, 0}, false, "%s", e.message);
    else if (exists && !status.is_dir)
        problem_add(l->problems, (struct pos){path, 0, 0}, false, "this must be a folder");
    else if (exists) walk_into(l, layer, NULL, path, &status);
}

static int compare_checks(const void *x, const void *y)
{
    return strcmp(((const struct named_check *)x)->name, ((const struct named_check *)y)->name);
}

static void list_checks(struct loader *l)
{
    char **names;
    size_t n;
    struct err e = {0};
    l->checks.dir = l->project->dir;
    if (os_list(l->arena, path_join(l->arena, l->project->dir, "checks"), &names, &n, &e) != RC_OK) {
        problem_add(l->problems, (struct pos){"checks", 0, 0}, false, "%s", e.message);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const char *dot = strrchr(names[i], '.');
        if (names[i][0] == '.' || !dot || strcmp(dot, ".sql") != 0) continue;
        struct named_check *c = ARENA_PUSH(l->arena, l->checks.items, l->checks.n);
        c->name = arena_strndup(l->arena, names[i], (size_t)(dot - names[i]));
        c->file = arena_printf(l->arena, "checks/%s", names[i]);
    }
    if (l->checks.n) qsort(l->checks.items, l->checks.n, sizeof *l->checks.items, compare_checks);
}

static void refuse_duplicate_tables(struct loader *l)
{
    const struct table *t = l->project->tables;
    for (size_t i = 1; i < l->project->n_tables; i++) {
        const struct table *first = &t[i - 1], *second = &t[i];
        if (first->layer != second->layer || compare_names(first->stem, second->stem) != 0) continue;
        bool same = strcmp(first->name, second->name) == 0;
        problem_add(l->problems, second->pos, false, "the table %s is also made by %s%s; a name is unique in its layer",
                    second->name, first->file, same ? "" : " (letter case does not count)");
    }
}

static int compare_tables(const void *x, const void *y)
{
    const struct table *a = x, *b = y;
    if (a->layer != b->layer) return (int)a->layer - (int)b->layer;
    int c = compare_names(a->stem, b->stem);
    return c ? c : strcmp(a->file, b->file);
}

enum rc project_load(struct arena *a, const char *dir, struct problems *p, struct project **ret, struct err *e)
{
    struct project *project = ARENA_NEW(a, struct project);
    project->dir = path_absolute(a, dir);
    project->name = path_base(project->dir);
    struct loader l = {.arena = a, .problems = p, .project = project};
    struct reader r = {.arena = a, .problems = p, .file = "ingot.yml"};
    struct file_status status;
    bool exists = false;
    enum rc rc = os_stat(path_join(a, project->dir, "ingot.yml"), &status, &exists, e);
    if (rc != RC_OK) return rc;
    if (!exists)
        return err_set(e, RC_PROJECT, "%s: there is no ingot.yml here; `ingot init` makes a project", project->dir);
    struct str text = STR("");
    if (!read_text_file(&r, project->dir, &text)) text = STR("");
    read_project_file(&r, text, project);
    list_checks(&l);
    for (enum layer layer = LAYER_BRONZE; layer <= LAYER_GOLD; layer++) load_layer(&l, layer);
    if (project->n_tables) qsort(project->tables, project->n_tables, sizeof *project->tables, compare_tables);
    refuse_duplicate_tables(&l);
    *ret = project;
    return RC_OK;
}
