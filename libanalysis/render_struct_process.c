/* SPDX-License-Identifier: MIT */
/* Structs that calls about processes and signals point to. */
#include "render_private.h"

#define SIGNAL_CHLD              17u
#define CORE_BIT                 0x80u
#define STOPPED                  0x7fu
#define CONTINUED                0xffffu
#define SA_RESTORER_FLAG         0x04000000u
#define CLONE_PIDFD_FLAG         0x1000u
#define CLONE_PARENT_SETTID_FLAG 0x100000u
#define CLONE_CHILD_TID_FLAGS    0x1200000u
#define CLONE_SETTLS_FLAG        0x80000u

/* "CHLD" of "SIGCHLD". */
static const char *short_name(unsigned signo)
{
    return rn_signal_name(signo) + 3;
}

/* [INT CHLD], or ~[RTMIN RT_1] where most are in it; JSON lists the members. */
void rn_render_sigset(struct rn_sink *sink, uint64_t mask)
{
    bool inverted = !sink->json && __builtin_popcountll(mask) > 48;
    bool first = true;

    if (inverted) {
        mask = ~mask;
        rn_sink_prefix(sink, "~");
    }
    rn_sink_open(sink, '[');
    for (unsigned signo = 1; signo <= 64; signo++) {
        if (!(mask >> (signo - 1) & 1))
            continue;
        if (!first && !sink->json)
            rn_sink_raw(sink, " ");
        rn_sink_symbol(sink, sink->json ? rn_signal_name(signo) : short_name(signo));
        first = false;
    }
    rn_sink_close(sink, ']');
}

static void add_wait_status_json(struct rn_sink *sink, uint64_t status)
{
    unsigned signo = status & 0x7f;

    rn_sink_open(sink, '{');
    if (status == CONTINUED) {
        rn_sink_name(sink, "continued");
        rn_sink_bool(sink, true);
    } else if ((status & 0xff) == STOPPED) {
        rn_sink_name(sink, "stopped");
        rn_sink_symbol(sink, rn_signal_name(status >> 8 & 0xff));
    } else if (signo == 0) {
        rn_sink_field(sink, "exited", (int64_t)(status >> 8 & 0xff));
    } else {
        rn_sink_name(sink, "killed");
        rn_sink_symbol(sink, rn_signal_name(signo));
        rn_sink_name(sink, "core_dumped");
        rn_sink_bool(sink, (status & CORE_BIT) != 0);
    }
    rn_sink_close(sink, '}');
}

static void add_wait_status_text(struct rn_buf *out, uint64_t status)
{
    unsigned signo = status & 0x7f;

    if (status == CONTINUED)
        rn_buf_text(out, "WIFCONTINUED(s)");
    else if ((status & 0xff) == STOPPED)
        rn_buf_printf(out, "WIFSTOPPED(s) && WSTOPSIG(s) == %s",
                      rn_signal_name(status >> 8 & 0xff));
    else if (signo == 0)
        rn_buf_printf(out, "WIFEXITED(s) && WEXITSTATUS(s) == %u", (unsigned)(status >> 8 & 0xff));
    else
        rn_buf_printf(out, "WIFSIGNALED(s) && WTERMSIG(s) == %s%s", rn_signal_name(signo),
                      status & CORE_BIT ? " && WCOREDUMP(s)" : "");
}

void rn_render_wait_status(struct rn_sink *sink, uint64_t status)
{
    if (sink->json) {
        add_wait_status_json(sink, status);
        return;
    }
    rn_sink_open(sink, '[');
    rn_sink_open(sink, '{');
    add_wait_status_text(sink->out, status);
    rn_sink_close(sink, '}');
    rn_sink_close(sink, ']');
}

void rn_render_si_code(struct rn_sink *sink, unsigned signo, int32_t code)
{
    static const uint8_t by_signal[32] = {
        [4] = RN_XLAT_SI_CODE_ILL,   [5] = RN_XLAT_SI_CODE_TRAP,
        [7] = RN_XLAT_SI_CODE_BUS,   [8] = RN_XLAT_SI_CODE_FPE,
        [11] = RN_XLAT_SI_CODE_SEGV, [SIGNAL_CHLD] = RN_XLAT_SI_CODE_CHLD,
        [29] = RN_XLAT_SI_CODE_POLL, [31] = RN_XLAT_SI_CODE_SYS,
    };
    const char *name = rn_xlat_name(RN_XLAT_SI_CODE, (uint32_t)code);

    if (!name && signo < 32 && by_signal[signo])
        name = rn_xlat_name(by_signal[signo], (uint32_t)code);
    if (name)
        rn_sink_symbol(sink, name);
    else
        rn_sink_signed(sink, code);
}

/* The head of siginfo_t: pid, uid and status are where the words of kill and SIGCHLD have them. */
static void add_siginfo(struct rn_sink *sink, struct rn_bytes bytes)
{
    unsigned signo = (unsigned)rn_bytes_get(bytes, 0, 4);
    int32_t code = (int32_t)rn_bytes_get(bytes, 8, 4);
    size_t fields = bytes.size >= 32 ? 16 : 12;

    rn_sink_open(sink, '{');
    if (signo) {
        rn_sink_name(sink, "si_signo");
        rn_sink_symbol(sink, rn_signal_name(signo));
        rn_sink_name(sink, "si_code");
        rn_render_si_code(sink, signo, code);
        rn_sink_field(sink, "si_pid", rn_bytes_signed(bytes, fields, 4));
        rn_sink_field(sink, "si_uid", (int64_t)rn_bytes_get(bytes, fields + 4, 4));
    }
    if (signo == SIGNAL_CHLD)
        rn_sink_field(sink, "si_status", rn_bytes_signed(bytes, fields + 8, 4));
    rn_sink_close(sink, '}');
}

