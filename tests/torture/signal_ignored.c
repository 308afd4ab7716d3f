/* SPDX-License-Identifier: MIT */
/* Signals without a handler: the default of SIGCHLD, SIGURG and SIGWINCH is to be ignored, so that
 * nothing but the engine sees them, while short calls are made and while calls block that they
 * interrupt. No call may be missing afterwards.
 * storm: yes
 * varies: clock_nanosleep kill */
#include "storm.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALLS 30000

static pid_t kicker(void)
{
    pid_t parent = getpid(), child = fork();

    if (child != 0)
        return child;
    for (;;) {
        kill(parent, SIGURG);
        usleep(300);
        kill(parent, SIGWINCH);
        usleep(300);
    }
}

int main(void)
{
    int null = open("/dev/null", O_WRONLY), fds[2];
    pid_t child;
    char text[512];

    if (null < 0 || pipe(fds) != 0)
        return 2;
    child = kicker();
    for (int i = 0; i < CALLS; i++) {
        memset(text, i, sizeof(text));
        if (write(null, text, sizeof(text)) != sizeof(text) || close(-1) == 0)
            fail_test("a short call");
    }
    for (int i = 0; i < 100; i++) {
        pid_t one = fork();

        if (one == 0)
            _exit(i);
        if (waitpid(one, NULL, 0) != one || write(fds[1], text, 1) != 1 ||
            read(fds[0], text, 1) != 1)
            fail_test("a call that blocks");
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    puts("done");
    return 0;
}
