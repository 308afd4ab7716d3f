/* SPDX-License-Identifier: MIT */
/* The tables of a timeline: rows, marks and arrows. */
#include "plot_timeline_rows.h"

#include <math.h>
#include <stdlib.h>

static const struct rn_plot_column row_columns[] = {
    {"row", false},    {"name", true},    {"pid", false},     {"tid", false},
    {"stream", false}, {"events", false}, {"from_ns", false}, {"to_ns", false},
    {"y_low", false},  {"y_high", false}, {"binned", false}};
static const struct rn_plot_column mark_columns[] = {
    {"from_ns", false}, {"to_ns", false}, {"y_low", false},  {"y_high", false}, {"series", false},
    {"row", false},     {"share", false}, {"events", false}, {"name", true}};
static const struct rn_plot_column arrow_columns[] = {
    {"from_ns", false}, {"from_y", false}, {"to_ns", false}, {"to_y", false}, {"what", true}};

struct job {
    struct rn_plot *plot;
    struct timeline *timeline;
    struct rn_plot_table *marks;
    const uint8_t *series; /* by category */
    double resolution_ns;  /* what is shorter cannot be seen */
    unsigned bins;         /* a row is drawn with at most so many */
    bool crowded;          /* in a binned row of a queue several run at once */
};

static void put_row(struct rn_plot *plot, struct rn_plot_table *table,
                    const struct timeline_row *row)
{
    union rn_plot_cell *cell = plot_table_row(table);

    if (!cell) {
        plot->no_memory = true;
        return;
    }
    cell[0].number = row->number;
    cell[1].text = row->name;
    cell[2].number = (double)row->pid;
    cell[3].number = (double)row->tid;
    cell[4].number = (double)row->stream;
    cell[5].number = (double)row->events;
    cell[6].number = row->first_ns == UINT64_MAX ? 0 : (double)row->first_ns;
    cell[7].number = (double)row->last_ns;
    cell[8].number = row->y_low;
    cell[9].number = row->y_high;
    cell[10].number = row->bins.capacity != 0;
}

struct drawn {
    double from_ns, to_ns, y_low, y_high, share, longest_ns;
    uint64_t events;
    const char *name;
    uint8_t category;
};

static void put_mark(struct job *job, const struct timeline_row *row, const struct drawn *mark)
{
    union rn_plot_cell *cell = plot_table_row(job->marks);

    if (!cell) {
        job->plot->no_memory = true;
        return;
    }
    cell[0].number = mark->from_ns;
    cell[1].number = mark->to_ns;
    cell[2].number = mark->y_low;
    cell[3].number = mark->y_high;
    cell[4].number = job->series[mark->category];
    cell[5].number = row->number;
    cell[6].number = mark->share;
    cell[7].number = (double)mark->events;
    /* Of several that are drawn as one: of the one that it nearly is. */
    cell[8].text = mark->events == 1 || mark->longest_ns > 0.9 * (mark->to_ns - mark->from_ns)
                       ? mark->name
                       : "";
}

/* Neighbours that nobody can tell from each other become one. */
static void put_lane(struct job *job, const struct timeline_row *row, unsigned lane)
{
    struct drawn last = {.events = 0};
    double low, high;

    timeline_strip(row, lane, &low, &high);
    for (size_t i = 0; i < row->count; i++) {
        const struct timeline_mark *mark = &row->marks[i];
        double from = (double)mark->start_ns, to = (double)mark->end_ns;

        if (mark->lane != lane)
            continue;
        if (last.events && last.category == mark->category &&
            from - last.to_ns < job->resolution_ns && to - from < 2 * job->resolution_ns) {
            last.to_ns = fmax(last.to_ns, to);
            last.events++;
            if (to - from > last.longest_ns) {
                last.longest_ns = to - from;
                last.name = mark->name;
            }
            continue;
        }
        if (last.events)
            put_mark(job, row, &last);
        last = (struct drawn){from, to, low, high, 1, to - from, 1, mark->name, mark->category};
    }
    if (last.events)
        put_mark(job, row, &last);
}

/* How much is done at once at most, in one bin: what the height of a strip stands for. */
static double peak_of(const struct timeline_row *row)
{
    double peak = row->members ? row->members : 1;

    for (uint64_t bin = 0; row->type == RN_STREAM_QUEUE && bin < row->bins.used; bin++) {
        double busy = plot_bins_get(&row->bins, PLOT_KERNELS, bin) +
                      plot_bins_get(&row->bins, PLOT_TRANSFERS, bin);

        peak = fmax(peak, busy / (double)(plot_bins_end(&row->bins, bin) -
                                          plot_bins_begin(&row->bins, bin)));
    }
    return peak;
}

