/* SPDX-License-Identifier: MIT */
#include "session_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Each commit has its price in the archive; what is left when the program ends is waited for. */
#define COMMIT_LEFT      (2u << 20) /* bytes, about 20,000 calls */
#define COMMIT_EVENTS    16384u
#define PIPE_INTERVAL_NS 1000000000u

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
    /* Libraries in the program, and a limit on the overhead, need the writer all the time. */
    if (!options->producing.on && options->max_overhead <= 0)
        session->commit_thread = rn_side_thread_new(rn_session_commit_work, session, true);
    *out = session;
    return RN_OK;
}

bool rn_session_has_commit_thread(const struct rn_session *session)
{
    return session->commit_thread != NULL;
}

uint64_t rn_session_now(const struct rn_session *session)
{
    return rn_session_clock_now(&session->clock);
}

/* The writer numbers streams in the order in which it is told of them, and so is it told. */
static enum rn_status note_stream(struct rn_session *session,
                                  const struct rn_session_stream_change *change,
                                  struct rn_error *err)
{
    rn_buf_append(&session->stream_changes, change, sizeof(*change));
    return session->stream_changes.failed ? rn_fail(err, RN_E_NOMEM, "no memory for a stream")
                                          : RN_OK;
}

static enum rn_status tell_stream(struct rn_session *session, const struct rn_stream *stream,
                                  const char *name, struct rn_error *err)
{
    uint64_t id;

    return rn_writer_add_stream(session->writer, stream, name, &id, err);
}

enum rn_status rn_session_tell_streams(struct rn_session *session, struct rn_error *err)
{
    const struct rn_session_stream_change *changes = (const void *)session->stream_changes.data;
    size_t count = session->stream_changes.size / sizeof(*changes);
    enum rn_status status = RN_OK;

    for (size_t i = 0; status == RN_OK && i < count; i++) {
        if (changes[i].ends)
            rn_writer_end_stream(session->writer, changes[i].stream.id);
        else
            status = tell_stream(session, &changes[i].stream, NULL, err);
    }
    rn_buf_clear(&session->stream_changes);
    return status;
}

enum rn_status rn_session_new_stream(struct rn_session *session, uint64_t pid, uint64_t tid,
                                     uint64_t parent, uint64_t *id, struct rn_error *err)
{
    struct rn_session_stream_change change = {
        .stream = {.type = RN_STREAM_THREAD, .pid = pid, .tid = tid, .parent = parent}};
    enum rn_status status = session->job.under_way
                                ? note_stream(session, &change, err)
                                : tell_stream(session, &change.stream, NULL, err);

    if (status == RN_OK)
        *id = ++session->last_stream;
    return status;
}

enum rn_status rn_session_add_stream(struct rn_session *session, uint64_t pid, uint64_t tid,
                                     uint64_t parent, uint64_t *id, struct rn_error *err)
{
    enum rn_status status = rn_session_new_stream(session, pid, tid, parent, id, err);

    return status == RN_OK ? rn_session_producers_thread(session, *id, pid, tid, err) : status;
}

void rn_session_end_stream(struct rn_session *session, uint64_t id)
{
    struct rn_session_stream_change change = {.ends = true, .stream = {.id = id}};

    rn_session_producers_thread_ended(session, id);
    if (!session->job.under_way)
        rn_writer_end_stream(session->writer, id);
    else
        /* Without memory for it the next stream that begins fails. */
        (void)note_stream(session, &change, NULL);
}

enum rn_status rn_session_add_source(struct rn_session *session, const char *name, uint64_t *id,
                                     struct rn_error *err)
{
    struct rn_stream stream = {.type = RN_STREAM_SOURCE};
    enum rn_status status = rn_session_settle(session, err);

    if (status == RN_OK)
        status = tell_stream(session, &stream, name, err);
    if (status == RN_OK)
        *id = ++session->last_stream;
    return status;
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
    if (session->job.under_way)
        rn_side_thread_wait(session->commit_thread);
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

void rn_session_on_mapped(struct rn_session *session, rn_mapped_fn *function, void *context)
{
    session->mapped = function;
    session->mapped_context = context;
}

void rn_session_mapped(const struct rn_session *session, uint64_t pid, const char *path)
{
    if (session->mapped)
        session->mapped(session->mapped_context, pid, path);
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

enum rn_status rn_session_emit(struct rn_session *session, const struct rn_event *event,
                               struct rn_error *err)
{
    struct rn_ring_slot *ring = rn_session_ring_of(session, event->stream);
    enum rn_status status;

    session->waiting++;
    if (rn_ring_put(session->area, ring, event))
        return RN_OK;
    status = rn_session_settle(session, err);
    if (status != RN_OK || rn_ring_put(session->area, ring, event))
        return status;
    status = rn_session_commit(session, err);
    if (status != RN_OK || rn_ring_put(session->area, ring, event) ||
        (ring != session->ring && rn_ring_put(session->area, session->ring, event)))
        return status;
    return rn_fail(err, RN_E_LIMIT, "an event does not fit into the capture ring");
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
    return session->to_pipe && session->waiting > 0 &&
           rn_clock_read_ns(CLOCK_MONOTONIC) - session->last_commit_ns >= PIPE_INTERVAL_NS;
}

enum rn_status rn_session_restate(struct rn_session *session, struct rn_error *err)
{
    if (!session->snapshot_due || !session->snapshot)
        return RN_OK;
    session->snapshot_due = false;
    return session->snapshot(session->snapshot_context, session, err);
}

static bool commit_is_due(const struct rn_session *session)
{
    return session->waiting >= COMMIT_EVENTS || session->left >= COMMIT_LEFT ||
           rn_ring_used(session->ring) > rn_ring_size(session->area, session->ring) / 2 ||
           pipe_is_due(session);
}

enum rn_status rn_session_tick(struct rn_session *session, struct rn_error *err)
{
    enum rn_status status = rn_session_settle_done(session, err);
    bool busy;

    rn_session_producers_look(session, &busy);
    if (status == RN_OK && (busy || commit_is_due(session)))
        status = rn_session_begin_commit(session, err);
    if (status == RN_OK)
        status = second_passes(session, err);
    if (status == RN_OK)
        status = rn_overhead_steer(session, err);
    if (status == RN_OK && !session->job.under_way)
        status = rn_session_restate(session, err);
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
    rn_side_thread_free(session->commit_thread);
    session->commit_thread = NULL;
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
    for (size_t left = SIZE_MAX;
         result == RN_OK && session->given_up > 0 && session->given_up < left;) {
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
    rn_side_thread_free(session->commit_thread);
    for (size_t i = 0; i < session->in_use_count; i++)
        free(session->in_use[i].begins);
    rn_session_forget_job(session);
    rn_buf_free(&session->stream_changes);
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
