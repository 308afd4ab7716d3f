/* SPDX-License-Identifier: MIT */
/* notice: makes 32-bit calls (int $0x80)
 * Calls by int 0x80 in 64-bit code are 32-bit calls, and recorded as such. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static long call32(long number, long a, long b, long c)
{
    long result;

    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c)
                     : "memory", "r8", "r9", "r10", "r11");
    return result;
}

int main(void)
{
    char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1,
                     0);

    printf("getpid: %d\n", call32(20, 0, 0, 0) == getpid());
    fflush(stdout);
    strcpy(low, "written by int 0x80\n");
    printf("write: %ld\n", call32(4, 1, (long)low, 20));
    printf("bad pointer: %ld\n", call32(4, 1, 16, 20));
    printf("no such call: %ld\n", call32(9999, 0, 0, 0));
    printf("getpid: %d\n", getpid() > 0);
    return 0;
}
