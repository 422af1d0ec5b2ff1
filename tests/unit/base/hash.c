#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void known_values(void **state)
{
    (void)state;
    /* As `xxhsum -H128` prints them. */
    assert_string_equal(hash_bytes("", 0).hex, "99aa06d3014798d86001c324468d497f");
    assert_string_equal(hash_bytes(NULL, 0).hex, "99aa06d3014798d86001c324468d497f");
    assert_string_equal(hash_bytes("abc", 3).hex, "06b05ab6733a618578af5f94892f3950");
}

static void pieces_give_the_same(void **state)
{
    (void)state;
    unsigned char bytes[5000];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(i * 31 + (i >> 8));
    for (size_t piece = 1; piece < 700; piece += 37) {
        struct hash_state *s = hash_new();
        for (size_t i = 0; i < sizeof bytes; i += piece)
            hash_update(s, bytes + i, sizeof bytes - i < piece ? sizeof bytes - i : piece);
        hash_update(s, NULL, 0);
        assert_string_equal(hash_finish(s).hex, hash_bytes(bytes, sizeof bytes).hex);
    }
    struct hash before = hash_bytes(bytes, sizeof bytes);
    bytes[4999] ^= 1;
    assert_string_not_equal(before.hex, hash_bytes(bytes, sizeof bytes).hex);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(known_values), cmocka_unit_test(pieces_give_the_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
