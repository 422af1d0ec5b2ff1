#include "quality/parse.h"

#include <string.h>

static inline bool digit_at(const char *p, unsigned *ret)
{
    *ret = (unsigned)(unsigned char)*p - '0';
    return *ret <= 9;
}

/* Steps over a sign. */
static inline bool take_sign(const char **p, const char *end)
{
    if (*p == end || (**p != '-' && **p != '+')) return false;
    return *(*p)++ == '-';
}

bool parse_integer(const char *p, size_t n, int64_t min, int64_t max, int64_t *ret)
{
    const char *end = p + n;
    bool negative = take_sign(&p, end);
    if (p == end) return false;
    uint64_t limit = negative ? (uint64_t)0 - (uint64_t)min : (uint64_t)max;
    uint64_t value = 0;
    for (unsigned d; p < end; p++) {
        if (!digit_at(p, &d)) return false;
        if (value > (UINT64_MAX - 9) / 10) return false;
        value = value * 10 + d;
    }
    if (value > limit) return false;
    *ret = (int64_t)(negative ? (uint64_t)0 - value : value);
    return true;
}

/* --- decimals
 * ---------------------------------------------------------------------------------------------------- */

/* Reads digits and point into an unscaled number of `type`; `room` is how many digits may stand before the
 * point. */
