#include "project/keys.h"
#include "project/project.h"

static void add_type(struct buf *out, const struct key *key)
{
    if (key->type == KEY_CHOICE) {
        bool first = true;
        for (const struct choice *c = key->choices; c->name; c++) {
            if (c->unsupported) continue;
            buf_printf(out, "%s`%s`", first ? "" : ", ", c->name);
            first = false;
        }
    } else if (key->keys) {
        buf_printf(out, "%s: see %s", key_type_name(key), key->keys->title);
    } else {
        buf_add_str(out, key_type_name(key));
    }
}

static void add_key(struct buf *out, const struct key *key)
{
    buf_printf(out, "| `%s` | ", key->name);
    add_type(out, key);
    buf_printf(out, " | %s | %s",
               key->status == KEY_REQUIRED ? "required"
               : key->fallback             ? key->fallback
                                           : "",
               key->help);
    if (key->status == KEY_IGNORED) buf_add_str(out, " Not supported by this version: a warning.");
    for (const struct choice *c = key->choices; c && c->name; c++)
        if (c->unsupported) buf_printf(out, " `%s` is not supported by this version.", c->name);
    buf_add_str(out, " |\n");
}

static void add_unsupported(struct buf *out, const struct keys *keys)
{
    size_t n = 0;
    for (size_t i = 0; i < keys->n; i++) {
        if (keys->items[i].status != KEY_UNSUPPORTED) continue;
        buf_printf(out, "%s`%s`", n++ ? ", " : "\nNot supported by this version: ", keys->items[i].name);
    }
    if (n) buf_add_str(out, ".\n");
}

void project_reference(struct buf *out)
{
    buf_add_str(out, "# Reference of the project's files\n\n"
                     "Made from the tables of keys in the program by `ingot schema --reference`; do not edit it. "
                     "[project.md](project.md) explains the files with examples.\n");
    for (size_t i = 0; i < n_all_keys; i++) {
        const struct keys *keys = all_keys[i];
        char first = keys->title[0];
        buf_printf(out, "\n## %c%s\n\n%s\n\n| key | value | default | meaning |\n|---|---|---|---|\n",
                   first == 'a' ? 'A' : first, keys->title + 1, keys->intro);
        for (size_t j = 0; j < keys->n; j++)
            if (keys->items[j].status != KEY_UNSUPPORTED) add_key(out, &keys->items[j]);
        add_unsupported(out, keys);
    }
}
