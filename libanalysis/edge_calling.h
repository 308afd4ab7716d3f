/* SPDX-License-Identifier: MIT */
/* What edge_call.c and edge_call_wait.c share. */
#ifndef RN_EDGE_CALLING_H
#define RN_EDGE_CALLING_H

#include "edge_model.h"

/* One call at a time, with what all handlers need. */
struct calling {
    struct rn_edge_finder *finder;
    struct edge_stream *stream;
    struct edge_process *process;
    const struct rn_event *event;
    const struct rn_syscall *call;
    const struct rn_edge_end *who;
};

static inline uint32_t edge_argument(const struct calling *calling, unsigned number)
{
    return (uint32_t)calling->call->args[number];
}

static inline struct edge_object *edge_object_at(const struct calling *calling, unsigned number)
{
    return edge_table_get(calling->process, edge_argument(calling, number));
}

/* To be looked at when everything that ended before it is known. */
static inline void edge_calling_push(const struct calling *calling, struct edge_op op)
{
    op.who = *calling->who;
    op.process = calling->process ? calling->process->key : 0;
    if (op.object)
        op.object->holders++;
    edge_push(calling->finder, &op);
}

static inline uint64_t edge_calling_host(const struct calling *calling)
{
    return edge_host_of(calling->finder, calling->event->source);
}

/* edge_call.c */
void edge_feed_dup(const struct calling *calling);
/* What the call says of the descriptor that it gave out as number `index`; false: nothing. */
bool edge_identity_at(const struct calling *calling, unsigned index,
                      struct rn_fd_identity *identity);
/* A new object, which the descriptor stands for; NULL without memory. */
struct edge_object *edge_hand_out(const struct calling *calling, enum object_kind kind,
                                  const struct rn_fd_identity *identity);

/* edge_file.c */
void edge_feed_open(const struct calling *calling);
void edge_feed_rename(const struct calling *calling);
void edge_feed_renameat(const struct calling *calling);

/* edge_datagram.c */
void edge_feed_datagram(const struct calling *calling, struct edge_object *socket,
                        enum op_class what);

/* edge_call_wait.c */
void edge_feed_flock(const struct calling *calling);
void edge_feed_fcntl(const struct calling *calling);
void edge_feed_wait(const struct calling *calling);
void edge_feed_waitid(const struct calling *calling);
void edge_feed_exit(const struct calling *calling);
void edge_feed_kill(const struct calling *calling);
void edge_feed_tgkill(const struct calling *calling);
void edge_feed_futex(const struct calling *calling);

#endif
