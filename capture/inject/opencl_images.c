/* SPDX-License-Identifier: MIT */
/* Bytes moved to, from and on a device: images, whose sizes are in elements. */
#include "opencl_layer.h"

static uint64_t bytes_of(const struct rn_opencl_call *call, cl_mem image, const size_t region[3])
{
    size_t element = 0;

    if (!call->queue || !region ||
        rn_opencl_next->clGetImageInfo(image, CL_IMAGE_ELEMENT_SIZE, sizeof(element), &element,
                                       NULL) != CL_SUCCESS)
        return 0;
    return (uint64_t)region[0] * region[1] * region[2] * element;
}

static cl_int CL_API_CALL read_image(cl_command_queue queue, cl_mem image, cl_bool blocking,
                                     const size_t *origin, const size_t *region, size_t row,
                                     size_t slice, void *to, cl_uint count, const cl_event *list,
                                     cl_event *event)
{
    struct rn_opencl_call call;
    cl_event *slot = rn_opencl_begin_command(&call, "clEnqueueReadImage", queue, event);
    cl_int result = rn_opencl_next->clEnqueueReadImage(queue, image, blocking, origin, region, row,
                                                       slice, to, count, list, slot);

    return rn_opencl_end_transfer(&call, result, RN_DIRECTION_FROM_DEVICE,
                                  bytes_of(&call, image, region), "read", blocking);
}

static cl_int CL_API_CALL write_image(cl_command_queue queue, cl_mem image, cl_bool blocking,
                                      const size_t *origin, const size_t *region, size_t row,
                                      size_t slice, const void *from, cl_uint count,
                                      const cl_event *list, cl_event *event)
{
    struct rn_opencl_call call;
    cl_event *slot = rn_opencl_begin_command(&call, "clEnqueueWriteImage", queue, event);
    cl_int result = rn_opencl_next->clEnqueueWriteImage(queue, image, blocking, origin, region, row,
                                                        slice, from, count, list, slot);

    return rn_opencl_end_transfer(&call, result, RN_DIRECTION_TO_DEVICE,
                                  bytes_of(&call, image, region), "write", blocking);
}

static cl_int CL_API_CALL copy_image(cl_command_queue queue, cl_mem from, cl_mem to,
                                     const size_t *from_origin, const size_t *to_origin,
                                     const size_t *region, cl_uint count, const cl_event *list,
                                     cl_event *event)
{
    struct rn_opencl_call call;
    cl_event *slot = rn_opencl_begin_command(&call, "clEnqueueCopyImage", queue, event);
    cl_int result = rn_opencl_next->clEnqueueCopyImage(queue, from, to, from_origin, to_origin,
                                                       region, count, list, slot);

    return rn_opencl_end_transfer(&call, result, RN_DIRECTION_ON_DEVICE,
                                  bytes_of(&call, from, region), "copy", CL_FALSE);
}

static cl_int CL_API_CALL image_to_buffer(cl_command_queue queue, cl_mem image, cl_mem buffer,
                                          const size_t *origin, const size_t *region, size_t offset,
                                          cl_uint count, const cl_event *list, cl_event *event)
{
    struct rn_opencl_call call;
    cl_event *slot = rn_opencl_begin_command(&call, "clEnqueueCopyImageToBuffer", queue, event);
    cl_int result = rn_opencl_next->clEnqueueCopyImageToBuffer(queue, image, buffer, origin, region,
                                                               offset, count, list, slot);

    return rn_opencl_end_transfer(&call, result, RN_DIRECTION_ON_DEVICE,
                                  bytes_of(&call, image, region), "copy", CL_FALSE);
}

static cl_int CL_API_CALL buffer_to_image(cl_command_queue queue, cl_mem buffer, cl_mem image,
                                          size_t offset, const size_t *origin, const size_t *region,
                                          cl_uint count, const cl_event *list, cl_event *event)
{
    struct rn_opencl_call call;
    cl_event *slot = rn_opencl_begin_command(&call, "clEnqueueCopyBufferToImage", queue, event);
    cl_int result = rn_opencl_next->clEnqueueCopyBufferToImage(queue, buffer, image, offset, origin,
                                                               region, count, list, slot);

    return rn_opencl_end_transfer(&call, result, RN_DIRECTION_ON_DEVICE,
                                  bytes_of(&call, image, region), "copy", CL_FALSE);
}

static cl_int CL_API_CALL fill_image(cl_command_queue queue, cl_mem image, const void *color,
                                     const size_t *origin, const size_t *region, cl_uint count,
                                     const cl_event *list, cl_event *event)
{
    struct rn_opencl_call call;
    cl_event *slot = rn_opencl_begin_command(&call, "clEnqueueFillImage", queue, event);
    cl_int result =
        rn_opencl_next->clEnqueueFillImage(queue, image, color, origin, region, count, list, slot);

    return rn_opencl_end_transfer(&call, result, RN_DIRECTION_FILL, bytes_of(&call, image, region),
                                  "fill", CL_FALSE);
}

static void *CL_API_CALL map_image(cl_command_queue queue, cl_mem image, cl_bool blocking,
                                   cl_map_flags flags, const size_t *origin, const size_t *region,
                                   size_t *row, size_t *slice, cl_uint count, const cl_event *list,
                                   cl_event *event, cl_int *result)
{
    cl_int own_result = CL_SUCCESS;
    struct rn_opencl_call call;
    cl_event *slot = rn_opencl_begin_command(&call, "clEnqueueMapImage", queue, event);
    void *mapped = rn_opencl_next->clEnqueueMapImage(queue, image, blocking, flags, origin, region,
                                                     row, slice, count, list, slot, &own_result);

    rn_opencl_end_transfer(&call, own_result,
                           flags & CL_MAP_READ ? RN_DIRECTION_FROM_DEVICE : RN_DIRECTION_TO_DEVICE,
                           bytes_of(&call, image, region), "map", blocking);
    if (result)
        *result = own_result;
    return mapped;
}

void rn_opencl_install_images(cl_icd_dispatch *table)
{
    table->clEnqueueReadImage = read_image;
    table->clEnqueueWriteImage = write_image;
    table->clEnqueueCopyImage = copy_image;
    table->clEnqueueCopyImageToBuffer = image_to_buffer;
    table->clEnqueueCopyBufferToImage = buffer_to_image;
    table->clEnqueueFillImage = fill_image;
    table->clEnqueueMapImage = map_image;
}
