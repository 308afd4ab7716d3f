/* SPDX-License-Identifier: MIT */
/* The report for people: verdict, first difference, a heading for each object that differs, the
 * rules that the verdict rests on, and what both sides cost. */
#include "cli_diff.h"

#include "formats/escape.h"

#include <math.h>
#include <string.h>

static void put_escaped(struct rn_buf *out, const char *text)
{
    rn_escape_terminal(out, (const uint8_t *)text, strlen(text));
}

static const char *verdict_colour(const struct cli_diff *job)
{
    switch (cli_diff_status(job)) {
    case RN_EXIT_OK:
        return "1;32";
    case RN_EXIT_ANSWER:
        return "1;31";
    default:
        return "1;33";
    }
}

static void put_verdict(const struct cli_diff *job, struct rn_buf *out)
{
    const struct rn_diff *diff = job->diff;

    cli_diff_colour(job, out, verdict_colour(job));
    rn_buf_text(out, cli_diff_verdict(job));
    cli_diff_colour(job, out, "0");
    if (diff->verdict == RN_VERDICT_INCONCLUSIVE) {
        rn_buf_text(out, ": ");
        put_escaped(out, diff->reason);
    } else if (diff->verdict == RN_VERDICT_DIFFERENT && job->mode == CLI_DIFF_EFFECTS) {
        rn_buf_printf(out, ": %zu of %zu objects differ", diff->different, diff->objects);
    }
    rn_buf_byte(out, '\n');
}

static void put_side(const struct cli_diff *job, const char *mark, const char *name,
                     const struct cli_diff_side *side, struct rn_buf *out)
{
    cli_diff_colour(job, out, "1");
    rn_buf_printf(out, "%s ", mark);
    put_escaped(out, name);
    if (side->command && side->command[0] && strcmp(side->command, name) != 0) {
        rn_buf_text(out, "\t");
        put_escaped(out, side->command);
    }
    cli_diff_colour(job, out, "0");
    rn_buf_byte(out, '\n');
}

static void put_first(const struct cli_diff *job, struct rn_buf *out)
{
    const struct rn_finding *first = job->diff->first;

    if (!first || job->context == 0)
        return;
    rn_buf_text(out, "\nFirst difference: ");
    put_escaped(out, first->name);
    rn_buf_text(out, ": ");
    put_escaped(out, first->what);
    rn_buf_byte(out, '\n');
    if (first->has_place_a) {
        rn_buf_printf(out, "--- A, %.6f s after its begin\n",
                      (double)rn_effects_since_start(job->a.effects, &first->place_a) / 1e9);
        cli_diff_context(job, &job->a, &first->place_a, '-', out);
    }
    if (first->has_place_b) {
        rn_buf_printf(out, "+++ B, %.6f s after its begin\n",
                      (double)rn_effects_since_start(job->b.effects, &first->place_b) / 1e9);
        cli_diff_context(job, &job->b, &first->place_b, '+', out);
    }
}

static void put_finding(const struct cli_diff *job, const struct rn_finding *finding,
                        struct rn_buf *out)
{
    static const char *const colours[] = {[RN_FINDING_EQUAL] = "0",
                                          [RN_FINDING_RULE] = "0",
                                          [RN_FINDING_UNKNOWN] = "1;33",
                                          [RN_FINDING_INPUT] = "1;33",
                                          [RN_FINDING_DIFFERENT] = "1;31"};

    rn_buf_byte(out, '\n');
    cli_diff_colour(job, out, colours[finding->kind]);
    put_escaped(out, finding->name);
    cli_diff_colour(job, out, "0");
    rn_buf_text(out, ": ");
    if (finding->kind == RN_FINDING_UNKNOWN)
        rn_buf_text(out, "cannot be told: ");
    put_escaped(out, finding->what);
    if (finding->kind == RN_FINDING_RULE)
        rn_buf_printf(out, " (equal by rule '%s')", rn_rule_info(finding->rule)->name);
    rn_buf_byte(out, '\n');
    cli_diff_lines(job, finding, out);
}

