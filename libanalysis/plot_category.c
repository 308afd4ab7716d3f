/* SPDX-License-Identifier: MIT */
#include "plot_private.h"

#include "formats/syscall_table.h"

/* Dark and bright ones side by side; waiting is grey, as nothing is done meanwhile. */
const struct rn_plot_series plot_categories[PLOT_CATEGORIES] = {
    [PLOT_FILES] = {"files", 0x0072B2},
    [PLOT_NETWORK] = {"network", 0x56B4E9},
    [PLOT_MEMORY] = {"memory", 0xCC79A7},
    [PLOT_PROCESSES] = {"processes, signals", 0xF0E442},
    [PLOT_WAITING] = {"waiting", 0xBBBBBB},
    [PLOT_OTHER_CALLS] = {"other system calls", 0x777777},
    [PLOT_API_CALLS] = {"API calls", 0xE69F00},
    [PLOT_KERNELS] = {"kernels", 0xD55E00},
    [PLOT_TRANSFERS] = {"transfers", 0x009E73},
    [PLOT_BLOCKS] = {"compute blocks", 0x332288},
    [PLOT_SPANS] = {"spans", 0x882255},
};

static bool is_one_of(const char *name, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(*list, name) == 0)
            return true;
    return false;
}

static bool waits(const char *name)
{
    static const char *const list[] = {"poll",
                                       "ppoll",
                                       "select",
                                       "pselect6",
                                       "epoll_wait",
                                       "epoll_pwait",
                                       "epoll_pwait2",
                                       "futex",
                                       "futex_waitv",
                                       "nanosleep",
                                       "pause",
                                       "clock_nanosleep",
                                       "wait4",
                                       "waitid",
                                       "rt_sigsuspend",
                                       "rt_sigtimedwait",
                                       "restart_syscall",
                                       "io_getevents",
                                       "futex_wait",
                                       "sched_yield",
                                       "_newselect",
                                       "waitpid",
                                       "futex_time64",
                                       "ppoll_time64",
                                       "pselect6_time64",
                                       NULL};

    return is_one_of(name, list);
}

enum plot_category plot_category_of_call(uint64_t abi, uint64_t nr)
{
    static const struct {
        uint16_t classes;
        uint8_t category;
    } order[] = {
        {RN_CLASS_NETWORK, PLOT_NETWORK},
        {RN_CLASS_MEMORY, PLOT_MEMORY},
        {RN_CLASS_PROCESS | RN_CLASS_SIGNAL, PLOT_PROCESSES},
        {RN_CLASS_FILE | RN_CLASS_DESC, PLOT_FILES},
    };
    const struct rn_syscall_info *info = rn_syscall_info(abi, nr);

    if (!info)
        return PLOT_OTHER_CALLS;
    if (waits(info->name))
        return PLOT_WAITING;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        if (info->classes & order[i].classes)
            return order[i].category;
    return PLOT_OTHER_CALLS;
}

unsigned plot_moves_bytes(uint64_t abi, uint64_t nr)
{
    static const char *const copies[] = {"sendfile",        "sendfile64", "splice", "tee",
                                         "copy_file_range", "vmsplice",   NULL};
    const struct rn_syscall_info *info = rn_syscall_info(abi, nr);

    if (!info)
        return 0;
    if (is_one_of(info->name, copies))
        return 2;
    for (unsigned i = 0; i < info->arg_count; i++) {
        const struct rn_arg *arg = &info->args[i];

        bool result = arg->size_arg == RN_ARG_RETURN;

        if ((arg->type == RN_TYPE_BUFFER_OUT && result) || arg->type == RN_TYPE_IOVEC_OUT ||
            arg->type == RN_TYPE_MSGHDR_OUT)
            return 1;
        if ((arg->type == RN_TYPE_BUFFER_IN && result) || arg->type == RN_TYPE_IOVEC_IN ||
            arg->type == RN_TYPE_MSGHDR_IN)
            return 2;
    }
    return 0;
}

const struct rn_plot_series *rn_plot_category(const struct rn_event *event)
{
    switch (event->kind) {
    case RN_KIND_SYSCALL:
        return &plot_categories[plot_category_of_call(event->u.syscall.abi, event->u.syscall.nr)];
    case RN_KIND_API:
        return &plot_categories[PLOT_API_CALLS];
    case RN_KIND_KERNEL:
        return &plot_categories[PLOT_KERNELS];
    case RN_KIND_TRANSFER:
        return &plot_categories[PLOT_TRANSFERS];
    case RN_KIND_BLOCK:
        return &plot_categories[PLOT_BLOCKS];
    case RN_KIND_SPAN:
        return &plot_categories[PLOT_SPANS];
    default:
        return &plot_categories[PLOT_OTHER_CALLS];
    }
}
