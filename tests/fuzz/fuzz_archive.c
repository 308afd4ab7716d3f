/* SPDX-License-Identifier: MIT */
/* libFuzzer target: the bytes as an archive, read to its end both ways, and through the trace model
 * and the summary. */
#include "formats/reader.h"
#include "libanalysis/summary.h"
#include "libanalysis/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

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

static void read_events(const char *path)
{
    struct rn_reader *reader = NULL;
    struct rn_error err = RN_ERROR_INIT;
    struct rn_trace *trace = NULL;
    enum rn_status status = rn_reader_open(path, &reader, &err);
    unsigned failures = 0;

    check(status, &err, &failures);
    if (status == RN_OK)
        trace = rn_trace_new(rn_reader_manifest(reader));
    while (trace && (status == RN_OK || status == RN_E_FORMAT)) {
        struct rn_event event;

        status = rn_reader_next_event(reader, &event, &err);
        if (status == RN_OK) {
            (void)rn_trace_thread(trace, event.stream)->name[0];
            (void)rn_trace_descriptor(trace, event.stream, (int32_t)event.u.words[4]);
            status = rn_trace_feed(trace, &event, &err);
        }
        check(status, &err, &failures);
    }
    rn_trace_free(trace);
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("archive", MFD_CLOEXEC);
    char path[64];

    if (fd < 0)
        return 0;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (write(fd, data, size) == (ssize_t)size) {
        read_events(path);
        sum_up(path);
    }
    close(fd);
    return 0;
}
