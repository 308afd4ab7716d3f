/* SPDX-License-Identifier: MIT */
/* Are two recordings equivalent in what somebody outside can see? Compares the effects of two
 * recordings (effect.h), object by object.
 *
 * The verdicts, from best to worst:
 *   identical          the same calls with the same bytes in every thread, but for addresses, times
 *                      and numbers of processes
 *   equivalent         the same effects
 *   equivalent-modulo  the same effects where the rules that are listed hold
 *   inconclusive       nothing shows a difference, but something could not be seen, or the programs
 *                      were given different input
 *   different          an effect differs
 * A recording that lacks events is always inconclusive. One differing byte is different, whatever
 * the tolerance is: that is for performance and for the score.
 *
 * Time: O(effects log effects + stretches of their images). Not thread-safe. */
#ifndef RN_DIFF_H
#define RN_DIFF_H

#include "diff_rules.h"
#include "effect.h"

#define RN_DIFF_MAX_EQUAL 10000u
#define RN_DIFF_MAX       20000u /* findings in all; more differences are counted alone */

enum rn_verdict {
    RN_VERDICT_IDENTICAL,
    RN_VERDICT_EQUIVALENT,
    RN_VERDICT_MODULO,
    RN_VERDICT_DIFFERENT,
    RN_VERDICT_INCONCLUSIVE,
};
const char *rn_verdict_name(enum rn_verdict verdict); /* "EQUIVALENT-MODULO" */

/* What was found about one object. */
enum rn_finding_kind {
    RN_FINDING_EQUAL,
    RN_FINDING_RULE,    /* differs in what a rule erases */
    RN_FINDING_UNKNOWN, /* cannot be told */
    RN_FINDING_INPUT,   /* what was read differs: the comparison rests on nothing */
    RN_FINDING_DIFFERENT,
};

struct rn_finding {
    enum rn_finding_kind kind;
    enum rn_rule rule;             /* RN_FINDING_RULE */
    const struct rn_effect *a, *b; /* NULL: that side has no such object */
    char name[512];                /* of the object: "stdout", "file out.txt" */
    char what[512];                /* one line without a period: "content differs at byte 17" */
    bool has_difference;           /* of content */
    struct rn_image_difference difference;
    bool has_place_a, has_place_b;
    struct rn_place place_a, place_b; /* the event to look at */
};

struct rn_diff_options {
    double tolerance; /* 0 to 1: share that is called equal in performance and score */
    const struct rn_diff_rules *rules; /* NULL: the built-in ones */
};

struct rn_diff {
    enum rn_verdict verdict;
    char reason[512]; /* of INCONCLUSIVE: the first one; else empty */
    /* One for each object, in order of kind and name; of equal ones, RN_DIFF_MAX_EQUAL at most. */
    struct rn_finding *findings;
    size_t count, capacity;
    const struct rn_finding *first; /* of DIFFERENT ones, the earliest; NULL: none */
    bool rule_used[RN_RULE_COUNT];
    uint64_t rule_events_a[RN_RULE_COUNT], rule_events_b[RN_RULE_COUNT]; /* erased */
    size_t objects, equal, different, unknown;
    double score;      /* 0 to 1: share of objects and bytes that agree */
    double confidence; /* share of the bytes of effects that have fingerprints */
};

/* Both must have been finished, and outlive the result. */
RN_MUST_CHECK enum rn_status rn_diff_new(const struct rn_effects *a, const struct rn_effects *b,
                                         const struct rn_diff_options *options,
                                         struct rn_diff **out, struct rn_error *err);
void rn_diff_free(struct rn_diff *diff);

#endif
