#include "base/os.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* --- clock --- */

static int64_t (*clock_function)(void *);
static void *clock_data;

static int64_t read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t os_now_us(void)
{
    return clock_function ? clock_function(clock_data) : read_clock(CLOCK_REALTIME);
}

void os_set_clock(int64_t (*clock)(void *), void *data)
{
    clock_function = clock;
    clock_data = data;
}

int64_t os_monotonic_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

static struct tm broken_down(int64_t us, long *ret_fraction)
{
    int64_t seconds = us / 1000000, fraction = us % 1000000;
    if (fraction < 0) {
        fraction += 1000000;
        seconds--;
    }
    time_t t = (time_t)seconds;
    struct tm tm = {0};
    gmtime_r(&t, &tm);
    *ret_fraction = (long)fraction;
    return tm;
}

char *os_format_time(struct arena *a, int64_t us)
{
    long fraction;
    struct tm t = broken_down(us, &fraction);
    return arena_printf(a, "%04d-%02d-%02dT%02d:%02d:%02d.%06ldZ", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour,
                        t.tm_min, t.tm_sec, fraction);
}

char *os_format_time_name(struct arena *a, int64_t us)
{
    long fraction;
    struct tm t = broken_down(us, &fraction);
    return arena_printf(a, "%04d%02d%02dT%02d%02d%02dZ", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min,
                        t.tm_sec);
}

/* --- random --- */

static _Atomic unsigned fork_count; /* a child must not hand out the bytes that its parent holds */

static void count_fork(void)
{
    atomic_fetch_add(&fork_count, 1);
}

static void watch_forks(void)
{
    pthread_atfork(NULL, NULL, count_fork);
}

static void kernel_random(unsigned char *p, size_t n)
{
    while (n) {
        ssize_t got = getrandom(p, n, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) {
            fputs("ingot: the system gives no random numbers\n", stderr);
            abort();
        }
        p += got;
        n -= (size_t)got;
    }
}

void os_random(void *p, size_t n)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    static _Thread_local struct {
        unsigned char bytes[1024];
        size_t left;
        unsigned fork_count;
    } pool;
    pthread_once(&once, watch_forks);
    if (n > sizeof pool.bytes) {
        kernel_random(p, n);
        return;
    }
    unsigned now = atomic_load(&fork_count);
    if (pool.left < n || pool.fork_count != now) {
        kernel_random(pool.bytes, sizeof pool.bytes);
        pool.left = sizeof pool.bytes;
        pool.fork_count = now;
    }
    pool.left -= n;
    memcpy(p, pool.bytes + pool.left, n);
    memset(pool.bytes + pool.left, 0, n);
}

void os_uuid(char out[37])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char b[16];
    os_random(b, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0F) | 0x40); /* version 4 */
    b[8] = (unsigned char)((b[8] & 0x3F) | 0x80); /* variant of RFC 9562 */
    char *p = out;
    for (size_t i = 0; i < sizeof b; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) *p++ = '-';
        *p++ = digits[b[i] >> 4];
        *p++ = digits[b[i] & 15];
    }
    *p = 0;
}

/* --- errors --- */

/* A file that cannot be read is damaged or missing, unless the system below it has trouble. */
static enum rc read_error(struct err *e, int number, const char *verb, const char *path)
{
    bool trouble = number == EIO || number == ESTALE || number == ETIMEDOUT || number == EMFILE || number == ENFILE ||
                   number == ENOMEM;
    return err_set_errno(e, trouble ? RC_UNREACHABLE : RC_DATA, number, "cannot %s %s", verb, path);
}

/* A path that cannot be written is the place's fault (full, read-only, failing), unless the path itself makes no sense. */
static enum rc write_error(struct err *e, int number, const char *verb, const char *path)
{
    bool bad_path =
        number == ENOTDIR || number == EISDIR || number == ENAMETOOLONG || number == ELOOP || number == EINVAL;
    return err_set_errno(e, bad_path ? RC_DATA : RC_UNREACHABLE, number, "cannot %s %s", verb, path);
}

