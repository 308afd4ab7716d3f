/* SPDX-License-Identifier: MIT */
/* What the parts of the injected code share: blob_record.c decides and writes the record of a call,
 * blob_attach.c what its arguments point to, blob_content.c fingerprints. */
#ifndef RN_BLOB_PARTS_H
#define RN_BLOB_PARTS_H

#include "blob_record.h"

#include "formats/event.h"
#include "formats/ring_file.h"

#define CONFIG ((const struct rn_blob_config *)RN_BLOB_CONFIG)

#define RN_BLOB_PATH_MAX   4096u
#define RN_BLOB_STRUCT_MAX 1024u
#define RN_BLOB_ARGV_MAX   6144u
#define COPY_BY_WORDS      256u

struct iovec {
    const uint8_t *base;
    uint64_t length;
};

typedef uint64_t __attribute__((may_alias, aligned(1))) unaligned_u64;

/* rep movsb takes its time to begin. Nothing beyond the bytes is read or written. */
static inline void copy(uint8_t *to, const uint8_t *from, uint64_t size)
{
    if (size > COPY_BY_WORDS) {
        __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
        return;
    }
    for (; size >= 8; size -= 8, to += 8, from += 8)
        *(unaligned_u64 *)to = *(const unaligned_u64 *)from;
    for (; size; size--)
        *to++ = *from++;
}

static inline uint64_t argument(const struct rn_thread_area *area, unsigned number)
{
    const struct rn_area_regs *regs = &area->regs;

    switch (number) {
    case 0:
        return regs->rdi;
    case 1:
        return regs->rsi;
    case 2:
        return regs->rdx;
    case 3:
        return regs->r10;
    case 4:
        return regs->r8;
    default:
        return regs->r9;
    }
}

static inline struct rn_record *record_of(const struct rn_thread_area *area)
{
    return (struct rn_record *)(area->data + (area->head & (area->slot->size - 1)));
}

/* Begin an attachment; its bytes go to where the returned pointer points. End it: `size` bytes are
 * there. */
uint8_t *rn_blob_attach(struct rn_thread_area *area, uint8_t type, uint8_t arg, uint16_t flags);
void rn_blob_attached(struct rn_thread_area *area, uint8_t *bytes, uint32_t size);

/* The head of an attachment whose bytes begin there. */
static inline struct rn_record_attachment *rn_blob_attachment_of(uint8_t *bytes)
{
    return (struct rn_record_attachment *)(bytes - sizeof(struct rn_record_attachment));
}

/* blob_record.c: now, in the recording's ticks; and: the record in work is whole. */
uint64_t rn_blob_ticks(void);
void rn_blob_commit(struct rn_thread_area *area);

/* struct stat of x86-64, as far as it is used. */
struct rn_kernel_stat {
    uint64_t device, inode, links;
    uint32_t mode, uid, gid, padding;
    uint64_t rdev;
    uint64_t rest[14];
};
void rn_blob_attach_identity(struct rn_thread_area *area, uint64_t fd,
                             const struct rn_kernel_stat *stat);

/* blob_late.c: the call in work, which has succeeded, has a record that waits. And: the thread makes
 * its next call, so the record that waits is committed; 1: that next call has been made for it, at
 * *start. */
int rn_blob_waits(struct rn_thread_area *area);
int rn_blob_settle(struct rn_thread_area *area, uint64_t *start);

/* What the recipe of the call says is to be read before it, and after it. */
void rn_blob_attach_before(struct rn_thread_area *area);
void rn_blob_attach_after(struct rn_thread_area *area);

/* blob_stack.c: false where the engine must look first. And: attach what is wanted of the stack. */
int rn_blob_stack_known(const struct rn_thread_area *area);
void rn_blob_attach_stack(struct rn_thread_area *area, uint64_t site);

/* blob_content.c: the fingerprint of `length` bytes that lie in the vectors, and that of directory
 * entries. */
void rn_blob_attach_content(struct rn_thread_area *area, unsigned arg, const struct iovec *vectors,
                            uint64_t count, uint64_t length);
void rn_blob_attach_dirents(struct rn_thread_area *area, unsigned arg);

#endif
