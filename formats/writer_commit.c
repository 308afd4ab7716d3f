/* SPDX-License-Identifier: MIT */
#include "writer_private.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

/* An ended stream is forgotten this many commits later: events that were in a ring when it ended
 * have been added by then. */
#define STREAM_GRACE 64u

/* A recorder that idles for longer than this per event has time to make its members smaller. Who
 * does not commit explicitly gets the same bytes always. */
#define FAST_LEVEL        3
#define SMALL_LEVEL       7
#define IDLE_PER_EVENT_NS 12000u

/* Kept free below max_size: for the last member, which states the loss, and the index. */
#define RESERVE_BYTES        (16u << 10)
#define RESERVE_MEMBER_BYTES 100u

/* Of the archive and the segment files. */
static uint64_t bytes_stored(const struct rn_writer *writer)
{
    uint64_t size = rn_archive_writer_offset(writer->archive);

    for (size_t i = 0; i < writer->segment_count; i++)
        size += writer->segments[i].bytes;
    return size;
}

static bool fits(const struct rn_writer *writer)
{
    uint64_t reserve =
        RESERVE_BYTES + RESERVE_MEMBER_BYTES * (uint64_t)(writer->index.member_count + 1);

    return writer->options.max_size == 0 ||
           bytes_stored(writer) + writer->member.size + reserve <= writer->options.max_size;
}

static void add_counts(struct rn_member_summary *sum, const struct rn_member_summary *more)
{
    for (unsigned kind = 0; kind < RN_KIND_LIMIT; kind++)
        sum->counts[kind] += more->counts[kind];
    sum->events += more->events;
    sum->lost += more->lost;
    sum->first = more->first < sum->first ? more->first : sum->first;
    sum->last = more->last > sum->last ? more->last : sum->last;
}

static enum rn_status list_member(struct rn_writer *writer, uint64_t offset,
                                  const struct rn_member_summary *summary, bool segment_start,
                                  struct rn_error *err)
{
    const struct rn_index_member member = {
        .offset = offset,
        .size = writer->member.size,
        .events = summary->events,
        .first = summary->events ? summary->first : writer->latest,
        .last = summary->events ? summary->last : writer->latest,
        .number = writer->next_member,
        .segment_start = segment_start,
    };

    for (unsigned kind = 0; kind < RN_KIND_LIMIT; kind++)
        writer->index.counts[kind] += summary->counts[kind];
    writer->index.lost += summary->lost;
    return rn_index_add(&writer->index, &member, err);
}

static enum rn_status store(struct rn_writer *writer, const struct rn_member_summary *summary,
                            bool segment_start, struct rn_error *err)
{
    bool last = writer->options.keep_last != 0;
    struct rn_archive_writer *to;
    enum rn_status status = RN_OK;
    uint64_t offset;
    char name[32];

    if (last && segment_start)
        status = rn_writer_begin_segment_file(writer, writer->segment + 1, err);
    if (status != RN_OK)
        return status;
    to = last ? writer->segment_file : writer->archive;
    offset = rn_archive_writer_offset(to);
    snprintf(name, sizeof name, RN_MEMBER_EVENTS "%06u.rnc", writer->next_member);
    status = rn_archive_writer_add(to, name, writer->member.data, writer->member.size,
                                   writer->mtime_s, err);
    if (status != RN_OK)
        return status;
    if (last) {
        struct writer_segment *segment = &writer->segments[writer->segment_count - 1];

        segment->bytes = rn_archive_writer_offset(to);
        add_counts(&segment->summary, summary);
    }
    status = list_member(writer, offset, summary, segment_start, err);
    writer->next_member++;
    return status;
}

/* Where the flight recorder drops old segments anyway, they make the room that is missing. */
static enum rn_status store_somehow(struct rn_writer *writer,
                                    const struct rn_member_summary *summary, bool segment_start,
                                    struct rn_error *err)
{
    enum rn_status status = store(writer, summary, segment_start, err);
    size_t forgotten = writer->forgotten;

