/* SPDX-License-Identifier: MIT */
/* A Vulkan layer that makes a device worse than it is, below the one that records. FAULT says how:
 * lost=N        the Nth submit, and whatever comes after it, says that the device is lost
 * refused=N     the Nth submit fails
 * no-times      queues have no timestamps
 * no-clock      there is no VK_EXT_calibrated_timestamps
 * few-bits      timestamps have 36 bits, and wrap around 20 ms after the first one
 * lost-waiting=N  the wait after the Nth submit says that the device is lost
 * One instance and one device at a time. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#define VK_NO_PROTOTYPES
#include <vulkan/vk_layer.h>
#include <vulkan/vulkan.h>

#define FEW_BITS 36u
#define FEW_MASK ((UINT64_C(1) << FEW_BITS) - 1)
#define WRAP_NS  20000000u

static PFN_vkGetInstanceProcAddr next_instance;
static PFN_vkGetDeviceProcAddr next_device;
static uint64_t submits;

static bool is_fault(const char *name)
{
    const char *fault = getenv("FAULT");

    return fault && strcmp(fault, name) == 0;
}

/* Of "NAME=N"; 0: another fault. */
static uint64_t fault_number(const char *name)
{
    const char *fault = getenv("FAULT");
    size_t length = strlen(name);

    return fault && strncmp(fault, name, length) == 0 && fault[length] == '='
               ? strtoull(fault + length + 1, NULL, 10)
               : 0;
}

/* Of what is below: asked for while the instance, the device, is made; later the loader would say
 * who is above. */
static PFN_vkCreateDevice below_create_device;
static PFN_vkGetPhysicalDeviceQueueFamilyProperties below_queue_families;
static PFN_vkEnumerateDeviceExtensionProperties below_extensions;
static PFN_vkQueueSubmit below_submit;
static PFN_vkWaitForFences below_wait_for_fences;
static PFN_vkGetQueryPoolResults below_results;
static PFN_vkGetCalibratedTimestampsEXT below_calibrated;
#define LOAD(to, name)        to = (PFN_##name)next_instance(*out, #name)
#define LOAD_DEVICE(to, name) to = (PFN_##name)next_device(*out, #name)

static void *link_in(const void *chain, VkStructureType type)
{
    const VkLayerInstanceCreateInfo *at = chain; /* both kinds begin alike */

    while (at && (at->sType != type || at->function != VK_LAYER_LINK_INFO))
        at = at->pNext;
    return (void *)(uintptr_t)at;
}

static VkResult create_instance(const VkInstanceCreateInfo *info,
                                const VkAllocationCallbacks *allocator, VkInstance *out)
{
    VkLayerInstanceCreateInfo *link =
        link_in(info->pNext, VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO);
    VkResult result;

    next_instance = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    result = ((PFN_vkCreateInstance)next_instance(NULL, "vkCreateInstance"))(info, allocator, out);
    if (result != VK_SUCCESS)
        return result;
    LOAD(below_create_device, vkCreateDevice);
    LOAD(below_queue_families, vkGetPhysicalDeviceQueueFamilyProperties);
    LOAD(below_extensions, vkEnumerateDeviceExtensionProperties);
    return result;
}

static VkResult create_device(VkPhysicalDevice physical, const VkDeviceCreateInfo *info,
                              const VkAllocationCallbacks *allocator, VkDevice *out)
{
    VkLayerDeviceCreateInfo *link =
        link_in(info->pNext, VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO);
    VkResult result;

    next_device = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    result = below_create_device(physical, info, allocator, out);
    if (result != VK_SUCCESS)
        return result;
    LOAD_DEVICE(below_submit, vkQueueSubmit);
    LOAD_DEVICE(below_wait_for_fences, vkWaitForFences);
    LOAD_DEVICE(below_results, vkGetQueryPoolResults);
    LOAD_DEVICE(below_calibrated, vkGetCalibratedTimestampsEXT);
    return result;
}

static void queue_families(VkPhysicalDevice physical, uint32_t *count,
                           VkQueueFamilyProperties *families)
{
    below_queue_families(physical, count, families);
    for (uint32_t i = 0; families && i < *count; i++) {
        if (is_fault("no-times"))
            families[i].timestampValidBits = 0;
        if (is_fault("few-bits"))
            families[i].timestampValidBits = FEW_BITS;
    }
}

