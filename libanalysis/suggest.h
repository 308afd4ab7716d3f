/* SPDX-License-Identifier: MIT */
/* "Did you mean": the known word that is nearest to one that is not. */
#ifndef RN_SUGGEST_H
#define RN_SUGGEST_H

#include <stddef.h>

struct rn_suggestion {
    const char *asked;
    size_t length;
    const char *word; /* nearest so far; NULL where none is near enough. Borrowed from try */
    size_t distance;  /* edits between the two; only words with fewer are taken */
};

struct rn_suggestion rn_suggestion_begin(const char *asked, size_t length);
void rn_suggestion_try(struct rn_suggestion *best, const char *word); /* NULL is ignored */
void rn_suggestion_try_all(struct rn_suggestion *best, const char *const *words); /* NULL ends */

#endif
