/* SPDX-License-Identifier: MIT */
#include "call_class.h"

#include "formats/syscall_table.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define NUMBERS 1024u

const char *const rn_call_class_names[RN_CALL_CLASSES] = {
    [RN_CALL_FILE] = "file",     [RN_CALL_SOCKET] = "socket",     [RN_CALL_PIPE] = "pipe",
    [RN_CALL_EVENTS] = "events", [RN_CALL_TERMINAL] = "terminal", [RN_CALL_LOCK] = "lock",
    [RN_CALL_CHILD] = "child",   [RN_CALL_SLEEP] = "sleep",       [RN_CALL_DEVICE] = "device",
    [RN_CALL_OTHER] = "other",
};

/* A class, or what decides. */
enum rule {
    RULE_DESCRIPTOR = RN_CALL_CLASSES, /* the first argument's */
    RULE_FUTEX,
    RULE_FCNTL,
    RULE_POLL,
    RULE_SELECT,
    RULE_CLONE,
    RULE_CLONE3,
};

/* What the rest of the system call table does not say: see rule_of. */
static const struct {
    const char *name;
    uint8_t rule;
} named[] = {
    {"flock", RN_CALL_LOCK},
    {"semop", RN_CALL_LOCK},
    {"semtimedop", RN_CALL_LOCK},
    {"semtimedop_time64", RN_CALL_LOCK},
    {"futex_wait", RN_CALL_LOCK},
    {"futex_waitv", RN_CALL_LOCK},
    {"futex", RULE_FUTEX},
    {"futex_time64", RULE_FUTEX},
    {"fcntl", RULE_FCNTL},
    {"fcntl64", RULE_FCNTL},
    {"wait4", RN_CALL_CHILD},
    {"waitid", RN_CALL_CHILD},
    {"waitpid", RN_CALL_CHILD},
    {"vfork", RN_CALL_CHILD},
    {"clone", RULE_CLONE},
    {"clone3", RULE_CLONE3},
    {"nanosleep", RN_CALL_SLEEP},
    {"clock_nanosleep", RN_CALL_SLEEP},
    {"clock_nanosleep_time64", RN_CALL_SLEEP},
    {"poll", RULE_POLL},
    {"ppoll", RULE_POLL},
    {"ppoll_time64", RULE_POLL},
    {"select", RULE_SELECT},
    {"_newselect", RULE_SELECT},
    {"pselect6", RULE_SELECT},
    {"pselect6_time64", RULE_SELECT},
    {"epoll_wait", RN_CALL_EVENTS},
    {"epoll_pwait", RN_CALL_EVENTS},
    {"epoll_pwait2", RN_CALL_EVENTS},
    {"epoll_wait_old", RN_CALL_EVENTS},
    {"pause", RN_CALL_EVENTS},
    {"sigsuspend", RN_CALL_EVENTS},
    {"rt_sigsuspend", RN_CALL_EVENTS},
    {"rt_sigtimedwait", RN_CALL_EVENTS},
    {"rt_sigtimedwait_time64", RN_CALL_EVENTS},
    {"io_getevents", RN_CALL_EVENTS},
    {"io_pgetevents", RN_CALL_EVENTS},
    {"io_pgetevents_time64", RN_CALL_EVENTS},
    {"io_uring_enter", RN_CALL_EVENTS},
    {"msgsnd", RN_CALL_PIPE},
    {"msgrcv", RN_CALL_PIPE},
    {"mq_timedsend", RN_CALL_PIPE},
    {"mq_timedreceive", RN_CALL_PIPE},
    {"mq_timedsend_time64", RN_CALL_PIPE},
    {"mq_timedreceive_time64", RN_CALL_PIPE},
    {"sendfile", RULE_DESCRIPTOR},
    {"sendfile64", RULE_DESCRIPTOR},
    {"sync", RN_CALL_FILE},
    {"msync", RN_CALL_FILE},
    /* They have a descriptor or a path, and wait for nothing that these stand for. */
    {"lseek", RN_CALL_OTHER},
    {"_llseek", RN_CALL_OTHER},
    {"dup", RN_CALL_OTHER},
    {"dup2", RN_CALL_OTHER},
    {"dup3", RN_CALL_OTHER},
    {"close_range", RN_CALL_OTHER},
    {"epoll_ctl", RN_CALL_OTHER},
    {"epoll_ctl_old", RN_CALL_OTHER},
    {"timerfd_settime", RN_CALL_OTHER},
    {"timerfd_gettime", RN_CALL_OTHER},
    {"bind", RN_CALL_OTHER},
    {"listen", RN_CALL_OTHER},
    {"getsockname", RN_CALL_OTHER},
    {"getpeername", RN_CALL_OTHER},
    {"getsockopt", RN_CALL_OTHER},
    {"setsockopt", RN_CALL_OTHER},
    {"execve", RN_CALL_OTHER},
    {"execveat", RN_CALL_OTHER},
};

