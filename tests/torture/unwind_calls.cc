/* SPDX-License-Identifier: MIT */
/* Unwinding through system calls: cancellation runs the destructors of a thread blocked in read, and
 * an exception thrown by a handler of SIGUSR1 leaves a blocked read, a sleep and a loop of calls. The
 * frames of a signal must show addresses that the unwinder knows.
 * flags: -fnon-call-exceptions -fasynchronous-unwind-tables
 * storm: yes
 * varies: close clock_nanosleep getpid rt_sigprocmask mmap munmap brk futex tgkill madvise mprotect rt_sigreturn */
#include <csignal>
#include <cstdio>
#include <pthread.h>
#include <unistd.h>

static int fds[2], destroyed;

struct Guard {
    ~Guard() { __atomic_add_fetch(&destroyed, 1, __ATOMIC_SEQ_CST); }
};

static void *blocked(void *argument)
{
    Guard guard;
    char byte;

    if (read(fds[0], &byte, 1) != 1)
        return nullptr;
    return argument;
}

static void on_signal(int)
{
    throw 42;
}

static volatile bool inside; /* from here on an exception is caught */

static void *kicks(void *argument)
{
    while (!inside)
        usleep(1000);
    usleep(20000);
    kill(*static_cast<pid_t *>(argument), SIGUSR1);
    return nullptr;
}

/* Has nothing to be destroyed: the tables of a function that has leave gaps between its calls, in which
 * an exception is the end. */
__attribute__((noinline)) static void close_for_ever()
{
    for (;;)
        close(-1);
}

static void call_of_kind(int kind)
{
    Guard guard;
    char byte;

    inside = true;
    if (kind == 0)
        (void)!read(fds[0], &byte, 1);
    else if (kind == 1)
        usleep(10000000);
    else
        close_for_ever();
}

int main()
{
    sigset_t set;
    pid_t self = getpid();

    if (pipe(fds) != 0)
        return 2;
    for (int i = 0; i < 5; i++) {
        pthread_t thread;
        void *result;

        pthread_create(&thread, nullptr, blocked, nullptr);
        usleep(10000);
        pthread_cancel(thread);
        pthread_join(thread, &result);
        if (result != PTHREAD_CANCELED)
            printf("FAIL: not cancelled\n");
    }
    printf("cancelled, %d destroyed\n", destroyed);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    signal(SIGUSR1, on_signal);
    for (int i = 0; i < 9; i++) {
        pthread_t thread;

        inside = false;
        pthread_sigmask(SIG_BLOCK, &set, nullptr);
        pthread_create(&thread, nullptr, kicks, &self);
        pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
        try {
            call_of_kind(i % 3);
        } catch (int thrown) {
            printf("caught %d\n", thrown);
        }
        pthread_join(thread, nullptr);
    }
    printf("%d destroyed\n", destroyed);
    return 0;
}
