/* SPDX-License-Identifier: MIT */
#include "clock_hull.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define POINTS_MAX 16384u
#define STEPS      200 /* of a search that halves or thirds */

void rn_clock_fit_init(struct rn_clock_fit *fit)
{
    *fit = (struct rn_clock_fit){.above = {.from_above = true}, .old_above = {.from_above = true}};
}

void rn_clock_fit_clear(struct rn_clock_fit *fit)
{
    free(fit->above.points);
    free(fit->below.points);
    free(fit->old_above.points);
    free(fit->old_below.points);
    free(fit->lines);
    rn_clock_fit_init(fit);
}

/* ---- a hull ---- */

/* Does b lie on the side of the line from a to c where it bounds? */
static bool bounds(const struct rn_hull *hull, const struct rn_hull_point *a,
                   const struct rn_hull_point *b, const struct rn_hull_point *c)
{
    __int128 turn = ((__int128)b->x - a->x) * ((__int128)c->y - a->y) -
                    ((__int128)b->y - a->y) * ((__int128)c->x - a->x);

    return hull->from_above ? turn > 0 : turn < 0;
}

static void take_out(struct rn_hull *hull, size_t at)
{
    memmove(hull->points + at, hull->points + at + 1,
            (hull->count - at - 1) * sizeof *hull->points);
    hull->count--;
}

/* Behind it, then before it: points that bound no more. */
static void mend(struct rn_hull *hull, size_t at)
{
    struct rn_hull_point *points = hull->points;

    while (at + 2 < hull->count && !bounds(hull, &points[at], &points[at + 1], &points[at + 2]))
        take_out(hull, at + 1);
    while (at >= 2 && !bounds(hull, &points[at - 2], &points[at - 1], &points[at])) {
        take_out(hull, at - 1);
        at--;
    }
}

static bool insert(struct rn_hull *hull, int64_t x, int64_t y)
{
    struct rn_hull_point point = {x, y};
    size_t at = hull->count;

    while (at && hull->points[at - 1].x > x)
        at--;
    if (at && hull->points[at - 1].x == x) {
        bool tighter = hull->from_above ? y < hull->points[at - 1].y : y > hull->points[at - 1].y;

        if (!tighter)
            return true;
        take_out(hull, --at);
    }
    if (at && at < hull->count && !bounds(hull, &hull->points[at - 1], &point, &hull->points[at]))
        return true;
    if (hull->count == hull->room) {
        size_t room = hull->room ? 2 * hull->room : 16;
        struct rn_hull_point *points;

        if (room > POINTS_MAX) /* to know less is no error, only a wider bound */
            return true;
        points = realloc(hull->points, room * sizeof *points);
        if (!points)
            return false;
        hull->points = points;
        hull->room = room;
    }
    memmove(hull->points + at + 1, hull->points + at, (hull->count - at) * sizeof *hull->points);
    hull->points[at] = point;
    hull->count++;
    mend(hull, at);
    return true;
}

/* ---- lines between two hulls ---- */

/* With a slope given, the values at `origin` that a hull allows end here. */
static double limit(const struct rn_hull *hull, int64_t origin, double slope)
{
    double best = hull->from_above ? INFINITY : -INFINITY;

    for (size_t i = 0; i < hull->count; i++) {
        double value = (double)hull->points[i].y - slope * (double)(hull->points[i].x - origin);

        best = hull->from_above ? fmin(best, value) : fmax(best, value);
    }
    return best;
}

struct search {
    const struct rn_clock_fit *fit;
    int64_t origin;
    double reach; /* where the value counts, from the origin on */
};

/* Concave in the slope: how much room there is, the greatest value, minus the least value. */
static double room_at(const struct search *search, double slope)
{
    return limit(&search->fit->above, search->origin, slope) -
           limit(&search->fit->below, search->origin, slope);
}

static double greatest_at(const struct search *search, double slope)
{
    return limit(&search->fit->above, search->origin, slope) + slope * search->reach;
}

