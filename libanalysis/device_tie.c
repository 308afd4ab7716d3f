/* SPDX-License-Identifier: MIT */
#include "device_tie.h"

#include <stdlib.h>
#include <string.h>

/* Calls lie in sets by their number, the latest in front: numbers that count up fill all sets
 * alike, and the oldest call of a set gives way. */
#define WAYS      8u
#define SETS_MIN  256u
#define SETS_MAX  (RN_DEVICE_CALLS / WAYS)
#define WAITS_MIN 256u
/* Waits for other queues or of other processes that are looked past. */
#define LOOK_PAST 256u

struct asked {
    uint64_t owner; /* 0: the place is free */
    uint64_t correlation, queue, start, end;
};

struct rn_device_tie {
    struct asked *asked; /* sets of WAYS */
    size_t sets;
    struct rn_device_call *waits;
    size_t wait_count, wait_capacity;
    bool waits_sorted; /* by end */
};

struct rn_device_tie *rn_device_tie_new(void)
{
    return calloc(1, sizeof(struct rn_device_tie));
}

void rn_device_tie_clear(struct rn_device_tie *tie)
{
    free(tie->asked);
    free(tie->waits);
    memset(tie, 0, sizeof *tie);
}

void rn_device_tie_free(struct rn_device_tie *tie)
{
    if (!tie)
        return;
    rn_device_tie_clear(tie);
    free(tie);
}

static struct asked *set_of(const struct rn_device_tie *tie, uint64_t owner, uint64_t correlation)
{
    uint64_t number = correlation + owner * 0x9e3779b97f4a7c15ull;

    return &tie->asked[(number & (tie->sets - 1)) * WAYS];
}

static void put(const struct rn_device_tie *tie, const struct asked *asked)
{
    struct asked *set = set_of(tie, asked->owner, asked->correlation);

    memmove(set + 1, set, (WAYS - 1) * sizeof *set);
    set[0] = *asked;
}

/* Twice as many sets. The oldest of a set are put first, so that the order stays. */
static bool grow(struct rn_device_tie *tie)
{
    struct rn_device_tie larger = {.sets = tie->sets ? 2 * tie->sets : SETS_MIN};

    if (larger.sets > SETS_MAX)
        return false;
    larger.asked = calloc(larger.sets * WAYS, sizeof *larger.asked);
    if (!larger.asked)
        return false;
    for (size_t set = 0; set < tie->sets; set++) {
        for (size_t way = WAYS; way-- > 0;) {
            const struct asked *asked = &tie->asked[set * WAYS + way];

            if (asked->owner)
                put(&larger, asked);
        }
    }
    free(tie->asked);
    tie->asked = larger.asked;
    tie->sets = larger.sets;
    return true;
}

/* A call in a call, of the same number (the runtime's calls the driver's): the outer one asked. */
static bool nests(struct asked *known, const struct asked *asked)
{
    if (known->owner != asked->owner || known->correlation != asked->correlation)
        return false;
    if (known->start <= asked->start && asked->end <= known->end)
        return true;
    if (asked->start > known->start || known->end > asked->end)
        return false;
    *known = *asked;
    return true;
}

static void note_asked(struct rn_device_tie *tie, const struct rn_device_call *call)
{
    struct asked asked = {.owner = call->owner,
                          .correlation = call->correlation,
                          .queue = call->queue,
                          .start = call->start,
                          .end = call->end};
    struct asked *set;

    if (!tie->sets && !grow(tie))
        return;
    set = set_of(tie, asked.owner, asked.correlation);
    for (size_t way = 0; way < WAYS; way++) {
        if (nests(&set[way], &asked))
            return;
    }
    while (set_of(tie, asked.owner, asked.correlation)[WAYS - 1].owner && grow(tie))
        ;
    put(tie, &asked);
}

static int by_end(const void *a, const void *b)
{
    const struct rn_device_call *x = a, *y = b;

    return x->end < y->end ? -1 : x->end > y->end;
}

static void sort_waits(struct rn_device_tie *tie)
{
    if (!tie->waits_sorted && tie->wait_count)
        qsort(tie->waits, tie->wait_count, sizeof *tie->waits, by_end);
    tie->waits_sorted = true;
}

/* At the bound the older half goes. */
static bool room_for_wait(struct rn_device_tie *tie)
{
    size_t capacity = tie->wait_capacity ? 2 * tie->wait_capacity : WAITS_MIN;
    struct rn_device_call *waits;

    if (tie->wait_count < tie->wait_capacity)
        return true;
    if (capacity > RN_DEVICE_WAITS) {
        sort_waits(tie);
        tie->wait_count /= 2;
        memmove(tie->waits, tie->waits + tie->wait_count, tie->wait_count * sizeof *tie->waits);
        return true;
    }
    waits = reallocarray(tie->waits, capacity, sizeof *waits);
    if (!waits)
        return false;
    tie->waits = waits;
    tie->wait_capacity = capacity;
    return true;
}

static void note_wait(struct rn_device_tie *tie, const struct rn_device_call *call)
{
    struct rn_device_call asked;

    if (!room_for_wait(tie))
        return;
    tie->waits_sorted =
        !tie->wait_count || (tie->waits_sorted && tie->waits[tie->wait_count - 1].end <= call->end);
    tie->waits[tie->wait_count] = *call;
    if (!call->queue && rn_device_tie_asked(tie, call->owner, call->correlation, call->end, &asked))
        tie->waits[tie->wait_count].queue = asked.queue;
    tie->wait_count++;
}

void rn_device_tie_note(struct rn_device_tie *tie, const struct rn_device_call *call, bool waits)
{
    if (waits)
        note_wait(tie, call);
    else if (call->correlation)
        note_asked(tie, call);
}

bool rn_device_tie_asked(const struct rn_device_tie *tie, uint64_t owner, uint64_t correlation,
                         uint64_t end, struct rn_device_call *call)
{
    const struct asked *best = NULL, *set;

    if (!tie->sets || !correlation)
        return false;
    set = set_of(tie, owner, correlation);
    for (size_t way = 0; way < WAYS; way++) {
        if (set[way].owner == owner && set[way].correlation == correlation &&
            set[way].start <= end && (!best || set[way].start > best->start))
            best = &set[way];
    }
    if (!best)
        return false;
    *call = (struct rn_device_call){.owner = owner,
                                    .correlation = correlation,
                                    .queue = best->queue,
                                    .start = best->start,
                                    .end = best->end};
    return true;
}

static bool is_for(const struct rn_device_call *wait, const struct rn_device_call *run)
{
    return wait->owner == run->owner && wait->start >= run->start &&
           (!wait->queue || wait->queue == run->queue) &&
           (!wait->correlation || wait->correlation >= run->correlation) &&
           (!wait->context || wait->context == run->context);
}

bool rn_device_tie_waited(struct rn_device_tie *tie, const struct rn_device_call *run,
                          struct rn_device_call *wait)
{
    size_t low = 0, high = tie->wait_count;

    sort_waits(tie);
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (tie->waits[middle].end < run->end)
            low = middle + 1;
        else
            high = middle;
    }
    high = tie->wait_count - low > LOOK_PAST ? low + LOOK_PAST : tie->wait_count;
    for (; low < high; low++) {
        if (is_for(&tie->waits[low], run)) {
            *wait = tie->waits[low];
            return true;
        }
    }
    return false;
}
