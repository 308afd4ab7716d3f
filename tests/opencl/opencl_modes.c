/* SPDX-License-Identifier: MIT */
/* What programs do with OpenCL, a mode each: opencl_modes MODE [COUNT]. Prints what must not change
 * when it is recorded. Exits with 77 where there is no device. */
#define CL_TARGET_OPENCL_VERSION 300
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FLOATS 1024u
#define BYTES  (FLOATS * sizeof(float))

static const char source[] = "__kernel void add(__global float *a) { a[get_global_id(0)] += 1; }\n"
                             "__kernel void spin(__global float *a, int n) {\n"
                             "    float x = a[0];\n"
                             "    for (int i = 0; i < n; i++) x = x * 0.5f + (float)i;\n"
                             "    a[0] = x; }\n";

struct device {
    cl_device_id id;
    cl_context context;
    cl_command_queue queue;
    cl_kernel add, spin;
    cl_mem memory;
};

static cl_device_id device_id(void)
{
    cl_platform_id platform;
    cl_device_id id;

    if (clGetPlatformIDs(1, &platform, NULL) != CL_SUCCESS ||
        clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &id, NULL) != CL_SUCCESS)
        exit(77);
    return id;
}

/* Some drivers cannot do this in several threads at once. */
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

static struct device open_device(cl_command_queue_properties properties)
{
    struct device device = {.id = device_id()};
    const char *text = source;
    cl_program program;
    float zeros[FLOATS] = {0};

    device.context = clCreateContext(NULL, 1, &device.id, NULL, NULL, NULL);
    device.queue = clCreateCommandQueue(device.context, device.id, properties, NULL);
    program = clCreateProgramWithSource(device.context, 1, &text, NULL, NULL);
    if (clBuildProgram(program, 1, &device.id, "", NULL, NULL) != CL_SUCCESS)
        exit(1);
    device.add = clCreateKernel(program, "add", NULL);
    device.spin = clCreateKernel(program, "spin", NULL);
    device.memory = clCreateBuffer(device.context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, BYTES,
                                   zeros, NULL);
    clSetKernelArg(device.add, 0, sizeof(cl_mem), &device.memory);
    return device;
}

static void run_add(const struct device *device, cl_command_queue queue, cl_uint count,
                    const cl_event *list, cl_event *event)
{
    const size_t global = FLOATS, local = 64;

    if (clEnqueueNDRangeKernel(queue, device->add, 1, NULL, &global, &local, count, list, event) !=
        CL_SUCCESS)
        exit(1);
}

static void print_first(const struct device *device, cl_command_queue queue)
{
    float first = -1;

    clEnqueueReadBuffer(queue, device->memory, CL_TRUE, 0, sizeof(first), &first, 0, NULL, NULL);
    printf("%g\n", (double)first);
}

/* Ten, and a wait; and so on. */
static void mode_kernels(unsigned count)
{
    struct device device = open_device(0);

    for (unsigned i = 0; i < count; i++) {
        cl_event event;

        run_add(&device, device.queue, 0, NULL, i % 10 == 4 ? &event : NULL);
        if (i % 10 == 4) {
            clWaitForEvents(1, &event);
            clReleaseEvent(event);
        }
        if (i % 10 == 9)
            clFinish(device.queue);
    }
    print_first(&device, device.queue);
}

/* For `make bench-gpu`: ns a call that enqueues, and all in all. */
static void mode_bench(unsigned count)
{
    struct device device = open_device(0);
    struct timespec begin, now;
    double enqueueing = 0, all;

    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (unsigned i = 0; i < count; i++) {
        struct timespec before;

        clock_gettime(CLOCK_MONOTONIC, &before);
        run_add(&device, device.queue, 0, NULL, NULL);
        clock_gettime(CLOCK_MONOTONIC, &now);
        enqueueing +=
            (double)(now.tv_sec - before.tv_sec) * 1e9 + (double)(now.tv_nsec - before.tv_nsec);
        if (i % 100 == 99)
            clFinish(device.queue);
    }
    clFinish(device.queue);
    clock_gettime(CLOCK_MONOTONIC, &now);
    all = (double)(now.tv_sec - begin.tv_sec) * 1e9 + (double)(now.tv_nsec - begin.tv_nsec);
    printf("%.0f %.0f\n", enqueueing / count, all / count);
}

