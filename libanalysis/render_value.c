/* SPDX-License-Identifier: MIT */
/* Arguments that are values: numbers, names of numbers, descriptors. */
#include "render_private.h"

#include <stdio.h>

#define FD_CWD          (-100)
#define FILE_TYPE_MASK  0170000u
#define PERMISSION_MASK 0777u

/* An unknown request is taken apart: _IOC(_IOC_READ, 0x4b, 0x2, 0x8). */
static void add_ioctl(struct rn_sink *sink, uint32_t request)
{
    static const char *const directions[] = {"_IOC_NONE", "_IOC_WRITE", "_IOC_READ",
                                             "_IOC_READ|_IOC_WRITE"};
    const char *name = rn_ioctl_name(request);

    if (name) {
        rn_sink_symbol(sink, name);
    } else if (sink->json) {
        rn_sink_hex(sink, request);
    } else {
        rn_sink_call(sink, "_IOC");
        rn_sink_symbol(sink, directions[request >> 30]);
        rn_sink_hex(sink, request >> 8 & 0xff);
        rn_sink_hex(sink, request & 0xff);
        rn_sink_hex(sink, request >> 16 & 0x3fff);
        rn_sink_call_end(sink);
    }
}

/* glibc's and the kernel's encoding of 64-bit device numbers. */
static void add_device(struct rn_sink *sink, uint64_t device)
{
    uint64_t major = (device >> 8 & 0xfff) | (device >> 32 & 0xfffff000u);
    uint64_t minor = (device & 0xff) | (device >> 12 & 0xffffff00u);

    if (sink->json) {
        rn_sink_unsigned(sink, device);
        return;
    }
    rn_sink_call(sink, "makedev");
    rn_sink_hex(sink, major);
    rn_sink_hex(sink, minor);
    rn_sink_call_end(sink);
}

static void add_clock(struct rn_sink *sink, uint64_t value)
{
    const char *name = rn_xlat_name(RN_XLAT_CLOCKID, value & UINT32_MAX);

    if (name)
        rn_sink_symbol(sink, name);
    else
        rn_sink_signed(sink, (int32_t)value);
}

static void add_signal(struct rn_sink *sink, uint64_t value)
{
    if (value && value <= 64)
        rn_sink_symbol(sink, rn_signal_name((unsigned)value));
    else
        rn_sink_signed(sink, (int32_t)value);
}

/* Flags and operations are ints wherever no table names a bit above. */
static uint64_t symbol_value(const struct rn_arg *arg, uint64_t value)
{
    return arg->xlat == RN_XLAT_CLONE3_FLAGS ? value : value & UINT32_MAX;
}

/* S_IFIFO|0600 of a call that makes a device or FIFO; else, and without a type, the number. */
static void add_mode(struct rn_sink *sink, const struct rn_call_view *view, uint32_t mode)
{
    const char *type = rn_xlat_name(RN_XLAT_FILE_TYPE, mode & FILE_TYPE_MASK);
    unsigned count = view->info->arg_count;
    char text[48];

    if (!type || view->info->args[count - 1].type != RN_TYPE_DEVICE) {
        rn_sink_octal(sink, mode);
        return;
    }
    snprintf(text, sizeof(text), "%s|0%03o", type, mode & ~FILE_TYPE_MASK);
    rn_sink_symbol(sink, text);
}

/* IPC_CREAT|0600 */
static void add_ipc_flags(struct rn_sink *sink, uint32_t flags)
{
    struct rn_buf names = RN_BUF_INIT;

    if (flags & ~PERMISSION_MASK)
        rn_xlat_flags(&names, RN_XLAT_IPC_FLAGS, flags & ~PERMISSION_MASK);
    if (flags & PERMISSION_MASK || !flags)
        rn_buf_printf(&names, "%s0%03o", names.size ? "|" : "", flags & PERMISSION_MASK);
    rn_buf_byte(&names, '\0');
    if (names.failed)
        sink->out->failed = true;
    else
        rn_sink_symbol(sink, (const char *)names.data);
    rn_buf_free(&names);
}

static void add_flags(struct rn_sink *sink, const struct rn_arg *arg, uint64_t value)
{
    if (arg->xlat == RN_XLAT_IPC_FLAGS)
        add_ipc_flags(sink, (uint32_t)value);
    else
        rn_sink_flags(sink, arg->xlat, symbol_value(arg, value));
}

static void add_id(struct rn_sink *sink, uint64_t value)
{
    if ((uint32_t)value == UINT32_MAX)
        rn_sink_signed(sink, -1);
    else
        rn_sink_unsigned(sink, (uint32_t)value);
}

static void add_dirfd(struct rn_sink *sink, const struct rn_call_view *view, uint64_t value)
{
    if ((int32_t)value != FD_CWD) {
        rn_render_fd(sink, view, value);
        return;
    }
    rn_sink_symbol(sink, "AT_FDCWD");
    if (view->descriptors)
        rn_render_angle(sink, rn_trace_directory(view->trace, view->event->stream));
}

/* Types that are values; false for the others. */
static bool add_value(struct rn_sink *sink, const struct rn_call_view *view,
                      const struct rn_arg *arg, uint64_t value)
{
    switch (arg->type) {
    case RN_TYPE_INT:
    case RN_TYPE_PID:
        rn_sink_signed(sink, (int32_t)value);
        return true;
    case RN_TYPE_LONG:
    case RN_TYPE_OFFSET:
        rn_sink_signed(sink, (int64_t)value);
        return true;
    case RN_TYPE_UNSIGNED:
    case RN_TYPE_SIZE:
        rn_sink_unsigned(sink, value);
        return true;
    case RN_TYPE_UINT:
        rn_sink_unsigned(sink, (uint32_t)value);
        return true;
    case RN_TYPE_HEX:
        rn_sink_hex(sink, value);
        return true;
    case RN_TYPE_FD:
        rn_render_fd(sink, view, value);
        return true;
    case RN_TYPE_DIRFD:
        add_dirfd(sink, view, value);
        return true;
    case RN_TYPE_FLAGS:
        add_flags(sink, arg, value);
        return true;
    case RN_TYPE_ENUM:
        rn_sink_enum(sink, arg->xlat, symbol_value(arg, value));
        return true;
    default:
        return false;
    }
}

static bool add_rare_value(struct rn_sink *sink, const struct rn_call_view *view,
                           const struct rn_arg *arg, uint64_t value)
{
    switch (arg->type) {
    case RN_TYPE_ID:
        add_id(sink, value);
        return true;
    case RN_TYPE_SIGNAL:
        add_signal(sink, value);
        return true;
    case RN_TYPE_MODE:
        add_mode(sink, view, (uint32_t)value);
        return true;
    case RN_TYPE_IOCTL:
        add_ioctl(sink, (uint32_t)value);
        return true;
    case RN_TYPE_DEVICE:
        add_device(sink, value);
        return true;
    case RN_TYPE_CLOCKID:
        add_clock(sink, value);
        return true;
    default:
        return false;
    }
}

bool rn_render_value(struct rn_sink *sink, const struct rn_call_view *view,
                     const struct rn_arg *arg, uint64_t value)
{
    return add_value(sink, view, arg, value) || add_rare_value(sink, view, arg, value);
}
