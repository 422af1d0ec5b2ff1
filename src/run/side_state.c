/* What moves with a table's rows but is not in them: its ledger and its list of quarantine parts (RULES.md A 8). */
#include "base/os.h"
#include "run/step.h"

static enum rc read_part(struct step *s, const json_t *object, struct err *e)
{
    enum rc rc;
    struct quarantine_part part = {.size = -1, .records = -1};
    const char *what = s->table->name;
    TRY(json_get_string(object, "path", what, &part.path, e));
    TRY(json_get_int(object, "size", what, &part.size, e));
    TRY(json_get_int(object, "records", what, &part.records, e));
    TRY(json_get_string(object, "stats", what, &part.stats, e));
    if (!part.path || part.size < 0 || part.records < 0)
        return err_set(e, RC_DATA, "a side entry of %s lists a quarantine part without path, size or records", what);
    struct quarantine_part *place = ARENA_PUSH(s->arena, s->quarantine, s->n_quarantine);
    *place = part;
out:
    return rc;
}

static void forget_part(struct step *s, const char *path)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->n_quarantine; i++)
        if (!path || strcmp(s->quarantine[i].path, path) != 0) s->quarantine[kept++] = s->quarantine[i];
    s->n_quarantine = kept;
}

static enum rc read_quarantine_lines(struct step *s, struct str part, struct err *e)
{
    for (const char *line = part.p, *end = part.p + part.n; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        size_t n = stop ? (size_t)(stop - line) : (size_t)(end - line);
        /* file lines are the many; they belong to the ledger */
        bool mine = n > 14 && (memcmp(line, "{\"quarantine\"", 13) == 0 || memcmp(line, "{\"unquarantine", 14) == 0);
        if (mine) {
            json_t *object;
            enum rc rc = json_read(s->arena, (struct str){line, n}, s->table->name, &object, e);
            if (rc != RC_OK) return rc;
            const json_t *add = json_object_get(object, "quarantine");
            if (add && (rc = read_part(s, add, e)) != RC_OK) return rc;
            const char *path = json_string_value(json_object_get(object, "unquarantine"));
            if (path) forget_part(s, path);
        }
        line += n + 1;
    }
    return RC_OK;
}

enum rc step_read_side(struct step *s, struct err *e)
{
    enum rc rc;
    struct str *parts;
    TRY(side_chain(s->arena, s->lake->storage, s->pinned->dir, s->pinned->now.side, &parts, &s->chain_length, e));
    if (s->table->source) TRY(ledger_read(s->arena, parts, s->chain_length, &s->ledger, e));
    for (size_t i = 0; i < s->chain_length; i++) TRY(read_quarantine_lines(s, parts[i], e));
out:
    return rc;
}

static void print_part(struct buf *out, const struct quarantine_part *p)
{
    buf_add_str(out, "{\"quarantine\":{\"path\":");
    buf_add_json_string(out, p->path, strlen(p->path));
    buf_printf(out, ",\"size\":%lld,\"records\":%lld", (long long)p->size, (long long)p->records);
    if (p->stats) {
        buf_add_str(out, ",\"stats\":");
        buf_add_json_string(out, p->stats, strlen(p->stats));
    }
    buf_add_str(out, "}}\n");
}

enum rc step_claim_side(struct step *s, bool fresh, struct err *e)
{
    if (s->side >= 0) return RC_OK;
    bool fold = !fresh && s->chain_length >= SIDE_FOLD_LENGTH;
    struct side_claim claim;
    int64_t parent = fresh || fold ? -1 : s->pinned->now.side;
    enum rc rc = side_claim(s->arena, s->lake->storage, s->pinned->dir, parent, s->runner->run, &claim, e);
    if (rc != RC_OK) return rc;
    s->side = claim.number;
    s->side_part_key = claim.part_key;
    s->side_part = buf_new(s->arena, BUF_DEFAULT_MAX);
    s->fresh_side = fresh || fold;
    if (fresh) s->n_quarantine = 0;
    if (fold) {
        for (size_t i = 0; s->ledger && i < s->ledger->n_files; i++)
            ledger_print_file(s->side_part, &s->ledger->files[i]);
        for (size_t i = 0; i < s->n_quarantine; i++) print_part(s->side_part, &s->quarantine[i]);
    }
    return RC_OK;
}

