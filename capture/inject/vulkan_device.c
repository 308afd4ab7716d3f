/* SPDX-License-Identifier: MIT */
/* Devices and their queues: made, found, and ended, by the program or with it. */
#include "vulkan_layer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CALIBRATION VK_EXT_CALIBRATED_TIMESTAMPS_EXTENSION_NAME

#define PAUSE_NS 1000000u
#define PAUSES   200u

__thread uint32_t rn_vulkan_inside;
static struct rn_vulkan_device *devices;
static uint32_t device_count, queue_count;
static bool at_exit_is_set;

struct rn_vulkan_device *rn_vulkan_device_of(const void *handle)
{
    void *key = rn_vulkan_key(handle);
    struct rn_vulkan_device *device;

    pthread_mutex_lock(&rn_vulkan_lock);
    device = devices;
    while (device && device->key != key)
        device = device->next;
    pthread_mutex_unlock(&rn_vulkan_lock);
    return device;
}

static VkLayerDeviceCreateInfo *link_of(const VkDeviceCreateInfo *info)
{
    VkLayerDeviceCreateInfo *link = (void *)(uintptr_t)info->pNext;

    while (link && (link->sType != VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO ||
                    link->function != VK_LAYER_LINK_INFO))
        link = (void *)(uintptr_t)link->pNext;
    return link;
}

static bool asks_for(const VkDeviceCreateInfo *info, const char *extension)
{
    for (uint32_t i = 0; i < info->enabledExtensionCount; i++)
        if (strcmp(info->ppEnabledExtensionNames[i], extension) == 0)
            return true;
    return false;
}

static bool has_extension(const struct rn_vulkan_instance *instance, VkPhysicalDevice physical,
                          const char *wanted)
{
    PFN_vkEnumerateDeviceExtensionProperties list =
        instance->below.EnumerateDeviceExtensionProperties;
    uint32_t count = 0;
    VkExtensionProperties *there;
    bool found = false;

    if (list(physical, NULL, &count, NULL) != VK_SUCCESS || count == 0)
        return false;
    there = calloc(count, sizeof(*there));
    if (there && list(physical, NULL, &count, there) >= VK_SUCCESS)
        for (uint32_t i = 0; i < count && !found; i++)
            found = strcmp(there[i].extensionName, wanted) == 0;
    free(there);
    return found;
}

/* With one extension more. Where that fails the caller tries without. */
static VkResult create_with(PFN_vkCreateDevice create, VkPhysicalDevice physical,
                            const VkDeviceCreateInfo *info, const VkAllocationCallbacks *allocator,
                            VkDevice *out)
{
    uint32_t count = info->enabledExtensionCount;
    const char **names = calloc((size_t)count + 1, sizeof(*names));
    VkDeviceCreateInfo more = *info;
    VkResult result;

    if (!names)
        return VK_ERROR_EXTENSION_NOT_PRESENT;
    if (count)
        memcpy(names, info->ppEnabledExtensionNames, count * sizeof(*names));
    names[count] = CALIBRATION;
    more.enabledExtensionCount = count + 1;
    more.ppEnabledExtensionNames = names;
    result = create(physical, &more, allocator, out);
    free(names);
    return result;
}

static void load(struct rn_vulkan_device *device, PFN_vkGetDeviceProcAddr below)
{
    struct rn_vulkan_device_functions *functions = &device->below;
    VkDevice handle = device->handle;

#define LOAD(name) functions->name = (PFN_vk##name)below(handle, "vk" #name);
#define LOAD_ALIAS(alias, name)                                                                    \
    if (!functions->name)                                                                          \
        functions->name = (PFN_vk##name)below(handle, "vk" #alias);
    RN_VULKAN_DEVICE_HOOKS(LOAD)
    RN_VULKAN_DEVICE_CALLS(LOAD)
    RN_VULKAN_DEVICE_ALIASES(LOAD_ALIAS)
#undef LOAD
#undef LOAD_ALIAS
    functions->GetDeviceProcAddr = below;
}

static uint64_t mask_of(uint32_t bits)
{
    return bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

/* Queries are reset by a command that queues for graphics or compute have. */
static void learn_families(struct rn_vulkan_device *device, VkPhysicalDevice physical)
{
    VkQueueFamilyProperties families[RN_VULKAN_FAMILIES];
    uint32_t count = RN_VULKAN_FAMILIES;

    device->instance->below.GetPhysicalDeviceQueueFamilyProperties(physical, &count, families);
    device->valid_least = UINT64_MAX;
    for (uint32_t i = 0; i < count && i < RN_VULKAN_FAMILIES; i++) {
        uint64_t valid = mask_of(families[i].timestampValidBits);

        if (valid && valid < device->valid_least)
            device->valid_least = valid;
        if (families[i].queueFlags & (VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT))
            device->valid[i] = valid;
    }
}

static void learn(struct rn_vulkan_device *device, VkPhysicalDevice physical)
{
    const struct rn_vulkan_instance_functions *below = &device->instance->below;
    VkPhysicalDeviceMemoryProperties memory;
    VkPhysicalDeviceProperties properties;

    below->GetPhysicalDeviceProperties(physical, &properties);
    device->period_ns = (double)properties.limits.timestampPeriod;
    device->name = rn_vulkan_name(properties.deviceName);
    device->reads_wait = strncmp(properties.deviceName, "llvmpipe", 8) == 0;
    below->GetPhysicalDeviceMemoryProperties(physical, &memory);
    for (uint32_t i = 0; i < memory.memoryTypeCount && i < VK_MAX_MEMORY_TYPES; i++)
        device->memory_types[i] = memory.memoryTypes[i].propertyFlags;
    learn_families(device, physical);
}

/* A signal handler may have called exit while its thread holds the lock. */
static bool lock_with_patience(pthread_mutex_t *lock)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};

    for (uint32_t i = 0; i < PAUSES; i++) {
        if (pthread_mutex_trylock(lock) == 0)
            return true;
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
    }
    return false;
}

