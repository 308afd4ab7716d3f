/* SPDX-License-Identifier: MIT */
/* The end of what was submitted: its times are read, and its commands recorded. */
#include "vulkan_layer.h"

#include <stdlib.h>
#include <time.h>

#define PATIENCE_NS 2000000000u /* at the program's exit, without progress */
#define PAUSE_NS    1000000u
/* So many query pools may be in use by what has to be read later. */
#define LATER_POOLS 256u

struct pair {
    uint64_t begin, begin_there, end, end_there;
};

/* Is a later than b? Both wrap around. */
static bool is_later(uint64_t a, uint64_t b, uint64_t valid)
{
    uint64_t ahead = (a - b) & valid;

    return ahead != 0 && ahead <= valid / 2;
}

/* The times of `count` commands of a block. False: the device is lost, say. */
static bool read_block(struct rn_vulkan_device *device, const struct rn_vulkan_block *block,
                       uint32_t count, struct pair *pairs)
{
    VkResult result = device->below.GetQueryPoolResults(
        device->handle, block->pool, block->first, 2 * count, count * sizeof(*pairs), pairs,
        sizeof(*pairs) / 2, VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WITH_AVAILABILITY_BIT);

    return result == VK_SUCCESS || result == VK_NOT_READY;
}

static uint32_t commands_in(const struct rn_vulkan_recording *recording, uint32_t block)
{
    uint32_t rest = recording->count - block * RN_VULKAN_BLOCK_PAIRS;

    return rest < RN_VULKAN_BLOCK_PAIRS ? rest : RN_VULKAN_BLOCK_PAIRS;
}

/* The device has come to the end of each block, and what stands there is not of an earlier use. */
static bool looks_done(struct rn_vulkan_device *device, const struct rn_vulkan_recording *recording)
{
    struct pair pairs[RN_VULKAN_BLOCK_PAIRS] = {0};

    if (!recording->valid)
        return recording->count == 0;
    for (uint32_t i = 0; i < recording->block_count; i++) {
        const struct rn_vulkan_block *block = recording->blocks[i];
        uint32_t count = commands_in(recording, i);

        if (!read_block(device, block, count, pairs) || !pairs[count - 1].end_there ||
            !(block->latest == 0 ||
              is_later(pairs[count - 1].end, block->latest, recording->valid)))
            return false;
    }
    return true;
}

/* how: what is known of the end, where the device's times are not. */
static void put_block(struct rn_vulkan_submission *submission,
                      const struct rn_vulkan_recording *recording, uint32_t number,
                      enum rn_vulkan_how how)
{
    struct rn_vulkan_device *device = submission->queue->device;
    struct pair pairs[RN_VULKAN_BLOCK_PAIRS] = {0};
    uint32_t count = commands_in(recording, number);
    bool timed = (how == RN_VULKAN_DONE || how == RN_VULKAN_PERHAPS) && recording->valid &&
                 read_block(device, recording->blocks[number], count, pairs);

    for (uint32_t i = 0; i < count; i++) {
        const struct pair *pair = &pairs[i];
        struct rn_vulkan_times times = {.done = how != RN_VULKAN_UNKNOWN};

        if (timed && pair->begin_there && pair->end_there) {
            times.known = true;
            times.begin = rn_vulkan_clock_extend(device, pair->begin, recording->valid);
            times.end = times.begin + ((pair->end - pair->begin) & recording->valid);
            recording->blocks[number]->latest = pair->end & recording->valid;
        }
        rn_vulkan_put_command(submission, &recording->commands[number * RN_VULKAN_BLOCK_PAIRS + i],
                              &times);
    }
}

static void remove_submission(struct rn_vulkan_submission *submission)
{
    struct rn_vulkan_queue *queue = submission->queue;

    if (submission->previous)
        submission->previous->next = submission->next;
    else
        queue->first = submission->next;
    if (submission->next)
        submission->next->previous = submission->previous;
    else
        queue->last = submission->previous;
    free(submission);
}

