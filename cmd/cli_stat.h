/* SPDX-License-Identifier: MIT */
/* rn-stat's table: the groups of a summary with their numbers, sorted, and how it is shown. */
#ifndef RN_CLI_STAT_H
#define RN_CLI_STAT_H

#include "cli.h"

#include "libanalysis/change_point.h"
#include "libanalysis/device_stat.h"
#include "libanalysis/summary.h"

/* What makes a group: as summed up by rn_summary, and behind these by rn_device_stat. */
enum cli_stat_by {
    STAT_BY_SYSCALL = RN_BY_SYSCALL,
    STAT_BY_PROCESS = RN_BY_PROCESS,
    STAT_BY_THREAD = RN_BY_THREAD,
    STAT_BY_KIND = RN_BY_KIND,
    STAT_BY_FUNCTION = RN_BY_FUNCTION,
    STAT_BY_LINE = RN_BY_LINE,
    STAT_BY_MODULE = RN_BY_MODULE,
    STAT_BY_STACK = RN_BY_STACK,
    STAT_BY_OPERATION = RN_BY_OPERATION,
    STAT_BY_KERNEL, /* and direction of transfers */
    STAT_BY_QUEUE,  /* and device */
    STAT_BYS,
};
extern const char *const cli_stat_by_names[STAT_BYS];

static inline bool cli_stat_is_of_source(enum cli_stat_by by)
{
    return by >= STAT_BY_FUNCTION && by <= STAT_BY_STACK;
}

static inline bool cli_stat_is_of_devices(enum cli_stat_by by)
{
    return by == STAT_BY_KERNEL || by == STAT_BY_QUEUE;
}

/* --help, around that of the selection. */
extern const char cli_stat_help[], cli_stat_help_end[];

/* One table names the numbers of a group for --sort, --fail-if, JSON and CSV. */
enum cli_stat_metric {
    STAT_CALLS,
    STAT_ERRORS,
    STAT_UNFINISHED,
    STAT_TOTAL,
    STAT_MEAN,
    STAT_STDDEV,
    STAT_MIN,
    STAT_P50,
    STAT_P75,
    STAT_P90,
    STAT_P95,
    STAT_P99,
    STAT_MAX,
    STAT_SHARE,      /* per cent of the time of all groups of that kind */
    STAT_ERROR_RATE, /* per cent of the calls */
    STAT_COUNTED,    /* calls that are in aggregates */
    STAT_OUTLIERS_Z,
    STAT_OUTLIERS_ROBUST,
    STAT_SELF, /* of devices, and inclusive groups of the source */
    /* Of devices: see struct rn_device_group. */
    STAT_BUSY,
    STAT_SPAN,
    STAT_IDLE, /* per cent of the span */
    STAT_CONCURRENCY,
    STAT_PEAK,
    STAT_KERNELS,
    STAT_TRANSFERS,
    STAT_BYTES,
    STAT_RATE,      /* bytes by the sum of the transfers' durations */
    STAT_EFFECTIVE, /* bytes by the time in which one ran at least */
    STAT_LAUNCHES,
    STAT_LAUNCH_P50,
    STAT_LAUNCH_P99,
    STAT_QUEUE_P50,
    STAT_QUEUE_P99,
    STAT_SUBMIT_P50,
    STAT_SUBMIT_P99,
    STAT_WAITED,
    STAT_WAKE_P50,
    STAT_WAKE_P99,
    STAT_FOUND,
    STAT_UNWAITED,
    STAT_UNTIED,
    STAT_EARLY,
    STAT_DISORDER,
    STAT_LATE,
    /* Of compute operations, as STAT_BYTES and STAT_RATE. */
    STAT_ELEMENTS,
    STAT_FLOPS,
    STAT_ELEMENT_RATE,
    STAT_FLOP_RATE,
    STAT_METRICS,
    STAT_OF_DEVICES = STAT_SELF, /* the first of them, and of devices alone but for itself */
};

