/* SPDX-License-Identifier: MIT */
/* How the loader finds its way into the layer, and instances. No entry point is exported but the
 * one that hands the others out: with exported ones, calls of layers below would end up here. */
#include "vulkan_layer.h"

#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

pthread_mutex_t rn_vulkan_lock = PTHREAD_MUTEX_INITIALIZER;
static struct rn_vulkan_instance *instances;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_on;

static void before_fork(void)
{
    pthread_mutex_lock(&rn_vulkan_lock);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&rn_vulkan_lock);
}

static void in_child(void)
{
    pthread_mutex_init(&rn_vulkan_lock, NULL);
    rn_vulkan_names_forked();
    rn_vulkan_devices_forked();
}

static void begin(void)
{
    is_on = rn_producer_open() && pthread_atfork(before_fork, after_fork, in_child) == 0;
}

bool rn_vulkan_is_on(void)
{
    pthread_once(&once, begin);
    return is_on;
}

struct rn_vulkan_instance *rn_vulkan_instance_of(const void *handle)
{
    void *key = rn_vulkan_key(handle);
    struct rn_vulkan_instance *instance;

    pthread_mutex_lock(&rn_vulkan_lock);
    instance = instances;
    while (instance && instance->key != key)
        instance = instance->next;
    pthread_mutex_unlock(&rn_vulkan_lock);
    return instance;
}

/* Where the loader says who is below. */
static VkLayerInstanceCreateInfo *link_of(const VkInstanceCreateInfo *info)
{
    VkLayerInstanceCreateInfo *link = (void *)(uintptr_t)info->pNext;

    while (link && (link->sType != VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO ||
                    link->function != VK_LAYER_LINK_INFO))
        link = (void *)(uintptr_t)link->pNext;
    return link;
}

static bool asks_for(const VkInstanceCreateInfo *info, const char *extension)
{
    for (uint32_t i = 0; i < info->enabledExtensionCount; i++)
        if (strcmp(info->ppEnabledExtensionNames[i], extension) == 0)
            return true;
    return false;
}

/* Calibrated timestamps need an extension, or Vulkan 1.1. */
static bool has_properties2(const VkInstanceCreateInfo *info)
{
    const VkApplicationInfo *application = info->pApplicationInfo;

    return (application && application->apiVersion >= VK_API_VERSION_1_1) ||
           asks_for(info, VK_KHR_GET_PHYSICAL_DEVICE_PROPERTIES_2_EXTENSION_NAME);
}

/* With the extension added; where that fails the caller tries without. */
static VkResult create_with_properties2(PFN_vkCreateInstance create,
                                        const VkInstanceCreateInfo *info,
                                        const VkAllocationCallbacks *allocator, VkInstance *out)
{
    uint32_t count = info->enabledExtensionCount;
    const char **names = calloc((size_t)count + 1, sizeof(*names));
    VkInstanceCreateInfo more = *info;
    VkResult result;

    if (!names)
        return VK_ERROR_EXTENSION_NOT_PRESENT;
    if (count)
        memcpy(names, info->ppEnabledExtensionNames, count * sizeof(*names));
    names[count] = VK_KHR_GET_PHYSICAL_DEVICE_PROPERTIES_2_EXTENSION_NAME;
    more.enabledExtensionCount = count + 1;
    more.ppEnabledExtensionNames = names;
    result = create(&more, allocator, out);
    free(names);
    return result;
}

static void load(struct rn_vulkan_instance *instance, PFN_vkGetInstanceProcAddr below)
{
    struct rn_vulkan_instance_functions *functions = &instance->below;
    VkInstance handle = instance->handle;

    functions->GetInstanceProcAddr = below;
    functions->DestroyInstance = (PFN_vkDestroyInstance)below(handle, "vkDestroyInstance");
#define LOAD(name) functions->name = (PFN_vk##name)below(handle, "vk" #name);
    RN_VULKAN_INSTANCE_CALLS(LOAD)
#undef LOAD
}

static VkResult keep(VkInstance handle, PFN_vkGetInstanceProcAddr below,
                     const VkInstanceCreateInfo *info, bool properties2)
{
    struct rn_vulkan_instance *instance = calloc(1, sizeof(*instance));

    if (!instance)
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    instance->handle = handle;
    instance->key = rn_vulkan_key(handle);
    instance->has_properties2 = properties2;
    instance->has_debug_utils = asks_for(info, VK_EXT_DEBUG_UTILS_EXTENSION_NAME);
    load(instance, below);
    pthread_mutex_lock(&rn_vulkan_lock);
    instance->next = instances;
    instances = instance;
    pthread_mutex_unlock(&rn_vulkan_lock);
    return VK_SUCCESS;
}

static VkResult create_instance(const VkInstanceCreateInfo *info,
                                const VkAllocationCallbacks *allocator, VkInstance *out)
{
    VkLayerInstanceCreateInfo *link = link_of(info);
    VkLayerInstanceLink *own = link ? link->u.pLayerInfo : NULL;
    PFN_vkGetInstanceProcAddr below = own ? own->pfnNextGetInstanceProcAddr : NULL;
    PFN_vkCreateInstance create =
        below ? (PFN_vkCreateInstance)below(NULL, "vkCreateInstance") : NULL;
    bool properties2 = has_properties2(info);
    VkResult result = VK_ERROR_EXTENSION_NOT_PRESENT;

    if (!create)
        return VK_ERROR_INITIALIZATION_FAILED;
    link->u.pLayerInfo = own->pNext;
    if (!properties2 && rn_vulkan_is_on()) {
        result = create_with_properties2(create, info, allocator, out);
        properties2 = result == VK_SUCCESS;
    }
    if (!properties2 || result != VK_SUCCESS) {
        link->u.pLayerInfo = own->pNext;
        result = create(info, allocator, out);
    }
    if (result != VK_SUCCESS)
        return result;
    result = keep(*out, below, info, properties2);
    if (result != VK_SUCCESS)
        ((PFN_vkDestroyInstance)below(*out, "vkDestroyInstance"))(*out, allocator);
    return result;
}

