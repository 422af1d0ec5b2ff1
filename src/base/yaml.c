/* One pass over libfyaml's events builds the tree. Its document API does more than is needed (and is slower), its
 * check of duplicate keys does not give both positions, and its alias expansion has no bound. */
#include "base/yaml.h"

#include "base/text.h"

#include <errno.h>
#include <libfyaml.h>
#include <math.h>
#include <stdlib.h>

#define MAX_BYTES ((size_t)16 << 20)
#define MAX_DEPTH 100
#define MAX_ALIAS_NODES 100000
#define MAX_ANCHORS 1000
#define MAX_OPEN_BRACKETS 100000 /* the scanner keeps all of them in memory before the first event comes */

/* A list or map that is still open. */
struct open_node {
    struct yaml *node;
    struct yaml *key; /* of the pair whose value comes next */
    size_t size;      /* nodes with this one, aliases expanded */
    int height;       /* levels of nodes below */
    size_t anchor;    /* index + 1 of the anchor that names it, or 0 */
};

struct anchor {
    const char *name;
    struct yaml *node;
    size_t size;
    int height;
    bool complete;
};

struct reader {
    struct arena *a;
    struct err *e;
    const char *file;
    struct str text;
    int first_line;
    struct yaml *root;
    struct open_node open[MAX_DEPTH];
    int depth;
    struct anchor *anchors;
    size_t n_anchors, alias_nodes;
    int line, column; /* of the latest token, for values that are not written at all */
};

static enum rc fail_at(struct reader *r, int line, int column, const char *format, ...) PRINTF_LIKE(4, 5);
static enum rc fail_at(struct reader *r, int line, int column, const char *format, ...)
{
    char text[ERR_MESSAGE_MAX / 2];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    return err_set(r->e, RC_PROJECT, "%s:%d:%d: %s", r->file, line, column, text);
}

const char *yaml_kind_name(enum yaml_kind k)
{
    static const char *const names[] = {
        [YAML_NULL] = "null",       [YAML_BOOL] = "a boolean", [YAML_INT] = "an integer", [YAML_FLOAT] = "a number",
        [YAML_STRING] = "a string", [YAML_LIST] = "a list",    [YAML_MAP] = "a map",
    };
    return names[k];
}

struct yaml *yaml_get(const struct yaml *map, const char *key)
{
    if (!map || map->kind != YAML_MAP) return NULL;
    for (size_t i = 0; i < map->n; i++)
        if (strcmp(map->keys[i]->text, key) == 0) return map->items[i];
    return NULL;
}

/* --- the core schema (YAML 1.2.2, section 10.3.2) --- */

static bool one_of(const char *s, const char *a, const char *b, const char *c)
{
    return strcmp(s, a) == 0 || strcmp(s, b) == 0 || strcmp(s, c) == 0;
}

static bool is_based_integer(const char *s, struct yaml *y)
{
    if (s[0] != '0' || (s[1] != 'x' && s[1] != 'o') || !s[2]) return false;
    if (s[2 + strspn(s + 2, s[1] == 'x' ? "0123456789abcdefABCDEF" : "01234567")]) return false;
    errno = 0;
    unsigned long long v = strtoull(s + 2, NULL, s[1] == 'x' ? 16 : 8);
    bool fits = errno == 0 && v <= INT64_MAX;
    y->kind = fits ? YAML_INT : YAML_FLOAT;
    y->integer = fits ? (int64_t)v : 0;
    y->number = errno == 0 ? (double)v : HUGE_VAL;
    return true;
}

/* [-+]?[0-9]+ is an integer; with a fraction or an exponent it is a float. */
static bool is_number(const char *s, struct yaml *y)
{
    const char *p = s + (*s == '-' || *s == '+');
    if (one_of(p, ".inf", ".Inf", ".INF")) {
        y->kind = YAML_FLOAT;
        y->number = *s == '-' ? -HUGE_VAL : HUGE_VAL;
        return true;
    }
    size_t whole = strspn(p, "0123456789"), fraction = 0;
    p += whole;
    bool is_float = *p == '.';
    if (is_float) p += 1 + (fraction = strspn(p + 1, "0123456789"));
    if (whole + fraction == 0) return false;
    if (*p == 'e' || *p == 'E') {
        p += 1 + (p[1] == '-' || p[1] == '+');
        size_t digits = strspn(p, "0123456789");
        if (!digits) return false;
        p += digits;
        is_float = true;
    }
    if (*p) return false;
    y->number = strtod(s, NULL);
    errno = 0;
    long long v = is_float ? 0 : strtoll(s, NULL, 10);
    y->kind = is_float || errno ? YAML_FLOAT : YAML_INT; /* beyond 64 bits: the text is still exact */
    y->integer = y->kind == YAML_INT ? v : 0;
    return true;
}

