/* SPDX-License-Identifier: MIT */
/* What OpenCL's loader asks a layer for. */
#include "opencl_layer.h"

#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

/* Of newer headers than are everywhere. */
EXPORT cl_int CL_API_CALL clInitLayerWithProperties(cl_uint count, const cl_icd_dispatch *next,
                                                    cl_uint *count_out, const cl_icd_dispatch **out,
                                                    const void *properties);
EXPORT cl_int CL_API_CALL clDeinitLayer(void);

const cl_icd_dispatch *rn_opencl_next;
pthread_mutex_t rn_opencl_lock = PTHREAD_MUTEX_INITIALIZER;

static cl_icd_dispatch next_copy, table;

static cl_int give(size_t size, void *value, size_t *size_out, const void *from, size_t from_size)
{
    if (value && size < from_size)
        return CL_INVALID_VALUE;
    if (value)
        memcpy(value, from, from_size);
    if (size_out)
        *size_out = from_size;
    return CL_SUCCESS;
}

EXPORT cl_int CL_API_CALL clGetLayerInfo(cl_layer_info name, size_t size, void *value,
                                         size_t *size_out)
{
    static const cl_layer_api_version version = CL_LAYER_API_VERSION_100;
    static const char own_name[] = "renacer";

    switch (name) {
    case CL_LAYER_API_VERSION:
        return give(size, value, size_out, &version, sizeof(version));
    case CL_LAYER_NAME:
        return give(size, value, size_out, own_name, sizeof(own_name));
    default:
        return CL_INVALID_VALUE;
    }
}

static void before_fork(void)
{
    pthread_mutex_lock(&rn_opencl_lock);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&rn_opencl_lock);
}

static void in_child(void)
{
    rn_opencl_forget_commands();
    pthread_mutex_unlock(&rn_opencl_lock);
}

/* A loader may be older or newer than the headers that this was built with. */
EXPORT cl_int CL_API_CALL clInitLayer(cl_uint count, const cl_icd_dispatch *next,
                                      cl_uint *count_out, const cl_icd_dispatch **out)
{
    const cl_uint known = sizeof(table) / sizeof(void *), some = count < known ? count : known;

    if (!next || !count_out || !out)
        return CL_INVALID_VALUE;
    memcpy(&next_copy, next, some * sizeof(void *));
    memcpy(&table, next, some * sizeof(void *));
    *count_out = some;
    *out = &table;
    rn_opencl_next = &next_copy;
    if (!rn_producer_open())
        return CL_SUCCESS;
    rn_opencl_install_queue(&table);
    rn_opencl_install_kernels(&table);
    rn_opencl_install_transfers(&table);
    rn_opencl_install_images(&table);
    rn_opencl_install_calls(&table);
    (void)pthread_atfork(before_fork, after_fork, in_child);
    return CL_SUCCESS;
}

EXPORT cl_int CL_API_CALL clInitLayerWithProperties(cl_uint count, const cl_icd_dispatch *next,
                                                    cl_uint *count_out, const cl_icd_dispatch **out,
                                                    const void *properties)
{
    (void)properties;
    return clInitLayer(count, next, count_out, out);
}

EXPORT cl_int CL_API_CALL clDeinitLayer(void)
{
    if (rn_producer_process.file)
        rn_opencl_collect_last();
    return CL_SUCCESS;
}
