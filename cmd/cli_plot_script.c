/* SPDX-License-Identifier: MIT */
#include "cli_plot_script.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LABEL_MAX 44u /* characters of the name of a row */

/* A double quote is escaped for tables alone: in single quotes it means nothing. */
static bool is_double_quote(const struct rn_buf *plain, size_t at)
{
    return plain->size - at >= 4 && memcmp(plain->data + at, "\\x22", 4) == 0;
}

void cli_plot_quote(struct rn_buf *out, const char *text, size_t limit)
{
    struct rn_buf plain = RN_BUF_INIT;

    rn_plot_text(&plain, text, limit);
    rn_buf_byte(out, '\'');
    for (size_t i = 0; i < plain.size; i++) {
        if (is_double_quote(&plain, i)) {
            rn_buf_byte(out, '"');
            i += 3;
        } else if (plain.data[i] == '\'')
            rn_buf_text(out, "''");
        else if (plain.data[i] == '`') /* means nothing in single quotes; still */
            rn_buf_text(out, "\\x60");
        else
            rn_buf_byte(out, plain.data[i]);
    }
    rn_buf_byte(out, '\'');
    out->failed |= plain.failed;
    rn_buf_free(&plain);
}

/* ---- the paper ---- */

static unsigned height_for(const struct rn_plot_picture *picture)
{
    double rows = picture->y.max;

    switch (picture->type) {
    case RN_PLOT_TIMELINE:
        return 170 + (unsigned)(rows * (rows < 8 ? 48 : rows < 20 ? 30 : 20));
    case RN_PLOT_SPACETIME:
        return 190 + (unsigned)(rows * (rows < 8 ? 60 : 30));
    case RN_PLOT_FLAME:
        return 170 + (unsigned)(rows * (rows < 12 ? 26 : 19));
    case RN_PLOT_MODELS:
        return picture->tables[0].rows > 2 ? 900 : 600;
    default:
        return picture->y2.label ? 800 : 600;
    }
}

/* Lines that a picture needs; who has fewer can scroll. */
static unsigned lines_for(const struct rn_plot_picture *picture)
{
    switch (picture->type) {
    case RN_PLOT_TIMELINE:
        return 10 + (unsigned)(picture->y.max * 1.6);
    case RN_PLOT_SPACETIME:
        return 10 + 2 * picture->rows;
    case RN_PLOT_FLAME:
        return 10 + (unsigned)(picture->y.max * 1.6);
    default:
        return picture->y2.label ? 40 : 24;
    }
}

static void terminal_size(struct cli_plot_paper *paper)
{
    struct winsize size;

    paper->width = 80;
    paper->height = 30;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20 && size.ws_row >= 10) {
        paper->width = size.ws_col;
        paper->height = size.ws_row - 1u;
    }
}