static void resolve_plain(struct yaml *y)
{
    const char *s = y->text;
    y->kind = YAML_STRING;
    switch (s[0]) {
    case 0: y->kind = YAML_NULL; return;
    case '~':
    case 'n':
    case 'N':
        if (one_of(s, "null", "Null", "NULL") || strcmp(s, "~") == 0) y->kind = YAML_NULL;
        return;
    case 't':
    case 'T':
    case 'f':
    case 'F':
        y->integer = one_of(s, "true", "True", "TRUE");
        if (y->integer || one_of(s, "false", "False", "FALSE")) y->kind = YAML_BOOL;
        return;
    default: break;
    }
    if (one_of(s, ".nan", ".NaN", ".NAN")) {
        y->kind = YAML_FLOAT;
        y->number = NAN;
    } else if (!is_based_integer(s, y) && !is_number(s, y)) {
        y->kind = YAML_STRING;
    }
}

/* --- building the tree --- */

static void note_position(struct reader *r, struct fy_token *token)
{
    const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
    if (!mark) return;
    r->line = mark->line + r->first_line;
    r->column = mark->column + 1;
    /* libfyaml's mark of these is after the quote or the asterisk. */
    enum fy_scalar_style style = fy_token_scalar_style(token);
    bool after = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED || fy_token_get_type(token) == FYTT_ALIAS;
    if (after && r->column > 1) r->column--;
}

static struct yaml *new_node(struct reader *r, enum yaml_kind kind, struct fy_token *token)
{
    note_position(r, token);
    struct yaml *y = ARENA_NEW(r->a, struct yaml);
    *y = (struct yaml){.kind = kind, .line = r->line, .column = r->column, .text = ""};
    return y;
}

/* Tags of the core schema: returns "str", "int" …, "!" for the tag that only says "not plain", or NULL. */
static const char *core_tag(struct fy_token *tag)
{
    static const char *const names[] = {"str", "int", "float", "bool", "null", "map", "seq"};
    static const char core[] = "tag:yaml.org,2002:";
    const char *text = fy_token_get_text0(tag);
    if (!text) return NULL;
    if (strcmp(text, "!") == 0) return "!";
    if (strncmp(text, core, sizeof core - 1) != 0) return NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text + sizeof core - 1, names[i]) == 0) return names[i];
    return NULL;
}

static enum rc apply_tag(struct reader *r, struct fy_token *tag, struct yaml *y)
{
    static const char *const tag_of[] = {
        [YAML_NULL] = "null",  [YAML_BOOL] = "bool", [YAML_INT] = "int", [YAML_FLOAT] = "float",
        [YAML_STRING] = "str", [YAML_LIST] = "seq",  [YAML_MAP] = "map",
    };
    const char *name = core_tag(tag);
    bool scalar = y->kind != YAML_LIST && y->kind != YAML_MAP;
    if (!name)
        return fail_at(r, y->line, y->column,
                       "this tag is not supported; only those of the core schema are (such as !!str)");
    if (strcmp(name, "!") == 0 || (scalar && strcmp(name, "str") == 0)) {
        if (scalar) {
            y->kind = YAML_STRING;
            y->integer = 0;
            y->number = 0;
        }
        return RC_OK;
    }
    if (y->kind == YAML_STRING) resolve_plain(y);
    if (y->kind == YAML_INT && strcmp(name, "float") == 0) y->kind = YAML_FLOAT;
    if (strcmp(name, tag_of[y->kind]) != 0)
        return fail_at(r, y->line, y->column, "the tag !!%s does not fit, this is %s", name, yaml_kind_name(y->kind));
    return RC_OK;
}

/* Remembers a node under the name of its anchor. */
static enum rc add_anchor(struct reader *r, struct fy_token *token, struct yaml *y, size_t *ret_index)
{
    *ret_index = 0;
    if (!token) return RC_OK;
    if (r->n_anchors == MAX_ANCHORS) return fail_at(r, y->line, y->column, "more than %d anchors", MAX_ANCHORS);
    size_t n;
    const char *name = fy_token_get_text(token, &n);
    struct anchor *anchor = ARENA_PUSH(r->a, r->anchors, r->n_anchors);
    *anchor = (struct anchor){.name = arena_strndup(r->a, name ? name : "", name ? n : 0), .node = y, .size = 1};
    *ret_index = r->n_anchors;
    return RC_OK;
}

