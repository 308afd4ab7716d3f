/* SPDX-License-Identifier: MIT */
/* One object on both sides: content, attributes, order. */
#include "diff_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A time that the program gave counts where it is older than the recording by more than this: else
 * it is that of a file which was made for this run. */
#define OLD_TIME_SECONDS 3600

/* How the contents of two objects compare, before it becomes a finding. */
struct outcome {
    enum rn_finding_kind kind;
    enum rn_rule rule;
    bool has_difference, is_mode;
    struct rn_image_difference difference;
    char what[400];
};

static void says(struct outcome *outcome, enum rn_finding_kind kind, const char *format, ...)
    RN_PRINTF(3, 4);
static void says(struct outcome *outcome, enum rn_finding_kind kind, const char *format, ...)
{
    va_list list;

    outcome->kind = kind;
    va_start(list, format);
    vsnprintf(outcome->what, sizeof outcome->what, format, list);
    va_end(list);
}

/* ---- content ---- */

static int by_writing(const void *left, const void *right)
{
    const struct rn_effect_writer *a = left, *b = right;

    if (a->length != b->length)
        return a->length < b->length ? -1 : 1;
    return a->crc < b->crc ? -1 : a->crc > b->crc;
}

/* Each of the writers wrote what one on the other side wrote. */
static bool same_writers(const struct rn_effect *a, const struct rn_effect *b)
{
    size_t count = a->writer_count, size = count * sizeof(struct rn_effect_writer);
    struct rn_effect_writer *left, *right;
    bool same = count == b->writer_count && count > 0;

    if (!same)
        return false;
    left = malloc(size);
    right = malloc(size);
    same = left && right;
    if (same) {
        memcpy(left, a->writers, size);
        memcpy(right, b->writers, size);
        qsort(left, count, sizeof *left, by_writing);
        qsort(right, count, sizeof *right, by_writing);
    }
    for (size_t i = 0; same && i < count; i++)
        same = left[i].known && right[i].known && left[i].length == right[i].length &&
               left[i].crc == right[i].crc;
    free(left);
    free(right);
    return same;
}

static void describe_difference(struct outcome *outcome, const struct rn_effect *a,
                                const struct rn_effect *b)
{
    const struct rn_image_difference *difference = &outcome->difference;
    unsigned long long length_a = a->image->length, length_b = b->image->length;

    outcome->has_difference = true;
    if (difference->from == length_a || difference->from == length_b)
        says(outcome, RN_FINDING_DIFFERENT, "%s ends at byte %llu, %s has %llu",
             length_a < length_b ? "A" : "B", length_a < length_b ? length_a : length_b,
             length_a < length_b ? "B" : "A", length_a < length_b ? length_b : length_a);
    else if (difference->exact)
        says(outcome, RN_FINDING_DIFFERENT, "content differs at byte %llu",
             (unsigned long long)difference->from);
    else
        says(outcome, RN_FINDING_DIFFERENT, "content differs in bytes %llu to %llu",
             (unsigned long long)difference->from, (unsigned long long)difference->to - 1);
    if (length_a != length_b && difference->from != length_a && difference->from != length_b) {
        size_t used = strlen(outcome->what);

        snprintf(outcome->what + used, sizeof outcome->what - used, "; %llu bytes against %llu",
                 length_a, length_b);
    }
}

static void apply_content_rules(struct diff_job *job, struct outcome *outcome,
                                const struct rn_effect *a, const struct rn_effect *b)
{
    bool applies;

    if (a->image->bytes.size < a->image->length || b->image->bytes.size < b->image->length) {
        static const struct rn_buf empty = RN_BUF_INIT;

        (void)rn_diff_rules_equal(job->rules, a->name, &empty, &empty, &applies);
        if (applies)
            says(outcome, RN_FINDING_UNKNOWN,
                 "a rule needs the bytes themselves, and the recording has fingerprints only "
                 "(rn-record --content)");
        return;
    }
    if (rn_diff_rules_equal(job->rules, a->name, &a->image->bytes, &b->image->bytes, &applies)) {
        outcome->rule = RN_RULE_USER;
        says(outcome, RN_FINDING_RULE, "text agrees by a rule");
    }
}

