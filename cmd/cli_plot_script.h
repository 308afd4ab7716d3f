/* SPDX-License-Identifier: MIT */
/* What is told to gnuplot. */
#ifndef RN_CLI_PLOT_SCRIPT_H
#define RN_CLI_PLOT_SCRIPT_H

#include "cli_plot.h"

/* Size of the drawing in the terminal's units, and of a character as a part of it. */
struct cli_plot_paper {
    unsigned width, height;
    double character, line;
};
/* With the sizes that suit them where the style has none. */
struct cli_plot_paper cli_plot_paper(const struct rn_plot_picture *const *pictures, unsigned count,
                                     const struct cli_plot_style *style);

/* Where the scripts are, into `path`; false after a message. */
bool cli_plot_scripts(const struct cli_plot_style *style, char *path, size_t size);

/* Everything that goes to gnuplot's standard input. The tables of picture i are read from
 * /dev/fd/(first_fd + i). */
void cli_plot_script(const struct rn_plot_picture *const *pictures, unsigned count,
                     const struct cli_plot_style *style, const char *scripts, int first_fd,
                     struct rn_buf *out);
/* cli_plot_axis.c: "X_MIN = 0" and so on, for an axis with that letter. */
void cli_plot_axis(struct rn_buf *out, const char *letter, const struct rn_plot_axis *axis);
/* 'text' for gnuplot: at most `limit` characters, none of them with a meaning. */
void cli_plot_quote(struct rn_buf *out, const char *text, size_t limit);

#endif
