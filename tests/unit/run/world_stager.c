/* What one run stages for one table: as the real stagers do it, with rows in the names of files. */
#include "world.h"

#include "base/json.h"
#include "base/os.h"

#include <stdio.h>
#include <stdlib.h>

#define FOLD_LENGTH 5

struct stage {
    struct arena *a;
    struct process *p;
    struct world *w;
    struct lake *lake;
    struct staged *all, *out;
    struct pinned *pinned;
    int table;
    const char **rows; /* to append */
    size_t n_rows;
    struct watermark marks[2]; /* of the inputs */
    size_t marks_n;
};

static const struct delta_column columns[] = {{.name = "row", .type = "string", .nullable = true}};

size_t rows_of_path(struct arena *a, const char *path, const char ***rows, size_t *n)
{
    size_t before = *n;
    const char *end = strrchr(path, '.');
    for (const char *p = strchr(path, '_'); p && p < end;) {
        size_t length = strcspn(p + 1, "_.");
        *ARENA_PUSH(a, *rows, *n) = arena_strndup(a, p + 1, length);
        p += 1 + length;
    }
    return *n - before;
}

char *path_of_rows(struct arena *a, struct world *w, const char *const *rows, size_t n)
{
    struct buf *b = buf_new(a, BUF_DEFAULT_MAX);
    buf_printf(b, "part-%d", w->parts++);
    for (size_t i = 0; i < n; i++) buf_printf(b, "_%s", rows[i]);
    buf_add_str(b, ".parquet");
    return b->p;
}

/* --- the ledger ---------------------------------------------------------------------------------------------------- */

static enum rc files_of_part(struct arena *a, struct str part, const char ***files, size_t *n, struct err *e)
{
    while (part.n > 0) {
        const char *stop = memchr(part.p, '\n', part.n);
        size_t length = stop ? (size_t)(stop - part.p) : part.n;
        json_t *line;
        enum rc rc = json_read(a, (struct str){part.p, length}, "a side part", &line, e);
        if (rc != RC_OK) return rc;
        const char *path = json_string_value(json_object_get(json_object_get(line, "file"), "path"));
        if (path) *ARENA_PUSH(a, *files, *n) = path;
        part = (struct str){part.p + length + (stop != NULL), part.n - length - (stop != NULL)};
    }
    return RC_OK;
}

/* LEDGER_APART: every part that lies there counts. */
static enum rc all_parts(struct stage *s, struct str **parts, size_t *n, struct err *e)
{
    struct storage *storage = s->p->storage;
    struct object *objects;
    size_t n_objects;
    enum rc rc = storage->ops->list(storage, s->a, arena_printf(s->a, "%s/_ingot/", s->pinned->dir), NULL, &objects,
                                    &n_objects, e);
    for (size_t i = 0; i < n_objects && rc == RC_OK; i++) {
        if (!strstr(objects[i].key, ".ndjson")) continue;
        bool exists;
        rc =
            storage->ops->get(storage, s->a, objects[i].key, BUF_DEFAULT_MAX, ARENA_PUSH(s->a, *parts, *n), &exists, e);
    }
    return rc;
}

/* The same bytes until they stand there; the name is nobody else's. */
static enum rc put_part(struct stage *s, const char *key, struct str bytes, struct err *e)
{
    enum put_result put = PUT_UNCLEAR;
    enum rc rc = RC_OK;
    while (rc == RC_OK && put == PUT_UNCLEAR) rc = s->p->storage->ops->put_new(s->p->storage, key, bytes, &put, e);
    return rc; /* taken: by an attempt of our own whose answer was lost */
}

static bool is_among(const char *file, const char *const *files, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(files[i], file) == 0) return true;
    return false;
}

static void print_files(struct buf *out, const char *const *files, size_t n)
{
    for (size_t i = 0; i < n; i++) buf_printf(out, "{\"file\":{\"path\":\"%s\"}}\n", files[i]);
}

