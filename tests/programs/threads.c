/* SPDX-License-Identifier: MIT */
/* threads COUNT ROUNDS: threads in a ring hand a token on through pipes, so that each thread's
 * sequence of calls is the same in every run. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define THREADS_MAX 64

static int pipes[THREADS_MAX][2];
static long count, rounds;

static void *pass_token(void *argument)
{
    long self = (long)argument;
    for (long round = 0; round < rounds; round++) {
        char token;
        if (read(pipes[self][0], &token, 1) != 1)
            abort();
        getppid();
        if (write(pipes[(self + 1) % count][1], &token, 1) != 1)
            abort();
    }
    return NULL;
}

int main(int argc, char **argv)
{
    count = argc > 1 ? atol(argv[1]) : 4;
    rounds = argc > 2 ? atol(argv[2]) : 10;
    if (count < 1 || count > THREADS_MAX)
        return 2;
    pthread_t threads[THREADS_MAX];
    for (long i = 0; i < count; i++)
        if (pipe(pipes[i]) != 0)
            return 2;
    for (long i = 0; i < count; i++)
        if (pthread_create(&threads[i], NULL, pass_token, (void *)i) != 0)
            return 2;
    if (write(pipes[0][1], "t", 1) != 1)
        return 2;
    for (long i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
