#include "source/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define RAW_SIZE ((size_t)1 << 18)
#define ZSTD_WINDOW_LOG_MAX 27 /* 128 MiB: what a stranger's file may make us allocate */

/* Bytes flow from the file through `raw` (compressed or encoded files only) and `text` (encoded files only). */
struct chunk {
    char *p;
    size_t from, to;
};

struct stream {
    int fd;
    enum compression compression;
    struct stat opened;
    struct file_status status;
    struct hash_state *hash;
    int64_t n_read;
    bool file_end, inflate_end, end;
    char problem[256];
    struct chunk raw, text; /* compressed bytes; bytes in the file's own encoding */
    z_stream z;
    bool z_open, in_member;
    ZSTD_DStream *zstd;
    bool in_frame;
    iconv_t iconv;
    bool iconv_open;
    char encoding[64];
};

static void fail(struct stream *s, const char *format, ...) PRINTF_LIKE(2, 3);
static void fail(struct stream *s, const char *format, ...)
{
    if (s->problem[0]) return;
    va_list ap;
    va_start(ap, format);
    vsnprintf(s->problem, sizeof s->problem, format, ap);
    va_end(ap);
    s->end = true;
}

static void *allocate(size_t n)
{
    void *p = calloc(1, n);
    if (!p) abort();
    return p;
}

/* --- the file itself --- */

static int64_t mtime_us(const struct stat *t)
{
    return (int64_t)t->st_mtim.tv_sec * 1000000 + t->st_mtim.tv_nsec / 1000;
}

static void open_file(struct stream *s, const char *path)
{
    do s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    while (s->fd < 0 && errno == EINTR);
    if (s->fd < 0 || fstat(s->fd, &s->opened) != 0) {
        fail(s, errno == ENOENT ? "it is gone (%s)" : "cannot be read: %s", strerror(errno));
        return;
    }
    s->status = (struct file_status){.is_dir = S_ISDIR(s->opened.st_mode),
                                     .is_regular = S_ISREG(s->opened.st_mode),
                                     .size = s->opened.st_size,
                                     .mtime_us = mtime_us(&s->opened),
                                     .inode = s->opened.st_ino,
                                     .device = s->opened.st_dev};
    if (s->status.is_dir) fail(s, "is a directory, not a file");
    else if (!s->status.is_regular) fail(s, "is not a regular file (a pipe, a socket or a device)");
    else if (s->status.size == 0) fail(s, "is empty (0 bytes)");
    posix_fadvise(s->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
}

/* Bytes as they are on disk. Stops at the size that the file had when it was opened. */
static size_t read_disk(struct stream *s, char *p, size_t n)
{
    size_t done = 0;
    int64_t left = s->status.size - s->n_read;
    if ((int64_t)n > left) n = (size_t)left;
    while (done < n) {
        ssize_t got = read(s->fd, p + done, n - done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            fail(s, "cannot be read: %s", strerror(errno));
            break;
        }
        if (got == 0) {
            fail(s, "changed while it was read (it became shorter)");
            break;
        }
        done += (size_t)got;
    }
    hash_update(s->hash, p, done);
    s->n_read += (int64_t)done;
    if (s->n_read >= s->status.size) s->file_end = true;
    return done;
}

static bool refill(struct stream *s, struct chunk *c)
{
    c->from = 0;
    c->to = s->file_end ? 0 : read_disk(s, c->p, RAW_SIZE);
    return c->to > 0;
}

/* --- compression --- */

static bool only_zeros(struct stream *s)
{
    do {
        for (size_t i = s->raw.from; i < s->raw.to; i++)
            if (s->raw.p[i]) return false;
    } while (refill(s, &s->raw));
    return true;
}

/* Between gzip members: another one, the end, or padding with zeros as tapes leave it; nothing else. */
static void next_member(struct stream *s)
{
    if (s->raw.from == s->raw.to && !refill(s, &s->raw)) {
        s->inflate_end = true;
    } else if ((unsigned char)s->raw.p[s->raw.from] == 0x1F) {
        inflateReset(&s->z);
        s->in_member = true;
    } else if (only_zeros(s)) {
        s->inflate_end = true;
    } else {
        fail(s, "damaged gzip: other bytes follow the end of the compressed data");
    }
}

static size_t read_gzip(struct stream *s, char *p, size_t n)
{
    size_t done = 0;
    while (done < n && !s->inflate_end && !s->problem[0]) {
        if (!s->in_member) {
            next_member(s);
            continue;
        }
        if (s->raw.from == s->raw.to && !refill(s, &s->raw)) {
            fail(s, "truncated gzip: the compressed data ends too early");
            break;
        }
        s->z.next_in = (Bytef *)s->raw.p + s->raw.from;
        s->z.avail_in = (uInt)(s->raw.to - s->raw.from);
        s->z.next_out = (Bytef *)p + done;
        size_t room = n - done < (1u << 30) ? n - done : 1u << 30;
        s->z.avail_out = (uInt)room;
        int code = inflate(&s->z, Z_NO_FLUSH);
        s->raw.from = s->raw.to - s->z.avail_in;
        done += room - s->z.avail_out;
        if (code == Z_STREAM_END) s->in_member = false; /* length and CRC were right */
        else if (code != Z_OK && code != Z_BUF_ERROR)
            fail(s, "damaged gzip: %s", s->z.msg ? s->z.msg : "cannot be inflated");
    }
    return done;
}

static size_t read_zstd(struct stream *s, char *p, size_t n)
{
    ZSTD_outBuffer out = {p, n, 0};
    while (out.pos < n && !s->inflate_end && !s->problem[0]) {
        if (s->raw.from == s->raw.to && !refill(s, &s->raw) && !s->in_frame) {
            s->inflate_end = true;
            break;
        }
        size_t before = out.pos;
        ZSTD_inBuffer in = {s->raw.p, s->raw.to, s->raw.from};
        size_t code = ZSTD_decompressStream(s->zstd, &out, &in);
        bool moved = in.pos > s->raw.from || out.pos > before;
        s->raw.from = in.pos;
        if (ZSTD_isError(code)) fail(s, "damaged zstd: %s", ZSTD_getErrorName(code));
        else if (!moved && s->file_end) fail(s, "truncated zstd: the compressed data ends too early");
        else s->in_frame = code != 0;
    }
    return out.pos;
}

static size_t read_bytes(struct stream *s, char *p, size_t n)
{
    if (s->problem[0]) return 0;
    if (s->compression == COMPRESSION_GZIP) return read_gzip(s, p, n);
    if (s->compression == COMPRESSION_ZSTD) return read_zstd(s, p, n);
    return s->file_end ? 0 : read_disk(s, p, n);
}

static void open_compression(struct stream *s)
{
    if (s->compression == COMPRESSION_NONE) return;
    s->raw.p = allocate(RAW_SIZE);
    if (s->compression == COMPRESSION_ZSTD) {
        s->zstd = ZSTD_createDStream();
        if (!s->zstd) abort();
        ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX);
    } else {
        if (inflateInit2(&s->z, 15 + 16) != Z_OK) abort(); /* 15: largest window; 16: gzip, not zlib */
        s->z_open = true;
        s->in_member = true;
    }
}