static void end_with_program(struct rn_vulkan_device *device)
{
    if (!lock_with_patience(&device->lock))
        return;
    if (!device->off) {
        rn_vulkan_settle_at_exit(device);
        rn_vulkan_clock_read(device);
    }
    device->off = true;
    pthread_mutex_unlock(&device->lock);
}

/* The program ends: what is done of its work is recorded; the rest is stated as lost, and so is all
 * of it if a handler has interrupted this thread in the driver. */
static void at_exit(void)
{
    struct rn_vulkan_device *device;

    if (rn_vulkan_inside || !lock_with_patience(&rn_vulkan_lock))
        return;
    device = devices;
    pthread_mutex_unlock(&rn_vulkan_lock);
    for (; device; device = device->next)
        end_with_program(device);
}

static void add(struct rn_vulkan_device *device)
{
    pthread_mutex_lock(&rn_vulkan_lock);
    device->number = ++device_count;
    device->next = devices;
    devices = device;
    /* Handlers of the driver that are set later run before; those of its libraries afterwards. */
    if (!at_exit_is_set && !device->off)
        at_exit_is_set = atexit(at_exit) == 0;
    pthread_mutex_unlock(&rn_vulkan_lock);
}

static VkResult keep(const struct rn_vulkan_instance *instance, VkPhysicalDevice physical,
                     VkDevice handle, PFN_vkGetDeviceProcAddr below, bool asked, bool hides)
{
    struct rn_vulkan_device *device = calloc(1, sizeof(*device));

    if (!device)
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    device->handle = handle;
    device->key = rn_vulkan_key(handle);
    device->instance = instance;
    device->off = device->passive = !rn_vulkan_is_on();
    device->hides_calibration = hides;
    pthread_mutex_init(&device->lock, NULL);
    load(device, below);
    learn(device, physical);
    add(device);
    if (device->off)
        return VK_SUCCESS;
    pthread_mutex_lock(&device->lock);
    if (asked || hides)
        rn_vulkan_clock_open(device, physical);
    pthread_mutex_unlock(&device->lock);
    return VK_SUCCESS;
}

static VkResult create_device(VkPhysicalDevice physical, const VkDeviceCreateInfo *info,
                              const VkAllocationCallbacks *allocator, VkDevice *out)
{
    const struct rn_vulkan_instance *instance = rn_vulkan_instance_of(physical);
    VkLayerDeviceCreateInfo *link = link_of(info);
    VkLayerDeviceLink *own = link ? link->u.pLayerInfo : NULL;
    PFN_vkCreateDevice create =
        instance && own ? (PFN_vkCreateDevice)own->pfnNextGetInstanceProcAddr(instance->handle,
                                                                              "vkCreateDevice")
                        : NULL;
    VkResult result = VK_ERROR_EXTENSION_NOT_PRESENT;
    bool asked = asks_for(info, CALIBRATION), hides;

    if (!create)
        return VK_ERROR_INITIALIZATION_FAILED;
    hides = rn_vulkan_is_on() && instance->has_properties2 && !asked &&
            has_extension(instance, physical, CALIBRATION);
    link->u.pLayerInfo = own->pNext;
    if (hides)
        result = create_with(create, physical, info, allocator, out);
    if (result != VK_SUCCESS) {
        hides = false;
        link->u.pLayerInfo = own->pNext;
        result = create(physical, info, allocator, out);
    }
    if (result != VK_SUCCESS)
        return result;
    result = keep(instance, physical, *out, own->pfnNextGetDeviceProcAddr, asked, hides);
    if (result != VK_SUCCESS)
        ((PFN_vkDestroyDevice)own->pfnNextGetDeviceProcAddr(*out, "vkDestroyDevice"))(*out,
                                                                                      allocator);
    return result;
}

