/* SPDX-License-Identifier: MIT */
#include "ring.h"

#include "formats/event_schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define DATA_ALIGNMENT 4096u
#define RN_RING_GROWTH (4u << 20)

/* A room that was given back; rooms are used again by slots of the same shape, the last one first.
 */
struct room {
    uint64_t offset, size;
    uint32_t lead;
};

struct rn_ring_area {
    struct rn_ring_file *file; /* mapping of `limit` bytes */
    int fd;
    uint64_t size; /* of the file: beyond it nothing may be touched */
    uint64_t limit;
    uint64_t next_room; /* offset: nothing was taken from here on */
    struct room free_rooms[RN_RING_SLOTS];
    size_t free_count;
    /* What was given to each slot. The slots themselves lie in memory that traced programs can write. */
    struct room rooms[RN_RING_SLOTS];
    bool taken[RN_RING_SLOTS];
    uint32_t next_slot; /* where the search for a free slot begins */
    uint8_t *scratch;   /* a record that wraps around the end of its ring */
};

static struct rn_ring_slot *slots_of(const struct rn_ring_area *area)
{
    return (struct rn_ring_slot *)(void *)(area->file + 1);
}

static const struct room *room_of(const struct rn_ring_area *area, const struct rn_ring_slot *slot)
{
    return &area->rooms[slot - slots_of(area)];
}

uint8_t *rn_ring_data(struct rn_ring_area *area, const struct rn_ring_slot *slot)
{
    return (uint8_t *)area->file + room_of(area, slot)->offset;
}

void *rn_ring_lead(struct rn_ring_area *area, const struct rn_ring_slot *slot)
{
    return rn_ring_data(area, slot) - room_of(area, slot)->lead;
}

uint64_t rn_ring_size(const struct rn_ring_area *area, const struct rn_ring_slot *slot)
{
    return room_of(area, slot)->size;
}

static uint64_t header_bytes(void)
{
    uint64_t bytes = sizeof(struct rn_ring_file) + RN_RING_SLOTS * sizeof(struct rn_ring_slot);

    return (bytes + DATA_ALIGNMENT - 1) / DATA_ALIGNMENT * DATA_ALIGNMENT;
}

/* Make the blocks of the file be there. Not posix_fallocate first: where the file system cannot
 * preallocate, glibc would write every page, which is the right thing only as the last resort. */
static int allocate(int fd, uint64_t from, uint64_t to)
{
    if (fallocate(fd, 0, (off_t)from, (off_t)(to - from)) == 0)
        return 0;
    return errno == EOPNOTSUPP ? posix_fallocate(fd, (off_t)from, (off_t)(to - from)) : errno;
}

static int make_file(const char *path, uint64_t size)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int failure;

    if (fd < 0)
        return -1;
    failure = allocate(fd, 0, size);
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

static enum rn_status map_file(struct rn_ring_area *area, const uint8_t uuid[16],
                               struct rn_error *err)
{
    area->file = mmap(NULL, area->limit, PROT_READ | PROT_WRITE, MAP_SHARED, area->fd, 0);
    if (area->file == MAP_FAILED) {
        area->file = NULL;
        return rn_fail(err, RN_E_SYSTEM, "cannot map the capture rings");
    }
    /* The kernel would read ahead in a file that has nothing to read: milliseconds for a program
     * that runs no longer than that. */
    (void)madvise(area->file, area->limit, MADV_RANDOM);
    fill_header(area, uuid);
    return RN_OK;
}

enum rn_status rn_ring_area_new(const char *path, const uint8_t uuid[16], uint64_t data_bytes,
                                uint64_t limit_bytes, struct rn_ring_area **out, bool *in_memory,
                                struct rn_error *err)
{
    struct rn_ring_area *area = calloc(1, sizeof(*area));
    enum rn_status status;

