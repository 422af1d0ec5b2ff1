/* Rewriting: more output columns, and expressions that cannot end the query.
 *
 * With a guard,   SELECT *, e AS n, f(n) AS m FROM t WHERE w   becomes
 *
 *     SELECT * EXCLUDE (__try_1, …), struct_extract(__try_1, 'v') AS n, struct_extract(__try_2, 'v') AS m, __in_…,
 *            CASE WHEN __where IS NULL THEN 'where' WHEN __try_1 IS NULL THEN 'n' … END AS __error
 *     FROM (SELECT *, __try_1, TRY(struct_pack(v := f(n))) AS __try_2, __in_…, TRY(CASE WHEN w THEN 1 ELSE 0 END) AS __where
 *           FROM (SELECT *, struct_extract(__try_1, 'v') AS n
 *                 FROM (SELECT *, TRY(struct_pack(v := e)) AS __try_1 FROM t) AS t) AS t) AS __guarded
 *     WHERE __where IS DISTINCT FROM 0
 *
 * An error makes the struct NULL, a value that is NULL makes a struct that holds NULL. The levels below are there only
 * for aliases that other expressions use: the engine does not find an alias inside TRY. If the table has a column n
 * itself, the engine finds that one first in both forms, because of two columns n of a subquery the first keeps the name. */
#include "sql/analysis.h"

#include "base/text.h"

#define NOWHERE "\"query_location\":18446744073709551615"
#define NULL_CONSTANT                                                                                                  \
    "{\"class\":\"CONSTANT\",\"type\":\"VALUE_CONSTANT\",\"alias\":\"\"," NOWHERE                                      \
    ",\"value\":{\"type\":{\"id\":\"NULL\",\"type_info\":null},\"is_null\":true}}"

struct item {
    const json_t *node;
    const char *name;  /* of the output column */
    const char *inner; /* "__try_3" */
    bool star, guarded, level, in_where;
};
struct carry {
    struct arena *arena;
    json_t *node; /* a copy that may be changed */
    const json_t *from, *where;
    const char *alias; /* of the table, as expressions use it */
    struct item *items;
    size_t n_items;
    const char *const *names; /* to carry */
    size_t n_names;
};

/* --- nodes as text ----------------------------------------------------------------------------------------------- */

static void add_string(struct buf *b, const char *s)
{
    buf_add_json_string(b, s, strlen(s));
}

static void add_column(struct buf *b, const char *qualifier, const char *name, const char *alias)
{
    buf_add_str(b, "{\"class\":\"COLUMN_REF\",\"type\":\"COLUMN_REF\"," NOWHERE ",\"alias\":");
    add_string(b, alias);
    buf_add_str(b, ",\"column_names\":[");
    if (qualifier) {
        add_string(b, qualifier);
        buf_add_char(b, ',');
    }
    add_string(b, name);
    buf_add_str(b, "]}");
}

static void add_text_constant(struct buf *b, const char *value)
{
    buf_add_str(b, "{\"class\":\"CONSTANT\",\"type\":\"VALUE_CONSTANT\",\"alias\":\"\"," NOWHERE
                   ",\"value\":{\"type\":{\"id\":\"VARCHAR\",\"type_info\":null},\"is_null\":false,\"value\":");
    add_string(b, value);
    buf_add_str(b, "}}");
}

static void add_integer_constant(struct buf *b, int value)
{
    buf_printf(b,
               "{\"class\":\"CONSTANT\",\"type\":\"VALUE_CONSTANT\",\"alias\":\"\"," NOWHERE
               ",\"value\":{\"type\":{\"id\":\"INTEGER\",\"type_info\":null},\"is_null\":false,\"value\":%d}}",
               value);
}

static void begin_function(struct buf *b, const char *function, const char *alias)
{
    buf_add_str(b, "{\"class\":\"FUNCTION\",\"type\":\"FUNCTION\"," NOWHERE ",\"alias\":");
    add_string(b, alias);
    buf_printf(b, ",\"function_name\":\"%s\",\"schema\":\"\",\"catalog\":\"\",\"children\":[", function);
}