/* The source files that the ledger does not have; then a side entry with them. *ret_side -1: there is none to claim. */
static enum rc load_files(struct stage *s, int64_t *ret_side, struct err *e)
{
    enum rc rc;
    struct str *parts = NULL;
    const char **known = NULL;
    size_t length = 0, n_known = 0;
    bool apart = s->w->mutation == LEDGER_APART;
    *ret_side = -1;
    if (apart) TRY(all_parts(s, &parts, &length, e));
    else TRY(side_chain(s->a, s->p->storage, s->pinned->dir, s->pinned->now.side, &parts, &length, e));
    for (size_t i = 0; i < length; i++) TRY(files_of_part(s->a, parts[i], &known, &n_known, e));
    for (int i = 0; i < s->w->landed; i++) {
        const char *file = arena_printf(s->a, "f%d", i);
        if (!is_among(file, known, n_known)) *ARENA_PUSH(s->a, s->rows, s->n_rows) = file;
    }
    if (s->n_rows == 0) goto out;
    bool fold = length >= FOLD_LENGTH;
    struct side_claim claim;
    TRY(side_claim(s->a, s->p->storage, s->pinned->dir, fold ? -1 : s->pinned->now.side, "a-run", &claim, e));
    struct buf *part = buf_new(s->a, BUF_DEFAULT_MAX);
    if (fold) print_files(part, known, n_known);
    print_files(part, s->rows, s->n_rows);
    TRY(put_part(s, claim.part_key, buf_str(part), e));
    *ret_side = claim.number;
out:
    return rc;
}

/* --- the copies ---------------------------------------------------------------------------------------------------- */

static void take_rows(struct stage *s, size_t input, const char *path)
{
    const char **rows = NULL;
    size_t n = 0;
    rows_of_path(s->a, path, &rows, &n);
    const char *tag = s->table != GOLD ? "" : s->w->kind[input] == LEFT ? "L" : "R";
    for (size_t i = 0; i < n; i++) *ARENA_PUSH(s->a, s->rows, s->n_rows) = arena_printf(s->a, "%s%s", tag, rows[i]);
}

/* The rows that entered an input since `from`: from its log, and what this run staged. */
static enum rc read_input(struct stage *s, size_t input, int64_t from, struct err *e)
{
    enum rc rc = RC_OK;
    struct pinned *t = &s->lake->tables[input];
    if (from < 0 && t->now.version >= 0) {
        struct delta_snapshot *snapshot;
        TRY(lake_snapshot(s->lake, t, &snapshot, e));
        for (size_t i = 0; i < snapshot->n_files; i++) take_rows(s, input, snapshot->files[i].path);
    } else if (from < t->now.version) {
        struct delta_changes *changes;
        TRY(delta_changes(s->a, s->p->storage, t->dir, from, t->now.version, &changes, e));
        if (changes->gap || changes->n_removed) return err_set(e, RC_INTERNAL, "%s: rows left", t->name);
        for (size_t i = 0; i < changes->n_added; i++) take_rows(s, input, changes->added[i].path);
    }
    if (s->all[input].outcome != OUTCOME_STAGED) goto out;
    const char *const *staged = s->all[input].detail;
    for (; *staged; staged++) take_rows(s, input, arena_printf(s->a, "part_%s.", *staged));
out:
    return rc;
}

static enum rc copy_inputs(struct stage *s, bool *ret_missing, struct err *e)
{
    enum rc rc = RC_OK;
    const struct node *node = &s->w->dag.nodes[s->w->node[s->table]];
    s->out->on = ARENA_ARRAY(s->a, size_t, node->n_inputs);
    for (size_t i = 0; i < node->n_inputs; i++) {
        size_t input = node->inputs[i];
        int64_t from = table_watermark(&s->pinned->now, s->w->names[input]), to = s->all[input].next.version;
        if (to < 0) *ret_missing = true;
        if (to < 0) goto out;
        if (from < to) TRY(read_input(s, input, from, e));
        if (s->w->mutation == WATERMARK_NEWEST)
            TRY(delta_newest_version(s->p->storage, s->lake->tables[input].dir, to, &to, e));
        bool back = from > to && s->w->mutation != WATERMARK_BACK; /* this run reads an older version: as published */
        s->marks[s->marks_n++] = (struct watermark){.table = s->w->names[input], .version = back ? from : to};
        if (s->all[input].outcome == OUTCOME_STAGED && s->w->mutation != IGNORE_LOST)
            s->out->on[s->out->n_on++] = input;
    }
out:
    return rc;
}