static void concurrent_writers(struct outcome *outcome, const struct rn_effect *a,
                               const struct rn_effect *b)
{
    if (!a->concurrent && !b->concurrent)
        return;
    if (same_writers(a, b) ||
        (a->chunk_sum == b->chunk_sum && a->image->length == b->image->length)) {
        outcome->rule = RN_RULE_CONCURRENT_WRITERS;
        says(outcome, RN_FINDING_RULE,
             "several threads write, in no order that they keep; each wrote the same");
    } else if (a->kind == RN_EFFECT_FILE || a->image->length == b->image->length) {
        says(outcome, RN_FINDING_UNKNOWN, "several threads write, in no order that they keep");
    }
}

/* Both laid bytes over, or behind, what was there: where that is the same, so is the result. */
static void compare_overlaid(struct outcome *outcome, const struct rn_effect *a,
                             const struct rn_effect *b)
{
    struct rn_image_difference difference;

    if (a->unknown_begin != b->unknown_begin) {
        says(outcome, RN_FINDING_UNKNOWN,
             "%s wrote it anew, %s changed what was there, and that is not known",
             a->unknown_begin ? "B" : "A", a->unknown_begin ? "A" : "B");
        return;
    }
    if (rn_image_compare(a->image, b->image, true, false, &difference) == RN_IMAGE_EQUAL)
        return;
    outcome->difference = difference;
    if (rn_image_compare(a->image, b->image, false, false, &difference) == RN_IMAGE_DIFFER) {
        outcome->difference = difference;
        describe_difference(outcome, a, b);
        return;
    }
    says(outcome, RN_FINDING_UNKNOWN, "changed differently, and what was there is not known");
}

/* The same changes in the same order to the same begin: the same result, whether it can be composed
 * or not. */
static bool same_history(const struct rn_effect *a, const struct rn_effect *b)
{
    return a->image->history == b->image->history && a->image->unknown_moved == 0 &&
           b->image->unknown_moved == 0 && !a->image->failed && !b->image->failed &&
           a->unknown_begin == b->unknown_begin && !a->mapped_writes && !b->mapped_writes;
}

/* Of scrubbed recordings: the whole is compared, where is not to be told. */
static void compare_digests(struct diff_job *job, struct outcome *outcome,
                            const struct rn_effect *a, const struct rn_effect *b)
{
    switch (diff_digests(&a->digest, &b->digest)) {
    case DIGESTS_EQUAL:
        return;
    case DIGESTS_DIFFER:
        if (a->concurrent || b->concurrent)
            says(outcome, RN_FINDING_UNKNOWN,
                 "several threads write, in no order that they keep, and it was scrubbed");
        else if (rn_diff_rules_varies(job->rules, a->kind, a->name))
            says(outcome, RN_FINDING_UNKNOWN, "varies from run to run by itself");
        else
            says(outcome, RN_FINDING_DIFFERENT,
                 "content differs (scrubbed: where cannot be told); %llu bytes against %llu",
                 (unsigned long long)a->digest.length, (unsigned long long)b->digest.length);
        return;
    case DIGESTS_UNKNOWN:
        says(outcome, RN_FINDING_UNKNOWN, "its content was not known when it was scrubbed");
    }
}

