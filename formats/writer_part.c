/* SPDX-License-Identifier: MIT */
/* Making the directory of a recording, and telling a stale one from one that matters. */
#include "writer_private.h"

#include "ring_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether the archive has event members; its manifest, for the check of the rings. */
static bool archive_has_events(int fd, const char *part, struct rn_manifest *manifest,
                               bool *has_manifest)
{
    struct rn_archive_reader *reader = NULL;
    struct rn_archive_member member;
    struct rn_buf data = RN_BUF_INIT;
    bool found = false;

    *has_manifest = false;
    if (rn_archive_reader_new(fd, part, &reader, NULL) != RN_OK)
        return false;
    while (!found && rn_archive_reader_next(reader, &member, NULL) == RN_OK) {
        found = strncmp(member.name, RN_MEMBER_EVENTS, strlen(RN_MEMBER_EVENTS)) == 0;
        if (!*has_manifest && strcmp(member.name, RN_MEMBER_MANIFEST) == 0 &&
            rn_archive_reader_data(reader, RN_MEMBER_MAX, &data, NULL) == RN_OK) {
            *has_manifest = rn_manifest_from_json(data.data, data.size, manifest, NULL) == RN_OK;
            if (!*has_manifest)
                rn_manifest_clear(manifest);
        }
    }
    rn_archive_reader_free(reader);
    rn_buf_free(&data);
    return found;
}

static bool rings_have_events(const char *part, const uint8_t uuid[16])
{
    char *path = rn_part_file(part, RN_PART_RINGS);
    struct rn_ring_remains *remains = NULL;
    struct rn_event event;
    bool found = path && rn_ring_remains_open(path, uuid, &remains, NULL) == RN_OK &&
                 rn_ring_remains_next(remains, NULL, 0, &event, NULL) == RN_OK;

    rn_ring_remains_free(remains);
    free(path);
    return found;
}

enum contents {
    NOTHING,   /* that would be missed */
    EVENTS,    /* that are nowhere else */
    NOT_KNOWN, /* an archive that is none of ours */
};

static enum contents contents_of(int fd, const char *part)
{
    struct rn_manifest manifest;
    bool has_manifest = false, found;
    char **segments = NULL;
    struct stat info;

    if (rn_part_segments(part, &segments, NULL) != RN_OK)
        return EVENTS;
    found = segments[0] || archive_has_events(fd, part, &manifest, &has_manifest);
    if (has_manifest) {
        found = found || rings_have_events(part, manifest.uuid);
        rn_manifest_clear(&manifest);
    }
    rn_part_free_segments(segments);
    if (found)
        return EVENTS;
    return !has_manifest && fstat(fd, &info) == 0 && info.st_size > 0 ? NOT_KNOWN : NOTHING;
}

/* A directory that somebody else made, in /tmp, may change under us; so may what a link leads to.
 */
static enum rn_status check_owner(const char *part, struct rn_error *err)
{
    struct stat info;

    if (lstat(part, &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == geteuid())
        return RN_OK;
    rn_fail(err, RN_E_USAGE, "is there and is not yours, or no directory: choose another output");
    rn_fail_in(err, part);
    return RN_E_USAGE;
}

static enum rn_status take(struct rn_writer *writer, bool existed, struct rn_error *err)
{
    if (flock(writer->fd, LOCK_EX | LOCK_NB) != 0)
        return rn_fail(err, RN_E_USAGE,
                       "%s is being recorded at this moment: choose another output", writer->path);
    if (!existed)
        return RN_OK;
    switch (contents_of(writer->fd, writer->part)) {
    case EVENTS:
        return rn_fail(err, RN_E_USAGE,
                       "%s holds a recording that was not sealed: seal it with 'rn-info --seal "
                       "%s', or remove that directory",
                       writer->part, writer->part);
    case NOT_KNOWN:
        return rn_fail(err, RN_E_USAGE,
                       "%s/" RN_PART_ARCHIVE
                       " is no recording: remove it, or choose another output",
                       writer->part);
    case NOTHING:
        break;
    }
    rn_part_empty(writer->part);
    if (ftruncate(writer->fd, 0) == 0 && lseek(writer->fd, 0, SEEK_SET) == 0)
        return RN_OK;
    rn_fail(err, RN_E_SYSTEM, "cannot empty");
    rn_fail_in(err, writer->part);
    return RN_E_SYSTEM;
}

static enum rn_status cannot_create(const char *path, struct rn_error *err)
{
    rn_fail(err, RN_E_SYSTEM, "cannot create");
    rn_fail_in(err, path);
    return RN_E_SYSTEM;
}

enum rn_status rn_writer_open_part(struct rn_writer *writer, struct rn_error *err)
{
    bool existed = mkdir(writer->part, 0700) != 0;
    enum rn_status status;
    char *path;

    if (existed && errno != EEXIST)
        return cannot_create(writer->part, err);
    if (existed && check_owner(writer->part, err) != RN_OK)
        return RN_E_USAGE;
    path = rn_part_file(writer->part, RN_PART_ARCHIVE);
    if (!path)
        return rn_fail(err, RN_E_NOMEM, "no memory for a writer");
    status = rn_part_open(path, O_RDWR | O_CREAT, &writer->fd, err);
    if (status == RN_OK)
        status = take(writer, existed, err);
    if (status == RN_OK)
        status = rn_archive_writer_new(writer->fd, path, 0, &writer->archive, err);
    free(path);
    return status;
}
