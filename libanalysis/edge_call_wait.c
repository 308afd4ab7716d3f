/* SPDX-License-Identifier: MIT */
/* System calls that wait for others, or let them go on: locks, children, signals, futexes. */
#include "edge_calling.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/file.h>

/* ---- locks ---- */

static void push_lock(const struct calling *calling, bool unlock, bool exclusive)
{
    struct edge_object *object = edge_object_at(calling, 0);

    if (object && object->kind == OBJECT_FILE)
        edge_calling_push(calling, (struct edge_op){.what = unlock ? OP_UNLOCK : OP_LOCK,
                                                    .object = object,
                                                    .extra = exclusive});
}

void edge_feed_flock(const struct calling *calling)
{
    uint32_t how = edge_argument(calling, 1);

    push_lock(calling, how & LOCK_UN, how & LOCK_EX);
}

void edge_feed_fcntl(const struct calling *calling)
{
    const struct rn_attachment *lock = rn_event_attachment(calling->event, RN_ATT_STRUCT, 2);
    uint32_t command = edge_argument(calling, 1);
    int16_t type;

    if (command == F_DUPFD || command == F_DUPFD_CLOEXEC) {
        edge_feed_dup(calling);
    } else if ((command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK ||
                command == F_OFD_SETLKW) &&
               lock && lock->size >= sizeof type) {
        memcpy(&type, lock->data, sizeof type);
        push_lock(calling, type == F_UNLCK, type == F_WRLCK);
    }
}

/* ---- processes, signals, futexes ---- */

void edge_feed_wait(const struct calling *calling)
{
    if (calling->call->ret)
        edge_calling_push(calling,
                          (struct edge_op){.what = OP_WAIT,
                                           .value = edge_process_key(calling->event->source,
                                                                     calling->call->ret)});
}

void edge_feed_waitid(const struct calling *calling)
{
    const struct rn_attachment *info = rn_event_attachment(calling->event, RN_ATT_STRUCT, 2);
    /* si_pid stands behind three ints, at a multiple of the size of a pointer. */
    size_t at = calling->call->abi == RN_ABI_I386 ? 12 : 16;
    uint32_t pid;

    if (!info || info->size < at + sizeof pid)
        return;
    memcpy(&pid, info->data + at, sizeof pid);
    if (pid)
        edge_calling_push(calling,
                          (struct edge_op){.what = (edge_argument(calling, 3) & 0x01000000u)
                                                       ? OP_CHILD_SIGNAL /* WNOWAIT */
                                                       : OP_WAIT,
                                           .value = edge_process_key(calling->event->source, pid)});
}

void edge_feed_exit(const struct calling *calling)
{
    calling->process->exit_call = *calling->who;
    calling->process->has_exit_call = true;
}

static uint64_t signal_tag(uint64_t sender_pid, uint64_t signo)
{
    return sender_pid << 8 | (signo & 0xff);
}

static void send_signal(const struct calling *calling, uint64_t pid, uint64_t signo)
{
    uint64_t key = edge_process_key(calling->event->source, pid);
    uint64_t own = (calling->process->key - 1) & UINT32_MAX;

    if ((int32_t)pid > 0 && signo)
        edge_wake_add(calling->finder, &calling->finder->kills, key, calling->who, 1,
                      signal_tag(own, signo));
}

void edge_feed_kill(const struct calling *calling)
{
    send_signal(calling, calling->call->args[0], calling->call->args[1]);
}

void edge_feed_tgkill(const struct calling *calling)
{
    send_signal(calling, calling->call->args[0], calling->call->args[2]);
}

static uint64_t futex_key(const struct calling *calling, uint64_t address)
{
    return (calling->process->key * 0x9e3779b97f4a7c15u ^ address) | 1;
}

static void add_futex_wake(const struct calling *calling, uint64_t address, uint64_t extra)
{
    edge_wake_add(calling->finder, &calling->finder->futexes, futex_key(calling, address),
                  calling->who, calling->call->ret, extra);
}

void edge_feed_futex(const struct calling *calling)
{
    uint32_t op = edge_argument(calling, 1);
    uint64_t address = calling->call->args[0];

    switch (op & (uint32_t)FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
        edge_calling_push(calling,
                          (struct edge_op){.what = OP_FUTEX_WAIT,
                                           .value = futex_key(calling, address),
                                           .extra = op & FUTEX_PRIVATE_FLAG ? EDGE_WAKE_PRIVATE
                                                                            : EDGE_WAKE_SHARED});
        break;
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
        if (calling->call->ret)
            add_futex_wake(calling, address, EDGE_WAKE_PRIVATE);
        break;
    case FUTEX_WAKE_OP:
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE:
        if (calling->call->ret == 0)
            break;
        add_futex_wake(calling, address, EDGE_WAKE_MOVES);
        add_futex_wake(calling, calling->call->args[4], EDGE_WAKE_MOVES);
        break;
    default:
        break;
    }
}