static unsigned at_least(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

struct cli_plot_paper cli_plot_paper(const struct rn_plot_picture *const *pictures, unsigned count,
                                     const struct cli_plot_style *style)
{
    struct cli_plot_paper paper = {.width = count > 1 ? 1800 : 1200, .height = 300};
    bool terminal = style->format == CLI_PLOT_TERM;

    if (terminal)
        terminal_size(&paper);
    for (unsigned i = 0; i < count; i++)
        paper.height =
            at_least(paper.height, terminal ? lines_for(pictures[i]) : height_for(pictures[i]));
    if (paper.height > 2400)
        paper.height = 2400;
    if (style->width)
        paper.width = style->width;
    if (style->height)
        paper.height = style->height;
    /* Of a font of 10 points. */
    paper.character = (terminal ? 1.0 : 7.6) / paper.width;
    paper.line = (terminal ? 1.0 : 18.0) / paper.height;
    return paper;
}

static void put_terminal(struct rn_buf *out, const struct cli_plot_style *style,
                         const struct cli_plot_paper *paper)
{
    rn_buf_text(out, "set encoding utf8\nset datafile separator \"\\t\"\nset terminal ");
    switch (style->format) {
    case CLI_PLOT_SVG:
        rn_buf_printf(out, "svg noenhanced size %u,%u font 'sans,13' background '#ffffff'\n",
                      paper->width, paper->height);
        break;
    case CLI_PLOT_PDF:
        rn_buf_printf(out, "pdfcairo noenhanced size %.3fin,%.3fin font 'Sans,10' fontscale 0.7\n",
                      paper->width / 96.0, paper->height / 96.0);
        break;
    case CLI_PLOT_TERM:
        rn_buf_printf(out, "dumb noenhanced size %u,%u %s\n", paper->width, paper->height,
                      style->color ? "ansi256" : "mono");
        break;
    default:
        rn_buf_printf(out, "pngcairo noenhanced size %u,%u font 'Sans,10' background '#ffffff'\n",
                      paper->width, paper->height);
    }
    /* In the unit of the terminal: points, or pixels of SVG. */
    rn_buf_printf(out, "LARGE = '%s'\nSMALL = '%s'\n",
                  style->format == CLI_PLOT_TERM  ? ""
                  : style->format == CLI_PLOT_SVG ? ",17"
                                                  : ",13",
                  style->format == CLI_PLOT_TERM  ? ""
                  : style->format == CLI_PLOT_SVG ? ",11"
                                                  : ",8");
    rn_buf_printf(out, "DUMB = %d\nCHARACTER = %.9g\nLINE = %.9g\n", style->format == CLI_PLOT_TERM,
                  paper->character, paper->line);
}

/* ---- one picture ---- */

static void put_count(struct rn_buf *out, uint64_t count)
{
    char digits[32];
    int length = snprintf(digits, sizeof(digits), "%" PRIu64, count);

    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            rn_buf_byte(out, ',');
        rn_buf_byte(out, (uint8_t)digits[i]);
    }
}

static void put_caption(struct rn_buf *out, const struct rn_plot_picture *picture, size_t limit)
{
    struct rn_buf text = RN_BUF_INIT;

    rn_buf_printf(&text, "%s%s%s%c", picture->source, *picture->command ? ": " : "",
                  picture->command, '\0');
    rn_buf_text(out, "CAPTION = ");
    if (!text.failed)
        cli_plot_quote(out, (const char *)text.data, limit);
    rn_buf_clear(&text);
    put_count(&text, picture->events);
    rn_buf_text(&text, picture->type == RN_PLOT_MODELS ? " points" : " events");
    rn_buf_printf(&text, "%s%s%s%s%c", *picture->loss ? "; " : "", picture->loss,
                  *picture->note ? "; " : "", picture->note, '\0');
    rn_buf_text(out, "\nFACTS = ");
    if (!text.failed)
        cli_plot_quote(out, (const char *)text.data, limit);
    rn_buf_byte(out, '\n');
    out->failed |= text.failed;
    rn_buf_free(&text);
}

/* Where each entry of the legend stands, in lines above the drawing; the number of lines. */
static unsigned put_legend(struct rn_buf *out, const struct rn_plot_picture *picture, double left,
                           double right, double character)
{
    unsigned lines = picture->series_count ? 1 : 0;
    double x = left;

    rn_buf_printf(out,
                  "SERIES = %u\narray NAME[%u]\narray COLOR[%u]\narray LEGEND_X[%u]\n"
                  "array LEGEND_LINE[%u]\n",
                  picture->series_count, picture->series_count + 1, picture->series_count + 1,
                  picture->series_count + 1, picture->series_count + 1);
    for (unsigned i = 0; i < picture->series_count; i++) {
        size_t length = strnlen(picture->series[i].name, LABEL_MAX);
        double width = ((double)length + 5) * character;

        if (x > left && x + width > right) {
            x = left;
            lines++;
        }
        rn_buf_printf(out, "NAME[%u] = ", i + 1);
        cli_plot_quote(out, picture->series[i].name, LABEL_MAX);
        rn_buf_printf(out, "\nCOLOR[%u] = 0x%06x\nLEGEND_X[%u] = %.9g\nLEGEND_LINE[%u] = %u\n",
                      i + 1, picture->series[i].color, i + 1, x, i + 1, lines);
        x += width;
    }
    return lines;
}

