/* SPDX-License-Identifier: MIT */
#include "comparison_private.h"

#include "formats/crc64.h"

#include <stdlib.h>
#include <string.h>

#define SAMPLES    2000u
#define MIN_BLOCKS 8u

/* splitmix64: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
 */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* A run with as many blocks, drawn from its own. Their number of calls is that of the run: the last
 * block may be smaller, and how often it is drawn says nothing of how often the call was made. */
static double resample(const struct comparison_run *run, bool rates, uint64_t *random)
{
    double sum = 0, count = 0;

    for (size_t i = 0; i < run->block_count; i++) {
        const struct comparison_block *block =
            &run->blocks[((unsigned __int128)next_random(random) * run->block_count) >> 64];

        sum += (double)block->sum_ns;
        count += (double)block->count;
    }
    if (count <= 0)
        return 0;
    return rates ? sum / count : sum / count * (double)run->calls;
}

static double resample_side(const struct comparison_run *runs, size_t count, bool rates,
                            uint64_t *random)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += resample(&runs[i], rates, random);
    return sum / (double)count;
}

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static bool has_blocks(const struct comparison_run *runs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (runs[i].block_count < MIN_BLOCKS)
            return false;
    }
    return true;
}

bool rn_comparison_bootstrap(const struct comparison_group *group, const size_t runs[2], bool rates,
                             double *low, double *high)
{
    uint64_t random = rn_crc64(group->row.family, group->name, strlen(group->name));
    double ratios[SAMPLES];

    if (!has_blocks(group->runs[0], runs[0]) || !has_blocks(group->runs[1], runs[1]))
        return false;
    for (size_t i = 0; i < SAMPLES; i++) {
        double a = resample_side(group->runs[0], runs[0], rates, &random);
        double b = resample_side(group->runs[1], runs[1], rates, &random);

        if (a <= 0 || b <= 0)
            return false;
        ratios[i] = b / a;
    }
    qsort(ratios, SAMPLES, sizeof ratios[0], by_number);
    *low = ratios[SAMPLES / 40];
    *high = ratios[SAMPLES - 1 - SAMPLES / 40];
    return true;
}