static inline bool cli_stat_is_of_operations(enum cli_stat_metric metric)
{
    return metric == STAT_BYTES || metric == STAT_RATE ||
           (metric >= STAT_ELEMENTS && metric < STAT_METRICS);
}

enum cli_stat_unit {
    STAT_COUNT,
    STAT_NS,
    STAT_PERCENT,
    STAT_SIZE,
    STAT_SPEED,
    STAT_FREQUENCY,
    STAT_RATIO
};

struct cli_stat_metric_info {
    const char *name;  /* as in --sort and --fail-if */
    const char *field; /* as in JSON and CSV, with its unit */
    enum cli_stat_unit unit;
};
extern const struct cli_stat_metric_info cli_stat_metrics[STAT_METRICS];
/* STAT_METRICS where the name is none. */
enum cli_stat_metric cli_stat_metric(const char *name, size_t length);

struct cli_stat_row {
    const struct rn_summary_group *group; /* NULL: the total */
    const struct rn_device_group *device; /* NULL: not of devices */
    uint8_t kind;
    const char *name;
    double value[STAT_METRICS];
    struct rn_outlier_model model;
};

/* The groups of one kind of event (all kinds with STAT_BY_KIND), and their total. */
struct cli_stat_section {
    uint8_t kind;             /* RN_KIND_NONE: all */
    enum rn_device_type type; /* of devices */
    struct cli_stat_row *rows;
    size_t count;
    struct cli_stat_row total;
};

struct cli_stat_outlier {
    const struct rn_summary_event *event;
    const struct cli_stat_row *row;
    struct rn_outlier_score score;
};

struct cli_stat_change {
    const struct cli_stat_row *row;
    struct rn_change change;
};

struct cli_stat_table {
    enum cli_stat_by by;
    const struct rn_summary_totals *totals;
    bool inclusive; /* groups have what is beneath them: STAT_SELF has not */
    struct cli_stat_section sections[RN_KIND_STREAM];
    size_t section_count;
    struct cli_stat_outlier *outliers; /* most striking first; NULL: not asked for */
    size_t outlier_count;
    struct cli_stat_change *changes; /* in order of time; NULL: not asked for */
    size_t change_count;
};

/* Outliers are not looked for in groups smaller than this: their spread says nothing. */
#define CLI_STAT_MIN_OUTLIER_GROUP 8

struct cli_stat_order {
    enum cli_stat_metric metric; /* greatest first; STAT_METRICS: by name */
    size_t top;                  /* rows (and outliers) to show; 0 all (outliers: 10) */
    bool outliers;
    bool changes;
    bool inclusive; /* of the source: with what was called from there */
};

/* False without memory. Free it in any case. The summary must outlive it. */
bool cli_stat_table_make(struct cli_stat_table *table, const struct rn_summary *summary,
                         enum cli_stat_by by, const struct cli_stat_order *order);
/* The same from what devices did. */
bool cli_stat_table_make_devices(struct cli_stat_table *table, const struct rn_device_stat *stat,
                                 enum cli_stat_by by, const struct cli_stat_order *order);
/* For these: the numbers that every row has, and the order of rows. */
void cli_stat_fill_row(struct cli_stat_row *row, const struct rn_summary_group *group);
void cli_stat_fill_shares(struct cli_stat_section *section);
void cli_stat_sort(struct cli_stat_section *section, enum cli_stat_metric metric);
/* "syscall", "kernel", "queue"...; NULL: of all kinds. */
const char *cli_stat_row_kind(const struct cli_stat_row *row);
/* Has a table of that kind that number? */
bool cli_stat_has(const struct cli_stat_table *table, unsigned metric);
void cli_stat_table_free(struct cli_stat_table *table);

/* Recordings summed up, in one of the two ways. */
struct cli_stat_sums {
    enum cli_stat_by by;
    struct rn_summary *events; /* NULL where it is the other one */
    struct rn_device_stat *devices;
};
/* False without memory. `filter` must outlive it. Free it in any case. */
bool cli_stat_sums_make(struct cli_stat_sums *sums, enum cli_stat_by by,
                        const struct rn_filter *filter, const struct cli_stat_order *order);
