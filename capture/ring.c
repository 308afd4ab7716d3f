/* SPDX-License-Identifier: MIT */
#include "ring.h"

#include "formats/event_schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define DATA_ALIGNMENT 4096u

struct rn_ring_area {
    struct rn_ring_file *file; /* mapping */
    uint64_t size;
    uint32_t next_slot; /* where the search for a free slot begins */
    uint8_t *scratch;   /* a record that wraps around the end of its ring */
    struct rn_attachment attachments[RN_RECORD_MAX_ATTACHMENTS];
};

static struct rn_ring_slot *slots_of(const struct rn_ring_area *area)
{
    return (struct rn_ring_slot *)(void *)(area->file + 1);
}

static uint8_t *data_of(const struct rn_ring_area *area, const struct rn_ring_slot *slot)
{
    return (uint8_t *)area->file + slot->data_offset;
}

static uint64_t header_bytes(void)
{
    uint64_t bytes = sizeof(struct rn_ring_file) + RN_RING_SLOTS * sizeof(struct rn_ring_slot);

    return (bytes + DATA_ALIGNMENT - 1) / DATA_ALIGNMENT * DATA_ALIGNMENT;
}

/* A file whose blocks are all there. Not posix_fallocate first: where the file system cannot
 * preallocate, glibc would write every page, which is the right thing only as the last resort. */
static int make_file(const char *path, uint64_t size)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int failure = 0;

    if (fd < 0)
        return -1;
    if (fallocate(fd, 0, 0, (off_t)size) != 0)
        failure = errno == EOPNOTSUPP ? posix_fallocate(fd, 0, (off_t)size) : errno;
    if (failure == 0)
        return fd;
    close(fd);
    unlink(path);
    errno = failure;
    return -1;
}

