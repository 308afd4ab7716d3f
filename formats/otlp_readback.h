/* SPDX-License-Identifier: MIT */
/* What a trace store gives back: is it what was sent? */
#ifndef RN_OTLP_READBACK_H
#define RN_OTLP_READBACK_H

#include "status.h"

#include <stddef.h>
#include <stdint.h>

/* A set of spans in a few words: how many, and the sum of their mixed ids. */
struct rn_otlp_set {
    uint64_t spans, sum;
};
void rn_otlp_set_add(struct rn_otlp_set *set, uint64_t id);

/* The spans with different ids in a TracesData (Tempo's GET /api/traces/ID has that form);
 * *repeated counts those that are there more than once. RN_E_FORMAT where it is none. */
RN_MUST_CHECK enum rn_status rn_otlp_readback(const uint8_t *data, size_t size,
                                              struct rn_otlp_set *set, uint64_t *repeated,
                                              struct rn_error *err);

#endif
