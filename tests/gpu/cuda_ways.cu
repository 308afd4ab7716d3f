/* SPDX-License-Identifier: MIT */
/* What programs do with CUDA that a recorder could trip over, a way each: cuda_ways WAY. Prints as JSON
 * what a recording of it must show, the same whether it is recorded or not. */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <csignal>
#include <dlfcn.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 8, EACH = 200, CONTEXTS = 2, KERNELS = 40 };

#define CHECK(call) check((call), #call, __LINE__)
static void check(cudaError_t result, const char *what, int line)
{
    if (result == cudaSuccess)
        return;
    std::fprintf(stderr, "cuda_ways: line %d: %s: %s\n", line, what, cudaGetErrorString(result));
    std::exit(2);
}

extern "C" __global__ void bump(int *x)
{
    atomicAdd(x, 1);
}

extern "C" __global__ void spin(long long ns)
{
    unsigned long long begin, now;

    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(begin));
    do
        asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now));
    while ((long long)(now - begin) < ns);
}

extern "C" __global__ void astray(int *x)
{
    *x = 1;
}

static void say(int kernels, const char *unfinished = "0")
{
    std::printf("{\"kernels\": {\"bump\": %d}, \"unfinished\": %s}\n", kernels, unfinished);
    std::fflush(stdout);
}

static void bump_on(cudaStream_t stream, int count)
{
    int *x, result = -1;

    CHECK(cudaMalloc(&x, sizeof(*x)));
    CHECK(cudaMemsetAsync(x, 0, sizeof(*x), stream));
    for (int i = 0; i < count; i++)
        bump<<<1, 1, 0, stream>>>(x);
    CHECK(cudaMemcpyAsync(&result, x, sizeof(result), cudaMemcpyDeviceToHost, stream));
    CHECK(cudaStreamSynchronize(stream));
    if (result != count)
        std::exit(3);
}

/* Nothing is released. */
static void run_leave()
{
    cudaStream_t stream;
    cudaEvent_t event;

    CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    CHECK(cudaEventCreate(&event));
    bump_on(stream, KERNELS);
    say(KERNELS);
}

static void *run_thread(void *)
{
    cudaStream_t stream;

    CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    bump_on(stream, EACH);
    CHECK(cudaStreamDestroy(stream));
    return nullptr;
}

static void run_threads()
{
    pthread_t threads[THREADS];

    for (pthread_t &thread : threads)
        if (pthread_create(&thread, nullptr, run_thread, nullptr) != 0)
            std::exit(2);
    for (pthread_t thread : threads)
        pthread_join(thread, nullptr);
    say(THREADS * EACH);
}

/* The driver's interface, loaded late; the kernel as text that it compiles; a context after the other,
 * then in turn. */
static const char text[] = ".version 7.0\n.target sm_60\n.address_size 64\n"
                           ".visible .entry bump_of_driver(.param .u64 p)\n{\n"
                           "    .reg .u64 %a;\n    .reg .u32 %b;\n"
                           "    ld.param.u64 %a, [p];\n    atom.global.add.u32 %b, [%a], 1;\n"
                           "    ret;\n}\n";

template <typename T> static void find(void *library, const char *name, T *function)
{
    void *found = dlsym(library, name);

    if (!found)
        std::exit(2);
    std::memcpy(function, &found, sizeof(found));
}

static void expect(int result, int line)
{
    if (result == 0)
        return;
    std::fprintf(stderr, "cuda_ways: line %d: the driver says %d\n", line, result);
    std::exit(2);
}
#define EXPECT(call) expect((call), __LINE__)

struct context {
    void *handle, *module, *function;
    unsigned long long x;
};

struct driver {
    int (*init)(unsigned flags);
    int (*get_device)(int *device, int number);
    int (*create)(void **context, unsigned flags, int device);
    int (*set_current)(void *context);
    int (*load)(void **module, const void *text);
    int (*get_function)(void **function, void *module, const char *name);
    int (*allocate)(unsigned long long *address, size_t size);
    int (*fill)(unsigned long long address, unsigned char value, size_t size);
    int (*launch)(void *function, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                  void *stream, void **params, void **extra);
    int (*read)(void *to, unsigned long long from, size_t size);
};

