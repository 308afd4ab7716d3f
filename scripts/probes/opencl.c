/* SPDX-License-Identifier: MIT */
#define CL_TARGET_OPENCL_VERSION 300
#include <CL/cl_icd.h>
#include <CL/cl_layer.h>
#include <stdio.h>

int main(void)
{
    printf("headers of 3.0, %zu functions\n", sizeof(cl_icd_dispatch) / sizeof(void *));
    return 0;
}