    rn_writer_remove_forgotten(writer);
    if (status == RN_E_SYSTEM && forgotten)
        status = store(writer, summary, segment_start, err);
    return status;
}

static bool keep_stream(const struct rn_stream_entry *entry, void *context)
{
    const struct rn_writer *writer = context;

    return !entry->ended || writer->commits - entry->age <= STREAM_GRACE;
}

static enum rn_status note_stored(struct rn_writer *writer, bool segment_start,
                                  struct rn_error *err)
{
    uint64_t tables = rn_string_table_bytes(writer->encoder->strings) +
                      rn_content_table_bytes(writer->encoder->contents);
    enum rn_status status;

    if (segment_start) {
        writer->segment++;
        writer->segment_stored = 0;
    }
    writer->segment_stored += writer->member.size;
    writer->segment_due =
        writer->segment_stored >= writer->options.segment_bytes || tables >= RN_TABLE_SEGMENT_BYTES;
    rn_member_clear(writer->encoder);
    status = rn_member_clocks_written(&writer->encoder->clocks, err);
    if (status != RN_OK)
        return status;
    if (++writer->commits % STREAM_GRACE)
        return RN_OK;
    return rn_stream_map_purge(&writer->streams, keep_stream, writer, err);
}

uint64_t rn_writer_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int choose_level(const struct rn_writer *writer)
{
    uint64_t idle = rn_writer_now_ns() - writer->commit_end_ns;

    if (writer->options.zstd_level)
        return writer->options.zstd_level;
    return writer->options.manual_commit &&
                   idle > rn_member_pending(writer->encoder) * IDLE_PER_EVENT_NS
               ? SMALL_LEVEL
               : FAST_LEVEL;
}

enum rn_status rn_writer_try_commit(struct rn_writer *writer,
                                    const struct rn_writer_commit_info *info, bool force,
                                    struct rn_error *err)
{
    struct rn_member_head head = {.segment_start = writer->segment_due, .info = info};
    struct rn_member_summary summary;
    enum rn_status status;

    if (info && info->clock.ticks) {
        writer->index.end = info->clock;
        writer->latest = info->clock.ticks > writer->latest ? info->clock.ticks : writer->latest;
    }
    if (head.segment_start)
        rn_writer_forget_segments(writer);
    status = rn_writer_state_losses(writer, err);
    if (status != RN_OK)
        return status;
    head.segment = writer->segment + head.segment_start;
    head.now = writer->latest;
    rn_column_encoder_set_level(writer->encoder->columns, choose_level(writer));
    /* Whatever goes wrong from here on, the tables of this segment are not what is stored. */
    writer->segment_due = true;
    status = rn_member_encode(writer->encoder, &head, &writer->member, &summary, err);
    /* Reached once, the limit stays: what is missing is then one stretch, not many. */
    writer->full |= status == RN_OK && !fits(writer);
    if (writer->full && !force)
        status = rn_fail(err, RN_E_LIMIT, "the size limit is reached");
    if (status == RN_OK)
        status = store_somehow(writer, &summary, head.segment_start, err);
    writer->commit_end_ns = rn_writer_now_ns();
    return status == RN_OK ? note_stored(writer, head.segment_start, err) : status;
}

enum rn_status rn_writer_commit(struct rn_writer *writer, const struct rn_writer_commit_info *info,
                                struct rn_error *err)
{
    enum rn_status status = RN_E_LIMIT;

    if (info && info->source_count)
        writer->manual = true;
    if (!info && rn_writer_pending(writer) == 0 && writer->loss_count == 0)
        return RN_OK;
    if (writer->full)
        rn_fail(err, RN_E_LIMIT, "the size limit is reached");
    else
        status = rn_writer_try_commit(writer, info, false, err);
    if (status == RN_OK)
        return RN_OK;
    rn_writer_drop(writer, status == RN_E_SYSTEM ? RN_LOSS_DISK_FULL
                           : writer->full        ? RN_LOSS_MAX_SIZE
                                                 : RN_LOSS_OTHER);
    return status;
}
