/* SPDX-License-Identifier: MIT */
/* capture/inject/cupti_abi.h against CUPTI's own headers, where the build found them: the compiler
 * compares. Elsewhere there is nothing to compare with. */
#include "capture/inject/cupti_abi.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#if __has_include(<cupti.h>)
#include <cupti.h>

#define EQUAL(ours, theirs) _Static_assert((long long)(ours) == (long long)(theirs), #theirs)
/* A field lies where CUPTI has it, and is as large. */
#define FIELD(ours, field, theirs, name)                                                           \
    _Static_assert(offsetof(struct ours, field) == offsetof(theirs, name) &&                       \
                       sizeof(((struct ours *)0)->field) == sizeof(((theirs *)0)->name),           \
                   #theirs "." #name)
/* Three in a row that are one array here. */
#define THREE(ours, field, theirs, first, last)                                                    \
    _Static_assert(offsetof(struct ours, field) == offsetof(theirs, first) &&                      \
                       offsetof(struct ours, field[2]) == offsetof(theirs, last),                  \
                   #theirs "." #first)

EQUAL(RN_CUPTI_SUCCESS, CUPTI_SUCCESS);
EQUAL(RN_CUPTI_MAX_LIMIT_REACHED, CUPTI_ERROR_MAX_LIMIT_REACHED);
EQUAL(RN_CUPTI_NOT_COMPATIBLE, CUPTI_ERROR_NOT_COMPATIBLE);
EQUAL(RN_CUPTI_NOT_INITIALIZED, CUPTI_ERROR_NOT_INITIALIZED);
EQUAL(RN_CUPTI_INSUFFICIENT_PRIVILEGES, CUPTI_ERROR_INSUFFICIENT_PRIVILEGES);
EQUAL(RN_CUPTI_MULTIPLE_SUBSCRIBERS, CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED);

EQUAL(RN_CUPTI_MEMCPY, CUPTI_ACTIVITY_KIND_MEMCPY);
EQUAL(RN_CUPTI_MEMSET, CUPTI_ACTIVITY_KIND_MEMSET);
EQUAL(RN_CUPTI_KERNEL, CUPTI_ACTIVITY_KIND_KERNEL);
EQUAL(RN_CUPTI_DRIVER, CUPTI_ACTIVITY_KIND_DRIVER);
EQUAL(RN_CUPTI_RUNTIME, CUPTI_ACTIVITY_KIND_RUNTIME);
EQUAL(RN_CUPTI_DEVICE, CUPTI_ACTIVITY_KIND_DEVICE);
EQUAL(RN_CUPTI_CONTEXT, CUPTI_ACTIVITY_KIND_CONTEXT);
EQUAL(RN_CUPTI_CONCURRENT_KERNEL, CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL);
EQUAL(RN_CUPTI_OVERHEAD, CUPTI_ACTIVITY_KIND_OVERHEAD);
EQUAL(RN_CUPTI_MEMCPY2, CUPTI_ACTIVITY_KIND_MEMCPY2);
EQUAL(RN_CUPTI_SYNCHRONIZATION, CUPTI_ACTIVITY_KIND_SYNCHRONIZATION);

EQUAL(RN_CUPTI_ATTRIBUTE_ZEROED_BUFFERS, CUPTI_ACTIVITY_ATTR_ZEROED_OUT_ACTIVITY_BUFFER);
#if CUPTI_API_VERSION >= RN_CUPTI_VERSION_13_0
EQUAL(RN_CUPTI_CBID_KERNEL_GET_NAME, CUPTI_DRIVER_TRACE_CBID_cuKernelGetName);
#endif

EQUAL(RN_CUPTI_COPY_HTOD, CUPTI_ACTIVITY_MEMCPY_KIND_HTOD);
EQUAL(RN_CUPTI_COPY_DTOH, CUPTI_ACTIVITY_MEMCPY_KIND_DTOH);
EQUAL(RN_CUPTI_COPY_HTOA, CUPTI_ACTIVITY_MEMCPY_KIND_HTOA);
EQUAL(RN_CUPTI_COPY_ATOH, CUPTI_ACTIVITY_MEMCPY_KIND_ATOH);
EQUAL(RN_CUPTI_COPY_ATOA, CUPTI_ACTIVITY_MEMCPY_KIND_ATOA);
EQUAL(RN_CUPTI_COPY_ATOD, CUPTI_ACTIVITY_MEMCPY_KIND_ATOD);
EQUAL(RN_CUPTI_COPY_DTOA, CUPTI_ACTIVITY_MEMCPY_KIND_DTOA);
EQUAL(RN_CUPTI_COPY_DTOD, CUPTI_ACTIVITY_MEMCPY_KIND_DTOD);
EQUAL(RN_CUPTI_COPY_HTOH, CUPTI_ACTIVITY_MEMCPY_KIND_HTOH);
EQUAL(RN_CUPTI_COPY_PTOP, CUPTI_ACTIVITY_MEMCPY_KIND_PTOP);

EQUAL(RN_CUPTI_EVENT_SYNCHRONIZE, CUPTI_ACTIVITY_SYNCHRONIZATION_TYPE_EVENT_SYNCHRONIZE);
EQUAL(RN_CUPTI_STREAM_WAIT_EVENT, CUPTI_ACTIVITY_SYNCHRONIZATION_TYPE_STREAM_WAIT_EVENT);
EQUAL(RN_CUPTI_STREAM_SYNCHRONIZE, CUPTI_ACTIVITY_SYNCHRONIZATION_TYPE_STREAM_SYNCHRONIZE);
EQUAL(RN_CUPTI_CONTEXT_SYNCHRONIZE, CUPTI_ACTIVITY_SYNCHRONIZATION_TYPE_CONTEXT_SYNCHRONIZE);
EQUAL(RN_CUPTI_NO_STREAM, (uint32_t)CUPTI_SYNCHRONIZATION_INVALID_VALUE);

EQUAL(RN_CUPTI_OVERHEAD_COMPILER, CUPTI_ACTIVITY_OVERHEAD_DRIVER_COMPILER);
EQUAL(RN_CUPTI_OVERHEAD_BUFFER_FLUSH, CUPTI_ACTIVITY_OVERHEAD_CUPTI_BUFFER_FLUSH);
EQUAL(RN_CUPTI_OVERHEAD_INSTRUMENTATION, CUPTI_ACTIVITY_OVERHEAD_CUPTI_INSTRUMENTATION);
EQUAL(RN_CUPTI_OVERHEAD_RESOURCE, CUPTI_ACTIVITY_OVERHEAD_CUPTI_RESOURCE);
EQUAL(RN_CUPTI_OBJECT_PROCESS, CUPTI_ACTIVITY_OBJECT_PROCESS);
EQUAL(RN_CUPTI_OBJECT_THREAD, CUPTI_ACTIVITY_OBJECT_THREAD);
EQUAL(RN_CUPTI_DOMAIN_DRIVER, CUPTI_CB_DOMAIN_DRIVER_API);
EQUAL(RN_CUPTI_DOMAIN_RUNTIME, CUPTI_CB_DOMAIN_RUNTIME_API);
EQUAL(RN_CUPTI_FLUSH_FORCED, CUPTI_ACTIVITY_FLAG_FLUSH_FORCED);
EQUAL(RN_CUPTI_THREAD_ID_SYSTEM, CUPTI_ACTIVITY_THREAD_ID_TYPE_SYSTEM);

#if CUPTI_API_VERSION >= 130000
/* Names that came with later versions, and the newest form of each record. */
EQUAL(RN_CUPTI_OVERHEAD_MODULE_LOADING, CUPTI_ACTIVITY_OVERHEAD_RUNTIME_TRIGGERED_MODULE_LOADING);
EQUAL(RN_CUPTI_OVERHEAD_LAZY_LOADING, CUPTI_ACTIVITY_OVERHEAD_LAZY_FUNCTION_LOADING);
EQUAL(RN_CUPTI_OVERHEAD_COMMAND_BUFFER_FULL, CUPTI_ACTIVITY_OVERHEAD_COMMAND_BUFFER_FULL);
EQUAL(RN_CUPTI_OVERHEAD_BUFFER_REQUEST, CUPTI_ACTIVITY_OVERHEAD_ACTIVITY_BUFFER_REQUEST);
EQUAL(RN_CUPTI_OVERHEAD_UVM_INIT, CUPTI_ACTIVITY_OVERHEAD_UVM_ACTIVITY_INIT);
EQUAL(RN_CUPTI_OLD_NAME_MIN, CUPTI_OLD_SUBSCRIBER_NAME_MIN_LEN);
EQUAL(sizeof(struct rn_cupti_subscriber_params), sizeof(CUpti_SubscriberParams));
FIELD(rn_cupti_subscriber_params, size, CUpti_SubscriberParams, structSize);
FIELD(rn_cupti_subscriber_params, name, CUpti_SubscriberParams, subscriberName);
FIELD(rn_cupti_subscriber_params, old_name, CUpti_SubscriberParams, oldSubscriberName);
FIELD(rn_cupti_subscriber_params, old_size, CUpti_SubscriberParams, oldSubscriberSize);

/* The fields that are read, in the first and in the last form that a record has had. */
#define KERNEL_PREFIX(theirs)                                                                      \
    FIELD(rn_cupti_kernel, kind, theirs, kind);                                                    \
    FIELD(rn_cupti_kernel, registers, theirs, registersPerThread);                                 \
    FIELD(rn_cupti_kernel, start, theirs, start);                                                  \
    FIELD(rn_cupti_kernel, end, theirs, end);                                                      \
    FIELD(rn_cupti_kernel, device, theirs, deviceId);                                              \
    FIELD(rn_cupti_kernel, context, theirs, contextId);                                            \
    FIELD(rn_cupti_kernel, stream, theirs, streamId);                                              \
    THREE(rn_cupti_kernel, grid, theirs, gridX, gridZ);                                            \
    THREE(rn_cupti_kernel, block, theirs, blockX, blockZ);                                         \
    FIELD(rn_cupti_kernel, static_shared, theirs, staticSharedMemory);                             \
    FIELD(rn_cupti_kernel, dynamic_shared, theirs, dynamicSharedMemory);                           \
    FIELD(rn_cupti_kernel, correlation, theirs, correlationId);                                    \
    FIELD(rn_cupti_kernel, name, theirs, name);                                                    \
    FIELD(rn_cupti_kernel, queued, theirs, queued);                                                \
    FIELD(rn_cupti_kernel, submitted, theirs, submitted)
KERNEL_PREFIX(CUpti_ActivityKernel4);
KERNEL_PREFIX(CUpti_ActivityKernel5);
FIELD(rn_cupti_kernel, graph_node, CUpti_ActivityKernel5, graphNodeId);
FIELD(rn_cupti_kernel, graph, CUpti_ActivityKernel5, graphId);
KERNEL_PREFIX(CUpti_ActivityKernel9);
KERNEL_PREFIX(CUpti_ActivityKernel10);
FIELD(rn_cupti_kernel, graph_node, CUpti_ActivityKernel10, graphNodeId);
FIELD(rn_cupti_kernel, graph, CUpti_ActivityKernel10, graphId);

#define MEMCPY_PREFIX(theirs)                                                                      \
    FIELD(rn_cupti_memcpy, copy_kind, theirs, copyKind);                                           \
    FIELD(rn_cupti_memcpy, bytes, theirs, bytes);                                                  \
    FIELD(rn_cupti_memcpy, start, theirs, start);                                                  \
    FIELD(rn_cupti_memcpy, end, theirs, end);                                                      \
    FIELD(rn_cupti_memcpy, device, theirs, deviceId);                                              \
    FIELD(rn_cupti_memcpy, context, theirs, contextId);                                            \
    FIELD(rn_cupti_memcpy, stream, theirs, streamId);                                              \
    FIELD(rn_cupti_memcpy, correlation, theirs, correlationId);                                    \
    FIELD(rn_cupti_memcpy, graph_node, theirs, graphNodeId)
MEMCPY_PREFIX(CUpti_ActivityMemcpy3);
MEMCPY_PREFIX(CUpti_ActivityMemcpy6);
FIELD(rn_cupti_memcpy, graph, CUpti_ActivityMemcpy4, graphId);
FIELD(rn_cupti_memcpy, graph, CUpti_ActivityMemcpy6, graphId);

#define PEER_PREFIX(theirs)                                                                        \
    FIELD(rn_cupti_memcpy_peer, bytes, theirs, bytes);                                             \
    FIELD(rn_cupti_memcpy_peer, start, theirs, start);                                             \
    FIELD(rn_cupti_memcpy_peer, end, theirs, end);                                                 \
    FIELD(rn_cupti_memcpy_peer, device, theirs, deviceId);                                         \
    FIELD(rn_cupti_memcpy_peer, context, theirs, contextId);                                       \
    FIELD(rn_cupti_memcpy_peer, stream, theirs, streamId);                                         \
    FIELD(rn_cupti_memcpy_peer, source_device, theirs, srcDeviceId);                               \
    FIELD(rn_cupti_memcpy_peer, target_device, theirs, dstDeviceId);                               \
    FIELD(rn_cupti_memcpy_peer, correlation, theirs, correlationId);                               \
    FIELD(rn_cupti_memcpy_peer, graph_node, theirs, graphNodeId)
PEER_PREFIX(CUpti_ActivityMemcpyPtoP2);
PEER_PREFIX(CUpti_ActivityMemcpyPtoP4);
FIELD(rn_cupti_memcpy_peer, graph, CUpti_ActivityMemcpyPtoP3, graphId);
FIELD(rn_cupti_memcpy_peer, graph, CUpti_ActivityMemcpyPtoP4, graphId);

#define MEMSET_PREFIX(theirs)                                                                      \
    FIELD(rn_cupti_memset, bytes, theirs, bytes);                                                  \
    FIELD(rn_cupti_memset, start, theirs, start);                                                  \
    FIELD(rn_cupti_memset, end, theirs, end);                                                      \
    FIELD(rn_cupti_memset, device, theirs, deviceId);                                              \
    FIELD(rn_cupti_memset, context, theirs, contextId);                                            \
    FIELD(rn_cupti_memset, stream, theirs, streamId);                                              \
    FIELD(rn_cupti_memset, correlation, theirs, correlationId);                                    \
    FIELD(rn_cupti_memset, graph_node, theirs, graphNodeId)
MEMSET_PREFIX(CUpti_ActivityMemset2);
MEMSET_PREFIX(CUpti_ActivityMemset4);
FIELD(rn_cupti_memset, graph, CUpti_ActivityMemset3, graphId);
FIELD(rn_cupti_memset, graph, CUpti_ActivityMemset4, graphId);

#define SYNCHRONIZATION_PREFIX(theirs)                                                             \
    FIELD(rn_cupti_synchronization_record, type, theirs, type);                                    \
    FIELD(rn_cupti_synchronization_record, start, theirs, start);                                  \
    FIELD(rn_cupti_synchronization_record, end, theirs, end);                                      \
    FIELD(rn_cupti_synchronization_record, correlation, theirs, correlationId);                    \
    FIELD(rn_cupti_synchronization_record, context, theirs, contextId);                            \
    FIELD(rn_cupti_synchronization_record, stream, theirs, streamId);                              \
    FIELD(rn_cupti_synchronization_record, event, theirs, cudaEventId)
SYNCHRONIZATION_PREFIX(CUpti_ActivitySynchronization);
SYNCHRONIZATION_PREFIX(CUpti_ActivitySynchronization2);

#define OVERHEAD_PREFIX(theirs)                                                                    \
    FIELD(rn_cupti_overhead, overhead, theirs, overheadKind);                                      \
    FIELD(rn_cupti_overhead, object, theirs, objectKind);                                          \
    FIELD(rn_cupti_overhead, ids, theirs, objectId);                                               \
    FIELD(rn_cupti_overhead, start, theirs, start);                                                \
    FIELD(rn_cupti_overhead, end, theirs, end)
OVERHEAD_PREFIX(CUpti_ActivityOverhead);
OVERHEAD_PREFIX(CUpti_ActivityOverhead3);

#define DEVICE_PREFIX(theirs)                                                                      \
    FIELD(rn_cupti_device, bandwidth, theirs, globalMemoryBandwidth);                              \
    FIELD(rn_cupti_device, memory, theirs, globalMemorySize);                                      \
    FIELD(rn_cupti_device, clock_khz, theirs, coreClockRate);                                      \
    FIELD(rn_cupti_device, multiprocessors, theirs, numMultiprocessors);                           \
    FIELD(rn_cupti_device, capability_major, theirs, computeCapabilityMajor);                      \
    FIELD(rn_cupti_device, capability_minor, theirs, computeCapabilityMinor);                      \
    FIELD(rn_cupti_device, id, theirs, id);                                                        \
    FIELD(rn_cupti_device, uuid, theirs, uuid);                                                    \
    FIELD(rn_cupti_device, name, theirs, name)
DEVICE_PREFIX(CUpti_ActivityDevice2);
DEVICE_PREFIX(CUpti_ActivityDevice5);

#define CONTEXT_PREFIX(theirs)                                                                     \
    FIELD(rn_cupti_context, context, theirs, contextId);                                           \
    FIELD(rn_cupti_context, device, theirs, deviceId);                                             \
    FIELD(rn_cupti_context, null_stream, theirs, nullStreamId)
CONTEXT_PREFIX(CUpti_ActivityContext);
CONTEXT_PREFIX(CUpti_ActivityContext3);
#endif

FIELD(rn_cupti_api, function, CUpti_ActivityAPI, cbid);
FIELD(rn_cupti_api, start, CUpti_ActivityAPI, start);
FIELD(rn_cupti_api, end, CUpti_ActivityAPI, end);
FIELD(rn_cupti_api, process, CUpti_ActivityAPI, processId);
FIELD(rn_cupti_api, thread, CUpti_ActivityAPI, threadId);
FIELD(rn_cupti_api, correlation, CUpti_ActivityAPI, correlationId);
FIELD(rn_cupti_api, result, CUpti_ActivityAPI, returnValue);

static void the_header_agrees_with_cupti(void **state)
{
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_header_agrees_with_cupti)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
#else
#include <stdio.h>

int main(void)
{
    return puts("ok 1 - the_header_agrees_with_cupti # SKIP the build found no headers of CUPTI") <
           0;
}
#endif
