/* SPDX-License-Identifier: MIT */
/* Pictures of recordings (libanalysis/plot.h), drawn by gnuplot, which is run as a program.
 *
 * What a traced program has a say in reaches gnuplot as data, or as strings in single quotes that
 * hold no character of a special meaning: gnuplot would run what stands in backticks elsewhere. */
#ifndef RN_CLI_PLOT_H
#define RN_CLI_PLOT_H

#include "cli.h"

#include "libanalysis/plot.h"

enum cli_plot_format { CLI_PLOT_PNG, CLI_PLOT_SVG, CLI_PLOT_PDF, CLI_PLOT_TERM, CLI_PLOT_FORMATS };

struct cli_plot_style {
    enum cli_plot_format format;
    unsigned width,
        height;          /* pixels; characters with CLI_PLOT_TERM. 0: as suits format and picture */
    bool color;          /* with CLI_PLOT_TERM */
    const char *scripts; /* directory of the scripts for gnuplot; NULL: those that are installed */
};

/* Read the recording `path` (with RN_PLOT_MODELS: a text) for a picture; NULL after a message. What
 * is damaged is told, and sets *whole to false, but the rest is used. Still to be finished
 * (rn_plot_finish). Free it with rn_plot_free. */
struct rn_plot *cli_plot_read(const struct rn_plot_options *options, const char *path, bool *whole);

/* Draw finished pictures, at most two, side by side: the file is appended to `out`. False after a
 * message, with nothing appended: gnuplot is not there, or failed. */
bool cli_plot_draw(const struct rn_plot_picture *const *pictures, unsigned count,
                   const struct cli_plot_style *style, struct rn_buf *out);
/* One picture as a whole SVG document, appended to `out`; false after a message. style->format does
 * not matter. */
bool cli_plot_svg(const struct rn_plot_picture *picture, const struct cli_plot_style *style,
                  struct rn_buf *out);
/* Is gnuplot there? For whoever wants to go without pictures then, without a message. */
bool cli_plot_is_possible(void);

/* Where the file `name` is that came with this program. False after a message. */
bool cli_share_path(char *path, size_t size, const char *name);

#endif