/* What a bin looks like; parts of categories that are not in it have no height. */
#define SLIVER 0.06 /* of a strip: what there is at all can be seen */
struct look {
    double from_ns, to_ns;
    struct drawn part[PLOT_CATEGORIES];
};

static struct look look_of(const struct timeline_row *row, uint64_t bin, double peak)
{
    struct look look = {.from_ns = (double)plot_bins_begin(&row->bins, bin),
                        .to_ns = (double)plot_bins_end(&row->bins, bin)};
    double width = look.to_ns - look.from_ns, base[LEVELS] = {0};

    for (unsigned category = 0; category < PLOT_CATEGORIES; category++) {
        unsigned level = timeline_level(category);
        double share = plot_bins_get(&row->bins, category, bin) / width / peak;
        double low, high, height;

        if (!(share > 0))
            continue;
        height = fmin(fmax(share, SLIVER), 1 - base[level]);
        timeline_strip(row, row->lane_of[level], &low, &high);
        look.part[category] = (struct drawn){.y_low = high - (base[level] + height) * (high - low),
                                             .y_high = high - base[level] * (high - low),
                                             .share = fmin(share, 1),
                                             .name = "",
                                             .category = (uint8_t)category};
        base[level] += height;
    }
    return look;
}

static bool are_alike(const struct look *a, const struct look *b)
{
    for (unsigned i = 0; i < PLOT_CATEGORIES; i++)
        if (fabs(a->part[i].y_low - b->part[i].y_low) > 0.01 ||
            fabs(a->part[i].y_high - b->part[i].y_high) > 0.01)
            return false;
    return true;
}

static void put_look(struct job *job, const struct timeline_row *row, struct look *look)
{
    for (unsigned i = 0; i < PLOT_CATEGORIES; i++) {
        look->part[i].from_ns = look->from_ns;
        look->part[i].to_ns = look->to_ns;
        if (look->part[i].share > 0)
            put_mark(job, row, &look->part[i]);
    }
}

/* Neighbours that look alike are one. */
static void put_bins(struct job *job, const struct timeline_row *row)
{
    double peak = peak_of(row);
    struct look last = look_of(row, 0, peak);

    for (uint64_t bin = 1; bin < row->bins.used; bin++) {
        struct look look = look_of(row, bin, peak);

        if (are_alike(&last, &look)) {
            last.to_ns = look.to_ns;
            continue;
        }
        put_look(job, row, &last);
        last = look;
    }
    put_look(job, row, &last);
}

static void put_marks(struct job *job, struct timeline_row *row)
{
    if (row->bins.capacity) {
        plot_bins_finish(&row->bins, plot_end_ns(job->plot), job->bins);
        job->crowded |= peak_of(row) > 1 && !row->members;
        put_bins(job, row);
    }
    for (unsigned lane = 0; lane < row->lanes; lane++)
        put_lane(job, row, lane);
}

/* ---- arrows ---- */

static const struct timeline_row *shown_row(const struct timeline *timeline, uint64_t stream)
{
    const struct timeline_row *row = rn_id_map_get(&timeline->by_stream, stream);

    return row && row->shown && row != timeline->others ? row : NULL;
}

static void put_arrow(struct rn_plot *plot, struct rn_plot_table *table, uint64_t from_ns,
                      double from_y, uint64_t to_ns, double to_y, const char *what)
{
    union rn_plot_cell *cell = plot_table_row(table);

    if (!cell) {
        plot->no_memory = true;
        return;
    }
    cell[0].number = (double)from_ns;
    cell[1].number = from_y;
    cell[2].number = (double)to_ns;
    cell[3].number = to_y;
    cell[4].text = what;
}

static void put_forks(struct rn_plot *plot, struct timeline *timeline, struct rn_plot_table *table)
{
    for (size_t i = 0; i < timeline->fork_count; i++) {
        const struct timeline_fork *fork = &timeline->forks[i];
        const struct timeline_row *parent = shown_row(timeline, fork->stream);
        const struct timeline_row *child = shown_row(timeline, fork->child);
        uint64_t begin;

        if (!parent || !child || parent == child)
            continue;
        begin = child->first_ns < fork->at_ns ? fork->at_ns : child->first_ns;
        put_arrow(plot, table, fork->at_ns, (parent->y_low + parent->y_high) / 2, begin,
                  (child->y_low + child->y_high) / 2, "fork");
    }
}

/* By its tie: the call that began first, of a layer of the API upon another. */
struct asked {
    uint64_t at_ns;
    double y;
};

