/* SPDX-License-Identifier: MIT */
#include "member_encode.h"

/* What comes from one ring is nearly in order, so there are few runs of ascending start: natural
 * merge sort, which is stable. Keys and room for as many more lie behind one another in
 * encoder->order. */
struct sorting {
    struct pending_key *from, *to;
    size_t count;
};

static size_t run_end(const struct pending_key *keys, size_t at, size_t count)
{
    for (at++; at < count && keys[at - 1].start <= keys[at].start; at++)
        ;
    return at;
}

/* The choice is made without a branch: which of the runs comes next is anybody's guess. */
static void merge(const struct pending_key *a, size_t a_count, const struct pending_key *b,
                  size_t b_count, struct pending_key *to)
{
    const struct pending_key *a_end = a + a_count, *b_end = b + b_count;

    while (a < a_end && b < b_end) {
        size_t second = b->start < a->start;
        const struct pending_key *next = second ? b : a;

        *to++ = *next;
        a += 1 - second;
        b += second;
    }
    memcpy(to, a, (size_t)(a_end - a) * sizeof *to);
    memcpy(to + (a_end - a), b, (size_t)(b_end - b) * sizeof *to);
}

/* Merge each two neighbouring runs; false where there was but one. */
static bool merge_runs(struct sorting *sorting)
{
    struct pending_key *keys = sorting->from;
    size_t count = sorting->count, end = run_end(keys, 0, count);

    if (count == 0 || end == count)
        return false;
    for (size_t begin = 0, middle = end; begin < count;) {
        end = middle < count ? run_end(keys, middle, count) : count;
        merge(keys + begin, middle - begin, keys + middle, end - middle, sorting->to + begin);
        begin = end;
        middle = begin < count ? run_end(keys, begin, count) : count;
    }
    sorting->from = sorting->to;
    sorting->to = keys;
    return true;
}

/* Snapshots to the one place, all others to the other one. Returns how many are snapshots. Both
 * keys are written, one stays. */
static size_t gather(const struct rn_member_encoder *encoder, struct pending_key *snapshots,
                     struct pending_key *others)
{
    uint32_t pending = (uint32_t)rn_member_pending(encoder);
    size_t count = 0;

    for (uint32_t i = 0; i < pending; i++) {
        const struct pending_event *event = rn_member_event(encoder, i);
        const struct pending_key key = {event->start, i, event->shape};

        snapshots[count] = others[i - count] = key;
        count += (bool)(rn_member_shape(encoder, event->shape)->flags & RN_EVENT_SNAPSHOT);
    }
    return count;
}

static void sort(struct pending_key *keys, struct pending_key *room, size_t count)
{
    struct sorting sorting = {.from = keys, .to = room, .count = count};

    while (merge_runs(&sorting))
        ;
    if (sorting.from != keys)
        memcpy(keys, sorting.from, count * sizeof *keys);
}

enum rn_status rn_member_sort(struct rn_member_encoder *encoder, struct rn_error *err)
{
    size_t count = (size_t)rn_member_pending(encoder), snapshots;
    struct pending_key *keys, *room;

    rn_buf_clear(&encoder->order);
    if (count == 0)
        return RN_OK;
    /* gather() writes one key more in each half. */
    keys = (struct pending_key *)(void *)rn_buf_reserve(&encoder->order,
                                                        2 * (count + 1) * sizeof *keys);
    if (!keys)
        return rn_fail(err, RN_E_NOMEM, "no memory to sort %zu events", count);
    room = keys + count + 1;
    snapshots = gather(encoder, room, keys);
    if (snapshots) {
        memmove(keys + snapshots, keys, (count - snapshots) * sizeof *keys);
        memcpy(keys, room, snapshots * sizeof *keys);
    }
    sort(keys, room, snapshots);
    sort(keys + snapshots, room, count - snapshots);
    return RN_OK;
}
