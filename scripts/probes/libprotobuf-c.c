/* SPDX-License-Identifier: MIT */
#include <protobuf-c/protobuf-c.h>
#include <stdio.h>

int main(void)
{
    return puts(protobuf_c_version()) < 0;
}
