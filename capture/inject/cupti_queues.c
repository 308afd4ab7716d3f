/* SPDX-License-Identifier: MIT */
/* CUPTI's clock, and the streams that its records are of: queues of devices, and threads of the
 * program, which called the API while another thread decodes that. */
#include "cupti_inject.h"

#include "producer_system.h"

#include <stdio.h>
#include <time.h>

#define PLACES_MAX   1024u
#define CONTEXTS_MAX 64u
#define READINGS     5u /* the narrowest of so many is taken */
#define WAIT_NS      50000

enum state { STATE_NONE, STATE_MAKING, STATE_READY };

/* An entry is written by who claimed it, and never changes again. */
struct place {
    uint32_t state;
    uint32_t is_thread;
    uint32_t context, stream; /* stream: or the thread */
    struct rn_producer_queue queue;
    char name[80];
};
static struct place places[PLACES_MAX];
static struct {
    uint32_t state;
    uint32_t context, device, null_stream;
} contexts[CONTEXTS_MAX];

static struct rn_producer_clock clock_of_cupti;
static uint32_t clock_state;
/* Of the last reading: the recording's ticks, less what the scale makes of CUPTI's time then. */
static int64_t clock_offset;

/* True: the caller is to make what `state` is about, and store STATE_READY. False: it is made. */
static bool must_make(uint32_t *state)
{
    uint32_t expected = STATE_NONE;
    struct timespec moment = {.tv_nsec = WAIT_NS};

    if (__atomic_compare_exchange_n(state, &expected, STATE_MAKING, false, __ATOMIC_ACQUIRE,
                                    __ATOMIC_ACQUIRE))
        return true;
    while (__atomic_load_n(state, __ATOMIC_ACQUIRE) != STATE_READY)
        (void)rn_system_call(SYS_nanosleep, (uintptr_t)&moment, 0, 0, 0, 0, 0);
    return false;
}

uint64_t rn_cupti_now(void)
{
    uint64_t time = 0;

    return rn_cupti.call.get_timestamp(&time) == RN_CUPTI_SUCCESS ? time : 0;
}

static struct rn_producer_reading read_once(void)
{
    struct rn_producer_reading reading = rn_producer_reading_begin();

    reading.device = rn_cupti_now();
    rn_producer_reading_end(&reading);
    return reading;
}

static struct rn_producer_reading read_clock(void)
{
    struct rn_producer_reading best = read_once();

    for (uint32_t i = 1; i < READINGS; i++) {
        struct rn_producer_reading next = read_once();

        if (next.after - next.before < best.after - best.before)
            best = next;
    }
    return best;
}

static void keep_offset(const struct rn_producer_reading *reading)
{
    uint64_t middle = reading->before + (reading->after - reading->before) / 2;
    int64_t offset = (int64_t)(middle - rn_producer_ticks(&clock_of_cupti, reading->device));

    __atomic_store_n(&clock_offset, offset, __ATOMIC_RELAXED);
}

struct rn_producer_clock *rn_cupti_clock(void)
{
    static const struct rn_producer_clock_about about = {
        .api = RN_API_CUDA, .source = RN_CLOCK_REALTIME, .ns_per_tick = 1, .name = "CUPTI"};
    struct rn_producer_reading reading;

    if (must_make(&clock_state)) {
        reading = read_clock();
        (void)rn_producer_clock_open(&clock_of_cupti, &about, &reading);
        keep_offset(&reading);
        __atomic_store_n(&clock_state, STATE_READY, __ATOMIC_RELEASE);
    }
    return &clock_of_cupti;
}

void rn_cupti_clock_look(bool now)
{
    struct rn_producer_clock *clock = rn_cupti_clock();
    struct rn_producer_reading reading;

    if (!rn_producer_clock_due(clock) && !now)
        return;
    reading = read_clock();
    if (reading.device == 0)
        return;
    rn_producer_clock_read(clock, &reading);
    keep_offset(&reading);
}

