/* SPDX-License-Identifier: MIT */
#include "chrome_private.h"

#include <stddef.h>
#include <string.h>

/* Which categories are what: Kineto's (PyTorch), also as its first versions wrote them, and ours.
 */
static const struct category {
    const char *name;
    uint8_t kind;
    uint8_t api, layer;
} categories[] = {
    {"kernel", RN_KIND_KERNEL, RN_API_CUDA, 0},
    {"Kernel", RN_KIND_KERNEL, RN_API_CUDA, 0},
    {"gpu_memcpy", RN_KIND_TRANSFER, RN_API_CUDA, 0},
    {"Memcpy", RN_KIND_TRANSFER, RN_API_CUDA, 0},
    {"gpu_memset", RN_KIND_TRANSFER, RN_API_CUDA, 0},
    {"Memset", RN_KIND_TRANSFER, RN_API_CUDA, 0},
    {"cuda_runtime", RN_KIND_API, RN_API_CUDA, RN_CUDA_RUNTIME},
    {"Runtime", RN_KIND_API, RN_API_CUDA, RN_CUDA_RUNTIME},
    {"cuda_driver", RN_KIND_API, RN_API_CUDA, RN_CUDA_DRIVER},
    {"cuda_sync", RN_KIND_API, RN_API_CUDA, RN_CUDA_WAIT},
    {"cuda_overhead", RN_KIND_API, RN_API_CUDA, RN_CUDA_OVERHEAD},
    {"opencl_api", RN_KIND_API, RN_API_OPENCL, 0},
    {"vulkan_api", RN_KIND_API, RN_API_VULKAN, 0},
    {"device_api", RN_KIND_API, RN_API_OTHER, 0},
};

#define WORD(type, member) ((uint8_t)(offsetof(struct type, member) / sizeof(uint64_t)))

/* Arguments that are fields of ours. */
struct target {
    const char *key;
    uint8_t word, count; /* count 3: an array of three */
};
static const struct target kernel_targets[] = {
    {"device", WORD(rn_kernel, device), 1},
    {"context", WORD(rn_kernel, context), 1},
    {"stream", WORD(rn_kernel, queue), 1},
    {"correlation", WORD(rn_kernel, correlation), 1},
    {"registers per thread", WORD(rn_kernel, registers), 1},
    {"shared memory", WORD(rn_kernel, shared_bytes), 1},
    {"grid", WORD(rn_kernel, grid), 3},
    {"block", WORD(rn_kernel, group), 3},
    {"graph id", WORD(rn_kernel, graph), 1},
    {"graph node id", WORD(rn_kernel, graph_node), 1},
    {NULL, 0, 0},
};
static const struct target transfer_targets[] = {
    {"device", WORD(rn_transfer, device), 1},
    {"context", WORD(rn_transfer, context), 1},
    {"stream", WORD(rn_transfer, queue), 1},
    {"correlation", WORD(rn_transfer, correlation), 1},
    {"bytes", WORD(rn_transfer, bytes), 1},
    {"toDevice", WORD(rn_transfer, peer), 1},
    {"graph id", WORD(rn_transfer, graph), 1},
    {"graph node id", WORD(rn_transfer, graph_node), 1},
    {NULL, 0, 0},
};
static const struct target api_targets[] = {
    {"device", WORD(rn_api_call, device), 1},
    {"context", WORD(rn_api_call, context), 1},
    {"stream", WORD(rn_api_call, queue), 1},
    {"correlation", WORD(rn_api_call, correlation), 1},
    {NULL, 0, 0},
};

static const struct target *target_of(const struct target *targets, const struct rn_scan_value *key)
{
    while (targets->key && !rn_scan_is(key, targets->key))
        targets++;
    return targets->key ? targets : NULL;
}

static bool take_word(const struct rn_scan_value *value, uint64_t *word)
{
    int64_t number;

    if (rn_scan_u64(value, word))
        return true;
    /* -1 is how some say that there is none. */
    if (!rn_scan_decimal(value, 0, &number))
        return false;
    *word = number < 0 ? 0 : (uint64_t)number;
    return true;
}

static bool take_target(const struct target *target, const struct rn_scan_value *value,
                        uint64_t *words)
{
    struct rn_scan_text text = rn_scan_inside(value);
    struct rn_scan_value item;
    uint8_t i = 0;

    if (target->count == 1)
        return take_word(value, &words[target->word]);
    if (value->type != RN_JSON_ARRAY)
        return false;
    while (rn_scan_element(&text, &item) == 1 && i < target->count)
        if (!take_word(&item, &words[target->word + i++]))
            return false;
    return true;
}

