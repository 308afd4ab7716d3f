/* SPDX-License-Identifier: MIT */
/* libFuzzer target: the bytes as an archive, and what is said of its times: where they went, slow
 * calls, changes, operations, how long the program ran. */
#include "archive_bytes.h"

#include "libanalysis/attribution.h"
#include "libanalysis/change_point.h"
#include "libanalysis/run_times.h"
#include "libanalysis/slow_io.h"
#include "libanalysis/summary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever the times are: the parts of a thread are its life. */
static void check_parts(const struct rn_attribution_result *result)
{
    for (size_t i = 0; i < result->thread_count; i++) {
        uint64_t sum = 0;

        for (unsigned k = 0; k < RN_PARTS; k++)
            sum += result->threads[i].part_ns[k];
        if (sum != result->threads[i].life_ns)
            abort();
    }
}

struct analyses {
    struct rn_attribution *attribution;
    struct rn_slow_io *slow;
};

static void feed(const struct analyses *analyses, struct rn_trace *trace, struct rn_reader *reader)
{
    struct rn_error err = RN_ERROR_INIT;
    enum rn_status status;

    do {
        struct rn_event event;

        status = rn_reader_next_event(reader, &event, &err);
        if (status != RN_OK)
            continue;
        rn_trace_place(trace, &event);
        (void)!rn_attribution_event(analyses->attribution, trace, &event, &err);
        if (event.kind == RN_KIND_SYSCALL)
            (void)!rn_slow_io_call(analyses->slow, trace, 0, &event, &err);
        (void)!rn_trace_feed(trace, &event, &err);
    } while (status == RN_OK || status == RN_E_FORMAT);
}

static void read_waits(const char *path, struct rn_attribution *attribution)
{
    struct rn_reader *reader = NULL;
    struct rn_error err = RN_ERROR_INIT;

    if (rn_reader_open(path, &reader, &err) == RN_OK)
        (void)!rn_attribution_waits(attribution, reader, &err);
    rn_reader_free(reader);
}

static void read_events(const char *path)
{
    struct analyses analyses = {rn_attribution_new(), rn_slow_io_new(0)};
    struct rn_attribution_result parts;
    struct rn_slow_result calls;
    struct rn_reader *reader = NULL;
    struct rn_error err = RN_ERROR_INIT;
    struct rn_trace *trace = NULL;

    if (analyses.attribution && analyses.slow)
        read_waits(path, analyses.attribution);
    if (analyses.attribution && analyses.slow && rn_reader_open(path, &reader, &err) == RN_OK)
        trace = rn_trace_new(rn_reader_manifest(reader));
    if (trace) {
        feed(&analyses, trace, reader);
        if (rn_attribution_result(analyses.attribution, trace, &parts, &err) == RN_OK)
            check_parts(&parts);
        (void)!rn_slow_io_result(analyses.slow, &calls, &err);
    }
    rn_trace_free(trace);
    rn_reader_free(reader);
    rn_slow_io_free(analyses.slow);
    rn_attribution_free(analyses.attribution);
}

static void find_changes(const struct rn_summary *summary)
{
    size_t count;
    struct rn_summary_group *const *groups = rn_summary_groups(summary, &count);

    for (size_t i = 0; i < count && i < 8; i++) {
        struct rn_change changes[RN_CHANGE_MAX];

        if (groups[i]->series)
            (void)rn_series_changes(groups[i]->series, changes);
    }
}

static void sum_up(const char *path, enum rn_summary_by by)
{
    struct rn_summary_options options = {.by = by, .series = true};
    struct rn_summary *summary = rn_summary_new(&options);
    struct rn_reader *reader = NULL;
    struct rn_error err = RN_ERROR_INIT;

    if (summary && rn_reader_open(path, &reader, &err) == RN_OK) {
        (void)!rn_summary_read(summary, reader, &err);
        find_changes(summary);
    }
    rn_reader_free(reader);
    rn_summary_free(summary);
}

static void measure(const char *path)
{
    struct rn_run_times times;
    struct rn_reader *reader = NULL;
    struct rn_error err = RN_ERROR_INIT;

    if (rn_reader_open(path, &reader, &err) == RN_OK)
        (void)!rn_run_times_read(reader, &times, &err);
    rn_reader_free(reader);
}

static void read_archive(const char *path)
{
    read_events(path);
    sum_up(path, RN_BY_SYSCALL);
    sum_up(path, RN_BY_OPERATION);
    measure(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_bytes(data, size, read_archive);
    return 0;
}
