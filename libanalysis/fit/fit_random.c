/* SPDX-License-Identifier: MIT */
#include "fit_private.h"

uint64_t fit_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint32_t fit_random_below(uint64_t *state, uint32_t limit)
{
    return (uint32_t)((unsigned __int128)fit_random(state) * limit >> 64);
}
