/* SPDX-License-Identifier: MIT */
#include "device_clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define POINTS_MAX    4096u
#define STEP_RATE     1e-3 /* two clocks do not drift apart faster */
#define STEP_NS       1000.0
#define WORSE         4 /* a reading is left out whose error is so many times that of the best, */
#define WORSE_NS      3000u /* and this */
#define BASELINE_NS   1e9    /* the least stretch that a drift is taken from */
#define SCALE         4294967296.0
#define LATE_MAX      64u /* a reading that comes so many readings late is left out */
#define TICK_NS_GUESS 8.0 /* where MONOTONIC has not been read twice yet */

/* One reading: when, on the device's scale; and how far ticks are from there. */
struct point {
    uint64_t time, ticks, monotonic_ns, device;
    int64_t distance; /* ticks - time */
    uint64_t error_ns;
    bool step; /* the device's clock was stepped since the point before */
};

struct device_clock {
    struct rn_device_clock last; /* reading, by ticks */
    char *name;
    struct point *points;
    size_t count, capacity;
    size_t era; /* point behind the last step */
    uint64_t best_ns, readings, steps;
};

struct rn_device_clocks {
    struct device_clock *clocks[RN_DEVICE_CLOCK_MAX];
};

struct rn_device_clocks *rn_device_clocks_new(void)
{
    return calloc(1, sizeof(struct rn_device_clocks));
}

void rn_device_clocks_free(struct rn_device_clocks *clocks)
{
    for (size_t i = 0; clocks && i < RN_DEVICE_CLOCK_MAX; i++) {
        if (!clocks->clocks[i])
            continue;
        free(clocks->clocks[i]->points);
        free(clocks->clocks[i]->name);
        free(clocks->clocks[i]);
    }
    free(clocks);
}

static const struct device_clock *find(const struct rn_device_clocks *clocks, uint64_t number)
{
    return number >= 1 && number <= RN_DEVICE_CLOCK_MAX ? clocks->clocks[number - 1] : NULL;
}

static uint64_t on_scale(const struct rn_device_clock *reading)
{
    __int128 since = (__int128)reading->device_ticks - (__int128)reading->base_device;
    __int128 high = since * (__int128)(reading->rate >> 32);
    __int128 low = (since * (__int128)(uint32_t)reading->rate) >> 32;
    __int128 time = (__int128)reading->base_ticks + high + low;

    return time < 0 ? 0 : time > (__int128)UINT64_MAX ? UINT64_MAX : (uint64_t)time;
}

/* ns a tick, between two points of one machine: enough for bounds. */
static double tick_ns_between(const struct point *a, const struct point *b)
{
    if (b->ticks <= a->ticks || b->monotonic_ns <= a->monotonic_ns)
        return TICK_NS_GUESS;
    return (double)(b->monotonic_ns - a->monotonic_ns) / (double)(b->ticks - a->ticks);
}

static bool is_step(const struct point *a, const struct point *b)
{
    double tick_ns = tick_ns_between(a, b), apart = (double)(b->ticks - a->ticks) * tick_ns;
    double change = fabs((double)b->distance - (double)a->distance) * tick_ns;

    return change > STEP_RATE * apart + (double)a->error_ns + (double)b->error_ns + STEP_NS;
}

static size_t era_begin(const struct device_clock *clock, size_t last)
{
    while (last > 0 && !clock->points[last].step)
        last--;
    return last;
}

/* What follows from the points alone. */
static void find_steps(struct device_clock *clock)
{
    clock->era = 0;
    clock->steps = 0;
    for (size_t i = 0; i < clock->count; i++) {
        struct point *point = &clock->points[i];

        point->step = i > 0 && is_step(point - 1, point);
        clock->steps += point->step;
        if (point->step)
            clock->era = i;
    }
}

static bool is_worse(uint64_t error_ns, uint64_t best_ns)
{
    return error_ns > WORSE_NS && (error_ns - WORSE_NS) / WORSE > best_ns;
}

