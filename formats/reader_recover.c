/* SPDX-License-Identifier: MIT */
/* The end of an unsealed recording: what its rings hold and the archive does not, the calls that
 * were in flight, and what is known to be missing; as members like any other. */
#include "reader_private.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#define RECOVERY_LEVEL 3

void rn_reader_recovery_clear(struct reader_recovery *recovery)
{
    rn_ring_remains_free(recovery->remains);
    rn_member_encoder_free(recovery->encoder);
    rn_stream_map_free(&recovery->streams);
    rn_member_clocks_free(&recovery->clocks);
}

static enum rn_status describe(struct reader_recovery *recovery, uint32_t id, uint64_t pid,
                               uint64_t tid, uint64_t parent, struct rn_error *err)
{
    struct rn_stream_entry *entry;
    enum rn_status status = rn_stream_map_get(&recovery->streams, id, &entry, err);

    if (status != RN_OK || entry->known || id == 0)
        return status;
    /* What is known first, of a stream whose description died with the recorder. */
    if (entry->described && entry->info.tid)
        return RN_OK;
    entry->described = true;
    entry->info = (struct rn_stream){
        .id = id, .type = RN_STREAM_THREAD, .pid = pid, .tid = tid, .parent = parent};
    return RN_OK;
}

/* A queue that was announced, and not yet stated. */
static enum rn_status describe_queue(struct reader_recovery *recovery, uint32_t id,
                                     struct rn_error *err)
{
    struct rn_stream_entry *entry;
    enum rn_status status = rn_stream_map_get(&recovery->streams, id, &entry, err);

    if (status != RN_OK || entry->known || entry->described)
        return status;
    entry->described = true;
    entry->name = rn_ring_remains_queue(recovery->remains, id, &entry->info);
    return RN_OK;
}

static enum rn_status describe_streams(struct reader_recovery *recovery,
                                       const struct rn_event *event, struct rn_error *err)
{
    const struct rn_process *process = &event->u.process;
    bool is_process = event->kind == RN_KIND_PROCESS && process->op != RN_PROCESS_FORK;
    enum rn_status status;

    if (event->stream >= RN_STREAM_QUEUES)
        return describe_queue(recovery, event->stream, err);
    status = describe(recovery, event->stream, is_process ? process->pid : 0,
                      is_process ? process->tid : 0, 0, err);

    if (status != RN_OK || event->kind != RN_KIND_PROCESS || process->op != RN_PROCESS_FORK)
        return status;
    return describe(recovery, (uint32_t)process->child_stream,
                    process->clone_flags & CLONE_THREAD ? process->pid : process->child_tid,
                    process->child_tid, event->stream, err);
}

/* The call that is in a slot may have been committed just before the end. */
static bool is_stale(const struct rn_stream_entry *entry, const struct rn_event *event)
{
    return event->flags & RN_EVENT_UNFINISHED && entry->last_call &&
           event->start <= entry->last_call;
}

static enum rn_status add(struct reader_recovery *recovery, struct rn_event *event,
                          struct rn_error *err)
{
    struct rn_stream_entry *entry;
    enum rn_status status = describe_streams(recovery, event, err);

    if (status == RN_OK)
        status = rn_stream_map_get(&recovery->streams, event->stream, &entry, err);
    if (status != RN_OK || is_stale(entry, event))
        return status;
    if (event->flags & RN_EVENT_UNFINISHED && recovery->latest > event->start)
        event->duration = recovery->latest - event->start;
    status = rn_member_add(recovery->encoder, event, entry->next_ordinal, err);
    if (status != RN_OK)
        return status;
    entry->next_ordinal++;
    if (event->kind == RN_KIND_SYSCALL && event->start > entry->last_call)
        entry->last_call = event->start;
    if (event->start + event->duration > recovery->latest)
        recovery->latest = event->start + event->duration;
    return RN_OK;
}

static enum rn_status add_statement(struct reader_recovery *recovery, struct rn_event *event,
                                    const char *text, struct rn_error *err)
{
    const struct rn_attachment attachment = {.type = RN_ATT_TEXT,
                                             .arg = RN_ARG_NONE,
                                             .size = (uint32_t)strlen(text),
                                             .data = (const uint8_t *)text};

    event->start = recovery->latest;
    event->attachment_count = 1;
    event->attachments = &attachment;
    return add(recovery, event, err);
}

static enum rn_status add_loss(struct reader_recovery *recovery, uint64_t count, uint64_t reason,
                               const char *text, struct rn_error *err)
{
    struct rn_event event = {.kind = RN_KIND_LOSS, .u.loss = {.count = count, .reason = reason}};

    return add_statement(recovery, &event, text ? text : rn_loss_text(reason), err);
}

/* Rings that were not finished, or are damaged, take nothing away from the rest. A program that
 * writes through the library has none. */
static enum rn_status open_rings(struct rn_reader *reader, struct rn_error *err)
{
    struct reader_recovery *recovery = &reader->recovery;
    char *path = rn_part_file(reader->part, RN_PART_RINGS);
    struct rn_error local = RN_ERROR_INIT;
    enum rn_status status, opened;

