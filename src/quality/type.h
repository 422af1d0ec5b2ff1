/* The type names that a contract may use, and what each is to the engine and on the lake.
 *
 *     contract       engine                     Delta          texts are parsed by
 *     bigint …       BIGINT …                   long …         ingot_to_bigint …
 *     decimal(p,s)   DECIMAL(p,s)               decimal(p,s)   ingot_to_decimal_<s>,
 * ingot_to_wide_decimal_<s> timestamp      TIMESTAMP                  timestamp_ntz  ingot_to_timestamp
 *     timestamptz    TIMESTAMP WITH TIME ZONE   timestamp      ingot_to_timestamptz, else as the session's
 * zone time, uuid     TIME, UUID                 string         ingot_to_time … json           VARCHAR string
 * ingot_is_json
 */
#ifndef QUALITY_TYPE_H
#define QUALITY_TYPE_H

#include "base/arena.h"

enum contract_kind {
    TYPE_BIGINT,
    TYPE_INTEGER,
    TYPE_SMALLINT,
    TYPE_TINYINT,
    TYPE_BOOLEAN,
    TYPE_DOUBLE,
    TYPE_REAL,
    TYPE_DECIMAL,
    TYPE_VARCHAR,
    TYPE_DATE,
    TYPE_TIMESTAMP,
    TYPE_TIMESTAMPTZ,
    TYPE_TIME,
    TYPE_UUID,
    TYPE_BLOB,
    TYPE_JSON,
};

struct contract_type {
    enum contract_kind kind;
    int width, scale;   /* decimal(width,scale) */
    int length;         /* varchar(length), 0: any */
    const char *name;   /* as the contract says it, normalised: "decimal(12,2)" */
    const char *engine; /* "DECIMAL(12,2)" */
    const char *delta;  /* "decimal(12,2)" */
    const char *stored; /* the engine type that is written, where it is not `engine`: "VARCHAR" for time,
                           uuid; else NULL */
    bool ordered;       /* may stand after `latest:` */
};

/* Letter case and blanks do not matter; decimal alone is decimal(18,3). Other words for a type (int, text, numeric …) were
 * put in these names when the project was read.
 * decimal(18,3). Anything else is RC_PROJECT with a suggestion, without a position (the caller knows it). */
enum rc contract_type_parse(struct arena *a, const char *text, struct contract_type *ret, struct err *e) MUST_CHECK;

#endif
