/* SPDX-License-Identifier: MIT */
#include "session_producers.h"

#include "proc_snapshot.h"
#include "session_private.h"

#include "formats/ring_cell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first rings are large, and very large where devices are recorded, which can be given
 * thousands of commands in a burst; later ones, of programs with many threads, share what there is.
 */
#define RING_BYTES_DEVICE (4u << 20)
#define DEVICE_RINGS      8u
#define RING_BYTES        (512u << 10)
#define RING_BYTES_SMALL  (64u << 10)
#define LARGE_RINGS       32u
#define OFFERS_MIN        2u
#define LOOKS_A_SECOND    1000u /* at most */
#define PACE_NS           10000000
#define PACE_BUSY_NS      1000000

static struct rn_ring_producers *shared(struct rn_session *session)
{
    return &rn_ring_area_header(session->area)->producers;
}

static uint64_t size_of_next(const struct rn_session *session)
{
    size_t count = 0;

    for (size_t i = 0; i < session->in_use_count; i++)
        count += session->in_use[i].producer;
    if (session->producers.settings.devices && count < DEVICE_RINGS)
        return RING_BYTES_DEVICE;
    return count < LARGE_RINGS ? RING_BYTES : RING_BYTES_SMALL;
}

/* Put out one more ring. False: there is no room for it. */
static bool offer(struct rn_session *session, uint32_t *place)
{
    uint64_t size = size_of_next(session);
    struct rn_session_slot *entry = rn_session_offer_ring(session, size, RN_RING_CELL_LEAD);
    struct rn_ring_cell *cells;

    if (!entry && size != RING_BYTES_SMALL)
        entry = rn_session_offer_ring(session, RING_BYTES_SMALL, RN_RING_CELL_LEAD);
    if (!entry)
        return false;
    cells = rn_session_ring_lead(session, entry->slot);
    for (size_t i = 0; i < RN_RING_CELLS; i++)
        cells[i].count = cells[i].moved = 0;
    entry->slot->cells = RN_RING_CELLS;
    __atomic_store_n(place, (uint32_t)rn_ring_slot_number(session->area, entry->slot) + 1,
                     __ATOMIC_RELEASE);
    return true;
}

/* Each thread that has none yet may want a ring at any moment. */
static void offer_enough(struct rn_session *session)
{
    struct rn_session_producers *producers = &session->producers;
    size_t without =
        producers->thread_count > producers->rings ? producers->thread_count - producers->rings : 0;
    size_t wanted = without > OFFERS_MIN ? without : OFFERS_MIN, there = 0;
    uint32_t *offers = shared(session)->offers;

    for (size_t i = 0; i < RN_RING_OFFERS; i++)
        there += __atomic_load_n(&offers[i], __ATOMIC_RELAXED) != 0;
    for (size_t i = 0; i < RN_RING_OFFERS && there < wanted; i++) {
        if (__atomic_load_n(&offers[i], __ATOMIC_RELAXED))
            continue;
        if (!offer(session, &offers[i]))
            return;
        there++;
    }
}

void rn_session_producers_threshold(struct rn_session *session, uint64_t threshold_ns)
{
    double ticks = (double)threshold_ns * (double)session->tick_rate / 1e9;

    __atomic_store_n(&shared(session)->threshold, (uint64_t)ticks, __ATOMIC_RELAXED);
}

enum rn_status rn_session_producers_open(struct rn_session *session,
                                         const struct rn_session_producing *settings,
                                         uint64_t start_ticks, uint64_t tick_rate,
                                         struct rn_error *err)
{
    struct rn_ring_producers *told = shared(session);

    (void)err;
    session->producers.settings = *settings;
    if (!settings->on)
        return RN_OK;
    session->producers.look_period = tick_rate / LOOKS_A_SECOND;
    told->tick_unit = session->clock.unit;
    told->tick_shift = session->clock.shift;
    told->tick_rate = tick_rate;
    told->start = start_ticks;
    told->start_ns = session->start.monotonic_ns;
    rn_session_producers_threshold(session, settings->threshold_ns);
    told->hot_calls = settings->hot_calls;
    told->all = settings->all;
    told->limit = RN_RING_MAPPING;
    offer_enough(session);
    return RN_OK;
}

void rn_session_producers_free(struct rn_session_producers *producers)
{
    free(producers->threads);
}

