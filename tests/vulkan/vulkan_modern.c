/* SPDX-License-Identifier: MIT */
/* A program as Vulkan 1.3 has it: submits, semaphores and copies of the second generation, images.
 * Prints what vulkan_calls prints. */
#include "machine.h"

#define WIDTH  16u
#define HEIGHT 8u

static VkImage make_image(struct machine *m, VkDeviceMemory *memory)
{
    const VkImageCreateInfo info = {.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
                                    .imageType = VK_IMAGE_TYPE_2D,
                                    .format = VK_FORMAT_R8G8B8A8_UNORM,
                                    .extent = {WIDTH, HEIGHT, 1},
                                    .mipLevels = 1,
                                    .arrayLayers = 1,
                                    .samples = VK_SAMPLE_COUNT_1_BIT,
                                    .usage = VK_IMAGE_USAGE_TRANSFER_SRC_BIT |
                                             VK_IMAGE_USAGE_TRANSFER_DST_BIT};
    VkMemoryAllocateInfo allocate = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
    VkMemoryRequirements needs;
    VkImage image;

    MUST(vkCreateImage(m->device, &info, NULL, &image));
    vkGetImageMemoryRequirements(m->device, image, &needs);
    allocate.allocationSize = needs.size;
    while (!(needs.memoryTypeBits >> allocate.memoryTypeIndex & 1))
        allocate.memoryTypeIndex++;
    MUST(vkAllocateMemory(m->device, &allocate, NULL, memory));
    MUST(vkBindImageMemory(m->device, image, *memory, 0));
    return image;
}

static void make_general(VkCommandBuffer commands, VkImage image)
{
    const VkImageMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .dstAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
        .newLayout = VK_IMAGE_LAYOUT_GENERAL,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .image = image,
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1}};

    vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT,
                         VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 0, NULL, 0, NULL, 1, &barrier);
}

#define COLOUR                                                                                     \
    {                                                                                              \
        VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1                                                         \
    }
#define GENERAL VK_IMAGE_LAYOUT_GENERAL

/* Through both images and back, by both generations of each copy: eight copies. */
static void copy_images(struct machine *m, VkCommandBuffer commands, const VkImage *images)
{
    const VkBufferImageCopy region = {.imageSubresource = COLOUR,
                                      .imageExtent = {WIDTH, HEIGHT, 1}};
    const VkImageCopy between = {
        .srcSubresource = COLOUR, .dstSubresource = COLOUR, .extent = {WIDTH, HEIGHT, 1}};
    const VkBufferCopy bytes = {.size = 1000};
    const VkBufferImageCopy2 region2 = {.sType = VK_STRUCTURE_TYPE_BUFFER_IMAGE_COPY_2,
                                        .imageSubresource = COLOUR,
                                        .imageExtent = {WIDTH, HEIGHT, 1}};
    const VkImageCopy2 between2 = {.sType = VK_STRUCTURE_TYPE_IMAGE_COPY_2,
                                   .srcSubresource = COLOUR,
                                   .dstSubresource = COLOUR,
                                   .extent = {WIDTH, HEIGHT, 1}};
    const VkBufferCopy2 bytes2[] = {
        {.sType = VK_STRUCTURE_TYPE_BUFFER_COPY_2, .size = 100},
        {.sType = VK_STRUCTURE_TYPE_BUFFER_COPY_2, .srcOffset = 200, .dstOffset = 200, .size = 24}};
    const VkCopyBufferToImageInfo2 up = {VK_STRUCTURE_TYPE_COPY_BUFFER_TO_IMAGE_INFO_2,
                                         NULL,
                                         m->up.handle,
                                         images[0],
                                         GENERAL,
                                         1,
                                         &region2};
    const VkCopyImageInfo2 across = {VK_STRUCTURE_TYPE_COPY_IMAGE_INFO_2,
                                     NULL,
                                     images[0],
                                     GENERAL,
                                     images[1],
                                     GENERAL,
                                     1,
                                     &between2};
    const VkCopyImageToBufferInfo2 down = {VK_STRUCTURE_TYPE_COPY_IMAGE_TO_BUFFER_INFO_2,
                                           NULL,
                                           images[1],
                                           GENERAL,
                                           m->down.handle,
                                           1,
                                           &region2};
    const VkCopyBufferInfo2 within = {
        VK_STRUCTURE_TYPE_COPY_BUFFER_INFO_2, NULL, m->in.handle, m->out.handle, 2, bytes2};

    vkCmdCopyBufferToImage(commands, m->up.handle, images[0], GENERAL, 1, &region);
    machine_barrier(commands);
    vkCmdCopyImage(commands, images[0], GENERAL, images[1], GENERAL, 1, &between);
    machine_barrier(commands);
    vkCmdCopyImageToBuffer(commands, images[1], GENERAL, m->down.handle, 1, &region);
    machine_barrier(commands);
    vkCmdCopyBuffer(commands, m->in.handle, m->out.handle, 1, &bytes);
    machine_barrier(commands);
    vkCmdCopyBufferToImage2(commands, &up);
    machine_barrier(commands);
    vkCmdCopyImage2(commands, &across);
    machine_barrier(commands);
    vkCmdCopyImageToBuffer2(commands, &down);
    machine_barrier(commands);
    vkCmdCopyBuffer2(commands, &within);
    machine_barrier(commands);
}

