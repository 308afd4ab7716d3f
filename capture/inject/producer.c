/* SPDX-License-Identifier: MIT */
#include "producer.h"

#include "producer_system.h"

#include <fcntl.h>
#include <linux/mman.h>
#include <stddef.h>
#include <time.h>

#define PAGE               4096u
#define SMALL_MAPPING      (16u << 20) /* where the address space is limited */
#define PATIENCE           256u
#define WAIT_NS            200000
#define WAITS_MAX          150000u /* half a minute: a recorder that is dead takes the program with it */
#define IS_FAILURE(result) ((result) < 0 && (result) >= -4095)

enum state { STATE_NEW, STATE_OPENING, STATE_OPEN, STATE_NONE };

/* Of the program's C library, whichever that is. */
extern char **environ __attribute__((weak));
extern int clock_gettime(clockid_t clock, struct timespec *now) __attribute__((weak));

struct rn_producer_process rn_producer_process;
__thread struct rn_producer rn_producer_thread = {.epoch = UINT32_MAX};
static uint32_t state;
static uint32_t *epoch_page;
static uint32_t epochs; /* copied by a fork, unlike the page */

static const char *find_variable(const char *name)
{
    for (char **at = &environ ? environ : NULL; at && *at; at++) {
        size_t i = 0;

        while (name[i] && (*at)[i] == name[i])
            i++;
        if (!name[i] && (*at)[i] == '=')
            return *at + i + 1;
    }
    return NULL;
}

static void *map(uint64_t size, uint64_t flags, int64_t fd)
{
    int64_t address =
        rn_system_call(SYS_mmap, 0, size, PROT_READ | PROT_WRITE, flags, (uint64_t)fd, 0);

    return IS_FAILURE(address) ? NULL : (void *)(uintptr_t)address;
}

static void sleep_ns(int64_t ns)
{
    struct timespec time = {.tv_nsec = ns};

    (void)rn_system_call(SYS_nanosleep, (uintptr_t)&time, 0, 0, 0, 0, 0);
}

