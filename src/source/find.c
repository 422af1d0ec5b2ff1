/* Finds source files: a walker that goes only where the pattern can match. */
#include "source/files.h"

#include "base/os.h"
#include "base/text.h"
#include "source/records.h"
#include "source/text_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 64

struct walk {
    struct arena *a;
    const char *project_dir;  /* absolute, without a trailing slash */
    const char *pattern;      /* absolute */
    const char **segments;    /* of the pattern below the fixed part; NULL: go everywhere */
    size_t n_segments, fixed; /* fixed: length of the fixed part of paths, with its trailing slash */
    const char *rest;         /* of the pattern, after its fixed part */
    bool deep;                /* the pattern may match at any depth */
    bool hive;
    struct {
        dev_t device;
        ino_t inode;
    } above[DEPTH_MAX]; /* the folders that we are in, against loops of links */
    struct found_file *files;
    size_t n_files;
    struct err *e;
};

static bool is_hidden(const char *name)
{
    size_t n = strlen(name);
    return name[0] == '.' || name[0] == '_' || (n > 4 && strcasecmp(name + n - 4, ".tmp") == 0) ||
           (n > 11 && strcasecmp(name + n - 11, ".crdownload") == 0);
}

static bool is_glob(const char *s)
{
    return strpbrk(s, "*?[{\\") != NULL;
}

/* Without "." and with ".." taken back, by the letters alone. */
static char *normal_path(struct arena *a, const char *path)
{
    char *out = path_absolute(a, path);
    size_t to = 0;
    for (const char *p = out; *p;) {
        size_t n = 1 + strcspn(p + 1, "/");
        if (n == 3 && memcmp(p, "/..", 3) == 0) {
            while (to > 0 && out[--to] != '/') {}
        } else {
            memmove(out + to, p, n);
            to += n;
        }
        p += n;
    }
    if (!to) out[to++] = '/';
    out[to] = 0;
    return out;
}

static const char *shown_path(const struct walk *w, const char *full)
{
    size_t n = strlen(w->project_dir);
    if (strncmp(full, w->project_dir, n) == 0 && full[n] == '/') full += n + 1;
    return raw_text(w->a, str_of(full)); /* a name need not be UTF-8; _file must */
}

/* key=value folders between the fixed part and the name. */
static void find_hive(struct walk *w, struct found_file *f)
{
    const char *name = path_base(f->full_path);
    for (const char *p = f->full_path + w->fixed; w->hive && p < name;) {
        size_t n = strcspn(p, "/");
        const char *equals = memchr(p, '=', n);
        if (equals && equals > p) {
            struct pair *x = ARENA_PUSH(w->a, f->hive, f->n_hive);
            char *key = percent_decode(w->a, arena_strndup(w->a, p, (size_t)(equals - p)));
            char *value = percent_decode(w->a, arena_strndup(w->a, equals + 1, n - (size_t)(equals + 1 - p)));
            x->key = raw_text(w->a, str_of(key));
            x->value = strcmp(value, "__HIVE_DEFAULT_PARTITION__") == 0 ? NULL : raw_text(w->a, str_of(value));
        }
        p += n + 1;
    }
}

static void add_file(struct walk *w, const char *full, const struct stat *s)
{
    struct found_file *f = ARENA_PUSH(w->a, w->files, w->n_files);
    f->full_path = full;
    f->path = shown_path(w, full);
    f->size = s->st_size;
    f->mtime_us = (int64_t)s->st_mtim.tv_sec * 1000000 + s->st_mtim.tv_nsec / 1000;
    find_hive(w, f);
}

/* Can something below the folder `name` at `depth` match? */
static bool may_enter(const struct walk *w, const char *name, size_t depth)
{
    if (!w->segments) return true;
    for (size_t i = 0; i < depth && i < w->n_segments; i++)
        if (strstr(w->segments[i], "**")) return true;
    if (depth >= w->n_segments) return false;
    if (strstr(w->segments[depth], "**")) return true;
    return depth + 1 < w->n_segments && glob_match(w->segments[depth], name);
}

static enum rc walk_folder(struct walk *w, int parent, const char *name, const char *full, size_t depth);

