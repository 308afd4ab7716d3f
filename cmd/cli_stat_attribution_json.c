/* SPDX-License-Identifier: MIT */
/* One JSON document, or CSV; the schemas are in rn-stat(1). */
#include "cli_stat_attribution.h"

#include "formats/escape.h"

#include <inttypes.h>
#include <string.h>

static void put_string(struct rn_buf *out, const char *text)
{
    rn_escape_json(out, (const uint8_t *)text, strlen(text));
}

static void put_parts(struct rn_buf *out, uint64_t life_ns, const uint64_t *part_ns)
{
    rn_buf_printf(out, "\"threads_ns\":%" PRIu64, life_ns);
    for (unsigned i = 0; i < RN_PARTS; i++)
        rn_buf_printf(out, ",\"%s_ns\":%" PRIu64, cli_attribution_part(i), part_ns[i]);
}

static void put_cpu(struct rn_buf *out, const struct rn_attribution_process *process)
{
    if (process->cpu_known)
        rn_buf_printf(out, ",\"user_ns\":%" PRIu64 ",\"system_ns\":%" PRIu64, process->user_ns,
                      process->system_ns);
    else
        rn_buf_text(out, ",\"user_ns\":null,\"system_ns\":null");
}

static void put_span(const struct cli_attribution *attribution, struct rn_buf *out, uint64_t begin,
                     uint64_t end)
{
    rn_buf_printf(out, ",\"start_ns\":%" PRIu64 ",\"wall_ns\":%" PRIu64,
                  rn_clock_since_start(attribution->clock, begin),
                  rn_clock_duration(attribution->clock, end - begin));
}

static size_t limit(const struct cli_attribution *attribution, size_t count)
{
    return attribution->top && attribution->top < count ? attribution->top : count;
}

static void put_processes(const struct cli_attribution *attribution, struct rn_buf *out)
{
    const struct rn_attribution_result *result = attribution->result;

    rn_buf_text(out, ",\n\"processes\":[");
    for (size_t i = 0; i < limit(attribution, result->process_count); i++) {
        const struct rn_attribution_process *process = &result->processes[i];

        rn_buf_printf(out, "%s\n{\"pid\":%" PRIu64 ",\"name\":", i ? "," : "", process->pid);
        put_string(out, process->name);
        rn_buf_printf(out, ",\"threads\":%" PRIu64, process->threads);
        put_span(attribution, out, process->begin, process->end);
        put_cpu(out, process);
        rn_buf_byte(out, ',');
        put_parts(out, process->life_ns, process->part_ns);
        rn_buf_byte(out, '}');
    }
    rn_buf_byte(out, ']');
}

static void put_threads(const struct cli_attribution *attribution, struct rn_buf *out)
{
    const struct rn_attribution_result *result = attribution->result;

    rn_buf_text(out, ",\n\"threads\":[");
    for (size_t i = 0; i < limit(attribution, result->thread_count); i++) {
        const struct rn_attribution_thread *thread = &result->threads[i];

        rn_buf_printf(
            out, "%s\n{\"stream\":%" PRIu64 ",\"pid\":%" PRIu64 ",\"tid\":%" PRIu64 ",\"name\":",
            i ? "," : "", thread->stream, thread->pid, thread->tid);
        put_string(out, thread->name);
        rn_buf_printf(out, ",\"calls\":%" PRIu64, thread->calls);
        put_span(attribution, out, thread->begin, thread->end);
        rn_buf_byte(out, ',');
        put_parts(out, thread->life_ns, thread->part_ns);
        rn_buf_byte(out, '}');
    }
    rn_buf_byte(out, ']');
}

void cli_attribution_json(const struct cli_attribution *attribution, struct rn_buf *out)
{
    const struct rn_attribution_result *result = attribution->result;

    rn_buf_text(out, "{\"schema\":\"rn-stat-attribution/1\",\"recording\":");
    put_string(out, attribution->name);
    rn_buf_printf(out, ",\"incomplete\":%s", attribution->lacks_events ? "true" : "false");
    rn_buf_printf(out, ",\"calls_lost\":%" PRIu64 ",\"waits_lost\":%" PRIu64, result->calls_lost,
                  result->waits_lost);
    if (attribution->devices_known)
        rn_buf_printf(out, ",\"devices_busy_ns\":%" PRIu64, attribution->devices_busy_ns);
    rn_buf_printf(out, ",\n\"total\":{\"processes\":%zu,\"threads\":%zu", result->process_count,
                  result->thread_count);
    put_span(attribution, out, result->all.begin, result->all.end);
    put_cpu(out, &result->all);
    rn_buf_byte(out, ',');
    put_parts(out, result->all.life_ns, result->all.part_ns);
    rn_buf_byte(out, '}');
    put_processes(attribution, out);
    put_threads(attribution, out);
    rn_buf_text(out, "}\n");
}

void cli_attribution_csv(const struct cli_attribution *attribution, struct rn_buf *out)
{
    const struct rn_attribution_result *result = attribution->result;

    rn_buf_text(out, "name,pid,tid,stream,calls,wall_ns");
    for (unsigned i = 0; i < RN_PARTS; i++)
        rn_buf_printf(out, ",%s_ns", cli_attribution_part(i));
    rn_buf_text(out, "\r\n");
    for (size_t i = 0; i < limit(attribution, result->thread_count); i++) {
        const struct rn_attribution_thread *thread = &result->threads[i];

        rn_escape_csv(out, (const uint8_t *)thread->name, strlen(thread->name));
        rn_buf_printf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, thread->pid,
                      thread->tid, thread->stream, thread->calls, thread->life_ns);
        for (unsigned k = 0; k < RN_PARTS; k++)
            rn_buf_printf(out, ",%" PRIu64, thread->part_ns[k]);
        rn_buf_text(out, "\r\n");
    }
}
