/* SPDX-License-Identifier: MIT */
#include "session_private.h"

#include "formats/archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define RING_BYTES_DEFAULT (8u << 20)
#define RING_BYTES_MIN     (64u << 10)
/* The rings of threads that record by themselves: the inline engine maps no more. */
#define RINGS_LIMIT (240u << 20)

static uint64_t ring_size(uint64_t wanted)
{
    uint64_t size = RING_BYTES_MIN;

    while (size < wanted)
        size *= 2;
    return size;
}

static struct rn_ring_slot *take_ring(struct rn_session *session, uint64_t size, uint32_t lead)
{
    struct rn_ring_slot *slot =
        session->in_use_count < RN_RING_SLOTS ? rn_ring_take(session->area, size, lead) : NULL;

    if (slot)
        session->in_use[session->in_use_count++] = (struct rn_session_slot){.slot = slot};
    return slot;
}

enum rn_status rn_session_open_rings(struct rn_session *session, const uint8_t uuid[16],
                                     uint64_t bytes, struct rn_error *err)
{
    const char *part = rn_writer_part(session->writer);
    uint64_t size = ring_size(bytes ? bytes : RING_BYTES_DEFAULT);
    bool in_memory;
    char path[4000];
    enum rn_status status;

    if (part && snprintf(path, sizeof(path), "%s/%s", part, RN_PART_RINGS) >= (int)sizeof(path))
        return rn_fail(err, RN_E_USAGE, "the name of the output is too long");
    status = rn_ring_area_new(part ? path : NULL, uuid, size, RINGS_LIMIT, &session->area,
                              &in_memory, err);
    if (status != RN_OK)
        return status;
    session->ring = take_ring(session, size, 0);
    if (!session->ring)
        return rn_fail(err, RN_E_NOMEM, "no room for the capture ring");
    snprintf(session->rings_path, sizeof(session->rings_path), "/proc/%d/fd/%d", (int)getpid(),
             rn_ring_area_fd(session->area));
    if (part && in_memory)
        return rn_session_notice(session, RN_NOTICE_ENGINE, 0, err,
                                 "the disk has no room for the capture ring: what is not yet "
                                 "committed is lost if the recorder is killed");
    return RN_OK;
}

static void forget_slot(struct rn_session *session, size_t index)
{
    rn_ring_release(session->area, session->in_use[index].slot);
    free(session->in_use[index].begins);
    session->in_use[index] = session->in_use[--session->in_use_count];
}

void rn_session_take_back(struct rn_session *session)
{
    for (size_t i = session->in_use_count; i > 0; i--) {
        struct rn_session_slot *ring = &session->in_use[i - 1];

        if (!ring->given_up || !rn_ring_harvest(session->area, ring->slot) ||
            rn_ring_used(ring->slot) > 0)
            continue;
        forget_slot(session, i - 1);
        session->given_up--;
    }
}

/* Not a thread's own while it records a call there: what it has written lies at the head. */
struct rn_ring_slot *rn_session_ring_of(const struct rn_session *session, uint32_t stream)
{
    struct rn_ring_slot *slot = session->by_stream[stream % RN_SESSION_STREAM_SLOTS];

    if (!slot || !slot->taken || slot->stream != stream ||
        __atomic_load_n(&slot->inflight_state, __ATOMIC_ACQUIRE) == RN_INFLIGHT_IN_RING)
        return session->ring;
    return slot;
}

struct rn_session_slot *rn_session_offer_ring(struct rn_session *session, uint64_t size,
                                              uint32_t lead)
{
    struct rn_ring_slot *slot = take_ring(session, size, lead);
    struct rn_session_slot *entry = &session->in_use[session->in_use_count - 1];

    if (!slot)
        return NULL;
    entry->producer = true;
    slot->taken = RN_RING_OFFERED;
    return entry;
}

struct rn_ring_slot *rn_session_take_slot(struct rn_session *session, uint64_t stream)
{
    struct rn_ring_slot *slot = take_ring(session, 0, 0);

    if (slot)
        slot->stream = (uint32_t)stream;
    return slot;
}

/* Where libraries in the program need rings too, few threads of an engine get large ones. */
#define LARGE_BYTES (1u << 20)
#define LARGE_RINGS 16u

static bool may_take(const struct rn_session *session, uint64_t size)
{
    size_t large = 0;

    if (!session->producers.settings.on || size < LARGE_BYTES)
        return true;
    for (size_t i = 0; i < session->in_use_count; i++)
        large += rn_ring_size(session->area, session->in_use[i].slot) >= LARGE_BYTES;
    return large < LARGE_RINGS;
}

static bool add_begin(struct rn_session_slot *ring, uint64_t position)
{
    if (ring->begin_count == ring->begin_capacity) {
        size_t capacity = ring->begin_capacity ? 2 * ring->begin_capacity : 64;
        uint64_t *begins = reallocarray(ring->begins, capacity, sizeof(*begins));

        if (!begins)
            return false;
        ring->begins = begins;
        ring->begin_capacity = capacity;
    }
    ring->begins[ring->begin_count++] = position;
    return true;
}

