/* SPDX-License-Identifier: MIT */
/* A recording is written again, event by event, through a function that may change each of them.
 * Streams, ordinals, times, segments, watermarks and calls in flight stay as they are, so that what
 * names an event still does.
 *
 * Memory: one member of either, and some bytes a stream that is in use. Not thread-safe. */
#ifndef RN_REWRITE_H
#define RN_REWRITE_H

#include "formats/reader.h"
#include "formats/writer.h"

/* What becomes of a row: an event, or one of RN_KIND_STREAM, RN_KIND_INFLIGHT,
 * RN_KIND_DEVICE_CLOCK. `out` may borrow until the next call. *keep false: it is left out (events
 * alone). */
typedef enum rn_status rn_rewrite_fn(void *context, const struct rn_event *event,
                                     struct rn_event *out, bool *keep, struct rn_error *err);

/* From the reader, which nothing was read from, to the writer, made with `copies` and
 * `manual_commit`. Afterwards more events can be added, and the writer be sealed. Damage in the
 * input is an error. */
RN_MUST_CHECK enum rn_status rn_rewrite(struct rn_reader *reader, struct rn_writer *writer,
                                        rn_rewrite_fn *function, void *context,
                                        struct rn_error *err);

#endif
