/* SPDX-License-Identifier: MIT */
/* A CUDA program whose every kernel, copy and wait is known beforehand, for check-gpu: streams that
 * overlap, asynchronous copies, a graph, managed memory, peers where there are several devices.
 * cuda_work.rna beside it is a recording of it (rn-record --cuda), made on one NVIDIA H200 with
 * CUDA 13.0 and driver 580; cuda_work.json is what it printed then.
 *   cuda_work          all of it; prints as JSON what a recording of it must show
 *   cuda_work short N  N empty kernels, for measuring; prints how many ns they took */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

static void check(cudaError_t result, const char *what, int line)
{
    if (result == cudaSuccess)
        return;
    std::fprintf(stderr, "cuda_work: line %d: %s: %s\n", line, what, cudaGetErrorString(result));
    std::exit(2);
}
#define CHECK(call) check((call), #call, __LINE__)

enum { ELEMENTS = 1 << 18, SAXPY = 100, COPIES = 10, FILLS = 4, GRAPH_RUNS = 7, SPINS = 5 };
static const size_t bytes = ELEMENTS * sizeof(float);

extern "C" __global__ void saxpy(int n, float a, const float *x, float *y)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;

    if (i < n)
        y[i] = a * x[i] + y[i];
}

extern "C" __global__ void add_one(int n, float *x)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;

    if (i < n)
        x[i] += 1;
}

extern "C" __global__ void managed_add(int n, int *x)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;

    if (i < n)
        x[i] += i;
}

extern "C" __global__ void spin(long long ns)
{
    unsigned long long begin, now;

    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(begin));
    do
        asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now));
    while ((long long)(now - begin) < ns);
}

extern "C" __global__ void nothing()
{
}

