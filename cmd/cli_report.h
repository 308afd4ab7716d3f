/* SPDX-License-Identifier: MIT */
/* rn-plot --report: a recording as one HTML file that needs nothing else. What comes from the
 * traced program is in it as escaped text, or as JSON that a script shows as text; no other script
 * can run. */
#ifndef RN_CLI_REPORT_H
#define RN_CLI_REPORT_H

#include "cli_info.h"
#include "cli_plot.h"

struct cli_report {
    const char *path, *output_path;
    const struct rn_filter *filter; /* not empty: the report says that it is of a part */
    const struct cli_plot_style *style;
};

/* The exit status, after messages. */
int cli_report_write(const struct cli_report *report);

/* The parts, appended; false after a message. */
bool cli_report_tables(const struct cli_report *report, struct rn_buf *out);
bool cli_report_pictures(const struct cli_report *report, struct rn_buf *out);
/* The data of the time line, as JSON for a script element, and the table of the longest events. */
bool cli_report_timeline(const struct cli_report *report, struct rn_buf *json,
                         struct rn_buf *table);

/* A text, escaped. */
void cli_report_text(struct rn_buf *out, const char *text);
/* "12.34 ms" */
void cli_report_duration(struct rn_buf *out, double ns);

#endif
