/* SPDX-License-Identifier: MIT */
/* 32-bit calls (int 0x80) made by a 64-bit program: as a program of that ABI makes them, with all
 * that they point to in the lower 4 GiB. Needs no 32-bit libraries. */
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { NR32_WRITE = 4, NR32_OPEN = 5, NR32_CLOSE = 6, NR32_WRITEV = 146, NR32_PIPE = 42 };

static long call32(long nr, uint32_t a, uint32_t b, uint32_t c)
{
    long result;

    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(nr), "b"(a), "c"(b), "d"(c)
                     : "memory", "r8", "r9", "r10", "r11");
    return result;
}

int main(void)
{
    char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT,
                     -1, 0);
    uint32_t at = (uint32_t)(uintptr_t)low;
    uint32_t parts[4] = {at, 2, at + 2, 3};
    long fd;

    if (low == MAP_FAILED)
        return 2;
    strcpy(low, "/dev/null");
    fd = call32(NR32_OPEN, at, O_WRONLY, 0);
    memcpy(low + 64, parts, sizeof parts);
    if (fd < 0 || call32(NR32_WRITE, (uint32_t)fd, at, 4) != 4 ||
        call32(NR32_WRITEV, (uint32_t)fd, at + 64, 2) != 5)
        return 3;
    if (call32(NR32_PIPE, at + 128, 0, 0) != 0)
        return 4;
    return call32(NR32_CLOSE, 77, 0, 0) == -9 ? 0 : 5;
}
