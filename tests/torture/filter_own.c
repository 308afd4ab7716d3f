/* SPDX-License-Identifier: MIT */
/* notice: has a seccomp filter of its own
 * varies: futex
 * Filters of the program's own: one that answers with an error, one that raises SIGSYS, one that all
 * threads get at once, one that ends the process. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int trapped;
static pthread_barrier_t barrier;

static void on_sigsys(int signo, siginfo_t *info, void *context)
{
    (void)signo;
    (void)context;
    trapped = info->si_syscall;
}

static int install(long number, unsigned action, unsigned flags)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

static void *other_thread(void *unused)
{
    (void)unused;
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < 3; i++)
        printf("other thread: %d %d\n", getpgid(0) == -1, errno);
    return NULL;
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO};
    pthread_t thread;
    int status;

    setvbuf(stdout, NULL, _IONBF, 0);
    sigaction(SIGSYS, &action, NULL);
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_create(&thread, NULL, other_thread, NULL);
    pthread_barrier_wait(&barrier);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    printf("tsync: %d\n", install(SYS_getpgid, SECCOMP_RET_ERRNO | EXDEV, SECCOMP_FILTER_FLAG_TSYNC));
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
    printf("getpgid: %ld %d\n", syscall(SYS_getpgid, 0), errno);
    printf("errno: %d\n", install(SYS_sync, SECCOMP_RET_ERRNO | ENOTTY, 0));
    for (int i = 0; i < 3; i++)
        printf("sync: %ld %d\n", syscall(SYS_sync), errno);
    printf("trap: %d\n", install(SYS_getsid, SECCOMP_RET_TRAP, 0));
    for (int i = 0; i < 3; i++) {
        trapped = 0;
        (void)syscall(SYS_getsid, 0);
        printf("trapped: %d\n", trapped == SYS_getsid);
    }
    if (fork() == 0) {
        install(SYS_getpgrp, SECCOMP_RET_KILL_PROCESS, 0);
        getpgrp();
        puts("FAIL: still alive");
    }
    wait(&status);
    printf("killed by %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    fflush(stdout);
    execl("/bin/echo", "echo", "executed behind the filters", NULL);
    return 1;
}
