/* SPDX-License-Identifier: MIT */
/* What libraries for devices' APIs (OpenCL, CUDA, Vulkan) record: the queues of a device, its
 * clock, and what ran there. Everything here may be called by any thread, drivers' own included, at
 * any time after rn_producer_open has said true; nothing is allocated, no lock is held, no libc
 * called.
 *
 *     static struct rn_producer_clock clock;
 *     struct rn_producer_reading reading = rn_producer_reading_begin();
 *     reading.device = time_of_the_device();
 *     rn_producer_reading_end(&reading);
 *     rn_producer_clock_open(&clock, &about, &reading);      ... and from time to time, when
 *     if (rn_producer_clock_due(&clock)) ... rn_producer_clock_read(&clock, &reading);
 *
 *     struct rn_producer_queue queue = {.name = "GPU 0 queue 1", .number = 1, .clock = &clock};
 *     rn_producer_queue_begun(&queue, 1);                    a command is given to the device
 *     ...                                                    it has ended, maybe on another thread:
 *     rn_producer_event(&(struct rn_producer_event){
 *         .kind = RN_KIND_KERNEL, .flags = RN_EVENT_DEVICE_TIME, .queue = &queue,
 *         .start = rn_producer_ticks(&clock, began), .duration = ...,
 *         .fields = &kernel, .words = sizeof(kernel) / 8, .name = "saxpy"}); */
#ifndef RN_PRODUCER_DEVICE_H
#define RN_PRODUCER_DEVICE_H

#include "producer.h"

/* One reading of a device's clock. */
struct rn_producer_reading {
    uint64_t device;        /* ticks of the device */
    uint64_t before, after; /* ticks of the recording: it was read between these */
};
static inline struct rn_producer_reading rn_producer_reading_begin(void)
{
    return (struct rn_producer_reading){.before = rn_producer_now()};
}
static inline void rn_producer_reading_end(struct rn_producer_reading *reading)
{
    reading->after = rn_producer_now();
}

/* A clock of a device, as one process sees it. Zero before it is opened; a fork's child goes on
 * with its copy. Not moved while it is in use. */
struct rn_producer_clock {
    uint32_t number; /* in the recording; 0: not open, or there are too many: see below */
    uint64_t api, device, source; /* as in struct rn_device_clock */
    const char *name;             /* of the device; borrowed for ever */
    uint64_t base_device, base_ticks, rate, period;
    uint64_t next; /* ticks: when the next reading is due */
};

struct rn_producer_clock_about {
    enum rn_api api;
    enum rn_clock_source source;
    uint64_t device;
    double ns_per_tick; /* of the device, as it says: more than 0, at most 10^6 */
    const char *name;   /* borrowed for ever, may be NULL */
};

/* Begin to use a clock: its scale is made from the first reading, which is recorded. False: the
 * recording has no room for one more clock (number 0). Then times are still made ticks, but cannot
 * be corrected for drift. */
bool rn_producer_clock_open(struct rn_producer_clock *clock,
                            const struct rn_producer_clock_about *about,
                            const struct rn_producer_reading *first);
/* Is it time for a reading? One thread gets true, and should see to it that there is one; not in
 * every case can it be had. Every tenth of a second while it is asked. */
bool rn_producer_clock_due(struct rn_producer_clock *clock);
void rn_producer_clock_read(const struct rn_producer_clock *clock,
                            const struct rn_producer_reading *reading);

/* A time of the device on the scale of the clock, for struct rn_producer_event. The clock is open.
 */
static inline uint64_t rn_producer_ticks(const struct rn_producer_clock *clock, uint64_t device)
{
    __int128 since = (__int128)device - (__int128)clock->base_device;
    __int128 ticks = (__int128)clock->base_ticks + ((since * (__int128)clock->rate) >> 32);

    return ticks < 0 ? 0 : ticks > (__int128)UINT64_MAX ? UINT64_MAX : (uint64_t)ticks;
}

/* A queue (a stream of CUDA, a queue of Vulkan). The caller's; zero but for the first fields. Each
 * process that uses it announces it for itself. */
struct rn_producer_queue {
    const char *name; /* for people; copied when the queue is announced, cut to 76 bytes; or NULL */
    uint64_t number;  /* in the process, from 1 */
    const struct rn_producer_clock *clock; /* NULL: times are of the recording */
    /* Not 0: no queue, but this thread of the process, for which another one records what it called:
     * such events are the thread's, and their times of the recording. */
    uint32_t thread;
    uint32_t stream, epoch; /* its own */
};

/* Its stream number; announces it where this process has not. */
uint32_t rn_producer_queue_stream(struct rn_producer_queue *queue);
/* So many kernels and transfers are given to the device, and will be recorded when they have ended.
 * What is not, because the program is killed say, is stated as lost. */
void rn_producer_queue_begun(struct rn_producer_queue *queue, uint64_t count);
/* They were not accepted after all. */
void rn_producer_queue_refused(struct rn_producer_queue *queue, uint64_t count);

/* There may be more of the queue's process to be recorded than anybody has counted: if the process
 * ends while this is so, an unknown number is stated as lost. */
void rn_producer_queue_unsure(struct rn_producer_queue *queue, bool unsure);

#define RN_PRODUCER_NAME_MAX 1024u /* bytes; what is longer is cut, and flagged so */
#define RN_PRODUCER_TEXT_MAX 1024u

/* An event: RN_KIND_KERNEL, _TRANSFER, _API, _NOTICE or _LOSS. */
struct rn_producer_event {
    uint8_t kind;
    uint32_t flags;                  /* RN_EVENT_DEVICE_TIME, _DEVICE_QUEUED, _UNFINISHED */
    struct rn_producer_queue *queue; /* NULL: it is of the calling thread */
    uint64_t start, duration;        /* ticks */
    const void *fields;              /* the payload struct of the kind (event.h) */
    uint32_t words;                  /* sizeof of it / 8; zeros at the end are left out */
    const char *name, *text;         /* attachments NAME and TEXT; NULL: none */
};
/* Record it. Waits where the ring is full, as long as the recorder empties it. False: it was lost,
 * and counted so: no ring was free, the recorder has not answered for half a minute, or a signal
 * handler calls this while its thread is in here. A kernel or transfer of a queue counts as one of
 * those begun. */
bool rn_producer_event(const struct rn_producer_event *event);

#endif