static void submit_and_wait(struct machine *m, VkCommandBuffer commands)
{
    const VkSemaphoreTypeCreateInfo type = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
                                            .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE};
    const VkSemaphoreCreateInfo create = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
                                          .pNext = &type};
    const uint64_t value = 7;
    VkSemaphoreSubmitInfo signal = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO,
                                    .value = value,
                                    .stageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT};
    const VkCommandBufferSubmitInfo buffer = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_SUBMIT_INFO,
                                              .commandBuffer = commands};
    const VkSubmitInfo2 submit = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO_2,
                                  .commandBufferInfoCount = 1,
                                  .pCommandBufferInfos = &buffer,
                                  .signalSemaphoreInfoCount = 1,
                                  .pSignalSemaphoreInfos = &signal};
    VkSemaphoreWaitInfo wait = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO, .semaphoreCount = 1, .pValues = &value};

    MUST(vkCreateSemaphore(m->device, &create, NULL, &signal.semaphore));
    wait.pSemaphores = &signal.semaphore;
    MUST(vkQueueSubmit2(m->queue, 1, &submit, VK_NULL_HANDLE));
    MUST(vkWaitSemaphores(m->device, &wait, UINT64_MAX));
    vkDestroySemaphore(m->device, signal.semaphore, NULL);
}

int main(void)
{
    VkDeviceMemory memory[2];
    VkImage images[2];
    VkCommandBuffer commands;
    struct machine m;
    uint32_t sum = 0;

    machine_make(&m, VK_API_VERSION_1_3, NULL);
    for (int i = 0; i < 2; i++)
        images[i] = make_image(&m, &memory[i]);
    commands = machine_buffer(&m, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
    machine_begin(commands, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT, false);
    for (int i = 0; i < 2; i++)
        make_general(commands, images[i]);
    copy_images(&m, commands, images);
    machine_dispatch(&m, commands, 5);
    MUST(vkEndCommandBuffer(commands));
    submit_and_wait(&m, commands);
    for (uint32_t i = 0; i < ELEMENTS; i++)
        sum = sum * 31 + m.down.mapped[i] + 7 * m.out.mapped[i];
    printf("sum %u kernels 1 copies 8\n", sum);
    for (int i = 0; i < 2; i++) {
        vkDestroyImage(m.device, images[i], NULL);
        vkFreeMemory(m.device, memory[i], NULL);
    }
    machine_free(&m);
    return 0;
}