    *out = NULL;
    *in_memory = false;
    if (!area)
        return rn_fail(err, RN_E_NOMEM, "no memory for the rings");
    area->fd = -1;
    area->size = header_bytes() + data_bytes;
    area->limit = header_bytes() + (limit_bytes > data_bytes ? limit_bytes : data_bytes);
    area->next_room = header_bytes();
    if (path)
        area->fd = make_file(path, area->size);
    if (area->fd < 0) {
        *in_memory = true;
        area->fd = make_memory(area->size);
    }
    if (area->fd < 0)
        status = rn_fail(err, RN_E_SYSTEM, "cannot make the capture rings");
    else
        status = map_file(area, uuid, err);
    if (status != RN_OK) {
        rn_ring_area_free(area);
        return status;
    }
    *out = area;
    return RN_OK;
}

void rn_ring_area_free(struct rn_ring_area *area)
{
    if (!area)
        return;
    if (area->file)
        munmap(area->file, area->limit);
    if (area->fd >= 0)
        close(area->fd);
    free(area->scratch);
    free(area);
}

int rn_ring_area_fd(const struct rn_ring_area *area)
{
    return area->fd;
}

struct rn_ring_file *rn_ring_area_header(struct rn_ring_area *area)
{
    return area->file;
}

/* The file grows by several rooms at once. */
static bool grow(struct rn_ring_area *area, uint64_t needed)
{
    uint64_t size = area->size + RN_RING_GROWTH;

    if (size < needed)
        size = needed;
    if (size > area->limit)
        size = area->limit;
    if (size < needed || allocate(area->fd, area->size, size) != 0)
        return false;
    area->size = size;
    area->file->file_size = size;
    return true;
}

/* Offset of a room, 0 where there is none. */
static uint64_t take_room(struct rn_ring_area *area, uint64_t size, uint32_t lead)
{
    uint64_t offset = area->next_room;

    for (size_t i = area->free_count; i > 0; i--) {
        struct room room = area->free_rooms[i - 1];

        if (room.size != size || room.lead != lead)
            continue;
        area->free_rooms[i - 1] = area->free_rooms[--area->free_count];
        return room.offset;
    }
    if (offset + lead + size > area->size && !grow(area, offset + lead + size))
        return 0;
    area->next_room = offset + lead + size;
    return offset + lead;
}

static struct rn_ring_slot *find_slot(struct rn_ring_area *area)
{

    for (uint32_t i = 0; i < RN_RING_SLOTS; i++) {
        uint32_t number = (area->next_slot + i) % RN_RING_SLOTS;

        if (area->taken[number])
            continue;
        area->next_slot = number + 1;
        return &slots_of(area)[number];
    }
    return NULL;
}

struct rn_ring_slot *rn_ring_take(struct rn_ring_area *area, uint64_t size, uint32_t lead)
{
    struct rn_ring_slot *slot = find_slot(area);
    uint64_t offset = 0;

    if (!slot || (size & (size - 1)) != 0)
        return NULL;
    if (size != 0) {
        offset = take_room(area, size, lead);
        if (offset == 0)
            return NULL;
    }
    area->rooms[slot - slots_of(area)] = (struct room){offset, size, lead};
    area->taken[slot - slots_of(area)] = true;
    slot->head = 0;
    slot->tail = 0;
    slot->data_offset = offset;
    slot->size = size;
    slot->lead = lead;
    slot->generation++;
    slot->lost = 0;
    slot->stream = 0;
    slot->owner_pid = slot->owner_tid = slot->cells = 0;
    slot->inflight_state = RN_INFLIGHT_NONE;
    __atomic_store_n(&slot->taken, 1, __ATOMIC_RELEASE);
    return slot;
}

