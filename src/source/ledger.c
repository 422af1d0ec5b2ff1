/* The ledger of source files: lines {"file":{…}} and {"forget":"…"} of side parts (lake/side.h); a later line about a path
 * replaces the earlier ones. Lines of other kinds are none of ours. Read with our own tokenizer: a ledger of 200,000
 * files is read on every run. */
#include "source/files.h"

#include "base/text.h"
#include "source/records.h"

#include <errno.h>
#include <stdlib.h>

struct entry {
    struct ledger_file file;
    bool forgotten;
    size_t order;
};

struct reader {
    struct arena *a;
    struct entry *entries;
    size_t n, capacity;
    struct json_parser line, object;
};

static enum rc bad(struct err *e, size_t part, int64_t line, const char *what)
{
    return err_set(e, RC_DATA, "the ledger of source files is damaged: part %zu, line %lld: %s", part + 1,
                   (long long)line, what);
}

static struct entry *new_entry(struct reader *r)
{
    if (r->n == r->capacity) {
        r->capacity = r->capacity ? 2 * r->capacity : 256;
        r->entries = realloc(r->entries, r->capacity * sizeof *r->entries);
        if (!r->entries) abort();
    }
    struct entry *x = &r->entries[r->n];
    *x = (struct entry){.order = r->n, .file = {.load = -1}};
    r->n++;
    return x;
}

static bool is_string(const struct field *f)
{
    return f->kind != FIELD_NULL && f->p[-1] == '"'; /* the text of a string follows its quote */
}

static const char *get_text(struct reader *r, struct field *f)
{
    if (!is_string(f) || !field_text(f, NULL)) return NULL;
    return arena_strndup(r->a, f->p, f->n);
}

static bool get_number(const struct field *f, int64_t *ret)
{
    char text[24];
    if (f->kind != FIELD_PLAIN || f->n == 0 || f->n >= sizeof text || f->p[-1] == '"') return false;
    memcpy(text, f->p, f->n);
    text[f->n] = 0;
    char *end;
    errno = 0;
    *ret = strtoll(text, &end, 10);
    return *end == 0 && errno == 0;
}

/* ["a","b"], which the tokenizer found valid */
static bool get_list(struct reader *r, struct field *f, struct ledger_file *x)
{
    if (f->kind != FIELD_PLAIN || f->n < 2 || f->p[0] != '[') return false;
    char *p = f->p + 1, *end = f->p + f->n - 1;
    while (p < end) {
        while (p < end && (is_space(*p) || *p == ',')) p++;
        if (p >= end) break;
        if (*p != '"') return false;
        char *from = ++p;
        bool escaped = false;
        for (; *p != '"'; p++) {
            if (*p != '\\') continue;
            escaped = true;
            p++;
        }
        struct field item = {from, (uint32_t)(p - from), escaped ? FIELD_JSON_ESCAPED : FIELD_PLAIN};
        if (!field_text(&item, NULL)) return false;
        *ARENA_PUSH(r->a, x->columns, x->n_columns) = arena_strndup(r->a, item.p, item.n);
        p++;
    }
    return true;
}

static const char *read_member(struct reader *r, struct json_member *m, struct ledger_file *x)
{
    const struct {
        const char *key;
        const char **text;
        int64_t *number;
    } known[] = {{"path", &x->path, NULL},
                 {"size", NULL, &x->size},
                 {"mtime", NULL, &x->mtime_us},
                 {"hash", &x->hash, NULL},
                 {"loaded_at", NULL, &x->loaded_at_us},
                 {"load", NULL, &x->load},
                 {"records", NULL, &x->records},
                 {"rows", NULL, &x->rows},
                 {"malformed", NULL, &x->malformed},
                 {"problem", &x->problem, NULL},
                 {"same_as", &x->same_as, NULL}};
    if (m->value.kind == FIELD_NULL) return NULL;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strlen(known[i].key) != m->key.n || memcmp(known[i].key, m->key.p, m->key.n) != 0) continue;
        if (known[i].number) return get_number(&m->value, known[i].number) ? NULL : "a number was expected";
        *known[i].text = get_text(r, &m->value);
        return *known[i].text ? NULL : "a string was expected";
    }
    if (str_eq(m->key, STR("columns")) && !get_list(r, &m->value, x)) return "a list of strings was expected";
    return NULL;
}

