/* SPDX-License-Identifier: MIT */
/* A program that takes a ring of its recorder and writes into it, and into the tables beside it,
 * what no library writes. hostile_rings MODE: records, queues, clocks, broken. Compiled with
 * capture/inject/producer*.c. */
#include "capture/inject/producer_device.h"

#include <stdio.h>
#include <string.h>

static uint64_t seed = 1;

static uint64_t any(void)
{
    static const uint64_t values[] = {0,          1,          2,          RN_STREAM_QUEUES,
                                      1ull << 31, UINT32_MAX, UINT64_MAX, 1ull << 63};

    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return values[(seed >> 33) % 8] + (seed >> 62);
}

/* Well-formed records of any kind, stream and content. */
static void write_records(void)
{
    for (unsigned i = 0; i < 20000; i++) {
        struct rn_producer *self = rn_producer_self();
        struct rn_record *record;
        uint32_t attempts = 0, size = sizeof(*record) + 20 * 8;

        if (!self)
            return;
        while (!(record = rn_producer_reserve(self, size, 0)))
            if (!rn_producer_wait(self, &attempts))
                return;
        *record = (struct rn_record){.size = size,
                                     .kind = (uint8_t)(1 + any() % 39),
                                     .fields = 20,
                                     .stream = (uint32_t)any(),
                                     .flags = (uint32_t)any(),
                                     .start = any(),
                                     .duration = any()};
        for (unsigned k = 0; k < 20; k++)
            ((uint64_t *)(record + 1))[k] = any();
        rn_producer_commit(self, size);
    }
}

static void write_queues(void)
{
    struct rn_ring_file *file = rn_producer_process.file;

    for (unsigned i = 0; i < RN_RING_QUEUES; i++) {
        struct rn_ring_queue *queue = &file->queues[i];

        memset(queue, (int)(0x20 + i % 0x60), sizeof(*queue));
        queue->ready = 1;
        queue->begun = any();
        queue->recorded = any();
    }
    file->queue_count = UINT32_MAX;
}

static void write_clocks(void)
{
    for (unsigned i = 0; i < 20000; i++) {
        struct rn_device_clock clock;
        uint64_t words[sizeof(clock) / 8];

        for (unsigned k = 0; k < sizeof(clock) / 8; k++)
            words[k] = any();
        words[0] = i % 3 ? 1 + i % RN_DEVICE_CLOCK_MAX : any();
        rn_producer_event(&(struct rn_producer_event){.kind = RN_KIND_DEVICE_CLOCK,
                                                      .fields = words,
                                                      .words = sizeof(clock) / 8,
                                                      .name = "\x1b[31m\xff"});
    }
}

/* What is in the ring makes no sense from here on. */
static void break_ring(void)
{
    struct rn_producer *self = rn_producer_self();
    uint8_t *room = self ? rn_producer_reserve(self, 4096, 0) : NULL;

    if (!room)
        return;
    memset(room, 0xa5, 4096);
    self->slot->stream = 4000000000u;
    rn_producer_commit(self, 4096);
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";

    if (!rn_producer_open()) {
        printf("not recorded\n");
        return 0;
    }
    if (!strcmp(mode, "queues"))
        write_queues();
    if (!strcmp(mode, "clocks"))
        write_clocks();
    if (!strcmp(mode, "records") || !strcmp(mode, "queues"))
        write_records();
    if (!strcmp(mode, "broken"))
        break_ring();
    printf("done\n");
    return 0;
}
