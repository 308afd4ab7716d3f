/* SPDX-License-Identifier: MIT */
#include "formats/fnv.h"
#include "formats/record_encode.h"
#include "import_private.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS    65536u
#define IMAGE_MAX  4096u /* bytes that are restated of a process */
#define NAME_BYTES 256u

enum { KEY_THREAD, KEY_QUEUE, KEY_TRACK };

/* FNV-like mixing of the four numbers (splitmix64's finisher, S. Vigna), and of a track's name. */
static size_t bucket_of(const uint64_t key[4], const char *name)
{
    uint64_t mix = key[0] == KEY_TRACK ? rn_fnv(RN_FNV_BEGIN, name, strnlen(name, NAME_BYTES)) : 0;

    for (unsigned i = 0; i < 4; i++) {
        mix = (mix ^ key[i]) * 0xbf58476d1ce4e5b9u;
        mix ^= mix >> 31;
    }
    return mix % BUCKETS;
}

static struct rn_import_stream *find(struct rn_import *import, const uint64_t key[4],
                                     const char *name)
{
    struct rn_import_stream *stream = import->buckets[bucket_of(key, name)];

    /* The name that is kept is cut. */
    while (stream && (memcmp(stream->key, key, sizeof stream->key) != 0 ||
                      (key[0] == KEY_TRACK && strncmp(stream->name, name, NAME_BYTES) != 0)))
        stream = stream->next;
    return stream;
}

static enum rn_status make(struct rn_import *import, const uint64_t key[4],
                           const struct rn_stream *row, const char *name,
                           struct rn_import_stream **out, struct rn_error *err)
{
    struct rn_import_stream *stream;
    size_t bucket = bucket_of(key, name);

    if (import->stream_count >= RN_IMPORT_MAX_STREAMS)
        return rn_fail(err, RN_E_LIMIT, "more than %u threads and queues", RN_IMPORT_MAX_STREAMS);
    stream = calloc(1, sizeof *stream);
    if (!stream || !(stream->name = strndup(name, NAME_BYTES))) {
        free(stream);
        return rn_fail(err, RN_E_NOMEM, "no memory for a stream");
    }
    memcpy(stream->key, key, sizeof stream->key);
    stream->row = *row;
    stream->row.id = ++import->stream_count;
    stream->next = import->buckets[bucket];
    import->buckets[bucket] = stream;
    import->streams[stream->row.id] = stream;
    *out = stream;
    return RN_OK;
}

static enum rn_status get(struct rn_import *import, const uint64_t key[4],
                          const struct rn_stream *row, const char *name, uint32_t *number,
                          struct rn_error *err)
{
    struct rn_import_stream *stream;
    enum rn_status status = RN_OK;

    if (!name)
        name = "";
    stream = find(import, key, name);
    if (!stream)
        status = make(import, key, row, name, &stream, err);
    if (status == RN_OK)
        *number = (uint32_t)stream->row.id;
    return status;
}

enum rn_status rn_import_thread(struct rn_import *import, uint64_t pid, uint64_t tid,
                                const char *name, uint32_t *stream, struct rn_error *err)
{
    uint64_t key[4] = {KEY_THREAD, pid ? pid : tid, tid, 0};
    struct rn_stream row = {.type = RN_STREAM_THREAD, .pid = key[1], .tid = tid};

    return get(import, key, &row, name, stream, err);
}

enum rn_status rn_import_name(struct rn_import *import, uint32_t number, const char *name,
                              struct rn_error *err)
{
    char *copy;

    /* A track is found by its name. */
    if (!import->sort || number == 0 || number > import->stream_count ||
        import->streams[number]->key[0] == KEY_TRACK)
        return rn_fail(err, RN_E_USAGE, "a stream that cannot be named any more");
    copy = strndup(name, NAME_BYTES);
    if (!copy)
        return rn_fail(err, RN_E_NOMEM, "no memory for a stream");
    free(import->streams[number]->name);
    import->streams[number]->name = copy;
    return RN_OK;
}

static void detach(struct rn_import *import, struct rn_import_stream *stream)
{
    struct rn_import_stream **link = &import->buckets[bucket_of(stream->key, stream->name)];

    while (*link != stream)
        link = &(*link)->next;
    *link = stream->next;
    stream->detached = true;
}

enum rn_status rn_import_child(struct rn_import *import, uint32_t parent, uint64_t pid,
                               uint64_t tid, const char *name, uint32_t *number,
                               struct rn_error *err)
{
    uint64_t key[4] = {KEY_THREAD, pid, tid, 0};
    struct rn_stream row = {.type = RN_STREAM_THREAD, .pid = pid, .tid = tid, .parent = parent};
    struct rn_import_stream *stream = find(import, key, "");
    enum rn_status status = RN_OK;

