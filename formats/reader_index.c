/* SPDX-License-Identifier: MIT */
/* The index, and seeking by it. */
#include "reader_private.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Through a file description of its own: the position of the first one is in use. */
static enum rn_status load_index(struct rn_reader *reader, struct rn_error *err)
{
    char path[64];
    int fd;
    struct rn_archive_reader *archive = NULL;
    struct rn_archive_member member;
    struct rn_buf json = RN_BUF_INIT;
    enum rn_status status;

    snprintf(path, sizeof path, "/proc/self/fd/%d", reader->fd);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return rn_fail(err, RN_E_SYSTEM, "cannot open the archive again");
    status = lseek(fd, (off_t)reader->index_offset, SEEK_SET) < 0
                 ? rn_fail(err, RN_E_SYSTEM, "cannot seek")
                 : rn_archive_reader_new(fd, reader->name, &archive, err);
    if (status == RN_OK)
        status = rn_archive_reader_next(archive, &member, err);
    if (status == RN_OK)
        status = rn_archive_reader_data(archive, RN_MEMBER_MAX, &json, err);
    if (status == RN_OK)
        status = rn_index_from_json(json.data, json.size, &reader->index, err);
    rn_archive_reader_free(archive);
    rn_buf_free(&json);
    close(fd);
    return status;
}

static bool have_index(struct rn_reader *reader)
{
    struct rn_error ignored;

    if (!reader->index_known && reader->has_index_offset && !reader->index_tried) {
        reader->index_tried = true;
        reader->index_known = load_index(reader, &ignored) == RN_OK;
        reader->incomplete |= !reader->index_known;
    }
    return reader->index_known;
}

const struct rn_index *rn_reader_index(struct rn_reader *reader)
{
    if (have_index(reader))
        return &reader->index;
    return reader->stage == STAGE_END ? &reader->seen : NULL;
}

/* The last member that begins a segment and before which everything began before `ticks`. A call
 * that took long is in the member of its end: where a member begins says nothing about those before
 * it. */
static const struct rn_index_member *find_segment(const struct rn_index *index, uint64_t ticks)
{
    const struct rn_index_member *found = NULL;

    for (size_t i = 0; i < index->member_count; i++) {
        const struct rn_index_member *member = &index->members[i];

        if (member->segment_start)
            found = member;
        if (member->last >= ticks)
            break;
    }
    return found;
}

enum rn_status rn_reader_seek(struct rn_reader *reader, uint64_t ticks, struct rn_error *err)
{
    const struct rn_index_member *member;

    if (reader->part || reader->merged || lseek(reader->fd, 0, SEEK_CUR) < 0 || !have_index(reader))
        return RN_OK;
    member = find_segment(&reader->index, ticks);
    if (!member)
        return RN_OK;
    reader->stage = STAGE_ARCHIVE;
    reader->in_member = reader->has_ahead = reader->saw_index = reader->any_number = false;
    reader->group_count = 0;
    reader->deferred = RN_OK;
    reader->need_segment = true;
    reader->at = reader->member.size = 0;
    return rn_archive_reader_seek(reader->archive, member->offset, err);
}
