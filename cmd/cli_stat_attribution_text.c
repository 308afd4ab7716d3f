/* SPDX-License-Identifier: MIT */
#include "cli_stat_attribution.h"

#include "formats/escape.h"

#include <inttypes.h>
#include <string.h>

enum { COLUMN = 9, USUAL_ROWS = 10 };

/* In the order of the columns; the rest of a call's name is what it is about. */
static const struct {
    unsigned part;
    const char *title;
    const char *meaning;
} parts[RN_PARTS] = {
    {RN_PART_COMPUTING, "compute", "computing, or waiting for a CPU"},
    {RN_CALL_FILE, "file", "calls on files"},
    {RN_CALL_SOCKET, "socket", "calls on sockets"},
    {RN_CALL_PIPE, "pipe", "calls on pipes and queues of messages"},
    {RN_CALL_TERMINAL, "terminal", "calls on terminals"},
    {RN_CALL_EVENTS, "events", "waiting for events (poll, epoll, signals)"},
    {RN_CALL_LOCK, "lock", "waiting for locks and other threads (futex)"},
    {RN_CALL_CHILD, "child", "waiting for children"},
    {RN_CALL_SLEEP, "sleep", "sleeping"},
    {RN_CALL_DEVICE, "device", "in drivers of devices (GPU), and waiting for them"},
    {RN_CALL_OTHER, "other", "other system calls"},
};

static void put_time(struct rn_buf *out, uint64_t ns, int width)
{
    cli_stat_text_value(out, STAT_TOTAL, (double)ns, width);
}

static void text_all(const struct cli_attribution *attribution, struct rn_buf *out)
{
    const struct rn_attribution_process *all = &attribution->result->all;

    rn_buf_printf(out, "\n%6s %*s  %s\n", "% time", COLUMN, "time", "of all threads together");
    for (size_t i = 0; i < RN_PARTS; i++) {
        uint64_t ns = all->part_ns[parts[i].part];

        if (!ns)
            continue;
        rn_buf_printf(out, "%6.2f ", all->life_ns ? 100.0 * (double)ns / (double)all->life_ns : 0);
        put_time(out, ns, COLUMN);
        rn_buf_printf(out, "  %s\n", parts[i].meaning);
    }
    rn_buf_printf(out, "%6.2f ", all->life_ns ? 100.0 : 0.0);
    put_time(out, all->life_ns, COLUMN);
    rn_buf_text(out, "  total\n");
}

static bool is_shown(const struct cli_attribution *attribution, size_t column)
{
    return attribution->result->all.part_ns[parts[column].part] > 0;
}

static void text_titles(const struct cli_attribution *attribution, const char *first,
                        struct rn_buf *out)
{
    rn_buf_printf(out, "\n%*s", COLUMN, first);
    for (size_t i = 0; i < RN_PARTS; i++) {
        if (is_shown(attribution, i))
            rn_buf_printf(out, " %*s", COLUMN, parts[i].title);
    }
}

static void text_parts(const struct cli_attribution *attribution, uint64_t life_ns,
                       const uint64_t *part_ns, struct rn_buf *out)
{
    put_time(out, life_ns, COLUMN);
    for (size_t i = 0; i < RN_PARTS; i++) {
        if (!is_shown(attribution, i))
            continue;
        rn_buf_byte(out, ' ');
        put_time(out, part_ns[parts[i].part], COLUMN);
    }
}

static size_t rows_of(const struct cli_attribution *attribution, size_t count)
{
    size_t most = attribution->top ? attribution->top : USUAL_ROWS;

    return count < most ? count : most;
}

static void more_line(size_t shown, size_t count, struct rn_buf *out)
{
    if (shown < count)
        rn_buf_printf(out, "%*s  (%zu more)\n", COLUMN, "...", count - shown);
}

static void text_name(struct rn_buf *out, const char *name)
{
    rn_buf_text(out, "  ");
    rn_escape_terminal(out, (const uint8_t *)name, strlen(name));
    rn_buf_byte(out, '\n');
}