static void compare_content(struct diff_job *job, struct outcome *outcome,
                            const struct rn_effect *a, const struct rn_effect *b)
{
    const char *opaque = a->opaque ? a->opaque : b->opaque;

    if (!a->image && !b->image)
        return;
    if (diff_is_scrubbed(job) && a->image && b->image) {
        if (a->image->moved || b->image->moved)
            compare_digests(job, outcome, a, b);
        return;
    }
    if (!a->image || !b->image) {
        says(outcome, RN_FINDING_UNKNOWN,
             "%s wrote it, %s kept or moved what was there, and that is not known",
             a->image ? "A" : "B", a->image ? "B" : "A");
        return;
    }
    if (same_history(a, b))
        return;
    if (a->has_begin_length && b->has_begin_length && a->begin_length != b->begin_length) {
        says(outcome, RN_FINDING_INPUT,
             "appended to what was there, which was %llu bytes for A and %llu for B",
             (unsigned long long)a->begin_length, (unsigned long long)b->begin_length);
        return;
    }
    if (opaque) {
        says(outcome, RN_FINDING_UNKNOWN, "%s", opaque);
        return;
    }
    if (a->unknown_begin || b->unknown_begin) {
        compare_overlaid(outcome, a, b);
        return;
    }
    switch (rn_image_compare(a->image, b->image, true, false, &outcome->difference)) {
    case RN_IMAGE_EQUAL:
        return;
    case RN_IMAGE_UNKNOWN:
        says(outcome, RN_FINDING_UNKNOWN, "part of it has no fingerprint");
        return;
    case RN_IMAGE_DIFFER:
        describe_difference(outcome, a, b);
        break;
    }
    concurrent_writers(outcome, a, b);
    if (outcome->kind == RN_FINDING_DIFFERENT || outcome->kind == RN_FINDING_UNKNOWN)
        apply_content_rules(job, outcome, a, b);
    if (outcome->kind == RN_FINDING_DIFFERENT && rn_diff_rules_varies(job->rules, a->kind, a->name))
        says(outcome, RN_FINDING_UNKNOWN, "varies from run to run by itself");
}

/* ---- attributes ---- */

static bool old_time(const struct rn_effects *effects, int64_t seconds)
{
    int64_t start = (int64_t)(rn_effects_summary(effects)->start_realtime_ns / 1000000000u);

    return seconds < start - OLD_TIME_SECONDS;
}

static void compare_times(struct diff_job *job, struct outcome *outcome, const struct rn_effect *a,
                          const struct rn_effect *b)
{
    bool set_a = a->has & RN_EFFECT_HAS_MTIME, set_b = b->has & RN_EFFECT_HAS_MTIME;

    if (!set_a || !set_b || a->mtime == b->mtime || !old_time(job->effects_a, a->mtime) ||
        !old_time(job->effects_b, b->mtime))
        return;
    says(outcome, RN_FINDING_DIFFERENT, "modification time %lld against %lld", (long long)a->mtime,
         (long long)b->mtime);
}

/* A file that was made belongs to who made it, so giving it to him changes nothing. */
static void compare_owner(struct outcome *outcome, const struct rn_effect *a,
                          const struct rn_effect *b)
{
    uint32_t given = a->has | b->has;

    if (given & RN_EFFECT_HAS_OWNER && a->owner != b->owner)
        says(outcome, RN_FINDING_DIFFERENT, "owner %llu against %llu", (unsigned long long)a->owner,
             (unsigned long long)b->owner);
    else if (given & RN_EFFECT_HAS_GROUP && a->group != b->group)
        says(outcome, RN_FINDING_DIFFERENT, "group %llu against %llu", (unsigned long long)a->group,
             (unsigned long long)b->group);
}

/* Known: given by the program, or seen when it was opened. */
static void compare_mode(struct outcome *outcome, const struct rn_effect *a,
                         const struct rn_effect *b)
{
    uint32_t left = a->mode & 07777, right = b->mode & 07777;
    bool has_a = a->has & RN_EFFECT_HAS_MODE, has_b = b->has & RN_EFFECT_HAS_MODE;

    if (!has_a && !has_b)
        return;
    if ((has_a || a->mode) && (has_b || b->mode)) {
        outcome->is_mode = left != right;
        if (left != right)
            says(outcome, RN_FINDING_DIFFERENT, "permissions %04o against %04o", left, right);
    } else {
        outcome->is_mode = true;
        says(outcome, RN_FINDING_DIFFERENT, "permissions set by %s only, to %04o",
             has_a ? "A" : "B", has_a ? left : right);
    }
}