/* --- the commit ---------------------------------------------------------------------------------------------------- */

static void add_metadata(struct stage *s, struct delta_commit *c)
{
    char *id = arena_alloc(s->a, 37);
    os_uuid(id);
    s->out->next.id = id;
    struct delta_metadata m = {.table_id = id, .name = s->pinned->name, .columns = columns, .n_columns = 1};
    delta_commit_protocol(c, columns, 1);
    delta_commit_metadata(c, &m);
}

/* The rows in one file or two, and what tables below read of them in this run. */
static void add_rows(struct stage *s, struct delta_commit *c)
{
    const char **detail = ARENA_ARRAY(s->a, const char *, s->n_rows + 1);
    for (size_t i = 0; i < s->n_rows; i++) detail[i] = s->rows[i];
    s->out->detail = detail;
    size_t split = s->n_rows ? world_random(s->w, s->n_rows) : 0;
    for (size_t from = 0, to = split; from < s->n_rows; from = to, to = s->n_rows) {
        if (to == from) continue;
        struct delta_file file = {.path = path_of_rows(s->a, s->w, s->rows + from, to - from),
                                  .size = 10,
                                  .records = (int64_t)(to - from),
                                  .data_change = true};
        delta_commit_add(c, &file);
    }
}

static void make_commit(struct stage *s, int64_t side)
{
    struct table_version *next = &s->out->next;
    struct delta_commit *c = ARENA_NEW(s->a, struct delta_commit);
    delta_commit_begin(s->a, c);
    delta_commit_info(c, "WRITE", "Append", NULL, false);
    if (s->pinned->now.version < 0) add_metadata(s, c);
    add_rows(s, c);
    next->version = s->pinned->now.version + 1;
    next->inputs = ARENA_ARRAY(s->a, struct watermark, s->marks_n);
    for (size_t i = 0; i < s->marks_n; i++) {
        next->inputs[i] = s->marks[i];
        const char *id = s->all[lake_table(s->lake, s->marks[i].table) - s->lake->tables].next.id;
        delta_commit_txn(c, arena_printf(s->a, "ingot/%s", id), s->marks[i].version);
    }
    next->n_inputs = s->marks_n;
    if (side >= 0) next->side = side;
    if (side >= 0) delta_commit_txn(c, "ingot/side", side);
    delta_commit_txn(c, "ingot/self", next->version);
    memcpy(s->out->id, c->id, sizeof s->out->id);
    s->out->commit = buf_str(&c->lines);
    s->out->outcome = OUTCOME_STAGED;
}

enum rc world_stage(void *data, struct lake *l, struct staged *staged, size_t node, struct err *e)
{
    struct process *p = data;
    struct stage s = {.a = l->arena,
                      .p = p,
                      .w = p->world,
                      .lake = l,
                      .all = staged,
                      .out = &staged[node],
                      .pinned = &l->tables[node]};
    enum rc rc = RC_OK;
    int64_t side = -1;
    bool missing = false;
    s.table = s.w->kind[node];
    if (s.w->faults && world_random(s.w, 50) == 0) { /* a check did not hold */
        s.out->outcome = OUTCOME_FAILED;
        goto out;
    }
    if (s.table == BRONZE) TRY(load_files(&s, &side, e));
    else TRY(copy_inputs(&s, &missing, e));
    if (missing) s.out->outcome = OUTCOME_FAILED;
    else if (s.n_rows == 0 && s.pinned->now.version >= 0) s.out->outcome = OUTCOME_UP_TO_DATE;
    else make_commit(&s, side);
out:
    return rc;
}
