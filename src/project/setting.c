#include "base/log.h"
#include "base/text.h"
#include "project/project.h"

#include <stdlib.h>
#include <string.h>

/* Appends the value of the variable whose name stands at p, after "${"; *ret_end is set behind the '}'. */
static enum rc expand_one(struct buf *out, const char *p, const struct setting *s, const char *key,
                          const char **ret_end, struct err *e)
{
    size_t n = 0;
    while (is_name_char(p[n])) n++;
    if (p[n] != '}' || n == 0 || n > 256 || is_digit(p[0]))
        return err_set(e, RC_PROJECT,
                       "%s:%d:%d: %s: '${' is not followed by the name of an environment variable and '}'; "
                       "write $${ for the characters themselves",
                       s->pos.file, s->pos.line, s->pos.column, key);
    char name[257];
    memcpy(name, p, n);
    name[n] = 0;
    const char *value = getenv(name);
    if (!value)
        return err_set(e, RC_PROJECT, "%s:%d:%d: %s: environment variable %s is not set", s->pos.file, s->pos.line,
                       s->pos.column, key, name);
    secret_register(value);
    buf_add_str(out, value);
    *ret_end = p + n + 1;
    return RC_OK;
}

enum rc setting_expand(struct arena *a, const struct setting *s, const char *key, const char **ret, struct err *e)
{
    if (!s->text || !strstr(s->text, "${")) {
        *ret = s->text;
        return RC_OK;
    }
    struct buf *out = buf_new(a, 1 << 20);
    for (const char *p = s->text; *p;) {
        if (strncmp(p, "$${", 3) == 0) {
            buf_add_str(out, "${");
            p += 3;
        } else if (strncmp(p, "${", 2) == 0) {
            enum rc rc = expand_one(out, p + 2, s, key, &p, e);
            if (rc != RC_OK) return rc;
        } else {
            buf_add_char(out, *p++);
        }
    }
    if (out->overflow)
        return err_set(e, RC_PROJECT, "%s:%d:%d: %s: the expanded text is longer than 1 MiB", s->pos.file, s->pos.line,
                       s->pos.column, key);
    *ret = arena_strndup(a, out->p, out->n);
    return RC_OK;
}

enum rc variable_expand(struct arena *a, const struct variable *v, const char **ret, struct err *e)
{
    if (v->type != VARIABLE_TEXT) {
        *ret = v->value;
        return RC_OK;
    }
    struct setting s = {v->value, v->pos};
    return setting_expand(a, &s, v->name, ret, e);
}

static void check_setting(struct arena *a, const struct setting *s, const char *key, struct problems *p)
{
    struct err e = {0};
    const char *value;
    if (setting_expand(a, s, key, &value, &e) == RC_OK) return;
    /* The position goes into the problem, so it is cut from the message. */
    char *prefix = arena_printf(a, "%s:%d:%d: ", s->pos.file, s->pos.line, s->pos.column);
    size_t n = strlen(prefix);
    problem_add(p, s->pos, false, "%s", e.message + (strncmp(e.message, prefix, n) == 0 ? n : 0));
}

void target_check(struct arena *a, const struct target *t, struct problems *p)
{
    const struct {
        const char *key;
        const struct setting *setting;
    } all[] = {
        {"lake", &t->lake},
        {"s3.region", &t->s3.region},
        {"s3.endpoint", &t->s3.endpoint},
        {"s3.profile", &t->s3.profile},
        {"s3.sse", &t->s3.sse},
        {"s3.kms_key", &t->s3.kms_key},
        {"warehouse.url", &t->warehouse.url},
        {"warehouse.iam_role", &t->warehouse.iam_role},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) check_setting(a, all[i].setting, all[i].key, p);
    for (size_t i = 0; i < t->n_vars; i++) {
        struct setting s = {t->vars[i].value, t->vars[i].pos};
        if (t->vars[i].type == VARIABLE_TEXT) check_setting(a, &s, t->vars[i].name, p);
    }
}
