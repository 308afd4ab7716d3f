/* SPDX-License-Identifier: MIT */
/* What is known of the functions of the APIs by their names. */
#include "device_tie.h"

#include <string.h>

static const char *const waiting[] = {
    "clFinish",
    "clWaitForEvents",
    "cuCtxSynchronize",
    "cuEventSynchronize",
    "cuStreamSynchronize",
    "cudaDeviceSynchronize",
    "cudaEventSynchronize",
    "cudaStreamSynchronize",
    "cudaThreadSynchronize",
    "vkDeviceWaitIdle",
    "vkQueueWaitIdle",
    "vkWaitForFences",
    "vkWaitSemaphores",
    "vkWaitSemaphoresKHR",
};

bool rn_device_call_waits(const char *name, size_t length)
{
    const char *version = memchr(name, '_', length);
    size_t stem = version ? (size_t)(version - name) : length;

    for (size_t i = 0; i < sizeof waiting / sizeof waiting[0]; i++) {
        if (strlen(waiting[i]) == stem && memcmp(waiting[i], name, stem) == 0)
            return true;
    }
    return false;
}
