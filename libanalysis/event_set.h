/* SPDX-License-Identifier: MIT */
/* A set of events, by stream and ordinal: a bit for each, in pages of 512 that are made where they
 * are needed. Memory: about one byte for eight events of a stream that is mostly in it, 100 bytes
 * for an event that is alone. Not thread-safe. */
#ifndef RN_EVENT_SET_H
#define RN_EVENT_SET_H

#include "formats/id_map.h"
#include "formats/status.h"

#define RN_EVENT_SET_MAX_PAGES   (1u << 22)
#define RN_EVENT_SET_MAX_ORDINAL (UINT64_C(1) << 40)

struct rn_event_set {
    struct rn_id_map pages;
    uint64_t count; /* of events */
};

#define RN_EVENT_SET_INIT                                                                          \
    {                                                                                              \
        .count = 0                                                                                 \
    }

/* RN_E_LIMIT where there are too many pages, or no event can have that ordinal. */
RN_MUST_CHECK enum rn_status rn_event_set_add(struct rn_event_set *set, uint32_t stream,
                                              uint64_t ordinal, struct rn_error *err);
bool rn_event_set_has(const struct rn_event_set *set, uint32_t stream, uint64_t ordinal);
/* Each event, by stream and then ordinal. RN_E_NOMEM, or the first failure of `function`. */
typedef enum rn_status rn_event_set_fn(void *context, uint32_t stream, uint64_t ordinal,
                                       struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_event_set_each(const struct rn_event_set *set,
                                               rn_event_set_fn *function, void *context,
                                               struct rn_error *err);
void rn_event_set_free(struct rn_event_set *set);

#endif
