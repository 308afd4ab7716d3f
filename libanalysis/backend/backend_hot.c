/* SPDX-License-Identifier: MIT */
/* Operations that a thread calls more than RN_BACKEND_HOT_CALLS times in a second, which slides on
 * every STEP calls. Between two steps a call costs an increment; the clock is not asked. */
#include "backend_private.h"

#include <time.h>

#define SLOTS  64u /* operations that a thread keeps apart */
#define STEP   500u
#define MARKS  (RN_BACKEND_HOT_CALLS / STEP)
#define SECOND UINT64_C(1000000000)

struct slot {
    uint64_t serial;
    uint32_t calls, mark;
    bool hot;
    uint64_t marks[MARKS]; /* when the last steps were, ns */
};
static __thread struct slot slots[SLOTS];

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

/* Cool again only well below the limit: else it would change with every step. */
static void judge(struct slot *slot)
{
    uint64_t now = now_ns(), then = slot->marks[slot->mark % MARKS];

    if (slot->mark >= MARKS)
        slot->hot = slot->hot ? now - then < SECOND + SECOND / 3 : now - then < SECOND;
    slot->marks[slot->mark % MARKS] = now;
    slot->mark++;
    slot->calls = 0;
}

bool backend_count_call(const struct rn_backend_operation *operation)
{
    struct slot *slot = &slots[operation->serial % SLOTS];

    if (__builtin_expect(slot->serial != operation->serial, 0))
        *slot = (struct slot){.serial = operation->serial};
    if (__builtin_expect(++slot->calls >= STEP, 0))
        judge(slot);
    return slot->hot;
}

int rn_backend_is_hot(const struct rn_backend_operation *operation)
{
    const struct slot *slot = &slots[operation->serial % SLOTS];

    return slot->serial == operation->serial && slot->hot;
}
