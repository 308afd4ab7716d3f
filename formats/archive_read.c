/* SPDX-License-Identifier: MIT */
#include "archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_SIZE (256u << 10)

struct rn_archive_reader {
    int fd;
    char *name;
    struct archive *archive;
    uint64_t base;   /* what the handle calls offset 0 */
    uint64_t member; /* offset of the present member's header, or where the next one should be */
    uint64_t left;   /* bytes of the present member, as its header says */
    int read_errno;  /* of a read(2) that failed; 0 */
    bool at_file_end, some_read, resync, ended, saw_end, cut;
    uint8_t block[READ_SIZE];
};

static la_ssize_t read_some(struct archive *archive, void *context, const void **data)
{
    struct rn_archive_reader *reader = context;
    ssize_t size;

    do
        size = read(reader->fd, reader->block, sizeof reader->block);
    while (size < 0 && errno == EINTR);
    if (size < 0) {
        reader->read_errno = errno;
        archive_set_error(archive, errno, "cannot read");
        return -1;
    }
    reader->at_file_end |= size == 0;
    reader->some_read |= size > 0;
    *data = reader->block;
    return size;
}

static enum rn_status open_handle(struct rn_archive_reader *reader, struct rn_error *err)
{
    archive_read_free(reader->archive);
    reader->archive = archive_read_new();
    if (reader->archive && archive_read_support_format_tar(reader->archive) == ARCHIVE_OK &&
        archive_read_open(reader->archive, reader, NULL, read_some, NULL) == ARCHIVE_OK)
        return RN_OK;
    /* Opening reads the first block already. Of an empty file there is none. */
    if (reader->archive && reader->at_file_end && !reader->some_read)
        return RN_OK;
    if (!reader->read_errno)
        return rn_fail(err, RN_E_FORMAT, "not a tar archive");
    errno = reader->read_errno;
    return rn_fail(err, RN_E_SYSTEM, "cannot read");
}

enum rn_status rn_archive_reader_new(int fd, const char *name, struct rn_archive_reader **out,
                                     struct rn_error *err)
{
    struct rn_archive_reader *reader = calloc(1, sizeof *reader);
    enum rn_status status;

    *out = NULL;
    if (!reader || !(reader->name = strdup(name))) {
        free(reader);
        return rn_fail(err, RN_E_NOMEM, "no memory for an archive reader");
    }
    reader->fd = fd;
    status = open_handle(reader, err);
    if (status != RN_OK) {
        rn_fail_in(err, name);
        rn_archive_reader_free(reader);
        return status;
    }
    *out = reader;
    return RN_OK;
}

void rn_archive_reader_free(struct rn_archive_reader *reader)
{
    if (!reader)
        return;
    archive_read_free(reader->archive);
    free(reader->name);
    free(reader);
}

bool rn_archive_reader_saw_end(const struct rn_archive_reader *reader)
{
    return reader->saw_end;
}

bool rn_archive_reader_cut(const struct rn_archive_reader *reader)
{
    return reader->cut;
}

static uint64_t consumed(const struct rn_archive_reader *reader)
{
    return reader->base + (uint64_t)archive_filter_bytes(reader->archive, 0);
}

/* Nothing can follow: the file could not be read, or ends where it should not. */
static enum rn_status give_up(struct rn_archive_reader *reader, const char *what,
                              struct rn_error *err)
{
    enum rn_status status = reader->read_errno ? RN_E_SYSTEM : RN_E_FORMAT;

    reader->ended = true;
    reader->cut = reader->at_file_end;
    errno = reader->read_errno;
    rn_fail(err, status, "%s", reader->read_errno ? "cannot read" : what);
    rn_fail_at(err, reader->name, reader->member);
    return status;
}

static enum rn_status damaged(struct rn_archive_reader *reader, struct rn_error *err)
{
    reader->resync = true;
    rn_fail(err, RN_E_FORMAT, "damaged tar header");
    rn_fail_at(err, reader->name, reader->member);
    return RN_E_FORMAT;
}

