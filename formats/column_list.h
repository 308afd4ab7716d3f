/* SPDX-License-Identifier: MIT */
/* The models behind the predictors of list columns, RN_PREDICT_REFERENCE and RN_PREDICT_ITEM, for
 * both directions. rn-archive(5) describes them. */
#ifndef RN_COLUMN_LIST_H
#define RN_COLUMN_LIST_H

#include "column.h"

#define COLUMN_LIST_STREAMS 1024u
#define COLUMN_LIST_TWO     16384u
#define COLUMN_LIST_TABLES  2u

/* What the class byte of a reference says. */
enum column_reference_class {
    COLUMN_REFERENCE_FRESH = 0,     /* 1 + the greatest so far */
    COLUMN_REFERENCE_AFTER_TWO = 1, /* what followed the last two of the stream before */
    COLUMN_REFERENCE_AFTER_ONE = 2, /* what followed the last one */
    COLUMN_REFERENCE_AGAIN = 3,     /* the last one of the stream */
    COLUMN_REFERENCE_BACK = 4,      /* payload: distance from the greatest so far */
    COLUMN_REFERENCE_CLASSES = 5,
};

/* References are kept as number + 1, so that 0 is none. */
struct column_reference_model {
    uint64_t next[COLUMN_LIST_TABLES]; /* 1 + the greatest so far */
    uint64_t after_one[RN_COLUMN_SLOTS], after_two[COLUMN_LIST_TWO];
    struct column_reference_last {
        uint64_t one, two;
    } last[COLUMN_LIST_TABLES][COLUMN_LIST_STREAMS];
};

/* Keys: the tag and the stream of each item. Returns how many payloads there are. */
size_t column_reference_code(struct column_reference_model *model, const uint64_t *values,
                             size_t count, const uint64_t *tags, const uint64_t *streams,
                             uint8_t *classes, uint64_t *payload);
/* And back; false where the classes are not valid or do not have that many payloads. */
RN_MUST_CHECK bool column_reference_decode(struct column_reference_model *model,
                                           const uint8_t *classes, const uint64_t *payload,
                                           size_t payloads, size_t count, const uint64_t *tags,
                                           const uint64_t *streams, uint64_t *values);

/* The slot of an item: by key a, and by the item before it in the row, of which key b tells how
 * many items it has. */
struct column_item {
    uint64_t left, before; /* items of the row; the item before, 0 for the first */
};
size_t column_item_slot(struct column_item *state, uint64_t key, uint64_t items);

#endif
