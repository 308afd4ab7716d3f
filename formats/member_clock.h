/* SPDX-License-Identifier: MIT */
/* Readings of the clocks of devices (RN_KIND_DEVICE_CLOCK) on their way into a member: those that
 * are new, and the last one of each clock, which every segment states again. */
#ifndef RN_MEMBER_CLOCK_H
#define RN_MEMBER_CLOCK_H

#include "buf.h"
#include "event.h"
#include "status.h"

#include <stddef.h>

#define RN_CLOCK_NAME_MAX 128u /* bytes; what is longer is cut */

struct rn_member_reading {
    struct rn_device_clock clock;
    uint64_t flags;
    uint32_t name_size;
    char name[RN_CLOCK_NAME_MAX];
};

struct rn_member_clocks {
    struct rn_buf fresh; /* struct rn_member_reading, not in any member yet */
    struct rn_buf last;  /* the same, by number of the clock - 1; those of clock 0 are not there */
};

void rn_member_clocks_free(struct rn_member_clocks *clocks);
/* A reading is new, or was found in an archive (then it is only the last one of its clock).
 * RN_E_USAGE where the number of the clock is none. */
RN_MUST_CHECK enum rn_status rn_member_clocks_add(struct rn_member_clocks *clocks,
                                                  const struct rn_event *event,
                                                  struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_member_clocks_note(struct rn_member_clocks *clocks,
                                                   const struct rn_event *event,
                                                   struct rn_error *err);

struct rn_member_encoder;
/* The new ones as a chunk; before them, where a segment begins, what was last. They stay new until
 * rn_member_clocks_written. */
RN_MUST_CHECK enum rn_status rn_member_put_clocks(struct rn_member_encoder *encoder,
                                                  bool segment_start, struct rn_buf *out,
                                                  struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_member_clocks_written(struct rn_member_clocks *clocks,
                                                      struct rn_error *err);

#endif
