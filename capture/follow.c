/* SPDX-License-Identifier: MIT */
#include "follow.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define STOPS_A_LOOK 32u
/* Slower than that the thread need not be near. */
#define STOP_NS_MAX 2000000u
/* Who stops and gives up the CPU makes the thread wait for a few us; who runs on, for much longer.
 */
#define QUEUED_NS_MAX 200000u
#define LOOKS_OFF     32u

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* /proc/thread-self/schedstat: ns on a CPU, ns in the queue of one, times that it came to run. */
static bool read_queue(const struct rn_follow *follow, struct rn_follow_queue *queue)
{
    char text[128], *at;
    ssize_t size = pread(follow->schedstat, text, sizeof(text) - 1, 0);

    if (size <= 0)
        return false;
    text[size] = '\0';
    (void)strtoull(text, &at, 10);
    queue->ns = strtoull(at, &at, 10);
    queue->runs = strtoull(at, NULL, 10);
    return true;
}

void rn_follow_begin(struct rn_follow *follow)
{
    *follow = (struct rn_follow){.cpu = -1, .schedstat = -1};
    if (sched_getaffinity(0, sizeof(follow->anywhere), &follow->anywhere) != 0 ||
        CPU_COUNT(&follow->anywhere) < 2)
        return;
    follow->schedstat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    follow->look_ns = now_ns();
    follow->possible = follow->schedstat >= 0 && read_queue(follow, &follow->queue);
    if (!follow->possible && follow->schedstat >= 0)
        close(follow->schedstat);
}

void rn_follow_leave(struct rn_follow *follow)
{
    if (!follow->possible || follow->cpu < 0)
        return;
    follow->cpu = -1;
    (void)sched_setaffinity(0, sizeof(follow->anywhere), &follow->anywhere);
}

static void stay_at(struct rn_follow *follow, int cpu)
{
    cpu_set_t set;

    if (cpu < 0 || cpu >= CPU_SETSIZE || !CPU_ISSET((size_t)cpu, &follow->anywhere))
        return;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set) == 0)
        follow->cpu = cpu;
}

void rn_follow_stopped(struct rn_follow *follow)
{
    struct rn_follow_queue queue, waited;
    uint64_t now, took;

    if (!follow->possible || ++follow->stops < STOPS_A_LOOK)
        return;
    follow->stops = 0;
    if (!read_queue(follow, &queue))
        return;
    now = now_ns();
    took = now - follow->look_ns;
    waited = (struct rn_follow_queue){queue.ns - follow->queue.ns, queue.runs - follow->queue.runs};
    follow->look_ns = now;
    follow->queue = queue;
    if (follow->looks_off > 0) {
        follow->looks_off--;
    } else if (follow->cpu >= 0 && waited.ns > waited.runs * QUEUED_NS_MAX) {
        rn_follow_leave(follow);
        follow->looks_off = LOOKS_OFF;
    } else if (took > (uint64_t)STOPS_A_LOOK * STOP_NS_MAX) {
        rn_follow_leave(follow);
    } else if (follow->cpu < 0) {
        stay_at(follow, sched_getcpu());
    }
}

void rn_follow_end(struct rn_follow *follow)
{
    if (!follow->possible)
        return;
    rn_follow_leave(follow);
    close(follow->schedstat);
    follow->possible = false;
}
