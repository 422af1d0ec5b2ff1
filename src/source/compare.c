/* What is to be loaded: files as they are now against the ledger (RULES.md B 1). */
#include "source/file_hash.h"
#include "source/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define HASH_BUFFER ((size_t)1 << 20)
#define SAFE_US 2000000 /* file systems keep times as coarse as two seconds */

bool file_hash(const char *full_path, struct hash *ret)
{
    int fd = open(full_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return false;
    char *p = malloc(HASH_BUFFER);
    if (!p) abort();
    struct hash_state *h = hash_new();
    ssize_t n;
    do {
        n = read(fd, p, HASH_BUFFER);
        if (n > 0) hash_update(h, p, (size_t)n);
    } while (n > 0 || (n < 0 && errno == EINTR));
    *ret = hash_finish(h);
    free(p);
    close(fd);
    return n == 0;
}

static bool is_same(const struct ledger_file *known, const struct found_file *found)
{
    if (known->size != found->size) return false;
    int64_t apart = known->mtime_us - known->loaded_at_us;
    bool settled = apart < -SAFE_US || apart > SAFE_US;
    if (known->mtime_us == found->mtime_us && settled) return true;
    struct hash h;
    return known->hash && file_hash(found->full_path, &h) && strcmp(h.hex, known->hash) == 0;
}

static enum file_fate fate_of(const struct ledger_file *known, const struct found_file *found)
{
    if (known->problem) return FILE_RETRY;
    return is_same(known, found) ? FILE_SAME : FILE_CHANGED;
}

enum rc source_compare(struct arena *a, const struct ledger *ledger, const struct found_file *found, size_t n_found,
                       struct file_decision **ret, size_t *ret_n, struct err *e)
{
    (void)e;
    size_t n_known = ledger ? ledger->n_files : 0, i = 0, k = 0, n = 0;
    struct file_decision *d = ARENA_ARRAY(a, struct file_decision, n_found + n_known + 1);
    while (i < n_found || k < n_known) {
        int order = i == n_found ? 1 : k == n_known ? -1 : strcmp(found[i].path, ledger->files[k].path);
        const struct found_file *f = order <= 0 ? &found[i++] : NULL;
        const struct ledger_file *l = order >= 0 ? &ledger->files[k++] : NULL;
        d[n++] = (struct file_decision){.fate = !f   ? FILE_VANISHED
                                                : !l ? FILE_NEW
                                                     : fate_of(l, f),
                                        .found = f,
                                        .known = l};
    }
    *ret = d;
    *ret_n = n;
    return RC_OK;
}
