/* SPDX-License-Identifier: MIT */
/* Copies: how many bytes, and where from and to. */
#include "vulkan_layer.h"

#include "formats/event.h"

#define KEY(handle) ((uint64_t)(uintptr_t)(handle))

/* Is it the host's side of a copy? It is in memory of the host, or (where that and the device's are
 * the same) the host can see it and the program uses it for copies alone. */
static bool is_of_host(uint64_t facts)
{
    return (facts & RN_VULKAN_BUFFER_HOST) ||
           ((facts & RN_VULKAN_BUFFER_STAGES) && (facts & RN_VULKAN_BUFFER_MAPPED));
}

static uint64_t facts_of(struct rn_vulkan_device *device, VkBuffer buffer)
{
    uint64_t facts;

    pthread_mutex_lock(&device->lock);
    facts = rn_vulkan_map_get(&device->buffers, KEY(buffer));
    pthread_mutex_unlock(&device->lock);
    return facts;
}

/* VK_NULL_HANDLE: an image, which is the device's. */
static uint8_t direction_of(struct rn_vulkan_device *device, VkBuffer from, VkBuffer to)
{
    bool from_host = from && is_of_host(facts_of(device, from));
    bool to_host = to && is_of_host(facts_of(device, to));

    if (from_host)
        return to_host ? RN_DIRECTION_ON_HOST : RN_DIRECTION_TO_DEVICE;
    return to_host ? RN_DIRECTION_FROM_DEVICE : RN_DIRECTION_ON_DEVICE;
}

static void begin(struct rn_vulkan_commands *commands, uint8_t direction, uint64_t bytes)
{
    struct rn_vulkan_command command = {
        .kind = RN_VULKAN_COPY, .direction = direction, .bytes = bytes};

    rn_vulkan_command_begin(commands, &command);
}

/* Formats of neighbouring numbers that have blocks of the same size. */
static const struct {
    VkFormat first, last;
    uint8_t bytes, side; /* of a block, texels */
} formats[] = {
    {VK_FORMAT_R4G4_UNORM_PACK8, VK_FORMAT_R4G4_UNORM_PACK8, 1, 1},
    {VK_FORMAT_R4G4B4A4_UNORM_PACK16, VK_FORMAT_A1R5G5B5_UNORM_PACK16, 2, 1},
    {VK_FORMAT_R8_UNORM, VK_FORMAT_R8_SRGB, 1, 1},
    {VK_FORMAT_R8G8_UNORM, VK_FORMAT_R8G8_SRGB, 2, 1},
    {VK_FORMAT_R8G8B8_UNORM, VK_FORMAT_B8G8R8_SRGB, 3, 1},
    {VK_FORMAT_R8G8B8A8_UNORM, VK_FORMAT_A2B10G10R10_SINT_PACK32, 4, 1},
    {VK_FORMAT_R16_UNORM, VK_FORMAT_R16_SFLOAT, 2, 1},
    {VK_FORMAT_R16G16_UNORM, VK_FORMAT_R16G16_SFLOAT, 4, 1},
    {VK_FORMAT_R16G16B16_UNORM, VK_FORMAT_R16G16B16_SFLOAT, 6, 1},
    {VK_FORMAT_R16G16B16A16_UNORM, VK_FORMAT_R16G16B16A16_SFLOAT, 8, 1},
    {VK_FORMAT_R32_UINT, VK_FORMAT_R32_SFLOAT, 4, 1},
    {VK_FORMAT_R32G32_UINT, VK_FORMAT_R32G32_SFLOAT, 8, 1},
    {VK_FORMAT_R32G32B32_UINT, VK_FORMAT_R32G32B32_SFLOAT, 12, 1},
    {VK_FORMAT_R32G32B32A32_UINT, VK_FORMAT_R32G32B32A32_SFLOAT, 16, 1},
    {VK_FORMAT_R64_UINT, VK_FORMAT_R64_SFLOAT, 8, 1},
    {VK_FORMAT_R64G64_UINT, VK_FORMAT_R64G64_SFLOAT, 16, 1},
    {VK_FORMAT_R64G64B64_UINT, VK_FORMAT_R64G64B64_SFLOAT, 24, 1},
    {VK_FORMAT_R64G64B64A64_UINT, VK_FORMAT_R64G64B64A64_SFLOAT, 32, 1},
    {VK_FORMAT_B10G11R11_UFLOAT_PACK32, VK_FORMAT_E5B9G9R9_UFLOAT_PACK32, 4, 1},
    {VK_FORMAT_D16_UNORM, VK_FORMAT_D16_UNORM, 2, 1},
    {VK_FORMAT_X8_D24_UNORM_PACK32, VK_FORMAT_D32_SFLOAT, 4, 1},
    {VK_FORMAT_S8_UINT, VK_FORMAT_S8_UINT, 1, 1},
    {VK_FORMAT_BC1_RGB_UNORM_BLOCK, VK_FORMAT_BC1_RGBA_SRGB_BLOCK, 8, 4},
    {VK_FORMAT_BC2_UNORM_BLOCK, VK_FORMAT_BC3_SRGB_BLOCK, 16, 4},
    {VK_FORMAT_BC4_UNORM_BLOCK, VK_FORMAT_BC4_SNORM_BLOCK, 8, 4},
    {VK_FORMAT_BC5_UNORM_BLOCK, VK_FORMAT_BC7_SRGB_BLOCK, 16, 4},
    {VK_FORMAT_ETC2_R8G8B8_UNORM_BLOCK, VK_FORMAT_ETC2_R8G8B8A1_SRGB_BLOCK, 8, 4},
    {VK_FORMAT_ETC2_R8G8B8A8_UNORM_BLOCK, VK_FORMAT_ETC2_R8G8B8A8_SRGB_BLOCK, 16, 4},
    {VK_FORMAT_EAC_R11_UNORM_BLOCK, VK_FORMAT_EAC_R11_SNORM_BLOCK, 8, 4},
    {VK_FORMAT_EAC_R11G11_UNORM_BLOCK, VK_FORMAT_EAC_R11G11_SNORM_BLOCK, 16, 4},
};

