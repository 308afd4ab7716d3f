/* SPDX-License-Identifier: MIT */
/* What is used of CUPTI's binary interface, CUDA 11 to 13, so that the library that records CUDA
 * builds where there is no CUDA. tests/unit/test_cupti_abi.c checks all of it against CUPTI's own
 * headers where they are installed.
 *
 * Records of CUPTI grow from version to version, but at their end only: the structs here are
 * prefixes, to be read as far as the version that made a record has them. CUPTI itself knows how
 * long a record is (cuptiActivityGetNextRecord). Its records are packed, with 8-byte alignment of
 * the whole; all fields here lie where they do without packing.
 *
 * Times are ns of a clock of CUPTI's that follows CLOCK_REALTIME; 0: not known. */
#ifndef RN_CUPTI_ABI_H
#define RN_CUPTI_ABI_H

#include <stddef.h>
#include <stdint.h>

/* Versions of the interface, as cuptiGetVersion tells them. */
#define RN_CUPTI_VERSION_11_0 13u /* records have `graph_node`; none older is read */
#define RN_CUPTI_VERSION_11_1 14u /* records have `graph` */
#define RN_CUPTI_VERSION_12_0 19u
#define RN_CUPTI_VERSION_13_0 130000u

enum rn_cupti_result {
    RN_CUPTI_SUCCESS = 0,
    RN_CUPTI_MAX_LIMIT_REACHED = 12, /* no more records in the buffer */
    RN_CUPTI_NOT_COMPATIBLE = 14,
    RN_CUPTI_NOT_INITIALIZED = 15,
    RN_CUPTI_INSUFFICIENT_PRIVILEGES = 35,
    RN_CUPTI_MULTIPLE_SUBSCRIBERS = 39,
};

enum rn_cupti_kind {
    RN_CUPTI_MEMCPY = 1,
    RN_CUPTI_MEMSET = 2,
    RN_CUPTI_KERNEL = 3, /* never enabled: it makes kernels run one after the other */
    RN_CUPTI_DRIVER = 4,
    RN_CUPTI_RUNTIME = 5,
    RN_CUPTI_DEVICE = 8,
    RN_CUPTI_CONTEXT = 9,
    RN_CUPTI_CONCURRENT_KERNEL = 10,
    RN_CUPTI_OVERHEAD = 17,
    RN_CUPTI_MEMCPY2 = 22, /* between devices */
    RN_CUPTI_SYNCHRONIZATION = 38,
};

enum rn_cupti_memcpy_kind {
    RN_CUPTI_COPY_HTOD = 1,
    RN_CUPTI_COPY_DTOH = 2,
    RN_CUPTI_COPY_HTOA = 3, /* A: an array on a device */
    RN_CUPTI_COPY_ATOH = 4,
    RN_CUPTI_COPY_ATOA = 5,
    RN_CUPTI_COPY_ATOD = 6,
    RN_CUPTI_COPY_DTOA = 7,
    RN_CUPTI_COPY_DTOD = 8,
    RN_CUPTI_COPY_HTOH = 9,
    RN_CUPTI_COPY_PTOP = 10,
};

enum rn_cupti_synchronization {
    RN_CUPTI_EVENT_SYNCHRONIZE = 1,
    RN_CUPTI_STREAM_WAIT_EVENT = 2,
    RN_CUPTI_STREAM_SYNCHRONIZE = 3,
    RN_CUPTI_CONTEXT_SYNCHRONIZE = 4,
};
#define RN_CUPTI_NO_STREAM 0xffffffffu /* of a synchronisation that is not with a stream */

enum rn_cupti_overhead_kind {
    RN_CUPTI_OVERHEAD_COMPILER = 1,
    RN_CUPTI_OVERHEAD_BUFFER_FLUSH = 1 << 16,
    RN_CUPTI_OVERHEAD_INSTRUMENTATION = 2 << 16,
    RN_CUPTI_OVERHEAD_RESOURCE = 3 << 16,
    RN_CUPTI_OVERHEAD_MODULE_LOADING = 4 << 16,
    RN_CUPTI_OVERHEAD_LAZY_LOADING = 5 << 16,
    RN_CUPTI_OVERHEAD_COMMAND_BUFFER_FULL = 6 << 16,
    RN_CUPTI_OVERHEAD_BUFFER_REQUEST = 7 << 16,
    RN_CUPTI_OVERHEAD_UVM_INIT = 8 << 16,
};
enum rn_cupti_object { RN_CUPTI_OBJECT_PROCESS = 1, RN_CUPTI_OBJECT_THREAD = 2 };

enum rn_cupti_domain { RN_CUPTI_DOMAIN_DRIVER = 1, RN_CUPTI_DOMAIN_RUNTIME = 2 };
#define RN_CUPTI_FLUSH_FORCED     1u
#define RN_CUPTI_THREAD_ID_SYSTEM 1u /* as gettid gives it */

/* Of kernels in both forms. */
struct rn_cupti_kernel {
    uint32_t kind;
    uint8_t cache_config, shared_memory_config;
    uint16_t registers;
    uint32_t cache_requested, cache_executed;
    uint64_t start, end;
    uint64_t completed;
    uint32_t device, context, stream;
    int32_t grid[3];
    int32_t block[3];
    int32_t static_shared, dynamic_shared; /* bytes */
    uint32_t local_per_thread, local_total;
    uint32_t correlation;
    int64_t grid_id;
    const char *name;
    void *reserved;
    uint64_t queued, submitted;
    uint8_t launch_type, carveout_requested_set, carveout_requested, padding;
    uint32_t shared_executed;
    uint64_t graph_node; /* from 11.0 on */
    uint32_t shared_limit_config;
    uint32_t graph; /* from 11.1 on */
};

