/* SPDX-License-Identifier: MIT */
/* Submits: what is handed to a queue, and by which signs it will be known to be done. */
#include "vulkan_layer.h"

#include <stdlib.h>

#define KEY(handle) ((uint64_t)(uintptr_t)(handle))
#define NESTING_MAX 4u

/* A batch in the shape of either generation of vkQueueSubmit. */
struct batch {
    uint32_t count;
    const VkCommandBuffer *buffers; /* or */
    const VkCommandBufferSubmitInfo *infos;
    uint32_t signal_count;
    const VkSemaphore *semaphores; /* with */
    const uint64_t *values;        /* or */
    const VkSemaphoreSubmitInfo *signals;
};

static struct rn_vulkan_recording *recording_in(const struct batch *batch, uint32_t i)
{
    VkCommandBuffer handle = batch->buffers ? batch->buffers[i] : batch->infos[i].commandBuffer;

    return rn_vulkan_commands_of(handle)->recording;
}

static uint32_t count_of(const struct rn_vulkan_recording *recording, uint32_t depth)
{
    uint32_t count = 1;

    for (uint32_t i = 0; depth < NESTING_MAX && i < recording->child_count; i++)
        count += count_of(recording->children[i], depth + 1);
    return count;
}

/* A recording that is submitted again: its last run is over, as Vulkan demands; or, where it may
 * run several times at once, its times are about to be overwritten. */
static void add(struct rn_vulkan_submission *submission, struct rn_vulkan_recording *recording,
                uint32_t depth)
{
    if (recording->submission && recording->simultaneous)
        (void)rn_vulkan_settle_recording(recording, RN_VULKAN_UNKNOWN);
    else if (recording->submission && !rn_vulkan_settle_recording(recording, RN_VULKAN_DONE))
        (void)rn_vulkan_settle_recording(recording, RN_VULKAN_OVER);
    recording->references++;
    recording->submission = submission;
    recording->submission_entry = submission->count;
    submission->recordings[submission->count++] = recording;
    rn_producer_queue_begun(&submission->queue->to, recording->count);
    for (uint32_t i = 0; depth < NESTING_MAX && i < recording->child_count; i++)
        add(submission, recording->children[i], depth + 1);
}

static void append(struct rn_vulkan_queue *queue, struct rn_vulkan_submission *submission)
{
    submission->previous = queue->last;
    if (queue->last)
        queue->last->next = submission;
    else
        queue->first = submission;
    queue->last = submission;
}

static void note_timeline(struct rn_vulkan_device *device, VkSemaphore semaphore,
                          const struct rn_vulkan_signal *signal)
{
    struct rn_vulkan_timeline *timeline =
        (void *)(uintptr_t)rn_vulkan_map_get(&device->timelines, KEY(semaphore));

    if (!timeline) {
        timeline = calloc(1, sizeof(*timeline));
        if (!timeline || !rn_vulkan_map_put(&device->timelines, KEY(semaphore), KEY(timeline))) {
            free(timeline);
            return;
        }
    }
    timeline->signals[timeline->next++ % RN_VULKAN_SIGNALS] = *signal;
}

/* A value of 0 can never be signalled: then it is not a timeline. */
static void note_signals(struct rn_vulkan_queue *queue, const struct batch *batch,
                         uint64_t correlation)
{
    struct rn_vulkan_signal signal = {
        .queue = queue, .number = queue->submitted, .correlation = correlation};

    for (uint32_t i = 0; i < batch->signal_count; i++) {
        signal.value = batch->signals  ? batch->signals[i].value
                       : batch->values ? batch->values[i]
                                       : 0;
        if (signal.value)
            note_timeline(queue->device,
                          batch->signals ? batch->signals[i].semaphore : batch->semaphores[i],
                          &signal);
    }
}

static void note_fence(struct rn_vulkan_queue *queue, VkFence fence, uint64_t correlation)
{
    struct rn_vulkan_map *fences = &queue->device->fences;
    struct rn_vulkan_signal *signal = (void *)(uintptr_t)rn_vulkan_map_get(fences, KEY(fence));

    if (!signal) {
        signal = calloc(1, sizeof(*signal));
        if (!signal || !rn_vulkan_map_put(fences, KEY(fence), KEY(signal))) {
            free(signal);
            return;
        }
    }
    *signal = (struct rn_vulkan_signal){
        .queue = queue, .number = queue->submitted, .correlation = correlation};
}