static void put_findings(const struct cli_diff *job, struct rn_buf *out)
{
    for (size_t i = 0; i < job->diff->count; i++) {
        const struct rn_finding *finding = &job->diff->findings[i];

        /* A sync that is missing shows only after a crash: the one rule that may hide a mistake. */
        if (finding->kind == RN_FINDING_EQUAL ||
            (finding->kind == RN_FINDING_RULE && finding->rule != RN_RULE_DURABILITY))
            continue;
        put_finding(job, finding, out);
    }
}

static void put_stat(const struct cli_diff *job, struct rn_buf *out)
{
    static const char *const words[] = {[RN_FINDING_EQUAL] = "equal",
                                        [RN_FINDING_RULE] = "equal by a rule",
                                        [RN_FINDING_UNKNOWN] = "unknown",
                                        [RN_FINDING_INPUT] = "input differs",
                                        [RN_FINDING_DIFFERENT] = "different"};

    for (size_t i = 0; i < job->diff->count; i++) {
        const struct rn_finding *finding = &job->diff->findings[i];

        rn_buf_printf(out, " %-16s ", words[finding->kind]);
        put_escaped(out, finding->name);
        if (finding->what[0]) {
            rn_buf_text(out, " | ");
            put_escaped(out, finding->what);
        }
        rn_buf_byte(out, '\n');
    }
    rn_buf_printf(out, " %zu objects, %zu equal, %zu different, %zu unknown\n", job->diff->objects,
                  job->diff->equal, job->diff->different, job->diff->unknown);
}

static void put_rules(const struct cli_diff *job, struct rn_buf *out)
{
    bool any = false;

    for (unsigned i = 1; i < RN_RULE_COUNT; i++) {
        if (!job->diff->rule_used[i])
            continue;
        if (!any)
            rn_buf_text(out, "\nRules used (events of A, of B that each erases):\n");
        any = true;
        rn_buf_printf(out, "  %-18s %8llu %8llu  %s\n", rn_rule_info((enum rn_rule)i)->name,
                      (unsigned long long)job->diff->rule_events_a[i],
                      (unsigned long long)job->diff->rule_events_b[i],
                      rn_rule_info((enum rn_rule)i)->erases);
    }
}

static void put_duration(struct rn_buf *out, uint64_t ns)
{
    if (ns < 1000000)
        rn_buf_printf(out, "%10.1f us", (double)ns / 1e3);
    else if (ns < 1000000000)
        rn_buf_printf(out, "%10.2f ms", (double)ns / 1e6);
    else
        rn_buf_printf(out, "%10.3f s ", (double)ns / 1e9);
}

static void put_ratio(const struct cli_diff *job, struct rn_buf *out, double a, double b)
{
    if (a > 0 && b > 0) {
        rn_buf_printf(out, "  x%.2f", b / a);
        if (fabs(b - a) <= job->tolerance * fmax(a, b))
            rn_buf_text(out, " (about equal)");
    }
    rn_buf_byte(out, '\n');
}

static void put_times(const struct cli_diff *job, const char *label, uint64_t a, uint64_t b,
                      struct rn_buf *out)
{
    rn_buf_printf(out, "  %-14s", label);
    put_duration(out, a);
    put_duration(out, b);
    put_ratio(job, out, (double)a, (double)b);
}

static void put_counts(const struct cli_diff *job, const char *label, const char *unit, uint64_t a,
                       uint64_t b, struct rn_buf *out)
{
    rn_buf_printf(out, "  %-14s%10llu %-2s%10llu %-2s", label, (unsigned long long)a, unit,
                  (unsigned long long)b, unit);
    put_ratio(job, out, (double)a, (double)b);
}

