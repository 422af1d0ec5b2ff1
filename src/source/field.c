/* Values and raw text: what is in a field, and what may be text at all. */
#include "source/bytes64.h"
#include "source/records.h"
#include "base/text.h"

static bool is_text(const char *p, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t length = p[i] ? utf8_sequence(p + i, n - i) : 0;
        if (!length) return false;
        i += length;
    }
    return true;
}

bool text_is_clean(const char *p, size_t n)
{
    if (memchr(p, 0, n)) return false;
    size_t i = 0;
    while (i < n) {
        if (n - i >= 64 && !bytes64_high(bytes64_load(p + i))) {
            i += 64;
            continue;
        }
        /* A stretch with other characters: up to the next 64 bytes that may be ASCII, whole characters only. */
        size_t stop = n - i > 64 ? i + 64 : n;
        while (i < stop) {
            size_t length = utf8_sequence(p + i, n - i);
            if (!length) return false;
            i += length;
        }
    }
    return true;
}

static void unescape_csv(struct field *f, const struct csv_dialect *d)
{
    char *to = f->p;
    for (const char *p = f->p, *end = f->p + f->n; p < end; p++) {
        if (*p == d->escape && p + 1 < end && (p[1] == d->quote || p[1] == d->escape)) p++;
        *to++ = *p;
    }
    f->n = (uint32_t)(to - f->p);
}

static unsigned hex4(const char *p)
{
    unsigned v = 0;
    for (int i = 0; i < 4; i++) {
        char c = to_lower(p[i]);
        v = v << 4 | (unsigned)(is_digit(c) ? c - '0' : c - 'a' + 10);
    }
    return v;
}

static char *put_utf8(char *to, unsigned c)
{
    if (c < 0x80) {
        *to++ = (char)c;
    } else if (c < 0x800) {
        *to++ = (char)(0xC0 | c >> 6);
        *to++ = (char)(0x80 | (c & 63));
    } else if (c < 0x10000) {
        *to++ = (char)(0xE0 | c >> 12);
        *to++ = (char)(0x80 | (c >> 6 & 63));
        *to++ = (char)(0x80 | (c & 63));
    } else {
        *to++ = (char)(0xF0 | c >> 18);
        *to++ = (char)(0x80 | (c >> 12 & 63));
        *to++ = (char)(0x80 | (c >> 6 & 63));
        *to++ = (char)(0x80 | (c & 63));
    }
    return to;
}

/* The escapes were found to be well formed before; what they stand for may still be no text. */
static bool unescape_json(struct field *f)
{
    char *to = f->p;
    for (const char *p = f->p, *end = f->p + f->n; p < end; p++) {
        if (*p != '\\') {
            *to++ = *p;
            continue;
        }
        switch (*++p) {
        case 'b': *to++ = '\b'; break;
        case 'f': *to++ = '\f'; break;
        case 'n': *to++ = '\n'; break;
        case 'r': *to++ = '\r'; break;
        case 't': *to++ = '\t'; break;
        case 'u': {
            unsigned c = hex4(p + 1);
            p += 4;
            if (c >= 0xD800 && c < 0xDC00 && end - p > 6 && p[1] == '\\' && p[2] == 'u') {
                unsigned low = hex4(p + 3);
                if (low < 0xDC00 || low > 0xDFFF) return false;
                c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
                p += 6;
            }
            if (c == 0 || (c >= 0xD800 && c < 0xE000)) return false;
            to = put_utf8(to, c);
            break;
        }
        default: *to++ = *p;
        }
    }
    f->n = (uint32_t)(to - f->p);
    return true;
}

bool field_text(struct field *f, const struct csv_dialect *d)
{
    bool ok = true;
    if (f->kind == FIELD_CSV_QUOTED) unescape_csv(f, d);
    if (f->kind == FIELD_JSON_ESCAPED) ok = unescape_json(f);
    if (f->kind != FIELD_NULL) f->kind = FIELD_PLAIN;
    return ok;
}

char *raw_text(struct arena *a, struct str raw)
{
    size_t n = raw.n > RAW_MAX ? RAW_MAX : raw.n;
    bool cut = n < raw.n;
    if (is_text(raw.p, n)) return arena_strndup(a, raw.p, n);
    struct buf *b = buf_new(a, RAW_MAX * 4 + 1);
    for (size_t i = 0; i < n;) {
        size_t length = raw.p[i] ? utf8_sequence(raw.p + i, n - i) : 0;
        if (length) buf_add(b, raw.p + i, length);
        else if (cut && n - i < 4 && utf8_sequence(raw.p + i, raw.n - i)) break; /* a character at the cut */
        else buf_printf(b, "\\x%02X", (unsigned char)raw.p[i]);
        i += length ? length : 1;
    }
    return arena_strndup(a, b->p, b->n);
}
