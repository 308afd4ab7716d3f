/* SPDX-License-Identifier: MIT */
/* exec: one that fails, then one that succeeds, from a thread that is not the leader, while others
 * are blocked and others run; the program does this to itself over and over, and counts.
 * varies: read futex */
#include "storm.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define TIMES 12

static char *self, *volatile bad_pointer = (char *)8;
static int round_number;
static atomic_int ready, made;

static void *blocked(void *argument)
{
    int fds[2];
    char byte;

    int made = pipe(fds);

    atomic_fetch_add(&ready, 1);
    if (made == 0)
        (void)!read(fds[0], &byte, 1);
    return argument;
}

static void *next_round(void *argument)
{
    char number[16];
    char *argv[] = {self, number, NULL}, *none[] = {"x", NULL}, *env[] = {NULL};

    /* Else whoever makes this thread may be ended in the middle of that. */
    while (argument && !atomic_load(&made))
        ;
    snprintf(number, sizeof(number), "%d", round_number + 1);
    if (execve("/nonexistent/x", none, env) != -1 || errno != ENOENT)
        fail_test("exec of nothing");
    if (execve("/", none, env) != -1 || errno != EACCES)
        fail_test("exec of a directory");
    if (execve(bad_pointer, none, env) != -1 || errno != EFAULT)
        fail_test("exec of a bad pointer");
    if (getppid() <= 0)
        fail_test("a call after an exec that failed");
    execve("/proc/self/exe", argv, env);
    fail_test("exec");
    return argument;
}

int main(int argc, char **argv)
{
    pthread_t threads[3];
    pid_t pid = getpid();
    char text[40];
    int length;

    self = argv[0];
    round_number = argc > 1 ? atoi(argv[1]) : 0;
    length = snprintf(text, sizeof(text), "round %d\n", round_number);
    if (write(1, text, (size_t)length) != length || pid != getpid())
        return 3;
    if (round_number == TIMES)
        return 0;
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, blocked, NULL);
    while (atomic_load(&ready) < 2) /* without a call */
        ;
    if (round_number % 3 == 2)
        next_round(NULL);
    pthread_create(&threads[2], NULL, next_round, &made);
    atomic_store(&made, 1);
    pthread_join(threads[2], NULL);
    return 4;
}
