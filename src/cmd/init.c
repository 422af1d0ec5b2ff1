/* ingot init: the sample project examples/shop, which is part of the program. */
#include "cmd/commands.h"
#include "cmd/output.h"
#include "cmd/sample.h"

#include "base/os.h"

static enum rc refuse_existing(struct invocation *inv, const char *dir, struct err *e)
{
    struct file_status status;
    bool exists;
    enum rc rc;
    TRY(os_stat(path_join(inv->arena, dir, "ingot.yml"), &status, &exists, e));
    if (exists)
        return err_set(e, RC_USAGE, "%s is a project already: %s", dir, path_join(inv->arena, dir, "ingot.yml"));
    for (size_t i = 0; i < n_sample_files; i++) {
        const char *path = path_join(inv->arena, dir, sample_files[i].path);
        TRY(os_stat(path, &status, &exists, e));
        if (exists)
            return err_set(e, RC_USAGE, "%s is there already, and is not overwritten; choose another folder", path);
    }
out:
    return rc;
}

static enum rc write_sample(struct invocation *inv, const char *dir, const struct sample_file *f, struct err *e)
{
    enum rc rc;
    char *path = path_join(inv->arena, dir, f->path), *folder = arena_strdup(inv->arena, path);
    *strrchr(folder, '/') = '\0';
    TRY(os_mkdirs(folder, e));
    TRY(os_write_file(path, (struct str){(const char *)f->bytes, f->n}, e));
out:
    return rc;
}

static enum rc run(struct invocation *inv, struct err *e)
{
    enum rc rc;
    const char *given = inv->n_arguments ? inv->arguments[0] : ".";
    char *dir = path_absolute(inv->arena, given);
    TRY(refuse_existing(inv, dir, e));
    /* ingot.yml last: it is what makes the folder a project. */
    for (size_t i = n_sample_files; i-- > 0;) TRY(write_sample(inv, dir, &sample_files[i], e));
    const char *in = inv->n_arguments ? arena_printf(inv->arena, " -C %s", given) : "";
    tell(inv, "%s files of a sample project, a small shop, are in %s. It runs at once:\n\n",
         count_text(inv->arena, (int64_t)n_sample_files), given);
    tell(inv, "  ingot%s run\n  ingot%s show gold.daily_sales\n  ingot%s quarantine\n\n", in, in, in);
    tell(inv, "%s says what it shows.\n", path_join(inv->arena, given, "README.md"));
out:
    return rc;
}

const struct command init_entry = {
    .name = "init",
    .usage = "[DIR]",
    .summary = "writes a sample project that runs at once, with its data",
    .help = "Into DIR, or into the present folder. Nothing that is there is overwritten.",
    .arguments = ARGUMENTS_FOLDER,
    .most_arguments = 1,
    .run = run,
};
