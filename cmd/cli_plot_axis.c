/* SPDX-License-Identifier: MIT */
/* Axes for gnuplot: a unit that suits what is shown, and marks on logarithmic ones. */
#include "cli_plot_script.h"

#include <math.h>

struct scale {
    double factor;
    const char *unit;
};

/* The last one whose factor is not greater than the maximum. */
static const struct scale *scale_for(enum rn_plot_unit unit, double max)
{
    static const struct scale none[] = {{1, ""}, {0, NULL}};
    static const struct scale time[] = {{1, "ns"}, {1e3, "us"}, {1e6, "ms"}, {1e9, "s"}, {0, NULL}};
    static const struct scale rate[] = {
        {1, ""}, {1e3, "thousands of "}, {1e6, "millions of "}, {1e9, "billions of "}, {0, NULL}};
    static const struct scale bytes[] = {{1, "bytes"},    {1024, "KiB"},   {1048576, "MiB"},
                                         {0x1p30, "GiB"}, {0x1p40, "TiB"}, {0, NULL}};
    static const struct scale bandwidth[] = {{1, "B/s"},    {1e3, "kB/s"},  {1e6, "MB/s"},
                                             {1e9, "GB/s"}, {1e12, "TB/s"}, {0, NULL}};
    static const struct scale percent[] = {{1, "%"}, {0, NULL}};
    static const struct scale *const tables[] = {
        [RN_PLOT_UNIT_NONE] = none,
        [RN_PLOT_UNIT_NS] = time,
        [RN_PLOT_UNIT_PER_SECOND] = rate,
        [RN_PLOT_UNIT_BYTES] = bytes,
        [RN_PLOT_UNIT_BYTES_PER_SECOND] = bandwidth,
        [RN_PLOT_UNIT_PERCENT] = percent,
    };
    const struct scale *scale = tables[unit];

    while (scale[1].unit && scale[1].factor <= max)
        scale++;
    return scale;
}

/* "10 us": a power of ten (of bytes: of two) with its unit. */
static void put_mark(struct rn_buf *out, const char *letter, enum rn_plot_unit unit, double at,
                     unsigned number)
{
    const struct scale *scale = scale_for(unit, at * 1.0001);
    double value = at / scale->factor;

    if (unit == RN_PLOT_UNIT_NONE && value >= 1e4)
        rn_buf_printf(out, "%s_TIC[%u] = '1e%.0f'\n", letter, number, log10(value));
    else
        rn_buf_printf(out, "%s_TIC[%u] = '%.4g%s%s'\n", letter, number, value,
                      *scale->unit ? " " : "", scale->unit);
    rn_buf_printf(out, "%s_AT[%u] = %.17g\n", letter, number, at);
}

/* At powers of ten (of bytes: of two), some seven of them; at 1, 2 and 5 times these where there
 * are only one or two. */
static void put_marks(struct rn_buf *out, const char *letter, const struct rn_plot_axis *axis)
{
    static const double few[] = {1, 2, 5};
    double base = axis->unit == RN_PLOT_UNIT_BYTES ? 2 : 10, step = base;
    double powers = log(axis->max / axis->min) / log(base);
    unsigned each = base > 2 && powers < 2.5 ? 3 : 1, count = 0;
    struct rn_buf marks = RN_BUF_INIT;

    while (powers / (log(step) / log(base)) > 8)
        step *= base;
    for (double at = pow(step, floor(log(axis->min) / log(step))); at <= axis->max; at *= step)
        for (unsigned i = 0; i < each; i++)
            if (at * few[i] >= axis->min * 0.9999 && at * few[i] <= axis->max * 1.0001)
                put_mark(&marks, letter, axis->unit, at * few[i], ++count);
    rn_buf_printf(out, "array %s_TIC[%u]\narray %s_AT[%u]\n", letter, count + 1, letter, count + 1);
    rn_buf_append(out, marks.data, marks.size);
    rn_buf_printf(out, "%s_TICS = %u\n", letter, count);
    out->failed |= marks.failed;
    rn_buf_free(&marks);
}

void cli_plot_axis(struct rn_buf *out, const char *letter, const struct rn_plot_axis *axis)
{
    double min = axis->min, max = axis->max > axis->min ? axis->max : axis->min + 1;
    const struct scale *scale = scale_for(axis->log ? RN_PLOT_UNIT_NONE : axis->unit, max);

    rn_buf_printf(out, "%s_USED = %d\n", letter, axis->label != NULL);
    if (!axis->label)
        return;
    if (axis->unit == RN_PLOT_UNIT_PER_SECOND)
        rn_buf_printf(out, "%s_LABEL = '%s%s per second'\n", letter, scale->unit, axis->label);
    else if (!axis->log && *scale->unit)
        rn_buf_printf(out, "%s_LABEL = '%s (%s)'\n", letter, axis->label, scale->unit);
    else
        rn_buf_printf(out, "%s_LABEL = '%s'\n", letter, axis->label);
    rn_buf_printf(out, "%s_SCALE = %.17g\n%s_LOG = %d\n", letter, scale->factor, letter, axis->log);
    rn_buf_printf(out, "%s_MIN = %.17g\n%s_MAX = %.17g\n", letter, min / scale->factor, letter,
                  max / scale->factor);
    rn_buf_printf(out, "%s_TICS = 0\n", letter);
    if (axis->log && min > 0)
        put_marks(out, letter, &(struct rn_plot_axis){.unit = axis->unit, .min = min, .max = max});
}
