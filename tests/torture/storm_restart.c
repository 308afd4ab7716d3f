/* SPDX-License-Identifier: MIT */
/* SIGALRM at 1 kHz with SA_RESTART, first while calls return at once, then while reads block: every
 * call is made as often as the program asked for, and each gets its own result.
 * storm: yes */
#include "storm.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALLS  40000
#define BLOCKS 150

static volatile sig_atomic_t signals;

static void on_alarm(int signo)
{
    (void)signo;
    signals = signals + 1;
}

static void short_calls(int in, int out)
{
    unsigned char byte;

    for (int i = 0; i < CALLS; i++) {
        byte = (unsigned char)(i * 7);
        if (write(out, &byte, 1) != 1 || read(in, &byte, 1) != 1)
            fail_test("a call that does not block failed");
        if (byte != (unsigned char)(i * 7))
            fail_test("a byte changed");
        if (i % 16 == 0 && getppid() <= 0)
            fail_test("getppid");
    }
}

static void feed(int out)
{
    unsigned char byte;

    end_storm();
    for (int i = 0; i < BLOCKS; i++) {
        byte = (unsigned char)i;
        usleep(4000);
        if (write(out, &byte, 1) != 1)
            _exit(1);
    }
    _exit(0);
}

static void blocking_calls(int in, int out)
{
    unsigned char byte;
    int status;
    pid_t child = fork();

    if (child == 0)
        feed(out);
    for (int i = 0; i < BLOCKS; i++) {
        if (read(in, &byte, 1) != 1 || byte != (unsigned char)i)
            fail_test("a read was not restarted");
    }
    if (waitpid(child, &status, 0) != child || status != 0)
        fail_test("waitpid");
}

int main(void)
{
    int fds[2];
    double began = seconds_now();

    if (pipe(fds) != 0)
        return 2;
    handle_signal(SIGALRM, on_alarm, SA_RESTART);
    start_storm(1000);
    short_calls(fds[0], fds[1]);
    blocking_calls(fds[0], fds[1]);
    end_storm();
    if (signals < (int)((seconds_now() - began) * 100))
        fail_test("signals got lost");
    puts("done");
    return 0;
}
