/* SPDX-License-Identifier: MIT */
#include "producer_device.h"

#include "producer_system.h"

#include <stddef.h>
#include <time.h>

#define READINGS_A_SECOND 10u
#define NS_A_SECOND       1000000000.0
#define SCALE             4294967296.0       /* 2^32 */
#define RATE_MAX          9007199254740992.0 /* 2^53: products stay below 2^127 */
/* The rate of the recording's ticks is known better after this than when it began. */
#define BASELINE_NS 5000000u

/* Of a thread: a signal handler that records, too, must not write into the middle of a record. */
static __thread uint32_t busy;

static uint32_t length_of(const char *text, uint32_t limit)
{
    uint32_t size = 0;

    while (text && size < limit && text[size])
        size++;
    return size;
}

/* Ticks a second, as exactly as can be told by now. */
static double tick_rate(void)
{
    const struct rn_ring_producers *settings = rn_producer_settings();
    uint64_t ns = rn_producer_monotonic() - settings->start_ns;
    uint64_t ticks = rn_producer_now() - settings->start;

    if (settings->start_ns == 0 || ns < BASELINE_NS || ns > UINT64_MAX / 2)
        return (double)settings->tick_rate;
    return (double)ticks * NS_A_SECOND / (double)ns;
}

bool rn_producer_clock_open(struct rn_producer_clock *clock,
                            const struct rn_producer_clock_about *about,
                            const struct rn_producer_reading *first)
{
    uint32_t *count = &rn_producer_process.file->clock_count;
    uint32_t number = __atomic_add_fetch(count, 1, __ATOMIC_RELAXED);
    double rate = about->ns_per_tick * tick_rate() / NS_A_SECOND * SCALE;

    *clock =
        (struct rn_producer_clock){.api = about->api,
                                   .device = about->device,
                                   .source = about->source,
                                   .name = about->name,
                                   .base_device = first->device,
                                   .base_ticks = first->before + (first->after - first->before) / 2,
                                   .period = (uint64_t)(about->ns_per_tick * SCALE),
                                   .rate = rate >= 1 && rate < RATE_MAX ? (uint64_t)rate : 1};
    if (number == 0 || number > RN_DEVICE_CLOCK_MAX) {
        __atomic_store_n(count, RN_DEVICE_CLOCK_MAX, __ATOMIC_RELAXED);
        return false;
    }
    clock->next = first->after + rn_producer_settings()->tick_rate / READINGS_A_SECOND;
    clock->number = number;
    rn_producer_clock_read(clock, first);
    return true;
}

bool rn_producer_clock_due(struct rn_producer_clock *clock)
{
    uint64_t now = rn_producer_now(), next = __atomic_load_n(&clock->next, __ATOMIC_RELAXED);
    uint64_t period = rn_producer_settings()->tick_rate / READINGS_A_SECOND;

    return clock->number != 0 && now >= next &&
           __atomic_compare_exchange_n(&clock->next, &next, now + period, false, __ATOMIC_RELAXED,
                                       __ATOMIC_RELAXED);
}

void rn_producer_clock_read(const struct rn_producer_clock *clock,
                            const struct rn_producer_reading *reading)
{
    uint64_t rate = rn_producer_settings()->tick_rate ? rn_producer_settings()->tick_rate : 1;
    double ns_per_tick = NS_A_SECOND / (double)rate;
    uint64_t middle = reading->before + (reading->after - reading->before) / 2;
    uint64_t before = rn_producer_now(), after, ago;
    struct rn_device_clock row = {.clock = clock->number,
                                  .api = clock->api,
                                  .device = clock->device,
                                  .source = clock->source,
                                  .device_ticks = reading->device,
                                  .ticks = middle,
                                  .base_device = clock->base_device,
                                  .base_ticks = clock->base_ticks,
                                  .rate = clock->rate,
                                  .period = clock->period};

    if (clock->number == 0)
        return;
    row.monotonic_ns = rn_producer_clock_ns(CLOCK_MONOTONIC);
    row.monotonic_raw_ns = rn_producer_clock_ns(CLOCK_MONOTONIC_RAW);
    row.realtime_ns = rn_producer_clock_ns(CLOCK_REALTIME);
    after = rn_producer_now();
    /* They are all to be of one moment. */
    ago = (uint64_t)((double)(before + (after - before) / 2 - middle) * ns_per_tick);
    row.monotonic_ns -= ago;
    row.monotonic_raw_ns -= ago;
    row.realtime_ns -= ago;
    row.error_ns =
        (uint64_t)((double)(reading->after - reading->before + after - before) * ns_per_tick) + 1;
    rn_producer_event(&(struct rn_producer_event){.kind = RN_KIND_DEVICE_CLOCK,
                                                  .start = middle,
                                                  .fields = &row,
                                                  .words = sizeof(row) / sizeof(uint64_t),
                                                  .name = clock->name});
}

static struct rn_ring_queue *entry_of(uint32_t stream)
{
    return &rn_producer_process.file->queues[(stream - RN_STREAM_QUEUES) % RN_RING_QUEUES];
}

static void fill_entry(struct rn_ring_queue *entry, const struct rn_producer_queue *queue)
{
    entry->pid = rn_producer_process.pid;
    entry->tid = (uint32_t)rn_system_call(SYS_gettid, 0, 0, 0, 0, 0, 0);
    entry->clock = queue->clock ? queue->clock->number : 0;
    entry->number = queue->number;
    entry->thread = queue->thread;
    entry->name_size = length_of(queue->name, RN_RING_QUEUE_NAME);
    for (uint32_t i = 0; i < entry->name_size; i++)
        entry->name[i] = queue->name[i];
    __atomic_store_n(&entry->ready, 1, __ATOMIC_RELEASE);
}

