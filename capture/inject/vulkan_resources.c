/* SPDX-License-Identifier: MIT */
/* What copies and dispatches refer to: memory, buffers, images, shader modules, pipelines. */
#include "vulkan_layer.h"

#include <stdlib.h>
#include <string.h>

#define STAGING     (VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT)
#define KEY(handle) ((uint64_t)(uintptr_t)(handle))

static void put(struct rn_vulkan_device *device, struct rn_vulkan_map *map, uint64_t key,
                uint64_t value)
{
    pthread_mutex_lock(&device->lock);
    (void)rn_vulkan_map_put(map, key, value);
    pthread_mutex_unlock(&device->lock);
}

static uint64_t take(struct rn_vulkan_device *device, struct rn_vulkan_map *map, uint64_t key)
{
    uint64_t value;

    pthread_mutex_lock(&device->lock);
    value = rn_vulkan_map_remove(map, key);
    pthread_mutex_unlock(&device->lock);
    return value;
}

VKAPI_ATTR VkResult VKAPI_CALL rn_vk_AllocateMemory(VkDevice handle,
                                                    const VkMemoryAllocateInfo *info,
                                                    const VkAllocationCallbacks *allocator,
                                                    VkDeviceMemory *out)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);
    VkResult result = device->below.AllocateMemory(handle, info, allocator, out);

    if (result == VK_SUCCESS && info->memoryTypeIndex < VK_MAX_MEMORY_TYPES)
        put(device, &device->memories, KEY(*out), (uint64_t)info->memoryTypeIndex + 1);
    return result;
}

VKAPI_ATTR void VKAPI_CALL rn_vk_FreeMemory(VkDevice handle, VkDeviceMemory memory,
                                            const VkAllocationCallbacks *allocator)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);

    (void)take(device, &device->memories, KEY(memory));
    device->below.FreeMemory(handle, memory, allocator);
}

VKAPI_ATTR VkResult VKAPI_CALL rn_vk_CreateBuffer(VkDevice handle, const VkBufferCreateInfo *info,
                                                  const VkAllocationCallbacks *allocator,
                                                  VkBuffer *out)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);
    VkResult result = device->below.CreateBuffer(handle, info, allocator, out);
    uint64_t facts = info->size << RN_VULKAN_BUFFER_SIZE_SHIFT | RN_VULKAN_BUFFER_KNOWN;

    if (result != VK_SUCCESS)
        return result;
    if ((info->usage & ~(VkBufferUsageFlags)STAGING) == 0)
        facts |= RN_VULKAN_BUFFER_STAGES;
    put(device, &device->buffers, KEY(*out), facts);
    return result;
}

VKAPI_ATTR void VKAPI_CALL rn_vk_DestroyBuffer(VkDevice handle, VkBuffer buffer,
                                               const VkAllocationCallbacks *allocator)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);

    (void)take(device, &device->buffers, KEY(buffer));
    device->below.DestroyBuffer(handle, buffer, allocator);
}

static void bind(struct rn_vulkan_device *device, VkBuffer buffer, VkDeviceMemory memory)
{
    uint64_t facts, type;

    pthread_mutex_lock(&device->lock);
    facts = rn_vulkan_map_get(&device->buffers, KEY(buffer));
    type = rn_vulkan_map_get(&device->memories, KEY(memory));
    if (facts && type) {
        VkMemoryPropertyFlags flags = device->memory_types[type - 1];

        if (flags & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT)
            facts |= RN_VULKAN_BUFFER_MAPPED;
        if (!(flags & VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT))
            facts |= RN_VULKAN_BUFFER_HOST;
        (void)rn_vulkan_map_put(&device->buffers, KEY(buffer), facts);
    }
    pthread_mutex_unlock(&device->lock);
}

VKAPI_ATTR VkResult VKAPI_CALL rn_vk_BindBufferMemory(VkDevice handle, VkBuffer buffer,
                                                      VkDeviceMemory memory, VkDeviceSize offset)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);

    bind(device, buffer, memory);
    return device->below.BindBufferMemory(handle, buffer, memory, offset);
}

VKAPI_ATTR VkResult VKAPI_CALL rn_vk_BindBufferMemory2(VkDevice handle, uint32_t count,
                                                       const VkBindBufferMemoryInfo *infos)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);

    for (uint32_t i = 0; i < count; i++)
        bind(device, infos[i].buffer, infos[i].memory);
    return device->below.BindBufferMemory2(handle, count, infos);
}

VKAPI_ATTR VkResult VKAPI_CALL rn_vk_CreateImage(VkDevice handle, const VkImageCreateInfo *info,
                                                 const VkAllocationCallbacks *allocator,
                                                 VkImage *out)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);
    VkResult result = device->below.CreateImage(handle, info, allocator, out);

    if (result == VK_SUCCESS)
        put(device, &device->images, KEY(*out), (uint64_t)info->format + 1);
    return result;
}

VKAPI_ATTR void VKAPI_CALL rn_vk_DestroyImage(VkDevice handle, VkImage image,
                                              const VkAllocationCallbacks *allocator)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);

    (void)take(device, &device->images, KEY(image));
    device->below.DestroyImage(handle, image, allocator);
}

VKAPI_ATTR VkResult VKAPI_CALL rn_vk_CreateShaderModule(VkDevice handle,
                                                        const VkShaderModuleCreateInfo *info,
                                                        const VkAllocationCallbacks *allocator,
                                                        VkShaderModule *out)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);
    VkResult result = device->below.CreateShaderModule(handle, info, allocator, out);
    struct rn_vulkan_module *module;

    if (result != VK_SUCCESS)
        return result;
    module = rn_vulkan_module_read(info->pCode, info->codeSize / sizeof(uint32_t));
    if (module)
        put(device, &device->modules, KEY(*out), KEY(module));
    return result;
}

