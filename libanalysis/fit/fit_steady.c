/* SPDX-License-Identifier: MIT */
/* Is what was measured one thing? Warm-up at the begin of a run, drift in it, two kinds of times.
 */
#include "fit_private.h"

#include <stdlib.h>
#include <string.h>

#define WARM_MIN_SAMPLES 20u
#define WARM_LEAST       0.1 /* log: what is less than 10 % slower is no warm-up */
#define WARM_Z           3.5
#define DRIFT_BLOCKS     10u
#define DRIFT_LEAST      0.05
#define DRIFT_CONCORDANT 31 /* Kendall's S of 10 blocks: one chance in 200, either way */
#define MODE_MIN_SAMPLES 50u
#define MODE_BINS        400u /* of MODE_WIDTH, around 0 */
#define MODE_WIDTH       0.01
#define MODE_APART       0.22 /* log 1.25 */
#define MODE_SHARE       0.2
#define MODE_VALLEY      0.6
#define MODE_BANDWIDTH   0.04

static double median_of(const double *values, size_t count, double *scratch)
{
    memcpy(scratch, values, count * sizeof *values);
    return fit_median(scratch, count);
}

size_t fit_warm_up(const double *residuals, size_t count)
{
    const double *late = residuals + count / 2;
    size_t late_count = count - count / 2, warm = 0;
    double *scratch, centre, limit;

    if (count < WARM_MIN_SAMPLES)
        return 0;
    scratch = malloc(late_count * sizeof *scratch);
    if (!scratch)
        return 0;
    centre = median_of(late, late_count, scratch);
    free(scratch);
    limit = centre + fmax(WARM_Z * fit_mad(late, late_count, centre), WARM_LEAST);
    while (warm < count / 4 && residuals[warm] > limit)
        warm++;
    return warm;
}

/* Medians of blocks, so that neither tails nor what neighbours have in common count as drift. */
double fit_drift(const double *residuals, size_t count)
{
    double block[DRIFT_BLOCKS], *scratch, change;
    int concordant = 0;

    if (count < 5 * DRIFT_BLOCKS ||
        !(scratch = malloc((count / DRIFT_BLOCKS + 1) * sizeof *scratch)))
        return 0;
    for (size_t i = 0; i < DRIFT_BLOCKS; i++) {
        size_t from = i * count / DRIFT_BLOCKS, to = (i + 1) * count / DRIFT_BLOCKS;

        block[i] = median_of(residuals + from, to - from, scratch);
    }
    free(scratch);
    for (unsigned i = 0; i < DRIFT_BLOCKS; i++)
        for (unsigned j = i + 1; j < DRIFT_BLOCKS; j++)
            concordant += (block[j] > block[i]) - (block[j] < block[i]);
    change = (block[7] + block[8] + block[9] - block[0] - block[1] - block[2]) / 3;
    return abs(concordant) >= DRIFT_CONCORDANT && fabs(change) >= DRIFT_LEAST ? expm1(change) : 0;
}

/* A density by a Gaussian kernel, over bins. */
static void smooth(const double *bins, double bandwidth, double *out)
{
    int reach = (int)(4 * bandwidth / MODE_WIDTH);

    for (int i = 0; i < (int)MODE_BINS; i++) {
        out[i] = 0;
        for (int k = -reach; k <= reach; k++) {
            double z = k * MODE_WIDTH / bandwidth;

            if (i + k >= 0 && i + k < (int)MODE_BINS)
                out[i] += bins[i + k] * exp(-z * z / 2);
        }
    }
}

static bool is_peak(const double *density, unsigned i)
{
    return i > 0 && i + 1 < MODE_BINS && density[i] > density[i - 1] &&
           density[i] >= density[i + 1];
}

/* Are these two peaks two modes? The smaller part's share of the samples. */
static double share_of(const double *bins, const double *density, unsigned low, unsigned high,
                       double total)
{
    unsigned valley = low;
    double below = 0;

    for (unsigned i = low; i <= high; i++)
        if (density[i] < density[valley])
            valley = i;
    if (density[valley] > MODE_VALLEY * fmin(density[low], density[high]))
        return 0;
    for (unsigned i = 0; i < valley; i++)
        below += bins[i];
    return fmin(below, total - below) / total;
}

bool fit_two_modes(const double *residuals, size_t count, double *ratio, double *share)
{
    double bins[MODE_BINS] = {0}, density[MODE_BINS], bandwidth;
    unsigned peak[MODE_BINS], peaks = 0;

    if (count < MODE_MIN_SAMPLES)
        return false;
    for (size_t i = 0; i < count; i++) {
        double at = floor(residuals[i] / MODE_WIDTH) + MODE_BINS / 2.0;

        bins[(unsigned)fmin(fmax(at, 0), MODE_BINS - 1)]++;
    }
    bandwidth = fmax(MODE_BANDWIDTH, 0.9 * fit_mad(residuals, count, 0) * pow((double)count, -0.2));
    smooth(bins, fmin(bandwidth, 0.3), density);
    for (unsigned i = 0; i < MODE_BINS; i++)
        if (is_peak(density, i))
            peak[peaks++] = i;
    *share = 0;
    for (unsigned i = 0; i < peaks; i++) {
        for (unsigned j = i + 1; j < peaks; j++) {
            double apart = (peak[j] - peak[i]) * MODE_WIDTH, part;

            if (apart < MODE_APART)
                continue;
            part = share_of(bins, density, peak[i], peak[j], (double)count);
            if (part > *share) {
                *share = part;
                *ratio = exp(apart);
            }
        }
    }
    return *share >= MODE_SHARE;
}
