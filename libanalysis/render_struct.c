/* SPDX-License-Identifier: MIT */
/* Structs that calls about time, descriptors, files and sockets point to. */
#include "render_private.h"

#define UTIME_NOW_NSEC    0x3fffffffu
#define UTIME_OMIT_NSEC   0x3ffffffeu
#define SOL_SOCKET_LEVEL  1u
#define OPTION_LINGER     13u
#define OPTION_RCVTIMEO   20u
#define OPTION_SNDTIMEO   21u
#define GETLK_COMMAND     5u
#define OFD_GETLK_COMMAND 36u
#define RLIM64_UNIT       1024u

static void add_time(struct rn_sink *sink, struct rn_bytes bytes, size_t width, const char *part)
{
    rn_sink_open(sink, '{');
    rn_sink_field(sink, "tv_sec", rn_bytes_signed(bytes, 0, width));
    rn_sink_field(sink, part, rn_bytes_signed(bytes, width, width));
    rn_sink_close(sink, '}');
}

static void add_timespec(struct rn_sink *sink, struct rn_bytes bytes, size_t width)
{
    uint64_t nsec = rn_bytes_get(bytes, width, width);

    if (nsec == UTIME_NOW_NSEC)
        rn_sink_symbol(sink, "UTIME_NOW");
    else if (nsec == UTIME_OMIT_NSEC)
        rn_sink_symbol(sink, "UTIME_OMIT");
    else
        add_time(sink, bytes, width, "tv_nsec");
}

/* Access and modification time. */
static void add_time_pair(struct rn_sink *sink, struct rn_bytes bytes, bool spec)
{
    size_t half = bytes.size / 2;

    rn_sink_open(sink, '[');
    for (size_t i = 0; i < 2; i++) {
        struct rn_bytes one = rn_bytes_slice(bytes, i * half, half);

        if (spec)
            add_timespec(sink, one, half / 2);
        else
            add_time(sink, one, half / 2, "tv_usec");
    }
    rn_sink_close(sink, ']');
}

static void add_timer(struct rn_sink *sink, struct rn_bytes bytes, const char *part)
{
    size_t half = bytes.size / 2;

    rn_sink_open(sink, '{');
    rn_sink_name(sink, "it_interval");
    add_time(sink, rn_bytes_slice(bytes, 0, half), half / 2, part);
    rn_sink_name(sink, "it_value");
    add_time(sink, rn_bytes_slice(bytes, half, half), half / 2, part);
    rn_sink_close(sink, '}');
}

static void add_ints(struct rn_sink *sink, struct rn_bytes bytes)
{
    rn_sink_open(sink, '[');
    for (size_t at = 0; at + 4 <= bytes.size; at += 4)
        rn_sink_signed(sink, rn_bytes_signed(bytes, at, 4));
    rn_sink_close(sink, ']');
}

static void add_offset(struct rn_sink *sink, struct rn_bytes bytes)
{
    if (!sink->json)
        rn_sink_open(sink, '[');
    rn_sink_signed(sink, rn_bytes_signed(bytes, 0, 8));
    if (!sink->json)
        rn_sink_close(sink, ']');
}

static void add_pollfds(struct rn_sink *sink, const struct rn_call_view *view,
                        struct rn_bytes bytes)
{
    rn_sink_open(sink, '[');
    for (size_t at = 0; at + 8 <= bytes.size; at += 8) {
        rn_sink_open(sink, '{');
        rn_sink_name(sink, "fd");
        rn_render_fd(sink, view, rn_bytes_get(bytes, at, 4));
        rn_sink_name(sink, "events");
        rn_sink_flags(sink, RN_XLAT_POLL_EVENTS, rn_bytes_get(bytes, at + 4, 2));
        if (sink->json) {
            rn_sink_name(sink, "revents");
            rn_sink_flags(sink, RN_XLAT_POLL_EVENTS, rn_bytes_get(bytes, at + 6, 2));
        }
        rn_sink_close(sink, '}');
    }
    rn_sink_close(sink, ']');
}