enum rn_status rn_session_producers_thread(struct rn_session *session, uint64_t stream,
                                           uint64_t pid, uint64_t tid, struct rn_error *err)
{
    struct rn_session_producers *producers = &session->producers;

    if (!producers->settings.on)
        return RN_OK;
    if (producers->thread_count == producers->thread_capacity) {
        size_t capacity = producers->thread_capacity ? 2 * producers->thread_capacity : 64;
        struct rn_session_thread *threads =
            reallocarray(producers->threads, capacity, sizeof(*threads));

        if (!threads)
            return rn_fail(err, RN_E_NOMEM, "no memory for a thread");
        producers->threads = threads;
        producers->thread_capacity = capacity;
    }
    producers->threads[producers->thread_count++] =
        (struct rn_session_thread){stream, (uint32_t)pid, (uint32_t)tid};
    offer_enough(session);
    return RN_OK;
}

/* The last number of a line "NAME: 1 2 3" of /proc/TID/status. */
static uint32_t last_number(const char *text, const char *name)
{
    const char *line = strstr(text, name), *end;

    if (!line)
        return 0;
    end = line + strcspn(line, "\n");
    while (end > line && end[-1] >= '0' && end[-1] <= '9')
        end--;
    return (uint32_t)strtoul(end, NULL, 10);
}

/* A program in a pid namespace of its own knows its threads by other numbers. */
static bool has_inner_numbers(uint32_t tid, uint32_t inner_pid, uint32_t inner_tid)
{
    char text[4096];

    return rn_proc_read((int)tid, "status", text, sizeof(text)) > 0 &&
           last_number(text, "\nNSpid:") == inner_tid &&
           last_number(text, "\nNStgid:") == inner_pid;
}

const struct rn_session_thread *rn_session_find_thread(const struct rn_session *session,
                                                       uint32_t pid, uint32_t tid)
{
    const struct rn_session_producers *producers = &session->producers;

    for (size_t i = 0; i < producers->thread_count; i++)
        if (producers->threads[i].tid == tid && producers->threads[i].pid == pid)
            return &producers->threads[i];
    for (size_t i = 0; i < producers->thread_count; i++)
        if (has_inner_numbers(producers->threads[i].tid, pid, tid))
            return &producers->threads[i];
    return NULL;
}

const struct rn_session_thread *rn_session_find_ended(const struct rn_session *session,
                                                      uint32_t pid, uint32_t tid)
{
    const struct rn_session_producers *producers = &session->producers;

    for (size_t i = 1; i <= RN_SESSION_ENDED && i <= producers->ended_count; i++) {
        const struct rn_session_thread *thread =
            &producers->ended[(producers->ended_count - i) % RN_SESSION_ENDED];

        if (thread->tid == tid && thread->pid == pid)
            return thread;
    }
    return NULL;
}

/* Whoever is not known was not seen by the engine, and gets a stream of its own. */
static enum rn_status find_owner(struct rn_session *session, struct rn_session_slot *ring,
                                 struct rn_error *err)
{
    struct rn_ring_slot *slot = ring->slot;
    uint32_t pid = slot->owner_pid, tid = slot->owner_tid;
    const struct rn_session_thread *thread = rn_session_find_thread(session, pid, tid);
    uint64_t stream = thread ? thread->stream : 0;
    enum rn_status status = RN_OK;

    if (stream == 0)
        status = rn_session_new_stream(session, pid, tid, 0, &stream, err);
    ring->stream = slot->stream = (uint32_t)stream;
    session->producers.rings++;
    session->producers.ever = true;
    return status;
}

static bool is_new(const struct rn_session_slot *ring)
{
    return ring->producer && ring->stream == 0 &&
           __atomic_load_n(&ring->slot->taken, __ATOMIC_ACQUIRE) == RN_RING_TAKEN;
}

static enum rn_status state_losses(struct rn_session *session, struct rn_error *err)
{
    uint64_t lost = __atomic_load_n(&shared(session)->lost, __ATOMIC_RELAXED);
    uint64_t without_ring = lost - session->producers.lost_told, in_rings = 0;
    enum rn_status status = RN_OK;

