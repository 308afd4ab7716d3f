/* SPDX-License-Identifier: MIT */
#include "machine.h"

/* What shaders use is memory of the device's own, if the host can see such memory. */
static uint32_t memory_type(struct machine *m, uint32_t allowed, bool of_device)
{
    const VkMemoryPropertyFlags wanted =
        VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    VkPhysicalDeviceMemoryProperties memory;
    uint32_t other = UINT32_MAX;

    vkGetPhysicalDeviceMemoryProperties(m->physical, &memory);
    for (uint32_t i = 0; i < memory.memoryTypeCount; i++) {
        VkMemoryPropertyFlags flags = memory.memoryTypes[i].propertyFlags;

        if (!(allowed >> i & 1) || (flags & wanted) != wanted)
            continue;
        if (!(flags & VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT) == !of_device)
            return i;
        other = i;
    }
    if (other != UINT32_MAX)
        return other;
    fprintf(stderr, "no memory that the host can see\n");
    exit(9);
}

static void make_buffer(struct machine *m, struct buffer *buffer, VkBufferUsageFlags usage)
{
    const VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, .size = BYTES, .usage = usage};
    VkMemoryAllocateInfo memory = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
    VkMemoryRequirements needs;

    MUST(vkCreateBuffer(m->device, &info, NULL, &buffer->handle));
    vkGetBufferMemoryRequirements(m->device, buffer->handle, &needs);
    memory.allocationSize = needs.size;
    memory.memoryTypeIndex =
        memory_type(m, needs.memoryTypeBits, usage & VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
    MUST(vkAllocateMemory(m->device, &memory, NULL, &buffer->memory));
    MUST(vkBindBufferMemory(m->device, buffer->handle, buffer->memory, 0));
    MUST(vkMapMemory(m->device, buffer->memory, 0, VK_WHOLE_SIZE, 0, (void **)&buffer->mapped));
    memset(buffer->mapped, 0, BYTES);
}

static void free_buffer(struct machine *m, struct buffer *buffer)
{
    vkDestroyBuffer(m->device, buffer->handle, NULL);
    vkFreeMemory(m->device, buffer->memory, NULL);
}

static void make_module(struct machine *m)
{
    static uint32_t code[16384];
    VkShaderModuleCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
                                     .pCode = code};
    const char *path = getenv("SHADER");
    FILE *file = fopen(path ? path : "scale.spv", "rb");

    if (!file) {
        fprintf(stderr, "scale.spv is not there\n");
        exit(9);
    }
    info.codeSize = fread(code, 1, sizeof(code), file);
    fclose(file);
    MUST(vkCreateShaderModule(m->device, &info, NULL, &m->module));
}

static void make_set(struct machine *m)
{
    const VkDescriptorSetLayoutBinding bindings[] = {
        {0, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, VK_SHADER_STAGE_COMPUTE_BIT, NULL},
        {1, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, VK_SHADER_STAGE_COMPUTE_BIT, NULL}};
    const VkDescriptorSetLayoutCreateInfo layout = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
        .bindingCount = 2,
        .pBindings = bindings};
    const VkDescriptorPoolSize size = {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 2};
    const VkDescriptorPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
                                             .maxSets = 1,
                                             .poolSizeCount = 1,
                                             .pPoolSizes = &size};
    VkDescriptorSetAllocateInfo sets = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                        .descriptorSetCount = 1};

    MUST(vkCreateDescriptorSetLayout(m->device, &layout, NULL, &m->set_layout));
    MUST(vkCreateDescriptorPool(m->device, &pool, NULL, &m->descriptors));
    sets.descriptorPool = m->descriptors;
    sets.pSetLayouts = &m->set_layout;
    MUST(vkAllocateDescriptorSets(m->device, &sets, &m->set));
    for (uint32_t i = 0; i < 2; i++) {
        const VkDescriptorBufferInfo buffer = {i ? m->out.handle : m->in.handle, 0, VK_WHOLE_SIZE};
        const VkWriteDescriptorSet write = {.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                            .dstSet = m->set,
                                            .dstBinding = i,
                                            .descriptorCount = 1,
                                            .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                            .pBufferInfo = &buffer};

        vkUpdateDescriptorSets(m->device, 1, &write, 0, NULL);
    }
}

static void make_pipeline(struct machine *m)
{
    const VkPushConstantRange push = {VK_SHADER_STAGE_COMPUTE_BIT, 0, 4};
    const VkPipelineLayoutCreateInfo layout = {.sType =
                                                   VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                               .setLayoutCount = 1,
                                               .pSetLayouts = &m->set_layout,
                                               .pushConstantRangeCount = 1,
                                               .pPushConstantRanges = &push};
    const char *entry = getenv("ENTRY");
    VkComputePipelineCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                  .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                  .module = m->module,
                  .pName = entry ? entry : "scale"}};

    MUST(vkCreatePipelineLayout(m->device, &layout, NULL, &m->layout));
    info.layout = m->layout;
    MUST(vkCreateComputePipelines(m->device, VK_NULL_HANDLE, 1, &info, NULL, &m->pipeline));
}

