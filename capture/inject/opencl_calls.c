/* SPDX-License-Identifier: MIT */
/* Calls that enqueue nothing but take time, or tell where others come from: waiting, building,
 * making contexts, buffers and kernels. */
#include "opencl_layer.h"

#include <stdio.h>

static cl_int CL_API_CALL finish(cl_command_queue handle)
{
    struct rn_opencl_call call;
    cl_int result;

    rn_opencl_begin(&call, "clFinish");
    call.queue = rn_opencl_find_queue(handle);
    if (call.queue)
        call.correlation = __atomic_load_n(&call.queue->latest, __ATOMIC_RELAXED);
    result = rn_opencl_next->clFinish(handle);
    rn_opencl_end(&call, result, NULL);
    if (call.queue)
        rn_opencl_collect(call.queue, true);
    return result;
}

static cl_int CL_API_CALL flush(cl_command_queue handle)
{
    struct rn_opencl_call call;
    cl_int result;

    rn_opencl_begin(&call, "clFlush");
    call.queue = rn_opencl_find_queue(handle);
    result = rn_opencl_next->clFlush(handle);
    rn_opencl_end(&call, result, NULL);
    return result;
}

/* Tied to the last of them. */
static cl_int CL_API_CALL wait_for_events(cl_uint count, const cl_event *list)
{
    struct rn_opencl_call call;
    cl_int result;

    rn_opencl_begin(&call, "clWaitForEvents");
    if (count > 0 && list)
        call.correlation = rn_opencl_correlation(list[count - 1]);
    result = rn_opencl_next->clWaitForEvents(count, list);
    rn_opencl_end(&call, result, NULL);
    for (cl_uint i = 0; result == CL_SUCCESS && i < count; i++)
        rn_opencl_collect_event(list[i]);
    return result;
}

/* What nobody waits for is seen to end here. */
static cl_int CL_API_CALL release_event(cl_event event)
{
    rn_opencl_collect_event(event);
    return rn_opencl_next->clReleaseEvent(event);
}

typedef void(CL_CALLBACK *notify_fn)(cl_program program, void *context);

static cl_int CL_API_CALL build_program(cl_program program, cl_uint count,
                                        const cl_device_id *devices, const char *options,
                                        notify_fn notify, void *context)
{
    struct rn_opencl_call call;
    cl_int result;

    rn_opencl_begin(&call, "clBuildProgram");
    result = rn_opencl_next->clBuildProgram(program, count, devices, options, notify, context);
    rn_opencl_end(&call, result, options);
    return result;
}

static cl_int CL_API_CALL compile_program(cl_program program, cl_uint count,
                                          const cl_device_id *devices, const char *options,
                                          cl_uint header_count, const cl_program *headers,
                                          const char **names, notify_fn notify, void *context)
{
    struct rn_opencl_call call;
    cl_int result;

    rn_opencl_begin(&call, "clCompileProgram");
    result = rn_opencl_next->clCompileProgram(program, count, devices, options, header_count,
                                              headers, names, notify, context);
    rn_opencl_end(&call, result, options);
    return result;
}

static cl_program CL_API_CALL link_program(cl_context context, cl_uint count,
                                           const cl_device_id *devices, const char *options,
                                           cl_uint program_count, const cl_program *programs,
                                           notify_fn notify, void *user, cl_int *result)
{
    cl_int own_result = CL_SUCCESS;
    struct rn_opencl_call call;
    cl_program program;

    rn_opencl_begin(&call, "clLinkProgram");
    program = rn_opencl_next->clLinkProgram(context, count, devices, options, program_count,
                                            programs, notify, user, &own_result);
    rn_opencl_end(&call, own_result, options);
    if (result)
        *result = own_result;
    return program;
}

static cl_program CL_API_CALL create_program(cl_context context, cl_uint count, const char **texts,
                                             const size_t *lengths, cl_int *result)
{
    cl_int own_result = CL_SUCCESS;
    struct rn_opencl_call call;
    cl_program program;

    rn_opencl_begin(&call, "clCreateProgramWithSource");
    program =
        rn_opencl_next->clCreateProgramWithSource(context, count, texts, lengths, &own_result);
    rn_opencl_end(&call, own_result, NULL);
    if (result)
        *result = own_result;
    return program;
}

static cl_kernel CL_API_CALL create_kernel(cl_program program, const char *name, cl_int *result)
{
    cl_int own_result = CL_SUCCESS;
    struct rn_opencl_call call;
    cl_kernel kernel;

    rn_opencl_begin(&call, "clCreateKernel");
    kernel = rn_opencl_next->clCreateKernel(program, name, &own_result);
    rn_opencl_end(&call, own_result, name);
    if (result)
        *result = own_result;
    return kernel;
}

typedef void(CL_CALLBACK *error_fn)(const char *what, const void *info, size_t size, void *context);

static cl_context CL_API_CALL create_context(const cl_context_properties *properties, cl_uint count,
                                             const cl_device_id *devices, error_fn notify,
                                             void *user, cl_int *result)
{
    cl_int own_result = CL_SUCCESS;
    struct rn_opencl_call call;
    cl_context context;

    rn_opencl_begin(&call, "clCreateContext");
    context =
        rn_opencl_next->clCreateContext(properties, count, devices, notify, user, &own_result);
    rn_opencl_end(&call, own_result, NULL);
    if (result)
        *result = own_result;
    return context;
}

static cl_context CL_API_CALL create_context_by_type(const cl_context_properties *properties,
                                                     cl_device_type type, error_fn notify,
                                                     void *user, cl_int *result)
{
    cl_int own_result = CL_SUCCESS;
    struct rn_opencl_call call;
    cl_context context;

    rn_opencl_begin(&call, "clCreateContextFromType");
    context = rn_opencl_next->clCreateContextFromType(properties, type, notify, user, &own_result);
    rn_opencl_end(&call, own_result, NULL);
    if (result)
        *result = own_result;
    return context;
}

static cl_mem CL_API_CALL create_buffer(cl_context context, cl_mem_flags flags, size_t size,
                                        void *host, cl_int *result)
{
    cl_int own_result = CL_SUCCESS;
    struct rn_opencl_call call;
    cl_mem buffer;
    char text[32];

    rn_opencl_begin(&call, "clCreateBuffer");
    buffer = rn_opencl_next->clCreateBuffer(context, flags, size, host, &own_result);
    snprintf(text, sizeof(text), "%zu bytes", size);
    rn_opencl_end(&call, own_result, text);
    if (result)
        *result = own_result;
    return buffer;
}

void rn_opencl_install_calls(cl_icd_dispatch *table)
{
    table->clFinish = finish;
    table->clFlush = flush;
    table->clWaitForEvents = wait_for_events;
    table->clReleaseEvent = release_event;
    table->clBuildProgram = build_program;
    table->clCompileProgram = compile_program;
    table->clLinkProgram = link_program;
    table->clCreateProgramWithSource = create_program;
    table->clCreateKernel = create_kernel;
    table->clCreateContext = create_context;
    table->clCreateContextFromType = create_context_by_type;
    table->clCreateBuffer = create_buffer;
}
