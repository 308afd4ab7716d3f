/* SPDX-License-Identifier: MIT */
/* flags: -mfsgsbase
 * notice: uses %gs itself
 * The same by an instruction, which nobody sees. */
#include <stdint.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <unistd.h>

static uint64_t own[2] = {0x1122334455667788, 0};

int main(void)
{
    int lost = 0;

    if (!(getauxval(AT_HWCAP2) & 2)) {
        puts("no fsgsbase");
        return 0;
    }
    printf("before: %d\n", getppid() > 0);
    fflush(stdout);
    __asm__ volatile("wrgsbase %0" : : "r"(own));
    for (int i = 0; i < 100; i++) {
        uint64_t value;

        __asm__ volatile("mov %%gs:0, %0" : "=r"(value));
        lost += value != own[0];
        lost += access("/", F_OK) != 0;
    }
    printf("lost: %d\n", lost);
    return 0;
}
