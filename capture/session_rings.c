/* SPDX-License-Identifier: MIT */
#include "session_private.h"

#include "formats/archive.h"

#include <stdio.h>
#include <string.h>
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

static enum rn_status add_event(void *context, const struct rn_event *event, struct rn_error *err)
{
    struct rn_session *session = context;

    return rn_writer_add(session->writer, event, err);
}

static enum rn_status store(struct rn_session *session, const struct rn_event *event,
                            struct rn_error *err)
{
    enum rn_status status = RN_OK;
    bool taken = false;

    rn_overhead_note(&session->overhead, event, session->all_traced);
    if (session->sampling)
        status = rn_sampling_take(session->sampling, event, &taken, add_event, session, err);
    return status != RN_OK || taken ? status : rn_writer_add(session->writer, event, err);
}

/* To whoever asked for it. What is wrong with the record is found when it is stored. */
static void show_call(const struct rn_session *session, const uint8_t *bytes, size_t size)
{
    const struct rn_record *record = (const void *)bytes;
    size_t words = record->fields, most = sizeof(struct rn_syscall) / sizeof(uint64_t);
    struct rn_syscall call = {0};

    if (words > most)
        words = most;
    if (size < sizeof(*record) + words * sizeof(uint64_t))
        return;
    memcpy(&call, record + 1, words * sizeof(uint64_t));
    if (call.abi != RN_ABI_X86_64 ||
        (call.nr < session->calls_count && session->calls_wanted[call.nr]))
        session->call(session->call_context, record->stream, &call, bytes, size);
}

/* Most records are system calls, which the writer takes as they are: nothing of them need be known
 * here. */
static enum rn_status keep(struct rn_session *session, const struct rn_session_slot *ring,
                           const uint8_t *bytes, size_t size, struct rn_error *err)
{
    const struct rn_record *record = (const void *)bytes;
    struct rn_attachment attachments[RN_RECORD_MAX_ATTACHMENTS];
    struct rn_event event;
    enum rn_status status;
    bool fit = true;
    size_t used;

    if (session->call && size >= sizeof(*record) && record->kind == RN_KIND_SYSCALL &&
        !ring->producer)
        show_call(session, bytes, size);
    if (size >= sizeof(*record) && record->kind == RN_KIND_SYSCALL && !session->sampling &&
        !ring->producer) {
        rn_overhead_note_call(&session->overhead, record->flags, session->all_traced);
        return rn_writer_add_record(session->writer, bytes, size, err);
    }
    status = rn_record_decode(bytes, size, &event, attachments, &used, err);
    if (status != RN_OK)
        return status;
    if (ring->producer) {
        status = rn_session_queues_place(session, ring, &event, &fit, err);
        if (status != RN_OK || !fit)
            return status;
    }
    return store(session, &event, err);
}

/* Hand what a ring holds to the writer. A record that cannot be decoded makes the rest of the ring
 * worthless: it is counted as lost. */
static enum rn_status drain(struct rn_session *session, struct rn_session_slot *ring,
                            struct rn_error *err)
{
    struct rn_error damage = RN_ERROR_INIT;
    uint64_t position = ring->drained;
    enum rn_status status;
    const uint8_t *bytes;
    size_t size;

    while ((status = rn_ring_next(session->area, ring->slot, &position, &bytes, &size, &damage)) ==
           RN_OK) {
        status = keep(session, ring, bytes, size, &damage);
        if (status != RN_OK)
            break;
        ring->drained = position;
    }
    if (status == RN_EOF)
        return RN_OK;
    if (status != RN_E_FORMAT) {
        if (err)
            *err = damage;
        return status;
    }
    ring->drained = __atomic_load_n(&ring->slot->head, __ATOMIC_ACQUIRE);
    return rn_writer_add_loss(session->writer, RN_KIND_NONE, 0, RN_LOSS_OTHER, damage.what, err);
}

enum rn_status rn_session_drain(struct rn_session *session, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    for (size_t i = 0; status == RN_OK && i < session->in_use_count; i++)
        if (rn_ring_size(session->area, session->in_use[i].slot) != 0)
            status = drain(session, &session->in_use[i], err);
    session->waiting = 0;
    /* Not later: with this commit the rings give their room back. */
    if (status == RN_OK && session->sampling)
        status = rn_sampling_flush(session->sampling, add_event, session, err);
    return status;
}

