/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#define VK_NO_PROTOTYPES
#include <vulkan/vk_layer.h>
#include <vulkan/vulkan_core.h>

/* The headers alone: nothing is linked. With those of Vulkan 1.3. */
int main(void)
{
    const VkCopyBufferInfo2 info = {.sType = VK_STRUCTURE_TYPE_COPY_BUFFER_INFO_2};

    return info.pNext != NULL || printf("headers 1.3.%d\n", VK_HEADER_VERSION) < 0;
}
