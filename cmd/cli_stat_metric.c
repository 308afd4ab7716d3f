/* SPDX-License-Identifier: MIT */
/* The numbers of rn-stat's tables: their names, who has them, and a value as text. */
#include "cli_stat.h"

#include <string.h>

const char *const cli_stat_by_names[STAT_BYS] = {
    [STAT_BY_SYSCALL] = "syscall",   [STAT_BY_PROCESS] = "process",     [STAT_BY_THREAD] = "thread",
    [STAT_BY_FUNCTION] = "function", [STAT_BY_LINE] = "line",           [STAT_BY_MODULE] = "module",
    [STAT_BY_STACK] = "stack",       [STAT_BY_KIND] = "kind",           [STAT_BY_KERNEL] = "kernel",
    [STAT_BY_QUEUE] = "queue",       [STAT_BY_OPERATION] = "operation",
};

const struct cli_stat_metric_info cli_stat_metrics[STAT_METRICS] = {
    [STAT_CALLS] = {"calls", "calls", STAT_COUNT},
    [STAT_ERRORS] = {"errors", "errors", STAT_COUNT},
    [STAT_UNFINISHED] = {"unfinished", "unfinished", STAT_COUNT},
    [STAT_TOTAL] = {"total", "total_ns", STAT_NS},
    [STAT_MEAN] = {"mean", "mean_ns", STAT_NS},
    [STAT_STDDEV] = {"stddev", "stddev_ns", STAT_NS},
    [STAT_MIN] = {"min", "min_ns", STAT_NS},
    [STAT_P50] = {"p50", "p50_ns", STAT_NS},
    [STAT_P75] = {"p75", "p75_ns", STAT_NS},
    [STAT_P90] = {"p90", "p90_ns", STAT_NS},
    [STAT_P95] = {"p95", "p95_ns", STAT_NS},
    [STAT_P99] = {"p99", "p99_ns", STAT_NS},
    [STAT_MAX] = {"max", "max_ns", STAT_NS},
    [STAT_SHARE] = {"time", "time_percent", STAT_PERCENT},
    [STAT_ERROR_RATE] = {"error-rate", "error_percent", STAT_PERCENT},
    [STAT_COUNTED] = {"counted", "counted", STAT_COUNT},
    [STAT_OUTLIERS_Z] = {"outliers-z", "outliers_z", STAT_COUNT},
    [STAT_OUTLIERS_ROBUST] = {"outliers-robust", "outliers_robust", STAT_COUNT},
    [STAT_SELF] = {"self", "self_ns", STAT_NS},
    [STAT_BUSY] = {"busy", "busy_ns", STAT_NS},
    [STAT_SPAN] = {"span", "span_ns", STAT_NS},
    [STAT_IDLE] = {"idle", "idle_percent", STAT_PERCENT},
    [STAT_CONCURRENCY] = {"concurrency", "concurrency", STAT_RATIO},
    [STAT_PEAK] = {"peak", "peak", STAT_COUNT},
    [STAT_KERNELS] = {"kernels", "kernels", STAT_COUNT},
    [STAT_TRANSFERS] = {"transfers", "transfers", STAT_COUNT},
    [STAT_BYTES] = {"bytes", "bytes", STAT_SIZE},
    [STAT_RATE] = {"rate", "bytes_per_second", STAT_SPEED},
    [STAT_EFFECTIVE] = {"effective", "effective_bytes_per_second", STAT_SPEED},
    [STAT_LAUNCHES] = {"launches", "launches", STAT_COUNT},
    [STAT_LAUNCH_P50] = {"launch-p50", "launch_p50_ns", STAT_NS},
    [STAT_LAUNCH_P99] = {"launch-p99", "launch_p99_ns", STAT_NS},
    [STAT_QUEUE_P50] = {"queue-p50", "queue_p50_ns", STAT_NS},
    [STAT_QUEUE_P99] = {"queue-p99", "queue_p99_ns", STAT_NS},
    [STAT_SUBMIT_P50] = {"submit-p50", "submit_p50_ns", STAT_NS},
    [STAT_SUBMIT_P99] = {"submit-p99", "submit_p99_ns", STAT_NS},
    [STAT_WAITED] = {"waited", "waited", STAT_COUNT},
    [STAT_WAKE_P50] = {"wake-p50", "wake_p50_ns", STAT_NS},
    [STAT_WAKE_P99] = {"wake-p99", "wake_p99_ns", STAT_NS},
    [STAT_FOUND] = {"found", "found", STAT_COUNT},
    [STAT_UNWAITED] = {"unwaited", "unwaited", STAT_COUNT},
    [STAT_UNTIED] = {"untied", "untied", STAT_COUNT},
    [STAT_EARLY] = {"early", "early", STAT_COUNT},
    [STAT_DISORDER] = {"disorder", "disorder", STAT_COUNT},
    [STAT_LATE] = {"late", "late", STAT_COUNT},
    [STAT_ELEMENTS] = {"elements", "elements", STAT_COUNT},
    [STAT_FLOPS] = {"flops", "flops", STAT_COUNT},
    [STAT_ELEMENT_RATE] = {"element-rate", "elements_per_second", STAT_FREQUENCY},
    [STAT_FLOP_RATE] = {"flop-rate", "flops_per_second", STAT_FREQUENCY},
};

