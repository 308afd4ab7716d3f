/* SPDX-License-Identifier: MIT */
/* Recordings of devices for tests: kernels, transfers and calls of an API, in nanoseconds since the
 * recording began. */
#ifndef RN_DEVICE_FIXTURE_H
#define RN_DEVICE_FIXTURE_H

#include "recording.h"

#include "libanalysis/device_stat.h"

/* Stream 1 is a thread of process 100 (recording.h); queues follow. */
#define THREAD 1u

static inline struct rn_writer *new_device_recording(void)
{
    struct rn_writer_options options = {.zstd_level = 1};
    struct rn_writer *writer = new_writer(path, &options);

    return writer;
}

static inline uint32_t add_queue(struct rn_writer *writer, uint64_t pid, uint64_t number,
                                 const char *name)
{
    struct rn_stream stream = {
        .type = RN_STREAM_QUEUE, .pid = pid, .tid = number, .parent = THREAD};
    uint64_t id;

    assert_ok(rn_writer_add_stream(writer, &stream, name, &id, &err));
    return (uint32_t)id;
}

/* test_manifest() begins at tick 1000. */
static inline void add_named(struct rn_writer *writer, struct rn_event *event, const char *name)
{
    struct rn_attachment attachment = {.type = RN_ATT_NAME,
                                       .arg = RN_ARG_NONE,
                                       .size = name ? (uint32_t)strlen(name) : 0,
                                       .data = (const uint8_t *)name};

    event->start += 1000;
    event->attachments = &attachment;
    event->attachment_count = name != NULL;
    assert_ok(rn_writer_add(writer, event, &err));
}

static inline void add_kernel(struct rn_writer *writer, uint32_t stream, const char *name,
                              uint64_t start, uint64_t end, uint64_t correlation)
{
    struct rn_event event = {
        .kind = RN_KIND_KERNEL,
        .stream = stream,
        .start = start,
        .duration = end - start,
        .u.kernel = {.api = RN_API_OPENCL, .queue = stream, .correlation = correlation}};

    add_named(writer, &event, name);
}

static inline void add_transfer(struct rn_writer *writer, uint32_t stream,
                                enum rn_direction direction, uint64_t bytes, uint64_t start,
                                uint64_t end, uint64_t correlation)
{
    struct rn_event event = {.kind = RN_KIND_TRANSFER,
                             .stream = stream,
                             .start = start,
                             .duration = end - start,
                             .u.transfer = {.api = RN_API_OPENCL,
                                            .queue = stream,
                                            .correlation = correlation,
                                            .direction = direction,
                                            .bytes = bytes}};

    add_named(writer, &event, NULL);
}

static inline void add_api(struct rn_writer *writer, const char *name, uint64_t start, uint64_t end,
                           uint64_t correlation, uint64_t queue)
{
    struct rn_event event = {
        .kind = RN_KIND_API,
        .stream = THREAD,
        .start = start,
        .duration = end - start,
        .u.api = {.api = RN_API_OPENCL, .correlation = correlation, .queue = queue}};

    add_named(writer, &event, name);
}

static inline struct rn_device_stat *device_stat(enum rn_device_by by,
                                                 const struct rn_filter *filter)
{
    struct rn_device_stat *stat = rn_device_stat_new(by, filter);
    struct rn_reader *reader = open_reader(path);

    assert_non_null(stat);
    assert_ok(rn_device_stat_read(stat, reader, &err));
    rn_reader_free(reader);
    return stat;
}

static inline const struct rn_device_group *group_named(const struct rn_device_stat *stat,
                                                        enum rn_device_type type, const char *name)
{
    size_t count;
    struct rn_device_group *const *groups = rn_device_stat_groups(stat, type, &count);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(groups[i]->common.name, name) == 0)
            return groups[i];
    }
    fail_msg("there is no group %s", name);
    return NULL;
}

#endif
