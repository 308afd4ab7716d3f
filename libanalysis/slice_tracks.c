/* SPDX-License-Identifier: MIT */
/* The tracks that slices are on: processes, threads, queues, counters, and lanes of these. */
#include "slice_private.h"

#include "formats/fnv.h"

#include <stdlib.h>

static uint64_t track_new(struct rn_slice_maker *maker, const struct rn_track *row,
                          struct rn_error *err)
{
    struct slice_track *track = NULL;

    if (maker->track_count >= RN_SLICE_TRACKS_MAX) {
        rn_fail(err, RN_E_LIMIT, "more than %u processes, threads, queues and counters",
                RN_SLICE_TRACKS_MAX);
        return 0;
    }
    if (maker->track_count + 1 >= maker->track_capacity) {
        size_t capacity = maker->track_capacity ? 2 * maker->track_capacity : 64;
        struct slice_track **tracks = reallocarray(maker->tracks, capacity, sizeof *tracks);

        if (!tracks)
            goto no_memory;
        maker->tracks = tracks;
        maker->track_capacity = capacity;
    }
    track = calloc(1, sizeof *track);
    if (!track)
        goto no_memory;
    track->row = *row;
    track->row.exe = row->exe ? strdup(row->exe) : NULL;
    track->row.name = strdup(row->name);
    if (track->row.name && row->series)
        track->row.series = track->row.name + (row->series - row->name);
    if (!track->row.name || (row->exe && !track->row.exe))
        goto no_memory;
    track->row.id = ++maker->track_count;
    maker->tracks[track->row.id] = track;
    return track->row.id;

no_memory:
    if (track) {
        free((char *)track->row.name);
        free((char *)track->row.exe);
    }
    free(track);
    rn_fail(err, RN_E_NOMEM, "no memory for a track");
    return 0;
}

void rn_slice_tracks_free(struct rn_slice_maker *maker)
{
    for (size_t i = 1; maker->tracks && i <= maker->track_count; i++) {
        free((char *)maker->tracks[i]->row.name);
        free((char *)maker->tracks[i]->row.exe);
        free(maker->tracks[i]->open);
        free(maker->tracks[i]->lanes);
        free(maker->tracks[i]);
    }
    free(maker->tracks);
    rn_id_map_free(&maker->streams);
    rn_id_map_free(&maker->processes);
    rn_id_map_free(&maker->counters);
}

/* A map's value is the track. */
static uint64_t keep(struct rn_slice_maker *maker, struct rn_id_map *map, uint64_t key,
                     const struct rn_track *row, struct rn_error *err)
{
    uint64_t id = track_new(maker, row, err);

    if (id && !rn_id_map_set(map, key, maker->tracks[id])) {
        rn_fail(err, RN_E_NOMEM, "no memory for a track");
        return 0;
    }
    return id;
}

static uint64_t track_of_process(struct rn_slice_maker *maker,
                                 const struct rn_process_info *process, struct rn_error *err)
{
    const struct slice_track *known = rn_id_map_get(&maker->processes, process->serial);
    struct rn_track row = {.type = RN_TRACK_PROCESS,
                           .pid = process->pid,
                           .serial = process->serial,
                           .name = process->name,
                           .exe = process->exe};

    return known ? known->row.id : keep(maker, &maker->processes, process->serial, &row, err);
}

uint64_t rn_slice_track_of_stream(struct rn_slice_maker *maker, struct rn_trace *trace,
                                  uint64_t stream, struct rn_error *err)
{
    const struct slice_track *known = rn_id_map_get(&maker->streams, stream);
    const struct rn_thread_info *thread;
    struct rn_track row = {.type = RN_TRACK_OTHER};

    if (known)
        return known->row.id;
    thread = rn_trace_thread(trace, stream);
    if (thread->type == RN_STREAM_THREAD)
        row.type = RN_TRACK_THREAD;
    else if (thread->type == RN_STREAM_QUEUE)
        row.type = RN_TRACK_QUEUE;
    row.pid = thread->pid;
    row.tid = thread->tid;
    row.name = stream == 0 ? "recorder" : thread->name;
    if (thread->process) {
        row.serial = thread->process->serial;
        row.parent = track_of_process(maker, thread->process, err);
        if (!row.parent)
            return 0;
    }
    return keep(maker, &maker->streams, stream, &row, err);
}

