/* Floating point: exact for short numbers by one multiplication or division of exact powers of ten (Clinger
 * 1990), by strtod(3) for the rest. */
#include "quality/parse.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LITERAL_MAX 1000

struct literal {
    uint64_t mantissa; /* the first 19 digits, without leading zeros */
    int exponent;      /* value = mantissa * 10^exponent, if `whole` */
    bool negative, whole;
};

static inline bool is_decimal_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits into the mantissa; those after the point lower the exponent. Returns where they end. */
static const char *take_digits(const char *p, const char *end, bool fraction, struct literal *l)
{
    for (; p < end && is_decimal_digit(*p); p++) {
        if (l->mantissa > (UINT64_MAX - 9) / 10) {
            l->whole = false;
            continue;
        }
        l->mantissa = l->mantissa * 10 + (uint64_t)(*p - '0');
        l->exponent -= fraction;
    }
    return p;
}

static bool take_exponent(const char *p, const char *end, struct literal *l)
{
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    if (p == end) return false;
    int value = 0;
    for (; p < end; p++) {
        if (!is_decimal_digit(*p)) return false;
        if (value < 100000) value = value * 10 + (*p - '0');
    }
    l->exponent += negative ? -value : value;
    return true;
}

static bool read_literal(const char *p, size_t n, struct literal *l)
{
    *l = (struct literal){.whole = true};
    if (n > LITERAL_MAX) return false;
    const char *end = p + n;
    if (p < end && (*p == '-' || *p == '+')) l->negative = *p++ == '-';
    const char *first = p;
    p = take_digits(p, end, false, l);
    size_t digits = (size_t)(p - first);
    if (p < end && *p == '.') {
        first = ++p;
        p = take_digits(p, end, true, l);
        digits += (size_t)(p - first);
    }
    if (!digits) return false;
    if (p == end) return true;
    return (*p == 'e' || *p == 'E') && take_exponent(p + 1, end, l);
}

#if LDBL_MANT_DIG == 64
/* With 64 bits of precision every mantissa here and 10^27 are exact, so one operation is off by at most half a unit in
 * the 64th bit. Rounding that to 53 bits is right unless it lies next to the middle between two doubles. */
static bool extended_product(const struct literal *l, double *ret)
{
    static const long double ten[] = {1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,  1e7L,  1e8L,  1e9L,
                                      1e10L, 1e11L, 1e12L, 1e13L, 1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L,
                                      1e20L, 1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L};
    if (!l->whole || l->exponent < -27 || l->exponent > 27) return false;
    long double v = (long double)l->mantissa;
    v = l->exponent < 0 ? v / ten[-l->exponent] : v * ten[l->exponent];
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    unsigned low = (unsigned)(bits & 0x7ff);
    if (low >= 0x3ff && low <= 0x401) return false;
    *ret = (double)(l->negative ? -v : v);
    return true;
}
#else
static bool extended_product(const struct literal *l, double *ret)
{
    (void)l;
    (void)ret;
    return false;
}
#endif

bool parse_double(const char *p, size_t n, void *c_locale, double *ret)
{
    static const double ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    struct literal l;
    if (!read_literal(p, n, &l)) return false;
    if (l.whole && l.mantissa <= (uint64_t)1 << 53 && l.exponent >= -22 && l.exponent <= 22) {
        double v = (double)l.mantissa;
        v = l.exponent < 0 ? v / ten[-l.exponent] : v * ten[l.exponent];
        *ret = l.negative ? -v : v;
        return true;
    }
    if (extended_product(&l, ret)) return true;
    char text[LITERAL_MAX + 1];
    memcpy(text, p, n);
    text[n] = 0;
    *ret = strtod_l(text, NULL, (locale_t)c_locale);
    return isfinite(*ret);
}

bool parse_real(const char *p, size_t n, void *c_locale, float *ret)
{
    static const float ten[] = {1e0F, 1e1F, 1e2F, 1e3F, 1e4F, 1e5F, 1e6F, 1e7F, 1e8F, 1e9F, 1e10F};
    struct literal l;
    if (!read_literal(p, n, &l)) return false;
    if (l.whole && l.mantissa <= (uint64_t)1 << 24 && l.exponent >= -10 && l.exponent <= 10) {
        float v = (float)l.mantissa;
        v = l.exponent < 0 ? v / ten[-l.exponent] : v * ten[l.exponent];
        *ret = l.negative ? -v : v;
        return true;
    }
    char text[LITERAL_MAX + 1];
    memcpy(text, p, n);
    text[n] = 0;
    *ret = strtof_l(text, NULL, (locale_t)c_locale);
    return isfinite(*ret);
}
