/* SPDX-License-Identifier: MIT */
/* What the files of librn-vulkan.so share: a Vulkan layer that records compute dispatches, copies,
 * submits and waits of the program that it is loaded into. The program gets what it would have got
 * without it, in the same order.
 *
 * How the times of the device are had: around each dispatch and copy the layer writes a pair of
 * timestamps, into queries of its own. It reads them when the program has found out that the work
 * is done - by a fence, a semaphore, an idle queue, or because it uses the command buffer again -
 * and so never waits. What the program leaves to its end is read at its exit.
 *
 * Locks: `rn_vulkan_lock` is for what all devices share, `lock` of a device for what is its own;
 * whoever takes both takes the device's first. Neither is held in a function of the driver that may
 * wait.
 * What belongs to one command buffer alone needs none: Vulkan leaves that to the program. */
#ifndef RN_VULKAN_LAYER_H
#define RN_VULKAN_LAYER_H

#include "producer_device.h"
#include "vulkan_functions.h"
#include "vulkan_map.h"

#include <pthread.h>

extern pthread_mutex_t rn_vulkan_lock;
/* How many calls of the driver this thread is in, of those that may take long. */
extern __thread uint32_t rn_vulkan_inside;
#define RN_VULKAN_IN_DRIVER(call)                                                                  \
    ({                                                                                             \
        VkResult result_;                                                                          \
        rn_vulkan_inside++;                                                                        \
        result_ = (call);                                                                          \
        rn_vulkan_inside--;                                                                        \
        result_;                                                                                   \
    })

/* A name, kept once, for as long as the program runs. */
struct rn_vulkan_name {
    struct rn_vulkan_name *next;
    uint64_t hash;
    uint32_t size;
    char text[];
};

struct rn_vulkan_instance {
    struct rn_vulkan_instance *next;
    VkInstance handle;
    void *key; /* of it and its physical devices: what the loader puts into dispatchable handles */
    struct rn_vulkan_instance_functions below;
    bool has_properties2; /* as VK_EXT_calibrated_timestamps needs */
    bool has_debug_utils; /* the program asked for it */
};

#define RN_VULKAN_FAMILIES 32u

struct rn_vulkan_device {
    struct rn_vulkan_device *next;
    VkDevice handle;
    void *key; /* of it, its queues and its command buffers */
    const struct rn_vulkan_instance *instance;
    struct rn_vulkan_device_functions below;
    /* Nothing is recorded of it: it is the parent process's, or the program is at its end. */
    bool off;
    bool passive;           /* nobody records: the layer is out of the way */
    bool hides_calibration; /* the program did not ask for the extension that the layer uses */
    bool lost;
    bool reads_wait;  /* its driver does not read a query before all that is submitted is done */
    uint32_t number;  /* from 1 */
    double period_ns; /* of a tick */
    uint64_t valid[RN_VULKAN_FAMILIES]; /* bits of timestamps as a mask, 0: the family has none */
    uint64_t valid_least;               /* of those that have some */
    VkMemoryPropertyFlags memory_types[VK_MAX_MEMORY_TYPES];
    const struct rn_vulkan_name *name;
    bool calibrates; /* its clock can be read: */
    struct rn_producer_clock clock;
    struct rn_producer_reading last_reading;
    bool told_host_times, told_overwritten; /* the notices */
    uint64_t found; /* ticks: when a wait was over that is looked at; 0: none is */

    pthread_mutex_t lock;
    struct rn_vulkan_queue *queues;
    struct rn_vulkan_map memories;  /* type + 1 */
    struct rn_vulkan_map buffers;   /* RN_VULKAN_BUFFER_... */
    struct rn_vulkan_map images;    /* format + 1 */
    struct rn_vulkan_map modules;   /* struct rn_vulkan_module * */
    struct rn_vulkan_map pipelines; /* struct rn_vulkan_pipeline * */
    struct rn_vulkan_map pools;     /* struct rn_vulkan_pool * */
    struct rn_vulkan_map fences;    /* struct rn_vulkan_signal * */
    struct rn_vulkan_map timelines; /* struct rn_vulkan_timeline * */
    struct rn_vulkan_query_pool *query_pools;
    uint32_t query_pool_count;
    struct rn_vulkan_block *free_blocks;
};

#define RN_VULKAN_BUFFER_KNOWN      1u
#define RN_VULKAN_BUFFER_STAGES     2u /* is there to be copied from or to, for nothing else */
#define RN_VULKAN_BUFFER_MAPPED     4u /* in memory that the host can map */
#define RN_VULKAN_BUFFER_HOST       8u /* in memory of the host */
#define RN_VULKAN_BUFFER_SIZE_SHIFT 8  /* above it: bytes */

struct rn_vulkan_entry_point {
    const struct rn_vulkan_name *name;
    uint32_t group[3]; /* 0: a specialisation decides */
};

struct rn_vulkan_module {
    const struct rn_vulkan_name *label; /* NULL: none */
    uint32_t count;
    struct rn_vulkan_entry_point entries[];
};

