/* SPDX-License-Identifier: MIT */
/* What a thread may wait for in a system call: by the call, and by what its descriptor stands for.
 * One table for all who ask. A class says what the call is about, not that it waited: a read of a
 * file that lies in memory is a call on a file as well. Read-only once made: may be shared by
 * threads. */
#ifndef RN_CALL_CLASS_H
#define RN_CALL_CLASS_H

#include "trace.h"

enum rn_call_class {
    RN_CALL_FILE,     /* files and paths; also descriptors that are not known */
    RN_CALL_SOCKET,   /* of any family */
    RN_CALL_PIPE,     /* pipes; queues of messages */
    RN_CALL_TERMINAL, /* and pseudo-terminals */
    RN_CALL_EVENTS,   /* poll, select, epoll of something; signals, io_uring, inotify, pidfd */
    RN_CALL_LOCK,     /* futex waits, locks of files, semaphores, eventfd */
    RN_CALL_CHILD,    /* wait4 and its like, vfork */
    RN_CALL_SLEEP,    /* until a time: nanosleep, timerfd, poll of nothing */
    RN_CALL_DEVICE,   /* files of GPU drivers */
    RN_CALL_OTHER,   /* all others */
    RN_CALL_CLASSES,
};
/* "file", "socket"... */
extern const char *const rn_call_class_names[RN_CALL_CLASSES];

static inline bool rn_call_class_is_io(enum rn_call_class class)
{
    return class <= RN_CALL_TERMINAL;
}

struct rn_call_rules;
struct rn_call_rules *rn_call_rules_new(void); /* NULL: no memory */
void rn_call_rules_free(struct rn_call_rules *rules);

/* Of an event of RN_KIND_SYSCALL, before it is fed to the trace. `*descriptor`: what the descriptor
 * that the call is about stands for, borrowed until the next feed; NULL where it is about none, or
 * that is not known. `descriptor` may be NULL. */
enum rn_call_class rn_call_class(const struct rn_call_rules *rules, struct rn_trace *trace,
                                 const struct rn_event *event, const char **descriptor);
/* The same, where it is known what the descriptor stands for (NULL: not). */
enum rn_call_class rn_call_class_as(const struct rn_call_rules *rules, const struct rn_event *event,
                                    const char *descriptor);

#endif
