/* SPDX-License-Identifier: MIT */
/* Sums of what is read from recordings, which may be any numbers. */
#ifndef RN_SATURATING_H
#define RN_SATURATING_H

#include <stdint.h>

static inline uint64_t rn_add_saturating(uint64_t a, uint64_t b)
{
    uint64_t sum;

    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

#endif