struct rn_vulkan_pipeline {
    const struct rn_vulkan_name *entry; /* point */
    const struct rn_vulkan_name *label; /* that the program gave to it, NULL: none */
    uint32_t group[3];
};

/* Queries that are taken and given back together: pairs for RN_VULKAN_BLOCK_PAIRS commands. */
#define RN_VULKAN_BLOCK_PAIRS 32u
struct rn_vulkan_block {
    struct rn_vulkan_block *next;
    VkQueryPool pool;
    uint32_t first;
    uint64_t
        latest; /* time that was read of it: what it still holds of an earlier use is not later */
};

enum rn_vulkan_kind { RN_VULKAN_DISPATCH, RN_VULKAN_COPY };

/* A command whose time is taken. */
struct rn_vulkan_command {
    const struct rn_vulkan_name *name; /* of a dispatch; NULL: none */
    uint8_t kind;                      /* enum rn_vulkan_kind */
    uint8_t direction;                 /* of a copy: enum rn_direction */
    uint32_t grid[3];                  /* 0: in memory of the device */
    uint32_t group[3];
    uint64_t bytes;
};

/* What a command buffer holds, from vkBeginCommandBuffer on. It outlives the buffer while it is
 * submitted. */
struct rn_vulkan_recording {
    uint32_t references;
    bool simultaneous; /* it may be submitted again before it is done */
    uint64_t valid;    /* mask of the timestamps of the queue family; 0: no times */
    uint32_t count, capacity;
    struct rn_vulkan_command *commands;
    uint32_t block_count, block_capacity;
    struct rn_vulkan_block **blocks;
    uint32_t child_count, child_capacity;
    struct rn_vulkan_recording **children; /* secondary command buffers that it executes */
    /* Where it is submitted, and not known to be done. */
    struct rn_vulkan_submission *submission;
    uint32_t submission_entry;
};

#define RN_VULKAN_LABELS 8u

struct rn_vulkan_pool {
    uint32_t family;
    struct rn_vulkan_commands *first;
};

/* A command buffer. */
struct rn_vulkan_commands {
    struct rn_vulkan_commands *next, *previous; /* of the pool */
    VkCommandBuffer handle;
    struct rn_vulkan_device *device;
    struct rn_vulkan_pool *pool;
    struct rn_vulkan_recording *recording; /* NULL: nothing is recorded */
    bool is_open;                          /* a command is, between the two times */
    struct rn_vulkan_pipeline bound;       /* to the compute bind point */
    uint32_t label_count;                  /* may be more than are kept */
    const struct rn_vulkan_name *labels[RN_VULKAN_LABELS];
};

#define RN_VULKAN_QUEUE_NAME 80u
struct rn_vulkan_queue {
    struct rn_vulkan_queue *next;
    VkQueue handle;
    struct rn_vulkan_device *device;
    struct rn_producer_queue to;
    char name[RN_VULKAN_QUEUE_NAME];
    uint64_t done;      /* all submissions up to this number are known to be */
    uint64_t submitted; /* number of the last submission */
    struct rn_vulkan_submission *first, *last; /* that are not known to be done */
};

/* A batch of command buffers, in work. */
struct rn_vulkan_submission {
    struct rn_vulkan_submission *next, *previous;
    struct rn_vulkan_queue *queue;
    uint64_t number; /* in its queue */
    uint64_t correlation;
    uint64_t called; /* ticks: vkQueueSubmit */
    uint32_t count, left;
    struct rn_vulkan_recording *recordings[]; /* NULL: done */
};

/* Reached: all submissions of a queue up to one are done. */
struct rn_vulkan_signal {
    struct rn_vulkan_queue *queue; /* NULL: not in work */
    uint64_t number;
    uint64_t correlation;
    uint64_t value; /* of a timeline */
};

#define RN_VULKAN_SIGNALS 16u
struct rn_vulkan_timeline {
    uint32_t next;
    struct rn_vulkan_signal signals[RN_VULKAN_SIGNALS];
};

/* vulkan_layer.c. What the loader has put into a dispatchable handle. */
static inline void *rn_vulkan_key(const void *handle)
{
    return *(void *const *)handle;
}
struct rn_vulkan_instance *rn_vulkan_instance_of(const void *handle);
/* True while events of this process can be recorded. */
bool rn_vulkan_is_on(void);

/* vulkan_device.c. NULL: not known. */
struct rn_vulkan_device *rn_vulkan_device_of(const void *handle);
struct rn_vulkan_queue *rn_vulkan_queue_of(struct rn_vulkan_device *device, VkQueue handle);
/* In the child: its parent's devices are not its own. */
void rn_vulkan_devices_forked(void);

/* vulkan_resources.c */
void rn_vulkan_resources_free(struct rn_vulkan_device *device);

