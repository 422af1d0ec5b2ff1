#include "project/project_file.h"

#include "base/text.h"

/* Without targets there is one, so that the smallest project is `name: shop`. */
static void add_default_target(struct reader *r, const struct target *defaults, struct project *project)
{
    struct target *t = ARENA_PUSH(r->arena, project->targets, project->n_targets);
    *t = *defaults;
    t->name = "dev";
    t->pos = (struct pos){r->file, 1, 1};
    t->lake = (struct setting){"./lake", t->pos};
}

static void read_target(struct reader *r, const struct yaml *name, const struct yaml *value,
                        const struct target *defaults, struct project *project)
{
    struct pos pos = {r->file, name->line, name->column};
    if (!is_plain_name(name->text)) {
        problem_add(r->problems, pos, false, "'%s' cannot be the name of a target: letters, digits and _", name->text);
        return;
    }
    if (value->kind != YAML_MAP) {
        problem_add(r->problems, pos, false, "the target '%s' must have keys of its own, such as `lake: ./lake`",
                    name->text);
        return;
    }
    struct target *t = ARENA_PUSH(r->arena, project->targets, project->n_targets);
    *t = *defaults;
    t->name = name->text;
    t->pos = pos;
    /* The defaults' variables are shared: a target that adds to them needs its own copy. */
    t->vars = NULL;
    t->n_vars = 0;
    for (size_t i = 0; i < defaults->n_vars; i++) *ARENA_PUSH(r->arena, t->vars, t->n_vars) = defaults->vars[i];
    const struct yaml *s3 = yaml_get(value, "s3"), *warehouse = yaml_get(value, "warehouse");
    if (s3) t->s3 = (struct s3_settings){.given = true, .pos = {r->file, s3->line, s3->column}};
    if (warehouse)
        t->warehouse = (struct warehouse_settings){.given = true, .pos = {r->file, warehouse->line, warehouse->column}};
    /* `memory` as a size replaces a percentage above, which read_size does. */
    read_keys(r, value, &target_keys, t);
}

static void choose_target(struct reader *r, const struct project_file *file, struct pos pos, struct project *project)
{
    if (!file->target) {
        project->default_target = project->n_targets == 1 ? project->targets[0].name : "dev";
        if (!project_target(project, NULL) && project->n_targets)
            problem_add(r->problems, pos, false,
                        "there are several targets; say which one is the default, as in `target: %s`",
                        project->targets[0].name);
        return;
    }
    project->default_target = file->target;
    if (project_target(project, NULL)) return;
    const char **names = ARENA_ARRAY(r->arena, const char *, project->n_targets + 1);
    for (size_t i = 0; i < project->n_targets; i++) names[i] = project->targets[i].name;
    const char *near = did_you_mean(file->target, names, project->n_targets);
    problem_add(r->problems, pos, false, "there is no target '%s'%s%s%s", file->target, near ? "; did you mean '" : "",
                near ? near : "", near ? "'?" : "");
}

void read_project_file(struct reader *r, struct str text, struct project *project)
{
    struct project_file file = {.defaults = {.timezone = "UTC"}};
    struct yaml *map = read_yaml(r, text, 1);
    if (map) {
        r->others[0] = &target_keys;
        r->others[1] = &engine_keys;
        read_keys(r, map, &project_keys, &file);
    }
    r->others[0] = &project_keys;
    if (file.name) project->name = file.name;
    for (size_t i = 0; file.targets && i < file.targets->n; i++)
        read_target(r, file.targets->keys[i], file.targets->items[i], &file.defaults, project);
    if (map && file.targets && !file.targets->n)
        problem_add(r->problems, read_position(r, map, "targets"), false, "'targets' is empty");
    if (!file.targets) add_default_target(r, &file.defaults, project);
    struct pos pos = map ? read_position(r, map, "target") : (struct pos){r->file, 1, 1};
    if (map) choose_target(r, &file, pos, project);
    if (!map) project->default_target = "dev";
}
