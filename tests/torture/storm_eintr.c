/* SPDX-License-Identifier: MIT */
/* SIGALRM at 1 kHz without SA_RESTART: blocked reads, writes, sleeps and futexes end with EINTR, and
 * none of them moves data or time twice.
 * storm: yes
 * varies: nanosleep clock_nanosleep futex */
#include "storm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define BYTES 300

static volatile sig_atomic_t signals;
static int interrupted;

static void on_alarm(int signo)
{
    (void)signo;
    signals = signals + 1;
}

static void slow_reader(int in)
{
    unsigned char byte;

    end_storm();
    for (int i = 0; i < BYTES; i++) {
        usleep(2000);
        if (read(in, &byte, 1) != 1 || byte != (unsigned char)i)
            _exit(1);
    }
    _exit(0);
}

/* A pipe full but for nothing: each write blocks until the reader took a byte. */
static void blocked_writes(void)
{
    static char fill[4096];
    int fds[2], status;
    pid_t child;
    unsigned char byte;

    /* Sequenced packets of one byte: a pipe would make room by pages only. */
    if (pipe2(fds, O_DIRECT) != 0 || fcntl(fds[1], F_SETPIPE_SZ, 4096) < 0)
        fail_test("pipe");
    child = fork();
    if (child == 0)
        slow_reader(fds[0]);
    (void)fill;
    for (int i = 0; i < BYTES; i++) {
        byte = (unsigned char)i;
        while (write(fds[1], &byte, 1) != 1) {
            if (errno != EINTR)
                fail_test("write");
            interrupted++;
        }
    }
    while (waitpid(child, &status, 0) != child)
        if (errno != EINTR)
            fail_test("waitpid");
    if (status != 0)
        fail_test("the reader got other bytes");
}

static void sleeps(void)
{
    struct timespec rest;
    double began = seconds_now(), took;

    for (int i = 0; i < 20; i++) {
        rest = (struct timespec){0, 10000000};
        while (nanosleep(&rest, &rest) != 0) {
            if (errno != EINTR)
                fail_test("nanosleep");
            interrupted++;
        }
    }
    took = seconds_now() - began;
    if (took < 0.2)
        fail_test("slept too short");
}

static void futex_waits(void)
{
    static int word;
    struct timespec timeout = {0, 5000000};

    for (int i = 0; i < 50; i++) {
        while (syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &timeout, NULL, 0) != 0 &&
               errno == EINTR) {
            interrupted++;
            if (interrupted % 3 == 0)
                break;
        }
        if (errno != ETIMEDOUT && errno != EINTR)
            fail_test("futex");
    }
}

int main(void)
{
    handle_signal(SIGALRM, on_alarm, 0);
    start_storm(1000);
    blocked_writes();
    sleeps();
    futex_waits();
    end_storm();
    if (signals < 100 || interrupted < 50)
        fail_test("too few signals");
    puts("done");
    return 0;
}