static double least_at(const struct search *search, double slope)
{
    return -(limit(&search->fit->below, search->origin, slope) + slope * search->reach);
}

static double maximise(const struct search *search,
                       double (*value)(const struct search *search, double slope), double low,
                       double high)
{
    for (unsigned i = 0; i < STEPS && high > low; i++) {
        double a = low + (high - low) / 3, b = high - (high - low) / 3;

        if (value(search, a) < value(search, b))
            low = a;
        else
            high = b;
    }
    return low + (high - low) / 2;
}

/* From a slope that fits towards one that need not: the last that does. */
static double last_fitting(const struct search *search, double fits, double other)
{
    if (room_at(search, other) >= 0)
        return other;
    for (unsigned i = 0; i < STEPS; i++) {
        double middle = fits + (other - fits) / 2;

        if (room_at(search, middle) >= 0)
            fits = middle;
        else
            other = middle;
    }
    return fits;
}

static bool both_bound(const struct rn_clock_fit *fit)
{
    return fit->above.count && fit->below.count;
}

/* The mean of the lines that are extreme at either end: it fits because they do, and none that fits
 * is further away than 3/4 of the width, which is 1.5 times the least that can be had. */
static bool find_line(struct rn_clock_fit *fit)
{
    struct search search = {.fit = fit, .origin = fit->first};
    double span = (double)(fit->last - fit->first), best, low, high, slopes[4], values[4];
    double at_begin, at_end, slope = 0, value = 0, error;

    best = maximise(&search, room_at, -RN_CLOCK_DRIFT_MAX, RN_CLOCK_DRIFT_MAX);
    if (!(room_at(&search, best) >= 0))
        return false;
    low = last_fitting(&search, best, -RN_CLOCK_DRIFT_MAX);
    high = last_fitting(&search, best, RN_CLOCK_DRIFT_MAX);
    for (unsigned end = 0; end < 2; end++) {
        search.reach = end ? span : 0;
        slopes[end] = maximise(&search, greatest_at, low, high);
        values[end] = limit(&fit->above, fit->first, slopes[end]);
        slopes[2 + end] = maximise(&search, least_at, low, high);
        values[2 + end] = limit(&fit->below, fit->first, slopes[2 + end]);
    }
    for (unsigned i = 0; i < 4; i++) {
        slope += slopes[i] / 4;
        value += values[i] / 4;
    }
    at_begin = fmax(values[0] - value, value - values[2]);
    at_end = fmax(values[1] + slopes[1] * span - value - slope * span,
                  value + slope * span - values[3] - slopes[3] * span);
    error = ceil(fmax(at_begin, at_end)) + 1;
    fit->line = (struct rn_hull_line){.from = fit->first,
                                      .to = fit->last,
                                      .value = value,
                                      .slope = slope,
                                      .bound = error < 9e18 ? (uint64_t)error : UINT64_MAX};
    fit->has_line = true;
    return true;
}

/* Points of one side alone: the tightest one is as good as any. */
static void find_one_sided(struct rn_clock_fit *fit)
{
    const struct rn_hull *hull = fit->above.count ? &fit->above : &fit->below;
    double value = limit(hull, fit->first, 0);

    fit->line = (struct rn_hull_line){
        .from = fit->first, .to = fit->last, .value = hull->count ? value : 0, .bound = UINT64_MAX};
    fit->has_line = true;
}

/* ---- stretch by stretch ---- */

double rn_hull_line_at(const struct rn_hull_line *line, int64_t x)
{
    return line->value + line->slope * (double)(x - line->from);
}

static bool keep_line(struct rn_clock_fit *fit, const struct rn_hull_line *line)
{
    if (fit->line_count == fit->line_room) {
        size_t room = fit->line_room ? 2 * fit->line_room : 4;
        struct rn_hull_line *lines = realloc(fit->lines, room * sizeof *lines);

        if (!lines)
            return false;
        fit->lines = lines;
        fit->line_room = room;
    }
    fit->lines[fit->line_count++] = *line;
    return true;
}

