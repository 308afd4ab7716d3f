/* SPDX-License-Identifier: MIT */
/* The way from a patched site into the system call and back.
 *
 * A stub comes here with everything as at a `syscall` instruction, but for rcx, which holds the
 * return point; rcx and r11 are free, as the instruction itself would clobber them. The program's
 * stack is not touched, ever: code below runs on the thread's private stack. Until RN_PHASE_BEFORE
 * is stored no register but r11 has changed, so the engine can take a thread back to its site from
 * anywhere in here. */
#include "blob_layout.h"

#define G(offset) %gs:offset

        .section .text.slots, "ax"

/* The places from which the seccomp filter lets system calls pass are here and at
 * rn_blob_program_call: see blob_image.h. */
        .globl rn_blob_own_call
        .type rn_blob_own_call, @function
/* long rn_blob_own_call(long nr, long a, long b, long c, long d): calls of the recorder's own, for
 * C. */
rn_blob_own_call:
        mov %rdi, %rax
        mov %rsi, %rdi
        mov %rdx, %rsi
        mov %rcx, %rdx
        mov %r8, %r10
        syscall
        .globl rn_blob_own_return
rn_blob_own_return:
        ret

/* The same for scripts, which have no stack: goes on at r13. */
script_call:
        syscall
        .globl rn_blob_script_return
rn_blob_script_return:
        jmp *%r13

        .globl rn_blob_before_range
rn_blob_before_range:

/* Nothing is written before %gs is known to be the recorder's: wrgsbase gives it to the program.
 * The flags are the program's, so the test must not change them. */
.macro fast_entry name kind
        .globl rn_blob_fast_\name
rn_blob_fast_\name:
        mov G(RN_AREA_CHECK), %r11
        lea -RN_AREA_MAGIC(%r11), %r11
        xchg %rcx, %r11
        jrcxz 1f
        jmp own_gs
1:      mov %r11, %rcx
        movl $\kind, G(RN_AREA_KIND)
        jmp common
.endm
        fast_entry mov     RN_ENTRY_MOV
        fast_entry cmp64_0 RN_ENTRY_CMP64_0
        fast_entry cmp64_1 RN_ENTRY_CMP64_1
        fast_entry cmp32_0 RN_ENTRY_CMP32_0
        fast_entry cmp32_1 RN_ENTRY_CMP32_1

own_gs:
        mov %r11, %rcx
        jmp rn_blob_slow

common:
        mov %rax, G(RN_AREA_RAX)
        mov %rdi, G(RN_AREA_RDI)
        mov %rsi, G(RN_AREA_RSI)
        mov %rdx, G(RN_AREA_RDX)
        mov %r10, G(RN_AREA_R10)
        mov %r8, G(RN_AREA_R8)
        mov %r9, G(RN_AREA_R9)
        mov %rcx, G(RN_AREA_RCX)
        mov %rsp, G(RN_AREA_RSP)
        mov %rbx, G(RN_AREA_RBX)
        mov %rbp, G(RN_AREA_RBP)
        mov %r12, G(RN_AREA_R12)
        mov %r13, G(RN_AREA_R13)
        mov %r14, G(RN_AREA_R14)
        mov %r15, G(RN_AREA_R15)
        movl $RN_PHASE_BEFORE, G(RN_AREA_PHASE)
        lahf
        seto %al
        mov %rax, G(RN_AREA_FLAGS)
        mov G(RN_AREA_SELF), %rdi
        lea RN_AREA_SIZE(%rdi), %rsp
        call rn_blob_before
        cmp $RN_BEFORE_CALL, %eax
        jb traced_way
        ja call_made
        mov G(RN_AREA_RAX), %rax
        mov G(RN_AREA_RDI), %rdi
        mov G(RN_AREA_RSI), %rsi
        mov G(RN_AREA_RDX), %rdx
        mov G(RN_AREA_R10), %r10
        mov G(RN_AREA_R8), %r8
        mov G(RN_AREA_R9), %r9
        mov G(RN_AREA_RSP), %rsp
        .globl rn_blob_program_call
rn_blob_program_call:
        syscall
        .globl rn_blob_program_return
rn_blob_program_return:
        mov %rax, G(RN_AREA_RESULT)
        .globl rn_blob_result_stored
rn_blob_result_stored:
        movl $RN_PHASE_AFTER, G(RN_AREA_PHASE)
        mov G(RN_AREA_SELF), %rdi
        lea RN_AREA_SIZE(%rdi), %rsp
        call rn_blob_after
        test %eax, %eax
        jz call_made
/* Not one that the filter lets pass. */
        mov $RN_TELL_MAPPED, %eax
        syscall
        .globl rn_blob_tell_return
