/* SPDX-License-Identifier: MIT */
/* CLONE_UNTRACED, by clone and by clone3: the child runs as it would, recorded or not, and parent and
 * child find the arguments of the call as they were.
 * engines: apart */
#include "storm.h"

#include <linux/sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct clone_args arguments = {.flags = CLONE_UNTRACED, .exit_signal = SIGCHLD};

/* rdi must be the same in both processes afterwards. */
static pid_t by_clone(void)
{
    uint64_t flags = CLONE_UNTRACED | SIGCHLD;
    long result;

    __asm__ volatile("xor %%r10d, %%r10d\n\txor %%r8d, %%r8d\n\tsyscall"
                     : "=a"(result), "+D"(flags)
                     : "0"((long)SYS_clone), "S"(0L), "d"(0L)
                     : "rcx", "r8", "r10", "r11", "memory");
    if (flags != (CLONE_UNTRACED | SIGCHLD))
        fail_test("rdi");
    return (pid_t)result;
}

static pid_t by_clone3(void)
{
    pid_t child = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));

    if (arguments.flags != CLONE_UNTRACED)
        fail_test("the flags of clone3");
    return child;
}

static void check(pid_t (*make)(void))
{
    int status, fds[2];
    char text[6] = "";
    pid_t child;

    if (pipe(fds) != 0)
        fail_test("pipe");
    child = make();
    if (child == 0) {
        for (int i = 0; i < 100; i++)
            if (getppid() <= 0)
                _exit(3);
        _exit(write(fds[1], "hello", 5) != 5);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        fail_test("waitpid");
    close(fds[1]);
    printf("status %x, %d bytes: %s\n", (unsigned)status, (int)read(fds[0], text, 5), text);
    close(fds[0]);
}

int main(void)
{
    check(by_clone);
    check(by_clone3);
    return 0;
}
