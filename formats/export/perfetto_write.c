/* SPDX-License-Identifier: MIT */
#include "perfetto_encode.h"
#include "slice_formats.h"
#include "slice_track.h"

#include <stdlib.h>

#define DEPTH_MAX 4096u /* slices in each other on one track */

enum { TRACE_PACKET = 1 };
enum {
    PACKET_CLOCK_SNAPSHOT = 6,
    PACKET_TIMESTAMP = 8,
    PACKET_SEQUENCE = 10,
    PACKET_TRACK_EVENT = 11,
    PACKET_INTERNED = 12,
    PACKET_FLAGS = 13,
    PACKET_DEFAULTS = 59,
    PACKET_TRACK_DESCRIPTOR = 60,
};
enum { STATE_CLEARED = 1, NEEDS_STATE = 2 };
enum { SEQUENCE = 1 };
enum { DEFAULTS_CLOCK = 58 };
enum { SNAPSHOT_CLOCKS = 1, SNAPSHOT_PRIMARY = 2, CLOCK_ID = 1, CLOCK_TIMESTAMP = 2 };
enum { CLOCK_NUMBER_REALTIME = 1, CLOCK_NUMBER_MONOTONIC = 3 };
enum {
    TRACK_UUID = 1,
    TRACK_NAME = 2,
    TRACK_PROCESS = 3,
    TRACK_THREAD = 4,
    TRACK_PARENT = 5,
    TRACK_COUNTER = 8,
    TRACK_MERGE = 15,
};
enum { MERGE_NONE = 2 };
enum { PROCESS_PID = 1, PROCESS_CMDLINE = 2, PROCESS_NAME = 6 };
enum { THREAD_PID = 1, THREAD_TID = 2, THREAD_NAME = 5 };
enum {
    EVENT_CATEGORY = 3,
    EVENT_ANNOTATIONS = 4,
    EVENT_TYPE = 9,
    EVENT_NAME = 10,
    EVENT_TRACK = 11,
    EVENT_DOUBLE = 44,
    EVENT_FLOWS = 47,
};
enum { TYPE_BEGIN = 1, TYPE_END = 2, TYPE_INSTANT = 3, TYPE_COUNTER = 4 };

struct perfetto {
    struct rn_track_table tracks, pids; /* of pids: tid is the serial that has it */
    struct rn_perfetto_interner interner;
    struct rn_buf event;
    uint64_t noted; /* of the bytes that are no UTF-8 */
    bool told;      /* the state of the sequence was cleared, and its clock named */
};

static enum rn_status result(struct rn_slice_writer *writer, struct rn_error *err)
{
    struct perfetto *state = writer->state;

    if (writer->out->failed || state->event.failed || state->interner.fresh.failed ||
        state->interner.text.failed)
        return rn_fail(err, RN_E_NOMEM, "no memory to write a trace");
    if (state->interner.bad_bytes != state->noted)
        writer->note(writer->note_context, "bytes of texts that are no UTF-8, written as \\xNN",
                     state->interner.bad_bytes - state->noted);
    state->noted = state->interner.bad_bytes;
    return RN_OK;
}

static void put_text(struct perfetto *state, struct rn_buf *out, unsigned field, const char *text)
{
    state->interner.bad_bytes += rn_proto_text(out, field, text, strlen(text));
}

static enum rn_status begin(struct rn_slice_writer *writer, const struct rn_slice_facts *facts,
                            struct rn_error *err)
{
    struct perfetto *state = calloc(1, sizeof *state);

    (void)facts;
    writer->state = state;
    if (!state || !rn_perfetto_interner_init(&state->interner))
        return rn_fail(err, RN_E_NOMEM, "no memory to write a trace");
    return RN_OK;
}

