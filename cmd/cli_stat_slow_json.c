/* SPDX-License-Identifier: MIT */
/* One JSON document, or CSV; the schemas are in rn-stat(1). */
#include "cli_stat_slow.h"

#include "formats/escape.h"

#include <inttypes.h>
#include <string.h>

static size_t limit(const struct cli_slow *slow, size_t count)
{
    size_t top = slow->job->order.top;

    return top && top < count ? top : count;
}

static void put_group(const struct rn_slow_group *group, struct rn_buf *out)
{
    rn_buf_printf(out,
                  "{\"name\":\"%s\",\"class\":\"%s\",\"slow\":%" PRIu64 ",\"estimated\":%s"
                  ",\"slow_ns\":%" PRIu64 ",\"limit_ns\":%" PRIu64 ",\"calls\":%" PRIu64
                  ",\"total_ns\":%" PRIu64 ",\"p50_ns\":%" PRIu64 ",\"p99_ns\":%" PRIu64
                  ",\"max_ns\":%" PRIu64 "}",
                  group->name, rn_call_class_names[group->class], group->slow,
                  group->estimated ? "true" : "false", group->slow_ns, group->limit_ns,
                  rn_histogram_count(group->durations), rn_histogram_sum(group->durations),
                  rn_histogram_quantile(group->durations, 0.5),
                  rn_histogram_quantile(group->durations, 0.99),
                  rn_histogram_max(group->durations));
}

static void put_call(const struct rn_slow_call *call, struct rn_buf *out)
{
    rn_buf_printf(out,
                  "{\"name\":\"%s\",\"class\":\"%s\",\"recording\":%" PRIu64 ",\"stream\":%" PRIu64
                  ",\"ordinal\":\"%" PRIu64 "\",\"pid\":%" PRIu64 ",\"tid\":%" PRIu64
                  ",\"start_ns\":%" PRIu64 ",\"duration_ns\":%" PRIu64 ",\"unfinished\":%s,\"on\":",
                  call->group->name, rn_call_class_names[call->group->class], call->recording,
                  call->stream, call->ordinal, call->pid, call->tid, call->start_ns,
                  call->duration_ns, call->unfinished ? "true" : "false");
    if (call->what)
        rn_escape_json(out, (const uint8_t *)call->what, strlen(call->what));
    else
        rn_buf_text(out, "null");
    rn_buf_byte(out, '}');
}

void cli_slow_json(const struct cli_slow *slow, struct rn_buf *out)
{
    const struct rn_slow_result *result = slow->result;

    rn_buf_printf(out,
                  "{\"schema\":\"rn-stat-slow/1\",\"recordings\":%" PRIu64
                  ",\"incomplete\":%s,\"overflowed\":%s,\n\"groups\":[",
                  slow->recordings, slow->lacks_events ? "true" : "false",
                  result->overflowed ? "true" : "false");
    for (size_t i = 0; i < limit(slow, result->group_count); i++) {
        rn_buf_text(out, i ? ",\n" : "\n");
        put_group(result->groups[i], out);
    }
    rn_buf_text(out, "],\n\"calls\":[");
    for (size_t i = 0; i < limit(slow, result->call_count); i++) {
        rn_buf_text(out, i ? ",\n" : "\n");
        put_call(result->calls[i], out);
    }
    rn_buf_text(out, "]}\n");
}

void cli_slow_csv(const struct cli_slow *slow, struct rn_buf *out)
{
    rn_buf_text(out, "duration_ns,recording,stream,ordinal,pid,tid,start_ns,class,name,on\r\n");
    for (size_t i = 0; i < limit(slow, slow->result->call_count); i++) {
        const struct rn_slow_call *call = slow->result->calls[i];
        const char *what = call->what ? call->what : "";

        rn_buf_printf(out,
                      "%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
                      ",%" PRIu64 ",%s,%s,",
                      call->duration_ns, call->recording, call->stream, call->ordinal, call->pid,
                      call->tid, call->start_ns, rn_call_class_names[call->group->class],
                      call->group->name);
        rn_escape_csv(out, (const uint8_t *)what, strlen(what));
        rn_buf_text(out, "\r\n");
    }
}