static const char *read_line(struct reader *r, char *p, size_t n)
{
    const char *problem = json_take_apart(&r->line, p, n);
    if (problem) return problem;
    if (r->line.n_members != 1) return "one member was expected";
    struct json_member *m = &r->line.members[0];
    bool file = str_eq(m->key, STR("file"));
    if (!file && !str_eq(m->key, STR("forget"))) return NULL;
    struct entry *x = new_entry(r);
    if (!file) {
        x->forgotten = true;
        x->file.path = get_text(r, &m->value);
        return x->file.path ? NULL : "a path was expected";
    }
    if (m->value.kind == FIELD_NULL || is_string(&m->value)) return "an object was expected";
    problem = json_take_apart(&r->object, m->value.p, m->value.n);
    for (size_t i = 0; i < r->object.n_members && !problem; i++)
        problem = read_member(r, &r->object.members[i], &x->file);
    if (!problem && (!x->file.path || !*x->file.path)) problem = "a file without a path";
    if (!problem && (x->file.size < 0 || x->file.records < 0 || x->file.rows < 0 || x->file.malformed < 0))
        problem = "a negative count";
    return problem;
}

static int by_path(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = strcmp(x->file.path, y->file.path);
    return order ? order : (x->order > y->order) - (x->order < y->order);
}

static enum rc read_part(struct reader *r, size_t part, struct str text, struct err *e)
{
    int64_t line = 1;
    char *copy = malloc(text.n + 1), *p = copy, *end = copy + text.n;
    if (!copy) abort();
    if (text.n) memcpy(copy, text.p, text.n);
    const char *problem = text_is_clean(copy, text.n) ? NULL : "it is not valid UTF-8";
    for (; p < end && !problem; line++) {
        char *lf = memchr(p, '\n', (size_t)(end - p));
        char *stop = lf ? lf : end;
        if (!lf) problem = "it ends in the middle of a line";
        else if (stop > p) problem = read_line(r, p, (size_t)(stop - p));
        p = stop + 1;
    }
    enum rc rc = problem ? bad(e, part, line - 1 + (line == 1), problem) : RC_OK;
    free(copy);
    return rc;
}

enum rc ledger_read(struct arena *a, const struct str *parts, size_t n_parts, struct ledger **ret, struct err *e)
{
    struct reader r = {.a = a};
    enum rc rc = RC_OK;
    struct ledger *l = ARENA_NEW(a, struct ledger);
    for (size_t i = 0; i < n_parts; i++) TRY(read_part(&r, i, parts[i], e));
    if (r.n) qsort(r.entries, r.n, sizeof *r.entries, by_path);
    l->files = ARENA_ARRAY(a, struct ledger_file, r.n + 1);
    for (size_t i = 0; i < r.n; i++) {
        bool last = i + 1 == r.n || strcmp(r.entries[i].file.path, r.entries[i + 1].file.path) != 0;
        if (last && !r.entries[i].forgotten) l->files[l->n_files++] = r.entries[i].file;
    }
    *ret = l;
out:
    free(r.entries);
    json_parser_release(&r.line);
    json_parser_release(&r.object);
    return rc;
}

static void print_text(struct buf *out, const char *key, const char *value)
{
    if (!value) return;
    buf_printf(out, ",\"%s\":", key);
    buf_add_json_string(out, value, strlen(value));
}

void ledger_print_file(struct buf *out, const struct ledger_file *f)
{
    buf_add_str(out, "{\"file\":{\"path\":");
    buf_add_json_string(out, f->path, strlen(f->path));
    buf_printf(out, ",\"size\":%lld,\"mtime\":%lld", (long long)f->size, (long long)f->mtime_us);
    print_text(out, "hash", f->hash);
    buf_printf(out, ",\"loaded_at\":%lld,\"load\":%lld,\"records\":%lld,\"rows\":%lld,\"malformed\":%lld",
               (long long)f->loaded_at_us, (long long)f->load, (long long)f->records, (long long)f->rows,
               (long long)f->malformed);
    print_text(out, "problem", f->problem);
    print_text(out, "same_as", f->same_as);
    if (f->n_columns) {
        buf_add_str(out, ",\"columns\":[");
        for (size_t i = 0; i < f->n_columns; i++) {
            if (i) buf_add_char(out, ',');
            buf_add_json_string(out, f->columns[i], strlen(f->columns[i]));
        }
        buf_add_char(out, ']');
    }
    buf_add_str(out, "}}\n");
}

const struct ledger_file *ledger_find(const struct ledger *l, const char *path)
{
    size_t from = 0, to = l ? l->n_files : 0;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = strcmp(path, l->files[middle].path);
        if (order == 0) return &l->files[middle];
        if (order < 0) to = middle;
        else from = middle + 1;
    }
    return NULL;
}
