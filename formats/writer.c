/* SPDX-License-Identifier: MIT */
#include "writer_private.h"

#include "ring_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_SEGMENT_BYTES (8u << 20)
#define MIN_LAST_SEGMENT      (256u << 10)
#define NANOSECONDS           1000000000ull

static void set_options(struct rn_writer *writer, const struct rn_writer_options *options)
{
    if (options)
        writer->options = *options;
    if (writer->options.copies)
        writer->options.segment_bytes = UINT64_MAX;
    if (writer->options.segment_bytes)
        return;
    writer->options.segment_bytes = DEFAULT_SEGMENT_BYTES;
    if (writer->options.keep_last) {
        uint64_t eighth = writer->options.keep_last / 8;

        if (eighth < DEFAULT_SEGMENT_BYTES)
            writer->options.segment_bytes = eighth > MIN_LAST_SEGMENT ? eighth : MIN_LAST_SEGMENT;
    }
}

static enum rn_status set_names(struct rn_writer *writer, const char *path, struct rn_error *err)
{
    bool piped = strcmp(path, "-") == 0;
    struct stat st;

    if (!*path)
        return rn_fail(err, RN_E_USAGE, "the archive has an empty name: name a file to write");
    writer->path = strdup(path);
    if (!writer->path || (!piped && asprintf(&writer->part, "%s" RN_PART_SUFFIX, path) < 0)) {
        writer->part = NULL;
        return rn_fail(err, RN_E_NOMEM, "no memory for a writer");
    }
    if (!piped && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return rn_fail(err, RN_E_USAGE, "%s is a directory: name a file to write", path);
    if (piped && writer->options.keep_last)
        return rn_fail(err, RN_E_USAGE,
                       "only the newest part can be kept in a file, not in a pipe: name a file");
    return RN_OK;
}

static enum rn_status put_manifest(struct rn_writer *writer, const struct rn_manifest *manifest,
                                   struct rn_error *err)
{
    enum rn_status status;

    writer->creator = manifest->creator ? strdup(manifest->creator) : NULL;
    writer->mtime_s = (int64_t)(manifest->start.realtime_ns / NANOSECONDS);
    writer->tick_unit = manifest->tick_unit;
    writer->tick_shift = manifest->tick_shift;
    writer->start = manifest->start;
    rn_buf_clear(&writer->member);
    status = rn_manifest_to_json(manifest, &writer->member, err);
    if (status != RN_OK)
        return status;
    return rn_writer_add_file(writer, RN_MEMBER_MANIFEST, writer->member.data, writer->member.size,
                              err);
}

static enum rn_status open_output(struct rn_writer *writer, struct rn_error *err)
{
    if (writer->part)
        return rn_writer_open_part(writer, err);
    writer->fd = STDOUT_FILENO;
    return rn_archive_writer_new(writer->fd, "standard output", 0, &writer->archive, err);
}

enum rn_status rn_writer_new(const char *path, const struct rn_manifest *manifest,
                             const struct rn_writer_options *options, struct rn_writer **out,
                             struct rn_error *err)
{
    struct rn_writer *writer = calloc(1, sizeof *writer);
    enum rn_status status;

    *out = NULL;
    if (!writer)
        return rn_fail(err, RN_E_NOMEM, "no memory for a writer");
    writer->fd = writer->segment_fd = -1;
    writer->segment_due = true;
    set_options(writer, options);
    writer->commit_end_ns = rn_writer_now_ns();
    status = set_names(writer, path, err);
    if (status == RN_OK)
        status = rn_member_encoder_new(writer->options.zstd_level, &writer->streams,
                                       &writer->encoder, err);
    if (status == RN_OK)
        status = open_output(writer, err);
    if (status == RN_OK) {
        status = put_manifest(writer, manifest, err);
        if (status != RN_OK)
            rn_writer_discard(writer);
    }
    if (status != RN_OK) {
        rn_writer_free(writer);
        return status;
    }
    *out = writer;
    return RN_OK;
}

void rn_writer_free(struct rn_writer *writer)
{
    if (!writer)
        return;
    rn_writer_close_segment_file(writer);
    free(writer->segments);
    rn_archive_writer_free(writer->archive);
    if (writer->part && writer->fd >= 0)
        close(writer->fd);
    rn_member_encoder_free(writer->encoder);
    rn_stream_map_free(&writer->streams);
    rn_buf_free(&writer->member);
    rn_index_clear(&writer->index);
    free(writer->creator);
    free(writer->part);
    free(writer->path);
    free(writer);
}

void rn_writer_discard(struct rn_writer *writer)
{
    if (writer->part && writer->fd >= 0)
        rn_part_remove(writer->part);
}

const char *rn_writer_part(const struct rn_writer *writer)
{
    return writer->part;
}

static enum rn_status put_stream(struct rn_writer *writer, uint32_t number,
                                 const struct rn_stream *stream, const char *name,
                                 struct rn_error *err)
{
    struct rn_stream_entry *entry;
    char *copy = name ? strdup(name) : NULL;
    enum rn_status status;

