/* SPDX-License-Identifier: MIT */
/* From the API call to the kernel or transfer that it queued, and from there to the call that waits
 * for it. */
#include "edge_model.h"

#include <stdlib.h>
#include <string.h>

struct edge_launch {
    struct rn_edge_end call;
};

/* Calls that return when what was queued before has been done. */
static const char *const waiting_calls[] = {
    "cudaDeviceSynchronize",
    "cudaStreamSynchronize",
    "cudaEventSynchronize",
    "cuCtxSynchronize",
    "cuStreamSynchronize",
    "cuEventSynchronize",
    "clFinish",
    "clWaitForEvents",
    "vkQueueWaitIdle",
    "vkDeviceWaitIdle",
};

static uint64_t launch_key(const struct edge_process *process, uint64_t api, uint64_t correlation)
{
    return ((process->key * 0x9e3779b97f4a7c15u) ^ (correlation * 4 + (api & 3))) | 1;
}

static void note_launch(struct rn_edge_finder *finder, struct edge_process *process,
                        const struct rn_event *event, const struct rn_edge_end *who)
{
    uint64_t key = launch_key(process, event->u.api.api, event->u.api.correlation);
    struct edge_launch *launch = rn_id_map_get(&finder->launches, key);

    if (!launch) {
        launch = edge_take_memory(finder, sizeof *launch) ? calloc(1, sizeof *launch) : NULL;
        if (!launch || !rn_id_map_set(&finder->launches, key, launch)) {
            free(launch);
            return;
        }
    }
    launch->call = *who;
}

static bool is_waiting_call(const struct rn_event *event)
{
    const struct rn_attachment *name = rn_event_attachment(event, RN_ATT_NAME, RN_ARG_ANY);

    for (size_t i = 0; name && i < sizeof waiting_calls / sizeof *waiting_calls; i++)
        if (strlen(waiting_calls[i]) == name->size &&
            memcmp(waiting_calls[i], name->data, name->size) == 0)
            return true;
    return false;
}

/* The latest work of the process that had ended by then. */
static void end_waiting(struct rn_edge_finder *finder, const struct edge_process *process,
                        const struct rn_edge_end *who)
{
    if (process->has_work && process->work.end <= who->end)
        edge_emit(finder, &process->work, who, RN_EDGE_COMPLETION, false, 0);
}

/* Times of devices are converted: they may be off by more than what lies between the two. */
void edge_device_event(struct rn_edge_finder *finder, struct edge_stream *stream,
                       const struct rn_event *event, const struct rn_edge_end *who)
{
    struct edge_process *process = stream->process;
    bool kernel = event->kind == RN_KIND_KERNEL;
    uint64_t correlation = kernel ? event->u.kernel.correlation : event->u.transfer.correlation;
    uint64_t api = kernel ? event->u.kernel.api : event->u.transfer.api;
    const struct edge_launch *launch;

    if (!process)
        return;
    if (event->kind == RN_KIND_API) {
        if (event->u.api.correlation)
            note_launch(finder, process, event, who);
        if (is_waiting_call(event))
            end_waiting(finder, process, who);
        return;
    }
    if (!process->has_work || who->end >= process->work.end)
        process->work = *who;
    process->has_work = true;
    launch = correlation ? rn_id_map_get(&finder->launches, launch_key(process, api, correlation))
                         : NULL;
    if (launch)
        edge_emit(finder, &launch->call, who, RN_EDGE_LAUNCH, true, 0);
}

void edge_device_free(struct rn_edge_finder *finder)
{
    for (size_t i = 0; i < finder->launches.capacity; i++)
        free(finder->launches.slots[i].value);
    rn_id_map_free(&finder->launches);
}
