/* SPDX-License-Identifier: MIT */
/* Where members come from: the archive; of an unsealed recording also the segment files of a flight
 * recorder, and then the rings. */
#include "reader_private.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static enum rn_status fail_here(struct rn_reader *reader, enum rn_status status)
{
    reader->failed = reader->incomplete = true;
    reader->need_segment = true;
    return status;
}

static enum rn_status take_index(struct rn_reader *reader, struct rn_archive_reader *archive,
                                 struct rn_error *err)
{
    struct rn_error ignored;
    enum rn_status status;

    reader->saw_index = true;
    if (reader->index_known || reader->has_index_offset)
        return RN_OK;
    status = rn_archive_reader_data(archive, RN_MEMBER_MAX, &reader->member, err);
    if (status != RN_OK)
        return fail_here(reader, status);
    /* What was read is counted anyway: a damaged index takes nothing away. */
    reader->index_known = rn_index_from_json(reader->member.data, reader->member.size,
                                             &reader->index, &ignored) == RN_OK;
    reader->incomplete |= !reader->index_known;
    return RN_OK;
}

enum rn_status rn_reader_take_other(struct rn_reader *reader, struct rn_archive_reader *archive,
                                    const struct rn_archive_member *member, struct rn_error *err)
{
    enum rn_status status;

    if (strcmp(member->name, RN_MEMBER_INDEX) == 0)
        return take_index(reader, archive, err);
    if (!reader->on_member || strcmp(member->name, RN_MEMBER_MANIFEST) == 0)
        return RN_OK;
    status = rn_archive_reader_data(archive, RN_MEMBER_MAX, &reader->member, err);
    if (status != RN_OK)
        return fail_here(reader, status);
    reader->on_member(reader->on_member_context, member->name, reader->member.data,
                      reader->member.size);
    return RN_OK;
}

/* What a recorder was about to append when it died, or is appending now, is still in the rings. */
static bool may_be_cut(const struct rn_reader *reader, const struct rn_archive_reader *archive)
{
    return reader->part && rn_archive_reader_cut(archive);
}

/* The next member events/ of one tar file. */
static enum rn_status next_in_file(struct rn_reader *reader, struct rn_archive_reader *archive,
                                   struct rn_error *err)
{
    struct rn_archive_member member;
    enum rn_status status;
    uint32_t number;

    while ((status = rn_archive_reader_next(archive, &member, err)) == RN_OK) {
        bool events = rn_archive_event_number(member.name, &number);

        /* Sealing may have been interrupted after it had appended a part of this file. */
        if (events && reader->stage == STAGE_SEGMENTS && reader->any_number &&
            number <= reader->number)
            continue;
        if (events)
            status = rn_archive_reader_data(archive, RN_MEMBER_MAX, &reader->member, err);
        else
            status = rn_reader_take_other(reader, archive, &member, err);
        if (status != RN_OK)
            break;
        if (reader->stage == STAGE_ARCHIVE)
            reader->archive_end = member.end;
        if (!events)
            continue;
        reader->number = number;
        reader->any_number = true;
        reader->member_offset = member.offset;
        reader->data_offset = member.data_offset;
        return RN_OK;
    }
    if (status == RN_EOF || may_be_cut(reader, archive))
        return RN_EOF;
    return fail_here(reader, status);
}

/* An archive that is not a recording in progress ends with its index and the end blocks. */
enum rn_status rn_reader_check_end(struct rn_reader *reader, struct rn_error *err)
{
    if (reader->failed || (reader->saw_index && rn_archive_reader_saw_end(reader->archive)))
        return RN_EOF;
    reader->failed = reader->incomplete = true;
    rn_fail(err, RN_E_FORMAT, "the archive is cut here: %s",
            reader->saw_index ? "its end is missing" : "its index is missing");
    rn_fail_at(err, reader->name, reader->archive_end);
    return RN_E_FORMAT;
}

static enum rn_status end_archive(struct rn_reader *reader, struct rn_error *err)
{
    reader->stage = STAGE_END;
    if (!reader->part)
        return rn_reader_check_end(reader, err);
    if (reader->saw_index)
        return RN_EOF;
    reader->stage = STAGE_SEGMENTS;
    return RN_OK;
}

static enum rn_status open_segment(struct rn_reader *reader, struct rn_error *err)
{
    const char *path = *reader->next_segment++;
    enum rn_status status = rn_part_open(path, O_RDONLY, &reader->segment_fd, err);

    /* A flight recorder that is still running may have removed it. */
    if (status == RN_E_SYSTEM && errno == ENOENT) {
        reader->incomplete = true;
        return RN_OK;
    }
    if (status != RN_OK)
        return status;
    status = rn_archive_reader_new(reader->segment_fd, path, &reader->segment, err);
    return status == RN_OK ? RN_OK : fail_here(reader, status);
}

static void close_segment(struct rn_reader *reader)
{
    rn_archive_reader_free(reader->segment);
    reader->segment = NULL;
    if (reader->segment_fd >= 0)
        close(reader->segment_fd);
    reader->segment_fd = -1;
}

/* RN_OK with *found false: look again, the stage or the file has changed. */
static enum rn_status next_in_segments(struct rn_reader *reader, bool *found, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    if (!reader->segment_paths) {
        status = rn_part_segments(reader->part, &reader->segment_paths, err);
        reader->next_segment = reader->segment_paths;
    } else if (reader->segment) {
        status = next_in_file(reader, reader->segment, err);
        *found = status == RN_OK;
        if (status != RN_EOF)
            return status;
        close_segment(reader);
        status = RN_OK;
    } else if (*reader->next_segment) {
        status = open_segment(reader, err);
    } else {
        reader->stage = STAGE_RINGS;
    }
    return status;
}

static enum rn_status next_in_rings(struct rn_reader *reader, struct rn_error *err)
{
    enum rn_status status = rn_reader_recover(reader, &reader->member, err);

    reader->member_offset = reader->data_offset = 0;
    if (status == RN_OK)
        reader->number += reader->any_number;
    else
        reader->stage = STAGE_END;
    reader->any_number |= status == RN_OK;
    return status;
}

enum rn_status rn_reader_load_member(struct rn_reader *reader, struct rn_error *err)
{
    bool found = false;
    enum rn_status status;

    if (reader->part_of)
        return rn_reader_merged_load(reader, err);
    for (;;) {
        switch (reader->stage) {
        case STAGE_ARCHIVE:
            status = next_in_file(reader, reader->archive, err);
            if (status != RN_EOF)
                return status;
            status = end_archive(reader, err);
            break;
        case STAGE_SEGMENTS:
            status = next_in_segments(reader, &found, err);
            break;
        case STAGE_RINGS:
            return next_in_rings(reader, err);
        default:
            return RN_EOF;
        }
        if (status != RN_OK || found)
            return status;
    }
}