/* Puts a complete or just opened node in its place. */
static void place(struct reader *r, struct yaml *y)
{
    if (r->depth == 0) {
        r->root = y;
        return;
    }
    struct open_node *o = &r->open[r->depth - 1];
    if (o->node->kind == YAML_MAP) {
        size_t n = o->node->n;
        *ARENA_PUSH(r->a, o->node->keys, n) = o->key;
        o->key = NULL;
    }
    *ARENA_PUSH(r->a, o->node->items, o->node->n) = y;
}

static void account(struct reader *r, size_t size, int height)
{
    if (r->depth == 0) return;
    struct open_node *o = &r->open[r->depth - 1];
    o->size += size;
    if (height + 1 > o->height) o->height = height + 1;
}

static bool expects_key(const struct reader *r)
{
    return r->depth && r->open[r->depth - 1].node->kind == YAML_MAP && !r->open[r->depth - 1].key;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The text of a single-quoted scalar, given what stands between its quotes: doubled quotes and folded lines. libfyaml
 * 0.7.12 would do it, but turns two doubled quotes into three, and leaks memory when a line has more than a few. */
static char *unquote(struct arena *a, struct str raw)
{
    char *out = arena_alloc(a, raw.n + 1), *to = out, *line = out;
    const char *end = raw.p + raw.n;
    for (const char *p = raw.p; p < end;) {
        if (*p != '\n') {
            if (*p == '\'') p++; /* the first of two */
            if (p < end) *to++ = *p++;
            continue;
        }
        int breaks = 0;
        for (; p < end && (*p == '\n' || is_blank(*p)); p++) breaks += *p == '\n';
        while (to > line && is_blank(to[-1])) to--;
        if (breaks == 1) *to++ = ' ';
        else
            while (--breaks > 0) *to++ = '\n';
        line = to;
    }
    *to = 0;
    return out;
}

/* The text of a scalar with its length; NULL for a value that is not written. */
static const char *scalar_text(struct reader *r, struct fy_token *value, size_t *ret_n)
{
    *ret_n = 0;
    if (!value) return NULL;
    if (fy_token_scalar_style(value) == FYSS_SINGLE_QUOTED) {
        size_t start = fy_token_start_mark(value)->input_pos, end = fy_token_end_mark(value)->input_pos;
        const char *text = unquote(r->a, (struct str){r->text.p + start, end - start});
        *ret_n = strlen(text);
        return text;
    }
    const char *text = fy_token_get_text(value, ret_n);
    /* Only an escape can make a NUL. Elsewhere it ends the text: for some block scalars with blank lines libfyaml
     * 0.7.12 reports a length beyond it. */
    if (text && fy_token_scalar_style(value) != FYSS_DOUBLE_QUOTED) *ret_n = strnlen(text, *ret_n);
    return text ? arena_strndup(r->a, text, *ret_n) : NULL;
}

static enum rc on_scalar(struct reader *r, struct fy_event *event)
{
    struct fy_token *value = event->scalar.value;
    struct yaml *y = new_node(r, YAML_STRING, value);
    size_t n = 0;
    const char *text = scalar_text(r, value, &n);
    bool plain = !value || fy_token_scalar_style(value) == FYSS_PLAIN;
    if (text) y->text = text;
    if (!plain && text && (memchr(text, 0, n) || !utf8_valid(text, n)))
        return fail_at(r, y->line, y->column,
                       "the text has an escape for a character that cannot stand in it (U+0000 or a surrogate)");
    bool key = expects_key(r);
    if (key && plain && !*y->text) return fail_at(r, y->line, y->column, "a key is missing before ':'");
    if (plain && !key) resolve_plain(y);
    size_t anchor;
    enum rc rc = event->scalar.tag && !key ? apply_tag(r, event->scalar.tag, y) : RC_OK;
    if (rc == RC_OK) rc = add_anchor(r, event->scalar.anchor, y, &anchor);
    if (rc != RC_OK) return rc;
    if (anchor) r->anchors[anchor - 1].complete = true;
    if (key) {
        r->open[r->depth - 1].key = y;
        return RC_OK;
    }
    account(r, 1, 0);
    place(r, y);
    return RC_OK;
}

static enum rc on_open(struct reader *r, enum yaml_kind kind, struct fy_token *token, struct fy_token *anchor_token,
                       struct fy_token *tag)
{
    struct yaml *y = new_node(r, kind, token);
    if (expects_key(r))
        return fail_at(r, y->line, y->column, "a key must be a string, this is %s", yaml_kind_name(kind));
    if (r->depth == MAX_DEPTH) return fail_at(r, y->line, y->column, "nested deeper than %d levels", MAX_DEPTH);
    size_t anchor;
    enum rc rc = tag ? apply_tag(r, tag, y) : RC_OK;
    if (rc == RC_OK) rc = add_anchor(r, anchor_token, y, &anchor);
    if (rc != RC_OK) return rc;
    place(r, y);
    r->open[r->depth++] = (struct open_node){.node = y, .size = 1, .anchor = anchor};
    return RC_OK;
}

static enum rc on_alias(struct reader *r, struct fy_token *token)
{
    note_position(r, token);
    size_t n = 0;
    const char *name = fy_token_get_text(token, &n);
    if (!name) name = "", n = 0;
    if (expects_key(r)) return fail_at(r, r->line, r->column, "a key must be a string, this is an alias");
    size_t i = r->n_anchors; /* the latest of that name counts */
    while (i && !str_eq(str_of(r->anchors[i - 1].name), (struct str){name, n})) i--;
    if (i == 0)
        return fail_at(r, r->line, r->column, "no anchor &%.*s before this alias", (int)(n < 100 ? n : 100), name);
    struct anchor *anchor = &r->anchors[i - 1];
    if (!anchor->complete)
        return fail_at(r, r->line, r->column, "the alias *%.100s stands inside what it names", anchor->name);
    r->alias_nodes += anchor->size;
    if (r->alias_nodes > MAX_ALIAS_NODES)
        return fail_at(r, r->line, r->column, "aliases expand to more than %d values", MAX_ALIAS_NODES);
    if (r->depth + anchor->height > MAX_DEPTH)
        return fail_at(r, r->line, r->column, "nested deeper than %d levels", MAX_DEPTH);
    account(r, anchor->size, anchor->height);
    place(r, anchor->node);
    return RC_OK;
}

struct key_at {
    const char *text;
    size_t index;
};

static int compare_keys(const void *x, const void *y)
{
    const struct key_at *a = x, *b = y;
    int c = strcmp(a->text, b->text);
    return c ? c : (a->index > b->index) - (a->index < b->index);
}

/* Finds the first key that repeats an earlier one: by comparing all pairs in a small map, by sorting in a large one. */
static enum rc check_keys(struct reader *r, const struct yaml *map)
{
    size_t second = map->n, first = 0;
    if (map->n <= 12) {
        for (size_t i = 1; i < map->n && second == map->n; i++)
            for (size_t j = 0; j < i && second == map->n; j++)
                if (strcmp(map->keys[i]->text, map->keys[j]->text) == 0) first = j, second = i;
    } else {
        struct key_at *sorted = malloc(map->n * sizeof *sorted);
        if (!sorted) abort();
        for (size_t i = 0; i < map->n; i++) sorted[i] = (struct key_at){map->keys[i]->text, i};
        qsort(sorted, map->n, sizeof *sorted, compare_keys);
        for (size_t i = 1; i < map->n; i++)
            if (sorted[i].index < second && strcmp(sorted[i].text, sorted[i - 1].text) == 0)
                first = sorted[i - 1].index, second = sorted[i].index;
        free(sorted);
    }
    if (second == map->n) return RC_OK;
    const struct yaml *k = map->keys[second];
    return fail_at(r, k->line, k->column, "the key \"%.200s\" is there twice, first on line %d, column %d", k->text,
                   map->keys[first]->line, map->keys[first]->column);
}

static enum rc on_close(struct reader *r)
{
    struct open_node o = r->open[--r->depth];
    if (o.anchor) {
        struct anchor *anchor = &r->anchors[o.anchor - 1];
        anchor->size = o.size;
        anchor->height = o.height + 1;
        anchor->complete = true;
    }
    account(r, o.size, o.height + 1);
    return o.node->kind == YAML_MAP ? check_keys(r, o.node) : RC_OK;
}

static enum rc on_document(struct reader *r, struct fy_token *token)
{
    note_position(r, token);
    if (r->root) return fail_at(r, r->line, r->column, "a second document begins here; only one is allowed");
    return RC_OK;
}

static enum rc on_event(struct reader *r, struct fy_event *event)
{
    switch (event->type) {
    case FYET_DOCUMENT_START: return on_document(r, event->document_start.document_start);
    case FYET_SCALAR: return on_scalar(r, event);
    case FYET_ALIAS: return on_alias(r, event->alias.anchor);
    case FYET_SEQUENCE_START:
        return on_open(r, YAML_LIST, event->sequence_start.sequence_start, event->sequence_start.anchor,
                       event->sequence_start.tag);
    case FYET_MAPPING_START:
        return on_open(r, YAML_MAP, event->mapping_start.mapping_start, event->mapping_start.anchor,
                       event->mapping_start.tag);
    case FYET_SEQUENCE_END:
    case FYET_MAPPING_END: return on_close(r);
    default: return RC_OK;
    }
}

/* --- input --- */

/* What YAML does not allow at all is found before parsing, so that its position is exact. */
static enum rc check_characters(struct reader *r, struct str text)
{
    int line = r->first_line, column = 1;
    long open = 0;
    for (size_t i = 0; i < text.n; column++) {
        unsigned char c = (unsigned char)text.p[i];
        size_t length = c < 0x80 ? 1 : utf8_sequence(text.p + i, text.n - i);
        if (length == 0) return fail_at(r, line, column, "the byte 0x%02x is not UTF-8", c);
        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
            return fail_at(r, line, column, "the control character U+%04X is not allowed", c);
        open += (c == '[' || c == '{') - ((c == ']' || c == '}') && open > 0);
        if (open > MAX_OPEN_BRACKETS)
            return fail_at(r, line, column, "more than %d brackets are open", MAX_OPEN_BRACKETS);
        if (c == '\n' || (c == '\r' && (i + 1 == text.n || text.p[i + 1] != '\n'))) {
            line++;
            column = 0;
        }
        i += length;
    }
    return RC_OK;
}

/* Line breaks are normalised first: libfyaml 0.7.12 folds lines that end in CR LF wrongly. */
static struct str with_plain_breaks(struct arena *a, struct str text)
{
    if (!text.n || !memchr(text.p, '\r', text.n)) return text;
    char *out = arena_alloc(a, text.n + 1), *to = out;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '\r') *to++ = text.p[i];
        else if (i + 1 == text.n || text.p[i + 1] != '\n') *to++ = '\n';
    }
    return (struct str){out, (size_t)(to - out)};
}

