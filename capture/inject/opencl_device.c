/* SPDX-License-Identifier: MIT */
#include "opencl_layer.h"

#include <stdlib.h>

static struct rn_opencl_device *devices[RN_OPENCL_DEVICES];
static uint64_t device_count;

static struct rn_opencl_device *find(cl_device_id id)
{
    for (uint64_t i = 0; i < device_count; i++)
        if (devices[i]->id == id)
            return devices[i];
    return NULL;
}

struct rn_opencl_device *rn_opencl_find_device(cl_device_id id)
{
    struct rn_opencl_device *device, *new = calloc(1, sizeof(*new));

    if (new && rn_opencl_next->clGetDeviceInfo(id, CL_DEVICE_NAME, sizeof(new->name) - 1, new->name,
                                               NULL) != CL_SUCCESS)
        new->name[0] = '\0';
    pthread_mutex_lock(&rn_opencl_lock);
    device = find(id);
    if (!device && new &&device_count < RN_OPENCL_DEVICES) {
        new->id = id;
        new->number = device_count + 1;
        device = devices[device_count++] = new;
        new = NULL;
    }
    pthread_mutex_unlock(&rn_opencl_lock);
    free(new);
    return device;
}

void rn_opencl_note_last_times(void)
{
    for (uint64_t i = 0; i < device_count; i++)
        rn_opencl_note_last_time(devices[i]);
}