/* The first packet of a sequence, and the one after which texts are numbered anew, say so. */
static void put_sequence(struct perfetto *state, struct rn_buf *out)
{
    rn_proto_varint(out, PACKET_SEQUENCE, SEQUENCE);
    rn_proto_varint(out, PACKET_FLAGS, state->told ? NEEDS_STATE : STATE_CLEARED | NEEDS_STATE);
    if (!state->told) {
        size_t opened = rn_proto_open(out, PACKET_DEFAULTS);

        rn_proto_varint(out, DEFAULTS_CLOCK, CLOCK_NUMBER_REALTIME);
        rn_proto_close(out, opened);
    }
    state->told = true;
}

/* A packet with state->event and the texts that it is the first to need. */
static void put_event(struct rn_slice_writer *writer, uint64_t ns)
{
    struct perfetto *state = writer->state;
    struct rn_buf *fresh = &state->interner.fresh;
    size_t packet = rn_proto_open(writer->out, TRACE_PACKET);

    rn_proto_varint(writer->out, PACKET_TIMESTAMP, ns);
    put_sequence(state, writer->out);
    if (fresh->size)
        rn_proto_bytes(writer->out, PACKET_INTERNED, fresh->data, fresh->size);
    rn_proto_bytes(writer->out, PACKET_TRACK_EVENT, state->event.data, state->event.size);
    rn_proto_close(writer->out, packet);
    fresh->size = 0;
    rn_buf_clear(&state->event);
}

static void put_end(struct rn_slice_writer *writer, struct rn_track_entry *track)
{
    struct perfetto *state = writer->state;

    rn_buf_clear(&state->event);
    rn_proto_varint(&state->event, EVENT_TYPE, TYPE_END);
    rn_proto_varint(&state->event, EVENT_TRACK, track->id);
    put_event(writer, track->ends[--track->depth]);
}

/* What has ended by then, the innermost first. */
static void put_ends(struct rn_slice_writer *writer, struct rn_track_entry *track, uint64_t ns)
{
    while (track->depth && track->ends[track->depth - 1] <= ns)
        put_end(writer, track);
}

/* The number is 32 bits wide. Processes that have none, or one that was used again, get one that no
 * process has. */
static enum rn_status number_process(struct rn_slice_writer *writer, const struct rn_track *track,
                                     uint64_t *pid, struct rn_error *err)
{
    struct perfetto *state = writer->state;
    struct rn_track_entry *known = rn_track_get(&state->pids, track->pid + 1);

    if (!known)
        return rn_fail(err, RN_E_NOMEM, "no memory to write a trace");
    if (!known->tid)
        known->tid = track->serial + 1;
    *pid = track->pid;
    if (known->tid != track->serial + 1 || track->pid >= 0x40000000u) {
        *pid = 0x40000000u | (track->serial & 0x3fffffffu);
        if (track->pid < 0x40000000u)
            writer->note(writer->note_context, "processes whose number was used again, renumbered",
                         1);
    }
    return RN_OK;
}

static void put_process(struct perfetto *state, struct rn_buf *out, const struct rn_track *track,
                        uint64_t pid)
{
    size_t opened = rn_proto_open(out, TRACK_PROCESS);

    rn_proto_varint(out, PROCESS_PID, pid);
    if (track->exe)
        put_text(state, out, PROCESS_CMDLINE, track->exe);
    put_text(state, out, PROCESS_NAME, track->name);
    rn_proto_close(out, opened);
}

static void put_thread(struct perfetto *state, struct rn_buf *out, const struct rn_track *track,
                       uint64_t pid)
{
    size_t opened = rn_proto_open(out, TRACK_THREAD);

    rn_proto_varint(out, THREAD_PID, pid);
    rn_proto_varint(out, THREAD_TID, track->tid);
    put_text(state, out, THREAD_NAME, track->name);
    rn_proto_close(out, opened);
}

static void put_name(struct perfetto *state, struct rn_buf *out, const struct rn_track *track)
{
    struct rn_buf *text = &state->interner.text;

    if (track->type != RN_TRACK_LANE) {
        put_text(state, out, TRACK_NAME, track->name);
        return;
    }
    rn_buf_clear(text);
    rn_buf_printf(text, "%s (%llu)", track->name, (unsigned long long)track->number + 2);
    if (!text->failed)
        state->interner.bad_bytes +=
            rn_proto_text(out, TRACK_NAME, (const char *)text->data, text->size);
}

