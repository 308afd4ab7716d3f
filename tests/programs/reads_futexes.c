/* SPDX-License-Identifier: MIT */
/* reads_futexes ROUNDS: eight threads in four pairs. A thread reads sixteen times, then hands over to
 * its partner through a futex and waits for it. A load for scripts/bench-capture. */
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAIRS = 4, READS = 16, READ_BYTES = 64 };

struct side {
    uint32_t *own, *partner; /* how often each of the two had its turn */
    uint32_t first;          /* 1: begins */
};

static long rounds;
static int zero;

static void wait_for(const uint32_t *turns, uint32_t count)
{
    uint32_t seen;

    while ((seen = __atomic_load_n(turns, __ATOMIC_ACQUIRE)) < count)
        syscall(SYS_futex, turns, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}

static void *take_turns(void *argument)
{
    const struct side *side = argument;
    char bytes[READ_BYTES];

    for (long i = 0; i < rounds; i++) {
        wait_for(side->partner, (uint32_t)i + !side->first);
        for (int j = 0; j < READS; j++)
            if (read(zero, bytes, sizeof(bytes)) != READ_BYTES)
                abort();
        __atomic_fetch_add(side->own, 1, __ATOMIC_RELEASE);
        syscall(SYS_futex, side->own, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    static uint32_t turns[PAIRS][2];
    static struct side sides[PAIRS][2];
    pthread_t threads[PAIRS][2];

    rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 1000;
    zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    for (int pair = 0; pair < PAIRS; pair++) {
        for (uint32_t i = 0; i < 2; i++) {
            sides[pair][i] = (struct side){&turns[pair][i], &turns[pair][1 - i], i == 0};
            if (pthread_create(&threads[pair][i], NULL, take_turns, &sides[pair][i]) != 0)
                return 2;
        }
    }
    for (int pair = 0; pair < PAIRS; pair++) {
        pthread_join(threads[pair][0], NULL);
        pthread_join(threads[pair][1], NULL);
    }
    printf("%ld reads\n", 2L * PAIRS * READS * rounds);
    return 0;
}
