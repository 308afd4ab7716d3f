/* SPDX-License-Identifier: MIT */
#include <elfutils/libdw.h>
#include <elfutils/version.h>
#include <stdio.h>

int main(void)
{
    printf("0.%d\n", _ELFUTILS_VERSION);
    return dwarf_errno() != 0;
}
