/* SPDX-License-Identifier: MIT */
/* How far one clock is ahead of another one, as a line that must run below some points and above
 * others; several lines, one after the other, where no single one can. See clock_sync.h. */
#ifndef RN_CLOCK_HULL_H
#define RN_CLOCK_HULL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No clock drifts more against another one: 2000 ppm, of which much is in how well a rate is known. */
#define RN_CLOCK_DRIFT_MAX 2e-3

struct rn_hull_point {
    int64_t x, y;
};

/* Only what bounds a line from one side: convex. */
struct rn_hull {
    struct rn_hull_point *points; /* ascending x */
    size_t count, room;
    bool from_above; /* the line must run below */
};

/* value(x) = value + slope * (x - from), for x from `from` to `to`. Between the end of one line and
 * the begin of the next the clock was stepped: nobody knows when. */
struct rn_hull_line {
    int64_t from, to;
    double value, slope;
    uint64_t bound; /* greatest error from `from` to `to`; UINT64_MAX unbounded */
};

struct rn_clock_fit {
    struct rn_hull above, below;
    struct rn_hull_line line; /* runs between them, as far as is known */
    bool has_line;
    int64_t first, last;                 /* x of the points of this stretch */
    struct rn_hull old_above, old_below; /* of the stretch before */
    struct rn_hull_line *lines;          /* of stretches that have ended */
    size_t line_count, line_room;
    uint64_t points;
};

void rn_clock_fit_init(struct rn_clock_fit *fit);
void rn_clock_fit_clear(struct rn_clock_fit *fit);
/* The difference is at most (from_above) or at least y at x. False: no memory. */
bool rn_clock_fit_add(struct rn_clock_fit *fit, int64_t x, int64_t y, bool from_above);
/* No more points: `lines` is then complete. False: no memory. */
bool rn_clock_fit_end(struct rn_clock_fit *fit);
double rn_hull_line_at(const struct rn_hull_line *line, int64_t x);

#endif