static void discard(struct fy_diag *diag, void *user, const char *p, size_t n)
{
    (void)diag, (void)user, (void)p, (void)n;
}

static enum rc parse_error(struct reader *r, struct fy_diag *diag)
{
    void *at = NULL;
    const struct fy_diag_error *error = fy_diag_errors_iterate(diag, &at);
    if (!error || !error->msg) return fail_at(r, r->line, r->column, "this is not valid YAML");
    int line = error->line > 0 ? error->line + r->first_line - 1 : r->line;
    const char *message = strstr(error->msg, "tab ") ? "a tab stands where the indentation must be spaces" : error->msg;
    return fail_at(r, line, error->column > 0 ? error->column : 1, "%s", message);
}

static enum rc parse(struct reader *r)
{
    enum rc rc = RC_OK;
    struct fy_diag_cfg diag_cfg;
    fy_diag_cfg_default(&diag_cfg);
    diag_cfg.fp = NULL;
    diag_cfg.output_fn = discard;
    struct fy_diag *diag = fy_diag_create(&diag_cfg);
    if (!diag) abort();
    fy_diag_set_collect_errors(diag, true);
    struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET | FYPCF_DISABLE_DEPTH_LIMIT, .diag = diag};
    struct fy_parser *parser = fy_parser_create(&cfg);
    if (!parser || fy_parser_set_string(parser, r->text.p, r->text.n) != 0) abort();
    struct fy_event *event;
    while (rc == RC_OK && (event = fy_parser_parse(parser))) {
        rc = on_event(r, event);
        fy_parser_event_free(parser, event);
    }
    if (rc == RC_OK && fy_parser_get_stream_error(parser)) rc = parse_error(r, diag);
    fy_parser_destroy(parser);
    fy_diag_destroy(diag);
    return rc;
}

enum rc yaml_read(struct arena *a, struct str text, const char *file, int first_line, struct yaml **ret, struct err *e)
{
    struct reader r = {.a = a, .e = e, .file = file, .first_line = first_line, .line = first_line, .column = 1};
    if (text.n >= 3 && memcmp(text.p, "\xEF\xBB\xBF", 3) == 0) text = (struct str){text.p + 3, text.n - 3};
    if (text.n > MAX_BYTES) return fail_at(&r, first_line, 1, "larger than %zu bytes", MAX_BYTES);
    enum rc rc = check_characters(&r, text);
    r.text = with_plain_breaks(a, text);
    if (rc == RC_OK && text.n) rc = parse(&r);
    if (rc != RC_OK) return rc;
    if (!r.root || (r.root->kind == YAML_NULL && !*r.root->text)) {
        r.line = first_line;
        r.column = 1;
        r.root = new_node(&r, YAML_MAP, NULL);
    }
    *ret = r.root;
    return RC_OK;
}
