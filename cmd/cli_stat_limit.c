/* SPDX-License-Identifier: MIT */
/* Thresholds: --fail-if [GROUP.]METRIC OPERATOR VALUE. */
#include "cli_stat.h"

#include "formats/syscall_table.h"
#include "libanalysis/suggest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *text;
    enum cli_stat_comparison comparison;
} operators[] = {
    /* Longer ones first. */
    {">=", STAT_GE}, {"<=", STAT_LE}, {"==", STAT_EQ},
    {"!=", STAT_NE}, {">", STAT_GT},  {"<", STAT_LT},
};

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " ");
}

static size_t trimmed(const char *text, size_t length)
{
    while (length && text[length - 1] == ' ')
        length--;
    return length;
}

static bool bad_metric(const char *name, size_t length)
{
    struct rn_suggestion best = rn_suggestion_begin(name, length);

    for (unsigned i = 0; i < STAT_METRICS; i++)
        rn_suggestion_try(&best, cli_stat_metrics[i].name);
    cli_usage("--fail-if: '%.*s' is no number of a group%s%s%s", (int)(length < 64 ? length : 64),
              name, best.word ? "; did you mean '" : "", best.word ? best.word : "",
              best.word ? "'?" : "");
    return false;
}

/* "openat.p99": the metric stands behind the last point; names of threads and kernels may have
 * points. */
static bool parse_subject(const char *text, size_t length, struct cli_stat_limit *limit)
{
    const char *point = memrchr(text, '.', length);
    const char *metric = point ? point + 1 : text;
    size_t metric_length = length - (size_t)(metric - text);

    limit->metric = cli_stat_metric(metric, metric_length);
    if (limit->metric == STAT_METRICS)
        return bad_metric(metric, metric_length);
    if (point && !(point - text == 5 && memcmp(text, "total", 5) == 0)) {
        limit->group = text;
        limit->group_length = (size_t)(point - text);
    }
    return true;
}

static bool parse_value(const char *text, struct cli_stat_limit *limit)
{
    enum cli_stat_unit unit = cli_stat_metrics[limit->metric].unit;
    char *end;
    uint64_t ns;

    if (unit == STAT_NS && cli_parse_duration(text, &ns)) {
        limit->value = (double)ns;
        return true;
    }
    limit->value = strtod(text, &end);
    if (unit == STAT_PERCENT && *end == '%')
        end++;
    if (end != text && !*skip_blanks(end) && isfinite(limit->value) && unit != STAT_NS)
        return true;
    cli_usage("--fail-if: '%s' is no %s", text,
              unit == STAT_NS ? "time such as 10us, 1.5ms or 2s" : "number");
    return false;
}

bool cli_stat_limit_parse(const char *text, struct cli_stat_limit *limit)
{
    const char *subject = skip_blanks(text);
    size_t length = strcspn(subject, "<>=!");

    *limit = (struct cli_stat_limit){.text = text};
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        size_t operator_length = strlen(operators[i].text);

        if (strncmp(subject + length, operators[i].text, operator_length) != 0)
            continue;
        limit->comparison = operators[i].comparison;
        return parse_subject(subject, trimmed(subject, length), limit) &&
               parse_value(skip_blanks(subject + length + operator_length), limit);
    }
    cli_usage("--fail-if: '%s' has no operator; it looks like 'openat.p99>1ms'", text);
    return false;
}

static bool is_named(const struct cli_stat_limit *limit, const char *name)
{
    return strlen(name) == limit->group_length &&
           memcmp(name, limit->group, limit->group_length) == 0;
}

static bool is_each(const struct cli_stat_limit *limit)
{
    return limit->group && limit->group_length == 1 && *limit->group == '*';
}

static bool is_system_call(const struct cli_stat_limit *limit)
{
    for (unsigned abi = 0; abi < RN_ABI_COUNT; abi++) {
        if (rn_syscall_number((enum rn_abi)abi, limit->group, limit->group_length) >= 0)
            return true;
    }
    return false;
}

bool cli_stat_limit_check(const struct cli_stat_limit *limit, const struct cli_stat_table *table)
{
    if (!limit->group || is_each(limit))
        return true;
    for (size_t s = 0; s < table->section_count; s++) {
        for (size_t i = 0; i < table->sections[s].count; i++) {
            if (is_named(limit, table->sections[s].rows[i].name))
                return true;
        }
    }
    if (table->by == STAT_BY_SYSCALL && is_system_call(limit))
        return true;
    /* A misspelt name must not make a check pass for ever. */
    cli_fail("--fail-if '%s': there is no group '%.*s'", limit->text, (int)limit->group_length,
             limit->group);
    return false;
}

static bool violates(const struct cli_stat_limit *limit, const struct cli_stat_row *row)
{
    double value = row->value[limit->metric];

    switch (limit->comparison) {
    case STAT_GT:
        return value > limit->value;
    case STAT_GE:
        return value >= limit->value;
    case STAT_LT:
        return value < limit->value;
    case STAT_LE:
        return value <= limit->value;
    case STAT_EQ:
        return value == limit->value;
    case STAT_NE:
        break;
    }
    return value != limit->value;
}

/* The row of that number among those that the limit is about; NULL behind the last. */
static const struct cli_stat_row *subject(const struct cli_stat_limit *limit,
                                          const struct cli_stat_table *table, size_t number)
{
    static const struct cli_stat_row absent = {.name = NULL};
    size_t seen = 0;

    if (!limit->group)
        return number ? NULL : &table->sections[0].total;
    for (size_t s = 0; s < table->section_count; s++) {
        for (size_t i = 0; i < table->sections[s].count; i++) {
            const struct cli_stat_row *row = &table->sections[s].rows[i];

            if ((is_each(limit) || is_named(limit, row->name)) && seen++ == number)
                return row;
        }
    }
    /* A system call that was never made has zeros: "fsync.calls<1" is violated. */
    return !seen && !number && !is_each(limit) ? &absent : NULL;
}

void cli_stat_limit_subject(const struct cli_stat_limit *limit, const struct cli_stat_row *row,
                            const char **name, size_t *length)
{
    *name = row->name ? row->name : limit->group;
    *length = row->name ? strlen(row->name) : limit->group_length;
}

const struct cli_stat_row *cli_stat_limit_violation(const struct cli_stat_limit *limit,
                                                    const struct cli_stat_table *table,
                                                    size_t *number)
{
    const struct cli_stat_row *row;

    while ((row = subject(limit, table, (*number)++))) {
        if (violates(limit, row))
            return row;
    }
    return NULL;
}
