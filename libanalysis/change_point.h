/* SPDX-License-Identifier: MIT */
/* When did durations become longer or shorter? Change points of a series of bins.
 *
 * Bins are compared by rank, so that how the durations are distributed does not matter, and a few
 * long ones do not either: the statistic of a division into segments is that of Kruskal and Wallis,
 * as in Lung-Yut-Fong, Levy-Leduc and Cappe, "Homogeneity and change-point detection tests for
 * multivariate data using rank statistics", J. SFdS 156, 2015. The division is the best one of all,
 * at a penalty for each change, by the dynamic programme of Jackson et al., "An algorithm for
 * optimal partitioning of data on an interval", IEEE Signal Processing Letters 12, 2005 (that which
 * PELT, Killick, Fearnhead and Eckley, JASA 107, 2012, prunes: for a few hundred bins there is no
 * need to).
 *
 * The penalty is RN_CHANGE_PENALTY log n (1 + r) / (1 - r): r is the correlation of neighbouring
 * bins, estimated from differences without the largest quarter, so that changes do not raise it;
 * neighbours that are alike say less than their number. */
#ifndef RN_CHANGE_POINT_H
#define RN_CHANGE_POINT_H

#include "duration_series.h"

#define RN_CHANGE_PENALTY 4.0
#define RN_CHANGE_MIN     8u  /* bins between two changes, at least */
#define RN_CHANGE_BINS    32u /* fewer are not looked at */
/* Medians before and after that differ by less are no change to tell of. */
#define RN_CHANGE_RATIO 1.1
#define RN_CHANGE_MAX   64u /* of a series: no more fit into its bins */

struct rn_change {
    uint64_t start_ns;            /* of the first bin after it, as in the series */
    uint64_t events;              /* before it, in all of the series; it is that of a bin */
    uint64_t before_ns, after_ns; /* median of the segment's bins */
    uint64_t bin_events;          /* in a bin: as precise as that is the place */
};

/* Fills `changes` in order of time, and returns how many there are; SIZE_MAX: no memory. Time:
 * quadratic in the number of bins, a millisecond. */
size_t rn_series_changes(const struct rn_series *series, struct rn_change changes[RN_CHANGE_MAX]);

#endif
