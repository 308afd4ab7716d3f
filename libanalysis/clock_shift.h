/* SPDX-License-Identifier: MIT */
/* The logical correction: where an effect still ends before its cause begins, the clock of its host
 * is put forward there by what is missing, from then on (a controlled logical clock, after R.
 * Rabenseifner, 1997, with all of a host moving together). Edges must come in order of the ends of
 * their effects.
 *
 * Memory: 24 bytes a shift, RN_CLOCK_SHIFTS_MAX a host at most; what is more is left as it is. */
#ifndef RN_CLOCK_SHIFT_H
#define RN_CLOCK_SHIFT_H

#include "formats/manifest.h"
#include "formats/status.h"

#define RN_CLOCK_SHIFTS_MAX 1024u

struct rn_clock_shifts {
    struct rn_clock_shift {
        uint64_t at;  /* merged ticks, before any shift */
        uint64_t sum; /* of this shift and those before it */
    } * list;         /* ascending */
    size_t count, room;
};

void rn_clock_shifts_clear(struct rn_clock_shifts *shifts);
/* A message that left by `from`'s clock at sent and was there by `to`'s at received (merged ticks,
 * before any shift). False: no memory. */
bool rn_clock_shifts_message(const struct rn_clock_shifts *from, struct rn_clock_shifts *to,
                             uint64_t sent, uint64_t received);
/* Pieces of a source of the host, with the shifts in them. */
RN_MUST_CHECK enum rn_status rn_clock_shifts_apply(const struct rn_clock_shifts *shifts,
                                                   struct rn_manifest_source *source,
                                                   struct rn_error *err);

#endif