void rn_ring_release(struct rn_ring_area *area, struct rn_ring_slot *slot)
{
    uint64_t number = rn_ring_slot_number(area, slot);

    if (!area->taken[number])
        return;
    area->taken[number] = false;
    rn_ring_clear_inflight(slot);
    if (area->rooms[number].size != 0)
        area->free_rooms[area->free_count++] = area->rooms[number];
    __atomic_store_n(&slot->taken, 0, __ATOMIC_RELEASE);
    area->next_slot = (uint32_t)number;
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

bool rn_ring_put(struct rn_ring_area *area, struct rn_ring_slot *slot, const struct rn_event *event)
{
    uint64_t head = __atomic_load_n(&slot->head, __ATOMIC_RELAXED), ring = rn_ring_size(area, slot);
    uint64_t room = ring - (head - __atomic_load_n(&slot->tail, __ATOMIC_ACQUIRE));
    uint64_t limit = ring / 2 < RN_RECORD_MAX ? ring / 2 : RN_RECORD_MAX;
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
    struct cursor cursor = {rn_ring_data(area, slot), ring, head};

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
    slot->inflight =
        (struct rn_record){.size = sizeof(slot->inflight) + sizeof(slot->inflight_call),
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
    const uint8_t *data = rn_ring_data(area, slot);
    uint64_t ring = rn_ring_size(area, slot), at = position & (ring - 1);

    memcpy(size, data + at, sizeof(*size));
    if (*size < sizeof(struct rn_record) || *size > available || *size > ring ||
        *size > RN_RECORD_MAX || *size % 8 != 0)
        return NULL;
    if (at + *size <= ring)
        return data + at;
    if (!area->scratch)
        area->scratch = malloc(RN_RECORD_MAX);
    if (!area->scratch)
        return NULL;
    memcpy(area->scratch, data + at, ring - at);
    memcpy(area->scratch + (ring - at), data, *size - (ring - at));
    return area->scratch;
}

/* Go over padding at *position, which may be shorter than a record; false: it makes no sense. */
static bool skip_padding(struct rn_ring_area *area, const struct rn_ring_slot *slot, uint64_t head,
                         uint64_t *position)
{
    while (head - *position >= 8) {
        const uint8_t *at =
            rn_ring_data(area, slot) + (*position & (rn_ring_size(area, slot) - 1));
        uint32_t size;

        if (at[offsetof(struct rn_record, kind)] != RN_KIND_NONE)
            return true;
        memcpy(&size, at, sizeof(size));
        if (size < 8 || size % 8 != 0 || size > head - *position)
            return false;
        *position += size;
    }
    return head == *position;
}

enum rn_status rn_ring_next(struct rn_ring_area *area, struct rn_ring_slot *slot,
                            uint64_t *position, const uint8_t **bytes, size_t *size,
                            struct rn_error *err)
{
    uint64_t head = __atomic_load_n(&slot->head, __ATOMIC_ACQUIRE);
    uint32_t record_size;

    if (head - *position > rn_ring_size(area, slot) || *position % 8 != 0 || head % 8 != 0)
        return rn_fail(err, RN_E_FORMAT, "capture ring has impossible positions");
    if (!skip_padding(area, slot, head, position))
        return rn_fail(err, RN_E_FORMAT, "capture ring holds impossible padding");
    if (head == *position)
        return RN_EOF;
    *bytes = record_bytes(area, slot, *position, head - *position, &record_size);
    if (!*bytes)
        return rn_fail(err, RN_E_FORMAT, "capture ring holds a record of impossible size");
    *size = record_size;
    *position += record_size;
    return RN_OK;
}

bool rn_ring_move(struct rn_ring_area *area, struct rn_ring_slot *from, uint64_t *position,
                  struct rn_ring_slot *to)
{
    uint64_t head = __atomic_load_n(&from->head, __ATOMIC_ACQUIRE);

    if (head - *position > rn_ring_size(area, from) || *position % 8 != 0 || head % 8 != 0)
        return false;
    while (skip_padding(area, from, head, position) && *position != head) {
        uint32_t size;
        const uint8_t *bytes = record_bytes(area, from, *position, head - *position, &size);
        uint64_t ring = rn_ring_size(area, to), used = rn_ring_used(to);
        struct cursor cursor = {rn_ring_data(area, to), ring, to->head};

        if (!bytes || used > ring || size > ring - used)
            return false;
        put_bytes(&cursor, bytes, size);
        *position += size;
        __atomic_store_n(&to->head, cursor.position, __ATOMIC_RELEASE);
        __atomic_store_n(&from->tail, *position, __ATOMIC_RELEASE);
    }
    return *position == head;
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
