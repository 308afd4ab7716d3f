/* SPDX-License-Identifier: MIT */
#include "syscall_capture.h"

#include "formats/crc64.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A fingerprint in the making. Prefix CRCs and head lie in the call buffer. */
struct builder {
    struct rn_content content; /* length: of the whole transfer */
    uint64_t *prefix;
    uint8_t *head;
    uint64_t done;
};

static bool begin(struct builder *builder, const struct rn_capture *capture,
                  struct rn_call_buffer *buffer, uint64_t length)
{
    uint64_t blocks = length ? (length - 1) / RN_CONTENT_BLOCK : 0;
    uint64_t head = length < capture->content_head ? length : capture->content_head;
    uint8_t *room;

    if (length > RN_CAPTURE_CONTENT_MAX) {
        buffer->flags |= RN_EVENT_TRUNCATED;
        return false;
    }
    room = rn_call_buffer_reserve(buffer, blocks * sizeof(uint64_t) + head);
    if (!room)
        return false;
    *builder = (struct builder){
        .content = {.length = length, .blocks = (uint32_t)blocks, .head_len = (uint32_t)head},
        .prefix = (uint64_t *)(void *)room,
        .head = room + blocks * sizeof(uint64_t)};
    return true;
}

static void feed_head(struct builder *builder, const uint8_t *bytes, size_t size)
{
    size_t wanted;

    if (builder->done >= builder->content.head_len)
        return;
    wanted = builder->content.head_len - (size_t)builder->done;
    memcpy(builder->head + builder->done, bytes, size < wanted ? size : wanted);
}

static void feed(struct builder *builder, const uint8_t *bytes, size_t size)
{
    feed_head(builder, bytes, size);
    while (size > 0) {
        size_t piece = RN_CONTENT_BLOCK - (size_t)(builder->done % RN_CONTENT_BLOCK);

        if (piece > size)
            piece = size;
        builder->content.crc = rn_crc64(builder->content.crc, bytes, piece);
        builder->done += piece;
        bytes += piece;
        size -= piece;
        if (builder->done % RN_CONTENT_BLOCK == 0 && builder->done < builder->content.length)
            builder->prefix[builder->done / RN_CONTENT_BLOCK - 1] = builder->content.crc;
    }
}

static void end(struct builder *builder, struct rn_call_buffer *buffer, uint8_t arg)
{
    if (builder->done == builder->content.length)
        rn_call_buffer_add_content(buffer, arg, 0, &builder->content);
    else
        buffer->flags |= RN_EVENT_FAULT;
}

/* The next stretch of spans that one read takes. */
struct walk {
    const struct rn_memory_span *spans;
    size_t count, at;
    uint64_t offset; /* in spans[at] */
};

static size_t next_batch(struct walk *walk, struct rn_memory_span *batch, uint64_t limit,
                         uint64_t *bytes)
{
    size_t count = 0;

    *bytes = 0;
    while (count < RN_MEMORY_SPANS && walk->at < walk->count && *bytes < limit) {
        const struct rn_memory_span *span = &walk->spans[walk->at];
        uint64_t size = span->size - walk->offset;

        if (size > limit - *bytes)
            size = limit - *bytes;
        if (size > 0)
            batch[count++] = (struct rn_memory_span){span->address + walk->offset, size};
        *bytes += size;
        walk->offset += size;
        if (walk->offset == span->size) {
            walk->at++;
            walk->offset = 0;
        }
    }
    return count;
}

void rn_capture_content(struct rn_capture *capture, const struct rn_call_place *place,
                        struct rn_call_buffer *buffer, uint8_t arg,
                        const struct rn_memory_span *spans, size_t count, uint64_t length)
{
    struct builder builder;
    struct walk walk = {.spans = spans, .count = count};
    struct rn_memory_span batch[RN_MEMORY_SPANS];

    if (capture->content_none || !begin(&builder, capture, buffer, length))
        return;
    while (builder.done < length) {
        uint64_t left = length - builder.done;
        uint64_t wanted;
        size_t pieces = next_batch(&walk, batch,
                                   left < RN_CAPTURE_SCRATCH ? left : RN_CAPTURE_SCRATCH, &wanted);
        size_t got = 0;

        if (pieces > 0)
            got = rn_memory_read_spans(place->memory, batch, pieces, capture->scratch, wanted);
        feed(&builder, capture->scratch, got);
        if (got < wanted || pieces == 0)
            break;
    }
    end(&builder, buffer, arg);
}

void rn_capture_content_bytes(struct rn_capture *capture, struct rn_call_buffer *buffer,
                              uint8_t arg, const uint8_t *bytes, uint64_t length)
{
    struct builder builder;

    if (capture->content_none || !begin(&builder, capture, buffer, length))
        return;
    feed(&builder, bytes, length);
    end(&builder, buffer, arg);
}

/* The program's descriptor opened anew, where that is a regular file: without moving its offset and
 * without touching its access time if that is permitted. */
static int open_source(pid_t tid, int fd)
{
    char path[64];
    struct stat info;
    int source;

    snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)tid, fd);
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode))
        return -1;
    source = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOATIME);
    return source >= 0 ? source : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

void rn_capture_content_file(struct rn_capture *capture, const struct rn_call_place *place,
                             struct rn_call_buffer *buffer, uint8_t arg, int fd, uint64_t offset,
                             uint64_t length)
{
    struct builder builder;
    int source;

    if (capture->content_none)
        return;
    source = open_source(place->tid, fd);
    if (source < 0)
        return;
    if (begin(&builder, capture, buffer, length)) {
        while (builder.done < length) {
            uint64_t left = length - builder.done;
            ssize_t got = pread(source, capture->scratch,
                                left < RN_CAPTURE_SCRATCH ? left : RN_CAPTURE_SCRATCH,
                                (off_t)(offset + builder.done));

            if (got <= 0)
                break;
            feed(&builder, capture->scratch, (size_t)got);
        }
        /* A file that was cut meanwhile is no fault of the program. */
        if (builder.done == length)
            end(&builder, buffer, arg);
    }
    close(source);
}
