/* SPDX-License-Identifier: MIT */
/* What a system call leaves alone: the 128 bytes below the stack pointer, all general registers but
 * rax, rcx and r11, the flags (r11 holds them), and the vector registers. rcx is the address behind
 * the instruction. Checked for syscall instructions of both shapes that are patched. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct state {
    uint64_t rbx, rbp, r12, r13, r14, r15, rdi, rsi, rdx, r10, r8, r9;
};

#define PATTERN(n) (0x1122334455660000ull + (n))

/* Fill everything, make the call at the given instructions, and store what is left. */
#define PROBE(name, call)                                                                          \
    __attribute__((naked)) static void name(struct state *state __attribute__((unused)))           \
    {                                                                                              \
        __asm__("push %rbx\n\tpush %rbp\n\tpush %r12\n\tpush %r13\n\tpush %r14\n\tpush %r15\n\t"   \
                "push %rdi\n\t"                                                                    \
                "movabs $0x1122334455660001, %rbx\n\tmovabs $0x1122334455660002, %rbp\n\t"         \
                "movabs $0x1122334455660003, %r12\n\tmovabs $0x1122334455660004, %r13\n\t"         \
                "movabs $0x1122334455660005, %r14\n\tmovabs $0x1122334455660006, %r15\n\t"         \
                "movabs $0x1122334455660007, %rdi\n\tmovabs $0x1122334455660008, %rsi\n\t"         \
                "movabs $0x1122334455660009, %rdx\n\tmovabs $0x112233445566000a, %r10\n\t"         \
                "movabs $0x112233445566000b, %r8\n\tmovabs $0x112233445566000c, %r9\n\t"           \
                "mov %rbx, -8(%rsp)\n\tmov %rbp, -64(%rsp)\n\tmov %r12, -128(%rsp)\n\t" call       \
                "cmp %rbx, -8(%rsp)\n\tjne 1f\n\tcmp %rbp, -64(%rsp)\n\tjne 1f\n\t"                \
                "cmp %r12, -128(%rsp)\n\tjne 1f\n\t"                                               \
                "xchg %rdi, (%rsp)\n\t"                                                            \
                "mov %rbx, (%rdi)\n\tmov %rbp, 8(%rdi)\n\tmov %r12, 16(%rdi)\n\t"                  \
                "mov %r13, 24(%rdi)\n\tmov %r14, 32(%rdi)\n\tmov %r15, 40(%rdi)\n\t"               \
                "pop %rbx\n\tmov %rbx, 48(%rdi)\n\tmov %rsi, 56(%rdi)\n\tmov %rdx, 64(%rdi)\n\t"   \
                "mov %r10, 72(%rdi)\n\tmov %r8, 80(%rdi)\n\tmov %r9, 88(%rdi)\n\t"                 \
                "jmp 2f\n1:\tpop %rdi\n2:\n\t"                                                     \
                "pop %r15\n\tpop %r14\n\tpop %r13\n\tpop %r12\n\tpop %rbp\n\tpop %rbx\n\tret");    \
    }

PROBE(probe_mov, "mov $110, %eax\n\tsyscall\n\t")
PROBE(probe_cmp, "mov $110, %rax\n\tsyscall\n\tcmp $-4095, %rax\n\tjae 1f\n\t")

static void check(const char *name, void (*probe)(struct state *))
{
    struct state state;
    uint64_t words[12];
    int good = 1;

    memset(&state, 0, sizeof(state));
    probe(&state);
    memcpy(words, &state, sizeof(words));
    for (unsigned i = 0; i < 12; i++)
        good &= words[i] == PATTERN(i + 1);
    printf("%s: %s\n", name, good ? "kept" : "FAIL");
}

/* Flags before a call are the flags after it. */
#define FLAGS 0x8d5ull
static void check_flags(void)
{
    for (unsigned i = 0; i < 64; i++) {
        uint64_t wanted = (i & 1) | (i & 2) << 1 | (i & 4) << 2 | (uint64_t)(i & 8) << 3 |
                          (uint64_t)(i & 16) << 3 | (uint64_t)(i & 32) << 6 | 0x202;
        uint64_t got, r11;

        __asm__ volatile("sub $128, %%rsp\n\tpush %2\n\tpopfq\n\tmov $110, %%eax\n\tsyscall\n\t"
                         "pushfq\n\tpop %0\n\tadd $128, %%rsp\n\tmov %%r11, %1"
                         : "=&r"(got), "=&r"(r11)
                         : "r"(wanted)
                         : "rax", "rcx", "r11", "memory", "cc");
        if ((got & FLAGS) != (wanted & FLAGS)) {
            printf("FAIL: flags %llx became %llx\n", (unsigned long long)(wanted & FLAGS),
                   (unsigned long long)(got & FLAGS));
            return;
        }
    }
    puts("flags: kept");
}

/* The compare behind the instruction decides by the result. */
static void check_compare(void)
{
    uint64_t nr[3] = {39 /* getpid */, 3 /* close */, 110}, below[3];

    for (unsigned i = 0; i < 3; i++) {
        uint64_t ax = nr[i];

        __asm__ volatile("syscall\n\tcmp $-4095, %%rax\n\tsbb %1, %1"
                         : "+a"(ax), "=r"(below[i])
                         : "D"(-1L)
                         : "rcx", "r11", "memory", "cc");
    }
    printf("compare: %d %d %d\n", (int)below[0], (int)below[1], (int)below[2]);
}

/* All vector registers, over a call that is fingerprinted (which uses them). */
static void check_vectors(void)
{
    static char data[8192];
    int fds[2];
    uint64_t in[32], out[32];
    long got;

    for (unsigned i = 0; i < 32; i++)
        in[i] = PATTERN(i);
    if (pipe(fds) != 0 || write(fds[1], data, sizeof(data)) != sizeof(data))
        return;
#define LOAD(n)  "movdqu " #n "*16(%[in]), %%xmm" #n "\n\t"
#define STORE(n) "movdqu %%xmm" #n ", " #n "*16(%[out])\n\t"
#define ALL(op)                                                                                    \
    op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11) op(12) op(13) op(14) \
        op(15)
    __asm__ volatile(ALL(LOAD) "mov $0, %%eax\n\tsyscall\n\t" ALL(STORE)
                     : "=&a"(got)
                     : [in] "r"(in), [out] "r"(out), "D"((long)fds[0]), "S"(data),
                       "d"(sizeof(data))
                     : "rcx", "r11", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
                       "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
                       "xmm15");
    printf("vectors: %ld %s\n", got, memcmp(in, out, sizeof(in)) == 0 ? "kept" : "FAIL");
}

int main(void)
{
    check("mov", probe_mov);
    check("cmp", probe_cmp);
    check_flags();
    check_compare();
    check_vectors();
    return 0;
}
