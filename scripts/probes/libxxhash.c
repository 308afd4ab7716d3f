/* SPDX-License-Identifier: MIT */
#define XXH_INLINE_ALL
#include <stdio.h>
#include <xxhash.h>

int main(void)
{
    return printf("%d.%d.%d\n", XXH_VERSION_MAJOR, XXH_VERSION_MINOR, XXH_VERSION_RELEASE) < 0;
}
