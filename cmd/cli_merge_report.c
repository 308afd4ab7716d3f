/* SPDX-License-Identifier: MIT */
/* rn-merge --report: hosts, clocks and edges, as text and as JSON. */
#include "cli_merge.h"

#include "formats/escape.h"
#include "libanalysis/causal_edge.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

static void RN_PRINTF(2, 3) put(struct rn_buf *out, const char *format, ...)
{
    char line[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    rn_buf_text(out, line);
}

static void put_name(struct rn_buf *out, const char *name)
{
    if (name)
        rn_escape_terminal(out, (const uint8_t *)name, strlen(name));
    else
        rn_buf_text(out, "?");
}

static void put_lines(struct rn_buf *out, const struct rn_clock_host *host)
{
    for (size_t i = 0; i < host->line_count; i++) {
        const struct rn_clock_line *line = &host->lines[i];

        put(out, "  %s offset %+.9f s, drift %+.3f ppm, ", i ? "then" : "    ",
            (double)line->offset_ns / 1e9, line->drift * 1e6);
        if (line->bound_ns == UINT64_MAX)
            rn_buf_text(out, "not bounded\n");
        else
            put(out, "within %.9f s\n", (double)line->bound_ns / 1e9);
    }
}

void cli_merge_report(const struct rn_merge *merge, struct rn_buf *out)
{
    struct rn_merge_totals totals;
    size_t count;
    const struct rn_merge_host *hosts = rn_merge_hosts(merge, &count);

    rn_merge_totals(merge, &totals);
    for (size_t i = 0; i < count; i++) {
        const struct rn_clock_host *clock = hosts[i].clock;

        rn_buf_text(out, "Host ");
        put_name(out, hosts[i].name);
        put(out, ", recordings %zu", hosts[i].sources);
        if (!clock || clock->parent == clock->host) {
            rn_buf_text(out, count == 1                  ? ", one clock\n"
                             : clock && !clock->messages ? ", no messages: its own clock\n"
                                                         : ", reference\n");
            continue;
        }
        put(out, ", messages %" PRIu64 ", violations %" PRIu64 " before, %" PRIu64 " after\n",
            clock->messages, clock->violations_before, clock->violations_after);
        put_lines(out, clock);
        if (clock->loop_excess_ns)
            put(out, "  other hosts contradict this by up to %.9f s\n",
                (double)clock->loop_excess_ns / 1e9);
    }
    put(out, "Events %" PRIu64 "\n", totals.events);
    put(out, "Edges  %" PRIu64 " proven, %" PRIu64 " inferred\n", totals.proven, totals.inferred);
    for (unsigned i = 0; i < RN_EDGE_MECHANISMS; i++)
        if (totals.by_mechanism[i][0] || totals.by_mechanism[i][1])
            put(out, "  %-10s %" PRIu64 " proven, %" PRIu64 " inferred\n",
                rn_edge_mechanism_name(i), totals.by_mechanism[i][1], totals.by_mechanism[i][0]);
    if (totals.demoted)
        put(out, "Edges that came too late for the order, and are inferred: %" PRIu64 "\n",
            totals.demoted);
    if (totals.forgotten)
        put(out, "Things forgotten for want of memory: %" PRIu64 "\n", totals.forgotten);
    put(out, "Effects before their causes: %" PRIu64 "\n", totals.violations);
}

static void put_json_name(struct rn_buf *out, const char *name)
{
    if (!name) {
        rn_buf_text(out, "null");
        return;
    }
    rn_escape_json(out, (const uint8_t *)name, strlen(name));
}

static void put_json_lines(struct rn_buf *out, const struct rn_clock_host *host)
{
    for (size_t i = 0; host && i < host->line_count; i++) {
        const struct rn_clock_line *line = &host->lines[i];

        put(out,
            "%s{\"from_ns\":\"%" PRId64 "\",\"offset_ns\":\"%" PRId64
            "\",\"drift_ppm\":%.6f,\"bound_ns\":",
            i ? "," : "", line->from_ns, line->offset_ns, line->drift * 1e6);
        if (line->bound_ns == UINT64_MAX)
            rn_buf_text(out, "null}");
        else
            put(out, "\"%" PRIu64 "\"}", line->bound_ns);
    }
}

static void put_json_host(struct rn_buf *out, const struct rn_merge_host *host)
{
    const struct rn_clock_host *clock = host->clock;

    rn_buf_text(out, "{\"host\":");
    put_json_name(out, host->name);
    put(out,
        ",\"recordings\":%zu,\"reference\":%s,\"messages\":\"%" PRIu64
        "\",\"violations_before\":\"%" PRIu64 "\",\"violations_after\":\"%" PRIu64
        "\",\"loop_excess_ns\":\"%" PRIu64 "\",\"clock\":[",
        host->sources, !clock || clock->parent == clock->host ? "true" : "false",
        clock ? clock->messages : 0, clock ? clock->violations_before : 0,
        clock ? clock->violations_after : 0, clock ? clock->loop_excess_ns : 0);
    put_json_lines(out, clock);
    rn_buf_text(out, "]}");
}

void cli_merge_report_json(const struct rn_merge *merge, struct rn_buf *out)
{
    struct rn_merge_totals totals;
    bool any = false;
    size_t count;
    const struct rn_merge_host *hosts = rn_merge_hosts(merge, &count);

    rn_merge_totals(merge, &totals);
    rn_buf_text(out, "{\"format\":\"renacer-merge\",\"version\":1,\"hosts\":[");
    for (size_t i = 0; i < count; i++) {
        rn_buf_text(out, i ? "," : "");
        put_json_host(out, &hosts[i]);
    }
    put(out,
        "],\"events\":\"%" PRIu64 "\",\"proven\":\"%" PRIu64 "\",\"inferred\":\"%" PRIu64
        "\",\"demoted\":\"%" PRIu64 "\",\"forgotten\":\"%" PRIu64
        "\",\"effects_before_causes\":\"%" PRIu64 "\",\"edges\":{",
        totals.events, totals.proven, totals.inferred, totals.demoted, totals.forgotten,
        totals.violations);
    for (unsigned i = 0; i < RN_EDGE_MECHANISMS; i++) {
        if (!totals.by_mechanism[i][0] && !totals.by_mechanism[i][1])
            continue;
        put(out, "%s\"%s\":{\"proven\":\"%" PRIu64 "\",\"inferred\":\"%" PRIu64 "\"}",
            any ? "," : "", rn_edge_mechanism_name(i), totals.by_mechanism[i][1],
            totals.by_mechanism[i][0]);
        any = true;
    }
    rn_buf_text(out, "}}\n");
}
