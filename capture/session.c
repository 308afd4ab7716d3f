/* SPDX-License-Identifier: MIT */
#include "session_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COMMIT_EVENTS    16384u
#define PIPE_INTERVAL_NS 1000000000u
#define CLOCK_STEP_NS    1000000 /* CLOCK_REALTIME moved by more than slewing explains */

static uint64_t ticks_a_second(const struct rn_manifest *manifest)
{
    uint64_t hz = manifest->tick_unit == RN_TICK_TSC ? manifest->tick_hz : 1000000000u;

    return hz >> manifest->tick_shift;
}

static enum rn_status open_sampling(struct rn_session *session,
                                    const struct rn_sampling_limits *limits, struct rn_error *err)
{
    if (!limits->io_ns && !limits->kernel_ns && !limits->transfer_ns && !limits->api_ns)
        return RN_OK;
    session->sampling = rn_sampling_new(limits, session->start.ticks, session->tick_rate);
    return session->sampling ? RN_OK : rn_fail(err, RN_E_NOMEM, "no memory for sampling");
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
    session->start = manifest->start;
    session->tick_rate = ticks_a_second(manifest);
    session->all_traced = options->all_traced;
    rn_overhead_begin(&session->overhead, session, options->max_overhead,
                      options->producing.threshold_ns);
    session->to_pipe = strcmp(options->output, "-") == 0;
    /* A commit must say up to where the rings are in it. */
    writer.manual_commit = true;
    status = rn_writer_new(options->output, manifest, &writer, &session->writer, err);
    if (status == RN_OK) {
        status = rn_session_open_rings(session, manifest->uuid, options->ring_bytes, err);
        if (status == RN_OK)
            status = open_sampling(session, &options->sampling, err);
        if (status == RN_OK)
            status = rn_session_producers_open(session, &options->producing, session->start.ticks,
                                               session->tick_rate, err);
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

enum rn_status rn_session_new_stream(struct rn_session *session, uint64_t pid, uint64_t tid,
                                     uint64_t parent, uint64_t *id, struct rn_error *err)
{
    struct rn_stream stream = {.type = RN_STREAM_THREAD, .pid = pid, .tid = tid, .parent = parent};

    return rn_writer_add_stream(session->writer, &stream, NULL, id, err);
}

enum rn_status rn_session_add_stream(struct rn_session *session, uint64_t pid, uint64_t tid,
                                     uint64_t parent, uint64_t *id, struct rn_error *err)
{
    enum rn_status status = rn_session_new_stream(session, pid, tid, parent, id, err);

    return status == RN_OK ? rn_session_producers_thread(session, *id, pid, tid, err) : status;
}

void rn_session_end_stream(struct rn_session *session, uint64_t id)
{
    rn_session_producers_thread_ended(session, id);
    rn_writer_end_stream(session->writer, id);
}

enum rn_status rn_session_add_source(struct rn_session *session, const char *name, uint64_t *id,
                                     struct rn_error *err)
{
    struct rn_stream stream = {.type = RN_STREAM_SOURCE};

    return rn_writer_add_stream(session->writer, &stream, name, id, err);
}

/* By the rate since the recording began, which is known better the longer that is ago. */
uint64_t rn_session_ticks_at(const struct rn_session *session, uint64_t realtime_ns)
{
    struct rn_clock_point now = rn_session_clock_point(&session->clock);
    double rate = (double)(now.ticks - session->start.ticks) /
                  (double)(now.monotonic_ns - session->start.monotonic_ns);
    double since = (double)((int64_t)(realtime_ns - session->start.realtime_ns));
    double ticks = (double)session->start.ticks + since * rate;

    return ticks > 0 ? (uint64_t)ticks : 0;
}

uint64_t rn_session_start(const struct rn_session *session)
{
    return session->start.ticks;
}

uint64_t rn_session_tick_rate(const struct rn_session *session)
{
    return session->tick_rate;
}

void rn_session_on_call(struct rn_session *session, const uint8_t *wanted, size_t count,
                        rn_call_fn *function, void *context)
{
    session->calls_wanted = wanted;
    session->calls_count = count;
    session->call = function;
    session->call_context = context;
}

void rn_session_on_second(struct rn_session *session, rn_second_fn *function, void *context)
{
    session->second = function;
    session->second_context = context;
}

static enum rn_status second_passes(struct rn_session *session, struct rn_error *err)
{
    uint64_t now;

    if (!session->second)
        return RN_OK;
    now = rn_session_now(session);
    if (now - session->last_second < session->tick_rate)
        return RN_OK;
    session->last_second = now;
    return session->second(session->second_context, session, err);
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

enum rn_status rn_session_commit(struct rn_session *session, struct rn_error *err)
{
    struct rn_writer_commit_info info = {.sources = session->sources,
                                         .inflight = session->inflight,
                                         .clock = rn_session_clock_point(&session->clock)};
    struct rn_error dropped = RN_ERROR_INIT;
    enum rn_status status = note_clock_step(session, &info.clock, err);

    if (status == RN_OK)
        status = rn_session_producers_resolve(session, err);
    if (status == RN_OK)
        status = rn_session_drain(session, err);
    if (status != RN_OK)
        return status;
    info.inflight_count = rn_session_collect_inflight(session);
    info.source_count = rn_session_collect_sources(session);
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
    rn_session_consume(session);
    session->snapshot_due = rn_writer_segment_due(session->writer);
    return RN_OK;
}

enum rn_status rn_session_emit(struct rn_session *session, const struct rn_event *event,
                               struct rn_error *err)
{
    struct rn_ring_slot *ring = rn_session_ring_of(session, event->stream);

    if (!rn_ring_put(session->area, ring, event)) {
        enum rn_status status = rn_session_commit(session, err);

        if (status != RN_OK)
            return status;
        if (!rn_ring_put(session->area, ring, event) &&
            (ring == session->ring || !rn_ring_put(session->area, session->ring, event)))
            return rn_fail(err, RN_E_LIMIT, "an event does not fit into the capture ring");
    }
    session->waiting++;
    return RN_OK;
}

const struct rn_session_clock *rn_session_clock_of(const struct rn_session *session)
{
    return &session->clock;
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
    struct rn_attachment attachment = {
        .type = RN_ATT_TEXT, .arg = RN_ARG_NONE, .data = (const uint8_t *)text};
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
    bool busy;

    rn_session_producers_look(session, &busy);
    if (busy || session->waiting >= COMMIT_EVENTS ||
        rn_ring_used(session->ring) > rn_ring_size(session->area, session->ring) / 2 || pipe_is_due(session))
        status = rn_session_commit(session, err);
    if (status == RN_OK)
        status = second_passes(session, err);
    if (status == RN_OK)
        status = rn_overhead_steer(session, err);
    if (status == RN_OK && session->snapshot_due && session->snapshot) {
        session->snapshot_due = false;
        status = session->snapshot(session->snapshot_context, session, err);
    }
    return status;
}

enum rn_status rn_session_flush(struct rn_session *session, struct rn_error *err)
{
    return rn_session_commit(session, err);
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
    enum rn_status result;

    rn_session_producers_all_ended(session);
    result = rn_session_commit(session, err);
    if (result == RN_OK)
        result = rn_session_queues_finish(session, err);
    if (result == RN_OK && rn_writer_lost(session->writer) == 0)
        result = rn_overhead_tell(session, err);
    if (result == RN_OK)
        result = rn_session_commit(session, err);
    /* What was in cells when their threads ended may need the room that the commit made. */
    for (size_t left = SIZE_MAX; result == RN_OK && session->given_up > 0 && session->given_up < left;) {
        left = session->given_up;
        result = rn_session_commit(session, err);
    }
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
    rn_session_producers_free(&session->producers);
    rn_sampling_free(session->sampling);
    rn_ring_area_free(session->area);
    rn_writer_free(session->writer);
    free(session);
}

uint64_t rn_session_calls(const struct rn_session *session)
{
    return session->overhead.calls + session->overhead.traced;
}
