/* SPDX-License-Identifier: MIT */
/* Threads that end as soon as they have begun, while their creator makes the next ones: each is
 * known by who made it, the first thread. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#define ROUNDS  60
#define AT_ONCE 6

static void *brief(void *argument)
{
    getppid();
    return argument;
}

int main(void)
{
    pthread_t threads[AT_ONCE];

    for (int i = 0; i < ROUNDS; i++) {
        for (int j = 0; j < AT_ONCE; j++)
            if (pthread_create(&threads[j], NULL, brief, NULL) != 0)
                return 1;
        for (int j = 0; j < AT_ONCE; j++)
            pthread_join(threads[j], NULL);
    }
    puts("done");
    return 0;
}
