/* SPDX-License-Identifier: MIT */
/* How long an operation takes on each backend by its size, as rn-backend-fit --plot-data tells it.
 */
#include "plot_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define OPERATIONS 6u       /* that are drawn */
#define ROWS_MAX   1000000u /* of all tables together */

static const struct rn_plot_column operation_columns[] = {{"operation", false}, {"name", true}};
static const struct rn_plot_column point_columns[] = {{"size", false},   {"ns", false},
                                                      {"low_ns", false}, {"high_ns", false},
                                                      {"series", false}, {"operation", false}};
static const struct rn_plot_column crossover_columns[] = {
    {"size", false}, {"low_size", false}, {"high_size", false},
    {"ns", false},   {"series", false},   {"operation", false}};
enum { TABLE_OPERATIONS, TABLE_POINTS, TABLE_CURVES, TABLE_CROSSOVERS };

/* What the lines up to the next empty one are. */
struct block {
    unsigned table; /* 0: nothing that is drawn */
    unsigned series, operation;
};

struct models {
    const char *names[OPERATIONS];
    unsigned count;
    uint64_t left_out;
    size_t rows;
};

static bool models_begin(struct rn_plot *plot)
{
    plot->state = calloc(1, sizeof(struct models));
    return plot->state;
}

static void models_free(struct rn_plot *plot)
{
    free(plot->state);
}

/* Its number from 1; 0 where there are too many. */
static unsigned operation_of(struct rn_plot *plot, const char *name, size_t length)
{
    struct models *models = plot->state;
    union rn_plot_cell *cell;
    const char *kept;

    for (unsigned i = 0; i < models->count; i++)
        if (strlen(models->names[i]) == length && memcmp(models->names[i], name, length) == 0)
            return i + 1;
    if (models->count == OPERATIONS) {
        models->left_out++;
        return 0;
    }
    kept = plot_keep(plot, name, length);
    cell = plot_table_row(&plot->picture.tables[TABLE_OPERATIONS]);
    if (!kept || !cell) {
        plot->no_memory = true;
        return 0;
    }
    models->names[models->count++] = kept;
    cell[0].number = models->count;
    cell[1].text = kept;
    return models->count;
}

/* "# curve (size ns low high): OPERATION: SERIES" */
static struct block begin_block(struct rn_plot *plot, const char *line, size_t length)
{
    static const struct {
        const char *text;
        unsigned table;
    } heads[] = {{"# points (size ns low high): ", TABLE_POINTS},
                 {"# curve (size ns low high): ", TABLE_CURVES},
                 {"# crossover (size low high ns), to: ", TABLE_CROSSOVERS}};
    struct block block = {.table = 0};
    char series[64];

    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        size_t head = strlen(heads[i].text), colon;

        if (length <= head || memcmp(line, heads[i].text, head) != 0)
            continue;
        line += head;
        length -= head;
        for (colon = length; colon > 1 && memcmp(line + colon - 2, ": ", 2) != 0; colon--)
            ;
        if (colon < 2)
            return block;
        snprintf(series, sizeof series, "%.*s", (int)(length - colon > 60 ? 60 : length - colon),
                 line + colon);
        block.operation = operation_of(plot, line, colon - 2);
        if (!block.operation)
            return block;
        block.series = plot_series_add(&plot->picture, series,
                                       plot_palette[plot->picture.series_count % PLOT_PALETTE]);
        block.table = heads[i].table;
    }
    return block;
}

static void widen(struct rn_plot_axis *axis, double value)
{
    if (!(value > 0) || !isfinite(value))
        return;
    axis->min = fmin(axis->min, value);
    axis->max = fmax(axis->max, value);
}

static enum rn_status add_line(struct rn_plot *plot, const struct block *block, const char *line,
                               struct rn_error *err)
{
    struct models *models = plot->state;
    double value[4];
    union rn_plot_cell *cell;

    if (sscanf(line, "%lf %lf %lf %lf", &value[0], &value[1], &value[2], &value[3]) != 4)
        return rn_fail(err, RN_E_FORMAT, "is not what 'rn-backend-fit --plot-data' writes");
    if (++models->rows > ROWS_MAX)
        return rn_fail(err, RN_E_LIMIT, "more than %u points", ROWS_MAX);
    cell = plot_table_row(&plot->picture.tables[block->table]);
    if (!cell)
        return rn_fail(err, RN_E_NOMEM, "no memory for a picture");
    for (unsigned i = 0; i < 4; i++)
        cell[i].number = value[i];
    cell[4].number = block->series;
    cell[5].number = block->operation;
    plot->picture.events += block->table == TABLE_POINTS;
    widen(&plot->picture.x, value[0]);
    if (block->table == TABLE_CROSSOVERS)
        return RN_OK;
    for (unsigned i = 1; i < 4; i++)
        widen(&plot->picture.y, value[i]);
    return RN_OK;
}