static void put_costs(const struct cli_diff *job, struct rn_buf *out)
{
    const struct rn_effects_summary *a = rn_effects_summary(job->a.effects);
    const struct rn_effects_summary *b = rn_effects_summary(job->b.effects);

    rn_buf_text(out, job->runs.pairs > 1 ? "\nIn the first runs          A            B\n"
                                         : "\nWhile recorded             A            B\n");
    put_times(job, "wall time", a->wall_ns, b->wall_ns, out);
    put_times(job, "CPU time", a->cpu_ns, b->cpu_ns, out);
    put_times(job, "in I/O calls", a->io_ns, b->io_ns, out);
    put_counts(job, "peak memory", "kB", a->max_rss_bytes / 1024, b->max_rss_bytes / 1024, out);
    put_counts(job, "system calls", "", a->syscalls, b->syscalls, out);
    put_counts(job, "processes", "", a->processes, b->processes, out);
}

static void put_confidence(const struct cli_diff *job, struct rn_buf *out)
{
    const struct cli_diff_runs *runs = &job->runs;

    rn_buf_printf(out, "\nConfidence: %.1f%% of the bytes written have fingerprints; score %.3f\n",
                  100 * job->diff->confidence, job->diff->score);
    if (runs->pairs > 1)
        rn_buf_printf(out,
                      "Runs: %zu of each; %zu of %zu pairs agree (%.0f%% to %.0f%%, Wilson 95%%)\n",
                      runs->runs, runs->agreeing, runs->pairs, 100 * runs->low, 100 * runs->high);
    if (runs->varies[0]) {
        rn_buf_text(out, "Varies from run to run by itself: ");
        put_escaped(out, runs->varies);
        rn_buf_byte(out, '\n');
    }
    if (runs->speedup > 0)
        rn_buf_printf(out, "Over all runs B is %.2f times as fast as A (%.2f to %.2f, 95%%)%s\n",
                      runs->speedup, runs->speedup_low, runs->speedup_high,
                      runs->speedup_low <= 1 && runs->speedup_high >= 1 ? ": that may be chance"
                                                                        : "");
}

static void put_sequence(const struct cli_diff *job, struct rn_buf *out)
{
    const struct rn_sequence_result *result = &job->sequence;
    size_t first = result->divergence > job->context ? result->divergence - job->context : 0;

    rn_buf_printf(out,
                  "%zu calls against %zu; %s%zu to insert or delete (%.2f%%, tolerance %.2f%%)\n",
                  result->length_a, result->length_b, result->at_least ? "more than " : "",
                  result->at_least ? result->distance - 1 : result->distance,
                  100 * result->difference, 100 * job->tolerance);
    if (!result->diverges)
        return;
    rn_buf_printf(out, "First divergence at call %zu:\n", result->divergence);
    for (size_t i = first; i < result->divergence; i++)
        rn_buf_printf(out, "  %8zu  %s\n", i, rn_sequence_call(job->a.sequence, i));
    for (size_t i = result->divergence; i <= result->divergence + job->context; i++) {
        if (rn_sequence_call(job->a.sequence, i))
            rn_buf_printf(out, "- %8zu  %s\n", i, rn_sequence_call(job->a.sequence, i));
    }
    for (size_t i = result->divergence; i <= result->divergence + job->context; i++) {
        if (rn_sequence_call(job->b.sequence, i))
            rn_buf_printf(out, "+ %8zu  %s\n", i, rn_sequence_call(job->b.sequence, i));
    }
}

void cli_diff_text(const struct cli_diff *job, struct rn_buf *out)
{
    put_verdict(job, out);
    put_side(job, "---", job->name_a, &job->a, out);
    put_side(job, "+++", job->name_b, &job->b, out);
    if (job->mode == CLI_DIFF_SEQUENCE) {
        put_sequence(job, out);
        return;
    }
    if (job->stat) {
        put_stat(job, out);
        return;
    }
    put_first(job, out);
    put_findings(job, out);
    put_rules(job, out);
    put_confidence(job, out);
    put_costs(job, out);
}
