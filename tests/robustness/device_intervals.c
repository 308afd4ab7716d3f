/* SPDX-License-Identifier: MIT */
/* device_intervals ARCHIVE: does what ran on devices lie between the call that enqueued it and the
 * return of a call that waited for it? Prints
 *     commands N, outside N, worst N ns, bound N ns, unwaited N
 * where worst is how far the farthest one lies outside, and bound what its clock promises. Exit
 * status 1 where worst is over the bound, or there is no command. */
#include "libanalysis/trace.h"

#include "formats/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALLS_MAX = 1 << 20 };

/* Of an enqueueing call, by correlation: its begin, and the end of the first call that waited for
 * it or for a later one of its queue. Ticks. */
struct call {
    uint64_t begin, end, queue;
};

struct command {
    uint64_t start, end, correlation, queue;
};

static struct call *calls;
static struct command *commands;
static size_t command_count;
static uint64_t latest_call;

static bool is_wait(const struct rn_event *event)
{
    static const char *const names[] = {"clFinish", "clWaitForEvents", "vkQueueWaitIdle",
                                        "vkWaitForFences", "vkDeviceWaitIdle"};
    const struct rn_attachment *name = rn_event_attachment(event, RN_ATT_NAME, RN_ARG_ANY);

    for (size_t i = 0; name && i < sizeof(names) / sizeof(names[0]); i++)
        if (name->size == strlen(names[i]) && memcmp(name->data, names[i], name->size) == 0)
            return true;
    return false;
}

/* Everything of that queue up to there has ended. */
static void note_wait(const struct rn_event *event)
{
    uint64_t correlation = event->u.api.correlation;
    uint64_t queue = correlation < CALLS_MAX ? calls[correlation].queue : 0;

    for (uint64_t i = correlation; i > 0 && correlation < CALLS_MAX; i--) {
        if (calls[i].queue != queue)
            continue;
        if (calls[i].end)
            break;
        calls[i].end = event->start + event->duration;
    }
}

static void note_api(const struct rn_event *event)
{
    const struct rn_api_call *api = &event->u.api;

    if (api->correlation == 0 || api->correlation >= CALLS_MAX)
        return;
    if (is_wait(event)) {
        note_wait(event);
        return;
    }
    calls[api->correlation] = (struct call){event->start, 0, api->queue};
    if (api->correlation > latest_call)
        latest_call = api->correlation;
}

static void note_command(const struct rn_event *event)
{
    bool kernel = event->kind == RN_KIND_KERNEL;

    if (command_count == CALLS_MAX)
        return;
    commands[command_count++] =
        (struct command){event->start, event->start + event->duration,
                         kernel ? event->u.kernel.correlation : event->u.transfer.correlation,
                         kernel ? event->u.kernel.queue : event->u.transfer.queue};
}

static bool read_all(struct rn_reader *reader, struct rn_trace *trace)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_event event;
    enum rn_status status;

    while ((status = rn_reader_next_event(reader, &event, &err)) == RN_OK) {
        rn_trace_place(trace, &event);
        if (event.kind == RN_KIND_API)
            note_api(&event);
        else if (event.kind == RN_KIND_KERNEL || event.kind == RN_KIND_TRANSFER)
            note_command(&event);
        if (rn_trace_feed(trace, &event, &err) != RN_OK)
            return false;
    }
    return status == RN_EOF;
}

static double bound_of(const struct rn_trace *trace)
{
    const struct rn_device_clocks *clocks = rn_trace_device_clocks(trace);
    double tick_ns = rn_trace_clock(trace)->ns_per_tick, bound = 0;
    struct rn_device_clock_info info;

    for (uint64_t i = 1; clocks && i <= RN_DEVICE_CLOCK_MAX; i++)
        if (rn_device_clocks_info(clocks, i, tick_ns, &info) && info.bound_ns > bound)
            bound = info.bound_ns;
    return bound;
}

static bool judge(const struct rn_trace *trace)
{
    double bound = bound_of(trace), tick_ns = rn_trace_clock(trace)->ns_per_tick, worst = 0;
    size_t outside = 0, unwaited = 0;

    for (size_t i = 0; i < command_count; i++) {
        const struct command *command = &commands[i];
        const struct call *call =
            &calls[command->correlation < CALLS_MAX ? command->correlation : 0];
        double early = (double)call->begin - (double)command->start;
        double late = call->end ? (double)command->end - (double)call->end : 0;
        double far = early > late ? early : late;

        unwaited += call->end == 0;
        outside += far > 0;
        if (far > 0 && far * tick_ns > worst)
            worst = far * tick_ns;
    }
    printf("commands %zu, outside %zu, worst %.0f ns, bound %.0f ns, unwaited %zu\n", command_count,
           outside, worst, bound, unwaited);
    return command_count > 0 && worst <= bound;
}

int main(int argc, char **argv)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_trace *trace = NULL;
    struct rn_reader *reader;
    bool fine;

    calls = calloc(CALLS_MAX, sizeof(*calls));
    commands = calloc(CALLS_MAX, sizeof(*commands));
    if (argc != 2 || !calls || !commands || rn_reader_open(argv[1], &reader, &err) != RN_OK)
        return 2;
    trace = rn_trace_new(rn_reader_manifest(reader));
    fine = trace && read_all(reader, trace);
    if (!fine)
        fprintf(stderr, "device_intervals: %s cannot be read\n", argv[1]);
    fine = fine && judge(trace);
    rn_trace_free(trace);
    rn_reader_free(reader);
    free(calls);
    free(commands);
    return fine ? 0 : 1;
}
