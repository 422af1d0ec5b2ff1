/* The bytes of one source file as UTF-8: read, hashed, decompressed with every check that the format offers, decoded.
 *
 * Files are read with read(2), never mapped: a file that shrinks while it is read must not end the program. */
#ifndef SOURCE_STREAM_H
#define SOURCE_STREAM_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/os.h"

enum compression { COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD };

struct stream;

/* Opens a file. Whatever goes wrong is not an error but the stream's problem: a text for people, without the path. */
struct stream *stream_open(const char *full_path, enum compression compression, const char *encoding);
void stream_close(struct stream *s); /* NULL is fine */
/* Up to n bytes of UTF-8 text without a byte order mark; fewer only at the end or at a problem. Bytes that the encoding
 * does not allow come as 0xFF, which no UTF-8 text holds, so that only their record is refused. */
size_t stream_read(struct stream *s, char *p, size_t n);
/* NULL, or why the file as a whole cannot be read (damaged, changed while it was read …). Lives as long as the stream. */
const char *stream_problem(const struct stream *s);
bool stream_at_end(const struct stream *s);
/* After the end: the hash of the bytes on disk. Checks that the file did not change while it was read. */
struct hash stream_finish(struct stream *s);
struct file_status stream_status(const struct stream *s);
/* Name of the encoding that was found or given: "UTF-8", "UTF-16LE", … */
const char *stream_encoding(const struct stream *s);
/* By the name: "x.csv.gz" -> gzip. */
enum compression compression_of(const char *path);

#endif
