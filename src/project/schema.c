#include "project/keys.h"
#include "project/project.h"

#define SCALAR "\"type\": [\"string\", \"number\", \"boolean\"]"

static void add_choices(struct buf *out, const struct choice *choices)
{
    bool first = true;
    buf_add_str(out, "\"enum\": [");
    for (const struct choice *c = choices; c->name; c++) {
        if (c->unsupported) continue;
        if (!first) buf_add_str(out, ", ");
        first = false;
        buf_add_json_string(out, c->name, strlen(c->name));
    }
    buf_add_char(out, ']');
}

/* What a value must be, without braces. */
static void add_type(struct buf *out, const struct key *key)
{
    switch (key->type) {
    case KEY_CHOICE: add_choices(out, key->choices); break;
    case KEY_BOOL: buf_add_str(out, "\"type\": \"boolean\""); break;
    case KEY_COUNT: buf_add_str(out, "\"type\": \"integer\", \"minimum\": 0"); break;
    case KEY_NAME: buf_add_str(out, "\"type\": \"string\", \"pattern\": \"^[A-Za-z_][A-Za-z0-9_]{0,127}$\""); break;
    case KEY_SIZE:
        buf_add_str(out, "\"type\": \"string\", \"pattern\": \"^[0-9]+([.][0-9]+)? *(%|[KMGTkmgt]?[iI]?[Bb])$\"");
        break;
    case KEY_CHARACTER: buf_add_str(out, SCALAR ", \"pattern\": \"^([ -~\\t]|\\\\\\\\t)$\""); break;
    case KEY_QUOTE: buf_add_str(out, SCALAR ", \"pattern\": \"^[ -~\\t]?$\""); break;
    case KEY_NAMES:
    case KEY_WORDS:
        buf_add_str(out, "\"anyOf\": [{" SCALAR "}, {\"type\": \"array\", \"items\": {" SCALAR
                         "}, \"minItems\": 1, \"uniqueItems\": true}]");
        break;
    case KEY_TOLERATE:
        buf_add_str(out, "\"anyOf\": [{\"type\": \"integer\", \"minimum\": 0}, {\"type\": \"string\", "
                         "\"pattern\": \"^[0-9]+([.][0-9]+)? *%$\"}]");
        break;
    case KEY_VARS:
        buf_add_str(out, "\"type\": \"object\", \"additionalProperties\": {\"type\": [\"string\", "
                         "\"number\", \"boolean\", \"null\"]}");
        break;
    case KEY_FROM:
    case KEY_MAP: buf_printf(out, "\"$ref\": \"#/$defs/%s\"", key->keys->name); break;
    case KEY_TARGETS:
        buf_printf(out,
                   "\"type\": \"object\", \"minProperties\": 1, \"propertyNames\": {\"pattern\": "
                   "\"^[A-Za-z_][A-Za-z0-9_]{0,127}$\"}, \"additionalProperties\": {\"$ref\": \"#/$defs/%s\"}",
                   key->keys->name);
        break;
    default: buf_add_str(out, SCALAR); break;
    }
}

static void add_properties(struct buf *out, const struct keys *keys)
{
    bool first = true;
    for (size_t i = 0; i < keys->n; i++) {
        const struct key *key = &keys->items[i];
        if (key->status == KEY_UNSUPPORTED) continue;
        buf_printf(out, "%s        \"%s\": {", first ? "" : ",\n", key->name);
        first = false;
        add_type(out, key);
        buf_add_str(out, ", \"description\": ");
        buf_add_json_string(out, key->help, strlen(key->help));
        buf_add_char(out, '}');
    }
}

static void add_definition(struct buf *out, const struct keys *keys)
{
    buf_printf(out, "    \"%s\": {\n      \"type\": \"object\",\n      \"description\": ", keys->name);
    buf_add_json_string(out, keys->intro, strlen(keys->intro));
    buf_add_str(out, ",\n      \"properties\": {\n");
    add_properties(out, keys);
    buf_add_str(out, "\n      },\n");
    bool any = false;
    for (size_t i = 0; i < keys->n; i++) {
        /* A source is one of several kinds in later versions; in this one it is always files. */
        if (keys->items[i].status != KEY_REQUIRED && !(keys == &from_keys && i == 0)) continue;
        buf_printf(out, "%s\"%s\"", any ? ", " : "      \"required\": [", keys->items[i].name);
        any = true;
    }
    if (any) buf_add_str(out, "],\n");
    buf_add_str(out, "      \"additionalProperties\": false\n    }");
}

void project_schema(struct buf *out)
{
    buf_add_str(out, "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
                     "  \"title\": \"ingot.yml and bronze/*.yml of an ingot project\",\n"
                     "  \"if\": {\"type\": \"object\", \"required\": [\"from\"]},\n"
                     "  \"then\": {\"$ref\": \"#/$defs/source\"},\n"
                     "  \"else\": {\"$ref\": \"#/$defs/project\"},\n"
                     "  \"$defs\": {\n");
    bool first = true;
    for (size_t i = 0; i < n_all_keys; i++) {
        if (all_keys[i] == &model_keys) continue; /* front matter is not a YAML file */
        if (!first) buf_add_str(out, ",\n");
        first = false;
        add_definition(out, all_keys[i]);
    }
    buf_add_str(out, "\n  }\n}\n");
}