static void mode_transfers(unsigned count)
{
    struct device device = open_device(0);
    const size_t origin[3] = {0, 0, 0}, region[3] = {64, 2, 1};
    cl_mem other = clCreateBuffer(device.context, CL_MEM_READ_WRITE, BYTES, NULL, NULL);
    float data[FLOATS] = {7}, zero = 0, *mapped;

    for (unsigned i = 0; i < count; i++) {
        clEnqueueWriteBuffer(device.queue, device.memory, CL_FALSE, 0, BYTES, data, 0, NULL, NULL);
        clEnqueueCopyBuffer(device.queue, device.memory, other, 0, 0, 512, 0, NULL, NULL);
        clEnqueueFillBuffer(device.queue, other, &zero, sizeof(zero), 256, 256, 0, NULL, NULL);
        clEnqueueReadBufferRect(device.queue, other, CL_TRUE, origin, origin, region, 0, 0, 0, 0,
                                data, 0, NULL, NULL);
        mapped = clEnqueueMapBuffer(device.queue, other, CL_TRUE, CL_MAP_READ, 0, 1024, 0, NULL,
                                    NULL, NULL);
        printf("%g\n", (double)mapped[0]);
        clEnqueueUnmapMemObject(device.queue, other, mapped, 0, NULL, NULL);
    }
    clFinish(device.queue);
    clReleaseMemObject(other);
}

static cl_ulong time_of(cl_event event, cl_profiling_info name, cl_int *result)
{
    cl_ulong time = 0;

    *result = clGetEventProfilingInfo(event, name, sizeof(time), &time, NULL);
    return time;
}

/* Drivers let go of an event a moment after they have said that it is over. */
static cl_uint settled_references(cl_event event)
{
    cl_uint references = 0;

    for (unsigned i = 0; i < 10000; i++) {
        clGetEventInfo(event, CL_EVENT_REFERENCE_COUNT, sizeof(references), &references, NULL);
        if (references <= 2)
            break;
        usleep(1000);
    }
    return references;
}

static void show_queue(const struct device *device, const char *name, cl_command_queue queue)
{
    cl_command_queue_properties properties = 99;
    cl_queue_properties list[16];
    cl_uint queue_references = 0, event_references;
    cl_int results[5];
    size_t size = 0, list_size = 0;
    cl_event event;
    cl_ulong start, end;

    clGetCommandQueueInfo(queue, CL_QUEUE_PROPERTIES, sizeof(properties), &properties, &size);
    results[0] =
        clGetCommandQueueInfo(queue, CL_QUEUE_PROPERTIES_ARRAY, sizeof(list), list, &list_size);
    results[1] = clGetCommandQueueInfo(queue, CL_QUEUE_PROPERTIES, 1, &properties, NULL);
    run_add(device, queue, 0, NULL, &event);
    clFinish(queue);
    start = time_of(event, CL_PROFILING_COMMAND_START, &results[2]);
    end = time_of(event, CL_PROFILING_COMMAND_END, &results[3]);
    results[4] = clGetEventProfilingInfo(event, 0x1111, sizeof(start), &start, NULL);
    event_references = settled_references(event);
    clReleaseEvent(event);
    clGetCommandQueueInfo(queue, CL_QUEUE_REFERENCE_COUNT, sizeof(queue_references),
                          &queue_references, NULL);
    printf("%s: properties %llu (%zu), list %zu", name, (unsigned long long)properties, size,
           list_size / sizeof(list[0]));
    for (size_t i = 0; i < list_size / sizeof(list[0]); i++)
        printf(" %llx", (unsigned long long)list[i]);
    printf(", results %d %d %d %d %d, times %d, references %u %u\n", results[0], results[1],
           results[2], results[3], results[4], start != 0 && start <= end, event_references,
           queue_references);
}