/* With the device's lock. */
static void note_batch(struct rn_vulkan_queue *queue, const struct batch *batch,
                       uint64_t correlation, uint64_t called)
{
    struct rn_vulkan_submission *submission;
    uint32_t count = 0, commands = 0;

    for (uint32_t i = 0; i < batch->count; i++) {
        const struct rn_vulkan_recording *recording = recording_in(batch, i);

        count += recording ? count_of(recording, 0) : 0;
        commands += recording ? recording->count : 0;
    }
    queue->submitted++;
    note_signals(queue, batch, correlation);
    if (count == 0)
        return;
    submission = calloc(1, sizeof(*submission) + count * sizeof(submission->recordings[0]));
    if (!submission) {
        rn_producer_queue_begun(&queue->to, commands);
        return;
    }
    submission->queue = queue;
    submission->number = queue->submitted;
    submission->correlation = correlation;
    submission->called = called;
    submission->left = count;
    append(queue, submission);
    for (uint32_t i = 0; i < batch->count; i++)
        if (recording_in(batch, i))
            add(submission, recording_in(batch, i), 0);
}

static const uint64_t *timeline_values(const VkSubmitInfo *submit)
{
    const VkBaseInStructure *more = submit->pNext;

    while (more && more->sType != VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO)
        more = more->pNext;
    if (!more || ((const VkTimelineSemaphoreSubmitInfo *)more)->signalSemaphoreValueCount <
                     submit->signalSemaphoreCount)
        return NULL;
    return ((const VkTimelineSemaphoreSubmitInfo *)more)->pSignalSemaphoreValues;
}

/* The call went to the driver, and this became of it. What it refused is not in work. */
static void note_result(struct rn_vulkan_queue *queue, const char *name, uint64_t correlation,
                        uint64_t called, uint64_t first, VkResult result)
{
    struct rn_vulkan_device *device = queue->device;

    if (result != VK_SUCCESS) {
        pthread_mutex_lock(&device->lock);
        rn_vulkan_withdraw(queue, first);
        pthread_mutex_unlock(&device->lock);
    }
    rn_vulkan_note_lost(device, result);
    rn_vulkan_put_call(&(struct rn_vulkan_call){.name = name,
                                                .start = called,
                                                .result = result,
                                                .correlation = correlation,
                                                .device = device,
                                                .queue = queue});
}

VKAPI_ATTR VkResult VKAPI_CALL rn_vk_QueueSubmit(VkQueue handle, uint32_t count,
                                                 const VkSubmitInfo *submits, VkFence fence)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);
    struct rn_vulkan_queue *queue = device->off ? NULL : rn_vulkan_queue_of(device, handle);
    uint64_t called, correlation, first;
    VkResult result;

    if (!queue)
        return device->below.QueueSubmit(handle, count, submits, fence);
    called = rn_producer_now();
    correlation = rn_vulkan_correlation();
    pthread_mutex_lock(&device->lock);
    first = queue->submitted + 1;
    for (uint32_t i = 0; i < count; i++) {
        const struct batch batch = {.count = submits[i].commandBufferCount,
                                    .buffers = submits[i].pCommandBuffers,
                                    .signal_count = submits[i].signalSemaphoreCount,
                                    .semaphores = submits[i].pSignalSemaphores,
                                    .values = timeline_values(&submits[i])};

        note_batch(queue, &batch, correlation, called);
    }
    if (fence)
        note_fence(queue, fence, correlation);
    pthread_mutex_unlock(&device->lock);
    result = RN_VULKAN_IN_DRIVER(device->below.QueueSubmit(handle, count, submits, fence));
    note_result(queue, "vkQueueSubmit", correlation, called, first, result);
    return result;
}

VKAPI_ATTR VkResult VKAPI_CALL rn_vk_QueueSubmit2(VkQueue handle, uint32_t count,
                                                  const VkSubmitInfo2 *submits, VkFence fence)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);
    struct rn_vulkan_queue *queue = device->off ? NULL : rn_vulkan_queue_of(device, handle);
    uint64_t called, correlation, first;
    VkResult result;

    if (!queue)
        return device->below.QueueSubmit2(handle, count, submits, fence);
    called = rn_producer_now();
    correlation = rn_vulkan_correlation();
    pthread_mutex_lock(&device->lock);
    first = queue->submitted + 1;
    for (uint32_t i = 0; i < count; i++) {
        const struct batch batch = {.count = submits[i].commandBufferInfoCount,
                                    .infos = submits[i].pCommandBufferInfos,
                                    .signal_count = submits[i].signalSemaphoreInfoCount,
                                    .signals = submits[i].pSignalSemaphoreInfos};

        note_batch(queue, &batch, correlation, called);
    }
    if (fence)
        note_fence(queue, fence, correlation);
    pthread_mutex_unlock(&device->lock);
    result = RN_VULKAN_IN_DRIVER(device->below.QueueSubmit2(handle, count, submits, fence));
    note_result(queue, "vkQueueSubmit2", correlation, called, first, result);
    return result;
}
