/* SPDX-License-Identifier: MIT */
/* The pictures of a report: SVG as images, in which nothing can run. */
#include "cli_report.h"

#include <string.h>

static const enum rn_plot_type types[] = {RN_PLOT_THROUGHPUT, RN_PLOT_HEATMAP,   RN_PLOT_HISTOGRAM,
                                          RN_PLOT_CDF,        RN_PLOT_BANDWIDTH, RN_PLOT_FLAME,
                                          RN_PLOT_SPACETIME};

/* RFC 4648 */
static void put_base64(struct rn_buf *out, const uint8_t *data, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < size; i += 3) {
        size_t have = size - i < 3 ? size - i : 3;
        uint32_t bits = (uint32_t)data[i] << 16 | (have > 1 ? (uint32_t)data[i + 1] << 8 : 0) |
                        (have > 2 ? data[i + 2] : 0);
        char text[4] = {digits[bits >> 18], digits[bits >> 12 & 63], '=', '='};

        if (have > 1)
            text[2] = digits[bits >> 6 & 63];
        if (have > 2)
            text[3] = digits[bits & 63];
        rn_buf_append(out, text, sizeof text);
    }
}

static void put_figure(const struct rn_plot_picture *picture, const struct rn_buf *svg,
                       struct rn_buf *out)
{
    rn_buf_text(out, "<figure><img alt=\"");
    cli_report_text(out, picture->title);
    rn_buf_text(out, "\" src=\"data:image/svg+xml;base64,");
    put_base64(out, svg->data, svg->size);
    rn_buf_text(out, "\">");
    if (*picture->note) {
        rn_buf_text(out, "<figcaption>");
        cli_report_text(out, picture->note);
        rn_buf_text(out, "</figcaption>");
    }
    rn_buf_text(out, "</figure>\n");
}

/* A picture that the recording has nothing for is left out. */
static bool add_picture(const struct cli_report *report, enum rn_plot_type type, struct rn_buf *out)
{
    const struct rn_plot_options options = {.type = type, .filter = report->filter};
    struct rn_error err = RN_ERROR_INIT;
    struct rn_buf svg = RN_BUF_INIT;
    bool whole = true, done = true;
    struct rn_plot *plot = cli_plot_read(&options, report->path, &whole);

    if (!plot)
        return false;
    if (rn_plot_finish(&plot, 1, &err) == RN_OK) {
        done = cli_plot_svg(rn_plot_picture(plot), report->style, &svg);
        if (done)
            put_figure(rn_plot_picture(plot), &svg, out);
    } else if (err.status != RN_E_USAGE) {
        cli_error(&err);
        done = false;
    }
    rn_buf_free(&svg);
    rn_plot_free(plot);
    return done;
}

bool cli_report_pictures(const struct cli_report *report, struct rn_buf *out)
{
    bool done = true;

    if (!cli_plot_is_possible()) {
        cli_warn("gnuplot is not there: the report has no pictures but its time line (Debian: "
                 "gnuplot-nox)");
        rn_buf_text(out,
                    "<p>gnuplot was not there when this was written: there are no pictures.\n");
        return true;
    }
    for (size_t i = 0; i < sizeof types / sizeof types[0] && done; i++)
        done = add_picture(report, types[i], out);
    return done;
}
