/* SPDX-License-Identifier: MIT */
/* Which call of an API asked for a kernel or transfer, and which one waited for it.
 *
 * The call that asked has the same correlation number, in the same process and interface; one call
 * may ask for many. A call that waits has no such number: the one that was the first to return
 * after the end, of those that wait for that queue (or for any) and began after the call that
 * asked.
 *
 * Memory is bounded, so the latest calls are known: of those with a number RN_DEVICE_CALLS, of
 * those that wait RN_DEVICE_WAITS, 12 MiB in all. Numbers that count up, as those of all APIs do,
 * are found as long as that; others may be forgotten sooner.
 *
 * Times are ticks. Not thread-safe. */
#ifndef RN_DEVICE_TIE_H
#define RN_DEVICE_TIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RN_DEVICE_CALLS (1u << 18)
#define RN_DEVICE_WAITS (1u << 16)

struct rn_device_tie;

struct rn_device_tie *rn_device_tie_new(void); /* NULL: no memory */
void rn_device_tie_free(struct rn_device_tie *tie);
void rn_device_tie_clear(struct rn_device_tie *tie); /* another recording follows */

struct rn_device_call {
    uint64_t owner;          /* process and interface, see rn_device_owner */
    uint64_t correlation;    /* 0 none */
    uint64_t context, queue; /* that it is for; 0: any, or not known */
    uint64_t start, end;
};

/* Processes and interfaces are numbered apart. */
static inline uint64_t rn_device_owner(uint64_t process, uint64_t api)
{
    return process << 3 | (api & 7);
}

/* Take note of a call. One that waits has not asked; where it tells no queue, that of the call with
 * its number is meant. Where there is no memory to keep it, it will not be found. */
void rn_device_tie_note(struct rn_device_tie *tie, const struct rn_device_call *call, bool waits);

/* The call that asked for what ended at `end`: with that owner and correlation. Of several it is
 * the last that had begun by then. False: none is known. */
bool rn_device_tie_asked(const struct rn_device_tie *tie, uint64_t owner, uint64_t correlation,
                         uint64_t end, struct rn_device_call *call);

/* The first call to return at or after `run->end` that waited for what ran (owner, context, queue,
 * correlation) and that began at `run->start` or later. False: none is known. */
bool rn_device_tie_waited(struct rn_device_tie *tie, const struct rn_device_call *run,
                          struct rn_device_call *wait);

/* Does a function of that name wait for a device? By a table of CUDA's, OpenCL's and Vulkan's,
 * whatever version is at its end (_v2, _ptsz). */
bool rn_device_call_waits(const char *name, size_t length);

#endif
