/* SPDX-License-Identifier: MIT */
/* An open whose record waits to be told what was opened (inject/blob_late.c): not beyond a stop of
 * its thread, because what is recorded of that comes behind it. */
#include "inline_private.h"

#include "formats/record.h"

#include <sched.h>
#include <string.h>

/* Append what was opened; the new end. The program can write all of it: nothing beyond `room` bytes
 * of the record follows from it. */
static uint64_t tell(pid_t tid, int fd, uint8_t *bytes, uint64_t end, uint64_t room,
                     struct rn_record *record)
{
    struct rn_record_attachment head = {
        .type = RN_ATT_FD, .arg = RN_ARG_RETURN, .size = sizeof(struct rn_fd_identity)};
    struct rn_fd_identity identity;

    if (end % 8 != 0 || room - end < sizeof(head) + sizeof(identity) ||
        !rn_proc_fd_identity(tid, fd, &identity))
        return end;
    memcpy(bytes + end, &head, sizeof(head));
    memcpy(bytes + end + sizeof(head), &identity, sizeof(identity));
    record->attachments++;
    return end + sizeof(head) + sizeof(identity);
}

static void settle(struct rn_ptrace *engine, const struct rn_tracee *tracee, uint32_t late)
{
    struct rn_thread_area *area = tracee->inline_thread.area;
    struct rn_ring_slot *slot = tracee->slot;
    uint64_t head = __atomic_load_n(&area->head, __ATOMIC_RELAXED), end, size, room;
    struct rn_record record;
    uint8_t *bytes;

    __atomic_store_n(&area->late, RN_LATE_NONE, __ATOMIC_RELEASE);
    end = __atomic_load_n(late == RN_LATE_TOLD ? &area->cursor : &area->late_cursor,
                          __ATOMIC_RELAXED) -
          head;
    size = rn_session_ring_size(engine->session, slot);
    room = size - (head & (size - 1));
    /* Committed already; or nonsense. */
    if (slot->head != head || size == 0 || end < sizeof(record) || end > room)
        return;
    bytes = rn_session_ring_data(engine->session, slot) + (head & (size - 1));
    memcpy(&record, bytes, sizeof(record));
    if (late != RN_LATE_TOLD) {
        record.attachments = (uint8_t)area->late_attachments;
        end = tell(tracee->tid, (int)area->late_fd, bytes, end, room, &record);
    }
    record.size = (uint32_t)end;
    memcpy(bytes, &record, sizeof(record));
    rn_ring_clear_inflight(slot);
    __atomic_store_n(&slot->head, head + end, __ATOMIC_RELEASE);
}

static uint32_t late_of(const struct rn_tracee *tracee)
{
    const struct rn_thread_area *area = tracee->inline_thread.area;

    return area && tracee->slot ? __atomic_load_n(&area->late, __ATOMIC_ACQUIRE) : RN_LATE_NONE;
}

void rn_inline_settle(struct rn_ptrace *engine, const struct rn_tracee *tracee)
{
    if (late_of(tracee) == RN_LATE_BEGUN)
        settle(engine, tracee, RN_LATE_BEGUN);
}

void rn_inline_settle_now(struct rn_ptrace *engine, const struct rn_tracee *tracee)
{
    uint32_t late = late_of(tracee);

    if (late != RN_LATE_NONE)
        settle(engine, tracee, late);
}

/* CLONE_VFORK stops the parent until the child has memory of its own. */
void rn_inline_note_alone(const struct rn_tracee *parent, const struct rn_tracee *child,
                          uint64_t clone_flags)
{
    bool shares = clone_flags & (CLONE_FILES | CLONE_THREAD) ||
                  (clone_flags & CLONE_VM && !(clone_flags & CLONE_VFORK));

    if (!shares)
        return;
    if (parent->inline_thread.area)
        parent->inline_thread.area->alone = 0;
    if (child->inline_thread.area)
        child->inline_thread.area->alone = 0;
}