/* What of the recording a program might see. */
static void mode_masked(unsigned count)
{
    struct device device = open_device(0);
    const cl_queue_properties none[] = {0};
    const cl_queue_properties plain[] = {CL_QUEUE_PROPERTIES,
                                         CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, 0};
    const cl_queue_properties profiling[] = {CL_QUEUE_PROPERTIES, CL_QUEUE_PROFILING_ENABLE, 0};
    const cl_queue_properties nonsense[] = {0x7777, 1, 0};
    cl_context context = device.context;
    cl_int result = 0;

    (void)count;
    show_queue(&device, "old", device.queue);
    show_queue(&device, "old, profiling",
               clCreateCommandQueue(context, device.id, CL_QUEUE_PROFILING_ENABLE, NULL));
    show_queue(&device, "none", clCreateCommandQueueWithProperties(context, device.id, NULL, NULL));
    show_queue(&device, "empty",
               clCreateCommandQueueWithProperties(context, device.id, none, NULL));
    show_queue(&device, "plain",
               clCreateCommandQueueWithProperties(context, device.id, plain, NULL));
    show_queue(&device, "profiling",
               clCreateCommandQueueWithProperties(context, device.id, profiling, NULL));
    printf("%d", clCreateCommandQueueWithProperties(context, device.id, nonsense, &result) != NULL);
    printf(" %d", result);
    printf(" %d", clCreateCommandQueue(context, device.id, 1ull << 40, &result) != NULL);
    printf(" %d", result);
    printf(" %d", clCreateCommandQueue(NULL, device.id, 0, &result) != NULL);
    printf(" %d %d\n", result, clFinish(NULL));
}

/* Kernels that wait for each other and for the program, in a queue without order. */
static void mode_unordered(unsigned count)
{
    struct device device = open_device(CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
    cl_event gate = clCreateUserEvent(device.context, NULL), last = gate;

    clRetainEvent(gate);
    for (unsigned i = 0; i < count; i++) {
        cl_event next;

        run_add(&device, device.queue, 1, &last, &next);
        clReleaseEvent(last);
        last = next;
    }
    clFlush(device.queue);
    clSetUserEventStatus(gate, CL_COMPLETE);
    clWaitForEvents(1, &last);
    clReleaseEvent(last);
    clReleaseEvent(gate);
    print_first(&device, device.queue);
}

/* Events that are polled, and never waited for; nothing is released. */
static void mode_polled(unsigned count)
{
    struct device device = open_device(0);

    for (unsigned i = 0; i < count; i++) {
        cl_int status = CL_QUEUED;
        cl_event event;

        run_add(&device, device.queue, 0, NULL, &event);
        clFlush(device.queue);
        while (status > CL_COMPLETE)
            clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, NULL);
    }
    printf("%u\n", count);
}

/* The program ends while a kernel runs, and others wait. */
static void mode_running(unsigned count)
{
    struct device device = open_device(0);
    const size_t one = 1;
    cl_int rounds = 20000000, none = 0;

    clSetKernelArg(device.spin, 0, sizeof(cl_mem), &device.memory);
    clSetKernelArg(device.spin, 1, sizeof(rounds), &none);
    clEnqueueNDRangeKernel(device.queue, device.spin, 1, NULL, &one, &one, 0, NULL, NULL);
    clFinish(device.queue);
    clSetKernelArg(device.spin, 1, sizeof(rounds), &rounds);
    for (unsigned i = 0; i < count; i++)
        clEnqueueNDRangeKernel(device.queue, device.spin, 1, NULL, &one, &one, 0, NULL, NULL);
    clFlush(device.queue);
    printf("%u\n", count);
}

