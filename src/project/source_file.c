#include "base/text.h"
#include "project/project_file.h"

#include <iconv.h>

/* "$", "$.data", "$.page.items". */
static bool is_json_path(const char *p)
{
    if (*p++ != '$') return false;
    while (*p == '.') {
        p++;
        size_t n = 0;
        while (p[n] && p[n] != '.' && !is_space(p[n]) && p[n] != '[' && p[n] != '*') n++;
        if (!n) return false;
        p += n;
    }
    return *p == 0;
}

static void check_encoding(struct reader *r, struct pos pos, const char *name)
{
    iconv_t i = iconv_open("UTF-8", name);
    if (i == (iconv_t)-1)
        problem_add(r->problems, pos, false, "'encoding': there is no encoding '%s'; `iconv -l` lists them", name);
    else iconv_close(i);
}

static void check_from(struct reader *r, const struct yaml *from, const struct source *source)
{
    struct problems *p = r->problems;
    enum file_format format = source->format;
    if (!yaml_get(from, "files"))
        problem_add(p, (struct pos){r->file, from->line, from->column}, false, "the key 'files' is missing in %s",
                    from_keys.title);
    if (source->files.text && strncmp(source->files.text, "s3://", 5) == 0)
        problem_add(p, source->files.pos, false,
                    "files on S3 are not supported by this version of ingot; give a local path");
    if (yaml_get(from, "csv") && format != FORMAT_AUTO && format != FORMAT_CSV)
        problem_add(p, read_position(r, from, "csv"), false, "'csv' does not go with 'format: %s'",
                    yaml_get(from, "format")->text);
    if (source->records && (format == FORMAT_CSV || format == FORMAT_NDJSON || format == FORMAT_PARQUET))
        problem_add(p, read_position(r, from, "records"), false, "'records' goes with 'format: json' only");
    if (source->records && !is_json_path(source->records))
        problem_add(p, read_position(r, from, "records"), false, "'records' must be a path such as $.data, not '%s'",
                    source->records);
    if (source->encoding) check_encoding(r, read_position(r, from, "encoding"), source->encoding);
    if (source->csv.delimiter && source->csv.delimiter == (source->csv.quote        ? source->csv.quote
                                                           : source->csv.quote_none ? 0
                                                                                    : '"'))
        problem_add(p, read_position(r, yaml_get(from, "csv"), "delimiter"), false,
                    "'delimiter' and 'quote' are the same character");
}

static void check_load(struct reader *r, const struct yaml *map, const struct table *table)
{
    struct problems *p = r->problems;
    if (table->load == LOAD_UPSERT && !table->n_key)
        problem_add(p, read_position(r, map, "load"), false, "'load: upsert' needs 'key'");
    if (table->load != LOAD_UPSERT && table->n_key)
        problem_add(p, table->key_pos, false, "'key' goes with 'load: upsert' only");
    if (table->latest && !table->n_key)
        problem_add(p, table->latest_pos, false, "'latest' picks one of the rows with the same key, so it needs 'key'");
}

void read_source_file(struct reader *r, struct str text, struct table *table)
{
    table->content = hash_bytes(text.p, text.n);
    table->source = ARENA_NEW(r->arena, struct source);
    table->source->hive = true;
    table->source->csv.header = -1;
    struct yaml *map = read_yaml(r, text, 1);
    if (!map) return;
    r->others[0] = &from_keys;
    r->others[1] = &model_keys;
    bool good = read_keys(r, map, &source_keys, table);
    table->key_pos = read_position(r, map, "key");
    table->latest_pos = read_position(r, map, "latest");
    if (yaml_get(map, "name")) table->pos = read_position(r, map, "name");
    const struct yaml *from = yaml_get(map, "from");
    if (!from || from->kind != YAML_MAP) return;
    r->others[0] = &source_keys;
    bool from_good = read_keys(r, from, &from_keys, table->source);
    if (from_good) check_from(r, from, table->source);
    if (good) check_load(r, map, table);
}