    if (stream && stream->known) {
        rn_import_end_thread(import, pid, tid);
        stream = NULL;
    }
    if (!stream)
        status = make(import, key, &row, name ? name : "", &stream, err);
    if (status != RN_OK)
        return status;
    stream->known = true;
    /* Its row may be written already: then its maker stays untold. */
    stream->row.parent = parent;
    *number = (uint32_t)stream->row.id;
    return RN_OK;
}

static void forget_image(struct rn_import *import, struct rn_import_stream *stream)
{
    import->images -= stream->image.size > 0;
    rn_buf_free(&stream->image);
}

void rn_import_end_thread(struct rn_import *import, uint64_t pid, uint64_t tid)
{
    uint64_t key[4] = {KEY_THREAD, pid, tid, 0};
    struct rn_import_stream *stream = find(import, key, "");

    if (!stream)
        return;
    detach(import, stream);
    forget_image(import, stream);
    /* Where events are sorted, some of it may still come. */
    if (import->writer && !import->sort && stream->row.id <= import->written)
        rn_writer_end_stream(import->writer, stream->row.id);
}

enum rn_status rn_import_queue(struct rn_import *import, uint64_t pid, uint64_t device,
                               uint64_t queue, const char *name, uint32_t *stream,
                               struct rn_error *err)
{
    uint64_t key[4] = {KEY_QUEUE, pid, device, queue};
    struct rn_stream row = {.type = RN_STREAM_QUEUE, .pid = pid, .tid = queue};

    return get(import, key, &row, name, stream, err);
}

enum rn_status rn_import_track(struct rn_import *import, uint64_t pid, uint64_t number,
                               const char *name, uint32_t *stream, struct rn_error *err)
{
    uint64_t key[4] = {KEY_TRACK, pid, number, 0};
    struct rn_stream row = {.type = RN_STREAM_SOURCE, .pid = pid, .tid = number};

    return get(import, key, &row, name, stream, err);
}

enum rn_status rn_import_write_streams(struct rn_import *import, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    while (import->written < import->stream_count && status == RN_OK) {
        const struct rn_import_stream *stream = import->streams[import->written + 1];
        uint64_t number;

        status = rn_writer_add_stream(import->writer, &stream->row,
                                      *stream->name ? stream->name : NULL, &number, err);
        import->written++;
    }
    return status;
}

enum rn_status rn_import_keep_image(struct rn_import *import, const struct rn_event *event,
                                    struct rn_error *err)
{
    const struct rn_attachment *exe = rn_event_attachment(event, RN_ATT_EXE, RN_ARG_ANY);
    const struct rn_attachment *name = rn_event_attachment(event, RN_ATT_NAME, RN_ARG_ANY);
    struct rn_attachment kept[2] = {{.data = NULL}};
    struct rn_import_stream *stream;
    struct rn_event image = *event;

    if (event->stream == 0 || event->stream > import->stream_count)
        return RN_OK;
    stream = import->streams[event->stream];
    if (event->u.process.op == RN_PROCESS_EXIT)
        forget_image(import, stream);
    if (!exe || exe->size > IMAGE_MAX || stream->detached)
        return RN_OK;
    forget_image(import, stream);
    image.flags |= RN_EVENT_SNAPSHOT;
    image.duration = 0;
    image.u.process.op = RN_PROCESS_START;
    /* With the name of the thread, which else would be called as the image is. */
    kept[0] = *exe;
    if (name && name->size <= NAME_BYTES)
        kept[1] = *name;
    image.attachment_count = kept[1].data ? 2 : 1;
    image.attachments = kept;
    import->images++;
    return rn_record_encode(&image, &stream->image, err);
}

void rn_import_free_streams(struct rn_import *import)
{
    for (uint32_t i = 1; import->streams && i <= import->stream_count; i++) {
        rn_buf_free(&import->streams[i]->image);
        free(import->streams[i]->name);
        free(import->streams[i]);
    }
    free(import->streams);
    free(import->buckets);
}

bool rn_import_make_streams(struct rn_import *import)
{
    import->streams = calloc(RN_IMPORT_MAX_STREAMS + 1, sizeof(struct rn_import_stream *));
    import->buckets = calloc(BUCKETS, sizeof(struct rn_import_stream *));
    return import->streams && import->buckets;
}
