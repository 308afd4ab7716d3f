/* SPDX-License-Identifier: MIT */
/* backends [between] [SEED]: five operations on every backend that is here, over sizes from 16 to
 * 16 M, two for each doubling ("between": those that lie between them), in random order, for
 * rn-backend-fit:
 *
 *     rn-record --simd --trace-all -o run1.rna -- backends
 *     rn-backend-fit --history history.db run1.rna
 */
#include "ops.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LEAST      16u
#define STEPS      41u /* 16, 24, 32, 48... 16 M */
#define MOST       (16u << 20)
#define MIN_RUNS   5u
#define MAX_RUNS   30u
#define ENOUGH_S   0.004 /* at one size, after MIN_RUNS */
#define TOO_SLOW_S 0.25  /* no larger sizes after a run that took so long */
#define VARIANTS   5u

struct cell {
    unsigned variant, op, step;
};

static const struct op_variant *variants[VARIANTS];
static unsigned variant_count;
static float *memory[3];
static unsigned slow_from[VARIANTS][OPS];

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static bool get_memory(void)
{
    for (int i = 0; i < 3; i++) {
        memory[i] = aligned_alloc(64, 4 * (size_t)MOST);
        if (!memory[i])
            return false;
        for (size_t k = 0; k < MOST; k++)
            memory[i][k] = (float)(k % 1000) * 0.001f;
    }
    return true;
}

static void find_variants(void)
{
    const struct op_variant *opencl;
    unsigned count = ops_opencl(&opencl);

    variants[variant_count++] = &ops_scalar;
    if (ops_has_avx2())
        variants[variant_count++] = &ops_avx2;
    if (ops_has_avx512())
        variants[variant_count++] = &ops_avx512;
    for (unsigned i = 0; i < count; i++)
        variants[variant_count++] = &opencl[i];
    if (!count)
        fprintf(stderr, "backends: no OpenCL here\n");
}

/* 1 and 1.5 times a power of 2; between them, 1.25 and 1.75 times. */
static size_t size_of(unsigned step, bool between)
{
    size_t least = (size_t)LEAST << step / 2;

    return least + (step % 2) * (least / 2) + (between ? least / 4 : 0);
}

static void measure(const struct cell *cell, bool between)
{
    const struct op_variant *variant = variants[cell->variant];
    struct op_data data = {.x = memory[0], .z = memory[1], .y = memory[2]};
    double began;

    data.size = size_of(cell->step, between);
    data.side = (size_t)sqrt((double)data.size);
    if (cell->op == OP_CONV3X3 || cell->op == OP_MATMUL)
        data.size = data.side * data.side;
    if (variant->begin && !variant->begin(&data))
        return;
    began = now_s();
    for (unsigned i = 0; i < MAX_RUNS; i++) {
        double before = now_s();

        variant->run[cell->op](&data);
        if (now_s() - before > TOO_SLOW_S && cell->step < slow_from[cell->variant][cell->op])
            slow_from[cell->variant][cell->op] = cell->step;
        if (i + 1 >= MIN_RUNS && now_s() - began > ENOUGH_S)
            break;
    }
    if (variant->end)
        variant->end(&data);
}

/* Random order, so that what drifts is not taken for what grows; but for matrices by size, so that
 * what takes too long is known before what would take longer. */
static unsigned make_cells(struct cell *cells, unsigned steps, unsigned seed)
{
    unsigned count = 0;

    srandom(seed);
    for (unsigned step = 0; step < steps; step++)
        for (unsigned v = 0; v < variant_count; v++)
            for (unsigned op = 0; op < OP_MATMUL; op++)
                cells[count++] = (struct cell){v, op, step};
    for (unsigned i = count; i > 1; i--) {
        unsigned other = (unsigned)random() % i;
        struct cell kept = cells[i - 1];

        cells[i - 1] = cells[other];
        cells[other] = kept;
    }
    for (unsigned step = 0; step < steps; step++)
        for (unsigned v = 0; v < variant_count; v++)
            cells[count++] = (struct cell){(v + seed) % variant_count, OP_MATMUL, step};
    return count;
}

int main(int argc, char **argv)
{
    static struct cell cells[VARIANTS * OPS * STEPS];
    bool between = argc > 1 && strcmp(argv[1], "between") == 0;
    unsigned seed = argc > 1 ? (unsigned)atoi(argv[argc - 1]) : 0;
    unsigned steps = between ? STEPS - 1 : STEPS, count;

    if (!get_memory()) {
        fprintf(stderr, "backends: out of memory\n");
        return 1;
    }
    find_variants();
    memset(slow_from, 0xff, sizeof slow_from);
    count = make_cells(cells, steps, seed);
    for (unsigned i = 0; i < count; i++)
        if (cells[i].step <= slow_from[cells[i].variant][cells[i].op])
            measure(&cells[i], between);
    return 0;
}

bool ops_has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

bool ops_has_avx512(void)
{
    return __builtin_cpu_supports("avx512f");
}
