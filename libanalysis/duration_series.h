/* SPDX-License-Identifier: MIT */
/* Durations in the order in which they came, in at most RN_SERIES_BINS bins of equally many events:
 * of each bin its begin, sum, and about its median. When the bins are full, each three become one.
 *
 * The median of a bin is a remedian of base 3 (Rousseeuw and Bassett, "The Remedian: A Robust
 * Averaging Method for Large Data Sets", JASA 85, 1990): the median of three medians of three...,
 * which a few long events do not move. Constant memory, 17 KiB. Not thread-safe. */
#ifndef RN_DURATION_SERIES_H
#define RN_DURATION_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RN_SERIES_BINS   513u /* a multiple of 3 */
#define RN_SERIES_LEVELS 35u  /* a bin may have 3^35 events */

struct rn_series_bin {
    uint64_t start_ns; /* of its first event */
    uint64_t count;
    uint64_t sum_ns; /* saturating */
    uint64_t median_ns;
};

struct rn_series {
    struct rn_series_bin bins[RN_SERIES_BINS];
    size_t count;                       /* whole bins */
    unsigned level;                     /* each has 3^level events */
    struct rn_series_bin open;          /* the one that is being filled; median_ns is not set */
    uint64_t held[RN_SERIES_LEVELS][2]; /* of it: medians of each level that wait for a third */
    uint8_t held_count[RN_SERIES_LEVELS];
};

struct rn_series *rn_series_new(void); /* NULL: no memory */
void rn_series_free(struct rn_series *series);
void rn_series_add(struct rn_series *series, uint64_t start_ns, uint64_t duration_ns);

#endif
