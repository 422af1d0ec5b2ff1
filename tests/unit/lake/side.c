#include "fixture.h"

#include "lake/side.h"

static struct side_claim claim(struct fixture *f, int64_t parent)
{
    struct side_claim c = {0};
    if (side_claim(f->a, f->s, "bronze/t", parent, "run-1", &c, &f->e) != RC_OK) fail_msg("%s", f->e.message);
    return c;
}

static void put_part(struct fixture *f, const struct side_claim *c, const char *text)
{
    enum put_result result;
    assert_int_equal(f->s->ops->put_new(f->s, c->part_key, str_of(text), &result, &f->e), RC_OK);
    assert_int_equal(result, PUT_WON);
}

static const char *chain(struct fixture *f, int64_t number, size_t *ret_length)
{
    struct str *parts = NULL;
    struct buf *b = buf_new(f->a, 10000);
    if (side_chain(f->a, f->s, "bronze/t", number, &parts, ret_length, &f->e) != RC_OK) fail_msg("%s", f->e.message);
    for (size_t i = 0; i < *ret_length; i++) buf_add(b, parts[i].p, parts[i].n);
    return b->p;
}

static void only_the_committed_chain_is_live(void **state)
{
    struct fixture *f = *state;
    size_t n = 9;
    assert_string_equal(chain(f, -1, &n), "");
    assert_int_equal(n, 0);
    struct side_claim first = claim(f, -1);
    assert_int_equal(first.number, 0);
    assert_int_equal(first.parent, -1);
    assert_int_equal(strncmp(first.part_key, "bronze/t/_ingot/0-", 18), 0);
    put_part(f, &first, "one\n");
    struct side_claim dead = claim(f, 0); /* killed before its part and its commit */
    struct side_claim second = claim(f, 0);
    assert_int_equal(dead.number, 1);
    assert_int_equal(second.number, 2);
    put_part(f, &second, "two\n");
    struct side_claim third = claim(f, 2);
    put_part(f, &third, "three\n");
    assert_string_equal(chain(f, 3, &n), "one\ntwo\nthree\n");
    assert_int_equal(n, 3);
    assert_string_equal(chain(f, 0, &n), "one\n");
    struct side_claim folded = claim(f, -1);
    assert_int_equal(folded.number, 4);
    put_part(f, &folded, "all\n");
    assert_string_equal(chain(f, 4, &n), "all\n");
    assert_int_equal(n, 1);
}

static void numbers_are_claimed_once(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 12; i++) assert_int_equal(claim(f, -1).number, i); /* beyond 9, names do not sort as numbers */
    put_object(f, "bronze/t/_ingot/x.json", "?");
    put_object(f, "bronze/t/_ingot/99999999999999999999.json", "?");
    assert_int_equal(claim(f, 40).number, 41); /* never below the parent */
}

/* Somebody claims the number between our list and our put. */
struct rival {
    struct fixture *f;
    int left;
};
static bool rival_first(void *data, const char *operation, const char *key)
{
    struct rival *r = data;
    (void)key;
    if (strcmp(operation, "put_new") == 0 && r->left-- > 0) claim(r->f, -1);
    return true;
}

static void a_lost_number_is_followed_by_the_next(void **state)
{
    struct fixture *f = *state;
    struct rival rival = {f, 3};
    struct storage *s = storage_memory_share(f->s, (struct storage_faults){.before = rival_first, .data = &rival});
    struct side_claim c;
    assert_int_equal(side_claim(f->a, s, "bronze/t", -1, NULL, &c, &f->e), RC_OK);
    assert_int_equal(c.number, 3);
    storage_close(s);
}

#define ENTRY(parent, part) "{\"format\":1,\"id\":\"i\",\"parent\":" parent ",\"run\":\"r\",\"part\":\"" part "\"}"

static void damage_is_refused(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"", "not a whole JSON object"},
        {"{\"format\":1,", "not a whole JSON object"},
        {"[]", "not a whole JSON object"},
        {"{}", "has format -1"},
        {"{\"format\":2}", "has format 2, and this ingot knows formats up to 1"},
        {"{\"format\":1}", "'part' is missing"},
        {"{\"format\":1,\"part\":\"p\"}", "'parent'"},
        {ENTRY("1", "p"), "'parent' is not an earlier entry"},
        {ENTRY("7", "p"), "'parent' is not an earlier entry"},
        {ENTRY("-2", "p"), "'parent'"},
        {ENTRY("\"0\"", "p"), "'parent'"},
        {ENTRY("-1", "../p"), "is not a name in its own folder"},
        {ENTRY("-1", ".."), "is not a name"},
        {ENTRY("-1", ""), "is not a name"},
        {ENTRY("-1", "gone"), "bronze/t/_ingot/gone is missing, and the state of bronze/t needs it"},
        {ENTRY("0", "p"), "bronze/t/_ingot/0.json is missing"},
    };
    put_object(f, "bronze/t/_ingot/p", "part\n");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct str *parts = NULL;
        size_t n;
        put_object(f, "bronze/t/_ingot/1.json", bad[i].text);
        assert_int_equal(side_chain(f->a, f->s, "bronze/t", 1, &parts, &n, &f->e), RC_DATA);
        assert_message(&f->e, bad[i].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_the_committed_chain_is_live),
        TEST(numbers_are_claimed_once),
        TEST(a_lost_number_is_followed_by_the_next),
        TEST(damage_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
