/* SPDX-License-Identifier: MIT */
/* Handlers that make system calls and are interrupted by handlers that make system calls, while the
 * main program makes them: three levels deep. Each sees its own results and errno.
 * engines: apart */
#include "storm.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int null_fd, depth_seen;
static volatile sig_atomic_t depth, calls[3];

static void some_calls(int level)
{
    char byte = 'x';

    for (int i = 0; i < 3; i++) {
        if (write(null_fd, &byte, 1) != 1)
            fail_test("write in a handler");
        if (close(-1 - level) != -1 || errno != EBADF)
            fail_test("close in a handler");
        if (syscall(SYS_getppid) <= 0)
            fail_test("getppid in a handler");
    }
    calls[level] = calls[level] + 1;
}

static void enter(int level)
{
    int saved = errno;

    depth = depth + 1;
    if (depth > depth_seen)
        depth_seen = depth;
    some_calls(level);
    if (level == 0 && calls[0] % 4 == 1 && raise(SIGUSR1) != 0)
        fail_test("raise");
    if (level == 1 && raise(SIGUSR2) != 0)
        fail_test("raise");
    some_calls(level);
    depth = depth - 1;
    errno = saved;
}

static void on_alarm(int signo)
{
    (void)signo;
    enter(0);
}

static void on_usr1(int signo)
{
    (void)signo;
    enter(1);
}

static void on_usr2(int signo)
{
    (void)signo;
    enter(2);
}

int main(void)
{
    static char out[100], in[100];
    int fds[2];
    double began = seconds_now();

    null_fd = open("/dev/null", O_WRONLY);
    if (null_fd < 0 || pipe(fds) != 0)
        return 2;
    handle_signal(SIGALRM, on_alarm, SA_RESTART);
    handle_signal(SIGUSR1, on_usr1, SA_RESTART | SA_NODEFER);
    handle_signal(SIGUSR2, on_usr2, SA_RESTART);
    start_storm(1000);
    for (unsigned i = 0; seconds_now() - began < 1.0 || calls[2] < 20; i++) {
        memset(out, (int)i, sizeof(out));
        if (write(fds[1], out, sizeof(out)) != sizeof(out) ||
            read(fds[0], in, sizeof(in)) != sizeof(in) || memcmp(in, out, sizeof(in)) != 0)
            fail_test("the pipe");
        errno = 0;
        if (lseek(fds[0], 0, SEEK_SET) != -1 || errno != ESPIPE)
            fail_test("errno of the main program");
    }
    end_storm();
    if (depth != 0 || depth_seen < 3)
        fail_test("depth");
    puts("done");
    return 0;
}
