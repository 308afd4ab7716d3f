/* SPDX-License-Identifier: MIT */
/* Pictures of a recording, as tables: what is to be drawn where, in units of what was measured, for
 * a program that draws (gnuplot), or for one that reads the numbers. Everything is binned while it
 * is read, so that neither memory nor a picture grows with the recording.
 *
 *   struct rn_plot *plot = rn_plot_new(&options);
 *   rn_plot_read(plot, reader, &err);
 *   rn_plot_finish(&plot, 1, &err);          // or two of them, for one pair of axes
 *   rn_plot_data(rn_plot_picture(plot), &buf);
 *
 * Not thread-safe. */
#ifndef RN_PLOT_H
#define RN_PLOT_H

#include "filter.h"
#include "formats/buf.h"
#include "formats/reader.h"

#ifdef __cplusplus
extern "C" {
#endif

enum rn_plot_type {
    RN_PLOT_TIMELINE,   /* what each thread and queue did when */
    RN_PLOT_HISTOGRAM,  /* how many events took how long, by name */
    RN_PLOT_CDF,        /* which part of them took up to how long */
    RN_PLOT_HEATMAP,    /* how many took how long, over time */
    RN_PLOT_THROUGHPUT, /* events and bytes a second, over time */
    RN_PLOT_FLAME,      /* time in system calls by call stack */
    RN_PLOT_BANDWIDTH,  /* of transfers to and from devices: over time, and by size */
    RN_PLOT_MODELS,     /* what rn-backend-fit --plot-data wrote; see rn_plot_read_models */
    RN_PLOT_SPACETIME,  /* which process led to what in which other one: of a merged recording */
    RN_PLOT_TYPES
};
/* "timeline"...; NULL for a number that is none. And back: RN_PLOT_TYPES for a name that is none.
 */
const char *rn_plot_type_name(enum rn_plot_type type);
enum rn_plot_type rn_plot_type_from_name(const char *name);

/* A column holds numbers, or texts. */
struct rn_plot_column {
    const char *name; /* "from_ns": with its unit as a suffix, where it has one */
    bool text;
};
union rn_plot_cell {
    double number;
    const char *text; /* as the program or the archive has it: escape it before it is shown */
};
/* Rows of cells, one after another. */
struct rn_plot_table {
    const char *name; /* "marks"... */
    const struct rn_plot_column *columns;
    unsigned column_count;
    union rn_plot_cell *cells; /* rows * column_count of them */
    size_t rows, capacity;
};

/* What an axis shows. Minimum and maximum are in that unit; both 0 where there is nothing. */
enum rn_plot_unit {
    RN_PLOT_UNIT_NONE, /* a number */
    RN_PLOT_UNIT_NS,
    RN_PLOT_UNIT_PER_SECOND,
    RN_PLOT_UNIT_BYTES,
    RN_PLOT_UNIT_BYTES_PER_SECOND,
    RN_PLOT_UNIT_PERCENT,
};
struct rn_plot_axis {
    const char *label; /* "time since the recording began" */
    enum rn_plot_unit unit;
    double min, max;
    bool log;
};

#define RN_PLOT_MAX_TABLES 6u
#define RN_PLOT_MAX_SERIES 12u

/* What shares a colour: a name for the legend, and a colour 0xRRGGBB that people who do not see all
 * colours can tell from the others (after M. Okabe and K. Ito). */
struct rn_plot_series {
    char name[80];
    uint32_t color;
};

struct rn_plot_picture {
    enum rn_plot_type type;
    const char *title;   /* the kind of picture, for people: "Timeline" */
    const char *source;  /* name of the archive */
    const char *command; /* its command line, "" unknown */
    uint64_t events;     /* that the picture is made of */
    /* "" where nothing is to be said; else sentences: what was lost, is incomplete, was left out.
     */
    char loss[192], note[256];
    struct rn_plot_axis x, y, x2,
        y2;                    /* x2, y2: of a second panel below, where y2.label is not NULL */
    struct rn_plot_axis color; /* what brightness stands for, of a heat map */
    struct rn_plot_series series[RN_PLOT_MAX_SERIES]; /* numbered from 1 in the tables */
    unsigned series_count;
    struct rn_plot_table tables[RN_PLOT_MAX_TABLES];
    unsigned table_count;
    unsigned label_width; /* bytes of the longest name of a row, as shown; 0: rows have none */
    unsigned rows;        /* that have a name each */
};

struct rn_plot_options {
    enum rn_plot_type type;
    const struct rn_filter *filter; /* NULL: everything; must outlive the plot */
};

struct rn_plot;

struct rn_plot *rn_plot_new(const struct rn_plot_options *options); /* NULL: no memory */
void rn_plot_free(struct rn_plot *plot);                            /* accepts NULL */

/* Read a recording to its end, once for each plot. On damage what can be read is still used, and
 * the first failure is returned: the plot can be finished all the same. */
RN_MUST_CHECK enum rn_status rn_plot_read(struct rn_plot *plot, struct rn_reader *reader,
                                          struct rn_error *err);
/* The same for RN_PLOT_MODELS, from the text that rn-backend-fit --plot-data writes. `name` is
 * copied. */
RN_MUST_CHECK enum rn_status rn_plot_read_models(struct rn_plot *plot, const char *name,
                                                 const char *text, size_t size,
                                                 struct rn_error *err);

/* Make the tables of one plot, or of several of one type with the same axes and colours. RN_E_USAGE
 * where there is nothing to draw: `err` says what is missing in which recording. */
RN_MUST_CHECK enum rn_status rn_plot_finish(struct rn_plot *const *plots, unsigned count,
                                            struct rn_error *err);

/* The colour of an event in a time line, and what it stands for; a constant. */
const struct rn_plot_series *rn_plot_category(const struct rn_event *event);

/* After rn_plot_finish; borrowed from the plot. */
const struct rn_plot_picture *rn_plot_picture(const struct rn_plot *plot);

/* The tables as tab-separated text: of each a line "# NAME", a line with the names of its columns,
 * and its rows; two empty lines between tables, so that gnuplot's `index` finds them. Texts are in
 * double quotes; control characters, double quotes, backslashes, what is not UTF-8, and what
 * gnuplot would make bad XML of (the ends of "]]>", the begin of "&#x", U+FFFE and U+FFFF) are
 * written as \xNN in them. */
void rn_plot_data(const struct rn_plot_picture *picture, struct rn_buf *out);
/* Such a text without the quotes, cut to `limit` characters where it is longer ("..." at its end).
 */
void rn_plot_text(struct rn_buf *out, const char *text, size_t limit);

#ifdef __cplusplus
}
#endif
#endif
