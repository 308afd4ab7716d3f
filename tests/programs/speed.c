/* SPDX-License-Identifier: MIT */
/* A program of two parts that can be made slower by so many per cent: a function that computes,
 * marked as a block, and reads. For comparisons of speed: speed [FUNCTION% [READ%]]. */
#include "capture/inject/rn_simd.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define ROUNDS     20
#define STEPS      400000u
#define READ_BYTES (1u << 20)

static volatile uint64_t sink;

static void compute(uint64_t steps)
{
    RN_SIMD_BLOCK("compute", steps, 0, 0);
    uint64_t value = sink;

    for (uint64_t i = 0; i < steps; i++)
        value = value * 6364136223846793005u + 1442695040888963407u;
    sink = value;
}

static unsigned long percent(int argc, char **argv, int place)
{
    return argc > place ? strtoul(argv[place], NULL, 10) : 0;
}

int main(int argc, char **argv)
{
    uint64_t steps = STEPS + STEPS * percent(argc, argv, 1) / 100;
    size_t bytes = READ_BYTES + READ_BYTES * percent(argc, argv, 2) / 100;
    char *buffer = malloc(bytes);
    int zero = open("/dev/zero", O_RDONLY);

    if (!buffer || zero < 0)
        return 1;
    for (int i = 0; i < ROUNDS; i++) {
        compute(steps);
        if (read(zero, buffer, bytes) != (ssize_t)bytes)
            return 1;
    }
    free(buffer);
    return 0;
}
