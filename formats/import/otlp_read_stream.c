/* SPDX-License-Identifier: MIT */
/* Streams of a recording that was exported, by the numbers that they had. */
#include "otlp_own.h"

#include <stdlib.h>

#define STREAMS_MAX (2u * RN_IMPORT_MAX_STREAMS)
#define THREAD_BIT  0x10000u /* CLONE_THREAD */

static struct otlp_own_stream *slot_of(const struct rn_otlp_read *read, uint64_t number)
{
    size_t mask = read->own_capacity - 1;
    size_t at = (size_t)((number * 0x9e3779b97f4a7c15u ^ read->resource.recording) >> 20) & mask;

    while (read->own[at].used &&
           (read->own[at].number != number || read->own[at].recording != read->resource.recording))
        at = (at + 1) & mask;
    return &read->own[at];
}

static bool make_room(struct rn_otlp_read *read)
{
    size_t old = read->own_capacity, capacity = old ? 2 * old : 256;
    struct otlp_own_stream *before = read->own;
    uint64_t recording = read->resource.recording;

    if (2 * read->own_count < old)
        return true;
    read->own = calloc(capacity, sizeof *read->own);
    if (!read->own) {
        read->own = before;
        return false;
    }
    read->own_capacity = capacity;
    for (size_t i = 0; i < old; i++)
        if (before[i].used) {
            read->resource.recording = before[i].recording;
            *slot_of(read, before[i].number) = before[i];
        }
    read->resource.recording = recording;
    free(before);
    return true;
}

/* The stream that had this number in the recording. `maker` 0: it is not told who made it. */
static enum rn_status stream_of(struct rn_otlp_read *read, uint64_t number, uint64_t pid,
                                uint64_t tid, uint32_t maker, const char *name, uint32_t *stream,
                                struct rn_error *err)
{
    struct otlp_own_stream *slot;
    enum rn_status status;

    *stream = 0;
    if (number == 0)
        return RN_OK; /* the recorder's own */
    if (read->own_count > STREAMS_MAX || !make_room(read))
        return rn_fail(err, RN_E_LIMIT, "too many streams");
    slot = slot_of(read, number);
    if (slot->used && (!maker || slot->pid != pid || slot->tid != tid)) {
        *stream = slot->stream;
        return RN_OK;
    }
    if (maker) {
        status = rn_import_child(read->import, maker, pid, tid, name, stream, err);
    } else if (tid) {
        /* Another one may have had these numbers before. */
        rn_import_end_thread(read->import, pid ? pid : tid, tid);
        status = rn_import_thread(read->import, pid, tid, name, stream, err);
    } else {
        status =
            rn_import_track(read->import, 0, number, name ? name : "exported stream", stream, err);
    }
    read->own_count += !slot->used;
    *slot = (struct otlp_own_stream){.recording = read->resource.recording,
                                     .number = number,
                                     .pid = pid,
                                     .tid = tid,
                                     .stream = *stream,
                                     .used = true};
    return status;
}

enum rn_status otlp_own_find_stream(struct otlp_own *own, const struct rn_otlp_facts *outer,
                                    struct rn_error *err)
{
    struct rn_otlp_read *read = own->read;
    uint64_t number = otlp_own_number(own->facts, "rn.stream"), pid = read->resource.pid;
    uint64_t tid = otlp_own_number(own->facts, "thread.id");
    uint8_t kind = own->event.kind;

    if (outer && otlp_own_number(outer, "rn.stream") == number)
        tid = otlp_own_number(outer, "thread.id");
    if (kind == RN_KIND_PROCESS) {
        pid = own->event.u.process.pid;
        tid = own->event.u.process.tid;
    } else if (kind == RN_KIND_MODULE || kind == RN_KIND_DESCRIPTOR) {
        /* Its thread may not have been met; the first one has the number of the process. */
        pid = otlp_own_number(own->facts,
                              kind == RN_KIND_MODULE ? "rn.module.pid" : "rn.descriptor.pid");
        tid = tid ? tid : pid;
    } else if (kind == RN_KIND_KERNEL || kind == RN_KIND_TRANSFER) {
        const uint64_t *words = own->event.u.words; /* api, device, context, queue: of both */

        if (!tid)
            return rn_import_queue(read->import, pid, words[1] << 32 ^ words[2], words[3], NULL,
                                   &own->event.stream, err);
    }
    return stream_of(read, number, pid, tid, 0, NULL, &own->event.stream, err);
}

enum rn_status otlp_own_take_child(struct otlp_own *own, struct rn_error *err)
{
    struct rn_process *process = &own->event.u.process;
    bool is_thread = process->clone_flags & THREAD_BIT;
    uint32_t child;
    enum rn_status status =
        stream_of(own->read, process->child_stream, is_thread ? process->pid : process->child_tid,
                  process->child_tid, own->event.stream, NULL, &child, err);

    process->child_stream = child;
    return status;
}