/* Characters of the names of rows: no more than a third of the width. */
static unsigned label_width(const struct rn_plot_picture *picture, double width, double character)
{
    unsigned third = (unsigned)(width / character / 3), label = picture->label_width;

    if (label > LABEL_MAX)
        label = LABEL_MAX;
    return label < third ? label : third;
}

static double left_margin(const struct rn_plot_picture *picture, unsigned label)
{
    if (picture->type == RN_PLOT_FLAME)
        return 3;
    return picture->label_width ? label + 3 : 13;
}

static void put_picture(struct rn_buf *out, const struct rn_plot_picture *picture,
                        const struct cli_plot_paper *paper, bool terminal, double from, double to)
{
    unsigned label = label_width(picture, to - from, paper->character);
    double left = from + left_margin(picture, label) * paper->character;
    double right = to - (picture->color.label ? 11 : 3) * paper->character;
    unsigned lines = put_legend(out, picture, left, right, paper->character);

    rn_buf_text(out, "TITLE = ");
    cli_plot_quote(out, picture->title, 200);
    rn_buf_byte(out, '\n');
    put_caption(out, picture, (size_t)((to - from) / paper->character) - 3);
    rn_buf_printf(out, "FROM = %.9g\nTO = %.9g\nLEFT = %.9g\nRIGHT = %.9g\n", from, to, left,
                  right);
    rn_buf_printf(out, "TOP = %.9g\nBOTTOM = %.9g\nLEGEND_LINES = %u\n",
                  1 - (2.2 + 1.2 * lines) * paper->line, (terminal ? 6.6 : 5.9) * paper->line,
                  lines);
    rn_buf_printf(out, "ROWS = %u\nLABELS = %u\n", picture->rows, label);
    cli_plot_axis(out, "X", &picture->x);
    cli_plot_axis(out, "Y", &picture->y);
    cli_plot_axis(out, "X2", &picture->x2);
    cli_plot_axis(out, "Y2", &picture->y2);
    cli_plot_axis(out, "C", &picture->color);
}

/* Of models, whose names are no names of rows. */
static void put_operations(struct rn_buf *out, const struct rn_plot_table *operations)
{
    rn_buf_printf(out, "array OPERATION[%zu]\n", operations->rows + 1);
    for (size_t i = 0; i < operations->rows; i++) {
        rn_buf_printf(out, "OPERATION[%zu] = ", i + 1);
        cli_plot_quote(out, operations->cells[i * operations->column_count + 1].text, 60);
        rn_buf_byte(out, '\n');
    }
}

/* The directory is the user's; a name in it is one of ours. */
static void put_load(struct rn_buf *out, const char *scripts, const char *name)
{
    rn_buf_text(out, "load '");
    for (const char *c = scripts; *c; c++)
        rn_buf_printf(out, *c == '\'' ? "''" : "%c", *c);
    rn_buf_printf(out, "/%s.gp'\n", name);
}

void cli_plot_script(const struct rn_plot_picture *const *pictures, unsigned count,
                     const struct cli_plot_style *style, const char *scripts, int first_fd,
                     struct rn_buf *out)
{
    struct cli_plot_paper paper = cli_plot_paper(pictures, count, style);

    put_terminal(out, style, &paper);
    rn_buf_text(out, "set multiplot\n");
    for (unsigned i = 0; i < count; i++) {
        const struct rn_plot_picture *picture = pictures[i];

        rn_buf_printf(out, "DATA = '/dev/fd/%d'\n", first_fd + (int)i);
        put_picture(out, picture, &paper, style->format == CLI_PLOT_TERM, (double)i / count,
                    (i + 1.0) / count);
        for (unsigned t = 0; t < picture->table_count; t++)
            rn_buf_printf(out, "ROWS_OF_%s = %zu\n", picture->tables[t].name,
                          picture->tables[t].rows);
        if (picture->type == RN_PLOT_MODELS)
            put_operations(out, &picture->tables[0]);
        put_load(out, scripts, "common");
        put_load(out, scripts, rn_plot_type_name(picture->type));
    }
    rn_buf_text(out, "unset multiplot\n");
}
