/* Any bytes to every parser of a literal, and to the reader of an expression: no byte outside the text is read, and what
 * is accepted lies in its range. */
#include "quality/expression.h"
#include "quality/parse.h"
#include "quality/type.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void demand(bool holds)
{
    if (!holds) abort();
}

static void parse_all(const char *p, size_t n, locale_t c_locale)
{
    int64_t v;
    int32_t days;
    int128 wide;
    double d;
    float f;
    bool b;
    if (parse_integer(p, n, INT8_MIN, INT8_MAX, &v)) demand(v >= INT8_MIN && v <= INT8_MAX);
    (void)parse_integer(p, n, INT64_MIN, INT64_MAX, &v);
    for (int scale = 0; scale <= 38; scale += 19) {
        if (scale <= 18 && parse_decimal64(p, n, scale, &v)) demand(llabs(v) < 1000000000000000000);
        (void)parse_decimal128(p, n, scale, &wide);
    }
    if (parse_double(p, n, c_locale, &d)) demand(isfinite(d));
    if (parse_real(p, n, c_locale, &f)) demand(isfinite(f));
    (void)parse_boolean(p, n, &b);
    if (parse_date(p, n, &days)) demand(n == 10 && days >= -719162 && days <= 2932896);
    if (parse_time(p, n, &v)) demand(v >= 0 && v < 86400000000);
    if (parse_timestamp(p, n, &v)) demand(!parse_timestamptz(p, n, &v));
    (void)parse_uuid(p, n, &wide);
    (void)parse_json(p, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static locale_t c_locale;
    if (!c_locale) c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    char *text = malloc(n + 1); /* its exact size, so that the sanitizer sees the end */
    if (n) memcpy(text, data, n);
    parse_all(text, n, c_locale);

    text[n] = 0;
    struct arena *a = arena_new();
    struct expression_clock clock = {"t.\"__clock\"", "t.\"__clock_local\"", NULL, 0};
    struct expression x, again;
    struct contract_type type;
    struct pos pos = {"fuzz", 1, 1};
    if (expression_read(a, text, pos, "rule", true, &clock, &x, NULL) == RC_OK) /* what is accepted reads as itself */
        demand(expression_read(a, x.sql, pos, "rule", true, NULL, &again, NULL) == RC_OK &&
               strcmp(x.sql, again.sql) == 0);
    (void)!expression_mentions(a, text, "amount");
    if (contract_type_parse(a, text, &type, NULL) == RC_OK)
        demand(contract_type_parse(a, type.name, &type, NULL) == RC_OK);
    arena_free(a);
    free(text);
    return 0;
}
