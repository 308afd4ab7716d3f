/* SPDX-License-Identifier: MIT */
#include "clock_sync.h"

#include "clock_hull.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 1024u              /* of one host */
#define TIME_MAX  (INT64_C(1) << 61) /* ns, either way */

/* Two hosts, low < high: how far the clock of the second is ahead, by the time of the first. */
struct pair {
    uint32_t low, high;
    struct rn_clock_fit fit;
    uint64_t bound; /* worst of its lines */
    bool in_tree;
};

/* From one clock to another one, a line from a point on. */
struct line {
    int64_t from;
    int64_t to_value; /* of the other clock at `from` */
    double rate;
    uint64_t bound;
};

struct map {
    struct line *lines;
    size_t count, room;
};

struct rn_clock_sync {
    uint32_t count;
    struct rn_clock_host *hosts;
    struct map *maps; /* to the reference */
    struct pair *pairs;
    size_t pair_count, pair_room;
};

struct rn_clock_sync *rn_clock_sync_new(uint32_t hosts)
{
    struct rn_clock_sync *sync = calloc(1, sizeof *sync);

    if (!sync)
        return NULL;
    sync->count = hosts;
    sync->hosts = calloc(hosts ? hosts : 1, sizeof *sync->hosts);
    sync->maps = calloc(hosts ? hosts : 1, sizeof *sync->maps);
    if (!sync->hosts || !sync->maps) {
        rn_clock_sync_free(sync);
        return NULL;
    }
    for (uint32_t i = 0; i < hosts; i++)
        sync->hosts[i] = (struct rn_clock_host){.host = i, .parent = i};
    return sync;
}

void rn_clock_sync_free(struct rn_clock_sync *sync)
{
    if (!sync)
        return;
    for (size_t i = 0; i < sync->pair_count; i++)
        rn_clock_fit_clear(&sync->pairs[i].fit);
    for (uint32_t i = 0; i < sync->count; i++) {
        free(sync->maps ? sync->maps[i].lines : NULL);
        free((void *)(uintptr_t)(sync->hosts ? sync->hosts[i].lines : NULL));
    }
    free(sync->pairs);
    free(sync->maps);
    free(sync->hosts);
    free(sync);
}

static enum rn_status no_memory(struct rn_error *err)
{
    return rn_fail(err, RN_E_NOMEM, "no memory for the clocks of hosts");
}

static struct pair *pair_of(struct rn_clock_sync *sync, uint32_t low, uint32_t high)
{
    for (size_t i = 0; i < sync->pair_count; i++)
        if (sync->pairs[i].low == low && sync->pairs[i].high == high)
            return &sync->pairs[i];
    if (sync->pair_count == sync->pair_room) {
        size_t room = sync->pair_room ? 2 * sync->pair_room : 8;
        struct pair *pairs = realloc(sync->pairs, room * sizeof *pairs);

        if (!pairs)
            return NULL;
        sync->pairs = pairs;
        sync->pair_room = room;
    }
    sync->pairs[sync->pair_count] = (struct pair){.low = low, .high = high};
    rn_clock_fit_init(&sync->pairs[sync->pair_count].fit);
    return &sync->pairs[sync->pair_count++];
}

enum rn_status rn_clock_sync_message(struct rn_clock_sync *sync, uint32_t from, uint32_t to,
                                     int64_t sent_ns, int64_t received_ns, struct rn_error *err)
{
    struct pair *pair;
    bool fine;

    if (from >= sync->count || to >= sync->count || from == to)
        return rn_fail(err, RN_E_USAGE, "a message from host %u to host %u", from, to);
    /* Times that no clock shows say nothing. */
    if (sent_ns < -TIME_MAX || received_ns < -TIME_MAX || sent_ns > TIME_MAX ||
        received_ns > TIME_MAX)
        return RN_OK;
    pair = pair_of(sync, from < to ? from : to, from < to ? to : from);
    if (!pair)
        return no_memory(err);
    if (from < to) /* high's clock is at most `received` when low's is `sent` */
        fine = rn_clock_fit_add(&pair->fit, sent_ns, received_ns - sent_ns, true);
    else
        fine = rn_clock_fit_add(&pair->fit, received_ns, sent_ns - received_ns, false);
    sync->hosts[from].messages++;
    sync->hosts[to].messages++;
    sync->hosts[from].violations_before += received_ns < sent_ns;
    sync->hosts[to].violations_before += received_ns < sent_ns;
    return fine ? RN_OK : no_memory(err);
}

/* ---- from one clock to another one ---- */