static void text_processes(const struct cli_attribution *attribution, struct rn_buf *out)
{
    const struct rn_attribution_result *result = attribution->result;
    size_t shown = rows_of(attribution, result->process_count);

    text_titles(attribution, "threads'", out);
    rn_buf_printf(out, " %*s %*s %*s %8s %8s  process\n", COLUMN, "wall", COLUMN, "user", COLUMN,
                  "sys", "threads", "pid");
    for (size_t i = 0; i < shown; i++) {
        const struct rn_attribution_process *process = &result->processes[i];

        text_parts(attribution, process->life_ns, process->part_ns, out);
        rn_buf_byte(out, ' ');
        put_time(out, rn_clock_duration(attribution->clock, process->end - process->begin), COLUMN);
        if (process->cpu_known) {
            rn_buf_byte(out, ' ');
            put_time(out, process->user_ns, COLUMN);
            rn_buf_byte(out, ' ');
            put_time(out, process->system_ns, COLUMN);
        } else {
            rn_buf_printf(out, " %*s %*s", COLUMN, "-", COLUMN, "-");
        }
        rn_buf_printf(out, " %8" PRIu64 " %8" PRIu64, process->threads, process->pid);
        text_name(out, process->name);
    }
    more_line(shown, result->process_count, out);
}

static void text_threads(const struct cli_attribution *attribution, struct rn_buf *out)
{
    const struct rn_attribution_result *result = attribution->result;
    size_t shown = rows_of(attribution, result->thread_count);

    text_titles(attribution, "life", out);
    rn_buf_printf(out, " %10s %8s %8s  thread\n", "calls", "pid", "tid");
    for (size_t i = 0; i < shown; i++) {
        const struct rn_attribution_thread *thread = &result->threads[i];

        text_parts(attribution, thread->life_ns, thread->part_ns, out);
        rn_buf_printf(out, " %10" PRIu64 " %8" PRIu64 " %8" PRIu64, thread->calls, thread->pid,
                      thread->tid);
        text_name(out, thread->name);
    }
    more_line(shown, result->thread_count, out);
}

static void text_head(const struct cli_attribution *attribution, struct rn_buf *out)
{
    const struct rn_attribution_result *result = attribution->result;
    const struct rn_attribution_process *all = &result->all;

    rn_buf_text(out, "Wall time ");
    put_time(out, rn_clock_duration(attribution->clock, all->end - all->begin), 0);
    rn_buf_printf(out, ", %zu thread%s of %zu process%s", result->thread_count,
                  result->thread_count == 1 ? "" : "s", result->process_count,
                  result->process_count == 1 ? "" : "es");
    if (all->user_ns || all->system_ns) {
        rn_buf_text(out, all->cpu_known ? "; CPU: user " : "; CPU of those that ended: user ");
        put_time(out, all->user_ns, 0);
        rn_buf_text(out, ", system ");
        put_time(out, all->system_ns, 0);
    }
    if (attribution->devices_known) {
        rn_buf_text(out, "; devices busy ");
        put_time(out, attribution->devices_busy_ns, 0);
    }
    rn_buf_byte(out, '\n');
}

static void text_remarks(const struct cli_attribution *attribution, struct rn_buf *out)
{
    const struct rn_attribution_result *result = attribution->result;

    if (attribution->lacks_events)
        rn_buf_text(out, "\nNot all is here: where calls are missing, their time counts as "
                         "computing.\n");
    if (result->calls_lost)
        rn_buf_printf(out, "\n%" PRIu64 " events of threads after the first %u are left out.\n",
                      result->calls_lost, RN_ATTRIBUTION_THREADS);
    if (result->waits_lost)
        rn_buf_printf(out,
                      "\n%" PRIu64 " calls that wait for a device, after the first %u, count "
                      "as what they did meanwhile.\n",
                      result->waits_lost, RN_ATTRIBUTION_WAITS);
}

/* Of an imported trace, or of devices alone. */
static bool has_calls(const struct rn_attribution_result *result)
{
    for (size_t i = 0; i < result->thread_count; i++)
        if (result->threads[i].calls)
            return true;
    return false;
}

void cli_attribution_text(const struct cli_attribution *attribution, struct rn_buf *out)
{
    if (!has_calls(attribution->result)) {
        rn_buf_text(out, "There are no system calls, by which the time of threads is told apart; "
                         "rn-stat without --attribution sums up what there is.\n");
        return;
    }
    text_head(attribution, out);
    text_all(attribution, out);
    text_processes(attribution, out);
    text_threads(attribution, out);
    text_remarks(attribution, out);
}
