/* ingot vacuum: removes files that nothing refers to any more. */
#include "cmd/commands.h"
#include "cmd/open.h"
#include "cmd/output.h"
#include "cmd/vacuum_keep.h"

#include "base/os.h"
#include "base/text.h"

#include <stdlib.h>

#define DAY_MS 86400000LL

static const struct option options[] = {
    {"older-than", 0, OPTION_AGE, "AGE", "spares files younger than this (default: 7d)"},
    {"keep", 0, OPTION_AGE, "AGE", "keeps what publishes younger than this show (default: 30d)"},
    {"keep-publishes", 0, OPTION_COUNT, "N",
     "keeps what the newest N publishes show, whatever their age (default: 1000)"},
    {"dry-run", 'n', OPTION_FLAG, NULL, "only tells what would be removed"},
};

struct vacuum {
    struct invocation *inv;
    struct workspace *workspace;
    struct lake_state *lake;
    bool dry_run;
    int64_t files, bytes, log_entries, skipped;
};

/* --- files -------------------------------------------------------------------------------------------------------- */

/* Data files by their place and name: nothing hidden, nothing of the log, nothing of a kind that we do not write. */
static bool is_data_file(const char *path)
{
    size_t n = strlen(path);
    if (n < 9 || strcmp(path + n - 8, ".parquet") != 0) return false;
    for (const char *part = path; part; part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL)
        if (*part == '_' || *part == '.') return false;
    return true;
}

static enum rc remove_one(struct vacuum *v, const struct object *o, struct err *e)
{
    if (workspace_stopped(v->workspace))
        return err_set(e, RC_INTERRUPTED, "interrupted; what was removed until then nobody refers to");
    if (v->inv->verbose) tell(v->inv, "  %s\n", o->key);
    if (!v->dry_run) {
        enum rc rc = v->workspace->storage->ops->remove(v->workspace->storage, o->key, e);
        if (rc != RC_OK) return rc;
    }
    v->files++;
    v->bytes += o->size;
    return RC_OK;
}

static enum rc list_folder(struct vacuum *v, const char *prefix, struct object **ret, size_t *ret_n, struct err *e)
{
    *ret = NULL;
    *ret_n = 0;
    return v->workspace->storage->ops->list(v->workspace->storage, v->inv->arena, prefix, NULL, ret, ret_n, e);
}

static bool is_old(const struct vacuum *v, const struct object *o)
{
    return o->mtime_us / 1000 < v->lake->retention.now_ms - v->lake->retention.older_than_ms;
}

static int compare_key(const void *key, const void *object)
{
    return strcmp(key, ((const struct object *)object)->key);
}

/* If a file that the newest version has is not found under its name, then names are not what we take them for, and
 * nothing can be told about the others. */
static enum rc check_live(struct vacuum *v, const char *dir, const struct delta_snapshot *s,
                          const struct object *objects, size_t n, struct err *e)
{
    for (size_t i = 0; s && i < s->n_files; i++) {
        const char *path = s->files[i].path;
        if (path[0] == '/' || strstr(path, "://")) continue; /* in another place */
        const char *key = arena_printf(v->inv->arena, "%s/%s", dir, path);
        if (!n || !bsearch(key, objects, n, sizeof *objects, compare_key))
            return err_set(e, RC_DATA, "%s is in the newest version of the table, but not on the lake", key);
    }
    return RC_OK;
}

/* In every spelling, as other writers encode names in their own ways. */
static bool is_kept(struct vacuum *v, struct keep *k, const char *path)
{
    return keep_has(k, path) || keep_has(k, percent_decode(v->inv->arena, path)) ||
           keep_has(k, percent_encode_path(v->inv->arena, path));
}

