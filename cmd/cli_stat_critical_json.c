/* SPDX-License-Identifier: MIT */
/* One JSON document; the schema is in rn-stat(1). */
#include "cli_stat_critical.h"

#include "formats/escape.h"

#include <inttypes.h>
#include <string.h>

static void text_field(struct rn_buf *out, const char *name, const char *text)
{
    rn_buf_printf(out, ",\"%s\":", name);
    if (text)
        rn_escape_json(out, (const uint8_t *)text, strlen(text));
    else
        rn_buf_text(out, "null");
}

static void number_field(struct rn_buf *out, const char *name, uint64_t number)
{
    rn_buf_printf(out, ",\"%s\":%" PRIu64, name, number);
}

static void time_field(const struct cli_critical *critical, struct rn_buf *out, const char *name,
                       uint64_t ticks)
{
    number_field(out, name, rn_clock_duration(critical->clock, ticks));
}

static size_t limit(const struct cli_critical *critical, size_t count)
{
    return critical->top && critical->top < count ? critical->top : count;
}

static void put_links(const struct cli_critical *critical, struct rn_buf *out)
{
    const struct rn_critical_result *result = critical->result;

    rn_buf_text(out, ",\"links\":[");
    for (size_t i = 0; i < limit(critical, result->link_count); i++) {
        const struct rn_critical_link *link = &result->links[i];

        rn_buf_printf(out, "%s{\"stream\":%" PRIu32, i ? "," : "", link->stream);
        text_field(out, "entered", cli_critical_entered(link));
        rn_buf_printf(out, ",\"proven\":%s", link->certainty == RN_EDGE_PROVEN ? "true" : "false");
        number_field(out, "start_ns", rn_clock_since_start(critical->clock, link->from));
        time_field(critical, out, "duration_ns", link->to - link->from);
        time_field(critical, out, "working_ns", link->working);
        text_field(out, "mostly", link->most);
        rn_buf_byte(out, '}');
    }
    rn_buf_byte(out, ']');
}

static void put_threads(const struct cli_critical *critical, struct rn_buf *out)
{
    const struct rn_critical_result *result = critical->result;

    rn_buf_text(out, ",\"threads\":[");
    for (size_t i = 0; i < limit(critical, result->thread_count); i++) {
        const struct rn_critical_thread *thread = &result->threads[i];

        rn_buf_printf(out, "%s{\"stream\":%" PRIu64, i ? "," : "", thread->stream);
        number_field(out, "pid", thread->pid);
        number_field(out, "tid", thread->tid);
        text_field(out, "name", thread->name);
        text_field(out, "program", thread->program);
        rn_buf_printf(out, ",\"queue\":%s", thread->type == RN_STREAM_QUEUE ? "true" : "false");
        time_field(critical, out, "duration_ns", thread->ticks);
        number_field(out, "links", thread->links);
        rn_buf_byte(out, '}');
    }
    rn_buf_byte(out, ']');
}

static const char *kind_name(const struct rn_critical_work *work)
{
    switch (work->kind) {
    case RN_KIND_NONE:
        return "computing";
    case RN_KIND_STREAM:
        return "idle";
    case RN_KIND_NOTICE:
        return "other";
    default:
        return rn_kind_name(work->kind);
    }
}

static void put_work(const struct cli_critical *critical, struct rn_buf *out)
{
    const struct rn_critical_result *result = critical->result;

    rn_buf_text(out, ",\"work\":[");
    for (size_t i = 0; i < limit(critical, result->work_count); i++) {
        const struct rn_critical_work *work = &result->work[i];

        rn_buf_printf(out, "%s{\"kind\":\"%s\"", i ? "," : "", kind_name(work));
        text_field(out, "name", work->name);
        time_field(critical, out, "duration_ns", work->ticks);
        number_field(out, "count", work->count);
        rn_buf_byte(out, '}');
    }
    rn_buf_byte(out, ']');
}

static void begin_pattern(struct rn_buf *out, bool *any, const char *name)
{
    rn_buf_printf(out, "%s{\"pattern\":\"%s\"", *any ? "," : "", name);
    *any = true;
}

static void put_patterns(const struct cli_critical *critical, struct rn_buf *out)
{
    const struct rn_critical_patterns *patterns = &critical->result->patterns;
    bool any = false;

    rn_buf_text(out, ",\"patterns\":[");
    if (patterns->dominant.found) {
        begin_pattern(out, &any, "dominant-process");
        number_field(out, "pid", patterns->dominant.pid);
        text_field(out, "program", patterns->dominant.program);
        time_field(critical, out, "duration_ns", patterns->dominant.ticks);
        rn_buf_byte(out, '}');
    }
    if (patterns->loop.found) {
        begin_pattern(out, &any, "tight-loop");
        text_field(out, "name", patterns->loop.call);
        number_field(out, "pid", patterns->loop.pid);
        number_field(out, "tid", patterns->loop.tid);
        number_field(out, "runs", patterns->loop.runs);
        number_field(out, "calls", patterns->loop.calls);
        number_field(out, "bytes", patterns->loop.bytes);
        time_field(critical, out, "duration_ns", patterns->loop.ticks);
        time_field(critical, out, "calls_ns", patterns->loop.in_calls);
        rn_buf_byte(out, '}');
    }
    if (patterns->transfers.found) {
        begin_pattern(out, &any, "transfers");
        number_field(out, "transfers", patterns->transfers.transfers);
        number_field(out, "bytes", patterns->transfers.bytes);
        time_field(critical, out, "transfers_ns", patterns->transfers.transfer_ticks);
        number_field(out, "kernels", patterns->transfers.kernels);
        time_field(critical, out, "kernels_ns", patterns->transfers.kernel_ticks);
        rn_buf_byte(out, '}');
    }
    if (patterns->synchronous.found) {
        begin_pattern(out, &any, "small-synchronous-writes");
        number_field(out, "writes", patterns->synchronous.writes);
        number_field(out, "bytes", patterns->synchronous.bytes);
        time_field(critical, out, "duration_ns", patterns->synchronous.ticks);
        text_field(out, "path", patterns->synchronous.path);
        number_field(out, "path_writes", patterns->synchronous.path_writes);
        rn_buf_byte(out, '}');
    }
    rn_buf_byte(out, ']');
}

void cli_critical_json(const struct cli_critical *critical, struct rn_buf *out)
{
    const struct rn_critical_result *result = critical->result;

    rn_buf_text(out, "{\"schema\":\"rn-stat-critical-path/1\"");
    text_field(out, "recording", critical->name);
    rn_buf_printf(out, ",\"incomplete\":%s",
                  critical->lacks_events || result->waits_lost ? "true" : "false");
    time_field(critical, out, "duration_ns", result->end - result->begin);
    number_field(out, "link_count", result->link_count);
    put_links(critical, out);
    put_threads(critical, out);
    put_work(critical, out);
    put_patterns(critical, out);
    rn_buf_text(out, "}\n");
}
