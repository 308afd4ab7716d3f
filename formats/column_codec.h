/* SPDX-License-Identifier: MIT */
/* What the two halves of the column codec share. */
#ifndef RN_COLUMN_CODEC_H
#define RN_COLUMN_CODEC_H

#include "column.h"
#include "event.h"
#include "event_schema.h"

static inline uint64_t zigzag(uint64_t difference)
{
    return (difference << 1) ^ (0 - (difference >> 63));
}

static inline uint64_t unzigzag(uint64_t code)
{
    return (code >> 1) ^ (0 - (code & 1));
}

static inline size_t column_slot(uint64_t key_a, uint64_t key_b)
{
    return (size_t)((key_a * 31 + key_b) % RN_COLUMN_SLOTS);
}

/* A column without keys, or whose key column is all zero and therefore not stored. */
static inline uint64_t column_key(const uint64_t *keys, size_t row)
{
    return keys ? keys[row] : 0;
}

/* Slots are all zero between two columns; few rows touch few of them. */
static inline void column_slots_reset(uint64_t *slots, const uint64_t *keys_a,
                                      const uint64_t *keys_b, size_t count)
{
    if (count >= RN_COLUMN_SLOTS / 8) {
        memset(slots, 0, RN_COLUMN_SLOTS * sizeof *slots);
        return;
    }
    for (size_t i = 0; i < count; i++)
        slots[column_slot(column_key(keys_a, i), column_key(keys_b, i))] = 0;
}

/* The order in which columns can be unpacked, so that this comes to an end whatever a file says: a
 * key column comes before the column it serves. Attachments come last. */
static inline unsigned column_rank(unsigned id)
{
    return id < RN_COLUMN_ATTACHMENTS || id >= RN_COLUMN_WORD ? id : RN_COLUMN_LIMIT + id;
}

static inline bool column_keys_valid(const struct rn_column_spec *spec)
{
    return spec->key_a < RN_COLUMN_LIMIT && spec->key_b < RN_COLUMN_LIMIT &&
           column_rank(spec->key_a) < column_rank(spec->id) &&
           column_rank(spec->key_b) < column_rank(spec->id);
}

/* Columns whose first plane is a class for each value; the others are of the values that have a
 * payload alone. */
static inline bool column_has_classes(const struct rn_column_spec *spec)
{
    return spec->predictor == RN_PREDICT_CALL || spec->predictor == RN_PREDICT_REFERENCE;
}

#endif
