/* SPDX-License-Identifier: MIT */
/* engines: apart
 * Buffers that another thread unmaps and maps again while calls use them: a call succeeds or fails
 * with EFAULT, nothing else happens. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIZE   65536
#define ROUNDS 3000

static char *area;
static atomic_bool done;

static void *pull_away(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS && !done; i++) {
        munmap(area, SIZE);
        mmap(area, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    }
    return NULL;
}

static int is_odd(ssize_t result)
{
    return result < 0 && errno != EFAULT;
}

int main(void)
{
    int zero = open("/dev/zero", O_RDONLY), null = open("/dev/null", O_WRONLY), odd = 0;
    pthread_t puller;

    area = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_create(&puller, NULL, pull_away, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        odd += is_odd(read(zero, area, SIZE));
        odd += is_odd(write(null, area, SIZE));
        odd += access(area + 100, F_OK) != -1 || (errno != EFAULT && errno != ENOENT);
    }
    done = true;
    pthread_join(puller, NULL);
    printf("odd results: %d\n", odd);
    return odd != 0;
}
