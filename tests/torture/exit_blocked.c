/* SPDX-License-Identifier: MIT */
/* exit_group from one thread while others are blocked in a read, a sleep and a futex: their calls
 * never return. And a leader that ends before its threads do. */
#include "storm.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static int fds[2];

static void *reads(void *argument)
{
    char byte;

    (void)!read(fds[0], &byte, 1);
    return argument;
}

static void *sleeps(void *argument)
{
    sleep(1000);
    return argument;
}

static void *waits(void *argument)
{
    pthread_mutex_lock(argument);
    return argument;
}

static void *ends_it(void *argument)
{
    usleep(50000);
    _exit(7);
    return argument;
}

static void child(int leader_goes)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_t thread;

    pthread_mutex_lock(&lock);
    pthread_create(&thread, NULL, reads, NULL);
    pthread_create(&thread, NULL, sleeps, NULL);
    pthread_create(&thread, NULL, waits, &lock);
    pthread_create(&thread, NULL, ends_it, NULL);
    if (leader_goes)
        pthread_exit(NULL);
    sleep(1000);
}

int main(void)
{
    if (pipe(fds) != 0)
        return 2;
    for (int leader_goes = 0; leader_goes < 2; leader_goes++) {
        int status;
        pid_t pid = fork();

        if (pid == 0)
            child(leader_goes);
        if (waitpid(pid, &status, 0) != pid)
            fail_test("waitpid");
        printf("status %x\n", (unsigned)status);
    }
    return 0;
}