    session->producers.lost_told = lost;
    for (size_t i = 0; i < session->in_use_count; i++)
        if (session->in_use[i].producer)
            in_rings += __atomic_exchange_n(&session->in_use[i].slot->lost, 0, __ATOMIC_RELAXED);
    if (without_ring)
        status = rn_writer_add_loss(session->writer, RN_KIND_NONE, without_ring, RN_LOSS_RING_FULL,
                                    "threads found no ring to record into", err);
    if (status == RN_OK && in_rings)
        status = rn_writer_add_loss(session->writer, RN_KIND_NONE, in_rings, RN_LOSS_RING_FULL,
                                    "a signal handler recorded more than can be kept, or a ring "
                                    "stayed full",
                                    err);
    return status;
}

static enum rn_status resolve(struct rn_session *session, struct rn_error *err)
{
    enum rn_status status = RN_OK;
    bool found = false;

    if (!session->producers.settings.on)
        return RN_OK;
    for (size_t i = 0; status == RN_OK && i < session->in_use_count; i++) {
        if (!is_new(&session->in_use[i]))
            continue;
        status = find_owner(session, &session->in_use[i], err);
        found = true;
    }
    if (found)
        offer_enough(session);
    if (status == RN_OK)
        status = rn_session_queues_resolve(session, err);
    return status == RN_OK ? state_losses(session, err) : status;
}

enum rn_status rn_session_producers_resolve(struct rn_session *session, struct rn_error *err)
{
    const struct rn_error *failure = &session->producers.failure;

    if (failure->status == RN_OK)
        return resolve(session, err);
    if (err)
        *err = *failure;
    return failure->status;
}

/* Where no failure can be returned: the next commit returns it. */
static void resolve_now(struct rn_session *session)
{
    struct rn_error err = RN_ERROR_INIT;

    if (session->producers.failure.status == RN_OK && resolve(session, &err) != RN_OK)
        session->producers.failure = err;
}

static void end_ring(struct rn_session *session, struct rn_session_slot *ring)
{
    if (ring->given_up)
        return;
    ring->given_up = true;
    session->given_up++;
    session->producers.rings--;
    (void)rn_ring_harvest(session->area, ring->slot);
}

void rn_session_producers_thread_ended(struct rn_session *session, uint64_t stream)
{
    struct rn_session_producers *producers = &session->producers;

    if (!producers->settings.on)
        return;
    /* While its number is not another thread's yet. */
    resolve_now(session);
    for (size_t i = 0; i < session->in_use_count; i++)
        if (session->in_use[i].producer && session->in_use[i].stream == stream)
            end_ring(session, &session->in_use[i]);
    for (size_t i = 0; i < producers->thread_count; i++) {
        if (producers->threads[i].stream != stream)
            continue;
        producers->ended[producers->ended_count++ % RN_SESSION_ENDED] = producers->threads[i];
        producers->threads[i] = producers->threads[--producers->thread_count];
        return;
    }
}

void rn_session_producers_all_ended(struct rn_session *session)
{
    resolve_now(session);
    for (size_t i = 0; i < session->in_use_count; i++)
        if (session->in_use[i].producer && session->in_use[i].stream != 0)
            end_ring(session, &session->in_use[i]);
}

void rn_session_executed(struct rn_session *session, uint64_t stream)
{
    if (!session->producers.settings.on)
        return;
    resolve_now(session);
    for (size_t i = 0; i < session->in_use_count; i++)
        if (session->in_use[i].producer && session->in_use[i].stream == stream)
            end_ring(session, &session->in_use[i]);
}

bool rn_session_expects_producers(const struct rn_session *session)
{
    return session->producers.settings.on && session->producers.settings.preloaded;
}

bool rn_session_had_producers(const struct rn_session *session)
{
    return session->producers.ever;
}

long rn_session_pace(const struct rn_session *session)
{
    if (!session->producers.settings.on)
        return 0;
    return session->producers.busy ? PACE_BUSY_NS : PACE_NS;
}

void rn_session_producers_look(struct rn_session *session, bool *busy)
{
    struct rn_session_producers *producers = &session->producers;
    uint64_t now;

    *busy = false;
    if (!producers->settings.on)
        return;
    now = rn_session_now(session);
    if (now - producers->last_look < producers->look_period)
        return;
    producers->last_look = now;
    for (size_t i = 0; i < session->in_use_count; i++) {
        const struct rn_session_slot *ring = &session->in_use[i];

        if (ring->producer && (is_new(ring) || rn_ring_used(ring->slot) >=
                                                   rn_ring_size(session->area, ring->slot) / 4))
            *busy = true;
    }
    producers->busy = *busy;
}
