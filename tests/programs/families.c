/* SPDX-License-Identifier: MIT */
/* The ways to make a process: fork, vfork, clone, clone3, posix_spawn, CLONE_PARENT, a leader that
 * ends before its threads, children that are killed. Every child ends with a status of its own. */
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int expect(pid_t pid, int wanted)
{
    int status;

    if (pid < 0 || waitpid(pid, &status, __WALL) != pid || status != wanted)
        _exit(100);
    return 0;
}

static pid_t clone_with(uint64_t flags, int signo)
{
    struct clone_args args;

    memset(&args, 0, sizeof args);
    args.flags = flags;
    args.exit_signal = (__u64)signo;
    return (pid_t)syscall(SYS_clone3, &args, sizeof args);
}

static void *outlive(void *argument)
{
    usleep(10000);
    _exit((int)(intptr_t)argument);
}

static void leader_leaves_first(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, outlive, (void *)(intptr_t)5) != 0)
        _exit(101);
    pthread_exit(NULL);
}

int main(void)
{
    char *argv[] = {"false", NULL};
    pid_t pid = fork();

    if (pid == 0)
        _exit(1);
    expect(pid, 1 << 8);
    pid = vfork();
    if (pid == 0)
        _exit(2);
    expect(pid, 2 << 8);
    pid = (pid_t)syscall(SYS_clone, SIGCHLD | CLONE_FILES, NULL, NULL, NULL, NULL);
    if (pid == 0)
        _exit(3);
    expect(pid, 3 << 8);
    pid = clone_with(0, 0); /* no signal to the parent */
    if (pid == 0)
        _exit(4);
    expect(pid, 4 << 8);
    pid = fork();
    if (pid == 0)
        leader_leaves_first();
    expect(pid, 5 << 8);
    if (posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ) != 0)
        return 102;
    expect(pid, 1 << 8);
    pid = fork();
    if (pid == 0) {
        /* Its child is a child of its own parent. */
        _exit(clone_with(CLONE_PARENT, 0) < 0 ? 103 : 6);
    }
    expect(pid, 6 << 8);
    while (wait(NULL) > 0)
        ;
    pid = fork();
    if (pid == 0)
        pause();
    kill(pid, SIGKILL);
    expect(pid, SIGKILL);
    return 7;
}
