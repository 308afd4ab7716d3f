/* SPDX-License-Identifier: MIT */
/* pthread_cancel of threads that are blocked in read, in a sleep and in accept, in a loop of short
 * calls, and with asynchronous cancellation: clean-up handlers run, joins say so.
 * varies: close write getppid getpid rt_sigprocmask futex munmap madvise rt_sigreturn tgkill */
#include "storm.h"

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

static int fds[2], cleaned;

static void clean(void *argument)
{
    (void)argument;
    cleaned++;
}

static void *in_read(void *argument)
{
    char byte;

    pthread_cleanup_push(clean, NULL);
    (void)!read(fds[0], &byte, 1);
    pthread_cleanup_pop(0);
    return argument;
}

static void *in_sleep(void *argument)
{
    pthread_cleanup_push(clean, NULL);
    sleep(1000);
    pthread_cleanup_pop(0);
    return argument;
}

static void *in_accept(void *argument)
{
    int listening = socket(AF_UNIX, SOCK_STREAM, 0);

    pthread_cleanup_push(clean, NULL);
    if (bind(listening, &(struct sockaddr){.sa_family = AF_UNIX}, sizeof(sa_family_t)) != 0 ||
        listen(listening, 1) != 0)
        fail_test("listen");
    accept(listening, NULL, NULL);
    pthread_cleanup_pop(0);
    return argument;
}

static void *in_a_loop(void *argument)
{
    pthread_cleanup_push(clean, NULL);
    for (;;)
        close(-1);
    pthread_cleanup_pop(0);
    return argument;
}

static void *at_any_time(void *argument)
{
    pthread_cleanup_push(clean, NULL);
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    for (;;)
        getppid();
    pthread_cleanup_pop(0);
    return argument;
}

int main(void)
{
    static void *(*const kinds[])(void *) = {in_read, in_sleep, in_accept, in_a_loop, at_any_time};
    int cancelled = 0;

    if (pipe(fds) != 0)
        return 2;
    for (int i = 0; i < 25; i++) {
        pthread_t thread;
        void *result;

        if (pthread_create(&thread, NULL, kinds[i % 5], NULL) != 0)
            fail_test("pthread_create");
        usleep(i % 5 < 3 ? 20000 : 500 * i);
        pthread_cancel(thread);
        pthread_join(thread, &result);
        cancelled += result == PTHREAD_CANCELED;
    }
    printf("%d cancelled, handlers %s\n", cancelled, cleaned > 15 ? "ran" : "FAIL");
    return 0;
}
