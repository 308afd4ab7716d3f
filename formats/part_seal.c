/* SPDX-License-Identifier: MIT */
/* Sealing a recording whose recorder is gone: read it as any reader does, append what is not in the
 * archive file yet, then the index. */
#include "reader_private.h"
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define SEALED_BY   "rn_part_seal"
#define NANOSECONDS 1000000000ull

/* How long a lock is waited for, and how often it is tried. */
#define LOCK_WAIT_NS 900000000
#define LOCK_TRIES   90

struct sealing {
    char *part, *path, *file; /* directory, final name, the archive in the directory */
    int fd;
    struct rn_reader *reader;
    struct rn_archive_writer *archive; /* made when there is something to append */
    uint64_t end;                      /* of the archive as it was found, but for a cut member */
    int64_t mtime_s;
};

static enum rn_status set_names(struct sealing *sealing, const char *part, struct rn_error *err)
{
    size_t size = strlen(part), suffix = strlen(RN_PART_SUFFIX);

    while (size > 1 && part[size - 1] == '/')
        size--;
    if (size <= suffix || memcmp(part + size - suffix, RN_PART_SUFFIX, suffix) != 0)
        return rn_fail(
            err, RN_E_USAGE,
            "%s is no directory of an unsealed recording: its name ends in " RN_PART_SUFFIX, part);
    sealing->part = strndup(part, size);
    sealing->path = strndup(part, size - suffix);
    sealing->file = sealing->part ? rn_part_file(sealing->part, RN_PART_ARCHIVE) : NULL;
    if (sealing->part && sealing->path && sealing->file)
        return RN_OK;
    return rn_fail(err, RN_E_NOMEM, "no memory to seal a recording");
}

/* A recorder that was killed while it started a program leaves a process behind that has the lock,
 * too, until it has died after it. */
static bool take_lock(int fd)
{
    const struct timespec wait = {.tv_nsec = LOCK_WAIT_NS / LOCK_TRIES};

    for (unsigned i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return true;
        nanosleep(&wait, NULL);
    }
    return false;
}

static enum rn_status take(struct sealing *sealing, struct rn_error *err)
{
    enum rn_status status = rn_part_open(sealing->file, O_RDWR, &sealing->fd, err);

    if (status != RN_OK)
        return status;
    if (!take_lock(sealing->fd))
        return rn_fail(err, RN_E_USAGE, "%s is being recorded at this moment: end that first",
                       sealing->part);
    return RN_OK;
}

/* Behind the last whole member: what a recorder appended in part is in the rings. */
static enum rn_status open_archive(struct sealing *sealing, struct rn_error *err)
{
    if (sealing->archive)
        return RN_OK;
    sealing->end = sealing->reader->archive_end;
    if (ftruncate(sealing->fd, (off_t)sealing->end) != 0 ||
        lseek(sealing->fd, (off_t)sealing->end, SEEK_SET) < 0) {
        rn_fail(err, RN_E_SYSTEM, "cannot cut the archive to its whole members");
        rn_fail_at(err, sealing->file, sealing->end);
        return RN_E_SYSTEM;
    }
    return rn_archive_writer_new(sealing->fd, sealing->file, sealing->end, &sealing->archive, err);
}

static enum rn_status store(void *context, uint32_t number, const struct rn_buf *data,
                            uint64_t *offset, struct rn_error *err)
{
    struct sealing *sealing = context;
    enum rn_status status = open_archive(sealing, err);
    char name[32];

    if (status != RN_OK)
        return status;
    snprintf(name, sizeof name, RN_MEMBER_EVENTS "%06u.rnc", number);
    *offset = rn_archive_writer_offset(sealing->archive);
    return rn_archive_writer_add(sealing->archive, name, data->data, data->size, sealing->mtime_s,
                                 err);
}

