/* SPDX-License-Identifier: MIT */
/* blocks COUNT [THREADS [NS]]: runs COUNT nested pairs of compute blocks in each thread, each inner
 * one of about NS nanoseconds of work, with a decision for each thread; then prints how many blocks
 * there were. What each thread has finished is also in the file that COUNTER_FILE names, as one
 * 64-bit number a thread, so that a test knows after a SIGKILL. */
#include "capture/inject/rn_simd.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 1024

static unsigned long count = 10, work_ns;
static volatile unsigned long *finished;
static unsigned long here[THREADS_MAX];

static unsigned long now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned long)now.tv_sec * 1000000000ul + (unsigned long)now.tv_nsec;
}

static void work(void)
{
    unsigned long until = work_ns ? now_ns() + work_ns : 0;

    RN_SIMD_BLOCK("inner", 64, 512, 128);
    while (work_ns && now_ns() < until)
        ;
}

static void *run(void *argument)
{
    unsigned long thread = (unsigned long)argument;

    RN_SIMD_DECISION("codegen::loop", "unroll", "trip count", "4");
    for (unsigned long i = 0; i < count; i++) {
        {
            RN_SIMD_BLOCK_AS("outer", 128, 0, 0, RN_SIMD_SCALAR, "x87");
            work();
        }
        finished[thread] = i + 1;
    }
    return NULL;
}

static void open_counters(const char *path)
{
    int fd = path ? open(path, O_RDWR | O_CREAT | O_TRUNC, 0600) : -1;

    finished = here;
    if (fd < 0 || ftruncate(fd, sizeof(here)) != 0)
        return;
    finished = mmap(NULL, sizeof(here), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
}

int main(int argc, char **argv)
{
    unsigned long threads = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    pthread_t ids[THREADS_MAX];

    if (argc > 1)
        count = strtoul(argv[1], NULL, 10);
    if (argc > 3)
        work_ns = strtoul(argv[3], NULL, 10);
    open_counters(getenv("COUNTER_FILE"));
    if (threads < 1 || threads > THREADS_MAX)
        return 2;
    for (unsigned long i = 1; i < threads; i++)
        pthread_create(&ids[i], NULL, run, (void *)i);
    run((void *)0);
    for (unsigned long i = 1; i < threads; i++)
        pthread_join(ids[i], NULL);
    printf("%lu\n", 2 * count * threads);
    return 0;
}
