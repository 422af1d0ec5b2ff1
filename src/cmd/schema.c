/* ingot schema: what may stand in the files of a project. */
#include "cmd/commands.h"
#include "cmd/output.h"
#include "project/project.h"

static const struct option options[] = {
    {"reference", 0, OPTION_FLAG, NULL, "the reference of all keys as Markdown instead"},
};

static enum rc run(struct invocation *inv, struct err *e)
{
    struct buf *out = buf_new(inv->arena, BUF_DEFAULT_MAX);
    (void)e;
    if (option_given(inv, "reference")) project_reference(out);
    else project_schema(out);
    print_text(inv, buf_str(out));
    return RC_OK;
}

const struct command schema_entry = {
    .name = "schema",
    .usage = "",
    .summary = "the JSON Schema of the project's YAML files, for editors",
    .help = "    ingot schema >ingot.schema.json\n"
            "\n"
            "An editor with a YAML language server then completes and checks the files that begin with\n"
            "    # yaml-language-server: $schema=ingot.schema.json",
    .options = options,
    .n_options = N_OPTIONS(options),
    .run = run,
};