static void end_function(struct buf *b)
{
    buf_add_str(b, "],\"filter\":null,\"order_bys\":{\"type\":\"ORDER_MODIFIER\",\"orders\":[]},\"distinct\":false,"
                   "\"is_operator\":false,\"export_state\":false}");
}

/* struct_extract(column, 'v') AS alias */
static void add_unpack(struct buf *b, const char *column, const char *alias)
{
    begin_function(b, "struct_extract", alias);
    add_column(b, NULL, column, "");
    buf_add_char(b, ',');
    add_text_constant(b, "v");
    end_function(b);
}

/* An expression under another alias. */
static void add_aliased(struct buf *b, const json_t *node, const char *alias)
{
    serialized_value(b, node, "alias", alias);
}

static void begin_try(struct buf *b, const char *alias)
{
    buf_add_str(b, "{\"class\":\"OPERATOR\",\"type\":\"OPERATOR_TRY\"," NOWHERE ",\"alias\":");
    add_string(b, alias);
    buf_add_str(b, ",\"children\":[");
}

/* TRY(struct_pack(v := e)) AS alias; without TRY where the engine does not take it. */
static void add_pack(struct buf *b, const json_t *e, const char *alias)
{
    bool random = has_random(e, 0);
    if (!random) begin_try(b, alias);
    begin_function(b, "struct_pack", random ? alias : "");
    add_aliased(b, e, "v");
    end_function(b);
    if (!random) buf_add_str(b, "]}");
}

static void add_null_check(struct buf *b, size_t *n, const char *column, const char *then) /* NULL: NULL */
{
    buf_add_str(b, (*n)++ ? "," : "");
    buf_add_str(b, "{\"when_expr\":{\"class\":\"OPERATOR\",\"type\":\"OPERATOR_IS_NULL\",\"alias\":\"\"," NOWHERE
                   ",\"children\":[");
    add_column(b, NULL, column, "");
    buf_add_str(b, "]},\"then_expr\":");
    if (then) add_text_constant(b, then);
    else buf_add_str(b, NULL_CONSTANT);
    buf_add_char(b, '}');
}

#define CASE_BEGIN(alias)                                                                                              \
    "{\"class\":\"CASE\",\"type\":\"CASE_EXPR\",\"alias\":\"" alias "\"," NOWHERE ",\"case_checks\":["
#define STAR_BEGIN                                                                                                     \
    "{\"class\":\"STAR\",\"type\":\"STAR\",\"alias\":\"\"," NOWHERE ",\"relation_name\":\"\",\"exclude_list\":["
#define STAR_END "],\"columns\":false,\"expr\":null,\"qualified_exclude_list\":[],\"rename_list\":[]}"
#define SELECT_BEGIN "{\"type\":\"SELECT_NODE\",\"modifiers\":[],\"cte_map\":{\"map\":[]},\"select_list\":["
#define SELECT_END                                                                                                     \
    ",\"group_expressions\":[],\"group_sets\":[],\"aggregate_handling\":\"STANDARD_HANDLING\",\"having\":"             \
    "null,"                                                                                                            \
    "\"sample\":null,\"qualify\":null}"

/* A finished SELECT as a table in FROM. */
static char *as_table(struct arena *a, const char *select, const char *alias)
{
    struct buf *b = buf_new(a, BUF_DEFAULT_MAX);
    buf_add_str(b, "{\"type\":\"SUBQUERY\",\"sample\":null," NOWHERE ",\"alias\":");
    add_string(b, alias);
    buf_printf(b, ",\"subquery\":{\"node\":%s,\"named_param_map\":[]},\"column_name_alias\":[]}", select);
    return b->p;
}

/* --- the parts of the statement ---------------------------------------------------------------------------------- */

/* Whether an expression may mean a column or alias of this name; with `alone` only where it stands without a dot. What a
 * lambda names is its own. */
