/* SPDX-License-Identifier: MIT */
/* From the rings into the archive. What is to be committed is chosen by the thread that traces; to
 * hand it to the writer, to encode and to store it takes longer, and is done by a thread of its own
 * where there is one. While that is under way the writer, the sampling and the counts of the
 * overhead are that thread's: streams that begin or end are noted, and told to the writer when it
 * is done. */
#include "session_private.h"

#include <stdlib.h>
#include <string.h>

#define CLOCK_STEP_NS 1000000 /* CLOCK_REALTIME moved by more than slewing explains */

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

/* A record that makes no sense makes the rest of what its thread wrote worthless, but not what
 * threads wrote that had the ring after it: where they began is known. */
static uint64_t behind_damage(const struct rn_session *session, const struct rn_session_slot *ring,
                              uint64_t position, uint64_t end)
{
    uint64_t size = rn_ring_size(session->area, ring->slot);

    for (size_t i = 0; i < ring->begin_count; i++)
        if (ring->begins[i] != position && ring->begins[i] - position <= size)
            return ring->begins[i];
    return end;
}

/* Hand what a ring holds to the writer, up to `end`. */
static enum rn_status drain(struct rn_session *session, const struct rn_session_slot *ring,
                            uint64_t end, struct rn_error *err)
{
    struct rn_error damage = RN_ERROR_INIT; /* large: once, not for each record */
    uint64_t position = ring->drained;

    while (position != end) {
        uint64_t next = position;
        enum rn_status status;
        const uint8_t *bytes;
        size_t size;

        status = rn_ring_next(session->area, ring->slot, end, &next, &bytes, &size, &damage);
        if (status == RN_EOF)
            return RN_OK;
        if (status == RN_OK)
            status = keep(session, ring, bytes, size, &damage);
        if (status == RN_E_FORMAT) {
            next = behind_damage(session, ring, position, end);
            status = rn_writer_add_loss(session->writer, RN_KIND_NONE, 0, RN_LOSS_OTHER,
                                        damage.what, err);
        } else if (status != RN_OK && err) {
            *err = damage;
        }
        if (status != RN_OK)
            return status;
        position = next;
    }
    return RN_OK;
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

static size_t collect_inflight(struct rn_session *session)
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

/* Up to where each ring is to be in the archive. */
static void choose(struct rn_session *session)
{
    struct rn_session_job *job = &session->job;

    for (size_t i = 0; i < session->in_use_count; i++) {
        struct rn_session_slot *ring = &session->in_use[i];
        const struct rn_ring_slot *slot = ring->slot;
        uint64_t end = rn_ring_head(slot);

        if (rn_ring_size(session->area, slot) == 0)
            continue;
        session->sources[job->count] =
            (struct rn_writer_source){.source = rn_ring_slot_number(session->area, slot),
                                      .generation = slot->generation,
                                      .position = end};
        job->parts[job->count++] = (struct rn_session_part){*ring, end};
        ring->drained = end;
        ring->begins = NULL;
        ring->begin_count = ring->begin_capacity = 0;
    }
    session->waiting = 0;
    session->left = 0;
}

static enum rn_status drain_chosen(struct rn_session *session, struct rn_error *err)
{
    const struct rn_session_job *job = &session->job;
    enum rn_status status = RN_OK;

    for (size_t i = 0; status == RN_OK && i < job->count; i++)
        status = drain(session, &job->parts[i].ring, job->parts[i].end, err);
    /* Not later: with this commit the rings give their room back. */
    if (status == RN_OK && session->sampling)
        status = rn_sampling_flush(session->sampling, add_event, session, err);
    return status;
}

void rn_session_forget_job(struct rn_session *session)
{
    for (size_t i = 0; i < session->job.count; i++)
        free(session->job.parts[i].ring.begins);
    session->job.count = 0;
}

static enum rn_status store_chosen(struct rn_session *session, struct rn_error *err)
{
    struct rn_session_job *job = &session->job;
    struct rn_ring_file *header = rn_ring_area_header(session->area);
    struct rn_error dropped = RN_ERROR_INIT;
    enum rn_status status = drain_chosen(session, err);

    if (status != RN_OK)
        return status;
    status = rn_writer_commit(session->writer, &job->info, &dropped);
    if (status != RN_OK && status != RN_E_SYSTEM && status != RN_E_LIMIT) {
        if (err)
            *err = dropped;
        return status;
    }
    header->lost_events = rn_writer_lost(session->writer);
    header->lost_reason = status == RN_E_LIMIT ? RN_LOSS_MAX_SIZE : RN_LOSS_DISK_FULL;
    for (size_t i = 0; i < job->count; i++)
        rn_ring_consume(job->parts[i].ring.slot, job->parts[i].end);
    return RN_OK;
}

void rn_session_commit_work(void *context)
{
    struct rn_session *session = context;

    session->job.status = store_chosen(session, &session->job.err);
}

static enum rn_status note_clock_step(struct rn_session *session,
                                      const struct rn_clock_point *point, struct rn_error *err)
{
    int64_t offset = (int64_t)(point->realtime_ns - point->monotonic_ns);
    int64_t step = offset - session->realtime_offset;

    session->realtime_offset = offset;
    if (step > -CLOCK_STEP_NS && step < CLOCK_STEP_NS)
        return RN_OK;
    return rn_session_notice(session, RN_NOTICE_CLOCK, (uint64_t)step, err,
                             "CLOCK_REALTIME was stepped by %lld ns", (long long)step);
}

/* Calls in flight are looked at after the heads, so that none is whole in the same member. */
static enum rn_status prepare(struct rn_session *session, struct rn_error *err)
{
    struct rn_session_job *job = &session->job;
    struct rn_clock_point now = rn_session_clock_point(&session->clock);
    enum rn_status status = note_clock_step(session, &now, err);

    if (status == RN_OK)
        status = rn_session_producers_resolve(session, err);
    if (status != RN_OK)
        return status;
    choose(session);
    job->info = (struct rn_writer_commit_info){.sources = session->sources,
                                               .source_count = job->count,
                                               .inflight = session->inflight,
                                               .clock = now};
    job->info.inflight_count = collect_inflight(session);
    session->last_commit_ns = now.monotonic_ns;
    return RN_OK;
}

/* What the tracing thread has to do after a commit. */
static enum rn_status conclude(struct rn_session *session, enum rn_status status,
                               struct rn_error *err)
{
    rn_session_forget_job(session);
    if (status == RN_OK)
        status = rn_session_tell_streams(session, err);
    if (status != RN_OK)
        return status;
    rn_session_take_back(session);
    session->snapshot_due = rn_writer_segment_due(session->writer);
    return RN_OK;
}

enum rn_status rn_session_settle(struct rn_session *session, struct rn_error *err)
{
    struct rn_session_job *job = &session->job;

    if (!job->under_way)
        return RN_OK;
    rn_side_thread_wait(session->commit_thread);
    job->under_way = false;
    if (job->status != RN_OK && err)
        *err = job->err;
    return conclude(session, job->status, err);
}

enum rn_status rn_session_settle_done(struct rn_session *session, struct rn_error *err)
{
    if (!session->job.under_way || rn_side_thread_busy(session->commit_thread))
        return RN_OK;
    return rn_session_settle(session, err);
}

enum rn_status rn_session_commit(struct rn_session *session, struct rn_error *err)
{
    enum rn_status status = rn_session_settle(session, err);

    if (status == RN_OK)
        status = prepare(session, err);
    if (status != RN_OK)
        return status;
    return conclude(session, store_chosen(session, err), err);
}

enum rn_status rn_session_begin_commit(struct rn_session *session, struct rn_error *err)
{
    enum rn_status status;

    if (!session->commit_thread)
        return rn_session_commit(session, err);
    status = rn_session_settle_done(session, err);
    if (status == RN_OK && !session->job.under_way)
        status = rn_session_restate(session, err);
    if (status != RN_OK || session->job.under_way)
        return status;
    status = prepare(session, err);
    if (status != RN_OK)
        return status;
    session->job.under_way = true;
    rn_side_thread_begin(session->commit_thread);
    return RN_OK;
}

enum rn_status rn_session_drain(struct rn_session *session, struct rn_error *err)
{
    enum rn_status status = rn_session_settle(session, err);

    if (status != RN_OK)
        return status;
    choose(session);
    status = drain_chosen(session, err);
    rn_session_forget_job(session);
    return status;
}
