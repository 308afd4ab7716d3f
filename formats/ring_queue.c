/* SPDX-License-Identifier: MIT */
/* Device queues as libraries in the program announce them in the file of rings. What they say is
 * read once: the program may be changing it. */
#include "ring_file.h"

#include <string.h>

static uint32_t load(const uint32_t *value)
{
    return __atomic_load_n(value, __ATOMIC_RELAXED);
}

bool rn_ring_queue_read(const struct rn_ring_file *file, uint32_t number, struct rn_stream *stream,
                        char name[RN_RING_QUEUE_NAME + 1])
{
    const struct rn_ring_queue *queue = &file->queues[number % RN_RING_QUEUES];
    uint32_t size;

    if (number >= RN_RING_QUEUES || __atomic_load_n(&queue->ready, __ATOMIC_ACQUIRE) == 0 ||
        load(&queue->thread) != 0)
        return false;
    *stream = (struct rn_stream){.id = RN_STREAM_QUEUES + number,
                                 .type = RN_STREAM_QUEUE,
                                 .pid = load(&queue->pid),
                                 .tid = queue->number,
                                 .clock = load(&queue->clock)};
    size = load(&queue->name_size);
    memcpy(name, queue->name, RN_RING_QUEUE_NAME);
    name[size < RN_RING_QUEUE_NAME ? size : RN_RING_QUEUE_NAME] = '\0';
    return true;
}

bool rn_ring_queue_thread(const struct rn_ring_file *file, uint32_t number, uint32_t *pid,
                          uint32_t *tid)
{
    const struct rn_ring_queue *queue = &file->queues[number % RN_RING_QUEUES];

    if (number >= RN_RING_QUEUES || __atomic_load_n(&queue->ready, __ATOMIC_ACQUIRE) == 0)
        return false;
    *pid = load(&queue->pid);
    *tid = load(&queue->thread);
    return *tid != 0;
}

uint32_t rn_ring_queues_unsure(const struct rn_ring_file *file)
{
    uint32_t unsure = 0;

    for (uint32_t i = 0; i < RN_RING_QUEUES; i++)
        unsure += load(&file->queues[i].unsure) != 0;
    return unsure;
}

uint64_t rn_ring_queues_missing(const struct rn_ring_file *file)
{
    uint64_t missing = 0;

    for (uint32_t i = 0; i < RN_RING_QUEUES; i++) {
        uint64_t recorded = __atomic_load_n(&file->queues[i].recorded, __ATOMIC_RELAXED);
        uint64_t begun = __atomic_load_n(&file->queues[i].begun, __ATOMIC_RELAXED);

        if (begun > recorded && __builtin_add_overflow(missing, begun - recorded, &missing))
            return UINT64_MAX;
    }
    return missing;
}