rn_blob_tell_return:
call_made:
        mov G(RN_AREA_RDI), %rdi
        mov G(RN_AREA_RSI), %rsi
        mov G(RN_AREA_RDX), %rdx
        mov G(RN_AREA_R10), %r10
        mov G(RN_AREA_R8), %r8
        mov G(RN_AREA_R9), %r9
        mov G(RN_AREA_RSP), %rsp
        mov G(RN_AREA_RCX), %rcx
        mov G(RN_AREA_KIND), %r11d
        jmp *exits(, %r11, 8)

/* From here on the record is committed and every register but rax and the flags is the program's:
 * a thread that is stopped here is sent to its return point with `result`. */
        .globl rn_blob_exit_range
rn_blob_exit_range:
exit_mov:
        mov G(RN_AREA_FLAGS), %rax
        add $0x7f, %al
        sahf
        mov G(RN_AREA_RESULT), %rax
        movl $RN_PHASE_OUT, G(RN_AREA_PHASE)
        jmp *%rcx

.macro exit_compare name operand register
exit_\name:
        mov G(RN_AREA_RESULT), %rax
        movl $RN_PHASE_OUT, G(RN_AREA_PHASE)
        cmp $\operand, \register
        jmp *%rcx
.endm
        exit_compare cmp64_0 -4096 %rax
        exit_compare cmp64_1 -4095 %rax
        exit_compare cmp32_0 -4096 %eax
        exit_compare cmp32_1 -4095 %eax

/* The call is the engine's: make it from the real `syscall` instruction before the return point. */
        .globl rn_blob_traced_range
rn_blob_traced_range:
traced_way:
        mov G(RN_AREA_FLAGS), %rax
        add $0x7f, %al
        sahf
        mov G(RN_AREA_RDI), %rdi
        mov G(RN_AREA_RSI), %rsi
        mov G(RN_AREA_RDX), %rdx
        mov G(RN_AREA_R10), %r10
        mov G(RN_AREA_R8), %r8
        mov G(RN_AREA_R9), %r9
        mov G(RN_AREA_RSP), %rsp
        mov G(RN_AREA_RCX), %rcx
        mov G(RN_AREA_RAX), %rax
        movl $RN_PHASE_OUT, G(RN_AREA_PHASE)
/* Also the entry of a process or thread that has no ring, or uses %gs itself. */
        .globl rn_blob_slow
rn_blob_slow:
        lea -2(%rcx), %r11
        jmp *%r11
        .globl rn_blob_end_range
rn_blob_end_range:

/* Make the calls of a script (struct rn_script_call, rbx points to the first, rbp to behind the
 * last) and tell the engine, which then sets all registers anew. A script may use what an earlier
 * call returned: the open descriptor that is to be mapped. */
        .globl rn_blob_bootstrap
rn_blob_bootstrap:
        mov %rbx, %r12
next_call:
        cmp %rbp, %rbx
        jae script_done
        mov RN_SCRIPT_REPLACE(%rbx), %rax
        cmp $RN_SCRIPT_NONE, %rax
        jae arguments_ready
        mov RN_SCRIPT_FROM(%rbx), %rcx
        imul $RN_SCRIPT_SIZE, %rcx, %rcx
        mov RN_SCRIPT_RESULT(%r12, %rcx), %rcx
        mov %rcx, RN_SCRIPT_ARGS(%rbx, %rax, 8)
arguments_ready:
        mov RN_SCRIPT_ARGS(%rbx), %rdi
        mov RN_SCRIPT_ARGS+8(%rbx), %rsi
        mov RN_SCRIPT_ARGS+16(%rbx), %rdx
        mov RN_SCRIPT_ARGS+24(%rbx), %r10
        mov RN_SCRIPT_ARGS+32(%rbx), %r8
        mov RN_SCRIPT_ARGS+40(%rbx), %r9
        mov (%rbx), %rax
        lea script_returned(%rip), %r13
        jmp script_call
script_returned:
        mov %rax, RN_SCRIPT_RESULT(%rbx)
        mov RN_SCRIPT_NEEDED(%rbx), %rcx
        add $RN_SCRIPT_SIZE, %rbx
        test %rcx, %rcx
        jz next_call
        cmp $-4096, %rax
        jbe next_call
script_done:
        mov $RN_SCRIPT_DONE, %eax
        syscall
        .globl rn_blob_script_end
rn_blob_script_end:
        ud2

        .section .rodata, "a"
        .balign 8
exits:
        .quad exit_mov, exit_cmp64_0, exit_cmp64_1, exit_cmp32_0, exit_cmp32_1

        .section .note.GNU-stack, "", @progbits