/* The last point of a stretch that does not go with the line after it: until then it was in force.
 * Points behind that may have been taken for its own because they bound nothing. */
static int64_t last_evidence(const struct rn_hull *hull, const struct rn_hull_line *after,
                             int64_t latest)
{
    for (size_t i = hull->count; i-- > 0;) {
        double value = rn_hull_line_at(after, hull->points[i].x);
        double y = (double)hull->points[i].y;

        if (hull->from_above ? value > y : value < y)
            return hull->points[i].x > latest ? hull->points[i].x : latest;
    }
    return latest;
}

static void end_before(struct rn_clock_fit *fit)
{
    struct rn_hull_line *before = &fit->lines[fit->line_count - 1];
    int64_t latest = last_evidence(&fit->old_above, &fit->line, before->from);

    latest = last_evidence(&fit->old_below, &fit->line, latest);
    if (latest < before->to)
        before->to = latest;
}

static bool end_stretch(struct rn_clock_fit *fit)
{
    if (!both_bound(fit) || !find_line(fit))
        find_one_sided(fit);
    if (fit->line_count)
        end_before(fit);
    return keep_line(fit, &fit->line);
}

static void swap_hulls(struct rn_hull *a, struct rn_hull *b)
{
    struct rn_hull hull = *a;

    *a = *b;
    *b = hull;
}

static void begin_stretch(struct rn_clock_fit *fit, int64_t x)
{
    swap_hulls(&fit->above, &fit->old_above);
    swap_hulls(&fit->below, &fit->old_below);
    fit->above.count = fit->below.count = 0;
    fit->above.from_above = true;
    fit->below.from_above = false;
    fit->has_line = false;
    fit->first = fit->last = x;
}

static bool satisfies(const struct rn_hull_line *line, int64_t x, int64_t y, bool from_above)
{
    double value = rn_hull_line_at(line, x);

    return from_above ? value <= (double)y : value >= (double)y;
}

static bool put(struct rn_clock_fit *fit, int64_t x, int64_t y, bool from_above)
{
    if (x < fit->first)
        fit->first = x;
    if (x > fit->last)
        fit->last = x;
    return insert(from_above ? &fit->above : &fit->below, x, y);
}

/* Whether some line still fits with the point; it is put in where one does. */
static bool try_point(struct rn_clock_fit *fit, int64_t x, int64_t y, bool from_above, bool *fits)
{
    struct rn_clock_fit before = *fit;
    struct rn_hull *hull = from_above ? &fit->above : &fit->below;
    struct rn_hull_point *copy = malloc((hull->count + 1) * sizeof *copy);

    if (!copy)
        return false;
    if (hull->count)
        memcpy(copy, hull->points, hull->count * sizeof *copy);
    *fits = put(fit, x, y, from_above) && (!both_bound(fit) || find_line(fit));
    if (!*fits) {
        struct rn_hull *was = from_above ? &before.above : &before.below;

        was->points = hull->points;
        was->room = hull->room;
        if (was->count)
            memcpy(was->points, copy, was->count * sizeof *copy);
        *fit = before;
    }
    free(copy);
    return true;
}

bool rn_clock_fit_add(struct rn_clock_fit *fit, int64_t x, int64_t y, bool from_above)
{
    bool fits;

    if (fit->points++ == 0)
        begin_stretch(fit, x);
    if (fit->has_line && satisfies(&fit->line, x, y, from_above))
        return put(fit, x, y, from_above);
    if (!try_point(fit, x, y, from_above, &fits))
        return false;
    if (fits)
        return true;
    if (!end_stretch(fit))
        return false;
    begin_stretch(fit, x);
    return put(fit, x, y, from_above);
}

bool rn_clock_fit_end(struct rn_clock_fit *fit)
{
    return fit->points == 0 || end_stretch(fit);
}