static bool refers_to(const json_t *v, const char *name, bool alone, int depth)
{
    size_t i;
    json_t *item;
    if (depth > STATEMENT_MAX_DEPTH) return true;
    if (json_is_array(v)) json_array_foreach(v, i, item) if (refers_to(item, name, alone, depth + 1)) return true;
    if (!json_is_object(v)) return false;
    const json_t *names = node_list(v, "column_names");
    if (names) return compare_names(node_string_at(names, 0), name) == 0 && !(alone && json_array_size(names) > 1);
    if (node_is(v, "class", "LAMBDA") && refers_to(json_object_get(v, "lhs"), name, true, depth + 1)) return false;
    if (!alone && node_is(v, "class", "FUNCTION") && compare_names(node_string(v, "schema"), name) == 0)
        return true; /* n.upper() */
    for (void *it = json_object_iter((json_t *)(uintptr_t)v); it;
         it = json_object_iter_next((json_t *)(uintptr_t)v, it))
        if (refers_to(json_object_iter_value(it), name, alone, depth + 1)) return true;
    return false;
}

static bool lists_name(const json_t *star, const char *name)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(star, "exclude_list"), i,
                       item) if (json_string_value(item) &&
                                 compare_names(json_string_value(item), name) == 0) return true;
    json_array_foreach(json_object_get(star, "replace_list"), i,
                       item) if (compare_names(node_string(item, "key"), name) == 0) return true;
    return false;
}

/* bronze.orders.x -> orders.x, because the levels below are known by the table's alias only. */
static void shorten_columns(json_t *v, const json_t *from, int depth)
{
    size_t i;
    json_t *item;
    const char *key;
    if (depth > STATEMENT_MAX_DEPTH) return;
    if (json_is_array(v)) json_array_foreach(v, i, item) shorten_columns(item, from, depth + 1);
    if (!json_is_object(v)) return;
    json_t *names = json_object_get(v, "column_names");
    if (json_array_size(names) > 2) {
        const char *first = json_string_value(json_array_get(names, 0)),
                   *second = json_string_value(json_array_get(names, 1));
        if (first && second && compare_names(first, node_string(from, "schema_name")) == 0 &&
            compare_names(second, node_string(from, "table_name")) == 0)
            json_array_remove(names, 0);
    }
    json_object_foreach(v, key, item) shorten_columns(item, from, depth + 1);
}

static bool used_elsewhere(const struct carry *c, size_t i)
{
    for (size_t k = i + 1; k < c->n_items; k++)
        if (refers_to(c->items[k].node, c->items[i].name, false, 0)) return true;
    return refers_to(c->where, c->items[i].name, false, 0);
}

/* Whether the table surely has a column of the item's name, which then comes before the alias: an expression that cannot
 * mean the alias refers to it, or the star itself names it. (Beside a `*` the level's alias has to be excluded from it,
 * which must not hit a column of the table.) */
static bool is_table_column(const struct carry *c, size_t i)
{
    for (size_t k = 0; k < c->n_items; k++) {
        if (c->items[k].star && lists_name(c->items[k].node, c->items[i].name)) return true;
        if (k <= i && refers_to(c->items[k].node, c->items[i].name, true, 0)) return true;
    }
    return false;
}

/* An error in an alias that WHERE uses is an error in WHERE: without this the row would be left out on the NULL that
 * stands in the alias' place. From the last item to the first, as aliases are used to their right only. */
static void mark_where(struct carry *c)
{
    for (size_t i = c->n_items; i > 0; i--) {
        struct item *item = &c->items[i - 1];
        if (!item->level || is_table_column(c, i - 1)) continue;
        item->in_where = refers_to(c->where, item->name, false, 0);
        for (size_t k = i; k < c->n_items && !item->in_where; k++)
            item->in_where = c->items[k].in_where && refers_to(c->items[k].node, item->name, false, 0);
    }
}

static enum rc name_items(struct carry *c, struct err *e)
{
    size_t i;
    json_t *node;
    bool star = false;
    json_array_foreach(json_object_get(c->node, "select_list"), i, node)
    {
        struct item *item = ARENA_PUSH(c->arena, c->items, c->n_items);
        const char *alias = node_string(node, "alias"), *class = node_string(node, "class");
        const json_t *names = json_object_get(node, "column_names");
        *item = (struct item){.node = node, .name = alias, .star = strcmp(class, "STAR") == 0};
        item->guarded = !item->star && strcmp(class, "COLUMN_REF") != 0 && strcmp(class, "CONSTANT") != 0;
        if (!*alias && names) item->name = node_string_at(names, json_array_size(names) - 1);
        item->inner = arena_printf(c->arena, "__try_%zu", i + 1);
        star = star || item->star;
        if (!item->star && !*item->name)
            return err_set(e, RC_PROJECT, "output column %zu has no name; write: expression as name", i + 1);
    }
    for (i = 0; i < c->n_items; i++)
        c->items[i].level = !c->items[i].star && *node_string(c->items[i].node, "alias") && used_elsewhere(c, i) &&
                            !(star && is_table_column(c, i));
    mark_where(c);
    return RC_OK;
}

