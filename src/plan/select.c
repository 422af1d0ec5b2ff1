/* Selection: silver.orders, orders, globs, layer: and tag:, each with + before (upstream) and behind (downstream). */
#include "base/text.h"
#include "plan/dag.h"

struct selection {
    struct arena *arena;
    const struct dag *dag;
    bool *selected;
    size_t *stack;
};

static bool is_glob(const char *s)
{
    return strpbrk(s, "*?[{") != NULL;
}

static bool matches(const struct table *t, const char *what)
{
    if (strncmp(what, "layer:", 6) == 0) return strcmp(layer_names[t->layer], what + 6) == 0;
    if (strncmp(what, "tag:", 4) == 0) {
        for (size_t i = 0; i < t->n_tags; i++)
            if (strcmp(t->tags[i], what + 4) == 0 || (is_glob(what + 4) && glob_match(what + 4, t->tags[i])))
                return true;
        return false;
    }
    const char *name = strchr(what, '.') ? t->name : t->stem;
    return compare_names(name, what) == 0 || (is_glob(what) && glob_match(what, name));
}

/* Marks what is reached from `start` against or along the flow. `reached` is the selector's own, so that each selector
 * costs no more than the graph is large. */
static void reach(struct selection *s, size_t start, bool up, bool *reached)
{
    size_t n = 0;
    if (reached[start]) return;
    reached[start] = true;
    s->stack[n++] = start;
    while (n) {
        const struct node *node = &s->dag->nodes[s->stack[--n]];
        size_t edges = up ? node->n_inputs + node->n_parents : node->n_outputs;
        for (size_t i = 0; i < edges; i++) {
            size_t to = !up                  ? node->outputs[i]
                        : i < node->n_inputs ? node->inputs[i]
                                             : node->parents[i - node->n_inputs];
            if (reached[to]) continue;
            reached[to] = true;
            s->stack[n++] = to;
        }
    }
}

static enum rc nothing_matches(struct selection *s, const char *selector, const char *what, struct err *e)
{
    size_t n = 0, total = s->dag->n_nodes;
    if (strcmp(what, "") == 0) return err_set(e, RC_USAGE, "the selector '%s' names no table", selector);
    if (strncmp(what, "layer:", 6) == 0) {
        const char *near = did_you_mean(what + 6, layer_names, 3);
        return err_set(e, RC_USAGE, "no table is in %s%s%s%s", what,
                       near ? "; did you mean layer:" : "; layers are bronze, silver and gold", near ? near : "",
                       near ? "?" : "");
    }
    bool tag = strncmp(what, "tag:", 4) == 0, dot = strchr(what, '.') != NULL;
    const char **candidates = NULL;
    for (size_t i = 0; i < total; i++) {
        const struct table *t = s->dag->nodes[i].table;
        for (size_t k = 0; tag && k < t->n_tags; k++) *ARENA_PUSH(s->arena, candidates, n) = t->tags[k];
        if (!tag) *ARENA_PUSH(s->arena, candidates, n) = dot ? t->name : t->stem;
    }
    const char *near = did_you_mean(tag ? what + 4 : what, candidates, n);
    return err_set(e, RC_USAGE, "%s %s%s%s%s", tag ? "no table has" : "there is no table", what,
                   near ? "; did you mean " : "", near ? arena_printf(s->arena, "%s%s", tag ? "tag:" : "", near) : "",
                   near ? "?" : "");
}

static enum rc select_one(struct selection *s, const char *selector, struct err *e)
{
    size_t length = strlen(selector), total = s->dag->n_nodes, found = 0;
    bool up = length > 0 && selector[0] == '+', down = length > (size_t)up && selector[length - 1] == '+';
    char *what = arena_strndup(s->arena, selector + up, length - up - down);
    bool *ups = ARENA_ARRAY(s->arena, bool, total), *downs = ARENA_ARRAY(s->arena, bool, total);
    const char *first = NULL;
    bool short_name = !strchr(what, '.') && !strchr(what, ':') && !is_glob(what);
    for (size_t i = 0; *what && i < total; i++) {
        const struct table *t = s->dag->nodes[i].table;
        if (!matches(t, what)) continue;
        if (found++ && short_name)
            return err_set(e, RC_USAGE, "'%s' may be %s or %s; write the layer too", what, first, t->name);
        first = t->name;
        s->selected[i] = true;
        if (up) reach(s, i, true, ups);
        if (down) reach(s, i, false, downs);
    }
    if (!found) return nothing_matches(s, selector, what, e);
    for (size_t i = 0; i < total; i++) s->selected[i] = s->selected[i] || ups[i] || downs[i];
    return RC_OK;
}

enum rc dag_select(struct arena *a, const struct dag *dag, const char *const *selectors, size_t n, bool **ret,
                   struct err *e)
{
    struct selection s = {a, dag, ARENA_ARRAY(a, bool, dag->n_nodes), ARENA_ARRAY(a, size_t, dag->n_nodes)};
    for (size_t i = 0; n == 0 && i < dag->n_nodes; i++) s.selected[i] = true;
    for (size_t i = 0; i < n; i++) {
        enum rc rc = select_one(&s, selectors[i], e);
        if (rc != RC_OK) return rc;
    }
    *ret = s.selected;
    return RC_OK;
}
