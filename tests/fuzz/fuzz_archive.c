/* SPDX-License-Identifier: MIT */
/* libFuzzer target: the bytes as an archive, read to its end both ways, and through the trace model
 * and the summaries. */
#include "archive_bytes.h"

#include "formats/reader.h"
#include "libanalysis/causal_edge.h"
#include "libanalysis/device_stat.h"
#include "libanalysis/lamport.h"
#include "libanalysis/summary.h"
#include "libanalysis/trace.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A reader that goes on for ever behind damage would find this many places to go on. */
#define MAX_FAILURES 100000u

static void check(enum rn_status status, const struct rn_error *err, unsigned *failures)
{
    if (status != RN_OK && status != RN_EOF && !err->what[0])
        abort();
    if (status != RN_OK && ++*failures > MAX_FAILURES)
        abort();
}

static void find_edges(struct rn_edge_finder *finder, struct rn_lamport *lamport,
                       const struct rn_event *event)
{
    struct rn_causal_edge edge;
    struct rn_error err;
    uint64_t stamp;

    if (rn_edge_finder_feed(finder, event, &err) != RN_OK ||
        rn_lamport_feed(lamport, event, &stamp, &err) != RN_OK)
        return;
    while (rn_edge_finder_next(finder, &edge))
        if (edge.certainty == RN_EDGE_PROVEN && edge.from.start > edge.to.end &&
            edge.from.source == edge.to.source)
            abort();
}

static void look_at_clocks(const struct rn_trace *trace)
{
    const struct rn_device_clocks *clocks = rn_trace_device_clocks(trace);
    struct rn_device_clock_info info;

    for (uint64_t i = 0; clocks && i < 8; i++)
        (void)rn_device_clocks_info(clocks, i, rn_trace_clock(trace)->ns_per_tick, &info);
}

static void read_events(const char *path)
{
    struct rn_reader *reader = NULL;
    struct rn_error err = RN_ERROR_INIT;
    struct rn_trace *trace = NULL;
    struct rn_edge_finder *finder = NULL;
    struct rn_lamport *lamport = rn_lamport_new();
    enum rn_status status = rn_reader_open(path, &reader, &err);
    unsigned failures = 0;

    check(status, &err, &failures);
    if (status == RN_OK) {
        struct rn_edge_finder_options options = {.manifest = rn_reader_manifest(reader),
                                                 .memory_bytes = 1u << 20};

        trace = rn_trace_new(rn_reader_manifest(reader));
        status = rn_edge_finder_new(&options, &finder, &err);
    }
    while (trace && (status == RN_OK || status == RN_E_FORMAT)) {
        struct rn_event event;

        status = rn_reader_next_event(reader, &event, &err);
        if (status == RN_OK) {
            (void)rn_trace_thread(trace, event.stream)->name[0];
            (void)rn_trace_descriptor(trace, event.stream, (int32_t)event.u.words[4]);
            find_edges(finder, lamport, &event);
            rn_trace_place(trace, &event);
            status = rn_trace_feed(trace, &event, &err);
        }
        check(status, &err, &failures);
    }
    if (trace)
        look_at_clocks(trace);
    rn_trace_free(trace);
    rn_edge_finder_free(finder);
    rn_lamport_free(lamport);
    rn_reader_free(reader);
}

static void sum_up(const char *path)
{
    struct rn_summary_options options = {.by = RN_BY_PROCESS, .worst = 4};
    struct rn_summary *summary = rn_summary_new(&options);
    struct rn_reader *reader = NULL;
    struct rn_error err = RN_ERROR_INIT;

    if (summary && rn_reader_open(path, &reader, &err) == RN_OK &&
        rn_summary_read(summary, reader, &err) != RN_OK && !err.what[0])
        abort();
    rn_reader_free(reader);
    rn_summary_free(summary);
}

static void sum_up_devices(const char *path)
{
    for (unsigned by = RN_DEVICE_BY_KERNEL; by <= RN_DEVICE_BY_QUEUE; by++) {
        struct rn_device_stat *stat = rn_device_stat_new((enum rn_device_by)by, NULL);
        struct rn_reader *reader = NULL;
        struct rn_error err = RN_ERROR_INIT;

        if (stat && rn_reader_open(path, &reader, &err) == RN_OK &&
            rn_device_stat_read(stat, reader, &err) != RN_OK && !err.what[0])
            abort();
        rn_reader_free(reader);
        rn_device_stat_free(stat);
    }
}

static void read_archive(const char *path)
{
    read_events(path);
    sum_up(path);
    sum_up_devices(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_bytes(data, size, read_archive);
    return 0;
}
