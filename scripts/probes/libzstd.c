/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <zstd.h>

int main(void)
{
    return puts(ZSTD_versionString()) < 0;
}
