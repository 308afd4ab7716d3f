/* SPDX-License-Identifier: MIT */
/* Command queues: made so that they keep profiling times, which the program does not see unless it
 * wanted them. */
#include "opencl_layer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS  256u
#define CONTEXTS 256u

static struct rn_opencl_queue *buckets[BUCKETS];
static uint64_t queue_count;
static cl_context contexts[CONTEXTS];

static struct rn_opencl_queue **bucket_of(cl_command_queue handle)
{
    return &buckets[((uintptr_t)handle * 0x9e3779b97f4a7c15ull >> 56) % BUCKETS];
}

static struct rn_opencl_queue *find(cl_command_queue handle)
{
    struct rn_opencl_queue *queue = *bucket_of(handle);

    while (queue && queue->handle != handle)
        queue = queue->same_hash;
    return queue;
}

struct rn_opencl_queue *rn_opencl_find_queue(cl_command_queue handle)
{
    struct rn_opencl_queue *queue;

    pthread_mutex_lock(&rn_opencl_lock);
    queue = find(handle);
    pthread_mutex_unlock(&rn_opencl_lock);
    return queue;
}

void rn_opencl_each_queue(void (*function)(struct rn_opencl_queue *queue, void *context),
                          void *context)
{
    for (unsigned i = 0; i < BUCKETS; i++)
        for (struct rn_opencl_queue *queue = buckets[i]; queue; queue = queue->same_hash)
            function(queue, context);
}

/* The lock is held. */
static uint64_t number_of_context(cl_context context)
{
    for (uint64_t i = 0; i < CONTEXTS; i++) {
        if (!contexts[i])
            contexts[i] = context;
        if (contexts[i] == context)
            return i + 1;
    }
    return 0;
}

/* A handle that is known belonged to a queue that is gone, of which commands may not have been seen
 * to end. */
static void disown(cl_command_queue handle)
{
    struct rn_opencl_queue *old = find(handle);

    if (old)
        old->handle = NULL;
}

static void add(struct rn_opencl_queue *queue, cl_context context)
{
    struct rn_opencl_queue **bucket = bucket_of(queue->handle);

    pthread_mutex_lock(&rn_opencl_lock);
    disown(queue->handle);
    queue->context = number_of_context(context);
    queue->announced.number = ++queue_count;
    queue->same_hash = *bucket;
    *bucket = queue;
    pthread_mutex_unlock(&rn_opencl_lock);
}

static void remove_queue(struct rn_opencl_queue *queue)
{
    struct rn_opencl_queue **at = bucket_of(queue->handle);

    while (*at && *at != queue)
        at = &(*at)->same_hash;
    if (*at)
        *at = queue->same_hash;
}

static void register_exit(void)
{
    (void)atexit(rn_opencl_collect_last);
}

static void follow(cl_command_queue handle, cl_context context, cl_device_id device,
                   const struct rn_opencl_queue *about)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct rn_opencl_queue *queue = malloc(sizeof(*queue));

    if (!queue)
        return;
    *queue = *about;
    queue->handle = handle;
    queue->references = 1;
    queue->device = rn_opencl_find_device(device);
    if (!queue->device) {
        free(queue);
        return;
    }
    rn_opencl_open_clock(queue->device, context, handle);
    add(queue, context);
    snprintf(queue->name, sizeof(queue->name), "%.60s queue %llu", queue->device->name,
             (unsigned long long)queue->announced.number);
    queue->announced.name = queue->name;
    queue->announced.clock = &queue->device->clock;
    /* Behind what drivers have registered, so that it is called before that. */
    (void)pthread_once(&once, register_exit);
}

static cl_command_queue CL_API_CALL create_queue(cl_context context, cl_device_id device,
                                                 cl_command_queue_properties properties,
                                                 cl_int *result)
{
    struct rn_opencl_queue about = {.old = true,
                                    .old_properties = properties,
                                    .profiling = properties & CL_QUEUE_PROFILING_ENABLE,
                                    .ordered =
                                        !(properties & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE)};
    struct rn_opencl_call call;
    cl_command_queue queue;
    cl_int own_result = CL_SUCCESS;

    rn_opencl_begin(&call, "clCreateCommandQueue");
    queue = rn_opencl_next->clCreateCommandQueue(
        context, device, properties | CL_QUEUE_PROFILING_ENABLE, &own_result);
    if (!queue)
        queue = rn_opencl_next->clCreateCommandQueue(context, device, properties, &own_result);
    else
        follow(queue, context, device, &about);
    rn_opencl_end(&call, own_result, NULL);
    if (result)
        *result = own_result;
    return queue;
}

