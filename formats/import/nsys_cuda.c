/* SPDX-License-Identifier: MIT */
/* Tables of CUDA: what CUPTI said of kernels, copies, calls and waits. */
#include "nsys_private.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX (4 * RN_NSYS_TEXT) /* with what escapes add */

enum rn_status rn_nsys_times(struct rn_nsys *nsys, sqlite3_stmt *row, const char *table,
                             struct rn_event *event, struct rn_error *err)
{
    int64_t start = sqlite3_column_int64(row, 0), end = sqlite3_column_int64(row, 1);
    /* Versions whose columns are all NOT NULL have 0, or -1, for what is not known. */
    bool unfinished = !rn_nsys_is(row, 1) || ((end == 0 || end == -1) && end < start);
    enum rn_status status;

    if (unfinished)
        end = nsys->stop > INT64_MAX || (int64_t)nsys->stop < start ? start : (int64_t)nsys->stop;
    if (rn_nsys_is(row, 0) && start >= -RN_NSYS_BEFORE_NS &&
        start <= INT64_MAX - RN_NSYS_BEFORE_NS && end >= start) {
        event->start = (uint64_t)(start + RN_NSYS_BEFORE_NS);
        event->duration = (uint64_t)(end - start);
        event->flags |= unfinished ? RN_EVENT_UNFINISHED : 0;
        return RN_OK;
    }
    status = rn_import_problem(nsys->import, 0, RN_IMPORT_NO_PLACE, err,
                               "a row of table %s is from %lld to %lld ns, which is no stretch of "
                               "time within the session",
                               table, (long long)start, (long long)end);
    return status == RN_OK ? RN_EOF : status;
}

static void attach(struct rn_event *event, struct rn_attachment *attachments, uint8_t type,
                   const char *text)
{
    size_t length = text ? strlen(text) : 0;

    if (!text)
        return;
    attachments[event->attachment_count++] =
        (struct rn_attachment){.type = type,
                               .arg = RN_ARG_NONE,
                               .size = (uint32_t)(length < TEXT_MAX ? length : TEXT_MAX),
                               .flags = (uint16_t)(length < TEXT_MAX ? 0 : RN_ATT_CUT),
                               .data = (const uint8_t *)text};
}

enum rn_status rn_nsys_add(struct rn_nsys *nsys, struct rn_event *event, const char *name,
                           const char *category, const char *text, struct rn_error *err)
{
    struct rn_attachment attachments[3];

    event->attachments = attachments;
    attach(event, attachments, RN_ATT_NAME, name);
    attach(event, attachments, RN_ATT_CATEGORY, category);
    attach(event, attachments, RN_ATT_TEXT, text);
    return rn_import_add(nsys->import, event, err);
}

static enum rn_status queue_of(struct rn_nsys *nsys, uint64_t global_pid, uint64_t device,
                               uint64_t queue, uint32_t *stream, struct rn_error *err)
{
    enum rn_status status = rn_nsys_process(nsys, global_pid, err);
    char name[64];

    if (status != RN_OK)
        return status;
    snprintf(name, sizeof name, "device %llu stream %llu", (unsigned long long)device,
             (unsigned long long)queue);
    return rn_import_queue(nsys->import, rn_nsys_pid(global_pid), device, queue, name, stream, err);
}

enum { START, END, DEVICE, CONTEXT, QUEUE, CORRELATION, GLOBAL_PID, FIRST_OWN };
#define ON_DEVICE "start", "end", "deviceId", "contextId", "streamId", "correlationId", "globalPid"

enum {
    KERNEL_DEMANGLED = FIRST_OWN,
    KERNEL_SHORT,
    KERNEL_GRID,
    KERNEL_BLOCK = KERNEL_GRID + 3,
    KERNEL_REGISTERS = KERNEL_BLOCK + 3,
    KERNEL_STATIC,
    KERNEL_DYNAMIC,
    KERNEL_GRAPH_NODE,
    KERNEL_MANGLED,
};

