/* SPDX-License-Identifier: MIT */
/* Threads: eight that read and wait on futexes at once, 500 short ones, and 300 alive at the same
 * time, more than there is room for large rings.
 * limit: 120
 * results: madvise
 * varies: futex madvise mprotect munmap mmap brk rseq set_robust_list rt_sigprocmask */
#include "storm.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define WORKERS 8
#define ROUNDS  2000
#define SHORT   500
#define ALIVE   300

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t barrier;
static long shared;
static atomic_int ran;

static void *worker(void *argument)
{
    int fds[2];
    char byte = (char)(long)argument;

    if (pipe(fds) != 0)
        return NULL;
    for (int i = 0; i < ROUNDS; i++) {
        char got = 0;

        if (write(fds[1], &byte, 1) != 1 || read(fds[0], &got, 1) != 1 || got != byte)
            fail_test("a worker's pipe");
        pthread_mutex_lock(&lock);
        shared++;
        if (i % 64 == 0)
            getppid();
        pthread_mutex_unlock(&lock);
    }
    return argument;
}

static void *short_one(void *argument)
{
    getppid();
    atomic_fetch_add(&ran, 1);
    return argument;
}

static void *living(void *argument)
{
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < 10; i++)
        getppid();
    pthread_barrier_wait(&barrier);
    return argument;
}

int main(void)
{
    static pthread_t threads[ALIVE];
    pthread_attr_t attributes;

    for (long i = 0; i < WORKERS; i++)
        if (pthread_create(&threads[i], NULL, worker, (void *)(i + 1)) != 0)
            fail_test("pthread_create");
    for (int i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    if (shared != (long)WORKERS * ROUNDS)
        fail_test("the mutex");

    for (int i = 0; i < SHORT; i++) {
        if (pthread_create(&threads[i % 20], NULL, short_one, NULL) != 0)
            fail_test("pthread_create");
        if (i % 20 == 19)
            for (int j = 0; j < 20; j++)
                pthread_join(threads[j], NULL);
    }
    if (atomic_load(&ran) != SHORT)
        fail_test("short threads");

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 65536);
    pthread_barrier_init(&barrier, NULL, ALIVE + 1);
    for (int i = 0; i < ALIVE; i++)
        if (pthread_create(&threads[i], &attributes, living, NULL) != 0)
            fail_test("pthread_create");
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < ALIVE; i++)
        pthread_join(threads[i], NULL);
    puts("done");
    return 0;
}
