/* SPDX-License-Identifier: MIT */
/* By what a program finds out that its work is done. */
#include "vulkan_layer.h"

#include <stdlib.h>

#define KEY(handle) ((uint64_t)(uintptr_t)(handle))

/* With the device's lock, as all until the functions of Vulkan. */
static uint64_t reached(struct rn_vulkan_signal *signal)
{
    if (!signal || !signal->queue)
        return 0;
    rn_vulkan_settle_queue(signal->queue, signal->number, RN_VULKAN_DONE);
    return signal->correlation;
}

static struct rn_vulkan_signal *signal_of(struct rn_vulkan_device *device, VkFence fence)
{
    return (void *)(uintptr_t)rn_vulkan_map_get(&device->fences, KEY(fence));
}

/* Of a wait that is over: which of the fences were reached is known where it was for all, or one.
 */
static uint64_t fences_reached(struct rn_vulkan_device *device, uint32_t count,
                               const VkFence *fences, bool all)
{
    uint64_t correlation = 0;

    for (uint32_t i = 0; i < count; i++) {
        struct rn_vulkan_signal *signal = signal_of(device, fences[i]);

        if (!signal ||
            (!all && device->below.GetFenceStatus(device->handle, fences[i]) != VK_SUCCESS))
            continue;
        if (reached(signal) > correlation)
            correlation = signal->correlation;
    }
    return correlation;
}

static uint64_t timeline_reached(struct rn_vulkan_device *device, VkSemaphore semaphore,
                                 uint64_t value)
{
    struct rn_vulkan_timeline *timeline =
        (void *)(uintptr_t)rn_vulkan_map_get(&device->timelines, KEY(semaphore));
    uint64_t correlation = 0;

    for (uint32_t i = 0; timeline && i < RN_VULKAN_SIGNALS; i++) {
        struct rn_vulkan_signal *signal = &timeline->signals[i];

        if (!signal->queue || signal->value > value)
            continue;
        if (reached(signal) > correlation)
            correlation = signal->correlation;
        signal->queue = NULL;
    }
    return correlation;
}

VKAPI_ATTR VkResult VKAPI_CALL rn_vk_WaitForFences(VkDevice handle, uint32_t count,
                                                   const VkFence *fences, VkBool32 all,
                                                   uint64_t timeout)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);
    struct rn_vulkan_call call = {
        .name = "vkWaitForFences", .start = rn_producer_now(), .device = device};

    call.result =
        RN_VULKAN_IN_DRIVER(device->below.WaitForFences(handle, count, fences, all, timeout));
    call.end = rn_producer_now();
    if (device->off)
        return (VkResult)call.result;
    rn_vulkan_note_lost(device, (VkResult)call.result);
    pthread_mutex_lock(&device->lock);
    device->found = call.end;
    if (call.result == VK_SUCCESS)
        call.correlation = fences_reached(device, count, fences, all || count == 1);
    device->found = 0;
    pthread_mutex_unlock(&device->lock);
    rn_vulkan_put_call(&call);
    return (VkResult)call.result;
}

/* Programs ask in a loop: it is no event. */
VKAPI_ATTR VkResult VKAPI_CALL rn_vk_GetFenceStatus(VkDevice handle, VkFence fence)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);
    VkResult result = RN_VULKAN_IN_DRIVER(device->below.GetFenceStatus(handle, fence));

    if (device->off)
        return result;
    rn_vulkan_note_lost(device, result);
    pthread_mutex_lock(&device->lock);
    if (result == VK_SUCCESS)
        (void)reached(signal_of(device, fence));
    pthread_mutex_unlock(&device->lock);
    return result;
}

VKAPI_ATTR VkResult VKAPI_CALL rn_vk_ResetFences(VkDevice handle, uint32_t count,
                                                 const VkFence *fences)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);

    pthread_mutex_lock(&device->lock);
    for (uint32_t i = 0; i < count; i++) {
        struct rn_vulkan_signal *signal = signal_of(device, fences[i]);

        if (signal)
            signal->queue = NULL;
    }
    pthread_mutex_unlock(&device->lock);
    return device->below.ResetFences(handle, count, fences);
}

VKAPI_ATTR void VKAPI_CALL rn_vk_DestroyFence(VkDevice handle, VkFence fence,
                                              const VkAllocationCallbacks *allocator)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);

    pthread_mutex_lock(&device->lock);
    free((void *)(uintptr_t)rn_vulkan_map_remove(&device->fences, KEY(fence)));
    pthread_mutex_unlock(&device->lock);
    device->below.DestroyFence(handle, fence, allocator);
}

