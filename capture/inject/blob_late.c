/* SPDX-License-Identifier: MIT */
/* Whoever opens a file mostly asks at once what it is: fopen and opendir do, and the loader. The
 * identity that belongs into the record of the open is then in the answer, and need not be asked
 * for again. So the record waits, whole but for that, until the thread's next call, which shows
 * whether that is so. The engine does not leave it waiting beyond any stop of the thread.
 *
 * This is for a thread that has its descriptors for itself (rn_thread_area.alone): no other can
 * close the new one, or write over the answer, in between. */
#include "blob_parts.h"

#define NR_NEWFSTAT   5
#define NR_NEWFSTATAT 262
#define AT_EMPTY_PATH 0x1000u

int rn_blob_waits(struct rn_thread_area *area)
{
    const struct rn_recipe *recipe = area->recipe;

    if (!area->alone || CONFIG->quiet || recipe->ops != 2 || recipe->op[0].op != RN_OP_PATH ||
        recipe->op[1].op != RN_OP_FD)
        return 0;
    area->late_fd = area->result;
    area->late_cursor = area->cursor;
    area->late_attachments = record_of(area)->attachments;
    __atomic_store_n(&area->late, RN_LATE_BEGUN, __ATOMIC_RELEASE);
    return 1;
}

/* Where the call that the thread is about to make puts the answer; NULL: it does not ask. */
static const struct rn_kernel_stat *answer_to(const struct rn_thread_area *area)
{
    const struct rn_area_regs *regs = &area->regs;

    if ((uint32_t)regs->rdi != (uint32_t)area->late_fd)
        return NULL;
    if (regs->rax == NR_NEWFSTAT)
        return (const struct rn_kernel_stat *)regs->rsi;
    if (regs->rax == NR_NEWFSTATAT && (uint32_t)regs->r10 == AT_EMPTY_PATH && regs->rsi &&
        *(const char *)regs->rsi == 0)
        return (const struct rn_kernel_stat *)regs->rdx;
    return NULL;
}

/* Where the thread is taken out of here by a signal, the engine goes on with what `late` says. */
static void commit(struct rn_thread_area *area, const struct rn_kernel_stat *stat)
{
    struct rn_kernel_stat own;

    if (!stat && rn_blob_own_call(NR_NEWFSTAT, (long)area->late_fd, (long)&own, 0, 0) == 0)
        stat = &own;
    if (stat)
        rn_blob_attach_identity(area, area->late_fd, stat);
    __atomic_store_n(&area->late, RN_LATE_TOLD, __ATOMIC_RELEASE);
    rn_blob_commit(area);
    __atomic_store_n(&area->late, RN_LATE_NONE, __ATOMIC_RELEASE);
}

int rn_blob_settle(struct rn_thread_area *area, uint64_t *start)
{
    const struct rn_area_regs *regs = &area->regs;
    const struct rn_kernel_stat *answer;

    /* The thread may have been stopped since it was looked at. */
    if (__atomic_exchange_n(&area->late, RN_LATE_SETTLING, __ATOMIC_ACQ_REL) != RN_LATE_BEGUN) {
        __atomic_store_n(&area->late, RN_LATE_NONE, __ATOMIC_RELEASE);
        return 0;
    }
    answer = answer_to(area);
    if (answer) {
        *start = rn_blob_ticks();
        area->result = (uint64_t)rn_blob_own_call((long)regs->rax, (long)regs->rdi, (long)regs->rsi,
                                                  (long)regs->rdx, (long)regs->r10);
    }
    commit(area, answer && area->result == 0 ? answer : NULL);
    return answer != NULL;
}
