/* SPDX-License-Identifier: MIT */
#include "ring_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define DATA_ALIGNMENT 4096u
#define RN_RING_GROWTH (4u << 20)

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
