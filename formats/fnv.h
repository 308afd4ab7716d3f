/* SPDX-License-Identifier: MIT */
/* FNV-1a, 64 bits: for tables in memory, and for the identity of decisions.
 * http://www.isthe.com/chongo/tech/comp/fnv/ */
#ifndef RN_FNV_H
#define RN_FNV_H

#include <stddef.h>
#include <stdint.h>

#define RN_FNV_BEGIN 0xcbf29ce484222325ull

/* The hash of what `hash` is of, with these bytes behind it. */
static inline uint64_t rn_fnv(uint64_t hash, const void *data, size_t size)
{
    const uint8_t *bytes = data;

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3ull;
    return hash;
}

#endif
