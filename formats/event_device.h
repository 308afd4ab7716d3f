/* SPDX-License-Identifier: MIT */
/* Payloads of events about devices: kernels, transfers, calls of their APIs, clocks. A part of
 * event.h, which says what is true of all payloads. */
#ifndef RN_EVENT_DEVICE_H
#define RN_EVENT_DEVICE_H

#include <stdint.h>

/* Attachment RN_ATT_NAME: kernel function. All times but start and duration are ticks, 0 unknown.
 */
struct rn_kernel {
    uint64_t api; /* enum rn_api */
    uint64_t device, context, queue;
    uint64_t correlation;
    uint64_t grid[3];  /* work-groups (blocks) */
    uint64_t group[3]; /* work-items (threads) in each */
    uint64_t registers, shared_bytes;
    uint64_t queued, submitted;
    uint64_t graph, graph_node; /* where it was launched as a node of a graph; 0 none */
};
enum rn_api { RN_API_OTHER = 0, RN_API_CUDA = 1, RN_API_OPENCL = 2, RN_API_VULKAN = 3 };

/* On the calling thread's stream. Attachments: RN_ATT_NAME (function), RN_ATT_TEXT (arguments worth
 * knowing). */
struct rn_api_call {
    uint64_t api;         /* enum rn_api */
    uint64_t layer;       /* CUDA: enum rn_cuda_layer; else 0 */
    uint64_t result;      /* the API's own code, signed; 0 is success everywhere */
    uint64_t correlation; /* the kernels and transfers that it caused have the same; of a call that
                           * waits: what it waited for last; 0 none */
    uint64_t device, context, queue; /* that it was for; 0 unknown */
};

/* A wait is what the device's queue says of it, beside the call that waited and has the same
 * correlation; overhead is of the driver and of CUPTI. */
enum rn_cuda_layer {
    RN_CUDA_RUNTIME = 0,
    RN_CUDA_DRIVER = 1,
    RN_CUDA_WAIT = 2,
    RN_CUDA_OVERHEAD = 3,
};

/* Attachment RN_ATT_NAME where it has a name. Times as with kernels. */
struct rn_transfer {
    uint64_t api; /* enum rn_api */
    uint64_t device, context, queue;
    uint64_t correlation;
    uint64_t direction; /* enum rn_direction */
    uint64_t bytes;
    uint64_t peer; /* the other device, with RN_DIRECTION_PEER */
    uint64_t queued, submitted;
    uint64_t graph, graph_node;
};
enum rn_direction {
    RN_DIRECTION_UNKNOWN = 0,
    RN_DIRECTION_TO_DEVICE,   /* from host memory */
    RN_DIRECTION_FROM_DEVICE, /* to host memory */
    RN_DIRECTION_ON_DEVICE,   /* within one */
    RN_DIRECTION_PEER,        /* between two */
    RN_DIRECTION_ON_HOST,
    RN_DIRECTION_FILL, /* memset */
};

/* A device's own clock, and those of the machine at the same moment, as they were read. Attachment
 * RN_ATT_NAME: of the device. Flag RN_EVENT_SNAPSHOT: restated because a segment begins.
 *
 * Device times in events are not rounded to what was known when they were recorded: a time t of the
 * device is stored as base_ticks + (t - base_device) * rate / 2^32, the scale of the clock, which
 * never changes, so that t can be had again, to a tick. That is near the recording's ticks, but for
 * what the two clocks drift apart. These readings tell how far that is, at any time. */
struct rn_device_clock {
    uint64_t clock;  /* number, 1 to RN_DEVICE_CLOCK_MAX */
    uint64_t api;    /* enum rn_api */
    uint64_t device; /* as in kernels */
    uint64_t source; /* enum rn_clock_source: what the device's clock is known to be */
    uint64_t device_ticks;
    uint64_t ticks; /* of the recording */
    uint64_t monotonic_ns, monotonic_raw_ns, realtime_ns;
    uint64_t error_ns; /* all were read within this */
    uint64_t base_device, base_ticks, rate; /* the scale; the same in all rows of a clock */
    uint64_t period; /* of the device's ticks, as it says: ns * 2^32 */
};
#define RN_DEVICE_CLOCK_MAX 1024u
enum rn_clock_source {
    RN_CLOCK_DEVICE = 0, /* its own, or not known */
    RN_CLOCK_MONOTONIC = 1,
    RN_CLOCK_MONOTONIC_RAW = 2,
    RN_CLOCK_REALTIME = 3,
};

#endif
