/* SPDX-License-Identifier: MIT */
#include <archive.h>
#include <stdio.h>

int main(void)
{
    return puts(archive_version_string() + sizeof "libarchive") < 0;
}
