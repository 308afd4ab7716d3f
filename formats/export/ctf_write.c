/* SPDX-License-Identifier: MIT */
#include "ctf_write.h"

#include "ctf_write_private.h"
#include "formats/event_schema.h"
#include "formats/id_map.h"
#include "formats/spill_sort.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC       0xC1FC1FC1u /* of a packet; the CTF specification, 5.1 */
#define PACKET_HEAD (24u + 48u)
#define STREAM_FILE "stream"

struct rn_ctf_writer {
    const struct rn_manifest *manifest;
    const char *creator;
    char *path, *directory;
    struct rn_spill_sort *sort;
    uint64_t earliest, order;
    uint64_t dropped; /* times before 1970 or after all time */
    uint8_t used[CTF_IDS];
    struct rn_id_map streams; /* those that are told, by number: the writer itself */
    /* Of the packet at hand. */
    struct rn_buf packet;
    uint64_t first, last, sequence, discarded;
    int fd;
    bool kept; /* finished */
};

static enum rn_status no_memory(struct rn_error *err)
{
    return rn_fail(err, RN_E_NOMEM, "out of memory");
}

/* A name beside `path`, so that a rename is all that is left to do. */
static enum rn_status make_directory(struct rn_ctf_writer *writer, struct rn_error *err)
{
    size_t length = strlen(writer->path);
    while (length > 1 && writer->path[length - 1] == '/')
        writer->path[--length] = 0;
    if (asprintf(&writer->directory, "%s.XXXXXX", writer->path) < 0) {
        writer->directory = NULL;
        return no_memory(err);
    }
    if (!mkdtemp(writer->directory)) {
        free(writer->directory);
        writer->directory = NULL;
        rn_fail(err, RN_E_SYSTEM, "cannot make a directory");
        return rn_fail_in(err, writer->path);
    }
    mode_t mask = umask(0);
    umask(mask);
    if (chmod(writer->directory, 0777 & ~mask) < 0)
        return rn_fail(err, RN_E_SYSTEM, "cannot set the mode of a directory");
    return RN_OK;
}

static enum rn_status open_in(const struct rn_ctf_writer *writer, const char *name, int *fd,
                              struct rn_error *err)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", writer->directory, name) < 0)
        return no_memory(err);
    *fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    free(path);
    if (*fd >= 0)
        return RN_OK;
    rn_fail(err, RN_E_SYSTEM, "cannot write");
    return rn_fail_in(err, writer->path);
}

/* Nothing of that name may be there, but for an empty directory, which goes. */
static enum rn_status make_place(const char *path, struct rn_error *err)
{
    struct stat info;
    if (!*path)
        return rn_fail(err, RN_E_USAGE, "a CTF trace is a directory: name one");
    if (lstat(path, &info) < 0)
        return errno == ENOENT ? RN_OK : rn_fail(err, RN_E_SYSTEM, "cannot look for it");
    if (S_ISDIR(info.st_mode) && rmdir(path) == 0)
        return RN_OK;
    if (S_ISDIR(info.st_mode) && errno != ENOTEMPTY && errno != EEXIST)
        return rn_fail(err, RN_E_SYSTEM, "cannot replace this directory");
    return rn_fail(err, RN_E_USAGE, "is there already: a CTF trace is a new directory");
}

enum rn_status rn_ctf_writer_new(const char *path, const struct rn_manifest *manifest,
                                 const char *creator, struct rn_ctf_writer **out,
                                 struct rn_error *err)
{
    *out = NULL;
    enum rn_status status = make_place(path, err);
    if (status != RN_OK)
        return rn_fail_in(err, path);
    struct rn_ctf_writer *writer = calloc(1, sizeof(*writer));
    if (!writer)
        return no_memory(err);
    writer->fd = -1;
    writer->manifest = manifest;
    writer->creator = creator;
    writer->earliest = UINT64_MAX;
    writer->path = strdup(path);
    writer->sort = rn_spill_sort_new(RN_CTF_WRITE_BUDGET);
    status = writer->path && writer->sort ? make_directory(writer, err) : no_memory(err);
    if (status == RN_OK)
        status = open_in(writer, STREAM_FILE, &writer->fd, err);
    if (status == RN_OK)
        *out = writer;
    else
        rn_ctf_writer_free(writer);
    return status;
}

