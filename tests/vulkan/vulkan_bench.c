/* SPDX-License-Identifier: MIT */
/* What a program waits for in Vulkan's calls: vulkan_bench [ROUNDS]. Lines "NAME NS": the median
 * over all rounds for one vkCmdDispatch into a command buffer, one vkQueueSubmit of a buffer with
 * one dispatch, and one round of recording, submitting and waiting for it. */
#include "machine.h"

#include <time.h>

#define DISPATCHES 100u
#define ROUNDS_MAX 100000u
#define SUBMITS    8u /* of a round */

static double dispatch_ns[ROUNDS_MAX], submit_ns[ROUNDS_MAX], round_ns[ROUNDS_MAX];

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

static void print_median(const char *name, double *values, uint32_t count)
{
    qsort(values, count, sizeof(*values), compare);
    printf("%s %.1f\n", name, values[count / 2]);
}

/* Into a buffer that never runs. */
static double record(struct machine *m, VkCommandBuffer commands)
{
    double begin, end;

    machine_begin(commands, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT, false);
    machine_dispatch(m, commands, 3);
    begin = now();
    for (uint32_t i = 0; i < DISPATCHES; i++)
        vkCmdDispatch(commands, 1, 1, 1);
    end = now();
    MUST(vkEndCommandBuffer(commands));
    return (end - begin) / DISPATCHES;
}

static void run(struct machine *m, const VkCommandBuffer *commands, VkFence fence, uint32_t number)
{
    double begin = now(), submit;

    for (uint32_t i = 0; i < SUBMITS; i++) {
        machine_begin(commands[i], VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT, false);
        machine_dispatch(m, commands[i], 3);
        MUST(vkEndCommandBuffer(commands[i]));
    }
    machine_submit(m, commands[0], VK_NULL_HANDLE);
    submit = now();
    for (uint32_t i = 1; i < SUBMITS; i++)
        machine_submit(m, commands[i], i == SUBMITS - 1 ? fence : VK_NULL_HANDLE);
    submit_ns[number] = (now() - submit) / (SUBMITS - 1);
    machine_wait(m, fence);
    round_ns[number] = (now() - begin) / SUBMITS;
}

int main(int argc, char **argv)
{
    uint32_t rounds = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 20000;
    VkCommandBuffer never, commands[SUBMITS];
    struct machine m;
    VkFence fence;

    if (rounds == 0 || rounds > ROUNDS_MAX)
        return 2;
    machine_make(&m, VK_API_VERSION_1_2, NULL);
    never = machine_buffer(&m, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
    for (uint32_t i = 0; i < SUBMITS; i++)
        commands[i] = machine_buffer(&m, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
    fence = machine_fence(&m);
    for (uint32_t i = 0; i < rounds; i++) {
        dispatch_ns[i] = record(&m, never);
        run(&m, commands, fence, i);
    }
    print_median("dispatch", dispatch_ns, rounds);
    print_median("submit", submit_ns, rounds);
    print_median("round", round_ns, rounds);
    vkDestroyFence(m.device, fence, NULL);
    machine_free(&m);
    return 0;
}
