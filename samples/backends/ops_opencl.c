/* SPDX-License-Identifier: MIT */
/* The operations in OpenCL, with the data copied each time, and with data that is on the device. */
#define CL_TARGET_OPENCL_VERSION 120
#include "ops.h"

#include "capture/inject/rn_simd.h"

#include <CL/cl.h>

#define GROUPS 64u /* of sum and dot: each makes one partial result */

static const char source[] =
    "kernel void saxpy_kernel(global const float *x, global const float *z, global float *y, uint "
    "n,"
    " uint side) { size_t i = get_global_id(0); if (i < n) y[i] += 0.5f * x[i]; }\n"
    "kernel void sum_kernel(global const float *x, global const float *z, global float *y, uint n,"
    " uint side) { uint g = get_global_id(0), from = (ulong)n * g / 64, to = (ulong)n * (g + 1) / "
    "64;"
    " float16 v = 0; uint i = from; for (; i + 16 <= to; i += 16) v += vload16(0, x + i);"
    " float s = 0; for (; i < to; i++) s += x[i];"
    " float8 a = v.lo + v.hi; float4 b = a.lo + a.hi; float2 c = b.lo + b.hi;"
    " y[g] = s + c.x + c.y; }\n"
    "kernel void dot_kernel(global const float *x, global const float *z, global float *y, uint n,"
    " uint side) { uint g = get_global_id(0), from = (ulong)n * g / 64, to = (ulong)n * (g + 1) / "
    "64;"
    " float16 v = 0; uint i = from; for (; i + 16 <= to; i += 16)"
    " v += vload16(0, x + i) * vload16(0, z + i);"
    " float s = 0; for (; i < to; i++) s += x[i] * z[i];"
    " float8 a = v.lo + v.hi; float4 b = a.lo + a.hi; float2 c = b.lo + b.hi;"
    " y[g] = s + c.x + c.y; }\n"
    "kernel void conv3x3_kernel(global const float *x, global const float *z, global float *y, "
    "uint n,"
    " uint side) { uint i = get_global_id(0), r = i / side, c = i % side;"
    " if (r < 1 || r + 1 >= side || c < 1 || c + 1 >= side) return; float t = 0;"
    " for (int k = 0; k < 9; k++) t += z[k] * x[(r - 1 + k / 3) * side + c - 1 + k % 3];"
    " y[i] = t; }\n"
    "kernel void matmul_kernel(global const float *x, global const float *z, global float *y, uint "
    "n,"
    " uint side) { uint i = get_global_id(0), r = i / side, c = i % side; if (i >= n) return;"
    " float t = 0; for (uint k = 0; k < side; k++) t += x[r * side + k] * z[k * side + c];"
    " y[i] = t; }\n";

static const char *const kernel_names[OPS] = {"saxpy_kernel", "sum_kernel", "dot_kernel",
                                              "conv3x3_kernel", "matmul_kernel"};

static cl_context context;
static cl_command_queue queue;
static cl_kernel kernels[OPS];
static cl_mem buffers[3]; /* x, z, y */

static bool make_kernels(cl_device_id device)
{
    const char *text = source;
    cl_program program = clCreateProgramWithSource(context, 1, &text, NULL, NULL);

    if (!program || clBuildProgram(program, 1, &device, NULL, NULL, NULL) != CL_SUCCESS)
        return false;
    for (int i = 0; i < OPS; i++) {
        kernels[i] = clCreateKernel(program, kernel_names[i], NULL);
        if (!kernels[i])
            return false;
    }
    return true;
}

static bool start(void)
{
    cl_platform_id platform;
    cl_device_id device;
    cl_uint count = 0;

    if (clGetPlatformIDs(1, &platform, &count) != CL_SUCCESS || !count ||
        clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, &count) != CL_SUCCESS || !count)
        return false;
    context = clCreateContext(NULL, 1, &device, NULL, NULL, NULL);
    queue = context ? clCreateCommandQueue(context, device, 0, NULL) : NULL;
    return queue && make_kernels(device);
}

static void put(cl_mem buffer, const float *from, size_t count)
{
    RN_SIMD_BLOCK_AS("transfer", count, 4 * count, 0, RN_SIMD_GPU, "opencl");
    clEnqueueWriteBuffer(queue, buffer, CL_TRUE, 0, 4 * count, from, 0, NULL, NULL);
}