/* vulkan_names.c. Of text that ends with NUL; NULL: no text, or no room. */
const struct rn_vulkan_name *rn_vulkan_name(const char *text);
const struct rn_vulkan_name *rn_vulkan_name_of(const char *text, uint32_t size);
void rn_vulkan_names_forked(void); /* in the child */
/* What every shader of some compilers is called: it says nothing. */
static inline bool rn_vulkan_is_main(const struct rn_vulkan_name *name)
{
    return !name || (name->size == 4 && __builtin_memcmp(name->text, "main", 4) == 0);
}

/* vulkan_spirv.c. The entry points for compute of a module's code; NULL: no memory. */
struct rn_vulkan_module *rn_vulkan_module_read(const uint32_t *words, uint64_t count);

/* vulkan_commands.c */
struct rn_vulkan_commands *rn_vulkan_commands_of(VkCommandBuffer handle); /* never NULL */
void rn_vulkan_commands_free(struct rn_vulkan_device *device);

/* vulkan_recording.c. Before and after a command whose time is taken. */
void rn_vulkan_command_begin(struct rn_vulkan_commands *commands,
                             const struct rn_vulkan_command *command);
void rn_vulkan_command_end(struct rn_vulkan_commands *commands);
void rn_vulkan_lose(uint64_t count); /* commands that could not be kept */
/* With the device's lock. The buffer begins anew, or (`simultaneous` or not) ends for good. */
void rn_vulkan_recording_begin(struct rn_vulkan_commands *commands, bool simultaneous);
void rn_vulkan_recording_drop(struct rn_vulkan_commands *commands);
bool rn_vulkan_recording_add_child(struct rn_vulkan_recording *recording,
                                   struct rn_vulkan_recording *child);
void rn_vulkan_recording_release(struct rn_vulkan_device *device,
                                 struct rn_vulkan_recording *recording);

/* vulkan_queries.c. With the device's lock. */
struct rn_vulkan_block *rn_vulkan_block_take(struct rn_vulkan_device *device);
void rn_vulkan_block_give(struct rn_vulkan_device *device, struct rn_vulkan_block *block);
void rn_vulkan_queries_free(struct rn_vulkan_device *device);

/* vulkan_settle.c. With the device's lock. */
enum rn_vulkan_how {
    RN_VULKAN_DONE,    /* it is known to be */
    RN_VULKAN_PERHAPS, /* only what is done can be settled */
    RN_VULKAN_OVER,    /* it is known to be done, but its times cannot be read */
    RN_VULKAN_UNKNOWN, /* its times are overwritten, or cannot be had */
};
/* Record the commands of the recording in the submission that it is in. False: not yet. They are
 * not done, as far as can be seen (PERHAPS); or the driver would wait (DONE): then it is settled
 * later, and its queries are needed until then. */
bool rn_vulkan_settle_recording(struct rn_vulkan_recording *recording, enum rn_vulkan_how how);
/* All submissions of a queue up to one. */
void rn_vulkan_settle_queue(struct rn_vulkan_queue *queue, uint64_t number, enum rn_vulkan_how how);
void rn_vulkan_settle_device(struct rn_vulkan_device *device, enum rn_vulkan_how how);
/* Waits a moment for what is in work; what is not done then is lost. */
void rn_vulkan_settle_at_exit(struct rn_vulkan_device *device);
/* Submissions that the driver refused, from number `first` on. */
void rn_vulkan_withdraw(struct rn_vulkan_queue *queue, uint64_t first);
/* Without the lock. Where the result says that the device is lost, so is what is in work. */
void rn_vulkan_note_lost(struct rn_vulkan_device *device, VkResult result);

/* vulkan_clock.c. With the device's lock. */
void rn_vulkan_clock_open(struct rn_vulkan_device *device, VkPhysicalDevice physical);
/* If it is time to. */
void rn_vulkan_clock_look(struct rn_vulkan_device *device);
void rn_vulkan_clock_read(struct rn_vulkan_device *device);
/* A timestamp of a queue, as many bits of which are valid, in 64 bits. */
uint64_t rn_vulkan_clock_extend(const struct rn_vulkan_device *device, uint64_t time,
                                uint64_t valid);

/* vulkan_events.c */
struct rn_vulkan_call {
    const char *name;
    uint64_t start, end; /* ticks; end 0: now */
    int64_t result;
    uint64_t correlation;
    const struct rn_vulkan_device *device; /* NULL: none */
    const struct rn_vulkan_queue *queue;   /* NULL: none */
};
uint64_t rn_vulkan_correlation(void); /* a new one */
void rn_vulkan_put_call(const struct rn_vulkan_call *call);
struct rn_vulkan_times {
    bool known; /* the device's, in 64 bits: */
    bool done;  /* not known, but it is over now */
    uint64_t begin, end;
};
void rn_vulkan_put_command(const struct rn_vulkan_submission *submission,
                           const struct rn_vulkan_command *command,
                           const struct rn_vulkan_times *times);
void rn_vulkan_put_notice(uint64_t code, const char *text);

#endif