static enum rn_status add_kernel(struct rn_nsys *nsys, sqlite3_stmt *row, struct rn_error *err)
{
    struct rn_event event = {.kind = RN_KIND_KERNEL};
    struct rn_kernel *kernel = &event.u.kernel;
    enum rn_status status = rn_nsys_times(nsys, row, "CUPTI_ACTIVITY_KIND_KERNEL", &event, err);
    const char *name;

    if (status != RN_OK)
        return status;
    *kernel = (struct rn_kernel){
        .api = RN_API_CUDA,
        .device = rn_nsys_number(row, DEVICE),
        .context = rn_nsys_number(row, CONTEXT),
        .queue = rn_nsys_number(row, QUEUE),
        .correlation = rn_nsys_number(row, CORRELATION),
        .registers = rn_nsys_number(row, KERNEL_REGISTERS),
        .shared_bytes = rn_nsys_number(row, KERNEL_STATIC) + rn_nsys_number(row, KERNEL_DYNAMIC),
        .graph_node = rn_nsys_number(row, KERNEL_GRAPH_NODE),
    };
    for (int i = 0; i < 3; i++) {
        kernel->grid[i] = rn_nsys_number(row, KERNEL_GRID + i);
        kernel->group[i] = rn_nsys_number(row, KERNEL_BLOCK + i);
    }
    status = queue_of(nsys, rn_nsys_number(row, GLOBAL_PID), kernel->device, kernel->queue,
                      &event.stream, err);
    name = rn_nsys_string(nsys, row, KERNEL_DEMANGLED);
    if (!name)
        name = rn_nsys_string(nsys, row, KERNEL_SHORT);
    if (!name)
        name = rn_nsys_string(nsys, row, KERNEL_MANGLED);
    return status == RN_OK ? rn_nsys_add(nsys, &event, name, NULL, NULL, err) : status;
}

static const struct rn_nsys_table kernels = {"CUPTI_ACTIVITY_KIND_KERNEL",
                                             {ON_DEVICE, "demangledName|name", "shortName", "gridX",
                                              "gridY", "gridZ", "blockX", "blockY", "blockZ",
                                              "registersPerThread", "staticSharedMemory",
                                              "dynamicSharedMemory", "graphNodeId", "mangledName"},
                                             2,
                                             add_kernel,
                                             NULL};

/* CUpti_ActivityMemcpyKind, and three more for unified memory. */
static uint64_t direction_of(uint64_t copy_kind)
{
    static const uint8_t directions[] = {
        RN_DIRECTION_UNKNOWN,     RN_DIRECTION_TO_DEVICE,   RN_DIRECTION_FROM_DEVICE,
        RN_DIRECTION_TO_DEVICE,   RN_DIRECTION_FROM_DEVICE, RN_DIRECTION_ON_DEVICE,
        RN_DIRECTION_ON_DEVICE,   RN_DIRECTION_ON_DEVICE,   RN_DIRECTION_ON_DEVICE,
        RN_DIRECTION_ON_HOST,     RN_DIRECTION_PEER,        RN_DIRECTION_TO_DEVICE,
        RN_DIRECTION_FROM_DEVICE, RN_DIRECTION_ON_DEVICE,
    };

    return copy_kind < sizeof directions ? directions[copy_kind] : RN_DIRECTION_UNKNOWN;
}

enum { MOVED_BYTES = FIRST_OWN, MOVED_GRAPH_NODE, MOVED_KIND, MOVED_TO };