static void remove_worse(struct device_clock *clock)
{
    size_t kept = 0;

    for (size_t i = 0; i < clock->count; i++)
        if (!is_worse(clock->points[i].error_ns, clock->best_ns))
            clock->points[kept++] = clock->points[i];
    clock->count = kept;
}

/* Half of them, as evenly as can be; the first and the last, and those beside steps while there are
 * few. */
static void thin_out(struct device_clock *clock)
{
    struct point *points = clock->points;
    uint64_t apart = (points[clock->count - 1].ticks - points[0].ticks) / (POINTS_MAX / 4);
    size_t kept = 1, last = clock->count - 1;

    for (size_t i = 1; i < last; i++) {
        bool beside_step = points[i].step || points[i + 1].step;

        if (points[i].ticks - points[kept - 1].ticks >= apart ||
            (beside_step && clock->steps < POINTS_MAX / 8))
            points[kept++] = points[i];
    }
    points[kept++] = points[last];
    clock->count = kept;
}

static enum rn_status make_room(struct device_clock *clock, struct rn_error *err)
{
    size_t capacity = clock->capacity ? 2 * clock->capacity : 16;
    struct point *points;

    if (clock->count == POINTS_MAX) {
        thin_out(clock);
        find_steps(clock);
    }
    if (clock->count < clock->capacity)
        return RN_OK;
    points = reallocarray(clock->points, capacity, sizeof *points);
    if (!points)
        return rn_fail(err, RN_E_NOMEM, "no memory for a reading of a clock");
    clock->points = points;
    clock->capacity = capacity;
    return RN_OK;
}

/* Point `at` is new: it may be behind a step, and so may the one behind it be, or be no longer. */
static void note_steps(struct device_clock *clock, size_t at)
{
    struct point *points = clock->points;
    bool behind = at + 1 < clock->count;

    if (behind) {
        clock->steps -= points[at + 1].step;
        points[at + 1].step = is_step(&points[at], &points[at + 1]);
        clock->steps += points[at + 1].step;
    }
    points[at].step = at > 0 && is_step(&points[at - 1], &points[at]);
    clock->steps += points[at].step;
    if (behind)
        clock->era = era_begin(clock, clock->count - 1);
    else if (points[at].step)
        clock->era = at;
}

/* Readings come from several threads, so that they are only nearly in order. */
static void insert(struct device_clock *clock, const struct point *point)
{
    size_t at = clock->count;

    while (at > 0 && clock->points[at - 1].ticks > point->ticks && clock->count - at < LATE_MAX)
        at--;
    if (at > 0 && clock->points[at - 1].ticks >= point->ticks)
        return;
    memmove(clock->points + at + 1, clock->points + at, (clock->count - at) * sizeof *point);
    clock->points[at] = *point;
    clock->count++;
    note_steps(clock, at);
}

static enum rn_status get(struct rn_device_clocks *clocks, const struct rn_event *event,
                          struct device_clock **out, struct rn_error *err)
{
    const struct rn_attachment *name = rn_event_attachment(event, RN_ATT_NAME, RN_ARG_ANY);
    uint64_t number = event->u.device_clock.clock;
    struct device_clock *clock = clocks->clocks[number - 1];

    if (!clock) {
        clock = calloc(1, sizeof *clock);
        if (!clock)
            return rn_fail(err, RN_E_NOMEM, "no memory for a clock");
        clock->best_ns = UINT64_MAX;
        clocks->clocks[number - 1] = clock;
        clock->last = event->u.device_clock;
    }
    if (name && !clock->name)
        clock->name = strndup((const char *)name->data, name->size);
    *out = clock;
    return RN_OK;
}