void machine_make_device(struct machine *m)
{
    const float priority = 1;
    const VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                           .queueCount = 1,
                                           .pQueuePriorities = &priority};
    VkPhysicalDeviceTimelineSemaphoreFeatures timeline = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES,
        .timelineSemaphore = VK_TRUE};
    VkPhysicalDeviceVulkan13Features modern = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES,
        .pNext = &timeline,
        .synchronization2 = VK_TRUE};
    VkPhysicalDeviceProperties properties;
    VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                               .queueCreateInfoCount = 1,
                               .pQueueCreateInfos = &queue};
    const VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                          .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT};

    vkGetPhysicalDeviceProperties(m->physical, &properties);
    if (properties.apiVersion >= VK_API_VERSION_1_2 && m->api >= VK_API_VERSION_1_2)
        info.pNext = &timeline;
    if (properties.apiVersion >= VK_API_VERSION_1_3 && m->api >= VK_API_VERSION_1_3)
        info.pNext = &modern;
    MUST(vkCreateDevice(m->physical, &info, NULL, &m->device));
    vkGetDeviceQueue(m->device, 0, 0, &m->queue);
    MUST(vkCreateCommandPool(m->device, &pool, NULL, &m->pool));
    make_buffer(m, &m->up, VK_BUFFER_USAGE_TRANSFER_SRC_BIT);
    make_buffer(m, &m->down, VK_BUFFER_USAGE_TRANSFER_DST_BIT);
    make_buffer(m, &m->in,
                VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT |
                    VK_BUFFER_USAGE_TRANSFER_SRC_BIT);
    make_buffer(m, &m->out,
                VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
                    VK_BUFFER_USAGE_TRANSFER_DST_BIT);
    make_buffer(m, &m->indirect, VK_BUFFER_USAGE_INDIRECT_BUFFER_BIT);
    memcpy(m->indirect.mapped, (const uint32_t[]){ELEMENTS / GROUP, 1, 1}, 12);
    for (uint32_t i = 0; i < ELEMENTS; i++)
        m->up.mapped[i] = m->in.mapped[i] = i;
    make_module(m);
    make_set(m);
    make_pipeline(m);
}

void machine_make(struct machine *m, uint32_t api, const char *extension)
{
    const VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                                           .pApplicationName = "calls",
                                           .apiVersion = api};
    const VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                                       .pApplicationInfo = api ? &application : NULL,
                                       .enabledExtensionCount = extension != NULL,
                                       .ppEnabledExtensionNames = &extension};
    VkPhysicalDevice devices[8];
    uint32_t count = 8;

    memset(m, 0, sizeof(*m));
    m->api = api;
    if (vkCreateInstance(&info, NULL, &m->instance) != VK_SUCCESS ||
        vkEnumeratePhysicalDevices(m->instance, &count, devices) < VK_SUCCESS || count == 0) {
        fprintf(stderr, "no Vulkan device\n");
        exit(77);
    }
    m->physical = devices[0];
    machine_make_device(m);
}

void machine_free(struct machine *m)
{
    vkDestroyPipeline(m->device, m->pipeline, NULL);
    vkDestroyPipelineLayout(m->device, m->layout, NULL);
    vkDestroyDescriptorPool(m->device, m->descriptors, NULL);
    vkDestroyDescriptorSetLayout(m->device, m->set_layout, NULL);
    vkDestroyShaderModule(m->device, m->module, NULL);
    free_buffer(m, &m->up);
    free_buffer(m, &m->in);
    free_buffer(m, &m->out);
    free_buffer(m, &m->down);
    free_buffer(m, &m->indirect);
    vkDestroyCommandPool(m->device, m->pool, NULL);
    vkDestroyDevice(m->device, NULL);
    vkDestroyInstance(m->instance, NULL);
}

VkCommandBuffer machine_buffer(struct machine *m, VkCommandBufferLevel level)
{
    const VkCommandBufferAllocateInfo info = {.sType =
                                                  VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                              .commandPool = m->pool,
                                              .level = level,
                                              .commandBufferCount = 1};
    VkCommandBuffer commands;

    MUST(vkAllocateCommandBuffers(m->device, &info, &commands));
    return commands;
}

void machine_begin(VkCommandBuffer commands, VkCommandBufferUsageFlags flags, bool secondary)
{
    const VkCommandBufferInheritanceInfo inheritance = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_INHERITANCE_INFO};
    const VkCommandBufferBeginInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                           .flags = flags,
                                           .pInheritanceInfo = secondary ? &inheritance : NULL};

    MUST(vkBeginCommandBuffer(commands, &info));
}

void machine_barrier(VkCommandBuffer commands)
{
    const VkMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT |
                         VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT |
                         VK_ACCESS_HOST_READ_BIT};
    const VkPipelineStageFlags stages =
        VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT;

    vkCmdPipelineBarrier(commands, stages, stages | VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &barrier, 0,
                         NULL, 0, NULL);
}

void machine_dispatch(struct machine *m, VkCommandBuffer commands, uint32_t factor)
{
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, m->pipeline);
    vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, m->layout, 0, 1, &m->set, 0,
                            NULL);
    vkCmdPushConstants(commands, m->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, 4, &factor);
    vkCmdDispatch(commands, ELEMENTS / GROUP, 1, 1);
    machine_barrier(commands);
}

VkFence machine_fence(struct machine *m)
{
    const VkFenceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    VkFence fence;

    MUST(vkCreateFence(m->device, &info, NULL, &fence));
    return fence;
}

void machine_submit(struct machine *m, VkCommandBuffer commands, VkFence fence)
{
    const VkSubmitInfo info = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                               .commandBufferCount = 1,
                               .pCommandBuffers = &commands};

    MUST(vkQueueSubmit(m->queue, 1, &info, fence));
}

void machine_wait(struct machine *m, VkFence fence)
{
    MUST(vkWaitForFences(m->device, 1, &fence, VK_TRUE, UINT64_MAX));
    MUST(vkResetFences(m->device, 1, &fence));
}
