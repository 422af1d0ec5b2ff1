/* The operating system: the seam for clock, random ids and files. Paths are bytes, NUL-terminated. */
#ifndef BASE_OS_H
#define BASE_OS_H

#include "base/arena.h"
#include "base/buf.h"

#include <stdint.h>

/* Microseconds since 1970 UTC; tests move it by os_set_clock (NULL: the real one). */
int64_t os_now_us(void);
void os_set_clock(int64_t (*clock)(void *), void *data);
/* Microseconds that only grow, for durations. */
int64_t os_monotonic_us(void);
/* A random UUID (version 4) as 36 characters + NUL. */
void os_uuid(char out[37]);
void os_random(void *p, size_t n);
/* "2026-11-23T18:30:00.123456Z" in the arena. */
char *os_format_time(struct arena *a, int64_t us);
/* "20261123T183000Z" in the arena, for names of runs. */
char *os_format_time_name(struct arena *a, int64_t us);

struct file_status {
    bool is_dir, is_regular;
    int64_t size, mtime_us;
    uint64_t inode, device;
};
/* RC_OK with *ret_exists = false where nothing is there. */
enum rc os_stat(const char *path, struct file_status *ret, bool *ret_exists, struct err *e) MUST_CHECK;
/* Reads a whole file of at most `max` bytes into the arena, NUL-terminated beyond its end. Missing: *ret_exists=false
 * if that pointer is given, else RC_DATA. */
enum rc os_read_file(struct arena *a, const char *path, size_t max, struct str *ret, bool *ret_exists,
                     struct err *e) MUST_CHECK;
/* Writes a file so that it is there whole or not at all (temporary file, fsync, rename). */
enum rc os_write_file(const char *path, struct str bytes, struct err *e) MUST_CHECK;
/* Creates the file only if nothing is there, whole and durable: temporary file in the same folder, fsync, link(2),
 * fsync of the folder. *ret_created = false if somebody was first. After an error the file may be there or not. */
enum rc os_create_new(const char *path, struct str bytes, bool *ret_created, struct err *e) MUST_CHECK;
/* Creates a folder and those above it, durably; one that is there is fine. */
enum rc os_mkdirs(const char *path, struct err *e) MUST_CHECK;
enum rc os_remove(const char *path, struct err *e) MUST_CHECK; /* a file; missing is fine */
enum rc os_fsync(const char *path, struct err *e) MUST_CHECK;  /* a file or folder that is there */
/* Names in a folder, sorted bytewise, without . and ..; a missing folder gives none. */
enum rc os_list(struct arena *a, const char *path, char ***ret, size_t *ret_n, struct err *e) MUST_CHECK;
/* A fresh empty folder for temporary files below `parent` (NULL: $TMPDIR or /tmp), removed with everything in it when the arena is
 * freed. What killed processes left there is swept up. */
enum rc os_temp_dir(struct arena *a, const char *parent, char **ret, struct err *e) MUST_CHECK;
enum rc os_remove_tree(const char *path, struct err *e) MUST_CHECK;
char *path_join(struct arena *a, const char *dir, const char *name); /* an absolute name stands for itself */
char *path_absolute(struct arena *a, const char *path);
const char *path_base(const char *path); /* after the last '/' */
/* The folder that holds the running program (through /proc/self/exe). */
char *os_program_dir(struct arena *a);

#endif
