/* SPDX-License-Identifier: MIT */
/* A thread that is not the leader executes another program, while the leader waits for ever and
 * other threads run. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static void *run_for_ever(void *argument)
{
    for (;;)
        getppid();
    return argument;
}

static void *execute(void *argument)
{
    char *argv[] = {"true", NULL};

    usleep(20000);
    execv("/bin/true", argv);
    abort();
    return argument;
}

int main(void)
{
    pthread_t threads[3];

    for (int i = 0; i < 2; i++) {
        if (pthread_create(&threads[i], NULL, run_for_ever, NULL) != 0)
            return 2;
    }
    if (pthread_create(&threads[2], NULL, execute, NULL) != 0)
        return 2;
    pause();
    return 3;
}