size_t rn_session_collect_sources(struct rn_session *session)
{
    size_t count = 0;

    for (size_t i = 0; i < session->in_use_count; i++) {
        const struct rn_ring_slot *slot = session->in_use[i].slot;

        if (rn_ring_size(session->area, slot) != 0)
            session->sources[count++] =
                (struct rn_writer_source){.source = rn_ring_slot_number(session->area, slot),
                                          .generation = slot->generation,
                                          .position = session->in_use[i].drained};
    }
    return count;
}

static void forget_slot(struct rn_session *session, size_t index)
{
    rn_ring_release(session->area, session->in_use[index].slot);
    session->in_use[index] = session->in_use[--session->in_use_count];
}

void rn_session_consume(struct rn_session *session)
{
    for (size_t i = session->in_use_count; i > 0; i--) {
        struct rn_session_slot *ring = &session->in_use[i - 1];

        if (rn_ring_size(session->area, ring->slot) == 0)
            continue;
        rn_ring_consume(ring->slot, ring->drained);
        if (!ring->given_up || !rn_ring_harvest(session->area, ring->slot) ||
            rn_ring_used(ring->slot) > 0)
            continue;
        forget_slot(session, i - 1);
        session->given_up--;
    }
}

/* What lies at the head of a ring is being written by its thread: it is read as far as it is sure
 * to be there, and only for what it tells of the call. */
static bool inflight_in_ring(struct rn_session *session, const struct rn_ring_slot *slot,
                             struct rn_event *event)
{
    uint64_t size = rn_ring_size(session->area, slot), at = slot->head & (size - 1);
    const uint8_t *bytes = rn_ring_data(session->area, slot) + at;
    struct rn_record record;

    if (size - at < sizeof(record) + sizeof(struct rn_syscall))
        return false;
    memcpy(&record, bytes, sizeof(record));
    *event =
        (struct rn_event){.kind = RN_KIND_INFLIGHT, .stream = slot->stream, .start = record.start};
    if (record.fields > sizeof(struct rn_syscall) / sizeof(uint64_t))
        return false;
    memcpy(&event->u.syscall, bytes + sizeof(record), record.fields * sizeof(uint64_t));
    return true;
}

size_t rn_session_collect_inflight(struct rn_session *session)
{
    size_t count = 0;

    for (size_t i = 0; i < session->in_use_count; i++) {
        const struct rn_ring_slot *slot = session->in_use[i].slot;
        uint32_t state = __atomic_load_n(&slot->inflight_state, __ATOMIC_ACQUIRE);

        if (state == RN_INFLIGHT_IN_RING && rn_ring_size(session->area, slot) != 0)
            count += inflight_in_ring(session, slot, &session->inflight[count]);
        if (state != RN_INFLIGHT_VALID)
            continue;
        session->inflight[count++] = (struct rn_event){.kind = RN_KIND_INFLIGHT,
                                                       .flags = slot->inflight.flags,
                                                       .stream = slot->inflight.stream,
                                                       .start = slot->inflight.start,
                                                       .u.syscall = slot->inflight_call};
    }
    return count;
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

struct rn_ring_slot *rn_session_take_ring(struct rn_session *session, uint64_t stream,
                                          uint64_t size, uint32_t lead, struct rn_error *err)
{
    struct rn_ring_slot *slot;

    if (!may_take(session, size))
        return NULL;
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

enum rn_status rn_session_relieve(struct rn_session *session, const struct rn_ring_slot *slot,
                                  bool *full, struct rn_error *err)
{
    *full = rn_ring_used(slot) >= rn_ring_size(session->area, slot) / 4 * 3;
    return *full ? rn_session_commit(session, err) : RN_OK;
}

enum rn_status rn_session_keep_up(struct rn_session *session, bool *busy, struct rn_error *err)
{
    *busy = false;
    for (size_t i = 0; i < session->in_use_count; i++) {
        const struct rn_ring_slot *slot = session->in_use[i].slot;

        uint64_t size = rn_ring_size(session->area, slot);

        if (size != 0 && slot != session->ring && rn_ring_used(slot) >= size / 4)
            *busy = true;
    }
    return *busy ? rn_session_commit(session, err) : RN_OK;
}

/* What is in a ring of its own goes to the common one, so that the room is free at once. Where that
 * cannot be, the ring stays until the next commit. */
void rn_session_release_slot(struct rn_session *session, struct rn_ring_slot *slot)
{
    for (size_t i = 0; i < session->in_use_count; i++) {
        struct rn_session_slot *used = &session->in_use[i];

        if (used->slot != slot)
            continue;
        rn_ring_clear_inflight(slot);
        if (rn_ring_size(session->area, slot) == 0 ||
            rn_ring_move(session->area, slot, &used->drained, session->ring)) {
            forget_slot(session, i);
        } else {
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