/* Never let go: killed. */
static void mode_killed(unsigned count)
{
    struct device device = open_device(0);
    cl_event gate = clCreateUserEvent(device.context, NULL);

    for (unsigned i = 0; i < count; i++)
        run_add(&device, device.queue, 0, NULL, NULL);
    clFinish(device.queue);
    for (unsigned i = 0; i < count; i++)
        run_add(&device, device.queue, 1, &gate, NULL);
    clFlush(device.queue);
    printf("%u\n", count);
    fflush(stdout);
    raise(SIGKILL);
}

/* The recorder, this program's parent, is killed; and it, by that. */
static void mode_orphaned(unsigned count)
{
    struct device device = open_device(0);

    for (unsigned i = 0; i < count; i++)
        run_add(&device, device.queue, 0, NULL, NULL);
    clFinish(device.queue);
    printf("%u\n", count);
    fflush(stdout);
    kill(getppid(), SIGKILL);
    for (;;)
        pause();
}

static void *use_device(void *context)
{
    unsigned count = *(unsigned *)context;
    cl_command_queue second;
    struct device device;

    pthread_mutex_lock(&opening);
    device = open_device(0);
    second = clCreateCommandQueue(device.context, device.id, 0, NULL);
    run_add(&device, second, 0, NULL, NULL);
    clFinish(second);
    pthread_mutex_unlock(&opening);
    for (unsigned i = 0; i < count; i++) {
        run_add(&device, i % 2 ? second : device.queue, 0, NULL, NULL);
        clFinish(i % 2 ? second : device.queue);
    }
    clReleaseCommandQueue(second);
    clReleaseCommandQueue(device.queue);
    clReleaseContext(device.context);
    return NULL;
}

/* A context and two queues in each of four threads. */
static void mode_threads(unsigned count)
{
    pthread_t threads[4];

    for (unsigned i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, use_device, &count);
    for (unsigned i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    printf("%u\n", count);
}

static void mode_fork_before(unsigned count)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        mode_kernels(count);
        fflush(stdout);
        _exit(3);
    }
    waitpid(pid, &status, 0);
    printf("%d\n", WEXITSTATUS(status));
    mode_kernels(count);
}

/* The driver's threads are not in the child: it can only end, one way or the other. */
static void mode_fork_after(unsigned count)
{
    struct device device = open_device(0);

    for (unsigned i = 0; i < 2; i++) {
        pid_t pid;
        int status;

        run_add(&device, device.queue, 0, NULL, NULL);
        fflush(stdout);
        pid = fork();
        if (pid == 0 && i == 0)
            _exit(4);
        if (pid == 0)
            exit(5);
        waitpid(pid, &status, 0);
        printf("%d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
    }
    for (unsigned i = 2; i < count; i++)
        run_add(&device, device.queue, 0, NULL, NULL);
    print_first(&device, device.queue);
}

static void mode_queues(unsigned count)
{
    struct device device = open_device(0);

    for (unsigned i = 0; i < count; i++) {
        cl_command_queue queue = clCreateCommandQueue(device.context, device.id, 0, NULL);

        run_add(&device, queue, 0, NULL, NULL);
        clFinish(queue);
        clReleaseCommandQueue(queue);
    }
    print_first(&device, device.queue);
}

static const struct {
    const char *name;
    void (*run)(unsigned count);
} modes[] = {
    {"kernels", mode_kernels},       {"bench", mode_bench},
    {"transfers", mode_transfers},   {"masked", mode_masked},
    {"unordered", mode_unordered},   {"polled", mode_polled},
    {"running", mode_running},       {"killed", mode_killed},
    {"threads", mode_threads},       {"fork_before", mode_fork_before},
    {"fork_after", mode_fork_after}, {"queues", mode_queues},
    {"orphaned", mode_orphaned},
};

int main(int argc, char **argv)
{
    unsigned count = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 10;

    for (size_t i = 0; argc > 1 && i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strcmp(argv[1], modes[i].name) != 0)
            continue;
        modes[i].run(count);
        return 0;
    }
    fprintf(stderr, "usage: opencl_modes MODE [COUNT]\n");
    return 2;
}