static enum rc remove_unreferenced(struct vacuum *v, const char *dir, const struct delta_snapshot *newest,
                                   struct keep *k, struct err *e)
{
    struct object *objects;
    size_t n;
    const char *prefix = arena_printf(v->inv->arena, "%s/", dir);
    enum rc rc = list_folder(v, prefix, &objects, &n, e);
    if (rc == RC_OK) rc = check_live(v, dir, newest, objects, n, e);
    for (size_t i = 0; i < n && rc == RC_OK; i++) {
        const char *path = objects[i].key + strlen(prefix);
        if (is_data_file(path) && is_old(v, &objects[i]) && !is_kept(v, k, path)) rc = remove_one(v, &objects[i], e);
    }
    return rc;
}

/* Entries below the lowest live one; what is above stays, so that no number is ever given twice. */
static enum rc remove_side_entries(struct vacuum *v, const char *dir, int64_t lowest, struct err *e)
{
    struct object *objects;
    size_t n;
    const char *prefix = arena_printf(v->inv->arena, "%s/_ingot/", dir);
    enum rc rc = list_folder(v, prefix, &objects, &n, e);
    for (size_t i = 0; i < n && rc == RC_OK; i++) {
        const char *file = objects[i].key + strlen(prefix);
        size_t digits = strspn(file, "0123456789");
        bool entry = digits > 0 && digits < 17 && (strcmp(file + digits, ".json") == 0 || file[digits] == '-');
        if (entry && strtoll(file, NULL, 10) < lowest && is_old(v, &objects[i])) rc = remove_one(v, &objects[i], e);
    }
    return rc;
}

/* --- logs --------------------------------------------------------------------------------------------------------- */

/* As long as a retained marker or a watermark needs the log, it stays. */
static enum rc log_keep_ms(struct vacuum *v, const char *dir, int64_t lowest, int64_t *ret, struct err *e)
{
    const struct lake_state *s = v->lake;
    struct object *objects;
    size_t n;
    int64_t keep = s->retention.keep_ms > 30 * DAY_MS ? s->retention.keep_ms : 30 * DAY_MS;
    if (s->n_markers > 0) {
        int64_t age = s->retention.now_ms - s->markers[s->n_markers - 1]->time_ms + DAY_MS;
        if (age > keep) keep = age;
    }
    enum rc rc = list_folder(v, arena_printf(v->inv->arena, "%s/_delta_log/", dir), &objects, &n, e);
    const char *key = lowest >= 0 ? delta_commit_key(v->inv->arena, dir, lowest) : "";
    for (size_t i = 0; i < n && rc == RC_OK; i++) {
        int64_t age = s->retention.now_ms - objects[i].mtime_us / 1000 + DAY_MS;
        if (strcmp(objects[i].key, key) == 0 && age > keep) keep = age;
    }
    *ret = keep;
    return rc;
}

static enum rc clean_log(struct vacuum *v, const char *dir, int64_t lowest, struct err *e)
{
    enum rc rc;
    int64_t keep;
    size_t removed = 0;
    if (v->dry_run) return RC_OK;
    TRY(log_keep_ms(v, dir, lowest, &keep, e));
    TRY(delta_clean_log(v->workspace->storage, dir, keep, v->lake->retention.now_ms, &removed, e));
    v->log_entries += (int64_t)removed;
out:
    return rc;
}

/* --- a table ------------------------------------------------------------------------------------------------------ */

static enum rc vacuum_table(struct vacuum *v, const char *name, struct err *e)
{
    enum rc rc;
    const char *dir = table_dir(v->inv->arena, name), *quarantine = arena_printf(v->inv->arena, "quarantine/%s", name);
    struct keep files = {.arena = v->inv->arena}, refused = {.arena = v->inv->arena};
    int64_t files_before = v->files, bytes_before = v->bytes, lowest_side = 0;
    size_t lost = 0;
    /* Everything that must stay is known before anything goes. */
    TRY(keep_table_files(v->lake, name, &files, &lost, e));
    TRY(keep_quarantine_files(v->lake, name, &refused, &lowest_side, e));
    TRY(remove_unreferenced(v, dir, lake_state_table(v->lake, name), &files, e));
    TRY(remove_unreferenced(v, quarantine, NULL, &refused, e));
    TRY(remove_side_entries(v, dir, lowest_side, e));
    TRY(clean_log(v, dir, lowest_watermark(v->lake, name), e));
    TRY(clean_log(v, quarantine, -1, e));
    tell(v->inv, "%-28s %s, %s%s\n", name, counted(v->inv->arena, v->files - files_before, "file"),
         bytes_text(v->inv->arena, v->bytes - bytes_before), v->dry_run ? " could go" : " removed");
    if (lost > 0)
        tell(v->inv, "    %s can no longer be read, because the log was cleaned up by another tool\n",
             counted(v->inv->arena, (int64_t)lost, "older published version"));
out:
    return rc;
}