static enum rc visit(struct walk *w, int fd, const char *folder, const char *name, size_t depth)
{
    struct stat s = {0};
    const char *full = arena_printf(w->a, "%s%s", folder, name);
    bool there = fstatat(fd, name, &s, 0) == 0;
    bool matches = glob_match(w->pattern, full);
    if (there && S_ISDIR(s.st_mode)) {
        if (may_enter(w, name, depth)) return walk_folder(w, fd, name, arena_printf(w->a, "%s/", full), depth + 1);
        if (!matches || format_of(name) == FORMAT_AUTO) return RC_OK;
    }
    if (matches && (there || errno != ENOENT || faccessat(fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0))
        add_file(w, full, &s);
    return RC_OK;
}

static enum rc walk_folder(struct walk *w, int parent, const char *name, const char *full, size_t depth)
{
    struct stat s;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return RC_OK;
    if (fd < 0 || fstat(fd, &s) != 0) {
        int number = errno;
        if (fd >= 0) close(fd);
        return err_set_errno(w->e, RC_DATA, number, "cannot look for source files in %s", full);
    }
    for (size_t i = 0; i < depth; i++) {
        if (w->above[i].device != s.st_dev || w->above[i].inode != s.st_ino) continue;
        close(fd); /* a link that leads back to where we are */
        return RC_OK;
    }
    DIR *dir = depth < DEPTH_MAX ? fdopendir(fd) : NULL;
    if (!dir) {
        close(fd);
        return err_set(w->e, RC_DATA, "cannot look for source files in %s: folders are nested deeper than %d levels",
                       full, DEPTH_MAX);
    }
    w->above[depth].device = s.st_dev;
    w->above[depth].inode = s.st_ino;
    enum rc rc = RC_OK;
    const struct dirent *d;
    while (rc == RC_OK && (d = readdir(dir)))
        if (!is_hidden(d->d_name)) rc = visit(w, dirfd(dir), full, d->d_name, depth);
    closedir(dir);
    return rc;
}

/* The pattern's segments below the fixed part, unless braces hold slashes, where segments say nothing. */
static void split_pattern(struct walk *w)
{
    int braces = 0;
    for (const char *p = w->rest; *p; p++) {
        braces += (*p == '{') - (*p == '}');
        if (*p == '/' && braces > 0) return;
    }
    w->segments = ARENA_ARRAY(w->a, const char *, strlen(w->rest) + 1);
    for (const char *p = w->rest; *p;) {
        size_t n = strcspn(p, "/");
        w->segments[w->n_segments++] = arena_strndup(w->a, p, n);
        p += n + (p[n] == '/');
    }
}

static int by_path(const void *x, const void *y)
{
    const struct found_file *a = x, *b = y;
    return strcmp(a->path, b->path);
}

static char *escape_glob(struct arena *a, const char *path)
{
    char *out = arena_alloc(a, 2 * strlen(path) + 1), *to = out;
    for (; *path; path++) {
        if (strchr("*?[{}\\,", *path)) *to++ = '\\';
        *to++ = *path;
    }
    *to = 0;
    return out;
}

enum rc source_find(struct arena *a, const char *project_dir, const struct source *source, const char *pattern,
                    struct found_file **ret, size_t *ret_n, struct err *e)
{
    struct walk w = {.a = a, .hive = source->hive, .e = e};
    struct stat s;
    w.project_dir = normal_path(a, project_dir);
    const char *full = normal_path(a, path_join(a, w.project_dir, pattern)), *start;
    bool there = stat(full, &s) == 0;
    if (!there && !is_glob(pattern))
        return err_set_errno(e, RC_DATA, errno, "%s: cannot find the source files", pattern);
    if (there && !S_ISDIR(s.st_mode)) {
        w.fixed = strlen(full);
        add_file(&w, full, &s);
        goto out;
    }
    if (there) { /* a folder: everything below it */
        start = arena_printf(a, "%s/", full[1] ? full : "");
        w.fixed = strlen(start);
        w.pattern = arena_printf(a, "%s**", escape_glob(a, start));
    } else {
        size_t plain = strcspn(pattern, "*?[{\\");
        while (plain && pattern[plain - 1] != '/') plain--;
        start =
            normal_path(a, path_join(a, w.project_dir, arena_strndup(a, plain ? pattern : "./", plain ? plain : 2)));
        start = arena_printf(a, "%s/", start[1] ? start : "");
        w.fixed = strlen(start);
        w.rest = pattern + plain;
        w.pattern = arena_printf(a, "%s%s", escape_glob(a, start), w.rest);
        split_pattern(&w);
        if (stat(start, &s) != 0) goto out; /* nothing there yet */
    }
    enum rc rc = walk_folder(&w, AT_FDCWD, start, start, 0);
    if (rc != RC_OK) return rc;
out:
    if (w.n_files > 1) qsort(w.files, w.n_files, sizeof *w.files, by_path);
    *ret = w.files;
    *ret_n = w.n_files;
    return RC_OK;
}
