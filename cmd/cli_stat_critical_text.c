/* SPDX-License-Identifier: MIT */
#include "cli_stat.h"
#include "cli_stat_critical.h"

#include "formats/escape.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMN = 9, USUAL_LINKS = 20, USUAL_LINES = 10 };

double cli_critical_share(const struct cli_critical *critical, uint64_t ticks)
{
    uint64_t all = critical->result->end - critical->result->begin;

    return all ? 100 * (double)ticks / (double)all : 0;
}

void cli_critical_duration(const struct cli_critical *critical, uint64_t ticks, struct rn_buf *out)
{
    cli_stat_value(out, STAT_TOTAL, (double)rn_clock_duration(critical->clock, ticks));
}

/* "% time" and "time". */
static void add_time(const struct cli_critical *critical, uint64_t ticks, struct rn_buf *out)
{
    struct rn_buf text = RN_BUF_INIT;

    cli_critical_duration(critical, ticks, &text);
    rn_buf_printf(out, "%6.2f %*.*s", cli_critical_share(critical, ticks), COLUMN, (int)text.size,
                  text.data ? (const char *)text.data : "");
    rn_buf_free(&text);
}

static void show(struct rn_buf *out, const char *text)
{
    rn_escape_terminal(out, (const uint8_t *)text, strlen(text));
}

static const char *kind_of(const struct rn_critical_work *work)
{
    switch (work->kind) {
    case RN_KIND_NONE:
        return "computing";
    case RN_KIND_STREAM:
        return "queue idle";
    case RN_KIND_KERNEL:
        return "kernel ";
    case RN_KIND_TRANSFER:
        return "transfer ";
    default:
        return "";
    }
}

static void more_line(size_t shown, size_t count, struct rn_buf *out)
{
    if (shown < count)
        rn_buf_printf(out, "%*s  (%zu more)\n", 6 + 1 + COLUMN, "...", count - shown);
}

static size_t limit(const struct cli_critical *critical, size_t usual, size_t count)
{
    size_t most = critical->top ? critical->top : usual;

    return count < most ? count : most;
}

static void text_work(const struct cli_critical *critical, struct rn_buf *out)
{
    const struct rn_critical_result *result = critical->result;
    size_t shown = limit(critical, USUAL_LINES, result->work_count);

    rn_buf_printf(out, "\n%6s %*s %10s  %s\n", "% time", COLUMN, "time", "calls", "what");
    for (size_t i = 0; i < shown; i++) {
        const struct rn_critical_work *work = &result->work[i];

        add_time(critical, work->ticks, out);
        if (work->count)
            rn_buf_printf(out, " %10" PRIu64 "  ", work->count);
        else
            rn_buf_printf(out, " %10s  ", "");
        rn_buf_text(out, kind_of(work));
        show(out, work->name);
        rn_buf_byte(out, '\n');
    }
    more_line(shown, result->work_count, out);
}

static void text_threads(const struct cli_critical *critical, struct rn_buf *out)
{
    const struct rn_critical_result *result = critical->result;
    size_t shown = limit(critical, USUAL_LINES, result->thread_count);

    rn_buf_printf(out, "\n%6s %*s %8s %7s %8s %8s  %s\n", "% time", COLUMN, "time", "links",
                  "stream", "pid", "tid", "thread");
    for (size_t i = 0; i < shown; i++) {
        const struct rn_critical_thread *thread = &result->threads[i];

        add_time(critical, thread->ticks, out);
        rn_buf_printf(out, " %8" PRIu64 " %7" PRIu64 " %8" PRIu64 " %8" PRIu64 "  ", thread->links,
                      thread->stream, thread->pid, thread->tid);
        show(out, thread->name);
        rn_buf_byte(out, '\n');
    }
    more_line(shown, result->thread_count, out);
}

/* ---- links ---- */

static const struct rn_critical_thread *thread_of(const struct cli_critical *critical,
                                                  uint32_t stream)
{
    const struct rn_critical_result *result = critical->result;

    for (size_t i = 0; i < result->thread_count; i++)
        if (result->threads[i].stream == stream)
            return &result->threads[i];
    return NULL;
}

