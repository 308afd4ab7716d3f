/* SPDX-License-Identifier: MIT */
#include "stay.h"

#include "session_clock.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define STOPS_A_LOOK 32u
/* Slower than that the thread need not be near. */
#define STOP_NS_MAX 2000000u
/* Who stops and gives up the CPU makes the thread wait for a few us; who runs on, for longer. */
#define QUEUED_NS_MAX 200000u
#define LOOKS_OFF     32u

/* /proc/thread-self/schedstat: ns on a CPU, ns in the queue of one, times that it came to run. */
static bool read_queue(const struct rn_stay *stay, struct rn_stay_queue *queue)
{
    char text[128], *at;
    ssize_t size = pread(stay->schedstat, text, sizeof(text) - 1, 0);

    if (size <= 0)
        return false;
    text[size] = '\0';
    (void)strtoull(text, &at, 10);
    queue->ns = strtoull(at, &at, 10);
    queue->runs = strtoull(at, NULL, 10);
    return true;
}

void rn_stay_begin(struct rn_stay *stay)
{
    *stay = (struct rn_stay){.cpu = -1, .schedstat = -1};
    if (sched_getaffinity(0, sizeof(stay->anywhere), &stay->anywhere) != 0 ||
        CPU_COUNT(&stay->anywhere) < 2)
        return;
    stay->schedstat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    stay->look_ns = rn_clock_read_ns(CLOCK_MONOTONIC);
    stay->possible = stay->schedstat >= 0 && read_queue(stay, &stay->queue);
    if (!stay->possible && stay->schedstat >= 0)
        close(stay->schedstat);
}

void rn_stay_leave(struct rn_stay *stay)
{
    if (!stay->possible || stay->cpu < 0)
        return;
    stay->cpu = -1;
    (void)sched_setaffinity(0, sizeof(stay->anywhere), &stay->anywhere);
}

static void stay_at(struct rn_stay *stay, int cpu)
{
    cpu_set_t set;

    if (cpu < 0 || cpu >= CPU_SETSIZE || !CPU_ISSET((size_t)cpu, &stay->anywhere))
        return;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set) == 0)
        stay->cpu = cpu;
}

void rn_stay_stopped(struct rn_stay *stay)
{
    struct rn_stay_queue queue, waited;
    uint64_t now, took;

    if (!stay->possible || ++stay->stops < STOPS_A_LOOK)
        return;
    stay->stops = 0;
    if (!read_queue(stay, &queue))
        return;
    now = rn_clock_read_ns(CLOCK_MONOTONIC);
    took = now - stay->look_ns;
    waited = (struct rn_stay_queue){queue.ns - stay->queue.ns, queue.runs - stay->queue.runs};
    stay->look_ns = now;
    stay->queue = queue;
    if (stay->looks_off > 0) {
        stay->looks_off--;
    } else if (stay->cpu >= 0 && waited.ns > waited.runs * QUEUED_NS_MAX) {
        rn_stay_leave(stay);
        stay->looks_off = LOOKS_OFF;
    } else if (took > (uint64_t)STOPS_A_LOOK * STOP_NS_MAX) {
        rn_stay_leave(stay);
    } else if (stay->cpu < 0) {
        stay_at(stay, sched_getcpu());
    }
}

void rn_stay_end(struct rn_stay *stay)
{
    if (!stay->possible)
        return;
    rn_stay_leave(stay);
    close(stay->schedstat);
    stay->possible = false;
}
