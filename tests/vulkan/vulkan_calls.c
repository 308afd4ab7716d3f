/* SPDX-License-Identifier: MIT */
/* What a program may do with Vulkan: vulkan_calls WAY [NUMBER]. Prints a checksum of its results,
 * and how many kernels and copies it has given to the device. */
#include "machine.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDARY VK_COMMAND_BUFFER_LEVEL_SECONDARY
#define PRIMARY   VK_COMMAND_BUFFER_LEVEL_PRIMARY
#define ONCE      VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT
#define SEVERAL   VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT

static uint64_t kernels, copies;

static uint32_t checksum(const uint32_t *values)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < ELEMENTS; i++)
        sum = sum * 31 + values[i];
    return sum;
}

static void report(uint32_t sum)
{
    printf("sum %u kernels %llu copies %llu\n", sum, (unsigned long long)kernels,
           (unsigned long long)copies);
    fflush(stdout);
}

static void copy(VkCommandBuffer commands, const struct buffer *from, const struct buffer *to)
{
    const VkBufferCopy region = {.size = BYTES};

    vkCmdCopyBuffer(commands, from->handle, to->handle, 1, &region);
    machine_barrier(commands);
}

/* Copy in, `count` dispatches, copy out. */
static void record(struct machine *m, VkCommandBuffer commands, uint32_t count)
{
    copy(commands, &m->up, &m->in);
    for (uint32_t i = 0; i < count; i++)
        machine_dispatch(m, commands, 3 + i);
    copy(commands, &m->out, &m->down);
}

static void one_buffer(struct machine *m, uint32_t count)
{
    VkCommandBuffer commands = machine_buffer(m, PRIMARY);
    VkFence fence = machine_fence(m);

    machine_begin(commands, ONCE, false);
    record(m, commands, count);
    MUST(vkEndCommandBuffer(commands));
    machine_submit(m, commands, fence);
    machine_wait(m, fence);
    vkDestroyFence(m->device, fence, NULL);
    kernels += count;
    copies += 2;
}

/* Every kernel in a submit of its own, which is waited for. */
static void one_by_one(struct machine *m, uint32_t count)
{
    VkCommandBuffer commands = machine_buffer(m, PRIMARY);
    VkFence fence = machine_fence(m);

    for (uint32_t i = 0; i < count; i++) {
        machine_begin(commands, ONCE, false);
        machine_dispatch(m, commands, i);
        MUST(vkEndCommandBuffer(commands));
        machine_submit(m, commands, fence);
        machine_wait(m, fence);
        kernels++;
    }
    vkDestroyFence(m->device, fence, NULL);
}

/* The same buffer again and again, without being recorded anew. */
static void resubmit(struct machine *m, uint32_t count)
{
    VkCommandBuffer commands = machine_buffer(m, PRIMARY);

    machine_begin(commands, 0, false);
    record(m, commands, 3);
    MUST(vkEndCommandBuffer(commands));
    for (uint32_t i = 0; i < count; i++) {
        machine_submit(m, commands, VK_NULL_HANDLE);
        MUST(vkQueueWaitIdle(m->queue));
        kernels += 3;
        copies += 2;
    }
}

/* Submitted again before it is done. */
static void simultaneous(struct machine *m, uint32_t count)
{
    VkCommandBuffer commands = machine_buffer(m, PRIMARY);

    machine_begin(commands, SEVERAL, false);
    record(m, commands, 2);
    MUST(vkEndCommandBuffer(commands));
    for (uint32_t i = 0; i < count; i++)
        machine_submit(m, commands, VK_NULL_HANDLE);
    MUST(vkDeviceWaitIdle(m->device));
    kernels += 2 * count;
    copies += 2 * count;
}

static void secondary(struct machine *m, uint32_t count)
{
    VkCommandBuffer commands = machine_buffer(m, PRIMARY), inner[2];

    for (uint32_t i = 0; i < 2; i++) {
        inner[i] = machine_buffer(m, SECONDARY);
        machine_begin(inner[i], 0, true);
        machine_dispatch(m, inner[i], 5 + i);
        MUST(vkEndCommandBuffer(inner[i]));
    }
    machine_begin(commands, 0, false);
    copy(commands, &m->up, &m->in);
    vkCmdExecuteCommands(commands, 2, inner);
    copy(commands, &m->out, &m->down);
    MUST(vkEndCommandBuffer(commands));
    for (uint32_t i = 0; i < count; i++) {
        machine_submit(m, commands, VK_NULL_HANDLE);
        MUST(vkQueueWaitIdle(m->queue));
        kernels += 2;
        copies += 2;
    }
}