/* The submission ends with the last of its recordings. */
static void leave_submission(struct rn_vulkan_recording *recording)
{
    struct rn_vulkan_submission *submission = recording->submission;
    struct rn_vulkan_queue *queue = submission->queue;

    submission->recordings[recording->submission_entry] = NULL;
    recording->submission = NULL;
    rn_vulkan_recording_release(queue->device, recording);
    if (--submission->left == 0)
        remove_submission(submission);
}

static bool is_idle(const struct rn_vulkan_device *device)
{
    for (const struct rn_vulkan_queue *queue = device->queues; queue; queue = queue->next)
        if (queue->done < queue->submitted)
            return false;
    return true;
}

/* The driver would wait for what is submitted behind it, which may wait for the program. Without
 * end this cannot go on: the queries are in use until then. */
static bool must_be_later(const struct rn_vulkan_device *device,
                          const struct rn_vulkan_recording *recording)
{
    return device->reads_wait && recording->valid && !is_idle(device) &&
           device->query_pool_count < LATER_POOLS;
}

bool rn_vulkan_settle_recording(struct rn_vulkan_recording *recording, enum rn_vulkan_how how)
{
    struct rn_vulkan_submission *submission = recording->submission;
    struct rn_vulkan_device *device = submission->queue->device;
    uint32_t blocks = (recording->count + RN_VULKAN_BLOCK_PAIRS - 1) / RN_VULKAN_BLOCK_PAIRS;

    if (how == RN_VULKAN_PERHAPS && !looks_done(device, recording))
        return false;
    if (how == RN_VULKAN_DONE && must_be_later(device, recording))
        return false;
    if (how == RN_VULKAN_DONE && device->reads_wait && !is_idle(device))
        how = RN_VULKAN_OVER;
    for (uint32_t i = 0; i < blocks; i++)
        put_block(submission, recording, i, how);
    leave_submission(recording);
    return true;
}

/* The submission is gone when its last recording is. False: something is left of it. */
static bool settle_submission(struct rn_vulkan_submission *submission, enum rn_vulkan_how how)
{
    uint32_t count = submission->count;
    bool all = true;

    for (uint32_t i = 0; i < count; i++) {
        bool is_last = submission->left == 1;

        if (!submission->recordings[i])
            continue;
        if (!rn_vulkan_settle_recording(submission->recordings[i], how))
            all = false;
        else if (is_last)
            return true;
    }
    return all;
}

static void settle_up_to(struct rn_vulkan_queue *queue, uint64_t number, enum rn_vulkan_how how)
{
    struct rn_vulkan_submission *submission = queue->first, *next;

    for (; submission && submission->number <= number; submission = next) {
        next = submission->next;
        (void)settle_submission(submission, how);
    }
}

static void note_done(struct rn_vulkan_queue *queue, uint64_t number)
{
    if (number > queue->submitted)
        number = queue->submitted;
    if (number > queue->done)
        queue->done = number;
}

void rn_vulkan_settle_queue(struct rn_vulkan_queue *queue, uint64_t number, enum rn_vulkan_how how)
{
    struct rn_vulkan_device *device = queue->device;

    if (how == RN_VULKAN_DONE)
        note_done(queue, number);
    settle_up_to(queue, number, how);
    /* What had to be later can be now. */
    if (device->reads_wait && how == RN_VULKAN_DONE && is_idle(device))
        for (struct rn_vulkan_queue *at = device->queues; at; at = at->next)
            settle_up_to(at, UINT64_MAX, how);
    rn_vulkan_clock_look(device);
}

void rn_vulkan_settle_device(struct rn_vulkan_device *device, enum rn_vulkan_how how)
{
    for (struct rn_vulkan_queue *queue = device->queues; queue; queue = queue->next)
        rn_vulkan_settle_queue(queue, UINT64_MAX, how);
}

