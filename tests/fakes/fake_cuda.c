/* SPDX-License-Identifier: MIT */
/* The fake of the CUDA driver: see fake_cuda.h. Streams are numbers, a function is its name, and
 * all that is launched takes 2 us, beginning 1 us after the call or where its stream is free; but
 * kernels whose name begins with "endless". */
#include "fake_cuda.h"

#include "capture/inject/cupti_abi.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define DELAY_NS 1000
#define WORK_NS  2000

static const struct fake_tool *tool;
static uint32_t correlations, streams = 7;
static pthread_once_t once = PTHREAD_ONCE_INIT;

void fake_cuda_attach(const struct fake_tool *attached)
{
    tool = attached;
}

static uint64_t now(void)
{
    return tool ? tool->now() : 0;
}

static void put(const void *record)
{
    if (tool)
        tool->record(record, 0);
}

void fake_cuda_raw(const void *record, size_t size)
{
    uint64_t words[64] = {0};

    memcpy(words, record, size < sizeof(words) ? size : sizeof(words));
    put(words);
}

static void put_call(uint32_t function, uint32_t correlation, uint64_t start)
{
    struct rn_cupti_api call = {.kind = RN_CUPTI_DRIVER,
                                .function = function,
                                .start = start,
                                .end = now(),
                                .process = (uint32_t)getpid(),
                                .thread = (uint32_t)syscall(SYS_gettid),
                                .correlation = correlation};

    put(&call);
}

/* As the driver: silent where it cannot be loaded. */
static void load_injection(void)
{
    const char *path = getenv("CUDA_INJECTION64_PATH");
    void *library = path ? dlopen(path, RTLD_NOW) : NULL;
    void *found = library ? dlsym(library, "InitializeInjection") : NULL;
    int (*initialize)(void);

    memcpy(&initialize, &found, sizeof(initialize));
    if (initialize)
        (void)initialize();
}

static void put_device(void)
{
    struct rn_cupti_device device = {.kind = RN_CUPTI_DEVICE,
                                     .bandwidth = 1000000000,
                                     .memory = 16ull << 30,
                                     .multiprocessors = 12,
                                     .capability_major = 9,
                                     .name = "Fake device"};

    put(&device);
}

static void initialize(void)
{
    uint64_t start;

    load_injection();
    start = now();
    put_device();
    put_call(FAKE_CALL_INIT, ++correlations, start);
}

int cuInit(unsigned flags)
{
    (void)flags;
    return pthread_once(&once, initialize);
}

int cuDriverGetVersion(int *version)
{
    const char *text = getenv("FAKE_CUDA_VERSION");

    *version = text ? atoi(text) : 13000;
    return 0;
}

static uint32_t begin(uint64_t *start)
{
    *start = now();
    return __atomic_add_fetch(&correlations, 1, __ATOMIC_RELAXED);
}

int cuCtxCreate_v2(void **context, unsigned flags, int device)
{
    uint64_t start;
    uint32_t correlation = begin(&start);
    struct rn_cupti_context record = {
        .kind = RN_CUPTI_CONTEXT, .context = 1, .device = (uint32_t)device, .null_stream = 7};

    (void)flags;
    *context = (void *)1;
    put(&record);
    put_call(FAKE_CALL_CONTEXT_CREATE, correlation, start);
    return 0;
}

int cuCtxGetCurrent(void **context)
{
    uint64_t start;
    uint32_t correlation = begin(&start);

    *context = (void *)1;
    put_call(FAKE_CALL_CONTEXT_GET_CURRENT, correlation, start);
    return 0;
}

int cuStreamCreate(void **stream, unsigned flags)
{
    uintptr_t number = __atomic_add_fetch(&streams, 1, __ATOMIC_RELAXED);

    (void)flags;
    *stream = (void *)number;
    return 0;
}

int cuModuleGetFunction(fake_function *function, void *module, const char *name)
{
    (void)module;
    *function = name;
    return 0;
}

static uint32_t number_of(void *stream)
{
    return stream ? (uint32_t)(uintptr_t)stream : 7;
}

/* One thing after the other on each stream. */
static uint64_t start_on(void *stream, uint64_t called)
{
    static uint64_t free_from[1024];
    uint64_t *place = &free_from[number_of(stream) % 1024];
    uint64_t start = called + DELAY_NS > *place ? called + DELAY_NS : *place;

    *place = start + WORK_NS;
    return start;
}

static void put_kernel(fake_function function, void *stream, uint32_t correlation, uint64_t start,
                       const unsigned sizes[7], uint32_t node)
{
    uint64_t begun = start_on(stream, start);
    struct rn_cupti_kernel kernel = {.kind = RN_CUPTI_CONCURRENT_KERNEL,
                                     .registers = 32,
                                     .start = begun,
                                     .end = begun + WORK_NS,
                                     .context = 1,
                                     .stream = number_of(stream),
                                     .dynamic_shared = (int32_t)sizes[6],
                                     .correlation = correlation,
                                     .name = function,
                                     .graph_node = node,
                                     .graph = node ? 5 : 0};
    uint32_t endless = strncmp(function, "endless", 7) == 0;

    for (int i = 0; i < 3; i++) {
        kernel.grid[i] = (int32_t)sizes[i];
        kernel.block[i] = (int32_t)sizes[3 + i];
    }
    if (endless)
        kernel.start = kernel.end = 0;
    if (tool)
        tool->record(&kernel, endless);
}

