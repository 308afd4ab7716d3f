/* SPDX-License-Identifier: MIT */
/* How often an operation is called, over all threads of the process, in a window of one second that
 * slides by an eighth. A thread tells of its calls a few at a time, so that threads do not fight
 * for one cache line. */
#include "compute.h"

#define SLICES_A_SECOND 8u
#define TELL_EVERY      32u  /* calls */
#define TELL_EVERY_HOT  512u /* nothing is urgent then */
#define OPERATIONS      64u  /* that a thread keeps apart */
/* Cool again below this part of the limit: else it could change with every slice. */
#define COOL(limit) ((limit) - (limit) / 4)

struct own_calls {
    struct rn_compute_operation *operation;
    uint32_t calls;
    uint32_t slice;
    uint64_t slice_end; /* ticks */
};
static __thread struct own_calls own_calls[OPERATIONS];

static void add_calls(uint64_t *place, uint32_t slice, uint32_t calls)
{
    uint64_t there = __atomic_load_n(place, __ATOMIC_RELAXED), sum;

    do {
        if (there >> 32 > slice)
            return;
        sum = there >> 32 == slice ? there + calls : (uint64_t)slice << 32 | calls;
    } while (!__atomic_compare_exchange_n(place, &there, sum, false, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
}

/* The calls of the last second. False: this thread tells so late (it did not run for a while) that
 * others have told of later slices already: it cannot judge. */
static bool calls_in_window(struct rn_compute_operation *operation, uint32_t slice, uint32_t calls,
                            uint64_t *sum)
{
    *sum = 0;
    add_calls(&operation->slices[slice % RN_COMPUTE_SLICES], slice, calls);
    for (uint32_t i = 0; i < RN_COMPUTE_SLICES; i++) {
        uint64_t there = __atomic_load_n(&operation->slices[i], __ATOMIC_RELAXED);
        uint32_t number = (uint32_t)(there >> 32);

        if (number > slice)
            return false;
        if (slice - number < SLICES_A_SECOND)
            *sum += (uint32_t)there;
    }
    return true;
}

static uint32_t put(char *out, uint32_t at, const char *text, uint32_t size)
{
    rn_compute_copy(out + at, text, size);
    return at + size;
}

static const char hot_text[] = " is called too often: counted, not recorded, from here on";
static const char cool_text[] = " is called less often: recorded again from here on";
#define NOTICE_NAME 200u
#define NOTICE_TEXT 288u

/* The change is told where it was seen. */
static void tell_change(struct rn_producer *self, const struct rn_compute_operation *operation,
                        bool hot, uint64_t now)
{
    struct {
        struct rn_record record;
        struct rn_notice notice;
        struct rn_record_attachment header;
        char text[NOTICE_TEXT];
    } event = {{.kind = RN_KIND_NOTICE, .fields = 2, .attachments = 1, .start = now},
               {.code = RN_NOTICE_SAMPLING, .value = hot},
               {.type = RN_ATT_TEXT, .arg = RN_ARG_NONE},
               {0}};
    uint32_t name = operation->name_size < NOTICE_NAME ? operation->name_size : NOTICE_NAME;
    uint32_t at = put(event.text, 0, operation->name, name);
    void *room;

    at = hot ? put(event.text, at, hot_text, sizeof(hot_text) - 1)
             : put(event.text, at, cool_text, sizeof(cool_text) - 1);
    event.header.size = at;
    event.record.size = (uint32_t)(sizeof(event) - NOTICE_TEXT + (at + 7) / 8 * 8);
    room = rn_producer_reserve(self, event.record.size, 0);
    if (!room) {
        rn_producer_lose(self, 1);
        return;
    }
    rn_compute_copy(room, &event, event.record.size);
    rn_producer_commit(self, event.record.size);
}

static void judge(struct rn_producer *self, struct rn_compute_operation *operation, uint64_t calls,
                  uint64_t now)
{
    uint64_t limit = rn_producer_settings()->hot_calls;
    uint32_t hot = __atomic_load_n(&operation->hot, __ATOMIC_RELAXED);
    bool changes = hot ? calls < COOL(limit) : calls > limit;

    if (changes && __atomic_compare_exchange_n(&operation->hot, &hot, !hot, false, __ATOMIC_RELAXED,
                                               __ATOMIC_RELAXED))
        tell_change(self, operation, !hot, now);
}

static void tell(struct rn_producer *self, struct own_calls *own, uint64_t now)
{
    const struct rn_ring_producers *settings = rn_producer_settings();
    uint64_t slice_ticks = settings->tick_rate / SLICES_A_SECOND + 1;
    uint64_t since = now - settings->start, sum;
    /* From 1 on: a place that is empty is of slice 0. */
    uint32_t slice = (uint32_t)(since / slice_ticks) + 1;

    /* What was called before the slice began is counted in it: it was not long before. */
    if (own->calls && calls_in_window(own->operation, slice, own->calls, &sum))
        judge(self, own->operation, sum, now);
    own->calls = 0;
    own->slice = slice;
    own->slice_end = settings->start + (since / slice_ticks + 1) * slice_ticks;
}

bool rn_compute_is_hot(struct rn_producer *self, struct rn_compute_operation *operation,
                       uint64_t now)
{
    struct own_calls *own = &own_calls[operation->number % OPERATIONS];
    bool hot;

    if (__builtin_expect(own->operation != operation, 0)) {
        if (own->operation)
            tell(self, own, now);
        own->operation = operation;
        own->slice_end = 0;
    }
    own->calls++;
    hot = __atomic_load_n(&operation->hot, __ATOMIC_RELAXED) != 0;
    if (__builtin_expect(own->calls >= (hot ? TELL_EVERY_HOT : TELL_EVERY) || now >= own->slice_end,
                         0))
        tell(self, own, now);
    return hot;
}