/* Of a wait that is over. Where it was for any of several the semaphores say how far they are. */
static uint64_t semaphores_reached(struct rn_vulkan_device *device, const VkSemaphoreWaitInfo *info)
{
    bool all = !(info->flags & VK_SEMAPHORE_WAIT_ANY_BIT) || info->semaphoreCount == 1;
    uint64_t correlation = 0;

    for (uint32_t i = 0; i < info->semaphoreCount; i++) {
        uint64_t value = info->pValues[i], found;

        if (!all && device->below.GetSemaphoreCounterValue(device->handle, info->pSemaphores[i],
                                                           &value) != VK_SUCCESS)
            continue;
        found = timeline_reached(device, info->pSemaphores[i], value);
        if (found > correlation)
            correlation = found;
    }
    return correlation;
}

VKAPI_ATTR VkResult VKAPI_CALL rn_vk_WaitSemaphores(VkDevice handle,
                                                    const VkSemaphoreWaitInfo *info,
                                                    uint64_t timeout)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);
    struct rn_vulkan_call call = {
        .name = "vkWaitSemaphores", .start = rn_producer_now(), .device = device};

    call.result = RN_VULKAN_IN_DRIVER(device->below.WaitSemaphores(handle, info, timeout));
    call.end = rn_producer_now();
    if (device->off)
        return (VkResult)call.result;
    rn_vulkan_note_lost(device, (VkResult)call.result);
    pthread_mutex_lock(&device->lock);
    device->found = call.end;
    if (call.result == VK_SUCCESS)
        call.correlation = semaphores_reached(device, info);
    device->found = 0;
    pthread_mutex_unlock(&device->lock);
    rn_vulkan_put_call(&call);
    return (VkResult)call.result;
}

VKAPI_ATTR VkResult VKAPI_CALL rn_vk_GetSemaphoreCounterValue(VkDevice handle,
                                                              VkSemaphore semaphore,
                                                              uint64_t *value)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);
    VkResult result =
        RN_VULKAN_IN_DRIVER(device->below.GetSemaphoreCounterValue(handle, semaphore, value));

    if (device->off)
        return result;
    rn_vulkan_note_lost(device, result);
    pthread_mutex_lock(&device->lock);
    if (result == VK_SUCCESS)
        (void)timeline_reached(device, semaphore, *value);
    pthread_mutex_unlock(&device->lock);
    return result;
}

VKAPI_ATTR void VKAPI_CALL rn_vk_DestroySemaphore(VkDevice handle, VkSemaphore semaphore,
                                                  const VkAllocationCallbacks *allocator)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);

    pthread_mutex_lock(&device->lock);
    free((void *)(uintptr_t)rn_vulkan_map_remove(&device->timelines, KEY(semaphore)));
    pthread_mutex_unlock(&device->lock);
    device->below.DestroySemaphore(handle, semaphore, allocator);
}

static uint64_t last_correlation(const struct rn_vulkan_queue *queue)
{
    return queue->last ? queue->last->correlation : 0;
}

VKAPI_ATTR VkResult VKAPI_CALL rn_vk_QueueWaitIdle(VkQueue handle)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);
    struct rn_vulkan_queue *queue = device->off ? NULL : rn_vulkan_queue_of(device, handle);
    struct rn_vulkan_call call = {
        .name = "vkQueueWaitIdle", .start = rn_producer_now(), .device = device, .queue = queue};

    call.result = RN_VULKAN_IN_DRIVER(device->below.QueueWaitIdle(handle));
    call.end = rn_producer_now();
    if (!queue)
        return (VkResult)call.result;
    rn_vulkan_note_lost(device, (VkResult)call.result);
    pthread_mutex_lock(&device->lock);
    device->found = call.end;
    if (call.result == VK_SUCCESS) {
        call.correlation = last_correlation(queue);
        rn_vulkan_settle_queue(queue, UINT64_MAX, RN_VULKAN_DONE);
    }
    device->found = 0;
    pthread_mutex_unlock(&device->lock);
    rn_vulkan_put_call(&call);
    return (VkResult)call.result;
}

VKAPI_ATTR VkResult VKAPI_CALL rn_vk_DeviceWaitIdle(VkDevice handle)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);
    struct rn_vulkan_call call = {
        .name = "vkDeviceWaitIdle", .start = rn_producer_now(), .device = device};

    call.result = RN_VULKAN_IN_DRIVER(device->below.DeviceWaitIdle(handle));
    call.end = rn_producer_now();
    if (device->off)
        return (VkResult)call.result;
    rn_vulkan_note_lost(device, (VkResult)call.result);
    pthread_mutex_lock(&device->lock);
    device->found = call.end;
    for (const struct rn_vulkan_queue *at = device->queues; at; at = at->next)
        if (call.result == VK_SUCCESS && last_correlation(at) > call.correlation)
            call.correlation = last_correlation(at);
    if (call.result == VK_SUCCESS)
        rn_vulkan_settle_device(device, RN_VULKAN_DONE);
    device->found = 0;
    pthread_mutex_unlock(&device->lock);
    rn_vulkan_put_call(&call);
    return (VkResult)call.result;
}