/* 0: of a format that is not known here. */
static uint64_t bytes_of(VkFormat format, VkExtent3D extent, uint32_t layers)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        uint64_t side = formats[i].side;

        if (format >= formats[i].first && format <= formats[i].last)
            return (extent.width + side - 1) / side * ((extent.height + side - 1) / side) *
                   extent.depth * layers * formats[i].bytes;
    }
    return 0;
}

static VkFormat format_of(struct rn_vulkan_device *device, VkImage image)
{
    uint64_t format;

    pthread_mutex_lock(&device->lock);
    format = rn_vulkan_map_get(&device->images, KEY(image));
    pthread_mutex_unlock(&device->lock);
    return format ? (VkFormat)(format - 1) : VK_FORMAT_UNDEFINED;
}

/* The structures of the two generations of each function name their members alike. */
#define SUM_SIZES(count, regions)                                                                  \
    ({                                                                                             \
        uint64_t sum_ = 0;                                                                         \
        for (uint32_t i_ = 0; i_ < (count); i_++)                                                  \
            sum_ += (regions)[i_].size;                                                            \
        sum_;                                                                                      \
    })
#define SUM_IMAGES(format, count, regions, extent, subresource)                                    \
    ({                                                                                             \
        VkFormat format_ = (format);                                                               \
        uint64_t sum_ = 0;                                                                         \
        for (uint32_t i_ = 0; i_ < (count); i_++)                                                  \
            sum_ += bytes_of(format_, (regions)[i_].extent, (regions)[i_].subresource.layerCount); \
        sum_;                                                                                      \
    })

VKAPI_ATTR void VKAPI_CALL rn_vk_CmdCopyBuffer(VkCommandBuffer handle, VkBuffer from, VkBuffer to,
                                               uint32_t count, const VkBufferCopy *regions)
{
    struct rn_vulkan_commands *commands = rn_vulkan_commands_of(handle);

    begin(commands, direction_of(commands->device, from, to), SUM_SIZES(count, regions));
    commands->device->below.CmdCopyBuffer(handle, from, to, count, regions);
    rn_vulkan_command_end(commands);
}

VKAPI_ATTR void VKAPI_CALL rn_vk_CmdCopyBuffer2(VkCommandBuffer handle,
                                                const VkCopyBufferInfo2 *info)
{
    struct rn_vulkan_commands *commands = rn_vulkan_commands_of(handle);

    begin(commands, direction_of(commands->device, info->srcBuffer, info->dstBuffer),
          SUM_SIZES(info->regionCount, info->pRegions));
    commands->device->below.CmdCopyBuffer2(handle, info);
    rn_vulkan_command_end(commands);
}

VKAPI_ATTR void VKAPI_CALL rn_vk_CmdCopyImage(VkCommandBuffer handle, VkImage from,
                                              VkImageLayout from_layout, VkImage to,
                                              VkImageLayout to_layout, uint32_t count,
                                              const VkImageCopy *regions)
{
    struct rn_vulkan_commands *commands = rn_vulkan_commands_of(handle);

    begin(commands, RN_DIRECTION_ON_DEVICE,
          SUM_IMAGES(format_of(commands->device, from), count, regions, extent, srcSubresource));
    commands->device->below.CmdCopyImage(handle, from, from_layout, to, to_layout, count, regions);
    rn_vulkan_command_end(commands);
}

