/* SPDX-License-Identifier: MIT */
/* Pieces of bytes in order of two numbers each: what does not fit into memory goes to unlinked
 * files in TMPDIR (or /tmp), as sorted runs that are merged. Pieces of equal numbers stay in the
 * order in which they were added.
 *
 * Memory: `budget` bytes, and when reading 64 KiB or the longest piece for each run (at most 256 of
 * them, then they are merged into one). Not thread-safe. */
#ifndef RN_SPILL_SORT_H
#define RN_SPILL_SORT_H

#include "buf.h"
#include "status.h"

struct rn_spill_sort;

#define RN_SPILL_PIECE_MAX (16u << 20) /* bytes of one */

/* NULL: no memory. */
struct rn_spill_sort *rn_spill_sort_new(size_t budget);
void rn_spill_sort_free(struct rn_spill_sort *sort); /* accepts NULL */

/* A piece is appended to the buffer that this returns, and added by rn_spill_sort_add. What is in
 * the buffer lies at a multiple of 8. NULL: no room could be made, see err. */
struct rn_buf *rn_spill_sort_begin(struct rn_spill_sort *sort, struct rn_error *err);
/* `major` counts before `minor`. Before the first rn_spill_sort_next. */
RN_MUST_CHECK enum rn_status rn_spill_sort_add(struct rn_spill_sort *sort, uint64_t major,
                                               uint64_t minor, struct rn_error *err);

/* The one with the smallest numbers, at a multiple of 8; RN_EOF after the last. Borrowed until the
 * next call. */
RN_MUST_CHECK enum rn_status rn_spill_sort_next(struct rn_spill_sort *sort, const uint8_t **bytes,
                                                size_t *size, struct rn_error *err);

#endif
