/* SPDX-License-Identifier: MIT */
/* Records of CUPTI's become events. What a record says is believed as far as it can do no harm:
 * times may be missing or turned around, names may point nowhere, kinds may be new. */
#include "cupti_inject.h"

#include <inttypes.h>
#include <string.h>

#define KERNEL_NAME RN_PRODUCER_NAME_MAX

static uint64_t incomplete, unknown;

uint64_t rn_cupti_unknown(void)
{
    return __atomic_exchange_n(&unknown, 0, __ATOMIC_RELAXED);
}

uint64_t rn_cupti_incomplete(void)
{
    return __atomic_load_n(&incomplete, __ATOMIC_RELAXED);
}

/* What of a record's struct is there: later fields only came with later versions. */
static bool copy_record(void *out, size_t size, const void *record, size_t available,
                        size_t required)
{
    size_t there = size < available ? size : available;

    memset(out, 0, size);
    memcpy(out, record, there);
    return there >= required;
}

static size_t known_size(size_t node_end, size_t graph_end)
{
    return rn_cupti.version >= RN_CUPTI_VERSION_11_1 ? graph_end : node_end;
}
#define END_OF(type, field) (offsetof(struct type, field) + sizeof(((struct type *)0)->field))
/* Copy as much of a record as its version has; false where even the rest is not there. */
#define COPY_WITH_GRAPH(out, type, record, size)                                                   \
    copy_record(out, sizeof(struct type), record,                                                  \
                (size) < known_size(END_OF(type, graph_node), END_OF(type, graph))                 \
                    ? (size)                                                                       \
                    : known_size(END_OF(type, graph_node), END_OF(type, graph)),                   \
                END_OF(type, graph_node))

/* When it began and ended. What has no end, or no begin, is unfinished: until now, as far as is
 * known. */
static void set_times(struct rn_producer_event *event, uint64_t start, uint64_t end)
{
    const struct rn_producer_clock *clock = rn_cupti_clock();

    event->flags |= RN_EVENT_DEVICE_TIME;
    if (start == 0 || end < start) {
        uint64_t now = rn_cupti_now();

        start = start ? start : end ? end : now;
        end = end == 0 && now > start ? now : start;
        event->flags |= RN_EVENT_UNFINISHED;
        __atomic_add_fetch(&incomplete, 1, __ATOMIC_RELAXED);
    }
    event->start = rn_producer_ticks(clock, start);
    event->duration = rn_producer_ticks(clock, end) - event->start;
}

static uint64_t moment(uint64_t time)
{
    return time ? rn_producer_ticks(rn_cupti_clock(), time) : 0;
}

static uint64_t not_negative(int32_t value)
{
    return value > 0 ? (uint64_t)value : 0;
}

static bool decode_kernel(const void *record, size_t size, struct rn_cupti_pages *pages)
{
    struct rn_cupti_kernel kernel;
    char name[KERNEL_NAME + 2];
    bool cut;
    struct rn_kernel fields;
    struct rn_producer_event event = {.kind = RN_KIND_KERNEL,
                                      .fields = &fields,
                                      .words = sizeof(fields) / sizeof(uint64_t),
                                      .name = name};
    uint32_t length;

    if (!COPY_WITH_GRAPH(&kernel, rn_cupti_kernel, record, size))
        return false;
    /* One byte more than is kept, if there is more: so it is known to be cut. */
    length = rn_cupti_copy_text(name, KERNEL_NAME + 1, kernel.name, &cut, pages);
    name[length] = '\0';
    if (length == 0)
        event.name = "(unknown kernel)";
    fields = (struct rn_kernel){.api = RN_API_CUDA,
                                .device = kernel.device,
                                .context = kernel.context,
                                .queue = kernel.stream,
                                .correlation = kernel.correlation,
                                .registers = kernel.registers,
                                .shared_bytes = not_negative(kernel.static_shared) +
                                                not_negative(kernel.dynamic_shared),
                                .queued = moment(kernel.queued),
                                .submitted = moment(kernel.submitted),
                                .graph = kernel.graph,
                                .graph_node = kernel.graph_node};
    for (uint32_t i = 0; i < 3; i++) {
        fields.grid[i] = not_negative(kernel.grid[i]);
        fields.group[i] = not_negative(kernel.block[i]);
    }
    if (fields.queued || fields.submitted)
        event.flags |= RN_EVENT_DEVICE_QUEUED;
    event.queue = rn_cupti_queue(kernel.device, kernel.context, kernel.stream);
    set_times(&event, kernel.start, kernel.end);
    rn_producer_event(&event);
    return true;
}