/* Buffers of a pool that is reset, or that are freed; not waited for by any other sign than the
 * last fence. */
static void pools(struct machine *m, uint32_t count)
{
    VkFence fence = machine_fence(m);

    for (uint32_t i = 0; i < count; i++) {
        VkCommandBuffer commands[2] = {machine_buffer(m, PRIMARY), machine_buffer(m, PRIMARY)};
        VkSubmitInfo info = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                             .commandBufferCount = 2,
                             .pCommandBuffers = commands};

        for (uint32_t k = 0; k < 2; k++) {
            machine_begin(commands[k], ONCE, false);
            record(m, commands[k], 1);
            MUST(vkEndCommandBuffer(commands[k]));
        }
        MUST(vkQueueSubmit(m->queue, 1, &info, fence));
        while (vkGetFenceStatus(m->device, fence) != VK_SUCCESS)
            usleep(100);
        MUST(vkResetFences(m->device, 1, &fence));
        if (i % 3 == 0)
            MUST(vkResetCommandPool(m->device, m->pool, 0));
        if (i % 3 == 1)
            MUST(vkResetCommandBuffer(commands[0], 0));
        vkFreeCommandBuffers(m->device, m->pool, 2, commands);
        kernels += 2;
        copies += 4;
    }
    vkDestroyFence(m->device, fence, NULL);
}

static void timeline(struct machine *m, uint32_t count)
{
    const VkSemaphoreTypeCreateInfo type = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
                                            .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE};
    const VkSemaphoreCreateInfo create = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
                                          .pNext = &type};
    VkCommandBuffer commands = machine_buffer(m, PRIMARY);
    VkSemaphore semaphore;

    MUST(vkCreateSemaphore(m->device, &create, NULL, &semaphore));
    for (uint64_t value = 1; value <= count; value++) {
        const VkTimelineSemaphoreSubmitInfo values = {
            .sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
            .signalSemaphoreValueCount = 1,
            .pSignalSemaphoreValues = &value};
        const VkSubmitInfo info = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                                   .pNext = &values,
                                   .commandBufferCount = 1,
                                   .pCommandBuffers = &commands,
                                   .signalSemaphoreCount = 1,
                                   .pSignalSemaphores = &semaphore};
        const VkSemaphoreWaitInfo wait = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
                                          .semaphoreCount = 1,
                                          .pSemaphores = &semaphore,
                                          .pValues = &value};

        machine_begin(commands, ONCE, false);
        record(m, commands, 1);
        MUST(vkEndCommandBuffer(commands));
        MUST(vkQueueSubmit(m->queue, 1, &info, VK_NULL_HANDLE));
        MUST(vkWaitSemaphores(m->device, &wait, UINT64_MAX));
        kernels++;
        copies += 2;
    }
    vkDestroySemaphore(m->device, semaphore, NULL);
}

/* What is submitted second waits for the host, which waits for what was submitted first: nobody may
 * wait for all of it. */
static void ahead(struct machine *m, uint32_t count)
{
    const VkSemaphoreTypeCreateInfo type = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
                                            .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE};
    const VkSemaphoreCreateInfo create = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
                                          .pNext = &type};
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    VkCommandBuffer commands[2] = {machine_buffer(m, PRIMARY), machine_buffer(m, PRIMARY)};
    VkFence first = machine_fence(m), second = machine_fence(m);
    VkSemaphore semaphore;

    MUST(vkCreateSemaphore(m->device, &create, NULL, &semaphore));
    for (uint64_t value = 1; value <= count; value++) {
        const VkTimelineSemaphoreSubmitInfo values = {
            .sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
            .waitSemaphoreValueCount = 1,
            .pWaitSemaphoreValues = &value};
        const VkSubmitInfo info = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                                   .pNext = &values,
                                   .waitSemaphoreCount = 1,
                                   .pWaitSemaphores = &semaphore,
                                   .pWaitDstStageMask = &stage,
                                   .commandBufferCount = 1,
                                   .pCommandBuffers = &commands[1]};
        const VkSemaphoreSignalInfo signal = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO,
                                              .semaphore = semaphore,
                                              .value = value};

        for (uint32_t i = 0; i < 2; i++) {
            machine_begin(commands[i], ONCE, false);
            record(m, commands[i], 2);
            MUST(vkEndCommandBuffer(commands[i]));
        }
        machine_submit(m, commands[0], first);
        MUST(vkQueueSubmit(m->queue, 1, &info, second));
        machine_wait(m, first);
        MUST(vkSignalSemaphore(m->device, &signal));
        machine_wait(m, second);
        kernels += 4;
        copies += 4;
    }
    vkDestroySemaphore(m->device, semaphore, NULL);
    vkDestroyFence(m->device, first, NULL);
    vkDestroyFence(m->device, second, NULL);
}

