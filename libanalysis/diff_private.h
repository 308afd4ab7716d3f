/* SPDX-License-Identifier: MIT */
/* What the files of a comparison share. */
#ifndef RN_DIFF_PRIVATE_H
#define RN_DIFF_PRIVATE_H

#include "diff.h"

struct diff_job {
    struct rn_diff *diff;
    const struct rn_effects *effects_a, *effects_b;
    const struct rn_diff_rules *rules;
    double sum; /* of the shares of objects that agree */
    bool failed;
};

/* diff_object.c: one object on both sides; either may be NULL. */
void diff_object(struct diff_job *job, const struct rn_effect *a, const struct rn_effect *b);
/* A finding to be filled; NULL without memory. */
struct rn_finding *diff_finding(struct diff_job *job, const struct rn_effect *a,
                                const struct rn_effect *b, enum rn_finding_kind kind,
                                const char *format, ...) RN_PRINTF(5, 6);
void diff_use_rule(struct diff_job *job, enum rn_rule rule, uint64_t a, uint64_t b);

/* diff_digest.c: contents of scrubbed recordings. */
enum diff_digest_relation { DIGESTS_EQUAL, DIGESTS_DIFFER, DIGESTS_UNKNOWN };
enum diff_digest_relation diff_digests(const struct rn_effect_digest *a,
                                       const struct rn_effect_digest *b);
bool diff_is_scrubbed(const struct diff_job *job); /* one of them at least */

/* diff_tree.c: everything that has a path. */
void diff_tree(struct diff_job *job);
bool diff_names_match(const struct diff_job *job, const struct rn_effect *a,
                      const struct rn_effect *b);

/* diff_messages.c */
void diff_connections(struct diff_job *job);
void diff_calls(struct diff_job *job);

/* How many effects of that kind are in the list, and where they begin. */
const struct rn_effect *diff_kind(const struct rn_effects *effects, enum rn_effect_kind kind,
                                  size_t *count);

/* It was asked for, and there, before the program did anything to it, which it never did. */
bool diff_found(const struct rn_effects *effects, const char *name);

#endif