    recovery->opened = true;
    if (!path)
        return rn_fail(err, RN_E_NOMEM, "no memory to read the rings");
    opened = rn_ring_remains_open(path, reader->manifest.uuid, &recovery->remains, &local);
    free(path);
    if (opened == RN_E_NOMEM || (opened == RN_E_SYSTEM && local.sys_errno != ENOENT)) {
        if (err)
            *err = local;
        return opened;
    }
    status = rn_member_encoder_new(RECOVERY_LEVEL, &recovery->streams, &recovery->encoder, err);
    if (status == RN_OK) {
        recovery->encoder->clocks.last = recovery->clocks.last;
        recovery->clocks.last = (struct rn_buf)RN_BUF_INIT;
    }
    if (status == RN_OK && opened != RN_OK && opened != RN_E_SYSTEM)
        status = add_loss(recovery, 0, RN_LOSS_DAMAGED, local.what, err);
    return status;
}

/* What the header of the rings says. */
static enum rn_status add_ring_losses(struct reader_recovery *recovery, struct rn_error *err)
{
    const struct rn_ring_file *header = rn_ring_remains_header(recovery->remains);
    uint64_t ring_full = rn_ring_remains_lost(recovery->remains);
    uint64_t on_queues = rn_ring_queues_missing(header);
    struct rn_event event = {
        .kind = RN_KIND_NOTICE,
        .u.notice = {.code = RN_NOTICE_BLIND_SPOT, .value = header->inflight_unknown}};
    enum rn_status status = RN_OK;

    if (header->lost_events > recovery->stated_lost)
        status = add_loss(recovery, header->lost_events - recovery->stated_lost,
                          header->lost_reason, NULL, err);
    if (status == RN_OK && ring_full)
        status = add_loss(recovery, ring_full, RN_LOSS_RING_FULL, NULL, err);
    if (status == RN_OK && on_queues)
        status = add_loss(recovery, on_queues, RN_LOSS_KILLED, RN_QUEUE_LOSS_TEXT, err);
    if (status == RN_OK && rn_ring_queues_unsure(header))
        status = add_loss(recovery, 0, RN_LOSS_KILLED, RN_QUEUE_UNSURE_TEXT, err);
    if (status == RN_OK && header->inflight_unknown)
        status = add_statement(recovery, &event,
                               "calls that had begun could not be noted: no slot was free", err);
    return status;
}

static enum rn_status finish(struct rn_reader *reader, struct rn_error *err)
{
    struct reader_recovery *recovery = &reader->recovery;
    enum rn_status status = RN_OK;

    recovery->finished = true;
    if (recovery->remains)
        status = add_ring_losses(recovery, err);
    if (reader->live || status != RN_OK)
        return status;
    reader->incomplete = true;
    return add_loss(recovery, 0, RN_LOSS_KILLED, NULL, err);
}

/* A number that no recorder gives says nothing. */
static enum rn_status add_clock(struct reader_recovery *recovery, const struct rn_event *event,
                                struct rn_error *err)
{
    uint64_t clock = event->u.device_clock.clock;

    if (clock == 0 || clock > RN_DEVICE_CLOCK_MAX)
        return RN_OK;
    return rn_member_add(recovery->encoder, event, 0, err);
}

/* Events up to the size of a member, or all that is left. */
static enum rn_status collect(struct rn_reader *reader, struct rn_error *err)
{
    struct reader_recovery *recovery = &reader->recovery;
    struct rn_error damage = RN_ERROR_INIT;
    struct rn_event event;

    while (rn_member_pending(recovery->encoder) < RN_MEMBER_EVENTS_AIM &&
           rn_member_pending_bytes(recovery->encoder) < RN_MEMBER_BYTES_AIM) {
        enum rn_status status = RN_EOF;

        if (recovery->remains)
            status = rn_ring_remains_next(recovery->remains, recovery->committed,
                                          recovery->committed_count, &event, &damage);
        if (status == RN_EOF)
            return finish(reader, err);
        if (status == RN_E_FORMAT)
            status = add_loss(recovery, 0, RN_LOSS_DAMAGED, damage.what, err);
        else if (status == RN_OK && rn_schema_get(event.kind) && RN_KIND_IS_EVENT(event.kind))
            status = add(recovery, &event, err);
        else if (status == RN_OK && event.kind == RN_KIND_DEVICE_CLOCK)
            status = add_clock(recovery, &event, err);
        else if (status != RN_OK && err)
            *err = damage;
        if (status != RN_OK)
            return status;
    }
    return RN_OK;
}

enum rn_status rn_reader_recover(struct rn_reader *reader, struct rn_buf *out, struct rn_error *err)
{
    struct reader_recovery *recovery = &reader->recovery;
    struct rn_member_summary summary;
    struct rn_member_head head = {.segment_start = !recovery->begun,
                                  .segment = reader->segments + !recovery->begun};
    enum rn_status status = recovery->opened ? RN_OK : open_rings(reader, err);

    if (status != RN_OK)
        return status;
    if (recovery->finished)
        return RN_EOF;
    status = collect(reader, err);
    if (status != RN_OK)
        return status;
    if (rn_member_pending(recovery->encoder) == 0)
        return RN_EOF;
    recovery->begun = true;
    head.now = recovery->latest;
    status = rn_member_encode(recovery->encoder, &head, out, &summary, err);
    rn_member_clear(recovery->encoder);
    return status == RN_OK ? rn_member_clocks_written(&recovery->encoder->clocks, err) : status;
}