static int make_memory(uint64_t size)
{
    int fd = memfd_create("renacer-rings", MFD_CLOEXEC);

    if (fd >= 0 && ftruncate(fd, (off_t)size) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void fill_header(struct rn_ring_area *area, const uint8_t uuid[16])
{
    struct rn_ring_file *file = area->file;

    file->version = RN_RING_VERSION;
    file->record_version = RN_RECORD_VERSION;
    memcpy(file->uuid, uuid, sizeof(file->uuid));
    file->file_size = area->size;
    file->slots = RN_RING_SLOTS;
    file->data_offset = (uint32_t)header_bytes();
    __atomic_store_n(&file->magic, RN_RING_MAGIC, __ATOMIC_RELEASE);
}

enum rn_status rn_ring_area_new(const char *path, const uint8_t uuid[16], uint64_t data_bytes,
                                struct rn_ring_area **out, bool *in_memory, struct rn_error *err)
{
    struct rn_ring_area *area = calloc(1, sizeof(*area));
    int fd = -1;

    *out = NULL;
    *in_memory = false;
    if (!area)
        return rn_fail(err, RN_E_NOMEM, "no memory for the rings");
    area->size = header_bytes() + data_bytes;
    if (path)
        fd = make_file(path, area->size);
    if (fd < 0) {
        *in_memory = true;
        fd = make_memory(area->size);
    }
    if (fd >= 0)
        area->file = mmap(NULL, area->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd < 0 || area->file == MAP_FAILED) {
        (void)rn_fail(err, RN_E_SYSTEM, "cannot make the capture rings");
        if (fd >= 0)
            close(fd);
        free(area);
        return RN_E_SYSTEM;
    }
    close(fd);
    fill_header(area, uuid);
    *out = area;
    return RN_OK;
}

void rn_ring_area_free(struct rn_ring_area *area)
{
    if (!area)
        return;
    munmap(area->file, area->size);
    free(area->scratch);
    free(area);
}

struct rn_ring_file *rn_ring_area_header(struct rn_ring_area *area)
{
    return area->file;
}

/* First place of `size` bytes that no taken slot uses; 0 if there is none. */
static uint64_t find_room(const struct rn_ring_area *area, uint64_t size)
{
    const struct rn_ring_slot *slots = slots_of(area);
    uint64_t offset = header_bytes();

    for (uint32_t i = 0; i < RN_RING_SLOTS; i++) {
        const struct rn_ring_slot *slot = &slots[i];

        if (!slot->taken || slot->data_offset >= offset + size ||
            slot->data_offset + slot->size <= offset || slot->size == 0)
            continue;
        offset = slot->data_offset + slot->size;
        i = UINT32_MAX; /* begin again: an earlier slot may lie at the new place */
    }
    return offset + size <= area->size ? offset : 0;
}

static struct rn_ring_slot *find_slot(struct rn_ring_area *area)
{
    struct rn_ring_slot *slots = slots_of(area);

    for (uint32_t i = 0; i < RN_RING_SLOTS; i++) {
        uint32_t number = (area->next_slot + i) % RN_RING_SLOTS;

        if (slots[number].taken)
            continue;
        area->next_slot = number + 1;
        return &slots[number];
    }
    return NULL;
}

struct rn_ring_slot *rn_ring_take(struct rn_ring_area *area, uint64_t size)
{
    struct rn_ring_slot *slot = find_slot(area);
    uint64_t offset = 0;

    if (!slot || (size & (size - 1)) != 0)
        return NULL;
    if (size != 0) {
        offset = find_room(area, size);
        if (offset == 0)
            return NULL;
    }
    slot->head = 0;
    slot->tail = 0;
    slot->data_offset = offset;
    slot->size = size;
    slot->generation++;
    slot->lost = 0;
    slot->stream = 0;
    slot->inflight_state = RN_INFLIGHT_NONE;
    __atomic_store_n(&slot->taken, 1, __ATOMIC_RELEASE);
    return slot;
}

void rn_ring_release(struct rn_ring_area *area, struct rn_ring_slot *slot)
{
    rn_ring_clear_inflight(slot);
    __atomic_store_n(&slot->taken, 0, __ATOMIC_RELEASE);
    area->next_slot = (uint32_t)rn_ring_slot_number(area, slot);
}

uint64_t rn_ring_slot_number(const struct rn_ring_area *area, const struct rn_ring_slot *slot)
{
    return (uint64_t)(slot - slots_of(area));
}

static uint32_t padded(uint64_t size)
{
    return (uint32_t)((size + 7) & ~7ull);
}

static uint64_t attachment_bytes(const struct rn_attachment *attachment)
{
    if (attachment->type != RN_ATT_CONTENT)
        return attachment->size;
    return sizeof(struct rn_record_content) + attachment->content.blocks * sizeof(uint64_t) +
           attachment->content.head_len;
}

/* Payload words that are needed: zeros at the end are left out. */
static uint8_t used_words(const struct rn_event *event)
{
    const struct rn_schema *schema = rn_schema_get(event->kind);
    uint8_t words = schema ? schema->words : 0;

    while (words > 0 && event->u.words[words - 1] == 0)
        words--;
    return words;
}

/* Size of the record, and which attachments (bit i) are in it. */
static uint64_t plan_record(const struct rn_event *event, uint64_t limit, uint8_t words,
                            uint32_t *included)
{
    uint64_t size = sizeof(struct rn_record) + words * sizeof(uint64_t);

    *included = 0;
    for (uint32_t i = 0; i < event->attachment_count && i < RN_RECORD_MAX_ATTACHMENTS; i++) {
        uint64_t bytes = attachment_bytes(&event->attachments[i]);

        if (bytes > limit)
            continue;
        bytes = sizeof(struct rn_record_attachment) + padded(bytes);
        if (size + bytes > limit)
            continue;
        size += bytes;
        *included |= 1u << i;
    }
    return size;
}

struct cursor {
    uint8_t *data;
    uint64_t size, position;
};

static void put_bytes(struct cursor *cursor, const void *bytes, uint64_t size)
{
    uint64_t at = cursor->position & (cursor->size - 1);
    uint64_t first = size < cursor->size - at ? size : cursor->size - at;

    if (size == 0)
        return;
    memcpy(cursor->data + at, bytes, first);
    memcpy(cursor->data, (const uint8_t *)bytes + first, size - first);
    cursor->position += size;
}

static void put_attachment(struct cursor *cursor, const struct rn_attachment *attachment)
{
    static const uint8_t zeros[8];
    uint64_t bytes = attachment_bytes(attachment);
    struct rn_record_attachment header = {.type = attachment->type,
                                          .arg = attachment->arg,
                                          .flags = attachment->flags,
                                          .size = (uint32_t)bytes};

    put_bytes(cursor, &header, sizeof(header));
    if (attachment->type == RN_ATT_CONTENT) {
        const struct rn_content *content = &attachment->content;
        struct rn_record_content fixed = {.length = content->length,
                                          .crc = content->crc,
                                          .blocks = content->blocks,
                                          .head_len = content->head_len};

        put_bytes(cursor, &fixed, sizeof(fixed));
        put_bytes(cursor, content->prefix_crc, content->blocks * sizeof(uint64_t));
        put_bytes(cursor, content->head, content->head_len);
    } else {
        put_bytes(cursor, attachment->data, bytes);
    }
    put_bytes(cursor, zeros, padded(bytes) - bytes);
}

bool rn_ring_put(struct rn_ring_area *area, struct rn_ring_slot *slot,
                 const struct rn_event *event)
{
    uint64_t head = slot->head;
    uint64_t room = slot->size - (head - __atomic_load_n(&slot->tail, __ATOMIC_ACQUIRE));
    uint64_t limit = slot->size / 2 < RN_RECORD_MAX ? slot->size / 2 : RN_RECORD_MAX;
    uint8_t words = used_words(event);
    uint32_t included;
    uint64_t size = plan_record(event, limit, words, &included);
    uint32_t count = (uint32_t)__builtin_popcount(included);
    struct rn_record record = {.size = (uint32_t)size,
                               .kind = event->kind,
                               .fields = words,
                               .attachments = (uint8_t)count,
                               .stream = event->stream,
                               .flags = event->flags,
                               .start = event->start,
                               .duration = event->duration};
    struct cursor cursor = {data_of(area, slot), slot->size, head};

    if (size > room)
        return false;
    if (count < event->attachment_count)
        record.flags |= RN_EVENT_TRUNCATED;
    put_bytes(&cursor, &record, sizeof(record));
    put_bytes(&cursor, event->u.words, words * sizeof(uint64_t));
    for (uint32_t i = 0; i < RN_RECORD_MAX_ATTACHMENTS; i++) {
        if (included >> i & 1)
            put_attachment(&cursor, &event->attachments[i]);
    }
    __atomic_store_n(&slot->head, head + size, __ATOMIC_RELEASE);
    return true;
}

void rn_ring_set_inflight(struct rn_ring_slot *slot, const struct rn_event *event)
{
    __atomic_store_n(&slot->inflight_state, RN_INFLIGHT_NONE, __ATOMIC_RELEASE);
    slot->inflight = (struct rn_record){.size = sizeof(slot->inflight) + sizeof(slot->inflight_call),
                                        .kind = RN_KIND_INFLIGHT,
                                        .fields = sizeof(slot->inflight_call) / sizeof(uint64_t),
                                        .stream = event->stream,
                                        .flags = event->flags,
                                        .start = event->start};
    slot->inflight_call = event->u.syscall;
    __atomic_store_n(&slot->inflight_state, RN_INFLIGHT_VALID, __ATOMIC_RELEASE);
}

void rn_ring_clear_inflight(struct rn_ring_slot *slot)
{
    __atomic_store_n(&slot->inflight_state, RN_INFLIGHT_NONE, __ATOMIC_RELEASE);
}

/* The record at `position` in one piece. Records are multiples of 8 bytes in a ring whose size is
 * one, so the size word itself never wraps. */
static const uint8_t *record_bytes(struct rn_ring_area *area, const struct rn_ring_slot *slot,
                                   uint64_t position, uint64_t available, uint32_t *size)
{
    const uint8_t *data = data_of(area, slot);
    uint64_t at = position & (slot->size - 1);

    memcpy(size, data + at, sizeof(*size));
    if (*size < sizeof(struct rn_record) || *size > available || *size > RN_RECORD_MAX ||
        *size % 8 != 0)
        return NULL;
    if (at + *size <= slot->size)
        return data + at;
    if (!area->scratch)
        area->scratch = malloc(RN_RECORD_MAX);
    if (!area->scratch)
        return NULL;
    memcpy(area->scratch, data + at, slot->size - at);
    memcpy(area->scratch + (slot->size - at), data, *size - (slot->size - at));
    return area->scratch;
}

enum rn_status rn_ring_peek(struct rn_ring_area *area, struct rn_ring_slot *slot,
                            uint64_t *position, struct rn_event *event, struct rn_error *err)
{
    uint64_t head = __atomic_load_n(&slot->head, __ATOMIC_ACQUIRE);
    uint64_t available = head - *position;
    uint32_t size;
    size_t used;
    const uint8_t *bytes;
    enum rn_status status;

    if (available == 0)
        return RN_EOF;
    if (available > slot->size || *position % 8 != 0 || available < 8)
        return rn_fail(err, RN_E_FORMAT, "capture ring has impossible positions");
    bytes = record_bytes(area, slot, *position, available, &size);
    if (!bytes)
        return rn_fail(err, RN_E_FORMAT, "capture ring holds a record of impossible size");
    status = rn_record_decode(bytes, size, event, area->attachments, &used, err);
    if (status == RN_OK)
        *position += size;
    return status;
}

void rn_ring_consume(struct rn_ring_slot *slot, uint64_t position)
{
    __atomic_store_n(&slot->tail, position, __ATOMIC_RELEASE);
}

uint64_t rn_ring_used(const struct rn_ring_slot *slot)
{
    return __atomic_load_n(&slot->head, __ATOMIC_ACQUIRE) -
           __atomic_load_n(&slot->tail, __ATOMIC_ACQUIRE);
}
