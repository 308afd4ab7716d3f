/* SPDX-License-Identifier: MIT */
/* Command pools and command buffers: made, found, begun anew, and ended. */
#include "vulkan_layer.h"

#include <stdlib.h>

#define KEY(handle) ((uint64_t)(uintptr_t)(handle))

static struct rn_vulkan_map all; /* struct rn_vulkan_commands *, under rn_vulkan_lock */
static uint64_t generation = 1;  /* +1 whenever one ends */

/* A thread asks for the same buffer many times in a row. */
static __thread struct {
    VkCommandBuffer handle;
    uint64_t generation;
    struct rn_vulkan_commands *commands;
} last;
/* Of a buffer that could not be kept for want of memory. */
static __thread struct rn_vulkan_commands unknown;

static struct rn_vulkan_commands *find(VkCommandBuffer handle)
{
    uint64_t now = __atomic_load_n(&generation, __ATOMIC_ACQUIRE);
    struct rn_vulkan_commands *commands;

    pthread_mutex_lock(&rn_vulkan_lock);
    commands = (void *)(uintptr_t)rn_vulkan_map_get(&all, KEY(handle));
    pthread_mutex_unlock(&rn_vulkan_lock);
    if (!commands) {
        unknown =
            (struct rn_vulkan_commands){.handle = handle, .device = rn_vulkan_device_of(handle)};
        return &unknown;
    }
    last.handle = handle;
    last.generation = now;
    last.commands = commands;
    return commands;
}

struct rn_vulkan_commands *rn_vulkan_commands_of(VkCommandBuffer handle)
{
    if (__builtin_expect(last.handle == handle &&
                             last.generation == __atomic_load_n(&generation, __ATOMIC_ACQUIRE),
                         1))
        return last.commands;
    return find(handle);
}

VKAPI_ATTR VkResult VKAPI_CALL rn_vk_CreateCommandPool(VkDevice handle,
                                                       const VkCommandPoolCreateInfo *info,
                                                       const VkAllocationCallbacks *allocator,
                                                       VkCommandPool *out)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);
    VkResult result = device->below.CreateCommandPool(handle, info, allocator, out);
    struct rn_vulkan_pool *pool = result == VK_SUCCESS ? calloc(1, sizeof(*pool)) : NULL;

    if (!pool)
        return result;
    pool->family = info->queueFamilyIndex;
    pthread_mutex_lock(&device->lock);
    if (!rn_vulkan_map_put(&device->pools, KEY(*out), KEY(pool)))
        free(pool);
    pthread_mutex_unlock(&device->lock);
    return result;
}

static struct rn_vulkan_pool *pool_of(struct rn_vulkan_device *device, VkCommandPool handle)
{
    return (void *)(uintptr_t)rn_vulkan_map_get(&device->pools, KEY(handle));
}

static void add(struct rn_vulkan_device *device, struct rn_vulkan_pool *pool,
                VkCommandBuffer handle)
{
    struct rn_vulkan_commands *commands = calloc(1, sizeof(*commands));
    bool kept;

    if (!commands)
        return;
    commands->handle = handle;
    commands->device = device;
    commands->pool = pool;
    pthread_mutex_lock(&rn_vulkan_lock);
    kept = rn_vulkan_map_put(&all, KEY(handle), KEY(commands));
    pthread_mutex_unlock(&rn_vulkan_lock);
    if (!kept) {
        free(commands);
        return;
    }
    commands->next = pool->first;
    if (pool->first)
        pool->first->previous = commands;
    pool->first = commands;
}

/* With the device's lock held by nobody here: the pool is the calling thread's. */
VKAPI_ATTR VkResult VKAPI_CALL rn_vk_AllocateCommandBuffers(VkDevice handle,
                                                            const VkCommandBufferAllocateInfo *info,
                                                            VkCommandBuffer *out)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);
    VkResult result = device->below.AllocateCommandBuffers(handle, info, out);
    struct rn_vulkan_pool *pool;

    pthread_mutex_lock(&device->lock);
    pool = pool_of(device, info->commandPool);
    pthread_mutex_unlock(&device->lock);
    for (uint32_t i = 0; result == VK_SUCCESS && pool && i < info->commandBufferCount; i++)
        add(device, pool, out[i]);
    return result;
}