uint64_t rn_producer_clock_ns(int clock)
{
    struct timespec now;

    if (clock_gettime)
        (void)clock_gettime(clock, &now);
    else
        (void)rn_system_call(SYS_clock_gettime, (uint64_t)clock, (uintptr_t)&now, 0, 0, 0, 0);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t rn_producer_monotonic(void)
{
    return rn_producer_clock_ns(CLOCK_MONOTONIC);
}

static void *map_rings(const char *path, uint64_t *size)
{
    int64_t fd = rn_system_call(SYS_openat, (uint64_t)AT_FDCWD, (uintptr_t)path, O_RDWR | O_CLOEXEC,
                                0, 0, 0);
    struct rn_ring_file *file;

    if (IS_FAILURE(fd))
        return NULL;
    *size = RN_RING_MAPPING;
    file = map(*size, MAP_SHARED | MAP_NORESERVE, fd);
    if (!file) {
        *size = SMALL_MAPPING;
        file = map(*size, MAP_SHARED | MAP_NORESERVE, fd);
    }
    (void)rn_system_call(SYS_close, (uint64_t)fd, 0, 0, 0, 0, 0);
    if (file && (file->magic != RN_RING_MAGIC || file->version != RN_RING_VERSION ||
                 file->record_version != RN_RECORD_VERSION || file->producers.limit == 0))
        return NULL;
    return file;
}

static bool open_rings(void)
{
    struct rn_producer_process *process = &rn_producer_process;
    const char *path = find_variable(RN_PRODUCER_VARIABLE);
    struct rn_ring_file *file = path ? map_rings(path, &process->mapped) : NULL;

    if (!file)
        return false;
    epoch_page = map(PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (!epoch_page ||
        rn_system_call(SYS_madvise, (uintptr_t)epoch_page, PAGE, MADV_WIPEONFORK, 0, 0, 0) != 0)
        return false;
    process->epoch = epoch_page;
    process->tick_is_tsc = file->producers.tick_unit == 1;
    process->tick_shift = (uint32_t)file->producers.tick_shift & 63u;
    process->file = file;
    return true;
}

bool rn_producer_open(void)
{
    uint32_t expected = STATE_NEW;

    if (__atomic_load_n(&state, __ATOMIC_ACQUIRE) == STATE_NEW &&
        __atomic_compare_exchange_n(&state, &expected, STATE_OPENING, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
        __atomic_store_n(&state, open_rings() ? STATE_OPEN : STATE_NONE, __ATOMIC_RELEASE);
    while (__atomic_load_n(&state, __ATOMIC_ACQUIRE) == STATE_OPENING)
        sleep_ns(WAIT_NS);
    return __atomic_load_n(&state, __ATOMIC_ACQUIRE) == STATE_OPEN;
}

/* The page is empty in a process that has just begun to record, or was made by a fork. */
uint32_t rn_producer_epoch(void)
{
    uint32_t epoch = __atomic_load_n(epoch_page, __ATOMIC_ACQUIRE), expected = 0;

    if (epoch != 0)
        return epoch;
    rn_producer_process.pid = (uint32_t)rn_system_call(SYS_getpid, 0, 0, 0, 0, 0, 0);
    epoch = __atomic_add_fetch(&epochs, 1, __ATOMIC_RELAXED);
    if (__atomic_compare_exchange_n(epoch_page, &expected, epoch, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
        return epoch;
    return expected;
}

static struct rn_ring_slot *take_offer(struct rn_ring_file *file, uint32_t tid)
{
    struct rn_ring_slot *slots = (struct rn_ring_slot *)(void *)(file + 1);

    for (uint32_t i = 0; i < RN_RING_OFFERS; i++) {
        uint32_t *offer = &file->producers.offers[(tid + i) % RN_RING_OFFERS];
        uint32_t number = __atomic_load_n(offer, __ATOMIC_RELAXED)
                              ? __atomic_exchange_n(offer, 0, __ATOMIC_ACQ_REL)
                              : 0;

        if (number != 0 && number <= RN_RING_SLOTS)
            return &slots[number - 1];
    }
    return NULL;
}

static bool is_mapped(const struct rn_ring_slot *slot)
{
    return slot->data_offset < rn_producer_process.mapped &&
           slot->size <= rn_producer_process.mapped - slot->data_offset;
}

static void begin_ring(struct rn_producer *self, struct rn_ring_slot *slot)
{
    uint8_t *data = (uint8_t *)rn_producer_process.file + slot->data_offset;

    self->data = data;
    self->cells = (struct rn_ring_cell *)(void *)(data - slot->lead);
    self->tail = 0;
    self->cells_used = 0;
    self->second_begin = self->second_end = 0;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    self->slot = slot;
}

struct rn_producer *rn_producer_take(struct rn_producer *self)
{
    struct rn_ring_file *file = rn_producer_process.file;
    uint32_t epoch = rn_producer_epoch(), tid;
    struct rn_ring_slot *slot;

    if (self->epoch != epoch) {
        self->slot = NULL;
        self->patience = 0;
        self->epoch = epoch;
    }
    if (self->patience > 0) {
        self->patience--;
        __atomic_add_fetch(&file->producers.lost, 1, __ATOMIC_RELAXED);
        return NULL;
    }
    tid = (uint32_t)rn_system_call(SYS_gettid, 0, 0, 0, 0, 0, 0);
    slot = take_offer(file, tid);
    if (slot) {
        slot->owner_pid = rn_producer_process.pid;
        slot->owner_tid = tid;
        __atomic_store_n(&slot->taken, RN_RING_TAKEN, __ATOMIC_RELEASE);
    }
    if (!slot || !is_mapped(slot)) {
        self->patience = PATIENCE;
        __atomic_add_fetch(&file->producers.lost, 1, __ATOMIC_RELAXED);
        return NULL;
    }
    begin_ring(self, slot);
    return self;
}

void *rn_producer_reserve(struct rn_producer *self, uint32_t size, uint32_t spare)
{
    struct rn_ring_slot *slot = self->slot;
    uint64_t head = slot->head, to_end = slot->size - (head & (slot->size - 1));
    uint64_t needed = (uint64_t)size + spare + (to_end < size ? to_end : 0);

    if (slot->size - (head - self->tail) < needed) {
        self->tail = __atomic_load_n(&slot->tail, __ATOMIC_ACQUIRE);
        if (slot->size - (head - self->tail) < needed)
            return NULL;
    }
    if (to_end < size) {
        struct rn_record *padding = (void *)(self->data + (head & (slot->size - 1)));

        /* There may be room for no more than these. */
        padding->size = (uint32_t)to_end;
        padding->kind = RN_KIND_NONE;
        head += to_end;
        __atomic_store_n(&slot->head, head, __ATOMIC_RELEASE);
    }
    self->at = head;
    return self->data + (head & (slot->size - 1));
}

void rn_producer_commit(struct rn_producer *self, uint32_t size)
{
    __atomic_store_n(&self->slot->head, self->at + size, __ATOMIC_RELEASE);
}

bool rn_producer_wait(struct rn_producer *self, uint32_t *attempts)
{
    uint64_t tail = __atomic_load_n(&self->slot->tail, __ATOMIC_ACQUIRE);

    if (tail != self->tail)
        *attempts = 0;
    if (++*attempts > WAITS_MAX)
        return false;
    sleep_ns(WAIT_NS);
    return true;
}

void rn_producer_lose(struct rn_producer *self, uint64_t count)
{
    __atomic_add_fetch(&self->slot->lost, count, __ATOMIC_RELAXED);
}
