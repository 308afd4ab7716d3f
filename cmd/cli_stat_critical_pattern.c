/* SPDX-License-Identifier: MIT */
#include "cli_stat_critical.h"

#include "formats/escape.h"

#include <inttypes.h>
#include <string.h>

static void show(struct rn_buf *out, const char *text)
{
    rn_escape_terminal(out, (const uint8_t *)text, strlen(text));
}

static void begin_pattern(struct rn_buf *out, bool *any, const char *title)
{
    rn_buf_printf(out, "%s- %s: ", *any ? "" : "\nWhat stands out:\n", title);
    *any = true;
}

static void text_dominant(const struct cli_critical *critical, bool *any, struct rn_buf *out)
{
    const struct rn_critical_patterns *patterns = &critical->result->patterns;

    if (!patterns->dominant.found)
        return;
    begin_pattern(out, any, "one process dominates");
    show(out, patterns->dominant.program);
    rn_buf_printf(out, " (pid %" PRIu64 ") has %.1f%% of the path, ", patterns->dominant.pid,
                  cli_critical_share(critical, patterns->dominant.ticks));
    cli_critical_duration(critical, patterns->dominant.ticks, out);
    rn_buf_byte(out, '\n');
}

static void text_loop(const struct cli_critical *critical, bool *any, struct rn_buf *out)
{
    const struct rn_critical_patterns *patterns = &critical->result->patterns;
    uint64_t calls = patterns->loop.calls;

    if (!patterns->loop.found)
        return;
    begin_pattern(out, any, "a tight loop of one tiny system call");
    rn_buf_printf(out, "%" PRIu64 " x ", calls);
    show(out, patterns->loop.call);
    rn_buf_printf(out,
                  " in %" PRIu64 " run%s without another call, %.1f%% of the path; each takes ",
                  patterns->loop.runs, patterns->loop.runs == 1 ? "" : "s",
                  cli_critical_share(critical, patterns->loop.ticks));
    cli_critical_duration(critical, patterns->loop.in_calls / calls, out);
    if (patterns->loop.bytes)
        rn_buf_printf(out, " for %.1f bytes", (double)patterns->loop.bytes / (double)calls);
    rn_buf_printf(out, " (the longest: tid %" PRIu64 ")\n", patterns->loop.tid);
}

static void text_transfers(const struct cli_critical *critical, bool *any, struct rn_buf *out)
{
    const struct rn_critical_patterns *patterns = &critical->result->patterns;

    if (!patterns->transfers.found)
        return;
    begin_pattern(out, any, "transfers take over half as long as kernels");
    rn_buf_printf(out, "%" PRIu64 " transfers of %" PRIu64 " bytes in ",
                  patterns->transfers.transfers, patterns->transfers.bytes);
    cli_critical_duration(critical, patterns->transfers.transfer_ticks, out);
    rn_buf_printf(out, ", %" PRIu64 " kernels in ", patterns->transfers.kernels);
    cli_critical_duration(critical, patterns->transfers.kernel_ticks, out);
    rn_buf_byte(out, '\n');
}

static void text_synchronous(const struct cli_critical *critical, bool *any, struct rn_buf *out)
{
    const struct rn_critical_patterns *patterns = &critical->result->patterns;

    if (!patterns->synchronous.found)
        return;
    begin_pattern(out, any, "small synchronous writes");
    rn_buf_printf(out,
                  "%" PRIu64 " writes of %.0f bytes on average, each made durable by itself, in ",
                  patterns->synchronous.writes,
                  (double)patterns->synchronous.bytes / (double)patterns->synchronous.writes);
    cli_critical_duration(critical, patterns->synchronous.ticks, out);
    if (patterns->synchronous.path) {
        rn_buf_printf(out, "; %" PRIu64 " of them to ", patterns->synchronous.path_writes);
        show(out, patterns->synchronous.path);
    }
    rn_buf_byte(out, '\n');
}

void cli_critical_patterns_text(const struct cli_critical *critical, struct rn_buf *out)
{
    bool any = false;

    text_dominant(critical, &any, out);
    text_loop(critical, &any, out);
    text_transfers(critical, &any, out);
    text_synchronous(critical, &any, out);
}
