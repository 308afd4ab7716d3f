/* SPDX-License-Identifier: MIT */
#include "diff_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

const char *rn_verdict_name(enum rn_verdict verdict)
{
    static const char *const names[] = {
        [RN_VERDICT_IDENTICAL] = "IDENTICAL",       [RN_VERDICT_EQUIVALENT] = "EQUIVALENT",
        [RN_VERDICT_MODULO] = "EQUIVALENT-MODULO",  [RN_VERDICT_DIFFERENT] = "DIFFERENT",
        [RN_VERDICT_INCONCLUSIVE] = "INCONCLUSIVE",
    };

    return names[verdict];
}

static void name_finding(struct rn_finding *finding, const struct rn_effect *effect)
{
    const char *name = effect->name ? effect->name : "";

    if (effect->kind == RN_EFFECT_STREAM)
        snprintf(finding->name, sizeof finding->name, "%s", name);
    else if (effect->number)
        snprintf(finding->name, sizeof finding->name, "%s %s (%u)",
                 rn_effect_kind_name(effect->kind), name, effect->number + 1);
    else
        snprintf(finding->name, sizeof finding->name, "%s %s", rn_effect_kind_name(effect->kind),
                 name);
}

struct rn_finding *diff_finding(struct diff_job *job, const struct rn_effect *a,
                                const struct rn_effect *b, enum rn_finding_kind kind,
                                const char *format, ...)
{
    struct rn_diff *diff = job->diff;
    struct rn_finding *finding;
    va_list list;

    diff->objects++;
    diff->equal += kind == RN_FINDING_EQUAL || kind == RN_FINDING_RULE;
    diff->different += kind == RN_FINDING_DIFFERENT;
    diff->unknown += kind == RN_FINDING_UNKNOWN || kind == RN_FINDING_INPUT;
    if ((kind == RN_FINDING_EQUAL && diff->equal > RN_DIFF_MAX_EQUAL) || diff->count >= RN_DIFF_MAX)
        return NULL;
    if (diff->count == diff->capacity) {
        size_t capacity = diff->capacity ? 2 * diff->capacity : 64;
        struct rn_finding *findings = realloc(diff->findings, capacity * sizeof *findings);

        if (!findings) {
            job->failed = true;
            return NULL;
        }
        diff->findings = findings;
        diff->capacity = capacity;
    }
    finding = &diff->findings[diff->count++];
    memset(finding, 0, sizeof *finding);
    finding->kind = kind;
    finding->a = a;
    finding->b = b;
    if (a || b)
        name_finding(finding, a ? a : b);
    va_start(list, format);
    vsnprintf(finding->what, sizeof finding->what, format, list);
    va_end(list);
    finding->has_place_a = a != NULL;
    finding->has_place_b = b != NULL;
    if (a)
        finding->place_a = a->place;
    if (b)
        finding->place_b = b->place;
    return finding;
}

void diff_use_rule(struct diff_job *job, enum rn_rule rule, uint64_t a, uint64_t b)
{
    job->diff->rule_used[rule] = true;
    job->diff->rule_events_a[rule] += a;
    job->diff->rule_events_b[rule] += b;
}

