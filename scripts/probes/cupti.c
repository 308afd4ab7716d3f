/* SPDX-License-Identifier: MIT */
#include <cupti.h>
#include <stdio.h>

int main(void)
{
    return printf("%d\n", CUPTI_API_VERSION) < 0;
}
