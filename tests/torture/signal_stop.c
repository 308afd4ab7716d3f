/* SPDX-License-Identifier: MIT */
/* SIGSTOP and SIGCONT while the process sleeps, polls, waits on a futex or reads: nothing is
 * interrupted as the program sees it, and sleeps last as long as asked (restart_syscall).
 * storm: yes
 * varies: restart_syscall nanosleep clock_nanosleep poll futex */
#include "storm.h"

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child stops its parent for a while, twice, then writes a byte. */
static pid_t stopper(int out)
{
    pid_t parent = getpid(), child = fork();

    if (child != 0)
        return child;
    for (int i = 0; i < 2; i++) {
        usleep(50000);
        kill(parent, SIGSTOP);
        usleep(50000);
        kill(parent, SIGCONT);
    }
    usleep(300000);
    _exit(write(out, "x", 1) != 1);
}

static void ended(pid_t child)
{
    int status;

    if (waitpid(child, &status, 0) != child || status != 0)
        fail_test("the child");
}

int main(void)
{
    struct timespec time = {0, 300000000}, rest;
    struct pollfd none = {-1, POLLIN, 0};
    static int word;
    int fds[2];
    char byte;
    pid_t child;
    double began;

    if (pipe(fds) != 0)
        return 2;
    child = stopper(fds[1]);
    began = seconds_now();
    if (nanosleep(&time, &rest) != 0 || seconds_now() - began < 0.3)
        fail_test("nanosleep");
    ended(child);
    child = stopper(fds[1]);
    began = seconds_now();
    if (poll(&none, 1, 300) != 0 || seconds_now() - began < 0.3)
        fail_test("poll");
    ended(child);
    child = stopper(fds[1]);
    began = seconds_now();
    if (syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &time, NULL, 0) != -1 ||
        errno != ETIMEDOUT || seconds_now() - began < 0.3)
        fail_test("futex");
    ended(child);
    child = stopper(fds[1]);
    for (int i = 0; i < 4; i++)
        if (read(fds[0], &byte, 1) != 1)
            fail_test("read");
    ended(child);
    puts("done");
    return 0;
}
