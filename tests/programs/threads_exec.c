/* SPDX-License-Identifier: MIT */
/* Threads that read, a child, then the program that the arguments name, with the rest of them. For
 * tests/torture/static_*.sh, which build it in many ways. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void *thread(void *fd)
{
    char bytes[100];
    long sum = 0;

    for (int i = 0; i < 40; i++)
        sum += pread(*(int *)fd, bytes, sizeof(bytes), 0);
    return (void *)sum;
}

int main(int argc, char **argv)
{
    int fd = open(argv[0], O_RDONLY), status;
    pthread_t threads[3];
    void *sum;

    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, thread, &fd);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], &sum);
        printf("%ld\n", (long)sum);
    }
    fflush(stdout);
    if (fork() == 0) {
        printf("child of %s\n", argv[0]);
        fflush(stdout);
        _exit(3);
    }
    wait(&status);
    printf("status %d\n", WEXITSTATUS(status));
    fflush(stdout);
    if (argc > 1)
        execv(argv[1], argv + 1);
    return argc > 1;
}
