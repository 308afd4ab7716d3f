/* SPDX-License-Identifier: MIT */
/* A program that uses the CUDA driver, which it loads late, by itself; with the fake of it
 * (fake_cuda.h): all N         N times one of each call, on two streams; then a graph threads T N
 * T threads, N kernels each endless       a kernel that does not end fork-before   fork, then N
 * kernels in each fork-after    N kernels, fork, the child exits by exit() and by itself uses
 * nothing; N more child-uses    as fork-after, and the child goes on launching early N       N
 * kernels, then _exit kill N        N kernels, then SIGKILL exec N        N kernels, then exec of
 * true(1) flood N       no more memory can be had; N kernels odd           records with times,
 * names and kinds that are none Prints how many kernels it launched. */
#include "fake_cuda.h"

#include "capture/inject/cupti_abi.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
    __typeof__(&cuInit) init;
    __typeof__(&cuCtxCreate_v2) create_context;
    __typeof__(&cuCtxGetCurrent) current_context;
    __typeof__(&cuStreamCreate) create_stream;
    __typeof__(&cuModuleGetFunction) get_function;
    __typeof__(&cuLaunchKernel) launch;
    __typeof__(&cuMemcpyHtoDAsync_v2) htod;
    __typeof__(&cuMemcpyDtoHAsync_v2) dtoh;
    __typeof__(&cuMemcpyPeerAsync) peer;
    __typeof__(&cuMemsetD8Async) fill;
    __typeof__(&cuGraphLaunch) launch_graph;
    __typeof__(&cuStreamSynchronize) synchronize;
    __typeof__(&fake_cuda_raw) raw;
} cuda;
static unsigned long launched;

static void find(void *library, const char *name, void *place)
{
    void *found = dlsym(library, name);

    if (!found) {
        fprintf(stderr, "libcuda.so.1 has no %s\n", name);
        exit(2);
    }
    memcpy(place, &found, sizeof(found));
}

static void load(void)
{
    void *library = dlopen("libcuda.so.1", RTLD_NOW), *context;

    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        exit(2);
    }
    find(library, "cuInit", &cuda.init);
    find(library, "cuCtxCreate_v2", &cuda.create_context);
    find(library, "cuCtxGetCurrent", &cuda.current_context);
    find(library, "cuStreamCreate", &cuda.create_stream);
    find(library, "cuModuleGetFunction", &cuda.get_function);
    find(library, "cuLaunchKernel", &cuda.launch);
    find(library, "cuMemcpyHtoDAsync_v2", &cuda.htod);
    find(library, "cuMemcpyDtoHAsync_v2", &cuda.dtoh);
    find(library, "cuMemcpyPeerAsync", &cuda.peer);
    find(library, "cuMemsetD8Async", &cuda.fill);
    find(library, "cuGraphLaunch", &cuda.launch_graph);
    find(library, "cuStreamSynchronize", &cuda.synchronize);
    find(library, "fake_cuda_raw", &cuda.raw);
    if (cuda.init(0) != 0 || cuda.create_context(&context, 0, 0) != 0)
        exit(2);
}

static void launch(const char *name, void *stream, unsigned long count)
{
    fake_function function;

    cuda.get_function(&function, NULL, name);
    for (unsigned long i = 0; i < count; i++)
        cuda.launch(function, 16, 2, 1, 128, 1, 1, 512, stream, NULL, NULL);
    __atomic_add_fetch(&launched, count, __ATOMIC_RELAXED);
}

static void run_all(unsigned long count)
{
    void *stream, *context;

    cuda.create_stream(&stream, 0);
    for (unsigned long i = 0; i < count; i++) {
        cuda.current_context(&context);
        cuda.htod(1, &i, 1000, stream);
        cuda.fill(1, 0, 300, stream);
        launch("saxpy", stream, 1);
        launch("reduce", NULL, 1);
        cuda.peer(1, NULL, 2, NULL, 50, stream);
        cuda.dtoh(&i, 1, sizeof(i), stream);
        cuda.synchronize(stream);
    }
    cuda.launch_graph(NULL, stream);
    launched += 2;
}

