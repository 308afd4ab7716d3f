/* SPDX-License-Identifier: MIT */
/* A program that uses a driver of Vulkan without a loader: lavapipe's, as the interface between
 * loader and drivers has it. Prints how many devices it has. */
#include <dlfcn.h>
#include <stdio.h>
#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

int main(void)
{
    void *driver = dlopen("libvulkan_lvp.so", RTLD_NOW);
    PFN_vkGetInstanceProcAddr find =
        driver ? (PFN_vkGetInstanceProcAddr)dlsym(driver, "vk_icdGetInstanceProcAddr") : NULL;
    VkResult (*negotiate)(uint32_t * version) =
        driver ? (VkResult(*)(uint32_t *))dlsym(driver, "vk_icdNegotiateLoaderICDInterfaceVersion")
               : NULL;
    const VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO};
    uint32_t version = 5, count = 0;
    VkInstance instance;

    if (!find || !negotiate || negotiate(&version) != VK_SUCCESS ||
        ((PFN_vkCreateInstance)find(NULL, "vkCreateInstance"))(&info, NULL, &instance) !=
            VK_SUCCESS) {
        printf("no driver: %s\n", driver ? "it does not start" : dlerror());
        return 1;
    }
    ((PFN_vkEnumeratePhysicalDevices)find(instance, "vkEnumeratePhysicalDevices"))(instance, &count,
                                                                                   NULL);
    printf("%u devices\n", count);
    ((PFN_vkDestroyInstance)find(instance, "vkDestroyInstance"))(instance, NULL);
    return 0;
}
