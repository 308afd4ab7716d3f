/* SPDX-License-Identifier: MIT */
/* CLONE_UNTRACED: the child runs as it would, recorded or not. */
#include "storm.h"

#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int status, fds[2];
    char text[6] = "";
    pid_t child;

    if (pipe(fds) != 0)
        return 2;
    child = (pid_t)syscall(SYS_clone, CLONE_UNTRACED | SIGCHLD, 0, 0, 0, 0);
    if (child == 0) {
        for (int i = 0; i < 100; i++)
            if (getppid() <= 0)
                _exit(3);
        _exit(write(fds[1], "hello", 5) != 5);
    }
    if (waitpid(child, &status, 0) != child)
        fail_test("waitpid");
    close(fds[1]);
    printf("status %x, %d bytes: %s\n", (unsigned)status, (int)read(fds[0], text, 5), text);
    return 0;
}