/* --- the levels -------------------------------------------------------------------------------------------------- */

static char *level(struct carry *c, const char *from, const struct item *item, bool unpack)
{
    struct buf *b = buf_new(c->arena, BUF_DEFAULT_MAX);
    buf_add_str(b, SELECT_BEGIN STAR_BEGIN "],\"replace_list\":[" STAR_END ",");
    if (unpack) add_unpack(b, item->inner, item->name);
    else if (item->guarded) add_pack(b, item->node, item->inner);
    else add_aliased(b, item->node, item->name);
    buf_printf(b, "],\"from_table\":%s,\"where_clause\":null" SELECT_END, from);
    return as_table(c->arena, b->p, c->alias);
}

/* The star of the inner SELECT: without what the levels added, and with its replacements guarded. */
static void add_inner_star(struct carry *c, struct buf *b, const json_t *star)
{
    size_t i, n = 0;
    json_t *v;
    buf_add_str(b, "{\"class\":\"STAR\",\"type\":\"STAR\",\"alias\":\"\"," NOWHERE ",\"relation_name\":");
    add_string(b, node_string(star, "relation_name"));
    buf_add_str(b, ",\"exclude_list\":[");
    json_array_foreach(json_object_get(star, "exclude_list"), i, v)
    {
        if (n++) buf_add_char(b, ',');
        serialized_value(b, v, NULL, NULL);
    }
    for (i = 0; i < c->n_items; i++) {
        if (!c->items[i].level) continue;
        if (n++) buf_add_char(b, ',');
        add_string(b, c->items[i].name);
        if (c->items[i].guarded) {
            buf_add_char(b, ',');
            add_string(b, c->items[i].inner);
        }
    }
    buf_add_str(b, "],\"replace_list\":[");
    json_array_foreach(json_object_get(star, "replace_list"), i, v)
    {
        buf_add_str(b, i ? ",{\"key\":" : "{\"key\":");
        add_string(b, node_string(v, "key"));
        buf_add_str(b, ",\"value\":");
        add_pack(b, json_object_get(v, "value"), "");
        buf_add_char(b, '}');
    }
    buf_add_str(b, "],\"columns\":false,\"expr\":null,\"qualified_exclude_list\":");
    const json_t *qualified = json_object_get(star, "qualified_exclude_list"),
                 *rename = json_object_get(star, "rename_list");
    if (qualified) serialized_value(b, qualified, NULL, NULL);
    else buf_add_str(b, "[]");
    buf_add_str(b, ",\"rename_list\":");
    if (rename) serialized_value(b, rename, NULL, NULL);
    else buf_add_str(b, "[]");
    buf_add_char(b, '}');
}

static void add_carried(struct carry *c, struct buf *b, bool inner)
{
    for (size_t i = 0; i < c->n_names; i++) {
        char *name = arena_printf(c->arena, "__in_%s", c->names[i]);
        buf_add_char(b, ',');
        if (inner) add_column(b, c->alias, c->names[i], name);
        else add_column(b, NULL, name, name);
    }
}

/* CASE WHEN __try_1 IS NULL THEN NULL … ELSE TRY(CASE WHEN w THEN 1 ELSE 0 END) END AS __where, with a WHEN for each
 * alias that w uses. */
