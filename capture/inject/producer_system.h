/* SPDX-License-Identifier: MIT */
/* System calls for libraries that are loaded into a program: without a C library of their own, and
 * without touching the program's errno. Results as the kernel gives them: -errno on failure. */
#ifndef RN_PRODUCER_SYSTEM_H
#define RN_PRODUCER_SYSTEM_H

#include <stdint.h>
#include <sys/syscall.h>

static inline int64_t rn_system_call(int64_t nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                                     uint64_t e, uint64_t f)
{
#if defined(__x86_64__)
    register uint64_t r10 __asm__("r10") = d;
    register uint64_t r8 __asm__("r8") = e;
    register uint64_t r9 __asm__("r9") = f;
    int64_t result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register int64_t x8 __asm__("x8") = nr;
    register uint64_t x0 __asm__("x0") = a;
    register uint64_t x1 __asm__("x1") = b;
    register uint64_t x2 __asm__("x2") = c;
    register uint64_t x3 __asm__("x3") = d;
    register uint64_t x4 __asm__("x4") = e;
    register uint64_t x5 __asm__("x5") = f;

    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return (int64_t)x0;
#else
#error "the system call instruction of this machine is not known here"
#endif
}

#endif
