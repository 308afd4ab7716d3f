/* SPDX-License-Identifier: MIT */
/* A call of the program: when it was made, what came of it, and what it enqueued. */
#include "opencl_layer.h"

#include <string.h>

static uint64_t correlations;

void rn_opencl_begin(struct rn_opencl_call *call, const char *function)
{
    call->function = function;
    call->correlation = 0;
    call->queue = NULL;
    call->own = NULL;
    call->event = NULL;
    call->start = rn_producer_now();
}

cl_event *rn_opencl_begin_command(struct rn_opencl_call *call, const char *function,
                                  cl_command_queue queue, cl_event *wanted)
{
    struct rn_opencl_queue *known = rn_opencl_find_queue(queue);

    rn_opencl_begin(call, function);
    call->queue = known;
    call->event = wanted || !known ? wanted : &call->own;
    if (known)
        call->correlation = __atomic_add_fetch(&correlations, 1, __ATOMIC_RELAXED);
    return call->event;
}

static void put(const struct rn_opencl_call *call, cl_int result, const char *text, uint64_t end)
{
    struct rn_api_call fields = {.api = RN_API_OPENCL,
                                 .result = (uint64_t)(int64_t)result,
                                 .correlation = call->correlation};

    if (call->queue) {
        fields.device = call->queue->device->number;
        fields.context = call->queue->context;
        fields.queue = call->queue->announced.number;
    }
    rn_producer_event(&(struct rn_producer_event){.kind = RN_KIND_API,
                                                  .start = call->start,
                                                  .duration = end - call->start,
                                                  .fields = &fields,
                                                  .words = sizeof(fields) / sizeof(uint64_t),
                                                  .name = call->function,
                                                  .text = text});
}

void rn_opencl_end(const struct rn_opencl_call *call, cl_int result, const char *text)
{
    put(call, result, text, rn_producer_now());
}

static void set_name(char to[RN_OPENCL_NAME], const char *from)
{
    size_t size = strnlen(from, RN_OPENCL_NAME - 1);

    memcpy(to, from, size);
    to[size] = '\0';
}

/* The event that the program gets is held once more. */
static void remember(struct rn_opencl_call *call, struct rn_opencl_command *command, uint64_t end)
{
    command->queue = call->queue;
    command->event = *call->event;
    command->before = call->start;
    command->after = end;
    if (call->event != &call->own && rn_opencl_next->clRetainEvent(command->event) != CL_SUCCESS)
        return;
    __atomic_store_n(&call->queue->latest, call->correlation, __ATOMIC_RELAXED);
    rn_opencl_remember(command);
}

cl_int rn_opencl_end_transfer(struct rn_opencl_call *call, cl_int result,
                              enum rn_direction direction, uint64_t bytes, const char *name,
                              cl_bool blocking)
{
    uint64_t end = rn_producer_now();

    if (call->queue && result == CL_SUCCESS && *call->event) {
        struct rn_opencl_command command;

        command.kind = RN_KIND_TRANSFER;
        command.u.transfer = (struct rn_transfer){.api = RN_API_OPENCL,
                                                  .device = call->queue->device->number,
                                                  .context = call->queue->context,
                                                  .queue = call->queue->announced.number,
                                                  .correlation = call->correlation,
                                                  .direction = direction,
                                                  .bytes = bytes};
        set_name(command.name, name);
        remember(call, &command, end);
    }
    put(call, result, NULL, end);
    if (call->queue)
        rn_opencl_collect(call->queue, blocking);
    return result;
}

cl_int rn_opencl_end_kernel(struct rn_opencl_call *call, cl_int result,
                            const struct rn_kernel *kernel, const char *name)
{
    uint64_t end = rn_producer_now();

    if (call->queue && result == CL_SUCCESS && *call->event) {
        struct rn_opencl_command command;

        command.kind = RN_KIND_KERNEL;
        command.u.kernel = *kernel;
        command.u.kernel.api = RN_API_OPENCL;
        command.u.kernel.device = call->queue->device->number;
        command.u.kernel.context = call->queue->context;
        command.u.kernel.queue = call->queue->announced.number;
        command.u.kernel.correlation = call->correlation;
        set_name(command.name, name);
        remember(call, &command, end);
    }
    put(call, result, NULL, end);
    if (call->queue)
        rn_opencl_collect(call->queue, false);
    return result;
}

cl_int rn_opencl_end_other(struct rn_opencl_call *call, cl_command_queue queue, cl_int result)
{
    uint64_t end = rn_producer_now();

    call->queue = rn_opencl_find_queue(queue);
    put(call, result, NULL, end);
    return result;
}
