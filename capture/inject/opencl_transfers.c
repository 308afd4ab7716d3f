/* SPDX-License-Identifier: MIT */
/* Bytes moved to, from and on a device: buffers and shared virtual memory. */
#include "opencl_layer.h"

static uint64_t bytes_of(const size_t region[3])
{
    return region ? (uint64_t)region[0] * region[1] * region[2] : 0;
}

static cl_int CL_API_CALL read_buffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
                                      size_t offset, size_t size, void *to, cl_uint count,
                                      const cl_event *list, cl_event *event)
{
    struct rn_opencl_call call;
    cl_event *slot = rn_opencl_begin_command(&call, "clEnqueueReadBuffer", queue, event);
    cl_int result = rn_opencl_next->clEnqueueReadBuffer(queue, buffer, blocking, offset, size, to,
                                                        count, list, slot);

    return rn_opencl_end_transfer(&call, result, RN_DIRECTION_FROM_DEVICE, size, "read", blocking);
}

static cl_int CL_API_CALL write_buffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
                                       size_t offset, size_t size, const void *from, cl_uint count,
                                       const cl_event *list, cl_event *event)
{
    struct rn_opencl_call call;
    cl_event *slot = rn_opencl_begin_command(&call, "clEnqueueWriteBuffer", queue, event);
    cl_int result = rn_opencl_next->clEnqueueWriteBuffer(queue, buffer, blocking, offset, size,
                                                         from, count, list, slot);

    return rn_opencl_end_transfer(&call, result, RN_DIRECTION_TO_DEVICE, size, "write", blocking);
}

static cl_int CL_API_CALL copy_buffer(cl_command_queue queue, cl_mem from, cl_mem to,
                                      size_t from_offset, size_t to_offset, size_t size,
                                      cl_uint count, const cl_event *list, cl_event *event)
{
    struct rn_opencl_call call;
    cl_event *slot = rn_opencl_begin_command(&call, "clEnqueueCopyBuffer", queue, event);
    cl_int result = rn_opencl_next->clEnqueueCopyBuffer(queue, from, to, from_offset, to_offset,
                                                        size, count, list, slot);

    return rn_opencl_end_transfer(&call, result, RN_DIRECTION_ON_DEVICE, size, "copy", CL_FALSE);
}

static cl_int CL_API_CALL fill_buffer(cl_command_queue queue, cl_mem buffer, const void *pattern,
                                      size_t pattern_size, size_t offset, size_t size,
                                      cl_uint count, const cl_event *list, cl_event *event)
{
    struct rn_opencl_call call;
    cl_event *slot = rn_opencl_begin_command(&call, "clEnqueueFillBuffer", queue, event);
    cl_int result = rn_opencl_next->clEnqueueFillBuffer(queue, buffer, pattern, pattern_size,
                                                        offset, size, count, list, slot);

    return rn_opencl_end_transfer(&call, result, RN_DIRECTION_FILL, size, "fill", CL_FALSE);
}

static cl_int CL_API_CALL read_rect(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
                                    const size_t *buffer_origin, const size_t *host_origin,
                                    const size_t *region, size_t buffer_row, size_t buffer_slice,
                                    size_t host_row, size_t host_slice, void *to, cl_uint count,
                                    const cl_event *list, cl_event *event)
{
    struct rn_opencl_call call;
    cl_event *slot = rn_opencl_begin_command(&call, "clEnqueueReadBufferRect", queue, event);
    cl_int result = rn_opencl_next->clEnqueueReadBufferRect(
        queue, buffer, blocking, buffer_origin, host_origin, region, buffer_row, buffer_slice,
        host_row, host_slice, to, count, list, slot);

    return rn_opencl_end_transfer(&call, result, RN_DIRECTION_FROM_DEVICE, bytes_of(region), "read",
                                  blocking);
}