enum rn_status rn_device_clocks_add(struct rn_device_clocks *clocks, const struct rn_event *event,
                                    struct rn_error *err)
{
    const struct rn_device_clock *reading = &event->u.device_clock;
    struct device_clock *clock = NULL;
    struct point point = {.time = on_scale(reading),
                          .ticks = reading->ticks,
                          .monotonic_ns = reading->monotonic_ns,
                          .device = reading->device_ticks,
                          .error_ns = reading->error_ns};
    enum rn_status status = RN_OK;

    if (reading->clock == 0 || reading->clock > RN_DEVICE_CLOCK_MAX)
        return RN_OK;
    status = get(clocks, event, &clock, err);
    if (status == RN_OK)
        status = make_room(clock, err);
    if (status != RN_OK)
        return status;
    clock->readings += !(event->flags & RN_EVENT_SNAPSHOT) || clock->readings == 0;
    if (is_worse(point.error_ns, clock->best_ns))
        return RN_OK;
    if (point.error_ns < clock->best_ns / 2) {
        clock->best_ns = point.error_ns;
        remove_worse(clock);
        find_steps(clock);
    }
    point.distance = (int64_t)(point.ticks - point.time);
    if (point.ticks >= clock->last.ticks)
        clock->last = *reading;
    insert(clock, &point);
    return RN_OK;
}

/* Distance at `time`, on the line through two points. */
static double on_line(const struct point *a, const struct point *b, uint64_t time)
{
    double whole = (double)b->time - (double)a->time;
    double part = time >= a->time ? (double)(time - a->time) : -(double)(a->time - time);

    if (whole <= 0)
        return (double)a->distance;
    return (double)a->distance + ((double)b->distance - (double)a->distance) * (part / whole);
}

/* Beyond point `edge` of the stretch from `first` to `last`, which has no steps. */
static double beyond(const struct device_clock *clock, size_t first, size_t last, size_t edge,
                     uint64_t time)
{
    const struct point *points = clock->points, *from = &points[edge];
    size_t far = edge;

    while (far != (edge == last ? first : last) &&
           fabs((double)points[far].monotonic_ns - (double)from->monotonic_ns) < BASELINE_NS)
        far += edge == last ? (size_t)-1 : 1u;
    if (fabs((double)points[far].monotonic_ns - (double)from->monotonic_ns) < BASELINE_NS)
        return (double)from->distance;
    return edge == last ? on_line(&points[far], from, time) : on_line(from, &points[far], time);
}

/* Within points first to last, between which there is no step. */
static double within(const struct device_clock *clock, size_t first, size_t last, uint64_t time)
{
    const struct point *points = clock->points;
    size_t low = first, high = last;

    if (time <= points[first].time)
        return beyond(clock, first, last, first, time);
    if (time >= points[last].time)
        return beyond(clock, first, last, last, time);
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (points[middle].time <= time)
            low = middle;
        else
            high = middle;
    }
    return on_line(&points[low], &points[high], time);
}

/* The newest stretch that reaches back to `time`. Between two of them, the nearer one. */
static double distance_at(const struct device_clock *clock, uint64_t time)
{
    const struct point *points = clock->points;
    size_t last = clock->count - 1, first = clock->era;

    while (first > 0 && time < points[first].time) {
        const struct point *before = &points[first - 1];

        if (time > before->time && points[first].time - time < time - before->time)
            break;
        last = first - 1;
        first = era_begin(clock, last);
    }
    return within(clock, first, last, time);
}

uint64_t rn_device_clocks_ticks(const struct rn_device_clocks *clocks, uint64_t number,
                                uint64_t time)
{
    const struct device_clock *clock = find(clocks, number);
    double distance;

    if (!clock || clock->count == 0)
        return time;
    distance = distance_at(clock, time);
    if (distance < 0)
        return -distance >= 0x1p63 || time < (uint64_t)(0.5 - distance)
                   ? 0
                   : time - (uint64_t)(0.5 - distance);
    return distance >= 0x1p63 || time > UINT64_MAX - (uint64_t)(distance + 0.5)
               ? UINT64_MAX
               : time + (uint64_t)(distance + 0.5);
}

