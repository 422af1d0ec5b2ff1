/* How much memory there is: the machine's, or what the control group (version 1 or 2) of this process allows. */
#include "base/os.h"
#include "engine/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NO_LIMIT INT64_MAX

static int64_t limit_in(struct arena *a, const char *path)
{
    struct str text;
    bool exists = false;
    if (os_read_file(a, path, 4096, &text, &exists, NULL) != RC_OK || !exists || text.n == 0) return NO_LIMIT;
    char *end;
    long long n = strtoll(text.p, &end, 10); /* "max" does not begin with a digit */
    return end == text.p || n <= 0 ? NO_LIMIT : n;
}

/* The least limit of a group and of those above it; `path` ("/a/b") is cut short on the way. */
static int64_t group_limit(struct arena *a, const char *root, char *path, const char *file)
{
    int64_t least = NO_LIMIT;
    for (;;) {
        int64_t n = limit_in(a, arena_printf(a, "%s%s/%s", root, path, file));
        if (n < least) least = n;
        char *slash = strrchr(path, '/');
        if (!slash) return least;
        *slash = 0;
    }
}

/* Lines are "0::/path" in version 2 and "7:memory:/path" in version 1. */
static int64_t control_group_memory(struct arena *a)
{
    struct str text;
    bool exists = false;
    int64_t least = NO_LIMIT;
    if (os_read_file(a, "/proc/self/cgroup", 1 << 16, &text, &exists, NULL) != RC_OK || !exists) return least;
    char *rest = arena_strndup(a, text.p, text.n), *line;
    while ((line = strsep(&rest, "\n"))) {
        char *number = strsep(&line, ":"), *controllers = strsep(&line, ":");
        int64_t n = NO_LIMIT;
        if (!number || !controllers || !line) continue;
        if (!*controllers) n = group_limit(a, "/sys/fs/cgroup", line, "memory.max");
        else if (strstr(controllers, "memory"))
            n = group_limit(a, "/sys/fs/cgroup/memory", line, "memory.limit_in_bytes");
        if (n < least) least = n;
    }
    return least;
}

int64_t default_memory(void)
{
    struct arena *a = arena_new();
    int64_t machine = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    int64_t group = control_group_memory(a);
    arena_free(a);
    return (machine < group ? machine : group) / 4 * 3;
}
