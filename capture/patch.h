/* SPDX-License-Identifier: MIT */
/* clang-format off */
/* Where the system call instructions of an ELF file are, which of them the inline engine can
 * replace by jumps, and the patched text that is laid over the file's own when a process maps it.
 * Pure computation on the bytes of a file: no process is touched here.
 *
 * Four shapes are replaced; all keep a real `syscall` (0f 05) in the two bytes before the return
 * point, so that the kernel can restart a call by stepping back, and all keep the return point
 * where unwind tables expect it:
 *   RN_SITE_MOV    b8 imm32 0f 05                    -> e9 rel32 0f 05; returns behind the 0f 05
 *   RN_SITE_CMP64  0f 05 48 3d {00|01} f0 ff ff (8)  -> e9 rel32 90 0f 05; returns behind the cmp
 *   RN_SITE_CMP32  0f 05 3d {00|01} f0 ff ff (7)     -> e9 rel32 0f 05; returns behind the cmp
 *   RN_SITE_MOVED  (5 to 12 bytes) 0f 05             -> e9 rel32 90... 0f 05; returns behind the 0f 05
 * The bytes before a MOVED site are executed in the stub. They are one instruction that does the same
 * there (no branch, nothing relative to its own address, no change of the stack pointer), or several
 * that only compute registers from registers, immediates and memory, none from what another one has
 * computed: then all of them can be begun anew where a signal comes in between. (So can stores into a
 * thread block before arch_prctl(2) makes it one: nobody else writes there yet.) As a jump through a
 * table can lead to where two of them meet, several are taken only where there is none in the
 * function, or within 4 KiB where the function is not known.
 * A call of a CMP site that the kernel restarts through the kept 0f 05 comes back without the flags
 * of its cmp: whoever sees it return there sets them.
 *
 * A MOV site is preferred where several fit, then a CMP site. A site is left alone where an
 * instruction boundary is not certain or where a branch in the file may lead into its replaced bytes
 * other than onto the first (and, of a MOV or MOVED site, onto the 0f 05, which stays what it was).
 * Left alone, too, are sites of execveat, where the number is in sight, and of rt_sigreturn (which
 * unwinders know by its bytes).
 */
/* clang-format on */
#ifndef RN_PATCH_H
#define RN_PATCH_H

#include "formats/buf.h"
#include "formats/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rn_site_kind { RN_SITE_MOV = 1, RN_SITE_CMP64 = 2, RN_SITE_CMP32 = 3, RN_SITE_MOVED = 4 };

#define RN_SITE_MOVED_MIN  5u
#define RN_SITE_MOVED_MAX  12u
#define RN_SITE_LENGTH_MAX (RN_SITE_MOVED_MAX + 2u)
#define RN_SITES_MAX       65536u /* of one file; further ones are left alone */
#define RN_PATCH_PAGE      4096u
/* Bytes. Larger text is left alone, and not searched: it would have to be copied first. What calls
 * it makes stop the thread: those of the C library's do not count. */
#define RN_PATCH_TEXT_MAX (64u << 20)

struct rn_site {
    uint64_t address;      /* of the jump: virtual address in the file (before relocation) */
    uint64_t return_point; /* where the program goes on; always address + length */
    uint32_t immediate; /* MOV: the number; CMP: the second operand of cmp (0xfffff000 or ...001) */
    uint8_t kind;       /* enum rn_site_kind */
    uint8_t length;     /* of the replaced bytes, the 0f 05 included */
    uint8_t moved[RN_SITE_MOVED_MAX]; /* MOVED: length - 2 bytes; else zeros */
};

/* A site that leaves the flags and the return point of its call as they are. */
static inline bool rn_site_ends_at_call(const struct rn_site *site)
{
    return site->kind == RN_SITE_MOV || site->kind == RN_SITE_MOVED;
}

/* Does the length go with the kind? */
bool rn_site_length_fits(const struct rn_site *site);

/* What the file has in the place of the site: its length, 0 where the site makes no sense. */
size_t rn_site_original(const struct rn_site *site, uint8_t out[RN_SITE_LENGTH_MAX]);

