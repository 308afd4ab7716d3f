/* SPDX-License-Identifier: MIT */
/* Time in system calls by call stack: a flame graph (B. Gregg), functions in alphabetical order. */
#include "plot_private.h"

#include <stdio.h>
#include <stdlib.h>

#define DEPTH    64u   /* frames that are drawn */
#define NARROW   0.001 /* of the whole: what is narrower is put together */
#define UNNAMED  0xCCCCCCu
#define TOGETHER 0xE8E8E8u

static const struct rn_plot_column frame_columns[] = {{"from_ns", false}, {"to_ns", false},
                                                      {"depth", false},   {"color", false},
                                                      {"calls", false},   {"name", true}};

struct frame {
    struct frame *next, *children; /* by name */
    double ns;
    uint64_t calls;
    char name[];
};

struct flame {
    struct frame *root;
    bool cut;
    unsigned deepest;
};

static struct frame *frame_new(const char *name, size_t length)
{
    struct frame *frame = calloc(1, sizeof *frame + length + 1);

    if (frame)
        memcpy(frame->name, name, length);
    return frame;
}

static void frame_free(struct frame *frame)
{
    while (frame) {
        struct frame *next = frame->next;

        frame_free(frame->children);
        free(frame);
        frame = next;
    }
}

/* The child of that name, made if it is new. */
static struct frame *child_of(struct frame *parent, const char *name, size_t length)
{
    struct frame **place = &parent->children, *child;

    for (; *place; place = &(*place)->next) {
        int order = strncmp((*place)->name, name, length);

        if (order == 0 && !(*place)->name[length])
            return *place;
        if (order > 0 || (order == 0 && (*place)->name[length]))
            break;
    }
    child = frame_new(name, length);
    if (child) {
        child->next = *place;
        *place = child;
    }
    return child;
}

/* False without memory. */
static bool add_stack(struct flame *flame, const struct rn_summary_group *group)
{
    double ns = (double)rn_histogram_sum(group->durations);
    uint64_t calls = rn_histogram_count(group->durations);
    struct frame *frame = flame->root;
    const char *name = group->name;

    frame->ns += ns;
    frame->calls += calls;
    for (unsigned depth = 1; *name; depth++) {
        size_t length = strcspn(name, ";");

        if (depth == DEPTH) {
            flame->cut = true;
            break;
        }
        frame = child_of(frame, name, length);
        if (!frame)
            return false;
        frame->ns += ns;
        frame->calls += calls;
        if (depth > flame->deepest)
            flame->deepest = depth;
        name += length;
        name += *name == ';';
    }
    return true;
}

/* Shades that say nothing but that a neighbour is another function. */
static uint32_t shade_of(const char *name)
{
    static const uint32_t shades[] = {0xE69F00, 0xF0B840, 0xF5C765, 0xFAD98C, 0xEBAA20};
    unsigned hash = 5381;

    if (name[0] == '[')
        return UNNAMED;
    while (*name)
        hash = hash * 33 + (unsigned char)*name++;
    return shades[hash % (sizeof shades / sizeof shades[0])];
}

static void put_box(struct rn_plot *plot, double from, double ns, unsigned depth, uint32_t color,
                    uint64_t calls, const char *name)
{
    union rn_plot_cell *cell = plot_table_row(&plot->picture.tables[0]);

    if (!cell) {
        plot->no_memory = true;
        return;
    }
    cell[0].number = from;
    cell[1].number = from + ns;
    cell[2].number = depth;
    cell[3].number = color;
    cell[4].number = (double)calls;
    cell[5].text = name;
}

static void put_frames(struct rn_plot *plot, const struct frame *parent, double from,
                       unsigned depth)
{
    const struct flame *flame = plot->state;
    double narrow_ns = flame->root->ns * NARROW, together = 0;
    uint64_t calls = 0;

    for (const struct frame *frame = parent->children; frame; frame = frame->next) {
        if (frame->ns < narrow_ns) {
            together += frame->ns;
            calls += frame->calls;
            continue;
        }
        put_box(plot, from, frame->ns, depth, shade_of(frame->name), frame->calls, frame->name);
        put_frames(plot, frame, from, depth + 1);
        from += frame->ns;
    }
    if (together >= narrow_ns && together > 0)
        put_box(plot, from, together, depth, TOGETHER, calls, "(narrow ones)");
}

static bool flame_begin(struct rn_plot *plot)
{
    struct flame *flame = plot->state = calloc(1, sizeof *flame);

    if (flame)
        flame->root = frame_new("all", 3);
    return flame && flame->root;
}

static void flame_free(struct rn_plot *plot)
{
    struct flame *flame = plot->state;

    if (flame)
        frame_free(flame->root);
    free(flame);
}

static bool grow(struct rn_plot *plot)
{
    size_t count;
    struct rn_summary_group *const *groups = rn_summary_groups(plot->summary, &count);

    for (size_t i = 0; i < count; i++)
        if (!add_stack(plot->state, groups[i]))
            return false;
    return true;
}

static enum rn_status flame_finish(struct rn_plot *const *plots, unsigned count,
                                   struct rn_error *err)
{
    struct rn_plot_axis x = {.label = "time in system calls", .unit = RN_PLOT_UNIT_NS};
    struct rn_plot_axis y = {.label = "stack"};

    for (unsigned i = 0; i < count; i++) {
        struct flame *flame = plots[i]->state;

        if (!grow(plots[i]))
            return rn_fail(err, RN_E_NOMEM, "no memory for a flame graph");
        if (!(flame->root->ns > 0))
            return plot_nothing(plots[i], "system calls", err);
        plot_table_add(&plots[i]->picture, "frames", PLOT_COLUMNS(frame_columns));
        put_box(plots[i], 0, flame->root->ns, 0, TOGETHER, flame->root->calls, "all");
        put_frames(plots[i], flame->root, 0, 1);
        if (!plots[i]->stacks)
            plot_note(plots[i], "no stacks were recorded (rn-record --stack=frame keeps them)");
        if (flame->cut)
            plot_note(plots[i], "stacks of more than %u frames are cut", DEPTH);
        x.max = flame->root->ns > x.max ? flame->root->ns : x.max;
        y.max = flame->deepest + 1 > y.max ? flame->deepest + 1 : y.max;
    }
    for (unsigned i = 0; i < count; i++) {
        plots[i]->picture.x = x;
        plots[i]->picture.y = y;
    }
    return RN_OK;
}

const struct plot_method plot_flame = {.name = "flame",
                                       .title = "Flame graph of system calls",
                                       .by = RN_BY_STACK,
                                       .begin = flame_begin,
                                       .finish = flame_finish,
                                       .free = flame_free};
