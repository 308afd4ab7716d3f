/* SPDX-License-Identifier: MIT */
/* A signal handler ends the program in the middle of a call of the driver, which waits for work
 * that waits for the program. Of three kernels, two are done. Ends with status 3. */
#include "machine.h"

#include <signal.h>
#include <unistd.h>

static void end(int number)
{
    (void)number;
    exit(3);
}

int main(void)
{
    const VkSemaphoreTypeCreateInfo type = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
                                            .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE};
    const VkSemaphoreCreateInfo create = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
                                          .pNext = &type};
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    const uint64_t value = 1;
    const VkTimelineSemaphoreSubmitInfo values = {
        .sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
        .waitSemaphoreValueCount = 1,
        .pWaitSemaphoreValues = &value};
    VkSubmitInfo info = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                         .pNext = &values,
                         .waitSemaphoreCount = 1,
                         .pWaitDstStageMask = &stage,
                         .commandBufferCount = 1};
    VkCommandBuffer commands[2];
    VkSemaphore semaphore;
    struct machine m;
    VkFence fence;

    machine_make(&m, VK_API_VERSION_1_2, NULL);
    fence = machine_fence(&m);
    for (int i = 0; i < 2; i++) {
        commands[i] = machine_buffer(&m, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
        machine_begin(commands[i], VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT, false);
        machine_dispatch(&m, commands[i], 3);
        if (i == 0)
            machine_dispatch(&m, commands[i], 4);
        MUST(vkEndCommandBuffer(commands[i]));
    }
    machine_submit(&m, commands[0], fence);
    machine_wait(&m, fence);
    MUST(vkCreateSemaphore(m.device, &create, NULL, &semaphore));
    info.pWaitSemaphores = &semaphore;
    info.pCommandBuffers = &commands[1];
    MUST(vkQueueSubmit(m.queue, 1, &info, fence));
    printf("waiting\n");
    fflush(stdout);
    signal(SIGALRM, end);
    ualarm(50000, 0);
    machine_wait(&m, fence);
    return 0;
}
