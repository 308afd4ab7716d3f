/* SPDX-License-Identifier: MIT */
#include <hwloc.h>
#include <stdio.h>

int main(void)
{
    unsigned version = hwloc_get_api_version();
    return printf("%u.%u\n", version >> 16, version >> 8 & 0xff) < 0;
}
