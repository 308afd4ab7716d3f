/* SPDX-License-Identifier: MIT */
/* The fold of blob_crc64_fold.c, four times as wide: 256 bytes at a step in zmm16-zmm23. Only
 * instructions of AVX-512F and VPCLMULQDQ on those registers, so nothing but what the caller has saved
 * changes; in particular the upper halves of zmm0-zmm15 stay as they are, in use or not. */
        .text
        .globl rn_blob_crc64_wide
        .type rn_blob_crc64_wide, @function
/* void rn_blob_crc64_wide(uint64_t state, const uint8_t *data, uint64_t blocks, uint8_t lanes[64]) */
rn_blob_crc64_wide:
        vmovq %rdi, %xmm20
        vpxorq (%rsi), %zmm20, %zmm16
        vmovdqu64 64(%rsi), %zmm17
        vmovdqu64 128(%rsi), %zmm18
        vmovdqu64 192(%rsi), %zmm19
        vbroadcasti32x4 by_2048(%rip), %zmm20
        jmp 2f

.macro fold value next
        vpclmulqdq $0x00, %zmm20, \value, %zmm21
        vpclmulqdq $0x11, %zmm20, \value, \value
        vpternlogq $0x96, \next, %zmm21, \value
.endm

1:      add $256, %rsi
        vpclmulqdq $0x00, %zmm20, %zmm16, %zmm21
        vpclmulqdq $0x11, %zmm20, %zmm16, %zmm16
        vpternlogq $0x96, (%rsi), %zmm21, %zmm16
        vpclmulqdq $0x00, %zmm20, %zmm17, %zmm22
        vpclmulqdq $0x11, %zmm20, %zmm17, %zmm17
        vpternlogq $0x96, 64(%rsi), %zmm22, %zmm17
        vpclmulqdq $0x00, %zmm20, %zmm18, %zmm23
        vpclmulqdq $0x11, %zmm20, %zmm18, %zmm18
        vpternlogq $0x96, 128(%rsi), %zmm23, %zmm18
        vpclmulqdq $0x00, %zmm20, %zmm19, %zmm21
        vpclmulqdq $0x11, %zmm20, %zmm19, %zmm19
        vpternlogq $0x96, 192(%rsi), %zmm21, %zmm19
2:      dec %rdx
        jnz 1b

        vbroadcasti32x4 by_512(%rip), %zmm20
        fold %zmm16 %zmm17
        fold %zmm16 %zmm18
        fold %zmm16 %zmm19
        vmovdqu64 %zmm16, (%rcx)
        ret

/* Save zmm16-zmm23, and bring them back. */
        .globl rn_blob_wide_save
        .type rn_blob_wide_save, @function
rn_blob_wide_save:
        vmovdqu64 %zmm16, (%rdi)
        vmovdqu64 %zmm17, 64(%rdi)
        vmovdqu64 %zmm18, 128(%rdi)
        vmovdqu64 %zmm19, 192(%rdi)
        vmovdqu64 %zmm20, 256(%rdi)
        vmovdqu64 %zmm21, 320(%rdi)
        vmovdqu64 %zmm22, 384(%rdi)
        vmovdqu64 %zmm23, 448(%rdi)
        ret

        .globl rn_blob_wide_restore
        .type rn_blob_wide_restore, @function
rn_blob_wide_restore:
        vmovdqu64 (%rdi), %zmm16
        vmovdqu64 64(%rdi), %zmm17
        vmovdqu64 128(%rdi), %zmm18
        vmovdqu64 192(%rdi), %zmm19
        vmovdqu64 256(%rdi), %zmm20
        vmovdqu64 320(%rdi), %zmm21
        vmovdqu64 384(%rdi), %zmm22
        vmovdqu64 448(%rdi), %zmm23
        ret

        .section .rodata, "a"
        .balign 16
/* x^(n-1) mod P, bits reflected: n = 64 + distance, then n = distance; distance in bits. */
by_2048:
        .quad 0x8260adf2381ad81c, 0xf31fd9271e228b79
by_512:
        .quad 0x6ae3efbb9dd441f3, 0x081f6054a7842df4

        .section .note.GNU-stack, "", @progbits
