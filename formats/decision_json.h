/* SPDX-License-Identifier: MIT */
/* A decision as a JSON object; private to decision_json.c and decision_manifest.c. */
#ifndef RN_DECISION_JSON_H
#define RN_DECISION_JSON_H

#include "decision_codec.h"

#include <jansson.h>

/* NULL, or what is wrong with it. id: that of the member it is, or NULL. */
const char *rn_decision_from_json(struct rn_decision_state *state, const json_t *object,
                                  const uint64_t *id, struct rn_decision_entry *entry);

/* The extent of the value at `data`, before memory is taken for it: *length, 0 where its end is not
 * there. NULL, or what is wrong with it, at *at. */
const char *rn_decision_json_measure(const uint8_t *data, size_t size, unsigned depth_limit,
                                     size_t *length, size_t *at);

#endif
