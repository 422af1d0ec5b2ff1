#include "base/text.h"
#include "project/contract.h"
#include "project/plain_yaml.h"
#include "project/project_file.h"

#include <stdlib.h>

static int compare_items(const void *x, const void *y)
{
    const struct raw_item *const *a = x, *const *b = y;
    int c = compare_names((*a)->name, (*b)->name);
    if (c) return c;
    if ((*a)->pos.line != (*b)->pos.line) return (*a)->pos.line < (*b)->pos.line ? -1 : 1;
    return (*a)->pos.column - (*b)->pos.column;
}

/* Two items of one name are the same column or rule. Sorted first, so that a long block is no burden. */
static void refuse_duplicates(struct reader *r, const struct raw_block *block, const char *what)
{
    const struct raw_item **sorted = ARENA_ARRAY(r->arena, const struct raw_item *, block->n_items + 1);
    for (size_t i = 0; i < block->n_items; i++) sorted[i] = &block->items[i];
    qsort(sorted, block->n_items, sizeof *sorted, compare_items);
    for (size_t i = 1; i < block->n_items; i++)
        if (compare_names(sorted[i - 1]->name, sorted[i]->name) == 0)
            problem_add(r->problems, sorted[i]->pos, false, "the %s '%s' is given twice, first on line %d", what,
                        sorted[i]->name, sorted[i - 1]->pos.line);
}

static const struct column_contract *find_column(const struct table *table, const char *name)
{
    for (size_t i = 0; i < table->n_columns; i++)
        if (compare_names(table->columns[i].name, name) == 0) return &table->columns[i];
    return NULL;
}

static void check_expression(struct reader *r, struct pos pos, const char *sql)
{
    struct scanner s = {.p = sql, .end = sql + strlen(sql)};
    struct nest nest = {.depth = 0};
    const char *bad = NULL;
    struct token t = scan_token(&s);
    for (; !bad && t.kind != TOKEN_END; t = scan_token(&s)) bad = nest_token(&nest, &t);
    if (!bad) bad = nest_end(&nest);
    if (bad) problem_add(r->problems, pos, false, "'deleted': %s", bad);
}

/* What several keys say together. */
static void check_keys(struct reader *r, struct table *table)
{
    struct problems *p = r->problems;
    if (table->latest && !table->n_key)
        problem_add(p, table->latest_pos, false, "'latest' picks one of the rows with the same key, so it needs 'key'");
    if (table->deleted && !table->latest)
        problem_add(p, table->deleted_pos, false,
                    "'deleted' looks at the row that 'latest' picks, so it needs 'latest'");
    if (table->deleted) check_expression(r, table->deleted_pos, table->deleted);
    const struct column_contract *latest = table->latest ? find_column(table, table->latest) : NULL;
    if (latest && !contract_type_orders(latest->type))
        problem_add(p, table->latest_pos, false, "'latest' needs a type that orders; '%s' is %s", latest->name,
                    latest->type);
}

static void read_front_matter(struct reader *r, struct front_matter *f, struct named_checks *checks,
                              struct table *table)
{
    struct yaml *map = plain_yaml(r->arena, f->yaml, f->first_line);
    if (!map) map = read_yaml(r, f->yaml, f->first_line);
    if (map) {
        read_keys(r, map, &model_keys, table);
        table->key_pos = read_position(r, map, "key");
        table->latest_pos = read_position(r, map, "latest");
        table->deleted_pos = read_position(r, map, "deleted");
        if (yaml_get(map, "name")) table->pos = read_position(r, map, "name");
    }
    refuse_duplicates(r, &f->blocks[RAW_COLUMNS], "column");
    refuse_duplicates(r, &f->blocks[RAW_RULES], "rule");
    for (size_t i = 0; i < f->blocks[RAW_COLUMNS].n_items; i++)
        contract_column(r, table, &f->blocks[RAW_COLUMNS].items[i]);
    for (size_t i = 0; i < f->blocks[RAW_RULES].n_items; i++) contract_rule(r, table, &f->blocks[RAW_RULES].items[i]);
    for (size_t i = 0; i < f->blocks[RAW_CHECKS].n_items; i++)
        contract_check(r, table, checks, &f->blocks[RAW_CHECKS].items[i]);
    if (map) check_keys(r, table);
}

/* Puts blanks in place of the front matter, in the bytes that read_text_file made for this file alone: a copy
 * of every model would cost more than parsing it. */
static void blank_front_matter(struct str text, size_t end)
{
    char *sql = (char *)(uintptr_t)text.p;
    for (size_t i = 0; i < end; i++)
        if (sql[i] != '\n') sql[i] = ' ';
}

void read_model_file(struct reader *r, struct str text, struct named_checks *checks, struct table *table)
{
    struct front_matter f;
    table->content = hash_bytes(text.p, text.n);
    r->others[0] = &source_keys;
    if (!front_matter_cut(r, text, &f)) return;
    if (f.end) read_front_matter(r, &f, checks, table);
    blank_front_matter(text, f.end);
    if (str_trim(text).n) table->sql = text.p;
    else problem_add(r->problems, (struct pos){r->file, 1, 1}, false, "the file holds no SELECT");
}
