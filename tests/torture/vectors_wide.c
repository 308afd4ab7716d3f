/* SPDX-License-Identifier: MIT */
/* The whole of the AVX registers and the x87 and SSE control words are kept over calls whose bytes
 * are fingerprinted, and in handlers that interrupt them. Skips what the machine does not have.
 * storm: yes
 * varies: close */
#include "storm.h"

#include <immintrin.h>
#include <stdint.h>
#include <unistd.h>

static char data[16384];
static volatile sig_atomic_t signals;

static void on_alarm(int signo)
{
    static char copy[1000];

    (void)signo;
    memset(copy, 1, sizeof(copy)); /* vector registers of its own */
    if (close(-1) == 0)
        fail_test("close");
    signals = signals + 1;
}

#define ALL(op) op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11) op(12)   \
    op(13) op(14) op(15)
#define LOAD(n)  "vmovdqu " #n "*32(%[in]), %%ymm" #n "\n\t"
#define STORE(n) "vmovdqu %%ymm" #n ", " #n "*32(%[out])\n\t"

__attribute__((target("avx"))) static long call_with(long nr, int fd, const uint64_t *in,
                                                     uint64_t *out)
{
    long result = nr;

    __asm__ volatile(ALL(LOAD) "syscall\n\t" ALL(STORE) "vzeroupper"
                     : "+a"(result)
                     : [in] "r"(in), [out] "r"(out), "D"((long)fd), "S"(data), "d"(sizeof(data))
                     : "rcx", "r11", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
                       "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
                       "xmm15");
    return result;
}

/* Such as gcc makes for a constant number: the shape that is patched. */
__attribute__((target("avx"))) static long write_with(int fd, const uint64_t *in, uint64_t *out)
{
    long result;

    __asm__ volatile(ALL(LOAD) "mov $1, %%eax\n\tsyscall\n\t" ALL(STORE) "vzeroupper"
                     : "=&a"(result)
                     : [in] "r"(in), [out] "r"(out), "D"((long)fd), "S"(data), "d"(sizeof(data))
                     : "rcx", "r11", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
                       "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
                       "xmm15");
    return result;
}

int main(void)
{
    uint64_t in[64], out[64];
    unsigned csr = _mm_getcsr();
    int fds[2];

    if (pipe(fds) != 0)
        return 2;
    _mm_setcsr(csr | 0x8000); /* flush to zero */
    handle_signal(SIGALRM, on_alarm, SA_RESTART);
    start_storm(1000);
    for (unsigned i = 0; i < 5000 && __builtin_cpu_supports("avx"); i++) {
        for (unsigned j = 0; j < 64; j++)
            in[j] = (uint64_t)i << 32 | j;
        memset(out, 0, sizeof(out));
        if (write_with(fds[1], in, out) != sizeof(data) || memcmp(in, out, sizeof(in)) != 0)
            fail_test("ymm over write");
        if (call_with(0, fds[0], in, out) != sizeof(data) || memcmp(in, out, sizeof(in)) != 0)
            fail_test("ymm over read");
        if (_mm_getcsr() != (csr | 0x8000))
            fail_test("mxcsr");
    }
    end_storm();
    puts("kept");
    return 0;
}