static enum rn_direction direction_of(uint8_t copy_kind)
{
    static const uint8_t directions[] = {
        [RN_CUPTI_COPY_HTOD] = RN_DIRECTION_TO_DEVICE,
        [RN_CUPTI_COPY_DTOH] = RN_DIRECTION_FROM_DEVICE,
        [RN_CUPTI_COPY_HTOA] = RN_DIRECTION_TO_DEVICE,
        [RN_CUPTI_COPY_ATOH] = RN_DIRECTION_FROM_DEVICE,
        [RN_CUPTI_COPY_ATOA] = RN_DIRECTION_ON_DEVICE,
        [RN_CUPTI_COPY_ATOD] = RN_DIRECTION_ON_DEVICE,
        [RN_CUPTI_COPY_DTOA] = RN_DIRECTION_ON_DEVICE,
        [RN_CUPTI_COPY_DTOD] = RN_DIRECTION_ON_DEVICE,
        [RN_CUPTI_COPY_HTOH] = RN_DIRECTION_ON_HOST,
        [RN_CUPTI_COPY_PTOP] = RN_DIRECTION_PEER,
    };

    return copy_kind < sizeof(directions) ? (enum rn_direction)directions[copy_kind]
                                          : RN_DIRECTION_UNKNOWN;
}

static void put_transfer(struct rn_transfer *fields, uint64_t start, uint64_t end)
{
    struct rn_producer_event event = {.kind = RN_KIND_TRANSFER,
                                      .fields = fields,
                                      .words = sizeof(*fields) / sizeof(uint64_t),
                                      .queue = rn_cupti_queue((uint32_t)fields->device,
                                                              (uint32_t)fields->context,
                                                              (uint32_t)fields->queue)};

    fields->api = RN_API_CUDA;
    set_times(&event, start, end);
    rn_producer_event(&event);
}

static bool decode_memcpy(const void *record, size_t size, struct rn_cupti_pages *pages)
{
    struct rn_cupti_memcpy copy;
    struct rn_transfer fields;

    (void)pages;
    if (!COPY_WITH_GRAPH(&copy, rn_cupti_memcpy, record, size))
        return false;
    fields = (struct rn_transfer){.device = copy.device,
                                  .context = copy.context,
                                  .queue = copy.stream,
                                  .correlation = copy.correlation,
                                  .direction = direction_of(copy.copy_kind),
                                  .bytes = copy.bytes,
                                  .graph = copy.graph,
                                  .graph_node = copy.graph_node};
    put_transfer(&fields, copy.start, copy.end);
    return true;
}

static bool decode_peer(const void *record, size_t size, struct rn_cupti_pages *pages)
{
    struct rn_cupti_memcpy_peer copy;
    struct rn_transfer fields;

    (void)pages;
    if (!COPY_WITH_GRAPH(&copy, rn_cupti_memcpy_peer, record, size))
        return false;
    fields = (struct rn_transfer){.device = copy.device,
                                  .context = copy.context,
                                  .queue = copy.stream,
                                  .correlation = copy.correlation,
                                  .direction = RN_DIRECTION_PEER,
                                  .bytes = copy.bytes,
                                  .peer = copy.device == copy.source_device ? copy.target_device
                                                                            : copy.source_device,
                                  .graph = copy.graph,
                                  .graph_node = copy.graph_node};
    put_transfer(&fields, copy.start, copy.end);
    return true;
}

static bool decode_memset(const void *record, size_t size, struct rn_cupti_pages *pages)
{
    struct rn_cupti_memset fill;
    struct rn_transfer fields;

    (void)pages;
    if (!COPY_WITH_GRAPH(&fill, rn_cupti_memset, record, size))
        return false;
    fields = (struct rn_transfer){.device = fill.device,
                                  .context = fill.context,
                                  .queue = fill.stream,
                                  .correlation = fill.correlation,
                                  .direction = RN_DIRECTION_FILL,
                                  .bytes = fill.bytes,
                                  .graph = fill.graph,
                                  .graph_node = fill.graph_node};
    put_transfer(&fields, fill.start, fill.end);
    return true;
}