/* Copy the list with profiling in it; and as it is into `about`. False: it is not for a queue that
 * can be followed: too long, or on the device. */
static bool add_profiling(const cl_queue_properties *list, struct rn_opencl_queue *about,
                          cl_queue_properties forced[RN_OPENCL_PROPERTIES + 2])
{
    cl_queue_properties *value = NULL;
    uint32_t count = 0;

    about->has_list = list != NULL;
    for (; list && list[count]; count += 2) {
        if (count + 3 > RN_OPENCL_PROPERTIES)
            return false;
        forced[count] = about->list[count] = list[count];
        forced[count + 1] = about->list[count + 1] = list[count + 1];
        if (list[count] == CL_QUEUE_PROPERTIES)
            value = &forced[count + 1];
    }
    about->list_count = list ? count + 1 : 0;
    if (!value) {
        forced[count++] = CL_QUEUE_PROPERTIES;
        forced[count] = 0;
        value = &forced[count++];
    }
    forced[count] = 0;
    if (*value & CL_QUEUE_ON_DEVICE)
        return false;
    about->profiling = *value & CL_QUEUE_PROFILING_ENABLE;
    about->ordered = !(*value & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
    *value |= CL_QUEUE_PROFILING_ENABLE;
    return true;
}

static cl_command_queue CL_API_CALL create_queue_by_list(cl_context context, cl_device_id device,
                                                         const cl_queue_properties *list,
                                                         cl_int *result)
{
    cl_queue_properties forced[RN_OPENCL_PROPERTIES + 2];
    struct rn_opencl_queue about = {.ordered = true};
    bool can_be = add_profiling(list, &about, forced);
    struct rn_opencl_call call;
    cl_command_queue queue = NULL;
    cl_int own_result = CL_SUCCESS;

    rn_opencl_begin(&call, "clCreateCommandQueueWithProperties");
    if (can_be)
        queue = rn_opencl_next->clCreateCommandQueueWithProperties(context, device, forced,
                                                                   &own_result);
    if (queue)
        follow(queue, context, device, &about);
    else
        queue =
            rn_opencl_next->clCreateCommandQueueWithProperties(context, device, list, &own_result);
    rn_opencl_end(&call, own_result, NULL);
    if (result)
        *result = own_result;
    return queue;
}

static cl_int CL_API_CALL retain_queue(cl_command_queue handle)
{
    cl_int result = rn_opencl_next->clRetainCommandQueue(handle);
    struct rn_opencl_queue *queue = rn_opencl_find_queue(handle);

    if (queue && result == CL_SUCCESS)
        __atomic_add_fetch(&queue->references, 1, __ATOMIC_RELAXED);
    return result;
}

/* What has ended must not keep the queue: the program may count on its end. */
static cl_int CL_API_CALL release_queue(cl_command_queue handle)
{
    struct rn_opencl_queue *queue = rn_opencl_find_queue(handle);
    cl_int result;

    if (queue)
        rn_opencl_collect(queue, true);
    if (queue && __atomic_sub_fetch(&queue->references, 1, __ATOMIC_RELAXED) == 0) {
        pthread_mutex_lock(&rn_opencl_lock);
        if (!queue->first) {
            remove_queue(queue);
            free(queue);
        }
        pthread_mutex_unlock(&rn_opencl_lock);
    }
    result = rn_opencl_next->clReleaseCommandQueue(handle);
    return result;
}

static cl_int give(size_t size, void *value, size_t *size_out, const void *from, size_t from_size)
{
    if (value && size < from_size)
        return CL_INVALID_VALUE;
    if (value && from_size)
        memcpy(value, from, from_size);
    if (size_out)
        *size_out = from_size;
    return CL_SUCCESS;
}

/* Drivers differ in what they say of a queue that was made without a list, or with an empty one: so
 * one is asked that was made as the program asked for it. NULL: there is none to be had. */
static cl_command_queue make_twin(const struct rn_opencl_queue *queue)
{
    cl_context context;
    cl_int result;

    if (rn_opencl_next->clGetCommandQueueInfo(queue->handle, CL_QUEUE_CONTEXT, sizeof(context),
                                              &context, NULL) != CL_SUCCESS)
        return NULL;
    if (queue->old)
        return rn_opencl_next->clCreateCommandQueue(context, queue->device->id,
                                                    queue->old_properties, &result);
    return rn_opencl_next->clCreateCommandQueueWithProperties(
        context, queue->device->id, queue->has_list ? queue->list : NULL, &result);
}

static cl_int list_info(const struct rn_opencl_queue *queue, size_t size, void *value,
                        size_t *size_out)
{
    cl_int result = rn_opencl_next->clGetCommandQueueInfo(queue->handle, CL_QUEUE_PROPERTIES_ARRAY,
                                                          0, NULL, NULL);
    cl_command_queue twin = result == CL_SUCCESS ? make_twin(queue) : NULL;

    if (result != CL_SUCCESS)
        return result;
    if (!twin)
        return give(size, value, size_out, queue->list, queue->list_count * sizeof(queue->list[0]));
    result = rn_opencl_next->clGetCommandQueueInfo(twin, CL_QUEUE_PROPERTIES_ARRAY, size, value,
                                                   size_out);
    (void)rn_opencl_next->clReleaseCommandQueue(twin);
    return result;
}

static cl_int CL_API_CALL queue_info(cl_command_queue handle, cl_command_queue_info name,
                                     size_t size, void *value, size_t *size_out)
{
    const struct rn_opencl_queue *queue = rn_opencl_find_queue(handle);
    cl_int result;

    if (queue && name == CL_QUEUE_PROPERTIES_ARRAY && !queue->profiling)
        return list_info(queue, size, value, size_out);
    result = rn_opencl_next->clGetCommandQueueInfo(handle, name, size, value, size_out);
    if (result == CL_SUCCESS && queue && name == CL_QUEUE_PROPERTIES && value && !queue->profiling)
        *(cl_command_queue_properties *)value &=
            ~(cl_command_queue_properties)CL_QUEUE_PROFILING_ENABLE;
    return result;
}

static struct rn_opencl_queue *queue_of_event(cl_event event)
{
    cl_command_queue handle = NULL;

    if (rn_opencl_next->clGetEventInfo(event, CL_EVENT_COMMAND_QUEUE, sizeof(handle), &handle,
                                       NULL) != CL_SUCCESS ||
        !handle)
        return NULL;
    return rn_opencl_find_queue(handle);
}

static cl_int CL_API_CALL profiling_info(cl_event event, cl_profiling_info name, size_t size,
                                         void *value, size_t *size_out)
{
    const struct rn_opencl_queue *queue = queue_of_event(event);

    if (queue && !queue->profiling)
        return CL_PROFILING_INFO_NOT_AVAILABLE;
    return rn_opencl_next->clGetEventProfilingInfo(event, name, size, value, size_out);
}

static cl_int CL_API_CALL event_info(cl_event event, cl_event_info name, size_t size, void *value,
                                     size_t *size_out)
{
    cl_int result = rn_opencl_next->clGetEventInfo(event, name, size, value, size_out);

    if (result == CL_SUCCESS && name == CL_EVENT_REFERENCE_COUNT && value && rn_opencl_holds(event))
        --*(cl_uint *)value;
    return result;
}

void rn_opencl_install_queue(cl_icd_dispatch *table)
{
    table->clCreateCommandQueue = create_queue;
    table->clCreateCommandQueueWithProperties = create_queue_by_list;
    table->clRetainCommandQueue = retain_queue;
    table->clReleaseCommandQueue = release_queue;
    table->clGetCommandQueueInfo = queue_info;
    table->clGetEventProfilingInfo = profiling_info;
    table->clGetEventInfo = event_info;
}