static void remove_directory(const struct rn_ctf_writer *writer)
{
    static const char *const names[] = {STREAM_FILE, "metadata"};
    char *path;
    for (size_t i = 0; i < 2; i++)
        if (asprintf(&path, "%s/%s", writer->directory, names[i]) >= 0) {
            unlink(path);
            free(path);
        }
    rmdir(writer->directory);
}

void rn_ctf_writer_free(struct rn_ctf_writer *writer)
{
    if (!writer)
        return;
    if (writer->fd >= 0)
        close(writer->fd);
    if (writer->directory && !writer->kept)
        remove_directory(writer);
    rn_spill_sort_free(writer->sort);
    rn_buf_free(&writer->packet);
    rn_id_map_free(&writer->streams);
    free(writer->directory);
    free(writer->path);
    free(writer);
}

const char *rn_ctf_writer_directory(const struct rn_ctf_writer *writer)
{
    return writer->directory;
}

void rn_ctf_writer_notes(const struct rn_ctf_writer *writer, rn_ctf_note_fn *note, void *context)
{
    if (writer->dropped)
        note(context, "events at times that CTF cannot tell", writer->dropped);
}

/* *fresh: it was not told before. */
static enum rn_status tell_stream(struct rn_ctf_writer *writer, uint64_t id, bool *fresh,
                                  struct rn_error *err)
{
    if (id > UINT32_MAX)
        return rn_fail(err, RN_E_FORMAT, "a stream of number %llu", (unsigned long long)id);
    *fresh = !rn_id_map_get(&writer->streams, id);
    if (*fresh && !rn_id_map_set(&writer->streams, id, writer))
        return no_memory(err);
    return RN_OK;
}

typedef void encode_fn(struct rn_buf *, const struct rn_event *, uint64_t, uint64_t);

static enum rn_status add(struct rn_ctf_writer *writer, uint64_t ns, encode_fn *encode,
                          const struct rn_event *event, uint64_t pid, uint64_t tid,
                          struct rn_error *err)
{
    struct rn_buf *piece = rn_spill_sort_begin(writer->sort, err);
    if (!piece)
        return err->status;
    size_t before = piece->size;
    encode(piece, event, pid, tid);
    if (piece->failed)
        return no_memory(err);
    uint32_t id;
    memcpy(&id, piece->data + before, sizeof(id));
    writer->used[le32toh(id)] = 1;
    return rn_spill_sort_add(writer->sort, ns, writer->order++, err);
}

enum rn_status rn_ctf_writer_add(struct rn_ctf_writer *writer, const struct rn_event *event,
                                 uint64_t pid, uint64_t tid, struct rn_error *err)
{
    uint64_t end = event->start + event->duration;
    enum rn_status status;
    bool fresh = true;
    if (event->kind == RN_KIND_STREAM) {
        status = tell_stream(writer, event->u.stream_info.id, &fresh, err);
        if (status != RN_OK || !fresh)
            return status;
        struct rn_event row = *event;
        row.stream = (uint32_t)event->u.stream_info.id;
        /* Before all events; it is given the time of the first. */
        return add(writer, 0, rn_ctf_encode_event, &row, pid, tid, err);
    }
    if (event->start == 0 || end > INT64_MAX || end < event->start) {
        writer->dropped++;
        return RN_OK;
    }
    if (event->start < writer->earliest)
        writer->earliest = event->start;
    if (event->kind != RN_KIND_SYSCALL)
        return add(writer, event->start, rn_ctf_encode_event, event, pid, tid, err);
    status = add(writer, event->start, rn_ctf_encode_begin, event, pid, tid, err);
    return status == RN_OK ? add(writer, end, rn_ctf_encode_end, event, pid, tid, err) : status;
}

static enum rn_status write_bytes(const struct rn_ctf_writer *writer, int fd,
                                  const struct rn_buf *buf, struct rn_error *err)
{
    size_t done = 0;
    if (buf->failed)
        return no_memory(err);
    while (done < buf->size) {
        ssize_t count = write(fd, buf->data + done, buf->size - done);
        if (count < 0 && errno != EINTR) {
            rn_fail(err, RN_E_SYSTEM, "cannot write");
            return rn_fail_in(err, writer->path);
        }
        if (count > 0)
            done += (size_t)count;
    }
    return RN_OK;
}

