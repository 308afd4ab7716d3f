/* SPDX-License-Identifier: MIT */
#include "session.h"

#include "env_facts.h"
#include "session_clock.h"

#include "formats/archive.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RING_BYTES_DEFAULT (8u << 20)
#define RING_BYTES_MIN     (64u << 10)
#define COMMIT_EVENTS      16384u
#define COMMIT_BYTES       (4u << 20) /* in all rings together */
#define STREAM_SLOTS       4096u
/* The rings of threads that record by themselves: the inline engine maps no more. */
#define RINGS_LIMIT        (200u << 20)
#define PIPE_INTERVAL_NS   1000000000u
#define CLOCK_STEP_NS      1000000 /* CLOCK_REALTIME moved by more than slewing explains */

/* A slot with a ring, or a slot of a thread's call in flight. */
struct session_slot {
    struct rn_ring_slot *slot;
    uint64_t drained; /* position: records before it are with the writer */
    bool given_up;    /* by its thread: free as soon as what is in it is in the archive */
};

struct rn_session {
    struct rn_writer *writer;
    struct rn_session_clock clock;
    struct rn_ring_area *area;
    struct rn_ring_slot *ring; /* of all threads that have none of their own */
    uint64_t waiting; /* records that were put into rings from here */
    char rings_path[4096];
    bool to_pipe;
    uint64_t last_commit_ns;
    int64_t realtime_offset; /* CLOCK_REALTIME - CLOCK_MONOTONIC at the last commit, ns */
    rn_snapshot_fn *snapshot;
    void *snapshot_context;
    bool snapshot_due;
    struct rn_env_facts *facts;
    struct rn_event inflight[RN_RING_SLOTS];
    struct session_slot in_use[RN_RING_SLOTS];
    size_t in_use_count, given_up;
    struct rn_writer_source sources[RN_RING_SLOTS];
    struct rn_ring_slot *by_stream[STREAM_SLOTS]; /* rings of threads; a slot says whose it is */
};

static uint64_t ring_size(uint64_t wanted)
{
    uint64_t size = RING_BYTES_MIN;

    while (size < wanted)
        size *= 2;
    return size;
}

static struct rn_ring_slot *take_ring(struct rn_session *session, uint64_t size, uint32_t lead)
{
    struct rn_ring_slot *slot = session->in_use_count < RN_RING_SLOTS
                                    ? rn_ring_take(session->area, size, lead)
                                    : NULL;

    if (slot)
        session->in_use[session->in_use_count++] = (struct session_slot){.slot = slot};
    return slot;
}