static void describe(struct rn_archive_reader *reader, struct archive_entry *entry,
                     struct rn_archive_member *member)
{
    const char *name = archive_entry_pathname(entry);
    int64_t size = archive_entry_size(entry);

    snprintf(member->name, sizeof member->name, "%s", name ? name : "");
    member->size = size > 0 ? (uint64_t)size : 0;
    member->offset = reader->base + (uint64_t)archive_read_header_position(reader->archive);
    member->data_offset = consumed(reader);
    member->end = member->data_offset + (member->size + 511) / 512 * 512;
    reader->member = member->offset;
    reader->left = member->size;
}

static enum rn_status end(struct rn_archive_reader *reader, bool regular)
{
    reader->ended = true;
    if (regular)
        reader->saw_end = consumed(reader) >
                          reader->base + (uint64_t)archive_read_header_position(reader->archive);
    return RN_EOF;
}

enum rn_status rn_archive_reader_next(struct rn_archive_reader *reader,
                                      struct rn_archive_member *member, struct rn_error *err)
{
    struct archive_entry *entry;
    int result;

    if (reader->ended)
        return RN_EOF;
    do
        result = archive_read_next_header(reader->archive, &entry);
    while (result == ARCHIVE_RETRY && reader->resync);
    if (result == ARCHIVE_OK || result == ARCHIVE_WARN) {
        reader->resync = false;
        describe(reader, entry, member);
        return RN_OK;
    }
    /* To libarchive an empty file is no archive. */
    if (result == ARCHIVE_EOF || (reader->at_file_end && !reader->some_read))
        return end(reader, result == ARCHIVE_EOF);
    if (result != ARCHIVE_RETRY)
        return give_up(reader,
                       reader->at_file_end ? "the archive is cut here" : "damaged tar header", err);
    reader->member = reader->base + (uint64_t)archive_read_header_position(reader->archive);
    return damaged(reader, err);
}

/* Where only the padding is missing the member is whole, and the last one. */
static enum rn_status end_early(struct rn_archive_reader *reader, bool whole, struct rn_error *err)
{
    enum rn_status status = give_up(reader, "the archive is cut inside this member", err);

    return whole && status == RN_E_FORMAT ? RN_OK : status;
}

enum rn_status rn_archive_reader_data(struct rn_archive_reader *reader, uint64_t limit,
                                      struct rn_buf *out, struct rn_error *err)
{
    uint64_t expected = reader->left;

    rn_buf_clear(out);
    if (expected > limit) {
        rn_fail(err, RN_E_LIMIT, "member of %llu bytes is over the limit of %llu",
                (unsigned long long)expected, (unsigned long long)limit);
        rn_fail_at(err, reader->name, reader->member);
        return RN_E_LIMIT;
    }
    for (;;) {
        const void *data;
        size_t size;
        la_int64_t at;
        int result = archive_read_data_block(reader->archive, &data, &size, &at);

        if (result == ARCHIVE_EOF)
            break;
        if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
            return end_early(reader, out->size == expected, err);
        if ((uint64_t)at != out->size || size > expected - out->size)
            return give_up(reader, "sparse member", err);
        rn_buf_append(out, data, size);
        if (out->failed)
            return rn_fail(err, RN_E_NOMEM, "no memory for a member of %llu bytes",
                           (unsigned long long)expected);
    }
    return out->size == expected ? RN_OK : end_early(reader, false, err);
}

enum rn_status rn_archive_reader_seek(struct rn_archive_reader *reader, uint64_t offset,
                                      struct rn_error *err)
{
    enum rn_status status;

    if (offset > INT64_MAX || lseek(reader->fd, (off_t)offset, SEEK_SET) < 0)
        return rn_fail(err, RN_E_USAGE, "%s: cannot seek to %llu", reader->name,
                       (unsigned long long)offset);
    reader->base = reader->member = offset;
    reader->read_errno = 0;
    reader->at_file_end = reader->some_read = reader->resync = reader->ended = reader->saw_end =
        reader->cut = false;
    status = open_handle(reader, err);
    if (status != RN_OK)
        rn_fail_at(err, reader->name, offset);
    return status;
}