/* --- encoding --- */

static const struct {
    const char *bytes;
    size_t n;
    const char *name;
} byte_order_marks[] = {
    {"\xEF\xBB\xBF", 3, "UTF-8"},    {"\xFF\xFE\0\0", 4, "UTF-32LE"}, /* before UTF-16LE, whose mark it starts with */
    {"\0\0\xFE\xFF", 4, "UTF-32BE"}, {"\xFF\xFE", 2, "UTF-16LE"},     {"\xFE\xFF", 2, "UTF-16BE"},
};

static bool is_utf8_name(const char *name)
{
    return !*name || strcasecmp(name, "utf-8") == 0 || strcasecmp(name, "utf8") == 0 ||
           strcasecmp(name, "ascii") == 0 || strcasecmp(name, "us-ascii") == 0;
}

/* Looks at the first bytes: a mark says what the encoding is, and is skipped; it wins over what the project says, where
 * both are of the Unicode family. */
static void find_encoding(struct stream *s, const char *given)
{
    s->text.p = allocate(RAW_SIZE);
    s->text.to = read_bytes(s, s->text.p, RAW_SIZE);
    snprintf(s->encoding, sizeof s->encoding, "%s", given && *given ? given : "UTF-8");
    bool unicode = !given || strncasecmp(given, "utf", 3) == 0 || strncasecmp(given, "ucs", 3) == 0;
    for (size_t i = 0; unicode && i < sizeof byte_order_marks / sizeof *byte_order_marks; i++) {
        size_t n = byte_order_marks[i].n;
        if (s->text.to >= n && memcmp(s->text.p, byte_order_marks[i].bytes, n) == 0) {
            s->text.from = n;
            snprintf(s->encoding, sizeof s->encoding, "%s", byte_order_marks[i].name);
            break;
        }
    }
    if (is_utf8_name(s->encoding)) return;
    s->iconv = iconv_open("UTF-8", s->encoding);
    if (s->iconv == (iconv_t)-1)
        fail(s, "the encoding '%s' is not known to this system (`iconv -l` lists them)", s->encoding);
    else s->iconv_open = true;
}

