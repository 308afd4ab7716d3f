/* SPDX-License-Identifier: MIT */
#ifndef RN_PLOT_TIMELINE_ROWS_H
#define RN_PLOT_TIMELINE_ROWS_H

#include "plot_timeline.h"

/* Choose the rows, sort their marks by begin, give each its place and its lanes. False: no memory.
 */
bool timeline_place_rows(struct rn_plot *plot, struct timeline *timeline);
/* The strip of a lane of a row, of equal heights with a little room around all of them. */
static inline void timeline_strip(const struct timeline_row *row, unsigned lane, double *low,
                                  double *high)
{
    double room = 0.15, height = (row->y_high - row->y_low - 2 * room) / row->lanes;

    *low = row->y_low + room + lane * height + (lane ? 0.04 : 0);
    *high = row->y_low + room + (lane + 1) * height;
}

#endif