struct rn_sites {
    struct rn_site *sites; /* sorted by address, not overlapping */
    size_t count;
    size_t unpatched; /* syscall instructions of the text that are left alone (0f 05 inside another
                         instruction is none; where that is not certain, it counts) */
    /* Executable PT_LOAD segment (the one that holds the sites; a file with several keeps the sites
     * of the first that has any). */
    uint64_t text_address; /* virtual address, page-aligned down */
    uint64_t text_offset;  /* file offset of it, page-aligned down */
    uint64_t text_size;    /* bytes, rounded up to pages; 0: nothing that can be laid over */
};

/* Find the sites of a 64-bit x86 ELF file whose bytes are at image. Function starts come from
 * .eh_frame (through PT_GNU_EH_FRAME, so stripped files work) and instructions are decoded from
 * there; a file without them gets the sites that are certain without. Hostile files: RN_E_FORMAT or
 * no sites, never a fault, and bounded time. Borrowed: nothing of image is kept. On failure *sites
 * is empty. */
RN_MUST_CHECK enum rn_status rn_sites_find(const uint8_t *image, size_t size,
                                           struct rn_sites *sites, struct rn_error *err);
void rn_sites_clear(struct rn_sites *sites);

/* The stub of a site, in the stub area that lies `stub_distance` bytes from text_address (signed;
 * the area begins at text_address + stub_distance, whole pages, and must be within reach of rel32):
 *
 *   b8 imm32               mov $imm, %eax                (MOV sites only)
 *   the moved bytes                                      (MOVED sites only)
 *   48 8d 0d rel32         lea return_point(%rip), %rcx
 *   ff 24 25 abs32         jmp *entry_table[e]           (absolute, below 2 GiB)
 *
 * The entry is chosen by the shape of the site (rn_site_entry): the injected code does the
 * displaced cmp itself and goes on at rcx, so stubs have no tail. Every stub is padded with int3 to
 * RN_STUB_SIZE bytes and lies at index * RN_STUB_SIZE, so that the site of a stub address, and the
 * stub of a site, are found by arithmetic. */
#define RN_STUB_SIZE 32u

/* RN_ENTRY_... of inject/blob_layout.h: MOV (MOVED too), CMP64 with 0xfffff000 or ...001, CMP32
 * likewise. Each entry of the table is a pointer of 8 bytes. */
unsigned rn_site_entry(const struct rn_site *site);

/* The first `site->length` bytes of out are what replaces the site numbered `index`. RN_E_LIMIT
 * where the stub is out of reach. */
RN_MUST_CHECK enum rn_status rn_patch_jump(const struct rn_sites *sites, size_t index,
                                           int64_t stub_distance, uint8_t out[RN_SITE_LENGTH_MAX],
                                           struct rn_error *err);

/* Append the stubs of all sites, padded to whole pages. entry_table: absolute address (below 2 GiB)
 * of the table of entry pointers. */
RN_MUST_CHECK enum rn_status rn_patch_stubs(const struct rn_sites *sites, int64_t stub_distance,
                                            uint32_t entry_table, struct rn_buf *stubs,
                                            struct rn_error *err);

/* Put the jumps into `text`, the text_size bytes that lie at text_offset of the file. Every site is
 * compared with what is there before it is replaced: RN_E_FORMAT where these sites are not of this
 * file. */
RN_MUST_CHECK enum rn_status rn_patch_text(uint8_t *text, const struct rn_sites *sites,
                                           int64_t stub_distance, struct rn_error *err);

struct rn_patched {
    struct rn_buf text;  /* text_size bytes: the file's text with the jumps in it */
    struct rn_buf stubs; /* count * RN_STUB_SIZE, rounded up to pages with int3 */
    int64_t stub_distance;
};
/* The whole text with its jumps, and the stubs. Every site is compared with the bytes of image
 * before it is replaced: RN_E_FORMAT where these sites are not of this image. */
RN_MUST_CHECK enum rn_status rn_patch_build(const uint8_t *image, size_t size,
                                            const struct rn_sites *sites, int64_t stub_distance,
                                            uint32_t entry_table, struct rn_patched *out,
                                            struct rn_error *err);
void rn_patched_clear(struct rn_patched *patched);

#endif
