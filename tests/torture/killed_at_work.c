/* SPDX-License-Identifier: MIT */
/* SIGKILL: of children at work, whose calls so far are kept; and of the program by itself, with
 * threads blocked. Ends by SIGKILL.
 * engines: apart */
#include "storm.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static void *works(void *argument)
{
    for (;;)
        if (close(-1) == 0)
            break;
    return argument;
}

static void *waits(void *argument)
{
    pause();
    return argument;
}

int main(void)
{
    pthread_t thread;

    for (int i = 0; i < 10; i++) {
        int status;
        pid_t child = fork();

        if (child == 0)
            works(NULL);
        usleep(i * 1000);
        kill(child, SIGKILL);
        if (waitpid(child, &status, 0) != child || !WIFSIGNALED(status) ||
            WTERMSIG(status) != SIGKILL)
            fail_test("waitpid");
    }
    puts("killed ten");
    fflush(stdout);
    pthread_create(&thread, NULL, works, NULL);
    pthread_create(&thread, NULL, waits, NULL);
    usleep(20000);
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}