void cli_stat_sums_free(struct cli_stat_sums *sums);
/* The same with a tree that is to be filled, which must outlive it. */
bool cli_stat_sums_make_tree(struct cli_stat_sums *sums, const struct rn_filter *filter,
                             struct rn_call_tree *tree);
/* Add a recording. False where not all could be read: what is wrong is left in `err`, to be told
 * after the table, so that it is not overlooked above it; or has been told, where it could not be
 * opened. */
bool cli_stat_sums_read(struct cli_stat_sums *sums, const struct rn_filter *filter,
                        const char *path, struct rn_error *err);
/* As cli_stat_table_make, of either. */
bool cli_stat_sums_table(const struct cli_stat_sums *sums, struct cli_stat_table *table,
                         const struct cli_stat_order *order);

/* One condition of --fail-if. */
enum cli_stat_comparison { STAT_GT, STAT_GE, STAT_LT, STAT_LE, STAT_EQ, STAT_NE };
struct cli_stat_limit {
    const char *text;  /* as given */
    const char *group; /* NULL: "total"; "*": each */
    size_t group_length;
    enum cli_stat_metric metric;
    enum cli_stat_comparison comparison;
    double value;
};

/* False after a message. `text` is kept. */
bool cli_stat_limit_parse(const char *text, struct cli_stat_limit *limit);
/* One message for each row that violates a limit; the exit status. */
int cli_stat_limits_tell(const struct cli_stat_limit *limits, size_t count,
                         const struct cli_stat_table *table);
/* The next row that violates the limit, beginning with *number 0; NULL behind the last. */
const struct cli_stat_row *cli_stat_limit_violation(const struct cli_stat_limit *limit,
                                                    const struct cli_stat_table *table,
                                                    size_t *number);
/* What such a row is called; it has no name of its own where the call was never made. */
void cli_stat_limit_subject(const struct cli_stat_limit *limit, const struct cli_stat_row *row,
                            const char **name, size_t *length);

void cli_stat_text(const struct cli_stat_table *table, const struct cli_stat_order *order,
                   struct rn_buf *out);
/* cli_stat_change.c: find them; show them, where they were asked for. */
bool cli_stat_find_changes(struct cli_stat_table *table);
void cli_stat_text_changes(const struct cli_stat_table *table, size_t top, struct rn_buf *out);
void cli_stat_json_changes(const struct cli_stat_table *table, struct rn_buf *out);
/* Of devices, by cli_stat_text: sections, and remarks on them. */
void cli_stat_text_devices(const struct cli_stat_table *table, const struct cli_stat_order *order,
                           struct rn_buf *out);
/* For these: a value in a column of that width; a name, escaped; a number of all events. */
void cli_stat_text_value(struct rn_buf *out, enum cli_stat_metric metric, double value, int width);
void cli_stat_text_name(struct rn_buf *out, const char *name);
double cli_stat_of_all(const struct cli_stat_table *table, enum cli_stat_metric metric);
/* Sections with columns of their own; the last of the columns has no title. `with_pid`: show it. */
struct cli_stat_column {
    const char *title;
    enum cli_stat_metric metric;
    int width;
};
void cli_stat_text_columns(const struct cli_stat_section *section,
                           const struct cli_stat_column *columns, const char *title, bool with_pid,
                           size_t top, struct rn_buf *out);
/* Of compute operations, by cli_stat_text. */
void cli_stat_text_operations(const struct cli_stat_table *table,
                              const struct cli_stat_order *order, struct rn_buf *out);
void cli_stat_folded(const struct cli_stat_table *table, struct rn_buf *out);
void cli_stat_csv(const struct cli_stat_table *table, const struct cli_stat_order *order,
                  struct rn_buf *out);
void cli_stat_json(const struct cli_stat_table *table, const struct cli_stat_order *order,
                   const struct cli_stat_limit *limits, size_t limit_count, struct rn_buf *out);
/* A value with its unit, as messages show it. */
void cli_stat_value(struct rn_buf *out, enum cli_stat_metric metric, double value);

#endif