/* By the begin of what the trace model calls a descriptor; the first that fits. */
static const struct {
    const char *begin;
    enum rn_call_class class;
} descriptors[] = {
    {"socket:", RN_CALL_SOCKET},
    {"pipe:", RN_CALL_PIPE},
    {"anon_inode:[eventfd]", RN_CALL_LOCK},
    {"anon_inode:[timerfd]", RN_CALL_SLEEP},
    {"anon_inode:", RN_CALL_EVENTS},
    {"/dev/tty", RN_CALL_TERMINAL},
    {"/dev/pts/", RN_CALL_TERMINAL},
    {"/dev/ptmx", RN_CALL_TERMINAL},
    {"/dev/console", RN_CALL_TERMINAL},
    {"/dev/nvidia", RN_CALL_DEVICE},
    {"/dev/dri/", RN_CALL_DEVICE},
    {"/dev/kfd", RN_CALL_DEVICE},
};

struct rn_call_rules {
    uint8_t rule[RN_ABI_COUNT][NUMBERS];
};

static uint8_t rule_of(const struct rn_syscall_info *info)
{
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        if (strcmp(named[i].name, info->name) == 0)
            return named[i].rule;
    }
    if (info->arg_count && info->args[0].type == RN_TYPE_FD)
        return info->classes & RN_CLASS_NETWORK ? RN_CALL_SOCKET : RULE_DESCRIPTOR;
    for (unsigned i = 0; i < info->arg_count; i++) {
        if (info->args[i].type == RN_TYPE_PATH)
            return RN_CALL_FILE;
    }
    return RN_CALL_OTHER;
}

struct rn_call_rules *rn_call_rules_new(void)
{
    struct rn_call_rules *rules = malloc(sizeof *rules);

    for (uint64_t abi = 0; rules && abi < RN_ABI_COUNT; abi++) {
        for (uint64_t nr = 0; nr < NUMBERS; nr++) {
            const struct rn_syscall_info *info = rn_syscall_info(abi, nr);

            rules->rule[abi][nr] = info ? rule_of(info) : RN_CALL_OTHER;
        }
    }
    return rules;
}

void rn_call_rules_free(struct rn_call_rules *rules)
{
    free(rules);
}

static uint8_t rule_for(const struct rn_call_rules *rules, const struct rn_syscall *call)
{
    uint64_t nr = call->abi == RN_ABI_X32 ? call->nr & 0x3fffffff : call->nr;

    return call->abi < RN_ABI_COUNT && nr < NUMBERS ? rules->rule[call->abi][nr] : RN_CALL_OTHER;
}

static enum rn_call_class of_descriptor(const char *descriptor)
{
    for (size_t i = 0; descriptor && i < sizeof descriptors / sizeof descriptors[0]; i++) {
        if (strncmp(descriptor, descriptors[i].begin, strlen(descriptors[i].begin)) == 0)
            return descriptors[i].class;
    }
    return RN_CALL_FILE;
}

static enum rn_call_class of_futex(uint64_t operation)
{
    switch (operation & 0x7f) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
    case FUTEX_WAIT_REQUEUE_PI:
    case FUTEX_LOCK_PI:
    case 13: /* FUTEX_LOCK_PI2, of Linux 5.14 */
        return RN_CALL_LOCK;
    default:
        return RN_CALL_OTHER;
    }
}

/* The one of a 64-bit ABI and those of a 32-bit one have numbers of their own: 14 is F_SETLKW64. */
static enum rn_call_class of_fcntl(uint64_t command)
{
    return command == F_SETLKW || command == 14 || command == F_OFD_SETLKW ? RN_CALL_LOCK
                                                                           : RN_CALL_OTHER;
}

/* A child that shares the memory runs on its parent's account until it executes something. */
static enum rn_call_class of_clone(uint64_t flags)
{
    return flags & CLONE_VFORK ? RN_CALL_CHILD : RN_CALL_OTHER;
}

static enum rn_call_class of_clone3(const struct rn_event *event)
{
    const struct rn_attachment *args = rn_event_attachment(event, RN_ATT_STRUCT, RN_ARG_ANY);
    uint64_t flags = 0;

    if (args && args->data && args->size >= sizeof flags)
        memcpy(&flags, args->data, sizeof flags);
    return of_clone(flags);
}

enum rn_call_class rn_call_class_as(const struct rn_call_rules *rules, const struct rn_event *event,
                                    const char *descriptor)
{
    const struct rn_syscall *call = &event->u.syscall;
    uint8_t rule = rule_for(rules, call);

    switch (rule) {
    case RULE_DESCRIPTOR:
        return of_descriptor(descriptor);
    case RULE_FUTEX:
        return of_futex(call->args[1]);
    case RULE_FCNTL:
        return of_fcntl(call->args[1]);
    case RULE_POLL:
        return call->args[1] ? RN_CALL_EVENTS : RN_CALL_SLEEP;
    case RULE_SELECT:
        return call->args[0] ? RN_CALL_EVENTS : RN_CALL_SLEEP;
    case RULE_CLONE:
        return of_clone(call->args[0]);
    case RULE_CLONE3:
        return of_clone3(event);
    default:
        return (enum rn_call_class)rule;
    }
}

enum rn_call_class rn_call_class(const struct rn_call_rules *rules, struct rn_trace *trace,
                                 const struct rn_event *event, const char **descriptor)
{
    const struct rn_syscall_info *info = rn_syscall_info(event->u.syscall.abi, event->u.syscall.nr);
    const char *name = NULL;

    if (info && info->arg_count && info->args[0].type == RN_TYPE_FD)
        name = rn_trace_descriptor(trace, event->stream, (int32_t)event->u.syscall.args[0]);
    if (descriptor)
        *descriptor = name;
    return rn_call_class_as(rules, event, name);
}
