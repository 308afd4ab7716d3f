/* SPDX-License-Identifier: MIT */
/* Reading the ring file of a recorder that is gone, or busy. The file is read, not mapped: it may
 * be cut at any time, and what it says is checked before it is believed. */
#include "ring_file.h"

#include "buf.h"
#include "part.h"
#include "ring_cell.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of a ring at a time; the largest record fits. */
#define WINDOW_SIZE (2u * RN_RECORD_MAX)
/* A recorder that is running may reuse what is being read; this often, and no longer. */
#define ATTEMPTS 16u

enum phase { PHASE_RECORDS, PHASE_CELLS, PHASE_INFLIGHT, PHASE_END };

struct rn_ring_remains {
    int fd;
    uint64_t file_size;
    struct rn_ring_file header;
    struct rn_ring_slot *slots;
    enum phase phase;
    uint32_t slot;
    bool slot_begun;
    uint64_t position, end; /* in the slot's ring: of the window, and of what is committed */
    struct rn_buf window;
    size_t at; /* in the window */
    uint32_t cell; /* of the slot */
    uint64_t cell_record[RN_RING_CELL_RECORD / sizeof(uint64_t)];
    struct rn_attachment attachments[RN_RECORD_MAX_ATTACHMENTS];
};

static enum rn_status read_at(const struct rn_ring_remains *remains, void *to, size_t size,
                              uint64_t offset, struct rn_error *err)
{
    uint8_t *bytes = to;

    while (size) {
        ssize_t got = pread(remains->fd, bytes, size, (off_t)offset);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return rn_fail(err, RN_E_SYSTEM, "cannot read the rings");
        if (got == 0)
            return rn_fail(err, RN_E_FORMAT, "the ring file is cut");
        bytes += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return RN_OK;
}

static enum rn_status check_header(const struct rn_ring_file *header, const uint8_t uuid[16],
                                   struct rn_error *err)
{
    if (header->magic != RN_RING_MAGIC)
        return rn_fail(err, RN_E_FORMAT, "not a file of rings");
    if (header->version != RN_RING_VERSION || header->record_version != RN_RECORD_VERSION)
        return rn_fail(err, RN_E_VERSION, "rings of version %u.%u are not known", header->version,
                       header->record_version);
    if (memcmp(header->uuid, uuid, 16) != 0)
        return rn_fail(err, RN_E_FORMAT, "the rings are of another recording");
    if (header->slots > RN_RING_SLOTS)
        return rn_fail(err, RN_E_LIMIT, "%u ring slots are over the limit of %u", header->slots,
                       RN_RING_SLOTS);
    return RN_OK;
}

static enum rn_status load(struct rn_ring_remains *remains, const uint8_t uuid[16],
                           struct rn_error *err)
{
    enum rn_status status = read_at(remains, &remains->header, sizeof remains->header, 0, err);

    if (status == RN_OK)
        status = check_header(&remains->header, uuid, err);
    if (status != RN_OK)
        return status;
    remains->slots = calloc(remains->header.slots + 1u, sizeof *remains->slots);
    if (!remains->slots || !rn_buf_reserve(&remains->window, WINDOW_SIZE))
        return rn_fail(err, RN_E_NOMEM, "no memory to read the rings");
    return read_at(remains, remains->slots, remains->header.slots * sizeof *remains->slots,
                   sizeof remains->header, err);
}

enum rn_status rn_ring_remains_open(const char *path, const uint8_t uuid[16],
                                    struct rn_ring_remains **out, struct rn_error *err)
{
    struct rn_ring_remains *remains = calloc(1, sizeof *remains);
    enum rn_status status;
    struct stat st;

    *out = NULL;
    if (!remains)
        return rn_fail(err, RN_E_NOMEM, "no memory to read the rings");
    status = rn_part_open(path, O_RDONLY, &remains->fd, err);
    if (status == RN_OK && fstat(remains->fd, &st) != 0) {
        status = rn_fail(err, RN_E_SYSTEM, "cannot open");
    } else if (status == RN_OK) {
        remains->file_size = (uint64_t)st.st_size;
        status = load(remains, uuid, err);
    }
    if (status != RN_OK) {
        rn_fail_in(err, path);
        rn_ring_remains_free(remains);
        return status;
    }
    *out = remains;
    return RN_OK;
}

void rn_ring_remains_free(struct rn_ring_remains *remains)
{
    if (!remains)
        return;
    if (remains->fd >= 0)
        close(remains->fd);
    rn_buf_free(&remains->window);
    free(remains->slots);
    free(remains);
}

uint64_t rn_ring_remains_lost(const struct rn_ring_remains *remains)
{
    uint64_t lost = 0;

    for (uint32_t i = 0; i < remains->header.slots; i++)
        lost += remains->slots[i].lost;
    return lost;
}

char *rn_ring_remains_queue(const struct rn_ring_remains *remains, uint32_t stream,
                            struct rn_stream *out)
{
    char name[RN_RING_QUEUE_NAME + 1];

    *out = (struct rn_stream){.id = stream, .type = RN_STREAM_QUEUE};
    if (!remains || !rn_ring_queue_read(&remains->header, stream - RN_STREAM_QUEUES, out, name))
        return NULL;
    return strdup(name);
}

const struct rn_ring_file *rn_ring_remains_header(const struct rn_ring_remains *remains)
{
    return &remains->header;
}

static enum rn_status begin_slot(struct rn_ring_remains *remains, const struct rn_commit *committed,
                                 size_t committed_count, struct rn_error *err)
{
    const struct rn_ring_slot *slot = &remains->slots[remains->slot];
    uint64_t from = slot->tail, size = slot->size;

    remains->slot_begun = true;
    remains->at = remains->window.size = 0;
    remains->position = remains->end = 0;
    if (size == 0)
        return RN_OK;
    for (size_t i = 0; i < committed_count; i++)
        if (committed[i].source == remains->slot && committed[i].generation == slot->generation &&
            committed[i].position > from)
            from = committed[i].position;
    if ((size & (size - 1)) != 0 || size > remains->file_size ||
        slot->data_offset > remains->file_size - size || from > slot->head ||
        slot->head - from > size)
        return rn_fail(err, RN_E_FORMAT, "ring %u contradicts itself", remains->slot);
    remains->position = from;
    remains->end = slot->head;
    return RN_OK;
}

static enum rn_status copy_ring(struct rn_ring_remains *remains, struct rn_error *err)
{
    const struct rn_ring_slot *slot = &remains->slots[remains->slot];
    uint64_t left = remains->end - remains->position;
    size_t size = left < WINDOW_SIZE ? (size_t)left : WINDOW_SIZE;
    uint64_t at = remains->position & (slot->size - 1);
    size_t first = size < slot->size - at ? size : (size_t)(slot->size - at);
    enum rn_status status =
        read_at(remains, remains->window.data, first, slot->data_offset + at, err);

    if (status == RN_OK)
        status =
            read_at(remains, remains->window.data + first, size - first, slot->data_offset, err);
    remains->window.size = status == RN_OK ? size : 0;
    return status;
}

/* Make the window begin at the next record. What a running recorder has released meanwhile may have
 * been overwritten while it was copied: it is in the archive, which was read before. */
static enum rn_status fill_window(struct rn_ring_remains *remains, struct rn_error *err)
{
    const struct rn_ring_slot *slot = &remains->slots[remains->slot];
    uint64_t slot_offset = sizeof remains->header + remains->slot * sizeof *slot;

    remains->position += remains->at;
    remains->at = 0;
    for (unsigned i = 0; i < ATTEMPTS; i++) {
        struct rn_ring_slot now;
        enum rn_status status = copy_ring(remains, err);

        if (status == RN_OK)
            status = read_at(remains, &now, sizeof now, slot_offset, err);
        if (status != RN_OK)
            return status;
        if (now.generation != slot->generation || now.tail > remains->end) {
            remains->position = remains->end;
            remains->window.size = 0;
            return RN_OK;
        }
        if (now.tail <= remains->position)
            return RN_OK;
        remains->position = now.tail;
    }
    return rn_fail(err, RN_E_FORMAT, "ring %u changes faster than it can be read", remains->slot);
}

static bool record_is_whole(const struct rn_ring_remains *remains)
{
    size_t available = remains->window.size - remains->at;
    struct rn_record record;

    if (available < sizeof record)
        return false;
    memcpy(&record, remains->window.data + remains->at, sizeof record);
    return record.size <= available;
}

/* Padding may be shorter than a record: only its size and kind are there for sure. */
static enum rn_status skip_padding(struct rn_ring_remains *remains, struct rn_error *err)
{
    while (remains->window.size - remains->at >= 8) {
        const uint8_t *at = remains->window.data + remains->at;
        uint32_t size;

        if (at[offsetof(struct rn_record, kind)] != RN_KIND_NONE)
            return RN_OK;
        memcpy(&size, at, sizeof size);
        if (size < 8 || size % 8 || size > remains->end - remains->position - remains->at)
            return rn_fail(err, RN_E_FORMAT, "ring %u has padding of %u bytes", remains->slot,
                           size);
        if (size > remains->window.size - remains->at) {
            remains->position += remains->at + size;
            remains->at = remains->window.size = 0;
            return RN_OK;
        }
        remains->at += size;
    }
    return RN_OK;
}

/* The next record of the slot; RN_EOF after the last. */
static enum rn_status next_record(struct rn_ring_remains *remains, struct rn_event *event,
                                  struct rn_error *err)
{
    enum rn_status status = RN_OK;
    char name[RN_RING_QUEUE_NAME + 1];
    struct rn_stream queue;
    size_t used;

    status = skip_padding(remains, err);
    if (status == RN_OK && remains->position + remains->at >= remains->end)
        return RN_EOF;
    if (status == RN_OK && !record_is_whole(remains)) {
        status = fill_window(remains, err);
        if (status == RN_OK)
            status = skip_padding(remains, err);
    }
    if (status != RN_OK)
        return status;
    if (remains->position + remains->at >= remains->end)
        return RN_EOF;
    status =
        rn_record_decode(remains->window.data + remains->at, remains->window.size - remains->at,
                         event, remains->attachments, &used, err);
    if (status == RN_OK)
        remains->at += used;
    /* Of a library in the program, which does not know its stream. */
    if (status == RN_OK && event->stream == 0)
        event->stream = remains->slots[remains->slot].stream;
    if (status == RN_OK && event->stream >= RN_STREAM_QUEUES &&
        !rn_ring_queue_read(&remains->header, event->stream - RN_STREAM_QUEUES, &queue, name))
        event->stream = remains->slots[remains->slot].stream;
    return status;
}

static enum rn_status next_in_slots(struct rn_ring_remains *remains,
                                    const struct rn_commit *committed, size_t committed_count,
                                    struct rn_event *event, struct rn_error *err)
{
    for (; remains->slot < remains->header.slots; remains->slot++) {
        enum rn_status status = RN_OK;

        if (!remains->slot_begun)
            status = begin_slot(remains, committed, committed_count, err);
        if (status == RN_OK)
            status = next_record(remains, event, err);
        if (status == RN_OK)
            return RN_OK;
        remains->slot_begun = false;
        if (status == RN_EOF)
            continue;
        remains->slot++;
        return status;
    }
    return RN_EOF;
}

/* What a thread had counted and not made a record of. */
static bool cell_event(struct rn_ring_remains *remains, const struct rn_ring_slot *slot,
                       struct rn_event *event)
{
    struct rn_ring_cell cell;
    struct rn_error ignored = RN_ERROR_INIT;
    uint64_t offset = slot->data_offset - slot->lead + remains->cell * sizeof cell;
    size_t used;

    if (slot->lead > slot->data_offset || offset > remains->file_size - sizeof cell ||
        read_at(remains, &cell, sizeof cell, offset, &ignored) != RN_OK ||
        !rn_ring_cell_is_live(&cell, slot->head))
        return false;
    rn_ring_cell_record(&cell, remains->cell_record);
    if (rn_record_decode((const uint8_t *)remains->cell_record, sizeof remains->cell_record, event,
                         remains->attachments, &used, &ignored) != RN_OK)
        return false;
    event->stream = slot->stream;
    return true;
}

static enum rn_status next_cell(struct rn_ring_remains *remains, struct rn_event *event)
{
    for (; remains->slot < remains->header.slots; remains->slot++, remains->cell = 0) {
        const struct rn_ring_slot *slot = &remains->slots[remains->slot];
        uint32_t cells = slot->taken == RN_RING_TAKEN ? slot->cells : 0;

        if (cells > RN_RING_CELLS || remains->file_size < sizeof(struct rn_ring_cell))
            continue;
        while (remains->cell < cells) {
            bool found = cell_event(remains, slot, event);

            remains->cell++;
            if (found)
                return RN_OK;
        }
    }
    return RN_EOF;
}

/* A call that its own thread records: what it has written at the head of its ring. */
static bool inflight_in_ring(struct rn_ring_remains *remains, const struct rn_ring_slot *slot,
                             struct rn_event *event)
{
    uint64_t at = slot->head & (slot->size - 1);
    struct {
        struct rn_record record;
        struct rn_syscall call;
    } raw;
    struct rn_error ignored = RN_ERROR_INIT;

    if (slot->size == 0 || (slot->size & (slot->size - 1)) != 0 || slot->size - at < sizeof raw ||
        slot->data_offset > remains->file_size ||
        slot->data_offset + at > remains->file_size - sizeof raw ||
        read_at(remains, &raw, sizeof raw, slot->data_offset + at, &ignored) != RN_OK ||
        raw.record.fields > sizeof raw.call / sizeof(uint64_t))
        return false;
    *event = (struct rn_event){.kind = RN_KIND_SYSCALL,
                               .flags = RN_EVENT_UNFINISHED,
                               .stream = slot->stream,
                               .start = raw.record.start};
    memcpy(&event->u.syscall, &raw.call, raw.record.fields * sizeof(uint64_t));
    event->u.syscall.ret = 0;
    return true;
}

static enum rn_status next_inflight(struct rn_ring_remains *remains, struct rn_event *event)
{
    while (remains->slot < remains->header.slots) {
        const struct rn_ring_slot *slot = &remains->slots[remains->slot++];

        if (slot->taken && slot->inflight_state == RN_INFLIGHT_IN_RING &&
            inflight_in_ring(remains, slot, event))
            return RN_OK;
        if (!slot->taken || slot->inflight_state != RN_INFLIGHT_VALID)
            continue;
        *event = (struct rn_event){.kind = RN_KIND_SYSCALL,
                                   .flags = slot->inflight.flags | RN_EVENT_UNFINISHED,
                                   .stream = slot->inflight.stream,
                                   .start = slot->inflight.start};
        event->u.syscall = slot->inflight_call;
        event->u.syscall.ret = 0;
        return RN_OK;
    }
    return RN_EOF;
}

enum rn_status rn_ring_remains_next(struct rn_ring_remains *remains,
                                    const struct rn_commit *committed, size_t committed_count,
                                    struct rn_event *event, struct rn_error *err)
{
    enum rn_status status = RN_EOF;

    if (remains->phase == PHASE_RECORDS) {
        status = next_in_slots(remains, committed, committed_count, event, err);
        if (status != RN_EOF)
            return status;
        remains->phase = PHASE_CELLS;
        remains->slot = 0;
    }
    if (remains->phase == PHASE_CELLS) {
        status = next_cell(remains, event);
        if (status != RN_EOF)
            return status;
        remains->phase = PHASE_INFLIGHT;
        remains->slot = 0;
    }
    if (remains->phase == PHASE_INFLIGHT)
        status = next_inflight(remains, event);
    if (status == RN_EOF)
        remains->phase = PHASE_END;
    return status;
}