static const char *quarantine_dir(struct arena *a, const char *table)
{
    return arena_printf(a, "quarantine/%s", table);
}

/* The parts count from the table's commit on, so they are durable before it. */
static enum rc add_parts(struct step *s, const struct parquet_file *files, size_t n, struct err *e)
{
    struct storage *storage = s->lake->storage;
    const char **keys = ARENA_ARRAY(s->arena, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct quarantine_part *p = ARENA_PUSH(s->arena, s->quarantine, s->n_quarantine);
        *p = (struct quarantine_part){.path = path_base(files[i].url),
                                      .size = files[i].size,
                                      .records = files[i].records,
                                      .stats = files[i].stats};
        print_part(s->side_part, p);
        keys[i] = arena_printf(s->arena, "%s/%s", quarantine_dir(s->arena, s->table->name), p->path);
    }
    return storage->ops->sync && n > 0 ? storage->ops->sync(storage, keys, n, e) : RC_OK;
}

enum rc step_add_quarantine(struct step *s, struct session *session, struct refused_sink *sink, struct err *e)
{
    enum rc rc;
    if (refused_count(sink) == 0) return RC_OK;
    char *directory;
    TRY(step_claim_side(s, false, e));
    TRY(step_directory(s, quarantine_dir(s->arena, s->table->name), &directory, e));
    struct parquet_file *files;
    size_t n;
    TRY(refused_write(s->arena, sink, session, directory, &files, &n, e));
    TRY(add_parts(s, files, n, e));
out:
    return rc;
}

static enum rc filter_part(struct step *s, struct session *session, const char *directory, struct quarantine_part part,
                           const char *predicate, struct err *e)
{
    enum rc rc;
    struct delta_file file = {.path = part.path, .size = part.size, .records = part.records};
    const char *url = arena_printf(s->arena, "%s%s", directory, part.path);
    char *select = parquet_select(s->arena, &url, &file, 1, quarantine_columns, n_quarantine_columns, false);
    int64_t hits;
    TRY(session_query_int(session, &hits, e, "SELECT count(*) FROM (%s) WHERE %s", select, predicate));
    if (hits == 0) return RC_OK;
    TRY(step_claim_side(s, false, e));
    forget_part(s, part.path);
    buf_add_str(s->side_part, "{\"unquarantine\":");
    buf_add_json_string(s->side_part, part.path, strlen(part.path));
    buf_add_str(s->side_part, "}\n");
    if (hits == part.records) return RC_OK;
    struct parquet_options options = {
        .directory = directory, .columns = quarantine_columns, .n_columns = n_quarantine_columns};
    struct parquet_file *files;
    size_t n;
    char *rest = arena_printf(s->arena, "SELECT * FROM (%s) WHERE (%s) IS NOT TRUE", select, predicate);
    TRY(session_copy_parquet(s->arena, session, rest, &options, &files, &n, e));
    TRY(add_parts(s, files, n, e));
out:
    return rc;
}

enum rc step_remove_quarantine(struct step *s, struct session *session, const char *predicate, struct err *e)
{
    enum rc rc = RC_OK;
    size_t n = s->n_quarantine;
    if (n == 0) return RC_OK;
    char *directory;
    TRY(step_directory(s, quarantine_dir(s->arena, s->table->name), &directory, e));
    struct quarantine_part *before = ARENA_ARRAY(s->arena, struct quarantine_part, n);
    memcpy(before, s->quarantine, n * sizeof before[0]);
    for (size_t i = 0; i < n; i++) TRY(filter_part(s, session, directory, before[i], predicate, e));
out:
    return rc;
}

/* --- the quarantine's own Delta log ------------------------------------------------------------------------------- */

