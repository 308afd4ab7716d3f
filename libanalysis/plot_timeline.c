/* SPDX-License-Identifier: MIT */
/* What each thread and device queue did when: single marks, or bins where a row has many. */
#include "plot_timeline.h"

#include "formats/crc64.h"
#include "formats/syscall_table.h"

#include <stdio.h>
#include <stdlib.h>

static bool timeline_begin(struct rn_plot *plot)
{
    plot->state = calloc(1, sizeof(struct timeline));
    return plot->state;
}

static void row_free(struct timeline_row *row)
{
    if (!row)
        return;
    free(row->marks);
    plot_bins_free(&row->bins);
    free(row);
}

static void timeline_free(struct rn_plot *plot)
{
    struct timeline *timeline = plot->state;

    if (!timeline)
        return;
    for (size_t i = 0; i < timeline->count; i++)
        row_free(timeline->rows[i]);
    row_free(timeline->others);
    free(timeline->rows);
    rn_id_map_free(&timeline->by_stream);
    rn_id_map_free(&timeline->names);
    free(timeline);
}

static void name_row(struct rn_plot *plot, struct timeline_row *row)
{
    const struct rn_thread_info *thread = rn_trace_thread(plot->trace, row->stream);

    if (thread->stream != row->stream)
        return;
    row->type = thread->type;
    row->pid = thread->pid;
    row->tid = thread->tid;
    row->process = thread->process ? thread->process->serial : UINT64_MAX;
    if (thread->type == RN_STREAM_THREAD)
        snprintf(row->name, sizeof row->name, "%.40s %llu", thread->name,
                 (unsigned long long)thread->tid);
    else
        snprintf(row->name, sizeof row->name, "%.63s", thread->name);
}

static struct timeline_row *row_new(struct rn_plot *plot, struct timeline *timeline,
                                    uint64_t stream)
{
    struct timeline_row **rows =
        reallocarray(timeline->rows, timeline->count + 1, sizeof(struct timeline_row *));
    struct timeline_row *row = rows ? calloc(1, sizeof *row) : NULL;

    if (rows)
        timeline->rows = rows;
    if (!row || !rn_id_map_set(&timeline->by_stream, stream, row)) {
        free(row);
        plot->no_memory = true;
        return NULL;
    }
    rows[timeline->count++] = row;
    row->stream = stream;
    row->first_ns = UINT64_MAX;
    row->process = UINT64_MAX;
    snprintf(row->name, sizeof row->name, "stream %llu", (unsigned long long)stream);
    name_row(plot, row);
    return row;
}

static struct timeline_row *others_row(struct rn_plot *plot, struct timeline *timeline)
{
    if (timeline->others)
        return timeline->others;
    timeline->others = calloc(1, sizeof *timeline->others);
    if (timeline->others)
        timeline->others->first_ns = UINT64_MAX;
    if (!timeline->others || !timeline_row_bin(plot, timeline->others))
        plot->no_memory = true;
    return timeline->others;
}

static struct timeline_row *row_of(struct rn_plot *plot, uint64_t stream)
{
    struct timeline *timeline = plot->state;
    struct timeline_row *row = rn_id_map_get(&timeline->by_stream, stream);

    if (row)
        return row;
    if (timeline->count < TIMELINE_TRACKED)
        return row_new(plot, timeline, stream);
    row = others_row(plot, timeline);
    if (!row || !rn_id_map_set(&timeline->by_stream, stream, row))
        plot->no_memory = true;
    else
        row->members++;
    return row;
}

static void timeline_note(struct rn_plot *plot, const struct rn_event *event)
{
    struct timeline *timeline = plot->state;
    struct timeline_row *row = rn_id_map_get(&timeline->by_stream, event->stream);

    if (row && row != timeline->others)
        name_row(plot, row);
}

static void add_to_bins(struct timeline_row *row, const struct timeline_mark *mark)
{
    plot_bins_add(&row->bins, mark->category, mark->start_ns, mark->end_ns,
                  (double)(mark->end_ns - mark->start_ns));
}

static bool has_bins(const struct rn_plot *plot, struct timeline_row *row)
{
    return row->bins.capacity || plot_bins_new(plot, &row->bins, TIMELINE_BINS, PLOT_CATEGORIES);
}

bool timeline_row_bin_calls(const struct rn_plot *plot, struct timeline_row *row)
{
    size_t kept = 0;

    if (!has_bins(plot, row))
        return false;
    row->calls_binned = true;
    for (size_t i = 0; i < row->count; i++) {
        if (row->marks[i].level == LEVEL_CALLS)
            add_to_bins(row, &row->marks[i]);
        else
            row->marks[kept++] = row->marks[i];
    }
    row->count = kept;
    return true;
}

bool timeline_row_bin(const struct rn_plot *plot, struct timeline_row *row)
{
    if (!has_bins(plot, row))
        return false;
    row->calls_binned = row->all_binned = true;
    for (size_t i = 0; i < row->count; i++)
        add_to_bins(row, &row->marks[i]);
    free(row->marks);
    row->marks = NULL;
    row->count = row->capacity = 0;
    return true;
}

