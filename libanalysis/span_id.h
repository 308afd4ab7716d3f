/* SPDX-License-Identifier: MIT */
/* Ids of traces and spans, made from the recording's UUID and an event's stream and ordinal alone:
 * the same event has the same id in every export, before and after the recording is sealed or
 * scrubbed. Never 0.
 *
 * The mixing function is the finaliser of MurmurHash3 (A. Appleby), which is a bijection: events of
 * one recording have different ids while there are fewer than 2^24 streams of fewer than 2^40
 * events. */
#ifndef RN_SPAN_ID_H
#define RN_SPAN_ID_H

#include <stdint.h>

struct rn_span_ids {
    uint64_t key[2];
};

/* Spans that stand for no single event. */
enum rn_span_structure {
    RN_SPAN_ROOT = 1, /* of a part */
    RN_SPAN_PROCESS,
    RN_SPAN_THREAD,
    RN_SPAN_FOLD, /* many short events of one name */
    RN_SPAN_INDEX,
    RN_SPAN_INDEX_ENTRY,
    RN_SPAN_INFLIGHT, /* a call without a place in its stream yet */
    RN_SPAN_GIVEN,    /* the recording as a whole, where its program was told of it beforehand */
};

void rn_span_ids_init(struct rn_span_ids *ids, const uint8_t uuid[16]);
uint64_t rn_span_id_event(const struct rn_span_ids *ids, uint64_t stream, uint64_t ordinal);
uint64_t rn_span_id_structure(const struct rn_span_ids *ids, enum rn_span_structure what,
                              uint64_t number, uint64_t part);
/* Of the parts of a recording, and of the pages of its index. */
void rn_span_id_trace(const struct rn_span_ids *ids, enum rn_span_structure what, uint64_t part,
                      uint8_t out[16]);
uint64_t rn_span_id_mix(uint64_t value);

#endif