static void add_handler(struct rn_sink *sink, uint64_t handler)
{
    rn_sink_name(sink, "sa_handler");
    if (handler == 0)
        rn_sink_symbol(sink, "SIG_DFL");
    else if (handler == 1)
        rn_sink_symbol(sink, "SIG_IGN");
    else
        rn_sink_pointer(sink, handler);
}

/* The kernel's struct: handler, flags, restorer (longs), mask. */
static void add_sigaction(struct rn_sink *sink, struct rn_bytes bytes)
{
    size_t width = bytes.size == 20 ? 4 : 8;
    uint64_t flags = rn_bytes_get(bytes, width, width);

    rn_sink_open(sink, '{');
    add_handler(sink, rn_bytes_get(bytes, 0, width));
    rn_sink_name(sink, "sa_mask");
    rn_render_sigset(sink, rn_bytes_get(bytes, 3 * width, 8));
    rn_sink_name(sink, "sa_flags");
    rn_sink_flags(sink, RN_XLAT_SIGACTION_FLAGS, flags);
    if (flags & SA_RESTORER_FLAG) {
        rn_sink_name(sink, "sa_restorer");
        rn_sink_pointer(sink, rn_bytes_get(bytes, 2 * width, width));
    }
    rn_sink_close(sink, '}');
}

static void add_stack(struct rn_sink *sink, struct rn_bytes bytes)
{
    size_t width = bytes.size == 12 ? 4 : 8;

    rn_sink_open(sink, '{');
    rn_sink_name(sink, "ss_sp");
    rn_sink_pointer(sink, rn_bytes_get(bytes, 0, width));
    rn_sink_name(sink, "ss_flags");
    rn_sink_flags(sink, RN_XLAT_SIGALTSTACK_FLAGS, rn_bytes_get(bytes, width, 4));
    rn_sink_name(sink, "ss_size");
    rn_sink_unsigned(sink, rn_bytes_get(bytes, 2 * width, width));
    rn_sink_close(sink, '}');
}

static void add_clone_pointers(struct rn_sink *sink, struct rn_bytes bytes, uint64_t flags)
{
    static const struct {
        const char *name;
        uint64_t flags;
        size_t offset;
    } pointers[] = {
        {"pidfd", CLONE_PIDFD_FLAG, 8},
        {"child_tid", CLONE_CHILD_TID_FLAGS, 16},
        {"parent_tid", CLONE_PARENT_SETTID_FLAG, 24},
    };

    for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
        if (!(flags & pointers[i].flags))
            continue;
        rn_sink_name(sink, pointers[i].name);
        rn_sink_pointer(sink, rn_bytes_get(bytes, pointers[i].offset, 8));
    }
}

static void add_clone_args(struct rn_sink *sink, struct rn_bytes bytes)
{
    uint64_t flags = rn_bytes_get(bytes, 0, 8), signo = rn_bytes_get(bytes, 32, 8);

    rn_sink_open(sink, '{');
    rn_sink_name(sink, "flags");
    rn_sink_flags(sink, RN_XLAT_CLONE3_FLAGS, flags);
    add_clone_pointers(sink, bytes, flags);
    rn_sink_name(sink, "exit_signal");
    if (signo && signo <= 64)
        rn_sink_symbol(sink, rn_signal_name((unsigned)signo));
    else
        rn_sink_unsigned(sink, signo);
    rn_sink_name(sink, "stack");
    rn_sink_pointer(sink, rn_bytes_get(bytes, 40, 8));
    rn_sink_name(sink, "stack_size");
    rn_sink_hex(sink, rn_bytes_get(bytes, 48, 8));
    if (flags & CLONE_SETTLS_FLAG) {
        rn_sink_name(sink, "tls");
        rn_sink_pointer(sink, rn_bytes_get(bytes, 56, 8));
    }
    rn_sink_close(sink, '}');
}

/* The kernel stores the child's tid where the caller asked for it: the result says which. */
static void add_clone_result(struct rn_sink *sink, const struct rn_call_view *view,
                             struct rn_bytes bytes)
{
    if (sink->json || !(rn_bytes_get(bytes, 0, 8) & CLONE_PARENT_SETTID_FLAG) ||
        view->event->flags & RN_EVENT_UNFINISHED || (int64_t)view->call->ret <= 0)
        return;
    rn_buf_printf(sink->out, " => {parent_tid=[%lld]}", (long long)view->call->ret);
}

bool rn_render_struct_process(struct rn_sink *sink, const struct rn_call_view *view,
                              const struct rn_arg *arg, struct rn_bytes bytes)
{
    switch (arg->struct_type) {
    case RN_STRUCT_CLONE_ARGS:
        add_clone_args(sink, bytes);
        add_clone_result(sink, view, bytes);
        return true;
    case RN_STRUCT_SIGACTION:
        add_sigaction(sink, bytes);
        return true;
    case RN_STRUCT_SIGSET:
        rn_render_sigset(sink, rn_bytes_get(bytes, 0, 8));
        return true;
    case RN_STRUCT_SIGINFO:
        add_siginfo(sink, bytes);
        return true;
    case RN_STRUCT_STACK:
        add_stack(sink, bytes);
        return true;
    case RN_STRUCT_WAIT_STATUS:
        if (view->call->ret == 0)
            return false;
        rn_render_wait_status(sink, rn_bytes_get(bytes, 0, 4));
        return true;
    default:
        return false;
    }
}
