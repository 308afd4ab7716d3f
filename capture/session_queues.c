/* SPDX-License-Identifier: MIT */
/* Libraries for devices (inject/producer_device.h): their queues become streams, and their records
 * are looked at before they are stored. The program can write whatever it likes into its rings. */
#include "session_private.h"

#include "formats/member_clock.h"

#include <stdio.h>

static const struct rn_ring_file *shared(struct rn_session *session)
{
    return rn_ring_area_header(session->area);
}

static bool is_stated(const struct rn_session_producers *producers, uint32_t number)
{
    return producers->queues[number / 64] >> (number % 64) & 1;
}

static enum rn_status state_queue(struct rn_session *session, uint32_t number, struct rn_error *err)
{
    char name[RN_RING_QUEUE_NAME + 1];
    const struct rn_session_thread *maker;
    struct rn_stream stream;

    if (is_stated(&session->producers, number) ||
        !rn_ring_queue_read(shared(session), number, &stream, name))
        return RN_OK;
    maker =
        rn_session_find_thread(session, (uint32_t)stream.pid, shared(session)->queues[number].tid);
    if (maker) {
        stream.parent = maker->stream;
        stream.pid = maker->pid;
    }
    if (stream.clock > RN_DEVICE_CLOCK_MAX)
        stream.clock = 0;
    session->producers.queues[number / 64] |= 1ull << (number % 64);
    return rn_writer_add_numbered(session->writer, &stream, name[0] ? name : NULL, err);
}

enum rn_status rn_session_queues_resolve(struct rn_session *session, struct rn_error *err)
{
    uint32_t count = __atomic_load_n(&shared(session)->queue_count, __ATOMIC_RELAXED);
    enum rn_status status = RN_OK;

    if (count > RN_RING_QUEUES)
        count = RN_RING_QUEUES;
    for (uint32_t i = 0; status == RN_OK && i < count; i++)
        status = state_queue(session, i, err);
    return status;
}

static void note_api(struct rn_session *session, const struct rn_event *event)
{
    bool is_device = event->kind == RN_KIND_KERNEL || event->kind == RN_KIND_TRANSFER ||
                     event->kind == RN_KIND_API;

    /* Of these three, the first field says it. */
    if (is_device && event->u.words[0] < 64)
        session->producers.apis |= 1ull << event->u.words[0];
}

/* What cannot be read now cannot be read when the recording is finished either, which says so. */
uint64_t rn_session_apis(struct rn_session *session)
{
    struct rn_error ignored = RN_ERROR_INIT;

    if (rn_session_producers_resolve(session, &ignored) == RN_OK &&
        rn_session_drain(session, &ignored) != RN_OK)
        return UINT64_MAX;
    return session->producers.apis;
}

/* The first reason why something was not recorded, for whoever waits at the terminal. */
static void keep_blind_spot(struct rn_session_producers *producers, const struct rn_event *event)
{
    const struct rn_attachment *text = rn_event_attachment(event, RN_ATT_TEXT, RN_ARG_ANY);

    if (event->kind == RN_KIND_NOTICE && event->u.notice.code == RN_NOTICE_BLIND_SPOT && text &&
        !producers->blind_spot[0])
        snprintf(producers->blind_spot, sizeof(producers->blind_spot), "%.*s", (int)text->size,
                 (const char *)text->data);
}

const char *rn_session_blind_spot(const struct rn_session *session)
{
    return session->producers.blind_spot[0] ? session->producers.blind_spot : NULL;
}

static bool may_record(const struct rn_event *event)
{
    switch (event->kind) {
    case RN_KIND_BLOCK:
    case RN_KIND_DECISION:
    case RN_KIND_AGGREGATE:
    case RN_KIND_KERNEL:
    case RN_KIND_TRANSFER:
    case RN_KIND_API:
    case RN_KIND_NOTICE:
    case RN_KIND_LOSS:
        return !(event->flags & RN_EVENT_SNAPSHOT);
    case RN_KIND_DEVICE_CLOCK:
        return event->u.device_clock.clock >= 1 &&
               event->u.device_clock.clock <= RN_DEVICE_CLOCK_MAX;
    default:
        return false;
    }
}

/* Threads that a library records for; they may have ended meanwhile. *stream: 0: it is no thread.
 */
static enum rn_status find_thread(struct rn_session *session, uint32_t number, uint64_t *stream,
                                  struct rn_error *err)
{
    uint32_t *known = &session->producers.threads_of[number], pid, tid;
    const struct rn_session_thread *thread;
    enum rn_status status = RN_OK;

    *stream = *known;
    if (*stream != 0 || !rn_ring_queue_thread(shared(session), number, &pid, &tid))
        return RN_OK;
    thread = rn_session_find_thread(session, pid, tid);
    if (!thread)
        thread = rn_session_find_ended(session, pid, tid);
    if (thread)
        *stream = thread->stream;
    else
        status = rn_session_new_stream(session, pid, tid, 0, stream, err);
    *known = (uint32_t)*stream;
    return status;
}

enum rn_status rn_session_queues_place(struct rn_session *session,
                                       const struct rn_session_slot *ring, struct rn_event *event,
                                       bool *fit, struct rn_error *err)
{
    uint32_t queue = event->stream - RN_STREAM_QUEUES;
    enum rn_status status = RN_OK;
    uint64_t thread = 0;

    *fit = may_record(event);
    session->producers.misfits += !*fit;
    note_api(session, event);
    keep_blind_spot(&session->producers, event);
    if (event->stream >= RN_STREAM_QUEUES && queue < RN_RING_QUEUES) {
        /* It may have been announced after the last look. */
        status = state_queue(session, queue, err);
        if (is_stated(&session->producers, queue))
            return status;
        if (status == RN_OK)
            status = find_thread(session, queue, &thread, err);
    }
    event->stream = thread ? (uint32_t)thread : ring->stream;
    event->flags &= ~(RN_EVENT_DEVICE_TIME | RN_EVENT_DEVICE_QUEUED);
    return status;
}

enum rn_status rn_session_queues_finish(struct rn_session *session, struct rn_error *err)
{
    struct rn_session_producers *producers = &session->producers;
    enum rn_status status = RN_OK;
    uint64_t missing;

    if (!producers->settings.on)
        return RN_OK;
    missing = rn_ring_queues_missing(shared(session));
    if (missing)
        status = rn_writer_add_loss(session->writer, RN_KIND_NONE, missing, RN_LOSS_KILLED,
                                    RN_QUEUE_LOSS_TEXT, err);
    if (status == RN_OK && rn_ring_queues_unsure(shared(session)))
        status = rn_writer_add_loss(session->writer, RN_KIND_NONE, 0, RN_LOSS_KILLED,
                                    RN_QUEUE_UNSURE_TEXT, err);
    if (status == RN_OK && producers->misfits)
        status =
            rn_writer_add_loss(session->writer, RN_KIND_NONE, producers->misfits, RN_LOSS_OTHER,
                               "the program wrote records into its rings that no library "
                               "writes",
                               err);
    return status;
}