static bool add_line(struct map *map, const struct line *line)
{
    struct line *last = map->count ? &map->lines[map->count - 1] : NULL;

    if (last && line->from <= last->from) {
        *last = *line;
        return true;
    }
    if (map->count == LINES_MAX)
        return true;
    if (map->count == map->room) {
        size_t room = map->room ? 2 * map->room : 4;
        struct line *lines = realloc(map->lines, room * sizeof *lines);

        if (!lines)
            return false;
        map->lines = lines;
        map->room = room;
    }
    map->lines[map->count++] = *line;
    return true;
}

static const struct line *line_at(const struct map *map, int64_t own)
{
    size_t at = 0;

    while (at + 1 < map->count && map->lines[at + 1].from <= own)
        at++;
    return &map->lines[at];
}

static int64_t clamped(double value)
{
    return value >= 9.2e18 ? INT64_MAX : value <= -9.2e18 ? INT64_MIN : (int64_t)llround(value);
}

static int64_t apply(const struct line *line, int64_t own)
{
    return line->to_value + clamped((double)(own - line->from) * line->rate);
}

static uint64_t add_bounds(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* One line of a fit, from `x` of low's time on, as a line from the child's clock to its parent's.
 */
static struct line direct(const struct rn_hull_line *line, int64_t x, bool child_is_low,
                          uint64_t bound)
{
    int64_t other = x + clamped(rn_hull_line_at(line, x));

    if (child_is_low)
        return (struct line){x, other, 1 + line->slope, bound};
    return (struct line){other, x, 1 / (1 + line->slope), bound};
}

/* Between two stretches: the clock may already have been stepped, or not yet. */
static bool add_gap(struct map *map, const struct rn_hull_line *before,
                    const struct rn_hull_line *after, bool child_is_low)
{
    double step = fabs(rn_hull_line_at(after, after->from) - rn_hull_line_at(before, after->from)) *
                  (1 + fabs(before->slope));
    uint64_t bound = add_bounds(before->bound, after->bound);
    struct line line = direct(before, before->to, child_is_low,
                              add_bounds(bound, (uint64_t)fmin(ceil(step), 9e18)));

    line.from++;
    return after->from <= before->to || add_line(map, &line);
}

static bool make_map(const struct pair *pair, bool child_is_low, struct map *map)
{
    const struct rn_clock_fit *fit = &pair->fit;

    for (size_t i = 0; i < fit->line_count; i++) {
        const struct rn_hull_line *line = &fit->lines[i];
        struct line mapped = direct(line, line->from, child_is_low, line->bound);

        if (i && !add_gap(map, line - 1, line, child_is_low))
            return false;
        if (!add_line(map, &mapped))
            return false;
    }
    return true;
}

/* a, then whichever line of `second` holds there. */
static bool add_composed(struct map *out, const struct line *a, const struct map *second,
                         int64_t from)
{
    int64_t between = apply(a, from);
    const struct line *b = line_at(second, between);
    struct line line = {from, apply(b, between), a->rate * b->rate, add_bounds(a->bound, b->bound)};

    return add_line(out, &line);
}

/* child -> parent -> reference. A line of the first is cut where the second one has another line.
 */
static bool compose(const struct map *first, const struct map *second, struct map *out)
{
    for (size_t i = 0; i < first->count; i++) {
        const struct line *a = &first->lines[i];
        int64_t end = i + 1 < first->count ? first->lines[i + 1].from : INT64_MAX;

        if (!add_composed(out, a, second, a->from))
            return false;
        for (size_t j = 1; j < second->count; j++) {
            double reached =
                (double)a->from + (double)(second->lines[j].from - a->to_value) / a->rate;
            int64_t from = clamped(ceil(reached));

            if (from > a->from && from < end && !add_composed(out, a, second, from))
                return false;
        }
    }
    return true;
}

/* ---- the tree ---- */

static enum rn_status end_fits(struct rn_clock_sync *sync, struct rn_error *err)
{
    for (size_t i = 0; i < sync->pair_count; i++) {
        struct pair *pair = &sync->pairs[i];

        if (!rn_clock_fit_end(&pair->fit))
            return no_memory(err);
        for (size_t j = 0; j < pair->fit.line_count; j++)
            if (pair->fit.lines[j].bound > pair->bound)
                pair->bound = pair->fit.lines[j].bound;
    }
    return RN_OK;
}

static bool make_reference(struct rn_clock_sync *sync, uint32_t host)
{
    struct line line = {.rate = 1};

    sync->hosts[host].parent = host;
    return add_line(&sync->maps[host], &line);
}

static uint32_t busiest(const struct rn_clock_sync *sync)
{
    uint32_t best = 0;
    bool found = false;

    for (uint32_t i = 0; i < sync->count; i++)
        if (sync->maps[i].count == 0 &&
            (!found || sync->hosts[i].messages > sync->hosts[best].messages)) {
            best = i;
            found = true;
        }
    return found ? best : UINT32_MAX;
}

/* The narrowest pair that leads from a host that is in the tree to one that is not. */
static struct pair *next_pair(struct rn_clock_sync *sync)
{
    struct pair *best = NULL;

    for (size_t i = 0; i < sync->pair_count; i++) {
        struct pair *pair = &sync->pairs[i];

        if (!sync->maps[pair->low].count == !sync->maps[pair->high].count)
            continue;
        if (!best || pair->bound < best->bound)
            best = pair;
    }
    return best;
}

static enum rn_status grow_tree(struct rn_clock_sync *sync, struct rn_error *err)
{
    struct pair *pair;
    uint32_t root;

    while ((root = busiest(sync)) != UINT32_MAX) {
        if (!make_reference(sync, root))
            return no_memory(err);
        while ((pair = next_pair(sync)) != NULL) {
            bool child_is_low = sync->maps[pair->low].count == 0;
            uint32_t child = child_is_low ? pair->low : pair->high;
            uint32_t parent = child_is_low ? pair->high : pair->low;
            struct map direct_map = {NULL, 0, 0};
            bool fine = make_map(pair, child_is_low, &direct_map) &&
                        compose(&direct_map, &sync->maps[parent], &sync->maps[child]);

            free(direct_map.lines);
            if (!fine)
                return no_memory(err);
            pair->in_tree = true;
            sync->hosts[child].parent = parent;
        }
    }
    return RN_OK;
}

/* ---- what came of it ---- */

static int64_t to_reference(const struct rn_clock_sync *sync, uint32_t host, int64_t own)
{
    return apply(line_at(&sync->maps[host], own), own);
}

/* Points that bound are enough: what they allow, all others allow. */
static void check_hull(struct rn_clock_sync *sync, struct pair *pair, const struct rn_hull *hull)
{
    for (size_t i = 0; i < hull->count; i++) {
        int64_t low = hull->points[i].x, high = low + hull->points[i].y;
        int64_t at_low = to_reference(sync, pair->low, low);
        int64_t at_high = to_reference(sync, pair->high, high);
        int64_t excess = hull->from_above ? at_low - at_high : at_high - at_low;

        if (excess <= 1) /* rounding */
            continue;
        sync->hosts[pair->low].violations_after++;
        sync->hosts[pair->high].violations_after++;
        if (pair->in_tree)
            continue;
        if ((uint64_t)excess > sync->hosts[pair->low].loop_excess_ns)
            sync->hosts[pair->low].loop_excess_ns = (uint64_t)excess;
        if ((uint64_t)excess > sync->hosts[pair->high].loop_excess_ns)
            sync->hosts[pair->high].loop_excess_ns = (uint64_t)excess;
    }
}

static enum rn_status publish(struct rn_clock_sync *sync, uint32_t number, struct rn_error *err)
{
    const struct map *map = &sync->maps[number];
    struct rn_clock_line *lines = calloc(map->count, sizeof *lines);

    if (!lines)
        return no_memory(err);
    for (size_t i = 0; i < map->count; i++)
        lines[i] = (struct rn_clock_line){.from_ns = map->lines[i].from,
                                          .offset_ns = map->lines[i].to_value - map->lines[i].from,
                                          .drift = map->lines[i].rate - 1,
                                          .bound_ns = map->lines[i].bound};
    sync->hosts[number].lines = lines;
    sync->hosts[number].line_count = map->count;
    return RN_OK;
}

enum rn_status rn_clock_sync_solve(struct rn_clock_sync *sync, struct rn_error *err)
{
    enum rn_status status = end_fits(sync, err);

    if (status == RN_OK)
        status = grow_tree(sync, err);
    for (size_t i = 0; i < sync->pair_count && status == RN_OK; i++) {
        check_hull(sync, &sync->pairs[i], &sync->pairs[i].fit.above);
        check_hull(sync, &sync->pairs[i], &sync->pairs[i].fit.below);
    }
    for (uint32_t i = 0; i < sync->count && status == RN_OK; i++)
        status = publish(sync, i, err);
    return status;
}

const struct rn_clock_host *rn_clock_sync_hosts(const struct rn_clock_sync *sync)
{
    return sync->hosts;
}