/* What finds no entry shares the last one, which has a name of its own. */
static uint32_t share_last(void)
{
    static const struct rn_producer_queue others = {.name = "further queues"};
    struct rn_ring_queue *last = &rn_producer_process.file->queues[RN_RING_QUEUES - 1];

    if (__atomic_load_n(&last->ready, __ATOMIC_ACQUIRE) == 0)
        fill_entry(last, &others);
    return RN_STREAM_QUEUES + RN_RING_QUEUES - 1;
}

static uint32_t announce(const struct rn_producer_queue *queue)
{
    uint32_t *count = &rn_producer_process.file->queue_count;
    uint32_t number = __atomic_fetch_add(count, 1, __ATOMIC_RELAXED);

    if (number >= RN_RING_QUEUES - 1) {
        __atomic_store_n(count, RN_RING_QUEUES, __ATOMIC_RELAXED);
        return share_last();
    }
    fill_entry(&rn_producer_process.file->queues[number], queue);
    return RN_STREAM_QUEUES + number;
}

/* Two threads that come at once make two entries, of which one stays unused. */
uint32_t rn_producer_queue_stream(struct rn_producer_queue *queue)
{
    uint32_t epoch = rn_producer_epoch(),
             stream = __atomic_load_n(&queue->stream, __ATOMIC_ACQUIRE);

    if (stream != 0 && __atomic_load_n(&queue->epoch, __ATOMIC_ACQUIRE) == epoch)
        return stream;
    stream = announce(queue);
    __atomic_store_n(&queue->stream, stream, __ATOMIC_RELEASE);
    __atomic_store_n(&queue->epoch, epoch, __ATOMIC_RELEASE);
    return stream;
}

void rn_producer_queue_begun(struct rn_producer_queue *queue, uint64_t count)
{
    __atomic_add_fetch(&entry_of(rn_producer_queue_stream(queue))->begun, count, __ATOMIC_RELAXED);
}

void rn_producer_queue_refused(struct rn_producer_queue *queue, uint64_t count)
{
    __atomic_sub_fetch(&entry_of(rn_producer_queue_stream(queue))->begun, count, __ATOMIC_RELAXED);
}

void rn_producer_queue_unsure(struct rn_producer_queue *queue, bool unsure)
{
    __atomic_store_n(&entry_of(rn_producer_queue_stream(queue))->unsure, unsure, __ATOMIC_RELEASE);
}

static uint32_t attachment_size(uint32_t text)
{
    return text ? (uint32_t)sizeof(struct rn_record_attachment) + (text + 7) / 8 * 8 : 0;
}

static uint64_t *put_attachment(uint64_t *at, uint8_t type, const char *text, uint32_t size)
{
    struct rn_record_attachment *header = (struct rn_record_attachment *)(void *)at++;
    char *to = (char *)at;

    if (size == 0)
        return at - 1;
    *header = (struct rn_record_attachment){
        .type = type, .arg = RN_ARG_NONE, .flags = text[size] ? RN_ATT_CUT : 0, .size = size};
    at[(size - 1) / 8] = 0;
    for (uint32_t i = 0; i < size; i++)
        to[i] = text[i];
    return at + (size + 7) / 8;
}

static void *reserve(struct rn_producer *self, uint32_t size)
{
    uint32_t attempts = 0;
    void *room;

    while (!(room = rn_producer_reserve(self, size, 0)) && rn_producer_wait(self, &attempts))
        ;
    return room;
}

static bool put(struct rn_producer *self, const struct rn_producer_event *event, uint32_t stream)
{
    const uint64_t *fields = event->fields;
    uint32_t name = length_of(event->name, RN_PRODUCER_NAME_MAX), words = event->words;
    uint32_t text = length_of(event->text, RN_PRODUCER_TEXT_MAX), size;
    struct rn_record *record;
    uint64_t *at;

    while (words > 0 && fields[words - 1] == 0)
        words--;
    size = (uint32_t)sizeof(*record) + words * 8 + attachment_size(name) + attachment_size(text);
    record = reserve(self, size);
    if (!record) {
        rn_producer_lose(self, 1);
        return false;
    }
    *record = (struct rn_record){.size = size,
                                 .kind = event->kind,
                                 .fields = (uint8_t)words,
                                 .attachments = (uint8_t)((name != 0) + (text != 0)),
                                 .stream = stream,
                                 .flags = event->flags,
                                 .start = event->start,
                                 .duration = event->duration};
    at = (uint64_t *)(void *)(record + 1);
    for (uint32_t i = 0; i < words; i++)
        *at++ = fields[i];
    at = put_attachment(at, RN_ATT_NAME, event->name, name);
    put_attachment(at, RN_ATT_TEXT, event->text, text);
    rn_producer_commit(self, size);
    return true;
}

bool rn_producer_event(const struct rn_producer_event *event)
{
    bool counts = event->kind == RN_KIND_KERNEL || event->kind == RN_KIND_TRANSFER, done = false;
    struct rn_producer *self;
    uint32_t stream;

    if (busy) {
        if (rn_producer_thread.slot)
            rn_producer_lose(&rn_producer_thread, 1);
        return false;
    }
    busy = 1;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    stream = event->queue ? rn_producer_queue_stream(event->queue) : 0;
    self = rn_producer_self();
    if (self)
        done = put(self, event, stream);
    /* Lost or not, it is accounted for. */
    if (counts && stream)
        __atomic_add_fetch(&entry_of(stream)->recorded, 1, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    busy = 0;
    return done;
}