static size_t first_of(const struct rn_effect *list, size_t total, unsigned kind)
{
    size_t low = 0, high = total;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if ((unsigned)list[middle].kind < kind)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct rn_effect *diff_kind(const struct rn_effects *effects, enum rn_effect_kind kind,
                                  size_t *count)
{
    size_t total, first;
    const struct rn_effect *list = rn_effects_list(effects, &total);

    first = first_of(list, total, kind);
    *count = first_of(list, total, kind + 1u) - first;
    return total ? list + first : NULL;
}

/* One of that kind and name; NULL: there is none. */
static const struct rn_effect *named(const struct rn_effects *effects, enum rn_effect_kind kind,
                                     const char *name)
{
    size_t count;
    const struct rn_effect *list = diff_kind(effects, kind, &count);

    for (size_t low = 0, high = count; low < high;) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(list[middle].name, name);

        if (order == 0)
            return &list[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

bool diff_found(const struct rn_effects *effects, const char *name)
{
    return named(effects, RN_EFFECT_FOUND, name) != NULL;
}

/* ---- status ---- */

static void status_text(const struct rn_effects_summary *summary, char *out, size_t size)
{
    if (!summary->has_status)
        snprintf(out, size, "no exit status");
    else if (WIFSIGNALED(summary->status))
        snprintf(out, size, "killed by signal %d (%s)", WTERMSIG(summary->status),
                 strsignal(WTERMSIG(summary->status)));
    else
        snprintf(out, size, "exit status %d", WEXITSTATUS(summary->status));
}

static void diff_status(struct diff_job *job)
{
    const struct rn_effects_summary *a = rn_effects_summary(job->effects_a);
    const struct rn_effects_summary *b = rn_effects_summary(job->effects_b);
    char text_a[128], text_b[128];
    struct rn_finding *finding;
    const int core = 0x80; /* whether a core was dumped is up to the system */

    status_text(a, text_a, sizeof text_a);
    status_text(b, text_b, sizeof text_b);
    if (!a->has_status || !b->has_status)
        finding =
            diff_finding(job, NULL, NULL, RN_FINDING_UNKNOWN, "%s against %s", text_a, text_b);
    else if ((a->status & ~core) == (b->status & ~core))
        finding = diff_finding(job, NULL, NULL, RN_FINDING_EQUAL, "%s", text_a);
    else
        finding =
            diff_finding(job, NULL, NULL, RN_FINDING_DIFFERENT, "%s against %s", text_a, text_b);
    if (!finding)
        return;
    snprintf(finding->name, sizeof finding->name, "status");
    finding->has_place_a = a->has_status;
    finding->has_place_b = b->has_status;
    finding->place_a = a->status_place;
    finding->place_b = b->status_place;
}

/* ---- lists that are in order of names ---- */

static int compare_names(const struct rn_effect *a, const struct rn_effect *b)
{
    int order = strcmp(a->name, b->name);

    return order ? order : a->number < b->number ? -1 : a->number > b->number;
}

/* Streams that are several others together say in which order these were written: only where both
 * sides have it. */
static bool is_joint(const struct rn_effect *effect)
{
    return effect->kind == RN_EFFECT_STREAM && strstr(effect->name, " and ") != NULL;
}

static void diff_named(struct diff_job *job, enum rn_effect_kind kind)
{
    size_t count_a, count_b, i = 0, j = 0;
    const struct rn_effect *a = diff_kind(job->effects_a, kind, &count_a);
    const struct rn_effect *b = diff_kind(job->effects_b, kind, &count_b);

    while (i < count_a || j < count_b) {
        int order = i == count_a ? 1 : j == count_b ? -1 : compare_names(&a[i], &b[j]);
        const struct rn_effect *left = order <= 0 ? &a[i++] : NULL;
        const struct rn_effect *right = order >= 0 ? &b[j++] : NULL;

        if ((!left || !right) && is_joint(left ? left : right))
            continue;
        diff_object(job, left, right);
    }
}

/* ---- inputs ---- */

/* What the program itself changes is no input. */
static bool is_changed(const struct rn_effects *effects, const char *name)
{
    const struct rn_effect *file = named(effects, RN_EFFECT_FILE, name);

    return file && file->image;
}

/* The text of a program is what is compared, not what it is given: by how it begins, or by how its
 * name ends. */
static bool is_program_text(const struct rn_effect *input)
{
    static const char *const endings[] = {".awk", ".bash", ".class", ".cjs", ".jar", ".js",  ".jl",
                                          ".lua", ".mjs",  ".php",   ".pl",  ".pm",  ".py",  ".pyc",
                                          ".r",   ".R",    ".rb",    ".sed", ".sh",  ".tcl", ".ts"};
    const struct rn_buf *bytes = &input->image->bytes;
    const char *dot = strrchr(input->name, '.');

    if (bytes->size >= 2 && memcmp(bytes->data, "#!", 2) == 0)
        return true;
    for (size_t i = 0; dot && i < sizeof endings / sizeof endings[0]; i++) {
        if (strcmp(dot, endings[i]) == 0)
            return true;
    }
    return false;
}

static void diff_input(struct diff_job *job, const struct rn_effect *a, const struct rn_effect *b)
{
    struct rn_image_difference difference;
    struct rn_finding *finding;

    if (rn_diff_rules_ignore(job->rules, RN_EFFECT_INPUT, a->name) || is_program_text(a) ||
        is_program_text(b) || a->is_script || b->is_script || is_changed(job->effects_a, a->name) ||
        is_changed(job->effects_b, b->name))
        return;
    if (diff_is_scrubbed(job)) {
        if (a->complete && b->complete && diff_digests(&a->digest, &b->digest) == DIGESTS_DIFFER)
            diff_finding(job, a, b, RN_FINDING_INPUT,
                         "the programs were given different content (scrubbed: where cannot be "
                         "told)");
        return;
    }
    /* What one has read and the other has not says nothing, unless both came to the end; but where
     * something else differs, it may be why. */
    if (rn_image_compare(a->image, b->image, false, !a->complete || !b->complete, &difference) !=
        RN_IMAGE_DIFFER) {
        if (job->diff->different && a->image->length != b->image->length)
            diff_finding(job, a, b, RN_FINDING_UNKNOWN,
                         "%llu bytes of it were read, and %llu: it may not be the same file",
                         (unsigned long long)a->image->length,
                         (unsigned long long)b->image->length);
        return;
    }
    finding = diff_finding(job, a, b, RN_FINDING_INPUT,
                           "the programs were given different content, from byte %llu on",
                           (unsigned long long)difference.from);
    if (finding) {
        finding->has_difference = true;
        finding->difference = difference;
    }
}

static void diff_inputs(struct diff_job *job)
{
    size_t count_a, count_b, i = 0, j = 0;
    const struct rn_effect *a = rn_effects_inputs(job->effects_a, &count_a);
    const struct rn_effect *b = rn_effects_inputs(job->effects_b, &count_b);

    while (i < count_a && j < count_b) {
        int order = strcmp(a[i].name, b[j].name);

        if (order == 0)
            diff_input(job, &a[i], &b[j]);
        i += order <= 0;
        j += order >= 0;
    }
}

/* ---- the verdict ---- */

/* A rule is used where it erased not the same on both sides; as many syncs may be of other files.
 */
static void count_rules(struct diff_job *job)
{
    const struct rn_effects_summary *a = rn_effects_summary(job->effects_a);
    const struct rn_effects_summary *b = rn_effects_summary(job->effects_b);

    for (unsigned i = 1; i < RN_RULE_COUNT; i++) {
        if (a->erased[i] == b->erased[i] && !(i == RN_RULE_DURABILITY && job->diff->rule_used[i]))
            continue;
        if (rn_diff_rules_keep(job->rules, (enum rn_rule)i)) {
            struct rn_finding *finding =
                diff_finding(job, NULL, NULL, RN_FINDING_DIFFERENT,
                             "%llu against %llu events of what rule '%s' would erase",
                             (unsigned long long)a->erased[i], (unsigned long long)b->erased[i],
                             rn_rule_info((enum rn_rule)i)->name);

            if (finding)
                snprintf(finding->name, sizeof finding->name, "%s",
                         rn_rule_info((enum rn_rule)i)->name);
        } else {
            diff_use_rule(job, (enum rn_rule)i, a->erased[i], b->erased[i]);
        }
    }
}

static void give_reason(struct rn_diff *diff, const char *format, ...) RN_PRINTF(2, 3);
static void give_reason(struct rn_diff *diff, const char *format, ...)
{
    va_list list;

    if (diff->reason[0])
        return;
    va_start(list, format);
    vsnprintf(diff->reason, sizeof diff->reason, format, list);
    va_end(list);
}

static void reason_of(struct rn_diff *diff, enum rn_finding_kind kind)
{
    for (size_t i = 0; i < diff->count; i++) {
        if (diff->findings[i].kind == kind) {
            give_reason(diff, "%.200s: %.250s", diff->findings[i].name, diff->findings[i].what);
            return;
        }
    }
}

/* What is wrong with a recording as a whole. */
static void doubts(struct rn_diff *diff, const struct rn_effects *effects, char side)
{
    const struct rn_effects_summary *summary = rn_effects_summary(effects);

    if (summary->lacks_events)
        give_reason(diff, "recording %c lacks events: %.200s", side, summary->lacks);
    else if (summary->no_content)
        give_reason(diff, "recording %c has no fingerprints (--content=none)", side);
}

static void blind_spots(struct rn_diff *diff, const struct rn_effects *effects, char side)
{
    const struct rn_effects_summary *summary = rn_effects_summary(effects);

    if (strstr(summary->blind_spot, "io_uring") || strstr(summary->blind_spot, "CLONE_UNTRACED"))
        give_reason(diff, "recording %c: %.200s", side, summary->blind_spot);
}

/* Names are other tokens under another key. */
static void other_keys(struct diff_job *job)
{
    const struct rn_effects_summary *a = rn_effects_summary(job->effects_a);
    const struct rn_effects_summary *b = rn_effects_summary(job->effects_b);

    if (a->scrubbed != b->scrubbed)
        give_reason(job->diff,
                    "only recording %c is scrubbed: scrub the other one under the same key",
                    a->scrubbed ? 'A' : 'B');
    else if (strcmp(a->scrub_key, b->scrub_key) != 0)
        give_reason(job->diff, "the recordings were scrubbed under different keys");
}

static enum rn_verdict judge(struct diff_job *job)
{
    struct rn_diff *diff = job->diff;
    bool rules = false;

    for (unsigned i = 1; i < RN_RULE_COUNT; i++)
        rules |= diff->rule_used[i];
    other_keys(job);
    doubts(diff, job->effects_a, 'A');
    doubts(diff, job->effects_b, 'B');
    reason_of(diff, RN_FINDING_INPUT);
    if (diff->reason[0])
        return RN_VERDICT_INCONCLUSIVE;
    if (diff->different)
        return RN_VERDICT_DIFFERENT;
    reason_of(diff, RN_FINDING_UNKNOWN);
    blind_spots(diff, job->effects_a, 'A');
    blind_spots(diff, job->effects_b, 'B');
    if (diff->reason[0])
        return RN_VERDICT_INCONCLUSIVE;
    if (rules)
        return RN_VERDICT_MODULO;
    return !diff_is_scrubbed(job) && rn_effects_summary(job->effects_a)->call_sum ==
                                         rn_effects_summary(job->effects_b)->call_sum
               ? RN_VERDICT_IDENTICAL
               : RN_VERDICT_EQUIVALENT;
}

/* The earliest difference, by the time since each recording began. */
static void find_first(struct diff_job *job)
{
    struct rn_diff *diff = job->diff;
    uint64_t earliest = UINT64_MAX;

    for (size_t i = 0; i < diff->count; i++) {
        struct rn_finding *finding = &diff->findings[i];
        uint64_t at = UINT64_MAX - 1, other;

        if (finding->kind != RN_FINDING_DIFFERENT)
            continue;
        if (finding->has_place_a)
            at = rn_effects_since_start(job->effects_a, &finding->place_a);
        if (finding->has_place_b) {
            other = rn_effects_since_start(job->effects_b, &finding->place_b);
            at = other < at ? other : at;
        }
        if (at < earliest) {
            earliest = at;
            diff->first = finding;
        }
    }
}

/* Of scrubbed recordings: by what has a digest. */
static void count_digests(const struct rn_effects *effects, uint64_t *known, uint64_t *bytes)
{
    size_t count;
    const struct rn_effect *list = rn_effects_list(effects, &count);

    for (size_t i = 0; i < count; i++) {
        *known += list[i].digest.known ? list[i].digest.length : 0;
        *bytes += list[i].digest.known ? list[i].digest.length
                  : list[i].image      ? list[i].image->length
                                       : 0;
    }
}

static void count_findings(struct diff_job *job)
{
    struct rn_diff *diff = job->diff;
    const struct rn_effects_summary *a = rn_effects_summary(job->effects_a);
    const struct rn_effects_summary *b = rn_effects_summary(job->effects_b);
    uint64_t bytes = a->effect_bytes + b->effect_bytes, known = a->known_bytes + b->known_bytes;

    diff->score = diff->objects ? ((double)diff->equal + job->sum) / (double)diff->objects : 1;
    if (diff_is_scrubbed(job)) {
        bytes = known = 0;
        count_digests(job->effects_a, &known, &bytes);
        count_digests(job->effects_b, &known, &bytes);
    }
    diff->confidence = bytes ? (double)known / (double)bytes : 1;
}

enum rn_status rn_diff_new(const struct rn_effects *a, const struct rn_effects *b,
                           const struct rn_diff_options *options, struct rn_diff **out,
                           struct rn_error *err)
{
    struct rn_diff *diff = calloc(1, sizeof *diff);
    struct diff_job job = {.diff = diff, .effects_a = a, .effects_b = b, .rules = options->rules};

    *out = NULL;
    if (!diff)
        return rn_fail(err, RN_E_NOMEM, "no memory for the comparison");
    diff_status(&job);
    diff_named(&job, RN_EFFECT_STREAM);
    diff_tree(&job);
    diff_connections(&job);
    diff_named(&job, RN_EFFECT_DATAGRAMS);
    diff_calls(&job);
    diff_inputs(&job);
    count_rules(&job);
    if (job.failed) {
        rn_diff_free(diff);
        return rn_fail(err, RN_E_NOMEM, "no memory for the comparison");
    }
    diff->verdict = judge(&job);
    find_first(&job);
    count_findings(&job);
    *out = diff;
    return RN_OK;
}

void rn_diff_free(struct rn_diff *diff)
{
    if (!diff)
        return;
    free(diff->findings);
    free(diff);
}