static bool note_calls(const struct timeline *timeline, struct rn_id_map *calls)
{
    for (size_t i = 0; i < timeline->count; i++) {
        const struct timeline_row *row = timeline->rows[i];

        for (size_t k = 0; row->shown && k < row->count; k++) {
            const struct timeline_mark *mark = &row->marks[k];
            struct asked *asked;
            double low, high;

            if (mark->category != PLOT_API_CALLS || !mark->tie || rn_id_map_get(calls, mark->tie))
                continue;
            timeline_strip(row, mark->lane, &low, &high);
            asked = malloc(sizeof *asked);
            if (!asked)
                return false;
            *asked = (struct asked){mark->start_ns, high};
            if (!rn_id_map_set(calls, mark->tie, asked)) {
                free(asked);
                return false;
            }
        }
    }
    return true;
}

static void put_launches(struct rn_plot *plot, struct timeline *timeline,
                         struct rn_plot_table *table)
{
    struct rn_id_map calls = RN_ID_MAP_INIT;
    size_t before = table->rows, found;

    plot->no_memory |= !note_calls(timeline, &calls);
    for (size_t i = 0; i < timeline->count; i++) {
        const struct timeline_row *row = timeline->rows[i];

        for (size_t k = 0; row->shown && k < row->count; k++) {
            const struct timeline_mark *mark = &row->marks[k];
            const struct asked *asked = mark->category != PLOT_API_CALLS && mark->tie
                                            ? rn_id_map_get(&calls, mark->tie)
                                            : NULL;
            double low, high;

            if (!asked)
                continue;
            timeline_strip(row, mark->lane, &low, &high);
            put_arrow(plot, table, asked->at_ns, asked->y, mark->start_ns, low, "launch");
        }
    }
    found = table->rows - before;
    if (found > TIMELINE_LAUNCHES) {
        table->rows = before;
        plot_note(plot, "arrows of %zu launches left out: select a shorter time", found);
    }
    for (size_t i = 0; i < calls.capacity; i++)
        free(calls.slots[i].value);
    rn_id_map_free(&calls);
}

/* ---- all of it ---- */

static void make_tables(struct rn_plot *plot, const uint8_t *series)
{
    struct timeline *timeline = plot->state;
    struct rn_plot_table *rows = plot_table_add(&plot->picture, "rows", PLOT_COLUMNS(row_columns));
    struct rn_plot_table *marks =
        plot_table_add(&plot->picture, "marks", PLOT_COLUMNS(mark_columns));
    struct rn_plot_table *arrows =
        plot_table_add(&plot->picture, "arrows", PLOT_COLUMNS(arrow_columns));
    struct job job = {.plot = plot,
                      .timeline = timeline,
                      .marks = marks,
                      .series = series,
                      .resolution_ns = (plot->picture.x.max - plot->picture.x.min) / 3000,
                      .bins = plot->picture.rows <= 12 ? 512 : 256};
    size_t binned = 0;

    for (size_t i = 0; i <= timeline->count; i++) {
        struct timeline_row *row = i < timeline->count ? timeline->rows[i] : timeline->others;

        if (!row || !row->shown)
            continue;
        binned += row->bins.capacity != 0;
        put_row(plot, rows, row);
        put_marks(&job, row);
    }
    put_forks(plot, timeline, arrows);
    put_launches(plot, timeline, arrows);
    if (binned)
        plot_note(plot, "%zu row%s with too many events to draw each: heights are shares of time%s",
                  binned, binned == 1 ? "" : "s",
                  job.crowded ? " (of queues: how many run at once, of the most)" : "");
}

enum rn_status timeline_finish(struct rn_plot *const *plots, unsigned count, struct rn_error *err)
{
    uint8_t series[PLOT_CATEGORIES] = {0};
    struct rn_plot_axis x = {.label = NULL}, y = {.label = NULL}, own;
    bool used[PLOT_CATEGORIES] = {false};

    for (unsigned i = 0; i < count; i++) {
        struct timeline *timeline = plots[i]->state;

        if (!timeline->count)
            return plot_nothing(plots[i], "events", err);
        if (!timeline_place_rows(plots[i], timeline))
            return rn_fail(err, RN_E_NOMEM, "no memory for a timeline");
        plot_time_axis(plots[i], &own);
        plot_axis_join(&x, &own);
        plot_axis_join(&y, &plots[i]->picture.y);
        for (unsigned k = 0; k < PLOT_CATEGORIES; k++)
            used[k] |= timeline->used[k];
    }
    for (unsigned i = 0; i < count; i++) {
        for (unsigned k = 0; k < PLOT_CATEGORIES; k++)
            if (used[k])
                series[k] = (uint8_t)plot_series_add(&plots[i]->picture, plot_categories[k].name,
                                                     plot_categories[k].color);
        plots[i]->picture.x = x;
        /* Rows need not be as high in both, but not be bars either. */
        plots[i]->picture.y.max = fmax(plots[i]->picture.y.max, 0.5 * y.max);
        make_tables(plots[i], series);
    }
    return RN_OK;
}
