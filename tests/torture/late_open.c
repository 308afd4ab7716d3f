/* SPDX-License-Identifier: MIT */
/* Opens whose record waits for what comes next: the usual question, questions that are none,
 * answers that cannot be written, another call, a signal, a fork, an exec, a thread, the end.
 * results: openat
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define BAD ((void *)16)

static int opened;
static struct stat expected;

static int open_one(void)
{
    opened = (int)syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY, 0);
    if (opened < 0)
        abort();
    return opened;
}

static void check(const char *what, long ret, const struct stat *found)
{
    if (ret != 0 || found->st_ino != expected.st_ino || found->st_size != expected.st_size)
        printf("FAIL: %s\n", what);
}

static void questions(void)
{
    struct stat found;
    int fd = open_one();

    check("fstat", syscall(SYS_fstat, fd, &found), &found);
    memset(&found, 0, sizeof(found));
    check("once more", syscall(SYS_newfstatat, fd, "", &found, AT_EMPTY_PATH), &found);
    close(fd);
    fd = open_one();
    memset(&found, 0, sizeof(found));
    check("newfstatat", syscall(SYS_newfstatat, fd, "", &found, AT_EMPTY_PATH), &found);
    close(fd);
    fd = open_one();
    syscall(SYS_fstat, 0, &found); /* of another one */
    close(fd);
    fd = open_one();
    syscall(SYS_newfstatat, fd, "x", &found, AT_EMPTY_PATH);
    syscall(SYS_newfstatat, fd, "", &found, 0);
    close(fd);
}

static void bad_answers(void)
{
    char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int fd = open_one();

    printf("%ld", syscall(SYS_fstat, fd, BAD));
    close(fd);
    fd = open_one();
    printf(" %ld", syscall(SYS_fstat, fd, page));
    close(fd);
    fd = open_one();
    printf(" %ld", syscall(SYS_newfstatat, fd, BAD, page, AT_EMPTY_PATH));
    close(fd);
    fd = open_one();
    printf(" %ld\n", syscall(SYS_newfstatat, fd, "", page, AT_EMPTY_PATH));
    close(fd);
}

static void other_calls(void)
{
    int first = open_one(), second = open_one();

    dup2(first, second);
    close(open_one());
    close(first);
    close(second);
    (void)open_one();
    (void)open_one();
    close(opened);
    close(opened - 1);
}

static void on_signal(int signo)
{
    struct stat found;

    (void)signo;
    check("in a handler", fstat(opened, &found), &found);
}

/* A fault, so that the signal comes without a call. */
static volatile int *trap;

static void on_fault(int signo, siginfo_t *info, void *context)
{
    (void)context;
    on_signal(signo);
    if (info->si_addr == (void *)trap)
        mprotect((void *)trap, 4096, PROT_READ | PROT_WRITE);
}

static void signals(void)
{
    struct sigaction fault = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};

    signal(SIGUSR1, on_signal);
    sigaction(SIGSEGV, &fault, NULL);
    trap = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)open_one();
    raise(SIGUSR1);
    close(opened);
    (void)open_one();
    *trap = 1; /* between the open and the next call */
    close(opened);
}

static void children(void)
{
    struct stat found;
    pid_t child;

    (void)open_one();
    child = (pid_t)syscall(SYS_fork);
    if (child == 0) {
        check("in a child", syscall(SYS_fstat, opened, &found), &found);
        close(opened);
        (void)open_one();
        _exit(0);
    }
    waitpid(child, NULL, 0);
    close(opened);
    child = (pid_t)syscall(SYS_fork);
    if (child == 0) {
        (void)open_one();
        execl("/bin/true", "true", (char *)NULL);
        _exit(1);
    }
    waitpid(child, NULL, 0);
    child = (pid_t)syscall(SYS_fork);
    if (child == 0) {
        (void)open_one();
        __builtin_trap();
    }
    waitpid(child, NULL, 0);
}

static void *in_thread(void *unused)
{
    struct stat found;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY, 0);

    check("in a thread", syscall(SYS_fstat, fd, &found), &found);
    close(fd);
    return unused;
}

int main(void)
{
    pthread_t thread;

    setvbuf(stdout, NULL, _IOFBF, 4096);
    if (stat("/etc/passwd", &expected) != 0)
        return 2;
    questions();
    bad_answers();
    other_calls();
    signals();
    children();
    (void)open_one();
    pthread_create(&thread, NULL, in_thread, NULL);
    pthread_join(thread, NULL);
    in_thread(NULL);
    puts("done");
    fflush(stdout);
    (void)open_one();
    return 0;
}