int cuLaunchKernel(fake_function function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                   unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes,
                   void *stream, void **arguments, void **extra)
{
    const unsigned sizes[7] = {grid_x, grid_y, grid_z, block_x, block_y, block_z, shared_bytes};
    uint64_t start;
    uint32_t correlation = begin(&start);

    (void)arguments;
    (void)extra;
    /* As the runtime does where CUPTI is used. */
    put_call(FAKE_CALL_KERNEL_GET_NAME, correlation, start);
    correlation = begin(&start);
    put_call(FAKE_CALL_LAUNCH, correlation, start);
    put_kernel(function, stream, correlation, start, sizes, 0);
    return 0;
}

static int copy(uint32_t call, uint8_t kind, size_t bytes, void *stream)
{
    uint64_t start;
    uint32_t correlation = begin(&start);
    uint64_t begun = start_on(stream, start);
    struct rn_cupti_memcpy record = {.kind = RN_CUPTI_MEMCPY,
                                     .copy_kind = kind,
                                     .bytes = bytes,
                                     .start = begun,
                                     .end = begun + WORK_NS,
                                     .context = 1,
                                     .stream = number_of(stream),
                                     .correlation = correlation};

    put_call(call, correlation, start);
    put(&record);
    return 0;
}

int cuMemcpyHtoDAsync_v2(uint64_t target, const void *source, size_t bytes, void *stream)
{
    (void)target;
    (void)source;
    return copy(FAKE_CALL_HTOD, RN_CUPTI_COPY_HTOD, bytes, stream);
}

int cuMemcpyDtoHAsync_v2(void *target, uint64_t source, size_t bytes, void *stream)
{
    (void)target;
    (void)source;
    return copy(FAKE_CALL_DTOH, RN_CUPTI_COPY_DTOH, bytes, stream);
}

int cuMemcpyPeerAsync(uint64_t target, void *target_context, uint64_t source, void *source_context,
                      size_t bytes, void *stream)
{
    uint64_t start;
    uint32_t correlation = begin(&start);
    uint64_t begun = start_on(stream, start);
    struct rn_cupti_memcpy_peer record = {.kind = RN_CUPTI_MEMCPY2,
                                          .copy_kind = RN_CUPTI_COPY_PTOP,
                                          .bytes = bytes,
                                          .start = begun,
                                          .end = begun + WORK_NS,
                                          .context = 1,
                                          .stream = number_of(stream),
                                          .source_device = 0,
                                          .target_device = 1,
                                          .correlation = correlation};

    (void)target;
    (void)target_context;
    (void)source;
    (void)source_context;
    put_call(FAKE_CALL_PEER, correlation, start);
    put(&record);
    return 0;
}

int cuMemsetD8Async(uint64_t target, unsigned char value, size_t bytes, void *stream)
{
    uint64_t start;
    uint32_t correlation = begin(&start);
    uint64_t begun = start_on(stream, start);
    struct rn_cupti_memset record = {.kind = RN_CUPTI_MEMSET,
                                     .value = value,
                                     .bytes = bytes,
                                     .start = begun,
                                     .end = begun + WORK_NS,
                                     .context = 1,
                                     .stream = number_of(stream),
                                     .correlation = correlation};

    (void)target;
    put_call(FAKE_CALL_MEMSET, correlation, start);
    put(&record);
    return 0;
}

/* Two kernels, as nodes. */
int cuGraphLaunch(void *graph, void *stream)
{
    static const unsigned sizes[7] = {1, 1, 1, 32, 1, 1, 0};
    uint64_t start;
    uint32_t correlation = begin(&start);

    (void)graph;
    put_call(FAKE_CALL_GRAPH, correlation, start);
    put_kernel("node_one", stream, correlation, start, sizes, 21);
    put_kernel("node_two", stream, correlation, start, sizes, 22);
    return 0;
}

int cuStreamSynchronize(void *stream)
{
    uint64_t start;
    uint32_t correlation = begin(&start);
    struct timespec moment = {.tv_nsec = 4 * (DELAY_NS + WORK_NS)};
    struct rn_cupti_synchronization_record wait = {.kind = RN_CUPTI_SYNCHRONIZATION,
                                                   .type = RN_CUPTI_STREAM_SYNCHRONIZE,
                                                   .start = start,
                                                   .correlation = correlation,
                                                   .context = 1,
                                                   .stream = number_of(stream)};

    nanosleep(&moment, NULL);
    wait.end = now();
    put(&wait);
    put_call(FAKE_CALL_SYNCHRONIZE, correlation, start);
    return 0;
}
