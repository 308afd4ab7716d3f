/* SPDX-License-Identifier: MIT */
/* What the files chrome_write*.c share: the writer of the Trace Event Format. */
#ifndef RN_CHROME_WRITE_PRIVATE_H
#define RN_CHROME_WRITE_PRIVATE_H

#include "slice_track.h"

/* Tracks that are no threads have numbers that no thread can have, queues above these. */
#define RN_CHROME_LANES  ((uint64_t)1 << 32)
#define RN_CHROME_QUEUES ((uint64_t)1 << 33)

struct rn_chrome_writer {
    struct rn_track_table tracks, pids; /* of pids: tid is the serial that has it */
    uint64_t base_ns;                   /* of CLOCK_REALTIME: ts is from there */
    uint64_t next_track, next_id;
    struct rn_buf text;
    bool begun; /* an event was written */
};

/* A string in quotes; bytes that are no UTF-8 are noted. */
void rn_chrome_write_text(struct rn_slice_writer *writer, const char *data, size_t size);
/* "args" of a slice with its comma and key, where there are any. */
void rn_chrome_write_args(struct rn_slice_writer *writer, const struct rn_slice *slice);
/* Category as others know it. */
const char *rn_chrome_write_category(const struct rn_slice *slice);
/* An argument that is a number, 0 where it is not there. */
uint64_t rn_chrome_write_number(const struct rn_slice *slice, const char *key);

#endif