static void add_where(struct carry *c, struct buf *b)
{
    size_t n = 0;
    struct buf *checks = buf_new(c->arena, BUF_DEFAULT_MAX);
    for (size_t i = 0; i < c->n_items; i++)
        if (c->items[i].in_where && c->items[i].guarded) add_null_check(checks, &n, c->items[i].inner, NULL);
    if (n) buf_printf(b, CASE_BEGIN("__where") "%s],\"else_expr\":", checks->p);
    begin_try(b, n ? "" : "__where");
    buf_add_str(b, CASE_BEGIN("") "{\"when_expr\":");
    serialized_value(b, c->where, NULL, NULL);
    buf_add_str(b, ",\"then_expr\":");
    add_integer_constant(b, 1);
    buf_add_str(b, "}],\"else_expr\":");
    add_integer_constant(b, 0);
    buf_add_str(b, n ? "}]}}" : "}]}");
}

static char *inner_select(struct carry *c, const char *from, bool random_where)
{
    struct buf *b = buf_new(c->arena, BUF_DEFAULT_MAX);
    buf_add_str(b, SELECT_BEGIN);
    for (size_t i = 0; i < c->n_items; i++) {
        const struct item *item = &c->items[i];
        if (i) buf_add_char(b, ',');
        if (item->star) add_inner_star(c, b, item->node);
        else if (item->level && item->guarded) add_column(b, NULL, item->inner, item->inner);
        else if (item->guarded) add_pack(b, item->node, item->inner);
        else add_aliased(b, item->node, item->inner);
    }
    add_carried(c, b, true);
    if (c->where && !random_where) {
        buf_add_char(b, ',');
        add_where(c, b);
    }
    buf_printf(b, "],\"from_table\":%s,\"where_clause\":", from);
    if (c->where && random_where) serialized_value(b, c->where, NULL, NULL);
    else buf_add_str(b, "null");
    buf_add_str(b, SELECT_END);
    return as_table(c->arena, b->p, "__guarded");
}

static void add_outer_star(struct carry *c, struct buf *b, const json_t *star, bool where)
{
    size_t n = 0, i;
    json_t *v;
    buf_add_str(b, STAR_BEGIN);
    for (i = 0; i < c->n_items; i++) {
        if (c->items[i].star) continue;
        if (n++) buf_add_char(b, ',');
        add_string(b, c->items[i].inner);
    }
    for (i = 0; i < c->n_names; i++) {
        if (n++) buf_add_char(b, ',');
        add_string(b, arena_printf(c->arena, "__in_%s", c->names[i]));
    }
    if (where) buf_add_str(b, n ? ",\"__where\"" : "\"__where\"");
    buf_add_str(b, "],\"replace_list\":[");
    json_array_foreach(json_object_get(star, "replace_list"), i, v)
    {
        buf_add_str(b, i ? ",{\"key\":" : "{\"key\":");
        add_string(b, node_string(v, "key"));
        buf_add_str(b, ",\"value\":");
        add_unpack(b, node_string(v, "key"), "");
        buf_add_char(b, '}');
    }
    buf_add_str(b, STAR_END);
}

/* CASE … END AS __error */
static void add_error(struct carry *c, struct buf *b, bool where)
{
    size_t n = 0, k;
    json_t *v;
    struct buf *checks = buf_new(c->arena, BUF_DEFAULT_MAX);
    if (where) add_null_check(checks, &n, "__where", "where");
    for (size_t i = 0; i < c->n_items; i++) {
        if (c->items[i].guarded) add_null_check(checks, &n, c->items[i].inner, c->items[i].name);
        if (c->items[i].star)
            json_array_foreach(json_object_get(c->items[i].node, "replace_list"), k, v)
                add_null_check(checks, &n, node_string(v, "key"), node_string(v, "key"));
    }
    if (n) buf_printf(b, "," CASE_BEGIN("__error") "%s],\"else_expr\":" NULL_CONSTANT "}", checks->p);
    else
        buf_add_str(b, ",{\"class\":\"CAST\",\"type\":\"OPERATOR_CAST\",\"alias\":\"__error\"," NOWHERE
                       ",\"child\":" NULL_CONSTANT
                       ",\"cast_type\":{\"id\":\"VARCHAR\",\"type_info\":null},\"try_cast\":false}");
}