static enum rc vacuum_all(struct vacuum *v, const bool *selected, struct err *e)
{
    enum rc first = RC_OK;
    struct compiled *c = v->workspace->compiled;
    for (size_t i = 0; i < c->dag->n_nodes; i++) {
        if (!selected[i] || !lake_state_table(v->lake, c->names[i])) continue;
        struct err error = {0};
        enum rc rc = vacuum_table(v, c->names[i], &error);
        if (rc == RC_OK) continue;
        if (rc != RC_DATA) {
            *e = error;
            return rc;
        }
        /* one damaged table keeps its files; the others are independent of it */
        remark(v->inv, "%s: %s; nothing more of it is removed\n", c->names[i], error.message);
        v->skipped++;
        if (first == RC_OK) {
            first = rc;
            err_set(e, rc, "%s was left as it is: %s", c->names[i], error.message);
        }
    }
    return first;
}

static enum rc run(struct invocation *inv, struct err *e)
{
    enum rc rc;
    struct workspace *w;
    bool *selected;
    size_t markers = 0;
    struct retention r = {.now_ms = os_now_us() / 1000,
                          .older_than_ms = option_age_ms(inv, "older-than", 7 * DAY_MS),
                          .keep_ms = option_age_ms(inv, "keep", 30 * DAY_MS),
                          .keep_count = option_count(inv, "keep-publishes", 1000)};
    struct vacuum v = {.inv = inv, .dry_run = option_given(inv, "dry-run")};
    if (r.keep_count < 1)
        return err_set(e, RC_USAGE, "--keep-publishes takes 1 or more: the newest is what everybody reads");
    TRY(open_workspace(inv, &w, e));
    TRY(select_tables(inv, w, &selected, e));
    if (r.older_than_ms < 7 * DAY_MS)
        remark(inv, "warning: files younger than 7 days may belong to a run or a reader that is at work "
                    "right now; make sure that none is\n");
    if (!v.dry_run) TRY(lake_log_clean(w->storage, r.keep_ms, (size_t)r.keep_count, r.now_ms, &markers, e));
    v.workspace = w;
    v.log_entries = (int64_t)markers;
    struct retention all = r;
    if (!v.dry_run) all.keep_count = INT64_MAX; /* what was not cleaned up just now is kept */
    TRY(lake_state_read(inv->arena, w, &all, &v.lake, e));
    rc = vacuum_all(&v, selected, e);
    tell(inv, "%s, %s%s", counted(inv->arena, v.files, "file"), bytes_text(inv->arena, v.bytes),
         v.dry_run ? " could be removed\n" : " removed");
    if (!v.dry_run) tell(inv, "; %s of logs\n", counted(inv->arena, v.log_entries, "entry"));
out:
    return rc;
}

const struct command vacuum_entry = {
    .name = "vacuum",
    .usage = "[SELECT…]",
    .summary = "removes files that no version in reach refers to any more",
    .help = "A file goes only if it is older than 7 days, no table has it in its newest version, no publish "
            "of the\n"
            "last 30 days (and of the newest 1,000) shows it, no table downstream still has to read it, and "
            "it was\n"
            "not replaced within the last 7 days. With a shorter --keep and fewer --keep-publishes, older "
            "states\n"
            "can no longer be shown. What cannot be told for certain stays. SELECT is as for `ingot run`.",
    .options = options,
    .n_options = N_OPTIONS(options),
    .arguments = ARGUMENTS_TABLES,
    .most_arguments = 10000,
    .run = run,
};
