/* SPDX-License-Identifier: MIT */
/* Dispatches, and what gives them their names. */
#include "vulkan_layer.h"

#define KEY(handle) ((uint64_t)(uintptr_t)(handle))

VKAPI_ATTR void VKAPI_CALL rn_vk_CmdBindPipeline(VkCommandBuffer handle, VkPipelineBindPoint point,
                                                 VkPipeline pipeline)
{
    struct rn_vulkan_commands *commands = rn_vulkan_commands_of(handle);
    struct rn_vulkan_device *device = commands->device;

    if (point == VK_PIPELINE_BIND_POINT_COMPUTE && commands->recording) {
        const struct rn_vulkan_pipeline *known;

        pthread_mutex_lock(&device->lock);
        known = (void *)(uintptr_t)rn_vulkan_map_get(&device->pipelines, KEY(pipeline));
        commands->bound = known ? *known : (struct rn_vulkan_pipeline){0};
        pthread_mutex_unlock(&device->lock);
    }
    device->below.CmdBindPipeline(handle, point, pipeline);
}

VKAPI_ATTR void VKAPI_CALL rn_vk_CmdBeginDebugUtilsLabelEXT(VkCommandBuffer handle,
                                                            const VkDebugUtilsLabelEXT *label)
{
    struct rn_vulkan_commands *commands = rn_vulkan_commands_of(handle);

    if (commands->label_count < RN_VULKAN_LABELS)
        commands->labels[commands->label_count] = rn_vulkan_name(label->pLabelName);
    commands->label_count++;
    if (commands->device->below.CmdBeginDebugUtilsLabelEXT)
        commands->device->below.CmdBeginDebugUtilsLabelEXT(handle, label);
}

VKAPI_ATTR void VKAPI_CALL rn_vk_CmdEndDebugUtilsLabelEXT(VkCommandBuffer handle)
{
    struct rn_vulkan_commands *commands = rn_vulkan_commands_of(handle);

    /* A label may begin in one buffer and end in another. */
    if (commands->label_count)
        commands->label_count--;
    if (commands->device->below.CmdEndDebugUtilsLabelEXT)
        commands->device->below.CmdEndDebugUtilsLabelEXT(handle);
}

static const struct rn_vulkan_name *innermost_label(const struct rn_vulkan_commands *commands)
{
    uint32_t count =
        commands->label_count < RN_VULKAN_LABELS ? commands->label_count : RN_VULKAN_LABELS;

    while (count > 0)
        if (commands->labels[--count])
            return commands->labels[count];
    return NULL;
}

/* What the program called its pipeline; else the entry point, unless that says nothing and what is
 * going on has a name. */
static const struct rn_vulkan_name *name_of(const struct rn_vulkan_commands *commands)
{
    const struct rn_vulkan_pipeline *bound = &commands->bound;
    const struct rn_vulkan_name *label;

    if (bound->label)
        return bound->label;
    label = rn_vulkan_is_main(bound->entry) ? innermost_label(commands) : NULL;
    return label ? label : bound->entry;
}

static void begin(struct rn_vulkan_commands *commands, uint32_t x, uint32_t y, uint32_t z)
{
    const struct rn_vulkan_pipeline *bound = &commands->bound;
    struct rn_vulkan_command command = {
        .kind = RN_VULKAN_DISPATCH,
        .name = name_of(commands),
        .grid = {x, y, z},
        .group = {bound->group[0], bound->group[1], bound->group[2]}};

    rn_vulkan_command_begin(commands, &command);
}

VKAPI_ATTR void VKAPI_CALL rn_vk_CmdDispatch(VkCommandBuffer handle, uint32_t x, uint32_t y,
                                             uint32_t z)
{
    struct rn_vulkan_commands *commands = rn_vulkan_commands_of(handle);

    begin(commands, x, y, z);
    commands->device->below.CmdDispatch(handle, x, y, z);
    rn_vulkan_command_end(commands);
}

VKAPI_ATTR void VKAPI_CALL rn_vk_CmdDispatchBase(VkCommandBuffer handle, uint32_t base_x,
                                                 uint32_t base_y, uint32_t base_z, uint32_t x,
                                                 uint32_t y, uint32_t z)
{
    struct rn_vulkan_commands *commands = rn_vulkan_commands_of(handle);

    begin(commands, x, y, z);
    commands->device->below.CmdDispatchBase(handle, base_x, base_y, base_z, x, y, z);
    rn_vulkan_command_end(commands);
}

/* How many work groups there are is in memory of the device, and decided when it runs. */
VKAPI_ATTR void VKAPI_CALL rn_vk_CmdDispatchIndirect(VkCommandBuffer handle, VkBuffer buffer,
                                                     VkDeviceSize offset)
{
    struct rn_vulkan_commands *commands = rn_vulkan_commands_of(handle);

    begin(commands, 0, 0, 0);
    commands->device->below.CmdDispatchIndirect(handle, buffer, offset);
    rn_vulkan_command_end(commands);
}