VKAPI_ATTR VkResult VKAPI_CALL rn_vk_CreateInstance(const VkInstanceCreateInfo *info,
                                                    const VkAllocationCallbacks *allocator,
                                                    VkInstance *out)
{
    struct rn_vulkan_call call = {.name = "vkCreateInstance"};

    if (rn_vulkan_is_on())
        call.start = rn_producer_now();
    call.result = create_instance(info, allocator, out);
    if (rn_vulkan_is_on())
        rn_vulkan_put_call(&call);
    return (VkResult)call.result;
}

VKAPI_ATTR void VKAPI_CALL rn_vk_DestroyInstance(VkInstance handle,
                                                 const VkAllocationCallbacks *allocator)
{
    struct rn_vulkan_instance *instance = handle ? rn_vulkan_instance_of(handle) : NULL;
    struct rn_vulkan_instance **at = &instances;

    if (!instance)
        return;
    pthread_mutex_lock(&rn_vulkan_lock);
    while (*at != instance)
        at = &(*at)->next;
    *at = instance->next;
    pthread_mutex_unlock(&rn_vulkan_lock);
    instance->below.DestroyInstance(handle, allocator);
    free(instance);
}

struct named {
    const char *name;
    PFN_vkVoidFunction function;
    size_t below; /* offset in struct rn_vulkan_device_functions */
};

#define INSTANCE_HOOK(name) {"vk" #name, (PFN_vkVoidFunction)rn_vk_##name, 0},
#define DEVICE_HOOK(name)                                                                          \
    {"vk" #name, (PFN_vkVoidFunction)rn_vk_##name,                                                 \
     offsetof(struct rn_vulkan_device_functions, name)},
#define DEVICE_ALIAS(alias, name)                                                                  \
    {"vk" #alias, (PFN_vkVoidFunction)rn_vk_##name,                                                \
     offsetof(struct rn_vulkan_device_functions, name)},
static const struct named instance_hooks[] = {RN_VULKAN_INSTANCE_HOOKS(INSTANCE_HOOK)};
static const struct named device_hooks[] = {RN_VULKAN_DEVICE_HOOKS(DEVICE_HOOK)
                                                RN_VULKAN_DEVICE_ALIASES(DEVICE_ALIAS)};
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct named *find(const struct named *table, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL rn_vk_GetInstanceProcAddr(VkInstance handle,
                                                                   const char *name)
{
    const struct named *hook = find(instance_hooks, COUNT(instance_hooks), name);
    const struct rn_vulkan_instance *instance;

    if (hook)
        return hook->function;
    instance = handle ? rn_vulkan_instance_of(handle) : NULL;
    if (!instance)
        return NULL;
    hook = find(device_hooks, COUNT(device_hooks), name);
    if (hook && instance->below.GetInstanceProcAddr(handle, name))
        return hook->function;
    return instance->below.GetInstanceProcAddr(handle, name);
}

/* Without these a device could not be ended. */
static bool is_needed(const char *name)
{
    return strcmp(name, "vkGetDeviceProcAddr") == 0 || strcmp(name, "vkDestroyDevice") == 0;
}

static bool is_of_debug_utils(const char *name)
{
    return strstr(name, "DebugUtils") != NULL;
}

static bool is_hidden(const struct rn_vulkan_device *device, const char *name)
{
    return device->hides_calibration && strcmp(name, "vkGetCalibratedTimestampsEXT") == 0;
}

/* The program gets no function that it would not get without the layer; names and labels are
 * listened to even where nobody below does. */
VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL rn_vk_GetDeviceProcAddr(VkDevice handle, const char *name)
{
    const struct rn_vulkan_device *device = rn_vulkan_device_of(handle);
    const struct named *hook = find(device_hooks, COUNT(device_hooks), name);
    PFN_vkVoidFunction below;

    if (!device || is_hidden(device, name))
        return NULL;
    below = device->below.GetDeviceProcAddr(handle, name);
    if (!hook || (device->passive && !is_needed(name)) ||
        (!below && !(device->instance->has_debug_utils && is_of_debug_utils(name))))
        return below;
    return hook->function;
}

EXPORT VKAPI_ATTR VkResult VKAPI_CALL
vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface *interface)
{
    if (interface->sType != LAYER_NEGOTIATE_INTERFACE_STRUCT ||
        interface->loaderLayerInterfaceVersion < CURRENT_LOADER_LAYER_INTERFACE_VERSION)
        return VK_ERROR_INITIALIZATION_FAILED;
    interface->loaderLayerInterfaceVersion = CURRENT_LOADER_LAYER_INTERFACE_VERSION;
    interface->pfnGetInstanceProcAddr = rn_vk_GetInstanceProcAddr;
    interface->pfnGetDeviceProcAddr = rn_vk_GetDeviceProcAddr;
    interface->pfnGetPhysicalDeviceProcAddr = NULL;
    return VK_SUCCESS;
}