static enum rn_status add_transfer(struct rn_nsys *nsys, sqlite3_stmt *row, const char *table,
                                   uint64_t direction, struct rn_error *err)
{
    struct rn_event event = {.kind = RN_KIND_TRANSFER};
    struct rn_transfer *transfer = &event.u.transfer;
    enum rn_status status = rn_nsys_times(nsys, row, table, &event, err);

    if (status != RN_OK)
        return status;
    *transfer = (struct rn_transfer){
        .api = RN_API_CUDA,
        .device = rn_nsys_number(row, DEVICE),
        .context = rn_nsys_number(row, CONTEXT),
        .queue = rn_nsys_number(row, QUEUE),
        .correlation = rn_nsys_number(row, CORRELATION),
        .direction = direction,
        .bytes = rn_nsys_number(row, MOVED_BYTES),
        .graph_node = rn_nsys_number(row, MOVED_GRAPH_NODE),
    };
    if (direction == RN_DIRECTION_PEER)
        transfer->peer = rn_nsys_number(row, MOVED_TO);
    status = queue_of(nsys, rn_nsys_number(row, GLOBAL_PID), transfer->device, transfer->queue,
                      &event.stream, err);
    return status == RN_OK ? rn_nsys_add(nsys, &event, NULL, NULL, NULL, err) : status;
}

static enum rn_status add_copy(struct rn_nsys *nsys, sqlite3_stmt *row, struct rn_error *err)
{
    return add_transfer(nsys, row, "CUPTI_ACTIVITY_KIND_MEMCPY",
                        direction_of(rn_nsys_number(row, MOVED_KIND)), err);
}

static enum rn_status add_fill(struct rn_nsys *nsys, sqlite3_stmt *row, struct rn_error *err)
{
    return add_transfer(nsys, row, "CUPTI_ACTIVITY_KIND_MEMSET", RN_DIRECTION_FILL, err);
}

static const struct rn_nsys_table copies = {
    "CUPTI_ACTIVITY_KIND_MEMCPY",
    {ON_DEVICE, "bytes", "graphNodeId", "copyKind", "dstDeviceId|dstId"},
    2,
    add_copy,
    NULL};
static const struct rn_nsys_table fills = {
    "CUPTI_ACTIVITY_KIND_MEMSET", {ON_DEVICE, "bytes", "graphNodeId"}, 2, add_fill, NULL};

enum { CALL_GLOBAL_TID = 2, CALL_CORRELATION, CALL_NAME, CALL_RESULT };

/* Calls of the driver are in the table of the runtime's where the version has but one. */
static bool is_driver(const char *name)
{
    return name && name[0] == 'c' && name[1] == 'u' && isupper((unsigned char)name[2]);
}

static enum rn_status add_call(struct rn_nsys *nsys, sqlite3_stmt *row, bool driver,
                               struct rn_error *err)
{
    struct rn_event event = {.kind = RN_KIND_API};
    const char *name = rn_nsys_string(nsys, row, CALL_NAME);
    enum rn_status status = rn_nsys_times(
        nsys, row, driver ? "CUPTI_ACTIVITY_KIND_DRIVER" : "CUPTI_ACTIVITY_KIND_RUNTIME", &event,
        err);

    if (status == RN_OK)
        status = rn_nsys_thread(nsys, rn_nsys_number(row, CALL_GLOBAL_TID), &event.stream, err);
    if (status != RN_OK)
        return status;
    event.u.api = (struct rn_api_call){
        .api = RN_API_CUDA,
        .layer = driver || is_driver(name) ? RN_CUDA_DRIVER : RN_CUDA_RUNTIME,
        .result = rn_nsys_number(row, CALL_RESULT),
        .correlation = rn_nsys_number(row, CALL_CORRELATION),
    };
    return rn_nsys_add(nsys, &event, name, NULL, NULL, err);
}

static enum rn_status add_runtime_call(struct rn_nsys *nsys, sqlite3_stmt *row,
                                       struct rn_error *err)
{
    return add_call(nsys, row, false, err);
}

static enum rn_status add_driver_call(struct rn_nsys *nsys, sqlite3_stmt *row, struct rn_error *err)
{
    return add_call(nsys, row, true, err);
}

