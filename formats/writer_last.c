/* SPDX-License-Identifier: MIT */
/* The flight recorder: segments in files of their own, of which the oldest are removed. Their
 * events are stated as lost in the segment that makes them go; when that one goes, its statements
 * are part of the next one's, so that what remains always adds up. */
#include "writer_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char *segment_path(const struct rn_writer *writer, uint64_t number)
{
    char *path;

    return asprintf(&path, "%s/" RN_PART_SEGMENT "%llu", writer->part, (unsigned long long)number) <
                   0
               ? NULL
               : path;
}

static void note_forgotten(struct rn_writer *writer, const struct writer_segment *segment)
{
    const struct rn_member_summary *summary = &segment->summary;
    const struct writer_loss loss = {
        .reason = RN_LOSS_LAST,
        .count = summary->events - summary->counts[RN_KIND_LOSS] + summary->lost,
        .first = summary->first,
        .last = summary->last,
    };

    if (loss.count)
        rn_writer_note_loss(writer, &loss);
}

void rn_writer_forget_segments(struct rn_writer *writer)
{
    uint64_t keep = writer->options.keep_last, total = 0;
    size_t oldest = writer->segment_count;

    if (keep == 0 || writer->forgotten)
        return;
    /* The segment that begins will need room too. */
    keep = keep > writer->options.segment_bytes ? keep - writer->options.segment_bytes : 0;
    while (oldest > 0 && total + writer->segments[oldest - 1].bytes <= keep)
        total += writer->segments[--oldest].bytes;
    for (size_t i = 0; i < oldest; i++)
        note_forgotten(writer, &writer->segments[i]);
    writer->forgotten = oldest;
}

static void forget_members(struct rn_writer *writer, uint32_t first_kept)
{
    struct rn_index *index = &writer->index;
    size_t gone = 0;

    while (gone < index->member_count && index->members[gone].number < first_kept)
        gone++;
    index->member_count -= gone;
    memmove(index->members, index->members + gone, index->member_count * sizeof *index->members);
}

static void remove_segment(struct rn_writer *writer, const struct writer_segment *segment)
{
    char *path = segment_path(writer, segment->number);

    for (unsigned kind = 0; kind < RN_KIND_LIMIT; kind++)
        writer->index.counts[kind] -= segment->summary.counts[kind];
    writer->index.lost -= segment->summary.lost;
    if (path)
        unlink(path);
    free(path);
}

void rn_writer_remove_forgotten(struct rn_writer *writer)
{
    size_t gone = writer->forgotten;

    writer->forgotten = 0;
    if (gone == 0)
        return;
    for (size_t i = 0; i < gone; i++)
        remove_segment(writer, &writer->segments[i]);
    forget_members(writer, gone < writer->segment_count ? writer->segments[gone].first_member
                                                        : writer->next_member);
    writer->segment_count -= gone;
    memmove(writer->segments, writer->segments + gone,
            writer->segment_count * sizeof *writer->segments);
}

void rn_writer_close_segment_file(struct rn_writer *writer)
{
    rn_archive_writer_free(writer->segment_file);
    writer->segment_file = NULL;
    if (writer->segment_fd >= 0)
        close(writer->segment_fd);
    writer->segment_fd = -1;
}

static enum rn_status list_segment(struct rn_writer *writer, uint64_t number, struct rn_error *err)
{
    size_t count = writer->segment_count;
    struct writer_segment *segments =
        realloc(writer->segments, (count + 1) * sizeof *writer->segments);

    if (!segments)
        return rn_fail(err, RN_E_NOMEM, "no memory to begin a segment");
    writer->segments = segments;
    segments[count] = (struct writer_segment){
        .number = number,
        .first_member = writer->next_member,
        .summary = {.first = UINT64_MAX},
    };
    writer->segment_count++;
    return RN_OK;
}

enum rn_status rn_writer_begin_segment_file(struct rn_writer *writer, uint64_t number,
                                            struct rn_error *err)
{
    char *path = segment_path(writer, number);
    enum rn_status status = RN_OK;

    rn_writer_close_segment_file(writer);
    if (!path)
        return rn_fail(err, RN_E_NOMEM, "no memory to begin a segment");
    /* One whose first member could not be written is in the list already. */
    if (writer->segment_count == 0 || writer->segments[writer->segment_count - 1].number != number)
        status = list_segment(writer, number, err);
    if (status == RN_OK) {
        status = rn_part_open(path, O_RDWR | O_CREAT, &writer->segment_fd, err);
        if (status == RN_OK && ftruncate(writer->segment_fd, 0) != 0) {
            rn_fail(err, RN_E_SYSTEM, "cannot empty");
            rn_fail_in(err, path);
            status = RN_E_SYSTEM;
        }
    }
    if (status == RN_OK)
        status = rn_archive_writer_new(writer->segment_fd, path, 0, &writer->segment_file, err);
    free(path);
    return status;
}

static struct rn_index_member *listed(struct rn_writer *writer, const char *name)
{
    uint32_t number;

    if (!rn_archive_event_number(name, &number))
        return NULL;
    for (size_t i = 0; i < writer->index.member_count; i++)
        if (writer->index.members[i].number == number)
            return &writer->index.members[i];
    return NULL;
}

static enum rn_status gather_members(struct rn_writer *writer, struct rn_archive_reader *reader,
                                     struct rn_error *err)
{
    struct rn_archive_member member;
    enum rn_status status;

    while ((status = rn_archive_reader_next(reader, &member, err)) == RN_OK) {
        struct rn_index_member *entry = listed(writer, member.name);

        status = rn_archive_reader_data(reader, RN_MEMBER_MAX, &writer->member, err);
        if (status != RN_OK)
            return status;
        if (!entry)
            continue;
        entry->offset = rn_archive_writer_offset(writer->archive);
        status = rn_archive_writer_add(writer->archive, member.name, writer->member.data,
                                       writer->member.size, writer->mtime_s, err);
        if (status != RN_OK)
            return status;
    }
    return status == RN_EOF ? RN_OK : status;
}

/* Whole or not at all, so that it can be tried again. */
static enum rn_status gather(struct rn_writer *writer, const char *path, struct rn_error *err)
{
    uint64_t offset = rn_archive_writer_offset(writer->archive);
    struct rn_archive_reader *reader = NULL;
    int fd;
    enum rn_status status = rn_part_open(path, O_RDONLY, &fd, err);

    if (status != RN_OK)
        return status;
    status = rn_archive_reader_new(fd, path, &reader, err);
    if (status == RN_OK)
        status = gather_members(writer, reader, err);
    rn_archive_reader_free(reader);
    close(fd);
    if (status == RN_OK)
        unlink(path);
    else if (rn_archive_writer_cut(writer->archive, offset, NULL) != RN_OK)
        status = rn_fail(err, RN_E_SYSTEM, "cannot take back what was appended in part");
    return status;
}

enum rn_status rn_writer_gather_segments(struct rn_writer *writer, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    rn_writer_close_segment_file(writer);
    while (writer->segment_count && status == RN_OK) {
        char *path = segment_path(writer, writer->segments[0].number);

        status = path ? gather(writer, path, err)
                      : rn_fail(err, RN_E_NOMEM, "no memory to seal a recording");
        free(path);
        if (status != RN_OK)
            break;
        writer->segment_count--;
        memmove(writer->segments, writer->segments + 1,
                writer->segment_count * sizeof *writer->segments);
    }
    return status;
}