/* Submissions from a number on, without an event: what was begun and is never recorded is stated as
 * lost at the end, but for what the driver has refused. */
static void forget(struct rn_vulkan_queue *queue, uint64_t first, bool refused)
{
    struct rn_vulkan_submission *submission = queue->last, *previous;

    for (; submission && submission->number >= first; submission = previous) {
        uint32_t count = submission->count, left = submission->left;

        previous = submission->previous;
        for (uint32_t i = 0; i < count && left > 0; i++) {
            struct rn_vulkan_recording *recording = submission->recordings[i];

            if (!recording)
                continue;
            if (refused)
                rn_producer_queue_refused(&queue->to, recording->count);
            left--;
            leave_submission(recording);
        }
    }
}

void rn_vulkan_withdraw(struct rn_vulkan_queue *queue, uint64_t first)
{
    forget(queue, first, true);
    queue->submitted = first - 1;
}

static uint64_t pending_in(const struct rn_vulkan_device *device)
{
    uint64_t pending = 0;

    for (const struct rn_vulkan_queue *queue = device->queues; queue; queue = queue->next)
        for (const struct rn_vulkan_submission *at = queue->first; at; at = at->next)
            pending += at->left;
    return pending;
}

static void forget_all(struct rn_vulkan_device *device)
{
    for (struct rn_vulkan_queue *queue = device->queues; queue; queue = queue->next)
        forget(queue, 0, false);
}

static void pause_once(void)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};

    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
}

static void wait_for_queries(struct rn_vulkan_device *device)
{
    uint64_t before = UINT64_MAX, waited = 0, now;

    for (;;) {
        rn_vulkan_settle_device(device, RN_VULKAN_PERHAPS);
        now = pending_in(device);
        waited = now < before ? 0 : waited + PAUSE_NS;
        before = now;
        if (now == 0 || waited >= PATIENCE_NS)
            return;
        pause_once();
    }
}

/* Where queries cannot be looked at before all is done, fences can. */
static void wait_for_fence(struct rn_vulkan_queue *queue)
{
    static const VkFenceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    const struct rn_vulkan_device_functions *below = &queue->device->below;
    VkDevice device = queue->device->handle;
    VkFence fence;

    if (below->CreateFence(device, &info, NULL, &fence) != VK_SUCCESS)
        return;
    if (below->QueueSubmit(queue->handle, 0, NULL, fence) != VK_SUCCESS) {
        below->DestroyFence(device, fence, NULL);
        return;
    }
    for (uint64_t waited = 0; waited < PATIENCE_NS; waited += PAUSE_NS) {
        if (below->GetFenceStatus(device, fence) == VK_SUCCESS) {
            rn_vulkan_settle_queue(queue, UINT64_MAX, RN_VULKAN_DONE);
            below->DestroyFence(device, fence, NULL);
            return;
        }
        pause_once();
    }
}

void rn_vulkan_settle_at_exit(struct rn_vulkan_device *device)
{
    if (device->reads_wait && !device->lost) {
        for (struct rn_vulkan_queue *queue = device->queues; queue; queue = queue->next)
            if (queue->first)
                wait_for_fence(queue);
    } else {
        wait_for_queries(device);
    }
    forget_all(device);
}

void rn_vulkan_note_lost(struct rn_vulkan_device *device, VkResult result)
{
    if (result != VK_ERROR_DEVICE_LOST)
        return;
    pthread_mutex_lock(&device->lock);
    if (!device->lost) {
        device->lost = true;
        rn_vulkan_put_notice(RN_NOTICE_BLIND_SPOT,
                             "a Vulkan device was lost: what was in work on it is not recorded");
    }
    if (!device->reads_wait)
        rn_vulkan_settle_device(device, RN_VULKAN_PERHAPS);
    forget_all(device);
    pthread_mutex_unlock(&device->lock);
}
