/* Sixty-four bytes at a time: which of them are this character? One bit for each byte. */
#ifndef SOURCE_BYTES64_H
#define SOURCE_BYTES64_H

#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>

struct bytes64 {
    __m128i v[4];
};

static inline struct bytes64 bytes64_load(const char *p)
{
    struct bytes64 b;
    for (int i = 0; i < 4; i++) b.v[i] = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
    return b;
}

static inline uint64_t bytes64_bits(const __m128i v[4])
{
    uint64_t bits = 0;
    for (int i = 0; i < 4; i++) bits |= (uint64_t)(uint32_t)_mm_movemask_epi8(v[i]) << (16 * i);
    return bits;
}

static inline uint64_t bytes64_equal(struct bytes64 b, char c)
{
    __m128i x = _mm_set1_epi8(c), m[4];
    for (int i = 0; i < 4; i++) m[i] = _mm_cmpeq_epi8(b.v[i], x);
    return bytes64_bits(m);
}

/* c or CR or LF */
static inline uint64_t bytes64_ends(struct bytes64 b, char c)
{
    __m128i x = _mm_set1_epi8(c), lf = _mm_set1_epi8('\n'), cr = _mm_set1_epi8('\r'), m[4];
    for (int i = 0; i < 4; i++)
        m[i] = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(b.v[i], x), _mm_cmpeq_epi8(b.v[i], lf)),
                            _mm_cmpeq_epi8(b.v[i], cr));
    return bytes64_bits(m);
}

static inline uint64_t bytes64_high(struct bytes64 b)
{
    return bytes64_bits(b.v);
}

#else

struct bytes64 {
    char v[64];
};

static inline struct bytes64 bytes64_load(const char *p)
{
    struct bytes64 b;
    memcpy(b.v, p, sizeof b.v);
    return b;
}

static inline uint64_t bytes64_equal(struct bytes64 b, char c)
{
    uint64_t bits = 0;
    for (int i = 0; i < 64; i++) bits |= (uint64_t)(b.v[i] == c) << i;
    return bits;
}

static inline uint64_t bytes64_ends(struct bytes64 b, char c)
{
    return bytes64_equal(b, c) | bytes64_equal(b, '\n') | bytes64_equal(b, '\r');
}

static inline uint64_t bytes64_high(struct bytes64 b)
{
    uint64_t bits = 0;
    for (int i = 0; i < 64; i++) bits |= (uint64_t)((unsigned char)b.v[i] >> 7) << i;
    return bits;
}

#endif
#endif