static void make_tables(struct rn_plot *plot)
{
    struct rn_plot_picture *picture = &plot->picture;

    plot_table_add(picture, "operations", PLOT_COLUMNS(operation_columns));
    plot_table_add(picture, "points", PLOT_COLUMNS(point_columns));
    plot_table_add(picture, "curves", PLOT_COLUMNS(point_columns));
    plot_table_add(picture, "crossovers", PLOT_COLUMNS(crossover_columns));
    picture->x = (struct rn_plot_axis){.label = "elements", .min = INFINITY, .log = true};
    picture->y = (struct rn_plot_axis){
        .label = "time", .unit = RN_PLOT_UNIT_NS, .min = INFINITY, .log = true};
}

enum rn_status rn_plot_read_models(struct rn_plot *plot, const char *name, const char *text,
                                   size_t size, struct rn_error *err)
{
    const char *slash = strrchr(name, '/');
    struct block block = {.table = 0};
    enum rn_status status = RN_OK;

    plot->source = strdup(slash && slash[1] ? slash + 1 : name);
    if (!plot->source)
        return rn_fail(err, RN_E_NOMEM, "no memory for a picture");
    plot->picture.source = plot->source;
    make_tables(plot);
    while (size && status == RN_OK && !plot->no_memory) {
        const char *newline = memchr(text, '\n', size);
        size_t length = newline ? (size_t)(newline - text) : size;
        char line[256];

        snprintf(line, sizeof line, "%.*s", (int)(length < 255 ? length : 255), text);
        if (line[0] == '#')
            block = begin_block(plot, line, strlen(line));
        else if (line[0] && block.table)
            status = add_line(plot, &block, line, err);
        else if (line[0] && !plot->picture.tables[TABLE_OPERATIONS].rows)
            status = rn_fail(err, RN_E_FORMAT, "is not what 'rn-backend-fit --plot-data' writes");
        text += newline ? length + 1 : length;
        size -= newline ? length + 1 : length;
    }
    if (plot->no_memory)
        status = rn_fail(err, RN_E_NOMEM, "no memory for a picture");
    return status == RN_OK ? RN_OK : rn_fail_in(err, name);
}

/* The same colour for the same backend in both. */
static void unite_series(struct rn_plot *const *plots, unsigned count)
{
    struct rn_plot_picture all = {.series_count = 0};

    for (unsigned i = 0; i < count; i++)
        for (unsigned k = 0; k < plots[i]->picture.series_count; k++)
            plot_series_add(&all, plots[i]->picture.series[k].name,
                            plot_palette[all.series_count % PLOT_PALETTE]);
    for (unsigned i = 0; i < count; i++) {
        struct rn_plot_picture *picture = &plots[i]->picture;
        unsigned number[RN_PLOT_MAX_SERIES + 1] = {0};

        for (unsigned k = 0; k < picture->series_count; k++)
            number[k + 1] = plot_series_add(&all, picture->series[k].name, 0);
        for (unsigned t = TABLE_POINTS; t <= TABLE_CROSSOVERS; t++)
            for (size_t row = 0; row < picture->tables[t].rows; row++) {
                union rn_plot_cell *cell = &picture->tables[t].cells[row * 6 + 4];

                cell->number = number[(unsigned)cell->number];
            }
        memcpy(picture->series, all.series, sizeof all.series);
        picture->series_count = all.series_count;
    }
}

static enum rn_status models_finish(struct rn_plot *const *plots, unsigned count,
                                    struct rn_error *err)
{
    struct rn_plot_axis x = {.label = NULL}, y = {.label = NULL};

    for (unsigned i = 0; i < count; i++) {
        struct models *models = plots[i]->state;

        if (plots[i]->picture.table_count == 0 || !plots[i]->picture.tables[TABLE_CURVES].rows)
            return plot_nothing(plots[i], "models", err);
        if (models->left_out)
            plot_note(plots[i], "only the first %u operations are drawn", OPERATIONS);
        plot_axis_join(&x, &plots[i]->picture.x);
        plot_axis_join(&y, &plots[i]->picture.y);
    }
    unite_series(plots, count);
    for (unsigned i = 0; i < count; i++) {
        plots[i]->picture.x = x;
        plots[i]->picture.y = y;
    }
    return RN_OK;
}

const struct plot_method plot_models = {.name = "models",
                                        .title = "Time by size, on each backend",
                                        .begin = models_begin,
                                        .finish = models_finish,
                                        .free = models_free};
