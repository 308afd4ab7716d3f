/* SPDX-License-Identifier: MIT */
/* What the two halves of the column codec share. */
#ifndef RN_COLUMN_CODEC_H
#define RN_COLUMN_CODEC_H

#include "column.h"
#include "event.h"

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

/* State of RN_PREDICT_NEWEST, one for each of the two tables. The number before the next fresh one
 * and the last one referred to swap their codes, so that both "fresh" and "the same again" are one
 * code throughout; most references are one of the two. */
struct column_references {
    uint64_t next, last;
};
#define COLUMN_REFERENCES_INIT                                                                     \
    {                                                                                              \
        .next = 0, .last = UINT64_MAX                                                              \
    }

static inline size_t column_table(uint64_t tag)
{
    return (tag & 0xff) == RN_ATT_CONTENT;
}

static inline uint64_t column_swap_last(const struct column_references *state, uint64_t number)
{
    if (number == state->last)
        return state->next - 1;
    return number == state->next - 1 ? state->last : number;
}

static inline void column_refer(struct column_references *state, uint64_t number)
{
    state->last = number;
    if (number >= state->next)
        state->next = number + 1;
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

/* A key column has a smaller number than the column it serves, so that a reader that unpacks key
 * columns first comes to an end whatever a file says. */
static inline bool column_keys_valid(const struct rn_column_spec *spec)
{
    return spec->key_a < spec->id && spec->key_b < spec->id;
}

#endif