/* Counted in the ring of the thread that decodes: an aggregate is of an operation, not of a
 * thread. */
static void count_call(const struct rn_cupti_name *name, uint32_t layer, uint64_t start,
                       uint64_t duration)
{
    struct rn_producer *self = rn_producer_self();
    struct rn_producer_sample sample = {.key = (uint64_t)name->number << 32 |
                                               (uint64_t)RN_KIND_API << 24 | layer << 16,
                                        .of = RN_KIND_API,
                                        .reason = RN_AGGREGATE_HOT,
                                        .name_size = name->size,
                                        .name = name->text,
                                        .start = start,
                                        .duration = duration};

    if (self)
        rn_producer_count(self, &sample);
}

static bool decode_api(const void *record, size_t size, struct rn_cupti_pages *pages)
{
    struct rn_cupti_api call;
    struct rn_api_call fields;
    struct rn_producer_event event = {
        .kind = RN_KIND_API, .fields = &fields, .words = sizeof(fields) / sizeof(uint64_t)};
    const struct rn_cupti_name *name;
    uint32_t layer;

    (void)pages;
    if (!copy_record(&call, sizeof(call), record, size, sizeof(call)))
        return false;
    layer = call.kind == RN_CUPTI_DRIVER ? RN_CUDA_DRIVER : RN_CUDA_RUNTIME;
    name =
        rn_cupti_function(layer ? RN_CUPTI_DOMAIN_DRIVER : RN_CUPTI_DOMAIN_RUNTIME, call.function);
    event.name = name->text;
    event.start = rn_cupti_thread_ticks(call.start);
    if (call.start == 0 || call.end < call.start)
        event.flags = RN_EVENT_UNFINISHED;
    else
        event.duration = rn_cupti_thread_ticks(call.end) - event.start;
    if (name->chatter && !rn_producer_settings()->all) {
        count_call(name, layer, event.start, event.duration);
        return true;
    }
    fields = (struct rn_api_call){
        .api = RN_API_CUDA, .layer = layer, .result = call.result, .correlation = call.correlation};
    event.queue = rn_cupti_thread(call.thread);
    rn_producer_event(&event);
    return true;
}

static bool decode_synchronization(const void *record, size_t size, struct rn_cupti_pages *pages)
{
    static const char *const names[] = {
        [0] = "wait",
        [RN_CUPTI_EVENT_SYNCHRONIZE] = "wait for event",
        [RN_CUPTI_STREAM_WAIT_EVENT] = "stream waits for event",
        [RN_CUPTI_STREAM_SYNCHRONIZE] = "wait for stream",
        [RN_CUPTI_CONTEXT_SYNCHRONIZE] = "wait for context",
    };
    struct rn_cupti_synchronization_record wait;
    struct rn_api_call fields;
    struct rn_producer_event event = {
        .kind = RN_KIND_API, .fields = &fields, .words = sizeof(fields) / sizeof(uint64_t)};

    (void)pages;
    if (!copy_record(&wait, sizeof(wait), record, size, sizeof(wait)))
        return false;
    event.name = names[wait.type < sizeof(names) / sizeof(names[0]) ? wait.type : 0];
    fields = (struct rn_api_call){.api = RN_API_CUDA,
                                  .layer = RN_CUDA_WAIT,
                                  .correlation = wait.correlation,
                                  .context = wait.context,
                                  .queue = wait.stream == RN_CUPTI_NO_STREAM ? 0 : wait.stream};
    event.queue = rn_cupti_queue(RN_CUPTI_NO_DEVICE, wait.context, wait.stream);
    set_times(&event, wait.start, wait.end);
    rn_producer_event(&event);
    return true;
}