static cl_int CL_API_CALL write_rect(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
                                     const size_t *buffer_origin, const size_t *host_origin,
                                     const size_t *region, size_t buffer_row, size_t buffer_slice,
                                     size_t host_row, size_t host_slice, const void *from,
                                     cl_uint count, const cl_event *list, cl_event *event)
{
    struct rn_opencl_call call;
    cl_event *slot = rn_opencl_begin_command(&call, "clEnqueueWriteBufferRect", queue, event);
    cl_int result = rn_opencl_next->clEnqueueWriteBufferRect(
        queue, buffer, blocking, buffer_origin, host_origin, region, buffer_row, buffer_slice,
        host_row, host_slice, from, count, list, slot);

    return rn_opencl_end_transfer(&call, result, RN_DIRECTION_TO_DEVICE, bytes_of(region), "write",
                                  blocking);
}

static cl_int CL_API_CALL copy_rect(cl_command_queue queue, cl_mem from, cl_mem to,
                                    const size_t *from_origin, const size_t *to_origin,
                                    const size_t *region, size_t from_row, size_t from_slice,
                                    size_t to_row, size_t to_slice, cl_uint count,
                                    const cl_event *list, cl_event *event)
{
    struct rn_opencl_call call;
    cl_event *slot = rn_opencl_begin_command(&call, "clEnqueueCopyBufferRect", queue, event);
    cl_int result = rn_opencl_next->clEnqueueCopyBufferRect(queue, from, to, from_origin, to_origin,
                                                            region, from_row, from_slice, to_row,
                                                            to_slice, count, list, slot);

    return rn_opencl_end_transfer(&call, result, RN_DIRECTION_ON_DEVICE, bytes_of(region), "copy",
                                  CL_FALSE);
}

static enum rn_direction direction_of_map(cl_map_flags flags)
{
    return flags & CL_MAP_READ ? RN_DIRECTION_FROM_DEVICE : RN_DIRECTION_TO_DEVICE;
}

static void *CL_API_CALL map_buffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
                                    cl_map_flags flags, size_t offset, size_t size, cl_uint count,
                                    const cl_event *list, cl_event *event, cl_int *result)
{
    cl_int own_result = CL_SUCCESS;
    struct rn_opencl_call call;
    cl_event *slot = rn_opencl_begin_command(&call, "clEnqueueMapBuffer", queue, event);
    void *mapped = rn_opencl_next->clEnqueueMapBuffer(queue, buffer, blocking, flags, offset, size,
                                                      count, list, slot, &own_result);

    rn_opencl_end_transfer(&call, own_result, direction_of_map(flags), size, "map", blocking);
    if (result)
        *result = own_result;
    return mapped;
}

/* How much goes back to the device was said by whoever mapped it. */
static cl_int CL_API_CALL unmap(cl_command_queue queue, cl_mem object, void *mapped, cl_uint count,
                                const cl_event *list, cl_event *event)
{
    struct rn_opencl_call call;
    cl_event *slot = rn_opencl_begin_command(&call, "clEnqueueUnmapMemObject", queue, event);
    cl_int result =
        rn_opencl_next->clEnqueueUnmapMemObject(queue, object, mapped, count, list, slot);

    return rn_opencl_end_transfer(&call, result, RN_DIRECTION_TO_DEVICE, 0, "unmap", CL_FALSE);
}

static cl_int CL_API_CALL migrate(cl_command_queue queue, cl_uint object_count,
                                  const cl_mem *objects, cl_mem_migration_flags flags,
                                  cl_uint count, const cl_event *list, cl_event *event)
{
    struct rn_opencl_call call;
    cl_event *slot = rn_opencl_begin_command(&call, "clEnqueueMigrateMemObjects", queue, event);
    cl_int result = rn_opencl_next->clEnqueueMigrateMemObjects(queue, object_count, objects, flags,
                                                               count, list, slot);
    uint64_t bytes = 0;

    for (cl_uint i = 0; result == CL_SUCCESS && i < object_count; i++) {
        size_t size = 0;

        (void)rn_opencl_next->clGetMemObjectInfo(objects[i], CL_MEM_SIZE, sizeof(size), &size,
                                                 NULL);
        bytes += size;
    }
    return rn_opencl_end_transfer(&call, result,
                                  flags & CL_MIGRATE_MEM_OBJECT_HOST ? RN_DIRECTION_FROM_DEVICE
                                                                     : RN_DIRECTION_TO_DEVICE,
                                  bytes, "migrate", CL_FALSE);
}

