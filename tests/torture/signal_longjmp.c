/* SPDX-License-Identifier: MIT */
/* siglongjmp out of handlers: from blocked reads, and from anywhere in a loop of short calls. The
 * calls that were left behind must not disturb those that follow.
 * engines: apart */
#include "storm.h"

#include <errno.h>
#include <setjmp.h>
#include <unistd.h>

static sigjmp_buf back;
static volatile sig_atomic_t armed, jumps;

static void on_alarm(int signo)
{
    (void)signo;
    if (!armed)
        return;
    armed = 0;
    jumps = jumps + 1;
    siglongjmp(back, 1);
}

static void from_blocked_reads(void)
{
    char byte;
    int fds[2];

    if (pipe(fds) != 0)
        fail_test("pipe");
    for (volatile int i = 0; i < 100; i++) {
        if (sigsetjmp(back, 1) == 0) {
            armed = 1;
            (void)!read(fds[0], &byte, 1);
            fail_test("a read of an empty pipe returned");
        }
    }
    close(fds[0]);
    close(fds[1]);
}

static void from_short_calls(void)
{
    char byte = 'a';
    int fds[2];

    if (pipe(fds) != 0)
        fail_test("pipe");
    for (volatile int i = 0; i < 300; i++) {
        if (sigsetjmp(back, 1) != 0)
            continue;
        armed = 1;
        for (;;) {
            if (close(-1) != -1 || errno != EBADF || getppid() <= 0)
                fail_test("a call after a jump");
        }
    }
    if (write(fds[1], &byte, 1) != 1 || read(fds[0], &byte, 1) != 1 || byte != 'a')
        fail_test("the pipe at the end");
}

int main(void)
{
    handle_signal(SIGALRM, on_alarm, SA_RESTART);
    start_storm(1000);
    from_blocked_reads();
    from_short_calls();
    end_storm();
    printf("%d jumps\n", (int)jumps);
    return 0;
}
