/* SPDX-License-Identifier: MIT */
/* How each kind of event is laid out in columns: one table that the chunk codec, the ring and the
 * commands that print or convert events all read. */
#ifndef RN_EVENT_SCHEMA_H
#define RN_EVENT_SCHEMA_H

#include "event.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Column numbers, as on disk. Payload word i of a kind is column RN_COLUMN_WORD + i. */
enum rn_column {
    RN_COLUMN_STREAM = 1,
    RN_COLUMN_ORDINAL = 2,
    RN_COLUMN_DURATION = 3,
    RN_COLUMN_START = 4,
    RN_COLUMN_FLAGS = 5,
    RN_COLUMN_ATTACHMENTS = 6, /* how many the row has */
    RN_COLUMN_ATT_TAG = 7,     /* list column: type | arg << 8 | flags << 16 */
    RN_COLUMN_ATT_REF = 8,     /* list column: number in the segment's string or content table */
    RN_COLUMN_BYTES = 9,       /* byte column of table chunks */
    RN_COLUMN_LENGTH = 10,     /* length of each table entry */
    RN_COLUMN_HEAD_LENGTH = 11,
    RN_COLUMN_CRC = 12, /* byte column: 8 bytes a CRC, little-endian */
    RN_COLUMN_WORD = 16,
    RN_COLUMN_LIMIT = 64,
};

/* Of RN_KIND_PROCESS: the stream that a fork names. */
#define RN_COLUMN_CHILD_STREAM (RN_COLUMN_WORD + offsetof(struct rn_process, child_stream) / 8)

/* How a column's values are predicted before they are stored; the difference is zigzag-coded. All
 * state begins at 0 in each chunk. */
enum rn_predictor {
    RN_PREDICT_NONE = 0,     /* the value itself, no zigzag */
    RN_PREDICT_PREVIOUS = 1, /* the value of the row (list item, table entry) before */
    RN_PREDICT_KEYED = 2,    /* the last value whose key columns hashed to the same slot */
    RN_PREDICT_REFERENCE = 3, /* list column: a reference into the table that key_a
                               * (RN_COLUMN_ATT_TAG) tells: 1 + the greatest so far, or what
                               * followed the last references of the stream (key_b) before */
    RN_PREDICT_END = 4,      /* where the last row of the same stream (key_a) ended: its value plus
                              * its duration (key_b); before there is one: the value of the row
                              * before */
    RN_PREDICT_CALL = 5, /* system calls: as where the same sequence of calls was met before, its
                          * addresses moved; columns with the same keys are coded together. key_a:
                          * where the call was made, key_b: what it returned, 0 where these are
                          * not known yet */
    RN_PREDICT_ITEM = 6, /* list column: the last value whose row had the same key_a and number of
                          * items (key_b), behind the same item in the row */
    RN_PREDICT_LIMIT = 7,
};

/* What a field counts, where it is no plain number. */
enum rn_field_unit {
    RN_FIELD_NUMBER = 0,
    RN_FIELD_DURATION, /* ticks; printed in ns */
    RN_FIELD_MOMENT,   /* ticks, 0 unknown; printed in ns since the recording began */
    RN_FIELD_REAL,     /* the bits of an IEEE 754 double */
};

struct rn_field {
    const char *name; /* as in --json: unit as suffix where it has one */
    uint8_t predictor;   /* enum rn_predictor */
    uint8_t key_a, key_b; /* columns, with RN_PREDICT_KEYED; key_b may be 0 */
    bool is_signed;      /* for printing */
    bool is_hex;
    uint8_t unit; /* enum rn_field_unit */
};

#define RN_SCHEMA_WORDS 24u

struct rn_schema {
    const char *name; /* of the kind */
    uint8_t words;    /* payload fields */
    struct rn_field fields[RN_SCHEMA_WORDS];
};

/* NULL where this build does not know the kind, or it has no event rows (STRINGS, CONTENTS). */
const struct rn_schema *rn_schema_get(uint8_t kind);

#ifdef __cplusplus
}
#endif
#endif
