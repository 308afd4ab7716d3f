/* SPDX-License-Identifier: MIT */
/* Every way to make a process: fork, vfork and exec, posix_spawn, clone through syscall(2), clone3,
 * and fork while other threads run. Children make calls and end as they should.
 * SIGCHLD may interrupt a fork, which the kernel then begins anew.
 * storm: yes
 * varies: futex */
#include "storm.h"

#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static char *true_argv[] = {"true", NULL};

static void ends(const char *name, pid_t child, int code)
{
    int status;

    if (child <= 0 || waitpid(child, &status, __WALL) != child || !WIFEXITED(status) ||
        WEXITSTATUS(status) != code)
        fail_test(name);
    printf("%s: %d\n", name, code);
    fflush(stdout);
}

static void in_child(int code)
{
    static char out[64], in[64];
    int fds[2];

    if (pipe(fds) != 0)
        _exit(99);
    for (int i = 0; i < 50; i++) {
        memset(out, i, sizeof(out));
        if (write(fds[1], out, sizeof(out)) != sizeof(out) ||
            read(fds[0], in, sizeof(in)) != sizeof(in) || memcmp(in, out, sizeof(in)) != 0)
            _exit(98);
    }
    _exit(code);
}

static int cloned(void *argument)
{
    in_child((int)(intptr_t)argument);
    return 0;
}

static void by_vfork(void)
{
    pid_t child = vfork();

    if (child == 0) {
        getppid();
        execv("/bin/true", true_argv);
        _exit(97);
    }
    ends("vfork and exec", child, 0);
    child = vfork();
    if (child == 0)
        _exit(4);
    ends("vfork and exit", child, 4);
}

static void by_clone(void)
{
    static char stack[65536] __attribute__((aligned(16)));
    struct clone_args arguments = {.exit_signal = SIGCHLD};
    pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

    if (child == 0)
        in_child(5);
    ends("clone through syscall", child, 5);
    child = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
    if (child == 0)
        in_child(6);
    ends("clone3 through syscall", child, 6);
    ends("clone of memory", clone(cloned, stack + sizeof(stack), CLONE_VM | SIGCHLD, (void *)7), 7);
    ends("clone with vfork", clone(cloned, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD,
                                   (void *)8), 8);
    ends("clone without a signal", clone(cloned, stack + sizeof(stack), CLONE_FILES, (void *)9), 9);
}

static void by_spawn(void)
{
    pid_t child;

    for (int i = 0; i < 5; i++) {
        if (posix_spawn(&child, "/bin/true", NULL, NULL, true_argv, environ) != 0)
            fail_test("posix_spawn");
        ends("posix_spawn", child, 0);
    }
    if (posix_spawn(&child, "/nonexistent", NULL, NULL, true_argv, environ) == 0)
        fail_test("posix_spawn of nothing");
    ends("system", system("exit 3") >> 8 == 3 ? fork() ?: (_exit(3), 0) : -1, 3);
}

static void *forks(void *argument)
{
    for (int i = 0; i < 5; i++) {
        int status;
        pid_t child = fork();

        if (child == 0)
            in_child(10 + i);
        if (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 10 + i)
            fail_test("fork in a thread");
    }
    return argument;
}

int main(void)
{
    pthread_t threads[4];
    pid_t child = fork();

    if (child == 0)
        in_child(1);
    ends("fork", child, 1);
    by_vfork();
    by_clone();
    by_spawn();
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, forks, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    puts("done");
    return 0;
}
