/* SPDX-License-Identifier: MIT */
#include "span_id.h"

#define STREAM_SHIFT 40

uint64_t rn_span_id_mix(uint64_t value)
{
    value ^= value >> 33;
    value *= 0xff51afd7ed558ccdu;
    value ^= value >> 33;
    value *= 0xc4ceb9fe1a85ec53u;
    return value ^ value >> 33;
}

static uint64_t not_zero(uint64_t id)
{
    return id ? id : 1;
}

void rn_span_ids_init(struct rn_span_ids *ids, const uint8_t uuid[16])
{
    for (unsigned half = 0; half < 2; half++) {
        uint64_t word = 0;

        for (unsigned i = 0; i < 8; i++)
            word = word << 8 | uuid[8 * half + i];
        ids->key[half] = rn_span_id_mix(word + half + 1);
    }
}

uint64_t rn_span_id_event(const struct rn_span_ids *ids, uint64_t stream, uint64_t ordinal)
{
    uint64_t place = (stream << STREAM_SHIFT) + ordinal;

    return not_zero(rn_span_id_mix(rn_span_id_mix(place ^ ids->key[0]) + ids->key[1]));
}

uint64_t rn_span_id_structure(const struct rn_span_ids *ids, enum rn_span_structure what,
                              uint64_t number, uint64_t part)
{
    uint64_t id = rn_span_id_mix(ids->key[1] + what);

    id = rn_span_id_mix(id ^ number);
    return not_zero(rn_span_id_mix(id + ids->key[0] + part));
}

void rn_span_id_trace(const struct rn_span_ids *ids, enum rn_span_structure what, uint64_t part,
                      uint8_t out[16])
{
    uint64_t halves[2];

    halves[0] = not_zero(rn_span_id_mix(rn_span_id_mix(ids->key[0] + 64 + what) + part));
    halves[1] = not_zero(rn_span_id_mix(halves[0] ^ ids->key[1]));
    for (unsigned i = 0; i < 16; i++)
        out[i] = (uint8_t)(halves[i / 8] >> (56 - 8 * (i % 8)));
}
