/* SPDX-License-Identifier: MIT */
/* notice: has a shadow stack unless no shadow stack
 * A program that turns its shadow stack on by itself, where processor and kernel have one. */
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ARCH_SHSTK_ENABLE 0x5001
#define ARCH_SHSTK_SHSTK  1

int main(void)
{
    long result;

    /* Not through a function, which could not return any more. */
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(SYS_arch_prctl), "D"(ARCH_SHSTK_ENABLE), "S"(ARCH_SHSTK_SHSTK)
                     : "rcx", "r11", "memory");
    for (int i = 0; i < 100; i++)
        if (getppid() <= 0)
            _exit(9);
    if (result == 0)
        dprintf(1, "a shadow stack\n");
    else
        dprintf(1, "no shadow stack\n");
    _exit(0);
}