#define DECIMAL_PARSER(name, type, digits_max)                                                                         \
    bool name(const char *p, size_t n, int scale, type *ret)                                                           \
    {                                                                                                                  \
        const char *end = p + n;                                                                                       \
        bool negative = take_sign(&p, end);                                                                            \
        const char *first = p;                                                                                         \
        int room = digits_max - scale;                                                                                 \
        type value = 0;                                                                                                \
        unsigned d;                                                                                                    \
        for (; p < end && digit_at(p, &d); p++) {                                                                      \
            if (!value && !d) continue;                                                                                \
            if (room-- == 0) return false;                                                                             \
            value = value * 10 + d;                                                                                    \
        }                                                                                                              \
        size_t digits = (size_t)(p - first);                                                                           \
        if (p < end) {                                                                                                 \
            if (*p++ != '.') return false;                                                                             \
            digits += (size_t)(end - p);                                                                               \
            for (; p < end; p++) {                                                                                     \
                if (!digit_at(p, &d)) return false;                                                                    \
                if (scale > 0) {                                                                                       \
                    value = value * 10 + d;                                                                            \
                    scale--;                                                                                           \
                } else if (d) {                                                                                        \
                    return false;                                                                                      \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
        if (!digits) return false;                                                                                     \
        for (; scale > 0; scale--) value *= 10;                                                                        \
        *ret = negative ? -value : value;                                                                              \
        return true;                                                                                                   \
    }

DECIMAL_PARSER(parse_decimal64, int64_t, 18)
DECIMAL_PARSER(parse_decimal128, int128, 38)

bool parse_boolean(const char *p, size_t n, bool *ret)
{
    static const char word[2][6] = {"false", "true"};
    if (n != 4 && n != 5) return false;
    bool value = n == 4;
    for (size_t i = 0; i < n; i++)
        if ((p[i] | 0x20) != word[value][i]) return false;
    *ret = value;
    return true;
}

/* --- days and times
 * ---------------------------------------------------------------------------------------------- */

static inline bool two_digits(const char *p, unsigned *ret)
{
    unsigned a, b;
    if (!digit_at(p, &a) || !digit_at(p + 1, &b)) return false;
    *ret = a * 10 + b;
    return true;
}

static bool date_at(const char *p, int32_t *ret_days)
{
    static const unsigned char length[13] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    static const short before[13] = {0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    unsigned century, rest, month, day;
    if (!two_digits(p, &century) || !two_digits(p + 2, &rest) || p[4] != '-' || !two_digits(p + 5, &month) ||
        p[7] != '-' || !two_digits(p + 8, &day))
        return false;
    unsigned year = century * 100 + rest;
    if (year == 0 || month < 1 || month > 12 || day < 1) return false;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (day > length[month] + (unsigned)(leap && month == 2)) return false;
    unsigned y = year - 1;
    unsigned days = y * 365 + y / 4 - y / 100 + y / 400 + (unsigned)before[month] + (leap && month > 2) + day - 1;
    *ret_days = (int32_t)days - 719162; /* from 0001-01-01 to 1970-01-01 */
    return true;
}

bool parse_date(const char *p, size_t n, int32_t *ret_days)
{
    return n == 10 && date_at(p, ret_days);
}

/* Digits after the point as microseconds. */
static bool fraction_at(const char *p, const char *end, int64_t *ret_us)
{
    int64_t us = 0;
    int digits = 0;
    if (p == end) return false;
    for (unsigned d; p < end; p++) {
        if (!digit_at(p, &d)) return false;
        if (digits < 6) {
            us = us * 10 + d;
            digits++;
        } else if (d) {
            return false;
        }
    }
    for (; digits < 6; digits++) us *= 10;
    *ret_us = us;
    return true;
}

bool parse_time(const char *p, size_t n, int64_t *ret_us)
{
    unsigned hour, minute, second = 0;
    int64_t fraction = 0;
    if (n < 5 || !two_digits(p, &hour) || p[2] != ':' || !two_digits(p + 3, &minute)) return false;
    if (n > 5 && (n < 8 || p[5] != ':' || !two_digits(p + 6, &second))) return false;
    if (n > 8 && (p[8] != '.' || !fraction_at(p + 9, p + n, &fraction))) return false;
    if (hour > 23 || minute > 59 || second > 59) return false;
    *ret_us = ((int64_t)(hour * 60 + minute) * 60 + second) * 1000000 + fraction;
    return true;
}

bool parse_timestamp(const char *p, size_t n, int64_t *ret_us)
{
    int32_t days;
    int64_t us = 0;
    if (n < 10 || !date_at(p, &days)) return false;
    if (n > 10 && ((p[10] != ' ' && p[10] != 'T') || !parse_time(p + 11, n - 11, &us))) return false;
    *ret_us = (int64_t)days * 86400000000 + us;
    return true;
}

/* The offset at the end of a timestamp: its length in bytes, 0 if there is none. */
static size_t offset_at_end(const char *p, size_t n, int64_t *ret_us)
{
    unsigned hour, minute = 0;
    if (n < 17) return 0; /* a date, a time and one more */
    if (p[n - 1] == 'Z') {
        *ret_us = 0;
        return 1;
    }
    size_t i = n;
    while (i > 16 && n - i < 6 && p[i - 1] != '+' && p[i - 1] != '-') i--;
    char sign = p[i - 1];
    size_t length = n - i;
    if ((sign != '+' && sign != '-') || length < 2 || !two_digits(p + i, &hour)) return 0;
    bool fits = length == 2 || (length == 4 && two_digits(p + i + 2, &minute)) ||
                (length == 5 && p[i + 2] == ':' && two_digits(p + i + 3, &minute));
    if (!fits || hour > 15 || minute > 59) return 0;
    int64_t us = (int64_t)(hour * 60 + minute) * 60000000;
    *ret_us = sign == '-' ? -us : us;
    return length + 1;
}

bool parse_timestamptz(const char *p, size_t n, int64_t *ret_us)
{
    int64_t offset = 0, us;
    size_t length = offset_at_end(p, n, &offset);
    if (!length || !parse_timestamp(p, n - length, &us)) return false;
    *ret_us = us - offset;
    return true;
}

bool parse_uuid(const char *p, size_t n, int128 *ret)
{
    if (n != 36) return false;
    unsigned __int128 value = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (p[i] != '-') return false;
            continue;
        }
        unsigned d;
        char letter = (char)(p[i] | 0x20);
        if (!digit_at(p + i, &d)) {
            if (letter < 'a' || letter > 'f') return false;
            d = (unsigned)(letter - 'a') + 10;
        }
        value = value << 4 | d;
    }
    *ret = (int128)value;
    return true;
}
