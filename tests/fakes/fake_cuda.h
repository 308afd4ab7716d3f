/* SPDX-License-Identifier: MIT */
/* A FAKE of the CUDA driver and of CUPTI, for machines without a GPU: there is no device, nothing
 * is computed, and times are made up. It shows that records are decoded and carried as they should
 * be, and what becomes of a program where things go wrong; what a real driver does it cannot show.
 *
 * libcuda.so.1 (fake_cuda.c) has the calls that fake_program.c makes, by their names in the driver,
 * and loads what CUDA_INJECTION64_PATH names as the driver does. It tells libcupti.so.13
 * (fake_cupti.c), if that is loaded, what happened, in records of CUPTI's form. What goes wrong is
 * asked for by variables: FAKE_CUDA_VERSION      of the driver, as cuDriverGetVersion gives it;
 * default 13000 FAKE_CUPTI_VERSION     as cuptiGetVersion gives it, and as records have their size;
 * default 130001 FAKE_CUPTI_TAKEN=NAME  another tool has subscribed FAKE_CUPTI_REFUSES=N   records
 * of kind N cannot be had (CUPTI_ERROR_INSUFFICIENT_PRIVILEGES) FAKE_CUPTI_DROPS=N     so many
 * records are said to have been dropped FAKE_CUPTI_STALLS=1    buffers are handed over at the
 * forced flush only FAKE_CUPTI_PPM=N       its clock runs faster than CLOCK_REALTIME by so many
 * parts in a million */
#ifndef RN_FAKE_CUDA_H
#define RN_FAKE_CUDA_H

#include <stddef.h>
#include <stdint.h>

/* Calls, as CUPTI numbers them (cupti_driver_cbid.h). */
enum fake_call {
    FAKE_CALL_INIT = 1,
    FAKE_CALL_SYNCHRONIZE = 126,
    FAKE_CALL_MEMSET = 216,
    FAKE_CALL_CONTEXT_CREATE = 235,
    FAKE_CALL_HTOD = 277,
    FAKE_CALL_DTOH = 279,
    FAKE_CALL_CONTEXT_GET_CURRENT = 304,
    FAKE_CALL_LAUNCH = 307,
    FAKE_CALL_PEER = 319,
    FAKE_CALL_GRAPH = 514,
    FAKE_CALL_KERNEL_GET_NAME = 719,
};

/* What CUPTI is to the driver. */
struct fake_tool {
    uint64_t (*now)(void); /* ns, of CUPTI's clock */
    void (*record)(const void *record, uint32_t incomplete);
};
/* Of libcuda.so.1. */
void fake_cuda_attach(const struct fake_tool *tool);

/* The driver's own types, as far as they are used. */
typedef const char *fake_function; /* its name */

int cuInit(unsigned flags);
int cuDriverGetVersion(int *version);
int cuCtxCreate_v2(void **context, unsigned flags, int device);
int cuCtxGetCurrent(void **context);
int cuStreamCreate(void **stream, unsigned flags);
int cuModuleGetFunction(fake_function *function, void *module, const char *name);
int cuLaunchKernel(fake_function function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                   unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes,
                   void *stream, void **arguments, void **extra);
int cuMemcpyHtoDAsync_v2(uint64_t target, const void *source, size_t bytes, void *stream);
int cuMemcpyDtoHAsync_v2(void *target, uint64_t source, size_t bytes, void *stream);
int cuMemcpyPeerAsync(uint64_t target, void *target_context, uint64_t source, void *source_context,
                      size_t bytes, void *stream);
int cuMemsetD8Async(uint64_t target, unsigned char value, size_t bytes, void *stream);
int cuGraphLaunch(void *graph, void *stream);
int cuStreamSynchronize(void *stream);
/* Not the driver's: one record as it is, of 64 words at most. */
void fake_cuda_raw(const void *record, size_t size);

#endif
