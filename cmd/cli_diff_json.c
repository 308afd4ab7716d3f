/* SPDX-License-Identifier: MIT */
/* The report for programs: one JSON document, schema in rn-diff(1). */
#include "cli_diff.h"

#include "formats/escape.h"

#include <string.h>

static void put_string(struct rn_buf *out, const char *key, const char *text)
{
    rn_buf_printf(out, ",\"%s\":", key);
    if (text)
        rn_escape_json(out, (const uint8_t *)text, strlen(text));
    else
        rn_buf_text(out, "null");
}

static void put_number(struct rn_buf *out, const char *key, uint64_t value)
{
    rn_buf_printf(out, ",\"%s\":%llu", key, (unsigned long long)value);
}

static void put_status(struct rn_buf *out, const struct rn_effects_summary *summary)
{
    rn_buf_text(out, ",\"wait_status\":");
    if (summary->has_status)
        rn_buf_printf(out, "%d", summary->status);
    else
        rn_buf_text(out, "null");
}

static void put_side(struct rn_buf *out, const char *key, const char *name,
                     const struct cli_diff_side *side)
{
    const struct rn_effects_summary *summary = rn_effects_summary(side->effects);

    rn_buf_printf(out, ",\"%s\":{\"side\":\"%s\"", key, key);
    put_string(out, "name", name);
    put_string(out, "command", side->command);
    put_status(out, summary);
    put_number(out, "wall_ns", summary->wall_ns);
    put_number(out, "cpu_ns", summary->cpu_ns);
    put_number(out, "io_ns", summary->io_ns);
    put_number(out, "max_rss_bytes", summary->max_rss_bytes);
    put_number(out, "syscalls", summary->syscalls);
    put_number(out, "processes", summary->processes);
    put_number(out, "events", summary->events);
    put_number(out, "effect_bytes", summary->effect_bytes);
    put_number(out, "fingerprinted_bytes", summary->known_bytes);
    put_string(out, "lacks", summary->lacks_events ? summary->lacks : NULL);
    rn_buf_byte(out, '}');
}

/* `stack`: with the functions that it was made in. */
static void put_event(const struct cli_diff *job, struct rn_buf *out, const char *key, bool stack,
                      const struct rn_place *place, const struct cli_diff_side *side)
{
    rn_buf_printf(out, ",\"%s\":{\"stream\":%u,\"ordinal\":%llu,\"since_start_ns\":%llu", key,
                  place->stream, (unsigned long long)place->ordinal,
                  (unsigned long long)rn_effects_since_start(side->effects, place));
    if (stack)
        cli_diff_stack(job, side, place, true, out);
    rn_buf_byte(out, '}');
}

static void put_finding(const struct cli_diff *job, const struct rn_finding *finding, bool first,
                        struct rn_buf *out)
{
    static const char *const words[] = {[RN_FINDING_EQUAL] = "equal",
                                        [RN_FINDING_RULE] = "equal-by-rule",
                                        [RN_FINDING_UNKNOWN] = "unknown",
                                        [RN_FINDING_INPUT] = "input-differs",
                                        [RN_FINDING_DIFFERENT] = "different"};

    rn_buf_printf(out, "{\"result\":\"%s\"", words[finding->kind]);
    put_string(out, "object", finding->name);
    put_string(out, "what", finding->what);
    if (finding->kind == RN_FINDING_RULE)
        put_string(out, "rule", rn_rule_info(finding->rule)->name);
    if (finding->a || finding->b)
        put_string(out, "kind",
                   rn_effect_kind_name(finding->a ? finding->a->kind : finding->b->kind));
    if (finding->has_difference) {
        rn_buf_printf(out, ",\"from_byte\":\"%llu\",\"to_byte\":\"%llu\",\"exact\":%s",
                      (unsigned long long)finding->difference.from,
                      (unsigned long long)finding->difference.to,
                      finding->difference.exact ? "true" : "false");
    }
    if (finding->has_place_a)
        put_event(job, out, "event_a", first, &finding->place_a, &job->a);
    if (finding->has_place_b)
        put_event(job, out, "event_b", first, &finding->place_b, &job->b);
    rn_buf_byte(out, '}');
}

static void put_rules(const struct rn_diff *diff, struct rn_buf *out)
{
    const char *comma = "";

    rn_buf_text(out, ",\"rules\":[");
    for (unsigned i = 1; i < RN_RULE_COUNT; i++) {
        if (!diff->rule_used[i])
            continue;
        rn_buf_printf(out, "%s{\"rule\":\"%s\",\"events_a\":%llu,\"events_b\":%llu}", comma,
                      rn_rule_info((enum rn_rule)i)->name,
                      (unsigned long long)diff->rule_events_a[i],
                      (unsigned long long)diff->rule_events_b[i]);
        comma = ",";
    }
    rn_buf_byte(out, ']');
}

static void put_runs(const struct cli_diff_runs *runs, struct rn_buf *out)
{
    if (runs->pairs < 2)
        return;
    rn_buf_printf(out,
                  ",\"runs\":{\"of_each\":%zu,\"pairs\":%zu,\"agreeing\":%zu,\"wilson_low\":%.4f,"
                  "\"wilson_high\":%.4f,\"speedup\":%.4f,\"speedup_low\":%.4f,"
                  "\"speedup_high\":%.4f",
                  runs->runs, runs->pairs, runs->agreeing, runs->low, runs->high, runs->speedup,
                  runs->speedup_low, runs->speedup_high);
    put_string(out, "varies", runs->varies);
    rn_buf_byte(out, '}');
}

static void put_sequence(const struct cli_diff *job, struct rn_buf *out)
{
    const struct rn_sequence_result *result = &job->sequence;

    if (job->mode != CLI_DIFF_SEQUENCE)
        return;
    rn_buf_printf(out,
                  ",\"sequence\":{\"calls_a\":%zu,\"calls_b\":%zu,\"distance\":%zu,"
                  "\"at_least\":%s,\"difference\":%.6f,\"divergence\":",
                  result->length_a, result->length_b, result->distance,
                  result->at_least ? "true" : "false", result->difference);
    if (result->diverges)
        rn_buf_printf(out, "%zu}", result->divergence);
    else
        rn_buf_text(out, "null}");
}

void cli_diff_json(const struct cli_diff *job, struct rn_buf *out)
{
    const struct rn_diff *diff = job->diff;

    rn_buf_printf(out, "{\"format\":\"renacer-diff\",\"version\":1,\"verdict\":\"%s\"",
                  cli_diff_verdict(job));
    put_string(out, "reason", diff->reason[0] ? diff->reason : NULL);
    rn_buf_printf(out, ",\"score\":%.6f,\"confidence\":%.6f,\"tolerance\":%.6f", diff->score,
                  diff->confidence, job->tolerance);
    put_side(out, "a", job->name_a, &job->a);
    put_side(out, "b", job->name_b, &job->b);
    put_sequence(job, out);
    put_rules(diff, out);
    put_runs(&job->runs, out);
    rn_buf_text(out, ",\"first_difference\":");
    if (diff->first)
        put_finding(job, diff->first, true, out);
    else
        rn_buf_text(out, "null");
    rn_buf_text(out, ",\"objects\":[");
    for (size_t i = 0; i < diff->count; i++) {
        rn_buf_text(out, i ? "," : "");
        put_finding(job, &diff->findings[i], false, out);
    }
    rn_buf_text(out, "]}\n");
}
