/* SPDX-License-Identifier: MIT */
/* What a command buffer holds, and the timestamps around it. */
#include "vulkan_layer.h"

#include <stdlib.h>

#define FIRST_COMMANDS 16u

/* Room for one more of an array. */
static bool make_room(void **array, uint32_t *capacity, uint32_t count, size_t size)
{
    uint32_t more = *capacity ? 2 * *capacity : FIRST_COMMANDS;
    void *larger;

    if (count < *capacity)
        return true;
    larger = more > *capacity ? reallocarray(*array, more, size) : NULL;
    if (!larger)
        return false;
    *array = larger;
    *capacity = more;
    return true;
}

static void empty(struct rn_vulkan_device *device, struct rn_vulkan_recording *recording)
{
    for (uint32_t i = 0; i < recording->block_count; i++)
        rn_vulkan_block_give(device, recording->blocks[i]);
    for (uint32_t i = 0; i < recording->child_count; i++)
        rn_vulkan_recording_release(device, recording->children[i]);
    recording->count = recording->block_count = recording->child_count = 0;
}

void rn_vulkan_recording_release(struct rn_vulkan_device *device,
                                 struct rn_vulkan_recording *recording)
{
    if (--recording->references > 0)
        return;
    empty(device, recording);
    free(recording->commands);
    free(recording->blocks);
    free(recording->children);
    free(recording);
}

void rn_vulkan_recording_drop(struct rn_vulkan_commands *commands)
{
    struct rn_vulkan_recording *recording = commands->recording;

    commands->recording = NULL;
    if (!recording)
        return;
    if (recording->submission)
        (void)rn_vulkan_settle_recording(recording, RN_VULKAN_DONE);
    rn_vulkan_recording_release(commands->device, recording);
}

void rn_vulkan_recording_begin(struct rn_vulkan_commands *commands, bool simultaneous)
{
    struct rn_vulkan_recording *recording = commands->recording;

    if (recording && recording->submission)
        (void)rn_vulkan_settle_recording(recording, RN_VULKAN_DONE);
    if (recording && recording->references > 1)
        rn_vulkan_recording_drop(commands);
    if (!commands->recording) {
        commands->recording = calloc(1, sizeof(*recording));
        if (commands->recording)
            commands->recording->references = 1;
    } else {
        empty(commands->device, commands->recording);
    }
    commands->bound = (struct rn_vulkan_pipeline){0};
    commands->label_count = 0;
    if (!commands->recording)
        return;
    commands->recording->simultaneous = simultaneous;
    commands->recording->valid = commands->pool->family < RN_VULKAN_FAMILIES
                                     ? commands->device->valid[commands->pool->family]
                                     : 0;
    if (!commands->device->calibrates)
        commands->recording->valid = 0;
}

bool rn_vulkan_recording_add_child(struct rn_vulkan_recording *recording,
                                   struct rn_vulkan_recording *child)
{
    void *children = recording->children;

    if (!make_room(&children, &recording->child_capacity, recording->child_count,
                   sizeof(struct rn_vulkan_recording *)))
        return false;
    recording->children = children;
    recording->children[recording->child_count++] = child;
    child->references++;
    return true;
}

/* The block for the command in work: a new one is emptied by the device before it is used. */
static struct rn_vulkan_block *block_of(struct rn_vulkan_commands *commands)
{
    struct rn_vulkan_recording *recording = commands->recording;
    struct rn_vulkan_device *device = commands->device;
    uint32_t number = recording->count / RN_VULKAN_BLOCK_PAIRS;
    void *blocks = recording->blocks;
    struct rn_vulkan_block *block;

    if (number < recording->block_count)
        return recording->blocks[number];
    if (!make_room(&blocks, &recording->block_capacity, recording->block_count,
                   sizeof(struct rn_vulkan_block *)))
        return NULL;
    recording->blocks = blocks;
    pthread_mutex_lock(&device->lock);
    block = rn_vulkan_block_take(device);
    pthread_mutex_unlock(&device->lock);
    if (!block)
        return NULL;
    recording->blocks[recording->block_count++] = block;
    device->below.CmdResetQueryPool(commands->handle, block->pool, block->first,
                                    2 * RN_VULKAN_BLOCK_PAIRS);
    return block;
}

static void write_time(struct rn_vulkan_commands *commands, VkPipelineStageFlagBits stage,
                       uint32_t which)
{
    struct rn_vulkan_recording *recording = commands->recording;
    struct rn_vulkan_block *block = block_of(commands);

    if (block)
        commands->device->below.CmdWriteTimestamp(
            commands->handle, stage, block->pool,
            block->first + 2 * (recording->count % RN_VULKAN_BLOCK_PAIRS) + which);
    else
        recording->valid = 0;
}

void rn_vulkan_lose(uint64_t count)
{
    struct rn_producer *self = rn_producer_self();

    if (self)
        rn_producer_lose(self, count);
}

void rn_vulkan_command_begin(struct rn_vulkan_commands *commands,
                             const struct rn_vulkan_command *command)
{
    struct rn_vulkan_recording *recording = commands->recording;
    void *all = recording ? recording->commands : NULL;

    if (!recording || commands->device->off)
        return;
    if (!make_room(&all, &recording->capacity, recording->count, sizeof(*command))) {
        rn_vulkan_lose(1);
        return;
    }
    recording->commands = all;
    recording->commands[recording->count] = *command;
    if (recording->valid)
        write_time(commands, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT, 0);
    commands->is_open = true;
}

void rn_vulkan_command_end(struct rn_vulkan_commands *commands)
{
    if (!commands->is_open)
        return;
    commands->is_open = false;
    if (commands->recording->valid)
        write_time(commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, 1);
    commands->recording->count++;
}
