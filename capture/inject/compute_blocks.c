/* SPDX-License-Identifier: MIT */
/* What happens at the end of a block. The hot path of the library: about 40 ns. */
#include "compute.h"

__thread struct rn_compute_thread rn_compute_thread;

static const char other[] = "(other)";

void *rn_compute_reserve(struct rn_producer *self, uint32_t size)
{
    uint32_t attempts = 0;
    void *room;

    while (!(room = rn_producer_reserve(self, size, RN_PRODUCER_SPARE(self))))
        if (!rn_producer_settings()->all || !rn_producer_wait(self, &attempts))
            return NULL;
    return room;
}

static void count(struct rn_producer *self, const struct rn_compute_late *block, uint8_t reason)
{
    const struct rn_compute_site *site = block->site;
    uint8_t bin = rn_ring_cell_bin(block->elements);
    uint64_t number = site ? site->operation->number : 0;
    uint8_t backend = site ? site->backend : RN_BACKEND_UNKNOWN;
    struct rn_producer_sample sample = {
        .key = number << 32 | (uint64_t)RN_KIND_BLOCK << 24 | (uint64_t)reason << 16 |
               (uint64_t)backend << 8 | bin,
        .of = RN_KIND_BLOCK,
        .reason = reason,
        .backend = backend,
        .size_bin = bin,
        .name_size = site ? site->operation->name_size : sizeof(other) - 1,
        .name = site ? site->operation->name : other,
        .start = block->start,
        .duration = block->duration,
        .elements = block->elements,
        .bytes = block->bytes,
        .flops = block->flops};

    rn_producer_count(self, &sample);
}

static bool record(struct rn_producer *self, const struct rn_compute_late *block)
{
    const struct rn_compute_site *site = block->site;
    struct rn_record *record = rn_compute_reserve(self, site->size);
    struct rn_block *fields = (struct rn_block *)(record + 1);

    if (!record)
        return false;
    rn_compute_copy(record, site->record, site->size);
    record->start = block->start;
    record->duration = block->duration;
    fields->elements = block->elements;
    fields->bytes = block->bytes;
    fields->flops = block->flops;
    fields->depth = block->depth;
    rn_producer_commit(self, site->size);
    return true;
}

/* Recorded, or counted: one of the two. */
static void settle(struct rn_producer *self, const struct rn_compute_late *block)
{
    const struct rn_ring_producers *settings = rn_producer_settings();
    uint8_t reason = RN_AGGREGATE_FULL;

    if (!settings->all) {
        if (block->site && settings->hot_calls &&
            rn_compute_is_hot(self, block->site->operation, block->start + block->duration))
            reason = RN_AGGREGATE_HOT;
        else if (block->duration < __atomic_load_n(&settings->threshold, __ATOMIC_RELAXED))
            reason = RN_AGGREGATE_THRESHOLD;
    }
    if (reason != RN_AGGREGATE_FULL || !block->site || !record(self, block))
        count(self, block, reason);
}

/* Handlers that interrupt this thread while it is busy put what they have into `late`; more of them
 * may come while that is emptied. */
static void settle_late(struct rn_producer *self, struct rn_compute_thread *thread)
{
    uint32_t done = 0, count;

    do {
        count = thread->late_count;
        while (done < count)
            settle(self, &thread->late[done++]);
    } while (!__atomic_compare_exchange_n(&thread->late_count, &count, 0, false, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
}

void rn_compute_enter(struct rn_compute_thread *thread, const void *frame, uint64_t now)
{
    thread->frame = frame;
    thread->busy_since = now;
    thread->busy = 1;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

void rn_compute_leave(struct rn_producer *self, struct rn_compute_thread *thread)
{
    for (;;) {
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        if (__builtin_expect(thread->late_count, 0))
            settle_late(self, thread);
        thread->busy = 0;
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        if (__builtin_expect(!thread->late_count, 1))
            return;
        thread->busy = 1;
    }
}

/* Has a handler left the interrupted one by siglongjmp, for good? It seems so where this one is not
 * deeper in the stack, at lower addresses, or where the other one makes no progress for long. */
static bool was_abandoned(const struct rn_compute_thread *thread, const void *frame, uint64_t now)
{
    return thread->late_count == RN_COMPUTE_LATE &&
           ((uintptr_t)frame >= (uintptr_t)thread->frame ||
            now - thread->busy_since > rn_producer_settings()->tick_rate);
}

static void keep_for_later(struct rn_producer *self, struct rn_compute_thread *thread,
                           const struct rn_compute_late *block, const void *frame)
{
    uint32_t place = thread->late_count;

    if (was_abandoned(thread, frame, block->start + block->duration)) {
        rn_producer_resume(self);
        rn_compute_leave(self, thread);
        place = 0;
    }
    if (place == RN_COMPUTE_LATE) {
        rn_producer_lose(self, 1);
        return;
    }
    thread->late_count = place + 1;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    thread->late[place] = *block;
}

void rn_compute_begin(struct rn_simd_block *block)
{
    block->depth = rn_compute_thread.depth++;
    block->start = rn_producer_now();
}

void rn_compute_end(struct rn_simd_block *block)
{
    uint64_t now = rn_producer_now();
    struct rn_compute_thread *thread = &rn_compute_thread;
    struct rn_producer *self = rn_producer_self();
    struct rn_compute_late ended = {
        .site = __atomic_load_n((const struct rn_compute_site **)(void *)&block->site->recorder,
                                __ATOMIC_ACQUIRE),
        .start = block->start,
        .duration = now - block->start,
        .elements = block->elements,
        .bytes = block->bytes,
        .flops = block->flops,
        .depth = block->depth};

    /* Blocks that a longjmp left are over with the one around them. */
    thread->depth = block->depth;
    if (!self)
        return;
    if (__builtin_expect(thread->busy, 0)) {
        keep_for_later(self, thread, &ended, __builtin_frame_address(0));
        return;
    }
    rn_compute_enter(thread, __builtin_frame_address(0), now);
    if (__builtin_expect(!ended.site, 0))
        ended.site = rn_compute_block_site(block->site);
    settle(self, &ended);
    rn_compute_leave(self, thread);
}

static const struct rn_simd_hooks hooks = {.abi = RN_SIMD_ABI,
                                           .begin = rn_compute_begin,
                                           .end = rn_compute_end,
                                           .decide = rn_compute_decide};

RN_COMPUTE_EXPORT const struct rn_simd_hooks *rn_simd_hook(uint32_t abi)
{
    return abi == RN_SIMD_ABI && rn_producer_open() ? &hooks : NULL;
}
