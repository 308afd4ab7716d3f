/* SPDX-License-Identifier: MIT */
#include "archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct rn_archive_writer {
    int fd;
    char *name;
    uint64_t offset;
    off_t origin;         /* file position of offset 0; meaningful where can_cut */
    bool can_cut;         /* a regular file that only this writer appends to */
    int broken;           /* errno of a write that could not be taken back: nothing may follow it */
    struct rn_buf member; /* what the next write will be */
};

enum rn_status rn_archive_writer_new(int fd, const char *name, uint64_t offset,
                                     struct rn_archive_writer **out, struct rn_error *err)
{
    struct rn_archive_writer *writer = calloc(1, sizeof *writer);
    struct stat st;
    off_t position;

    *out = NULL;
    if (!writer || !(writer->name = strdup(name))) {
        free(writer);
        return rn_fail(err, RN_E_NOMEM, "no memory for an archive writer");
    }
    writer->fd = fd;
    writer->offset = offset;
    position = lseek(fd, 0, SEEK_CUR);
    writer->origin = position - (off_t)offset;
    writer->can_cut = position >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
                      !(fcntl(fd, F_GETFL) & O_APPEND);
    *out = writer;
    return RN_OK;
}

void rn_archive_writer_free(struct rn_archive_writer *writer)
{
    if (!writer)
        return;
    rn_buf_free(&writer->member);
    free(writer->name);
    free(writer);
}

uint64_t rn_archive_writer_offset(const struct rn_archive_writer *writer)
{
    return writer->offset;
}

static la_ssize_t collect(struct archive *archive, void *context, const void *data, size_t size)
{
    struct rn_buf *member = context;

    rn_buf_append(member, data, size);
    if (!member->failed)
        return (la_ssize_t)size;
    archive_set_error(archive, ENOMEM, "no memory");
    return -1;
}

/* Every member gets a libarchive handle of its own: a write that failed leaves no state behind. */
static struct archive *open_member(struct rn_buf *member)
{
    struct archive *archive = archive_write_new();

    if (!archive)
        return NULL;
    rn_buf_clear(member);
    if (archive_write_set_format_pax_restricted(archive) == ARCHIVE_OK &&
        archive_write_set_bytes_per_block(archive, 0) == ARCHIVE_OK &&
        archive_write_open(archive, member, NULL, collect, NULL) == ARCHIVE_OK)
        return archive;
    archive_write_free(archive);
    return NULL;
}

static bool put_member(struct archive *archive, struct archive_entry *entry, const void *data,
                       size_t size)
{
    return archive_write_header(archive, entry) == ARCHIVE_OK &&
           (size == 0 || archive_write_data(archive, data, size) == (la_ssize_t)size) &&
           archive_write_finish_entry(archive) == ARCHIVE_OK;
}

static enum rn_status build(struct rn_archive_writer *writer, const char *member, const void *data,
                            size_t size, int64_t mtime_s, struct rn_error *err)
{
    struct archive *archive = open_member(&writer->member);
    struct archive_entry *entry = archive_entry_new();
    enum rn_status status = RN_OK;
    size_t whole = 0;

    if (!archive || !entry) {
        status = rn_fail(err, RN_E_NOMEM, "no memory for member %s", member);
        goto out;
    }
    archive_entry_set_pathname(entry, member);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, (la_int64_t)size);
    archive_entry_set_mtime(entry, (time_t)mtime_s, 0);
    if (!put_member(archive, entry, data, size))
        status = rn_fail(err, RN_E_NOMEM, "member %s: %s", member, archive_error_string(archive));
    whole = writer->member.size;
out:
    archive_entry_free(entry);
    archive_write_free(archive);
    /* Freeing has appended the end-of-archive blocks. */
    writer->member.size = whole;
    return status;
}

static enum rn_status cut_back(const struct rn_archive_writer *writer, struct rn_error *err)
{
    off_t position = writer->origin + (off_t)writer->offset;

    if (ftruncate(writer->fd, position) != 0 || lseek(writer->fd, position, SEEK_SET) < 0) {
        rn_fail(err, RN_E_SYSTEM, "cannot take back what was written in part");
        rn_fail_at(err, writer->name, writer->offset);
        return RN_E_SYSTEM;
    }
    return RN_OK;
}

/* Standard output may be a pipe that somebody else made non-blocking. */
static bool wait_writable(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};

    return poll(&poll_fd, 1, -1) >= 0 || errno == EINTR;
}

static bool write_all(int fd, const uint8_t *data, size_t size)
{
    while (size) {
        ssize_t written = write(fd, data, size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0 && errno == EAGAIN && wait_writable(fd))
            continue;
        if (written <= 0)
            return false;
        data += written;
        size -= (size_t)written;
    }
    return true;
}

static enum rn_status append(struct rn_archive_writer *writer, struct rn_error *err)
{
    int cause;

    errno = writer->broken;
    if (!writer->broken && write_all(writer->fd, writer->member.data, writer->member.size)) {
        writer->offset += writer->member.size;
        return RN_OK;
    }
    cause = errno;
    rn_fail(err, RN_E_SYSTEM, "cannot write");
    rn_fail_in(err, writer->name);
    if (!writer->can_cut || cut_back(writer, NULL) != RN_OK)
        writer->broken = cause ? cause : EIO;
    return RN_E_SYSTEM;
}

enum rn_status rn_archive_writer_add(struct rn_archive_writer *writer, const char *member,
                                     const void *data, size_t size, int64_t mtime_s,
                                     struct rn_error *err)
{
    enum rn_status status;

    if (size > RN_MEMBER_MAX)
        return rn_fail(err, RN_E_LIMIT, "member %s of %zu bytes is over the limit of %u", member,
                       size, RN_MEMBER_MAX);
    status = build(writer, member, data, size, mtime_s, err);
    return status == RN_OK ? append(writer, err) : status;
}

enum rn_status rn_archive_writer_finish(struct rn_archive_writer *writer, struct rn_error *err)
{
    struct archive *archive = open_member(&writer->member);
    int closed;

    if (!archive)
        return rn_fail(err, RN_E_NOMEM, "no memory to end an archive");
    closed = archive_write_close(archive);
    archive_write_free(archive);
    if (closed != ARCHIVE_OK)
        return rn_fail(err, RN_E_NOMEM, "no memory to end an archive");
    return append(writer, err);
}

enum rn_status rn_archive_writer_cut(struct rn_archive_writer *writer, uint64_t offset,
                                     struct rn_error *err)
{
    if (!writer->can_cut || offset > writer->offset)
        return rn_fail(err, RN_E_USAGE, "%s: nothing can be taken back", writer->name);
    writer->offset = offset;
    return cut_back(writer, err);
}
