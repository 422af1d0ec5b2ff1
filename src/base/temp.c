/* Folders for temporary files, and what killed processes left of theirs.
 *
 * A folder ingot-<pid>-<uuid> belongs to whoever holds the lock on the file of that name with .lock behind it (flock(2),
 * which the kernel lets go of with the process, however it ends, and which also holds between containers that share the
 * parent folder). */
#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK ".lock"
#define NAME_LENGTH (sizeof "ingot-1-" - 1 + 36) /* at least */
#define YOUNG_US ((int64_t)60 * 1000000)         /* a lock that is being made looks abandoned */
#define SWEPT_MAX 64                             /* a run does not spend its time on the leftovers of others */

struct temp_dir {
    char *path, *lock_path;
    int lock;
};

static void release(void *data)
{
    struct temp_dir *t = data;
    struct err ignored = {0};
    if (os_remove_tree(t->path, &ignored) == RC_OK) unlink(t->lock_path); /* else the next process sweeps it up */
    close(t->lock);
}

/* Takes the lock of a folder whose owner is gone; -1: it has one, or it is too young to tell. */
static int take_over(const char *lock_path)
{
    struct file_status status;
    bool exists;
    if (os_stat(lock_path, &status, &exists, NULL) != RC_OK || !exists || os_now_us() - status.mtime_us < YOUNG_US)
        return -1;
    int fd = open(lock_path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
    if (fd >= 0) close(fd);
    return -1;
}

static void sweep(struct arena *a, const char *parent)
{
    char **names;
    size_t n, swept = 0;
    if (os_list(a, parent, &names, &n, NULL) != RC_OK) return;
    for (size_t i = 0; i < n && swept < SWEPT_MAX; i++) {
        size_t length = strlen(names[i]), end = strlen(LOCK);
        if (strncmp(names[i], "ingot-", 6) != 0 || length < NAME_LENGTH + end ||
            strcmp(names[i] + length - end, LOCK) != 0)
            continue;
        char *lock_path = path_join(a, parent, names[i]);
        int fd = take_over(lock_path);
        if (fd < 0) continue;
        if (os_remove_tree(arena_strndup(a, lock_path, strlen(lock_path) - end), NULL) == RC_OK) {
            unlink(lock_path);
            swept++;
        }
        close(fd);
    }
}

enum rc os_temp_dir(struct arena *a, const char *parent, char **ret, struct err *e)
{
    if (!parent) parent = getenv("TMPDIR");
    if (!parent || !*parent) parent = "/tmp";
    enum rc rc = os_mkdirs(parent, e);
    if (rc != RC_OK) return rc;
    sweep(a, parent);
    char uuid[37];
    os_uuid(uuid);
    struct temp_dir *t = ARENA_NEW(a, struct temp_dir);
    t->path = path_join(a, parent, arena_printf(a, "ingot-%ld-%s", (long)getpid(), uuid));
    t->lock_path = arena_printf(a, "%s" LOCK, t->path);
    t->lock = open(t->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_EXCL, 0600);
    if (t->lock < 0) return err_set_errno(e, RC_UNREACHABLE, errno, "cannot create %s", t->lock_path);
    arena_defer(a, release, t);
    if (flock(t->lock, LOCK_EX | LOCK_NB) != 0)
        return err_set_errno(e, RC_UNREACHABLE, errno, "cannot lock %s", t->lock_path);
    if (mkdir(t->path, 0700) != 0)
        return err_set_errno(e, RC_UNREACHABLE, errno, "cannot create the folder %s", t->path);
    *ret = t->path;
    return RC_OK;
}
