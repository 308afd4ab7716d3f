/* SPDX-License-Identifier: MIT */
/* What the torture programs share: a storm of signals, and a way to say what went wrong. */
#ifndef TORTURE_STORM_H
#define TORTURE_STORM_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

/* The runner looks for the word. */
static inline void fail_test(const char *what)
{
    printf("FAIL: %s\n", what);
    exit(9);
}

static inline void handle_signal(int signo, void (*handler)(int), int flags)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = handler;
    action.sa_flags = flags;
    if (sigaction(signo, &action, NULL) != 0)
        fail_test("sigaction");
}

static inline void start_storm(int microseconds)
{
    struct itimerval timer = {{0, microseconds}, {0, microseconds}};

    if (setitimer(ITIMER_REAL, &timer, NULL) != 0)
        fail_test("setitimer");
}

static inline void end_storm(void)
{
    struct itimerval timer = {{0, 0}, {0, 0}};

    setitimer(ITIMER_REAL, &timer, NULL);
}

/* By the vDSO: no system call. */
static inline double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

#endif