#define CALL_COLUMNS                                                                               \
    {                                                                                              \
        "start", "end", "globalTid", "correlationId", "nameId|name", "returnValue"                 \
    }
static const struct rn_nsys_table runtime_calls = {"CUPTI_ACTIVITY_KIND_RUNTIME", CALL_COLUMNS, 3,
                                                   add_runtime_call, NULL};
static const struct rn_nsys_table driver_calls = {"CUPTI_ACTIVITY_KIND_DRIVER", CALL_COLUMNS, 3,
                                                  add_driver_call, NULL};

enum { WAIT_TYPE = FIRST_OWN };

static enum rn_status add_wait(struct rn_nsys *nsys, sqlite3_stmt *row, struct rn_error *err)
{
    /* CUpti_ActivitySynchronizationType; as a recording of CUDA calls them. */
    static const char *const names[] = {"wait", "wait for event", "stream waits for event",
                                        "wait for stream", "wait for context"};
    struct rn_event event = {.kind = RN_KIND_API};
    uint64_t type = rn_nsys_number(row, WAIT_TYPE);
    enum rn_status status =
        rn_nsys_times(nsys, row, "CUPTI_ACTIVITY_KIND_SYNCHRONIZATION", &event, err);

    if (status == RN_OK)
        status = queue_of(nsys, rn_nsys_number(row, GLOBAL_PID), rn_nsys_number(row, DEVICE),
                          rn_nsys_number(row, QUEUE), &event.stream, err);
    if (status != RN_OK)
        return status;
    event.u.api = (struct rn_api_call){
        .api = RN_API_CUDA,
        .layer = RN_CUDA_WAIT,
        .correlation = rn_nsys_number(row, CORRELATION),
        .device = rn_nsys_number(row, DEVICE),
        .context = rn_nsys_number(row, CONTEXT),
        .queue = rn_nsys_number(row, QUEUE),
    };
    return rn_nsys_add(nsys, &event, names[type < sizeof names / sizeof *names ? type : 0], NULL,
                       NULL, err);
}

static const struct rn_nsys_table waits = {
    "CUPTI_ACTIVITY_KIND_SYNCHRONIZATION", {ON_DEVICE, "syncType"}, 2, add_wait, NULL};

enum { GRAPH_ID = FIRST_OWN };

/* Graphs that were traced as one piece: their nodes are not known. */
static enum rn_status add_graph(struct rn_nsys *nsys, sqlite3_stmt *row, struct rn_error *err)
{
    struct rn_event event = {.kind = RN_KIND_SPAN, .u.span.form = RN_SPAN_ASYNC};
    char name[64], text[96];
    enum rn_status status =
        rn_nsys_times(nsys, row, "CUPTI_ACTIVITY_KIND_GRAPH_TRACE", &event, err);

    if (status == RN_OK)
        status = queue_of(nsys, rn_nsys_number(row, GLOBAL_PID), rn_nsys_number(row, DEVICE),
                          rn_nsys_number(row, QUEUE), &event.stream, err);
    if (status != RN_OK)
        return status;
    snprintf(name, sizeof name, "graph %llu", (unsigned long long)rn_nsys_number(row, GRAPH_ID));
    snprintf(text, sizeof text, "{\"correlation\":%llu}",
             (unsigned long long)rn_nsys_number(row, CORRELATION));
    event.u.span.id = rn_nsys_number(row, GRAPH_ID);
    return rn_nsys_add(nsys, &event, name, "cuda graph", text, err);
}

static const struct rn_nsys_table graphs = {
    "CUPTI_ACTIVITY_KIND_GRAPH_TRACE", {ON_DEVICE, "graphId"}, 2, add_graph, NULL};

const struct rn_nsys_table *const rn_nsys_cuda_tables[] = {
    &runtime_calls, &driver_calls, &kernels, &copies, &fills, &waits, &graphs, NULL,
};