VKAPI_ATTR VkResult VKAPI_CALL rn_vk_CreateDevice(VkPhysicalDevice physical,
                                                  const VkDeviceCreateInfo *info,
                                                  const VkAllocationCallbacks *allocator,
                                                  VkDevice *out)
{
    struct rn_vulkan_call call = {.name = "vkCreateDevice"};

    if (!rn_vulkan_is_on())
        return create_device(physical, info, allocator, out);
    call.start = rn_producer_now();
    call.result = create_device(physical, info, allocator, out);
    if (call.result == VK_SUCCESS)
        call.device = rn_vulkan_device_of(*out);
    rn_vulkan_put_call(&call);
    return (VkResult)call.result;
}

static void free_device(struct rn_vulkan_device *device)
{
    while (device->queues) {
        struct rn_vulkan_queue *queue = device->queues;

        device->queues = queue->next;
        free(queue);
    }
    rn_vulkan_commands_free(device);
    rn_vulkan_resources_free(device);
    pthread_mutex_destroy(&device->lock);
    free(device);
}

VKAPI_ATTR void VKAPI_CALL rn_vk_DestroyDevice(VkDevice handle,
                                               const VkAllocationCallbacks *allocator)
{
    struct rn_vulkan_device *device = handle ? rn_vulkan_device_of(handle) : NULL;
    struct rn_vulkan_device **at = &devices;

    if (!device)
        return;
    pthread_mutex_lock(&device->lock);
    if (!device->off) {
        rn_vulkan_settle_device(device, RN_VULKAN_DONE);
        rn_vulkan_clock_read(device);
    }
    device->off = true;
    rn_vulkan_queries_free(device);
    pthread_mutex_unlock(&device->lock);
    pthread_mutex_lock(&rn_vulkan_lock);
    while (*at != device)
        at = &(*at)->next;
    *at = device->next;
    pthread_mutex_unlock(&rn_vulkan_lock);
    device->below.DestroyDevice(handle, allocator);
    free_device(device);
}

static struct rn_vulkan_queue *find_queue(const struct rn_vulkan_device *device, VkQueue handle)
{
    struct rn_vulkan_queue *queue = device->queues;

    while (queue && queue->handle != handle)
        queue = queue->next;
    return queue;
}

struct rn_vulkan_queue *rn_vulkan_queue_of(struct rn_vulkan_device *device, VkQueue handle)
{
    struct rn_vulkan_queue *queue;

    pthread_mutex_lock(&device->lock);
    queue = find_queue(device, handle);
    pthread_mutex_unlock(&device->lock);
    return queue;
}

static struct rn_vulkan_queue *new_queue(struct rn_vulkan_device *device, VkQueue handle,
                                         uint32_t family, uint32_t index)
{
    struct rn_vulkan_queue *queue = calloc(1, sizeof(*queue));

    if (!queue)
        return NULL;
    queue->handle = handle;
    queue->device = device;
    queue->to.number = __atomic_add_fetch(&queue_count, 1, __ATOMIC_RELAXED);
    if (device->calibrates)
        queue->to.clock = &device->clock;
    snprintf(queue->name, sizeof(queue->name), "Vulkan device %u family %u queue %u",
             device->number, family, index);
    queue->to.name = queue->name;
    return queue;
}

/* Several threads may ask for the same queue. */
static void keep_queue(struct rn_vulkan_device *device, VkQueue handle, uint32_t family,
                       uint32_t index)
{
    if (device->off || !handle)
        return;
    pthread_mutex_lock(&device->lock);
    if (!find_queue(device, handle)) {
        struct rn_vulkan_queue *queue = new_queue(device, handle, family, index);

        if (queue) {
            queue->next = device->queues;
            device->queues = queue;
        }
    }
    pthread_mutex_unlock(&device->lock);
}

VKAPI_ATTR void VKAPI_CALL rn_vk_GetDeviceQueue(VkDevice handle, uint32_t family, uint32_t index,
                                                VkQueue *out)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);

    device->below.GetDeviceQueue(handle, family, index, out);
    keep_queue(device, *out, family, index);
}

VKAPI_ATTR void VKAPI_CALL rn_vk_GetDeviceQueue2(VkDevice handle, const VkDeviceQueueInfo2 *info,
                                                 VkQueue *out)
{
    struct rn_vulkan_device *device = rn_vulkan_device_of(handle);

    device->below.GetDeviceQueue2(handle, info, out);
    keep_queue(device, *out, info->queueFamilyIndex, info->queueIndex);
}

void rn_vulkan_devices_forked(void)
{
    for (struct rn_vulkan_device *device = devices; device; device = device->next) {
        pthread_mutex_init(&device->lock, NULL);
        device->off = true;
    }
}