static void text_link(const struct cli_critical *critical, const struct rn_critical_link *link,
                      struct rn_buf *out)
{
    const struct rn_critical_thread *thread = thread_of(critical, link->stream);
    uint64_t at = rn_clock_since_start(critical->clock, link->from);
    bool queue = thread && thread->type == RN_STREAM_QUEUE;
    char entered[32];

    snprintf(entered, sizeof entered, "%s%s", cli_critical_entered(link),
             link->certainty == RN_EDGE_PROVEN ? "" : "?");
    rn_buf_printf(out, "%6" PRIu64 ".%06" PRIu64 " ", at / 1000000000, at % 1000000000 / 1000);
    add_time(critical, link->to - link->from, out);
    rn_buf_printf(out, " %-11s %7" PRIu32 " %8" PRIu64 "  ", entered, link->stream,
                  thread ? thread->tid : 0);
    show(out, thread ? thread->name : "");
    rn_buf_text(out, ": ");
    show(out, link->most ? link->most : queue ? "idle" : "computing");
    rn_buf_byte(out, '\n');
}

static int longest_first(const void *a, const void *b)
{
    const struct rn_critical_link *x = *(const struct rn_critical_link *const *)a;
    const struct rn_critical_link *y = *(const struct rn_critical_link *const *)b;
    uint64_t length = x->to - x->from, other = y->to - y->from;

    if (length != other)
        return length > other ? -1 : 1;
    return x < y ? -1 : x > y;
}

static int in_order(const void *a, const void *b)
{
    const struct rn_critical_link *x = *(const struct rn_critical_link *const *)a;
    const struct rn_critical_link *y = *(const struct rn_critical_link *const *)b;

    return x < y ? -1 : x > y;
}

/* The longest ones, in order of time. */
static void text_links(const struct cli_critical *critical, struct rn_buf *out)
{
    const struct rn_critical_result *result = critical->result;
    size_t shown = limit(critical, USUAL_LINKS, result->link_count);
    const struct rn_critical_link **links = calloc(result->link_count + 1, sizeof(*links));
    uint64_t rest = 0;

    if (!links) {
        out->failed = true;
        return;
    }
    for (size_t i = 0; i < result->link_count; i++)
        links[i] = &result->links[i];
    qsort(links, result->link_count, sizeof(*links), longest_first);
    for (size_t i = shown; i < result->link_count; i++)
        rest += links[i]->to - links[i]->from;
    qsort(links, shown, sizeof(*links), in_order);
    rn_buf_printf(out, "\n%13s %6s %*s %-11s %7s %8s  %s\n", "at, seconds", "% time", COLUMN,
                  "time", "came by", "stream", "tid", "thread: what it mostly did");
    for (size_t i = 0; i < shown; i++)
        text_link(critical, links[i], out);
    if (shown < result->link_count) {
        rn_buf_printf(out, "%13s ", "...");
        add_time(critical, rest, out);
        rn_buf_printf(out, " (%zu shorter links)\n", result->link_count - shown);
    }
    free(links);
}

void cli_critical_text(const struct cli_critical *critical, struct rn_buf *out)
{
    const struct rn_critical_result *result = critical->result;

    if (!result->link_count) {
        rn_buf_text(out, "Nothing happened: there is no critical path.\n");
        return;
    }
    rn_buf_text(out, "Critical path: ");
    cli_critical_duration(critical, result->end - result->begin, out);
    rn_buf_printf(out, " in %zu link%s on %zu thread%s\n", result->link_count,
                  result->link_count == 1 ? "" : "s", result->thread_count,
                  result->thread_count == 1 ? " or queue" : "s and queues");
    text_work(critical, out);
    text_threads(critical, out);
    text_links(critical, out);
    cli_critical_patterns_text(critical, out);
    if (result->links[0].entered == RN_CRITICAL_UNKNOWN) {
        rn_buf_text(out, "\nWhat made the first link begin is not known; before it: ");
        cli_critical_duration(critical, result->links[0].from - result->begin, out);
        rn_buf_byte(out, '\n');
    }
    if (critical->lacks_events || result->waits_lost)
        rn_buf_text(out, "\nNot all is here: where events are missing, so may be waits\n");
}