enum cli_stat_metric cli_stat_metric(const char *name, size_t length)
{
    for (unsigned i = 0; i < STAT_METRICS; i++) {
        if (strlen(cli_stat_metrics[i].name) == length &&
            memcmp(cli_stat_metrics[i].name, name, length) == 0)
            return (enum cli_stat_metric)i;
    }
    return STAT_METRICS;
}

bool cli_stat_has(const struct cli_stat_table *table, unsigned metric)
{
    bool of_devices = cli_stat_is_of_devices(table->by);

    if (table->by == STAT_BY_OPERATION && metric > STAT_OUTLIERS_ROBUST)
        return cli_stat_is_of_operations((enum cli_stat_metric)metric);
    if (metric >= STAT_ELEMENTS)
        return false;
    if (metric >= STAT_OF_DEVICES)
        return of_devices || (metric == STAT_SELF && table->inclusive);
    if (metric == STAT_OUTLIERS_Z || metric == STAT_OUTLIERS_ROBUST)
        return table->outliers != NULL;
    return !(of_devices || table->by == STAT_BY_OPERATION) ||
           (metric != STAT_ERRORS && metric != STAT_ERROR_RATE);
}

struct unit {
    double size;
    const char *name;
};

/* Four digits and a unit; whole numbers of the smallest. */
static void add_scaled(struct rn_buf *out, double value, const struct unit units[3],
                       const char *smallest)
{
    size_t unit = 0;

    while (unit < 3 && value < units[unit].size)
        unit++;
    if (unit == 3) {
        rn_buf_printf(out, "%.0f%s", value, smallest);
        return;
    }
    value /= units[unit].size;
    rn_buf_printf(out, "%.*f%s",
                  value < 10     ? 3
                  : value < 100  ? 2
                  : value < 1000 ? 1
                                 : 0,
                  value, units[unit].name);
}

/* "1.234ms" */
static void add_duration(struct rn_buf *out, double ns)
{
    static const struct unit units[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}};

    add_scaled(out, ns, units, "ns");
}

/* Of bytes: "1.234MB", as bandwidths are given, in powers of 1000. */
static void add_size(struct rn_buf *out, double bytes)
{
    static const struct unit units[] = {{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}};

    add_scaled(out, bytes, units, "B");
}

/* Of elements and operations a second: "1.234G/s". */
static void add_frequency(struct rn_buf *out, double value)
{
    static const struct unit units[] = {{1e9, "G"}, {1e6, "M"}, {1e3, "k"}};

    add_scaled(out, value, units, "");
    rn_buf_text(out, "/s");
}

void cli_stat_value(struct rn_buf *out, enum cli_stat_metric metric, double value)
{
    switch (cli_stat_metrics[metric].unit) {
    case STAT_NS:
        add_duration(out, value);
        break;
    case STAT_PERCENT:
        rn_buf_printf(out, "%.2f%%", value);
        break;
    case STAT_COUNT:
        rn_buf_printf(out, "%.0f", value);
        break;
    case STAT_SIZE:
        add_size(out, value);
        break;
    case STAT_SPEED:
        add_size(out, value);
        rn_buf_text(out, "/s");
        break;
    case STAT_FREQUENCY:
        add_frequency(out, value);
        break;
    case STAT_RATIO:
        rn_buf_printf(out, "%.2f", value);
        break;
    }
}