struct rn_cupti_memcpy {
    uint32_t kind;
    uint8_t copy_kind, source_kind, target_kind, flags;
    uint64_t bytes;
    uint64_t start, end;
    uint32_t device, context, stream;
    uint32_t correlation, runtime_correlation;
    uint32_t padding;
    void *reserved;
    uint64_t graph_node;
    uint32_t graph; /* from 11.1 on */
};

struct rn_cupti_memcpy_peer {
    uint32_t kind;
    uint8_t copy_kind, source_kind, target_kind, flags;
    uint64_t bytes;
    uint64_t start, end;
    uint32_t device, context, stream;
    uint32_t source_device, source_context, target_device, target_context;
    uint32_t correlation;
    void *reserved;
    uint64_t graph_node;
    uint32_t graph; /* from 11.1 on */
};

struct rn_cupti_memset {
    uint32_t kind;
    uint32_t value;
    uint64_t bytes;
    uint64_t start, end;
    uint32_t device, context, stream;
    uint32_t correlation;
    uint16_t flags, memory_kind;
    uint32_t padding;
    void *reserved;
    uint64_t graph_node;
    uint32_t graph; /* from 11.1 on */
};

/* A call of the driver's or the runtime's interface. */
struct rn_cupti_api {
    uint32_t kind;
    uint32_t function; /* cuptiGetCallbackName knows its name */
    uint64_t start, end;
    uint32_t process, thread;
    uint32_t correlation;
    uint32_t result;
};

struct rn_cupti_synchronization_record {
    uint32_t kind;
    uint32_t type; /* enum rn_cupti_synchronization */
    uint64_t start, end;
    uint32_t correlation;
    uint32_t context, stream;
    uint32_t event;
};

struct rn_cupti_overhead {
    uint32_t kind;
    uint32_t overhead; /* enum rn_cupti_overhead_kind */
    uint32_t object;   /* enum rn_cupti_object: what `ids` are */
    uint32_t ids[3];   /* process and thread; or device, context, stream */
    uint64_t start, end;
};

struct rn_cupti_device {
    uint32_t kind;
    uint32_t flags;
    uint64_t bandwidth; /* kbyte/s */
    uint64_t memory;    /* bytes */
    uint32_t constant_memory, l2_cache;
    uint32_t warp, clock_khz;
    uint32_t copy_engines, multiprocessors;
    uint32_t limits[14];
    uint32_t capability_major, capability_minor;
    uint32_t id;
    uint32_t ecc;
    uint8_t uuid[16];
    const char *name;
};

struct rn_cupti_context {
    uint32_t kind;
    uint32_t context, device;
    uint16_t api, null_stream;
};

#define RN_CUPTI_ATTRIBUTE_ZEROED_BUFFERS 5u
/* A function of the driver, as CUPTI numbers them; from CUDA 12.3 on. */
#define RN_CUPTI_CBID_KERNEL_GET_NAME 719u

/* What cuptiSubscribe_v2 takes, from CUDA 12.8 or so on. */
struct rn_cupti_subscriber_params {
    size_t size;
    const char *name;
    char *old_name; /* who has subscribed already */
    size_t old_size;
};
#define RN_CUPTI_OLD_NAME_MIN 64u

typedef void rn_cupti_callback_fn(void *user, uint32_t domain, uint32_t function, const void *data);
typedef void rn_cupti_requested_fn(uint8_t **buffer, size_t *size, size_t *max_records);
typedef void rn_cupti_completed_fn(void *context, uint32_t stream, uint8_t *buffer, size_t size,
                                   size_t used);

/* Functions by the names that libcupti exports; all return an enum rn_cupti_result. */
struct rn_cupti_functions {
    uint32_t (*get_version)(uint32_t *version);
    uint32_t (*get_result_string)(uint32_t result, const char **text);
    uint32_t (*subscribe)(void **subscriber, rn_cupti_callback_fn *callback, void *user);
    uint32_t (*subscribe_v2)(void **subscriber, rn_cupti_callback_fn *callback, void *user,
                             struct rn_cupti_subscriber_params *params); /* may be NULL */
    uint32_t (*unsubscribe)(void *subscriber);
    uint32_t (*register_callbacks)(rn_cupti_requested_fn *requested,
                                   rn_cupti_completed_fn *completed);
    uint32_t (*enable)(uint32_t kind);
    uint32_t (*disable)(uint32_t kind);
    uint32_t (*flush_all)(uint32_t flags);
    uint32_t (*get_next_record)(uint8_t *buffer, size_t used, void **record);
    uint32_t (*get_dropped)(void *context, uint32_t stream, size_t *dropped);
    uint32_t (*get_timestamp)(uint64_t *timestamp);
    uint32_t (*get_callback_name)(uint32_t domain, uint32_t function, const char **name);
    uint32_t (*set_thread_id_type)(uint32_t type);
    uint32_t (*set_attribute)(uint32_t attribute, size_t *size, void *value); /* may be NULL */
    uint32_t (*enable_driver_api)(uint32_t function, uint8_t enable);        /* may be NULL */
};

#endif