static void end(struct rn_vulkan_commands *commands)
{
    struct rn_vulkan_device *device = commands->device;

    pthread_mutex_lock(&rn_vulkan_lock);
    (void)rn_vulkan_map_remove(&all, KEY(commands->handle));
    __atomic_add_fetch(&generation, 1, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&rn_vulkan_lock);
    pthread_mutex_lock(&device->lock);
    rn_vulkan_recording_drop(commands);
    pthread_mutex_unlock(&device->lock);
    if (commands->next)
        commands->next->previous = commands->previous;
    if (commands->previous)
        commands->previous->next = commands->next;
    else
        commands->pool->first = commands->next;
    free(commands);
}

VKAPI_ATTR void VKAPI_CALL rn_vk_FreeCommandBuffers(VkDevice handle, VkCommandPool pool,
                                                    uint32_t count, const VkCommandBuffer *buffers)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);

    for (uint32_t i = 0; i < count; i++) {
        struct rn_vulkan_commands *commands =
            buffers[i] ? rn_vulkan_commands_of(buffers[i]) : &unknown;

        if (commands != &unknown)
            end(commands);
    }
    device->below.FreeCommandBuffers(handle, pool, count, buffers);
}

VKAPI_ATTR VkResult VKAPI_CALL rn_vk_ResetCommandPool(VkDevice handle, VkCommandPool pool,
                                                      VkCommandPoolResetFlags flags)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);
    struct rn_vulkan_pool *own;

    pthread_mutex_lock(&device->lock);
    own = pool_of(device, pool);
    for (struct rn_vulkan_commands *at = own ? own->first : NULL; at; at = at->next)
        rn_vulkan_recording_drop(at);
    pthread_mutex_unlock(&device->lock);
    return device->below.ResetCommandPool(handle, pool, flags);
}

static void end_pool(struct rn_vulkan_pool *pool)
{
    while (pool && pool->first)
        end(pool->first);
    free(pool);
}

VKAPI_ATTR void VKAPI_CALL rn_vk_DestroyCommandPool(VkDevice handle, VkCommandPool pool,
                                                    const VkAllocationCallbacks *allocator)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);
    struct rn_vulkan_pool *own;

    pthread_mutex_lock(&device->lock);
    own = (void *)(uintptr_t)rn_vulkan_map_remove(&device->pools, KEY(pool));
    pthread_mutex_unlock(&device->lock);
    end_pool(own);
    device->below.DestroyCommandPool(handle, pool, allocator);
}

void rn_vulkan_commands_free(struct rn_vulkan_device *device)
{
    for (uint64_t i = 0; i < device->pools.size; i++)
        if (device->pools.entries[i].key)
            end_pool((void *)(uintptr_t)device->pools.entries[i].value);
    rn_vulkan_map_free(&device->pools);
}

VKAPI_ATTR VkResult VKAPI_CALL rn_vk_BeginCommandBuffer(VkCommandBuffer handle,
                                                        const VkCommandBufferBeginInfo *info)
{
    struct rn_vulkan_commands *commands = rn_vulkan_commands_of(handle);
    struct rn_vulkan_device *device = commands->device;

    if (commands != &unknown && !device->off) {
        pthread_mutex_lock(&device->lock);
        rn_vulkan_recording_begin(
            commands, (info->flags & VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT) != 0);
        pthread_mutex_unlock(&device->lock);
    }
    return device->below.BeginCommandBuffer(handle, info);
}

VKAPI_ATTR VkResult VKAPI_CALL rn_vk_ResetCommandBuffer(VkCommandBuffer handle,
                                                        VkCommandBufferResetFlags flags)
{
    struct rn_vulkan_commands *commands = rn_vulkan_commands_of(handle);
    struct rn_vulkan_device *device = commands->device;

    pthread_mutex_lock(&device->lock);
    rn_vulkan_recording_drop(commands);
    pthread_mutex_unlock(&device->lock);
    return device->below.ResetCommandBuffer(handle, flags);
}

VKAPI_ATTR void VKAPI_CALL rn_vk_CmdExecuteCommands(VkCommandBuffer handle, uint32_t count,
                                                    const VkCommandBuffer *buffers)
{
    struct rn_vulkan_commands *commands = rn_vulkan_commands_of(handle);
    struct rn_vulkan_device *device = commands->device;
    struct rn_vulkan_recording *recording = device->off ? NULL : commands->recording;

    for (uint32_t i = 0; recording && i < count; i++) {
        struct rn_vulkan_recording *child = rn_vulkan_commands_of(buffers[i])->recording;

        if (!child)
            continue;
        pthread_mutex_lock(&device->lock);
        if (!rn_vulkan_recording_add_child(recording, child))
            rn_vulkan_lose(child->count);
        pthread_mutex_unlock(&device->lock);
    }
    device->below.CmdExecuteCommands(handle, count, buffers);
}