static void load(driver *cuda)
{
    void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);

    if (!library)
        std::exit(2);
    find(library, "cuInit", &cuda->init);
    find(library, "cuDeviceGet", &cuda->get_device);
    find(library, "cuCtxCreate_v2", &cuda->create);
    find(library, "cuCtxSetCurrent", &cuda->set_current);
    find(library, "cuModuleLoadData", &cuda->load);
    find(library, "cuModuleGetFunction", &cuda->get_function);
    find(library, "cuMemAlloc_v2", &cuda->allocate);
    find(library, "cuMemsetD8_v2", &cuda->fill);
    find(library, "cuLaunchKernel", &cuda->launch);
    find(library, "cuMemcpyDtoH_v2", &cuda->read);
}

static void run_contexts()
{
    driver cuda;
    context contexts[CONTEXTS];
    int device;

    load(&cuda);
    EXPECT(cuda.init(0));
    EXPECT(cuda.get_device(&device, 0));
    for (context &context : contexts) {
        EXPECT(cuda.create(&context.handle, 0, device));
        EXPECT(cuda.load(&context.module, text));
        EXPECT(cuda.get_function(&context.function, context.module, "bump_of_driver"));
        EXPECT(cuda.allocate(&context.x, sizeof(int)));
        EXPECT(cuda.fill(context.x, 0, sizeof(int)));
    }
    for (int i = 0; i < KERNELS * CONTEXTS; i++) {
        context &context = contexts[i % CONTEXTS];
        void *params[] = {&context.x};

        EXPECT(cuda.set_current(context.handle));
        EXPECT(cuda.launch(context.function, 1, 1, 1, 1, 1, 1, 0, nullptr, params, nullptr));
    }
    for (context &context : contexts) {
        int result = -1;

        EXPECT(cuda.set_current(context.handle));
        EXPECT(cuda.read(&result, context.x, sizeof(result)));
        if (result != KERNELS)
            std::exit(3);
    }
    std::printf("{\"kernels\": {\"bump_of_driver\": %d}, \"transfers\": {\"2\": [%d, %zu]}, "
                "\"calls\": {\"cuLaunchKernel\": %d}}\n",
                CONTEXTS * KERNELS, CONTEXTS, CONTEXTS * sizeof(int), CONTEXTS * KERNELS);
}

/* Both use it. */
static void run_fork_before()
{
    pid_t child = fork();
    int status;

    bump_on(nullptr, KERNELS);
    if (child == 0)
        std::exit(0);
    if (waitpid(child, &status, 0) != child || status != 0)
        std::exit(2);
    say(2 * KERNELS);
}

/* The child could not use it if it wanted to. */
static void run_fork_after()
{
    pid_t child;
    int status;

    bump_on(nullptr, KERNELS);
    child = fork();
    if (child == 0)
        std::exit(0);
    if (waitpid(child, &status, 0) != child || status != 0)
        std::exit(2);
    bump_on(nullptr, KERNELS);
    say(2 * KERNELS);
}

/* An address that is none: every call fails from then on. When kernels before it ended is known as
 * far as CUPTI had asked the device. */
static void run_lost()
{
    cudaError_t result;

    bump_on(nullptr, KERNELS);
    astray<<<1, 1>>>(reinterpret_cast<int *>(16));
    result = cudaDeviceSynchronize();
    std::fprintf(stderr, "cuda_ways: %s, %s\n", cudaGetErrorName(result),
                 cudaGetErrorName(cudaDeviceSynchronize()));
    say(KERNELS, "\"any\"");
}

/* It ends while a kernel runs. */
static void run_running()
{
    bump_on(nullptr, KERNELS);
    spin<<<1, 1>>>(3000000000ll);
    CHECK(cudaGetLastError());
    say(KERNELS, "1");
}

static void run_early()
{
    bump_on(nullptr, KERNELS);
    say(KERNELS);
    _exit(0);
}

static void run_killed()
{
    bump_on(nullptr, KERNELS);
    say(KERNELS);
    raise(SIGKILL);
}

static void run_exec()
{
    bump_on(nullptr, KERNELS);
    say(KERNELS);
    execlp("true", "true", nullptr);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)();
    } ways[] = {
        {"leave", run_leave},
        {"threads", run_threads},
        {"contexts", run_contexts},
        {"fork-before", run_fork_before},
        {"fork-after", run_fork_after},
        {"lost", run_lost},
        {"running", run_running},
        {"early", run_early},
        {"killed", run_killed},
        {"exec", run_exec},
    };

    for (const auto &way : ways) {
        if (argc != 2 || std::strcmp(argv[1], way.name) != 0)
            continue;
        way.run();
        return 0;
    }
    std::fprintf(stderr, "usage: cuda_ways WAY\n");
    return 2;
}
