/* SPDX-License-Identifier: MIT */
/* musl, which has other ways of making a system call than glibc, and a cancellation of its own: whoever
 * is cancelled must not have made the call that a signal found it before, nor lose one that was made.
 * compiler: musl-gcc -std=gnu11
 * flags: -static
 * varies: futex mmap munmap mprotect madvise brk tkill rt_sigprocmask getppid
 * inline: 80
 * storm: yes */
#include "storm.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static void files(void)
{
    char bytes[300];
    struct stat status;
    struct iovec parts[2] = {{bytes, 10}, {bytes + 10, 20}};
    int zero = open("/dev/zero", O_RDONLY), file = open("file", O_RDWR | O_CREAT, 0600);
    FILE *stream = fopen("stream", "w");

    for (int i = 0; i < 300; i++) {
        if (read(zero, bytes, (size_t)i) != i || write(file, bytes, (size_t)i) != i ||
            writev(file, parts, 2) != 30 || pread(file, bytes, 10, 5) != 10 ||
            fstat(file, &status) != 0 || stat("file", &status) != 0 || access("none", 0) == 0 ||
            lseek(file, 0, SEEK_CUR) != status.st_size || fcntl(file, F_GETFL) < 0)
            fail_test("a call on a file");
        fprintf(stream, "line %d\n", i);
        fflush(stream);
    }
    fstat(fileno(stream), &status);
    printf("%ld bytes\n", (long)status.st_size);
    fclose(stream);
    close(zero);
    close(file);
}

static int ends[2];

/* Blocks in read until it is cancelled. */
static void *reader(void *argument)
{
    char byte;

    (void)argument;
    for (;;)
        if (read(ends[0], &byte, 1) < 0)
            fail_test("read");
    return NULL;
}

static void cancellation(void)
{
    pthread_t thread;
    void *result;
    int got;
    char bytes[4];

    if (pipe2(ends, 0) != 0)
        fail_test("pipe");
    for (int i = 0; i < 50; i++) {
        if (pthread_create(&thread, NULL, reader, NULL) != 0)
            fail_test("pthread_create");
        if (i % 2)
            usleep(200);
        pthread_cancel(thread);
        pthread_join(thread, &result);
        if (result != PTHREAD_CANCELED)
            fail_test("was not cancelled");
    }
    /* None of them is left that would take this. */
    if (write(ends[1], "abc", 3) != 3 || (got = (int)read(ends[0], bytes, 4)) != 3)
        fail_test("the pipe");
    printf("cancelled\n");
}

static volatile sig_atomic_t alarms;

static void on_alarm(int signo)
{
    (void)signo;
    alarms++;
    if (getppid() <= 0)
        fail_test("getppid");
}

static void storm(void)
{
    int zero = open("/dev/zero", O_RDONLY);
    char bytes[64];

    handle_signal(SIGALRM, on_alarm, SA_RESTART);
    start_storm(300);
    for (int i = 0; i < 20000; i++)
        if (read(zero, bytes, (size_t)(i % 64)) != i % 64)
            fail_test("read in a storm");
    end_storm();
    printf("storm: %d\n", alarms > 0);
    close(zero);
}

int main(void)
{
    int status;

    files();
    cancellation();
    fflush(stdout);
    if (fork() == 0) {
        storm();
        return 4;
    }
    wait(&status);
    printf("child: %d\n", WEXITSTATUS(status));
    return 0;
}