static enum rn_status open_rings(struct rn_session *session, const uint8_t uuid[16],
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

enum rn_status rn_session_new(const struct rn_session_options *options,
                              struct rn_manifest *manifest, struct rn_session **out,
                              struct rn_error *err)
{
    struct rn_session *session = calloc(1, sizeof(*session));
    struct rn_writer_options writer = options->writer;
    enum rn_status status;

    *out = NULL;
    if (!session)
        return rn_fail(err, RN_E_NOMEM, "no memory for the recording");
    rn_session_clock_init(&session->clock, manifest);
    session->realtime_offset =
        (int64_t)(manifest->start.realtime_ns - manifest->start.monotonic_ns);
    session->last_commit_ns = manifest->start.monotonic_ns;
    session->to_pipe = strcmp(options->output, "-") == 0;
    /* A commit must say up to where the rings are in it. */
    writer.manual_commit = true;
    status = rn_writer_new(options->output, manifest, &writer, &session->writer, err);
    if (status == RN_OK) {
        status = open_rings(session, manifest->uuid, options->ring_bytes, err);
        if (status != RN_OK)
            rn_writer_discard(session->writer);
    }
    if (status != RN_OK) {
        rn_session_free(session);
        return status;
    }
    *out = session;
    return RN_OK;
}

uint64_t rn_session_now(const struct rn_session *session)
{
    return rn_session_clock_now(&session->clock);
}

enum rn_status rn_session_add_stream(struct rn_session *session, uint64_t pid, uint64_t tid,
                                     uint64_t parent, uint64_t *id, struct rn_error *err)
{
    struct rn_stream stream = {.type = RN_STREAM_THREAD, .pid = pid, .tid = tid, .parent = parent};

    return rn_writer_add_stream(session->writer, &stream, NULL, id, err);
}

void rn_session_end_stream(struct rn_session *session, uint64_t id)
{
    rn_writer_end_stream(session->writer, id);
}

/* Hand what a ring holds to the writer. A record that cannot be decoded makes the rest of the ring
 * worthless: it is counted as lost. */
static enum rn_status drain(struct rn_session *session, struct session_slot *ring,
                            struct rn_error *err)
{
    struct rn_error damage = RN_ERROR_INIT;
    struct rn_event event;
    enum rn_status status;

    while ((status = rn_ring_peek(session->area, ring->slot, &ring->drained, &event, &damage)) ==
           RN_OK) {
        status = rn_writer_add(session->writer, &event, err);
        if (status != RN_OK)
            return status;
    }
    if (status == RN_EOF)
        return RN_OK;
    ring->drained = __atomic_load_n(&ring->slot->head, __ATOMIC_ACQUIRE);
    return rn_writer_add_loss(session->writer, RN_KIND_NONE, 0, RN_LOSS_OTHER, damage.what, err);
}

static enum rn_status drain_all(struct rn_session *session, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    for (size_t i = 0; status == RN_OK && i < session->in_use_count; i++)
        if (session->in_use[i].slot->size != 0)
            status = drain(session, &session->in_use[i], err);
    session->waiting = 0;
    return status;
}

static size_t collect_sources(struct rn_session *session)
{
    size_t count = 0;

    for (size_t i = 0; i < session->in_use_count; i++) {
        const struct rn_ring_slot *slot = session->in_use[i].slot;

        if (slot->size != 0)
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

static void consume_all(struct rn_session *session)
{
    for (size_t i = session->in_use_count; i > 0; i--) {
        struct session_slot *ring = &session->in_use[i - 1];

        if (ring->slot->size == 0)
            continue;
        rn_ring_consume(ring->slot, ring->drained);
        if (!ring->given_up)
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
    uint64_t at = slot->head & (slot->size - 1);
    const uint8_t *bytes = rn_ring_data(session->area, slot) + at;
    struct rn_record record;

    if (slot->size - at < sizeof(record) + sizeof(struct rn_syscall))
        return false;
    memcpy(&record, bytes, sizeof(record));
    *event = (struct rn_event){
        .kind = RN_KIND_INFLIGHT, .stream = slot->stream, .start = record.start};
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

        if (state == RN_INFLIGHT_IN_RING && slot->size != 0)
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

static enum rn_status commit(struct rn_session *session, struct rn_error *err)
{
    struct rn_writer_commit_info info = {
        .sources = session->sources,
        .inflight = session->inflight,
        .clock = rn_session_clock_point(&session->clock)};
    struct rn_error dropped = RN_ERROR_INIT;
    enum rn_status status = note_clock_step(session, &info.clock, err);

    if (status == RN_OK)
        status = drain_all(session, err);
    if (status != RN_OK)
        return status;
    info.inflight_count = collect_inflight(session);
    info.source_count = collect_sources(session);
    session->last_commit_ns = info.clock.monotonic_ns;
    status = rn_writer_commit(session->writer, &info, &dropped);
    if (status != RN_OK && status != RN_E_SYSTEM && status != RN_E_LIMIT) {
        if (err)
            *err = dropped;
        return status;
    }
    rn_ring_area_header(session->area)->lost_events = rn_writer_lost(session->writer);
    rn_ring_area_header(session->area)->lost_reason =
        status == RN_E_LIMIT ? RN_LOSS_MAX_SIZE : RN_LOSS_DISK_FULL;
    consume_all(session);
    session->snapshot_due = rn_writer_segment_due(session->writer);
    return RN_OK;
}

static struct rn_ring_slot *ring_of(const struct rn_session *session, uint32_t stream)
{
    struct rn_ring_slot *slot = session->by_stream[stream % STREAM_SLOTS];

    return slot && slot->taken && slot->stream == stream ? slot : session->ring;
}

enum rn_status rn_session_emit(struct rn_session *session, const struct rn_event *event,
                               struct rn_error *err)
{
    struct rn_ring_slot *ring = ring_of(session, event->stream);

    if (!rn_ring_put(session->area, ring, event)) {
        enum rn_status status = commit(session, err);

        if (status != RN_OK)
            return status;
        if (!rn_ring_put(session->area, ring, event) &&
            (ring == session->ring || !rn_ring_put(session->area, session->ring, event)))
            return rn_fail(err, RN_E_LIMIT, "an event does not fit into the capture ring");
    }
    session->waiting++;
    return RN_OK;
}

struct rn_ring_slot *rn_session_take_slot(struct rn_session *session, uint64_t stream)
{
    struct rn_ring_slot *slot = take_ring(session, 0, 0);

    if (slot)
        slot->stream = (uint32_t)stream;
    return slot;
}

struct rn_ring_slot *rn_session_take_ring(struct rn_session *session, uint64_t stream, uint64_t size,
                                          uint32_t lead, struct rn_error *err)
{
    struct rn_ring_slot *slot = take_ring(session, size, lead);

    /* Rings of threads that have ended come back with a commit. */
    if (!slot && session->given_up > 0 && commit(session, err) == RN_OK)
        slot = take_ring(session, size, lead);
    if (!slot)
        return NULL;
    slot->stream = (uint32_t)stream;
    session->by_stream[stream % STREAM_SLOTS] = slot;
    return slot;
}

void *rn_session_ring_lead(struct rn_session *session, const struct rn_ring_slot *slot)
{
    return rn_ring_data(session->area, slot) - slot->lead;
}

uint8_t *rn_session_ring_data(struct rn_session *session, const struct rn_ring_slot *slot)
{
    return rn_ring_data(session->area, slot);
}

uint64_t rn_session_slot_offset(struct rn_session *session, const struct rn_ring_slot *slot)
{
    return (uint64_t)((const uint8_t *)slot -
                      (const uint8_t *)rn_ring_area_header(session->area));
}

const char *rn_session_rings_path(const struct rn_session *session)
{
    return session->rings_path;
}

const struct rn_session_clock *rn_session_clock_of(const struct rn_session *session)
{
    return &session->clock;
}

enum rn_status rn_session_relieve(struct rn_session *session, const struct rn_ring_slot *slot,
                                  struct rn_error *err)
{
    return rn_ring_used(slot) >= slot->size / 4 * 3 ? commit(session, err) : RN_OK;
}

/* What is in a ring of its own goes to the common one, so that the room is free at once. Where that
 * cannot be, the ring stays until the next commit. */
void rn_session_release_slot(struct rn_session *session, struct rn_ring_slot *slot)
{
    for (size_t i = 0; i < session->in_use_count; i++) {
        struct session_slot *used = &session->in_use[i];

        if (used->slot != slot)
            continue;
        rn_ring_clear_inflight(slot);
        if (slot->size == 0 || rn_ring_move(session->area, slot, &used->drained, session->ring)) {
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

void rn_session_on_segment(struct rn_session *session, rn_snapshot_fn *function, void *context)
{
    session->snapshot = function;
    session->snapshot_context = context;
}

enum rn_status rn_session_emit_snapshot(struct rn_session *session, const struct rn_event *event,
                                        struct rn_error *err)
{
    struct rn_event copy = *event;

    copy.flags |= RN_EVENT_SNAPSHOT;
    return rn_writer_add(session->writer, &copy, err);
}

enum rn_status rn_session_notice(struct rn_session *session, enum rn_notice_code code,
                                 uint64_t value, struct rn_error *err, const char *format, ...)
{
    char text[512];
    struct rn_attachment attachment = {.type = RN_ATT_TEXT,
                                       .arg = RN_ARG_NONE,
                                       .data = (const uint8_t *)text};
    struct rn_event event = {.kind = RN_KIND_NOTICE,
                             .start = rn_session_now(session),
                             .u.notice = {.code = code, .value = value},
                             .attachment_count = 1,
                             .attachments = &attachment};
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    attachment.size = (uint32_t)strlen(text);
    return rn_session_emit(session, &event, err);
}

static bool pipe_is_due(const struct rn_session *session)
{
    struct timespec now;

    if (!session->to_pipe || session->waiting == 0)
        return false;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec - session->last_commit_ns >=
           PIPE_INTERVAL_NS;
}

enum rn_status rn_session_tick(struct rn_session *session, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    if (session->waiting >= COMMIT_EVENTS ||
        rn_ring_used(session->ring) > session->ring->size / 2 || pipe_is_due(session))
        status = commit(session, err);
    if (status == RN_OK && session->snapshot_due && session->snapshot) {
        session->snapshot_due = false;
        status = session->snapshot(session->snapshot_context, session, err);
    }
    return status;
}

void rn_session_collect_facts(struct rn_session *session)
{
    session->facts = rn_env_facts_start();
}

void rn_session_discard(struct rn_session *session)
{
    rn_writer_discard(session->writer);
}

static enum rn_status add_fact(void *context, const char *name, const void *data, size_t size,
                               struct rn_error *err)
{
    struct rn_session *session = context;

    return rn_writer_add_file(session->writer, name, data, size, err);
}

enum rn_status rn_session_finish(struct rn_session *session, bool has_status, int status,
                                 uint64_t *lost, struct rn_error *err)
{
    enum rn_status result = commit(session, err);

    if (result == RN_OK && session->facts)
        result = rn_env_facts_finish(session->facts, add_fact, session, err);
    session->facts = NULL;
    if (has_status)
        rn_writer_set_status(session->writer, status);
    if (result == RN_OK)
        result = rn_writer_seal(session->writer, err);
    *lost = rn_writer_lost(session->writer);
    return result;
}

void rn_session_free(struct rn_session *session)
{
    if (!session)
        return;
    rn_env_facts_abandon(session->facts);
    rn_ring_area_free(session->area);
    rn_writer_free(session->writer);
    free(session);
}
