/* SPDX-License-Identifier: MIT */
/* Generates an archive of any length for measurements: a program that gives kernels and copies to
 * the queues of two devices, by calls of an API, and waits for them now and then. The same seed
 * gives the same events: of ten, four calls, four kernels and two transfers.
 *
 *     generate_device [-n EVENTS] [-s SEED] OUT
 */
#include "formats/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QUEUES        4u
#define KERNELS       12u
#define COMMIT_EVENTS 16384u
#define FIRST_PID     1000u

struct generator {
    struct rn_writer *writer;
    uint64_t random, events, limit, correlation;
    uint64_t now;             /* ns, of the program */
    uint64_t free_at[QUEUES]; /* when the queue has done what it was given */
    uint64_t streams[1 + QUEUES];
    char names[KERNELS][48];
};

/* splitmix64 (S. Vigna). */
static uint64_t draw(struct generator *generator, uint64_t below)
{
    uint64_t z = generator->random += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (z ^ z >> 31) % below;
}

static enum rn_status add(struct generator *generator, struct rn_event *event, const char *name,
                          struct rn_error *err)
{
    struct rn_attachment attachment = {.type = RN_ATT_NAME,
                                       .arg = RN_ARG_NONE,
                                       .size = (uint32_t)strlen(name),
                                       .data = (const uint8_t *)name};
    struct rn_writer_commit_info info = {
        .clock = {.ticks = generator->now,
                  .monotonic_ns = generator->now,
                  .realtime_ns = 1767225600000000000u + generator->now},
    };
    enum rn_status status;

    event->attachments = &attachment;
    event->attachment_count = 1;
    generator->events++;
    status = rn_writer_add(generator->writer, event, err);
    if (status == RN_OK && rn_writer_pending(generator->writer) >= COMMIT_EVENTS)
        status = rn_writer_commit(generator->writer, &info, err);
    return status;
}

static enum rn_status add_call(struct generator *generator, const char *name, uint64_t duration,
                               uint64_t correlation, uint64_t queue, struct rn_error *err)
{
    struct rn_event event = {
        .kind = RN_KIND_API,
        .stream = (uint32_t)generator->streams[0],
        .start = generator->now,
        .duration = duration,
        .u.api = {.api = RN_API_OPENCL,
                  .correlation = correlation,
                  .device = queue / 2,
                  .context = 1,
                  .queue = queue + 1},
    };

    generator->now += duration + 200 + draw(generator, 400);
    return add(generator, &event, name, err);
}

static enum rn_status add_kernel(struct generator *generator, uint64_t queue, uint64_t start,
                                 uint64_t duration, uint64_t asked, struct rn_error *err)
{
    uint64_t kernel = draw(generator, KERNELS);
    struct rn_event event = {
        .kind = RN_KIND_KERNEL,
        .stream = (uint32_t)generator->streams[1 + queue],
        .start = start,
        .duration = duration,
        .u.kernel = {.api = RN_API_OPENCL,
                     .device = queue / 2,
                     .context = 1,
                     .queue = queue + 1,
                     .correlation = generator->correlation,
                     .grid = {(uint64_t)64 << kernel % 4, 1, 1},
                     .group = {256, 1, 1},
                     .queued = asked + 300,
                     .submitted = asked + 900},
    };

    return add(generator, &event, generator->names[kernel], err);
}

static enum rn_status add_transfer(struct generator *generator, uint64_t queue, uint64_t start,
                                   uint64_t duration, uint64_t asked, struct rn_error *err)
{
    bool back = draw(generator, 3) == 0;
    struct rn_event event = {
        .kind = RN_KIND_TRANSFER,
        .stream = (uint32_t)generator->streams[1 + queue],
        .start = start,
        .duration = duration,
        .u.transfer = {.api = RN_API_OPENCL,
                       .device = queue / 2,
                       .context = 1,
                       .queue = queue + 1,
                       .correlation = generator->correlation,
                       .direction = back ? RN_DIRECTION_FROM_DEVICE : RN_DIRECTION_TO_DEVICE,
                       .bytes = duration * 12,
                       .queued = asked + 300,
                       .submitted = asked + 900},
    };

    return add(generator, &event, back ? "clEnqueueReadBuffer" : "clEnqueueWriteBuffer", err);
}

/* Asked for by a call, run when the queue has time for it. */
static enum rn_status add_run(struct generator *generator, bool kernel, struct rn_error *err)
{
    uint64_t queue = draw(generator, QUEUES), asked = generator->now;
    uint64_t start = asked + 2000 + draw(generator, 3000);
    uint64_t duration = 1500 + draw(generator, 6000);
    enum rn_status status;