static void put_descriptor(struct rn_slice_writer *writer, const struct rn_track *track,
                           uint64_t pid)
{
    struct perfetto *state = writer->state;
    struct rn_buf *out = writer->out;
    size_t packet = rn_proto_open(out, TRACE_PACKET), opened;

    put_sequence(state, out);
    opened = rn_proto_open(out, PACKET_TRACK_DESCRIPTOR);
    rn_proto_varint(out, TRACK_UUID, track->id);
    if (track->parent)
        rn_proto_varint(out, TRACK_PARENT, track->parent);
    if (track->type == RN_TRACK_PROCESS) {
        put_process(state, out, track, pid);
    } else if (track->type == RN_TRACK_THREAD) {
        put_thread(state, out, track, pid);
    } else {
        put_name(state, out, track);
        rn_proto_varint(out, TRACK_MERGE, MERGE_NONE);
    }
    if (track->type == RN_TRACK_COUNTER)
        rn_proto_close(out, rn_proto_open(out, TRACK_COUNTER));
    rn_proto_close(out, opened);
    rn_proto_close(out, packet);
}

static enum rn_status put_track(struct rn_slice_writer *writer, const struct rn_track *track,
                                struct rn_error *err)
{
    struct perfetto *state = writer->state;
    struct rn_track_entry *entry = rn_track_get(&state->tracks, track->id);
    const struct rn_track_entry *parent = rn_track_find(&state->tracks, track->parent);
    enum rn_status status = RN_OK;

    if (!entry)
        return rn_fail(err, RN_E_NOMEM, "no memory to write a trace");
    entry->type = track->type;
    entry->pid = parent ? parent->pid : track->pid;
    if (track->type == RN_TRACK_PROCESS)
        status = number_process(writer, track, &entry->pid, err);
    if (status == RN_OK)
        put_descriptor(writer, track, entry->pid);
    return status == RN_OK ? result(writer, err) : status;
}

/* The end is written when it comes. What would reach beyond what holds it is cut: an end is always
 * that of the innermost. False: too deep. */
static enum rn_status keep_end(struct rn_slice_writer *writer, struct rn_track_entry *track,
                               uint64_t end, bool *kept, struct rn_error *err)
{
    *kept = track->depth < DEPTH_MAX;
    if (!*kept) {
        writer->note(writer->note_context, "slices that are moments, as too many hold them", 1);
        return RN_OK;
    }
    if (track->depth == track->capacity) {
        uint32_t capacity = track->capacity ? 2 * track->capacity : 8;
        uint64_t *ends = reallocarray(track->ends, capacity, sizeof *ends);

        if (!ends)
            return rn_fail(err, RN_E_NOMEM, "no memory to write a trace");
        track->ends = ends;
        track->capacity = capacity;
    }
    if (track->depth && track->ends[track->depth - 1] < end) {
        writer->note(writer->note_context, "slices cut at the end of what holds them", 1);
        end = track->ends[track->depth - 1];
    }
    track->ends[track->depth++] = end;
    return RN_OK;
}

static void begin_texts_anew(struct perfetto *state)
{
    if (!rn_perfetto_interner_full(&state->interner))
        return;
    rn_perfetto_interner_reset(&state->interner);
    state->told = false;
}

static enum rn_status put_slice(struct rn_slice_writer *writer, const struct rn_slice *slice,
                                struct rn_error *err)
{
    struct perfetto *state = writer->state;
    struct rn_track_entry *track = rn_track_find(&state->tracks, slice->track);
    struct rn_buf *event = &state->event;
    enum rn_status status = RN_OK;
    bool lasting = !slice->instant;

