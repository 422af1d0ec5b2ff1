/* The engine's statistics of a written Parquet file as the stats of a Delta add action (PROTOCOL.md, "Per-file
 * Statistics"). */
#ifndef ENGINE_PARQUET_STATS_H
#define ENGINE_PARQUET_STATS_H

#include "engine/engine.h"

/* What the engine says about one leaf column; texts as it writes them, NULL if it does not say. */
struct leaf_stats {
    const char *path; /* quoted names joined by dots: "st"."a" */
    const char *min, *max, *null_count;
    bool has_nan;
};

/* {"numRecords":…,"minValues":{…},"maxValues":{…},"nullCount":{…}} in the arena: the first 32 leaf columns in the order of
 * `columns` that are neither in a list nor in a map. */
char *delta_stats(struct arena *a, int64_t records, const struct delta_column *columns, size_t n_columns,
                  const struct leaf_stats *leaves, size_t n_leaves);

/* Parts of it, for tests: NULL where there is no bound. `type` is the Delta type. */
char *stats_bound(struct arena *a, const char *type, const char *text, bool upper);

#endif
