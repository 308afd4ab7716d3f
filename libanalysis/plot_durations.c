/* SPDX-License-Identifier: MIT */
/* How long events took: histogram and cumulative distribution, of a summary. */
#include "plot_private.h"

#include <math.h>
#include <stdlib.h>

#define NAMED 7u /* series that have a name each; what is left is one more */

/* Bin 0 is 0 to 3 ns; from there on a quarter of the power of two below. A histogram's buckets
 * (statistics.h) never lie across a bound. */
double plot_duration_low(unsigned bin)
{
    return bin == 0 ? 1 : ldexp(4 + (bin - 1) % 4, (int)((bin - 1) / 4));
}

unsigned plot_duration_bin(uint64_t ns)
{
    unsigned shift, bin;

    if (ns < 4)
        return 0;
    shift = 61u - (unsigned)__builtin_clzll(ns);
    bin = 1 + 4 * shift + (unsigned)(ns >> shift) - 4;
    return bin < PLOT_DURATIONS ? bin : PLOT_DURATIONS - 1;
}

unsigned plot_bin_count(uint64_t events, unsigned most)
{
    uint64_t count = events / 8;

    return count < 24 ? 24 : count > most ? most : (unsigned)count;
}

/* ---- which groups have a series of their own ---- */

struct named {
    const char *name;
    uint64_t count;
};
struct choice {
    struct named groups[NAMED];
    unsigned count;
    bool others; /* there are more */
};

static uint64_t count_of(struct rn_plot *const *plots, unsigned count, const char *name)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < count; i++) {
        size_t size;
        struct rn_summary_group *const *groups = rn_summary_groups(plots[i]->summary, &size);

        for (size_t k = 0; k < size; k++)
            if (strcmp(groups[k]->name, name) == 0)
                sum += rn_histogram_count(groups[k]->durations);
    }
    return sum;
}

static bool comes_before(const struct named *a, const struct named *b)
{
    return a->count != b->count ? a->count > b->count : strcmp(a->name, b->name) < 0;
}

static void consider(struct choice *choice, struct named candidate)
{
    unsigned i = choice->count;

    for (unsigned k = 0; k < choice->count; k++)
        if (strcmp(choice->groups[k].name, candidate.name) == 0)
            return;
    if (i == NAMED) {
        choice->others = true;
        if (!comes_before(&candidate, &choice->groups[NAMED - 1]))
            return;
        i--;
    } else {
        choice->count++;
    }
    for (; i > 0 && comes_before(&candidate, &choice->groups[i - 1]); i--)
        choice->groups[i] = choice->groups[i - 1];
    choice->groups[i] = candidate;
}

/* The most frequent ones of all plots together. False: there is nothing. */
static void choose(struct rn_plot *const *plots, unsigned count, struct choice *choice)
{
    *choice = (struct choice){.count = 0};
    for (unsigned i = 0; i < count; i++) {
        size_t size;
        struct rn_summary_group *const *groups = rn_summary_groups(plots[i]->summary, &size);

        for (size_t k = 0; k < size; k++)
            consider(choice,
                     (struct named){groups[k]->name, count_of(plots, count, groups[k]->name)});
    }
    for (unsigned i = 0; i < count; i++) {
        for (unsigned k = 0; k < choice->count; k++)
            plot_series_add(&plots[i]->picture, choice->groups[k].name, plot_palette[k]);
        if (choice->others)
            plot_series_add(&plots[i]->picture, "all others", 0xBBBBBB);
    }
}

/* Of a plot, by series: the durations of its groups together. Freed by the caller. */
static bool gather(struct rn_plot *plot, const struct choice *choice,
                   struct rn_histogram *by_series[NAMED + 1])
{
    size_t size;
    struct rn_summary_group *const *groups = rn_summary_groups(plot->summary, &size);

    for (unsigned i = 0; i < choice->count + choice->others; i++) {
        by_series[i] = rn_histogram_new();
        if (!by_series[i])
            return false;
    }
    for (size_t k = 0; k < size; k++) {
        unsigned i = 0;

        while (i < choice->count && strcmp(choice->groups[i].name, groups[k]->name) != 0)
            i++;
        rn_histogram_merge(by_series[i], groups[k]->durations);
    }
    return true;
}

static void free_all(struct rn_histogram *by_series[NAMED + 1])
{
    for (unsigned i = 0; i <= NAMED; i++)
        rn_histogram_free(by_series[i]);
}

static uint64_t count_in(const struct rn_histogram *histogram, unsigned bin)
{
    uint64_t above = rn_histogram_above(histogram, (uint64_t)plot_duration_low(bin + 1) - 1);

    if (bin == 0)
        return rn_histogram_count(histogram) - above;
    return rn_histogram_above(histogram, (uint64_t)plot_duration_low(bin) - 1) - above;
}

/* What took no time that could be measured has no place on a logarithmic scale: the axis begins
 * with the shortest of what did. */
static bool duration_axis(struct rn_plot *const *plots, unsigned count, struct rn_plot_axis *axis)
{
    unsigned first = PLOT_DURATIONS, last = 0;

    for (unsigned i = 0; i < count; i++) {
        size_t size;
        struct rn_summary_group *const *groups = rn_summary_groups(plots[i]->summary, &size);
        uint64_t events = 0, nothing = 0;

        for (size_t k = 0; k < size; k++) {
            const struct rn_histogram *durations = groups[k]->durations;
            unsigned bin = plot_duration_bin(rn_histogram_max(durations));

            events += rn_histogram_count(durations);
            nothing += count_in(durations, 0);
            if (bin > last)
                last = bin;
            for (bin = 1; bin < first; bin++)
                if (count_in(durations, bin))
                    first = bin;
        }
        plots[i]->picture.events = events;
        if (nothing)
            plot_note(plots[i], "%llu of less than 4 ns", (unsigned long long)nothing);
    }
    if (first > last)
        return false;
    *axis = (struct rn_plot_axis){.label = "duration",
                                  .unit = RN_PLOT_UNIT_NS,
                                  .min = plot_duration_low(first),
                                  .max = plot_duration_low(last + 1),
                                  .log = true};
    return true;
}