void rn_render_poll_ready(struct rn_sink *sink, const struct rn_call_view *view,
                          struct rn_bytes bytes)
{
    rn_sink_open(sink, '[');
    for (size_t at = 0; at + 8 <= bytes.size; at += 8) {
        uint64_t events = rn_bytes_get(bytes, at + 6, 2);

        if (!events)
            continue;
        rn_sink_open(sink, '{');
        rn_sink_name(sink, "fd");
        rn_render_fd(sink, view, rn_bytes_get(bytes, at, 4));
        rn_sink_name(sink, "revents");
        rn_sink_flags(sink, RN_XLAT_POLL_EVENTS, events);
        rn_sink_close(sink, '}');
    }
    rn_sink_close(sink, ']');
}

/* `unit` is 12 where the struct is packed (x86), 16 elsewhere. */
static void add_epoll_events(struct rn_sink *sink, struct rn_bytes bytes, size_t unit, bool array)
{
    if (array)
        rn_sink_open(sink, '[');
    for (size_t at = 0; at + unit <= bytes.size; at += unit) {
        uint64_t data = rn_bytes_get(bytes, at + unit - 8, 8);

        rn_sink_open(sink, '{');
        rn_sink_name(sink, "events");
        rn_sink_flags(sink, RN_XLAT_EPOLL_EVENTS, rn_bytes_get(bytes, at, 4));
        rn_sink_name(sink, "data");
        rn_sink_open(sink, '{');
        rn_sink_name(sink, "u32");
        rn_sink_unsigned(sink, data & UINT32_MAX);
        rn_sink_name(sink, "u64");
        rn_sink_unsigned(sink, data);
        rn_sink_close(sink, '}');
        rn_sink_close(sink, '}');
    }
    if (array)
        rn_sink_close(sink, ']');
}

/* Members of a bit set: [3 7]. */
static void add_members(struct rn_sink *sink, const struct rn_call_view *view,
                        struct rn_bytes bytes)
{
    bool first = true;

    rn_sink_open(sink, '[');
    for (size_t bit = 0; bit < bytes.size * 8; bit++) {
        if (!(bytes.data[bit / 8] >> (bit % 8) & 1))
            continue;
        if (!first && !sink->json)
            rn_sink_raw(sink, " ");
        if (view)
            rn_render_fd(sink, view, bit);
        else
            rn_sink_unsigned(sink, bit);
        first = false;
    }
    rn_sink_close(sink, ']');
}

void rn_render_fd_set(struct rn_sink *sink, const struct rn_call_view *view, struct rn_bytes bytes)
{
    add_members(sink, view, bytes);
}

static void add_limit(struct rn_sink *sink, uint64_t value, size_t width)
{
    uint64_t infinity = width == 4 ? UINT32_MAX : UINT64_MAX;

    if (value == infinity) {
        rn_sink_symbol(sink, width == 8 ? "RLIM64_INFINITY" : "RLIM_INFINITY");
    } else if (!sink->json && value > RLIM64_UNIT && value % RLIM64_UNIT == 0) {
        rn_sink_unsigned(sink, value / RLIM64_UNIT);
        rn_sink_raw(sink, "*");
        rn_sink_unsigned(sink, RLIM64_UNIT);
    } else {
        rn_sink_unsigned(sink, value);
    }
}

static void add_rlimit(struct rn_sink *sink, struct rn_bytes bytes)
{
    size_t width = bytes.size / 2;

    rn_sink_open(sink, '{');
    rn_sink_name(sink, "rlim_cur");
    add_limit(sink, rn_bytes_get(bytes, 0, width), width);
    rn_sink_name(sink, "rlim_max");
    add_limit(sink, rn_bytes_get(bytes, width, width), width);
    rn_sink_close(sink, '}');
}

