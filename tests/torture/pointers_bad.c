/* SPDX-License-Identifier: MIT */
/* Bad pointers in every kind of argument: the call fails as it would, the program goes on, and its
 * SIGSEGV is as it left it: default, handled, blocked, ignored. */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE 4096

static char *pointers[5], *good;
static int file, directory, null, pair[2];

static void on_fault(int signo)
{
    (void)signo;
    _exit(77);
}

static void report(const char *what, long result)
{
    printf("%s %ld %s\n", what, result, result < 0 ? strerrorname_np(errno) : "");
}

#define TRY(...) report(#__VA_ARGS__, syscall(__VA_ARGS__))

static void try_files(char *bad)
{
    TRY(SYS_read, file, bad, 64);
    TRY(SYS_pread64, file, bad, 64, 0);
    TRY(SYS_write, null, bad, 64);
    TRY(SYS_write, pair[0], bad, 64);
    TRY(SYS_open, bad, 0);
    TRY(SYS_openat2, AT_FDCWD, "/", bad, 24);
    TRY(SYS_stat, bad, good);
    TRY(SYS_stat, "/", bad);
    TRY(SYS_fstat, file, bad);
    TRY(SYS_newfstatat, AT_FDCWD, bad, good, 0);
    TRY(SYS_newfstatat, AT_FDCWD, "/", bad, 0);
    TRY(SYS_statx, AT_FDCWD, "/", 0, 0xfff, bad);
    TRY(SYS_rename, bad, bad);
    TRY(SYS_readlink, "/proc/self/cwd", bad, 1);
    TRY(SYS_readlink, bad, good, 64);
    TRY(SYS_getcwd, bad, 4096);
    TRY(SYS_getdents64, directory, bad, 4096);
    lseek(directory, 0, SEEK_SET);
    TRY(SYS_pipe2, bad, 0);
}

static void try_vectors(char *bad)
{
    struct iovec vectors[2] = {{good, 2}, {bad, 64}};

    TRY(SYS_readv, file, vectors + 1, 1);
    TRY(SYS_readv, file, vectors, 2);
    TRY(SYS_readv, file, bad, 2);
    TRY(SYS_writev, null, vectors, 2);
    TRY(SYS_writev, pair[0], vectors, 2);
    TRY(SYS_writev, null, bad, 2);
    TRY(SYS_preadv, file, vectors + 1, 1, 0L, 0L);
}

static void try_sockets(char *bad)
{
    struct iovec vector = {bad, 64};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    socklen_t length = 16;

    TRY(SYS_sendto, pair[0], bad, 64, MSG_DONTWAIT, NULL, 0);
    TRY(SYS_sendto, pair[0], "x", 1, MSG_DONTWAIT, bad, 16);
    TRY(SYS_sendmsg, pair[0], &message, MSG_DONTWAIT);
    TRY(SYS_sendmsg, pair[0], bad, MSG_DONTWAIT);
    while (recv(pair[1], good, PAGE, MSG_DONTWAIT) >= 0)
        ;
    for (int i = 0; i < 4; i++)
        send(pair[1], "hello", 5, 0);
    TRY(SYS_recvfrom, pair[0], bad, 64, MSG_DONTWAIT, NULL, NULL);
    TRY(SYS_recvfrom, pair[0], good, 8, MSG_DONTWAIT, good + 8, bad);
    TRY(SYS_recvfrom, pair[0], good, 8, MSG_DONTWAIT, bad, &length);
    TRY(SYS_recvmsg, pair[0], &message, MSG_DONTWAIT);
    TRY(SYS_recvmsg, pair[0], bad, MSG_DONTWAIT);
    while (recv(pair[0], good, PAGE, MSG_DONTWAIT) >= 0)
        ;
    TRY(SYS_bind, pair[0], bad, 16);
    TRY(SYS_getsockname, pair[0], bad, &length);
    TRY(SYS_getsockname, pair[0], good, bad);
}

static void try_waiting(char *bad)
{
    int word = 1;
    struct timespec none = {0, 0};

    TRY(SYS_poll, bad, 2, 0);
    TRY(SYS_ppoll, bad, 2, &none, NULL, 8);
    TRY(SYS_ppoll, NULL, 0, &none, bad, 8);
    TRY(SYS_futex, bad, FUTEX_WAIT_PRIVATE, 12345, &none);
    TRY(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 2, bad);
    TRY(SYS_select, 1, bad, NULL, NULL, &none);
    TRY(SYS_epoll_ctl, file, 1, 0, bad);
    TRY(SYS_wait4, -1, bad, 0, bad);
}

static void try_system(char *bad)
{
    TRY(SYS_uname, bad);
    TRY(SYS_clock_gettime, 0, bad);
    TRY(SYS_rt_sigaction, SIGUSR1, NULL, bad, 8);
    TRY(SYS_rt_sigprocmask, SIG_BLOCK, NULL, bad, 8);
    TRY(SYS_ioctl, pair[0], 0x541b, bad);
    memset(pointers[3], 'a', 2); /* whatever else was read into it */
    TRY(SYS_execve, bad, NULL, NULL);
    TRY(SYS_prlimit64, 0, 7, NULL, bad);
    TRY(SYS_prctl, 16, bad);
}

static void try_all(const char *how)
{
    struct sigaction action;
    sigset_t blocked;

    printf("-- %s\n", how);
    for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
        printf("pointer %zu\n", i);
        try_files(pointers[i]);
        try_vectors(pointers[i]);
        try_sockets(pointers[i]);
        try_waiting(pointers[i]);
        try_system(pointers[i]);
    }
    close_range(10, 100, 0); /* what pipe2 made where all of its argument was there */
    sigaction(SIGSEGV, NULL, &action);
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    printf("SIGSEGV: %s%s\n", sigismember(&blocked, SIGSEGV) ? "blocked, " : "",
           action.sa_handler == SIG_DFL ? "default"
                                        : action.sa_handler == SIG_IGN ? "ignored" : "handled");
}

static void make_pointers(void)
{
    char *memory = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    munmap(memory + 4 * PAGE, PAGE);
    mprotect(memory + 8 * PAGE, PAGE, PROT_NONE);
    pointers[1] = memory + 4 * PAGE + 16;
    pointers[2] = memory + 8 * PAGE;
    pointers[3] = memory + 4 * PAGE - 2; /* begins in a page that is there */
    pointers[4] = (char *)-4096L;
    good = memory + 10 * PAGE;
}

int main(void)
{
    sigset_t faults;

    setvbuf(stdout, NULL, _IOFBF, 1 << 20);
    make_pointers();
    file = open("/proc/version", O_RDONLY);
    directory = open("/", O_RDONLY | O_DIRECTORY);
    null = open("/dev/null", O_WRONLY);
    socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
    sigemptyset(&faults);
    sigaddset(&faults, SIGSEGV);
    sigaddset(&faults, SIGBUS);

    try_all("default");
    signal(SIGSEGV, on_fault);
    try_all("handled");
    sigprocmask(SIG_BLOCK, &faults, NULL);
    try_all("handled, blocked");
    signal(SIGSEGV, SIG_DFL);
    try_all("blocked");
    signal(SIGSEGV, SIG_IGN);
    try_all("ignored, blocked");
    sigprocmask(SIG_UNBLOCK, &faults, NULL);
    try_all("ignored");
    return 0;
}
