/* The hash of a file's bytes on disk. */
#ifndef SOURCE_FILE_HASH_H
#define SOURCE_FILE_HASH_H

#include "base/hash.h"

/* False: it cannot be read. */
bool file_hash(const char *full_path, struct hash *ret);

#endif