/* Two shorts, then start, length and pid; with longs of 8 bytes start is aligned to 8. */
static void add_flock(struct rn_sink *sink, const struct rn_call_view *view, struct rn_bytes bytes)
{
    uint32_t command = (uint32_t)view->call->args[1];
    size_t width = bytes.size == 16 ? 4 : 8;
    size_t start = width;

    rn_sink_open(sink, '{');
    rn_sink_name(sink, "l_type");
    rn_sink_enum(sink, RN_XLAT_LOCK_TYPE, rn_bytes_get(bytes, 0, 2));
    rn_sink_name(sink, "l_whence");
    rn_sink_enum(sink, RN_XLAT_WHENCE, rn_bytes_get(bytes, 2, 2));
    rn_sink_field(sink, "l_start", rn_bytes_signed(bytes, start, width));
    rn_sink_field(sink, "l_len", rn_bytes_signed(bytes, start + width, width));
    if (command == GETLK_COMMAND || command == OFD_GETLK_COMMAND)
        rn_sink_field(sink, "l_pid", rn_bytes_signed(bytes, start + 2 * width, 4));
    rn_sink_close(sink, '}');
}

static void add_open_how(struct rn_sink *sink, const struct rn_call_view *view,
                         struct rn_bytes bytes)
{
    uint64_t flags = rn_bytes_get(bytes, 0, 8), mode = rn_bytes_get(bytes, 8, 8);
    bool arm = view->call->abi == RN_ABI_AARCH64;

    rn_sink_open(sink, '{');
    rn_sink_name(sink, "flags");
    rn_sink_flags(sink, arm ? RN_XLAT_OPEN_AARCH64 : RN_XLAT_OPEN, flags);
    if (mode) {
        rn_sink_name(sink, "mode");
        rn_sink_octal(sink, mode);
    }
    rn_sink_name(sink, "resolve");
    rn_sink_flags(sink, RN_XLAT_RESOLVE, rn_bytes_get(bytes, 16, 8));
    rn_sink_close(sink, '}');
}

static void add_winsize(struct rn_sink *sink, struct rn_bytes bytes)
{
    static const char *const names[] = {"ws_row", "ws_col", "ws_xpixel", "ws_ypixel"};

    rn_sink_open(sink, '{');
    for (size_t i = 0; i < 4; i++)
        rn_sink_field(sink, names[i], (int64_t)rn_bytes_get(bytes, 2 * i, 2));
    rn_sink_close(sink, '}');
}

/* Option values: known structs, an int, or bytes. */
static void add_option_value(struct rn_sink *sink, const struct rn_call_view *view,
                             struct rn_bytes bytes)
{
    uint32_t level = (uint32_t)view->call->args[1], option = (uint32_t)view->call->args[2];
    bool timeout = option == OPTION_RCVTIMEO || option == OPTION_SNDTIMEO;

    if (level == SOL_SOCKET_LEVEL && timeout && bytes.size == 16) {
        add_time(sink, bytes, 8, "tv_usec");
    } else if (level == SOL_SOCKET_LEVEL && option == OPTION_LINGER && bytes.size == 8) {
        rn_sink_open(sink, '{');
        rn_sink_field(sink, "l_onoff", rn_bytes_signed(bytes, 0, 4));
        rn_sink_field(sink, "l_linger", rn_bytes_signed(bytes, 4, 4));
        rn_sink_close(sink, '}');
    } else if (bytes.size == 4) {
        add_ints(sink, bytes);
    } else {
        rn_sink_bytes(sink, bytes.data, bytes.size, false);
    }
}

static void add_sembufs(struct rn_sink *sink, struct rn_bytes bytes)
{
    rn_sink_open(sink, '[');
    for (size_t at = 0; at + 6 <= bytes.size; at += 6) {
        rn_sink_open(sink, '{');
        rn_sink_field(sink, "sem_num", (int64_t)rn_bytes_get(bytes, at, 2));
        rn_sink_field(sink, "sem_op", rn_bytes_signed(bytes, at + 2, 2));
        rn_sink_name(sink, "sem_flg");
        rn_sink_flags(sink, RN_XLAT_IPC_FLAGS, rn_bytes_get(bytes, at + 4, 2));
        rn_sink_close(sink, '}');
    }
    rn_sink_close(sink, ']');
}