static enum rn_status end_packet(struct rn_ctf_writer *writer, struct rn_error *err)
{
    struct rn_buf head = RN_BUF_INIT;
    if (writer->packet.size <= PACKET_HEAD)
        return RN_OK;
    rn_buf_u32(&head, MAGIC);
    rn_buf_append(&head, writer->manifest->uuid, 16);
    rn_buf_u32(&head, 0);
    rn_buf_u64(&head, writer->first);
    rn_buf_u64(&head, writer->last);
    rn_buf_u64(&head, writer->packet.size * 8ull); /* bits */
    rn_buf_u64(&head, writer->packet.size * 8ull);
    rn_buf_u64(&head, writer->sequence++);
    rn_buf_u64(&head, writer->discarded);
    if (!head.failed && !writer->packet.failed)
        memcpy(writer->packet.data, head.data, PACKET_HEAD);
    writer->packet.failed |= head.failed;
    rn_buf_free(&head);
    enum rn_status status = write_bytes(writer, writer->fd, &writer->packet, err);
    rn_buf_clear(&writer->packet);
    return status;
}

/* Where a loss says how many: behind the duration, the flags and the kind. */
#define LOSS_COUNT (CTF_EVENT_HEAD + 8 + 4 + 8)

static uint64_t number_at(const uint8_t *bytes, size_t at)
{
    uint64_t value;
    memcpy(&value, bytes + at, sizeof(value));
    return le64toh(value);
}

static enum rn_status write_piece(struct rn_ctf_writer *writer, const uint8_t *bytes, size_t size,
                                  struct rn_error *err)
{
    static const uint8_t empty[PACKET_HEAD];
    uint64_t ns = number_at(bytes, CTF_EVENT_TIME);
    uint64_t time = ns > writer->earliest ? ns - writer->earliest : 0;
    bool is_loss = bytes[0] == RN_KIND_LOSS && !bytes[1] && size >= LOSS_COUNT + 8;
    /* Readers take it that what is lost is lost between packets. */
    enum rn_status status = is_loss ? end_packet(writer, err) : RN_OK;
    if (status != RN_OK)
        return status;
    if (!writer->packet.size) {
        rn_buf_append(&writer->packet, empty, sizeof(empty));
        writer->first = time;
    }
    writer->last = time;
    if (is_loss)
        writer->discarded += number_at(bytes, LOSS_COUNT);
    rn_buf_append(&writer->packet, bytes, CTF_EVENT_TIME);
    rn_buf_u64(&writer->packet, time);
    rn_buf_append(&writer->packet, bytes + CTF_EVENT_TIME + 8, size - CTF_EVENT_TIME - 8);
    return writer->packet.size < RN_CTF_PACKET_BYTES ? RN_OK : end_packet(writer, err);
}

static enum rn_status write_metadata(struct rn_ctf_writer *writer, struct rn_error *err)
{
    struct rn_buf text = RN_BUF_INIT;
    const struct ctf_metadata metadata = {.manifest = writer->manifest,
                                          .creator = writer->creator,
                                          .zero = writer->earliest,
                                          .used = writer->used};
    int fd = -1;
    rn_ctf_write_metadata(&text, &metadata);
    enum rn_status status = open_in(writer, "metadata", &fd, err);
    if (status == RN_OK)
        status = write_bytes(writer, fd, &text, err);
    if (fd >= 0 && close(fd) < 0 && status == RN_OK)
        status = rn_fail(err, RN_E_SYSTEM, "cannot write");
    rn_buf_free(&text);
    return status;
}

enum rn_status rn_ctf_writer_finish(struct rn_ctf_writer *writer, struct rn_error *err)
{
    const uint8_t *bytes;
    size_t size;
    enum rn_status status;
    if (writer->earliest == UINT64_MAX)
        writer->earliest = writer->manifest->start.realtime_ns;
    while ((status = rn_spill_sort_next(writer->sort, &bytes, &size, err)) == RN_OK)
        if ((status = write_piece(writer, bytes, size, err)) != RN_OK)
            return status;
    if (status == RN_EOF)
        status = end_packet(writer, err);
    if (status == RN_OK)
        status = write_metadata(writer, err);
    if (status != RN_OK)
        return status;
    int fd = writer->fd;
    writer->fd = -1;
    if (close(fd) < 0 || rename(writer->directory, writer->path) < 0) {
        rn_fail(err, RN_E_SYSTEM, "cannot write");
        return rn_fail_in(err, writer->path);
    }
    writer->kept = true;
    return RN_OK;
}