static void compare_attributes(struct diff_job *job, struct outcome *outcome,
                               const struct rn_effect *a, const struct rn_effect *b)
{
    const char *same_a = a->same_as ? a->same_as : "", *same_b = b->same_as ? b->same_as : "";

    compare_mode(outcome, a, b);
    if (outcome->kind != RN_FINDING_DIFFERENT)
        compare_owner(outcome, a, b);
    if (outcome->kind != RN_FINDING_DIFFERENT)
        compare_times(job, outcome, a, b);
    if (outcome->kind != RN_FINDING_DIFFERENT && a->attributes != b->attributes)
        says(outcome, RN_FINDING_DIFFERENT, "extended attributes differ");
    if (outcome->kind != RN_FINDING_DIFFERENT && strcmp(same_a, same_b) != 0)
        says(outcome, RN_FINDING_DIFFERENT, "hard link to %s against %s",
             *same_a ? same_a : "no other file", *same_b ? same_b : "no other file");
}

/* ---- order ---- */

/* Output that one side wrote before it synced the file, and the other after. Held-back output looks
 * so too: then one side wrote all of it in one piece, and the other had more to say. */
static void compare_sync(struct diff_job *job, struct outcome *outcome, const struct rn_effect *a,
                         const struct rn_effect *b)
{
    const struct rn_effect *later = a->output_at_sync < b->output_at_sync ? a : b;
    uint64_t low, high, total;

    if (a->synced && b->synced && a->renamed_unsynced != b->renamed_unsynced) {
        says(outcome, RN_FINDING_DIFFERENT, "%s renames it before it is synced",
             a->renamed_unsynced ? "A" : "B");
        return;
    }
    if (!a->synced || !b->synced || a->output_at_sync == b->output_at_sync ||
        a->output_total != b->output_total)
        return;
    low = a->output_at_sync < b->output_at_sync ? a->output_at_sync : b->output_at_sync;
    high = a->output_at_sync < b->output_at_sync ? b->output_at_sync : a->output_at_sync;
    total = a->output_total;
    if (low == 0 && high < total && later->output_calls == 1) {
        diff_use_rule(job, RN_RULE_OUTPUT_BUFFERING, 0, 0);
        return;
    }
    says(outcome, RN_FINDING_DIFFERENT,
         "synced after %llu of %llu bytes of output against %llu: what one acknowledges is not "
         "yet on disk",
         (unsigned long long)a->output_at_sync, (unsigned long long)total,
         (unsigned long long)b->output_at_sync);
}

/* Only one side has it on disk when it is done. */
static void compare_durability(struct diff_job *job, struct outcome *outcome,
                               const struct rn_effect *a, const struct rn_effect *b)
{
    if (a->synced == b->synced || a->kind != RN_EFFECT_FILE || !a->image || !b->image)
        return;
    outcome->rule = RN_RULE_DURABILITY;
    says(outcome,
         rn_diff_rules_keep(job->rules, RN_RULE_DURABILITY) ? RN_FINDING_DIFFERENT
                                                            : RN_FINDING_RULE,
         "%s syncs what it wrote, %s does not", a->synced ? "A" : "B", a->synced ? "B" : "A");
}

/* ---- findings ---- */

static void point_to(struct rn_finding *finding, bool is_mode)
{
    if (is_mode && finding->a->has & RN_EFFECT_HAS_MODE)
        finding->place_a = finding->a->mode_place;
    if (is_mode && finding->b->has & RN_EFFECT_HAS_MODE)
        finding->place_b = finding->b->mode_place;
    if (!finding->has_difference)
        return;
    if (finding->difference.a)
        finding->place_a = finding->difference.a->place;
    if (finding->difference.b)
        finding->place_b = finding->difference.b->place;
}

