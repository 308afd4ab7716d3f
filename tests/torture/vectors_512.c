/* SPDX-License-Identifier: MIT */
/* varies: close
 * storm: yes
 * zmm16 to zmm31 and the mask registers are kept over calls whose bytes are fingerprinted, also where
 * signals and bad pointers interrupt that. Nothing to do where the machine does not have them. */
#include "storm.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096u

static char *data; /* ends where nothing is mapped */
#define DATA_BYTES (16u * PAGE)

static void on_alarm(int signo)
{
    static char copy[1000];

    (void)signo;
    memset(copy, 1, sizeof(copy));
    if (close(-1) == 0)
        fail_test("close");
}

#define ALL(op)                                                                                    \
    op(16) op(17) op(18) op(19) op(20) op(21) op(22) op(23) op(24) op(25) op(26) op(27) op(28)     \
        op(29) op(30) op(31)
#define LOAD(n)  "vmovdqu64 (" #n "-16)*64(%[in]), %%zmm" #n "\n\t"
#define STORE(n) "vmovdqu64 %%zmm" #n ", (" #n "-16)*64(%[out])\n\t"

__attribute__((target("avx512f"))) static long write_with(int fd, const void *bytes, size_t size,
                                                          const uint64_t *in, uint64_t *out)
{
    uint64_t mask = in[0], kept;
    long result;

    __asm__ volatile(
        ALL(LOAD) "kmovw %k[mask], %%k1\n\tmov $1, %%eax\n\tsyscall\n\t" ALL(
            STORE) "kmovw %%k1, %k[kept]"
        : "=&a"(result), [kept] "=&r"(kept)
        : [in] "r"(in), [out] "r"(out), [mask] "r"(mask), "D"((long)fd), "S"(bytes), "d"(size)
        : "rcx", "r11", "memory", "cc", "k1", "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21",
          "xmm22", "xmm23", "xmm24", "xmm25", "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31");
    if ((kept ^ mask) & 0xffff)
        fail_test("mask register");
    return result;
}

static void expect(int fd, const char *bytes, size_t size, uint32_t round, long wanted)
{
    static uint64_t in[128], out[128];
    long result;

    for (unsigned i = 0; i < 128; i++)
        in[i] = (uint64_t)round << 32 | i;
    memset(out, 0, sizeof(out));
    result = write_with(fd, bytes, size, in, out);
    if (result != wanted)
        fail_test("result");
    if (memcmp(in, out, sizeof(in)) != 0)
        fail_test("zmm over write");
}

int main(void)
{
    int fds[2];

    data =
        mmap(NULL, DATA_BYTES + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED || mprotect(data + DATA_BYTES, PAGE, PROT_NONE) != 0 || pipe(fds) != 0)
        return 2;
    handle_signal(SIGALRM, on_alarm, SA_RESTART);
    start_storm(1000);
    for (uint32_t i = 0; i < 2000 && __builtin_cpu_supports("avx512f"); i++) {
        expect(fds[1], data, 5000, i, 5000);
        if (read(fds[0], data, 5000) != 5000)
            fail_test("read");
        expect(fds[1], (const char *)16, 5000, i, -EFAULT);
    }
    end_storm();
    puts("kept");
    return 0;
}
