/* SPDX-License-Identifier: MIT */
#include "blob_crc64.h"

#include "blob_layout.h"

#define CONFIG     ((const struct rn_blob_config *)RN_BLOB_CONFIG)
#define POLYNOMIAL 0xc96c5795d7870f42ull /* ECMA-182, reflected */

/* Below these, saving vector registers costs more than they save. */
#define FOLD_MINIMUM 8u
#define WIDE_MINIMUM 512u

/* Two tables of 16: half a byte at a step keeps the blob small; long data is folded instead. */
#define STEP(value)   (((value)&1) ? ((value) >> 1) ^ POLYNOMIAL : (value) >> 1)
#define NIBBLE(value) STEP(STEP(STEP(STEP((uint64_t)(value)))))
#define BYTE(value)   NIBBLE(NIBBLE((uint64_t)(value)))
#define ROW4(base)    BYTE(base), BYTE((base) + 1), BYTE((base) + 2), BYTE((base) + 3)
#define ROW16(base)   ROW4(base), ROW4((base) + 4), ROW4((base) + 8), ROW4((base) + 12)

static const uint64_t table_low[16] = {ROW16(0)};
static const uint64_t table_high[16] = {
    BYTE(0x00), BYTE(0x10), BYTE(0x20), BYTE(0x30), BYTE(0x40), BYTE(0x50), BYTE(0x60), BYTE(0x70),
    BYTE(0x80), BYTE(0x90), BYTE(0xa0), BYTE(0xb0), BYTE(0xc0), BYTE(0xd0), BYTE(0xe0), BYTE(0xf0)};

static uint64_t by_table(uint64_t state, const uint8_t *data, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++) {
        uint8_t index = (uint8_t)(state ^ data[i]);

        state = (state >> 8) ^ table_low[index & 15] ^ table_high[index >> 4];
    }
    return state;
}

static void save_vectors(uint8_t *to)
{
    __asm__ volatile("movups %%xmm0, (%0)\n\tmovups %%xmm1, 16(%0)\n\tmovups %%xmm2, 32(%0)\n\t"
                     "movups %%xmm3, 48(%0)\n\tmovups %%xmm4, 64(%0)\n\tmovups %%xmm5, 80(%0)\n\t"
                     "movups %%xmm6, 96(%0)\n\tmovups %%xmm7, 112(%0)"
                     :
                     : "r"(to)
                     : "memory");
}

static void restore_vectors(const uint8_t *from)
{
    __asm__ volatile("movups (%0), %%xmm0\n\tmovups 16(%0), %%xmm1\n\tmovups 32(%0), %%xmm2\n\t"
                     "movups 48(%0), %%xmm3\n\tmovups 64(%0), %%xmm4\n\tmovups 80(%0), %%xmm5\n\t"
                     "movups 96(%0), %%xmm6\n\tmovups 112(%0), %%xmm7"
                     :
                     : "r"(from)
                     : "memory");
}

/* Has the program zmm16-zmm31 in use? Where it has not, they are left alone: what is in its initial
 * state is not saved at a context switch. Asking takes as long as half a kilobyte; a program that has
 * used them once goes on to. */
static int wide_in_use(struct rn_thread_area *area)
{
    uint32_t low, high;

    if (!area->wide_used) {
        __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(1));
        area->wide_used = low >> 7 & 1;
    }
    return area->wide_used != 0;
}

/* A signal or a bad pointer may end what follows: then the engine restores them. */
static void need_vectors(struct rn_thread_area *area)
{
    if (area->vectors_saved)
        return;
    save_vectors(area->vectors);
    __atomic_store_n(&area->vectors_saved, RN_VECTORS_XMM, __ATOMIC_RELEASE);
}

static int need_wide(struct rn_thread_area *area)
{
    if (area->vectors_saved & RN_VECTORS_WIDE)
        return 1;
    if (!wide_in_use(area))
        return 0;
    rn_blob_wide_save(area->wide);
    __atomic_store_n(&area->vectors_saved, area->vectors_saved | RN_VECTORS_WIDE, __ATOMIC_RELEASE);
    return 1;
}

/* The register state after `size` bytes, at least FOLD_MINIMUM. */
static uint64_t by_folding(struct rn_thread_area *area, uint64_t state, const uint8_t *data,
                           uint64_t size)
{
    uint64_t blocks = size / 256;
    uint8_t lanes[64];

    need_vectors(area);
    if (CONFIG->has_wide && size >= WIDE_MINIMUM && need_wide(area)) {
        rn_blob_crc64_wide(state, data, blocks, lanes);
        state = rn_blob_crc64_fold(0, lanes, sizeof(lanes));
        data += blocks * 256;
        size -= blocks * 256;
    }
    if (size >= FOLD_MINIMUM)
        return rn_blob_crc64_fold(state, data, size);
    return by_table(state, data, size);
}

uint64_t rn_blob_crc64(struct rn_thread_area *area, uint64_t crc, const uint8_t *data,
                       uint64_t size)
{
    uint64_t state = ~crc;

    if (CONFIG->has_pclmul && size >= FOLD_MINIMUM)
        return ~by_folding(area, state, data, size);
    return ~by_table(state, data, size);
}

void rn_blob_crc64_end(struct rn_thread_area *area)
{
    if (!area->vectors_saved)
        return;
    if (area->vectors_saved & RN_VECTORS_WIDE)
        rn_blob_wide_restore(area->wide);
    restore_vectors(area->vectors);
    __atomic_store_n(&area->vectors_saved, 0, __ATOMIC_RELEASE);
}
