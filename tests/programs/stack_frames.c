/* SPDX-License-Identifier: MIT */
/* Three functions deep, with frame pointers whatever the compiler does elsewhere, makes a call, and
 * prints the return addresses that a walk of its stack must begin with. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

extern char return_to_inner[], return_to_outer[];
void frame_outer(void);

__asm__(".text\n"
        ".globl frame_outer, return_to_inner, return_to_outer\n"
        "frame_outer:\n\t"
        "push %rbp\n\t"
        "mov %rsp, %rbp\n\t"
        "sub $40, %rsp\n\t"
        "call frame_inner\n"
        "return_to_outer:\n\t"
        "leave\n\t"
        "ret\n"
        "frame_inner:\n\t"
        "push %rbp\n\t"
        "mov %rsp, %rbp\n\t"
        "sub $72, %rsp\n\t"
        "call no_frame\n"
        "return_to_inner:\n\t"
        "leave\n\t"
        "ret\n"
        "no_frame:\n\t"
        "mov $110, %eax\n\t" /* getppid */
        "syscall\n\t"
        "ret\n");

int main(void)
{
    frame_outer();
    printf("0x%" PRIxPTR " 0x%" PRIxPTR "\n", (uintptr_t)return_to_inner,
           (uintptr_t)return_to_outer);
    return 0;
}
