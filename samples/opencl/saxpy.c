/* SPDX-License-Identifier: MIT */
/* An ordinary OpenCL program, for `rn-record --opencl`: reads numbers from a file, computes 2 x + 1
 * of each on a device, writes them to another file.
 *
 *     gcc -o saxpy samples/opencl/saxpy.c -lOpenCL && ./saxpy IN OUT */
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NUMBERS 65536u

static const char source[] = "__kernel void saxpy(__global float *x, float a, float y)\n"
                             "{ x[get_global_id(0)] = a * x[get_global_id(0)] + y; }\n";

static void check(cl_int result, const char *what)
{
    if (result == CL_SUCCESS)
        return;
    fprintf(stderr, "saxpy: %s: OpenCL says %d\n", what, result);
    exit(1);
}

static cl_kernel build(cl_context context, cl_device_id device)
{
    const char *text = source;
    cl_int result;
    cl_program program = clCreateProgramWithSource(context, 1, &text, NULL, &result);
    cl_kernel kernel;

    check(result, "the program");
    check(clBuildProgram(program, 1, &device, "-cl-fast-relaxed-math", NULL, NULL), "the build");
    kernel = clCreateKernel(program, "saxpy", &result);
    check(result, "the kernel");
    return kernel;
}

static void compute(float *numbers)
{
    const size_t global = NUMBERS, local = 256;
    const float a = 2, y = 1;
    cl_platform_id platform;
    cl_device_id device;
    cl_context context;
    cl_command_queue queue;
    cl_kernel kernel;
    cl_mem memory;
    cl_int result;

    check(clGetPlatformIDs(1, &platform, NULL), "no platform");
    check(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL), "no device");
    context = clCreateContext(NULL, 1, &device, NULL, NULL, &result);
    check(result, "the context");
    queue = clCreateCommandQueue(context, device, 0, &result);
    check(result, "the queue");
    kernel = build(context, device);
    memory = clCreateBuffer(context, CL_MEM_READ_WRITE, NUMBERS * sizeof(float), NULL, &result);
    check(result, "the buffer");
    clSetKernelArg(kernel, 0, sizeof(memory), &memory);
    clSetKernelArg(kernel, 1, sizeof(a), &a);
    clSetKernelArg(kernel, 2, sizeof(y), &y);
    check(clEnqueueWriteBuffer(queue, memory, CL_FALSE, 0, NUMBERS * sizeof(float), numbers, 0,
                               NULL, NULL),
          "write");
    check(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, &local, 0, NULL, NULL), "run");
    check(clEnqueueReadBuffer(queue, memory, CL_TRUE, 0, NUMBERS * sizeof(float), numbers, 0, NULL,
                              NULL),
          "read");
    clReleaseMemObject(memory);
    clReleaseKernel(kernel);
    clReleaseCommandQueue(queue);
    clReleaseContext(context);
}

int main(int argc, char **argv)
{
    static float numbers[NUMBERS];
    int in = argc == 3 ? open(argv[1], O_RDONLY) : -1;
    int out = argc == 3 ? open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;

    if (in < 0 || out < 0 || read(in, numbers, sizeof(numbers)) < 0) {
        fprintf(stderr, "usage: saxpy IN OUT\n");
        return 2;
    }
    compute(numbers);
    return write(out, numbers, sizeof(numbers)) == (ssize_t)sizeof(numbers) ? 0 : 1;
}