uint64_t rn_cupti_thread_ticks(uint64_t time)
{
    uint64_t ticks = rn_producer_ticks(rn_cupti_clock(), time);

    return ticks + (uint64_t)__atomic_load_n(&clock_offset, __ATOMIC_RELAXED);
}

void rn_cupti_note_context(const struct rn_cupti_context *context)
{
    for (uint32_t i = 0; i < CONTEXTS_MAX; i++) {
        uint32_t expected = STATE_NONE;

        if (!__atomic_compare_exchange_n(&contexts[i].state, &expected, STATE_MAKING, false,
                                         __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            continue;
        contexts[i].context = context->context;
        contexts[i].device = context->device;
        contexts[i].null_stream = context->null_stream;
        __atomic_store_n(&contexts[i].state, STATE_READY, __ATOMIC_RELEASE);
        return;
    }
}

static void name_queue(struct place *place, uint32_t device)
{
    uint32_t null_stream = RN_CUPTI_NO_STREAM;
    char where[24] = "";

    for (uint32_t i = 0; i < CONTEXTS_MAX; i++) {
        if (__atomic_load_n(&contexts[i].state, __ATOMIC_ACQUIRE) != STATE_READY ||
            contexts[i].context != place->context)
            continue;
        device = contexts[i].device;
        null_stream = contexts[i].null_stream;
    }
    if (device != RN_CUPTI_NO_DEVICE)
        snprintf(where, sizeof(where), " device %u", device);
    if (place->context == RN_CUPTI_NO_CONTEXT)
        snprintf(place->name, sizeof(place->name), "CUDA process");
    else if (place->stream == RN_CUPTI_NO_STREAM)
        snprintf(place->name, sizeof(place->name), "CUDA%s context %u", where, place->context);
    else
        snprintf(place->name, sizeof(place->name), "CUDA%s context %u stream %u%s", where,
                 place->context, place->stream, place->stream == null_stream ? " (default)" : "");
}

static bool is_same(const struct place *a, const struct place *b)
{
    return a->is_thread == b->is_thread && a->context == b->context && a->stream == b->stream;
}

static void make_place(struct place *place, const struct place *wanted, uint32_t device)
{
    place->is_thread = wanted->is_thread;
    place->context = wanted->context;
    place->stream = wanted->stream;
    if (!place->is_thread)
        name_queue(place, device);
    place->queue = (struct rn_producer_queue){.name = place->name,
                                              .number = wanted->stream,
                                              .clock = wanted->is_thread ? NULL : rn_cupti_clock(),
                                              .thread = wanted->is_thread ? wanted->stream : 0};
    __atomic_store_n(&place->state, STATE_READY, __ATOMIC_RELEASE);
}

/* All that find no place of their own. */
static struct rn_producer_queue *find_further(void)
{
    static struct rn_producer_queue queue = {.name = "further streams and threads of CUDA"};
    static uint32_t state;

    if (must_make(&state)) {
        queue.clock = rn_cupti_clock();
        __atomic_store_n(&state, STATE_READY, __ATOMIC_RELEASE);
    }
    return &queue;
}

static struct rn_producer_queue *find_place(const struct place *wanted, uint32_t device)
{
    uint32_t hash =
        (wanted->stream * 0x9e3779b1u) ^ (wanted->context * 0x85ebca6bu) ^ wanted->is_thread;

    for (uint32_t i = 0; i < PLACES_MAX; i++) {
        struct place *place = &places[(hash + i) % PLACES_MAX];

        if (must_make(&place->state))
            make_place(place, wanted, device);
        if (is_same(place, wanted))
            return &place->queue;
    }
    return find_further();
}

struct rn_producer_queue *rn_cupti_queue(uint32_t device, uint32_t context, uint32_t stream)
{
    return find_place(&(struct place){.context = context, .stream = stream}, device);
}

struct rn_producer_queue *rn_cupti_thread(uint32_t tid)
{
    return find_place(&(struct place){.is_thread = 1, .stream = tid}, RN_CUPTI_NO_DEVICE);
}
