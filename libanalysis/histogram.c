/* SPDX-License-Identifier: MIT */
#include "statistics.h"

#include <math.h>
#include <stdlib.h>

#define RANGES     59u
#define RANGE_SIZE 64u

/* Bucket b of range r: values below 128 have a bucket each (ranges 0 and 1); in range r > 1 a
 * bucket is 2^(r-1) wide. So bucket number = range * 64 + offset needs no case distinction. */
struct rn_histogram {
    uint64_t *range[RANGES];
    uint64_t count, min, max;
    unsigned __int128 sum, square_sum;
    bool failed;
};

struct rn_histogram *rn_histogram_new(void)
{
    struct rn_histogram *histogram = calloc(1, sizeof *histogram);

    if (histogram)
        histogram->min = UINT64_MAX;
    return histogram;
}

void rn_histogram_free(struct rn_histogram *histogram)
{
    if (!histogram)
        return;
    for (unsigned r = 0; r < RANGES; r++)
        free(histogram->range[r]);
    free(histogram);
}

static unsigned bucket_of(uint64_t value)
{
    unsigned shift = 57u - (unsigned)__builtin_clzll(value | 64u);

    return (shift << 6) + (unsigned)(value >> shift);
}

static uint64_t bucket_middle(unsigned bucket)
{
    unsigned shift;

    if (bucket < 2 * RANGE_SIZE)
        return bucket;
    shift = (bucket >> 6) - 1;
    return ((uint64_t)(bucket - (shift << 6)) << shift) + ((1ull << shift) >> 1);
}

static void add_to_bucket(struct rn_histogram *histogram, unsigned bucket, uint64_t count)
{
    uint64_t **range = &histogram->range[bucket / RANGE_SIZE];

    if (!*range) {
        *range = calloc(RANGE_SIZE, sizeof **range);
        if (!*range) {
            histogram->failed = true;
            return;
        }
    }
    (*range)[bucket % RANGE_SIZE] += count;
}

void rn_histogram_add(struct rn_histogram *histogram, uint64_t value)
{
    histogram->count++;
    histogram->sum += value;
    histogram->square_sum += (unsigned __int128)value * value;
    if (value < histogram->min)
        histogram->min = value;
    if (value > histogram->max)
        histogram->max = value;
    add_to_bucket(histogram, bucket_of(value), 1);
}

void rn_histogram_add_many(struct rn_histogram *histogram, uint64_t count, uint64_t sum,
                           uint64_t min, uint64_t max, const uint64_t *value,
                           const uint64_t *times, size_t size)
{
    if (count == 0)
        return;
    histogram->count += count;
    histogram->sum += sum;
    if (min < histogram->min)
        histogram->min = min;
    if (max > histogram->max)
        histogram->max = max;
    for (size_t i = 0; i < size; i++) {
        uint64_t there = value[i] < min ? min : value[i] > max ? max : value[i];

        histogram->square_sum += (unsigned __int128)there * there * times[i];
        add_to_bucket(histogram, bucket_of(there), times[i]);
    }
}

void rn_histogram_merge(struct rn_histogram *into, const struct rn_histogram *from)
{
    into->count += from->count;
    into->sum += from->sum;
    into->square_sum += from->square_sum;
    into->failed |= from->failed;
    if (from->min < into->min)
        into->min = from->min;
    if (from->max > into->max)
        into->max = from->max;
    for (unsigned r = 0; r < RANGES; r++) {
        for (unsigned i = 0; from->range[r] && i < RANGE_SIZE; i++) {
            if (from->range[r][i])
                add_to_bucket(into, r * RANGE_SIZE + i, from->range[r][i]);
        }
    }
}

bool rn_histogram_failed(const struct rn_histogram *histogram)
{
    return histogram->failed;
}

uint64_t rn_histogram_count(const struct rn_histogram *histogram)
{
    return histogram->count;
}

uint64_t rn_histogram_sum(const struct rn_histogram *histogram)
{
    return histogram->sum > UINT64_MAX ? UINT64_MAX : (uint64_t)histogram->sum;
}

uint64_t rn_histogram_min(const struct rn_histogram *histogram)
{
    return histogram->count ? histogram->min : 0;
}

uint64_t rn_histogram_max(const struct rn_histogram *histogram)
{
    return histogram->max;
}

double rn_histogram_mean(const struct rn_histogram *histogram)
{
    if (!histogram->count)
        return 0;
    return (double)((long double)histogram->sum / (long double)histogram->count);
}

double rn_histogram_stddev(const struct rn_histogram *histogram)
{
    long double mean, variance;

    if (!histogram->count)
        return 0;
    mean = (long double)histogram->sum / (long double)histogram->count;
    variance = (long double)histogram->square_sum / (long double)histogram->count - mean * mean;
    return variance > 0 ? (double)sqrtl(variance) : 0;
}

static uint64_t bucket_count(const struct rn_histogram *histogram, unsigned bucket)
{
    const uint64_t *range = histogram->range[bucket / RANGE_SIZE];

    return range ? range[bucket % RANGE_SIZE] : 0;
}

/* Its representative: the middle, but not outside of what was really added. */
static uint64_t bucket_value(const struct rn_histogram *histogram, unsigned bucket)
{
    uint64_t value = bucket_middle(bucket);

    if (value < histogram->min)
        return histogram->min;
    return value > histogram->max ? histogram->max : value;
}

/* The bucket that holds the value of that rank (from 1). */
static unsigned bucket_of_rank(const struct rn_histogram *histogram, uint64_t rank)
{
    uint64_t seen = 0;
    unsigned last = bucket_of(histogram->max);

    for (unsigned b = bucket_of(histogram->min); b < last; b++) {
        seen += bucket_count(histogram, b);
        if (seen >= rank)
            return b;
    }
    return last;
}

uint64_t rn_histogram_quantile(const struct rn_histogram *histogram, double q)
{
    uint64_t rank;

    if (!histogram->count)
        return 0;
    rank = q > 0 ? (uint64_t)ceil(q * (double)histogram->count) : 1;
    if (rank <= 1)
        return histogram->min;
    if (rank >= histogram->count)
        return histogram->max;
    return bucket_value(histogram, bucket_of_rank(histogram, rank));
}

/* Walks outwards from the median, always to the side that is nearer, until half of the values are
 * behind. */
uint64_t rn_histogram_mad(const struct rn_histogram *histogram)
{
    uint64_t half = histogram->count / 2 + histogram->count % 2, median, seen, distance = 0;
    unsigned low, high, first, last;

    if (!histogram->count)
        return 0;
    first = bucket_of(histogram->min);
    last = bucket_of(histogram->max);
    low = high = bucket_of_rank(histogram, half);
    median = bucket_value(histogram, low);
    seen = bucket_count(histogram, low);
    while (seen < half && (low > first || high < last)) {
        uint64_t down = low > first ? median - bucket_value(histogram, low - 1) : UINT64_MAX;
        uint64_t up = high < last ? bucket_value(histogram, high + 1) - median : UINT64_MAX;

        distance = down < up ? down : up;
        seen += bucket_count(histogram, down < up ? --low : ++high);
    }
    return distance;
}

uint64_t rn_histogram_above(const struct rn_histogram *histogram, uint64_t bound)
{
    uint64_t above = 0;

    if (bound >= histogram->max)
        return 0;
    for (unsigned b = bucket_of(bound) + 1; b <= bucket_of(histogram->max); b++)
        above += bucket_count(histogram, b);
    return above;
}