/* Damage takes nothing away from what can be read, and leaves the number of lost events unknown. */
static enum rn_status read_all(struct sealing *sealing, struct rn_error *err)
{
    struct rn_reader *reader = sealing->reader;
    struct rn_error damage = RN_ERROR_INIT;
    struct rn_batch batch;
    enum rn_status status;

    while ((status = rn_reader_next(reader, &batch, &damage)) != RN_EOF) {
        if (status == RN_E_FORMAT || status == RN_E_LIMIT) {
            reader->seen.lost = UINT64_MAX;
        } else if (status != RN_OK) {
            if (err)
                *err = damage;
            return status;
        }
    }
    return RN_OK;
}

static enum rn_status append_index(struct sealing *sealing, struct rn_error *err)
{
    struct rn_index *index = &sealing->reader->seen;
    struct rn_buf json = RN_BUF_INIT;
    enum rn_status status;

    if (!index->end.ticks)
        index->end.ticks = sealing->reader->recovery.latest;
    index->sealed_by = strdup(SEALED_BY);
    if (!index->sealed_by)
        return rn_fail(err, RN_E_NOMEM, "no memory to seal a recording");
    status = rn_index_to_json(index, &json, err);
    if (status == RN_OK)
        status = rn_archive_writer_add(sealing->archive, RN_MEMBER_INDEX, json.data, json.size,
                                       sealing->mtime_s, err);
    rn_buf_free(&json);
    return status;
}

static enum rn_status complete(struct sealing *sealing, struct rn_error *err)
{
    bool saw_index = sealing->reader->saw_index;
    enum rn_status status;

    /* The recorder died between the last write and the renaming. */
    if (saw_index && rn_archive_reader_saw_end(sealing->reader->archive))
        return RN_OK;
    status = open_archive(sealing, err);
    if (status == RN_OK && !saw_index)
        status = append_index(sealing, err);
    return status == RN_OK ? rn_archive_writer_finish(sealing->archive, err) : status;
}

static enum rn_status rename_part(const struct sealing *sealing, struct rn_error *err)
{
    if (rename(sealing->file, sealing->path) != 0) {
        rn_fail(err, RN_E_SYSTEM, "cannot rename %s to this", sealing->file);
        rn_fail_in(err, sealing->path);
        return RN_E_SYSTEM;
    }
    rn_part_remove(sealing->part);
    return RN_OK;
}

static enum rn_status seal(struct sealing *sealing, struct rn_error *err)
{
    enum rn_status status = rn_reader_open(sealing->part, &sealing->reader, err);

    if (status != RN_OK)
        return status;
    /* The lock that the reader has found is the one taken here. */
    sealing->reader->live = false;
    sealing->reader->store = store;
    sealing->reader->store_context = sealing;
    sealing->mtime_s = (int64_t)(sealing->reader->manifest.start.realtime_ns / NANOSECONDS);
    status = read_all(sealing, err);
    if (status == RN_OK)
        status = complete(sealing, err);
    if (status != RN_OK && sealing->archive &&
        rn_archive_writer_cut(sealing->archive, sealing->end, NULL) != RN_OK)
        status = rn_fail(err, RN_E_SYSTEM, "%s: cannot take back what was appended", sealing->file);
    return status == RN_OK ? rename_part(sealing, err) : status;
}

enum rn_status rn_part_seal(const char *part, char **out_path, struct rn_error *err)
{
    struct sealing sealing = {.fd = -1};
    enum rn_status status = set_names(&sealing, part, err);

    *out_path = NULL;
    if (status == RN_OK)
        status = take(&sealing, err);
    if (status == RN_OK)
        status = seal(&sealing, err);
    if (status == RN_OK) {
        *out_path = sealing.path;
        sealing.path = NULL;
    }
    rn_reader_free(sealing.reader);
    rn_archive_writer_free(sealing.archive);
    if (sealing.fd >= 0)
        close(sealing.fd);
    free(sealing.part);
    free(sealing.path);
    free(sealing.file);
    return status;
}