static void add_finding(struct diff_job *job, const struct outcome *outcome,
                        const struct rn_effect *a, const struct rn_effect *b)
{
    struct rn_finding *finding = diff_finding(job, a, b, outcome->kind, "%s", outcome->what);

    if (!finding)
        return;
    finding->rule = outcome->rule;
    finding->has_difference = outcome->has_difference;
    finding->difference = outcome->difference;
    point_to(finding, outcome->is_mode && outcome->kind == RN_FINDING_DIFFERENT);
    if (outcome->kind == RN_FINDING_RULE) /* syncs are counted as calls */
        diff_use_rule(job, outcome->rule, outcome->rule != RN_RULE_DURABILITY,
                      outcome->rule != RN_RULE_DURABILITY);
    if (outcome->kind == RN_FINDING_DIFFERENT && outcome->has_difference) {
        uint64_t longer = a->image->length > b->image->length ? a->image->length : b->image->length;

        job->sum += longer ? (double)outcome->difference.from / (double)longer : 0;
    }
}

static void one_side(struct diff_job *job, const struct rn_effect *a, const struct rn_effect *b)
{
    const struct rn_effect *only = a ? a : b;

    if (only->uncertain) { /* a file that comes and goes: most likely nothing was there before */
        diff_use_rule(job, RN_RULE_TEMPORARY_NAMES, a != NULL, b != NULL);
        return;
    }
    if (rn_diff_rules_varies(job->rules, only->kind, only->name)) {
        diff_use_rule(job, RN_RULE_USER, a != NULL, b != NULL);
        return;
    }
    if (only->kind == RN_EFFECT_STREAM && only->image->length == 0 && !only->opaque)
        return;
    if (only->is_new && diff_found(a ? job->effects_b : job->effects_a, only->name)) {
        diff_finding(job, a, b, RN_FINDING_INPUT,
                     "%s found it there already when it began, and %s did not", a ? "B" : "A",
                     a ? "A" : "B");
        return;
    }
    if (only->image)
        diff_finding(job, a, b, RN_FINDING_DIFFERENT, "only in %s, with %llu bytes", a ? "A" : "B",
                     (unsigned long long)only->image->length);
    else
        diff_finding(job, a, b, RN_FINDING_DIFFERENT, "only in %s", a ? "A" : "B");
}

static bool is_ignored(struct diff_job *job, const struct rn_effect *effect)
{
    if (!effect || !rn_diff_rules_ignore(job->rules, effect->kind, effect->name))
        return false;
    diff_use_rule(job, RN_RULE_USER, 1, 1);
    return true;
}

void diff_object(struct diff_job *job, const struct rn_effect *a, const struct rn_effect *b)
{
    struct outcome outcome = {.kind = RN_FINDING_EQUAL};

    if (is_ignored(job, a ? a : b))
        return;
    if (!a || !b) {
        one_side(job, a, b);
        return;
    }
    compare_content(job, &outcome, a, b);
    if (outcome.kind != RN_FINDING_DIFFERENT)
        compare_attributes(job, &outcome, a, b);
    if (outcome.kind != RN_FINDING_DIFFERENT)
        compare_sync(job, &outcome, a, b);
    if (outcome.kind != RN_FINDING_DIFFERENT && a->target && b->target &&
        strcmp(a->target, b->target) != 0)
        says(&outcome, RN_FINDING_DIFFERENT, "leads to '%.150s' against '%.150s'", a->target,
             b->target);
    if (outcome.kind != RN_FINDING_DIFFERENT && a->boundary_sum != b->boundary_sum)
        says(&outcome, RN_FINDING_DIFFERENT,
             "the same bytes in other datagrams (%llu against %llu)",
             (unsigned long long)a->datagrams, (unsigned long long)b->datagrams);
    if (outcome.kind == RN_FINDING_EQUAL)
        compare_durability(job, &outcome, a, b);
    add_finding(job, &outcome, a, b);
}