VKAPI_ATTR void VKAPI_CALL rn_vk_DestroyShaderModule(VkDevice handle, VkShaderModule module,
                                                     const VkAllocationCallbacks *allocator)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);

    free((void *)(uintptr_t)take(device, &device->modules, KEY(module)));
    device->below.DestroyShaderModule(handle, module, allocator);
}

/* The code may come with the pipeline instead. */
static struct rn_vulkan_module *module_beside(const VkPipelineShaderStageCreateInfo *stage)
{
    const VkBaseInStructure *more = stage->pNext;

    while (more && more->sType != VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO)
        more = more->pNext;
    if (!more)
        return NULL;
    return rn_vulkan_module_read(((const VkShaderModuleCreateInfo *)more)->pCode,
                                 ((const VkShaderModuleCreateInfo *)more)->codeSize / 4);
}

static void learn_entry(struct rn_vulkan_pipeline *pipeline, const struct rn_vulkan_module *module)
{
    for (uint32_t i = 0; module && i < module->count; i++)
        if (module->entries[i].name == pipeline->entry)
            memcpy(pipeline->group, module->entries[i].group, sizeof(pipeline->group));
    if (module && rn_vulkan_is_main(pipeline->entry))
        pipeline->label = module->label;
}

static void keep_pipeline(struct rn_vulkan_device *device, VkPipeline handle,
                          const VkPipelineShaderStageCreateInfo *stage)
{
    struct rn_vulkan_pipeline *pipeline = calloc(1, sizeof(*pipeline));
    struct rn_vulkan_module *beside = stage->module ? NULL : module_beside(stage);

    if (pipeline) {
        pipeline->entry = rn_vulkan_name(stage->pName);
        pthread_mutex_lock(&device->lock);
        learn_entry(pipeline, beside ? beside
                                     : (struct rn_vulkan_module *)(uintptr_t)rn_vulkan_map_get(
                                           &device->modules, KEY(stage->module)));
        if (!rn_vulkan_map_put(&device->pipelines, KEY(handle), KEY(pipeline)))
            free(pipeline);
        pthread_mutex_unlock(&device->lock);
    }
    free(beside);
}

VKAPI_ATTR VkResult VKAPI_CALL
rn_vk_CreateComputePipelines(VkDevice handle, VkPipelineCache cache, uint32_t count,
                             const VkComputePipelineCreateInfo *infos,
                             const VkAllocationCallbacks *allocator, VkPipeline *out)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);
    uint64_t start = rn_producer_now();
    VkResult result =
        device->below.CreateComputePipelines(handle, cache, count, infos, allocator, out);

    if (!device->off)
        rn_vulkan_put_call(&(struct rn_vulkan_call){.name = "vkCreateComputePipelines",
                                                    .start = start,
                                                    .result = result,
                                                    .device = device});
    /* Where some of them failed the others are there. */
    for (uint32_t i = 0; result >= VK_SUCCESS && i < count; i++)
        if (out[i])
            keep_pipeline(device, out[i], &infos[i].stage);
    return result;
}

VKAPI_ATTR void VKAPI_CALL rn_vk_DestroyPipeline(VkDevice handle, VkPipeline pipeline,
                                                 const VkAllocationCallbacks *allocator)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);

    free((void *)(uintptr_t)take(device, &device->pipelines, KEY(pipeline)));
    device->below.DestroyPipeline(handle, pipeline, allocator);
}

VKAPI_ATTR VkResult VKAPI_CALL
rn_vk_SetDebugUtilsObjectNameEXT(VkDevice handle, const VkDebugUtilsObjectNameInfoEXT *info)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);
    const struct rn_vulkan_name *name = rn_vulkan_name(info->pObjectName);

    pthread_mutex_lock(&device->lock);
    if (info->objectType == VK_OBJECT_TYPE_PIPELINE) {
        struct rn_vulkan_pipeline *pipeline =
            (void *)(uintptr_t)rn_vulkan_map_get(&device->pipelines, info->objectHandle);

        if (pipeline)
            pipeline->label = name;
    } else if (info->objectType == VK_OBJECT_TYPE_SHADER_MODULE) {
        struct rn_vulkan_module *module =
            (void *)(uintptr_t)rn_vulkan_map_get(&device->modules, info->objectHandle);

        if (module)
            module->label = name;
    }
    pthread_mutex_unlock(&device->lock);
    if (!device->below.SetDebugUtilsObjectNameEXT)
        return VK_SUCCESS;
    return device->below.SetDebugUtilsObjectNameEXT(handle, info);
}

static void free_values(struct rn_vulkan_map *map)
{
    for (uint64_t i = 0; i < map->size; i++)
        if (map->entries[i].key)
            free((void *)(uintptr_t)map->entries[i].value);
    rn_vulkan_map_free(map);
}

/* What the program has left. Command buffers are freed with their pools. */
void rn_vulkan_resources_free(struct rn_vulkan_device *device)
{
    rn_vulkan_map_free(&device->memories);
    rn_vulkan_map_free(&device->buffers);
    rn_vulkan_map_free(&device->images);
    free_values(&device->modules);
    free_values(&device->pipelines);
    free_values(&device->fences);
    free_values(&device->timelines);
}
