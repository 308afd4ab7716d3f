/* SPDX-License-Identifier: MIT */
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stdio.h>

/* There need not be a device. */
int main(void)
{
    cl_uint count = 0;

    clGetPlatformIDs(0, NULL, &count);
    return printf("headers and loader\n") < 0;
}
