/* The schemaString of a Delta table (PROTOCOL.md, "Schema Serialization Format"). Inner to lake/. */
#ifndef LAKE_DELTA_SCHEMA_H
#define LAKE_DELTA_SCHEMA_H

#include "lake/delta.h"

/* The columns of a schemaString. `what` begins the message of an error (RC_DATA). Names are unique ignoring
 * case. */
enum rc schema_read(struct arena *a, const char *schema_string, const char *what, struct delta_column **ret,
                    size_t *ret_n, struct err *e) MUST_CHECK;
/* The writer feature that some column's metadata asks for ("invariants", "generatedColumns",
 * "identityColumns"), with the column's name; NULL if none does. */
const char *schema_writer_feature(struct arena *a, const char *schema_string, const char **ret_column);

#endif