static struct delta_file quarantine_file(const struct quarantine_part *p, int64_t now_ms)
{
    return (struct delta_file){.path = p->path,
                               .size = p->size,
                               .mtime_ms = now_ms,
                               .records = p->records,
                               .stats = p->stats,
                               .data_change = true};
}

static bool lists_part(const struct quarantine_part *parts, size_t n, const char *path)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(parts[i].path, path) == 0) return true;
    return false;
}

static bool has_file(const struct delta_snapshot *snapshot, const char *path)
{
    for (size_t i = 0; snapshot && i < snapshot->n_files; i++)
        if (strcmp(snapshot->files[i].path, path) == 0) return true;
    return false;
}

/* Which side entry the mirror shows: of the table by its id, because a table that was dropped and made anew counts from 0. */
static char *mirror_app(struct arena *a, const char *table_id)
{
    return arena_printf(a, "ingot/side-of-%s", table_id);
}

/* *ret_needed = false: the log already lists what the side entry lists. Its number still has to follow, so that a run which
 * slept before this point does not take its older list for news. */
static void mirror_commit(struct arena *a, const struct delta_snapshot *snapshot, const char *table,
                          const char *table_id, const struct quarantine_part *parts, size_t n, int64_t side,
                          struct delta_commit *c, bool *ret_needed)
{
    int64_t now_ms = os_now_us() / 1000;
    bool needed = !snapshot && n > 0;
    delta_commit_begin(a, c);
    delta_commit_info(c, "WRITE", "Append", NULL, false);
    if (!snapshot) {
        char id[37];
        os_uuid(id);
        const struct delta_metadata metadata = {.table_id = arena_strdup(a, id),
                                                .description =
                                                    arena_printf(a, "Rows that %s refused, with the reason", table),
                                                .columns = quarantine_columns,
                                                .n_columns = n_quarantine_columns,
                                                .created_ms = now_ms};
        delta_commit_protocol(c, quarantine_columns, n_quarantine_columns);
        delta_commit_metadata(c, &metadata);
    }
    for (size_t i = 0; i < n; i++) {
        if (has_file(snapshot, parts[i].path)) continue;
        struct delta_file f = quarantine_file(&parts[i], now_ms);
        delta_commit_add(c, &f);
        needed = true;
    }
    for (size_t i = 0; snapshot && i < snapshot->n_files; i++) {
        if (lists_part(parts, n, snapshot->files[i].path)) continue;
        delta_commit_remove(c, &snapshot->files[i], true);
        needed = true;
    }
    delta_commit_txn(c, mirror_app(a, table_id), side);
    delta_commit_txn(c, "ingot/self", snapshot ? snapshot->version + 1 : 0);
    *ret_needed = needed;
}

enum rc quarantine_mirror(struct arena *a, struct storage *storage, const struct checkpoint_codec *codec,
                          const char *table, const char *table_id, const struct quarantine_part *parts, size_t n,
                          int64_t side, struct err *e)
{
    enum rc rc;
    const char *dir = quarantine_dir(a, table);
    for (int attempt = 0; attempt < 20; attempt++) {
        struct delta_snapshot *snapshot;
        TRY(delta_load(a, storage, dir, -1, codec, &snapshot, e));
        if (snapshot && delta_txn_version(snapshot, mirror_app(a, table_id)) > side)
            return RC_OK; /* a later run was here */
        struct delta_commit c;
        bool needed, won;
        mirror_commit(a, snapshot, table, table_id, parts, n, side, &c, &needed);
        if (!needed && (!snapshot || delta_txn_version(snapshot, mirror_app(a, table_id)) == side)) return RC_OK;
        char *key = delta_commit_key(a, dir, snapshot ? snapshot->version + 1 : 0);
        TRY(storage_put_settled(storage, key, buf_str(&c.lines), c.id, &won, e));
        if (won) return RC_OK;
    }
    rc = err_set(e, RC_CONFLICT, "%s: other writers were faster 20 times in a row", dir);
out:
    return rc;
}
