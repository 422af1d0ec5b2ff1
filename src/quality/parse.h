/* Plain literals: the exact texts that a contract takes as a value of its type. Each parser reads the whole
 * text and either yields the value it says, exactly, or false; nothing is rounded, trimmed or guessed.
 *
 *     integers    [+-] digits, within the type's range
 *     decimal     [+-] digits [. digits], either side of the point may be empty but not both; beyond the
 * scale only zeros; within precision and scale double      as decimal, and an exponent: e or E, [+-], digits;
 * must be finite. NaN and inf are not plain boolean     true or false, in any letter case date YYYY-MM-DD, a
 * day of the (proleptic Gregorian) calendar, years 0001 to 9999 time        HH:MM, HH:MM:SS or with
 * .fraction; of more than six digits the rest must be zeros timestamp   a date, or a date, one blank or T,
 * and a time; no zone timestamptz the same with Z, +HH, +HH:MM or +HHMM (or -) at the end of a time uuid
 * 8-4-4-4-12 hexadecimal digits in any letter case json        one value of RFC 8259, nested at most 1,000
 * deep
 */
#ifndef QUALITY_PARSE_H
#define QUALITY_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

__extension__ typedef __int128 int128;

/* Between min and max. */
bool parse_integer(const char *p, size_t n, int64_t min, int64_t max, int64_t *ret);
/* The unscaled value at `scale`: "1.5" at scale 2 is 150. At most 18 (38) digits in all. */
bool parse_decimal64(const char *p, size_t n, int scale, int64_t *ret);
bool parse_decimal128(const char *p, size_t n, int scale, int128 *ret);
/* Correctly rounded; `c_locale` is a locale_t whose radix character is the point. At most 1,000 bytes. */
bool parse_double(const char *p, size_t n, void *c_locale, double *ret);
bool parse_real(const char *p, size_t n, void *c_locale, float *ret);
bool parse_boolean(const char *p, size_t n, bool *ret);
bool parse_date(const char *p, size_t n, int32_t *ret_days);      /* since 1970-01-01 */
bool parse_time(const char *p, size_t n, int64_t *ret_us);        /* since midnight */
bool parse_timestamp(const char *p, size_t n, int64_t *ret_us);   /* since 1970-01-01 00:00 */
bool parse_timestamptz(const char *p, size_t n, int64_t *ret_us); /* since 1970-01-01 00:00 UTC */
bool parse_uuid(const char *p, size_t n, int128 *ret);            /* big-endian value, as the engine stores it */
bool parse_json(const char *p, size_t n);

#endif
