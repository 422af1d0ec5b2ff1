/* Streams: compression in members and frames, and files that change under the reader's hands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "source/stream.h"

#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

struct place {
    struct arena *a;
    char *path;
};

static int setup(void **state)
{
    struct arena *a = arena_new();
    struct place *p = ARENA_NEW(a, struct place);
    char *folder;
    p->a = a;
    *state = p;
    if (os_temp_dir(a, NULL, &folder, NULL) != RC_OK) return -1;
    p->path = path_join(a, folder, "x");
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;
    arena_free(p->a);
    return 0;
}

static void append(struct place *p, const char *bytes, size_t n)
{
    FILE *f = fopen(p->path, "ab");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

static void append_gzip(struct place *p, const char *text)
{
    gzFile z = gzopen(p->path, "ab");
    assert_non_null(z);
    gzputs(z, text);
    gzclose(z);
}

/* All text, and the problem if there is one. */
static const char *read_all(struct place *p, enum compression c)
{
    char text[100000];
    struct stream *s = stream_open(p->path, c, NULL);
    size_t n = stream_read(s, text, sizeof text - 1);
    assert_true(stream_at_end(s));
    stream_finish(s);
    char *out = stream_problem(s) ? arena_strdup(p->a, stream_problem(s)) : arena_strndup(p->a, text, n);
    stream_close(s);
    return out;
}

static void members_of_gzip(void **state)
{
    struct place *p = *state;
    append_gzip(p, "one,");
    append_gzip(p, "two");
    assert_string_equal(read_all(p, COMPRESSION_GZIP), "one,two");
    append(p, "\0\0\0\0", 4);
    assert_string_equal(read_all(p, COMPRESSION_GZIP), "one,two");
    append(p, "x", 1);
    assert_string_equal(read_all(p, COMPRESSION_GZIP),
                        "damaged gzip: other bytes follow the end of the compressed data");
}

/* Wherever a gzip file is cut, and whichever bit of it is flipped, it is never read as if it were whole. */
static void every_cut_and_every_flip_is_seen(void **state)
{
    struct place *p = *state;
    struct str whole;
    append_gzip(p, "a,b\n1,2\n3,4\n5,6\n7,8\n");
    assert_int_equal(os_read_file(p->a, p->path, 1 << 20, &whole, NULL, NULL), RC_OK);
    const char *text = read_all(p, COMPRESSION_GZIP);
    for (size_t n = 1; n < whole.n; n++) {
        unlink(p->path);
        append(p, whole.p, n);
        assert_string_not_equal(read_all(p, COMPRESSION_GZIP), text);
    }
    for (size_t bit = 0; bit < whole.n * 8; bit++) {
        char *flipped = arena_alloc(p->a, whole.n);
        memcpy(flipped, whole.p, whole.n);
        flipped[bit / 8] = (char)(flipped[bit / 8] ^ 1 << bit % 8);
        unlink(p->path);
        append(p, flipped, whole.n);
        const char *seen = read_all(p, COMPRESSION_GZIP);
        bool harmless = strcmp(seen, text) == 0; /* header fields and padding say nothing of the data */
        if (!harmless && !strstr(seen, "gzip")) fail_msg("bit %zu: read as %s", bit, seen);
        if (harmless && bit >= (whole.n - 8) * 8) fail_msg("bit %zu of the checksum was not seen", bit);
    }
}

static void a_file_that_grows_or_shrinks(void **state)
{
    struct place *p = *state;
    char text[1 << 20];
    memset(text, 'x', sizeof text);
    append(p, text, sizeof text);
    struct stream *s = stream_open(p->path, COMPRESSION_NONE, NULL);
    assert_int_equal(stream_read(s, text, 1000), 1000);
    append(p, "more", 4);
    while (stream_read(s, text, sizeof text)) {}
    stream_finish(s);
    assert_non_null(strstr(stream_problem(s), "changed while it was read"));
    stream_close(s);
    s = stream_open(p->path, COMPRESSION_NONE, NULL);
    assert_int_equal(stream_read(s, text, 1000), 1000);
    assert_int_equal(truncate(p->path, 500000), 0);
    while (stream_read(s, text, sizeof text)) {}
    assert_non_null(strstr(stream_problem(s), "became shorter"));
    stream_finish(s);
    stream_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(members_of_gzip, setup, teardown),
        cmocka_unit_test_setup_teardown(every_cut_and_every_flip_is_seen, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_that_grows_or_shrinks, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