static void indirect(struct machine *m, uint32_t count)
{
    VkCommandBuffer commands = machine_buffer(m, PRIMARY);

    machine_begin(commands, ONCE, false);
    machine_dispatch(m, commands, 7);
    for (uint32_t i = 0; i < count; i++)
        vkCmdDispatchIndirect(commands, m->indirect.handle, 0);
    machine_barrier(commands);
    vkCmdFillBuffer(commands, m->out.handle, 256, VK_WHOLE_SIZE, 9);
    machine_barrier(commands);
    vkCmdUpdateBuffer(commands, m->out.handle, 0, 8, "abcdefgh");
    machine_barrier(commands);
    copy(commands, &m->out, &m->down);
    MUST(vkEndCommandBuffer(commands));
    machine_submit(m, commands, VK_NULL_HANDLE);
    MUST(vkQueueWaitIdle(m->queue));
    kernels += 1 + count;
    copies += 3;
}

/* Names for a pipeline, and for what is going on. Needs VK_EXT_debug_utils. */
static void labels(struct machine *m, uint32_t count)
{
    PFN_vkSetDebugUtilsObjectNameEXT set_name =
        (PFN_vkSetDebugUtilsObjectNameEXT)vkGetDeviceProcAddr(m->device,
                                                              "vkSetDebugUtilsObjectNameEXT");
    PFN_vkCmdBeginDebugUtilsLabelEXT begin = (PFN_vkCmdBeginDebugUtilsLabelEXT)vkGetDeviceProcAddr(
        m->device, "vkCmdBeginDebugUtilsLabelEXT");
    PFN_vkCmdEndDebugUtilsLabelEXT end = (PFN_vkCmdEndDebugUtilsLabelEXT)vkGetDeviceProcAddr(
        m->device, "vkCmdEndDebugUtilsLabelEXT");
    const VkDebugUtilsLabelEXT label = {.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_LABEL_EXT,
                                        .pLabelName = "a part of it"};
    const VkDebugUtilsObjectNameInfoEXT name = {
        .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT,
        .objectType = VK_OBJECT_TYPE_PIPELINE,
        .objectHandle = (uint64_t)(uintptr_t)m->pipeline,
        .pObjectName = "a name for it"};
    VkCommandBuffer commands = machine_buffer(m, PRIMARY);

    machine_begin(commands, ONCE, false);
    begin(commands, &label);
    for (uint32_t i = 0; i < count; i++)
        machine_dispatch(m, commands, 2);
    end(commands);
    set_name(m->device, &name);
    machine_dispatch(m, commands, 2);
    MUST(vkEndCommandBuffer(commands));
    machine_submit(m, commands, VK_NULL_HANDLE);
    MUST(vkQueueWaitIdle(m->queue));
    kernels += 1 + count;
}

/* The end comes while there is work that nobody has waited for. */
static void leave(struct machine *m, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        VkCommandBuffer commands = machine_buffer(m, PRIMARY);

        machine_begin(commands, ONCE, false);
        machine_dispatch(m, commands, i);
        MUST(vkEndCommandBuffer(commands));
        machine_submit(m, commands, VK_NULL_HANDLE);
        kernels++;
    }
}

static void *thread(void *argument)
{
    struct machine m;

    machine_make(&m, VK_API_VERSION_1_2, NULL);
    one_by_one(&m, *(uint32_t *)argument);
    one_buffer(&m, 1);
    machine_free(&m);
    return NULL;
}

/* Each with an instance and a device of its own; the counters are set afterwards. */
static void threads(uint32_t count)
{
    pthread_t ids[4];

    for (int i = 0; i < 4; i++)
        if (pthread_create(&ids[i], NULL, thread, &count) != 0)
            exit(9);
    for (int i = 0; i < 4; i++)
        pthread_join(ids[i], NULL);
    kernels = 4 * (count + 1);
    copies = 8;
}

/* The child has a device of its own; but drivers do not outlive a fork: where its parent had one
 * already it only ends, as children do. */
