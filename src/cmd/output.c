#include "cmd/output.h"

#include "base/log.h"
#include "base/os.h"
#include "run/account.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static void write_redacted(FILE *to, const char *text)
{
    struct arena *a = arena_new();
    fputs(redact(a, text), to);
    arena_free(a);
}

static void vwrite(FILE *to, const char *format, va_list ap)
{
    struct arena *a = arena_new();
    write_redacted(to, arena_vprintf(a, format, ap));
    arena_free(a);
    if (to == stderr) fflush(to);
}

void print(struct invocation *inv, const char *format, ...)
{
    va_list ap;
    (void)inv;
    va_start(ap, format);
    vwrite(stdout, format, ap);
    va_end(ap);
}

void print_text(struct invocation *inv, struct str text)
{
    (void)inv;
    fwrite(text.p, 1, text.n, stdout);
}

void tell(struct invocation *inv, const char *format, ...)
{
    va_list ap;
    if (inv->quiet) return;
    va_start(ap, format);
    vwrite(inv->json ? stderr : stdout, format, ap);
    va_end(ap);
}

void remark(struct invocation *inv, const char *format, ...)
{
    va_list ap;
    if (inv->quiet) return;
    fflush(stdout);
    va_start(ap, format);
    vwrite(stderr, format, ap);
    va_end(ap);
}

const struct terminal *people_terminal(const struct invocation *inv)
{
    return inv->json ? &inv->err : &inv->out;
}

enum rc output_finish(struct err *e)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) return RC_OK;
    if (errno == EPIPE) return RC_OK; /* the reader had enough */
    return err_set_errno(e, RC_DATA, errno, "standard output could not be written");
}

void json_key(struct buf *out, const char *key)
{
    if (out->n > 0 && out->p[out->n - 1] != '{' && out->p[out->n - 1] != '[') buf_add_char(out, ',');
    buf_add_json_string(out, key, strlen(key));
    buf_add_char(out, ':');
}

void json_text_value(struct buf *out, const char *key, const char *value)
{
    json_key(out, key);
    if (value) buf_add_json_string(out, value, strlen(value));
    else buf_add_str(out, "null");
}

void json_count(struct buf *out, const char *key, int64_t value)
{
    json_key(out, key);
    buf_printf(out, "%lld", (long long)value);
}

void json_flag(struct buf *out, const char *key, bool value)
{
    json_key(out, key);
    buf_add_str(out, value ? "true" : "false");
}

void add_counted(struct buf *out, int64_t n, const char *noun)
{
    size_t length = strlen(noun);
    buf_add_count(out, n);
    buf_add_char(out, ' ');
    if (n == 1) buf_add_str(out, noun);
    else if (length > 1 && noun[length - 1] == 'y') buf_printf(out, "%.*sies", (int)(length - 1), noun);
    else buf_printf(out, "%ss", noun);
}

char *counted(struct arena *a, int64_t n, const char *noun)
{
    struct buf *b = buf_new(a, 256);
    add_counted(b, n, noun);
    return b->p;
}

char *count_text(struct arena *a, int64_t n)
{
    struct buf *b = buf_new(a, 64);
    buf_add_count(b, n);
    return b->p;
}

char *seconds_text(struct arena *a, int64_t us)
{
    if (us >= 60 * 1000000LL) {
        long long seconds = us / 1000000;
        return arena_printf(a, "%lld min %lld s", seconds / 60, seconds % 60);
    }
    double seconds = (double)us / 1e6;
    return arena_printf(a, seconds < 0.095 ? "%.2f s" : "%.1f s", seconds);
}

char *bytes_text(struct arena *a, int64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    if (bytes < 1024) return arena_printf(a, "%lld B", (long long)bytes);
    double n = (double)bytes / 1024;
    size_t u = 0;
    for (; n >= 1024 && u < 3; u++) n /= 1024;
    return arena_printf(a, "%.1f %s", n, units[u]);
}

char *time_text(struct arena *a, int64_t ms)
{
    char *text = os_format_time(a, ms * 1000);
    text[10] = ' ';
    text[19] = '\0';
    return text;
}
