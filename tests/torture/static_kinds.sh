# SPDX-License-Identifier: MIT
# varies: futex getrandom brk mmap munmap
# needs: gcc musl-gcc busybox
# Programs without a dynamic loader, of two libraries, which execute each other.
cat >static.c <<'END'
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
END
gcc -O1 -static -pthread -o glibc-static static.c &&
gcc -O1 -static-pie -pthread -o glibc-static-pie static.c &&
gcc -O1 -pthread -o glibc-dynamic static.c &&
gcc -O1 -no-pie -pthread -o glibc-fixed static.c &&
musl-gcc -O1 -static -o musl-static static.c &&
musl-gcc -O1 -static-pie -o musl-static-pie static.c &&
musl-gcc -O1 -o musl-dynamic static.c || exit 1
./glibc-static ./glibc-static-pie ./glibc-fixed ./musl-static ./musl-static-pie ./musl-dynamic ./glibc-dynamic \
    ./musl-static
busybox sh -c 'for i in 1 2 3; do busybox echo $i | busybox cat | busybox wc -c; done'