/* Its positions lie where the program could write: they may be anything. */
static bool can_go_on(const struct rn_session *session, const struct rn_session_slot *ring,
                      uint64_t size, uint64_t head)
{
    return ring->given_up && !ring->producer && rn_ring_size(session->area, ring->slot) == size &&
           head % 8 == 0 && head - ring->drained <= size && rn_ring_used(ring->slot) <= size / 2;
}

static struct rn_ring_slot *take_over(struct rn_session *session, uint64_t size)
{
    for (size_t i = session->in_use_count; session->given_up > 0 && i > 0; i--) {
        struct rn_session_slot *ring = &session->in_use[i - 1];
        uint64_t head = rn_ring_head(ring->slot);

        if (!can_go_on(session, ring, size, head) || !add_begin(ring, head))
            continue;
        ring->given_up = false;
        session->given_up--;
        return ring->slot;
    }
    return NULL;
}

struct rn_ring_slot *rn_session_take_ring(struct rn_session *session, uint64_t stream,
                                          uint64_t size, uint32_t lead, struct rn_error *err)
{
    struct rn_ring_slot *slot;

    if (!may_take(session, size))
        return NULL;
    slot = take_over(session, size);
    if (!slot)
        slot = take_ring(session, size, lead);
    /* Rings of threads that have ended come back with a commit. */
    if (!slot && session->given_up > 0 && rn_session_commit(session, err) == RN_OK)
        slot = take_ring(session, size, lead);
    if (!slot)
        return NULL;
    slot->stream = (uint32_t)stream;
    session->by_stream[stream % RN_SESSION_STREAM_SLOTS] = slot;
    return slot;
}

void *rn_session_ring_lead(struct rn_session *session, const struct rn_ring_slot *slot)
{
    return rn_ring_lead(session->area, slot);
}

uint64_t rn_session_ring_size(struct rn_session *session, const struct rn_ring_slot *slot)
{
    return rn_ring_size(session->area, slot);
}

uint8_t *rn_session_ring_data(struct rn_session *session, const struct rn_ring_slot *slot)
{
    return rn_ring_data(session->area, slot);
}

uint64_t rn_session_slot_offset(struct rn_session *session, const struct rn_ring_slot *slot)
{
    return (uint64_t)((const uint8_t *)slot - (const uint8_t *)rn_ring_area_header(session->area));
}

const char *rn_session_rings_path(const struct rn_session *session)
{
    return session->rings_path;
}

/* In eighths: when its thread is stopped until there is room, and when a commit begins while it
 * runs. That takes so long that the rest must do for it. */
#define FULL_EIGHTHS 6u
#define BUSY_EIGHTHS 3u

static bool is_filled(const struct rn_session *session, const struct rn_ring_slot *slot,
                      uint64_t eighths)
{
    return rn_ring_used(slot) >= rn_ring_size(session->area, slot) / 8 * eighths;
}

enum rn_status rn_session_relieve(struct rn_session *session, const struct rn_ring_slot *slot,
                                  bool *full, struct rn_error *err)
{
    enum rn_status status;

    *full = is_filled(session, slot, FULL_EIGHTHS);
    if (!*full)
        return RN_OK;
    status = rn_session_settle(session, err);
    if (status != RN_OK || !is_filled(session, slot, FULL_EIGHTHS))
        return status;
    status = rn_session_begin_commit(session, err);
    return status == RN_OK ? rn_session_settle(session, err) : status;
}

enum rn_status rn_session_keep_up(struct rn_session *session, bool *busy, struct rn_error *err)
{
    enum rn_status status = rn_session_settle_done(session, err);

    *busy = session->job.under_way;
    for (size_t i = 0; !*busy && i < session->in_use_count; i++) {
        const struct rn_ring_slot *slot = session->in_use[i].slot;

        *busy = rn_ring_size(session->area, slot) != 0 && slot != session->ring &&
                is_filled(session, slot, BUSY_EIGHTHS);
    }
    if (status != RN_OK || !*busy || session->job.under_way)
        return status;
    return rn_session_begin_commit(session, err);
}

/* Bytes that the thread that has the ring now left in it; 0 where that makes no sense. */
static uint64_t left_in(const struct rn_session *session, const struct rn_session_slot *ring)
{
    uint64_t from = ring->begin_count ? ring->begins[ring->begin_count - 1] : ring->drained;
    uint64_t bytes = rn_ring_head(ring->slot) - from;

    return bytes <= rn_ring_size(session->area, ring->slot) ? bytes : 0;
}

/* What is in a ring stays there until the next commit; the ring goes on to the next thread. */
void rn_session_release_slot(struct rn_session *session, struct rn_ring_slot *slot)
{
    for (size_t i = 0; i < session->in_use_count; i++) {
        struct rn_session_slot *used = &session->in_use[i];

        if (used->slot != slot)
            continue;
        rn_ring_clear_inflight(slot);
        if (rn_ring_size(session->area, slot) == 0) {
            forget_slot(session, i);
        } else {
            session->left += left_in(session, used);
            used->given_up = true;
            session->given_up++;
        }
        return;
    }
}

void rn_session_count_unseen_call(struct rn_session *session)
{
    rn_ring_area_header(session->area)->inflight_unknown++;
}