static long long now_ns()
{
    timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static void expect(bool right, const char *what)
{
    if (right)
        return;
    std::fprintf(stderr, "cuda_work: wrong result: %s\n", what);
    std::exit(2);
}

/* Copies there and back, and kernels in between, on one stream. */
static void run_stream(float *host, float *x, float *y, cudaStream_t stream)
{
    for (int i = 0; i < ELEMENTS; i++)
        host[i] = 1;
    for (int i = 0; i < COPIES; i++)
        CHECK(cudaMemcpyAsync(x, host, bytes, cudaMemcpyHostToDevice, stream));
    for (int i = 0; i < FILLS; i++)
        CHECK(cudaMemsetAsync(y, 0, bytes, stream));
    for (int i = 0; i < SAXPY; i++)
        saxpy<<<ELEMENTS / 256, 256, 0, stream>>>(ELEMENTS, 2, x, y);
    for (int i = 0; i < COPIES; i++)
        CHECK(cudaMemcpyAsync(host, y, bytes, cudaMemcpyDeviceToHost, stream));
    CHECK(cudaMemcpyAsync(x, y, bytes, cudaMemcpyDeviceToDevice, stream));
    CHECK(cudaStreamSynchronize(stream));
    expect(host[0] == 2 * SAXPY && host[ELEMENTS - 1] == 2 * SAXPY, "saxpy");
}

/* The same spans, as cudaEvent times them: once the kernel is loaded, which the driver does late. */
static void run_spins(cudaStream_t stream)
{
    cudaEvent_t before, after;
    cudaFuncAttributes attributes;

    CHECK(cudaFuncGetAttributes(&attributes, spin));
    nothing<<<1, 1, 0, stream>>>();
    CHECK(cudaStreamSynchronize(stream));
    CHECK(cudaEventCreate(&before));
    CHECK(cudaEventCreate(&after));
    std::printf("\"spin_ms\": [");
    for (int i = 0; i < SPINS; i++) {
        float ms;

        CHECK(cudaEventRecord(before, stream));
        spin<<<1, 1, 0, stream>>>(2000000ll * (i + 1));
        CHECK(cudaEventRecord(after, stream));
        CHECK(cudaEventSynchronize(after));
        CHECK(cudaEventElapsedTime(&ms, before, after));
        std::printf("%s%.6f", i ? ", " : "", ms);
    }
    std::printf("],\n");
}

static void run_overlapping(cudaStream_t one, cudaStream_t two)
{
    spin<<<1, 1, 0, one>>>(20000000);
    spin<<<1, 1, 0, two>>>(20000000);
    CHECK(cudaDeviceSynchronize());
}

static void run_graph(float *x, float *y, cudaStream_t stream)
{
    cudaGraph_t graph;
    cudaGraphExec_t executable;

    CHECK(cudaMemsetAsync(x, 0, bytes, stream));
    CHECK(cudaStreamSynchronize(stream));
    CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
    add_one<<<ELEMENTS / 256, 256, 0, stream>>>(ELEMENTS, x);
    CHECK(cudaMemcpyAsync(y, x, bytes, cudaMemcpyDeviceToDevice, stream));
    add_one<<<ELEMENTS / 256, 256, 0, stream>>>(ELEMENTS, x);
    CHECK(cudaStreamEndCapture(stream, &graph));
    CHECK(cudaGraphInstantiate(&executable, graph, 0));
    for (int i = 0; i < GRAPH_RUNS; i++)
        CHECK(cudaGraphLaunch(executable, stream));
    CHECK(cudaStreamSynchronize(stream));
    CHECK(cudaGraphExecDestroy(executable));
    CHECK(cudaGraphDestroy(graph));
}

static void run_managed()
{
    int *shared;

    CHECK(cudaMallocManaged(&shared, ELEMENTS * sizeof(int)));
    std::memset(shared, 0, ELEMENTS * sizeof(int));
    managed_add<<<ELEMENTS / 256, 256>>>(ELEMENTS, shared);
    CHECK(cudaDeviceSynchronize());
    expect(shared[1] == 1 && shared[ELEMENTS - 1] == ELEMENTS - 1, "managed memory");
    CHECK(cudaFree(shared));
}

static int run_peers(const float *x)
{
    int devices = 0;
    float *there;

    CHECK(cudaGetDeviceCount(&devices));
    if (devices < 2)
        return 0;
    CHECK(cudaSetDevice(1));
    CHECK(cudaMalloc(&there, bytes));
    CHECK(cudaMemcpyPeer(there, 1, x, 0, bytes));
    CHECK(cudaDeviceSynchronize());
    CHECK(cudaFree(there));
    CHECK(cudaSetDevice(0));
    return 1;
}

static int run_short(long count)
{
    long long began;

    nothing<<<1, 1>>>();
    CHECK(cudaDeviceSynchronize());
    began = now_ns();
    for (long i = 0; i < count; i++)
        nothing<<<1, 1>>>();
    CHECK(cudaDeviceSynchronize());
    std::printf("%lld\n", now_ns() - began);
    return 0;
}

int main(int argc, char **argv)
{
    float *host, *x, *y;
    cudaStream_t one, two;
    int peers;

    if (argc > 2 && std::strcmp(argv[1], "short") == 0)
        return run_short(std::strtol(argv[2], nullptr, 10));
    CHECK(cudaMallocHost(&host, bytes));
    CHECK(cudaMalloc(&x, bytes));
    CHECK(cudaMalloc(&y, bytes));
    CHECK(cudaStreamCreateWithFlags(&one, cudaStreamNonBlocking));
    CHECK(cudaStreamCreateWithFlags(&two, cudaStreamNonBlocking));
    std::printf("{");
    run_spins(one);
    run_stream(host, x, y, one);
    run_overlapping(one, two);
    run_graph(x, y, two);
    run_managed();
    peers = run_peers(x);
    std::printf("\"kernels\": {\"saxpy\": %d, \"spin\": %d, \"add_one\": %d, \"managed_add\": 1},\n",
                SAXPY, SPINS + 2, 2 * GRAPH_RUNS);
    std::printf("\"transfers\": {\"1\": [%d, %zu], \"2\": [%d, %zu], \"3\": [%d, %zu], "
                "\"4\": [%d, %zu], \"6\": [%d, %zu]},\n",
                COPIES, COPIES * bytes, COPIES, COPIES * bytes, 1 + GRAPH_RUNS,
                (1 + GRAPH_RUNS) * bytes, peers, peers * bytes, FILLS + 1, (FILLS + 1) * bytes);
    std::printf("\"calls\": {\"cudaGraphLaunch\": %d, \"cudaStreamBeginCapture\": 1},\n",
                GRAPH_RUNS);
    std::printf("\"graph_kernels\": %d, \"overlap\": \"spin\"}\n", 2 * GRAPH_RUNS);
    return 0;
}
