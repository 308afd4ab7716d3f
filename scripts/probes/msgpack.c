/* SPDX-License-Identifier: MIT */
#include <msgpack.h>
#include <stdio.h>

int main(void)
{
    msgpack_unpacked unpacked;

    msgpack_unpacked_init(&unpacked); /* links, not only compiles */
    msgpack_unpacked_destroy(&unpacked);
    return puts(msgpack_version()) < 0;
}
