/* SPDX-License-Identifier: MIT */
#include <Zydis/Zydis.h>
#include <stdio.h>

int main(void)
{
    unsigned long long version = ZydisGetVersion();

    return printf("%llu.%llu.%llu\n", ZYDIS_VERSION_MAJOR(version), ZYDIS_VERSION_MINOR(version),
                  ZYDIS_VERSION_PATCH(version)) < 0;
}