/* Encoded bytes that iconv did not take yet stay at the front of `text`. */
static bool refill_text(struct stream *s)
{
    size_t left = s->text.to - s->text.from;
    memmove(s->text.p, s->text.p + s->text.from, left);
    size_t got = read_bytes(s, s->text.p + left, RAW_SIZE - left);
    s->text.from = 0;
    s->text.to = left + got;
    return got > 0;
}

static size_t read_encoded(struct stream *s, char *p, size_t n)
{
    size_t done = 0;
    while (done + 8 <= n && !s->problem[0]) {
        if (s->text.from == s->text.to && !refill_text(s)) break;
        char *in = s->text.p + s->text.from, *out = p + done;
        size_t in_left = s->text.to - s->text.from, out_left = n - done;
        size_t code = iconv(s->iconv, &in, &in_left, &out, &out_left);
        int number = errno;
        s->text.from = s->text.to - in_left;
        done = n - out_left;
        if (code != (size_t)-1) continue;
        if (number == E2BIG) break;
        if (number == EINVAL && refill_text(s)) continue; /* a character was cut at the end of the chunk */
        if (s->problem[0]) break;
        p[done++] = (char)0xFF;
        size_t width = strncasecmp(s->encoding, "utf-16", 6) == 0   ? 2
                       : strncasecmp(s->encoding, "utf-32", 6) == 0 ? 4
                                                                    : 1;
        size_t skip = s->text.to - s->text.from < width ? s->text.to - s->text.from : width;
        s->text.from += skip;
        iconv(s->iconv, NULL, NULL, NULL, NULL);
    }
    return done;
}

static size_t read_plain(struct stream *s, char *p, size_t n)
{
    size_t done = s->text.to - s->text.from;
    if (done > n) done = n;
    memcpy(p, s->text.p + s->text.from, done);
    s->text.from += done;
    return done < n ? done + read_bytes(s, p + done, n - done) : done;
}

/* --- the whole --- */

enum compression compression_of(const char *path)
{
    size_t n = strlen(path);
    if (n > 3 && strcasecmp(path + n - 3, ".gz") == 0) return COMPRESSION_GZIP;
    if (n > 4 && strcasecmp(path + n - 4, ".zst") == 0) return COMPRESSION_ZSTD;
    return COMPRESSION_NONE;
}

struct stream *stream_open(const char *full_path, enum compression compression, const char *encoding)
{
    struct stream *s = allocate(sizeof *s);
    s->compression = compression;
    s->hash = hash_new();
    open_file(s, full_path);
    if (s->problem[0]) return s;
    open_compression(s);
    find_encoding(s, encoding);
    return s;
}

void stream_close(struct stream *s)
{
    if (!s) return;
    if (s->fd >= 0) close(s->fd);
    if (s->hash) hash_finish(s->hash);
    if (s->z_open) inflateEnd(&s->z);
    if (s->zstd) ZSTD_freeDStream(s->zstd);
    if (s->iconv_open) iconv_close(s->iconv);
    free(s->raw.p);
    free(s->text.p);
    free(s);
}

size_t stream_read(struct stream *s, char *p, size_t n)
{
    size_t done = 0;
    while (done < n && !s->end) {
        size_t got = s->iconv_open ? read_encoded(s, p + done, n - done) : read_plain(s, p + done, n - done);
        done += got;
        if (got == 0 && (!s->iconv_open || n - done >= 8)) s->end = true;
        if (s->iconv_open && n - done < 8) break;
    }
    return done;
}

bool stream_at_end(const struct stream *s)
{
    return s->end;
}

const char *stream_problem(const struct stream *s)
{
    return s->problem[0] ? s->problem : NULL;
}

struct hash stream_finish(struct stream *s)
{
    struct hash h = hash_finish(s->hash);
    s->hash = NULL;
    struct stat now;
    if (s->problem[0]) return h;
    if (fstat(s->fd, &now) != 0) fail(s, "cannot be read: %s", strerror(errno));
    else if (now.st_size != s->opened.st_size || mtime_us(&now) != s->status.mtime_us)
        fail(s, "changed while it was read; it is tried again on the next run");
    return h;
}

struct file_status stream_status(const struct stream *s)
{
    return s->status;
}

const char *stream_encoding(const struct stream *s)
{
    return s->encoding;
}
