/* SPDX-License-Identifier: MIT */
#include "plot_private.h"

#include "formats/escape.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Okabe and Ito's, in an order in which neighbours differ in brightness, too. */
const uint32_t plot_palette[PLOT_PALETTE] = {0x0072B2, 0xE69F00, 0x56B4E9, 0xD55E00,
                                             0x009E73, 0xF0E442, 0xCC79A7, 0x555555};

struct rn_plot_table *plot_table_add(struct rn_plot_picture *picture, const char *name,
                                     const struct rn_plot_column *columns, unsigned count)
{
    struct rn_plot_table *table = &picture->tables[picture->table_count++];

    *table = (struct rn_plot_table){.name = name, .columns = columns, .column_count = count};
    return table;
}

union rn_plot_cell *plot_table_row(struct rn_plot_table *table)
{
    union rn_plot_cell *cells = table->cells;

    if (table->rows == table->capacity) {
        size_t capacity = table->capacity ? 2 * table->capacity : 64;

        cells = reallocarray(cells, capacity * table->column_count, sizeof *cells);
        if (!cells)
            return NULL;
        table->cells = cells;
        table->capacity = capacity;
    }
    cells += table->rows++ * table->column_count;
    memset(cells, 0, table->column_count * sizeof *cells);
    return cells;
}

struct rn_plot_table *plot_rates_add(struct rn_plot_picture *picture, const char *name)
{
    static const struct rn_plot_column columns[] = {
        {"from_ns", false}, {"to_ns", false}, {"bytes_per_s", false}, {"series", false}};

    return plot_table_add(picture, name, PLOT_COLUMNS(columns));
}

double plot_rates_put(struct rn_plot *plot, struct rn_plot_table *table,
                      const struct plot_bins *bins, unsigned lane, unsigned series, double most)
{
    for (uint64_t i = 0; i <= bins->used; i++) {
        uint64_t bin = i < bins->used ? i : bins->used - 1, end = plot_bins_end(bins, bin);
        double rate = plot_bins_get(bins, lane, bin) / plot_bins_seconds(bins, bin);
        union rn_plot_cell *cell = plot_table_row(table);

        if (!cell) {
            plot->no_memory = true;
            return most;
        }
        cell[0].number = (double)(i < bins->used ? plot_bins_begin(bins, bin) : end);
        cell[1].number = (double)end;
        cell[2].number = rate;
        cell[3].number = series;
        most = fmax(most, rate);
    }
    return most;
}

unsigned plot_series_add(struct rn_plot_picture *picture, const char *name, uint32_t color)
{
    struct rn_plot_series *series;

    for (unsigned i = 0; i < picture->series_count; i++)
        if (strcmp(picture->series[i].name, name) == 0)
            return i + 1;
    if (picture->series_count == RN_PLOT_MAX_SERIES)
        return RN_PLOT_MAX_SERIES;
    series = &picture->series[picture->series_count++];
    snprintf(series->name, sizeof series->name, "%s", name);
    series->color = color;
    return picture->series_count;
}

void plot_label(struct rn_plot *plot, const char *name)
{
    struct rn_buf shown = RN_BUF_INIT;

    rn_plot_text(&shown, name, 100);
    plot->no_memory |= shown.failed;
    if (shown.size > plot->picture.label_width)
        plot->picture.label_width = (unsigned)shown.size;
    rn_buf_free(&shown);
}

void plot_axis_join(struct rn_plot_axis *into, const struct rn_plot_axis *axis)
{
    if (!axis->label)
        return;
    if (!into->label) {
        *into = *axis;
        return;
    }
    into->min = fmin(into->min, axis->min);
    into->max = fmax(into->max, axis->max);
}

/* ---- as text ---- */

/* gnuplot takes quotes and backslashes for its own, and writes "]]>" and "&#x...;" to SVG as they
 * are, where they are not allowed or are a character that may not be there. */
static bool is_plain(const char *text, size_t at)
{
    switch (text[at]) {
    case '"':
    case '\\':
        return false;
    case '&':
        return text[at + 1] != '#' || text[at + 2] != 'x';
    case '>':
        return at < 2 || text[at - 1] != ']' || text[at - 2] != ']';
    default:
        return true;
    }
}

static void put_escaped(struct rn_buf *out, const char *text, size_t length)
{
    size_t plain = 0;

    for (size_t i = 0; i <= length; i++) {
        if (i < length && is_plain(text, i))
            continue;
        rn_escape_terminal(out, (const uint8_t *)text + plain, i - plain);
        if (i < length)
            rn_buf_printf(out, "\\x%02x", (unsigned char)text[i]);
        plain = i + 1;
    }
}

/* Bytes of the first `limit` characters of UTF-8. */
static size_t cut(const char *text, size_t limit)
{
    size_t i = 0;

    for (size_t characters = 0; text[i]; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80 && characters++ == limit)
            break;
    }
    return i;
}

void rn_plot_text(struct rn_buf *out, const char *text, size_t limit)
{
    size_t length = cut(text, limit);

    if (!text[length]) {
        put_escaped(out, text, length);
        return;
    }
    put_escaped(out, text, cut(text, limit > 3 ? limit - 3 : 0));
    rn_buf_text(out, "...");
}

static void put_number(struct rn_buf *out, double value)
{
    if (isnan(value))
        rn_buf_text(out, "NaN");
    else if (value == floor(value) && fabs(value) < 1e15)
        rn_buf_decimal_signed(out, (int64_t)value);
    else
        rn_buf_printf(out, "%.6g", value);
}

static void put_table(struct rn_buf *out, const struct rn_plot_table *table)
{
    rn_buf_printf(out, "# %s\n", table->name);
    for (unsigned i = 0; i < table->column_count; i++)
        rn_buf_printf(out, "%s%s", i ? "\t" : "", table->columns[i].name);
    rn_buf_byte(out, '\n');
    for (size_t row = 0; row < table->rows; row++) {
        const union rn_plot_cell *cells = table->cells + row * table->column_count;

        for (unsigned i = 0; i < table->column_count; i++) {
            if (i)
                rn_buf_byte(out, '\t');
            if (!table->columns[i].text) {
                put_number(out, cells[i].number);
                continue;
            }
            rn_buf_byte(out, '"');
            put_escaped(out, cells[i].text ? cells[i].text : "",
                        cells[i].text ? strlen(cells[i].text) : 0);
            rn_buf_byte(out, '"');
        }
        rn_buf_byte(out, '\n');
    }
}

void rn_plot_data(const struct rn_plot_picture *picture, struct rn_buf *out)
{
    rn_buf_text(out, "# series\nnumber\tname\tcolor\n");
    for (unsigned i = 0; i < picture->series_count; i++) {
        rn_buf_printf(out, "%u\t\"", i + 1);
        put_escaped(out, picture->series[i].name, strlen(picture->series[i].name));
        rn_buf_printf(out, "\"\t\"0x%06x\"\n", picture->series[i].color);
    }
    for (unsigned i = 0; i < picture->table_count; i++) {
        rn_buf_text(out, "\n\n");
        put_table(out, &picture->tables[i]);
    }
}