/* "Memcpy HtoD (Pageable -> Device)": from where to where. Arrays (A) are on the device. */
static uint64_t direction_of(const struct rn_buf *name)
{
    static const char prefix[] = "Memcpy ";
    const char *at = (const char *)name->data;
    bool from_host, to_host;

    if (name->size >= 6 && memcmp(at, "Memset", 6) == 0)
        return RN_DIRECTION_FILL;
    if (name->size < sizeof prefix + 3 || memcmp(at, prefix, sizeof prefix - 1) != 0)
        return RN_DIRECTION_UNKNOWN;
    at += sizeof prefix - 1;
    if (memcmp(at, "PtoP", 4) == 0)
        return RN_DIRECTION_PEER;
    if (!strchr("HDA", at[0]) || memcmp(at + 1, "to", 2) != 0 || !strchr("HDA", at[3]))
        return RN_DIRECTION_UNKNOWN;
    from_host = at[0] == 'H';
    to_host = at[3] == 'H';
    if (from_host)
        return to_host ? RN_DIRECTION_ON_HOST : RN_DIRECTION_TO_DEVICE;
    return to_host ? RN_DIRECTION_FROM_DEVICE : RN_DIRECTION_ON_DEVICE;
}

/* Words of our own files, as the slices have them. */
static const char *const api_names[] = {"other", "cuda", "opencl", "vulkan"};
static const char *const direction_names[] = {"unknown", "to-device", "from-device", "on-device",
                                              "peer",    "on-host",   "fill"};

