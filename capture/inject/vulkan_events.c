/* SPDX-License-Identifier: MIT */
/* What the layer records, as events of the recording. */
#include "vulkan_layer.h"

#include <stdio.h>

#define WORDS(payload) (sizeof(payload) / sizeof(uint64_t))

uint64_t rn_vulkan_correlation(void)
{
    static uint64_t last;

    return __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
}

void rn_vulkan_put_call(const struct rn_vulkan_call *call)
{
    const struct rn_api_call fields = {.api = RN_API_VULKAN,
                                       .result = (uint64_t)call->result,
                                       .correlation = call->correlation,
                                       .device = call->device ? call->device->number : 0,
                                       .queue = call->queue ? call->queue->to.number : 0};
    uint64_t end = call->end ? call->end : rn_producer_now();

    rn_producer_event(&(struct rn_producer_event){.kind = RN_KIND_API,
                                                  .start = call->start,
                                                  .duration = end - call->start,
                                                  .fields = &fields,
                                                  .words = WORDS(fields),
                                                  .name = call->name});
}

void rn_vulkan_put_notice(uint64_t code, const char *text)
{
    const struct rn_notice fields = {.code = code};

    rn_producer_event(&(struct rn_producer_event){.kind = RN_KIND_NOTICE,
                                                  .start = rn_producer_now(),
                                                  .fields = &fields,
                                                  .words = WORDS(fields),
                                                  .text = text});
}

static void put_kernel(struct rn_producer_event *event,
                       const struct rn_vulkan_submission *submission,
                       const struct rn_vulkan_command *command)
{
    const struct rn_kernel fields = {
        .api = RN_API_VULKAN,
        .device = submission->queue->device->number,
        .queue = submission->queue->to.number,
        .correlation = submission->correlation,
        .grid = {command->grid[0], command->grid[1], command->grid[2]},
        .group = {command->group[0], command->group[1], command->group[2]},
        .queued = submission->called};

    event->kind = RN_KIND_KERNEL;
    event->fields = &fields;
    event->words = WORDS(fields);
    event->name = command->name ? command->name->text : NULL;
    rn_producer_event(event);
}

static void put_transfer(struct rn_producer_event *event,
                         const struct rn_vulkan_submission *submission,
                         const struct rn_vulkan_command *command)
{
    const struct rn_transfer fields = {.api = RN_API_VULKAN,
                                       .device = submission->queue->device->number,
                                       .queue = submission->queue->to.number,
                                       .correlation = submission->correlation,
                                       .direction = command->direction,
                                       .bytes = command->bytes,
                                       .queued = submission->called};

    event->kind = RN_KIND_TRANSFER;
    event->fields = &fields;
    event->words = WORDS(fields);
    rn_producer_event(event);
}

static void tell_once(bool *told, const char *text)
{
    if (*told)
        return;
    *told = true;
    rn_vulkan_put_notice(RN_NOTICE_BLIND_SPOT, text);
}

/* From the submit until it was found to be done is what is known without times of the device. Of
 * what was submitted again meanwhile not even that. */
static void set_host_times(struct rn_producer_event *event,
                           const struct rn_vulkan_submission *submission, bool done)
{
    struct rn_vulkan_device *device = submission->queue->device;
    uint64_t end = device->found ? device->found : rn_producer_now();

    event->start = submission->called;
    event->duration = done ? end - submission->called : 0;
    if (done)
        tell_once(&device->told_host_times,
                  "a Vulkan queue gives no times: its kernels and copies are recorded as lasting "
                  "from their submit until the program found them done");
    else
        tell_once(&device->told_overwritten,
                  "Vulkan command buffers were submitted again before they were known to be done: "
                  "of their kernels and copies only the submit is known");
}

void rn_vulkan_put_command(const struct rn_vulkan_submission *submission,
                           const struct rn_vulkan_command *command,
                           const struct rn_vulkan_times *times)
{
    struct rn_vulkan_queue *queue = submission->queue;
    struct rn_producer_event event = {.queue = &queue->to};

    if (times->known) {
        event.flags = RN_EVENT_DEVICE_TIME;
        event.start = rn_producer_ticks(&queue->device->clock, times->begin);
        event.duration = rn_producer_ticks(&queue->device->clock, times->end) - event.start;
    } else {
        set_host_times(&event, submission, times->done);
    }
    if (command->kind == RN_VULKAN_DISPATCH)
        put_kernel(&event, submission, command);
    else
        put_transfer(&event, submission, command);
}