static void child(struct machine *m, uint32_t count)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        struct machine own;

        if (m)
            exit(0);
        machine_make(&own, VK_API_VERSION_1_2, NULL);
        one_by_one(&own, count);
        machine_free(&own);
        exit(0);
    }
    waitpid(pid, &status, 0);
    if (status != 0)
        exit(9);
    if (m)
        one_by_one(m, count);
    else
        kernels = count;
}

/* What the program can find of functions: as without a recorder, nothing that it did not ask for.
 */
static void functions(struct machine *m, uint32_t count)
{
    static const char *const names[] = {"vkGetCalibratedTimestampsEXT",
                                        "vkGetCalibratedTimestampsKHR",
                                        "vkQueueSubmit",
                                        "vkQueueSubmit2",
                                        "vkQueueSubmit2KHR",
                                        "vkCmdDispatchBaseKHR",
                                        "vkWaitSemaphoresKHR",
                                        "vkSetDebugUtilsObjectNameEXT",
                                        "vkCmdBeginDebugUtilsLabelEXT",
                                        "vkResetQueryPool",
                                        "vkNoSuchFunction"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        printf("%s %d\n", names[i], vkGetDeviceProcAddr(m->device, names[i]) != NULL);
    one_buffer(m, count);
}

struct shared {
    struct machine *m;
    uint32_t count;
    pthread_mutex_t queue;
};

static void *share(void *argument)
{
    struct shared *shared = argument;
    struct machine own = *shared->m;
    const VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                          .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT};
    VkCommandBuffer commands;
    VkFence fence = machine_fence(&own);

    MUST(vkCreateCommandPool(own.device, &pool, NULL, &own.pool));
    commands = machine_buffer(&own, PRIMARY);
    for (uint32_t i = 0; i < shared->count; i++) {
        machine_begin(commands, ONCE, false);
        machine_dispatch(&own, commands, 3);
        MUST(vkEndCommandBuffer(commands));
        pthread_mutex_lock(&shared->queue);
        machine_submit(&own, commands, fence);
        pthread_mutex_unlock(&shared->queue);
        machine_wait(&own, fence);
    }
    vkDestroyFence(own.device, fence, NULL);
    vkDestroyCommandPool(own.device, own.pool, NULL);
    return NULL;
}

/* Threads that have a device and its queue together. */
static void share_all(struct machine *m, uint32_t count)
{
    struct shared shared = {m, count, PTHREAD_MUTEX_INITIALIZER};
    pthread_t ids[4];

    for (int i = 0; i < 4; i++)
        if (pthread_create(&ids[i], NULL, share, &shared) != 0)
            exit(9);
    for (int i = 0; i < 4; i++)
        pthread_join(ids[i], NULL);
    kernels = 4 * count;
}

struct way {
    const char *name;
    void (*run)(struct machine *m, uint32_t count);
    uint32_t count; /* unless given */
    bool frees;     /* all that it has made */
};

static const struct way ways[] = {
    {"one-buffer", one_buffer, 10, true}, {"one-by-one", one_by_one, 100, true},
    {"resubmit", resubmit, 20, true},     {"simultaneous", simultaneous, 5, true},
    {"secondary", secondary, 5, true},    {"pools", pools, 9, true},
    {"timeline", timeline, 20, true},     {"indirect", indirect, 2, true},
    {"labels", labels, 2, true},          {"functions", functions, 1, true},
    {"ahead", ahead, 10, true},           {"share", share_all, 50, true},
    {"leave", leave, 30, false},          {"unreleased", one_by_one, 30, false},
    {"child", child, 10, true},
};

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "one-buffer";
    uint32_t given = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
    struct machine m;

    if (strcmp(name, "threads") == 0) {
        threads(given ? given : 25);
        report(0);
        return 0;
    }
    if (strcmp(name, "child-first") == 0) {
        child(NULL, given ? given : 10);
        report(0);
        return 0;
    }
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        const char *extension = strcmp(name, "labels") == 0 ? "VK_EXT_debug_utils" : NULL;

        if (strcmp(name, ways[i].name) != 0)
            continue;
        machine_make(&m, getenv("OLD") ? 0 : VK_API_VERSION_1_2, extension);
        ways[i].run(&m, given ? given : ways[i].count);
        report(strcmp(name, "leave") == 0 ? 0
                                          : checksum(m.down.mapped) + 7 * checksum(m.out.mapped));
        if (argc > 3)
            kill(getpid(), SIGKILL);
        if (ways[i].frees)
            machine_free(&m);
        return 0;
    }
    fprintf(stderr, "vulkan_calls: no way '%s'\n", name);
    return 2;
}