static cl_int CL_API_CALL svm_copy(cl_command_queue queue, cl_bool blocking, void *to,
                                   const void *from, size_t size, cl_uint count,
                                   const cl_event *list, cl_event *event)
{
    struct rn_opencl_call call;
    cl_event *slot = rn_opencl_begin_command(&call, "clEnqueueSVMMemcpy", queue, event);
    cl_int result =
        rn_opencl_next->clEnqueueSVMMemcpy(queue, blocking, to, from, size, count, list, slot);

    return rn_opencl_end_transfer(&call, result, RN_DIRECTION_UNKNOWN, size, "copy", blocking);
}

static cl_int CL_API_CALL svm_fill(cl_command_queue queue, void *to, const void *pattern,
                                   size_t pattern_size, size_t size, cl_uint count,
                                   const cl_event *list, cl_event *event)
{
    struct rn_opencl_call call;
    cl_event *slot = rn_opencl_begin_command(&call, "clEnqueueSVMMemFill", queue, event);
    cl_int result = rn_opencl_next->clEnqueueSVMMemFill(queue, to, pattern, pattern_size, size,
                                                        count, list, slot);

    return rn_opencl_end_transfer(&call, result, RN_DIRECTION_FILL, size, "fill", CL_FALSE);
}

static cl_int CL_API_CALL svm_map(cl_command_queue queue, cl_bool blocking, cl_map_flags flags,
                                  void *mapped, size_t size, cl_uint count, const cl_event *list,
                                  cl_event *event)
{
    struct rn_opencl_call call;
    cl_event *slot = rn_opencl_begin_command(&call, "clEnqueueSVMMap", queue, event);
    cl_int result =
        rn_opencl_next->clEnqueueSVMMap(queue, blocking, flags, mapped, size, count, list, slot);

    return rn_opencl_end_transfer(&call, result, direction_of_map(flags), size, "map", blocking);
}

static cl_int CL_API_CALL svm_unmap(cl_command_queue queue, void *mapped, cl_uint count,
                                    const cl_event *list, cl_event *event)
{
    struct rn_opencl_call call;
    cl_event *slot = rn_opencl_begin_command(&call, "clEnqueueSVMUnmap", queue, event);
    cl_int result = rn_opencl_next->clEnqueueSVMUnmap(queue, mapped, count, list, slot);

    return rn_opencl_end_transfer(&call, result, RN_DIRECTION_TO_DEVICE, 0, "unmap", CL_FALSE);
}

void rn_opencl_install_transfers(cl_icd_dispatch *table)
{
    table->clEnqueueReadBuffer = read_buffer;
    table->clEnqueueWriteBuffer = write_buffer;
    table->clEnqueueCopyBuffer = copy_buffer;
    table->clEnqueueFillBuffer = fill_buffer;
    table->clEnqueueReadBufferRect = read_rect;
    table->clEnqueueWriteBufferRect = write_rect;
    table->clEnqueueCopyBufferRect = copy_rect;
    table->clEnqueueMapBuffer = map_buffer;
    table->clEnqueueUnmapMemObject = unmap;
    table->clEnqueueMigrateMemObjects = migrate;
    table->clEnqueueSVMMemcpy = svm_copy;
    table->clEnqueueSVMMemFill = svm_fill;
    table->clEnqueueSVMMap = svm_map;
    table->clEnqueueSVMUnmap = svm_unmap;
}