static char *outer_select(struct carry *c, const char *from, bool where)
{
    struct buf *b = buf_new(c->arena, BUF_DEFAULT_MAX);
    buf_add_str(b, SELECT_BEGIN);
    for (size_t i = 0; i < c->n_items; i++) {
        const struct item *item = &c->items[i];
        if (i) buf_add_char(b, ',');
        if (item->star) add_outer_star(c, b, item->node, where);
        else if (item->guarded) add_unpack(b, item->inner, item->name);
        else add_column(b, NULL, item->inner, item->name);
    }
    add_carried(c, b, false);
    add_error(c, b, where);
    buf_printf(b, "],\"from_table\":%s,\"where_clause\":", from);
    if (where) {
        buf_add_str(b, "{\"class\":\"COMPARISON\",\"type\":\"COMPARE_DISTINCT_FROM\",\"alias\":\"\"," NOWHERE
                       ",\"left\":");
        add_column(b, NULL, "__where", "");
        buf_add_str(b, ",\"right\":");
        add_integer_constant(b, 0);
        buf_add_char(b, '}');
    } else {
        buf_add_str(b, "null");
    }
    buf_add_str(b, SELECT_END);
    return b->p;
}

static enum rc guard_statement(struct carry *c, char **ret_json, struct err *e)
{
    enum rc rc = name_items(c, e);
    if (rc != RC_OK) return rc;
    struct buf *table = buf_new(c->arena, BUF_DEFAULT_MAX);
    serialized_value(table, c->from, NULL, NULL);
    const char *from = table->p;
    for (size_t i = 0; i < c->n_items; i++) {
        if (!c->items[i].level) continue;
        from = level(c, from, &c->items[i], false);
        if (c->items[i].guarded) from = level(c, from, &c->items[i], true);
    }
    bool random = c->where && has_random(c->where, 0);
    from = inner_select(c, from, random);
    *ret_json = arena_printf(c->arena, "{\"error\":false,\"statements\":[{\"node\":%s,\"named_param_map\":[]}]}",
                             outer_select(c, from, c->where && !random));
    return RC_OK;
}

/* Only more columns: the statement stays as it is otherwise. */
static enum rc append_columns(struct carry *c, char **ret_json, struct err *e)
{
    json_t *list = json_object_get(c->node, "select_list");
    for (size_t i = 0; i < c->n_names; i++) {
        struct buf *b = buf_new(c->arena, BUF_DEFAULT_MAX);
        add_column(b, c->alias, c->names[i], arena_printf(c->arena, "__in_%s", c->names[i]));
        json_t *column = NULL;
        enum rc rc = serialized_read(c->arena, b->p, &column, e);
        if (rc != RC_OK) return rc;
        json_array_append(list, column);
    }
    *ret_json = serialized_write(c->arena, c->node, NULL);
    return RC_OK;
}

static void release_json(void *v)
{
    json_decref(v);
}

enum rc statement_carry(struct arena *a, const struct statement *s, const char *const *carry, size_t n_carry,
                        bool guard, char **ret_json, struct err *e)
{
    if (!s->node || !s->row_by_row)
        return err_set(e, RC_INTERNAL, "a statement that %s cannot be rewritten",
                       s->node ? "is not row by row" : "came from the cache");
    struct carry c = {.arena = a, .node = json_deep_copy(s->node), .names = carry, .n_names = n_carry};
    if (!c.node) return err_set(e, RC_INTERNAL, "out of memory");
    arena_defer(a, release_json, c.node);
    c.from = json_object_get(c.node, "from_table");
    c.where = json_object_get(c.node, "where_clause");
    if (!json_is_object(c.where)) c.where = NULL;
    const char *alias = node_string(c.from, "alias");
    c.alias = *alias ? alias : node_string(c.from, "table_name");
    if (!guard) return append_columns(&c, ret_json, e);
    if (!*alias) shorten_columns(c.node, c.from, 0);
    return guard_statement(&c, ret_json, e);
}

enum rc statement_branch(struct arena *a, const struct statement *s, size_t occurrence, char **ret_json, struct err *e)
{
    if (!s->node || occurrence >= s->n_occurrences || !s->occurrences[occurrence].distributes_in_branch)
        return err_set(e, RC_INTERNAL, "a statement that %s cannot be reduced to a branch",
                       s->node ? "does not distribute" : "came from the cache");
    *ret_json = serialized_write(a, s->node, s->occurrences[occurrence].cuts);
    return RC_OK;
}