static bool add_mark(const struct rn_plot *plot, struct timeline_row *row,
                     const struct timeline_mark *mark)
{
    struct timeline_mark *marks = row->marks;

    /* System calls first: API calls and blocks are fewer, and worth a name each. */
    if (row->count == TIMELINE_MARKS && !row->calls_binned && !timeline_row_bin_calls(plot, row))
        return false;
    if (row->count == TIMELINE_MARKS && !timeline_row_bin(plot, row))
        return false;
    row->levels[mark->level] = true;
    if (row->all_binned || (row->calls_binned && mark->level == LEVEL_CALLS)) {
        row->levels[timeline_level(mark->category)] = true;
        add_to_bins(row, mark);
        return true;
    }
    if (row->count == row->capacity) {
        size_t capacity = row->capacity ? 2 * row->capacity : 32;

        marks = reallocarray(marks, capacity, sizeof *marks);
        if (!marks)
            return false;
        row->marks = marks;
        row->capacity = capacity;
    }
    marks[row->count++] = *mark;
    return true;
}

static const char *name_of(struct rn_plot *plot, const struct plot_sample *sample)
{
    struct timeline *timeline = plot->state;
    const struct rn_attachment *name;
    const char *kept;
    uint64_t key;
    size_t length;

    if (!sample->event) {
        const struct rn_syscall_info *info = rn_syscall_info(sample->abi, sample->nr);

        return info ? info->name : "?";
    }
    name = rn_event_attachment(sample->event, RN_ATT_NAME, RN_ARG_ANY);
    if (!name || !name->data)
        return "?";
    length = strnlen((const char *)name->data, name->size < 256 ? name->size : 256);
    key = rn_crc64(0, name->data, length);
    kept = rn_id_map_get(&timeline->names, key);
    if (kept || timeline->names.count >= TIMELINE_NAMES)
        return kept ? kept : "?";
    kept = plot_keep(plot, (const char *)name->data, length);
    if (!kept || !rn_id_map_set(&timeline->names, key, (void *)kept))
        plot->no_memory = true;
    return kept;
}

/* Calls and what they asked for have the number in common, within a process and an API. */
static uint64_t tie_of(const struct timeline_row *row, const struct rn_event *event)
{
    uint64_t words[3] = {row->process, 0, 0};

    if (!event)
        return 0;
    if (event->kind == RN_KIND_API) {
        words[1] = event->u.api.api;
        words[2] = event->u.api.correlation;
    } else if (event->kind == RN_KIND_KERNEL) {
        words[1] = event->u.kernel.api;
        words[2] = event->u.kernel.correlation;
    } else if (event->kind == RN_KIND_TRANSFER) {
        words[1] = event->u.transfer.api;
        words[2] = event->u.transfer.correlation;
    }
    return words[2] ? rn_crc64(0, words, sizeof words) : 0;
}

static void note_fork(struct timeline *timeline, const struct plot_sample *sample)
{
    const struct rn_process *process = &sample->event->u.process;

    if (process->op != RN_PROCESS_FORK || !process->child_stream)
        return;
    if (timeline->fork_count == TIMELINE_FORKS) {
        timeline->forks_lost++;
        return;
    }
    timeline->forks[timeline->fork_count++] =
        (struct timeline_fork){sample->start_ns, sample->stream, process->child_stream};
}

/* What was counted instead of recorded: how long it took all in all is known, not when. */
static bool add_counted(struct rn_plot *plot, struct timeline_row *row,
                        const struct plot_sample *sample)
{
    struct timeline *timeline = plot->state;
    const struct rn_aggregate *counted = &sample->event->u.aggregate;
    enum plot_category category = plot_category_of(plot, sample);

    if (!has_bins(plot, row))
        return false;
    timeline->used[category] = true;
    row->levels[timeline_level(category)] = true;
    plot_bins_add(&row->bins, category, sample->start_ns, sample->end_ns,
                  (double)rn_clock_duration(rn_trace_clock(plot->trace), counted->sum));
    return true;
}

static enum rn_status timeline_add(struct rn_plot *plot, const struct plot_sample *sample,
                                   struct rn_error *err)
{
    struct timeline *timeline = plot->state;
    struct timeline_row *row = row_of(plot, sample->stream);
    struct timeline_mark mark = {.start_ns = sample->start_ns, .end_ns = sample->end_ns};
    bool added = true;

    if (!row || plot->no_memory)
        return rn_fail(err, RN_E_NOMEM, "no memory for a timeline");
    row->events++;
    if (sample->start_ns < row->first_ns)
        row->first_ns = sample->start_ns;
    if (sample->end_ns > row->last_ns)
        row->last_ns = sample->end_ns;
    if (sample->kind == RN_KIND_PROCESS) {
        note_fork(timeline, sample);
    } else if (sample->kind == RN_KIND_AGGREGATE) {
        added = add_counted(plot, row, sample);
    } else {
        mark.category = (uint8_t)plot_category_of(plot, sample);
        mark.level = (uint8_t)timeline_level(mark.category);
        if (sample->kind == RN_KIND_BLOCK)
            mark.level = sample->event->u.block.depth < LEVEL_API
                             ? (uint8_t)sample->event->u.block.depth
                             : LEVEL_API - 1;
        timeline->used[mark.category] = true;
        if (!row->all_binned) {
            mark.name = name_of(plot, sample);
            mark.tie = tie_of(row, sample->event);
        }
        added = add_mark(plot, row, &mark);
    }
    return added ? RN_OK : rn_fail(err, RN_E_NOMEM, "no memory for a timeline");
}

const struct plot_method plot_timeline = {
    .name = "timeline",
    .title = "Timeline",
    .kinds = PLOT_WORK | 1ull << RN_KIND_PROCESS | 1ull << RN_KIND_AGGREGATE,
    .begin = timeline_begin,
    .add = timeline_add,
    .note = timeline_note,
    .finish = timeline_finish,
    .free = timeline_free,
};