static VkResult extensions(VkPhysicalDevice physical, const char *layer, uint32_t *count,
                           VkExtensionProperties *properties)
{
    VkResult result = below_extensions(physical, layer, count, properties);

    for (uint32_t i = 0; is_fault("no-clock") && properties && i < *count; i++)
        if (strcmp(properties[i].extensionName, "VK_EXT_calibrated_timestamps") == 0)
            strcpy(properties[i].extensionName, "VK_EXT_nothing");
    return result;
}

static bool is_lost(const char *fault)
{
    return fault_number(fault) && submits >= fault_number(fault);
}

static VkResult submit(VkQueue queue, uint32_t count, const VkSubmitInfo *infos, VkFence fence)
{
    submits++;
    if (submits == fault_number("refused"))
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    if (is_lost("lost"))
        return VK_ERROR_DEVICE_LOST;
    return below_submit(queue, count, infos, fence);
}

static VkResult wait_for_fences(VkDevice handle, uint32_t count, const VkFence *fences,
                                VkBool32 all, uint64_t timeout)
{
    if (is_lost("lost") || is_lost("lost-waiting"))
        return VK_ERROR_DEVICE_LOST;
    return below_wait_for_fences(handle, count, fences, all, timeout);
}

/* So many bits, of a clock that began at another time. */
static uint64_t few_bits(uint64_t time)
{
    static uint64_t shift;

    if (shift == 0)
        shift = 0 - WRAP_NS - time;
    return (time + shift) & FEW_MASK;
}

static VkResult calibrated(VkDevice handle, uint32_t count,
                           const VkCalibratedTimestampInfoEXT *infos, uint64_t *times,
                           uint64_t *deviation)
{
    VkResult result = below_calibrated(handle, count, infos, times, deviation);

    for (uint32_t i = 0; is_fault("few-bits") && i < count; i++)
        times[i] = few_bits(times[i]);
    return result;
}

/* With 64 bits and availability, as the recording layer asks. */
static VkResult results(VkDevice handle, VkQueryPool pool, uint32_t first, uint32_t count,
                        size_t size, void *data, VkDeviceSize stride, VkQueryResultFlags flags)
{
    VkResult result = below_results(handle, pool, first, count, size, data, stride, flags);

    for (uint32_t i = 0; is_fault("few-bits") && i < count; i++)
        *(uint64_t *)(void *)((char *)data + i * stride) =
            few_bits(*(uint64_t *)(void *)((char *)data + i * stride));
    return result;
}

static PFN_vkVoidFunction device_function(VkDevice handle, const char *name);

static PFN_vkVoidFunction own_function(const char *name)
{
    static const struct {
        const char *name;
        PFN_vkVoidFunction function;
    } own[] = {
        {"vkCreateInstance", (PFN_vkVoidFunction)create_instance},
        {"vkCreateDevice", (PFN_vkVoidFunction)create_device},
        {"vkGetDeviceProcAddr", (PFN_vkVoidFunction)device_function},
        {"vkGetPhysicalDeviceQueueFamilyProperties", (PFN_vkVoidFunction)queue_families},
        {"vkEnumerateDeviceExtensionProperties", (PFN_vkVoidFunction)extensions},
        {"vkQueueSubmit", (PFN_vkVoidFunction)submit},
        {"vkWaitForFences", (PFN_vkVoidFunction)wait_for_fences},
        {"vkGetQueryPoolResults", (PFN_vkVoidFunction)results},
        {"vkGetCalibratedTimestampsEXT", (PFN_vkVoidFunction)calibrated},
    };

    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (strcmp(own[i].name, name) == 0)
            return own[i].function;
    return NULL;
}

static PFN_vkVoidFunction device_function(VkDevice handle, const char *name)
{
    PFN_vkVoidFunction own = own_function(name);

    return own && next_device(handle, name) ? own : next_device(handle, name);
}

static PFN_vkVoidFunction instance_function(VkInstance handle, const char *name)
{
    PFN_vkVoidFunction own = own_function(name);

    return own ? own : next_instance ? next_instance(handle, name) : NULL;
}

__attribute__((visibility("default"))) VkResult
vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface *negotiated)
{
    negotiated->pfnGetInstanceProcAddr = instance_function;
    negotiated->pfnGetDeviceProcAddr = device_function;
    negotiated->pfnGetPhysicalDeviceProcAddr = NULL;
    return VK_SUCCESS;
}