static void counter_name(struct rn_buf *out, const struct rn_event *event)
{
    const struct rn_attachment *name = rn_event_attachment(event, RN_ATT_NAME, RN_ARG_ANY);
    const struct rn_attachment *series = rn_event_attachment(event, RN_ATT_TEXT, RN_ARG_ANY);

    rn_buf_clear(out);
    if (name)
        rn_buf_append(out, name->data, name->size);
    else
        rn_buf_text(out, "counter");
    if (event->u.counter.id)
        rn_buf_printf(out, " [%llx]", (unsigned long long)event->u.counter.id);
    if (series && series->size) {
        rn_buf_text(out, " ");
        rn_buf_append(out, series->data, series->size);
    }
    rn_buf_byte(out, 0);
}

uint64_t rn_slice_track_of_counter(struct rn_slice_maker *maker, struct rn_trace *trace,
                                   const struct rn_event *event, struct rn_error *err)
{
    uint64_t owner = rn_slice_track_of_stream(maker, trace, event->stream, err), key;
    const struct rn_attachment *series = rn_event_attachment(event, RN_ATT_TEXT, RN_ARG_ANY);
    const struct slice_track *known;
    struct rn_track row = {.type = RN_TRACK_COUNTER, .parent = owner};

    if (!owner)
        return 0;
    counter_name(&maker->text, event);
    if (maker->text.failed) {
        rn_fail(err, RN_E_NOMEM, "no memory for a track");
        return 0;
    }
    row.name = (const char *)maker->text.data;
    row.number = event->u.counter.id;
    /* Not behind a NUL, where the name ends. */
    if (series && series->size && strlen(row.name) == maker->text.size - 1)
        row.series = row.name + maker->text.size - 1 - series->size;
    row.pid = maker->tracks[owner]->row.pid;
    row.serial = maker->tracks[owner]->row.serial;
    key = rn_fnv(rn_fnv(RN_FNV_BEGIN, &owner, sizeof owner), maker->text.data, maker->text.size);
    /* Two names may have the same sum: the second one takes the next number that is free. */
    while ((known = rn_id_map_get(&maker->counters, key)) &&
           (known->row.parent != owner || strcmp(known->row.name, row.name) != 0))
        key++;
    return known ? known->row.id : keep(maker, &maker->counters, key, &row, err);
}

uint64_t rn_slice_lane_new(struct rn_slice_maker *maker, uint64_t of, uint64_t number,
                           struct rn_error *err)
{
    struct rn_track row = maker->tracks[of]->row;

    row.type = RN_TRACK_LANE;
    row.parent = of;
    row.number = number;
    row.exe = NULL;
    return track_new(maker, &row, err);
}

static enum rn_status rename_track(struct slice_track *track, const char *name, const char *exe,
                                   struct rn_error *err)
{
    char *copy;

    if (track && strcmp(track->row.name, name) != 0) {
        copy = strdup(name);
        if (!copy)
            return rn_fail(err, RN_E_NOMEM, "no memory for a track");
        free((char *)track->row.name);
        track->row.name = copy;
    }
    if (track && exe && (!track->row.exe || strcmp(track->row.exe, exe) != 0)) {
        copy = strdup(exe);
        if (!copy)
            return rn_fail(err, RN_E_NOMEM, "no memory for a track");
        free((char *)track->row.exe);
        track->row.exe = copy;
    }
    return RN_OK;
}

enum rn_status rn_slice_tracks_rename(struct rn_slice_maker *maker, struct rn_trace *trace,
                                      uint64_t stream, struct rn_error *err)
{
    const struct rn_thread_info *thread = rn_trace_thread(trace, stream);
    enum rn_status status = RN_OK;

    if (stream)
        status = rename_track(rn_id_map_get(&maker->streams, stream), thread->name, NULL, err);
    if (status == RN_OK && thread->process)
        status = rename_track(rn_id_map_get(&maker->processes, thread->process->serial),
                              thread->process->name, thread->process->exe, err);
    return status;
}