static void get(cl_mem buffer, float *to, size_t count)
{
    RN_SIMD_BLOCK_AS("transfer", count, 4 * count, 0, RN_SIMD_GPU, "opencl");
    clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, 4 * count, to, 0, NULL, NULL);
}

static size_t second_size(enum op op, const struct op_data *data)
{
    return op == OP_CONV3X3 ? 9 : op == OP_DOT || op == OP_MATMUL ? data->size : 0;
}

static void launch(enum op op, struct op_data *data)
{
    cl_uint n = (cl_uint)data->size, side = (cl_uint)data->side;
    size_t items = op == OP_SUM || op == OP_DOT ? GROUPS : (data->size + 63) / 64 * 64;

    for (cl_uint i = 0; i < 3; i++)
        clSetKernelArg(kernels[op], i, sizeof buffers[i], &buffers[i]);
    clSetKernelArg(kernels[op], 3, sizeof n, &n);
    clSetKernelArg(kernels[op], 4, sizeof side, &side);
    clEnqueueNDRangeKernel(queue, kernels[op], 1, NULL, &items, NULL, 0, NULL, NULL);
    clFinish(queue);
}

static void add_up(struct op_data *data, const float *partial)
{
    data->result = 0;
    for (unsigned i = 0; i < GROUPS; i++)
        data->result += partial[i];
}

static void run_copied(enum op op, struct op_data *data)
{
    size_t second = second_size(op, data);
    float partial[GROUPS];

    put(buffers[0], data->x, data->size);
    if (second)
        put(buffers[1], data->z, second);
    if (op == OP_SAXPY)
        put(buffers[2], data->y, data->size);
    launch(op, data);
    if (op == OP_SUM || op == OP_DOT) {
        get(buffers[2], partial, GROUPS);
        add_up(data, partial);
    } else {
        get(buffers[2], data->y, data->size);
    }
}

/* Room on the device, and the data in it; not part of what is measured. */
static bool begin(struct op_data *data)
{
    for (int i = 0; i < 3; i++) {
        size_t count = data->size < GROUPS ? GROUPS : data->size;
        const float *from = i == 0 ? data->x : i == 1 ? data->z : data->y;

        buffers[i] = clCreateBuffer(context, CL_MEM_READ_WRITE, 4 * count, NULL, NULL);
        if (!buffers[i] || clEnqueueWriteBuffer(queue, buffers[i], CL_TRUE, 0, 4 * data->size, from,
                                                0, NULL, NULL) != CL_SUCCESS)
            return false;
    }
    return true;
}

static void end(struct op_data *data)
{
    (void)data;
    for (int i = 0; i < 3; i++)
        clReleaseMemObject(buffers[i]);
}

#define OPERATION(name, op, bytes, flops)                                                          \
    static void name##_copied(struct op_data *data)                                                \
    {                                                                                              \
        RN_SIMD_BLOCK_AS(#name, data->size, bytes, flops, RN_SIMD_GPU, "opencl");                  \
        run_copied(op, data);                                                                      \
    }                                                                                              \
    static void name##_resident(struct op_data *data)                                              \
    {                                                                                              \
        RN_SIMD_BLOCK_AS(#name, data->size, bytes, flops, RN_SIMD_GPU, "opencl");                  \
        launch(op, data);                                                                          \
    }

OPERATION(saxpy, OP_SAXPY, 12 * data->size, 2 * data->size)
OPERATION(sum, OP_SUM, 4 * data->size, data->size)
OPERATION(dot, OP_DOT, 8 * data->size, 2 * data->size)
OPERATION(conv3x3, OP_CONV3X3, 8 * data->size, 18 * data->size)
OPERATION(matmul, OP_MATMUL, 12 * data->size, 2 * data->size * data->side)

static const struct op_variant variants[2] = {
    {.name = "opencl",
     .backend = "gpu",
     .run = {saxpy_copied, sum_copied, dot_copied, conv3x3_copied, matmul_copied},
     .begin = begin,
     .end = end},
    {.name = "opencl-resident",
     .backend = "gpu",
     .run = {saxpy_resident, sum_resident, dot_resident, conv3x3_resident, matmul_resident},
     .begin = begin,
     .end = end},
};

unsigned ops_opencl(const struct op_variant **first)
{
    *first = variants;
    return start() ? 2 : 0;
}