static void add_uring_params(struct rn_sink *sink, struct rn_bytes bytes)
{
    rn_sink_open(sink, '{');
    rn_sink_name(sink, "flags");
    rn_sink_flags(sink, RN_XLAT_IO_URING_SETUP, rn_bytes_get(bytes, 8, 4));
    rn_sink_field(sink, "sq_thread_cpu", (int64_t)rn_bytes_get(bytes, 12, 4));
    rn_sink_field(sink, "sq_thread_idle", (int64_t)rn_bytes_get(bytes, 16, 4));
    rn_sink_field(sink, "sq_entries", (int64_t)rn_bytes_get(bytes, 0, 4));
    rn_sink_field(sink, "cq_entries", (int64_t)rn_bytes_get(bytes, 4, 4));
    rn_sink_name(sink, "features");
    rn_sink_hex(sink, rn_bytes_get(bytes, 20, 4));
    rn_sink_field(sink, "wq_fd", rn_bytes_signed(bytes, 24, 4));
    rn_sink_close(sink, '}');
}

static bool add_time_struct(struct rn_sink *sink, const struct rn_arg *arg, struct rn_bytes bytes)
{
    switch (arg->struct_type) {
    case RN_STRUCT_TIMESPEC:
        add_time(sink, bytes, bytes.size / 2, "tv_nsec");
        return true;
    case RN_STRUCT_TIMEVAL:
        add_time(sink, bytes, bytes.size / 2, "tv_usec");
        return true;
    case RN_STRUCT_TIMESPEC_PAIR:
        add_time_pair(sink, bytes, true);
        return true;
    case RN_STRUCT_TIMEVAL_PAIR:
        add_time_pair(sink, bytes, false);
        return true;
    case RN_STRUCT_ITIMERSPEC:
        add_timer(sink, bytes, "tv_nsec");
        return true;
    case RN_STRUCT_ITIMERVAL:
        add_timer(sink, bytes, "tv_usec");
        return true;
    default:
        return false;
    }
}

static bool add_descriptor_struct(struct rn_sink *sink, const struct rn_call_view *view,
                                  const struct rn_arg *arg, struct rn_bytes bytes)
{
    switch (arg->struct_type) {
    case RN_STRUCT_POLLFD:
        add_pollfds(sink, view, bytes);
        return true;
    case RN_STRUCT_EPOLL_EVENT:
        add_epoll_events(sink, bytes, arg->bytes, arg->size_arg != RN_ARG_NONE);
        return true;
    case RN_STRUCT_FD_SET:
        add_members(sink, view, bytes);
        return true;
    case RN_STRUCT_OPEN_HOW:
        add_open_how(sink, view, bytes);
        return true;
    case RN_STRUCT_FLOCK:
        add_flock(sink, view, bytes);
        return true;
    case RN_STRUCT_WINSIZE:
        add_winsize(sink, bytes);
        return true;
    case RN_STRUCT_BYTES:
        add_option_value(sink, view, bytes);
        return true;
    case RN_STRUCT_IO_URING_PARAMS:
        add_uring_params(sink, bytes);
        return true;
    default:
        return false;
    }
}

bool rn_render_struct(struct rn_sink *sink, const struct rn_call_view *view,
                      const struct rn_arg *arg, struct rn_bytes bytes)
{
    bool single = arg->size_arg == RN_ARG_NONE && arg->struct_type != RN_STRUCT_FD_SET;

    if (single && bytes.size < arg->bytes)
        return false;
    if (single)
        bytes.size = arg->bytes;
    switch (arg->struct_type) {
    case RN_STRUCT_INT:
        add_ints(sink, bytes);
        return true;
    case RN_STRUCT_OFFSET:
        add_offset(sink, bytes);
        return true;
    case RN_STRUCT_RLIMIT:
        add_rlimit(sink, bytes);
        return true;
    case RN_STRUCT_CPU_SET:
        add_members(sink, NULL, bytes);
        return true;
    case RN_STRUCT_SEMBUF:
        add_sembufs(sink, bytes);
        return true;
    default:
        return add_time_struct(sink, arg, bytes) || add_descriptor_struct(sink, view, arg, bytes) ||
               rn_render_struct_process(sink, view, arg, bytes);
    }
}