static int open_retry(const char *path, int flags, mode_t mode)
{
    int fd;
    do fd = open(path, flags | O_CLOEXEC, mode);
    while (fd < 0 && errno == EINTR);
    return fd;
}

static void close_fd(int fd)
{
    if (fd >= 0) close(fd); /* Linux closes even when it says EINTR */
}

/* --- paths --- */

char *path_join(struct arena *a, const char *dir, const char *name)
{
    if (name[0] == '/' || !*dir) return arena_strdup(a, name);
    return arena_printf(a, "%s%s%s", dir, dir[strlen(dir) - 1] == '/' ? "" : "/", name);
}

char *path_absolute(struct arena *a, const char *path)
{
    char here[PATH_MAX];
    if (*path != '/' && getcwd(here, sizeof here)) path = path_join(a, here, path);
    char *out = arena_alloc(a, strlen(path) + 2), *to = out;
    bool absolute = *path == '/';
    for (const char *p = path; *p;) { /* without empty and "." segments; ".." may follow a link, so it stays */
        size_t n = strcspn(p, "/");
        if (n && !(n == 1 && *p == '.')) {
            if (absolute || to > out) *to++ = '/';
            memcpy(to, p, n);
            to += n;
        }
        p += n + (p[n] == '/');
    }
    if (to == out) *to++ = absolute ? '/' : '.';
    *to = 0;
    return out;
}

const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The folder that a path is in: "." for a bare name. */
static char *path_parent(struct arena *a, const char *path)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/') n--;
    while (n && path[n - 1] != '/') n--;
    if (n == 0) return arena_strdup(a, ".");
    while (n > 1 && path[n - 1] == '/') n--;
    return arena_strndup(a, path, n);
}

char *os_program_dir(struct arena *a)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0) return arena_strdup(a, ".");
    path[n] = 0;
    return path_parent(a, path);
}

/* --- reading --- */

enum rc os_stat(const char *path, struct file_status *ret, bool *ret_exists, struct err *e)
{
    struct stat s;
    if (stat(path, &s) != 0) {
        if (errno != ENOENT && errno != ENOTDIR) return read_error(e, errno, "look at", path);
        *ret_exists = false;
        return RC_OK;
    }
    *ret = (struct file_status){
        .is_dir = S_ISDIR(s.st_mode),
        .is_regular = S_ISREG(s.st_mode),
        .size = s.st_size,
        .mtime_us = (int64_t)s.st_mtim.tv_sec * 1000000 + s.st_mtim.tv_nsec / 1000,
        .inode = s.st_ino,
        .device = s.st_dev,
    };
    *ret_exists = true;
    return RC_OK;
}

static enum rc read_open_file(struct arena *a, int fd, const char *path, size_t max, struct str *ret, struct err *e)
{
    struct stat s;
    if (fstat(fd, &s) != 0) return read_error(e, errno, "read", path);
    if (s.st_size > 0 && (uint64_t)s.st_size > max) goto too_large;
    size_t capacity = s.st_size > 0 ? (size_t)s.st_size + 1 : 4096, n = 0; /* the size is a hint: it may grow */
    char *p = arena_alloc(a, capacity + 1);
    for (;;) {
        ssize_t got = read(fd, p + n, capacity - n);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return read_error(e, errno, "read", path);
        if (got == 0) break;
        n += (size_t)got;
        if (n > max) goto too_large;
        if (n == capacity) {
            char *more = arena_alloc(a, capacity * 2 + 1);
            memcpy(more, p, n);
            p = more;
            capacity *= 2;
        }
    }
    p[n] = 0;
    *ret = (struct str){p, n};
    return RC_OK;
too_large:
    return err_set(e, RC_DATA, "cannot read %s: it is larger than %zu bytes", path, max);
}