    if (!track)
        return rn_fail(err, RN_E_USAGE, "a slice on a track that was not told");
    put_ends(writer, track, slice->start_ns);
    if (lasting)
        status = keep_end(writer, track, slice->start_ns + slice->duration_ns, &lasting, err);
    if (status != RN_OK)
        return status;
    begin_texts_anew(state);
    rn_buf_clear(event);
    rn_proto_varint(event, EVENT_TYPE, lasting ? TYPE_BEGIN : TYPE_INSTANT);
    rn_proto_varint(event, EVENT_TRACK, slice->track);
    rn_proto_varint(
        event, EVENT_NAME,
        rn_perfetto_intern(&state->interner, RN_PERFETTO_NAMES, slice->name, strlen(slice->name)));
    if (*slice->category)
        rn_proto_varint(event, EVENT_CATEGORY,
                        rn_perfetto_intern(&state->interner, RN_PERFETTO_CATEGORIES,
                                           slice->category, strlen(slice->category)));
    if (slice->flow_in)
        rn_proto_fixed64(event, EVENT_FLOWS, slice->flow_in);
    if (slice->flow_out && slice->flow_out != slice->flow_in)
        rn_proto_fixed64(event, EVENT_FLOWS, slice->flow_out);
    rn_perfetto_args(&state->interner, event, EVENT_ANNOTATIONS, slice);
    put_event(writer, slice->start_ns);
    return result(writer, err);
}

static enum rn_status put_counter(struct rn_slice_writer *writer, uint64_t track, uint64_t ns,
                                  double value, struct rn_error *err)
{
    struct perfetto *state = writer->state;

    if (!rn_track_find(&state->tracks, track))
        return rn_fail(err, RN_E_USAGE, "a counter on a track that was not told");
    rn_buf_clear(&state->event);
    rn_proto_varint(&state->event, EVENT_TYPE, TYPE_COUNTER);
    rn_proto_varint(&state->event, EVENT_TRACK, track);
    rn_proto_double(&state->event, EVENT_DOUBLE, value);
    put_event(writer, ns);
    return result(writer, err);
}

static void put_clock_reading(struct rn_buf *out, uint64_t number, uint64_t ns)
{
    size_t opened = rn_proto_open(out, SNAPSHOT_CLOCKS);

    rn_proto_varint(out, CLOCK_ID, number);
    rn_proto_varint(out, CLOCK_TIMESTAMP, ns);
    rn_proto_close(out, opened);
}

static enum rn_status put_clock(struct rn_slice_writer *writer, const struct rn_clock_point *point,
                                struct rn_error *err)
{
    struct rn_buf *out = writer->out;
    size_t packet = rn_proto_open(out, TRACE_PACKET), opened;

    put_sequence(writer->state, out);
    opened = rn_proto_open(out, PACKET_CLOCK_SNAPSHOT);
    put_clock_reading(out, CLOCK_NUMBER_REALTIME, point->realtime_ns);
    put_clock_reading(out, CLOCK_NUMBER_MONOTONIC, point->monotonic_ns);
    rn_proto_varint(out, SNAPSHOT_PRIMARY, CLOCK_NUMBER_REALTIME);
    rn_proto_close(out, opened);
    rn_proto_close(out, packet);
    return result(writer, err);
}

static enum rn_status end(struct rn_slice_writer *writer, struct rn_error *err)
{
    struct perfetto *state = writer->state;

    for (size_t i = 0; i < state->tracks.capacity; i++)
        if (state->tracks.slots[i].id)
            put_ends(writer, &state->tracks.slots[i], UINT64_MAX);
    return result(writer, err);
}

static void free_state(struct rn_slice_writer *writer)
{
    struct perfetto *state = writer->state;

    if (!state)
        return;
    rn_perfetto_interner_free(&state->interner);
    rn_track_table_free(&state->tracks);
    rn_track_table_free(&state->pids);
    rn_buf_free(&state->event);
    free(state);
    writer->state = NULL;
}

const struct rn_slice_format rn_perfetto_slices = {
    .name = "perfetto",
    .text = "Perfetto trace (protobuf): for ui.perfetto.dev, trace_processor",
    .begin = begin,
    .track = put_track,
    .slice = put_slice,
    .counter = put_counter,
    .clock = put_clock,
    .end = end,
    .free_state = free_state,
};
