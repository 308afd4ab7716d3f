/* SPDX-License-Identifier: MIT */
/* The classical check: do two programs make the same input and output calls in the same order?
 * Variants are folded together (open, openat, openat2 and creat are "open"), calls that failed and
 * calls of other kinds are left out; the list is in rn-diff(1). Of each thread in the order in
 * which it began, the sequence is compared as one.
 *
 * Memory: one byte a call, at most RN_SEQUENCE_MAX. */
#ifndef RN_SEQUENCE_H
#define RN_SEQUENCE_H

#include "formats/event.h"
#include "formats/status.h"

#include <stdbool.h>
#include <stddef.h>

#define RN_SEQUENCE_MAX   (64u << 20)
#define RN_SEQUENCE_CALLS 46u

struct rn_sequence;

struct rn_sequence *rn_sequence_new(void); /* NULL: no memory */
void rn_sequence_free(struct rn_sequence *sequence);
RN_MUST_CHECK enum rn_status rn_sequence_feed(struct rn_sequence *sequence,
                                              const struct rn_event *event, struct rn_error *err);
size_t rn_sequence_length(const struct rn_sequence *sequence);
/* The folded name of call i; NULL behind the end. */
const char *rn_sequence_call(const struct rn_sequence *sequence, size_t i);
/* Folded name i of the list, 0 to RN_SEQUENCE_CALLS - 1. */
const char *rn_sequence_name(unsigned i);

struct rn_sequence_result {
    size_t length_a, length_b;
    size_t divergence; /* index of the first call that differs; the shorter length if none does */
    bool diverges;
    size_t distance;   /* calls to insert and delete that make one of the other */
    bool at_least;     /* the distance is at least that: the search was cut off */
    double difference; /* distance over both lengths, 0 to 1 */
};
/* Time and memory: O((lengths) * distance), which is cut off where the difference is far beyond
 * `tolerance` (0 to 1). RN_E_NOMEM alone. */
RN_MUST_CHECK enum rn_status rn_sequence_compare(const struct rn_sequence *a,
                                                 const struct rn_sequence *b, double tolerance,
                                                 struct rn_sequence_result *result,
                                                 struct rn_error *err);

#endif