enum rc os_read_file(struct arena *a, const char *path, size_t max, struct str *ret, bool *ret_exists, struct err *e)
{
    int fd = open_retry(path, O_RDONLY, 0);
    if (fd < 0) {
        if (!ret_exists || (errno != ENOENT && errno != ENOTDIR)) return read_error(e, errno, "read", path);
        *ret_exists = false;
        return RC_OK;
    }
    enum rc rc = read_open_file(a, fd, path, max, ret, e);
    close_fd(fd);
    if (rc == RC_OK && ret_exists) *ret_exists = true;
    return rc;
}

static int compare_text(const void *x, const void *y)
{
    const char *const *a = x, *const *b = y;
    return strcmp(*a, *b);
}

enum rc os_list(struct arena *a, const char *path, char ***ret, size_t *ret_n, struct err *e)
{
    DIR *dir = opendir(path);
    char **names = NULL;
    size_t n = 0;
    if (!dir && errno != ENOENT) return read_error(e, errno, "list", path);
    while (dir) {
        errno = 0;
        const struct dirent *d = readdir(dir);
        if (!d && errno) {
            enum rc rc = read_error(e, errno, "list", path);
            closedir(dir);
            return rc;
        }
        if (!d) break;
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
            *ARENA_PUSH(a, names, n) = arena_strdup(a, d->d_name);
    }
    if (dir) closedir(dir);
    if (n > 1) qsort(names, n, sizeof *names, compare_text);
    *ret = names;
    *ret_n = n;
    return RC_OK;
}

/* --- durable writing --- */

static int fsync_retry(int fd)
{
    int r;
    do r = fsync(fd);
    while (r != 0 && errno == EINTR);
    return r;
}

enum rc os_fsync(const char *path, struct err *e)
{
    enum rc rc = RC_OK;
    int fd = open_retry(path, O_RDONLY, 0);
    /* EINVAL: the file system has no fsync for this kind of file, which then needs none. */
    if (fd < 0 || (fsync_retry(fd) != 0 && errno != EINVAL)) rc = write_error(e, errno, "make durable:", path);
    close_fd(fd);
    return rc;
}

static int write_bytes(int fd, struct str bytes)
{
    while (bytes.n) {
        ssize_t done = write(fd, bytes.p, bytes.n);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return -1;
        bytes.p += done;
        bytes.n -= (size_t)done;
    }
    return 0;
}

/* A new file next to `path` with these bytes, on disk. On success the caller closes *ret_fd and removes or renames
 * *ret_name. `mode` of 0 leaves the permissions to the umask. */