static void place_queued(const struct rn_device_clocks *clocks, uint64_t number, uint64_t *queued,
                         uint64_t *submitted)
{
    if (*queued)
        *queued = rn_device_clocks_ticks(clocks, number, *queued);
    if (*submitted)
        *submitted = rn_device_clocks_ticks(clocks, number, *submitted);
}

void rn_device_clocks_place(const struct rn_device_clocks *clocks, uint64_t number,
                            struct rn_event *event)
{
    struct rn_kernel *kernel = &event->u.kernel;
    struct rn_transfer *transfer = &event->u.transfer;
    uint64_t end = event->start + event->duration;

    if (event->flags & RN_EVENT_DEVICE_TIME) {
        end = rn_device_clocks_ticks(clocks, number, end < event->start ? UINT64_MAX : end);
        event->start = rn_device_clocks_ticks(clocks, number, event->start);
        event->duration = end > event->start ? end - event->start : 0;
    }
    if (event->flags & RN_EVENT_DEVICE_QUEUED && event->kind == RN_KIND_KERNEL)
        place_queued(clocks, number, &kernel->queued, &kernel->submitted);
    if (event->flags & RN_EVENT_DEVICE_QUEUED && event->kind == RN_KIND_TRANSFER)
        place_queued(clocks, number, &transfer->queued, &transfer->submitted);
    event->flags &= ~(RN_EVENT_DEVICE_TIME | RN_EVENT_DEVICE_QUEUED);
}

/* How far any point is from the line between its neighbours, and the worst error of one, ns. */
static double bound(const struct device_clock *clock, double tick_ns)
{
    const struct point *points = clock->points;
    double error = 0, bend = 0;

    for (size_t i = 0; i < clock->count; i++) {
        bool inner = i > 0 && i + 1 < clock->count && !points[i].step && !points[i + 1].step;

        error = fmax(error, (double)points[i].error_ns);
        if (inner)
            bend = fmax(bend, fabs((double)points[i].distance -
                                   on_line(&points[i - 1], &points[i + 1], points[i].time)));
    }
    return error + (bend + 2) * tick_ns;
}

/* Of the device against CLOCK_MONOTONIC, in parts per million. */
static double drift(const struct device_clock *clock)
{
    const struct point *a = &clock->points[clock->era], *b = &clock->points[clock->count - 1];
    double monotonic = (double)(b->monotonic_ns - a->monotonic_ns);
    double device = (double)(b->device - a->device) * ((double)clock->last.period / SCALE);

    if (b->monotonic_ns <= a->monotonic_ns || b->device <= a->device || monotonic < BASELINE_NS)
        return NAN;
    return (device / monotonic - 1) * 1e6;
}

static int64_t offset(const struct rn_device_clock *reading)
{
    unsigned __int128 device = (unsigned __int128)reading->device_ticks * reading->period;

    return (int64_t)((uint64_t)(device >> 32) - reading->monotonic_ns);
}

bool rn_device_clocks_info(const struct rn_device_clocks *clocks, uint64_t number, double tick_ns,
                           struct rn_device_clock_info *info)
{
    const struct device_clock *clock = find(clocks, number);
    const struct rn_device_clock *last = clock ? &clock->last : NULL;

    if (!clock)
        return false;
    *info = (struct rn_device_clock_info){
        .number = number,
        .api = last->api,
        .device = last->device,
        .source = last->source,
        .name = clock->name ? clock->name : "",
        .readings = clock->readings,
        .steps = clock->steps,
        .offset_ns = offset(last),
        .ns_per_tick = (double)last->period / SCALE,
        .drift_ppm = NAN,
        .bound_ns = bound(clock, tick_ns),
    };
    if (clock->count > 0)
        info->drift_ppm = drift(clock);
    return true;
}