    generator->correlation++;
    /* Some run beside what the queue does already. */
    if (start < generator->free_at[queue] && draw(generator, 4))
        start = generator->free_at[queue];
    if (start + duration > generator->free_at[queue])
        generator->free_at[queue] = start + duration;
    status = add_call(generator, kernel ? "clEnqueueNDRangeKernel" : "clEnqueueWriteBuffer",
                      400 + draw(generator, 800), generator->correlation, queue, err);
    if (status != RN_OK)
        return status;
    return kernel ? add_kernel(generator, queue, start, duration, asked, err)
                  : add_transfer(generator, queue, start, duration, asked, err);
}

static enum rn_status wait_for(struct generator *generator, uint64_t queue, struct rn_error *err)
{
    uint64_t end = generator->free_at[queue];
    uint64_t duration = end > generator->now ? end - generator->now + 1500 : 300;

    return add_call(generator, "clFinish", duration, 0, queue, err);
}

static enum rn_status add_ten(struct generator *generator, struct rn_error *err)
{
    enum rn_status status = RN_OK;
    uint64_t queue = draw(generator, QUEUES);

    for (unsigned i = 0; i < 4 && status == RN_OK; i++)
        status = add_run(generator, i < 3, err);
    if (status == RN_OK)
        status = wait_for(generator, queue, err);
    if (status == RN_OK) {
        uint64_t start = generator->now + 2000;

        if (start < generator->free_at[queue])
            start = generator->free_at[queue];
        status = add_kernel(generator, queue, start, 2000, generator->now, err);
        generator->free_at[queue] = start + 2000;
    }
    return status;
}

static enum rn_status add_streams(struct generator *generator, struct rn_error *err)
{
    struct rn_stream thread = {.type = RN_STREAM_THREAD, .pid = FIRST_PID, .tid = FIRST_PID};
    enum rn_status status =
        rn_writer_add_stream(generator->writer, &thread, "program", &generator->streams[0], err);

    for (uint64_t i = 0; i < QUEUES && status == RN_OK; i++) {
        struct rn_stream queue = {.type = RN_STREAM_QUEUE,
                                  .pid = FIRST_PID,
                                  .tid = i + 1,
                                  .parent = generator->streams[0]};
        char name[32];

        snprintf(name, sizeof name, "queue %u", (unsigned)i + 1);
        status =
            rn_writer_add_stream(generator->writer, &queue, name, &generator->streams[1 + i], err);
    }
    return status;
}

static enum rn_status generate(struct generator *generator, struct rn_error *err)
{
    enum rn_status status = add_streams(generator, err);

    while (status == RN_OK && generator->events < generator->limit)
        status = add_ten(generator, err);
    rn_writer_set_status(generator->writer, 0);
    return status == RN_OK ? rn_writer_seal(generator->writer, err) : status;
}

static enum rn_status begin(struct generator *generator, const char *path, uint64_t seed,
                            struct rn_error *err)
{
    struct rn_writer_options options = {.zstd_level = 0};
    struct rn_manifest manifest;
    enum rn_status status;

    generator->random = seed;
    for (unsigned i = 0; i < KERNELS; i++)
        snprintf(generator->names[i], sizeof generator->names[i], "layer%u_matmul_tiled", i);
    rn_manifest_init(&manifest);
    memcpy(manifest.uuid, &seed, sizeof seed);
    memcpy(manifest.uuid + sizeof seed, &generator->limit, sizeof generator->limit);
    manifest.creator = strdup("generate_device 1.0");
    manifest.engine = strdup("library");
    manifest.tick_unit = RN_TICK_NS;
    manifest.start.realtime_ns = 1767225600000000000u; /* 2026-01-01 */
    status = rn_writer_new(path, &manifest, &options, &generator->writer, err);
    rn_manifest_clear(&manifest);
    return status;
}

static bool parse(int argc, char **argv, uint64_t *events, uint64_t *seed)
{
    int letter;
    bool good = true;

    while ((letter = getopt(argc, argv, "n:s:")) != -1) {
        char *end = NULL;

        if (letter == 'n')
            *events = strtoull(optarg, &end, 10);
        else if (letter == 's')
            *seed = strtoull(optarg, &end, 10);
        good = good && end && !*end;
    }
    if (good && optind == argc - 1)
        return true;
    fprintf(stderr, "usage: generate_device [-n EVENTS] [-s SEED] OUT\n");
    return false;
}

int main(int argc, char **argv)
{
    struct rn_error err = RN_ERROR_INIT;
    struct generator *generator = calloc(1, sizeof *generator);
    uint64_t events = 1000000, seed = 1;
    char message[1200];
    enum rn_status status = RN_E_USAGE;

    if (generator && parse(argc, argv, &events, &seed)) {
        generator->limit = events;
        status = begin(generator, argv[optind], seed, &err);
        if (status == RN_OK)
            status = generate(generator, &err);
        if (status != RN_OK)
            fprintf(stderr, "generate_device: %s\n", rn_error_text(&err, message, sizeof message));
        rn_writer_free(generator->writer);
    }
    free(generator);
    return status == RN_OK ? 0 : 2;
}
