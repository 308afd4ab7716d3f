/* SPDX-License-Identifier: MIT */
/* All 32 registers of AVX-512 and its masks are kept over calls whose bytes are fingerprinted, and
 * over signals that interrupt them. Skips what the machine does not have.
 * storm: yes
 * varies: close */
#include "storm.h"

#include <stdint.h>
#include <unistd.h>

#define HALF(op)                                                                                   \
    op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11) op(12) op(13) op(14) \
        op(15)
#define OTHER_HALF(op)                                                                             \
    op(16) op(17) op(18) op(19) op(20) op(21) op(22) op(23) op(24) op(25) op(26) op(27) op(28)     \
        op(29) op(30) op(31)
#define MASKS(op) op(1) op(2) op(3) op(4) op(5) op(6) op(7)

#define LOAD(n)       "vmovdqu64 " #n "*64(%[in]), %%zmm" #n "\n\t"
#define STORE(n)      "vmovdqu64 %%zmm" #n ", " #n "*64(%[out])\n\t"
#define LOAD_MASK(n)  "kmovw 2048+" #n "*2(%[in]), %%k" #n "\n\t"
#define STORE_MASK(n) "kmovw %%k" #n ", 2048+" #n "*2(%[out])\n\t"
#define LOAD_ALL      HALF(LOAD) OTHER_HALF(LOAD) MASKS(LOAD_MASK)
#define STORE_ALL     HALF(STORE) OTHER_HALF(STORE) MASKS(STORE_MASK)

static char data[8192];

static void on_alarm(int signo)
{
    (void)signo;
    if (close(-1) == 0)
        fail_test("close");
}

/* The compiler keeps nothing in these registers here: it is told of none of them. */
__attribute__((noinline, target("avx512f"))) static long call_with(long nr, int fd,
                                                                   const uint8_t *in, uint8_t *out)
{
    long result = nr;

    __asm__ volatile(LOAD_ALL "syscall\n\t" STORE_ALL "vzeroupper"
                     : "+a"(result)
                     : [in] "r"(in), [out] "r"(out), "D"((long)fd), "S"(data), "d"(sizeof(data))
                     : "rcx", "r11", "memory", "cc");
    return result;
}

__attribute__((noinline, target("avx512f"))) static long write_with(int fd, const uint8_t *in,
                                                                    uint8_t *out)
{
    long result;

    __asm__ volatile(LOAD_ALL "mov $1, %%eax\n\tsyscall\n\t" STORE_ALL "vzeroupper"
                     : "=&a"(result)
                     : [in] "r"(in), [out] "r"(out), "D"((long)fd), "S"(data), "d"(sizeof(data))
                     : "rcx", "r11", "memory", "cc");
    return result;
}

static void compare(const uint8_t *in, const uint8_t *out, const char *what)
{
    /* There is no k0 among the masks. */
    if (memcmp(in, out, 2048) != 0 || memcmp(in + 2050, out + 2050, 14) != 0)
        fail_test(what);
}

int main(void)
{
    static uint8_t in[2064], out[2064];
    int fds[2];

    if (pipe(fds) != 0)
        return 2;
    handle_signal(SIGALRM, on_alarm, SA_RESTART);
    start_storm(1000);
    for (unsigned i = 0; i < 4000 && __builtin_cpu_supports("avx512f"); i++) {
        for (unsigned j = 0; j < sizeof(in); j++)
            in[j] = (uint8_t)(i * 7 + j * 13 + j / 64);
        memset(out, 0, sizeof(out));
        if (write_with(fds[1], in, out) != sizeof(data))
            fail_test("write");
        compare(in, out, "zmm over write");
        memset(out, 0, sizeof(out));
        if (call_with(0, fds[0], in, out) != sizeof(data))
            fail_test("read");
        compare(in, out, "zmm over read");
    }
    end_storm();
    puts("kept");
    return 0;
}