VKAPI_ATTR void VKAPI_CALL rn_vk_CmdCopyImage2(VkCommandBuffer handle, const VkCopyImageInfo2 *info)
{
    struct rn_vulkan_commands *commands = rn_vulkan_commands_of(handle);

    begin(commands, RN_DIRECTION_ON_DEVICE,
          SUM_IMAGES(format_of(commands->device, info->srcImage), info->regionCount, info->pRegions,
                     extent, srcSubresource));
    commands->device->below.CmdCopyImage2(handle, info);
    rn_vulkan_command_end(commands);
}

VKAPI_ATTR void VKAPI_CALL rn_vk_CmdCopyBufferToImage(VkCommandBuffer handle, VkBuffer from,
                                                      VkImage to, VkImageLayout layout,
                                                      uint32_t count,
                                                      const VkBufferImageCopy *regions)
{
    struct rn_vulkan_commands *commands = rn_vulkan_commands_of(handle);

    begin(
        commands, direction_of(commands->device, from, VK_NULL_HANDLE),
        SUM_IMAGES(format_of(commands->device, to), count, regions, imageExtent, imageSubresource));
    commands->device->below.CmdCopyBufferToImage(handle, from, to, layout, count, regions);
    rn_vulkan_command_end(commands);
}

VKAPI_ATTR void VKAPI_CALL rn_vk_CmdCopyBufferToImage2(VkCommandBuffer handle,
                                                       const VkCopyBufferToImageInfo2 *info)
{
    struct rn_vulkan_commands *commands = rn_vulkan_commands_of(handle);

    begin(commands, direction_of(commands->device, info->srcBuffer, VK_NULL_HANDLE),
          SUM_IMAGES(format_of(commands->device, info->dstImage), info->regionCount, info->pRegions,
                     imageExtent, imageSubresource));
    commands->device->below.CmdCopyBufferToImage2(handle, info);
    rn_vulkan_command_end(commands);
}

VKAPI_ATTR void VKAPI_CALL rn_vk_CmdCopyImageToBuffer(VkCommandBuffer handle, VkImage from,
                                                      VkImageLayout layout, VkBuffer to,
                                                      uint32_t count,
                                                      const VkBufferImageCopy *regions)
{
    struct rn_vulkan_commands *commands = rn_vulkan_commands_of(handle);

    begin(commands, direction_of(commands->device, VK_NULL_HANDLE, to),
          SUM_IMAGES(format_of(commands->device, from), count, regions, imageExtent,
                     imageSubresource));
    commands->device->below.CmdCopyImageToBuffer(handle, from, layout, to, count, regions);
    rn_vulkan_command_end(commands);
}

VKAPI_ATTR void VKAPI_CALL rn_vk_CmdCopyImageToBuffer2(VkCommandBuffer handle,
                                                       const VkCopyImageToBufferInfo2 *info)
{
    struct rn_vulkan_commands *commands = rn_vulkan_commands_of(handle);

    begin(commands, direction_of(commands->device, VK_NULL_HANDLE, info->dstBuffer),
          SUM_IMAGES(format_of(commands->device, info->srcImage), info->regionCount, info->pRegions,
                     imageExtent, imageSubresource));
    commands->device->below.CmdCopyImageToBuffer2(handle, info);
    rn_vulkan_command_end(commands);
}

VKAPI_ATTR void VKAPI_CALL rn_vk_CmdUpdateBuffer(VkCommandBuffer handle, VkBuffer buffer,
                                                 VkDeviceSize offset, VkDeviceSize size,
                                                 const void *data)
{
    struct rn_vulkan_commands *commands = rn_vulkan_commands_of(handle);

    begin(commands, RN_DIRECTION_TO_DEVICE, size);
    commands->device->below.CmdUpdateBuffer(handle, buffer, offset, size, data);
    rn_vulkan_command_end(commands);
}

VKAPI_ATTR void VKAPI_CALL rn_vk_CmdFillBuffer(VkCommandBuffer handle, VkBuffer buffer,
                                               VkDeviceSize offset, VkDeviceSize size,
                                               uint32_t value)
{
    struct rn_vulkan_commands *commands = rn_vulkan_commands_of(handle);
    uint64_t bytes = size;

    if (size == VK_WHOLE_SIZE) {
        uint64_t facts = facts_of(commands->device, buffer) >> RN_VULKAN_BUFFER_SIZE_SHIFT;

        bytes = facts > offset ? facts - offset : 0;
    }
    begin(commands, RN_DIRECTION_FILL, bytes);
    commands->device->below.CmdFillBuffer(handle, buffer, offset, size, value);
    rn_vulkan_command_end(commands);
}
