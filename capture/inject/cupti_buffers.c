/* SPDX-License-Identifier: MIT */
/* Memory for CUPTI's records. A program would fail in strange ways if CUPTI got none: where there
 * is no more, it gets a place whose records are counted as lost. No locks: CUPTI asks in the
 * program's threads, and any of them may be forking. */
#include "cupti_inject.h"

#include "producer_system.h"

#include <string.h>
#include <sys/mman.h>

#define BUFFER_BYTES  (2u << 20) /* some ten thousand records */
#define BUFFERS_MAX   64u        /* a thread of the program that uses CUDA has one at a time */
#define DISCARD_BYTES (32u << 10)
#define DISCARDS      8u

static struct {
    uint8_t *memory; /* kept until the program ends */
    uint32_t in_use;
} buffers[BUFFERS_MAX];

/* Records in these are counted; in the last one, which may have several users at once, they cannot
 * even be counted. */
static uint8_t discards[DISCARDS + 1][DISCARD_BYTES] __attribute__((aligned(8)));
static uint32_t discard_in_use[DISCARDS];
static uint64_t discarded;
static uint32_t discarded_unknown;

static uint32_t cleared_by_us;

void rn_cupti_clear_buffers(bool by_us)
{
    uint8_t value = by_us;
    size_t size = sizeof(value);

    if (rn_cupti.call.set_attribute &&
        rn_cupti.call.set_attribute(RN_CUPTI_ATTRIBUTE_ZEROED_BUFFERS, &size, &value) ==
            RN_CUPTI_SUCCESS)
        __atomic_store_n(&cleared_by_us, by_us, __ATOMIC_RELAXED);
}

static bool claim(uint32_t *in_use)
{
    uint32_t expected = 0;

    return __atomic_compare_exchange_n(in_use, &expected, 1, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

static uint8_t *map_buffer(void)
{
    int64_t address = rn_system_call(SYS_mmap, 0, BUFFER_BYTES, PROT_READ | PROT_WRITE,
                                     MAP_PRIVATE | MAP_ANONYMOUS, UINT64_MAX, 0);

    return address < 0 && address >= -4095 ? NULL : (uint8_t *)(uintptr_t)address;
}

static uint8_t *take_buffer(void)
{
    for (uint32_t i = 0; i < BUFFERS_MAX; i++) {
        if (!claim(&buffers[i].in_use))
            continue;
        if (!buffers[i].memory)
            buffers[i].memory = map_buffer();
        if (buffers[i].memory)
            return buffers[i].memory;
        __atomic_store_n(&buffers[i].in_use, 0, __ATOMIC_RELEASE);
        return NULL;
    }
    return NULL;
}

/* CUPTI would do it in the program's thread. It writes records and nothing behind them: what it says
 * is used is all that is not zero. */
static void clear(uint8_t *buffer, size_t used)
{
    if (__atomic_load_n(&cleared_by_us, __ATOMIC_RELAXED))
        memset(buffer, 0, used);
}

static uint8_t *take_discard(void)
{
    for (uint32_t i = 0; i < DISCARDS; i++)
        if (claim(&discard_in_use[i]))
            return discards[i];
    clear(discards[DISCARDS], DISCARD_BYTES);
    return discards[DISCARDS];
}

void rn_cupti_requested(uint8_t **buffer, size_t *size, size_t *max_records)
{
    *max_records = 0; /* as many as fit */
    *size = BUFFER_BYTES;
    *buffer = rn_cupti_is_own_process() ? take_buffer() : NULL;
    if (*buffer)
        return;
    *size = DISCARD_BYTES;
    *buffer = take_discard();
}

/* What is behind the last record that CUPTI understands is not looked at. */
static uint64_t read_records(uint8_t *buffer, size_t used,
                             void (*take)(const void *record, size_t size,
                                          struct rn_cupti_pages *pages))
{
    struct rn_cupti_pages pages = {.count = 0};
    void *record = NULL;
    uint64_t count = 0;

    while (rn_cupti.call.get_next_record(buffer, used, &record) == RN_CUPTI_SUCCESS) {
        size_t at = (size_t)((uint8_t *)record - buffer);

        if (!record || at >= used || count > used / 8)
            break;
        if (take)
            take(record, used - at, &pages);
        count++;
    }
    return count;
}

static bool give_back(uint8_t *buffer, size_t used)
{
    for (uint32_t i = 0; i < BUFFERS_MAX; i++) {
        if (buffers[i].memory != buffer)
            continue;
        (void)read_records(buffer, used, rn_cupti_decode);
        clear(buffer, used);
        __atomic_store_n(&buffers[i].in_use, 0, __ATOMIC_RELEASE);
        return true;
    }
    return false;
}

static void discard(uint8_t *buffer, size_t used)
{
    for (uint32_t i = 0; i < DISCARDS; i++) {
        if (discards[i] != buffer)
            continue;
        __atomic_add_fetch(&discarded, read_records(buffer, used, NULL), __ATOMIC_RELAXED);
        clear(buffer, used);
        __atomic_store_n(&discard_in_use[i], 0, __ATOMIC_RELEASE);
        return;
    }
    if (used > 0)
        __atomic_store_n(&discarded_unknown, 1, __ATOMIC_RELAXED);
}

void rn_cupti_completed(void *context, uint32_t stream, uint8_t *buffer, size_t size, size_t used)
{
    (void)context;
    (void)stream;
    if (!buffer || !rn_cupti_is_own_process())
        return;
    if (used > size)
        used = size;
    if (!give_back(buffer, used))
        discard(buffer, used);
}

uint64_t rn_cupti_discarded(bool *unknown)
{
    *unknown = __atomic_exchange_n(&discarded_unknown, 0, __ATOMIC_RELAXED) != 0;
    return __atomic_exchange_n(&discarded, 0, __ATOMIC_RELAXED);
}
