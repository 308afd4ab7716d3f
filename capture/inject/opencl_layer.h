/* SPDX-License-Identifier: MIT */
/* What the files of librn-opencl.so share: a layer of OpenCL's loader (OPENCL_LAYERS) that records
 * what the program gives to its devices. It makes every queue keep profiling times, and hides that
 * from the program.
 *
 * A command is remembered, with a hold on its event, from the enqueueing call until it has ended.
 * That is looked for in calls that the program makes anyway (enqueue, wait, finish, release) and at
 * its exit; no thread is made, and no callback set. Times of commands that the program never waits
 * for are recorded late, not lost. */
#ifndef RN_OPENCL_LAYER_H
#define RN_OPENCL_LAYER_H

#include "producer_device.h"

#define CL_TARGET_OPENCL_VERSION 300
#define CL_USE_DEPRECATED_OPENCL_1_0_APIS
#define CL_USE_DEPRECATED_OPENCL_1_1_APIS
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#define CL_USE_DEPRECATED_OPENCL_2_0_APIS
#define CL_USE_DEPRECATED_OPENCL_2_1_APIS
#define CL_USE_DEPRECATED_OPENCL_2_2_APIS
#include <CL/cl_icd.h>
#include <CL/cl_layer.h>

#include <pthread.h>
#include <stdbool.h>

/* Where calls go to. */
extern const cl_icd_dispatch *rn_opencl_next;
/* Of everything below. Not held while the next layer or the recorder is called. */
extern pthread_mutex_t rn_opencl_lock;

#define RN_OPENCL_DEVICES 64u
#define RN_OPENCL_NAME    128u

struct rn_opencl_device {
    cl_device_id id;
    uint64_t number;        /* from 1 */
    bool tried;             /* its clock has been looked at */
    bool timers;            /* clGetDeviceAndHostTimer works */
    unsigned machine_clock; /* that it is, as opencl_clock.c has them */
    uint64_t margin;        /* ticks: how well that is known */
    struct rn_producer_clock clock;
    struct rn_producer_reading best; /* since the last one that was recorded; after = 0: none */
    char name[RN_OPENCL_NAME];
};

struct rn_opencl_command {
    struct rn_opencl_command *previous, *next; /* of its queue, oldest first */
    struct rn_opencl_command *same_hash;
    cl_event event; /* held */
    struct rn_opencl_queue *queue;
    bool taken; /* by a thread that looks whether it has ended */
    uint8_t kind;
    uint64_t before, after; /* ticks: the call that enqueued it */
    union {
        struct rn_kernel kernel;
        struct rn_transfer transfer;
        uint64_t words[20];
    } u;
    char name[RN_OPENCL_NAME];
};

#define RN_OPENCL_PROPERTIES 16u

struct rn_opencl_queue {
    struct rn_opencl_queue *same_hash;
    cl_command_queue handle;
    struct rn_opencl_device *device;
    uint64_t context; /* number of its context */
    bool profiling;   /* the program wants it, too */
    bool ordered;     /* commands end in order */
    bool old; /* made by clCreateCommandQueue, with: */
    cl_command_queue_properties old_properties;
    bool has_list; /* made with a list of properties: */
    cl_queue_properties list[RN_OPENCL_PROPERTIES];
    uint32_t list_count;
    uint32_t references; /* of the program */
    uint64_t latest;     /* correlation of the last command */
    struct rn_opencl_command *first, *last;
    struct rn_producer_queue announced;
    char name[RN_RING_QUEUE_NAME];
};

/* A call of the program, while it is made. */
struct rn_opencl_call {
    const char *function;
    uint64_t start;
    uint64_t correlation;
    struct rn_opencl_queue *queue; /* NULL: of none that is recorded */
    cl_event own, *event;          /* where the event goes to */
};

/* opencl_call.c */
void rn_opencl_begin(struct rn_opencl_call *call, const char *function);
/* Of a call that enqueues a command: returns where its event is to go. */
cl_event *rn_opencl_begin_command(struct rn_opencl_call *call, const char *function,
                                  cl_command_queue queue, cl_event *wanted);
/* Record the call. text may be NULL. */
void rn_opencl_end(const struct rn_opencl_call *call, cl_int result, const char *text);
/* The same of a call that enqueues; with what it enqueued. Returns result. */
cl_int rn_opencl_end_transfer(struct rn_opencl_call *call, cl_int result,
                              enum rn_direction direction, uint64_t bytes, const char *name,
                              cl_bool blocking);
cl_int rn_opencl_end_kernel(struct rn_opencl_call *call, cl_int result,
                            const struct rn_kernel *kernel, const char *name);
/* Of a marker or a barrier, after rn_opencl_begin. */
cl_int rn_opencl_end_other(struct rn_opencl_call *call, cl_command_queue queue, cl_int result);

/* opencl_command.c. The command keeps a copy of what it is told, and the event. */
void rn_opencl_remember(const struct rn_opencl_command *command);
/* Record those that have ended, of the oldest few of a queue or of all. */
void rn_opencl_collect(struct rn_opencl_queue *queue, bool all);
/* The command of an event that has ended, and what its queue did before. */
void rn_opencl_collect_event(cl_event event);
/* Correlation of the event's command, 0 where it is not remembered. */
uint64_t rn_opencl_correlation(cl_event event);
bool rn_opencl_holds(cl_event event);
/* The process ends: record what there is, ended or not. */
void rn_opencl_collect_last(void);
/* A fork's child: nothing of its parent's is its. The lock is held. */
void rn_opencl_forget_commands(void);

/* opencl_queue.c */
struct rn_opencl_queue *rn_opencl_find_queue(cl_command_queue handle);
/* For each queue, with the lock held. */
void rn_opencl_each_queue(void (*function)(struct rn_opencl_queue *queue, void *context),
                          void *context);
void rn_opencl_install_queue(cl_icd_dispatch *table);
/* opencl_device.c */
struct rn_opencl_device *rn_opencl_find_device(cl_device_id id); /* NULL: no memory, or too many */
void rn_opencl_note_last_times(void);                            /* the process ends */
/* opencl_clock.c */
/* Open the device's clock, with a fresh queue that keeps times. */
void rn_opencl_open_clock(struct rn_opencl_device *device, cl_context context,
                          cl_command_queue queue);
/* A command was enqueued, by the device's clock, while the call ran. */
void rn_opencl_note_time(struct rn_opencl_device *device, uint64_t queued, uint64_t before,
                         uint64_t after);
void rn_opencl_note_last_time(struct rn_opencl_device *device);
/* opencl_kernels.c, opencl_transfers.c, opencl_images.c, opencl_calls.c */
void rn_opencl_install_kernels(cl_icd_dispatch *table);
void rn_opencl_install_transfers(cl_icd_dispatch *table);
void rn_opencl_install_images(cl_icd_dispatch *table);
void rn_opencl_install_calls(cl_icd_dispatch *table);

#endif
