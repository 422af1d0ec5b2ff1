/* ingot drop: takes a table off the lake, with its quarantine. */
#include "cmd/commands.h"
#include "cmd/open.h"
#include "cmd/output.h"

#include "base/os.h"

#include <stdio.h>
#include <unistd.h>

static const struct option options[] = {
    {"yes", 'y', OPTION_FLAG, NULL, "does not ask"},
    {"force", 0, OPTION_FLAG, NULL, "also a table that is still in the project: the next run builds it anew"},
};

static enum rc ask(struct invocation *inv, const char *name, size_t n, struct err *e)
{
    char answer[16] = "";
    if (option_given(inv, "yes")) return RC_OK;
    if (!isatty(STDIN_FILENO))
        return err_set(e, RC_USAGE, "%s would be removed for good (%zu files); say --yes if that is what you want",
                       name, n);
    fprintf(stderr, "Remove %s from the lake for good (%zu files)? [y/N] ", name, n);
    if (fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y')) return RC_OK;
    return err_set(e, RC_USAGE, "nothing was removed");
}

static bool in_log(const char *key, const char *dir)
{
    size_t n = strlen(dir);
    return strncmp(key, dir, n) == 0 && strncmp(key + n, "/_delta_log/", 12) == 0;
}

/* The log goes first, newest version first and hints before it, so that other readers see an older whole table at each
 * instant and then none; files without a log mean nothing to anybody. */
static enum rc remove_table(struct workspace *w, const char *dir, const struct object *objects, size_t n, struct err *e)
{
    const struct storage_ops *ops = w->storage->ops;
    for (int pass = 0; pass < 3; pass++) {
        for (size_t i = n; i-- > 0;) {
            bool log = in_log(objects[i].key, dir), hint = log && path_base(objects[i].key)[0] == '_';
            if (pass != (hint ? 0 : log ? 1 : 2)) continue;
            if (workspace_stopped(w))
                return err_set(e, RC_INTERRUPTED, "interrupted; ingot drop again removes the rest");
            enum rc rc = ops->remove(w->storage, objects[i].key, e);
            if (rc != RC_OK)
                return err_context(e,
                                   "%s is taken out of the lake log, but not all of its files are removed: "
                                   "ingot drop again removes the rest",
                                   dir);
        }
    }
    return RC_OK;
}

static enum rc list_table(struct invocation *inv, struct workspace *w, const char *dir, struct object **ret,
                          size_t *ret_n, struct err *e)
{
    *ret = NULL;
    *ret_n = 0;
    return w->storage->ops->list(w->storage, inv->arena, arena_printf(inv->arena, "%s/", dir), NULL, ret, ret_n, e);
}

static enum rc drop(struct invocation *inv, struct workspace *w, const char *name, struct err *e)
{
    enum rc rc;
    struct marker *m;
    struct object *files, *refused;
    size_t n, n_refused;
    char id[37];
    const char *dir = table_dir(inv->arena, name), *quarantine = arena_printf(inv->arena, "quarantine/%s", name);
    TRY(list_table(inv, w, dir, &files, &n, e));
    TRY(list_table(inv, w, quarantine, &refused, &n_refused, e));
    if (n + n_refused == 0) return err_set(e, RC_USAGE, "%s is not on the lake", name);
    TRY(ask(inv, name, n + n_refused, e));
    os_uuid(id);
    TRY(lake_log_publish(inv->arena, w->storage, id, NULL, 0, &name, 1, &m, e));
    /* the table last: as long as something of it is there, `drop` can be asked to go on */
    TRY(remove_table(w, quarantine, refused, n_refused, e));
    TRY(remove_table(w, dir, files, n, e));
    tell(inv, "%s is removed: %s\n", name, counted(inv->arena, (int64_t)(n + n_refused), "file"));
out:
    return rc;
}

/* A table that neither project nor lake log knows can still have files there, of a drop that was interrupted. */
static enum rc left_over(struct invocation *inv, struct workspace *w, const struct marker *m, const char *name,
                         const char **ret, struct err *e)
{
    struct object *files;
    size_t n;
    const char *dot = strchr(name, '.'), *dir = table_dir(inv->arena, name);
    if (!dot || strchr(dot + 1, '.') || strchr(name, '/') || !storage_key_valid(dir))
        return unknown_table(w, m, name, e);
    for (size_t i = 0; i < 3; i++)
        if (strncmp(name, layer_names[i], (size_t)(dot - name)) == 0 &&
            strlen(layer_names[i]) == (size_t)(dot - name)) {
            enum rc rc = list_table(inv, w, dir, &files, &n, e);
            if (rc != RC_OK) return rc;
            *ret = name;
            return n > 0 ? RC_OK : unknown_table(w, m, name, e);
        }
    return unknown_table(w, m, name, e);
}

static enum rc run(struct invocation *inv, struct err *e)
{
    enum rc rc;
    struct workspace *w;
    struct marker *m;
    TRY(open_workspace(inv, &w, e));
    TRY(lake_log_newest(inv->arena, w->storage, &m, e));
    const char *name = find_table(inv->arena, w, m, inv->arguments[0]);
    if (!name) TRY(left_over(inv, w, m, inv->arguments[0], &name, e));
    const struct table *t = project_table(w->compiled->project, name);
    if (t && !option_given(inv, "force"))
        return err_set(e, RC_USAGE,
                       "%s is still in the project (%s); remove that file first, or say --force to have the "
                       "next run build it anew",
                       name, t->file);
    TRY(drop(inv, w, name, e));
out:
    return rc;
}

const struct command drop_entry = {
    .name = "drop",
    .usage = "TABLE",
    .summary = "removes a table from the lake, for good",
    .help = "For tables whose model or source was taken out of the project (`ingot plan` names them). The table\n"
            "and what it had refused are removed; earlier states of it can no longer be shown.",
    .options = options,
    .n_options = N_OPTIONS(options),
    .arguments = ARGUMENTS_TABLES,
    .least_arguments = 1,
    .most_arguments = 1,
    .run = run,
};
