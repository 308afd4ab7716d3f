/* SPDX-License-Identifier: MIT */
/* What runs on a device: kernels; and what only orders it: markers and barriers. */
#include "opencl_layer.h"

/* Work-groups and the work-items of each. Where the program leaves the size of groups to the
 * driver, that is not known: then there are as many groups as work-items, of size 0. */
static void set_sizes(struct rn_kernel *kernel, cl_uint dimensions, const size_t *global,
                      const size_t *local)
{
    for (cl_uint i = 0; i < 3; i++) {
        size_t items = i < dimensions && global ? global[i] : 1;
        size_t group = i < dimensions ? (local ? local[i] : 0) : (local ? 1 : 0);

        kernel->group[i] = group;
        kernel->grid[i] = group ? (items + group - 1) / group : items;
    }
}

static void get_name(cl_kernel kernel, char name[RN_OPENCL_NAME])
{
    size_t size = 0;

    if (rn_opencl_next->clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, RN_OPENCL_NAME, name,
                                        &size) == CL_SUCCESS &&
        size <= RN_OPENCL_NAME)
        return;
    name[0] = '?';
    name[1] = '\0';
}

static cl_int end_kernel(struct rn_opencl_call *call, cl_int result, cl_kernel kernel,
                         const struct rn_kernel *sizes)
{
    char name[RN_OPENCL_NAME] = "?";

    if (call->queue && result == CL_SUCCESS)
        get_name(kernel, name);
    return rn_opencl_end_kernel(call, result, sizes, name);
}

static cl_int CL_API_CALL nd_range_kernel(cl_command_queue queue, cl_kernel kernel,
                                          cl_uint dimensions, const size_t *offset,
                                          const size_t *global, const size_t *local, cl_uint count,
                                          const cl_event *list, cl_event *event)
{
    struct rn_kernel sizes = {.api = RN_API_OPENCL};
    struct rn_opencl_call call;
    cl_event *slot = rn_opencl_begin_command(&call, "clEnqueueNDRangeKernel", queue, event);
    cl_int result = rn_opencl_next->clEnqueueNDRangeKernel(queue, kernel, dimensions, offset,
                                                           global, local, count, list, slot);

    set_sizes(&sizes, dimensions, global, local);
    return end_kernel(&call, result, kernel, &sizes);
}

static cl_int CL_API_CALL task(cl_command_queue queue, cl_kernel kernel, cl_uint count,
                               const cl_event *list, cl_event *event)
{
    const struct rn_kernel sizes = {.grid = {1, 1, 1}, .group = {1, 1, 1}};
    struct rn_opencl_call call;
    cl_event *slot = rn_opencl_begin_command(&call, "clEnqueueTask", queue, event);
    cl_int result = rn_opencl_next->clEnqueueTask(queue, kernel, count, list, slot);

    return end_kernel(&call, result, kernel, &sizes);
}

static cl_int CL_API_CALL native_kernel(cl_command_queue queue, void(CL_CALLBACK *function)(void *),
                                        void *arguments, size_t size, cl_uint object_count,
                                        const cl_mem *objects, const void **locations,
                                        cl_uint count, const cl_event *list, cl_event *event)
{
    const struct rn_kernel sizes = {.grid = {1, 1, 1}, .group = {1, 1, 1}};
    struct rn_opencl_call call;
    cl_event *slot = rn_opencl_begin_command(&call, "clEnqueueNativeKernel", queue, event);
    cl_int result = rn_opencl_next->clEnqueueNativeKernel(
        queue, function, arguments, size, object_count, objects, locations, count, list, slot);

    return rn_opencl_end_kernel(&call, result, &sizes, "native kernel");
}

static cl_int CL_API_CALL marker_with_list(cl_command_queue queue, cl_uint count,
                                           const cl_event *list, cl_event *event)
{
    struct rn_opencl_call call;

    rn_opencl_begin(&call, "clEnqueueMarkerWithWaitList");
    return rn_opencl_end_other(
        &call, queue, rn_opencl_next->clEnqueueMarkerWithWaitList(queue, count, list, event));
}

static cl_int CL_API_CALL barrier_with_list(cl_command_queue queue, cl_uint count,
                                            const cl_event *list, cl_event *event)
{
    struct rn_opencl_call call;

    rn_opencl_begin(&call, "clEnqueueBarrierWithWaitList");
    return rn_opencl_end_other(
        &call, queue, rn_opencl_next->clEnqueueBarrierWithWaitList(queue, count, list, event));
}

void rn_opencl_install_kernels(cl_icd_dispatch *table)
{
    table->clEnqueueNDRangeKernel = nd_range_kernel;
    table->clEnqueueTask = task;
    table->clEnqueueNativeKernel = native_kernel;
    table->clEnqueueMarkerWithWaitList = marker_with_list;
    table->clEnqueueBarrierWithWaitList = barrier_with_list;
}
