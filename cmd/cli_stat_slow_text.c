/* SPDX-License-Identifier: MIT */
#include "cli_stat_slow.h"

#include "formats/escape.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { COLUMN = 9, USUAL_GROUPS = 10, USUAL_CALLS = 20 };

static void put_time(struct rn_buf *out, uint64_t ns)
{
    cli_stat_text_value(out, STAT_TOTAL, (double)ns, COLUMN);
    rn_buf_byte(out, ' ');
}

static size_t limit(const struct cli_slow *slow, size_t usual, size_t count)
{
    size_t most = slow->job->order.top ? slow->job->order.top : usual;

    return count < most ? count : most;
}

static void more_line(size_t shown, size_t count, struct rn_buf *out)
{
    if (shown < count)
        rn_buf_printf(out, "%*s  (%zu more)\n", COLUMN, "...", count - shown);
}

static void text_group(const struct rn_slow_group *group, struct rn_buf *out)
{
    char slow[32];

    snprintf(slow, sizeof slow, "%s%" PRIu64, group->estimated ? "~" : "", group->slow);
    rn_buf_printf(out, "%8s ", slow);
    put_time(out, group->slow_ns);
    rn_buf_printf(out, "%10" PRIu64 " ", rn_histogram_count(group->durations));
    put_time(out, rn_histogram_sum(group->durations));
    put_time(out, rn_histogram_quantile(group->durations, 0.5));
    put_time(out, rn_histogram_quantile(group->durations, 0.99));
    put_time(out, rn_histogram_max(group->durations));
    put_time(out, group->limit_ns);
    rn_buf_printf(out, " %-8s  %s\n", rn_call_class_names[group->class], group->name);
}

static void text_groups(const struct cli_slow *slow, struct rn_buf *out)
{
    size_t shown = limit(slow, USUAL_GROUPS, slow->result->group_count);

    rn_buf_printf(out, "%8s %*s %10s %*s %*s %*s %*s %*s  %-8s  call\n", "slow", COLUMN,
                  "slow time", "calls", COLUMN, "total", COLUMN, "p50", COLUMN, "p99", COLUMN,
                  "max", COLUMN, "limit", "on");
    for (size_t i = 0; i < shown; i++)
        text_group(slow->result->groups[i], out);
    more_line(shown, slow->result->group_count, out);
}

static void text_call(const struct cli_slow *slow, const struct rn_slow_call *call,
                      struct rn_buf *out)
{
    char id[64];

    snprintf(id, sizeof id, "%" PRIu64 ":%" PRIu64, call->stream, call->ordinal);
    put_time(out, call->duration_ns);
    rn_buf_printf(out, "%14s ", id);
    if (slow->recordings > 1)
        rn_buf_printf(out, "%9" PRIu64 " ", call->recording + 1);
    rn_buf_printf(out, "%8" PRIu64 " %8" PRIu64 " %6" PRIu64 ".%06" PRIu64 "  %s", call->pid,
                  call->tid, call->start_ns / 1000000000, call->start_ns % 1000000000 / 1000,
                  call->group->name);
    if (call->what) {
        rn_buf_byte(out, ' ');
        rn_escape_terminal(out, (const uint8_t *)call->what, strlen(call->what));
    }
    rn_buf_text(out, call->unfinished ? " (unfinished)\n" : "\n");
}

static void text_calls(const struct cli_slow *slow, struct rn_buf *out)
{
    size_t shown = limit(slow, USUAL_CALLS, slow->result->call_count);

    if (!shown) {
        rn_buf_text(out, "\nNo slow calls.\n");
        return;
    }
    rn_buf_printf(out, "\n%*s %14s ", COLUMN, "duration", "stream:ordinal");
    if (slow->recordings > 1)
        rn_buf_printf(out, "%9s ", "recording");
    rn_buf_printf(out, "%8s %8s %13s  call, on\n", "pid", "tid", "at, seconds");
    for (size_t i = 0; i < shown; i++)
        text_call(slow, slow->result->calls[i], out);
    more_line(shown, slow->result->call_count, out);
}

void cli_slow_text(const struct cli_slow *slow, struct rn_buf *out)
{
    if (!slow->result->group_count) {
        rn_buf_text(out, "No calls on files, sockets, pipes and terminals.\n");
        return;
    }
    text_groups(slow, out);
    text_calls(slow, out);
    if (slow->result->overflowed)
        rn_buf_printf(out, "\nNot all is here: calls after the first %u groups are left out\n",
                      RN_SLOW_GROUPS);
    if (slow->lacks_events)
        rn_buf_text(out, "\nNot all is here: events are missing\n");
}