/* ---- histogram ---- */

static const struct rn_plot_column bar_columns[] = {{"from_ns", false}, {"to_ns", false},
                                                    {"low", false},     {"high", false},
                                                    {"series", false},  {"events", false}};

static uint64_t put_bar(struct rn_plot *plot, struct rn_plot_table *table,
                        struct rn_histogram *by_series[NAMED + 1], unsigned count, unsigned bin)
{
    uint64_t base = 0;

    for (unsigned i = 0; i < count; i++) {
        uint64_t events = count_in(by_series[i], bin);
        union rn_plot_cell *cell = events ? plot_table_row(table) : NULL;

        if (!events)
            continue;
        if (!cell) {
            plot->no_memory = true;
            return base;
        }
        cell[0].number = plot_duration_low(bin);
        cell[1].number = plot_duration_low(bin + 1);
        cell[2].number = (double)base;
        cell[3].number = (double)(base + events);
        cell[4].number = i + 1;
        cell[5].number = (double)events;
        base += events;
    }
    return base;
}

static enum rn_status histogram_finish(struct rn_plot *const *plots, unsigned count,
                                       struct rn_error *err)
{
    struct rn_plot_axis x, y = {.label = "events", .max = 1};
    struct choice choice;

    if (!duration_axis(plots, count, &x))
        return plot_nothing(plots[0], "events", err);
    choose(plots, count, &choice);
    for (unsigned i = 0; i < count; i++) {
        struct rn_plot_table *table =
            plot_table_add(&plots[i]->picture, "bars", PLOT_COLUMNS(bar_columns));
        struct rn_histogram *by_series[NAMED + 1] = {NULL};

        plots[i]->no_memory |= !gather(plots[i], &choice, by_series);
        for (unsigned bin = plot_duration_bin((uint64_t)x.min);
             !plots[i]->no_memory && plot_duration_low(bin) < x.max; bin++)
            y.max = fmax(y.max, (double)put_bar(plots[i], table, by_series,
                                                choice.count + choice.others, bin));
        free_all(by_series);
    }
    for (unsigned i = 0; i < count; i++) {
        plots[i]->picture.x = x;
        plots[i]->picture.y = y;
    }
    return RN_OK;
}

/* ---- cumulative distribution ---- */

static const struct rn_plot_column curve_columns[] = {
    {"duration_ns", false}, {"percent", false}, {"series", false}, {"events", false}};

static void put_curve(struct rn_plot *plot, struct rn_plot_table *table, unsigned series,
                      const struct rn_histogram *durations)
{
    uint64_t count = rn_histogram_count(durations);
    double before = -1;

    for (unsigned step = 0; count && step <= 400; step++) {
        double part = step / 400.0;
        double value = fmax(1, (double)rn_histogram_quantile(durations, part));
        union rn_plot_cell *cell;

        /* Of a step upwards its two ends are enough. */
        if (value == before && step < 400 &&
            fmax(1, (double)rn_histogram_quantile(durations, (step + 1) / 400.0)) == value)
            continue;
        cell = plot_table_row(table);
        if (!cell) {
            plot->no_memory = true;
            return;
        }
        cell[0].number = before = value;
        cell[1].number = 100 * part;
        cell[2].number = series;
        cell[3].number = (double)count;
    }
}

static enum rn_status cdf_finish(struct rn_plot *const *plots, unsigned count, struct rn_error *err)
{
    struct rn_plot_axis x;
    struct choice choice;

    if (!duration_axis(plots, count, &x))
        return plot_nothing(plots[0], "events", err);
    choose(plots, count, &choice);
    for (unsigned i = 0; i < count; i++) {
        struct rn_plot_picture *picture = &plots[i]->picture;
        struct rn_plot_table *table = plot_table_add(picture, "curve", PLOT_COLUMNS(curve_columns));
        struct rn_histogram *by_series[NAMED + 1] = {NULL};

        plots[i]->no_memory |= !gather(plots[i], &choice, by_series);
        for (unsigned k = 0; !plots[i]->no_memory && k < choice.count + choice.others; k++)
            put_curve(plots[i], table, k + 1, by_series[k]);
        free_all(by_series);
        picture->x = x;
        picture->y = (struct rn_plot_axis){
            .label = "events up to that duration", .unit = RN_PLOT_UNIT_PERCENT, .max = 100};
    }
    return RN_OK;
}

static bool begin_nothing(struct rn_plot *plot)
{
    (void)plot;
    return true;
}
static void free_nothing(struct rn_plot *plot)
{
    (void)plot;
}

const struct plot_method plot_histogram = {.name = "histogram",
                                           .title = "Histogram of durations",
                                           .by = RN_BY_SYSCALL,
                                           .begin = begin_nothing,
                                           .finish = histogram_finish,
                                           .free = free_nothing};
const struct plot_method plot_cdf = {.name = "cdf",
                                     .title = "Cumulative distribution of durations",
                                     .by = RN_BY_SYSCALL,
                                     .begin = begin_nothing,
                                     .finish = cdf_finish,
                                     .free = free_nothing};
