/* SPDX-License-Identifier: MIT */
/* The rings between capture sources and the recorder. A ring has one producer and one consumer;
 * producer and consumer may be in different processes. Records are never half visible: `commit`
 * publishes them whole. Layout: formats/ring_file.h. */
#ifndef RN_RING_H
#define RN_RING_H

#include "formats/event.h"
#include "formats/ring_file.h"

/* The recorder's side: the file (or, for a recording to a pipe, a memfd) and its mapping. */
struct rn_ring_area;

/* Make the ring file at `path` (NULL: a memfd) with room for `data_bytes` of rings, preallocated so
 * that a full disk cannot become a SIGBUS. Where the disk has no room for it a memfd is taken and
 * *in_memory set: what is in it dies with the recorder. It grows as rings are taken, up to
 * `limit_bytes` of rings (at least data_bytes). */
RN_MUST_CHECK enum rn_status rn_ring_area_new(const char *path, const uint8_t uuid[16],
                                              uint64_t data_bytes, uint64_t limit_bytes,
                                              struct rn_ring_area **out, bool *in_memory,
                                              struct rn_error *err);
/* The descriptor of the file. */
int rn_ring_area_fd(const struct rn_ring_area *area);
void rn_ring_area_free(struct rn_ring_area *area);
struct rn_ring_file *rn_ring_area_header(struct rn_ring_area *area);

/* Take a slot, with a data area of `size` bytes (0: in-flight record only; else a power of two) and
 * `lead` bytes in front of it (whole pages). NULL where none is free. */
struct rn_ring_slot *rn_ring_take(struct rn_ring_area *area, uint64_t size, uint32_t lead);
void rn_ring_release(struct rn_ring_area *area, struct rn_ring_slot *slot);
uint64_t rn_ring_slot_number(const struct rn_ring_area *area, const struct rn_ring_slot *slot);

/* Producer. Copy the event into the ring and commit it; false where it does not fit now (the
 * consumer must drain) or ever (event over RN_RECORD_MAX: attachments are cut first, and
 * RN_EVENT_TRUNCATED set, so that this happens only for a full ring). */
bool rn_ring_put(struct rn_ring_area *area, struct rn_ring_slot *slot,
                 const struct rn_event *event);
void rn_ring_set_inflight(struct rn_ring_slot *slot, const struct rn_event *event);
void rn_ring_clear_inflight(struct rn_ring_slot *slot);

/* Bytes that were ever put into it since the slot was taken: up to there records are whole. */
uint64_t rn_ring_head(const struct rn_ring_slot *slot);

/* Consumer. The next committed record at *position (bytes since the slot was taken; start with
 * slot->tail), raw, of those before `end` (what rn_ring_head said); *position is moved behind it.
 * RN_EOF where there is none. The bytes are borrowed until the next call on this area, and the
 * producer may change them, so that whoever reads them must not trust what was read before. One
 * thread at a time, which need not be the one that takes and releases slots. */
RN_MUST_CHECK enum rn_status rn_ring_next(struct rn_ring_area *area, struct rn_ring_slot *slot,
                                          uint64_t end, uint64_t *position, const uint8_t **bytes,
                                          size_t *size, struct rn_error *err);
/* Everything before `position` is in the archive: its room may be used again. */
void rn_ring_consume(struct rn_ring_slot *slot, uint64_t position);
uint64_t rn_ring_used(const struct rn_ring_slot *slot);

/* Of a ring whose producer is gone: make records of what it counted in cells (ring_cell.h). False
 * where there is no room for all of them now. */
bool rn_ring_harvest(struct rn_ring_area *area, struct rn_ring_slot *slot);

/* The slot's data area as mapped here, what lies in front of it, and its size: as they were given
 * out. What the slot says of them can have been changed by a traced program. */
uint8_t *rn_ring_data(struct rn_ring_area *area, const struct rn_ring_slot *slot);
void *rn_ring_lead(struct rn_ring_area *area, const struct rn_ring_slot *slot);
uint64_t rn_ring_size(const struct rn_ring_area *area, const struct rn_ring_slot *slot);

#endif
