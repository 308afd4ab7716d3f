/* SPDX-License-Identifier: MIT */
/* A thread that waits for the work of another one: it holds the lock until it waits, so it has
 * waited before the other one can begin. */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t done = PTHREAD_COND_INITIALIZER;
static int results;

static void *work(void *unused)
{
    const struct timespec hundredth = {.tv_nsec = 10000000};

    (void)unused;
    pthread_mutex_lock(&lock);
    nanosleep(&hundredth, NULL);
    results++;
    pthread_cond_signal(&done);
    pthread_mutex_unlock(&lock);
    return NULL;
}

int main(void)
{
    pthread_t worker;

    pthread_mutex_lock(&lock);
    if (pthread_create(&worker, NULL, work, NULL) != 0)
        return 1;
    while (results == 0)
        pthread_cond_wait(&done, &lock);
    pthread_mutex_unlock(&lock);
    pthread_join(worker, NULL);
    return results != 1;
}