static const char *overhead_name(uint32_t kind)
{
    switch (kind) {
    case RN_CUPTI_OVERHEAD_COMPILER:
        return "compile";
    case RN_CUPTI_OVERHEAD_BUFFER_FLUSH:
        return "CUPTI: hand over buffers";
    case RN_CUPTI_OVERHEAD_INSTRUMENTATION:
        return "CUPTI: instrument";
    case RN_CUPTI_OVERHEAD_RESOURCE:
        return "CUPTI: make or free resources";
    case RN_CUPTI_OVERHEAD_MODULE_LOADING:
        return "load modules";
    case RN_CUPTI_OVERHEAD_LAZY_LOADING:
        return "load functions";
    case RN_CUPTI_OVERHEAD_COMMAND_BUFFER_FULL:
        return "wait for room for commands";
    case RN_CUPTI_OVERHEAD_BUFFER_REQUEST:
        return "CUPTI: ask for buffers";
    case RN_CUPTI_OVERHEAD_UVM_INIT:
        return "CUPTI: begin to follow managed memory";
    default:
        return "overhead";
    }
}

/* Of a thread where one is named; else of the process, which has a stream of its own for that. */
static bool decode_overhead(const void *record, size_t size, struct rn_cupti_pages *pages)
{
    struct rn_cupti_overhead overhead;
    struct rn_api_call fields = {.api = RN_API_CUDA, .layer = RN_CUDA_OVERHEAD};
    struct rn_producer_event event = {
        .kind = RN_KIND_API, .fields = &fields, .words = sizeof(fields) / sizeof(uint64_t)};

    (void)pages;
    if (!copy_record(&overhead, sizeof(overhead), record, size, sizeof(overhead)))
        return false;
    event.name = overhead_name(overhead.overhead);
    if (overhead.object == RN_CUPTI_OBJECT_THREAD) {
        event.queue = rn_cupti_thread(overhead.ids[1]);
        event.start = rn_cupti_thread_ticks(overhead.start);
        if (overhead.end > overhead.start)
            event.duration = rn_cupti_thread_ticks(overhead.end) - event.start;
    } else {
        event.queue = rn_cupti_process();
        set_times(&event, overhead.start, overhead.end);
    }
    rn_producer_event(&event);
    return true;
}

static bool decode_device(const void *record, size_t size, struct rn_cupti_pages *pages)
{
    struct rn_cupti_device device;
    char name[128];
    bool cut;

    if (!copy_record(&device, sizeof(device), record, size, sizeof(device)))
        return false;
    name[rn_cupti_copy_text(name, sizeof(name) - 1, device.name, &cut, pages)] = '\0';
    rn_cupti_note(RN_NOTICE_OTHER, device.id,
                  "CUDA device %u: %s, compute capability %u.%u, %u multiprocessors, %" PRIu64
                  " MiB at %" PRIu64 " GB/s",
                  device.id, name[0] ? name : "unnamed", device.capability_major,
                  device.capability_minor, device.multiprocessors, device.memory >> 20,
                  device.bandwidth / 1000000);
    return true;
}

static bool decode_context(const void *record, size_t size, struct rn_cupti_pages *pages)
{
    struct rn_cupti_context context;

    (void)pages;
    if (!copy_record(&context, sizeof(context), record, size, sizeof(context)))
        return false;
    rn_cupti_note_context(&context);
    return true;
}

void rn_cupti_decode(const void *record, size_t size, struct rn_cupti_pages *pages)
{
    static bool (*const decoders[])(const void *record, size_t size,
                                    struct rn_cupti_pages *pages) = {
        [RN_CUPTI_MEMCPY] = decode_memcpy,
        [RN_CUPTI_MEMSET] = decode_memset,
        [RN_CUPTI_KERNEL] = decode_kernel,
        [RN_CUPTI_DRIVER] = decode_api,
        [RN_CUPTI_RUNTIME] = decode_api,
        [RN_CUPTI_DEVICE] = decode_device,
        [RN_CUPTI_CONTEXT] = decode_context,
        [RN_CUPTI_CONCURRENT_KERNEL] = decode_kernel,
        [RN_CUPTI_OVERHEAD] = decode_overhead,
        [RN_CUPTI_MEMCPY2] = decode_peer,
        [RN_CUPTI_SYNCHRONIZATION] = decode_synchronization,
    };
    uint32_t kind = 0;

    if (size >= sizeof(kind))
        memcpy(&kind, record, sizeof(kind));
    if (kind >= sizeof(decoders) / sizeof(decoders[0]) || !decoders[kind] ||
        !decoders[kind](record, size, pages))
        __atomic_add_fetch(&unknown, 1, __ATOMIC_RELAXED);
}