static enum rc write_temporary(struct arena *a, const char *path, struct str bytes, mode_t mode, char **ret_name,
                               int *ret_fd, struct err *e)
{
    char uuid[37];
    os_uuid(uuid);
    char *name = path_join(a, path_parent(a, path), arena_printf(a, ".tmp-%s", uuid));
    int fd = open_retry(name, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (fd < 0) return write_error(e, errno, "write", path);
    if ((mode && fchmod(fd, mode) != 0) || write_bytes(fd, bytes) != 0 || fsync_retry(fd) != 0) {
        enum rc rc = write_error(e, errno, "write", path);
        close_fd(fd);
        unlink(name);
        return rc;
    }
    *ret_name = name;
    *ret_fd = fd;
    return RC_OK;
}

enum rc os_write_file(const char *path, struct str bytes, struct err *e)
{
    struct arena *a = arena_new();
    char *name = NULL;
    int fd = -1;
    struct stat old;
    mode_t mode = stat(path, &old) == 0 ? old.st_mode & 0777 : 0;
    enum rc rc = write_temporary(a, path, bytes, mode, &name, &fd, e);
    if (rc != RC_OK) goto out;
    if (rename(name, path) != 0) {
        rc = write_error(e, errno, "write", path);
        unlink(name);
        goto out;
    }
    rc = os_fsync(path_parent(a, path), e);
out:
    close_fd(fd);
    arena_free(a);
    return rc;
}

/* link(2), or where the file system has no links a rename that refuses to replace; 0 or an errno. */
static int publish(int fd, const char *name, const char *path)
{
    if (link(name, path) == 0) return 0;
    int number = errno;
    struct stat s;
    /* A network file system may repeat a request whose answer got lost, and then reports its own link as EEXIST. */
    if (fstat(fd, &s) == 0 && s.st_nlink == 2) return 0;
    if (number == EPERM || number == EOPNOTSUPP || number == ENOSYS || number == EMLINK) {
        if (renameat2(AT_FDCWD, name, AT_FDCWD, path, RENAME_NOREPLACE) == 0) return 0;
        if (errno == EEXIST) return EEXIST;
    }
    return number;
}

enum rc os_create_new(const char *path, struct str bytes, bool *ret_created, struct err *e)
{
    struct arena *a = arena_new();
    char *name = NULL;
    int fd = -1;
    enum rc rc = write_temporary(a, path, bytes, 0, &name, &fd, e);
    if (rc != RC_OK) goto out;
    int number = publish(fd, name, path);
    unlink(name);
    if (number && number != EEXIST) {
        rc = write_error(e, number, "create", path);
        goto out;
    }
    rc = os_fsync(path_parent(a, path), e);
    if (rc == RC_OK) *ret_created = number == 0;
out:
    close_fd(fd);
    arena_free(a);
    return rc;
}

static bool is_folder(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

static enum rc make_folder(struct arena *a, const char *path, struct err *e)
{
    if (mkdir(path, 0777) == 0) return os_fsync(path_parent(a, path), e);
    int number = errno;
    if (is_folder(path)) return RC_OK;
    return write_error(e, number == EEXIST ? ENOTDIR : number, "create the folder", path);
}

enum rc os_mkdirs(const char *path, struct err *e)
{
    if (is_folder(path)) return RC_OK;
    struct arena *a = arena_new();
    char *p = arena_strdup(a, path);
    enum rc rc = RC_OK;
    for (char *slash = strchr(p + (*p == '/'), '/'); slash && rc == RC_OK; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (!is_folder(p)) rc = make_folder(a, p, e);
        *slash = '/';
    }
    if (rc == RC_OK) rc = make_folder(a, p, e);
    arena_free(a);
    return rc;
}

/* --- removing --- */

enum rc os_remove(const char *path, struct err *e)
{
    if (unlink(path) == 0 || errno == ENOENT || errno == ENOTDIR) return RC_OK;
    return write_error(e, errno, "remove", path);
}

/* Empties the folder that `fd` stands for and closes it; 0 or an errno. Links are removed, not followed. */
static int empty_folder(int fd)
{
    DIR *dir = fdopendir(fd);
    if (!dir) {
        int number = errno;
        close_fd(fd);
        return number;
    }
    int number = 0;
    const struct dirent *d;
    while (number == 0 && (errno = 0, d = readdir(dir))) {
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0) continue;
        if (unlinkat(fd, d->d_name, 0) == 0 || errno == ENOENT) continue;
        number = errno;
        if (number != EISDIR && number != EPERM) break; /* POSIX says EPERM for a folder, Linux EISDIR */
        int below = openat(fd, d->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below < 0) break;
        number = empty_folder(below);
        if (number == 0 && unlinkat(fd, d->d_name, AT_REMOVEDIR) != 0 && errno != ENOENT) number = errno;
    }
    if (number == 0) number = errno;
    closedir(dir);
    return number;
}

enum rc os_remove_tree(const char *path, struct err *e)
{
    int fd = open_retry(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    if (fd < 0) {
        if (errno == ENOENT) return RC_OK;
        if (errno == ENOTDIR || errno == ELOOP) return os_remove(path, e);
        return write_error(e, errno, "remove", path);
    }
    int number = empty_folder(fd);
    if (number == 0 && rmdir(path) != 0 && errno != ENOENT) number = errno;
    return number ? write_error(e, number, "remove", path) : RC_OK;
}
