/* May ingot write a table that somebody else may have made? Only where it honours everything the table asks
 * of writers (PROTOCOL.md, "Requirements for Writers" and "Table Features"). */
#include "lake/delta_schema.h"

#include <stdio.h>

static const char *const writer_features[] = {"timestampNtz", "appendOnly", "invariants", "deletionVectors"};

/* Features of the versions before features had names. */
static const struct {
    int min_writer;
    const char *features;
} legacy[] = {
    {3, "checkConstraints"},
    {4, "changeDataFeed and generatedColumns"},
    {5, "columnMapping"},
    {6, "identityColumns"},
};

/* What a property of the table asks for, unless it has the harmless value. */
static const struct {
    const char *key, *harmless, *feature;
} properties[] = {
    {"delta.enableChangeDataFeed", "false", "changeDataFeed"},
    {"delta.enableRowTracking", "false", "rowTracking"},
    {"delta.columnMapping.mode", "none", "columnMapping"},
    {"delta.enableInCommitTimestamps", "false", "inCommitTimestamp"},
    {"delta.checkpointPolicy", "classic", "v2Checkpoint"},
    {"delta.enableIcebergCompatV1", "false", "icebergCompatV1"},
    {"delta.enableIcebergCompatV2", "false", "icebergCompatV2"},
};

static enum rc refuse(struct err *e, const char *table, const char *feature, const char *why)
{
    return err_set(e, RC_DATA,
                   "%s: the table uses the Delta writer feature '%s' (%s), which ingot does not honour, so "
                   "it does not write it",
                   table, feature, why);
}

static enum rc check_protocol(const struct delta_snapshot *s, const char *table, struct err *e)
{
    char why[64];
    snprintf(why, sizeof why, "minWriterVersion %d", s->min_writer);
    if (s->min_writer < 1 || s->min_writer > 7) return refuse(e, table, "?", why);
    for (size_t i = 0; i < sizeof legacy / sizeof *legacy; i++)
        if (s->min_writer == legacy[i].min_writer) return refuse(e, table, legacy[i].features, why);
    if (s->min_writer < 7) return RC_OK;
    for (size_t i = 0; i < s->n_writer_features; i++) {
        bool known = false;
        for (size_t j = 0; j < sizeof writer_features / sizeof *writer_features; j++)
            known = known || strcmp(s->writer_features[i], writer_features[j]) == 0;
        if (!known) return refuse(e, table, s->writer_features[i], "in writerFeatures");
    }
    return RC_OK;
}

static enum rc check_properties(const struct delta_snapshot *s, const char *table, struct err *e)
{
    for (size_t i = 0; i < s->n_configuration; i++) {
        const struct pair *p = &s->configuration[i];
        if (strncmp(p->key, "delta.constraints.", 18) == 0) return refuse(e, table, "checkConstraints", p->key);
        for (size_t j = 0; j < sizeof properties / sizeof *properties; j++)
            if (strcmp(p->key, properties[j].key) == 0 && p->value && strcasecmp(p->value, properties[j].harmless) != 0)
                return refuse(e, table, properties[j].feature, p->key);
    }
    return RC_OK;
}

enum rc delta_check_writable(const struct delta_snapshot *s, const char *table, struct err *e)
{
    struct arena *a = arena_new();
    enum rc rc;
    TRY(check_protocol(s, table, e));
    TRY(check_properties(s, table, e));
    const char *column = NULL;
    const char *feature = s->schema_string ? schema_writer_feature(a, s->schema_string, &column) : NULL;
    if (feature) rc = refuse(e, table, feature, arena_printf(a, "column %s", column));
out:
    arena_free(a);
    return rc;
}