    if (name && !copy)
        return rn_fail(err, RN_E_NOMEM, "no memory for a stream");
    status = rn_stream_map_get(&writer->streams, number, &entry, err);
    if (status != RN_OK) {
        free(copy);
        return status;
    }
    free(entry->name);
    entry->ended = false;
    entry->described = true;
    entry->info = *stream;
    entry->info.id = number;
    entry->name = copy;
    return RN_OK;
}

enum rn_status rn_writer_add_numbered(struct rn_writer *writer, const struct rn_stream *stream,
                                      const char *name, struct rn_error *err)
{
    const struct rn_stream_entry *entry =
        rn_stream_map_find(&writer->streams, (uint32_t)stream->id);

    if (entry && entry->described && !entry->ended)
        return rn_fail(err, RN_E_USAGE, "there is a stream %u already", entry->id);
    return put_stream(writer, (uint32_t)stream->id, stream, name, err);
}

enum rn_status rn_writer_add_stream(struct rn_writer *writer, const struct rn_stream *stream,
                                    const char *name, uint64_t *id, struct rn_error *err)
{
    enum rn_status status;

    if (writer->last_stream + 1 >= RN_STREAM_QUEUES)
        return rn_fail(err, RN_E_LIMIT, "more than %u streams", RN_STREAM_QUEUES - 1);
    status = put_stream(writer, writer->last_stream + 1, stream, name, err);
    if (status == RN_OK)
        *id = ++writer->last_stream;
    return status;
}

void rn_writer_end_stream(struct rn_writer *writer, uint64_t id)
{
    struct rn_stream_entry *entry =
        id <= UINT32_MAX ? rn_stream_map_find(&writer->streams, (uint32_t)id) : NULL;

    if (!entry || entry->ended)
        return;
    entry->ended = true;
    entry->age = writer->commits;
}

uint64_t rn_writer_pending(const struct rn_writer *writer)
{
    return rn_member_pending(writer->encoder);
}

void rn_writer_begin_segment(struct rn_writer *writer)
{
    writer->segment_due = true;
}

bool rn_writer_segment_due(const struct rn_writer *writer)
{
    return writer->segment_due;
}

uint64_t rn_writer_lost(const struct rn_writer *writer)
{
    return writer->lost;
}

bool rn_writer_commit_due(const struct rn_writer *writer)
{
    return rn_writer_pending(writer) >= RN_MEMBER_EVENTS_AIM ||
           rn_member_pending_bytes(writer->encoder) >= RN_MEMBER_BYTES_AIM;
}

/* A full disk has been counted by the commit; the caller hears of it when it commits or seals. */
static enum rn_status commit_if_due(struct rn_writer *writer, struct rn_error *err)
{
    enum rn_status status;

    if (writer->manual || writer->options.manual_commit || !rn_writer_commit_due(writer))
        return RN_OK;
    status = rn_writer_commit(writer, NULL, err);
    return status == RN_E_SYSTEM || status == RN_E_LIMIT ? RN_OK : status;
}

static void note_end(struct rn_writer *writer, uint64_t start, uint64_t duration)
{
    uint64_t end = start + duration;

    if (end < start)
        end = UINT64_MAX;
    if (end > writer->latest)
        writer->latest = end;
}

enum rn_status rn_writer_add(struct rn_writer *writer, const struct rn_event *event,
                             struct rn_error *err)
{
    struct rn_stream_entry *entry = rn_stream_map_find(&writer->streams, event->stream);
    bool counted = !(event->flags & RN_EVENT_SNAPSHOT);
    enum rn_status status = commit_if_due(writer, err);
    uint64_t ordinal;

    if (status == RN_OK && event->kind == RN_KIND_DEVICE_CLOCK)
        return rn_member_add(writer->encoder, event, 0, err);
    if (status == RN_OK && event->stream == 0)
        status = rn_stream_map_get(&writer->streams, 0, &entry, err);
    if (status != RN_OK)
        return status;
    if (!entry)
        return rn_fail(err, RN_E_USAGE, "event of stream %u, which was not added or has ended",
                       event->stream);
    if (writer->options.copies && event->ordinal != RN_WRITER_NEXT)
        ordinal = event->ordinal;
    else
        ordinal = counted ? entry->next_ordinal : 0;
    status = rn_member_add(writer->encoder, event, ordinal, err);
    if (status != RN_OK)
        return status;
    if (counted && ordinal >= entry->next_ordinal)
        entry->next_ordinal = ordinal + 1;
    note_end(writer, event->start, event->duration);
    return RN_OK;
}

static enum rn_status add_new_record(struct rn_writer *writer, const uint8_t *bytes, size_t size,
                                     struct rn_error *err)
{
    struct rn_event event;
    enum rn_status status = rn_record_decode(bytes, size, &event, writer->attachments, &size, err);

    if (status == RN_OK)
        status = rn_writer_add(writer, &event, err);
    /* Of a snapshot there is but one. */
    if (status == RN_OK && !(event.flags & RN_EVENT_SNAPSHOT))
        rn_member_remember(writer->encoder, bytes, size);
    return status;
}

enum rn_status rn_writer_add_record(struct rn_writer *writer, const uint8_t *bytes, size_t size,
                                    struct rn_error *err)
{
    struct rn_stream_entry *entry;
    struct rn_record record;
    enum rn_status status;

    if (size < sizeof record)
        return rn_fail(err, RN_E_FORMAT, "record header is cut");
    memcpy(&record, bytes, sizeof record);
    entry = rn_stream_map_find(&writer->streams, record.stream);
    status = entry ? rn_member_add_alike(writer->encoder, bytes, size, entry->next_ordinal, err)
                   : RN_EOF;
    if (status == RN_EOF)
        return add_new_record(writer, bytes, size, err);
    if (status != RN_OK)
        return status;
    entry->next_ordinal++;
    note_end(writer, record.start, record.duration);
    return commit_if_due(writer, err);
}

enum rn_status rn_writer_add_file(struct rn_writer *writer, const char *member, const void *data,
                                  size_t size, struct rn_error *err)
{
    return rn_archive_writer_add(writer->archive, member, data, size, writer->mtime_s, err);
}

void rn_writer_set_status(struct rn_writer *writer, int wait_status)
{
    writer->index.has_status = true;
    writer->index.status = wait_status;
}
