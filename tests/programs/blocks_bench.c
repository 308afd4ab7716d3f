/* SPDX-License-Identifier: MIT */
/* blocks_bench [THREADS]: what a block costs, in ns of its thread's CPU time, as lines of NAME
 * VALUE: `cold` and `burst`, blocks that come rarely enough to be recorded one by one, in a ring
 * that is used for the first time, and later; `loop`, blocks that come as fast as they can;
 * `empty`, the same loop without a block, for both. blocks_bench run COUNT: so many blocks of one
 * microsecond, then the time that they took together, in ns. */
#include "capture/inject/rn_simd.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BURST       500
#define BURSTS      7 /* go through a ring once */
#define LOOP        1000000
#define LOOPS       5
#define THREADS_MAX 64

static __thread volatile uint64_t sink;

static uint64_t now_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static __attribute__((noinline)) void blocks(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        RN_SIMD_BLOCK("bench", i, 8, 16);
        sink += i;
    }
}

static __attribute__((noinline)) void no_blocks(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        sink += i;
}

struct costs {
    double cold, burst, loop, empty;
};

static double cost_of(void (*function)(unsigned), unsigned count)
{
    uint64_t start = now_ns(CLOCK_THREAD_CPUTIME_ID);

    function(count);
    return (double)(now_ns(CLOCK_THREAD_CPUTIME_ID) - start) / count;
}

static int compare(const void *a, const void *b)
{
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

static double median_burst(void)
{
    double cost[BURSTS];

    for (int i = 0; i < BURSTS; i++) {
        cost[i] = cost_of(blocks, BURST);
        usleep(100000);
    }
    qsort(cost, BURSTS, sizeof(cost[0]), compare);
    return cost[BURSTS / 2];
}

static double best_loop(void (*function)(unsigned))
{
    double best = cost_of(function, LOOP);

    for (int i = 1; i < LOOPS; i++) {
        double cost = cost_of(function, LOOP);

        best = cost < best ? cost : best;
    }
    return best;
}

static void *measure(void *argument)
{
    struct costs *costs = argument;

    costs->cold = median_burst();
    costs->burst = median_burst();
    costs->loop = best_loop(blocks);
    costs->empty = best_loop(no_blocks);
    return NULL;
}

static void run(unsigned long count)
{
    uint64_t start = now_ns(CLOCK_MONOTONIC);

    for (unsigned long i = 0; i < count; i++) {
        uint64_t until = now_ns(CLOCK_MONOTONIC) + 1000;
        RN_SIMD_BLOCK("microsecond", 1, 8, 16);

        while (now_ns(CLOCK_MONOTONIC) < until)
            ;
    }
    printf("time %llu\n", (unsigned long long)(now_ns(CLOCK_MONOTONIC) - start));
}

int main(int argc, char **argv)
{
    struct costs costs[THREADS_MAX] = {{0, 0, 0, 0}}, sum = {0, 0, 0, 0};
    unsigned long threads = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
    pthread_t ids[THREADS_MAX];

    if (argc > 2 && strcmp(argv[1], "run") == 0) {
        run(strtoul(argv[2], NULL, 10));
        return 0;
    }
    if (threads < 1 || threads > THREADS_MAX)
        return 2;
    for (unsigned long i = 0; i < threads; i++)
        pthread_create(&ids[i], NULL, measure, &costs[i]);
    for (unsigned long i = 0; i < threads; i++)
        pthread_join(ids[i], NULL);
    for (unsigned long i = 0; i < threads; i++) {
        sum.cold += costs[i].cold / (double)threads;
        sum.burst += costs[i].burst / (double)threads;
        sum.loop += costs[i].loop / (double)threads;
        sum.empty += costs[i].empty / (double)threads;
    }
    printf("cold %.2f\nburst %.2f\nloop %.2f\nempty %.2f\n", sum.cold, sum.burst, sum.loop,
           sum.empty);
    return 0;
}
