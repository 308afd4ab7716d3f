/* SPDX-License-Identifier: MIT */
/* rn-stat's table: the groups of a summary with their numbers, sorted, and how it is shown. */
#ifndef RN_CLI_STAT_H
#define RN_CLI_STAT_H

#include "cli.h"

#include "libanalysis/summary.h"

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
    STAT_OUTLIERS_Z,
    STAT_OUTLIERS_ROBUST,
    STAT_METRICS,
};

enum cli_stat_unit { STAT_COUNT, STAT_NS, STAT_PERCENT };

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
    uint8_t kind;
    const char *name;
    double value[STAT_METRICS];
    struct rn_outlier_model model;
};

/* The groups of one kind of event (all kinds with RN_BY_KIND), and their total. */
struct cli_stat_section {
    uint8_t kind; /* RN_KIND_NONE: all */
    struct cli_stat_row *rows;
    size_t count;
    struct cli_stat_row total;
};

struct cli_stat_outlier {
    const struct rn_summary_event *event;
    const struct cli_stat_row *row;
    struct rn_outlier_score score;
};

struct cli_stat_table {
    enum rn_summary_by by;
    const struct rn_summary_totals *totals;
    struct cli_stat_section sections[RN_KIND_STREAM];
    size_t section_count;
    struct cli_stat_outlier *outliers; /* most striking first; NULL: not asked for */
    size_t outlier_count;
};

/* Outliers are not looked for in groups smaller than this: their spread says nothing. */
#define CLI_STAT_MIN_OUTLIER_GROUP 8

struct cli_stat_order {
    enum cli_stat_metric metric; /* greatest first; STAT_METRICS: by name */
    size_t top;                  /* rows (and outliers) to show; 0 all (outliers: 10) */
    bool outliers;
};

/* False without memory. Free it in any case. The summary must outlive it. */
bool cli_stat_table_make(struct cli_stat_table *table, const struct rn_summary *summary,
                         enum rn_summary_by by, const struct cli_stat_order *order);
void cli_stat_table_free(struct cli_stat_table *table);

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
void cli_stat_csv(const struct cli_stat_table *table, const struct cli_stat_order *order,
                  struct rn_buf *out);
void cli_stat_json(const struct cli_stat_table *table, const struct cli_stat_order *order,
                   const struct cli_stat_limit *limits, size_t limit_count, struct rn_buf *out);
/* A value with its unit, as messages show it. */
void cli_stat_value(struct rn_buf *out, enum cli_stat_metric metric, double value);

#endif
