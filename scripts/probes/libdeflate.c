/* SPDX-License-Identifier: MIT */
#include <libdeflate.h>
#include <stdio.h>

int main(void)
{
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(1);

    libdeflate_free_compressor(compressor);
    return !compressor || puts(LIBDEFLATE_VERSION_STRING) < 0;
}