static void *run_thread(void *count)
{
    void *stream;

    cuda.create_stream(&stream, 0);
    launch("of_thread", stream, (uintptr_t)count);
    cuda.synchronize(stream);
    return NULL;
}

static void run_threads(unsigned long threads, unsigned long count)
{
    pthread_t ids[64];

    for (unsigned long i = 0; i < threads && i < 64; i++)
        pthread_create(&ids[i], NULL, run_thread, (void *)(uintptr_t)count);
    for (unsigned long i = 0; i < threads && i < 64; i++)
        pthread_join(ids[i], NULL);
}

/* The child prints what it launched by itself; the parent waits. */
static void run_fork(unsigned long count, bool before, bool child_uses)
{
    pid_t child;

    if (!before) {
        load();
        launch("before", NULL, count);
    }
    fflush(stdout);
    child = fork();
    if (before)
        load();
    if (child == 0) {
        if (before || child_uses)
            launch("in_child", NULL, count);
        exit(0);
    }
    waitpid(child, NULL, 0);
    launch("in_parent", NULL, count);
    if (before)
        launched += count;
}

static void limit_memory(void)
{
    char line[256];
    unsigned long kib = 0;
    FILE *status = fopen("/proc/self/status", "r");

    while (status && fgets(line, sizeof(line), status) && sscanf(line, "VmSize: %lu", &kib) != 1)
        ;
    if (status)
        fclose(status);
    setrlimit(RLIMIT_AS, &(struct rlimit){kib << 10, kib << 10});
}

/* CUPTI would not make such records, one hopes. */
static void run_odd(void)
{
    struct rn_cupti_kernel kernel = {.kind = RN_CUPTI_CONCURRENT_KERNEL,
                                     .start = 500,
                                     .end = 400,
                                     .device = UINT32_MAX,
                                     .context = 9,
                                     .stream = UINT32_MAX - 1,
                                     .grid = {-1, -2, INT32_MIN},
                                     .name = (const char *)16};
    struct rn_cupti_memcpy copy = {.kind = RN_CUPTI_MEMCPY,
                                   .copy_kind = 200,
                                   .bytes = UINT64_MAX,
                                   .start = 1,
                                   .end = UINT64_MAX};
    struct rn_cupti_api call = {
        .kind = RN_CUPTI_RUNTIME, .function = UINT32_MAX, .start = 9, .end = 3};
    struct rn_cupti_overhead overhead = {
        .kind = RN_CUPTI_OVERHEAD, .overhead = 12345, .object = 77};

    cuda.raw(&kernel, sizeof(kernel));
    kernel.name = NULL;
    kernel.start = 0;
    kernel.end = UINT64_MAX;
    cuda.raw(&kernel, sizeof(kernel));
    cuda.raw(&copy, sizeof(copy));
    cuda.raw(&call, sizeof(call));
    call.function = 20;
    cuda.raw(&call, sizeof(call));
    cuda.raw(&overhead, sizeof(overhead));
    launched += 2;
}

static void run(const char *how, unsigned long count, unsigned long more)
{
    if (strcmp(how, "fork-before") == 0 || strcmp(how, "fork-after") == 0 ||
        strcmp(how, "child-uses") == 0) {
        run_fork(count, how[5] == 'b', how[0] == 'c');
        return;
    }
    load();
    if (strcmp(how, "all") == 0)
        run_all(count);
    else if (strcmp(how, "threads") == 0)
        run_threads(count, more);
    else if (strcmp(how, "odd") == 0)
        run_odd();
    else {
        if (strcmp(how, "flood") == 0)
            limit_memory();
        launch(strcmp(how, "endless") == 0 ? "endless_loop" : "short_one", NULL, count);
    }
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "all";

    run(how, argc > 2 ? strtoul(argv[2], NULL, 10) : 1, argc > 3 ? strtoul(argv[3], NULL, 10) : 1);
    printf("%lu\n", launched);
    fflush(stdout);
    if (strcmp(how, "early") == 0)
        _exit(0);
    if (strcmp(how, "kill") == 0)
        raise(SIGKILL);
    if (strcmp(how, "exec") == 0)
        execlp("true", "true", (char *)NULL);
    return 0;
}
