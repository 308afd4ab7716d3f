/* SPDX-License-Identifier: MIT */
/* Contents that are known by their keyed fingerprints alone. */
#include "diff_private.h"

#include <string.h>

enum diff_digest_relation diff_digests(const struct rn_effect_digest *a,
                                       const struct rn_effect_digest *b)
{
    if (!a->known || !b->known || a->key != b->key)
        return DIGESTS_UNKNOWN;
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0 ? DIGESTS_EQUAL : DIGESTS_DIFFER;
}

bool diff_is_scrubbed(const struct diff_job *job)
{
    return rn_effects_summary(job->effects_a)->scrubbed ||
           rn_effects_summary(job->effects_b)->scrubbed;
}
