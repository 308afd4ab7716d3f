/* SPDX-License-Identifier: MIT */
/* A small Vulkan program's machinery: a device, two buffers and those to fill and read them with, a
 * pipeline. Everything that fails ends the program with a line. */
#ifndef RN_TEST_MACHINE_H
#define RN_TEST_MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vulkan/vulkan.h>

#define ELEMENTS 1024u
#define BYTES    (ELEMENTS * 4u)
#define GROUP    64u

#define MUST(call)                                                                                 \
    do {                                                                                           \
        VkResult result_ = (call);                                                                 \
        if (result_ != VK_SUCCESS) {                                                               \
            fprintf(stderr, "%s:%d: %s: %d\n", __FILE__, __LINE__, #call, result_);                \
            exit(9);                                                                               \
        }                                                                                          \
    } while (0)

struct buffer {
    VkBuffer handle;
    VkDeviceMemory memory;
    uint32_t *mapped;
};

struct machine {
    uint32_t api;
    VkInstance instance;
    VkPhysicalDevice physical;
    VkDevice device;
    VkQueue queue;
    VkCommandPool pool;
    struct buffer up, in, out, down, indirect;
    VkShaderModule module;
    VkDescriptorSetLayout set_layout;
    VkPipelineLayout layout;
    VkDescriptorPool descriptors;
    VkDescriptorSet set;
    VkPipeline pipeline;
};

/* extensions: of the instance, one or none. */
void machine_make(struct machine *m, uint32_t api, const char *extension);
void machine_make_device(struct machine *m);
void machine_free(struct machine *m);

VkCommandBuffer machine_buffer(struct machine *m, VkCommandBufferLevel level);
void machine_begin(VkCommandBuffer commands, VkCommandBufferUsageFlags flags, bool secondary);
/* A dispatch of the pipeline, and a barrier behind it. */
void machine_dispatch(struct machine *m, VkCommandBuffer commands, uint32_t factor);
void machine_barrier(VkCommandBuffer commands);
VkFence machine_fence(struct machine *m);
void machine_submit(struct machine *m, VkCommandBuffer commands, VkFence fence);
void machine_wait(struct machine *m, VkFence fence);

#endif