static bool take_name(const struct rn_scan_value *value, const char *const *names, size_t count,
                      uint64_t *out)
{
    for (size_t i = 0; i < count; i++) {
        if (rn_scan_is(value, names[i])) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool take_own(struct rn_event *event, const struct rn_scan_value *key,
                     const struct rn_scan_value *value)
{
    int64_t result;

    /* The first word of all three kinds is the API. */
    if (rn_scan_is(key, "api"))
        return take_name(value, api_names, sizeof api_names / sizeof *api_names,
                         &event->u.words[0]);
    if (event->kind == RN_KIND_TRANSFER && rn_scan_is(key, "direction"))
        return take_name(value, direction_names, sizeof direction_names / sizeof *direction_names,
                         &event->u.transfer.direction);
    if (event->kind == RN_KIND_API && rn_scan_is(key, "result") &&
        rn_scan_decimal(value, 0, &result)) {
        event->u.api.result = (uint64_t)result;
        return true;
    }
    /* Moments since the begin of a recording that is not at hand. */
    return rn_scan_is(key, "unfinished") || rn_scan_is(key, "queued_ns") ||
           rn_scan_is(key, "submitted_ns");
}

/* What becomes a field while arguments are gone through. */
struct taking {
    const struct target *targets;
    struct rn_event *event;
    uint64_t external;
    unsigned fields; /* that were there */
};

static bool take_member(struct rn_chrome *chrome, void *context, const struct rn_scan_value *key,
                        const struct rn_scan_value *value)
{
    struct taking *taking = context;
    const struct target *target = target_of(taking->targets, key);

    taking->fields += target != NULL;
    if (target)
        return take_target(target, value, taking->event->u.words);
    if (rn_scan_is(key, "External id") || rn_scan_is(key, "external id"))
        taking->fields += rn_scan_u64(value, &taking->external);
    if (chrome->own)
        return take_own(taking->event, key, value);
    /* Of those who can tell: they say 0 where they cannot. */
    return taking->event->kind != RN_KIND_API && rn_scan_is(key, "queued") &&
           rn_scan_is(value, "0");
}

/* Arguments to fields, of which there were *count; the others stay an object, chrome->args. */
static bool take_fields(struct rn_chrome *chrome, const struct target *targets,
                        const struct rn_scan_value *args, struct rn_event *event, unsigned *count)
{
    struct taking taking = {.targets = targets, .event = event};
    uint64_t *correlation = event->kind == RN_KIND_KERNEL     ? &event->u.kernel.correlation
                            : event->kind == RN_KIND_TRANSFER ? &event->u.transfer.correlation
                                                              : &event->u.api.correlation;

    if (!rn_chrome_take_args(chrome, args, take_member, &taking))
        return false;
    *count = taking.fields;
    /* Without a correlation what ties launch and kernel is the operation they are of. */
    if (*correlation == 0)
        *correlation = taking.external;
    return true;
}

/* The stream of a queue. Of one the file names device and number twice: as pid and tid, and in the
 * arguments, which are surer; in *device and *queue, 0 where not. Its process is the one that last
 * called the API, as the file does not say. In our own files a queue has been told of. */
static enum rn_status queue_of(struct rn_chrome *chrome, const struct rn_chrome_event *from,
                               uint64_t *device, uint64_t *queue, uint32_t *stream,
                               struct rn_error *err)
{
    struct rn_chrome_thread *thread;
    enum rn_status status = rn_chrome_thread_of(chrome, from, &thread, err);

    if (status != RN_OK)
        return status;
    if (chrome->own && thread->stream) {
        *stream = thread->stream;
        return RN_OK;
    }
    if (*device == 0 && *queue == 0) {
        *device = thread->pid;
        *queue = thread->tid;
    }
    if (thread->stream && thread->device == *device && thread->queue == *queue) {
        *stream = thread->stream;
        return RN_OK;
    }
    status = rn_import_queue(chrome->import, chrome->caller, *device, *queue, NULL, stream, err);
    if (status == RN_OK && !thread->stream) {
        thread->stream = *stream;
        thread->device = *device;
        thread->queue = *queue;
    }
    return status;
}

enum rn_status rn_chrome_queue_of(struct rn_chrome *chrome, const struct rn_chrome_event *event,
                                  uint32_t *stream, struct rn_error *err)
{
    uint64_t device = 0, queue = 0;

    return queue_of(chrome, event, &device, &queue, stream, err);
}

static enum rn_status place(struct rn_chrome *chrome, const struct rn_chrome_event *from,
                            struct rn_event *event, struct rn_error *err)
{
    struct rn_chrome_thread *thread;
    struct rn_kernel *kernel = &event->u.kernel;
    struct rn_transfer *transfer = &event->u.transfer;
    struct rn_api_call *call = &event->u.api;
    enum rn_status status;

    if (event->kind == RN_KIND_KERNEL)
        return queue_of(chrome, from, &kernel->device, &kernel->queue, &event->stream, err);
    if (event->kind == RN_KIND_TRANSFER)
        return queue_of(chrome, from, &transfer->device, &transfer->queue, &event->stream, err);
    if (call->layer == RN_CUDA_WAIT && !chrome->own)
        return queue_of(chrome, from, &call->device, &call->queue, &event->stream, err);
    status = rn_chrome_stream_of(chrome, from, &thread, err);
    if (status != RN_OK)
        return status;
    event->stream = thread->stream;
    chrome->caller = thread->pid;
    return RN_OK;
}

static const struct category *category_of(const struct rn_scan_value *cat)
{
    for (size_t i = 0; i < sizeof categories / sizeof categories[0]; i++)
        if (rn_scan_is(cat, categories[i].name))
            return &categories[i];
    return NULL;
}

enum rn_status rn_chrome_device(struct rn_chrome *chrome, const struct rn_chrome_event *event,
                                uint64_t start, uint64_t duration, bool *taken,
                                struct rn_error *err)
{
    const struct category *category = category_of(&event->cat);
    struct rn_event out = {.start = start, .duration = duration};
    const struct target *targets;
    enum rn_status status;
    unsigned fields;

    *taken = category != NULL;
    if (!category)
        return RN_OK;
    out.kind = category->kind;
    out.u.words[0] = category->api;
    targets = out.kind == RN_KIND_KERNEL     ? kernel_targets
              : out.kind == RN_KIND_TRANSFER ? transfer_targets
                                             : api_targets;
    if (out.kind == RN_KIND_API)
        out.u.api.layer = category->layer;
    rn_chrome_text(chrome, &chrome->name, &event->name);
    rn_buf_clear(&chrome->cat);
    rn_buf_clear(&chrome->source);
    if (out.kind == RN_KIND_TRANSFER)
        out.u.transfer.direction = direction_of(&chrome->name);
    if (!take_fields(chrome, targets, &event->args, &out, &fields))
        return rn_chrome_problem(chrome, "args are no JSON object", err);
    /* Others have kernels as well: those of operating systems. */
    if (out.kind == RN_KIND_KERNEL && fields == 0) {
        *taken = false;
        return RN_OK;
    }
    if (event->dur.type == RN_JSON_NONE || rn_chrome_unfinished_said(chrome, event))
        out.flags |= RN_EVENT_UNFINISHED;
    status = place(chrome, event, &out, err);
    return status == RN_OK ? rn_chrome_emit(chrome, &out, err) : status;
}
