#include "base/hash.h"

#include <stdlib.h>
#include <xxhash.h>

static struct hash to_hex(XXH128_hash_t h)
{
    static const char digits[] = "0123456789abcdef";
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, h);
    struct hash out;
    for (size_t i = 0; i < sizeof canonical.digest; i++) {
        out.hex[2 * i] = digits[canonical.digest[i] >> 4];
        out.hex[2 * i + 1] = digits[canonical.digest[i] & 15];
    }
    out.hex[32] = 0;
    return out;
}

struct hash hash_bytes(const void *p, size_t n)
{
    return to_hex(XXH3_128bits(n ? p : "", n));
}

/* struct hash_state is never defined: a pointer to it is a pointer to xxhash's own state. */
struct hash_state *hash_new(void)
{
    XXH3_state_t *s = XXH3_createState();
    if (!s || XXH3_128bits_reset(s) != XXH_OK) abort();
    return (struct hash_state *)s;
}

void hash_update(struct hash_state *s, const void *p, size_t n)
{
    if (n && XXH3_128bits_update((XXH3_state_t *)s, p, n) != XXH_OK) abort();
}

struct hash hash_finish(struct hash_state *s)
{
    struct hash h = to_hex(XXH3_128bits_digest((XXH3_state_t *)s));
    XXH3_freeState((XXH3_state_t *)s);
    return h;
}
