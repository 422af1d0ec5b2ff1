#include "run/publish.h"

#include "base/log.h"

enum rc publish_commits(struct lake *l, struct staged *staged, const size_t *order, size_t n, size_t *ret_lost,
                        struct err *e)
{
    size_t lost = 0;
    for (size_t i = 0; i < n; i++) {
        struct staged *s = &staged[order[i]];
        if (s->outcome != OUTCOME_STAGED) continue;
        bool won = true;
        for (size_t k = 0; k < s->n_on && won; k++) won = staged[s->on[k]].outcome != OUTCOME_LOST;
        if (won) {
            const char *key = delta_commit_key(l->arena, l->tables[order[i]].dir, s->next.version);
            enum rc rc = storage_put_settled(l->storage, key, s->commit, s->id, &won, e);
            if (rc != RC_OK) return rc;
        }
        s->outcome = won ? OUTCOME_PUBLISHED : OUTCOME_LOST;
        if (!won) {
            lost++;
            continue;
        }
        if (s->after_commit) {
            enum rc rc = s->after_commit(s->after_data, l->storage, e);
            if (rc != RC_OK) return rc;
        }
    }
    *ret_lost = lost;
    return RC_OK;
}

enum rc publish_marker(struct lake *l, const char *run, const struct staged *staged, struct err *e)
{
    struct marked_table *mine = ARENA_ARRAY(l->arena, struct marked_table, l->n_tables);
    size_t n = 0;
    for (size_t i = 0; i < l->n_tables; i++) {
        const struct staged *s = &staged[i];
        if (s->outcome != OUTCOME_PUBLISHED && s->outcome != OUTCOME_UP_TO_DATE) continue;
        if (s->next.version < 0) continue;
        const struct marked_table *seen = marker_table(l->marker, l->tables[i].name);
        mine[n++] = (struct marked_table){.name = l->tables[i].name,
                                          .seen = seen ? seen->id : NULL,
                                          .id = s->next.id,
                                          .model = s->next.model,
                                          .version = s->next.version,
                                          .side = s->next.side,
                                          .inputs = s->next.inputs,
                                          .n_inputs = s->next.n_inputs};
    }
    struct marker *m;
    return lake_log_publish(l->arena, l->storage, run, mine, n, NULL, 0, &m, e);
}
